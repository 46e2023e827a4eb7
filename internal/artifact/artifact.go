// Package artifact makes the zip packages of function code, deterministically:
// the same files give the same bytes on every machine, whatever their times,
// modes and order on disk. It must not know AWS or Terraform.
package artifact

import (
	"archive/zip"
	"crypto/sha256"
	"debug/elf"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/klauspost/compress/flate"
)

// A Source says where a function's code is: exactly one of Dir, File, Zip and
// Inline. Relative paths count from the working directory.
type Source struct {
	Dir     string   // a folder, packaged whole
	Include []string // with Dir: if not empty, only files that match one of these patterns
	Exclude []string // with Dir: left out, in gitignore's syntax
	Build   *Build   // with Dir: how the files of the package are made; nil if they are there

	File   string            // one file, packaged under its base name
	Zip    string            // a zip that is used as it is
	Inline map[string]string // contents by slash-separated path
}

// Contents describes what a source holds, before any compression.
type Contents struct {
	// Digest tells contents apart: two sources with the same paths and bytes
	// have the same one, whatever the encoder. It is cheap, where a zip is not.
	Digest string
	Files  []File // by path
}

// A Package describes a source's zip.
type Package struct {
	Contents
	SHA256 string // base64 of the zip's SHA-256: what Lambda calls CodeSha256
	Size   int64  // the zip's size in bytes
}

// A File is one file of a package.
type File struct {
	Path    string // slash-separated
	Size    int64  // in bytes
	Machine string // "x86_64", "arm64" or another machine's ELF name; empty unless an ELF binary
}

// Find returns the file of that path.
func (c Contents) Find(path string) (File, bool) {
	i, ok := slices.BinarySearchFunc(c.Files, path, func(f File, want string) int {
		return strings.Compare(f.Path, want)
	})
	if !ok {
		return File{}, false
	}
	return c.Files[i], true
}

// Inspect returns what s holds.
func Inspect(s Source) (Contents, error) {
	if s.Zip != "" {
		sum := sha256.New()
		files, err := copyZip(sum, s.Zip)
		return Contents{Digest: "zip:" + hex.EncodeToString(sum.Sum(nil)), Files: files}, err
	}
	l := newLister()
	if err := s.each(l.add); err != nil {
		return Contents{}, err
	}
	return l.contents(), nil
}

// described remembers the packages of this process by the digest of their
// contents, because one run asks for the same package several times.
var described sync.Map // digest -> Package

// Describe returns what Write would write, without keeping it.
func Describe(s Source) (Package, error) {
	c, err := Inspect(s)
	if err != nil {
		return Package{}, err
	}
	if p, ok := described.Load(c.Digest); ok {
		return p.(Package), nil
	}
	return Write(io.Discard, s)
}

// Write writes the package of s to w as a zip.
//
// Entries are sorted by path, dated 1980-01-01, of mode 0755 (not every machine
// knows an executable bit, and the bytes must agree everywhere) and compressed
// by an encoder of a pinned version. A Zip is copied as it is.
func Write(w io.Writer, s Source) (Package, error) {
	sum := sha256.New()
	out := &counter{w: io.MultiWriter(w, sum)}
	var c Contents
	var err error
	if s.Zip != "" {
		c.Files, err = copyZip(out, s.Zip)
		c.Digest = "zip:" + hex.EncodeToString(sum.Sum(nil))
	} else {
		c, err = writeZip(out, s)
	}
	if err != nil {
		return Package{}, err
	}
	p := Package{Contents: c, SHA256: base64.StdEncoding.EncodeToString(sum.Sum(nil)), Size: out.n}
	described.Store(c.Digest, p)
	return p, nil
}

// each calls add with every file of the source but a Zip's, in the order of their
// paths.
func (s Source) each(add func(name string, r io.Reader) error) error {
	switch {
	case s.File != "":
		f, err := openRegular(s.File)
		if err != nil {
			return err
		}
		defer f.Close()
		return add(filepath.Base(s.File), f)
	case s.Inline != nil:
		if len(s.Inline) == 0 {
			return errEmpty
		}
		for _, name := range slices.Sorted(maps.Keys(s.Inline)) {
			if err := add(name, strings.NewReader(s.Inline[name])); err != nil {
				return err
			}
		}
		return nil
	case s.Dir != "":
		return eachInDir(s, add)
	}
	return errors.New("the source names no dir, file, zip or inline code")
}

var errEmpty = errors.New("the source has no files to package")

// A lister notes what passes through it.
type lister struct {
	sum   hash.Hash
	files []File
}

func newLister() *lister { return &lister{sum: sha256.New()} }

func (l *lister) add(name string, r io.Reader) error {
	if err := checkName(name); err != nil {
		return err
	}
	content, head := sha256.New(), &header{}
	n, err := io.Copy(io.MultiWriter(content, head), r)
	if err != nil {
		return fmt.Errorf("packaging %s: %w", name, err)
	}
	l.sum.Write([]byte(name + "\x00"))
	l.sum.Write(content.Sum(nil))
	l.files = append(l.files, File{Path: name, Size: n, Machine: head.machine()})
	return nil
}

func (l *lister) contents() Contents {
	return Contents{Digest: "files:" + hex.EncodeToString(l.sum.Sum(nil)), Files: l.files}
}

// A counter counts what passes through it.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// epoch is the date of every entry: the first that the format can tell.
var epoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// level is the compression level. It and the encoder's version decide the bytes:
// changing either redeploys every function once.
const level = 6

func writeZip(w io.Writer, s Source) (Contents, error) {
	z := zip.NewWriter(w)
	var one *flate.Writer // for all files, one after the other: it is large
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		if one != nil {
			one.Reset(w)
			return one, nil
		}
		var err error
		one, err = flate.NewWriter(w, level)
		return one, err
	})
	l := newLister()
	err := s.each(func(name string, r io.Reader) error {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: epoch}
		h.SetMode(0o755)
		w, err := z.CreateHeader(h)
		if err != nil {
			return fmt.Errorf("packaging %s: %w", name, err)
		}
		return l.add(name, io.TeeReader(r, w))
	})
	if err == nil {
		err = z.Close()
	}
	return l.contents(), err
}

// checkName refuses names that would not arrive as they are, or would leave the
// folder that the package is extracted into.
func checkName(name string) error {
	switch {
	case !utf8.ValidString(name):
		return fmt.Errorf("the file name %q is not valid UTF-8; rename the file", name)
	case !fs.ValidPath(name) || name == ".":
		return fmt.Errorf("the file name %q does not stay inside the package; use a relative path without \"..\"", name)
	case strings.ContainsAny(name, "\\\x00"):
		return fmt.Errorf("the file name %q holds a backslash or a NUL, which a zip cannot carry; rename the file", name)
	}
	return nil
}

// copyZip uses a zip as it is, after a look at whether it is one.
func copyZip(w io.Writer, name string) ([]File, error) {
	f, err := openRegular(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := io.Copy(w, f)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	z, err := zip.NewReader(f, size)
	if err != nil {
		return nil, fmt.Errorf("%s is not a zip file (%w); name a zip, or use dir or file to have one made", name, err)
	}
	var files []File
	for _, e := range z.File {
		if e.FileInfo().IsDir() {
			continue
		}
		if !filepath.IsLocal(filepath.FromSlash(e.Name)) {
			return nil, fmt.Errorf("%s holds the entry %q, which would be written outside the function's folder; make the zip anew without it", name, e.Name)
		}
		r, err := e.Open()
		if err != nil {
			return nil, fmt.Errorf("reading %s in %s: %w", e.Name, name, err)
		}
		head := &header{}
		_, err = io.CopyN(head, r, headerSize)
		r.Close()
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("reading %s in %s: %w", e.Name, name, err)
		}
		files = append(files, File{Path: path.Clean(e.Name), Size: int64(e.UncompressedSize64), Machine: head.machine()})
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files, nil
}

// openRegular opens a regular file; its errors name the remedy.
func openRegular(name string) (*os.File, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no file %s; build it first, or correct the path", name)
	case err != nil:
		return nil, fmt.Errorf("reading %s: %w", name, err)
	case info.IsDir():
		return nil, fmt.Errorf("%s is a folder; use dir to package a folder", name)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file", name)
	}
	return os.Open(name)
}

// headerSize is how much of a file tells an ELF binary's machine.
const headerSize = 20

// A header keeps the first bytes of what is written to it.
type header struct{ b []byte }

func (h *header) Write(p []byte) (int, error) {
	if missing := headerSize - len(h.b); missing > 0 {
		h.b = append(h.b, p[:min(missing, len(p))]...)
	}
	return len(p), nil
}

func (h *header) machine() string {
	if len(h.b) < headerSize || string(h.b[:4]) != elf.ELFMAG {
		return ""
	}
	m := elf.Machine(h.b[18]) | elf.Machine(h.b[19])<<8
	if elf.Data(h.b[elf.EI_DATA]) == elf.ELFDATA2MSB {
		m = elf.Machine(h.b[19]) | elf.Machine(h.b[18])<<8
	}
	switch m {
	case elf.EM_X86_64:
		return "x86_64"
	case elf.EM_AARCH64:
		return "arm64"
	}
	return m.String()
}

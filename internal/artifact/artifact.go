// Package artifact makes the zip packages of function code, deterministically:
// the same files give the same bytes on every machine, whatever their times,
// modes and order on disk. It must not know AWS or Terraform.
package artifact

import (
	"archive/zip"
	"crypto/sha256"
	"debug/elf"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
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

	File   string            // one file, packaged under its base name
	Zip    string            // a zip that is used as it is
	Inline map[string]string // contents by slash-separated path
}

// A Package describes a package's contents.
type Package struct {
	SHA256 string // base64 of the zip's SHA-256: what Lambda calls CodeSha256
	Size   int64  // the zip's size in bytes
	Files  []File // by path
}

// A File is one file of a package.
type File struct {
	Path    string // slash-separated
	Size    int64  // in bytes
	Machine string // "x86_64", "arm64" or another machine's ELF name; empty unless an ELF binary
}

// Find returns the package's file of that path.
func (p Package) Find(path string) (File, bool) {
	i, ok := slices.BinarySearchFunc(p.Files, path, func(f File, want string) int {
		return strings.Compare(f.Path, want)
	})
	if !ok {
		return File{}, false
	}
	return p.Files[i], true
}

// Describe returns what Write would write, without keeping it.
func Describe(s Source) (Package, error) { return Write(io.Discard, s) }

// Write writes the package of s to w as a zip.
//
// Entries are sorted by path, dated 1980-01-01, of mode 0755 (not every machine
// knows an executable bit, and the bytes must agree everywhere) and compressed
// by an encoder of a pinned version. A Zip is copied as it is.
func Write(w io.Writer, s Source) (Package, error) {
	sum := sha256.New()
	out := &counter{w: io.MultiWriter(w, sum)}
	files, err := write(out, s)
	if err != nil {
		return Package{}, err
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return Package{
		SHA256: base64.StdEncoding.EncodeToString(sum.Sum(nil)),
		Size:   out.n,
		Files:  files,
	}, nil
}

func write(w io.Writer, s Source) ([]File, error) {
	switch {
	case s.Zip != "":
		return copyZip(w, s.Zip)
	case s.File != "":
		return writeFile(w, s.File)
	case s.Inline != nil:
		return writeInline(w, s.Inline)
	case s.Dir != "":
		return writeDir(w, s)
	}
	return nil, errors.New("the source names no dir, file, zip or inline code")
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

// A packer writes entries and notes what they are.
type packer struct {
	zip   *zip.Writer
	files []File
}

func newPacker(w io.Writer) *packer {
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, level)
	})
	return &packer{zip: z}
}

func (p *packer) add(name string, r io.Reader) error {
	if err := checkName(name); err != nil {
		return err
	}
	h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: epoch}
	h.SetMode(0o755)
	w, err := p.zip.CreateHeader(h)
	if err != nil {
		return fmt.Errorf("packaging %s: %w", name, err)
	}
	head := &header{}
	n, err := io.Copy(w, io.TeeReader(r, head))
	if err != nil {
		return fmt.Errorf("packaging %s: %w", name, err)
	}
	p.files = append(p.files, File{Path: name, Size: n, Machine: head.machine()})
	return nil
}

func (p *packer) close() ([]File, error) {
	if err := p.zip.Close(); err != nil {
		return nil, fmt.Errorf("finishing the package: %w", err)
	}
	if len(p.files) == 0 {
		return nil, errors.New("the source has no files to package")
	}
	return p.files, nil
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

func writeFile(w io.Writer, name string) ([]File, error) {
	f, err := openRegular(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p := newPacker(w)
	if err := p.add(filepath.Base(name), f); err != nil {
		return nil, err
	}
	return p.close()
}

func writeInline(w io.Writer, code map[string]string) ([]File, error) {
	p := newPacker(w)
	for _, name := range slices.Sorted(maps.Keys(code)) {
		if err := p.add(name, strings.NewReader(code[name])); err != nil {
			return nil, err
		}
	}
	return p.close()
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

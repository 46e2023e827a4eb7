// Package archive unpacks the archives that providers and modules come in, and
// computes the hashes that lock files know them by.
//
// It must not know where archives come from or what is in them. Nothing that an
// archive says makes it write outside of the folder that it is given.
package archive

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/dirhash"
)

// Limits are how much an archive may unpack to.
type Limits struct {
	Bytes int64 // of all files together
	Files int
}

// Roomy are limits that no real package reaches.
var Roomy = Limits{Bytes: 4 << 30, Files: 100_000}

// HashDir is the hash of the files below a folder, "h1:" and base64: the same
// as that of a zip archive of them.
func HashDir(dir string) (string, error) {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", err
	}
	return dirhash.HashDir(real, "", dirhash.Hash1)
}

// HashZip is the hash of the files in a zip archive, "h1:" and base64.
func HashZip(file string) (string, error) { return dirhash.HashZip(file, dirhash.Hash1) }

// HashFile is the hash of an archive as it is, "zh:" and hex.
func HashFile(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("reading %s: %w", file, err)
	}
	return "zh:" + hex.EncodeToString(h.Sum(nil)), nil
}

// Unzip unpacks a zip archive into dir, which it makes.
func Unzip(file, dir string, l Limits) error {
	z, err := zip.OpenReader(file)
	if err != nil {
		return fmt.Errorf("reading the archive: %w", err)
	}
	defer z.Close()
	o, err := open(dir, l)
	if err != nil {
		return err
	}
	defer o.root.Close()
	for _, f := range z.File {
		err := o.entry(f.Name, f.Mode(), func() (io.ReadCloser, error) { return f.Open() })
		if err != nil {
			return err
		}
	}
	return nil
}

// Untar unpacks a tar archive, compressed by gzip, into dir, which it makes.
func Untar(r io.Reader, dir string, l Limits) error {
	o, err := open(dir, l)
	if err != nil {
		return err
	}
	defer o.root.Close()
	z, err := gzip.NewReader(r)
	if err != nil {
		return fmt.Errorf("reading the archive: %w", err)
	}
	defer z.Close()
	t := tar.NewReader(z)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the archive: %w", err)
		}
		switch h.Typeflag {
		case tar.TypeXGlobalHeader:
			continue
		case tar.TypeSymlink:
			err = o.link(h.Name, h.Linkname)
		case tar.TypeLink:
			err = o.same(h.Name, h.Linkname)
		default:
			err = o.entry(h.Name, h.FileInfo().Mode(), func() (io.ReadCloser, error) { return io.NopCloser(t), nil })
		}
		if err != nil {
			return err
		}
	}
}

// output is a folder that is unpacked into.
type output struct {
	root *os.Root
	left Limits
	all  Limits
}

func open(dir string, l Limits) (*output, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	return &output{root: root, left: l, all: l}, err
}

// entry writes one file or folder.
func (o *output) entry(name string, mode fs.FileMode, content func() (io.ReadCloser, error)) error {
	at, err := o.place(name)
	if err != nil {
		return err
	}
	switch {
	case mode.IsDir():
		return o.root.MkdirAll(at, 0o755)
	case mode&fs.ModeSymlink != 0:
		r, err := content()
		if err != nil {
			return fmt.Errorf("reading %q in the archive: %w", name, err)
		}
		defer r.Close()
		target, err := io.ReadAll(io.LimitReader(r, 4096))
		if err != nil {
			return fmt.Errorf("reading %q in the archive: %w", name, err)
		}
		return o.link(name, string(target))
	case !mode.IsRegular():
		return fmt.Errorf("the archive holds %q, which is neither a file nor a folder", name)
	}
	if err := o.root.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return fmt.Errorf("unpacking %q: %w", name, err)
	}
	r, err := content()
	if err != nil {
		return fmt.Errorf("reading %q in the archive: %w", name, err)
	}
	defer r.Close()
	return o.write(name, at, mode, r)
}

func (o *output) write(name, at string, mode fs.FileMode, r io.Reader) error {
	perm := fs.FileMode(0o644)
	if mode&0o111 != 0 {
		perm = 0o755
	}
	f, err := o.root.OpenFile(at, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, perm)
	if err != nil {
		return fmt.Errorf("unpacking %q: %w", name, err)
	}
	n, err := io.Copy(f, io.LimitReader(r, o.left.Bytes+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("unpacking %q: %w", name, err)
	}
	if o.left.Bytes -= n; o.left.Bytes < 0 {
		return fmt.Errorf("the archive unpacks to more than %d bytes", o.all.Bytes)
	}
	return nil
}

// link makes a symbolic link, which must lead to something inside.
func (o *output) link(name, target string) error {
	at, err := o.place(name)
	if err != nil {
		return err
	}
	if !filepath.IsLocal(filepath.FromSlash(path.Join(path.Dir(filepath.ToSlash(at)), target))) || path.IsAbs(target) {
		return fmt.Errorf("the archive holds the link %q, which leads to %q outside of it", name, target)
	}
	if err := o.root.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return fmt.Errorf("unpacking %q: %w", name, err)
	}
	if err := o.root.Symlink(filepath.FromSlash(target), at); err != nil {
		return fmt.Errorf("unpacking %q: %w", name, err)
	}
	return nil
}

// same gives a file that was unpacked before a further name.
func (o *output) same(name, target string) error {
	at, err := o.place(name)
	if err != nil {
		return err
	}
	from := filepath.FromSlash(path.Clean(target))
	if !filepath.IsLocal(from) {
		return fmt.Errorf("the archive holds the link %q, which leads to %q outside of it", name, target)
	}
	if err := o.root.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return fmt.Errorf("unpacking %q: %w", name, err)
	}
	if err := o.root.Link(from, at); err != nil {
		return fmt.Errorf("unpacking %q: %w", name, err)
	}
	return nil
}

// place is where an entry goes; it counts the entries.
func (o *output) place(name string) (string, error) {
	if o.left.Files--; o.left.Files < 0 {
		return "", fmt.Errorf("the archive holds more than %d files", o.all.Files)
	}
	clean := filepath.FromSlash(path.Clean(name))
	if strings.Contains(name, `\`) || !filepath.IsLocal(clean) {
		return "", fmt.Errorf("the archive holds %q, which would be unpacked outside of its folder", name)
	}
	return clean, nil
}

package s3

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/uuid"
)

// blobs keeps bodies as files: DIR/NAME.
type blobs struct{ dir string }

// prune makes the folder and removes from it what nobody uses: bodies of requests
// that were cut off.
func (b blobs) prune(used map[string]bool) error {
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return fmt.Errorf("making a folder for objects: %w", err)
	}
	entries, err := os.ReadDir(b.dir)
	if err != nil {
		return fmt.Errorf("reading the folder of objects: %w", err)
	}
	for _, e := range entries {
		if !used[e.Name()] {
			if err := os.Remove(filepath.Join(b.dir, e.Name())); err != nil {
				return fmt.Errorf("removing a body that no object has: %w", err)
			}
		}
	}
	return nil
}

// put stores what r has and returns its name and size. It is on the disk when put
// returns.
func (b blobs) put(r io.Reader) (name string, size int64, err error) {
	name = uuid.NewString()
	f, err := os.OpenFile(filepath.Join(b.dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", 0, fmt.Errorf("storing a body: %w", err)
	}
	size, err = io.Copy(f, r)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		b.remove(name)
		return "", 0, err // an error of the request, most often
	}
	return name, size, nil
}

// link gives a body another name.
func (b blobs) link(name string) (string, error) {
	other := uuid.NewString()
	if err := os.Link(filepath.Join(b.dir, name), filepath.Join(b.dir, other)); err != nil {
		return "", fmt.Errorf("copying a body: %w", err)
	}
	return other, nil
}

// remove removes bodies. One that stays is removed by the next prune.
func (b blobs) remove(names ...string) {
	for _, n := range names {
		_ = os.Remove(filepath.Join(b.dir, n))
	}
}

// open returns n bytes of the bodies of parts, from the given offset. All files are
// open when it returns, so that a deletion meanwhile does not matter.
func (b blobs) open(parts []part, offset, n int64) (io.ReadCloser, error) {
	m := &multi{}
	for _, p := range parts {
		if offset >= p.Size && p.Size > 0 || n == 0 {
			offset -= p.Size
			continue
		}
		f, err := os.Open(filepath.Join(b.dir, p.Blob))
		if err != nil {
			_ = m.Close()
			return nil, fmt.Errorf("opening a body: %w", err)
		}
		m.files = append(m.files, f)
		length := min(p.Size-offset, n)
		m.readers = append(m.readers, io.NewSectionReader(f, offset, length))
		n -= length
		offset = 0
	}
	m.Reader = io.MultiReader(m.readers...)
	return m, nil
}

// multi reads files one after the other.
type multi struct {
	io.Reader
	readers []io.Reader
	files   []fs.File
}

func (m *multi) Close() error {
	var errs []error
	for _, f := range m.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

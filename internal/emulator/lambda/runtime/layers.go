package runtime

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// opt returns the folder that functions with these layers see at /opt; empty for
// none. Several layers are put together once, in a folder of the host's: a file of
// a later layer takes the place of an earlier one's.
func (h *Host) opt(layers []string) (string, error) {
	switch len(layers) {
	case 0:
		return "", nil
	case 1:
		return layers[0], nil
	}
	sum := sha256.Sum256([]byte(strings.Join(layers, "\x00")))
	dir := filepath.Join(h.layers(), hex.EncodeToString(sum[:8]))
	h.merging.Lock()
	defer h.merging.Unlock()
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(h.layers(), 0o755); err != nil {
		return "", fmt.Errorf("making a folder for layers: %w", err)
	}
	temp, err := os.MkdirTemp(h.layers(), ".merge-")
	if err != nil {
		return "", fmt.Errorf("making a folder for layers: %w", err)
	}
	defer func() { _ = os.RemoveAll(temp) }()
	for _, l := range layers {
		if err := overlay(l, temp); err != nil {
			return "", fmt.Errorf("putting the layer %s over others: %w", l, err)
		}
	}
	if err := os.Chmod(temp, 0o755); err != nil { //nolint:gosec // functions run as another user
		return "", err
	}
	return dir, os.Rename(temp, dir)
}

func (h *Host) layers() string { return filepath.Join(h.Dir, "layers") }

// overlay puts the files of one folder over those of another.
func overlay(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		there, err := os.Lstat(target)
		switch {
		case err == nil && d.IsDir() && there.IsDir():
			return nil
		case err == nil:
			if err := os.RemoveAll(target); err != nil {
				return err
			}
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
		switch {
		case d.IsDir():
			return os.Mkdir(target, 0o755)
		case d.Type()&fs.ModeSymlink != 0:
			link, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(link, target) //nolint:gosec // in a folder of the emulator's own
		}
		if os.Link(path, target) == nil { //nolint:gosec // as above
			return nil
		}
		return copyFile(path, target) // another file system
	})
}

func copyFile(from, to string) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	s, err := r.Stat()
	if err != nil {
		return err
	}
	w, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, s.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return errors.Join(err, w.Close())
}

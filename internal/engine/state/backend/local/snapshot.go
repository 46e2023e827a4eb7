package local

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A new snapshot is first written to a file of its own, which gets its name only
// when it is whole, and then copied into the state file. The state file itself
// is never replaced: others may wait for a lock on it. Whatever moment the
// program dies at, either the old snapshot is whole, or the new one is beside it.

// nextPath is a whole snapshot that is being copied into the state file.
func (s *Store) nextPath() string { return s.path + ".next" }

func (s *Store) copyIn(raw []byte) error {
	if err := writeSynced(s.nextPath(), raw); err != nil {
		return fmt.Errorf("writing the state: %w", err)
	}
	if err := s.overwrite(raw); err != nil {
		return err
	}
	if err := os.Remove(s.nextPath()); err != nil {
		return fmt.Errorf("writing the state: %w", err)
	}
	return nil
}

// overwrite writes raw from the start, so that what an interruption leaves is
// the beginning of raw.
func (s *Store) overwrite(raw []byte) error {
	err := s.file.Truncate(0)
	if err == nil {
		_, err = s.file.WriteAt(raw, 0)
	}
	if err == nil {
		err = s.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("writing the state (a whole copy is in %s): %w", s.nextPath(), err)
	}
	return nil
}

// finishCopy ends a copy that was cut off. A snapshot that does not continue the
// state file any more, because another program wrote that meanwhile, goes.
func (s *Store) finishCopy() error {
	next, err := os.ReadFile(s.nextPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the state: %w", err)
	}
	now, err := readAll(s.file)
	if err != nil {
		return fmt.Errorf("reading the state: %w", err)
	}
	// A copy that has not begun is not needed: the journal still has every step.
	if len(now) < len(next) && bytes.HasPrefix(next, now) {
		if err := s.overwrite(next); err != nil {
			return err
		}
	}
	if err := os.Remove(s.nextPath()); err != nil {
		return fmt.Errorf("removing a snapshot that is not needed any more: %w", err)
	}
	return nil
}

// writeSynced writes a file that is there whole or not at all.
func writeSynced(path string, raw []byte) (err error) {
	f, err := os.OpenFile(path+".tmp", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(path + ".tmp") // the first error counts
		}
	}()
	_, err = f.Write(raw)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the names in a directory durable.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

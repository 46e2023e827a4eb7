package backend

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// WriteSynced writes a file that is there whole or not at all, for its owner alone.
func WriteSynced(path string, raw []byte) (err error) {
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
	return SyncDir(filepath.Dir(path))
}

// SyncDir makes the names in a directory durable.
func SyncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

const archived = 5 // journals that are kept

// keep moves a journal into the folder of those of the last runs, of which the
// oldest go.
func keep(path, folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("keeping the journal: %w", err)
	}
	name := time.Now().UTC().Format("20060102T150405.000000000Z") + "." + filepath.Base(path)
	if err := os.Rename(path, filepath.Join(folder, name)); err != nil {
		return fmt.Errorf("keeping the journal: %w", err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil //nolint:nilerr // it is kept; that others stay does no harm
	}
	entries = slices.DeleteFunc(entries, func(e os.DirEntry) bool { return filepath.Ext(e.Name()) != ".journal" })
	for len(entries) > archived {
		_ = os.Remove(filepath.Join(folder, entries[0].Name())) // the next run tries again
		entries = entries[1:]
	}
	return nil
}

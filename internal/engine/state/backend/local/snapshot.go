package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend"
)

// A new snapshot is first written to a file of its own, which gets its name only
// when it is whole, and then copied into the state file. The state file itself
// is never replaced: others may wait for a lock on it. Whatever moment the
// program dies at, either the old snapshot is whole, or the new one is beside it.

// nextPath is a whole snapshot that is being copied into the state file.
func (f *file) nextPath() string { return f.path + ".next" }

func (f *file) copyIn(raw []byte) error {
	if err := backend.WriteSynced(f.nextPath(), raw); err != nil {
		return fmt.Errorf("writing the state: %w", err)
	}
	if err := f.overwrite(raw); err != nil {
		return err
	}
	if err := os.Remove(f.nextPath()); err != nil {
		return fmt.Errorf("writing the state: %w", err)
	}
	return nil
}

// overwrite writes raw from the start, so that what an interruption leaves is
// the beginning of raw.
func (f *file) overwrite(raw []byte) error {
	err := f.file.Truncate(0)
	if err == nil {
		_, err = f.file.WriteAt(raw, 0)
	}
	if err == nil {
		err = f.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("writing the state (a whole copy is in %s): %w", f.nextPath(), err)
	}
	return nil
}

// begun tells that a snapshot is on its way into the state file, which has only the
// beginning of it.
func begun(now, next []byte) bool { return len(now) < len(next) && bytes.HasPrefix(next, now) }

// finishCopy ends a copy that was cut off. A snapshot that does not continue the
// state file any more, because another program wrote that meanwhile, goes.
func (f *file) finishCopy() error {
	next, err := os.ReadFile(f.nextPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the state: %w", err)
	}
	now, err := readAll(f.file)
	if err != nil {
		return fmt.Errorf("reading the state: %w", err)
	}
	// A copy that has not begun is not needed: the journal still has every step.
	if begun(now, next) {
		if err := f.overwrite(next); err != nil {
			return err
		}
	}
	if err := os.Remove(f.nextPath()); err != nil {
		return fmt.Errorf("removing a snapshot that is not needed any more: %w", err)
	}
	return nil
}

// sow puts the state of another file, from where it is not changed, into this one. A
// run on this file that was cut off goes first: its state is the newer one.
func (f *file) sow() error {
	if f.seed == "" || exists(journalOf(f.path)) {
		return nil
	}
	if exists(journalOf(f.seed)) || exists(f.seed+".next") {
		return fmt.Errorf("an earlier run on %s was cut off; first finish it with an apply that writes that file", f.seed)
	}
	raw, err := ReadFile(f.seed)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("reading the state: %w", err)
	}
	old, err := readAll(f.file)
	if err != nil {
		return fmt.Errorf("reading the state: %w", err)
	}
	switch {
	case bytes.Equal(raw, old):
		return nil
	case len(raw) == 0:
		return fmt.Errorf("the state in %s would be lost: %s, which is read, has none to take its place", f.path, f.seed)
	}
	return f.Save(context.Background(), raw, old)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

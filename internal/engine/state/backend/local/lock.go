package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sync"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend"
)

func (f *file) tryOpen(o backend.Options) (err error) {
	if !held.add(f) {
		return backend.ErrHeld
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.release())
		}
	}()
	_, err = os.Stat(f.path)
	f.created = errors.Is(err, fs.ErrNotExist)
	opened, err := os.OpenFile(f.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("opening the state file: %w", err)
	}
	held.opened(f, opened)
	if o.NoLock {
		return nil
	}
	if err := lockFile(f.file); errors.Is(err, backend.ErrHeld) {
		return err
	} else if err != nil {
		return fmt.Errorf("locking the state file: %w", err)
	}
	// The last holder may have removed the file, empty, while it was opened.
	if mine, err := f.file.Stat(); err != nil || !sameFile(mine, f.path) {
		return backend.ErrHeld
	}
	f.locked = true
	return f.announce(o)
}

// Release implements [backend.Place].
func (f *file) Release(context.Context) error { return f.release() }

// release closes the file, which gives the lock back, and removes it if it was
// created only to be locked.
func (f *file) release() error {
	var errs []error
	if f.locked {
		if err := os.Remove(f.lockPath()); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
		if at, err := f.file.Stat(); err == nil && f.created && at.Size() == 0 && sameFile(at, f.path) {
			errs = append(errs, os.Remove(f.path)) // unless its workspace was removed
		}
	}
	f.locked = false
	return errors.Join(append(errs, held.remove(f))...)
}

func (f *file) lockPath() string {
	return filepath.Join(filepath.Dir(f.path), "."+filepath.Base(f.path)+".lock.info")
}

// announce writes who holds the lock, for others to show.
func (f *file) announce(o backend.Options) error {
	raw, err := json.Marshal(backend.NewHolder(o, f.path))
	if err != nil {
		return fmt.Errorf("describing the lock: %w", err)
	}
	if err := os.WriteFile(f.lockPath(), raw, 0o644); err != nil {
		return fmt.Errorf("saying who locks the state: %w", err)
	}
	return nil
}

// holder reads who holds the lock; the zero value if that cannot be known.
func (f *file) holder() backend.Holder {
	var h backend.Holder
	raw, err := os.ReadFile(f.lockPath())
	if err != nil || json.Unmarshal(raw, &h) != nil {
		return backend.Holder{}
	}
	return h
}

// held is the set of state files that this process has open. The system's locks do
// not keep two files of one process apart, and the second one to close would
// drop the lock of the first.
var held registry

type registry struct {
	mu     sync.Mutex
	stores map[string]*file // by resolved path
}

// add tells whether no other store had the same path, and takes it for s.
func (r *registry) add(f *file) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := resolve(f.path)
	if r.stores[key] != nil {
		return false
	}
	if r.stores == nil {
		r.stores = map[string]*file{}
	}
	r.stores[key] = f
	return true
}

func (r *registry) opened(f *file, as *os.File) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f.file = as
}

// remove closes the store's file, while nobody else can have opened it yet.
func (r *registry) remove(f *file) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.stores, func(_ string, x *file) bool { return x == f })
	if f.file == nil {
		return nil
	}
	err := f.file.Close()
	f.file = nil
	return err
}

// ReadFile reads any file without endangering a lock: a state file that this
// process has open is read through the descriptor that it is locked by.
func ReadFile(path string) ([]byte, error) {
	held.mu.Lock()
	defer held.mu.Unlock()
	for _, f := range held.stores {
		if f.file == nil {
			continue
		}
		if at, err := f.file.Stat(); err == nil && sameFile(at, path) {
			return readAll(f.file)
		}
	}
	return os.ReadFile(path)
}

func sameFile(at os.FileInfo, path string) bool {
	other, err := os.Stat(path)
	return err == nil && os.SameFile(at, other)
}

// resolve makes path absolute and follows links, as far as it exists.
func resolve(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return path
	}
	return filepath.Join(dir, filepath.Base(path))
}

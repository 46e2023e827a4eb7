package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/user"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Holder is who holds a lock, as the lock file says it.
type Holder struct {
	ID        string
	Operation string
	Info      string
	Who       string // user@host
	Version   string
	Created   time.Time
	Path      string
}

// LockError says that somebody else holds the lock of a state.
type LockError struct {
	Path   string
	Holder Holder // zero if the lock file does not say
}

func (e *LockError) Error() string {
	if e.Holder.ID == "" {
		return fmt.Sprintf("the state %s is locked by another run", e.Path)
	}
	return fmt.Sprintf("the state %s is locked by another run: %s by %s since %s", e.Path, e.Holder.Operation, e.Holder.Who, e.Holder.Created.Local().Format(time.DateTime))
}

// errHeld means that somebody else holds the lock.
var errHeld = errors.New("held")

// open opens the file and takes its lock, waiting for at most the timeout of o.
func (s *Store) open(ctx context.Context, o Options) error {
	ctx, cancel := context.WithTimeout(ctx, max(o.LockTimeout, 0))
	defer cancel()
	for delay := time.Second; ; delay = min(2*delay, 16*time.Second) {
		err := s.tryOpen(o)
		if !errors.Is(err, errHeld) {
			return err
		}
		wait := time.NewTimer(delay)
		select {
		case <-ctx.Done():
			wait.Stop()
			return &LockError{Path: s.path, Holder: s.holder()}
		case <-wait.C:
		}
	}
}

func (s *Store) tryOpen(o Options) (err error) {
	if !held.add(s) {
		return errHeld
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.release())
		}
	}()
	_, err = os.Stat(s.path)
	s.created = errors.Is(err, fs.ErrNotExist)
	f, err := os.OpenFile(s.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("opening the state file: %w", err)
	}
	held.opened(s, f)
	if o.NoLock {
		return nil
	}
	if err := lockFile(s.file); errors.Is(err, errHeld) {
		return err
	} else if err != nil {
		return fmt.Errorf("locking the state file: %w", err)
	}
	// The last holder may have removed the file, empty, while it was opened.
	if mine, err := s.file.Stat(); err != nil || !sameFile(mine, s.path) {
		return errHeld
	}
	s.locked = true
	return s.announce(o)
}

// release closes the file, which gives the lock back, and removes it if it was
// created only to be locked.
func (s *Store) release() error {
	var errs []error
	if s.locked {
		if err := os.Remove(s.lockPath()); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
		if at, err := s.file.Stat(); err == nil && s.created && at.Size() == 0 {
			errs = append(errs, os.Remove(s.path))
		}
	}
	s.locked = false
	return errors.Join(append(errs, held.remove(s))...)
}

func (s *Store) lockPath() string {
	return filepath.Join(filepath.Dir(s.path), "."+filepath.Base(s.path)+".lock.info")
}

// announce writes who holds the lock, for others to show.
func (s *Store) announce(o Options) error {
	id, err := uuid.NewRandom()
	if err != nil {
		return fmt.Errorf("naming the lock: %w", err)
	}
	who, host := "unknown", "unknown"
	if u, err := user.Current(); err == nil {
		who = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		host = h
	}
	raw, err := json.Marshal(Holder{
		ID: id.String(), Operation: o.Operation, Who: who + "@" + host, Version: o.Version,
		Info: fmt.Sprintf("pid %d", os.Getpid()), Created: time.Now().UTC(), Path: s.path,
	})
	if err != nil {
		return fmt.Errorf("describing the lock: %w", err)
	}
	if err := os.WriteFile(s.lockPath(), raw, 0o644); err != nil {
		return fmt.Errorf("saying who locks the state: %w", err)
	}
	return nil
}

// holder reads who holds the lock; the zero value if that cannot be known.
func (s *Store) holder() Holder {
	var h Holder
	raw, err := os.ReadFile(s.lockPath())
	if err != nil || json.Unmarshal(raw, &h) != nil {
		return Holder{}
	}
	return h
}

// held is the set of stores that this process has open. The system's locks do
// not keep two stores of one process apart, and the second one to close would
// drop the lock of the first.
var held registry

type registry struct {
	mu     sync.Mutex
	stores map[string]*Store // by resolved path
}

// add tells whether no other store had the same path, and takes it for s.
func (r *registry) add(s *Store) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := resolve(s.path)
	if r.stores[key] != nil {
		return false
	}
	if r.stores == nil {
		r.stores = map[string]*Store{}
	}
	r.stores[key] = s
	return true
}

func (r *registry) opened(s *Store, f *os.File) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.file = f
}

// remove closes the store's file, while nobody else can have opened it yet.
func (r *registry) remove(s *Store) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.stores, func(_ string, x *Store) bool { return x == s })
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	s.file = nil
	return err
}

// ReadFile reads any file without endangering a lock: a state file that this
// process has open is read through the descriptor that it is locked by.
func ReadFile(path string) ([]byte, error) {
	held.mu.Lock()
	defer held.mu.Unlock()
	for _, s := range held.stores {
		if s.file == nil {
			continue
		}
		if at, err := s.file.Stat(); err == nil && sameFile(at, path) {
			return readAll(s.file)
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

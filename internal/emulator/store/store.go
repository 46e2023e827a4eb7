// Package store keeps what the emulator holds: ordered sets of values, read from
// isolated snapshots and changed by atomic commits over any number of sets. With
// a file, a commit is written to it in one transaction, and synced, before anyone
// sees it; commits that come while one is being written are written together. It
// must not know what the values mean.
package store

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"
)

// A Store is a group of sets that commit together.
type Store struct {
	commit sync.Mutex // held by the one that changes something
	db     *bbolt.DB  // nil in memory
	sets   []*set
	now    atomic.Pointer[[]*tree] // the tree of each set, as of the last commit
	file   file
}

// Format is the version of the file's layout.
const Format = "1"

var meta = []byte("\x00meta")

// Open opens the file at path, or makes it; an empty path keeps everything in
// memory. A file that another process holds or that a newer version wrote is an
// error that says so.
func Open(path string) (*Store, error) {
	s := &Store{}
	s.now.Store(&[]*tree{})
	if path == "" {
		return s, nil
	}
	err := undamaged(func() (err error) { s.db, err = open(path); return err })
	if errors.Is(err, bbolterrors.ErrTimeout) {
		return nil, fmt.Errorf("opening %s: another emulator uses it; stop that one first", path)
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	return s, nil
}

func open(path string) (*bbolt.DB, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second, FreelistType: bbolt.FreelistMapType})
	switch {
	case errors.Is(err, bbolterrors.ErrInvalid), errors.Is(err, bbolterrors.ErrChecksum), errors.Is(err, bbolterrors.ErrVersionMismatch):
		return nil, fmt.Errorf("%w (%w)", errDamaged, err)
	case err != nil:
		return nil, err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(meta)
		if err != nil {
			return err
		}
		v := b.Get([]byte("format"))
		if v == nil {
			return b.Put([]byte("format"), []byte(Format))
		}
		if string(v) != Format {
			return fmt.Errorf("it was written in format %s by another version of this program, which reads format %s; use that version, or remove the file to begin anew", v, Format)
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

var errDamaged = errors.New("the file is damaged or not a store; restore it from a copy, or remove it to begin anew")

// undamaged calls f, which reads the file. The file is mapped into memory, so a
// damaged one shows as a panic or, where it was cut off, as a fault.
func undamaged(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w (%v)", errDamaged, p)
		}
	}()
	return f()
}

// Close releases the file. The store must not be used afterwards.
func (s *Store) Close() error {
	defer s.still()()
	if s.db == nil {
		return nil
	}
	return s.db.Close()
}

// Reset empties every set, in memory and in the file.
func (s *Store) Reset() error {
	defer s.still()()
	if s.db != nil {
		err := s.db.Update(func(tx *bbolt.Tx) error {
			var names [][]byte
			err := tx.ForEach(func(name []byte, _ *bbolt.Bucket) error {
				if !bytes.Equal(name, meta) {
					names = append(names, bytes.Clone(name))
				}
				return nil
			})
			for _, name := range names {
				err = errors.Join(err, tx.DeleteBucket(name))
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("emptying the store: %w", err)
		}
	}
	trees := make([]*tree, len(s.sets))
	for i := range trees {
		trees[i] = &tree{}
	}
	s.now.Store(&trees)
	return nil
}

// Len returns the number of values in all sets that count.
func (s *Store) Len() int {
	s.commit.Lock()
	defer s.commit.Unlock()
	n := 0
	for i, tree := range *s.now.Load() {
		n += s.sets[i].count(tree)
	}
	return n
}

// Heads returns the beginnings of all keys that have n NULs or more, each up to
// the nth, in order and each once. Keys that share one cost nothing.
func (s *Store) Heads(n int) []string {
	s.commit.Lock()
	defer s.commit.Unlock()
	found := map[string]bool{}
	for i, tree := range *s.now.Load() {
		s.sets[i].heads(tree, n, found)
	}
	return slices.Sorted(maps.Keys(found))
}

// A Tx is a view of all sets at one moment; in Update, with the changes that it
// has made itself. It is for one goroutine, and dead when its function returns.
type Tx struct {
	trees    []*tree
	writable bool
	edits    map[*set]*edit
}

// View calls f with a snapshot of every set. It neither waits for commits nor
// holds them up.
func (s *Store) View(f func(tx *Tx) error) error {
	return f(&Tx{trees: *s.now.Load()})
}

// Update calls f alone and commits its changes when it returns nil: first to the
// file, then to memory, all or none. Values passed to Put belong to the store and
// must not be changed afterwards. An Update within an Update never returns.
func (s *Store) Update(f func(tx *Tx) error) error {
	b, first, err := s.change(f)
	if b == nil {
		return err
	}
	if first {
		s.write(b)
	}
	<-b.done
	return errors.Join(err, b.err)
}

// change calls f. With a file it returns the batch that must be written before the
// outcome is true, and whether the caller must write it.
func (s *Store) change(f func(tx *Tx) error) (b *batch, first bool, err error) {
	s.commit.Lock()
	defer s.commit.Unlock()
	tx := &Tx{trees: s.newest(), writable: true, edits: map[*set]*edit{}}
	if err := f(tx); err != nil || len(tx.edits) == 0 {
		return s.file.last(), false, err // what f has seen must be true
	}
	trees := slices.Clone(tx.trees)
	for _, c := range tx.edits {
		if s.db != nil {
			if err := c.encode(); err != nil {
				return s.file.last(), false, err
			}
		}
		trees[c.set.index] = c.tree
	}
	if s.db == nil {
		s.now.Store(&trees)
		return nil, false, nil
	}
	b, first = s.file.add(tx.edits, trees)
	return b, first, nil
}

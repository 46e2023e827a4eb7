// Package store keeps what the emulator holds: ordered sets of values, read from
// isolated snapshots and changed by atomic commits over any number of sets. With
// a file, a commit is written to it in one transaction, and synced, before anyone
// sees it. It must not know what the values mean.
package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/tidwall/btree"
	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"
)

// A Store is a group of sets that commit together.
type Store struct {
	mu   sync.RWMutex // held for writing during a commit
	db   *bbolt.DB    // nil in memory
	sets map[string]set
}

// set is what a Store needs to know of a Set of any type.
type set interface {
	load(*bbolt.DB) error
	reset()
	len() int
}

// Format is the version of the file's layout.
const Format = "1"

var meta = []byte("\x00meta")

// Open opens the file at path, or makes it; an empty path keeps everything in
// memory. A file that another process holds or that a newer version wrote is an
// error that says so.
func Open(path string) (*Store, error) {
	s := &Store{sets: map[string]set{}}
	if path == "" {
		return s, nil
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second, FreelistType: bbolt.FreelistMapType})
	if errors.Is(err, bbolterrors.ErrTimeout) {
		return nil, fmt.Errorf("opening %s: another emulator uses it; stop that one first", path)
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
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
		return nil, errors.Join(fmt.Errorf("opening %s: %w", path, err), db.Close())
	}
	s.db = db
	return s, nil
}

// Close releases the file. The store must not be used afterwards.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db == nil {
		return nil
	}
	return s.db.Close()
}

// Reset empties every set, in memory and in the file.
func (s *Store) Reset() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db != nil {
		err := s.db.Update(func(tx *bbolt.Tx) error {
			for name := range s.sets {
				if err := tx.DeleteBucket([]byte(name)); err != nil && !errors.Is(err, bbolterrors.ErrBucketNotFound) {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("emptying the store: %w", err)
		}
	}
	for _, set := range s.sets {
		set.reset()
	}
	return nil
}

// Len returns the number of values in all sets.
func (s *Store) Len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := 0
	for _, set := range s.sets {
		n += set.len()
	}
	return n
}

// A Tx is a view of all sets at one moment; in Update, with the changes that it
// has made itself. It is for one goroutine, and dead when its function returns.
type Tx struct {
	store    *Store
	writable bool
	touched  map[set]change
	order    []change
}

// change is what a transaction does to one set.
type change interface {
	write(*bbolt.Tx) error
	publish()
}

// View calls f with a snapshot of every set. It does not hold up commits for
// longer than it takes to begin, except for the sets that f first reads.
func (s *Store) View(f func(tx *Tx) error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return f(&Tx{store: s})
}

// Update calls f alone and commits its changes when it returns nil: first to the
// file, then to memory, all or none. Values passed to Put belong to the store and
// must not be changed afterwards.
func (s *Store) Update(f func(tx *Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	tx := &Tx{store: s, writable: true, touched: map[set]change{}}
	if err := f(tx); err != nil {
		return err
	}
	if len(tx.order) == 0 {
		return nil
	}
	if s.db != nil {
		err := s.db.Update(func(btx *bbolt.Tx) error {
			for _, c := range tx.order {
				if err := c.write(btx); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("writing the store's file: %w", err)
		}
	}
	for _, c := range tx.order {
		c.publish()
	}
	return nil
}

// A Set is an ordered collection of values of one type, by key.
type Set[T any] struct {
	name   string
	encode func(T) ([]byte, error)
	decode func([]byte) (T, error)
	tree   *btree.Map[string, T]
}

// NewSet returns the store's set of that name, whose values are kept as JSON in
// the file, and reads it. Names are unique in a store, such as "lambda.function".
func NewSet[T any](s *Store, name string) (*Set[T], error) {
	return NewSetWith(s, name,
		func(v T) ([]byte, error) { return json.Marshal(v) },
		func(b []byte) (v T, err error) { return v, json.Unmarshal(b, &v) })
}

// NewSetWith is NewSet with a form of its own in the file.
func NewSetWith[T any](s *Store, name string, encode func(T) ([]byte, error), decode func([]byte) (T, error)) (*Set[T], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.sets[name]; ok {
		return nil, fmt.Errorf("the store has a set %q already", name)
	}
	c := &Set[T]{name: name, encode: encode, decode: decode, tree: &btree.Map[string, T]{}}
	if s.db != nil {
		if err := c.load(s.db); err != nil {
			return nil, fmt.Errorf("reading %q from the store's file: %w", name, err)
		}
	}
	s.sets[name] = c
	return c, nil
}

func (c *Set[T]) load(db *bbolt.DB) error {
	return db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(c.name))
		if b == nil {
			return nil
		}
		return b.ForEach(func(k, raw []byte) error {
			v, err := c.decode(raw)
			if err != nil {
				return fmt.Errorf("key %q: %w", k, err)
			}
			c.tree.Load(string(k), v)
			return nil
		})
	})
}

func (c *Set[T]) reset() { c.tree = &btree.Map[string, T]{} }

func (c *Set[T]) len() int { return c.tree.Len() }

// edit is a transaction's own copy of one set.
type edit[T any] struct {
	set  *Set[T]
	tree *btree.Map[string, T]
	puts map[string]*T // nil: deleted
}

func (e *edit[T]) publish() { e.set.tree = e.tree }

func (e *edit[T]) write(tx *bbolt.Tx) error {
	b, err := tx.CreateBucketIfNotExists([]byte(e.set.name))
	if err != nil {
		return err
	}
	for k, v := range e.puts {
		if v == nil {
			if err := b.Delete([]byte(k)); err != nil {
				return err
			}
			continue
		}
		raw, err := e.set.encode(*v)
		if err != nil {
			return fmt.Errorf("%s %q: %w", e.set.name, k, err)
		}
		if err := b.Put([]byte(k), raw); err != nil {
			return err
		}
	}
	return nil
}

// edited returns the transaction's copy of the set, made at its first change.
func (c *Set[T]) edited(tx *Tx) *edit[T] {
	if !tx.writable {
		panic("store: a change within View")
	}
	if e, ok := tx.touched[c]; ok {
		return e.(*edit[T])
	}
	e := &edit[T]{set: c, tree: c.tree.Copy(), puts: map[string]*T{}}
	tx.touched[c] = e
	tx.order = append(tx.order, e)
	return e
}

func (c *Set[T]) at(tx *Tx) *btree.Map[string, T] {
	if e, ok := tx.touched[c]; ok {
		return e.(*edit[T]).tree
	}
	return c.tree
}

// Get returns the value at key.
func (c *Set[T]) Get(tx *Tx, key string) (T, bool) { return c.at(tx).Get(key) }

// Put stores v at key, in place of what is there.
func (c *Set[T]) Put(tx *Tx, key string, v T) {
	e := c.edited(tx)
	e.tree.Set(key, v)
	e.puts[key] = &v
}

// Delete removes key and reports whether it was there.
func (c *Set[T]) Delete(tx *Tx, key string) bool {
	e := c.edited(tx)
	_, ok := e.tree.Delete(key)
	if ok {
		e.puts[key] = nil
	}
	return ok
}

// From yields the values at key and after it, in order.
func (c *Set[T]) From(tx *Tx, key string) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) { c.at(tx).Ascend(key, yield) }
}

// DownFrom yields the values at key and before it, in descending order.
func (c *Set[T]) DownFrom(tx *Tx, key string) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) { c.at(tx).Descend(key, yield) }
}

// Prefix yields the values whose keys begin with prefix, in order.
func (c *Set[T]) Prefix(tx *Tx, prefix string) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		for k, v := range c.From(tx, prefix) {
			if len(k) < len(prefix) || k[:len(prefix)] != prefix || !yield(k, v) {
				return
			}
		}
	}
}

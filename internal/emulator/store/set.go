package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"slices"

	"github.com/tidwall/btree"
	"go.etcd.io/bbolt"
)

// A Set is an ordered collection of values of one type, by key.
type Set[T any] struct {
	uncounted bool
	name      string
	index     int // of its tree among the store's
	encode    func(T) ([]byte, error)
	decode    func([]byte) (T, error)
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
	defer s.still()()
	if slices.ContainsFunc(s.sets, func(o set) bool { return o.setName() == name }) {
		return nil, fmt.Errorf("the store has a set %q already", name)
	}
	c := &Set[T]{name: name, index: len(s.sets), encode: encode, decode: decode}
	tree := &btree.Map[string, T]{}
	if s.db != nil {
		if err := c.load(s.db, tree); err != nil {
			return nil, fmt.Errorf("reading %q from the store's file: %w", name, err)
		}
	}
	s.sets = append(s.sets, c)
	trees := append(slices.Clone(*s.now.Load()), tree)
	s.now.Store(&trees)
	return c, nil
}

func (c *Set[T]) setName() string { return c.name }
func (c *Set[T]) empty() any      { return &btree.Map[string, T]{} }

// Uncounted says that the set's values are only what others leave behind for a
// while, such as the answers to repeated requests: [Store].Len and [Store].Heads
// pass them over. It is called before the set is used.
func (c *Set[T]) Uncounted() { c.uncounted = true }

func (c *Set[T]) count(tree any) int {
	if c.uncounted {
		return 0
	}
	return tree.(*btree.Map[string, T]).Len()
}

func (c *Set[T]) heads(tree any, n int, into map[string]bool) {
	if c.uncounted {
		return
	}
	keys := tree.(*btree.Map[string, T]).Iter()
	for ok := keys.First(); ok; {
		head, whole := headOf(keys.Key(), n)
		if whole {
			into[head] = true
		}
		ok = keys.Seek(head + "\x01") // behind every key that goes on with NUL
	}
}

// headOf is key up to its nth NUL, which is left out; all of it, and false, if it
// has fewer.
func headOf(key string, n int) (string, bool) {
	for i := range len(key) {
		if key[i] == 0 {
			if n--; n == 0 {
				return key[:i], true
			}
		}
	}
	return key, false
}

func (c *Set[T]) load(db *bbolt.DB, into *btree.Map[string, T]) error {
	return undamaged(func() error {
		return db.View(func(tx *bbolt.Tx) error {
			b := tx.Bucket([]byte(c.name))
			if b == nil {
				return nil
			}
			return b.ForEach(func(k, raw []byte) error {
				v, err := c.decode(bytes.Clone(raw))
				if err != nil {
					return fmt.Errorf("key %q: %w", k, err)
				}
				into.Load(string(k), v)
				return nil
			})
		})
	})
}

// edit is a transaction's own copy of one set.
type edit[T any] struct {
	set  *Set[T]
	tree *btree.Map[string, T]
	puts map[string]*T // nil: deleted
	raw  map[string][]byte
}

// encode makes what write writes, so that a value which has no form in the file
// fails its own commit alone.
func (e *edit[T]) encode() error {
	e.raw = make(map[string][]byte, len(e.puts))
	for k, v := range e.puts {
		if v == nil {
			e.raw[k] = nil
			continue
		}
		raw, err := e.set.encode(*v)
		if err != nil {
			return fmt.Errorf("writing the store's file: %s %q: %w", e.set.name, k, err)
		}
		e.raw[k] = raw
	}
	return nil
}

func (e *edit[T]) publish(trees []any) { trees[e.set.index] = e.tree }

func (e *edit[T]) write(tx *bbolt.Tx) error {
	b, err := tx.CreateBucketIfNotExists([]byte(e.set.name))
	if err != nil {
		return err
	}
	for k, raw := range e.raw {
		if e.puts[k] == nil {
			err = b.Delete([]byte(k))
		} else {
			err = b.Put([]byte(k), raw)
		}
		if err != nil {
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
	if e, ok := tx.edits[c]; ok {
		return e.(*edit[T])
	}
	e := &edit[T]{set: c, tree: c.at(tx).Copy(), puts: map[string]*T{}}
	tx.edits[c] = e
	return e
}

// at returns the set's tree as the transaction sees it.
func (c *Set[T]) at(tx *Tx) *btree.Map[string, T] {
	if e, ok := tx.edits[c]; ok {
		return e.(*edit[T]).tree
	}
	return tx.trees[c.index].(*btree.Map[string, T])
}

// still returns at, as it is now: the transaction may change the set while it
// goes over it.
func (c *Set[T]) still(tx *Tx) *btree.Map[string, T] {
	t := c.at(tx)
	if _, ok := tx.edits[c]; ok {
		return t.Copy()
	}
	return t
}

// Get returns the value at key.
func (c *Set[T]) Get(tx *Tx, key string) (T, bool) { return c.at(tx).Get(key) }

// Put stores v at key, in place of what is there. A key is not empty.
func (c *Set[T]) Put(tx *Tx, key string, v T) {
	if key == "" {
		panic("store: an empty key")
	}
	e := c.edited(tx)
	e.tree.Set(key, v)
	e.puts[key] = &v
}

// Delete removes key and reports whether it was there.
func (c *Set[T]) Delete(tx *Tx, key string) bool {
	if _, ok := c.at(tx).Get(key); !ok {
		return false
	}
	e := c.edited(tx)
	e.tree.Delete(key)
	e.puts[key] = nil
	return true
}

// From yields the values at key and after it, in order. Changes that the
// transaction makes on the way do not show.
func (c *Set[T]) From(tx *Tx, key string) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) { c.still(tx).Ascend(key, yield) }
}

// DownFrom yields the values at key and before it, in descending order.
func (c *Set[T]) DownFrom(tx *Tx, key string) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) { c.still(tx).Descend(key, yield) }
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

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

// A tree holds the values of one set: pointers to them, so that there is one type
// of tree, which is compiled once.
type tree = btree.Map[string, any]

// set is what the store knows of a [Set].
type set struct {
	uncounted bool
	name      string
	index     int // of its tree among the store's
	encode    func(pointer any) ([]byte, error)
}

// A Set is an ordered collection of values of one type, by key.
type Set[T any] struct{ set *set }

// NewSet returns the store's set of that name, whose values are kept as JSON in
// the file, and reads it. Names are unique in a store, such as "lambda.function".
func NewSet[T any](s *Store, name string) (*Set[T], error) {
	return NewSetWith(s, name,
		func(v T) ([]byte, error) { return json.Marshal(v) },
		func(b []byte) (v T, err error) { return v, json.Unmarshal(b, &v) })
}

// NewSetWith is NewSet with a form of its own in the file.
func NewSetWith[T any](s *Store, name string, encode func(T) ([]byte, error), decode func([]byte) (T, error)) (*Set[T], error) {
	c := &set{name: name, encode: func(pointer any) ([]byte, error) { return encode(*pointer.(*T)) }}
	err := s.add(c, func(b []byte) (any, error) {
		v, err := decode(b)
		return &v, err
	})
	if err != nil {
		return nil, err
	}
	return &Set[T]{c}, nil
}

// add takes up a set and reads it.
func (s *Store) add(c *set, decode func([]byte) (pointer any, err error)) error {
	defer s.still()()
	if slices.ContainsFunc(s.sets, func(o *set) bool { return o.name == c.name }) {
		return fmt.Errorf("the store has a set %q already", c.name)
	}
	values := &tree{}
	if s.db != nil {
		if err := c.load(s.db, values, decode); err != nil {
			return fmt.Errorf("reading %q from the store's file: %w", c.name, err)
		}
	}
	c.index = len(s.sets)
	s.sets = append(s.sets, c)
	trees := append(slices.Clone(*s.now.Load()), values)
	s.now.Store(&trees)
	return nil
}

// Uncounted says that the set's values are only what others leave behind for a
// while, such as the answers to repeated requests: [Store].Len and [Store].Heads
// pass them over. It is called before the set is used.
func (c *Set[T]) Uncounted() { c.set.uncounted = true }

func (c *set) count(values *tree) int {
	if c.uncounted {
		return 0
	}
	return values.Len()
}

func (c *set) heads(values *tree, n int, into map[string]bool) {
	if c.uncounted {
		return
	}
	keys := values.Iter()
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

func (c *set) load(db *bbolt.DB, into *tree, decode func([]byte) (any, error)) error {
	return undamaged(func() error {
		return db.View(func(tx *bbolt.Tx) error {
			b := tx.Bucket([]byte(c.name))
			if b == nil {
				return nil
			}
			return b.ForEach(func(k, raw []byte) error {
				v, err := decode(bytes.Clone(raw))
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
type edit struct {
	set  *set
	tree *tree
	puts map[string]any // pointers to values; nil: deleted
	raw  map[string][]byte
}

// encode makes what write writes, so that a value which has no form in the file
// fails its own commit alone.
func (e *edit) encode() error {
	e.raw = make(map[string][]byte, len(e.puts))
	for k, v := range e.puts {
		if v == nil {
			e.raw[k] = nil
			continue
		}
		raw, err := e.set.encode(v)
		if err != nil {
			return fmt.Errorf("writing the store's file: %s %q: %w", e.set.name, k, err)
		}
		e.raw[k] = raw
	}
	return nil
}

func (e *edit) write(tx *bbolt.Tx) error {
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
func (c *set) edited(tx *Tx) *edit {
	if !tx.writable {
		panic("store: a change within View")
	}
	if e, ok := tx.edits[c]; ok {
		return e
	}
	e := &edit{set: c, tree: c.at(tx).Copy(), puts: map[string]any{}}
	tx.edits[c] = e
	return e
}

// at returns the set's tree as the transaction sees it.
func (c *set) at(tx *Tx) *tree {
	if e, ok := tx.edits[c]; ok {
		return e.tree
	}
	return tx.trees[c.index]
}

// still returns at, as it is now: the transaction may change the set while it
// goes over it.
func (c *set) still(tx *Tx) *tree {
	t := c.at(tx)
	if _, ok := tx.edits[c]; ok {
		return t.Copy()
	}
	return t
}

// put stores what pointer points to at key.
func (c *set) put(tx *Tx, key string, pointer any) {
	if key == "" {
		panic("store: an empty key")
	}
	e := c.edited(tx)
	e.tree.Set(key, pointer)
	e.puts[key] = pointer
}

// remove deletes what is at key and reports whether it was there.
func (c *set) remove(tx *Tx, key string) bool {
	if _, ok := c.at(tx).Get(key); !ok {
		return false
	}
	e := c.edited(tx)
	e.tree.Delete(key)
	e.puts[key] = nil
	return true
}

// Get returns the value at key.
func (c *Set[T]) Get(tx *Tx, key string) (v T, ok bool) {
	pointer, ok := c.set.at(tx).Get(key)
	if ok {
		v = *pointer.(*T)
	}
	return v, ok
}

// Put stores v at key, in place of what is there. A key is not empty.
func (c *Set[T]) Put(tx *Tx, key string, v T) { c.set.put(tx, key, &v) }

// Delete removes key and reports whether it was there.
func (c *Set[T]) Delete(tx *Tx, key string) bool { return c.set.remove(tx, key) }

// Len is how many values there are. It takes no longer for more of them.
func (c *Set[T]) Len(tx *Tx) int { return c.set.at(tx).Len() }

// From yields the values at key and after it, in order. Changes that the
// transaction makes on the way do not show.
func (c *Set[T]) From(tx *Tx, key string) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		c.set.still(tx).Ascend(key, func(k string, pointer any) bool { return yield(k, *pointer.(*T)) })
	}
}

// DownFrom yields the values at key and before it, in descending order.
func (c *Set[T]) DownFrom(tx *Tx, key string) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		c.set.still(tx).Descend(key, func(k string, pointer any) bool { return yield(k, *pointer.(*T)) })
	}
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

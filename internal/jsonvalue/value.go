// Package jsonvalue holds JSON documents as Go values that keep what the
// languages of Step Functions and API Gateway can see: the order of object
// members, the difference between null and nothing, numbers as they were
// written, and lone surrogates in strings.
//
// A value is one of: Null, bool, float64, Number, string, []any and *Object. Go's
// nil is no value at all. It must not know any language or service.
package jsonvalue

import (
	"iter"
	"slices"
)

// Null is the JSON value null.
type Null struct{}

// Number is the text of a JSON number that a float64, written out again, would
// change: more digits than a float64 has, or another spelling such as 1.0.
// Numbers that survive are of type float64.
type Number string

// Object is a JSON object whose members keep the order in which they were first
// set. The zero value is an empty object.
type Object struct {
	keys   []string
	values []any
	index  map[string]int // only when there are many members
}

// many is the number of members from which an index pays.
const many = 12

// NewObject is an empty object with room for n members.
func NewObject(n int) *Object {
	return &Object{keys: make([]string, 0, n), values: make([]any, 0, n)}
}

// ObjectOf is the object of the given members: names and values in turn.
func ObjectOf(members ...any) *Object {
	o := NewObject(len(members) / 2)
	for i := 0; i+1 < len(members); i += 2 {
		o.Set(members[i].(string), members[i+1])
	}
	return o
}

// Len is the number of members.
func (o *Object) Len() int { return len(o.keys) }

// Get is the member called key, or nil.
func (o *Object) Get(key string) any {
	if i := o.find(key); i >= 0 {
		return o.values[i]
	}
	return nil
}

// Has tells whether there is a member called key.
func (o *Object) Has(key string) bool { return o.find(key) >= 0 }

// Set gives the member called key a value. A new member comes last.
func (o *Object) Set(key string, v any) {
	if i := o.find(key); i >= 0 {
		o.values[i] = v
		return
	}
	if o.index == nil && len(o.keys) >= many {
		o.index = make(map[string]int, 2*many)
		for i, k := range o.keys {
			o.index[k] = i
		}
	}
	if o.index != nil {
		o.index[key] = len(o.keys)
	}
	o.keys = append(o.keys, key)
	o.values = append(o.values, v)
}

// Delete removes the member called key, if there is one.
func (o *Object) Delete(key string) {
	i := o.find(key)
	if i < 0 {
		return
	}
	o.keys = slices.Delete(o.keys, i, i+1)
	o.values = slices.Delete(o.values, i, i+1)
	if o.index != nil {
		delete(o.index, key)
		for j := i; j < len(o.keys); j++ {
			o.index[o.keys[j]] = j
		}
	}
}

// All are the members in order.
func (o *Object) All() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for i, k := range o.keys {
			if !yield(k, o.values[i]) {
				return
			}
		}
	}
}

// Keys are the names of the members in order. The caller must not change them.
func (o *Object) Keys() []string { return o.keys }

// Clone is a copy that shares the members' values.
func (o *Object) Clone() *Object {
	out := NewObject(o.Len())
	for k, v := range o.All() {
		out.Set(k, v)
	}
	return out
}

func (o *Object) find(key string) int {
	if o.index != nil {
		if i, ok := o.index[key]; ok {
			return i
		}
		return -1
	}
	for i, k := range o.keys {
		if k == key {
			return i
		}
	}
	return -1
}

// Equal tells whether two values are the same JSON: numbers by their value,
// objects whatever the order of their members.
func Equal(a, b any) bool {
	switch a := a.(type) {
	case float64, Number:
		x, ok := Float(a)
		y, also := Float(b)
		return ok && also && x == y
	case []any:
		other, ok := b.([]any)
		return ok && slices.EqualFunc(a, other, Equal)
	case *Object:
		other, ok := b.(*Object)
		if !ok || a.Len() != other.Len() {
			return false
		}
		for k, v := range a.All() {
			if !other.Has(k) || !Equal(v, other.Get(k)) {
				return false
			}
		}
		return true
	}
	return a == b
}

package expr

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// A Value is what an attribute holds: one of the types below. Values are shared
// freely and never changed in place.
type Value interface {
	// Type is the name of the value's type as DynamoDB writes it, such as "NS".
	Type() string
	// Size is how many bytes the value counts towards an item's size.
	Size() int
}

// The types of values. Binary holds its bytes as a string; sets have no
// duplicates and are never empty.
type (
	String    string
	Binary    string
	Bool      bool
	Null      struct{}
	List      []Value
	Map       map[string]Value
	StringSet []string
	NumberSet []Number
	BinarySet []string
)

// An Item is the attributes of one item by name.
type Item = Map

// Type implements [Value].
func (String) Type() string    { return "S" }
func (Number) Type() string    { return "N" }
func (Binary) Type() string    { return "B" }
func (Bool) Type() string      { return "BOOL" }
func (Null) Type() string      { return "NULL" }
func (List) Type() string      { return "L" }
func (Map) Type() string       { return "M" }
func (StringSet) Type() string { return "SS" }
func (NumberSet) Type() string { return "NS" }
func (BinarySet) Type() string { return "BS" }

// Size implements [Value].
func (v String) Size() int { return len(v) }

// Size implements [Value].
func (v Binary) Size() int { return len(v) }

// Size implements [Value].
func (v Bool) Size() int { return 1 }

// Size implements [Value].
func (v Null) Size() int { return 1 }

// Size implements [Value]: three bytes for the list, one for each element.
func (v List) Size() int {
	n := 3
	for _, e := range v {
		n += 1 + e.Size()
	}
	return n
}

// Size implements [Value]: three bytes for the map, one for each entry.
func (v Map) Size() int { return 3 + len(v) + ItemSize(v) }

// Size implements [Value].
func (v StringSet) Size() int { return total(v) }

// Size implements [Value].
func (v BinarySet) Size() int { return total(v) }

// Size implements [Value].
func (v NumberSet) Size() int {
	n := 0
	for _, e := range v {
		n += e.Size()
	}
	return n
}

func total(set []string) int {
	n := 0
	for _, e := range set {
		n += len(e)
	}
	return n
}

// ItemSize is the number of bytes that DynamoDB counts for an item: its names and
// its values.
func ItemSize(item Item) int {
	n := 0
	for k, v := range item {
		n += len(k) + v.Size()
	}
	return n
}

// Equal reports whether two values are the same; sets compare without order and
// numbers by value.
func Equal(a, b Value) bool {
	switch a := a.(type) {
	case List:
		b, ok := b.(List)
		return ok && slices.EqualFunc(a, b, Equal)
	case Map:
		b, ok := b.(Map)
		if !ok || len(a) != len(b) {
			return false
		}
		for k, v := range a {
			if w, ok := b[k]; !ok || !Equal(v, w) {
				return false
			}
		}
		return true
	case StringSet:
		b, ok := b.(StringSet)
		return ok && sameSet(a, b)
	case NumberSet:
		b, ok := b.(NumberSet)
		return ok && sameSet(a, b)
	case BinarySet:
		b, ok := b.(BinarySet)
		return ok && sameSet(a, b)
	case nil:
		return b == nil
	}
	switch b.(type) {
	case List, Map, StringSet, NumberSet, BinarySet:
		return false
	}
	return a == b
}

func sameSet[T comparable](a, b []T) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(e T) bool { return !slices.Contains(b, e) })
}

// Compare orders two values of type S, N or B; ok is false for values of other
// types, or of two types, which have no order.
func Compare(a, b Value) (order int, ok bool) {
	switch a := a.(type) {
	case String:
		if b, ok := b.(String); ok {
			return bytes.Compare([]byte(a), []byte(b)), true
		}
	case Binary:
		if b, ok := b.(Binary); ok {
			return bytes.Compare([]byte(a), []byte(b)), true
		}
	case Number:
		if b, ok := b.(Number); ok {
			return a.Compare(b), true
		}
	}
	return 0, false
}

// length is what the function size answers; ok is false for types without one.
func length(v Value) (n int, ok bool) {
	switch v := v.(type) {
	case String:
		return utf16Len(string(v)), true
	case Binary:
		return len(v), true
	case List:
		return len(v), true
	case Map:
		return len(v), true
	case StringSet:
		return len(v), true
	case NumberSet:
		return len(v), true
	case BinarySet:
		return len(v), true
	}
	return 0, false
}

// utf16Len is the length that AWS's Java code sees.
func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xFFFF && r <= utf8.MaxRune {
			n++
		}
	}
	return n
}

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

// A String is text; its order is that of its UTF-8 bytes.
type String string

// Type implements [Value].
func (String) Type() string { return "S" }

// Size implements [Value].
func (v String) Size() int { return len(v) }

// A Binary is bytes, held as a string; its order is that of unsigned bytes.
type Binary string

// Type implements [Value].
func (Binary) Type() string { return "B" }

// Size implements [Value].
func (v Binary) Size() int { return len(v) }

// A Bool is true or false.
type Bool bool

// Type implements [Value].
func (Bool) Type() string { return "BOOL" }

// Size implements [Value].
func (v Bool) Size() int { return 1 }

// Null is the value that says that there is none.
type Null struct{}

// Type implements [Value].
func (Null) Type() string { return "NULL" }

// Size implements [Value].
func (v Null) Size() int { return 1 }

// A List is values in order.
type List []Value

// Type implements [Value].
func (List) Type() string { return "L" }

// Size implements [Value]: three bytes for the list, one for each element.
func (v List) Size() int {
	n := 3
	for _, e := range v {
		n += 1 + e.Size()
	}
	return n
}

// A Map is values by name.
type Map map[string]Value

// An Item is the attributes of one item by name.
type Item = Map

// Type implements [Value].
func (Map) Type() string { return "M" }

// Size implements [Value]: three bytes for the map, one for each entry.
func (v Map) Size() int { return 3 + len(v) + ItemSize(v) }

// A StringSet is one or more different strings, in no order.
type StringSet []string

// Type implements [Value].
func (StringSet) Type() string { return "SS" }

// Size implements [Value].
func (v StringSet) Size() int { return total(v) }

// A BinarySet is one or more different strings of bytes, in no order.
type BinarySet []string

// Type implements [Value].
func (BinarySet) Type() string { return "BS" }

// Size implements [Value].
func (v BinarySet) Size() int { return total(v) }

// A NumberSet is one or more different numbers, in no order.
type NumberSet []Number

// Type implements [Value].
func (NumberSet) Type() string { return "NS" }

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

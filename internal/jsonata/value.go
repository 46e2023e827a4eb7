package jsonata

import (
	"math"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// Values are those of package jsonvalue, Go's nil for nothing ("undefined"), and
// while evaluating also *array and *function.

type null = jsonvalue.Null

// array is an array that the evaluation made and that remembers how. Arrays of
// the input are plain []any.
type array struct {
	items    []any
	sequence bool // one item alone stands for the item, none for nothing
	keep     bool // a sequence that stays an array with one item
	cons     bool // made by […]: a path does not flatten it
	outer    bool // wraps an input that is an array
	tuples   bool // its items are *tuple
}

// tuple is an item of a path in which variables are bound per item.
type tuple struct {
	at    any // what $ is
	names []string
	vals  []any
}

func (t *tuple) clone() *tuple {
	return &tuple{at: t.at, names: append([]string(nil), t.names...), vals: append([]any(nil), t.vals...)}
}

func (t *tuple) set(name string, v any) {
	for i, n := range t.names {
		if n == name {
			t.vals[i] = v
			return
		}
	}
	t.names, t.vals = append(t.names, name), append(t.vals, v)
}

func (t *tuple) get(name string) any {
	for i, n := range t.names {
		if n == name {
			return t.vals[i]
		}
	}
	return nil
}

func sequence(items ...any) *array { return &array{items: items, sequence: true} }

func (a *array) push(v any) { a.items = append(a.items, v) }

// asItems are the items of an array.
func asItems(v any) ([]any, bool) {
	switch v := v.(type) {
	case []any:
		return v, true
	case *array:
		return v.items, true
	}
	return nil, false
}

func isArray(v any) bool {
	_, ok := asItems(v)
	return ok
}

func isSequence(v any) bool {
	a, ok := v.(*array)
	return ok && a.sequence
}

// toItems are the items of an array, or the one value, or none.
func toItems(v any) []any {
	if items, ok := asItems(v); ok {
		return items
	}
	if v == nil {
		return nil
	}
	return []any{v}
}

// number is the value of a number. One that is not finite is an error.
func number(v any) (float64, bool) {
	f, ok := v.(float64)
	if !ok {
		if f, ok = jsonvalue.Float(v); !ok {
			return 0, false
		}
	}
	if math.IsInf(f, 0) {
		throw("D1001", "value", null{})
	}
	return f, !math.IsNaN(f)
}

func isNumbers(v any) bool { return all(v, func(x any) bool { _, ok := number(x); return ok }) }

func isStrings(v any) bool { return all(v, func(x any) bool { _, ok := x.(string); return ok }) }

func all(v any, is func(any) bool) bool {
	items, ok := asItems(v)
	for _, item := range items {
		ok = ok && is(item)
	}
	return ok
}

func integer(v any) (float64, bool) {
	f, ok := number(v)
	return f, ok && f == math.Trunc(f)
}

// truth is v as a condition. Nothing is false.
func truth(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case string:
		return v != ""
	case *jsonvalue.Object:
		return v.Len() > 0
	case *function:
		return !v.matcher
	case []any, *array:
		items, _ := asItems(v)
		if len(items) == 1 {
			return truth(items[0])
		}
		for _, item := range items {
			if truth(item) {
				return true
			}
		}
		return false
	}
	f, ok := number(v)
	return ok && f != 0
}

// equal compares two values in depth.
func equal(a, b any) bool {
	switch x := a.(type) {
	case float64, jsonvalue.Number:
		f, ok := jsonvalue.Float(a)
		g, also := jsonvalue.Float(b)
		return ok && also && f == g
	case []any, *array:
		left, _ := asItems(x)
		right, ok := asItems(b)
		if !ok || len(left) != len(right) {
			return false
		}
		for i := range left {
			if !equal(left[i], right[i]) {
				return false
			}
		}
		return true
	case *jsonvalue.Object:
		other, ok := b.(*jsonvalue.Object)
		if !ok || x.Len() != other.Len() {
			return false
		}
		for k, v := range x.All() {
			if !other.Has(k) || !equal(v, other.Get(k)) {
				return false
			}
		}
		return true
	}
	switch b.(type) {
	case []any, *array:
		return false
	}
	return a == b
}

// same compares as the operator in does: objects and arrays only with themselves.
func same(a, b any) bool {
	if isArray(a) || isArray(b) {
		x, ok := a.(*array)
		y, also := b.(*array)
		return ok && also && x == y
	}
	if f, ok := jsonvalue.Float(a); ok {
		g, ok := jsonvalue.Float(b)
		return ok && f == g
	}
	return a == b
}

// plain takes everything of the evaluation out of a value: arrays become []any,
// functions what JSON makes of them in a string, "".
func plain(v any) any {
	switch v := v.(type) {
	case *array:
		return plainItems(v.items)
	case []any:
		return plainItems(v)
	case *tuple:
		return plain(v.at)
	case *function:
		return ""
	case float64:
		if v == 0 {
			return 0.0 // no negative zero
		}
		return v
	case *jsonvalue.Object:
		for _, member := range v.All() {
			if p := plain(member); changed(p, member) {
				out := v.Clone()
				for k, member := range v.All() {
					out.Set(k, plain(member))
				}
				return out
			}
		}
		return v
	}
	return v
}

// plainItems copies only what it must.
func plainItems(items []any) []any {
	for i, item := range items {
		if item != nil && !changed(plain(item), item) {
			continue
		}
		out := append(make([]any, 0, len(items)), items[:i]...)
		for _, item := range items[i:] {
			if item = plain(item); item == nil { // JSON has no holes
				item = null{}
			}
			out = append(out, item)
		}
		return out
	}
	if items == nil {
		return []any{}
	}
	return items
}

// changed tells that plain made another value of before.
func changed(after, before any) bool {
	switch b := before.(type) {
	case *array, *function, *tuple:
		return true
	case []any:
		a := after.([]any)
		return len(b) > 0 && &a[0] != &b[0] || b == nil
	case *jsonvalue.Object:
		return after.(*jsonvalue.Object) != b
	}
	return false
}

// appended is the concatenation of two values, each an array or an item.
func appended(a, b any) any {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	left, isArr := asItems(a)
	if !isArr {
		left = []any{a}
	}
	right, isArr := asItems(b)
	if !isArr {
		right = []any{b}
	}
	out := make([]any, 0, len(left)+len(right))
	return append(append(out, left...), right...)
}

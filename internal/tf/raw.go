package tf

import (
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// This file works on raw values rather than through the framework's paths: the
// framework copies the schema for each step of a path, which makes its planning
// quadratic in the number of attributes.

// fields returns the attributes of an object; nil if it is null or unknown.
func fields(v tftypes.Value) map[string]tftypes.Value {
	var m map[string]tftypes.Value
	if v.IsNull() || !v.IsKnown() || v.As(&m) != nil {
		return nil
	}
	return m
}

// elements returns the elements of a list, set or tuple; nil if it is null or
// unknown.
func elements(v tftypes.Value) []tftypes.Value {
	var l []tftypes.Value
	if v.IsNull() || !v.IsKnown() || v.As(&l) != nil {
		return nil
	}
	return l
}

func isObject(t tftypes.Type) bool { return t.Is(tftypes.Object{}) }
func isMap(t tftypes.Type) bool    { return t.Is(tftypes.Map{}) }
func isSequence(t tftypes.Type) bool {
	return t.Is(tftypes.List{}) || t.Is(tftypes.Tuple{})
}
func isPrimitive(t tftypes.Type) bool {
	return t.Is(tftypes.String) || t.Is(tftypes.Number) || t.Is(tftypes.Bool)
}

// equal reports whether two known values of one type are the same; the order of
// a set's elements does not count. It is never true of unknown ones.
func equal(a, b tftypes.Value) bool {
	t := a.Type()
	if t == nil || b.Type() == nil || !a.IsKnown() || !b.IsKnown() || a.IsNull() != b.IsNull() {
		return false
	}
	if isPrimitive(t) || !t.Equal(b.Type()) {
		return a.Equal(b)
	}
	if a.IsNull() {
		return true
	}
	if x := fields(a); x != nil {
		y := fields(b)
		for name, v := range x {
			if w, ok := y[name]; !ok || !equal(v, w) {
				return false
			}
		}
		return len(x) == len(y)
	}
	x, y := elements(a), elements(b)
	if len(x) != len(y) {
		return false
	}
	if !t.Is(tftypes.Set{}) {
		for i, v := range x {
			if !equal(v, y[i]) {
				return false
			}
		}
		return true
	}
	taken := make([]bool, len(y))
	for _, v := range x {
		i := slices.IndexFunc(y, func(w tftypes.Value) bool { return equal(v, w) })
		if i < 0 || taken[i] {
			return false
		}
		taken[i] = true
	}
	return true
}

// same is equal for all attributes of two objects.
func same(a, b map[string]tftypes.Value) bool {
	for name, v := range a {
		if w, ok := b[name]; !ok || !equal(v, w) {
			return false
		}
	}
	return len(a) == len(b)
}

// stringOf returns a known string; "" and false otherwise.
func stringOf(v tftypes.Value) (string, bool) {
	var s string
	if v.IsNull() || !v.IsKnown() || v.As(&s) != nil {
		return "", false
	}
	return s, true
}

// stringValue is a string as a raw value.
func stringValue(s string) tftypes.Value { return tftypes.NewValue(tftypes.String, s) }

// nullUnknown returns v with unknown collections and objects, and if all is set
// also unknown primitives, replaced by null.
func nullUnknown(v tftypes.Value, all bool) tftypes.Value {
	if v.IsFullyKnown() {
		return v
	}
	out, err := tftypes.Transform(v, func(_ *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		if !v.IsKnown() && (all || !isPrimitive(v.Type())) {
			return tftypes.NewValue(v.Type(), nil), nil
		}
		return v, nil
	})
	if err != nil {
		panic(err) // a null of the value's own type always fits
	}
	return out
}

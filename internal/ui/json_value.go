package ui

import (
	"encoding/json"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// jsonValue is v as JSON without marks. What is unknown is left out of objects
// and maps, and null in lists; nothing remains of a value that is unknown whole.
func jsonValue(v cty.Value) (json.RawMessage, error) {
	if v == cty.NilVal {
		return json.RawMessage("null"), nil
	}
	v, _ = v.UnmarkDeep()
	v = knownParts(v)
	if v == cty.NilVal {
		return nil, nil
	}
	return ctyjson.Marshal(v, v.Type())
}

// knownParts is v without what is unknown, or cty.NilVal if all of it is.
func knownParts(v cty.Value) cty.Value {
	switch {
	case !v.IsKnown():
		return cty.NilVal
	case kind(v) == '{':
		out := map[string]cty.Value{}
		for k, part := range v.AsValueMap() {
			if part = knownParts(part); part != cty.NilVal {
				out[k] = part
			}
		}
		return cty.ObjectVal(out)
	case kind(v) == '[':
		var out []cty.Value
		for _, part := range v.AsValueSlice() {
			if part = knownParts(part); part == cty.NilVal {
				part = cty.NullVal(cty.DynamicPseudoType)
			}
			out = append(out, part)
		}
		return cty.TupleVal(out)
	}
	return v
}

// tree has true in the places of v that are so, in the shape of v: false parts
// are left out of objects and maps, but keep their places in lists.
func tree(v cty.Value, is func(cty.Value) bool) any {
	if v == cty.NilVal {
		return false
	}
	if is(v) {
		return true
	}
	v, _ = v.Unmark()
	switch kind(v) {
	case '{':
		out := map[string]any{}
		for k, part := range v.AsValueMap() {
			if t := tree(part, is); t != false {
				out[k] = t
			}
		}
		return out
	case '[':
		out := []any{}
		for _, part := range v.AsValueSlice() {
			out = append(out, tree(part, is))
		}
		return out
	}
	return false
}

func unknown(v cty.Value) bool {
	v, _ = v.Unmark()
	return !v.IsKnown()
}

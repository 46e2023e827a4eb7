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

// unknownTree has true in the places of v that are unknown, in the shape of v:
// false parts are left out of objects and maps, but keep their places in lists.
func unknownTree(v cty.Value) any {
	v, _ = v.Unmark()
	if !v.IsKnown() {
		return true
	}
	return treeOf(v, unknownTree)
}

// hiddenTree has true in the places of v that are not to be shown, in the same
// shape. What is unknown as a whole has the shape of an empty one.
func hiddenTree(v cty.Value) any {
	switch {
	case v == cty.NilVal:
		return false
	case hidden(v):
		return true
	case v.IsKnown():
		return treeOf(v, hiddenTree)
	}
	switch ty := v.Type(); {
	case ty.IsObjectType(), ty.IsMapType():
		return map[string]any{}
	case ty.IsListType(), ty.IsSetType(), ty.IsTupleType():
		return []any{}
	}
	return false
}

// treeOf applies tree to the parts of a known value.
func treeOf(v cty.Value, tree func(cty.Value) any) any {
	switch kind(v) {
	case '{':
		out := map[string]any{}
		for k, part := range v.AsValueMap() {
			if t := tree(part); t != false {
				out[k] = t
			}
		}
		return out
	case '[':
		out := []any{}
		for _, part := range v.AsValueSlice() {
			out = append(out, tree(part))
		}
		return out
	}
	return false
}

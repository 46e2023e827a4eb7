package state

import (
	"encoding/json"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// decode reads cty JSON. It does what ctyjson does, which takes ten times as long
// because it begins to read anew at each value; what is out of the ordinary is
// left to ctyjson.
func decode(raw []byte, ty cty.Type) (cty.Value, error) {
	if v, ok := quick(raw, ty); ok {
		return v, nil
	}
	return ctyjson.Unmarshal(raw, ty)
}

// quick is decode of what is as ctyjson writes it.
func quick(raw []byte, ty cty.Type) (cty.Value, bool) {
	if string(raw) == "null" {
		return cty.NullVal(ty), ty != cty.DynamicPseudoType
	}
	switch {
	case ty == cty.String:
		var s string
		if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
			return cty.NilVal, false
		}
		return cty.StringVal(s), true
	case ty == cty.Bool:
		return cty.BoolVal(string(raw) == "true"), string(raw) == "true" || string(raw) == "false"
	case ty == cty.Number:
		if len(raw) == 0 || raw[0] == '"' {
			return cty.NilVal, false
		}
		v, err := cty.ParseNumberVal(string(raw))
		return v, err == nil
	case ty.IsObjectType():
		return quickObject(raw, ty.AttributeTypes())
	case ty.IsMapType():
		all, ok := quickMap(raw, func(string) (cty.Type, bool) { return ty.ElementType(), true })
		switch {
		case !ok || !even(ty):
			return cty.NilVal, false
		case len(all) == 0:
			return cty.MapValEmpty(ty.ElementType()), true
		}
		return cty.MapVal(all), true
	case ty.IsListType(), ty.IsSetType():
		return quickList(raw, ty)
	}
	return cty.NilVal, false
}

func quickObject(raw []byte, types map[string]cty.Type) (cty.Value, bool) {
	all, ok := quickMap(raw, func(name string) (cty.Type, bool) { ty, ok := types[name]; return ty, ok })
	if !ok {
		return cty.NilVal, false
	}
	for name, ty := range types {
		if _, ok := all[name]; !ok {
			all[name] = cty.NullVal(ty)
		}
	}
	if len(all) == 0 {
		return cty.EmptyObjectVal, true
	}
	return cty.ObjectVal(all), true
}

func quickMap(raw []byte, of func(string) (cty.Type, bool)) (map[string]cty.Value, bool) {
	var parts map[string]json.RawMessage
	if len(raw) == 0 || raw[0] != '{' || json.Unmarshal(raw, &parts) != nil {
		return nil, false
	}
	all := make(map[string]cty.Value, len(parts))
	for name, part := range parts {
		ty, ok := of(name)
		if !ok {
			return nil, false
		}
		v, ok := quick(part, ty)
		if !ok {
			return nil, false
		}
		all[name] = v
	}
	return all, true
}

func quickList(raw []byte, ty cty.Type) (cty.Value, bool) {
	var parts []json.RawMessage
	if len(raw) == 0 || raw[0] != '[' || !even(ty) || json.Unmarshal(raw, &parts) != nil {
		return cty.NilVal, false
	}
	all := make([]cty.Value, len(parts))
	for i, part := range parts {
		var ok bool
		if all[i], ok = quick(part, ty.ElementType()); !ok {
			return cty.NilVal, false
		}
	}
	switch {
	case len(all) == 0 && ty.IsSetType():
		return cty.SetValEmpty(ty.ElementType()), true
	case len(all) == 0:
		return cty.ListValEmpty(ty.ElementType()), true
	case ty.IsSetType():
		return cty.SetVal(all), true
	}
	return cty.ListVal(all), true
}

// even tells that all elements of a collection are of one type, whatever they are.
func even(ty cty.Type) bool { return !ty.HasDynamicTypes() }

package ui

import (
	"maps"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// Type writes a type as a constraint, over several lines if it has parts.
func Type(ty cty.Type) string { return typeAt(ty, 0) }

func typeAt(ty cty.Type, depth int) string {
	pad := strings.Repeat("    ", depth+1)
	end := strings.Repeat("    ", depth) + ")"
	switch {
	case ty == cty.DynamicPseudoType:
		return "dynamic"
	case ty.IsCollectionType():
		word := "set"
		if ty.IsListType() {
			word = "list"
		} else if ty.IsMapType() {
			word = "map"
		}
		inner := typeAt(ty.ElementType(), depth+1)
		if !strings.Contains(inner, "\n") {
			return word + "(" + inner + ")"
		}
		return word + "(\n" + pad + inner + ",\n" + end
	case ty.IsTupleType():
		if ty.Length() == 0 {
			return "tuple([])"
		}
		var b strings.Builder
		for _, e := range ty.TupleElementTypes() {
			b.WriteString(pad + typeAt(e, depth+1) + ",\n")
		}
		return "tuple([\n" + b.String() + strings.Repeat("    ", depth) + "])"
	case ty.IsObjectType():
		if len(ty.AttributeTypes()) == 0 {
			return "object({})"
		}
		var b strings.Builder
		for _, name := range slices.Sorted(maps.Keys(ty.AttributeTypes())) {
			b.WriteString(pad + attributeName(name) + ": " + typeAt(ty.AttributeType(name), depth+1) + ",\n")
		}
		return "object({\n" + b.String() + strings.Repeat("    ", depth) + "})"
	}
	return ty.FriendlyName()
}

package suite

import (
	"crypto/rand"
	"fmt"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
)

// pending is v with everything unknown that is computed and not set.
func pending(b *plugin.Block, v cty.Value) cty.Value {
	out, _ := walk(b, v, cty.NilVal, func(a *plugin.Attribute, v, _ cty.Value) (cty.Value, error) {
		if a.Computed && v.IsKnown() && v.IsNull() {
			return cty.UnknownVal(a.Type), nil
		}
		return v, nil
	})
	return out
}

// fill gives everything that is unknown a value: the one of with, which is an
// object of attributes by name or cty.NilVal, or one that is made up.
func fill(b *plugin.Block, v, with cty.Value) (cty.Value, error) {
	return walk(b, v, with, func(a *plugin.Attribute, v, with cty.Value) (cty.Value, error) {
		switch {
		case v.IsWhollyKnown():
			return v, nil
		case !v.IsKnown() && with != cty.NilVal:
			out, err := convert.Convert(with, a.Type)
			if err != nil {
				return v, err
			}
			return out, nil
		}
		return cty.Transform(v, func(_ cty.Path, part cty.Value) (cty.Value, error) {
			if !part.IsKnown() {
				return madeUp(part.Type()), nil
			}
			return part, nil
		})
	})
}

// walk has attribute replace every attribute of v, in nested blocks too.
func walk(b *plugin.Block, v, with cty.Value, attribute func(a *plugin.Attribute, v, with cty.Value) (cty.Value, error)) (cty.Value, error) {
	if v.IsNull() || !v.IsKnown() {
		return v, nil
	}
	out := v.AsValueMap()
	for name, a := range b.Attributes {
		part, err := attribute(a, out[name], member(with, name))
		if err != nil {
			return v, fmt.Errorf("%s: %w", name, err)
		}
		out[name] = part
	}
	for name, nested := range b.Blocks {
		part, err := walkBlocks(nested, out[name], member(with, name), attribute)
		if err != nil {
			return v, fmt.Errorf("%s: %w", name, err)
		}
		out[name] = part
	}
	return cty.ObjectVal(out), nil
}

func walkBlocks(n *plugin.NestedBlock, v, with cty.Value, attribute func(a *plugin.Attribute, v, with cty.Value) (cty.Value, error)) (cty.Value, error) {
	if v.IsNull() || !v.IsKnown() || n.Nesting == plugin.Single || n.Nesting == plugin.Group {
		return walk(&n.Block, v, with, attribute)
	}
	if v.LengthInt() == 0 {
		return v, nil
	}
	if n.Nesting == plugin.Map {
		out := v.AsValueMap()
		for key, part := range out {
			made, err := walk(&n.Block, part, with, attribute)
			if err != nil {
				return v, err
			}
			out[key] = made
		}
		if v.Type().IsObjectType() {
			return cty.ObjectVal(out), nil
		}
		return cty.MapVal(out), nil
	}
	parts := v.AsValueSlice()
	for i, part := range parts {
		made, err := walk(&n.Block, part, with, attribute)
		if err != nil {
			return v, err
		}
		parts[i] = made
	}
	switch {
	case v.Type().IsTupleType():
		return cty.TupleVal(parts), nil
	case v.Type().IsSetType():
		return cty.SetVal(parts), nil
	}
	return cty.ListVal(parts), nil
}

// member is an attribute of an object, or cty.NilVal.
func member(v cty.Value, name string) cty.Value {
	if v == cty.NilVal || v.IsNull() || !v.IsKnown() {
		return cty.NilVal
	}
	switch ty := v.Type(); {
	case ty.IsObjectType() && ty.HasAttribute(name):
		return v.GetAttr(name)
	case ty.IsMapType() && v.HasIndex(cty.StringVal(name)).True():
		return v.Index(cty.StringVal(name))
	}
	return cty.NilVal
}

// madeUp is some value of a type: a random string of eight letters and digits,
// 0, false, or an empty collection.
func madeUp(ty cty.Type) cty.Value {
	switch {
	case ty == cty.String, ty == cty.DynamicPseudoType:
		return cty.StringVal(rand.Text()[:8])
	case ty == cty.Number:
		return cty.Zero
	case ty == cty.Bool:
		return cty.False
	case ty.IsListType():
		return cty.ListValEmpty(ty.ElementType())
	case ty.IsSetType():
		return cty.SetValEmpty(ty.ElementType())
	case ty.IsMapType():
		return cty.MapValEmpty(ty.ElementType())
	case ty.IsObjectType():
		out := map[string]cty.Value{}
		for name, part := range ty.AttributeTypes() {
			out[name] = madeUp(part)
		}
		return cty.ObjectVal(out)
	case ty.IsTupleType():
		var out []cty.Value
		for _, part := range ty.TupleElementTypes() {
			out = append(out, madeUp(part))
		}
		return cty.TupleVal(out)
	}
	return cty.NullVal(ty)
}

// surplus names what values give that an object of b does not compute, so that it
// would have no effect.
func surplus(b *plugin.Block, v cty.Value) []string {
	var out []string
	for it := v.ElementIterator(); it.Next(); {
		key, part := it.Element()
		name := key.AsString()
		switch a, n := b.Attributes[name], b.Blocks[name]; {
		case a != nil && a.Computed:
		case n != nil && (part.Type().IsObjectType() || part.Type().IsMapType()):
			for _, inner := range surplus(&n.Block, part) {
				out = append(out, name+"."+inner)
			}
		default:
			out = append(out, name)
		}
	}
	return out
}

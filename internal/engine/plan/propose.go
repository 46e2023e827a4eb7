package plan

import (
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
)

// propose is the value that the engine asks a provider for: what the
// configuration says, and for computed attributes that it leaves out what is
// already there. Both values are unmarked. An unknown prior makes every computed
// attribute that is not configured unknown.
func propose(b *plugin.Block, prior, config cty.Value) cty.Value {
	if config.IsNull() || !config.IsKnown() {
		return config
	}
	if prior.IsNull() {
		prior = b.Empty()
	}
	values := make(map[string]cty.Value, len(b.Attributes)+len(b.Blocks))
	for name, a := range b.Attributes {
		values[name] = proposeAttribute(a, member(prior, name), config.GetAttr(name))
	}
	for name, n := range b.Blocks {
		values[name] = proposeBlocks(n, member(prior, name), config.GetAttr(name))
	}
	return cty.ObjectVal(values)
}

// member is an attribute of v, null or unknown if v is.
func member(v cty.Value, name string) cty.Value {
	ty := v.Type().AttributeType(name)
	switch {
	case v.IsNull():
		return cty.NullVal(ty)
	case !v.IsKnown():
		return cty.UnknownVal(ty)
	}
	return v.GetAttr(name)
}

func proposeBlocks(n *plugin.NestedBlock, prior, config cty.Value) cty.Value {
	return proposeEach(n.Nesting, prior, config, n.Block.Empty(),
		func(prior, config cty.Value) cty.Value { return propose(&n.Block, prior, config) },
		func(prior, config cty.Value) bool { return blockFits(&n.Block, prior, config) })
}

func proposeAttribute(a *plugin.Attribute, prior, config cty.Value) cty.Value {
	switch {
	case a.Computed && config.IsNull():
		if a.Nested != nil && a.Optional && configured(a.Nested, prior) {
			return cty.NullVal(a.Type) // it was set by the configuration, which now removes it
		}
		return prior
	case a.Nested == nil || config.IsNull() || !config.IsKnown():
		return config
	}
	one := func(prior, config cty.Value) cty.Value {
		if config.IsNull() || !config.IsKnown() {
			return config
		}
		values := make(map[string]cty.Value, len(a.Nested.Attributes))
		for name, inner := range a.Nested.Attributes {
			values[name] = proposeAttribute(inner, member(prior, name), config.GetAttr(name))
		}
		return cty.ObjectVal(values)
	}
	element := a.Type
	if element.IsCollectionType() {
		element = element.ElementType()
	}
	return proposeEach(a.Nested.Nesting, prior, config, cty.NullVal(element), one,
		func(prior, config cty.Value) bool { return objectFits(a.Nested.Attributes, prior, config) })
}

// configured tells that v has something that only the configuration can have
// put there.
func configured(o *plugin.ObjectType, v cty.Value) bool {
	if v.IsNull() || !v.IsKnown() {
		return false
	}
	if o.Nesting != plugin.Single {
		for it := v.ElementIterator(); it.Next(); {
			_, element := it.Element()
			if objectConfigured(o, element) {
				return true
			}
		}
		return false
	}
	return objectConfigured(o, v)
}

func objectConfigured(o *plugin.ObjectType, v cty.Value) bool {
	if v.IsNull() || !v.IsKnown() {
		return false
	}
	for name, a := range o.Attributes {
		inner := v.GetAttr(name)
		if !a.Computed && !inner.IsNull() || a.Nested != nil && configured(a.Nested, inner) {
			return true
		}
	}
	return false
}

// proposeEach pairs the elements of a collection: lists by index, maps by key,
// and an element of a set with a prior one that it fits. An element without a
// partner is paired with none.
func proposeEach(n plugin.Nesting, prior, config, none cty.Value, one func(prior, config cty.Value) cty.Value, fits func(prior, config cty.Value) bool) cty.Value {
	if n == plugin.Single || n == plugin.Group {
		return one(prior, config)
	}
	if config.IsNull() || !config.IsKnown() || config.LengthInt() == 0 {
		return config
	}
	lost := !prior.IsKnown() // nothing is known of any partner
	if lost {
		none = cty.UnknownVal(none.Type())
	}
	if n == plugin.Set {
		return proposeSet(prior, config, none, one, fits)
	}
	ty := config.Type()
	partner := func(key cty.Value) cty.Value {
		if lost || prior.IsNull() {
			return none
		}
		pty := prior.Type()
		switch {
		case pty.IsObjectType():
			if !pty.HasAttribute(key.AsString()) {
				return none
			}
			return prior.GetAttr(key.AsString())
		case prior.HasIndex(key).True():
			return prior.Index(key)
		}
		return none
	}
	if n == plugin.Map {
		values := map[string]cty.Value{}
		for it := config.ElementIterator(); it.Next(); {
			key, element := it.Element()
			values[key.AsString()] = one(partner(key), element)
		}
		if ty.IsObjectType() {
			return cty.ObjectVal(values)
		}
		return cty.MapVal(values)
	}
	var values []cty.Value
	for it := config.ElementIterator(); it.Next(); {
		key, element := it.Element()
		values = append(values, one(partner(key), element))
	}
	if ty.IsTupleType() {
		return cty.TupleVal(values)
	}
	return cty.ListVal(values)
}

func proposeSet(prior, config, none cty.Value, one func(prior, config cty.Value) cty.Value, fits func(prior, config cty.Value) bool) cty.Value {
	var candidates []cty.Value
	if !prior.IsNull() && prior.IsKnown() {
		candidates = prior.AsValueSlice()
	}
	used := make([]bool, len(candidates))
	values := make([]cty.Value, 0, config.LengthInt())
	for _, element := range config.AsValueSlice() {
		partner := none
		for i, c := range candidates {
			if !used[i] && fits(c, element) {
				used[i], partner = true, c
				break
			}
		}
		values = append(values, one(partner, element))
	}
	return cty.SetVal(values)
}

// blockFits tells that prior could be what became of config.
func blockFits(b *plugin.Block, prior, config cty.Value) bool {
	if prior.IsNull() || config.IsNull() || !config.IsKnown() {
		return same(prior, config)
	}
	if !objectFits(b.Attributes, prior, config) {
		return false
	}
	for name, n := range b.Blocks {
		p, c := prior.GetAttr(name), config.GetAttr(name)
		if !fitsEach(n.Nesting, p, c, func(p, c cty.Value) bool { return blockFits(&n.Block, p, c) }) {
			return false
		}
	}
	return true
}

func objectFits(attributes map[string]*plugin.Attribute, prior, config cty.Value) bool {
	if prior.IsNull() || config.IsNull() || !config.IsKnown() {
		return same(prior, config)
	}
	for name, a := range attributes {
		p, c := prior.GetAttr(name), config.GetAttr(name)
		switch {
		case a.Computed && c.IsNull():
		case a.Nested == nil:
			if !same(p, c) {
				return false
			}
		case !fitsEach(a.Nested.Nesting, p, c, func(p, c cty.Value) bool { return objectFits(a.Nested.Attributes, p, c) }):
			return false
		}
	}
	return true
}

func fitsEach(n plugin.Nesting, prior, config cty.Value, one func(prior, config cty.Value) bool) bool {
	if n == plugin.Single || n == plugin.Group {
		return one(prior, config)
	}
	if n == plugin.Set || prior.IsNull() || config.IsNull() || !prior.IsKnown() || !config.IsKnown() {
		return same(prior, config)
	}
	if prior.LengthInt() != config.LengthInt() {
		return false
	}
	for it := config.ElementIterator(); it.Next(); {
		key, c := it.Element()
		if ty := prior.Type(); ty.IsObjectType() {
			if !ty.HasAttribute(key.AsString()) || !one(prior.GetAttr(key.AsString()), c) {
				return false
			}
			continue
		}
		if !prior.HasIndex(key).True() || !one(prior.Index(key), c) {
			return false
		}
	}
	return true
}

// same compares two unmarked values; two unknowns are the same whatever is known
// about them.
func same(a, b cty.Value) bool {
	if a.RawEquals(b) {
		return true
	}
	if a.IsWhollyKnown() && b.IsWhollyKnown() {
		return false
	}
	return unrefined(a).RawEquals(unrefined(b))
}

func unrefined(v cty.Value) cty.Value {
	out, err := cty.Transform(v, func(_ cty.Path, v cty.Value) (cty.Value, error) {
		if !v.IsKnown() {
			return cty.UnknownVal(v.Type()), nil
		}
		return v, nil
	})
	if err != nil {
		return v // the callback gives no errors
	}
	return out
}

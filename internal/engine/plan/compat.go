package plan

import (
	"fmt"

	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
)

// problem is one inconsistency of a provider's answer.
type problem struct {
	path cty.Path
	text string
}

// unfaithful lists where a planned value does not respect the configuration:
// what is configured must be kept, or stay as it was, and what is neither
// configured nor computed must stay empty. All values are unmarked.
func unfaithful(b *plugin.Block, prior, config, planned cty.Value) []problem {
	return faithful{}.block(nil, b, prior, config, planned)
}

type faithful struct{}

func (f faithful) block(path cty.Path, b *plugin.Block, prior, config, planned cty.Value) []problem {
	if !config.IsKnown() || !planned.IsKnown() {
		if config.IsKnown() {
			return []problem{{path, "planned as unknown although it is configured"}}
		}
		return nil
	}
	if planned.IsNull() || config.IsNull() {
		if planned.IsNull() != config.IsNull() {
			return []problem{{path, "planned to be there or not, unlike in the configuration"}}
		}
		return nil
	}
	var out []problem
	for name, a := range b.Attributes {
		out = append(out, f.attribute(path.GetAttr(name), a, member(prior, name), config.GetAttr(name), planned.GetAttr(name))...)
	}
	for name, n := range b.Blocks {
		at := path.GetAttr(name)
		c, p := config.GetAttr(name), planned.GetAttr(name)
		if n.Nesting != plugin.Single && n.Nesting != plugin.Group && c.IsKnown() && !p.IsKnown() {
			out = append(out, problem{at, "blocks planned as unknown although they are configured"})
			continue
		}
		out = append(out, f.each(at, n.Nesting, member(prior, name), c, p, func(path cty.Path, prior, config, planned cty.Value) []problem {
			return f.block(path, &n.Block, prior, config, planned)
		})...)
	}
	return out
}

func (f faithful) attribute(path cty.Path, a *plugin.Attribute, prior, config, planned cty.Value) []problem {
	switch {
	case a.WriteOnly:
		if !planned.IsNull() {
			return []problem{{path, "planned with a value although it is write-only"}}
		}
		return nil
	case same(planned, config), !prior.IsNull() && !config.IsNull() && same(planned, prior):
		return nil
	case config.IsNull() && a.Computed:
		return nil
	case config.IsNull():
		return []problem{{path, "planned with a value although it is neither configured nor computed"}}
	case a.Nested == nil || !config.IsKnown():
		return []problem{{path, "planned with another value than the configured one"}}
	case planned.IsNull():
		return []problem{{path, "planned to be absent although it is configured"}}
	case !planned.IsKnown():
		return []problem{{path, "planned as unknown although it is configured"}}
	}
	object := func(path cty.Path, prior, config, planned cty.Value) []problem {
		if config.IsNull() || planned.IsNull() || !config.IsKnown() || !planned.IsKnown() {
			if same(config, planned) {
				return nil
			}
			return []problem{{path, "planned with another value than the configured one"}}
		}
		var out []problem
		for name, inner := range a.Nested.Attributes {
			out = append(out, f.attribute(path.GetAttr(name), inner, member(prior, name), config.GetAttr(name), planned.GetAttr(name))...)
		}
		return out
	}
	return f.each(path, a.Nested.Nesting, prior, config, planned, object)
}

// each compares the elements of a collection. Those of a set cannot be paired,
// so that only their number is compared.
func (f faithful) each(path cty.Path, n plugin.Nesting, prior, config, planned cty.Value, one func(path cty.Path, prior, config, planned cty.Value) []problem) []problem {
	if n == plugin.Single || n == plugin.Group {
		return one(path, prior, config, planned)
	}
	if !config.IsKnown() || !planned.IsKnown() {
		return nil
	}
	if config.IsNull() || planned.IsNull() {
		if config.IsNull() != planned.IsNull() {
			return []problem{{path, "planned to be there or not, unlike in the configuration"}}
		}
		return nil
	}
	if n == plugin.Set {
		if config.IsWhollyKnown() && planned.IsWhollyKnown() && config.LengthInt() != planned.LengthInt() {
			return []problem{{path, fmt.Sprintf("planned with %d elements although %d are configured", planned.LengthInt(), config.LengthInt())}}
		}
		return nil
	}
	if config.LengthInt() != planned.LengthInt() {
		return []problem{{path, fmt.Sprintf("planned with %d elements although %d are configured", planned.LengthInt(), config.LengthInt())}}
	}
	var out []problem
	for it := config.ElementIterator(); it.Next(); {
		key, c := it.Element()
		p, ok := elementOf(planned, key)
		if !ok {
			out = append(out, problem{path.Index(key), "planned to be absent although it is configured"})
			continue
		}
		before, ok := elementOf(prior, key)
		if !ok {
			before = cty.NullVal(c.Type())
		}
		out = append(out, one(path.Index(key), before, c, p)...)
	}
	return out
}

// elementOf is the element of a list, tuple, map or object at key.
func elementOf(v cty.Value, key cty.Value) (cty.Value, bool) {
	if v.IsNull() || !v.IsKnown() {
		return cty.NilVal, false
	}
	ty := v.Type()
	switch {
	case ty.IsObjectType():
		if !ty.HasAttribute(key.AsString()) {
			return cty.NilVal, false
		}
		return v.GetAttr(key.AsString()), true
	case ty.IsSetType(), !v.HasIndex(key).True():
		return cty.NilVal, false
	}
	return v.Index(key), true
}

// Diverged lists where got is not what was planned: every known part of planned
// must be as it is in got. The texts quote no values, which may be secret.
func Diverged(planned, got cty.Value) []string {
	var out []string
	for _, p := range diverged(nil, planned, got) {
		out = append(out, fmt.Sprintf("%s: %s", PathString(p.path), p.text))
	}
	return out
}

func diverged(path cty.Path, planned, got cty.Value) []problem {
	if !planned.IsKnown() {
		if !got.IsNull() && got.IsKnown() && planned.Range().Includes(got).IsKnown() && planned.Range().Includes(got).False() {
			return []problem{{path.Copy(), "is outside of the range that was planned"}}
		}
		return nil
	}
	if planned.IsNull() || got.IsNull() {
		switch {
		case planned.IsNull() && !got.IsNull():
			return []problem{{path.Copy(), "was planned to be absent, but is there"}}
		case !planned.IsNull() && got.IsNull():
			return []problem{{path.Copy(), "was planned to be there, but is absent"}}
		}
		return nil
	}
	if !got.IsKnown() {
		return []problem{{path.Copy(), "was planned with a known value, but is not known"}}
	}
	ty := planned.Type()
	switch {
	case ty.IsSetType():
		return divergedSet(path, planned, got)
	case ty.IsObjectType() || ty.IsMapType() || ty.IsListType() || ty.IsTupleType():
		if !got.CanIterateElements() || !ty.IsObjectType() && planned.LengthInt() != got.LengthInt() {
			return []problem{{path.Copy(), "has another number of elements than planned"}}
		}
		var out []problem
		for it := planned.ElementIterator(); it.Next(); {
			key, p := it.Element()
			at := path.Index(key)
			if ty.IsObjectType() {
				at = path.GetAttr(key.AsString())
			}
			g, ok := elementOf(got, key)
			if !ok {
				out = append(out, problem{at.Copy(), "was planned to be there, but is absent"})
				continue
			}
			out = append(out, diverged(at, p, g)...)
		}
		return out
	}
	if !planned.RawEquals(got) {
		return []problem{{path.Copy(), "has another value than planned"}}
	}
	return nil
}

// divergedSet demands that each element on one side could be one of the other.
// Unknown elements may turn out equal, so that a set may shrink but never grow.
func divergedSet(path cty.Path, planned, got cty.Value) []problem {
	if got.LengthInt() > planned.LengthInt() {
		return []problem{{path.Copy(), "has more elements than planned"}}
	}
	plannedElements, gotElements := planned.AsValueSlice(), got.AsValueSlice()
	match := func(one cty.Value, others []cty.Value, forward bool) bool {
		for _, other := range others {
			if forward && len(diverged(nil, one, other)) == 0 || !forward && len(diverged(nil, other, one)) == 0 {
				return true
			}
		}
		return false
	}
	for _, p := range plannedElements {
		if !match(p, gotElements, true) {
			return []problem{{path.Copy(), "lacks an element that was planned"}}
		}
	}
	for _, g := range gotElements {
		if !match(g, plannedElements, false) {
			return []problem{{path.Copy(), "has an element that was not planned"}}
		}
	}
	return nil
}

// PathString is a path as an expression would write it, without the dot in
// front.
func PathString(path cty.Path) string {
	out := ""
	for _, step := range path {
		switch s := step.(type) {
		case cty.GetAttrStep:
			if out != "" {
				out += "."
			}
			out += s.Name
		case cty.IndexStep:
			switch {
			case !s.Key.IsKnown() || s.Key.IsNull():
				out += "[…]"
			case s.Key.Type() == cty.String:
				out += fmt.Sprintf("[%q]", s.Key.AsString())
			case s.Key.Type() == cty.Number:
				out += "[" + s.Key.AsBigFloat().Text('f', -1) + "]"
			default:
				out += "[…]"
			}
		}
	}
	if out == "" {
		return "the whole object"
	}
	return out
}

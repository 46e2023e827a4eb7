package plan

import (
	"maps"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
)

// ignore is the configuration with what ignore_changes names taken from prior.
func ignore(l config.Lifecycle, schema *plugin.Schema, prior, wanted cty.Value) cty.Value {
	if l.IgnoreAll {
		return ignoreAll(&schema.Block, prior)
	}
	for _, t := range l.IgnoreChanges {
		path := pathOf(t)
		if len(path) == 0 {
			continue
		}
		wanted = ignorePath(prior, wanted, path)
	}
	return wanted
}

// ignoreAll is what the configuration would have to be for prior to stay: all of
// it but what only the provider computes.
func ignoreAll(b *plugin.Block, prior cty.Value) cty.Value {
	values := prior.AsValueMap()
	for name, a := range b.Attributes {
		if a.Computed && !a.Optional {
			values[name] = cty.NullVal(a.Type)
		}
	}
	return cty.ObjectVal(values)
}

func pathOf(t hcl.Traversal) cty.Path {
	var out cty.Path
	for _, step := range t {
		switch s := step.(type) {
		case hcl.TraverseAttr:
			out = out.GetAttr(s.Name)
		case hcl.TraverseIndex:
			out = out.Index(s.Key)
		default:
			return nil
		}
	}
	return out
}

// ignorePath is wanted with the value of prior at path. What one of them does
// not have is left as it is, but for the key of a map, which is added or removed.
func ignorePath(prior, wanted cty.Value, path cty.Path) cty.Value {
	if !wanted.IsKnown() || !prior.IsKnown() {
		return wanted
	}
	if wanted.Type().IsMapType() {
		return ignoreKey(prior, wanted, path)
	}
	if prior.IsNull() || wanted.IsNull() {
		return wanted
	}
	before, ok := stepInto(prior, path[0])
	if !ok {
		return wanted
	}
	now, ok := stepInto(wanted, path[0])
	if !ok {
		return wanted
	}
	if len(path) == 1 {
		now = before
	} else {
		now = ignorePath(before, now, path[1:])
	}
	return replaced(wanted, path[0], now)
}

func ignoreKey(prior, wanted cty.Value, path cty.Path) cty.Value {
	key, ok := keyOf(path[0])
	if !ok || !prior.Type().IsMapType() {
		return wanted
	}
	values := map[string]cty.Value{}
	if !wanted.IsNull() {
		maps.Copy(values, wanted.AsValueMap())
	}
	before, had := elementOf(prior, cty.StringVal(key))
	switch {
	case had && len(path) == 1:
		values[key] = before
	case had && values[key] != cty.NilVal:
		values[key] = ignorePath(before, values[key], path[1:])
	case !had && len(path) == 1:
		delete(values, key)
	}
	switch {
	case len(values) == 0 && wanted.IsNull():
		return wanted
	case len(values) == 0:
		return cty.MapValEmpty(wanted.Type().ElementType())
	}
	return cty.MapVal(values)
}

func keyOf(step cty.PathStep) (string, bool) {
	switch s := step.(type) {
	case cty.GetAttrStep:
		return s.Name, true
	case cty.IndexStep:
		if s.Key.Type() == cty.String && s.Key.IsKnown() && !s.Key.IsNull() {
			return s.Key.AsString(), true
		}
	}
	return "", false
}

func stepInto(v cty.Value, step cty.PathStep) (cty.Value, bool) {
	out, err := step.Apply(v)
	if err != nil || v.Type().IsSetType() {
		return cty.NilVal, false
	}
	return out, true
}

// replaced is v with the element that step leads to exchanged.
func replaced(v cty.Value, step cty.PathStep, element cty.Value) cty.Value {
	if name, ok := keyOf(step); ok && v.Type().IsObjectType() {
		values := v.AsValueMap()
		values[name] = element
		return cty.ObjectVal(values)
	}
	s, ok := step.(cty.IndexStep)
	if !ok || s.Key.Type() != cty.Number {
		return v
	}
	i, _ := s.Key.AsBigFloat().Int64()
	values := v.AsValueSlice()
	values[i] = element
	if v.Type().IsTupleType() {
		return cty.TupleVal(values)
	}
	return cty.ListVal(values)
}

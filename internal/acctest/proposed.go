package acctest

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
)

// proposed merges what is written with what is there, as engines do before they
// ask a provider for a plan: computed attributes that are not written keep their
// value. The types of this provider have no nested blocks and no sets of objects.
func proposed(b *plugin.Block, prior, config cty.Value) cty.Value {
	if config.IsNull() {
		return config
	}
	if prior.IsNull() {
		prior = b.Empty()
	}
	return object(b.Attributes, prior, config)
}

func object(attributes map[string]*plugin.Attribute, prior, config cty.Value) cty.Value {
	out := map[string]cty.Value{}
	for name, a := range attributes {
		was := cty.NullVal(a.Type)
		if !prior.IsNull() {
			was = prior.GetAttr(name)
		}
		out[name] = attribute(a, was, config.GetAttr(name))
	}
	return cty.ObjectVal(out)
}

func attribute(a *plugin.Attribute, prior, config cty.Value) cty.Value {
	switch {
	case a.Computed && config.IsKnown() && config.IsNull():
		if a.Nested != nil && a.Optional && written(a, prior) {
			return config
		}
		return prior
	case a.Nested == nil || !config.IsKnown() || config.IsNull():
		return config
	}
	switch a.Nested.Nesting {
	case plugin.Single, plugin.Group:
		return object(a.Nested.Attributes, prior, config)
	case plugin.Map:
		out := map[string]cty.Value{}
		for k, v := range config.AsValueMap() {
			was := cty.NullVal(v.Type())
			if prior.IsKnown() && !prior.IsNull() && prior.HasIndex(cty.StringVal(k)).True() {
				was = prior.Index(cty.StringVal(k))
			}
			out[k] = object(a.Nested.Attributes, was, v)
		}
		if len(out) == 0 {
			return config
		}
		return cty.MapVal(out)
	case plugin.List:
		var out []cty.Value
		for i, v := range config.AsValueSlice() {
			was := cty.NullVal(v.Type())
			if prior.IsKnown() && !prior.IsNull() && i < prior.LengthInt() {
				was = prior.Index(cty.NumberIntVal(int64(i)))
			}
			out = append(out, object(a.Nested.Attributes, was, v))
		}
		if len(out) == 0 {
			return config
		}
		return cty.ListVal(out)
	}
	return config
}

// written reports whether the prior value holds something that only a
// configuration can have put there.
func written(a *plugin.Attribute, prior cty.Value) bool {
	if prior.IsNull() || !prior.IsKnown() {
		return false
	}
	if a.Nested.Nesting != plugin.Single {
		return false
	}
	for name, inner := range a.Nested.Attributes {
		if !inner.Computed && !prior.GetAttr(name).IsNull() {
			return true
		}
	}
	return false
}

// changed lists the top-level attributes that differ.
func changed(before, after cty.Value) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(after.Type().AttributeTypes())) {
		if before.IsNull() || !before.GetAttr(name).RawEquals(after.GetAttr(name)) {
			names = append(names, name)
		}
	}
	return names
}

// inconsistent names an attribute whose result is not what was planned; ""
// if there is none.
func inconsistent(planned, result cty.Value) string {
	at := ""
	_ = cty.Walk(planned, func(p cty.Path, v cty.Value) (bool, error) {
		if !v.IsKnown() {
			return false, nil
		}
		if !v.Type().IsPrimitiveType() && !v.IsNull() && !v.Type().IsSetType() {
			return true, nil
		}
		got, err := p.Apply(result)
		if err != nil || !got.RawEquals(v) {
			at = fmt.Sprint(pathString(p), ", ", v.GoString(), " planned")
			return false, errors.New("found")
		}
		return false, nil
	})
	return at
}

func pathString(p cty.Path) string {
	s := ""
	for _, step := range p {
		switch step := step.(type) {
		case cty.GetAttrStep:
			s += "." + step.Name
		case cty.IndexStep:
			k, err := convert.Convert(step.Key, cty.String)
			if err == nil && k.IsKnown() && !k.IsNull() {
				s += "[" + k.AsString() + "]"
			}
		}
	}
	return s
}

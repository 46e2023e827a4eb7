// Package generate writes configuration for objects that exist already: resource
// blocks and import blocks, as people would write them.
//
// It must not call providers or read anything: what is known of the objects is
// given.
package generate

import (
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
)

// Header begins a file of generated configuration.
const Header = `# This was generated from objects that exist. Look through it before use: what
# is sensitive was left out, and values may better refer to other objects.
`

// Resource is the resource block of an object whose value is known; marked parts
// are sensitive and left out. The provider, "name" or "name.alias", is written
// unless it is empty. Only what can be configured and is set is written.
func Resource(r addr.Resource, provider string, schema *plugin.Schema, v cty.Value) []byte {
	f := hclwrite.NewEmptyFile()
	block := f.Body().AppendNewBlock("resource", []string{r.Type, r.Name})
	if provider != "" {
		block.Body().SetAttributeRaw("provider", reference(provider))
	}
	v, _ = v.Unmark()
	if !v.IsNull() && v.IsKnown() {
		writeBlock(block.Body(), &schema.Block, v)
	}
	return hclwrite.Format(f.Bytes())
}

// ImportIdentity is the import block that brings the object with that identity to
// the resource r.
func ImportIdentity(r addr.Resource, provider string, identity cty.Value) []byte {
	f := hclwrite.NewEmptyFile()
	block := f.Body().AppendNewBlock("import", nil)
	block.Body().SetAttributeRaw("to", reference(r.String()))
	if provider != "" {
		block.Body().SetAttributeRaw("provider", reference(provider))
	}
	values := map[string]cty.Value{}
	for name, v := range identity.AsValueMap() {
		if !v.IsNull() {
			values[name] = v
		}
	}
	block.Body().SetAttributeValue("identity", cty.ObjectVal(values))
	return hclwrite.Format(f.Bytes())
}

// reference is a name with dots as it is written.
func reference(name string) hclwrite.Tokens {
	return hclwrite.Tokens{{Type: hclsyntax.TokenIdent, Bytes: []byte(name)}}
}

func writeBlock(body *hclwrite.Body, b *plugin.Block, v cty.Value) {
	for _, name := range slices.Sorted(maps.Keys(b.Attributes)) {
		a := b.Attributes[name]
		if !settable(a) {
			continue
		}
		inner := v.GetAttr(name)
		switch {
		case inner.IsMarked() || a.Sensitive:
			if bare, _ := inner.Unmark(); a.Required || !bare.IsNull() {
				body.SetAttributeRaw(name, leftOut())
			}
		case !inner.IsNull():
			body.SetAttributeRaw(name, tokens(configured(a, inner), a.Type == cty.DynamicPseudoType))
		case a.Required:
			body.SetAttributeRaw(name, hclwrite.TokensForValue(cty.NullVal(cty.DynamicPseudoType)))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b.Blocks)) {
		writeNested(body, name, b.Blocks[name], v.GetAttr(name))
	}
}

func settable(a *plugin.Attribute) bool {
	return (a.Required || a.Optional) && a.Deprecated == ""
}

// tokens is a value as it is written. Where nothing else says that something is a set,
// because any value may stand there, toset does.
func tokens(v cty.Value, dynamic bool) hclwrite.Tokens {
	if v.IsNull() {
		return hclwrite.TokensForValue(v)
	}
	var elements []hclwrite.Tokens
	switch ty := v.Type(); {
	case ty.IsObjectType() || ty.IsMapType():
		var members []hclwrite.ObjectAttrTokens
		for it := v.ElementIterator(); it.Next(); {
			key, element := it.Element()
			name := hclwrite.TokensForValue(key)
			if hclsyntax.ValidIdentifier(key.AsString()) && key.AsString() != "for" { // which begins an expression
				name = hclwrite.TokensForIdentifier(key.AsString())
			}
			members = append(members, hclwrite.ObjectAttrTokens{Name: name, Value: tokens(element, dynamic)})
		}
		return hclwrite.TokensForObject(members)
	case ty.IsTupleType() || ty.IsListType() || ty.IsSetType():
		for it := v.ElementIterator(); it.Next(); {
			_, element := it.Element()
			elements = append(elements, tokens(element, dynamic))
		}
		if dynamic && ty.IsSetType() {
			return hclwrite.TokensForFunctionCall("toset", hclwrite.TokensForTuple(elements))
		}
		return hclwrite.TokensForTuple(elements)
	}
	return hclwrite.TokensForValue(v)
}

// leftOut is null, with a comment that says why.
func leftOut() hclwrite.Tokens {
	return append(hclwrite.TokensForIdentifier("null"),
		&hclwrite.Token{Type: hclsyntax.TokenComment, Bytes: []byte("# sensitive"), SpacesBefore: 1})
}

func writeNested(body *hclwrite.Body, name string, n *plugin.NestedBlock, v cty.Value) {
	v, marks := v.Unmark()
	if v.IsNull() || !v.IsKnown() || len(marks) > 0 {
		return
	}
	if n.Nesting == plugin.Single || n.Nesting == plugin.Group {
		if n.Nesting == plugin.Group && v.RawEquals(n.Empty()) {
			return
		}
		writeBlock(body.AppendNewBlock(name, nil).Body(), &n.Block, v)
		return
	}
	for it := v.ElementIterator(); it.Next(); {
		key, element := it.Element()
		var labels []string
		if n.Nesting == plugin.Map {
			labels = []string{key.AsString()}
		}
		element, _ = element.Unmark()
		writeBlock(body.AppendNewBlock(name, labels).Body(), &n.Block, element)
	}
}

// configured is the value of an attribute without the parts that cannot be set.
// Sensitive parts are null.
func configured(a *plugin.Attribute, v cty.Value) cty.Value {
	v = without(v)
	if a.Nested == nil || v.IsNull() {
		return v
	}
	object := func(v cty.Value) cty.Value {
		if v.IsNull() {
			return v
		}
		values := map[string]cty.Value{}
		for name, inner := range a.Nested.Attributes {
			part := v.GetAttr(name)
			if !settable(inner) || part.IsNull() && !inner.Required {
				continue
			}
			if inner.Sensitive {
				part = cty.NullVal(part.Type())
			}
			values[name] = configured(inner, part)
		}
		return cty.ObjectVal(values)
	}
	switch a.Nested.Nesting {
	case plugin.List, plugin.Set:
		var out []cty.Value
		for _, element := range v.AsValueSlice() {
			out = append(out, object(element))
		}
		return cty.TupleVal(out)
	case plugin.Map:
		out := map[string]cty.Value{}
		for key, element := range v.AsValueMap() {
			out[key] = object(element)
		}
		return cty.ObjectVal(out)
	}
	return object(v)
}

// without is v with null in the place of marked parts.
func without(v cty.Value) cty.Value {
	out, err := cty.Transform(v, func(_ cty.Path, v cty.Value) (cty.Value, error) {
		if v.IsMarked() {
			return cty.NullVal(v.Type()), nil
		}
		return v, nil
	})
	if err != nil {
		return cty.NullVal(v.Type()) // not reached: the function gives no error
	}
	return out
}

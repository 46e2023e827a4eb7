package config

import "github.com/hashicorp/hcl/v2"

// overrideBody is a body with another laid over it: an attribute of the upper
// one replaces the same attribute of the lower one, and blocks of a type in the
// upper one replace all blocks of that type in the lower one.
type overrideBody struct{ lower, upper hcl.Body }

func (b overrideBody) Content(schema *hcl.BodySchema) (*hcl.BodyContent, hcl.Diagnostics) {
	lower, diags := b.lower.Content(optional(schema))
	upper, more := b.upper.Content(optional(schema))
	out := overlay(lower, upper)
	return out, append(append(diags, more...), missing(out, schema, b.MissingItemRange())...)
}

func (b overrideBody) PartialContent(schema *hcl.BodySchema) (*hcl.BodyContent, hcl.Body, hcl.Diagnostics) {
	lower, lowerRest, diags := b.lower.PartialContent(optional(schema))
	upper, upperRest, more := b.upper.PartialContent(optional(schema))
	out := overlay(lower, upper)
	return out, overrideBody{lowerRest, upperRest}, append(append(diags, more...), missing(out, schema, b.MissingItemRange())...)
}

func (b overrideBody) JustAttributes() (hcl.Attributes, hcl.Diagnostics) {
	lower, diags := b.lower.JustAttributes()
	upper, more := b.upper.JustAttributes()
	out := hcl.Attributes{}
	for name, a := range lower {
		out[name] = a
	}
	for name, a := range upper {
		out[name] = a
	}
	return out, append(diags, more...)
}

func (b overrideBody) MissingItemRange() hcl.Range { return b.lower.MissingItemRange() }

// overlay is upper laid over lower. A dynamic block counts as a block of the type
// that it makes.
func overlay(lower, upper *hcl.BodyContent) *hcl.BodyContent {
	out := &hcl.BodyContent{Attributes: hcl.Attributes{}, MissingItemRange: lower.MissingItemRange}
	for name, a := range lower.Attributes {
		out.Attributes[name] = a
	}
	for name, a := range upper.Attributes {
		out.Attributes[name] = a
	}
	replaced := map[string]bool{}
	for _, b := range upper.Blocks {
		replaced[madeType(b)] = true
	}
	for _, b := range lower.Blocks {
		if !replaced[madeType(b)] {
			out.Blocks = append(out.Blocks, b)
		}
	}
	out.Blocks = append(out.Blocks, upper.Blocks...)
	return out
}

func madeType(b *hcl.Block) string {
	if b.Type == "dynamic" && len(b.Labels) == 1 {
		return b.Labels[0]
	}
	return b.Type
}

// optional is the schema with nothing required, as each of the two bodies has
// only a part.
func optional(schema *hcl.BodySchema) *hcl.BodySchema {
	out := &hcl.BodySchema{Blocks: schema.Blocks}
	for _, a := range schema.Attributes {
		out.Attributes = append(out.Attributes, hcl.AttributeSchema{Name: a.Name})
	}
	return out
}

func missing(c *hcl.BodyContent, schema *hcl.BodySchema, at hcl.Range) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, a := range schema.Attributes {
		if a.Required && c.Attributes[a.Name] == nil {
			diags = append(diags, &hcl.Diagnostic{
				Severity: hcl.DiagError,
				Summary:  "Missing required argument",
				Detail:   "The argument \"" + a.Name + "\" is required, but no definition was found.",
				Subject:  &at,
			})
		}
	}
	return diags
}

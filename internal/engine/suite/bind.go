package suite

import (
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// bound is an expression that sees the names of the test file, whatever it is
// evaluated in.
type bound struct {
	hcl.Expression
	names *hcl.EvalContext
}

// Variables are the names that the test file does not have.
func (b bound) Variables() []hcl.Traversal {
	var out []hcl.Traversal
	for _, t := range b.Expression.Variables() {
		if _, ok := b.names.Variables[t.RootName()]; !ok {
			out = append(out, t)
		}
	}
	return out
}

// Value evaluates the expression.
func (b bound) Value(in *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	if in == nil {
		return b.Expression.Value(b.names)
	}
	inner := in.NewChild()
	inner.Variables, inner.Functions = b.names.Variables, b.names.Functions
	return b.Expression.Value(inner)
}

// boundBody is a body of bound expressions.
type boundBody struct {
	hcl.Body
	names *hcl.EvalContext
}

// Content is that of the body, bound.
func (b boundBody) Content(schema *hcl.BodySchema) (*hcl.BodyContent, hcl.Diagnostics) {
	c, diags := b.Body.Content(schema)
	return b.bind(c), diags
}

// PartialContent is that of the body, bound.
func (b boundBody) PartialContent(schema *hcl.BodySchema) (*hcl.BodyContent, hcl.Body, hcl.Diagnostics) {
	c, rest, diags := b.Body.PartialContent(schema)
	return b.bind(c), boundBody{rest, b.names}, diags
}

// JustAttributes are those of the body, bound.
func (b boundBody) JustAttributes() (hcl.Attributes, hcl.Diagnostics) {
	attributes, diags := b.Body.JustAttributes()
	return b.bindAll(attributes), diags
}

func (b boundBody) bind(c *hcl.BodyContent) *hcl.BodyContent {
	if c == nil {
		return nil
	}
	out := *c
	out.Attributes = b.bindAll(c.Attributes)
	out.Blocks = nil
	for _, block := range c.Blocks {
		inner := *block
		inner.Body = boundBody{block.Body, b.names}
		out.Blocks = append(out.Blocks, &inner)
	}
	return &out
}

func (b boundBody) bindAll(in hcl.Attributes) hcl.Attributes {
	out := make(hcl.Attributes, len(in))
	for name, a := range in {
		one := *a
		one.Expr = bound{a.Expr, b.names}
		out[name] = &one
	}
	return out
}

// doubleBody stands for the block of a provider that is a double: whatever must
// be given is there, and not known.
type doubleBody struct{ at hcl.Range }

// Content has what schema demands.
func (b doubleBody) Content(schema *hcl.BodySchema) (*hcl.BodyContent, hcl.Diagnostics) {
	out := &hcl.BodyContent{Attributes: hcl.Attributes{}, MissingItemRange: b.at}
	for _, a := range schema.Attributes {
		if a.Required {
			out.Attributes[a.Name] = &hcl.Attribute{Name: a.Name, Expr: hcl.StaticExpr(cty.DynamicVal, b.at), Range: b.at, NameRange: b.at}
		}
	}
	return out, nil
}

// PartialContent has what schema demands.
func (b doubleBody) PartialContent(schema *hcl.BodySchema) (*hcl.BodyContent, hcl.Body, hcl.Diagnostics) {
	c, diags := b.Content(schema)
	return c, b, diags
}

// JustAttributes has nothing.
func (b doubleBody) JustAttributes() (hcl.Attributes, hcl.Diagnostics) { return hcl.Attributes{}, nil }

// MissingItemRange is where the block is.
func (b doubleBody) MissingItemRange() hcl.Range { return b.at }

// text is a traversal as it stands in the source.
func text(t hcl.Traversal) string {
	var b strings.Builder
	for _, step := range t {
		switch step := step.(type) {
		case hcl.TraverseRoot:
			b.WriteString(step.Name)
		case hcl.TraverseAttr:
			b.WriteString("." + step.Name)
		case hcl.TraverseIndex:
			if step.Key.Type() == cty.String {
				b.WriteString("[" + strconv.Quote(step.Key.AsString()) + "]")
			} else {
				b.WriteString("[" + step.Key.AsBigFloat().Text('f', -1) + "]")
			}
		}
	}
	return b.String()
}

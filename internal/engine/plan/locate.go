package plan

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
)

// About is the Extra of a diagnostic that a provider gave: what it is about.
type About struct {
	Addr string   // of the resource instance, or of the provider block
	Path cty.Path // of the attribute, or nil
}

// locate says for a provider's diagnostics where in the configuration they
// belong: at the attribute in body if they name one, else at the block.
func locate(diags hcl.Diagnostics, body hcl.Body, block *hcl.Range, about string) hcl.Diagnostics {
	for _, d := range diags {
		if d.Subject != nil {
			continue
		}
		at, _ := d.Extra.(plugin.At)
		d.Extra = About{Addr: about, Path: at.Path}
		d.Subject = block
		if place := placeOf(body, at.Path); place != nil {
			d.Subject, d.Context = place, block
		}
	}
	return diags
}

// placeOf finds what was written for the attribute at path.
func placeOf(body hcl.Body, path cty.Path) *hcl.Range {
	if len(path) == 0 {
		return nil
	}
	step, ok := path[0].(cty.GetAttrStep)
	if !ok {
		return nil
	}
	content, _, _ := body.PartialContent(&hcl.BodySchema{
		Attributes: []hcl.AttributeSchema{{Name: step.Name}},
	})
	if content != nil {
		if a := content.Attributes[step.Name]; a != nil {
			at := a.Expr.Range()
			if e, ok := a.Expr.(hclsyntax.Expression); ok {
				at = placeIn(e, path[1:])
			}
			return &at
		}
	}
	content, _, _ = body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: step.Name}}})
	if content == nil || len(content.Blocks) == 0 {
		return nil
	}
	rest, n := path[1:], 0
	if len(rest) > 0 {
		if index, ok := rest[0].(cty.IndexStep); ok {
			if index.Key.Type() == cty.Number {
				i, _ := index.Key.AsBigFloat().Int64()
				n = int(i)
			}
			rest = rest[1:]
		}
	}
	if n >= len(content.Blocks) {
		n = 0
	}
	b := content.Blocks[n]
	if at := placeOf(b.Body, rest); at != nil {
		return at
	}
	return &b.DefRange
}

// placeIn follows path into object and tuple expressions as far as it can.
func placeIn(e hclsyntax.Expression, path cty.Path) hcl.Range {
	if len(path) == 0 {
		return e.Range()
	}
	switch e := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		return placeIn(e.Expression, path)
	case *hclsyntax.ObjectConsExpr:
		name := ""
		switch step := path[0].(type) {
		case cty.GetAttrStep:
			name = step.Name
		case cty.IndexStep:
			if step.Key.Type() == cty.String {
				name = step.Key.AsString()
			}
		}
		for _, item := range e.Items {
			if key, diags := item.KeyExpr.Value(nil); !diags.HasErrors() && key.Type() == cty.String && key.IsKnown() && !key.IsNull() && key.AsString() == name {
				return placeIn(item.ValueExpr, path[1:])
			}
		}
	case *hclsyntax.TupleConsExpr:
		if step, ok := path[0].(cty.IndexStep); ok && step.Key.Type() == cty.Number {
			if i, _ := step.Key.AsBigFloat().Int64(); int(i) < len(e.Exprs) {
				return placeIn(e.Exprs[i], path[1:])
			}
		}
	}
	return e.Range()
}

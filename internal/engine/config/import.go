package config

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/syntax"
)

// Import is an import block: the object with an id becomes that of an instance.
type Import struct {
	To       hcl.Expression
	Block    addr.ConfigResource // that To leads to, whatever its instance keys are
	ForEach  hcl.Expression      // nil if not given
	ID       hcl.Expression      // nil if there is an identity
	Identity hcl.Expression      // nil if there is an id
	Provider *ProviderUse        // nil for that of the resource
	Range    hcl.Range
}

var importSchema = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{
	{Name: "to", Required: true}, {Name: "id"}, {Name: "identity"}, {Name: "for_each"}, {Name: "provider"},
}}

func (l *loader) importBlock(b *hcl.Block) {
	if l.notOverridden(b) {
		return
	}
	c := l.content(b.Body, importSchema)
	to := c.Attributes["to"]
	if to == nil {
		return // reported as missing
	}
	x := &Import{To: to.Expr, Range: b.DefRange}
	t, diags := StepsOf(to.Expr, func(hcl.Expression) (cty.Value, hcl.Diagnostics) { return cty.NumberIntVal(0), nil })
	if diags.HasErrors() {
		l.diags = append(l.diags, diags...)
		return
	}
	e, err := addr.ParseEndpoint(t)
	if err != nil || e.IsModule() || e.Resource.Mode != addr.Managed {
		l.fail(to.Expr.Range(), "Invalid address", "An import leads to an instance of a managed resource, such as TYPE.NAME or module.NAME.TYPE.NAME[KEY].")
		return
	}
	x.Block = e.Config("")
	for name, into := range map[string]*hcl.Expression{"id": &x.ID, "identity": &x.Identity, "for_each": &x.ForEach} {
		if a := c.Attributes[name]; a != nil {
			*into = a.Expr
		}
	}
	if (x.ID == nil) == (x.Identity == nil) {
		l.fail(b.DefRange, "Either id or identity", "An import block says with one of the arguments id and identity which object it means.")
		return
	}
	if a := c.Attributes["provider"]; a != nil {
		if x.Provider = l.providerRef(a.Expr); x.Provider == nil {
			return
		}
	}
	l.m.Imports = append(l.m.Imports, x)
}

// StepsOf is the traversal that an expression of names and indexes makes, with
// the indexes that are no literals evaluated by index.
func StepsOf(e hcl.Expression, index func(hcl.Expression) (cty.Value, hcl.Diagnostics)) (hcl.Traversal, hcl.Diagnostics) {
	switch x := e.(type) {
	case *hclsyntax.IndexExpr:
		t, diags := StepsOf(x.Collection, index)
		if diags.HasErrors() {
			return nil, diags
		}
		key, diags := index(x.Key)
		return append(t, hcl.TraverseIndex{Key: key, SrcRange: x.Key.Range()}), diags
	case *hclsyntax.RelativeTraversalExpr:
		t, diags := StepsOf(x.Source, index)
		if diags.HasErrors() {
			return nil, diags
		}
		return append(t, x.Traversal...), nil
	case *hclsyntax.ScopeTraversalExpr:
		return append(hcl.Traversal(nil), x.Traversal...), nil
	case *hclsyntax.TemplateExpr:
		return traversalOf(e, false)
	}
	// In JSON an address is a text, whose indexes may be expressions.
	v, diags := e.Value(nil)
	if diags.HasErrors() || v.Type() != cty.String || !v.IsKnown() || v.IsNull() {
		return traversalOf(e, false)
	}
	at := e.Range()
	parsed, diags := syntax.Expression([]byte(v.AsString()), at.Filename, at.Start)
	if diags.HasErrors() {
		return nil, diags
	}
	return StepsOf(parsed, index)
}

package config

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
)

var resourceSchema = &hcl.BodySchema{
	Attributes: []hcl.AttributeSchema{{Name: "count"}, {Name: "for_each"}, {Name: "provider"}, {Name: "depends_on"}},
	Blocks: []hcl.BlockHeaderSchema{
		{Type: "lifecycle"}, {Type: "_"},
		{Type: "provisioner", LabelNames: []string{"type"}}, {Type: "connection"}, {Type: "locals"},
	},
}

func (l *loader) resource(b *hcl.Block) {
	id := addr.Resource{Type: b.Labels[0], Name: b.Labels[1]}
	what := "resource"
	switch b.Type {
	case "data":
		id.Mode, what = addr.Data, "data source"
	case "ephemeral":
		id.Mode, what = addr.Ephemeral, "ephemeral resource"
	}
	existing := l.m.Resources[id]
	var at *hcl.Range
	if existing != nil {
		at = &existing.Range
	}
	if !l.declare(what, id.String(), b.DefRange, at) {
		return
	}
	c, body, diags := b.Body.PartialContent(resourceSchema)
	l.diags = append(l.diags, diags...)
	r := existing
	if r == nil {
		r = &Resource{Addr: id, Body: body, Range: b.DefRange}
		l.m.Resources[id] = r
	} else {
		r.Body = overrideBody{r.Body, body}
	}
	l.repetition(&r.Repetition, id.String(), c)
	if a := c.Attributes["provider"]; a != nil {
		r.Provider = l.providerRef(a.Expr)
	}
	if a := c.Attributes["depends_on"]; a != nil {
		r.DependsOn = l.dependsOn(a)
	}
	lifecycles := 0
	var provisioners []*Provisioner
	for _, nested := range c.Blocks {
		switch nested.Type {
		case "lifecycle":
			if lifecycles++; lifecycles > 1 {
				l.fail(nested.DefRange, "Duplicate lifecycle block", "A resource has at most one lifecycle block. Join them.")
				continue
			}
			l.lifecycle(r, nested)
		case "_": // holds arguments that are called like one of ours
			r.Body = hcl.MergeBodies([]hcl.Body{r.Body, nested.Body})
		case "provisioner":
			if p := l.provisioner(id, nested); p != nil {
				provisioners = append(provisioners, p)
			}
		case "connection":
			l.fail(nested.DefRange, "\"connection\" blocks are not supported", "This engine runs commands on this machine only. Remove the block from %s, and have a local-exec provisioner call ssh or scp.", id)
		default:
			l.fail(nested.DefRange, "Reserved block name", "The block name %q is reserved for later versions of the language.", nested.Type)
		}
	}
	if len(provisioners) > 0 {
		r.Provisioners = provisioners
	}
}

func (l *loader) repetition(r *Repetition, what string, c *hcl.BodyContent) {
	count, forEach := c.Attributes["count"], c.Attributes["for_each"]
	if count != nil && forEach != nil {
		l.fail(forEach.NameRange, "Both count and for_each", "%s sets both count and for_each, which are two ways to say the same. Remove one.", what)
		return
	}
	if count != nil {
		r.Count, r.ForEach = count.Expr, nil
	}
	if forEach != nil {
		r.Count, r.ForEach = nil, forEach.Expr
	}
}

// enabled reads the lifecycle argument that makes a block stand for one instance
// or none.
func (l *loader) enabled(r *Repetition, what string, c *hcl.BodyContent) {
	a := c.Attributes["enabled"]
	switch {
	case a == nil:
	case r.Repeated():
		l.fail(a.NameRange, "Both enabled and a repetition", "%s sets count or for_each, which may say that there is no instance. Remove enabled.", what)
	default:
		r.Enabled = a.Expr
	}
}

// providerRef reads `name` or `name.alias`, quoted or not, and `name.alias[key]`
// of a configuration with for_each.
func (l *loader) providerRef(e hcl.Expression) *ProviderUse {
	at := e.Range()
	use := &ProviderUse{Range: at}
	if index, ok := e.(*hclsyntax.IndexExpr); ok {
		use.Key, e = index.Key, index.Collection
	}
	t, diags := traversalOf(e, false)
	if n := len(t); n > 1 && use.Key == nil {
		if step, ok := t[n-1].(hcl.TraverseIndex); ok {
			use.Key, t = hcl.StaticExpr(step.Key, step.SrcRange), t[:n-1]
		}
	}
	if len(t) > 2 || len(t) == 0 || diags.HasErrors() {
		l.fail(at, "Invalid provider reference", "The provider argument is the name of a provider, followed by a dot and an alias if it has one.")
		return nil
	}
	use.Ref.Name = t.RootName()
	if len(t) == 2 {
		a, ok := t[1].(hcl.TraverseAttr)
		if !ok {
			l.fail(at, "Invalid provider reference", "The alias must follow the provider's name after a dot.")
			return nil
		}
		use.Ref.Alias = a.Name
	}
	return use
}

var lifecycleSchema = &hcl.BodySchema{
	Attributes: []hcl.AttributeSchema{
		{Name: "create_before_destroy"}, {Name: "prevent_destroy"}, {Name: "ignore_changes"}, {Name: "replace_triggered_by"},
		{Name: "enabled"}, {Name: "destroy"},
	},
	Blocks: []hcl.BlockHeaderSchema{{Type: "precondition"}, {Type: "postcondition"}, {Type: "action_trigger"}},
}

func (l *loader) lifecycle(r *Resource, b *hcl.Block) {
	c := l.content(b.Body, lifecycleSchema)
	out := &r.Lifecycle
	managedOnly := func(name string) *hcl.Attribute {
		a := c.Attributes[name]
		if a != nil && r.Addr.Mode != addr.Managed {
			l.fail(a.NameRange, "Not a managed resource", "The lifecycle argument %q has a meaning only for managed resources. Remove it from %s.", name, r.Addr)
			return nil
		}
		return a
	}
	if a := managedOnly("create_before_destroy"); a != nil {
		v := l.flag(a)
		out.CreateBeforeDestroy = &v
	}
	if a := managedOnly("prevent_destroy"); a != nil {
		out.PreventDestroy = a.Expr
	}
	if a := managedOnly("ignore_changes"); a != nil {
		l.ignoreChanges(out, a)
	}
	if a := managedOnly("replace_triggered_by"); a != nil {
		items, diags := hcl.ExprList(a.Expr)
		l.diags = append(l.diags, diags...)
		out.ReplaceTriggeredBy = items
	}
	l.enabled(&r.Repetition, r.Addr.String(), c)
	if a := managedOnly("destroy"); a != nil {
		out.KeepObject = !l.flag(a)
	}
	if triggers := l.triggers(r, c.Blocks); len(triggers) > 0 {
		out.Triggers = triggers
	}
	if checks := l.checks(c.Blocks, "precondition"); len(checks) > 0 {
		out.Preconditions = checks
	}
	if checks := l.checks(c.Blocks, "postcondition"); len(checks) > 0 {
		out.Postconditions = checks
	}
}

func (l *loader) ignoreChanges(out *Lifecycle, a *hcl.Attribute) {
	out.IgnoreChanges, out.IgnoreAll = nil, false
	if hcl.ExprAsKeyword(a.Expr) == "all" {
		out.IgnoreAll = true
		return
	}
	items, diags := hcl.ExprList(a.Expr)
	l.diags = append(l.diags, diags...)
	for _, e := range items {
		t, diags := traversalOf(e, true)
		l.diags = append(l.diags, diags...)
		if t != nil {
			out.IgnoreChanges = append(out.IgnoreChanges, t)
		}
	}
}

// traversalOf reads an expression that must be a plain reference; in JSON and in
// the style of before 0.12 it is quoted.
func traversalOf(e hcl.Expression, relative bool) (hcl.Traversal, hcl.Diagnostics) {
	if v, diags := e.Value(nil); !diags.HasErrors() && v.Type() == cty.String && v.IsKnown() && !v.IsNull() {
		at := e.Range()
		t, diags := hclsyntax.ParseTraversalAbs([]byte(v.AsString()), at.Filename, at.Start)
		if diags.HasErrors() {
			return nil, diags
		}
		if relative {
			return relativeOf(t), nil
		}
		return t, nil
	}
	if relative {
		return hcl.RelTraversalForExpr(e)
	}
	return hcl.AbsTraversalForExpr(e)
}

func relativeOf(t hcl.Traversal) hcl.Traversal {
	root := t[0].(hcl.TraverseRoot)
	return append(hcl.Traversal{hcl.TraverseAttr(root)}, t[1:]...)
}

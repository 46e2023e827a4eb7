package plan

import (
	"context"
	"fmt"
	"maps"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/graph"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
)

// Validate checks the configuration without values for its variables and without
// state: everything that must hold whatever they are, all reported together.
// It configures no provider.
func (p *Program) Validate(ctx context.Context) hcl.Diagnostics {
	v := &validator{}
	v.Session = p.NewSession(SessionOptions{
		Objects: v, Variables: lang.UnknownVariables(p.Module), Workspace: "default", Static: true,
	})
	v.resources = graph.NewMemo(v.Graph, v.name, v.check)

	w := newWalk()
	for m := range p.Module.All() {
		e := v.Eval(addr.ModuleInstance(m.Path))
		for name := range m.Variables {
			w.ask(func() hcl.Diagnostics { _, d := e.Variable(ctx, name); return d })
		}
		for name, o := range m.Outputs {
			if o.Ephemeral && m.Parent == nil {
				w.ask(func() hcl.Diagnostics { return ephemeralOutput(o) })
			}
			w.ask(func() hcl.Diagnostics { _, d := e.Output(ctx, name); return d })
		}
		for name := range m.Locals {
			w.ask(func() hcl.Diagnostics { _, d := e.Local(ctx, name); return d })
		}
		for name := range m.Calls {
			w.ask(func() hcl.Diagnostics { _, d := e.ExpandCall(ctx, name); return d })
		}
		w.ask(func() hcl.Diagnostics { return e.Enter(ctx) })
	}
	for m := range p.Module.All() {
		w.ask(func() hcl.Diagnostics { return v.checkRemoved(m) })
		for name := range m.Checks {
			w.ask(func() hcl.Diagnostics { return v.Eval(addr.ModuleInstance(m.Path)).Refer(ctx, name) })
		}
	}
	for r := range p.resources {
		id := addr.ModuleInstance(r.Module).Resource(r.Resource)
		w.ask(func() hcl.Diagnostics { _, d := v.resources.Get(ctx, id); return d })
		w.ask(func() hcl.Diagnostics { return v.checkTriggers(ctx, id) })
	}
	for c := range p.providers {
		w.ask(func() hcl.Diagnostics { return v.checkProvider(ctx, c) })
	}
	return sorted(graph.Reportable(append(w.wait(), v.Graph.Diagnostics()...)))
}

// checkRemoved refuses removed blocks for what the configuration has.
func (v *validator) checkRemoved(m *config.Module) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, b := range m.Removed {
		var at *hcl.Range
		if b.From.IsModule() {
			if found := v.modules[b.From.Module(m.Path)]; found != nil {
				at = &found.Call().Range
			}
		} else if r := v.Program.resources[b.From.Config(m.Path)]; r != nil {
			at = &r.Range
		}
		if at != nil {
			diags = append(diags, &hcl.Diagnostic{
				Severity: hcl.DiagError, Summary: "Removed object still exists",
				Detail:  fmt.Sprintf("This block says that %s is not in the configuration any more, but it is, at %s:%d. Remove one of the two blocks.", b.From, at.Filename, at.Start.Line),
				Subject: &b.Range,
			})
		}
	}
	return diags
}

func ephemeralOutput(o *config.Output) hcl.Diagnostics {
	return hcl.Diagnostics{{
		Severity: hcl.DiagError, Summary: "Ephemeral output not allowed",
		Detail:  fmt.Sprintf("The outputs of the root module are kept in the state, so that output %q cannot be ephemeral. Remove the argument, or use ephemeralasnull() if the value is ephemeral.", o.Name),
		Subject: &o.Range,
	}}
}

// validator is one run of Validate: the value of a resource is what its
// configuration says, and unknown where the provider has its say. Each module has
// one instance, whatever its calls say.
type validator struct {
	*Session
	resources *graph.Memo[addr.ModuleResource, cty.Value]
}

// Instance is a value of the right shape (lang.Objects).
func (v *validator) Instance(ctx context.Context, a addr.Instance) (cty.Value, hcl.Diagnostics) {
	return v.resources.Get(ctx, a.Of())
}

// Whole is unknown for a repeated resource (lang.Objects).
func (v *validator) Whole(ctx context.Context, r addr.ModuleResource) (cty.Value, hcl.Diagnostics) {
	value, diags := v.resources.Get(ctx, r)
	if compiled := v.Program.resources[r.Config()]; compiled != nil && (compiled.Repeated() || compiled.Enabled != nil) {
		value = cty.DynamicVal
		if r.Resource.Mode == addr.Ephemeral {
			value = value.Mark(lang.Ephemeral)
		}
	}
	return value, diags
}

func (v *validator) name(r addr.ModuleResource) (string, *hcl.Range) {
	return r.String(), v.Place(r.Module, r.Resource)
}

func (v *validator) check(ctx context.Context, id addr.ModuleResource) (cty.Value, hcl.Diagnostics) {
	a := id.Instance(nil)
	r := v.Resource(a)
	if r == nil {
		return cty.DynamicVal, nil // its type or provider was refused when compiling
	}
	eval := v.Eval(id.Module)
	_, diags := eval.Expand(ctx, id.Resource)
	in := lang.Anywhere(r.Repetition)
	diags = append(diags, v.Before(ctx, r, a, in)...)
	config, more := v.Configuration(ctx, r, a, in)
	diags = append(diags, more...)
	diags = append(diags, v.checkBody(r)...)
	diags = append(diags, v.checkIgnored(r)...)
	if more.HasErrors() {
		return cty.UnknownVal(r.Schema.Type), diags
	}
	value := unread(r, config)
	if id.Resource.Mode == addr.Ephemeral {
		value = value.Mark(lang.Ephemeral)
	}
	in.Self = value
	diags = append(diags, eval.Require(ctx, lang.OfInstance(a), r.Lifecycle.Postconditions, "Postcondition of "+id.String()+" failed", in)...)
	diags = append(diags, v.checkProvisioners(ctx, r, id.Module, in)...)
	if r.Listing != nil {
		_, _, more = v.listing(ctx, r, a, in, config)
		return cty.DynamicVal, append(diags, more...)
	}
	for _, p := range r.Provisioners {
		if p.Destroy {
			_, more := v.Provisioning(ctx, p, id.Module, in)
			diags = append(diags, more...)
		}
	}
	if x := r.Lifecycle.PreventDestroy; x != nil {
		_, more := eval.Expr(ctx, x, cty.Bool, lang.Within{})
		diags = append(diags, more...)
	}
	for _, e := range r.Lifecycle.ReplaceTriggeredBy {
		_, more := trigger(e)
		if diags = append(diags, more...); !more.HasErrors() {
			_, more = eval.Expr(ctx, e, cty.DynamicPseudoType, in)
			diags = append(diags, more...)
		}
	}
	return value, diags
}

func (v *validator) checkProvider(ctx context.Context, c addr.ProviderConfig) hcl.Diagnostics {
	block := v.Program.providers[c]
	value, diags := v.Eval(addr.ModuleInstance(c.Module)).Block(ctx, block, v.anyProvider(c))
	if diags.HasErrors() {
		return diags
	}
	value, _ = value.UnmarkDeep()
	label, at := v.nameProvider(c)
	return append(diags, locate(v.unconfigured(c.Provider).Validate(ctx, value), block.Body(), at, label)...)
}

// anyProvider is what the arguments of a provider block see.
func (v *validator) anyProvider(c addr.ProviderConfig) lang.Within {
	if b := v.modules[c.Module].ProviderBlock(c); b != nil {
		return lang.Anywhere(config.Repetition{ForEach: b.ForEach})
	}
	return lang.Within{}
}

// checkIgnored refuses paths of ignore_changes that no object of the type has.
func (v *validator) checkIgnored(r *Resource) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, t := range r.Lifecycle.IgnoreChanges {
		name, ok := t[0].(hcl.TraverseAttr)
		if !ok || r.Schema.Type.HasAttribute(name.Name) {
			continue
		}
		at := t.SourceRange()
		diags = append(diags, &hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "Unknown argument in ignore_changes",
			Detail:  fmt.Sprintf("%s has no argument %q.%s", r.Addr.Type, name.Name, config.Suggest(name.Name, maps.Keys(r.Schema.Type.AttributeTypes()))),
			Subject: &at,
		})
	}
	return diags
}

// checkBody refuses what the conversion to a nested object's type would silently
// drop: keys that the type does not have. It sees only what is written out.
func (v *validator) checkBody(r *Resource) hcl.Diagnostics {
	diags := checkKeys(r.block.Body(), &r.Schema.Block)
	if why := r.Schema.Deprecated; why != "" { // of arguments, the provider warns itself
		at := r.Range
		diags = append(diags, &hcl.Diagnostic{
			Severity: hcl.DiagWarning, Summary: "Deprecated", Detail: fmt.Sprintf("%s is deprecated: %s", r.Addr.Type, why), Subject: &at,
		})
	}
	return diags
}

func checkKeys(body hcl.Body, b *plugin.Block) hcl.Diagnostics {
	schema := &hcl.BodySchema{}
	for name, a := range b.Attributes {
		if a.Nested != nil {
			schema.Attributes = append(schema.Attributes, hcl.AttributeSchema{Name: name})
		}
	}
	for name := range b.Blocks {
		schema.Blocks = append(schema.Blocks, hcl.BlockHeaderSchema{Type: name})
	}
	content, _, _ := body.PartialContent(schema)
	var diags hcl.Diagnostics
	for name, a := range content.Attributes {
		declared := b.Attributes[name]
		diags = append(diags, checkObject(a.Expr, declared.Nested, name)...)
	}
	for _, nested := range content.Blocks {
		diags = append(diags, checkKeys(nested.Body, &b.Blocks[nested.Type].Block)...)
	}
	return diags
}

func checkObject(e hcl.Expression, o *plugin.ObjectType, where string) hcl.Diagnostics {
	var diags hcl.Diagnostics
	switch o.Nesting {
	case plugin.List, plugin.Set:
		if list, ok := e.(*hclsyntax.TupleConsExpr); ok {
			for _, element := range list.Exprs {
				diags = append(diags, checkMembers(element, o, where)...)
			}
		}
	case plugin.Map:
		if object, ok := e.(*hclsyntax.ObjectConsExpr); ok {
			for _, item := range object.Items {
				diags = append(diags, checkMembers(item.ValueExpr, o, where)...)
			}
		}
	default:
		diags = checkMembers(e, o, where)
	}
	return diags
}

func checkMembers(e hcl.Expression, o *plugin.ObjectType, where string) hcl.Diagnostics {
	object, ok := e.(*hclsyntax.ObjectConsExpr)
	if !ok {
		return nil
	}
	var diags hcl.Diagnostics
	for _, item := range object.Items {
		key, d := item.KeyExpr.Value(nil)
		if d.HasErrors() || key.Type() != cty.String || !key.IsKnown() || key.IsNull() {
			continue
		}
		name := key.AsString()
		a := o.Attributes[name]
		if a == nil {
			at := item.KeyExpr.Range()
			diags = append(diags, &hcl.Diagnostic{
				Severity: hcl.DiagError, Summary: "Unsupported argument",
				Detail:  fmt.Sprintf("An argument named %q is not expected in %s.%s", name, where, config.Suggest(name, maps.Keys(o.Attributes))),
				Subject: &at,
			})
			continue
		}
		if a.Nested != nil {
			diags = append(diags, checkObject(item.ValueExpr, a.Nested, where+"."+name)...)
		}
	}
	return diags
}

package plan

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// Importing says which object an instance takes over: by an id, or by an
// identity.
type Importing struct {
	ID       string
	Identity cty.Value // null if there is an id
}

// wanted is what an import block asks for, for one instance.
type wanted struct {
	id, identity cty.Value // one of them is cty.NilVal
	at           hcl.Range
}

// importsID is the graph's name for what import blocks say of a resource.
type importsID addr.ConfigResource

func (p *planner) nameImports(id importsID) (string, *hcl.Range) {
	return "the imports of " + addr.ConfigResource(id).String(), p.Place(addr.ModuleInstance(id.Module), id.Resource)
}

// evalImports finds the objects that import blocks want for the instances of a
// resource.
func (p *planner) evalImports(ctx context.Context, id importsID) (map[addr.Instance]wanted, hcl.Diagnostics) {
	out := map[addr.Instance]wanted{}
	var diags hcl.Diagnostics
	for _, b := range p.Module.Imports {
		if importsID(b.Block) != id {
			continue
		}
		all, d := p.Eval("").ImportValues(ctx, b.ForEach)
		diags = append(diags, d...)
		for _, in := range all {
			a, w, d := p.evalImport(ctx, b, in)
			if diags = append(diags, d...); d.HasErrors() {
				continue
			}
			if other, ok := out[a]; ok {
				diags = append(diags, &hcl.Diagnostic{
					Severity: hcl.DiagError, Summary: "Imported twice",
					Detail:  fmt.Sprintf("Another import block, at %s:%d, leads to %s too. An instance has one object.", other.at.Filename, other.at.Start.Line, a),
					Subject: &b.Range,
				})
			}
			out[a] = w
		}
	}
	return out, diags
}

func (p *planner) evalImport(ctx context.Context, b *config.Import, in lang.Within) (addr.Instance, wanted, hcl.Diagnostics) {
	w := wanted{at: b.Range}
	eval := p.Eval("")
	t, diags := config.StepsOf(b.To, func(key hcl.Expression) (cty.Value, hcl.Diagnostics) {
		v, diags := eval.Expr(ctx, key, cty.DynamicPseudoType, in)
		v, _ = v.Unmark()
		return v, diags
	})
	if diags.HasErrors() {
		return addr.Instance{}, w, diags
	}
	e, err := addr.ParseEndpoint(t)
	if err != nil {
		at := b.To.Range()
		return addr.Instance{}, w, append(diags, &hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "Invalid address", Detail: "The address of the import is wrong: " + err.Error() + ".", Subject: &at,
		})
	}
	expr, ty, into := b.ID, cty.String, &w.id
	if b.Identity != nil {
		expr, ty, into = b.Identity, cty.DynamicPseudoType, &w.identity
	}
	at := expr.Range()
	v, more := eval.Expr(ctx, expr, ty, in)
	if diags = append(diags, more...); diags.HasErrors() {
		return e.In(""), w, diags
	}
	text := ""
	switch bare, _ := v.UnmarkDeep(); {
	case v.HasMarkDeep(lang.Sensitive) || v.HasMarkDeep(lang.Ephemeral):
		text = "It is shown, so it must be neither sensitive nor ephemeral. Use nonsensitive() if it is no secret."
	case !bare.IsWhollyKnown():
		text = "It depends on values that are known only after apply, so the object cannot be looked up now. Apply what it depends on first, with -target, or write the value."
	case bare.IsNull() || ty == cty.String && bare.AsString() == "":
		text = "It is null or empty."
	}
	if text != "" {
		return e.In(""), w, append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Invalid id of an import", Detail: text, Subject: &at, Expression: expr})
	}
	*into = v
	return e.In(""), w, diags
}

// imported is the object that an import block wants for a, or nil. It is kept in
// the state that the plan starts from.
func (p *planner) imported(ctx context.Context, r *Resource, a addr.Instance) (*object, *Importing, hcl.Diagnostics) {
	if !p.imports[a.Config()] {
		return nil, nil, nil
	}
	all, diags := p.wanted.Get(ctx, importsID(a.Config()))
	w, ok := all[a]
	if diags.HasErrors() || !ok {
		return nil, nil, diags
	}
	what := &Importing{Identity: cty.NullVal(cty.DynamicPseudoType)}
	if w.id != cty.NilVal {
		what.ID = w.id.AsString()
	}
	provider, more := p.ProviderFor(ctx, a, r.Provider)
	if diags = append(diags, more...); diags.HasErrors() {
		return nil, nil, diags
	}
	event := Event{Addr: a, Step: Refreshing, IDKey: "id", IDValue: what.ID}
	if what.ID == "" {
		event.IDKey = ""
	}
	p.hook.Started(event)
	read, more := p.fetch(ctx, provider, r, a, w, what)
	p.hook.Finished(event, more)
	if diags = append(diags, more...); diags.HasErrors() {
		return nil, nil, diags
	}
	stored, err := Record(r.Schema, read, nil)
	if err != nil {
		return nil, nil, append(diags, StateFailure(a, err))
	}
	p.next.Put(state.Entry{Addr: a, Provider: r.Provider, Object: stored})
	return &object{Prior: Prior{Object: read}, provider: r.Provider, schema: r.Schema, stored: stored}, what, diags
}

// fetch imports and reads the object.
func (p *planner) fetch(ctx context.Context, provider *plugin.Provider, r *Resource, a addr.Instance, w wanted, what *Importing) (plugin.Object, hcl.Diagnostics) {
	var found plugin.Object
	var diags hcl.Diagnostics
	if w.identity != cty.NilVal {
		identity, more := p.identity(r, a, w)
		if more.HasErrors() {
			return found, more
		}
		what.Identity = identity
		found, diags = provider.ImportIdentity(ctx, a.Resource.Type, identity)
	} else {
		found, diags = provider.Import(ctx, a.Resource.Type, what.ID)
	}
	if diags = p.Locate(diags, r, a); diags.HasErrors() {
		return found, diags
	}
	return p.readImported(ctx, provider, r, a, found, what)
}

// identity is what the block says, as the schema wants it.
func (p *planner) identity(r *Resource, a addr.Instance, w wanted) (cty.Value, hcl.Diagnostics) {
	fail := func(detail string) (cty.Value, hcl.Diagnostics) {
		return cty.NilVal, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Invalid identity of an import", Detail: detail, Subject: &w.at, Extra: About{Addr: a.String()}}}
	}
	if r.Schema.Identity == cty.NilType {
		return fail(fmt.Sprintf("%s has no identity. Use the argument id.", a.Resource.Type))
	}
	if !w.identity.Type().IsObjectType() {
		return fail("An identity is an object: { name = value, … }.")
	}
	values := w.identity.AsValueMap()
	known := r.Schema.Identity.AttributeTypes()
	out := map[string]cty.Value{}
	for name, ty := range known {
		v, given := values[name]
		if !given {
			if slices.Contains(r.Schema.IdentityRequired, name) {
				return fail(fmt.Sprintf("The identity of %s needs the attribute %q.", a.Resource.Type, name))
			}
			v = cty.NullVal(ty)
		}
		converted, err := convert.Convert(v, ty)
		if err != nil {
			return fail(fmt.Sprintf("The attribute %q of the identity does not fit: %s.", name, err))
		}
		out[name] = converted
	}
	for name := range values {
		if _, ok := known[name]; !ok {
			return fail(fmt.Sprintf("The identity of %s has no attribute %q.%s", a.Resource.Type, name, config.Suggest(name, maps.Keys(known))))
		}
	}
	return cty.ObjectVal(out), nil
}

// checkImports refuses import blocks that lead to nothing in the configuration.
func (p *planner) checkImports(ctx context.Context) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, b := range p.Module.Imports {
		if p.resources[b.Block] == nil {
			diags = append(diags, &hcl.Diagnostic{
				Severity: hcl.DiagError, Summary: "Resource not in the configuration",
				Detail:  fmt.Sprintf("The import leads to %s, for which the configuration has no block. Write one, such as resource %q %q {}.", b.Block, b.Block.Resource.Type, b.Block.Resource.Name),
				Subject: &b.Range,
			})
			continue
		}
		if r := p.resources[b.Block]; b.Provider != nil {
			if at, _, ok := p.Module.ProviderConfig(b.Provider.Ref); !ok || at != bareProvider(r.Provider) {
				diags = append(diags, &hcl.Diagnostic{
					Severity: hcl.DiagError, Summary: "Another provider",
					Detail:  fmt.Sprintf("The import names the provider configuration %s, but %s is made with %s. Remove the argument.", b.Provider.Ref, b.Block, r.Provider),
					Subject: &b.Provider.Range,
				})
			}
		}
		all, more := p.wanted.Get(ctx, importsID(b.Block))
		diags = append(diags, more...)
		for a, w := range all {
			if w.at != b.Range {
				continue
			}
			if ok, more := p.exists(ctx, a); !ok && !more.HasErrors() {
				diags = append(diags, &hcl.Diagnostic{
					Severity: hcl.DiagError, Summary: "Instance not in the configuration",
					Detail:  fmt.Sprintf("The import leads to %s, but the configuration has no such instance. Check the keys of count and for_each.", a),
					Subject: &b.Range,
				})
			}
		}
	}
	return diags
}

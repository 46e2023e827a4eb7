package plan

import (
	"bytes"
	"context"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// object is a stored object after reading it.
type object struct {
	Prior
	provider addr.ProviderConfig
	schema   *plugin.Schema
	stored   *state.Object // what p.next has of it; nil when it is gone
}

// refresh brings an object of the state to the present schema, reads it, and
// notes how it drifted.
func (p *planner) refresh(ctx context.Context, id objectID) (*object, hcl.Diagnostics) {
	stored := p.prior.GetDeposed(id.addr, id.deposed)
	config, diags := p.placeOf(ctx, id.addr)
	if diags.HasErrors() {
		return nil, diags
	}
	schema, diags := p.SchemaOf(ctx, config.Provider, id.addr.Resource)
	if diags.HasErrors() {
		return nil, diags
	}
	provider, more := p.ProviderFor(ctx, id.addr, config)
	if diags = append(diags, more...); diags.HasErrors() {
		return nil, diags
	}
	foreign := p.foreign(id.addr)
	var before plugin.Object
	if foreign {
		before, more = p.adopt(ctx, provider, id.addr, stored)
	} else {
		before, more = upgrade(ctx, provider, schema, id.addr, stored)
	}
	if diags = append(diags, more...); diags.HasErrors() {
		return nil, diags
	}
	out := &object{
		Prior:    Prior{Object: before, Tainted: stored.Tainted, Sensitive: stored.Sensitive},
		provider: config, schema: schema, stored: stored,
	}
	removed, destroy := p.removed(id.addr)
	if p.opts.NoRefresh || removed && !destroy && p.Resource(id.addr) == nil { // it is only forgotten
		if foreign {
			diags = append(diags, p.keep(id, out)...)
		}
		return out, diags
	}
	if ctx.Err() != nil {
		return nil, append(diags, interrupted())
	}
	event := Event{Addr: id.addr, Deposed: id.deposed, Step: Refreshing}
	event.IDKey, event.IDValue = Identify(schema.Secret(before.Value, lang.Sensitive))
	p.hook.Started(event)
	after, more := provider.Read(ctx, id.addr.Resource.Type, before)
	more = p.about(more, id.addr)
	if after.Value != cty.NilVal && after.Value.IsNull() {
		event.IDKey, event.IDValue = "", "" // nothing is left to show
	}
	p.hook.Finished(event, more)
	if diags = append(diags, more...); diags.HasErrors() {
		return nil, diags
	}
	unchanged := same(before.Value, after.Value)
	if id.deposed == "" && !unchanged {
		p.noteDrift(id.addr, config, schema, out, after.Value)
	}
	kept := unchanged && !foreign && isKept(schema, stored, before, after)
	if out.Object = after; kept {
		p.next.Put(state.Entry{Addr: id.addr, Deposed: id.deposed, Provider: config, Object: stored})
		return out, diags
	}
	return out, append(diags, p.keep(id, out)...)
}

// placeOf is providerOf with the instance of the block, if it has many.
func (p *planner) placeOf(ctx context.Context, a addr.Instance) (addr.ProviderConfig, hcl.Diagnostics) {
	r := p.Resource(a)
	if r == nil || r.choice == nil {
		return p.providerOf(a), nil
	}
	ok, diags := p.exists(ctx, a)
	if !ok || diags.HasErrors() || p.opts.Mode == Destroy {
		return p.prior.Provider(a), diags
	}
	placed, more := p.Placed(ctx, r, a)
	return placed.Provider, append(diags, more...)
}

// providerOf is the provider configuration for an object of the state: the one
// of its block if it still has one, else the one that it was made with.
func (p *planner) providerOf(a addr.Instance) addr.ProviderConfig {
	if r := p.Resource(a); r != nil {
		return r.Provider
	}
	return p.prior.Provider(a)
}

// keep stores the refreshed object.
func (p *planner) keep(id objectID, o *object) hcl.Diagnostics {
	entry := state.Entry{Addr: id.addr, Deposed: id.deposed, Provider: o.provider}
	if o.Value.IsNull() {
		o.stored = nil
		p.next.Put(entry)
		return nil
	}
	fresh, err := Record(o.schema, o.Object, MarksOf(o.Sensitive))
	if err != nil {
		return hcl.Diagnostics{StateFailure(id.addr, err)}
	}
	o.stored = o.stored.With(func(s *state.Object) {
		s.Attributes, s.SchemaVersion, s.Private, s.Sensitive = fresh.Attributes, fresh.SchemaVersion, fresh.Private, fresh.Sensitive
		if fresh.Identity != nil {
			s.Identity, s.IdentityVersion = fresh.Identity, fresh.IdentityVersion
		}
	})
	entry.Object = o.stored
	p.next.Put(entry)
	return nil
}

// isKept tells that the state would hold of an object, whose value did not change,
// what it holds already.
func isKept(schema *plugin.Schema, stored *state.Object, before, after plugin.Object) bool {
	return !after.Value.IsNull() && stored.SchemaVersion == schema.Version && bytes.Equal(stored.Private, after.Private) &&
		len(stored.Sensitive) == 0 && !schema.HasSecrets() &&
		(schema.Identity == cty.NilType || stored.Identity != nil && stored.IdentityVersion == schema.IdentityVersion &&
			before.Identity != cty.NilVal && after.Identity != cty.NilVal && same(before.Identity, after.Identity))
}

func (p *planner) noteDrift(a addr.Instance, config addr.ProviderConfig, schema *plugin.Schema, before *object, after cty.Value) {
	marks := MarksOf(before.Sensitive)
	change := Change{Addr: a, Provider: config, Action: Update, Before: Marked(schema, before.Value, marks), After: Marked(schema, after, marks)}
	if after.IsNull() {
		change.Action = Delete
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drift = append(p.drift, change)
}

// upgrade decodes a stored object by way of the provider, which knows older
// schemas.
func upgrade(ctx context.Context, provider *plugin.Provider, schema *plugin.Schema, a addr.Instance, stored *state.Object) (plugin.Object, hcl.Diagnostics) {
	out := plugin.Object{Private: stored.Private}
	if stored.SchemaVersion > schema.Version {
		return out, hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "State of a newer provider",
			Detail: fmt.Sprintf("%s was stored with version %d of its schema, but this provider has only version %d. Use the newer provider.", a, stored.SchemaVersion, schema.Version),
			Extra:  About{Addr: a.String()},
		}}
	}
	var diags hcl.Diagnostics
	var err error
	current := provider.Current(a.Resource.Type, stored.SchemaVersion)
	if current {
		out.Value, err = stored.Value(schema.Type)
	}
	if !current || err != nil { // what does not fit exactly is the provider's to judge
		out.Value, diags = provider.Upgrade(ctx, a.Resource.Type, stored.SchemaVersion, stored.Attributes)
	}
	if diags.HasErrors() || stored.Identity == nil || schema.Identity == cty.NilType {
		return out, diags
	}
	if stored.IdentityVersion != schema.IdentityVersion {
		identity, more := provider.UpgradeIdentity(ctx, a.Resource.Type, stored.IdentityVersion, stored.Identity)
		out.Identity = identity
		return out, append(diags, more...)
	}
	identity, err := (&state.Object{Attributes: stored.Identity}).Value(schema.Identity)
	if err != nil {
		return out, append(diags, StateFailure(a, err))
	}
	out.Identity = identity
	return out, diags
}

// StateFailure is the diagnostic for an object that cannot be decoded or encoded.
func StateFailure(a addr.Instance, err error) *hcl.Diagnostic {
	return &hcl.Diagnostic{
		Severity: hcl.DiagError, Summary: "Invalid object in the state",
		Detail: fmt.Sprintf("%s: %v.", a, err), Extra: About{Addr: a.String()},
	}
}

// about says which object a provider's diagnostics are about, and where its
// block is if it has one.
func (p *planner) about(diags hcl.Diagnostics, a addr.Instance) hcl.Diagnostics {
	if r := p.Resource(a); r != nil {
		return p.Locate(diags, r, a)
	}
	return locate(diags, hcl.EmptyBody(), nil, a.String())
}

// Identify is the attribute by which people know an object.
func Identify(v cty.Value) (key, value string) {
	if v == cty.NilVal || v.IsMarked() || v.IsNull() || !v.IsKnown() || !v.Type().IsObjectType() {
		return "", ""
	}
	for _, name := range []string{"id", "name"} {
		if !v.Type().HasAttribute(name) {
			continue
		}
		a := v.GetAttr(name)
		if !a.IsMarked() && a.IsKnown() && !a.IsNull() && a.Type() == cty.String {
			return name, a.AsString()
		}
	}
	return "", ""
}

// Stored decodes an object of the state that was stored by this or an older
// version of its schema.
func (s *Session) Stored(ctx context.Context, e state.Entry) (Prior, *plugin.Schema, hcl.Diagnostics) {
	schema, diags := s.SchemaOf(ctx, e.Provider.Provider, e.Addr.Resource)
	if diags.HasErrors() {
		return Prior{}, nil, diags
	}
	out := Prior{
		Object:  plugin.Object{Value: cty.NullVal(schema.Type)},
		Tainted: e.Object.Tainted, Sensitive: e.Object.Sensitive,
	}
	if e.Object.SchemaVersion == schema.Version {
		v, err := e.Object.Value(schema.Type)
		if err == nil && (e.Object.Identity == nil || schema.Identity == cty.NilType) {
			out.Value, out.Private = v, e.Object.Private
			return out, schema, diags
		}
	}
	if e.Addr.Resource.Mode == addr.Data {
		return out, schema, append(diags, StateFailure(e.Addr, fmt.Errorf("it does not fit the provider's schema; refresh it")))
	}
	out.Object, diags = upgrade(ctx, s.unconfigured(e.Provider.Provider), schema, e.Addr, e.Object)
	return out, schema, diags
}

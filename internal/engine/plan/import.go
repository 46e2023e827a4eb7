package plan

import (
	"context"
	"fmt"

	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// Import looks up an existing object by the id that its provider knows it by, and
// returns the entry that makes it the object of the instance a, which the
// configuration must have and the state must not. Of the options, those that say
// what to do play no part.
func (p *Program) Import(ctx context.Context, o Options, a addr.Instance, id string) (_ state.Entry, diags hcl.Diagnostics) {
	entry := state.Entry{Addr: a}
	o.Mode, o.NoRefresh, o.Replace = RefreshOnly, true, nil
	pl := p.planner(o)
	defer func() { diags = append(diags, pl.Close(ctx)...) }()
	r, diags := pl.importable(ctx, a)
	if diags.HasErrors() {
		return entry, diags
	}
	entry.Provider = r.Provider
	provider, more := pl.ProviderFor(ctx, a, r.Provider)
	if diags = append(diags, more...); diags.HasErrors() {
		return entry, diags
	}
	found, more := provider.Import(ctx, a.Resource.Type, id)
	if diags = append(diags, pl.Locate(more, r, a)...); diags.HasErrors() {
		return entry, diags
	}
	read, more := pl.readImported(ctx, provider, r, a, found, &Importing{ID: id})
	if diags = append(diags, more...); diags.HasErrors() {
		return entry, diags
	}
	object, err := Record(r.Schema, read, nil)
	if err != nil {
		return entry, append(diags, StateFailure(a, err))
	}
	entry.Object = object
	return entry, diags
}

// readImported completes what an import found.
func (p *planner) readImported(ctx context.Context, provider *plugin.Provider, r *Resource, a addr.Instance, found plugin.Object, what *Importing) (plugin.Object, hcl.Diagnostics) {
	read, diags := provider.Read(ctx, a.Resource.Type, found)
	if diags = p.Locate(diags, r, a); diags.HasErrors() || !read.Value.IsNull() {
		return read, diags
	}
	which := fmt.Sprintf("the id %q", what.ID)
	if what.ID == "" {
		which = "that identity"
	}
	return read, append(diags, &hcl.Diagnostic{
		Severity: hcl.DiagError, Summary: "Cannot import what does not exist",
		Detail:  fmt.Sprintf("The provider %s knows no object with %s for %s. Check it, and the region and account that the provider is configured for.", r.Provider.Provider.Display(), which, a),
		Subject: &r.Range, Extra: About{Addr: a.String()},
	})
}

// importable is the block of an instance that an object can be imported to.
func (p *planner) importable(ctx context.Context, a addr.Instance) (*Resource, hcl.Diagnostics) {
	fail := func(at *hcl.Range, summary, detail string) (*Resource, hcl.Diagnostics) {
		return nil, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: at, Extra: About{Addr: a.String()}}}
	}
	r := p.Resource(a)
	switch {
	case a.Resource.Mode != addr.Managed:
		return fail(nil, "Only managed resources can be imported", fmt.Sprintf("%s is read anew with every plan.", a))
	case r == nil:
		return fail(nil, "Resource not in the configuration", fmt.Sprintf("The configuration has no block for %s. Write one, such as resource %q %q {}, and import again.", a, a.Resource.Type, a.Resource.Name))
	case p.prior.Get(a) != nil:
		return fail(&r.Range, "Resource already managed", fmt.Sprintf("The state has an object at %s. To import another one in its place, drop it first with the command state rm.", a))
	}
	x, diags := p.Eval(a.Module).Expand(ctx, a.Resource)
	if diags.HasErrors() {
		return nil, diags
	}
	exists, diags := p.Eval(a.Module).Exists(ctx)
	if diags.HasErrors() {
		return nil, diags
	}
	if !exists || !x.Has(a.Key) {
		return fail(&r.Range, "Instance not in the configuration", fmt.Sprintf("%s has no instance %s. Check the index; quotes must reach this program.", a.Config(), a))
	}
	return r, diags
}

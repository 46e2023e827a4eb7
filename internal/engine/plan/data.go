package plan

import (
	"context"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// planData reads a data source, or plans to read it during apply when it depends
// on what is not there yet.
func (p *planner) planData(ctx context.Context, r *Resource, a addr.Instance) (cty.Value, hcl.Diagnostics) {
	if r.Check != "" {
		return p.scoped(ctx, r, a)
	}
	x, diags := p.Eval(a.Module).Expand(ctx, a.Resource)
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	in := x.Within(a.Key)
	if diags = p.Before(ctx, r, a, in); diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	config, more := p.Configuration(ctx, r, a, in)
	if diags = append(diags, more...); diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	reason := Reason("")
	switch {
	case p.opts.Mode == Destroy:
	case !config.Value.IsWhollyKnown():
		reason = ReadConfigUnknown
	case p.pending(r, a.Module):
		reason = ReadDependency
	}
	if reason != "" || !config.Value.IsWhollyKnown() {
		after := unread(r, config)
		if p.opts.Mode == Normal {
			p.record(Change{
				Addr: a, Provider: r.Provider, Action: Read, Reason: reason,
				Before: cty.NullVal(r.Schema.Type), After: after, Dependencies: r.Needs,
			})
		}
		return after, diags
	}
	v, entry, more := p.ReadData(ctx, r, a, in, config, p.hook)
	if diags = append(diags, more...); diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	p.next.Put(entry)
	return v, diags
}

// pending tells that something that the data source must come after is going to
// change. Of its own module, only the same instance counts.
func (p *planner) pending(r *Resource, in addr.ModuleInstance) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	own := in.Config()
	for _, wait := range r.waits {
		if wait.Module == own && p.busy[in.Resource(wait.Resource)] || wait.Module != own && p.busyBlocks[wait] {
			return true
		}
	}
	return false
}

// ReadData reads a data source whose configuration is known. The value is marked.
func (s *Session) ReadData(ctx context.Context, r *Resource, a addr.Instance, in lang.Within, config Configuration, hook Hook) (cty.Value, state.Entry, hcl.Diagnostics) {
	entry := state.Entry{Addr: a, Provider: r.Provider}
	provider, diags := s.ProviderFor(ctx, a, r.Provider)
	if diags.HasErrors() {
		return cty.DynamicVal, entry, diags
	}
	event := Event{Addr: a, Step: Reading}
	hook.Started(event)
	v, more := provider.ReadData(ctx, r.Addr.Type, config.Value)
	more = s.Locate(more, r, a)
	if !more.HasErrors() && (v.IsNull() || !v.IsWhollyKnown()) {
		more = append(more, s.Bug(r, a, "Invalid result of the provider", "the data read is absent or not wholly known"))
	}
	event.IDKey, event.IDValue = Identify(r.Schema.Secret(v, lang.Sensitive))
	hook.Finished(event, more)
	if diags = append(diags, more...); diags.HasErrors() {
		return cty.DynamicVal, entry, diags
	}
	out := Marked(r.Schema, v, config.Marks)
	in.Self = out
	if diags = append(diags, s.Eval(a.Module).Require(ctx, lang.OfInstance(a), r.Lifecycle.Postconditions, "Postcondition of "+a.String()+" failed", in)...); diags.HasErrors() {
		return cty.DynamicVal, entry, diags
	}
	object, err := Record(r.Schema, plugin.Object{Value: v}, config.Marks)
	if err != nil {
		return cty.DynamicVal, entry, append(diags, StateFailure(a, err))
	}
	entry.Object = object
	return out, entry, diags
}

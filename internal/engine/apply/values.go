package apply

import (
	"context"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/graph"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// Instance is the value of an instance for expressions (lang.Objects): what the
// state has of it. The order of work has seen to it that this is final.
func (a *applier) Instance(ctx context.Context, i addr.Instance) (cty.Value, hcl.Diagnostics) {
	return a.instances.Get(ctx, i)
}

// Whole is the value of all instances for expressions (lang.Objects).
func (a *applier) Whole(ctx context.Context, r addr.ModuleResource) (cty.Value, hcl.Diagnostics) {
	return a.wholes.Get(ctx, r)
}

func (a *applier) name(i addr.Instance) (string, *hcl.Range) {
	return i.String(), a.Place(i.Module, i.Resource)
}

func (a *applier) nameWhole(r addr.ModuleResource) (string, *hcl.Range) {
	return r.String(), a.Place(r.Module, r.Resource)
}

func (a *applier) whole(ctx context.Context, r addr.ModuleResource) (cty.Value, hcl.Diagnostics) {
	x, diags := a.Eval(r.Module).Expand(ctx, r.Resource)
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	v := x.Collect(func(key addr.Key) cty.Value {
		v, d := a.instances.Get(ctx, r.Instance(key))
		diags = append(diags, d...)
		return v
	})
	return v, diags
}

func (a *applier) value(ctx context.Context, i addr.Instance) (cty.Value, hcl.Diagnostics) {
	from := a.state
	if a.plan.Mode == plan.Destroy {
		from = a.plan.Prior // what is being destroyed may still configure a provider
	}
	r := a.Resource(i)
	if i.Resource.Mode == addr.Ephemeral {
		return a.Ephemeral(ctx, r, i, a.hook)
	}
	if r.Check != "" {
		v, entry, diags := a.Scoped(ctx, r, i, a.hook)
		if entry.Object != nil {
			diags = append(diags, a.commit(entry)...)
		}
		return v, diags
	}
	object := from.Get(i)
	if object == nil || !a.settled(i) {
		if a.plan.Mode == plan.Normal {
			return cty.UnknownVal(r.Schema.Type), graph.Upstream() // its own change failed or never began
		}
		return cty.UnknownVal(r.Schema.Type), nil
	}
	prior, schema, diags := a.Stored(ctx, state.Entry{Addr: i, Provider: r.Provider, Object: object})
	if diags.HasErrors() {
		return cty.UnknownVal(r.Schema.Type), diags
	}
	return plan.Marked(schema, prior.Value, plan.MarksOf(prior.Sensitive)), diags
}

// settled tells that nothing more happens to i.
func (a *applier) settled(i addr.Instance) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !a.open[i]
}

package apply

import (
	"context"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// abandon ends the creations that a run which was cut off left half done, of objects
// that nobody wants any more, and destroys these. It comes before all else: nothing
// depends on an object that was not there yet, but it may depend on what is to go.
// After an error nothing else begins.
func (a *applier) abandon(ctx context.Context) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, i := range a.plan.Abandoned(a.unfinished) {
		if ctx.Err() != nil {
			break
		}
		if diags = append(diags, a.unmake(ctx, i)...); diags.HasErrors() {
			a.halt()
			break
		}
	}
	return diags
}

// unmake has the provider end a creation, from its own note, and destroy the object.
func (a *applier) unmake(ctx context.Context, i state.Intent) hcl.Diagnostics {
	schema, diags := a.SchemaOf(ctx, i.Provider.Provider, i.Addr.Resource)
	if diags.HasErrors() {
		return diags
	}
	value, err := ctyjson.Unmarshal(i.Planned, schema.Type)
	if err != nil {
		return append(diags, half(i.Addr, fmt.Sprintf("What was planned cannot be read: %v.", err)))
	}
	provider, more := a.ProviderFor(ctx, i.Addr, i.Provider)
	if diags = append(diags, more...); diags.HasErrors() {
		return diags
	}
	event := plan.Event{Addr: i.Addr, Step: plan.Destroying}
	a.hook.Started(event)
	defer func() { a.hook.Finished(event, diags) }()
	notes := &plugin.Notes{Earlier: i.Note, Write: func(note []byte) error {
		i.Note = note
		return a.log.Intend(i)
	}}
	got, _, lost, more := provider.Apply(ctx, i.Addr.Resource.Type, cty.NullVal(schema.Type), plugin.Object{Value: schema.Open(value)}, value, notes)
	if lost || got.Value.IsNull() {
		if !lost && i.Note == nil { // the provider says that nothing is left
			diags = append(diags, a.commit(state.Entry{Addr: i.Addr, Provider: i.Provider})...)
			return diags
		}
		diags = append(diags, a.about(more, i.Addr)...)
		diags = append(diags, half(i.Addr, "The provider could not end it."))
		return diags
	}
	object, err := plan.Record(schema, plugin.Object{Value: cty.UnknownAsNull(got.Value), Private: got.Private, Identity: got.Identity}, nil)
	if err != nil {
		diags = append(diags, plan.StateFailure(i.Addr, err))
		return diags
	}
	entry := state.Entry{Addr: i.Addr, Provider: i.Provider, Object: object}
	if diags = append(diags, a.commit(entry)...); diags.HasErrors() {
		return diags
	}
	if err := a.log.Intend(state.Intent{Addr: i.Addr, Action: "delete"}); err != nil {
		diags = append(diags, a.unrecorded(i.Addr, err, notBegun)...)
		return diags
	}
	gone, _, lost, more := provider.Apply(ctx, i.Addr.Resource.Type, cty.UnknownAsNull(got.Value), plugin.Object{Value: cty.NullVal(schema.Type), Private: got.Private, Identity: got.Identity}, cty.NullVal(schema.Type), nil)
	diags = append(diags, a.about(more, i.Addr)...)
	if !lost && gone.Value.IsNull() && !more.HasErrors() {
		entry.Object = nil
		diags = append(diags, a.commit(entry)...)
		a.count(diags, func(r *Result) { r.Destroyed++ })
	}
	return diags
}

// half is the error about a creation that could not be ended.
func half(i addr.Instance, why string) *hcl.Diagnostic {
	return &hcl.Diagnostic{
		Severity: hcl.DiagError, Summary: "An object is half made",
		Detail: fmt.Sprintf("An earlier run was cut off while it created %s, which is not wanted any more. %s Apply the configuration that has its block first: it finishes the object, and destroying it can follow. If the object is somebody else's, remove the journal beside the state.", i, why),
		Extra:  plan.About{Addr: i.String()},
	}
}

package apply_test

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/action"
	aschema "github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func (p *testProvider) Actions(context.Context) []func() action.Action {
	return []func() action.Action{func() action.Action { return &say{} }}
}

// say is an action that tells a message.
type say struct{ c *client }

type sayModel struct {
	Message types.String `tfsdk:"message"`
	Fail    types.String `tfsdk:"fail"`
}

func (a *say) Metadata(_ context.Context, _ action.MetadataRequest, out *action.MetadataResponse) {
	out.TypeName = "test_say"
}

func (a *say) Schema(_ context.Context, _ action.SchemaRequest, out *action.SchemaResponse) {
	out.Schema = aschema.Schema{Attributes: map[string]aschema.Attribute{
		"message": aschema.StringAttribute{Required: true},
		"fail":    aschema.StringAttribute{Optional: true},
	}}
}

func (a *say) Configure(_ context.Context, in action.ConfigureRequest, _ *action.ConfigureResponse) {
	if c, ok := in.ProviderData.(*client); ok {
		a.c = c
	}
}

func (a *say) ModifyPlan(ctx context.Context, in action.ModifyPlanRequest, out *action.ModifyPlanResponse) {
	var m sayModel
	out.Diagnostics.Append(in.Config.Get(ctx, &m)...)
	if m.Fail.ValueString() == "plan" {
		out.Diagnostics.AddError("Planning the action failed", "as asked")
	}
}

func (a *say) Invoke(ctx context.Context, in action.InvokeRequest, out *action.InvokeResponse) {
	var m sayModel
	out.Diagnostics.Append(in.Config.Get(ctx, &m)...)
	a.c.w.note("say", m.Message.ValueString())
	out.SendProgress(action.InvokeProgressEvent{Message: "one " + m.Message.ValueString()})
	if m.Fail.ValueString() == "invoke" {
		out.Diagnostics.AddError("The action failed", "as asked")
	}
	out.SendProgress(action.InvokeProgressEvent{Message: "two"})
}

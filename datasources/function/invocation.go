package function

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
	"github.com/tfserverless/terraform-provider-serverless/resources/function"
)

type invocationModel struct {
	tf.SourceBase
	Function types.String `tfsdk:"function"`
	Payload  tf.JSON      `tfsdk:"payload"`
	TenantID types.String `tfsdk:"tenant_id"`
	Fail     types.Bool   `tfsdk:"fail_on_error"`
	Result   types.String `tfsdk:"result"`
	Error    types.String `tfsdk:"error"`
	Version  types.String `tfsdk:"executed_version"`
	Log      types.String `tfsdk:"log"`
}

// Invocation is the data source serverless_invocation: what a function answers.
var Invocation = tf.Source[*function.Clients, invocationModel]{
	Name: "invocation",
	Schema: schema.Schema{
		MarkdownDescription: "Calls a function and gives its answer. It is called in every plan, so that it should change nothing; to call a function once there is the action `serverless_invoke`.",
		Attributes: map[string]schema.Attribute{
			"function":         schema.StringAttribute{Required: true, MarkdownDescription: "The function: its name or ARN, with a colon and an alias or a version behind it if one is meant."},
			"payload":          schema.StringAttribute{Optional: true, CustomType: tf.JSONType{}, MarkdownDescription: "The event, JSON: `jsonencode({ … })`. Default: null."},
			"tenant_id":        schema.StringAttribute{Optional: true, MarkdownDescription: "For a function with `tenancy`: the tenant that the call is for."},
			"fail_on_error":    schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether it is an error that the function fails. Default: true."},
			"result":           schema.StringAttribute{Computed: true, MarkdownDescription: "What the function answered, JSON: `jsondecode` reads it."},
			"error":            schema.StringAttribute{Computed: true, MarkdownDescription: "`Handled` or `Unhandled` if the function failed; else null."},
			"executed_version": schema.StringAttribute{Computed: true, MarkdownDescription: "The version that ran."},
			"log":              schema.StringAttribute{Computed: true, MarkdownDescription: "The last 4 KB of what the function logged."},
		},
	},
	Read: func(ctx context.Context, c *function.Clients, m *invocationModel) error {
		a, err := function.Call{
			Function: m.Function, Payload: m.Payload.ValueString(), TenantID: m.TenantID.ValueString(), Fail: m.Fail.IsNull() || m.Fail.ValueBool(),
		}.Do(ctx, c)
		if err != nil {
			return err
		}
		m.Result, m.Error, m.Version, m.Log = types.StringValue(a.Payload), tf.NonEmpty(&a.Error), types.StringValue(a.Version), types.StringValue(a.Log)
		return nil
	},
}

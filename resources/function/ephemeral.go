package function

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type invocationModel struct {
	tf.EphemeralBase
	Function tftypes.String `tfsdk:"function"`
	Payload  tf.JSON        `tfsdk:"payload"`
	TenantID tftypes.String `tfsdk:"tenant_id"`
	Result   tftypes.String `tfsdk:"result"`
	Version  tftypes.String `tfsdk:"executed_version"`
}

// Invocation is the ephemeral resource serverless_invocation.
var Invocation = tf.Ephemeral[*Clients, invocationModel]{
	Name: "invocation",
	Schema: schema.Schema{
		MarkdownDescription: "Calls a function for an answer that is kept in neither the plan nor the state, such as a password for `environment_wo`. It is called whenever the value is needed: in each plan, and again in each apply.",
		Attributes: map[string]schema.Attribute{
			"function":         schema.StringAttribute{Required: true, Validators: []validator.String{functionRef}, MarkdownDescription: "The function: its name or ARN, with a colon and an alias or a version behind it if one is meant."},
			"payload":          schema.StringAttribute{Optional: true, CustomType: tf.JSONType{}, MarkdownDescription: "The event, JSON. Default: null."},
			"tenant_id":        schema.StringAttribute{Optional: true, MarkdownDescription: "For a function with `tenancy`: the tenant that the call is for."},
			"result":           schema.StringAttribute{Computed: true, Sensitive: true, MarkdownDescription: "What the function answered, JSON. That it fails is an error."},
			"executed_version": schema.StringAttribute{Computed: true, MarkdownDescription: "The version that ran."},
		},
	},
	Open: func(ctx context.Context, c *Clients, m *invocationModel) error {
		a, err := Call{Function: m.Function, Payload: m.Payload.ValueString(), TenantID: m.TenantID.ValueString(), Fail: true}.Do(ctx, c)
		if err != nil {
			return err
		}
		m.Result, m.Version = tftypes.StringValue(a.Payload), tftypes.StringValue(a.Version)
		return nil
	},
}

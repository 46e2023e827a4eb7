package function

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type invokeModel struct {
	tf.ActionBase
	Function    tftypes.String `tfsdk:"function"`
	Payload     tf.JSON        `tfsdk:"payload"`
	Kind        tftypes.String `tfsdk:"type"`
	TenantID    tftypes.String `tfsdk:"tenant_id"`
	FailOnError tftypes.Bool   `tfsdk:"fail_on_error"`
}

// Invoke is the action serverless_invoke.
var Invoke = tf.Action[*Clients, invokeModel]{
	Name: "invoke",
	Schema: schema.Schema{
		MarkdownDescription: "Calls a function, once: to see that it works after it was deployed, or to let it prepare something. What it answers and logs is shown.",
		Attributes: map[string]schema.Attribute{
			"function":  schema.StringAttribute{Required: true, Validators: []validator.String{functionRef}, MarkdownDescription: "The function: its name or ARN, with a colon and an alias or a version behind it if one is meant, such as the `target_arn` of a `serverless_function`."},
			"payload":   schema.StringAttribute{Optional: true, CustomType: tf.JSONType{}, MarkdownDescription: "The event, JSON: `jsonencode({ … })`, or what `provider::serverless::sample_event` makes. Default: null."},
			"type":      schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.OneOf("request", "event", "dry_run")}, MarkdownDescription: "`request` waits for the answer; `event` only hands the call over; `dry_run` only looks whether it is allowed. Default: `request`."},
			"tenant_id": schema.StringAttribute{Optional: true, MarkdownDescription: "For a function with `tenancy`: the tenant that the call is for."},
			"fail_on_error": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "Whether the action fails when the function does. Default: true.",
			},
		},
	},
	Invoke: func(ctx context.Context, c *Clients, m *invokeModel, progress func(string, ...any)) error {
		r := refer(m.Function)
		kind := map[string]types.InvocationType{"event": types.InvocationTypeEvent, "dry_run": types.InvocationTypeDryRun}[m.Kind.ValueString()]
		if kind != "" {
			_, err := c.Lambda.Invoke(ctx, &lambda.InvokeInput{
				FunctionName: r.name, Qualifier: r.qualifier, InvocationType: kind, Payload: []byte(m.Payload.ValueString()), TenantId: m.TenantID.ValueStringPointer(),
			}, once)
			if err == nil && kind == types.InvocationTypeDryRun {
				progress("%s may be called.", r.id())
			} else if err == nil {
				progress("%s has the event.", r.id())
			}
			return err
		}
		a, err := Call{Function: m.Function, Payload: m.Payload.ValueString(), TenantID: m.TenantID.ValueString(), Fail: m.FailOnError.IsNull() || m.FailOnError.ValueBool()}.Do(ctx, c)
		if err != nil {
			return err
		}
		for line := range strings.Lines(a.Log) {
			progress("%s", strings.TrimRight(line, "\n"))
		}
		if a.Error != "" {
			progress("%s failed: %s", r.id(), a.Payload)
		} else {
			progress("%s answered %s", r.id(), a.Payload)
		}
		return nil
	},
}

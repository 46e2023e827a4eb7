package statemachine

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type stopModel struct {
	tf.ActionBase
	Execution tftypes.String `tfsdk:"execution"`
	Error     tftypes.String `tfsdk:"error"`
	Cause     tftypes.String `tfsdk:"cause"`
}

// Stop is the action serverless_stop_execution.
var Stop = tf.Action[*Clients, stopModel]{
	Name: "stop_execution",
	Schema: schema.Schema{
		MarkdownDescription: "Aborts an execution of a `STANDARD` state machine. One that has ended stays as it is.",
		Attributes: map[string]schema.Attribute{
			"execution": schema.StringAttribute{Required: true, Validators: []validator.String{ExecutionARN}, MarkdownDescription: "ARN of the execution."},
			"error":     schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.LengthAtMost(256)}, MarkdownDescription: "Name of the error that it ends with, at most 256 characters. Default: none."},
			"cause":     schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.LengthAtMost(32768)}, MarkdownDescription: "Why, at most 32768 characters. Default: none."},
		},
	},
	Invoke: func(ctx context.Context, c *Clients, m *stopModel, progress func(string, ...any)) error {
		arn := m.Execution.ValueString()
		if _, err := c.SFN.StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: &arn, Error: m.Error.ValueStringPointer(), Cause: m.Cause.ValueStringPointer()}); err != nil {
			return err
		}
		end, err := finished(ctx, c, arn, 1<<62, progress) // its history is not what this is about
		if err != nil {
			return err
		}
		return ended(arn, string(end.Status), end.Output, end.Cause, end.Error, false, progress)
	},
}

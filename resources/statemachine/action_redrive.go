package statemachine

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/google/uuid"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type redriveModel struct {
	tf.ActionBase
	Execution tftypes.String `tfsdk:"execution"`
	Wait      tftypes.Bool   `tfsdk:"wait"`
	Fail      tftypes.Bool   `tfsdk:"fail_on_error"`
}

// Redrive is the action serverless_redrive_execution.
var Redrive = tf.Action[*Clients, redriveModel]{
	Name: "redrive_execution",
	Schema: schema.Schema{
		MarkdownDescription: "Takes up an execution of a `STANDARD` state machine that did not succeed, at the states where it failed, and waits for its end, telling of each state that it enters.",
		Attributes: map[string]schema.Attribute{
			"execution":     schema.StringAttribute{Required: true, Validators: []validator.String{ExecutionARN}, MarkdownDescription: "ARN of the execution, which ended within the last 14 days."},
			"wait":          schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether to wait for its end. Default: true."},
			"fail_on_error": schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether the action fails when the execution does not succeed this time. Default: true."},
		},
	},
	Invoke: func(ctx context.Context, c *Clients, m *redriveModel, progress func(string, ...any)) error {
		arn := m.Execution.ValueString()
		before, err := c.SFN.GetExecutionHistory(ctx, &sfn.GetExecutionHistoryInput{ExecutionArn: &arn, MaxResults: 1, ReverseOrder: true})
		if err != nil {
			return err
		}
		var last int64
		for _, e := range before.Events {
			last = e.Id
		}
		token := uuid.NewString() // a repeated call is the same one
		if _, err := c.SFN.RedriveExecution(ctx, &sfn.RedriveExecutionInput{ExecutionArn: &arn, ClientToken: &token}); err != nil {
			return err
		}
		progress("Redrove %s", arn)
		if !orTrue(m.Wait) {
			return nil
		}
		end, err := finished(ctx, c, arn, last, progress)
		if err != nil {
			return err
		}
		return ended(arn, string(end.Status), end.Output, end.Cause, end.Error, orTrue(m.Fail), progress)
	},
}

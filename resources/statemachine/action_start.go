package statemachine

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type startModel struct {
	tf.ActionBase
	Machine tftypes.String `tfsdk:"state_machine"`
	Name    tftypes.String `tfsdk:"name"`
	Input   tf.JSON        `tfsdk:"input"`
	Wait    tftypes.Bool   `tfsdk:"wait"`
	Timeout tftypes.String `tfsdk:"timeout"`
	Fail    tftypes.Bool   `tfsdk:"fail_on_error"`
}

var executionName = tf.Pattern(`^[0-9A-Za-z_.-]{1,80}$`, "an execution's name has 1 to 80 letters, digits, dots, hyphens and underscores")

func orTrue(b tftypes.Bool) bool { return b.IsNull() || b.ValueBool() }

// Start is the action serverless_start_execution.
var Start = tf.Action[*Clients, startModel]{
	Name: "start_execution",
	Schema: schema.Schema{
		MarkdownDescription: "Starts an execution of a state machine and waits for its end, telling of each state that it enters.",
		Attributes: map[string]schema.Attribute{
			"state_machine": schema.StringAttribute{Required: true, Validators: []validator.String{Startable}, MarkdownDescription: "The state machine: its name or ARN, with a colon and an alias or a version behind it if one is meant, such as the `target_arn` of a `serverless_state_machine`."},
			"name":          schema.StringAttribute{Optional: true, Validators: []validator.String{executionName}, MarkdownDescription: "Name of the execution. Step Functions starts a `STANDARD` one of a name only once in 90 days. Default: one that AWS makes up."},
			"input":         schema.StringAttribute{Optional: true, CustomType: tf.JSONType{}, MarkdownDescription: "Its input, JSON: `jsonencode({ … })`. Default: `{}`."},
			"wait":          schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether to wait for its end. Default: true."},
			"timeout":       schema.StringAttribute{Optional: true, MarkdownDescription: "How long to wait, such as `30s` or `1h`; the execution goes on behind that. Default: until it ends."},
			"fail_on_error": schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether the action fails when the execution does not succeed. Default: true."},
		},
	},
	Validate: func(_ context.Context, v *tf.Check, m *startModel) {
		if m.Timeout.IsNull() || m.Timeout.IsUnknown() {
			return
		}
		if d, err := time.ParseDuration(m.Timeout.ValueString()); err != nil || d <= 0 {
			v.Error(path.Root("timeout"), "Bad duration", "Write timeout as a number above zero and a unit (s, m, h), such as \"90s\" or \"1h30m\".")
		}
		if v.Known("wait") && !orTrue(m.Wait) {
			v.Error(path.Root("timeout"), "Only with wait", "Nothing is waited for. Leave timeout out, or wait.")
		}
	},
	Invoke: func(ctx context.Context, c *Clients, m *startModel, progress func(string, ...any)) error {
		arn := StartableARN(ctx, m.Machine)
		if orTrue(m.Wait) {
			// Executions of EXPRESS machines cannot be looked at; this call waits for them.
			about, err := c.SFN.DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: aws.String(arnOf(ctx, tftypes.StringValue(arn)))})
			if err != nil {
				return err
			}
			if about.Type == types.StateMachineTypeExpress {
				waiting, cancel := m.limit(ctx)
				defer cancel()
				out, err := c.SFN.StartSyncExecution(waiting, &sfn.StartSyncExecutionInput{StateMachineArn: &arn, Name: m.Name.ValueStringPointer(), Input: m.Input.ValueStringPointer()}, once)
				if err != nil && ctx.Err() == nil && waiting.Err() != nil {
					return &tf.Problem{
						Summary: "The execution took too long",
						Detail:  "It was waited for as long as timeout says. Raise timeout, or look at what holds it up in the state machine's log group. An EXPRESS execution takes five minutes at most.",
					}
				}
				if err != nil {
					return err
				}
				return ended(*out.ExecutionArn, string(out.Status), out.Output, out.Cause, out.Error, orTrue(m.Fail), progress)
			}
		}
		out, err := c.SFN.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: &arn, Name: m.Name.ValueStringPointer(), Input: m.Input.ValueStringPointer()}, once)
		if err != nil {
			return err
		}
		progress("Started %s", *out.ExecutionArn)
		if !orTrue(m.Wait) {
			return nil
		}
		waiting, cancel := m.limit(ctx)
		defer cancel()
		end, err := finished(waiting, c, *out.ExecutionArn, 0, progress)
		if err != nil && ctx.Err() == nil && waiting.Err() != nil {
			return &tf.Problem{
				Summary: "The execution " + lastPart(*out.ExecutionArn) + " still runs",
				Detail:  "It was waited for as long as timeout says, and goes on. Raise timeout, or look at what holds it up: tfserverless execution " + *out.ExecutionArn,
			}
		}
		if err != nil {
			return err
		}
		return ended(*out.ExecutionArn, string(end.Status), end.Output, end.Cause, end.Error, orTrue(m.Fail), progress)
	},
}

// limit bounds how long the end is waited for.
func (m *startModel) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if d, err := time.ParseDuration(m.Timeout.ValueString()); err == nil {
		return context.WithTimeout(ctx, d)
	}
	return context.WithCancel(ctx)
}

// once keeps the SDK from repeating a call whose answer was lost, which would start
// a second execution where none is named.
func once(o *sfn.Options) { o.Retryer = tf.Unrepeated(o.Retryer) }

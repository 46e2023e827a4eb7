package messaging

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type redriving struct {
	tf.ActionBase
	From        basetypes.String `tfsdk:"dead_letter_arn"`
	To          basetypes.String `tfsdk:"to_arn"`
	MostASecond basetypes.Int64  `tfsdk:"max_per_second"`
	Wait        basetypes.Bool   `tfsdk:"wait"`
}

// Redrive is the action serverless_redrive.
var Redrive = tf.Action[*Clients, redriving]{
	Name: "redrive",
	Schema: schema.Schema{
		MarkdownDescription: "Moves the messages of a queue for dead letters back to where they came from, or to another queue.",
		Attributes: map[string]schema.Attribute{
			"dead_letter_arn": schema.StringAttribute{Required: true, Validators: []validator.String{queueARN}, MarkdownDescription: "ARN of the queue for dead letters."},
			"to_arn":          schema.StringAttribute{Optional: true, Validators: []validator.String{queueARN}, MarkdownDescription: "ARN of the queue to move them to. Default: that which each came from."},
			"max_per_second": schema.Int64Attribute{
				Optional: true, Validators: []validator.Int64{int64validator.Between(1, 500)},
				MarkdownDescription: "Most messages per second, 1 to 500. Default: as many as SQS sees fit.",
			},
			"wait": schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether to wait until all are moved. Default: `true`."},
		},
	},
	Invoke: move,
}

func move(ctx context.Context, c *Clients, m *redriving, progress func(string, ...any)) error {
	from := m.From.ValueString()
	in := &sqs.StartMessageMoveTaskInput{SourceArn: &from, DestinationArn: m.To.ValueStringPointer()}
	if !m.MostASecond.IsNull() {
		in.MaxNumberOfMessagesPerSecond = aws.Int32(int32(m.MostASecond.ValueInt64()))
	}
	out, err := c.SQS.StartMessageMoveTask(ctx, in)
	if tf.Is[*types.ResourceNotFoundException](err) {
		return noQueue(ctx, from)
	}
	if err != nil {
		return err
	}
	progress("Began to move the messages of %s.", lastPart(from))
	if !m.Wait.IsNull() && !m.Wait.ValueBool() {
		return nil
	}
	var last int64 = -1
	return tf.Poll(ctx, "the messages of "+lastPart(from)+" to be moved", func(ctx context.Context) (bool, error) {
		t, err := taskOf(ctx, c, from, aws.ToString(out.TaskHandle))
		if err != nil || t == nil {
			return false, err
		}
		if n := t.ApproximateNumberOfMessagesMoved; n != last {
			last = n
			progress("Moved %d of about %d messages of %s.", n, aws.ToInt64(t.ApproximateNumberOfMessagesToMove), lastPart(from))
		}
		switch aws.ToString(t.Status) {
		case "RUNNING", "CANCELLING": //nolint:misspell // SQS writes it so
			return false, nil
		case "COMPLETED":
			return true, nil
		}
		return false, &tf.Problem{
			Summary: "The messages of " + lastPart(from) + " were not all moved",
			Detail:  fmt.Sprintf("SQS says %s: %s About %d were moved. Look at the queue that they go to and at who may send there, and redrive the rest.", aws.ToString(t.Status), aws.ToString(t.FailureReason), t.ApproximateNumberOfMessagesMoved),
		}
	})
}

// taskOf is the task that was begun. SQS gives the handle of a running task only, so
// that the newest one without a handle is an ended one's.
func taskOf(ctx context.Context, c *Clients, from, handle string) (*types.ListMessageMoveTasksResultEntry, error) {
	out, err := c.SQS.ListMessageMoveTasks(ctx, &sqs.ListMessageMoveTasksInput{SourceArn: &from, MaxResults: aws.Int32(10)})
	if err != nil || len(out.Results) == 0 {
		return nil, err
	}
	newest := &out.Results[0]
	for i := range out.Results {
		r := &out.Results[i]
		if r.TaskHandle != nil && *r.TaskHandle == handle {
			return r, nil
		}
		if r.StartedTimestamp > newest.StartedTimestamp {
			newest = r
		}
	}
	return newest, nil
}

package messaging

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type purge struct {
	tf.ActionBase
	Queue basetypes.String `tfsdk:"queue"`
}

// Purge is the action serverless_purge.
var Purge = tf.Action[*Clients, purge]{
	Name: "purge",
	Schema: schema.Schema{
		MarkdownDescription: "Deletes all messages of a queue, for good. SQS does so once a minute, which a second one waits for, and takes up to a minute.",
		Attributes: map[string]schema.Attribute{
			"queue": schema.StringAttribute{Required: true, MarkdownDescription: "Name on AWS, ARN or address of the queue."},
		},
	},
	Invoke: func(ctx context.Context, c *Clients, m *purge, progress func(string, ...any)) error {
		url, err := addressOf(ctx, c, m.Queue.ValueString())
		if err != nil {
			return err
		}
		told := false
		err = tf.Retry(ctx, tf.Is[*types.PurgeQueueInProgress], func(ctx context.Context) error {
			_, err := c.SQS.PurgeQueue(ctx, &sqs.PurgeQueueInput{QueueUrl: &url})
			if tf.Is[*types.PurgeQueueInProgress](err) && !told {
				told = true
				progress("The queue %s was purged less than a minute ago, which SQS wants to have passed.", lastPart(url))
			}
			return err
		})
		if tf.Is[*types.QueueDoesNotExist](err) {
			return noQueue(ctx, m.Queue.ValueString())
		}
		if err == nil {
			progress("Purged %s.", lastPart(url))
		}
		return err
	},
}

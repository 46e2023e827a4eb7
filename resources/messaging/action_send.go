package messaging

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type send struct {
	tf.ActionBase
	Queue         basetypes.String `tfsdk:"queue"`
	Body          basetypes.String `tfsdk:"body"`
	Attributes    basetypes.Map    `tfsdk:"attributes"`
	Group         basetypes.String `tfsdk:"group_id"`
	Deduplication basetypes.String `tfsdk:"deduplication_id"`
	Delay         basetypes.Int64  `tfsdk:"delay"`
}

// Send is the action serverless_send.
var Send = tf.Action[*Clients, send]{
	Name: "send",
	Schema: schema.Schema{
		MarkdownDescription: "Sends a message to a queue.",
		Attributes: map[string]schema.Attribute{
			"queue":            schema.StringAttribute{Required: true, MarkdownDescription: "Name on AWS, ARN or address of the queue."},
			"body":             schema.StringAttribute{Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)}, MarkdownDescription: "Text of the message."},
			"attributes":       schema.MapAttribute{Optional: true, ElementType: basetypes.StringType, MarkdownDescription: "Attributes of the message, texts by name, at most 10."},
			"group_id":         schema.StringAttribute{Optional: true, MarkdownDescription: "Group of the message, which a FIFO queue needs."},
			"deduplication_id": schema.StringAttribute{Optional: true, MarkdownDescription: "What makes the message the same as another of the last 5 minutes. A FIFO queue needs it unless it goes by content."},
			"delay": schema.Int64Attribute{
				Optional: true, Validators: []validator.Int64{int64validator.Between(0, 900)},
				MarkdownDescription: "Seconds before the message is delivered, 0 to 900; not for FIFO queues. Default: the queue's.",
			},
		},
	},
	Validate: func(_ context.Context, v *tf.Check, m *send) {
		if v.Known("attributes") && len(m.Attributes.Elements()) > 10 {
			v.Error(path.Root("attributes"), "Too many attributes", fmt.Sprintf("A message has 10 attributes at most, and attributes has %d. Put some into the body.", len(m.Attributes.Elements())))
		}
		fifo := strings.HasSuffix(m.Queue.ValueString(), fifoSuffix)
		if v.Known("queue") && v.Known("group_id") && fifo && m.Group.IsNull() {
			v.Error(path.Root("group_id"), "Which group?", "A message to a FIFO queue needs group_id. Add it.")
		}
		if v.Known("queue") && v.Known("delay") && fifo && !m.Delay.IsNull() {
			v.Error(path.Root("delay"), "A delay in a FIFO queue", "FIFO queues delay all messages alike. Remove delay, or set that of the queue.")
		}
	},
	Invoke: func(ctx context.Context, c *Clients, m *send, progress func(string, ...any)) error {
		url, err := addressOf(ctx, c, m.Queue.ValueString())
		if err != nil {
			return err
		}
		in := &sqs.SendMessageInput{
			QueueUrl: &url, MessageBody: m.Body.ValueStringPointer(),
			MessageGroupId: m.Group.ValueStringPointer(), MessageDeduplicationId: m.Deduplication.ValueStringPointer(), DelaySeconds: int32(m.Delay.ValueInt64()),
		}
		all := m.Attributes.Elements()
		for _, name := range slices.Sorted(maps.Keys(all)) {
			s, _ := all[name].(basetypes.String)
			if in.MessageAttributes == nil {
				in.MessageAttributes = map[string]types.MessageAttributeValue{}
			}
			in.MessageAttributes[name] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: s.ValueStringPointer()}
		}
		out, err := c.SQS.SendMessage(ctx, in)
		if tf.Is[*types.QueueDoesNotExist](err) {
			return noQueue(ctx, m.Queue.ValueString())
		}
		if err == nil {
			progress("Sent the message %s to %s.", aws.ToString(out.MessageId), lastPart(url))
		}
		return err
	},
}

package messaging

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

var (
	queueName = tf.Pattern(`^[A-Za-z0-9_-]{1,75}\.fifo$|^[A-Za-z0-9_-]{1,80}$`, "a name has 1 to 80 letters, digits, \"_\" and \"-\"; that of a FIFO queue ends with \".fifo\"")
	queueARN  = tf.Pattern(`^arn:[a-z-]+:sqs:[^:]+:[0-9]{12}:[A-Za-z0-9_.-]+$`, "write the ARN of a queue, arn:aws:sqs:<region>:<account>:<name>")
	anyARN    = tf.Pattern(`^arn:[a-z-]+:[a-z0-9-]+:`, "write an ARN, arn:aws:<service>:<region>:<account>:<resource>")
)

// number is an attribute of a queue that is one.
func number(initial, least, most int64, about string) schema.Int64Attribute {
	return schema.Int64Attribute{
		Optional: true, Computed: true, Default: int64default.StaticInt64(initial),
		Validators:          []validator.Int64{int64validator.Between(least, most)},
		MarkdownDescription: fmt.Sprintf("%s, %d to %d. Default: %d.", about, least, most, initial),
	}
}

// queueSchema describes serverless_queue.
var queueSchema = schema.Schema{
	MarkdownDescription: "An SQS queue, and with `dead_letter` one for the messages that were received too often. Encrypted with SQS's own key and open to encrypted connections only, unless something else is said.",
	Attributes: map[string]schema.Attribute{
		"name": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Name within the configuration; the provider's `name_prefix` before it, and `.fifo` behind that of a FIFO queue, make `queue_name`.",
		},
		"queue_name": schema.StringAttribute{
			Optional: true, Computed: true, Validators: []validator.String{queueName},
			MarkdownDescription: "Name on AWS: 1 to 80 letters, digits, `_` and `-`. Default: `name_prefix` and `name`. Changing it replaces the queue and loses its messages. A name that was deleted can be used again after 60 seconds, which a create waits for.",
		},
		"fifo": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "Whether messages keep their order within a group and are delivered once. Default: `false`. Changing it replaces the queue and loses its messages.",
		},
		"content_based_deduplication": schema.BoolAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Whether a message without an id of its own counts as sent already if one of the same body was sent in the last 5 minutes. FIFO queues only. Default: `false`.",
		},
		"deduplication_scope": schema.StringAttribute{
			Optional: true, Computed: true, Validators: []validator.String{stringvalidator.OneOf("queue", "messageGroup")},
			MarkdownDescription: "Within what messages are sent once: `queue` or `messageGroup`. FIFO queues only. Default: `queue`.",
		},
		"throughput_limit": schema.StringAttribute{
			Optional: true, Computed: true, Validators: []validator.String{stringvalidator.OneOf("perQueue", "perMessageGroupId")},
			MarkdownDescription: "What the limit of messages per second is for: `perQueue`, or `perMessageGroupId` with `deduplication_scope` `messageGroup` for high throughput. FIFO queues only. Default: `perQueue`.",
		},
		"visibility_timeout": number(30, 0, 43200, "Seconds for which a message that was received is hidden from others; six times the timeout of a function that takes them"),
		"retention":          number(345600, 60, 1209600, "Seconds for which messages are kept"),
		"delay":              number(0, 0, 900, "Seconds before a new message is delivered"),
		"receive_wait":       number(0, 0, 20, "Seconds that a receive waits for messages"),
		"max_size":           number(1048576, 1024, 1048576, "Most bytes of a message"),
		"encryption": schema.SingleNestedAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Key that encrypts the messages, of the queue and of that for its dead letters. Default: SQS's own key, which costs nothing.",
			Attributes: map[string]schema.Attribute{
				"kms_key": schema.StringAttribute{
					Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
					MarkdownDescription: "Id, ARN or alias of a KMS key, such as `alias/aws/sqs`.",
				},
				"reuse_period": schema.Int64Attribute{
					Optional: true, Validators: []validator.Int64{int64validator.Between(60, 86400)},
					MarkdownDescription: "Seconds for which a data key of KMS is used again, 60 to 86400. Default: 300.",
				},
				"off": schema.BoolAttribute{Optional: true, MarkdownDescription: "`true` for no encryption."},
			},
		},
		"dead_letter": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "Where messages go that were received too often. Without `arn` that is a queue of its own, named as this one with `-dlq`, which takes messages of this queue only and goes with it. Default: they stay until they are too old.",
			Attributes: map[string]schema.Attribute{
				"max_receives": schema.Int64Attribute{
					Required: true, Validators: []validator.Int64{int64validator.Between(1, 1000)},
					MarkdownDescription: "How often a message is received before, 1 to 1000.",
				},
				"arn": schema.StringAttribute{
					Optional: true, Validators: []validator.String{queueARN},
					MarkdownDescription: "ARN of another queue, FIFO if this one is.",
				},
				"retention": schema.Int64Attribute{
					Optional: true, Validators: []validator.Int64{int64validator.Between(60, 1209600)},
					MarkdownDescription: "Seconds for which the queue of its own keeps messages, counted from when they were first sent, 60 to 1209600. Default: 1209600, two weeks.",
				},
			},
		},
		"redrive_allow": schema.SetAttribute{
			Optional: true, ElementType: basetypes.StringType, Validators: []validator.Set{setvalidator.ValueStringsAre(queueARN)},
			MarkdownDescription: "ARNs of the queues, at most 10, that may send their dead letters to this one; `[]` for none. Default: all queues of the account.",
		},
		"tls_only": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(true),
			MarkdownDescription: "Whether the queue's policy denies all that does not come over TLS, and that of its dead letters too. Default: `true`. Set it to `false` beside a `serverless_queue_policy`, which has all of the policy.",
		},
		"allow_from": schema.SetAttribute{
			Optional: true, ElementType: basetypes.StringType, Validators: []validator.Set{setvalidator.ValueStringsAre(anyARN), setvalidator.SizeAtLeast(1)},
			MarkdownDescription: "ARNs of what may send messages here without a role, such as SNS topics, EventBridge rules and S3 buckets.",
		},
		"policy": schema.StringAttribute{
			Optional: true, CustomType: tf.JSONType{}, PlanModifiers: tf.KeepJSON,
			MarkdownDescription: "More of the queue's policy, a JSON document whose statements are added to those of `tls_only` and `allow_from`.",
		},
		"tags":            tf.TagsAttribute(),
		"arn":             tf.Computed("ARN of the queue."),
		"url":             tf.Computed("Address of the queue, which SQS's operations take."),
		"dead_letter_arn": tf.Computed("ARN of the queue for dead letters, if there is one."),
		"dead_letter_url": tf.Computed("Address of the queue for dead letters, if it is this queue's own."),
	},
}

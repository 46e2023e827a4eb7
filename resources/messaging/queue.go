package messaging

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/hashicorp/terraform-plugin-framework/path"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type (
	queue struct {
		tf.Base
		tf.Tagged
		Name          basetypes.String `tfsdk:"name"`
		QueueName     basetypes.String `tfsdk:"queue_name"`
		FIFO          basetypes.Bool   `tfsdk:"fifo"`
		ByContent     basetypes.Bool   `tfsdk:"content_based_deduplication"`
		Deduplication basetypes.String `tfsdk:"deduplication_scope"`
		Throughput    basetypes.String `tfsdk:"throughput_limit"`
		Visibility    basetypes.Int64  `tfsdk:"visibility_timeout"`
		Retention     basetypes.Int64  `tfsdk:"retention"`
		Delay         basetypes.Int64  `tfsdk:"delay"`
		ReceiveWait   basetypes.Int64  `tfsdk:"receive_wait"`
		MaxSize       basetypes.Int64  `tfsdk:"max_size"`
		Encryption    *encryption      `tfsdk:"encryption"`
		DeadLetter    *deadLetter      `tfsdk:"dead_letter"`
		RedriveAllow  basetypes.Set    `tfsdk:"redrive_allow"`
		TLSOnly       basetypes.Bool   `tfsdk:"tls_only"`
		AllowFrom     basetypes.Set    `tfsdk:"allow_from"`
		Policy        tf.JSON          `tfsdk:"policy"`
		ARN           basetypes.String `tfsdk:"arn"`
		URL           basetypes.String `tfsdk:"url"`
		DeadLetterARN basetypes.String `tfsdk:"dead_letter_arn"`
		DeadLetterURL basetypes.String `tfsdk:"dead_letter_url"`

		madeDeadLetter bool `tfsdk:"-"` // by a create
	}
	encryption struct {
		KMSKey basetypes.String `tfsdk:"kms_key"`
		Reuse  basetypes.Int64  `tfsdk:"reuse_period"`
		Off    basetypes.Bool   `tfsdk:"off"`
	}
	// deadLetter says where messages go that were received too often: to the queue
	// ARN, or, where that is null, to a queue that belongs to this one.
	deadLetter struct {
		MaxReceives basetypes.Int64  `tfsdk:"max_receives"`
		ARN         basetypes.String `tfsdk:"arn"`
		Retention   basetypes.Int64  `tfsdk:"retention"`
	}
)

// gone says that there is no queue.
var gone = tf.Gone[*types.QueueDoesNotExist]("GetQueueUrl", "GetQueueAttributes", "DeleteQueue")

// Queue is the type serverless_queue: an SQS queue, with one for its dead letters.
var Queue = tf.Type[*Clients, queue]{
	Name:     "queue",
	Import:   []string{"queue_name"},
	ARN:      "sqs:{queue_name}",
	Physical: "queue_name",
	Replace:  []string{"fifo"},
	Changes:  map[string][]string{"dead_letter_arn": {"dead_letter"}, "dead_letter_url": {"dead_letter"}},
	Defaults: []string{"encryption", "receive_wait", "retention", "tls_only", "visibility_timeout"},
	Gone:     gone,
	Validate: validate,
	Plan:     plan,
	Find:     find,
	Create:   create,
	Undo:     undo,
	Tag: func(ctx context.Context, c *Clients, m *queue, set map[string]string, remove []string) error {
		return tag(ctx, c, m.URL.ValueString(), set, remove)
	},
	Read:   read,
	Update: update,
	Delete: remove,
	List:   list,
	Moves:  map[string]map[string]string{"aws_sqs_queue": {"queue_name": "name"}},
	Schema: queueSchema,
}

const fifoSuffix = ".fifo"

// dlqName is the name of the queue for the dead letters of another.
func dlqName(name string) string {
	bare, fifo := strings.CutSuffix(name, fifoSuffix)
	if bare += "-dlq"; fifo {
		bare += fifoSuffix
	}
	return bare
}

// ownsDeadLetter reports whether the dead letters go to a queue of this one's.
func (m *queue) ownsDeadLetter() bool { return m.DeadLetter != nil && m.DeadLetter.ARN.IsNull() }

func (m *queue) arnOf(ctx context.Context, name string) string {
	return tf.ScopeOf(ctx).ARN("sqs", name)
}

func validate(_ context.Context, v *tf.Check, m *queue) {
	if v.Known("fifo") && !m.FIFO.ValueBool() {
		for name, given := range map[string]bool{
			"content_based_deduplication": !m.ByContent.IsNull(), "deduplication_scope": !m.Deduplication.IsNull(), "throughput_limit": !m.Throughput.IsNull(),
		} {
			if given {
				v.Error(path.Root(name), "An attribute of FIFO queues", name+" is for FIFO queues only. Remove it, or set fifo = true.")
			}
		}
		if strings.HasSuffix(m.QueueName.ValueString(), fifoSuffix) || strings.HasSuffix(m.Name.ValueString(), fifoSuffix) && m.QueueName.IsNull() {
			v.Error(path.Root("fifo"), "A name of a FIFO queue", `The name ends with ".fifo", which only those of FIFO queues may. Set fifo = true, or choose another name.`)
		}
	}
	if v.Known("fifo") && m.FIFO.ValueBool() && !m.QueueName.IsNull() && !m.QueueName.IsUnknown() && !strings.HasSuffix(m.QueueName.ValueString(), fifoSuffix) {
		v.Error(path.Root("queue_name"), "Not a name of a FIFO queue", `queue_name must end with ".fifo", as SQS demands of FIFO queues. Add that; it is added to name by itself.`)
	}
	if v.Known("throughput_limit") && v.Known("deduplication_scope") && m.Throughput.ValueString() == "perMessageGroupId" && m.Deduplication.ValueString() != "messageGroup" {
		v.Error(path.Root("throughput_limit"), "A limit for each group without its scope", `throughput_limit = "perMessageGroupId" needs deduplication_scope = "messageGroup". Set that too.`)
	}
	if e := m.Encryption; e != nil && v.Known("encryption") {
		switch on := !e.KMSKey.IsNull(); {
		case on == e.Off.ValueBool():
			v.Error(path.Root("encryption"), "Which encryption?", "encryption needs kms_key, or off = true, and not both. Without the attribute SQS's own key is used.")
		case !on && !e.Reuse.IsNull():
			v.Error(path.Root("encryption").AtName("reuse_period"), "A period without a key", "encryption.reuse_period goes with kms_key. Remove it.")
		}
	}
	if d := m.DeadLetter; d != nil && v.Known("dead_letter") && !d.ARN.IsNull() && !d.Retention.IsNull() {
		v.Error(path.Root("dead_letter").AtName("retention"), "The retention of another queue", "dead_letter.retention is for the queue that is made for the dead letters, and dead_letter.arn names another one. Remove one of both.")
	}
	if v.Known("redrive_allow") && len(m.RedriveAllow.Elements()) > 10 {
		v.Error(path.Root("redrive_allow"), "Too many sources", fmt.Sprintf("redrive_allow has %d queues, and SQS takes 10 at most. Leave it out to let all queues of the account in.", len(m.RedriveAllow.Elements())))
	}
	checkPolicy(v, path.Root("policy"), m.Policy)
}

// plan names FIFO queues as SQS demands, and fills in what follows from that.
func plan(_ context.Context, p *tf.Plan[queue]) error {
	m := p.Planned
	if p.Config.QueueName.IsNull() && !m.QueueName.IsUnknown() && p.Known("fifo") && m.FIFO.ValueBool() && !strings.HasSuffix(m.QueueName.ValueString(), fifoSuffix) {
		m.QueueName = basetypes.StringValue(m.QueueName.ValueString() + fifoSuffix)
		p.Set("queue_name", m.QueueName)
	}
	longest := m.QueueName.ValueString()
	if m.ownsDeadLetter() && p.Known("dead_letter") {
		longest = dlqName(longest)
	}
	if !m.QueueName.IsUnknown() && len(longest) > 80 {
		p.Error(path.Root("name"), "The name is too long", fmt.Sprintf("%q has %d characters, and SQS takes 80 at most. Shorten name or the provider's name_prefix.", longest, len(longest)))
	}
	if !p.Known("fifo") {
		return nil
	}
	scope, limit, content := basetypes.StringNull(), basetypes.StringNull(), basetypes.BoolNull()
	if m.FIFO.ValueBool() {
		scope, limit, content = basetypes.StringValue("queue"), basetypes.StringValue("perQueue"), basetypes.BoolValue(false)
	}
	if p.Config.Deduplication.IsNull() {
		p.Set("deduplication_scope", scope)
	}
	if p.Config.Throughput.IsNull() {
		p.Set("throughput_limit", limit)
	}
	if p.Config.ByContent.IsNull() {
		p.Set("content_based_deduplication", content)
	}
	return nil
}

// setOf is a set of a model; nil for null.
func setOf(s basetypes.Set) []string {
	var all []string
	for _, e := range s.Elements() {
		if t, ok := e.(basetypes.String); ok {
			all = append(all, t.ValueString())
		}
	}
	slices.Sort(all)
	return all
}

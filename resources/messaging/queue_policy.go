package messaging

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type queuePolicy struct {
	tf.Base
	QueueName basetypes.String `tfsdk:"queue_name"`
	Policy    tf.JSON          `tfsdk:"policy"`
}

// QueuePolicy is the type serverless_queue_policy: all of a queue's policy.
var QueuePolicy = tf.Type[*Clients, queuePolicy]{
	Name:    "queue_policy",
	Import:  []string{"queue_name"},
	ARN:     "sqs:{queue_name}",
	Replace: []string{"queue_name"},
	Gone:    tf.Gone[*types.QueueDoesNotExist]("GetQueueUrl", "GetQueueAttributes", "SetQueueAttributes"),
	Validate: func(_ context.Context, v *tf.Check, m *queuePolicy) {
		checkPolicy(v, path.Root("policy"), m.Policy)
		if len(m.Policy.ValueString()) == 0 && !m.Policy.IsUnknown() {
			v.Error(path.Root("policy"), "An empty policy", "policy has no statement. Add one, or remove the resource.")
		}
	},
	Find:   findPolicy,
	Create: createPolicy,
	Read:   readPolicy,
	Update: func(ctx context.Context, c *Clients, _, m *queuePolicy) error {
		return putPolicy(ctx, c, m)
	},
	Delete: deletePolicy,
	List: func(ctx context.Context, c *Clients, in *queuePolicy, found func(*queuePolicy) error) error {
		return each(ctx, c, func(name, url string) error {
			a, err := attributesOf(ctx, c, url)
			switch {
			case tf.Is[*types.QueueDoesNotExist](err), err == nil && a[attrPolicy] == "":
				return nil
			case err != nil:
				return err
			}
			m := *in
			m.QueueName, m.Policy = basetypes.StringValue(name), tf.JSONValue(a[attrPolicy])
			m.ID = basetypes.StringValue(a[types.QueueAttributeNameQueueArn])
			return found(&m)
		})
	},
	Moves: map[string]map[string]string{"aws_sqs_queue_policy": {"queue_name": "queue_url"}},
	Schema: schema.Schema{
		MarkdownDescription: "The policy of a queue, all of it: for a queue that something else manages, or whose policy needs what is not known when it is made. A `serverless_queue` beside it needs `tls_only = false`, and no `allow_from` and `policy`.",
		Attributes: map[string]schema.Attribute{
			"queue_name": schema.StringAttribute{
				Required: true, Validators: []validator.String{queueName},
				MarkdownDescription: "Name on AWS of the queue. Changing it takes the policy from that queue and gives it to the other.",
			},
			"policy": schema.StringAttribute{
				Required: true, CustomType: tf.JSONType{}, PlanModifiers: tf.KeepJSON,
				MarkdownDescription: "The policy, a JSON document.",
			},
		},
	},
}

func putPolicy(ctx context.Context, c *Clients, m *queuePolicy) error {
	var url string
	err := soon(ctx, func(ctx context.Context) (err error) {
		url, err = urlOf(ctx, c, m.QueueName.ValueString())
		return err
	})
	if err != nil {
		return err
	}
	_, err = c.SQS.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: map[string]string{string(attrPolicy): m.Policy.ValueString()}})
	return err
}

func deletePolicy(ctx context.Context, c *Clients, m *queuePolicy) error {
	url, err := urlOf(ctx, c, m.QueueName.ValueString())
	if err != nil {
		return err
	}
	_, err = c.SQS.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: map[string]string{string(attrPolicy): ""}})
	return err
}

// findPolicy looks for a policy of the queue. That of a serverless_queue cannot be taken
// over, because that would write it again.
func findPolicy(ctx context.Context, c *Clients, m *queuePolicy) (bool, map[string]string, error) {
	name := m.QueueName.ValueString()
	url, err := urlOf(ctx, c, name)
	if err != nil {
		return false, nil, err
	}
	a, err := attributesOf(ctx, c, url)
	if err != nil || a[attrPolicy] == "" {
		return false, nil, err
	}
	m.Policy = tf.JSONValue(a[attrPolicy])
	if sids := sidsOf(a[attrPolicy]); slices.Contains(sids, tlsSid) || slices.Contains(sids, fromSid) {
		return false, nil, tf.At(path.Root("policy"), &tf.Problem{
			Summary: "The queue " + name + " has the policy of a serverless_queue already",
			Detail:  fmt.Sprintf("It is %s Set tls_only = false there, and give it no allow_from and policy. If nothing manages the queue, remove the policy, %s", a[attrPolicy], tf.TakeOver("queue_policy", tf.ImportID(ctx, name))),
		})
	}
	return true, nil, nil
}

// sidsOf are the names of a policy's statements.
func sidsOf(text string) []string {
	_, statements, err := parsePolicy(text)
	if err != nil {
		return nil
	}
	var all []string
	for _, raw := range statements {
		var s struct{ Sid string }
		if json.Unmarshal(raw, &s) == nil {
			all = append(all, s.Sid)
		}
	}
	return all
}

// createPolicy writes the policy of a queue that had none a moment ago.
func createPolicy(ctx context.Context, c *Clients, m *queuePolicy) error {
	if err := putPolicy(ctx, c, m); err != nil {
		if tf.Refused(err) {
			return err
		}
		return &tf.Unmarked{Err: err}
	}
	m.ID = basetypes.StringValue(tf.ScopeOf(ctx).ARN("sqs", m.QueueName.ValueString()))
	return nil
}

func readPolicy(ctx context.Context, c *Clients, m *queuePolicy) error {
	url, err := urlOf(ctx, c, lastPart(m.QueueName.ValueString()))
	if err != nil {
		return err
	}
	a, err := attributesOf(ctx, c, url)
	if err != nil {
		return err
	}
	found := a[attrPolicy]
	if found == "" {
		return tf.ErrGone
	}
	m.QueueName = basetypes.StringValue(lastPart(url))
	m.ID = basetypes.StringValue(a[types.QueueAttributeNameQueueArn])
	if !samePolicy(found, m.Policy.ValueString()) {
		m.Policy = tf.JSONValue(found)
	}
	return nil
}

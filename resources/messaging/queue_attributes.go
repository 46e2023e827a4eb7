package messaging

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// attributes are a queue as SQS is told it and tells it: all as text, and empty
// where there is none.
type attributes map[types.QueueAttributeName]string

const (
	attrByContent     = types.QueueAttributeNameContentBasedDeduplication
	attrDeduplication = types.QueueAttributeNameDeduplicationScope
	attrThroughput    = types.QueueAttributeNameFifoThroughputLimit
	attrVisibility    = types.QueueAttributeNameVisibilityTimeout
	attrRetention     = types.QueueAttributeNameMessageRetentionPeriod
	attrDelay         = types.QueueAttributeNameDelaySeconds
	attrReceiveWait   = types.QueueAttributeNameReceiveMessageWaitTimeSeconds
	attrMaxSize       = types.QueueAttributeNameMaximumMessageSize
	attrKMSKey        = types.QueueAttributeNameKmsMasterKeyId
	attrReuse         = types.QueueAttributeNameKmsDataKeyReusePeriodSeconds
	attrOwnKey        = types.QueueAttributeNameSqsManagedSseEnabled
	attrPolicy        = types.QueueAttributeNamePolicy
	attrRedrive       = types.QueueAttributeNameRedrivePolicy
	attrRedriveAllow  = types.QueueAttributeNameRedriveAllowPolicy
)

const (
	usualReuse = 300               // seconds that a data key is used again
	twoWeeks   = 14 * 24 * 60 * 60 // seconds, the longest that messages are kept
)

// redrive is RedrivePolicy, and allowance RedriveAllowPolicy.
type (
	redrive struct {
		Target string      `json:"deadLetterTargetArn"`
		Max    json.Number `json:"maxReceiveCount"`
	}
	allowance struct {
		Permission string   `json:"redrivePermission"`
		Sources    []string `json:"sourceQueueArns,omitempty"`
	}
)

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("writing %T: %v", v, err)) // structs of texts
	}
	return string(b)
}

// attributes are those of the queue itself.
func (m *queue) attributes(ctx context.Context) (attributes, error) {
	arn := m.arnOf(ctx, m.QueueName.ValueString())
	policy, err := m.policyText(arn)
	if err != nil {
		return nil, err
	}
	number := func(n basetypes.Int64) string { return strconv.FormatInt(n.ValueInt64(), 10) }
	a := attributes{
		attrVisibility: number(m.Visibility), attrRetention: number(m.Retention), attrDelay: number(m.Delay),
		attrReceiveWait: number(m.ReceiveWait), attrMaxSize: number(m.MaxSize), attrPolicy: policy, attrRedrive: "", attrRedriveAllow: "",
	}
	if m.FIFO.ValueBool() {
		a[attrByContent] = strconv.FormatBool(m.ByContent.ValueBool())
		a[attrDeduplication], a[attrThroughput] = m.Deduplication.ValueString(), m.Throughput.ValueString()
	}
	m.Encryption.into(a)
	if m.DeadLetter != nil {
		a[attrRedrive] = text(redrive{m.deadLetterARN(ctx), json.Number(number(m.DeadLetter.MaxReceives))})
	}
	if !m.RedriveAllow.IsNull() {
		a[attrRedriveAllow] = text(allowance{Permission: "denyAll"})
		if sources := setOf(m.RedriveAllow); len(sources) > 0 {
			a[attrRedriveAllow] = text(allowance{"byQueue", sources})
		}
	}
	return a, nil
}

func (m *queue) deadLetterARN(ctx context.Context) string {
	if m.ownsDeadLetter() {
		return m.arnOf(ctx, dlqName(m.QueueName.ValueString()))
	}
	return m.DeadLetter.ARN.ValueString()
}

// deadLetterAttributes are those of the queue for dead letters that belongs to this
// one.
func (m *queue) deadLetterAttributes(ctx context.Context) (attributes, error) {
	policy, err := (&queue{TLSOnly: m.TLSOnly}).policyText(m.deadLetterARN(ctx))
	if err != nil {
		return nil, err
	}
	a := attributes{
		attrRetention: strconv.FormatInt(m.DeadLetter.kept(), 10), attrPolicy: policy,
		attrRedriveAllow: text(allowance{"byQueue", []string{m.arnOf(ctx, m.QueueName.ValueString())}}),
	}
	m.Encryption.into(a)
	return a, nil
}

// kept is how many seconds the queue of its own keeps dead letters.
func (d *deadLetter) kept() int64 {
	if d.Retention.IsNull() {
		return twoWeeks
	}
	return d.Retention.ValueInt64()
}

// into adds the encryption.
func (e *encryption) into(a attributes) {
	a[attrKMSKey], a[attrReuse], a[attrOwnKey] = "", "", "true"
	if e == nil {
		return
	}
	a[attrOwnKey] = "false"
	if !e.KMSKey.IsNull() {
		a[attrKMSKey], a[attrReuse] = e.KMSKey.ValueString(), strconv.FormatInt(e.reuse(), 10)
	}
}

func (e *encryption) reuse() int64 {
	if e.Reuse.IsNull() {
		return usualReuse
	}
	return e.Reuse.ValueInt64()
}

// given are the attributes that say something, as a create is told them.
func (a attributes) given() map[string]string {
	all := map[string]string{}
	for name, v := range a {
		if v != "" && (name != attrOwnKey || v == "false" && a[attrKMSKey] == "") {
			all[string(name)] = v
		}
	}
	return all
}

// changed are the attributes that differ from was, as an update is told them.
func (a attributes) changed(was attributes) map[string]string {
	all := map[string]string{}
	for name, v := range a {
		if !tf.SameJSON(v, was[name]) {
			all[string(name)] = v
		}
	}
	if a[attrKMSKey] != "" { // its use turns SQS's own key off
		delete(all, string(attrOwnKey))
	}
	if a[attrReuse] == "" {
		delete(all, string(attrReuse)) // which goes with the key
	}
	return all
}

// shows reports whether the attributes are what was sent, but for the policy, which
// SQS writes in its own way.
func (a attributes) shows(sent map[string]string) bool {
	for name, v := range sent {
		if name != string(attrPolicy) && !tf.SameJSON(a[types.QueueAttributeName(name)], v) {
			return false
		}
	}
	return true
}

// take fills the model with a queue's attributes, all but its policy and dead
// letters.
func (m *queue) take(a attributes) error {
	for name, to := range map[types.QueueAttributeName]*basetypes.Int64{
		attrVisibility: &m.Visibility, attrRetention: &m.Retention, attrDelay: &m.Delay, attrReceiveWait: &m.ReceiveWait, attrMaxSize: &m.MaxSize,
	} {
		n, err := strconv.ParseInt(a[name], 10, 64)
		if err != nil {
			return fmt.Errorf("reading the attribute %s of the queue: %w", name, err)
		}
		*to = basetypes.Int64Value(n)
	}
	m.FIFO = basetypes.BoolValue(a[types.QueueAttributeNameFifoQueue] == "true")
	m.ByContent, m.Deduplication, m.Throughput = basetypes.BoolNull(), basetypes.StringNull(), basetypes.StringNull()
	if m.FIFO.ValueBool() {
		m.ByContent = basetypes.BoolValue(a[attrByContent] == "true")
		m.Deduplication, m.Throughput = or(a[attrDeduplication], "queue"), or(a[attrThroughput], "perQueue")
	}
	m.Encryption = m.Encryption.read(a)
	return m.takeAllowance(a[attrRedriveAllow])
}

func or(s, usual string) basetypes.String {
	if s == "" {
		s = usual
	}
	return basetypes.StringValue(s)
}

// read is the encryption that there is, written as it was before.
func (e *encryption) read(a attributes) *encryption {
	switch {
	case a[attrKMSKey] != "":
		found := &encryption{KMSKey: basetypes.StringValue(a[attrKMSKey]), Reuse: basetypes.Int64Value(usualReuse)}
		if n, err := strconv.ParseInt(a[attrReuse], 10, 64); err == nil {
			found.Reuse = basetypes.Int64Value(n)
		}
		if (e == nil || e.Reuse.IsNull()) && found.Reuse.ValueInt64() == usualReuse {
			found.Reuse = basetypes.Int64Null()
		}
		if e != nil && !e.Off.ValueBool() {
			found.Off = e.Off
		}
		return found
	case a[attrOwnKey] == "true":
		return nil
	}
	return &encryption{Off: basetypes.BoolValue(true)}
}

func (m *queue) takeAllowance(found string) error {
	m.RedriveAllow = basetypes.SetNull(basetypes.StringType)
	if found == "" {
		return nil
	}
	var a allowance
	if err := json.Unmarshal([]byte(found), &a); err != nil {
		return fmt.Errorf("reading the redrive allow policy of the queue: %w", err)
	}
	switch a.Permission {
	case "denyAll":
		m.RedriveAllow = basetypes.SetValueMust(basetypes.StringType, []attr.Value{})
	case "byQueue":
		slices.Sort(a.Sources)
		m.RedriveAllow = textSet(a.Sources)
	}
	return nil
}

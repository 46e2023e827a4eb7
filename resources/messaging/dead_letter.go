package messaging

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// This file has the queue for dead letters that belongs to another queue. Its name
// follows from that one's, it has its tags and encryption, and lets its messages in
// alone, by which it is known.

// makeDeadLetter makes it, or takes one over that is this queue's already; made says
// which.
func (m *queue) makeDeadLetter(ctx context.Context, c *Clients) (made bool, err error) {
	name := dlqName(m.QueueName.ValueString())
	want, err := m.deadLetterAttributes(ctx)
	if err != nil {
		return false, err
	}
	before, tags, err := inPlace(ctx, c, name)
	if err != nil {
		return false, err
	}
	if m.FIFO.ValueBool() {
		want[attrByContent] = "false" // all FIFO queues have it
	}
	url, err := makeQueue(ctx, c, name, want, m.All())
	if tf.Is[*types.QueueNameExists](err) {
		url, err = m.takeDeadLetter(ctx, c, name, want, tags)
	}
	m.DeadLetterURL = tf.NonEmpty(&url)
	if before == "" || err != nil {
		return url != "" && before == "", err
	}
	prior := &tf.Tagged{}
	tf.SetTags(ctx, prior, tags)
	added, gone := m.Changed(prior)
	return false, tag(ctx, c, url, added, gone)
}

// takeDeadLetter changes a queue of the name that differs, if it is this queue's.
func (m *queue) takeDeadLetter(ctx context.Context, c *Clients, name string, want attributes, tags map[string]string) (url string, err error) {
	if url, err = urlOf(ctx, c, name); err != nil {
		return "", err
	}
	a, err := attributesOf(ctx, c, url)
	if err != nil {
		return "", err
	}
	if !m.feeds(ctx, a) {
		return "", &tf.Problem{
			Summary: "There is a queue " + name + " already",
			Detail: fmt.Sprintf("SQS has a queue of the name that the one for dead letters of %s should have. %s Use it by dead_letter.arn, delete it, or choose another name.",
				m.QueueName.ValueString(), tf.Origin(tags)),
		}
	}
	return url, set(ctx, c, name, url, want.changed(a))
}

// feeds reports whether a queue takes dead letters of this one alone.
func (m *queue) feeds(ctx context.Context, a attributes) bool {
	var allow allowance
	return json.Unmarshal([]byte(a[attrRedriveAllow]), &allow) == nil && allow.Permission == "byQueue" &&
		slices.Equal(allow.Sources, []string{m.arnOf(ctx, m.QueueName.ValueString())})
}

// updateDeadLetter makes, changes or deletes it. It goes before messages cease to go
// there, because the queue that knows of it is what remembers it.
func updateDeadLetter(ctx context.Context, c *Clients, prior, m *queue) error {
	switch had, has := prior.ownsDeadLetter(), m.ownsDeadLetter(); {
	case had && !has:
		return prior.dropDeadLetter(ctx, c)
	case !has:
		return nil
	case !had || prior.DeadLetterURL.ValueString() == "":
		_, err := m.makeDeadLetter(ctx, c)
		return err
	}
	m.DeadLetterURL = prior.DeadLetterURL
	was, err := prior.deadLetterAttributes(ctx)
	if err != nil {
		return err
	}
	want, err := m.deadLetterAttributes(ctx)
	if err != nil {
		return err
	}
	url := m.DeadLetterURL.ValueString()
	if err := set(ctx, c, dlqName(m.QueueName.ValueString()), url, want.changed(was)); err != nil {
		return err
	}
	added, gone := m.Changed(&prior.Tagged)
	return tag(ctx, c, url, added, gone)
}

func (m *queue) dropDeadLetter(ctx context.Context, c *Clients) error {
	url := m.DeadLetterURL.ValueString()
	if url == "" {
		var err error
		if url, err = urlOf(ctx, c, dlqName(m.QueueName.ValueString())); tf.Is[*types.QueueDoesNotExist](err) {
			return nil
		} else if err != nil {
			return err
		}
	}
	_, err := c.SQS.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: &url})
	if tf.Is[*types.QueueDoesNotExist](err) {
		return nil
	}
	return err
}

// takeRetention reads how long a queue keeps messages.
func (m *queue) takeRetention(a attributes) error {
	n, err := strconv.ParseInt(a[attrRetention], 10, 64)
	if err != nil {
		return fmt.Errorf("reading the attribute %s of the queue: %w", attrRetention, err)
	}
	m.Retention = basetypes.Int64Value(n)
	return nil
}

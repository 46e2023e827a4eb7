package messaging

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"
	"golang.org/x/sync/errgroup"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// read fills the model: the queue, its tags, and the queue for its dead letters.
func read(ctx context.Context, c *Clients, m *queue) error {
	fresh := m.ID.IsNull() // of which nothing is known, so that all is read
	if m.URL.IsNull() || m.URL.IsUnknown() {
		url, err := urlOf(ctx, c, m.QueueName.ValueString())
		if err != nil {
			return err
		}
		m.URL = basetypes.StringValue(url)
	}
	var a attributes
	var tags map[string]string
	g, sub := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		a, err = attributesOf(sub, c, m.URL.ValueString())
		return err
	})
	g.Go(func() (err error) {
		tags, err = tagsOf(sub, c, m.URL.ValueString())
		return err
	})
	if err := g.Wait(); err != nil {
		return err
	}
	arn := a[types.QueueAttributeNameQueueArn]
	m.ID, m.ARN = basetypes.StringValue(arn), basetypes.StringValue(arn)
	if err := m.take(a); err != nil {
		return err
	}
	if err := m.readPolicy(arn, a[attrPolicy], fresh); err != nil {
		return err
	}
	if err := m.readDeadLetter(ctx, c, a[attrRedrive]); err != nil {
		return err
	}
	tf.SetTags(ctx, &m.Tagged, tags)
	return nil
}

func urlOf(ctx context.Context, c *Clients, name string) (string, error) {
	out, err := c.SQS.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &name})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.QueueUrl), nil
}

func attributesOf(ctx context.Context, c *Clients, url string) (attributes, error) {
	out, err := c.SQS.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
	if err != nil {
		return nil, err
	}
	a := attributes{}
	for name, v := range out.Attributes {
		a[types.QueueAttributeName(name)] = v
	}
	return a, nil
}

// tagsOf returns a queue's tags; none if there is no queue, which its attributes
// tell.
func tagsOf(ctx context.Context, c *Clients, url string) (map[string]string, error) {
	out, err := c.SQS.ListQueueTags(ctx, &sqs.ListQueueTagsInput{QueueUrl: &url})
	if tf.Is[*types.QueueDoesNotExist](err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return out.Tags, nil
}

// readDeadLetter reads where dead letters go, and the queue of its own for them as
// far as that differs from what it should be.
func (m *queue) readDeadLetter(ctx context.Context, c *Clients, policy string) error {
	was := m.DeadLetter
	m.DeadLetter, m.DeadLetterARN, m.DeadLetterURL = nil, basetypes.StringNull(), basetypes.StringNull()
	if policy == "" {
		return nil
	}
	var r redrive
	if err := json.Unmarshal([]byte(policy), &r); err != nil {
		return fmt.Errorf("reading the redrive policy of the queue: %w", err)
	}
	n, err := r.Max.Int64()
	if err != nil {
		return fmt.Errorf("reading the redrive policy of the queue: %w", err)
	}
	d := &deadLetter{MaxReceives: basetypes.Int64Value(n), ARN: basetypes.StringValue(r.Target)}
	own := dlqName(m.QueueName.ValueString())
	m.DeadLetterARN = d.ARN
	if r.Target != m.arnOf(ctx, own) || was != nil && was.ARN.ValueString() == r.Target {
		m.DeadLetter = d
		return nil
	}
	url, err := urlOf(ctx, c, own)
	if tf.Is[*types.QueueDoesNotExist](err) {
		return nil // as good as none: an apply makes it anew
	}
	if err != nil {
		return err
	}
	a, err := attributesOf(ctx, c, url)
	if tf.Is[*types.QueueDoesNotExist](err) {
		return nil
	}
	if err != nil {
		return err
	}
	m.DeadLetterURL = basetypes.StringValue(url)
	d.ARN = basetypes.StringNull()
	if was != nil {
		d.Retention = was.Retention
	}
	found := &queue{}
	if err := found.takeRetention(a); err != nil {
		return err
	}
	if found.Retention.ValueInt64() != d.kept() {
		d.Retention = found.Retention
	}
	m.DeadLetter = d
	return nil
}

// list finds the queues of the region, by name and address.
func list(ctx context.Context, c *Clients, in *queue, found func(*queue) error) error {
	return each(ctx, c, func(name, url string) error {
		m := *in
		m.QueueName, m.URL, m.ARN = basetypes.StringValue(name), basetypes.StringValue(url), basetypes.StringValue(m.arnOf(ctx, name))
		return found(&m)
	})
}

// each calls found for each queue of the region.
func each(ctx context.Context, c *Clients, found func(name, url string) error) error {
	pages := sqs.ListQueuesInput{MaxResults: aws.Int32(1000)}
	for {
		out, err := c.SQS.ListQueues(ctx, &pages)
		if err != nil {
			return err
		}
		for _, url := range out.QueueUrls {
			if err := found(url[strings.LastIndex(url, "/")+1:], url); err != nil {
				return err
			}
		}
		if pages.NextToken = out.NextToken; pages.NextToken == nil {
			return nil
		}
	}
}

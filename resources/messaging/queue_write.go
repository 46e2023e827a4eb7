package messaging

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// find returns the tags of the queue that has the name now.
func find(ctx context.Context, c *Clients, m *queue) (there bool, tags map[string]string, err error) {
	const sure = 5 // looks, because a queue that was just deleted may still be seen
	looks := 0
	err = tf.Poll(ctx, "the name "+m.QueueName.ValueString()+" to be free", func(ctx context.Context) (bool, error) {
		url, found, err := inPlace(ctx, c, m.QueueName.ValueString())
		m.URL = basetypes.StringValue(url)
		there, tags = url != "", found
		looks++
		return !there || tf.Ours(ctx, tags) || looks == sure, err
	})
	return there, tags, err
}

// create makes the queue for dead letters and then the queue, each with all that it
// has in one call. SQS takes a second create of the same name and attributes for the
// first.
func create(ctx context.Context, c *Clients, m *queue) error {
	if m.ownsDeadLetter() {
		var err error
		if m.madeDeadLetter, err = m.makeDeadLetter(ctx, c); err != nil {
			return err
		}
	}
	want, err := m.attributes(ctx)
	if err != nil {
		return err
	}
	url, err := makeQueue(ctx, c, m.QueueName.ValueString(), want, m.Marked(ctx))
	if url != "" {
		m.ID, m.URL = basetypes.StringValue(m.arnOf(ctx, m.QueueName.ValueString())), basetypes.StringValue(url)
	}
	return err
}

// undo deletes the queue for dead letters of a queue that could not be made.
func undo(ctx context.Context, c *Clients, m *queue) error {
	if m.ID.ValueString() != "" || !m.madeDeadLetter {
		return nil
	}
	return m.dropDeadLetter(ctx, c)
}

// inPlace finds the queue that has the name now; the address "" says that there is
// none.
func inPlace(ctx context.Context, c *Clients, name string) (url string, tags map[string]string, err error) {
	url, err = urlOf(ctx, c, name)
	if tf.Is[*types.QueueDoesNotExist](err) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	tags, err = tagsOf(ctx, c, url)
	return url, tags, err
}

// makeQueue makes a queue, or finds the one that has these attributes. A name that was
// deleted less than a minute ago is waited for. There is a queue if there is an
// address, also when waiting for its attributes failed.
func makeQueue(ctx context.Context, c *Clients, name string, want attributes, tags map[string]string) (url string, err error) {
	in := &sqs.CreateQueueInput{QueueName: &name, Attributes: want.given(), Tags: tags}
	if _, fifo := want[attrByContent]; fifo {
		in.Attributes[string(types.QueueAttributeNameFifoQueue)] = "true"
	}
	told := false
	err = tf.Retry(ctx, tf.Is[*types.QueueDeletedRecently], func(ctx context.Context) error {
		out, err := c.SQS.CreateQueue(ctx, in)
		if err == nil {
			url = aws.ToString(out.QueueUrl)
		} else if tf.Is[*types.QueueDeletedRecently](err) && !told {
			told = true
			tf.Progress(ctx, "queue %s: a queue of that name was deleted less than a minute ago, which SQS wants to have passed", name)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return url, shown(ctx, c, name, url, in.Attributes)
}

// shown waits until a queue's attributes are what was sent, because SQS takes up to
// a minute to have them everywhere.
func shown(ctx context.Context, c *Clients, name, url string, sent map[string]string) error {
	return tf.Poll(ctx, "the attributes of the queue "+name+" to be what they should", func(ctx context.Context) (bool, error) {
		a, err := attributesOf(ctx, c, url)
		if tf.Is[*types.QueueDoesNotExist](err) {
			return false, nil // not seen yet
		}
		return err == nil && a.shows(sent), err
	})
}

// update changes the queue for dead letters and the queue. The former is made before
// messages may go there.
func update(ctx context.Context, c *Clients, prior, m *queue) error {
	m.URL = prior.URL
	was, err := prior.attributes(ctx)
	if err != nil {
		return err
	}
	want, err := m.attributes(ctx)
	if err != nil {
		return err
	}
	if err := updateDeadLetter(ctx, c, prior, m); err != nil {
		return err
	}
	name := m.QueueName.ValueString()
	return set(ctx, c, name, m.URL.ValueString(), want.changed(was))
}

// set changes attributes of a queue; none makes no call.
func set(ctx context.Context, c *Clients, name, url string, changed map[string]string) error {
	if len(changed) == 0 {
		return nil
	}
	if _, err := c.SQS.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: changed}); err != nil {
		return err
	}
	return shown(ctx, c, name, url, changed)
}

// tag changes the tags of a queue; none makes no call.
func tag(ctx context.Context, c *Clients, url string, set map[string]string, remove []string) error {
	if len(remove) > 0 {
		if _, err := c.SQS.UntagQueue(ctx, &sqs.UntagQueueInput{QueueUrl: &url, TagKeys: remove}); err != nil {
			return err
		}
	}
	if len(set) == 0 {
		return nil
	}
	_, err := c.SQS.TagQueue(ctx, &sqs.TagQueueInput{QueueUrl: &url, Tags: set})
	return err
}

// remove deletes the queue for dead letters and then the queue: as long as that is
// there, a delete that was cut off is done again.
func remove(ctx context.Context, c *Clients, m *queue) error {
	if m.ownsDeadLetter() {
		if err := m.dropDeadLetter(ctx, c); err != nil {
			return err
		}
	}
	_, err := c.SQS.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: m.URL.ValueStringPointer()})
	return err
}

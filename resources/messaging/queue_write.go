package messaging

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// create makes the queue for dead letters and then the queue, each with all that it
// has in one call. SQS takes a second create of the same name and attributes for the
// first, so that the mark tells whose the queue is.
func create(ctx context.Context, c *Clients, m *queue) error {
	name := m.QueueName.ValueString()
	arn := m.arnOf(ctx, name)
	var url string
	var tags map[string]string
	looks, ours := 0, false
	err := tf.Poll(ctx, "the name "+name+" to be free", func(ctx context.Context) (_ bool, err error) {
		url, tags, err = inPlace(ctx, c, name)
		looks++ // a queue that was just deleted may still be seen
		ours = url != "" && tags[tf.MarkerKey] == tf.Marker(ctx)
		return url == "" || ours || looks == sure, err
	})
	if err != nil {
		return err
	}
	if url != "" && !ours || !tf.Claim(ctx, arn) {
		return m.taken(ctx, tags)
	}
	made := false // the queue for dead letters
	if m.ownsDeadLetter() {
		if made, err = m.makeDeadLetter(ctx, c); err != nil {
			return err
		}
	}
	if ours {
		err = m.resume(ctx, c, url)
	} else if url, err = m.make(ctx, c); url != "" {
		m.ID, m.URL = basetypes.StringValue(arn), basetypes.StringValue(url)
	}
	if err != nil && m.ID.IsNull() && made {
		return tf.Undo(ctx, err, func(ctx context.Context) error { return m.dropDeadLetter(ctx, c) })
	}
	return err
}

// sure is how many reads see a queue before it counts as being there.
const sure = 5

func (m *queue) taken(ctx context.Context, tags map[string]string) error {
	name := m.QueueName.ValueString()
	return &tf.Problem{
		Summary: "There is a queue " + name + " already",
		Detail: fmt.Sprintf("SQS has a queue of that name in %s. %s Choose another name, delete that queue, %s",
			tf.ScopeOf(ctx).Region, tf.Origin(tags), tf.TakeOver("queue", tf.ImportID(ctx, name))),
	}
}

// make makes the queue, marked as unfinished.
func (m *queue) make(ctx context.Context, c *Clients) (url string, err error) {
	want, err := m.attributes(ctx)
	if err != nil {
		return "", err
	}
	marked := m.All()
	marked[tf.MarkerKey] = tf.Marker(ctx)
	return makeQueue(ctx, c, m.QueueName.ValueString(), want, marked)
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

// resume finishes a queue whose creation was cut off.
func (m *queue) resume(ctx context.Context, c *Clients, url string) error {
	found := queue{Base: m.Base, QueueName: m.QueueName, URL: basetypes.StringValue(url), DeadLetter: m.DeadLetter}
	found.ID = basetypes.StringNull() // so that all is read
	if err := read(ctx, c, &found); err != nil {
		return err
	}
	m.ID, m.URL = found.ID, found.URL
	if found.FIFO.ValueBool() != m.FIFO.ValueBool() {
		return &tf.Problem{
			Summary: "The queue " + m.QueueName.ValueString() + " was left unfinished as another kind",
			Detail:  "An earlier apply was cut off while it created the queue, with another value of fifo. Apply again: the queue is now marked to be replaced.",
		}
	}
	return update(ctx, c, &found, m)
}

// unmark removes the mark of an unfinished queue.
func unmark(ctx context.Context, c *Clients, m *queue) error {
	_, err := c.SQS.UntagQueue(ctx, &sqs.UntagQueueInput{QueueUrl: m.URL.ValueStringPointer(), TagKeys: []string{tf.MarkerKey}})
	return err
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
	if err := set(ctx, c, name, m.URL.ValueString(), want.changed(was)); err != nil {
		return err
	}
	return tag(ctx, c, m.URL.ValueString(), &prior.Tagged, &m.Tagged)
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

func tag(ctx context.Context, c *Clients, url string, prior, is *tf.Tagged) error {
	added, gone := is.Changed(prior)
	if len(gone) > 0 {
		slices.Sort(gone)
		if _, err := c.SQS.UntagQueue(ctx, &sqs.UntagQueueInput{QueueUrl: &url, TagKeys: gone}); err != nil {
			return err
		}
	}
	if len(added) == 0 {
		return nil
	}
	_, err := c.SQS.TagQueue(ctx, &sqs.TagQueueInput{QueueUrl: &url, Tags: added})
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

package sqs

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// TestOtherAccount lets another account do with a queue what its policy allows, but
// never what is the owner's alone, such as to change the policy.
func TestOtherAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := env.WithScope(context.Background(), env.Scope{Account: "111111111111", Region: "eu-north-1"})
	for name, c := range map[string]struct {
		mine bool // alone
		call func(url *string) error
	}{
		"AddPermission": {mine: true, call: func(url *string) error {
			_, err := w.AddPermission(other, &sqs.AddPermissionInput{QueueUrl: url, Label: aws.String("l"), AWSAccountIds: []string{"111111111111"}, Actions: []string{"*"}})
			return err
		}},
		"DeleteQueue": {mine: true, call: func(url *string) error {
			_, err := w.DeleteQueue(other, &sqs.DeleteQueueInput{QueueUrl: url})
			return err
		}},
		"ListDeadLetterSourceQueues": {call: func(url *string) error {
			_, err := w.ListDeadLetterSourceQueues(other, &sqs.ListDeadLetterSourceQueuesInput{QueueUrl: url})
			return err
		}},
		"ListQueueTags": {mine: true, call: func(url *string) error {
			_, err := w.ListQueueTags(other, &sqs.ListQueueTagsInput{QueueUrl: url})
			return err
		}},
		"PurgeQueue": {call: func(url *string) error {
			_, err := w.PurgeQueue(other, &sqs.PurgeQueueInput{QueueUrl: url})
			return err
		}},
		"RemovePermission": {mine: true, call: func(url *string) error {
			_, err := w.RemovePermission(other, &sqs.RemovePermissionInput{QueueUrl: url, Label: aws.String("l")})
			return err
		}},
		"SendMessage": {call: func(url *string) error {
			_, err := w.SendMessage(other, &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("m")})
			return err
		}},
		"SetQueueAttributes": {mine: true, call: func(url *string) error {
			_, err := w.SetQueueAttributes(other, &sqs.SetQueueAttributesInput{QueueUrl: url, Attributes: map[string]string{"Policy": ""}})
			return err
		}},
		"TagQueue": {mine: true, call: func(url *string) error {
			_, err := w.TagQueue(other, &sqs.TagQueueInput{QueueUrl: url, Tags: map[string]string{"a": "b"}})
			return err
		}},
		"UntagQueue": {mine: true, call: func(url *string) error {
			_, err := w.UntagQueue(other, &sqs.UntagQueueInput{QueueUrl: url, TagKeys: []string{"a"}})
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			closed := w.queue(t, "closed-"+name)
			opened := w.queue(t, "opened-"+name, "Policy", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"sqs:*","Resource":"*"}}`)
			var denied *wire.Error
			if err := c.call(closed); !errors.As(err, &denied) || denied.Code != "AccessDeniedException" {
				t.Errorf("without a policy: got %v", err)
			}
			if err := c.call(opened); (err == nil) == c.mine {
				t.Errorf("with a policy: got %v", err)
			}
		})
	}
}

// TestInFlight hands out no more messages than may be in flight, and more when some
// are deleted or their time is over: also to those who wait.
func TestInFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, testInFlight)
}

func testInFlight(t *testing.T) {
	w := newWorld(t)
	w.Flying = 3
	q, f := w.queue(t, "q", "VisibilityTimeout", "10"), w.queue(t, "f.fifo", "FifoQueue", "true", "ContentBasedDeduplication", "true", "VisibilityTimeout", "10")
	for _, body := range []string{"1", "2", "3", "4", "5"} {
		w.send(t, q, body)
		w.send(t, f, body, group(body))
	}
	got := w.receive(t, q)
	want(t, "as many as may be", bodies(got), "1 2 3")
	want(t, "of a FIFO queue", bodies(w.receive(t, f)), "1 2 3")
	_, err := w.ReceiveMessage(w.ctx, &sqs.ReceiveMessageInput{QueueUrl: q})
	want(t, "too many", errorOf(err), errorOf(overLimit()))
	want(t, "too many of a FIFO queue", bodies(w.receive(t, f)), "")
	w.delete(t, q, got[0])
	want(t, "after a deletion", bodies(w.receive(t, q)), "4")
	taken := make(chan string)
	go func() {
		all, err := w.Take(w.ctx, "arn:aws:sqs:eu-north-1:000000000000:q", 10)
		if err != nil {
			t.Error(err)
		}
		taken <- bodies(all)
	}()
	synctest.Wait()
	w.clock.Advance(10 * time.Second)
	want(t, "who waited, after the timeout", <-taken, "5 2 3")
}

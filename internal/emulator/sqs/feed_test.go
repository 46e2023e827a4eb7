package sqs

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// TestRelease has a message that was taken and given back unseen count as not
// received, so that it does not end in the dead-letter queue.
func TestRelease(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.queue(t, "dead")
	url := w.queue(t, "q", "RedrivePolicy", `{"deadLetterTargetArn":"arn:aws:sqs:eu-north-1:000000000000:dead","maxReceiveCount":1}`)
	if _, err := w.SendMessage(w.ctx, &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("m")}); err != nil {
		t.Fatal(err)
	}
	const arn = "arn:aws:sqs:eu-north-1:000000000000:q"
	for range 3 {
		got, _, err := w.takeFrom(arn, 10)
		if err != nil || len(got) != 1 {
			t.Fatalf("took %v, %v", got, err)
		}
		if n := got[0].Attributes["ApproximateReceiveCount"]; n != "1" {
			t.Errorf("received %s times, want 1", n)
		}
		if err := w.Release(arn, []string{*got[0].ReceiptHandle}); err != nil {
			t.Fatal(err)
		}
	}
}

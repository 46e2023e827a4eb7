package sns

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// TestDeduplication takes a message of a FIFO topic once in five minutes, and forgets
// it later.
func TestDeduplication(t *testing.T) {
	t.Parallel()
	e, q := newEnv(t), &sent{}
	s, err := New(e, q, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx := env.WithScope(t.Context(), env.Scope{Region: "eu-north-1", Account: "000000000000"})
	topic, err := s.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("t.fifo"), Attributes: map[string]string{"FifoTopic": "true"}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Subscribe(ctx, &sns.SubscribeInput{TopicArn: topic.TopicArn, Protocol: aws.String("sqs"), Endpoint: aws.String("arn:aws:sqs:eu-north-1:000000000000:q.fifo"),
		Attributes: map[string]string{"RawMessageDelivery": "true"}})
	if err != nil {
		t.Fatal(err)
	}
	publish := func(id string) string {
		t.Helper()
		out, err := s.Publish(ctx, &sns.PublishInput{TopicArn: topic.TopicArn, Message: aws.String(id), MessageGroupId: aws.String("g"), MessageDeduplicationId: &id})
		if err != nil {
			t.Fatal(err)
		}
		return *out.MessageId
	}
	remembered := func() (n int) {
		_ = e.Store.View(func(tx *store.Tx) error {
			for range s.seen.From(tx, "") {
				n++
			}
			return nil
		})
		return n
	}
	first := publish("a")
	for i := range 9 {
		publish(fmt.Sprint(i))
	}
	if again := publish("a"); again != first || len(q.bodies) != 10 {
		t.Errorf("got %s after %s, and %d messages", again, first, len(q.bodies))
	}
	e.Clock.(*clock.Fake).Advance(dedupTime)
	if again := publish("a"); again == first || len(q.bodies) != 11 {
		t.Errorf("after five minutes: got %s again, and %d messages", again, len(q.bodies))
	}
	if n := remembered(); n != 1 {
		t.Errorf("%d are remembered, want 1", n)
	}
}

// BenchmarkFIFO publishes to a topic that remembers many messages.
func BenchmarkFIFO(b *testing.B) {
	st, err := store.Open("")
	if err != nil {
		b.Fatal(err)
	}
	s, err := New(&env.Env{Clock: clock.NewFake(time.Unix(0, 0)), Store: st}, nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	ctx := env.WithScope(b.Context(), env.Scope{Region: "eu-north-1", Account: "000000000000"})
	topic, err := s.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("t.fifo"), Attributes: map[string]string{"FifoTopic": "true"}})
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	publish := func() {
		n++
		if _, err := s.Publish(ctx, &sns.PublishInput{TopicArn: topic.TopicArn, Message: aws.String("m"), MessageGroupId: aws.String("g"), MessageDeduplicationId: aws.String(fmt.Sprint(n))}); err != nil {
			b.Fatal(err)
		}
	}
	for range 3000 {
		publish()
	}
	for b.Loop() {
		publish()
	}
}

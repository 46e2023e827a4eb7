package sqs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// world is a service in one region of one account, at a time of its own.
type world struct {
	*Service
	clock *clock.Fake
	ctx   context.Context
}

func newWorld(t *testing.T) *world { return openWorld(t, "") }

func openWorld(t *testing.T, path string) *world {
	t.Helper()
	st, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	fake := clock.NewFake(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	s, err := New(&env.Env{Clock: fake, Store: st, URL: func() (string, error) { return "http://127.0.0.1:4566", nil }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(); _ = st.Close() })
	return &world{s, fake, env.WithScope(context.Background(), env.Scope{Account: "000000000000", Region: "eu-north-1"})}
}

// queue makes a queue, with attributes as names and values in turn.
func (w *world) queue(t *testing.T, name string, attributes ...string) *string {
	t.Helper()
	in := &sqs.CreateQueueInput{QueueName: &name, Attributes: map[string]string{}}
	for i := 0; i < len(attributes); i += 2 {
		in.Attributes[attributes[i]] = attributes[i+1]
	}
	out, err := w.CreateQueue(w.ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	return out.QueueUrl
}

func (w *world) send(t *testing.T, url *string, body string, change ...func(*sqs.SendMessageInput)) *sqs.SendMessageOutput {
	t.Helper()
	in := &sqs.SendMessageInput{QueueUrl: url, MessageBody: &body}
	for _, f := range change {
		f(in)
	}
	out, err := w.SendMessage(w.ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func group(name string) func(*sqs.SendMessageInput) {
	return func(in *sqs.SendMessageInput) { in.MessageGroupId = &name }
}

func (w *world) receive(t *testing.T, url *string, change ...func(*sqs.ReceiveMessageInput)) []types.Message {
	t.Helper()
	in := &sqs.ReceiveMessageInput{QueueUrl: url, MaxNumberOfMessages: 10, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"}, MessageAttributeNames: []string{"All"}}
	for _, f := range change {
		f(in)
	}
	out, err := w.ReceiveMessage(w.ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	return out.Messages
}

// bodies are the texts of messages.
func bodies(all []types.Message) string {
	var out []string
	for _, m := range all {
		out = append(out, *m.Body)
	}
	return strings.Join(out, " ")
}

func (w *world) delete(t *testing.T, url *string, all ...types.Message) {
	t.Helper()
	for _, m := range all {
		if _, err := w.DeleteMessage(w.ctx, &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: m.ReceiptHandle}); err != nil {
			t.Fatal(err)
		}
	}
}

// want compares.
func want(t *testing.T, what, got, wanted string) {
	t.Helper()
	if got != wanted {
		t.Errorf("%s: got %q, want %q", what, got, wanted)
	}
}

func errorOf(err error) string {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return fmt.Sprint(err)
	}
	return api.ErrorCode() + ": " + api.ErrorMessage()
}

func TestVisibility(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	q := w.queue(t, "q", "VisibilityTimeout", "10")
	w.send(t, q, "a")
	w.send(t, q, "b", func(in *sqs.SendMessageInput) { in.DelaySeconds = 5 })
	first := w.receive(t, q)
	want(t, "first", bodies(first), "a")
	want(t, "in flight", bodies(w.receive(t, q)), "")
	w.clock.Advance(5 * time.Second)
	second := w.receive(t, q)
	want(t, "after the delay", bodies(second), "b")
	w.clock.Advance(5 * time.Second)
	again := w.receive(t, q)
	want(t, "after the timeout", bodies(again), "a")
	want(t, "count", again[0].Attributes["ApproximateReceiveCount"], "2")
	w.delete(t, q, first...) // an earlier receipt: nothing happens
	w.delete(t, q, second...)
	if _, err := w.ChangeMessageVisibility(w.ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: q, ReceiptHandle: again[0].ReceiptHandle}); err != nil {
		t.Fatal(err)
	}
	last := w.receive(t, q, func(in *sqs.ReceiveMessageInput) { in.VisibilityTimeout = wire.Zero })
	want(t, "made visible", bodies(last), "a")
	want(t, "never hidden", bodies(w.receive(t, q)), "a")
	_, err := w.ChangeMessageVisibility(w.ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: q, ReceiptHandle: last[0].ReceiptHandle})
	if err == nil || !strings.Contains(err.Error(), "does not exist or is not available") {
		t.Errorf("a receipt from before: %v", err)
	}
	w.clock.Advance(4 * 24 * time.Hour)
	want(t, "after the retention period", bodies(w.receive(t, q)), "")
}

func TestCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	q := w.queue(t, "q")
	for range 3 {
		w.send(t, q, "x")
	}
	w.send(t, q, "later", func(in *sqs.SendMessageInput) { in.DelaySeconds = 5 })
	w.receive(t, q, func(in *sqs.ReceiveMessageInput) { in.MaxNumberOfMessages = 2 })
	out, err := w.GetQueueAttributes(w.ctx, &sqs.GetQueueAttributesInput{QueueUrl: q, AttributeNames: []types.QueueAttributeName{"All"}})
	if err != nil {
		t.Fatal(err)
	}
	a := out.Attributes
	want(t, "counts", a["ApproximateNumberOfMessages"]+a["ApproximateNumberOfMessagesDelayed"]+a["ApproximateNumberOfMessagesNotVisible"], "112")
}

// TestWaiting receives before there is a message, which a send and the end of a
// delay bring about, and the end of the time ends.
func TestWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st, err := store.Open("")
		if err != nil {
			t.Fatal(err)
		}
		s, err := New(&env.Env{Clock: clock.Real, Store: st, URL: func() (string, error) { return "http://127.0.0.1:4566", nil }})
		if err != nil {
			t.Fatal(err)
		}
		w := &world{Service: s, ctx: env.WithScope(t.Context(), env.Scope{Account: "000000000000", Region: "eu-north-1"})}
		q := w.queue(t, "q", "ReceiveMessageWaitTimeSeconds", "20")
		begin := time.Now()
		go func() {
			time.Sleep(3 * time.Second)
			w.send(t, q, "sent")
			w.send(t, q, "delayed", func(in *sqs.SendMessageInput) { in.DelaySeconds = 4 })
		}()
		want(t, "waited", bodies(w.receive(t, q)), "sent")
		want(t, "waited more", bodies(w.receive(t, q)), "delayed")
		if got := time.Since(begin); got != 7*time.Second {
			t.Errorf("the second came after %v", got)
		}
		want(t, "in vain", bodies(w.receive(t, q)), "")
		if got := time.Since(begin); got != 27*time.Second {
			t.Errorf("the waiting ended after %v", got)
		}
		want(t, "without waiting", bodies(w.receive(t, q, func(in *sqs.ReceiveMessageInput) { in.WaitTimeSeconds = wire.Zero })), "")
		if got := time.Since(begin); got != 27*time.Second {
			t.Errorf("not to wait took until %v", got)
		}
		go func() {
			time.Sleep(3 * time.Second)
			_, _ = s.DeleteQueue(w.ctx, &sqs.DeleteQueueInput{QueueUrl: q})
		}()
		_, err = s.ReceiveMessage(w.ctx, &sqs.ReceiveMessageInput{QueueUrl: q})
		want(t, "deleted meanwhile", errorOf(err), errorOf(gone()))
		if got := time.Since(begin); got != 30*time.Second {
			t.Errorf("the deletion was told after %v", got)
		}
		_ = s.Close()
		_ = st.Close()
	})
}

func TestFIFO(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	q := w.queue(t, "q.fifo", "FifoQueue", "true", "ContentBasedDeduplication", "true", "VisibilityTimeout", "10")
	for _, m := range []string{"a1", "b1", "a2", "b2", "a3"} {
		w.send(t, q, m, group(m[:1]))
	}
	again := w.send(t, q, "a1", group("a"))
	first := w.receive(t, q, func(in *sqs.ReceiveMessageInput) {
		in.MaxNumberOfMessages = 1
		in.ReceiveRequestAttemptId = aws.String("one")
	})
	want(t, "first", bodies(first), "a1")
	want(t, "the id of a repetition", *again.MessageId, *first[0].MessageId)
	want(t, "its sequence number", *again.SequenceNumber, first[0].Attributes["SequenceNumber"])
	want(t, "the same attempt", bodies(w.receive(t, q, func(in *sqs.ReceiveMessageInput) {
		in.MaxNumberOfMessages = 1
		in.ReceiveRequestAttemptId = aws.String("one")
	})), "a1")
	others := w.receive(t, q)
	want(t, "only the other group", bodies(others), "b1 b2")
	w.delete(t, q, first...)
	want(t, "the group goes on", bodies(w.receive(t, q)), "a2 a3")
	w.clock.Advance(10 * time.Second)
	want(t, "in order after the timeout", bodies(w.receive(t, q)), "b1 a2 b2 a3")
	w.clock.Advance(5 * time.Minute)
	w.send(t, q, "a1", group("a")) // forgotten by now
	want(t, "sent again", bodies(w.receive(t, q)), "b1 a2 b2 a3 a1")
	// What is sent in the very moment of forgetting is remembered anew.
	w.clock.Advance(5 * time.Minute)
	anew := w.send(t, q, "a1", group("a"))
	w.clock.Advance(time.Millisecond)
	w.send(t, q, "c1", group("c"))
	want(t, "a repetition of it", *w.send(t, q, "a1", group("a")).MessageId, *anew.MessageId)
}

func TestRedrive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dead := w.queue(t, "dead")
	q := w.queue(t, "q", "VisibilityTimeout", "1", "RedrivePolicy", `{"deadLetterTargetArn":"arn:aws:sqs:eu-north-1:000000000000:dead","maxReceiveCount":"2"}`)
	w.send(t, q, "poison")
	for range 2 {
		want(t, "before", bodies(w.receive(t, q)), "poison")
		w.clock.Advance(time.Second)
	}
	want(t, "given up", bodies(w.receive(t, q)), "")
	got := w.receive(t, dead, func(in *sqs.ReceiveMessageInput) { in.VisibilityTimeout = wire.Zero })
	want(t, "dead letter", bodies(got), "poison")
	want(t, "its source", got[0].Attributes["DeadLetterQueueSourceArn"], "arn:aws:sqs:eu-north-1:000000000000:q")
	sources, err := w.ListDeadLetterSourceQueues(w.ctx, &sqs.ListDeadLetterSourceQueuesInput{QueueUrl: dead})
	if err != nil || len(sources.QueueUrls) != 1 || sources.QueueUrls[0] != *q {
		t.Errorf("sources: %v, %v", sources, err)
	}
	if _, err := w.StartMessageMoveTask(w.ctx, &sqs.StartMessageMoveTaskInput{SourceArn: aws.String("arn:aws:sqs:eu-north-1:000000000000:dead")}); err != nil {
		t.Fatal(err)
	}
	w.work.Wait()
	want(t, "moved back", bodies(w.receive(t, q)), "poison")
	tasks, err := w.ListMessageMoveTasks(w.ctx, &sqs.ListMessageMoveTasksInput{SourceArn: aws.String("arn:aws:sqs:eu-north-1:000000000000:dead")})
	if err != nil || len(tasks.Results) != 1 || *tasks.Results[0].Status != completed || tasks.Results[0].ApproximateNumberOfMessagesMoved != 1 {
		t.Errorf("tasks: %+v, %v", tasks, err)
	}
}

// TestCancel cancels a moving of two messages after the first.
func TestCancel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dead := w.queue(t, "dead")
	w.queue(t, "q", "RedrivePolicy", `{"deadLetterTargetArn":"arn:aws:sqs:eu-north-1:000000000000:dead","maxReceiveCount":1}`)
	q := w.queue(t, "other")
	w.send(t, dead, "one")
	w.send(t, dead, "two")
	arn := aws.String("arn:aws:sqs:eu-north-1:000000000000:dead")
	out, err := w.StartMessageMoveTask(w.ctx, &sqs.StartMessageMoveTaskInput{SourceArn: arn, DestinationArn: aws.String("arn:aws:sqs:eu-north-1:000000000000:other"), MaxNumberOfMessagesPerSecond: aws.Int32(1)})
	if err != nil {
		t.Fatal(err)
	}
	moved := w.receive(t, q, func(in *sqs.ReceiveMessageInput) { in.WaitTimeSeconds = 20 })
	want(t, "moved", bodies(moved), "one")
	if _, err := w.CancelMessageMoveTask(w.ctx, &sqs.CancelMessageMoveTaskInput{TaskHandle: out.TaskHandle}); err != nil {
		t.Fatal(err)
	}
	w.work.Wait()
	want(t, "left", bodies(w.receive(t, dead)), "two")
	tasks, err := w.ListMessageMoveTasks(w.ctx, &sqs.ListMessageMoveTasksInput{SourceArn: arn})
	if err != nil || *tasks.Results[0].Status != ended {
		t.Errorf("tasks: %+v, %v", tasks, err)
	}
}

// TestDigests has checksums that AWS gave.
func TestDigests(t *testing.T) {
	t.Parallel()
	want(t, "body", digest("message"), "78e731027d8fd50ed642340b7c9a63b3")
	got := digestAttributes(map[string]types.MessageAttributeValue{"k": {DataType: aws.String("String"), StringValue: aws.String("x")}})
	want(t, "attributes", *got, "a45daa70926828a2f0a1db3418e6feb4")
}

func TestAttributes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	q := w.queue(t, "q")
	message := types.MessageAttributeValue{DataType: aws.String("Number.int"), StringValue: aws.String("12")}
	w.send(t, q, "a", func(in *sqs.SendMessageInput) {
		in.MessageAttributes = map[string]types.MessageAttributeValue{"foo.a": message, "foo.b": message, "bar": message}
		in.MessageSystemAttributes = map[string]types.MessageSystemAttributeValue{"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String("Root=1")}}
	})
	got := w.receive(t, q, func(in *sqs.ReceiveMessageInput) { in.MessageAttributeNames = []string{"foo.*"} })
	if len(got[0].MessageAttributes) != 2 || got[0].Attributes["AWSTraceHeader"] != "Root=1" {
		t.Errorf("got %+v", got[0])
	}
}

// TestRefusals has what AWS refuses, with its words.
func TestRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	q := w.queue(t, "q", "MaximumMessageSize", "1024")
	f := w.queue(t, "f.fifo", "FifoQueue", "true")
	send := func(url *string, body string, change ...func(*sqs.SendMessageInput)) error {
		in := &sqs.SendMessageInput{QueueUrl: url, MessageBody: &body}
		for _, f := range change {
			f(in)
		}
		_, err := w.SendMessage(w.ctx, in)
		return err
	}
	create := func(name string, attributes map[string]string) error {
		_, err := w.CreateQueue(w.ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
		return err
	}
	receive := func(in sqs.ReceiveMessageInput) error {
		in.QueueUrl = q
		_, err := w.ReceiveMessage(w.ctx, &in)
		return err
	}
	batch := func(ids ...string) error {
		in := &sqs.SendMessageBatchInput{QueueUrl: q}
		for _, id := range ids {
			in.Entries = append(in.Entries, types.SendMessageBatchRequestEntry{Id: &id, MessageBody: &id})
		}
		_, err := w.SendMessageBatch(w.ctx, in)
		return err
	}
	for _, row := range []struct {
		err  error
		want string
	}{
		{send(aws.String("http://127.0.0.1:4566/000000000000/none"), "x"), "QueueDoesNotExist: The specified queue does not exist."},
		{send(q, ""), "MissingRequiredParameterException: The request must contain the parameter MessageBody."},
		{send(q, strings.Repeat("x", 1025)), "InvalidParameterValueException: One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes."},
		{send(q, "\x00"), "InvalidMessageContents: Invalid binary character '#x0' was found in the message body, the set of allowed characters is #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"},
		{send(f, "x"), "MissingRequiredParameterException: The request must contain the parameter MessageGroupId."},
		{send(f, "x", group("g")), "InvalidParameterValueException: The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"},
		{send(q, "x", func(in *sqs.SendMessageInput) { in.DelaySeconds = 901 }), "InvalidParameterValueException: Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."},
		{create("a b", nil), "InvalidParameterValueException: Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"},
		{create("q", map[string]string{"VisibilityTimeout": "5"}), "QueueAlreadyExists: A queue already exists with the same name and a different value for attribute VisibilityTimeout"},
		{create("r", map[string]string{"VisibilityTimeout": "50000"}), "InvalidAttributeValue: Invalid value for the parameter VisibilityTimeout."},
		{create("r", map[string]string{"Policy": "5"}), "InvalidAttributeValue: Invalid value for the parameter Policy."},
		{create("r", map[string]string{"Nonsense": "1"}), "InvalidAttributeName: Unknown Attribute Nonsense."},
		{create("r", map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:eu-north-1:000000000000:f.fifo","maxReceiveCount":1}`}), `InvalidParameterValueException: Value {"deadLetterTargetArn":"arn:aws:sqs:eu-north-1:000000000000:f.fifo","maxReceiveCount":1} for parameter RedrivePolicy is invalid. Reason: Dead-letter queue must be same type of queue as the source.`},
		{receive(sqs.ReceiveMessageInput{MaxNumberOfMessages: 11}), "InvalidParameterValueException: Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."},
		{receive(sqs.ReceiveMessageInput{WaitTimeSeconds: 21}), "InvalidParameterValueException: Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided."},
		{batch(), "AWS.SimpleQueueService.EmptyBatchRequest: There should be at least one SendMessageBatchRequestEntry in the request."},
		{batch("a", "a"), "AWS.SimpleQueueService.BatchEntryIdsNotDistinct: Id a repeated."},
		{batch("a b"), "AWS.SimpleQueueService.InvalidBatchEntryId: A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long."},
	} {
		got, wanted := errorOf(row.err), row.want
		if i := strings.Index(wanted, ": "); !strings.HasSuffix(got, wanted[i:]) {
			t.Errorf("got  %s\nwant %s", got, wanted)
		}
	}
}

func TestBatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	q := w.queue(t, "q")
	entry := func(id, body string) types.SendMessageBatchRequestEntry {
		return types.SendMessageBatchRequestEntry{Id: &id, MessageBody: &body}
	}
	out, err := w.SendMessageBatch(w.ctx, &sqs.SendMessageBatchInput{QueueUrl: q, Entries: []types.SendMessageBatchRequestEntry{entry("1", "a"), entry("2", "\x01"), entry("3", "c")}})
	if err != nil || len(out.Successful) != 2 || len(out.Failed) != 1 || *out.Failed[0].Id != "2" {
		t.Fatalf("got %+v, %v", out, err)
	}
	got := w.receive(t, q)
	want(t, "received", bodies(got), "a c")
	gone, err := w.DeleteMessageBatch(w.ctx, &sqs.DeleteMessageBatchInput{QueueUrl: q, Entries: []types.DeleteMessageBatchRequestEntry{
		{Id: aws.String("1"), ReceiptHandle: got[0].ReceiptHandle}, {Id: aws.String("2"), ReceiptHandle: aws.String("nonsense")},
	}})
	if err != nil || len(gone.Successful) != 1 || *gone.Failed[0].Code != "ReceiptHandleIsInvalid" {
		t.Errorf("got %+v, %v", gone, err)
	}
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	q := w.queue(t, "q")
	if _, err := w.AddPermission(w.ctx, &sqs.AddPermissionInput{QueueUrl: q, Label: aws.String("l"), AWSAccountIds: []string{"111111111111"}, Actions: []string{"SendMessage"}}); err != nil {
		t.Fatal(err)
	}
	policy := func() string {
		out, err := w.GetQueueAttributes(w.ctx, &sqs.GetQueueAttributesInput{QueueUrl: q, AttributeNames: []types.QueueAttributeName{"Policy"}})
		if err != nil {
			t.Fatal(err)
		}
		return out.Attributes["Policy"]
	}
	want(t, "policy", policy(), `{"Version":"2012-10-17","Id":"arn:aws:sqs:eu-north-1:000000000000:q/SQSDefaultPolicy","Statement":[{"Sid":"l","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"SQS:SendMessage","Resource":"arn:aws:sqs:eu-north-1:000000000000:q"}]}`)
	if _, err := w.RemovePermission(w.ctx, &sqs.RemovePermissionInput{QueueUrl: q, Label: aws.String("l")}); err != nil {
		t.Fatal(err)
	}
	want(t, "policy afterwards", policy(), "")
	// One statement may stand by itself in what people write.
	q = w.queue(t, "one", "Policy", `{"Version":"2012-10-17","Statement":{"Sid":"own"}}`)
	if _, err := w.AddPermission(w.ctx, &sqs.AddPermissionInput{QueueUrl: q, Label: aws.String("l"), AWSAccountIds: []string{"111111111111"}, Actions: []string{"SendMessage"}}); err != nil {
		t.Fatal(err)
	}
	if got := policy(); !strings.Contains(got, `"Statement":[{"Sid":"own"},{"Sid":"l",`) {
		t.Errorf("got %s", got)
	}
}

// TestReopen finds queues and messages again, those in flight too.
func TestReopen(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/store.db"
	w := openWorld(t, path)
	q := w.queue(t, "q.fifo", "FifoQueue", "true", "ContentBasedDeduplication", "true")
	w.send(t, q, "a", group("g"))
	w.send(t, q, "b", group("g"))
	w.receive(t, q, func(in *sqs.ReceiveMessageInput) { in.MaxNumberOfMessages = 1 })
	if err := errors.Join(w.Close(), w.env.Store.Close()); err != nil {
		t.Fatal(err)
	}
	w = openWorld(t, path)
	want(t, "the group is blocked still", bodies(w.receive(t, q)), "")
	w.send(t, q, "a", group("g"))
	w.clock.Advance(30 * time.Second)
	want(t, "all in order, none twice", bodies(w.receive(t, q)), "a b")
}

// TestManyReaders has many take from one queue at once: every message goes to one
// of them.
func TestManyReaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	q := w.queue(t, "q")
	const n = 1000
	for i := range n {
		w.send(t, q, fmt.Sprint(i))
	}
	got := make(chan string, 2*n)
	for range 8 {
		w.work.Go(func() {
			for {
				out, err := w.ReceiveMessage(w.ctx, &sqs.ReceiveMessageInput{QueueUrl: q, MaxNumberOfMessages: 7})
				if err != nil || len(out.Messages) == 0 {
					return
				}
				for _, m := range out.Messages {
					got <- *m.Body
				}
			}
		})
	}
	w.work.Wait()
	close(got)
	seen := map[string]bool{}
	for body := range got {
		if seen[body] {
			t.Fatalf("%s came twice", body)
		}
		seen[body] = true
	}
	if len(seen) != n {
		t.Errorf("got %d messages, want %d", len(seen), n)
	}
}

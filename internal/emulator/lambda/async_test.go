package lambda

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// mailbox is the queues that functions send to; none can be read.
type mailbox struct {
	mu   sync.Mutex
	mail map[string]string // all that came, by ARN
}

func (*mailbox) Settings(string) (time.Duration, error) { return 0, &sqstypes.QueueDoesNotExist{} }

func (*mailbox) Await(ctx context.Context, _ string) error {
	<-ctx.Done()
	return ctx.Err()
}

func (*mailbox) Take(ctx context.Context, _ string, _ int) ([]sqstypes.Message, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (*mailbox) Remove(string, []string) error { return nil }

func (*mailbox) Release(string, []string) error { return nil }

func (b *mailbox) Deliver(_ context.Context, arn string, in *sqs.SendMessageInput) (*sqs.SendMessageOutput, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mail[arn] += *in.MessageBody
	for _, name := range []string{"ErrorCode", "ErrorMessage"} {
		if a, ok := in.MessageAttributes[name]; ok {
			b.mail[arn] += " " + name + "=" + *a.StringValue
			if (*a.DataType == "Number") != (name == "ErrorCode") || !utf8.ValidString(*a.StringValue) {
				b.mail[arn] += " which is no " + *a.DataType
			}
		}
	}
	return &sqs.SendMessageOutput{}, nil
}

func (b *mailbox) of(arn string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.mail[arn]
}

// waits returns the only event that waits, when it has failed so many times; after
// the last time there is none.
func (w *world) waits(t *testing.T, calls int) (e event, there bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(2 * time.Minute); ; {
		there = false
		_ = w.env.Store.View(func(tx *store.Tx) error {
			for _, e = range w.backlog.waiting.From(tx, "") {
				there = true
			}
			return nil
		})
		if !there || e.Calls == calls {
			return e, there
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("the event has failed %d times, want %d", e.Calls, calls)
		}
	}
}

const (
	failureARN = "arn:aws:sqs:eu-north-1:000000000000:failures"
	deadARN    = "arn:aws:sqs:eu-north-1:000000000000:dead"
)

// TestAsynchronous has a failing function retried after a minute and after two more,
// unless its settings say otherwise, and tells how it ended.
func TestAsynchronous(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		config *lambda.PutFunctionEventInvokeConfigInput
		stop   bool
		waits  []time.Duration // after each failed call but the last
		want   string
		dead   string
	}{
		{"as by default", &lambda.PutFunctionEventInvokeConfigInput{}, false, []time.Duration{time.Minute, 2 * time.Minute}, `"condition":"RetriesExhausted","approximateInvokeCount":3`, `{"n":1} ErrorCode=200 ErrorMessage=no`},
		{"without retries", &lambda.PutFunctionEventInvokeConfigInput{MaximumRetryAttempts: aws.Int32(0)}, false, nil, `"condition":"RetriesExhausted","approximateInvokeCount":1`, `ErrorMessage=no`},
		{"too old", &lambda.PutFunctionEventInvokeConfigInput{MaximumEventAgeInSeconds: aws.Int32(90)}, false, []time.Duration{time.Minute}, `"condition":"EventAgeExceeded","approximateInvokeCount":2`, `ErrorMessage=no`},
		{"stopped", &lambda.PutFunctionEventInvokeConfigInput{}, true, nil, `"condition":"ZeroReservedConcurrency","approximateInvokeCount":0},"requestPayload":{"n":1}}`, `ErrorCode=429`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, box := newFakeWorld(t), &mailbox{mail: map[string]string{}}
			w.Queues = box
			w.create(t, python, "app.handler", map[string]string{"app.py": "def handler(e, c): raise Exception('no')"}, func(in *lambda.CreateFunctionInput) {
				in.DeadLetterConfig = &types.DeadLetterConfig{TargetArn: aws.String(deadARN)}
			})
			c.config.FunctionName = aws.String("f")
			c.config.DestinationConfig = &types.DestinationConfig{OnFailure: &types.OnFailure{Destination: aws.String(failureARN)}}
			if _, err := w.PutFunctionEventInvokeConfig(w.ctx, c.config); err != nil {
				t.Fatal(err)
			}
			if c.stop {
				if _, err := w.PutFunctionConcurrency(w.ctx, &lambda.PutFunctionConcurrencyInput{FunctionName: aws.String("f"), ReservedConcurrentExecutions: aws.Int32(0)}); err != nil {
					t.Fatal(err)
				}
			}
			out, err := w.Invoke(w.ctx, &lambda.InvokeInput{FunctionName: aws.String("f"), InvocationType: types.InvocationTypeEvent, Payload: []byte(`{"n":1}`)})
			if err != nil || out.StatusCode != http.StatusAccepted {
				t.Fatal(out, err)
			}
			for i, wait := range c.waits {
				e, there := w.waits(t, i+1)
				if got := e.Next.Sub(w.clock.Now()); !there || got != wait {
					t.Fatalf("after call %d: waits for %v (%v), want %v", i+1, got, there, wait)
				}
				w.clock.Advance(wait)
			}
			if e, there := w.waits(t, -1); there {
				t.Fatalf("it still waits: %+v", e)
			}
			if got := box.of(failureARN); !strings.Contains(got, c.want) || !strings.Contains(got, `:function:f:$LATEST"`) {
				t.Errorf("the destination got %s, want %s", got, c.want)
			}
			if got := box.of(deadARN); !strings.Contains(got, c.dead) {
				t.Errorf("the dead-letter queue got %s, want %s", got, c.dead)
			}
		})
	}
}

// TestDeadLetter sends the function's own words along, as far as queues take them.
func TestDeadLetter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, raise, want string }{
		{"a number", `'42'`, "ErrorMessage=42"},
		{"long", `'x' * 1023 + 'é'`, "ErrorMessage=" + strings.Repeat("x", 1023)},
		{"colors", `'\x1b[31mred'`, "ErrorMessage=\uFFFD[31mred"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, box := newFakeWorld(t), &mailbox{mail: map[string]string{}}
			w.Queues = box
			w.create(t, python, "app.handler", map[string]string{"app.py": "def handler(e, c): raise Exception(" + c.raise + ")"}, func(in *lambda.CreateFunctionInput) {
				in.DeadLetterConfig = &types.DeadLetterConfig{TargetArn: aws.String(deadARN)}
			})
			if _, err := w.PutFunctionEventInvokeConfig(w.ctx, &lambda.PutFunctionEventInvokeConfigInput{FunctionName: aws.String("f"), MaximumRetryAttempts: aws.Int32(0)}); err != nil {
				t.Fatal(err)
			}
			if err := w.Enqueue(w.ctx, fARN, []byte(`1`)); err != nil {
				t.Fatal(err)
			}
			w.waits(t, -1)
			if got, want := box.of(deadARN), "1 ErrorCode=200 "+c.want; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// TestDestinationLoop stops two functions that are each other's destination.
func TestDestinationLoop(t *testing.T) {
	t.Parallel()
	w, box := newFakeWorld(t), &mailbox{mail: map[string]string{}}
	w.Queues = box
	other := map[string]string{"f": "g", "g": "f"}
	for name := range other {
		w.create(t, python, "app.handler", map[string]string{"app.py": "def handler(e, c): return 1"}, func(in *lambda.CreateFunctionInput) {
			in.FunctionName = aws.String(name)
		})
	}
	for name, next := range other {
		if _, err := w.PutFunctionEventInvokeConfig(w.ctx, &lambda.PutFunctionEventInvokeConfigInput{FunctionName: aws.String(name), DestinationConfig: &types.DestinationConfig{
			OnSuccess: &types.OnSuccess{Destination: aws.String(strings.TrimSuffix(fARN, "f") + next)}, OnFailure: &types.OnFailure{Destination: aws.String(failureARN)},
		}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Enqueue(w.ctx, fARN, []byte(`1`)); err != nil {
		t.Fatal(err)
	}
	w.waits(t, -1)
	if got := box.of(failureARN); strings.Count(got, `"condition":"RecursiveInvocation"`) != 1 || !strings.Contains(got, ":function:f:$LATEST") {
		t.Errorf("the destination got %s", got)
	}
}

// TestForgotten forgets the events of a function that is deleted, also where another
// has its name afterwards.
func TestForgotten(t *testing.T) {
	t.Parallel()
	w, box := newFakeWorld(t), &mailbox{mail: map[string]string{}}
	w.Queues = box
	failing := map[string]string{"app.py": "def handler(e, c): raise Exception('no')"}
	dead := func(in *lambda.CreateFunctionInput) {
		in.DeadLetterConfig = &types.DeadLetterConfig{TargetArn: aws.String(deadARN)}
	}
	w.create(t, python, "app.handler", failing, dead)
	if err := w.Enqueue(w.ctx, fARN, []byte(`1`)); err != nil {
		t.Fatal(err)
	}
	w.waits(t, 1)
	if _, err := w.DeleteFunction(w.ctx, &lambda.DeleteFunctionInput{FunctionName: aws.String("f")}); err != nil {
		t.Fatal(err)
	}
	if e, there := w.waits(t, 1); there {
		t.Errorf("it still waits: %+v", e)
	}
	w.create(t, python, "app.handler", failing, dead)
	w.clock.Advance(time.Minute)
	if err := w.Close(); err != nil { // what was begun is over then
		t.Error(err)
	}
	if got := strings.Count(strings.Join(w.logs, "\n"), "START RequestId"); got != 1 {
		t.Errorf("%d invocations, want 1: %q", got, w.logs)
	}
}

// TestEventSize refuses events that are too large for their queue.
func TestEventSize(t *testing.T) {
	t.Parallel()
	w := newFakeWorld(t)
	payload := []byte(`"` + strings.Repeat("x", maxEvent) + `"`)
	_, err := w.Invoke(w.ctx, &lambda.InvokeInput{FunctionName: aws.String("f"), InvocationType: types.InvocationTypeEvent, Payload: payload})
	if want := "byte payload is too large for the Event invocation type (limit 1048576 bytes)"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

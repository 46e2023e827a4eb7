package lambda

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// takers is queues without messages, which counts who waits for some.
type takers struct {
	mailbox
	n atomic.Int32
}

func (q *takers) Take(ctx context.Context, _ string, _ int) ([]sqstypes.Message, error) {
	q.n.Add(1)
	defer q.n.Add(-1)
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestMappingStartedLate deletes a mapping between the commit of a change of it and
// what the change begins: the mapping ends all the same.
func TestMappingStartedLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake, queues := clock.NewFake(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)), &takers{}
		st, err := store.Open("")
		if err != nil {
			t.Fatal(err)
		}
		s := &Service{env: &env.Env{Clock: fake, Store: st, Log: slog.New(slog.DiscardHandler)}, Queues: queues}
		if err := s.openMappings(); err != nil {
			t.Fatal(err)
		}
		defer s.mappings.close()
		ctx := env.WithScope(t.Context(), env.Scope{Account: "000000000000", Region: "eu-north-1"})
		m := mapping{Scope: env.ScopeOf(ctx), Function: "f", Enabled: true, Configuration: types.EventSourceMappingConfiguration{
			UUID: aws.String("id"), EventSourceArn: aws.String(deadARN),
		}}
		m.defaults()
		if err := st.Update(func(tx *store.Tx) error { s.mappings.all.Put(tx, m.key(), m); return nil }); err != nil {
			t.Fatal(err)
		}
		s.mappings.start(m.key())
		synctest.Wait()
		if got := queues.n.Load(); got != 1 {
			t.Errorf("%d wait for messages, want 1", got)
		}
		if _, err := s.DeleteEventSourceMapping(ctx, &lambda.DeleteEventSourceMappingInput{UUID: aws.String("id")}); err != nil {
			t.Fatal(err)
		}
		s.mappings.start(m.key())
		synctest.Wait()
		if got := queues.n.Load(); got != 0 {
			t.Errorf("%d wait for messages of a deleted mapping", got)
		}
		fake.Advance(settling)
		synctest.Wait()
		left := 0
		_ = st.View(func(tx *store.Tx) error {
			for range s.mappings.all.From(tx, "") {
				left++
			}
			return nil
		})
		if left+len(s.mappings.runs) != 0 {
			t.Errorf("%d mappings are left, and what runs for %d", left, len(s.mappings.runs))
		}
	})
}

// TestMappingSeenUntilForgotten shows a deleted mapping for as long as it is held: who
// sees it no more finds nothing left of it.
func TestMappingSeenUntilForgotten(t *testing.T) {
	t.Parallel()
	fake := clock.NewFake(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	st, err := store.Open("")
	if err != nil {
		t.Fatal(err)
	}
	s := &Service{env: &env.Env{Clock: fake, Store: st, Log: slog.New(slog.DiscardHandler)}}
	if err := s.openMappings(); err != nil {
		t.Fatal(err)
	}
	ctx := env.WithScope(t.Context(), env.Scope{Account: "000000000000", Region: "eu-north-1"})
	m := mapping{Scope: env.ScopeOf(ctx), Function: "f", Change: deleting, Settles: fake.Now(), Configuration: types.EventSourceMappingConfiguration{
		UUID: aws.String("id"), EventSourceArn: aws.String(deadARN),
	}}
	if err := st.Update(func(tx *store.Tx) error { s.mappings.all.Put(tx, m.key(), m); return nil }); err != nil {
		t.Fatal(err)
	}
	fake.Advance(settling)
	in := &lambda.GetEventSourceMappingInput{UUID: aws.String("id")}
	out, err := s.GetEventSourceMapping(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	if got := aws.ToString(out.State); got != deleting {
		t.Errorf("the mapping is %s, want %s", got, deleting)
	}
	if err := s.mappings.forget(ctx, &m); err != nil {
		t.Fatal(err)
	}
	if _, err := s.GetEventSourceMapping(ctx, in); !errors.Is(err, errNoResource) || st.Len() != 0 {
		t.Errorf("the mapping is forgotten: %v, %d things are left", err, st.Len())
	}
	s.mappings.close()
}

// TestMappingDestination refuses destinations that could take nothing: a message to a
// FIFO queue needs a group.
func TestMappingDestination(t *testing.T) {
	t.Parallel()
	s := &Service{}
	for arn, ok := range map[string]bool{
		deadARN: true, "arn:aws:s3:::b": true, "arn:aws:sns:eu-north-1:000000000000:t": true,
		deadARN + ".fifo": false, "arn:aws:sns:eu-north-1:000000000000:t.fifo": false, "arn:aws:lambda:eu-north-1:000000000000:function:f": false,
	} {
		m := mapping{Configuration: types.EventSourceMappingConfiguration{EventSourceArn: aws.String("arn:aws:dynamodb:eu-north-1:000000000000:table/t/stream/1")}}
		m.defaults()
		m.Configuration.DestinationConfig.OnFailure.Destination = &arn
		_, err := s.checkMapping(t.Context(), &m, &target{})
		if refused := err != nil && strings.Contains(err.Error(), "The destination ARN"); refused == ok {
			t.Errorf("%s: got %v", arn, err)
		}
	}
}

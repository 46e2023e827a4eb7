package events

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	sfntypes "github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// machines start executions after some attempts that fail.
type machines struct {
	mu       sync.Mutex
	clock    *clock.Fake
	failing  int
	err      error
	attempts []time.Duration // when, since the clock began
	began    time.Time
}

func (m *machines) Start(context.Context, string, string, []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.attempts = append(m.attempts, m.clock.Now().Sub(m.began))
	if len(m.attempts) <= m.failing {
		return m.err
	}
	return nil
}

func (m *machines) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.attempts)
}

// dead notes the messages of a dead-letter queue.
type dead struct {
	mu  sync.Mutex
	got []*sqs.SendMessageInput
}

func (d *dead) Deliver(_ context.Context, _ string, in *sqs.SendMessageInput) (*sqs.SendMessageOutput, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.got = append(d.got, in)
	return &sqs.SendMessageOutput{}, nil
}

func (d *dead) attributes(i int) map[string]string {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := map[string]string{}
	if i < len(d.got) {
		for name, v := range d.got[i].MessageAttributes {
			out[name] = *v.StringValue
		}
	}
	return out
}

func (s *Service) waiting() (n int) {
	_ = s.env.Store.View(func(tx *store.Tx) error {
		for range s.deliveries.From(tx, "") {
			n++
		}
		return nil
	})
	return n
}

// TestRetryPolicy delivers events again while their target is busy: with pauses that
// grow, as often and as long as the target's policy has it. What is refused for good is
// not tried again.
func TestRetryPolicy(t *testing.T) {
	t.Parallel()
	busy := &sfntypes.ExecutionLimitExceeded{Message: aws.String("busy")}
	for _, row := range []struct {
		name     string
		policy   *types.RetryPolicy
		err      error
		failing  int
		attempts []time.Duration
		buried   map[string]string
	}{
		{"until it works", nil, busy, 3, []time.Duration{0, 1e9, 3e9, 7e9}, nil},
		{"as often as it may be", &types.RetryPolicy{MaximumRetryAttempts: aws.Int32(2)}, busy, 99, []time.Duration{0, 1e9, 3e9},
			map[string]string{"EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts", "RETRY_ATTEMPTS": "2", "ERROR_CODE": "RESOURCE_LIMIT_EXCEEDED"}},
		{"not again", &types.RetryPolicy{MaximumRetryAttempts: aws.Int32(0)}, busy, 99, []time.Duration{0},
			map[string]string{"EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts", "RETRY_ATTEMPTS": "0"}},
		{"as long as it may be", &types.RetryPolicy{MaximumEventAgeInSeconds: aws.Int32(60)}, busy, 99, []time.Duration{0, 1e9, 3e9, 7e9, 15e9, 31e9},
			map[string]string{"EXHAUSTED_RETRY_CONDITION": "MaximumEventAgeInSeconds", "RETRY_ATTEMPTS": "5", "ERROR_CODE": "RESOURCE_LIMIT_EXCEEDED"}},
		{"an emulator that closes", nil, errors.New("closing"), 1, []time.Duration{0, 1e9}, nil},
		{"for good", nil, &sfntypes.StateMachineDoesNotExist{Message: aws.String("gone")}, 99, []time.Duration{0},
			map[string]string{"ERROR_CODE": "NO_RESOURCE", "RETRY_ATTEMPTS": "0"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t)
			now := e.Clock.(*clock.Fake)
			s, err := New(e)
			if err != nil {
				t.Fatal(err)
			}
			m, d := &machines{clock: now, failing: row.failing, err: row.err, began: now.Now()}, &dead{}
			s.Targets = Targets{Machines: m, Queues: d}
			put(t, s, row.policy)
			for range 70 {
				before := s.waiting()
				now.Advance(time.Second)
				if before > 0 {
					s.settle()
				}
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if got, want := m.attempts, row.attempts; len(got) != len(want) {
				t.Fatalf("got %v, want %v", got, want)
			}
			for i := range row.attempts {
				if m.attempts[i] != row.attempts[i] {
					t.Errorf("got %v, want %v", m.attempts, row.attempts)
				}
			}
			got := d.attributes(0)
			for name, want := range row.buried {
				if got[name] != want {
					t.Errorf("%s: got %q, want %q", name, got[name], want)
				}
			}
			if row.buried == nil && len(d.got) > 0 || s.waiting() > 0 {
				t.Errorf("%v was buried, %d wait", got, s.waiting())
			}
		})
	}
}

// settle waits until what the clock has begun is over.
func (s *Service) settle() {
	for busy := true; busy; {
		s.mu.Lock()
		var next time.Time
		_ = s.env.Store.View(func(tx *store.Tx) error {
			for _, d := range s.deliveries.From(tx, "") {
				next = d.Due
				break
			}
			return nil
		})
		busy = !next.IsZero() && !next.After(s.env.Clock.Now())
		s.mu.Unlock()
		s.work.Wait()
	}
}

// put makes a rule with a state machine as its target, and puts an event.
func put(t *testing.T, s *Service, p *types.RetryPolicy) {
	t.Helper()
	ctx := env.WithScope(t.Context(), env.Scope{Region: "eu-north-1", Account: "000000000000"})
	if _, err := s.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(`{"source":["shop"]}`)}); err != nil {
		t.Fatal(err)
	}
	target := types.Target{
		Id: aws.String("t"), Arn: aws.String("arn:aws:states:eu-north-1:000000000000:stateMachine:m"), RoleArn: aws.String("arn:aws:iam::000000000000:role/r"), RetryPolicy: p,
		DeadLetterConfig: &types.DeadLetterConfig{Arn: aws.String("arn:aws:sqs:eu-north-1:000000000000:dead")},
	}
	if _, err := s.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: []types.Target{target}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{{Source: aws.String("shop"), DetailType: aws.String("x"), Detail: aws.String(`{}`)}}}); err != nil {
		t.Fatal(err)
	}
}

// TestRetrySurvives delivers an event after a restart that was refused before it.
func TestRetrySurvives(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "store.db")
	now := clock.NewFake(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	m := &machines{clock: now, failing: 1, err: &sfntypes.ExecutionLimitExceeded{}, began: now.Now()}
	open := func() *Service {
		st, err := store.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		s, err := New(&env.Env{Clock: now, Store: st, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		s.Targets.Machines = m
		s.Resume()
		return s
	}
	s := open()
	put(t, s, nil)
	if err := errors.Join(s.Close(), s.env.Store.Close()); err != nil {
		t.Fatal(err)
	}
	now.Advance(time.Hour)
	s = open()
	for m.count() < 2 { //nolint:revive // asked until it is so
	}
	if err := errors.Join(s.Close(), s.env.Store.Close()); err != nil {
		t.Fatal(err)
	}
}

// during starts executions, and does something while each is being started.
type during func() error

// Start implements the interface of state machines in [Targets].
func (f during) Start(context.Context, string, string, []byte) error { return f() }

// TestRetryKeeps has an event in the store while it is tried again, so that a kill
// does not lose it, and does not try it twice when another one fails meanwhile.
func TestRetryKeeps(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	now := e.Clock.(*clock.Fake)
	s, err := New(e)
	if err != nil {
		t.Fatal(err)
	}
	busy := &sfntypes.ExecutionLimitExceeded{Message: aws.String("busy")}
	var mu sync.Mutex
	var kept []int
	start := during(func() error {
		mu.Lock()
		defer mu.Unlock()
		kept = append(kept, s.waiting())
		if len(kept) == 1 {
			return busy
		}
		s.retry() // as another event that fails does
		return nil
	})
	s.Targets = Targets{Machines: start, Queues: &dead{}}
	put(t, s, nil)
	now.Advance(time.Second)
	s.settle()
	now.Advance(time.Minute)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if len(kept) != 2 || kept[0] != 0 || kept[1] != 1 || s.waiting() != 0 {
		t.Errorf("got %v in the store at the attempts and %d at the end, want [0 1] and 0", kept, s.waiting())
	}
}

// TestDeadLetterARN refuses dead-letter queues that are none, as no event could be
// put there.
func TestDeadLetterARN(t *testing.T) {
	t.Parallel()
	s, err := New(newEnv(t))
	if err != nil {
		t.Fatal(err)
	}
	s.Targets.Queues = &dead{}
	ctx := env.WithScope(t.Context(), env.Scope{Region: "eu-north-1", Account: "000000000000"})
	if _, err := s.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(`{"source":["shop"]}`)}); err != nil {
		t.Fatal(err)
	}
	for _, arn := range []string{"dead", "arn:aws:sqs", "arn:aws:sns:eu-north-1:000000000000:dead"} {
		_, err := s.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: []types.Target{{
			Id: aws.String("t"), Arn: aws.String("arn:aws:events:eu-north-1:111111111111:event-bus/default"), DeadLetterConfig: &types.DeadLetterConfig{Arn: &arn},
		}}})
		var api smithy.APIError
		if !errors.As(err, &api) || api.ErrorCode() != "ValidationException" {
			t.Errorf("%s: got %v", arn, err)
		}
		_, _ = s.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{{Source: aws.String("shop"), DetailType: aws.String("x"), Detail: aws.String(`{}`)}}})
	}
}

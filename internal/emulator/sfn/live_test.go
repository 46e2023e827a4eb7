package sfn

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/run"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

const role = "arn:aws:iam::000000000000:role/machine"

func service(t *testing.T) *Service {
	t.Helper()
	st, err := store.Open("")
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(&env.Env{Clock: clock.NewFake(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)), Store: st, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ctx(t *testing.T) context.Context {
	return env.WithScope(t.Context(), env.Scope{Account: "000000000000", Region: "eu-north-1"})
}

func create(t *testing.T, s *Service, name, definition string, kind types.StateMachineType) string {
	t.Helper()
	out, err := s.CreateStateMachine(ctx(t), &sfn.CreateStateMachineInput{Name: &name, Definition: &definition, RoleArn: ptr(role), Type: kind})
	if err != nil {
		t.Fatal(err)
	}
	return *out.StateMachineArn
}

const pass = `{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}`

// circle is a machine that goes round and round.
const circle = `{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},
	"B":{"Type":"Choice","Choices":[{"Variable":"$.end","IsPresent":true,"Next":"E"}],"Default":"A"},"E":{"Type":"Succeed"}}}`

// TestExecutionNames has machines called as parts of ARNs are.
func TestExecutionNames(t *testing.T) {
	t.Parallel()
	s := service(t)
	for _, name := range []string{"a", "arn", "aws", "states", "execution", "0"} {
		arn := create(t, s, name, pass, "")
		x, err := s.StartExecution(ctx(t), &sfn.StartExecutionInput{StateMachineArn: &arn, Name: ptr("x")})
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.DescribeExecution(ctx(t), &sfn.DescribeExecutionInput{ExecutionArn: x.ExecutionArn})
		if err != nil || got.Status != types.ExecutionStatusSucceeded {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
}

// TestCircles starts a machine that never ends by itself: neither its start nor the
// end of the service wait for it.
func TestCircles(t *testing.T) {
	t.Parallel()
	s := service(t)
	arn := create(t, s, "m", circle, types.StateMachineTypeExpress)
	in := &sfn.StartExecutionInput{StateMachineArn: &arn}
	if _, err := s.StartExecution(ctx(t), in); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.StartExecution(ctx(t), in); !errors.Is(err, errClosing) {
		t.Errorf("got %v, want %v", err, errClosing)
	}
}

// TestCirclesEnd has such a machine reach AWS's limit of events, step by step.
func TestCirclesEnd(t *testing.T) {
	t.Parallel()
	s := service(t)
	arn := create(t, s, "m", circle, "")
	l, e, err := s.begin(ctx(t), arn, nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	<-l.done
	got, err := s.execution(e.ARN)
	if err != nil || got.Status != string(run.Failed) {
		t.Errorf("got %s, %v", got.Status, err)
	}
}

func TestCreateAgain(t *testing.T) {
	t.Parallel()
	s := service(t)
	arn := create(t, s, "m", pass, "")
	again := &sfn.CreateStateMachineInput{
		Name: ptr("m"), Definition: ptr(pass), RoleArn: ptr(role + "2"), Tags: []types.Tag{{Key: ptr("k"), Value: ptr("v")}},
	}
	if _, err := s.CreateStateMachine(ctx(t), again); err != nil {
		t.Fatalf("got %v, want other roles and tags to be left out of account", err)
	}
	got, err := s.DescribeStateMachine(ctx(t), &sfn.DescribeStateMachineInput{StateMachineArn: &arn})
	if err != nil || *got.RoleArn != role {
		t.Errorf("got %v, %v; want the role to stay", got, err)
	}
}

// TestDeleteVersion takes care that a version's ARN does not remove the machine.
func TestDeleteVersion(t *testing.T) {
	t.Parallel()
	s := service(t)
	arn := create(t, s, "m", pass, "")
	v, err := s.PublishStateMachineVersion(ctx(t), &sfn.PublishStateMachineVersionInput{StateMachineArn: &arn})
	if err != nil {
		t.Fatal(err)
	}
	var refused smithy.APIError
	_, err = s.DeleteStateMachine(ctx(t), &sfn.DeleteStateMachineInput{StateMachineArn: v.StateMachineVersionArn})
	if !errors.As(err, &refused) || refused.ErrorCode() != "ValidationException" {
		t.Errorf("got %v, want a ValidationException", err)
	}
	if _, err := s.DescribeStateMachine(ctx(t), &sfn.DescribeStateMachineInput{StateMachineArn: &arn}); err != nil {
		t.Error(err)
	}
}

// TestNothingStays stops and deletes what waits, children and tokens, too: the
// service holds nothing of them any more, and nothing runs for them.
func TestNothingStays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, nothingStays) // which fails when a goroutine stays
}

func nothingStays(t *testing.T) {
	s := service(t)
	a, err := s.CreateActivity(ctx(t), &sfn.CreateActivityInput{Name: ptr("a")})
	if err != nil {
		t.Fatal(err)
	}
	arn := create(t, s, "m", `{"StartAt":"P","States":{"P":{"Type":"Parallel","End":true,"Branches":[
		{"StartAt":"M","States":{"M":{"Type":"Map","End":true,"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},
			"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":60,"End":true}}}}}},
		{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"`+*a.ActivityArn+`","End":true}}}]}}}`, "")
	var stopped *string
	for range 2 {
		x, err := s.StartExecution(ctx(t), &sfn.StartExecutionInput{StateMachineArn: &arn, Input: ptr("[1,2,3]")})
		if err != nil {
			t.Fatal(err)
		}
		stopped = x.ExecutionArn
	}
	if _, err := s.StopExecution(ctx(t), &sfn.StopExecutionInput{ExecutionArn: stopped}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.DeleteStateMachine(ctx(t), &sfn.DeleteStateMachineInput{StateMachineArn: &arn}); err != nil {
		t.Fatal(err)
	}
	s.work.Wait() // what was started beside: nothing starts more
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.live) != 0 || len(s.tokens) != 0 {
		t.Errorf("%d executions and %d tokens stay", len(s.live), len(s.tokens))
	}
}

// TestOffersEnd: tasks that ended without a worker are not kept.
func TestOffersEnd(t *testing.T) {
	t.Parallel()
	s := service(t)
	s.tokens["known"] = token{}
	for _, o := range []string{"ended", "over", "known", "new"} {
		s.offer("a", offer{token: o})
	}
	if got := s.queues["a"]; len(got) != 2 || got[0].token != "known" {
		t.Errorf("got %v, want what is known and what came last", got)
	}
}

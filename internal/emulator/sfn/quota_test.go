package sfn

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/run"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// TestQuotas has as much of each thing as there can be, and one more.
func TestQuotas(t *testing.T) {
	t.Parallel()
	s := service(t)
	s.Quotas = Quotas{Machines: 2, Activities: 2, Running: 2, Workers: 1, Versions: 2, Aliases: 2}
	long := create(t, s, "long", `{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":60,"End":true}}}`, "")
	create(t, s, "short", pass, "")
	a, err := s.CreateActivity(ctx(t), &sfn.CreateActivityInput{Name: ptr("a")})
	if err != nil {
		t.Fatal(err)
	}
	polled := make(chan error)
	go func() {
		_, err := s.GetActivityTask(ctx(t), &sfn.GetActivityTaskInput{ActivityArn: a.ActivityArn})
		polled <- err
	}()
	for waits := false; !waits; {
		s.mu.Lock()
		waits = len(s.polls[*a.ActivityArn]) == 1
		s.mu.Unlock()
	}
	var versions []string
	for _, row := range []struct {
		name  string
		again int // how often it can be done
		do    func(i int) error
		want  string
	}{
		{"machines", 0, func(int) error {
			_, err := s.CreateStateMachine(ctx(t), &sfn.CreateStateMachineInput{Name: ptr("third"), Definition: ptr(pass), RoleArn: ptr(role)})
			return err
		}, "StateMachineLimitExceeded"},
		{"activities", 1, func(i int) error {
			_, err := s.CreateActivity(ctx(t), &sfn.CreateActivityInput{Name: ptr(fmt.Sprint(i))})
			return err
		}, "ActivityLimitExceeded"},
		{"executions", 2, func(int) error {
			_, err := s.StartExecution(ctx(t), &sfn.StartExecutionInput{StateMachineArn: &long})
			return err
		}, "ExecutionLimitExceeded"},
		{"workers", 0, func(int) error {
			_, err := s.GetActivityTask(ctx(t), &sfn.GetActivityTaskInput{ActivityArn: a.ActivityArn})
			return err
		}, "ActivityWorkerLimitExceeded"},
		{"versions", 2, func(i int) error {
			definition := strings.Replace(pass, `"P":{`, fmt.Sprintf(`"P":{"Comment":"%d",`, i), 1)
			out, err := s.UpdateStateMachine(ctx(t), &sfn.UpdateStateMachineInput{StateMachineArn: &long, Definition: &definition, Publish: true})
			if err == nil {
				versions = append(versions, *out.StateMachineVersionArn)
			}
			return err
		}, "ServiceQuotaExceededException"},
		{"aliases", 2, func(i int) error {
			_, err := s.CreateStateMachineAlias(ctx(t), &sfn.CreateStateMachineAliasInput{Name: ptr(fmt.Sprintf("a%d", i)), RoutingConfiguration: []types.RoutingConfigurationListItem{{StateMachineVersionArn: &versions[0], Weight: 100}}})
			return err
		}, "ServiceQuotaExceededException"},
	} {
		for i := range row.again {
			if err := row.do(i); err != nil {
				t.Errorf("%s, %d: %v", row.name, i, err)
			}
		}
		var api smithy.APIError
		if err := row.do(row.again); !errors.As(err, &api) || api.ErrorCode() != row.want {
			t.Errorf("%s: got %v, want %s", row.name, err, row.want)
		}
	}
	elsewhere := env.WithScope(ctx(t), env.Scope{Region: "eu-north-1", Account: "111111111111"})
	if _, err := s.CreateStateMachine(elsewhere, &sfn.CreateStateMachineInput{Name: ptr("first"), Definition: ptr(pass), RoleArn: ptr(role)}); err != nil {
		t.Errorf("in another account: %v", err)
	}
	s.env.Clock.(*clock.Fake).Advance(pollTime)
	if err := <-polled; err != nil {
		t.Error(err)
	}
	s.work.Wait() // both executions have ended
	if _, err := s.StartExecution(ctx(t), &sfn.StartExecutionInput{StateMachineArn: &long}); err != nil {
		t.Errorf("when the others have ended: %v", err)
	}
}

// TestSizes has inputs, outputs and results as large as they can be, and one byte
// larger.
func TestSizes(t *testing.T) {
	t.Parallel()
	s := service(t)
	arn := create(t, s, "m", pass, "")
	for size, want := range map[int]string{run.MaxPayload: "", run.MaxPayload + 1: "ValidationException"} {
		input := `"` + strings.Repeat("a", size-2) + `"`
		_, err := s.StartExecution(ctx(t), &sfn.StartExecutionInput{StateMachineArn: &arn, Input: &input})
		var api smithy.APIError
		if errors.As(err, &api) && api.ErrorCode() != want || err == nil && want != "" {
			t.Errorf("%d bytes: got %v, want %q", size, err, want)
		}
	}
	a, err := s.CreateActivity(ctx(t), &sfn.CreateActivityInput{Name: ptr("a")})
	if err != nil {
		t.Fatal(err)
	}
	work := create(t, s, "work", `{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"`+*a.ActivityArn+`","End":true}}}`, "")
	for size, want := range map[int]types.ExecutionStatus{run.MaxPayload: types.ExecutionStatusSucceeded, run.MaxPayload + 1: types.ExecutionStatusFailed} {
		l, e, err := s.begin(ctx(t), work, nil, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		task, err := s.GetActivityTask(ctx(t), &sfn.GetActivityTaskInput{ActivityArn: a.ActivityArn})
		if err != nil {
			t.Fatal(err)
		}
		output := `"` + strings.Repeat("a", size-2) + `"`
		if _, err := s.SendTaskSuccess(ctx(t), &sfn.SendTaskSuccessInput{TaskToken: task.TaskToken, Output: &output}); err != nil {
			t.Fatal(err)
		}
		<-l.done
		if got, err := s.execution(e.ARN); err != nil || got.Status != string(want) {
			t.Errorf("%d bytes: got %s %s, %v", size, got.Status, value(got.Error), err)
		}
	}
}

// TestForgotten: an execution that has ended is known for 90 days, and its name free
// after that.
func TestForgotten(t *testing.T) {
	t.Parallel()
	s := service(t)
	arn := create(t, s, "m", pass, "")
	in := &sfn.StartExecutionInput{StateMachineArn: &arn, Name: ptr("x")}
	x, err := s.StartExecution(ctx(t), in)
	if err != nil {
		t.Fatal(err)
	}
	now := s.env.Clock.(*clock.Fake)
	now.Advance(keepTime)
	if _, err := s.DescribeExecution(ctx(t), &sfn.DescribeExecutionInput{ExecutionArn: x.ExecutionArn}); err != nil {
		t.Error(err)
	}
	now.Advance(time.Second)
	var gone *types.ExecutionDoesNotExist
	if _, err := s.GetExecutionHistory(ctx(t), &sfn.GetExecutionHistoryInput{ExecutionArn: x.ExecutionArn}); !errors.As(err, &gone) {
		t.Errorf("got %v", err)
	}
	short := strings.Replace(pass, `"Type":"Pass"`, `"Type":"Fail"`, 1)
	if _, err := s.UpdateStateMachine(ctx(t), &sfn.UpdateStateMachineInput{StateMachineArn: &arn, Definition: ptr(strings.Replace(short, `,"End":true`, "", 1))}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.StartExecution(ctx(t), in); err != nil {
		t.Error(err)
	}
	h, err := s.GetExecutionHistory(ctx(t), &sfn.GetExecutionHistoryInput{ExecutionArn: x.ExecutionArn})
	if err != nil || len(h.Events) != 3 {
		t.Errorf("got %v, %v, want the events of the new one", h, err)
	}
}

// TestForgottenMapRuns: the execution that gets the name of one of more than 90 days
// ago does not get its map runs and their children.
func TestForgottenMapRuns(t *testing.T) {
	t.Parallel()
	s := service(t)
	arn := create(t, s, "m", `{"StartAt":"M","States":{"M":{"Type":"Map","Label":"l","ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}},"End":true}}}`, "")
	in := &sfn.StartExecutionInput{StateMachineArn: &arn, Name: ptr("x"), Input: ptr("[1,2]")}
	for range 2 {
		l, _, err := s.begin(ctx(t), arn, in.Name, in.Input, nil)
		if err != nil {
			t.Fatal(err)
		}
		<-l.done
		runs, err := s.ListMapRuns(ctx(t), &sfn.ListMapRunsInput{ExecutionArn: &l.record.ARN})
		if err != nil || len(runs.MapRuns) != 1 {
			t.Fatalf("got %v, %v, want one map run", runs, err)
		}
		kept := 0
		_ = s.env.Store.View(func(tx *store.Tx) error {
			for range s.executions.From(tx, "\x00") {
				kept++
			}
			return nil
		})
		if kept != 3 {
			t.Errorf("%d executions are kept, want this one and its two children", kept)
		}
		s.env.Clock.(*clock.Fake).Advance(keepTime + time.Second)
	}
}

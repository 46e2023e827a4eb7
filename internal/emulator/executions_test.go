package emulator_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

const machineRole = "arn:aws:iam::000000000000:role/machine"

// states is a client for Step Functions in an account where its role is.
func states(t *testing.T, cfg aws.Config) *sfn.Client {
	t.Helper()
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"states.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	_, err := iam.NewFromConfig(cfg).CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("machine"), AssumeRolePolicyDocument: &trust})
	var there *iamtypes.EntityAlreadyExistsException
	if err != nil && !errors.As(err, &there) {
		t.Fatal(err)
	}
	return sfn.NewFromConfig(cfg)
}

func createMachine(t *testing.T, c *sfn.Client, name, definition string, kind types.StateMachineType) string {
	t.Helper()
	m, err := c.CreateStateMachine(t.Context(), &sfn.CreateStateMachineInput{Name: &name, Definition: &definition, RoleArn: aws.String(machineRole), Type: kind})
	if err != nil {
		t.Fatal(err)
	}
	return *m.StateMachineArn
}

// startOf starts an execution and gives its ARN.
func startOf(t *testing.T, c *sfn.Client, machine, input string) string {
	t.Helper()
	x, err := c.StartExecution(t.Context(), &sfn.StartExecutionInput{StateMachineArn: &machine, Input: &input})
	if err != nil {
		t.Fatal(err)
	}
	return *x.ExecutionArn
}

// endOf waits until an execution has ended.
func endOf(t *testing.T, c *sfn.Client, arn string) *sfn.DescribeExecutionOutput {
	t.Helper()
	for {
		x, err := c.DescribeExecution(t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: &arn})
		if err != nil {
			t.Fatal(err)
		}
		if x.Status != types.ExecutionStatusRunning {
			return x
		}
	}
}

func eventsOf(t *testing.T, c *sfn.Client, arn string) []string {
	t.Helper()
	h, err := c.GetExecutionHistory(t.Context(), &sfn.GetExecutionHistoryInput{ExecutionArn: &arn, MaxResults: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range h.Events {
		out = append(out, string(e.Type))
	}
	return out
}

func TestExecution(t *testing.T) {
	t.Parallel()
	cfg := config(start(t, emulator.Config{}))
	c := states(t, cfg)
	definition := `{"StartAt":"P", "States":{"P":{"Type":"Pass","Result":{"a":1},"End":true}}}`
	arn := createMachine(t, c, "m", definition, types.StateMachineTypeStandard)
	m, err := c.DescribeStateMachine(t.Context(), &sfn.DescribeStateMachineInput{StateMachineArn: &arn})
	if err != nil || *m.Definition != definition || m.LoggingConfiguration.Level != types.LogLevelOff {
		t.Fatalf("got %v, %v", m, err)
	}
	x := startOf(t, c, arn, "{}")
	if got := endOf(t, c, x); got.Status != types.ExecutionStatusSucceeded || *got.Output != `{"a":1}` {
		t.Errorf("got %v %v", got.Status, aws.ToString(got.Output))
	}
	want := []string{"ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"}
	if got := eventsOf(t, c, x); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	_, err = c.StartExecution(t.Context(), &sfn.StartExecutionInput{StateMachineArn: &arn, Input: aws.String("not json")})
	var refused *types.InvalidExecutionInput
	if !errors.As(err, &refused) {
		t.Errorf("got %v, want InvalidExecutionInput", err)
	}
	express := createMachine(t, c, "e", definition, types.StateMachineTypeExpress)
	done, err := c.StartSyncExecution(t.Context(), &sfn.StartSyncExecutionInput{StateMachineArn: &express})
	if err != nil || done.Status != types.SyncExecutionStatusSucceeded || *done.Output != `{"a":1}` {
		t.Errorf("got %v, %v", done, err)
	}
}

// TestMachineRole refuses roles that are not there or do not trust Step Functions.
func TestMachineRole(t *testing.T) {
	t.Parallel()
	cfg := config(start(t, emulator.Config{}))
	c := states(t, cfg)
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"%s.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	for name, want := range map[string]string{
		"none":                 "AccessDeniedException: Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role.",
		"lambda":               "AccessDeniedException: Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role.",
		"states." + cfg.Region: "",
	} {
		if name != "none" {
			if _, err := iam.NewFromConfig(cfg).CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(fmt.Sprintf(trust, name))}); err != nil {
				t.Fatal(err)
			}
		}
		_, err := c.CreateStateMachine(t.Context(), &sfn.CreateStateMachineInput{
			Name: aws.String("m"), Definition: aws.String(`{"StartAt":"S","States":{"S":{"Type":"Succeed"}}}`), RoleArn: aws.String("arn:aws:iam::000000000000:role/" + name),
		})
		if (err == nil) != (want == "") || err != nil && !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
}

// TestTaskServices has tasks call other services, wait for a token and for another
// execution.
func TestTaskServices(t *testing.T) {
	t.Parallel()
	cfg := config(start(t, emulator.Config{}))
	c, queues := states(t, cfg), sqs.NewFromConfig(cfg)
	q, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")})
	if err != nil {
		t.Fatal(err)
	}
	inner := createMachine(t, c, "inner", fmt.Sprintf(`{"StartAt":"S","States":{"S":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken",
		"Parameters":{"QueueUrl":%q,"MessageBody":{"token.$":"$$.Task.Token"}},"End":true}}}`, *q.QueueUrl), "")
	outer := createMachine(t, c, "outer", fmt.Sprintf(`{"StartAt":"S","States":{"S":{"Type":"Task","Resource":"arn:aws:states:::states:startExecution.sync:2",
		"Parameters":{"StateMachineArn":%q,"Input":{}},"OutputPath":"$.Output","End":true}}}`, inner), "")
	x := startOf(t, c, outer, "{}")
	var token string
	for token == "" {
		got, err := queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: q.QueueUrl, WaitTimeSeconds: 5})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range got.Messages {
			token = strings.TrimSuffix(strings.TrimPrefix(*m.Body, `{"token":"`), `"}`)
		}
	}
	if _, err := c.SendTaskSuccess(t.Context(), &sfn.SendTaskSuccessInput{TaskToken: &token, Output: aws.String(`"done"`)}); err != nil {
		t.Fatal(err)
	}
	if got := endOf(t, c, x); got.Status != types.ExecutionStatusSucceeded || *got.Output != `"done"` {
		t.Errorf("got %v %v %v", got.Status, aws.ToString(got.Output), aws.ToString(got.Cause))
	}
	_, err = c.SendTaskSuccess(t.Context(), &sfn.SendTaskSuccessInput{TaskToken: &token, Output: aws.String(`1`)})
	var late *types.TaskTimedOut
	if !errors.As(err, &late) {
		t.Errorf("got %v, want TaskTimedOut", err)
	}
	_, err = c.CreateStateMachine(t.Context(), &sfn.CreateStateMachineInput{
		Name: aws.String("no"), RoleArn: aws.String(machineRole),
		Definition: aws.String(`{"StartAt":"S","States":{"S":{"Type":"Task","Resource":"arn:aws:states:::glue:startJobRun","Parameters":{"JobName":"x"},"End":true}}}`),
	})
	if err == nil || !strings.Contains(err.Error(), "glue:startJobRun") {
		t.Errorf("got %v, want the resource to be refused by name", err)
	}
}

// TestExecutionSurvives ends the emulator in the midst of executions, which go on
// when it starts again, and redrives one that failed.
func TestExecutionSurvives(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), clock.NewFake(time.Now().UTC().Truncate(time.Second))
	e, err := emulator.New(emulator.Config{DataDir: dir, Clock: now})
	if err != nil {
		t.Fatal(err)
	}
	c := states(t, config(e))
	a, err := c.CreateActivity(t.Context(), &sfn.CreateActivityInput{Name: aws.String("a")})
	if err != nil {
		t.Fatal(err)
	}
	arn := createMachine(t, c, "m", fmt.Sprintf(`{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":60,"Next":"A"},
		"A":{"Type":"Task","Resource":%q,"End":true}}}`, *a.ActivityArn), "")
	x := startOf(t, c, arn, `{"n":1}`)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if e, err = emulator.New(emulator.Config{DataDir: dir, Clock: now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	c = states(t, config(e))
	now.Advance(time.Minute)
	work := func() *sfn.GetActivityTaskOutput {
		task, err := c.GetActivityTask(t.Context(), &sfn.GetActivityTaskInput{ActivityArn: a.ActivityArn, WorkerName: aws.String("w")})
		if err != nil || aws.ToString(task.Input) != `{"n":1}` {
			t.Fatalf("got %v, %v", task, err)
		}
		return task
	}
	if _, err := c.SendTaskFailure(t.Context(), &sfn.SendTaskFailureInput{TaskToken: work().TaskToken, Error: aws.String("E")}); err != nil {
		t.Fatal(err)
	}
	if got := endOf(t, c, x); got.Status != types.ExecutionStatusFailed || *got.Error != "E" || got.RedriveStatus != types.ExecutionRedriveStatusRedrivable {
		t.Fatalf("got %v", got)
	}
	if _, err := c.RedriveExecution(t.Context(), &sfn.RedriveExecutionInput{ExecutionArn: &x}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.SendTaskSuccess(t.Context(), &sfn.SendTaskSuccessInput{TaskToken: work().TaskToken, Output: aws.String("2")}); err != nil {
		t.Fatal(err)
	}
	if got := endOf(t, c, x); got.Status != types.ExecutionStatusSucceeded || *got.Output != "2" || *got.RedriveCount != 1 {
		t.Errorf("got %v", got)
	}
}

// TestTakenTaskSurvives: a task that a worker has taken is given to nobody else when
// the emulator starts again, and the worker's token is good still.
func TestTakenTaskSurvives(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), clock.NewFake(time.Now().UTC().Truncate(time.Second))
	e, err := emulator.New(emulator.Config{DataDir: dir, Clock: now})
	if err != nil {
		t.Fatal(err)
	}
	c := states(t, config(e))
	a, err := c.CreateActivity(t.Context(), &sfn.CreateActivityInput{Name: aws.String("a")})
	if err != nil {
		t.Fatal(err)
	}
	arn := createMachine(t, c, "m", fmt.Sprintf(`{"StartAt":"A","States":{"A":{"Type":"Task","Resource":%q,"End":true}}}`, *a.ActivityArn), "")
	x := startOf(t, c, arn, `"taken"`)
	take := func() *sfn.GetActivityTaskOutput {
		task, err := c.GetActivityTask(t.Context(), &sfn.GetActivityTaskInput{ActivityArn: a.ActivityArn})
		if err != nil {
			t.Fatal(err)
		}
		return task
	}
	taken := take()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if e, err = emulator.New(emulator.Config{DataDir: dir, Clock: now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	c = states(t, config(e))
	startOf(t, c, arn, `"new"`)
	if got := aws.ToString(take().Input); got != `"new"` {
		t.Errorf("a worker got %s, want the task that nobody has", got)
	}
	if _, err := c.SendTaskSuccess(t.Context(), &sfn.SendTaskSuccessInput{TaskToken: taken.TaskToken, Output: aws.String("2")}); err != nil {
		t.Fatal(err)
	}
	if got := endOf(t, c, x); got.Status != types.ExecutionStatusSucceeded {
		t.Errorf("got %v", got.Status)
	}
}

// TestNestedExecutionSurvives ends the emulator while an execution waits for
// another, which is kept after it.
func TestNestedExecutionSurvives(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), clock.NewFake(time.Now().UTC().Truncate(time.Second))
	e, err := emulator.New(emulator.Config{DataDir: dir, Clock: now})
	if err != nil {
		t.Fatal(err)
	}
	c := states(t, config(e))
	inner := createMachine(t, c, "z-inner", `{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":60,"End":true}}}`, "")
	task := fmt.Sprintf(`{"Type":"Task","Resource":"arn:aws:states:::states:startExecution.sync:2","Parameters":{"StateMachineArn":%q,"Input":{}},
		"OutputPath":"$.Output","End":true}`, inner)
	first := startOf(t, c, createMachine(t, c, "a-now", `{"StartAt":"S","States":{"S":`+task+`}}`, ""), "{}")
	later := startOf(t, c, createMachine(t, c, "a-later", `{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":30,"Next":"S"},"S":`+task+`}}`, ""), "{}")
	for !slices.Contains(eventsOf(t, c, first), "TaskSubmitted") { //nolint:revive // asked until it is there
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	now.Advance(30 * time.Second) // the other's wait is over when it goes on
	if e, err = emulator.New(emulator.Config{DataDir: dir, Clock: now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	c = states(t, config(e))
	for !slices.Contains(eventsOf(t, c, later), "TaskSubmitted") { //nolint:revive // asked until it is there
		if got, err := c.DescribeExecution(t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: &later}); err != nil || got.Status != types.ExecutionStatusRunning {
			t.Fatalf("got %v %s, %v", got.Status, aws.ToString(got.Cause), err)
		}
	}
	now.Advance(time.Minute)
	for _, x := range []string{first, later} {
		if got := endOf(t, c, x); got.Status != types.ExecutionStatusSucceeded || *got.Output != "{}" {
			t.Errorf("got %v %s %s", got.Status, aws.ToString(got.Error), aws.ToString(got.Cause))
		}
	}
	n := 0
	for _, event := range eventsOf(t, c, first) {
		if event == "TaskSubmitted" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("got %d events TaskSubmitted, want 1", n)
	}
}

func TestExecutionLog(t *testing.T) {
	t.Parallel()
	cfg := config(start(t, emulator.Config{}))
	c, logs := states(t, cfg), cloudwatchlogs.NewFromConfig(cfg)
	if _, err := logs.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/m")}); err != nil {
		t.Fatal(err)
	}
	m, err := c.CreateStateMachine(t.Context(), &sfn.CreateStateMachineInput{
		Name: aws.String("m"), RoleArn: aws.String(machineRole), Type: types.StateMachineTypeExpress,
		Definition: aws.String(`{"StartAt":"F","States":{"F":{"Type":"Fail","Error":"E"}}}`),
		LoggingConfiguration: &types.LoggingConfiguration{Level: types.LogLevelFatal, Destinations: []types.LogDestination{
			{CloudWatchLogsLogGroup: &types.CloudWatchLogsLogGroup{LogGroupArn: aws.String("arn:aws:logs:eu-north-1:000000000000:log-group:/m:*")}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.StartSyncExecution(t.Context(), &sfn.StartSyncExecutionInput{StateMachineArn: m.StateMachineArn}); err != nil {
		t.Fatal(err)
	}
	got, err := logs.FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("/m")})
	if err != nil || len(got.Events) != 1 || !strings.Contains(*got.Events[0].Message, `"type":"ExecutionFailed"`) {
		t.Errorf("got %v, %v", got, err)
	}
}

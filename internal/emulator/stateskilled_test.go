package emulator_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

// TestKilledAtEveryWait starts the emulator anew, from a copy of its folder as a kill
// would leave it, whenever an execution waits: for time, for a worker and for a
// token. It ends as one that was let run, with the same history.
func TestKilledAtEveryWait(t *testing.T) {
	t.Parallel()
	definition := func(activity string) string {
		return fmt.Sprintf(`{"StartAt":"P","States":{
		"P":{"Type":"Parallel","Branches":[
			{"StartAt":"W1","States":{"W1":{"Type":"Wait","Seconds":30,"Next":"W2"},"W2":{"Type":"Wait","Seconds":30,"End":true}}},
			{"StartAt":"W3","States":{"W3":{"Type":"Wait","Seconds":45,"End":true}}}],"ResultPath":"$.p","Next":"M"},
		"M":{"Type":"Map","ItemsPath":"$.items","ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Wait","SecondsPath":"$","End":true}}},"ResultPath":"$.m","Next":"A"},
		"A":{"Type":"Task","Resource":%q,"HeartbeatSeconds":600,"Retry":[{"ErrorEquals":["Again"],"IntervalSeconds":20,"MaxAttempts":2}],"End":true}}}`, activity)
	}
	run := func(t *testing.T, kill bool) (history string, output string) {
		dir, now := t.TempDir(), clock.NewFake(time.Now().UTC().Truncate(time.Second))
		e, err := emulator.New(emulator.Config{DataDir: dir, Clock: now})
		if err != nil {
			t.Fatal(err)
		}
		c := states(t, config(e))
		again := func() {
			if !kill {
				return
			}
			dead := e
			t.Cleanup(func() { _ = dead.Close() })
			dir = killed(t, dir)
			if e, err = emulator.New(emulator.Config{DataDir: dir, Clock: now}); err != nil {
				t.Fatal(err)
			}
			c = states(t, config(e))
		}
		defer func() { _ = e.Close() }()
		a, err := c.CreateActivity(t.Context(), &sfn.CreateActivityInput{Name: aws.String("a")})
		if err != nil {
			t.Fatal(err)
		}
		x := startOf(t, c, createMachine(t, c, "m", definition(*a.ActivityArn), ""), `{"items":[10,5,20]}`)
		for range 20 { // 100 s of waits
			again()
			now.Advance(5 * time.Second)
		}
		for i := range 3 {
			again()
			task, err := c.GetActivityTask(t.Context(), &sfn.GetActivityTaskInput{ActivityArn: a.ActivityArn, WorkerName: aws.String("w")})
			if err != nil || task.TaskToken == nil {
				t.Fatalf("got %v, %v, want a task", task, err)
			}
			again()
			if i < 2 {
				_, err = c.SendTaskFailure(t.Context(), &sfn.SendTaskFailureInput{TaskToken: task.TaskToken, Error: aws.String("Again")})
			} else {
				_, err = c.SendTaskSuccess(t.Context(), &sfn.SendTaskSuccessInput{TaskToken: task.TaskToken, Output: aws.String(`"done"`)})
			}
			if err != nil {
				t.Fatal(err)
			}
			again()
			now.Advance(time.Minute)
		}
		return strings.Join(eventsOf(t, c, x), " "), *endOf(t, c, x).Output
	}
	want, wantOutput := run(t, false)
	got, gotOutput := run(t, true)
	if got != want || gotOutput != wantOutput || gotOutput != `"done"` {
		t.Errorf("got  %s: %s\nwant %s: %s", got, gotOutput, want, wantOutput)
	}
}

// killed is a copy of an emulator's folder, as a kill would leave it: it is taken
// when two copies are the same, so that no write was under way.
func killed(t *testing.T, dir string) string {
	t.Helper()
	for last := ""; ; {
		copied := t.TempDir()
		if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(copied, "state", "store.db"))
		if err != nil {
			t.Fatal(err)
		}
		sum := fmt.Sprintf("%x", sha256.Sum256(text))
		if sum == last {
			return copied
		}
		last = sum
	}
}

// TestExecutionLevels logs the same executions at each level, with their data and
// without.
func TestExecutionLevels(t *testing.T) {
	t.Parallel()
	cfg := config(start(t, emulator.Config{}))
	c, logs := states(t, cfg), cloudwatchlogs.NewFromConfig(cfg)
	for level, want := range map[types.LogLevel]string{
		types.LogLevelAll:   "ExecutionStarted ParallelStateEntered ParallelStateStarted FailStateEntered ParallelStateFailed ParallelStateExited FailStateEntered ExecutionFailed",
		types.LogLevelError: "ParallelStateFailed ExecutionFailed",
		types.LogLevelFatal: "ExecutionFailed",
		types.LogLevelOff:   "",
	} {
		group := "/" + string(level)
		if _, err := logs.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &group}); err != nil {
			t.Fatal(err)
		}
		m, err := c.CreateStateMachine(t.Context(), &sfn.CreateStateMachineInput{
			Name: aws.String("m-" + string(level)), RoleArn: aws.String(machineRole), Type: types.StateMachineTypeExpress,
			Definition: aws.String(`{"StartAt":"P","States":{"P":{"Type":"Parallel","Branches":[{"StartAt":"F","States":{"F":{"Type":"Fail","Error":"E"}}}],
				"Catch":[{"ErrorEquals":["E"],"Next":"G"}],"End":true},"G":{"Type":"Fail","Error":"secret","Cause":"secret"}}}`),
			LoggingConfiguration: &types.LoggingConfiguration{Level: level, IncludeExecutionData: level == types.LogLevelFatal, Destinations: []types.LogDestination{
				{CloudWatchLogsLogGroup: &types.CloudWatchLogsLogGroup{LogGroupArn: aws.String("arn:aws:logs:eu-north-1:000000000000:log-group:" + group + ":*")}},
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.StartSyncExecution(t.Context(), &sfn.StartSyncExecutionInput{StateMachineArn: m.StateMachineArn, Input: aws.String(`"secret"`)}); err != nil {
			t.Fatal(err)
		}
		got, err := logs.FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group})
		if err != nil {
			t.Fatal(err)
		}
		var kinds []string
		for _, e := range got.Events {
			_, rest, _ := strings.Cut(*e.Message, `"type":"`)
			kind, _, _ := strings.Cut(rest, `"`)
			kinds = append(kinds, kind)
			if with := strings.Contains(*e.Message, "secret"); with != (level == types.LogLevelFatal) {
				t.Errorf("%s: %s", level, *e.Message)
			}
		}
		if got := strings.Join(kinds, " "); got != want {
			t.Errorf("%s: got %s, want %s", level, got, want)
		}
	}
}

// TestExecutionEvents has EventBridge tell of the statuses of executions.
func TestExecutionEvents(t *testing.T) {
	t.Parallel()
	cfg := config(start(t, emulator.Config{}))
	c, queues, buses := states(t, cfg), sqs.NewFromConfig(cfg), eventbridge.NewFromConfig(cfg)
	q, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q"), Attributes: map[string]string{
		"Policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*"}]}`,
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := buses.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(`{"source":["aws.states"],"detail":{"status":["SUCCEEDED","FAILED"]}}`)}); err != nil {
		t.Fatal(err)
	}
	if _, err := buses.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: []ebtypes.Target{{Id: aws.String("q"), Arn: aws.String("arn:aws:sqs:eu-north-1:000000000000:q")}}}); err != nil {
		t.Fatal(err)
	}
	arn := createMachine(t, c, "m", `{"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[{"Variable":"$","NumericEquals":1,"Next":"S"}],"Default":"F"},"S":{"Type":"Succeed"},"F":{"Type":"Fail"}}}`, "")
	_, err = buses.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("again"), EventPattern: aws.String(`{"source":["aws.states"],"detail":{"status":["RUNNING"],"redriveCount":[1]}}`)})
	must(t, err)
	_, err = buses.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String("again"), Targets: []ebtypes.Target{{Id: aws.String("q"), Arn: aws.String("arn:aws:sqs:eu-north-1:000000000000:q")}}})
	must(t, err)
	redriven := startOf(t, c, arn, "2")
	endOf(t, c, redriven)
	_, err = c.RedriveExecution(t.Context(), &sfn.RedriveExecutionInput{ExecutionArn: &redriven})
	must(t, err)
	want := []string{startOf(t, c, arn, "1") + " SUCCEEDED", redriven + " FAILED", redriven + " FAILED", redriven + " RUNNING"}
	var got []string
	for len(got) < len(want) {
		messages, err := queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: q.QueueUrl, WaitTimeSeconds: 5, MaxNumberOfMessages: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range messages.Messages {
			for _, w := range slices.Compact(slices.Sorted(slices.Values(want))) {
				x, status, _ := strings.Cut(w, " ")
				if strings.Contains(*m.Body, `"executionArn":"`+x+`"`) && strings.Contains(*m.Body, `"status":"`+status+`"`) {
					got = append(got, w)
				}
			}
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestAliasWeights has an alias lead to two versions as their weights say.
func TestAliasWeights(t *testing.T) {
	t.Parallel()
	c := states(t, config(start(t, emulator.Config{})))
	var routes []types.RoutingConfigurationListItem
	arn := createMachine(t, c, "m", `{"StartAt":"S","States":{"S":{"Type":"Succeed"}}}`, "")
	for i, weight := range []int32{25, 75} {
		out, err := c.UpdateStateMachine(t.Context(), &sfn.UpdateStateMachineInput{
			StateMachineArn: &arn, Publish: true, Definition: aws.String(fmt.Sprintf(`{"StartAt":"S","States":{"S":{"Type":"Pass","Result":%d,"End":true}}}`, i)),
		})
		if err != nil {
			t.Fatal(err)
		}
		routes = append(routes, types.RoutingConfigurationListItem{StateMachineVersionArn: out.StateMachineVersionArn, Weight: weight})
	}
	a, err := c.CreateStateMachineAlias(t.Context(), &sfn.CreateStateMachineAliasInput{Name: aws.String("live"), RoutingConfiguration: routes})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for range 400 {
		seen[*endOf(t, c, startOf(t, c, *a.StateMachineAliasArn, "{}")).Output]++
	}
	if seen["0"] < 50 || seen["0"] > 150 || seen["0"]+seen["1"] != 400 {
		t.Errorf("got %v of 400, want about 100 and 300", seen)
	}
}

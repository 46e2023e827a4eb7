package emulator_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

// unmetStates are parts of recorded calls, or of the names of their tests, that
// cannot be met, and why.
var unmetStates = map[string]string{
	`"cloudformation"`:                   "stacks are not emulated",
	`"apigateway"`:                       "REST APIs are not emulated",
	"aws_sdk_kms_task":                   "keys of KMS are not emulated",
	"test_send_message_no_such_queue":    "the recorded cause has another queue than the input",
	"test_invoke_pipe":                   "pipes are not emulated",
	"test_max_concurrency_path_negative": "it was recorded before the execution went on: only its first event is there",
	"test_parallel_state_nested":         "the recording has lost the end of the inner state",
	"test_describe_nonexistent_sm":       "the request is not recorded as it was made",
	"test_create_delete_valid_sm":        "the definition is not recorded as it was sent",
	"test_invalid_start_execution_arn":   "the request is not recorded as it was made",
	"aliases_pagination_max_results[1]/list_state_machine_aliases/20": "the token that the request had is not recorded",
	"test_put_item_invalid_table_name":                                "DynamoDB takes ARNs for names of tables since",
	"test_multiple_executions_and_heartbeat_noti":                     "the workers' heartbeats are not recorded",
}

// TestStatesRecordings replays the recorded calls of Step Functions with all that
// was done before them, with the SDK's clients, each in an emulator of its own.
// Workers of activities and of task tokens answer as they were recorded to.
func TestStatesRecordings(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(recordings + "stepfunctions.jsonl")
	if err != nil {
		t.Skipf("the recordings of AWS's answers are not there: %v", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var r stateRecording
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("%s/%s/%d", r.TestID[strings.LastIndex(r.TestID, ":")+1:], r.Op, r.Step)
		text := name + lines.Text()
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for part, why := range unmetStates {
				if strings.Contains(text, part) {
					t.Skip(why)
				}
			}
			(&stateReplay{stateRecording: r}).run(t)
		})
	}
}

// A stateCall is one call of a recording.
type stateCall struct {
	I       int
	Svc, Op string
	Params  any
}

type stateRecording struct {
	Op       string
	Request  any
	Path     string
	Recorded any
	TestID   string `json:"test_id"`
	Step     int
	Setup    []stateCall
}

// stateReplay is one recording being replayed.
type stateReplay struct {
	stateRecording
	e       *emulator.Emulator
	cfg     aws.Config
	clock   *clock.Fake
	answers map[int]any
	failed  map[int]error
	step    time.Duration // how the time goes while something is waited for
	patient bool          // it stands still while functions run
	queues  []string
	endings []ending
	workers sync.WaitGroup
}

// an ending is how a recorded task of a worker ended.
type ending struct{ kind, worker, output, error, cause string }

func (r *stateReplay) run(t *testing.T) {
	r.clock, r.answers, r.failed, r.step = clock.NewFake(time.Now()), map[int]any{}, map[int]error{}, 200*time.Millisecond
	r.e = start(t, emulator.Config{Clock: r.clock, AnyCredentials: true})
	r.cfg = config(r.e)
	r.cfg.Region = "us-east-1"
	defer r.workers.Wait()
	r.endings = endingsOf(r.Recorded)
	for i, s := range r.Setup {
		next := r.Op
		if i+1 < len(r.Setup) {
			next = r.Setup[i+1].Op
		}
		r.do(t, s, next)
	}
	got, err := r.call(t, "stepfunctions", r.Op, r.resolve(r.Request))
	r.judge(t, r.Recorded, got, err)
}

// judge compares an answer with the recorded one.
func (r *stateReplay) judge(t *testing.T, recorded, got any, err error) {
	t.Helper()
	want, _ := recorded.(map[string]any)
	if failed, ok := want["Error"].(map[string]any); ok {
		var api smithy.APIError
		message, _ := failed["Message"].(string)
		foreign := strings.HasPrefix(message, "Error=ValueError") // the text is no answer of AWS
		if !errors.As(err, &api) || api.ErrorCode() != failed["Code"] || !foreign && !fits(api.ErrorMessage(), message) {
			t.Errorf("got  %v\nwant %v: %v", err, failed["Code"], message)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if r.Path != "" {
		for _, name := range strings.Split(r.Path[1:], ".") {
			o, _ := got.(map[string]any)
			got = o[name]
		}
	}
	delete(want, "ResponseMetadata")
	if billed, ok := want["billingDetails"].(map[string]any); ok {
		billed["billedDurationInMilliseconds"] = "<duration>"
	}
	if events, ok := want["events"].([]any); ok {
		g, _ := got.(map[string]any)
		list, _ := g["events"].([]any)
		r.bind(events, list)
		if difference := compareEvents(list, events); difference != "" {
			t.Error(difference)
		}
		return
	}
	got = unpathed(got)
	if !fits(got, recorded) {
		g, _ := json.Marshal(got)
		w, _ := json.Marshal(recorded)
		t.Errorf("got  %s\nwant %s", g, w)
	}
}

// bind puts names that were made here in the place of recorded ones, as far as the
// inputs of executions tell, and paths of this machine in that of AWS's.
func (r *stateReplay) bind(want, got []any) {
	names := map[string]string{}
	input := func(events []any) any {
		for _, e := range events {
			if d, ok := e.(map[string]any)["executionStartedEventDetails"].(map[string]any); ok {
				var v any
				if s, ok := d["input"].(string); ok && json.Unmarshal([]byte(s), &v) == nil {
					return v
				}
				return d["input"]
			}
		}
		return nil
	}
	pair(names, input(want), input(got))
	for i := range want {
		want[i] = renamed(want[i], names)
	}
	for i := range got {
		got[i] = unpathed(got[i])
	}
}

// pair notes the texts that differ at the same places.
func pair(names map[string]string, want, got any) {
	switch want := want.(type) {
	case map[string]any:
		g, _ := got.(map[string]any)
		for k, w := range want {
			pair(names, w, g[k])
		}
	case []any:
		g, _ := got.([]any)
		for i := range min(len(want), len(g)) {
			pair(names, want[i], g[i])
		}
	case string:
		if s, ok := got.(string); ok && s != want && placeholders.FindString(want) == "" {
			names[want] = s
			names[strings.TrimPrefix(want, "http://")] = strings.TrimPrefix(s, "http://")
		}
	}
}

func renamed(v any, names map[string]string) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			if kind, _ := v["Content-Type"].(string); k == "Content-Length" && (kind == "text/xml" || v["connection"] != nil) {
				v[k] = "<length>" // of names that are longer here, and of XML without blanks
			} else if k == "Content-Length" {
				if kinds, ok := v["Content-Type"].([]any); ok && (kinds[0] == "text/xml" || v["connection"] != nil) {
					v[k] = []any{"<length>"}
				}
			}
			v[k] = renamed(v[k], names)
		}
	case []any:
		for i := range v {
			v[i] = renamed(v[i], names)
		}
	case string:
		for from, to := range names {
			v = strings.ReplaceAll(v, from, to)
		}
		return v
	}
	return v
}

var codePath = regexp.MustCompile(`/[^"\\]*/(?:code|[0-9a-f]{16,})/handler\.py`)

func unpathed(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = unpathed(v[k])
		}
	case []any:
		for i := range v {
			v[i] = unpathed(v[i])
		}
	case string:
		return codePath.ReplaceAllString(v, "/var/task/handler.py")
	}
	return v
}

// compareEvents tells where two histories differ. Events within branches, whose
// order is not recorded, are compared whatever their order.
func compareEvents(got, want []any) string {
	unordered := slices.ContainsFunc(want, func(e any) bool { _, list := e.(map[string]any)["id"].([]any); return list })
	var b strings.Builder
	left := slices.Clone(got)
	for i, w := range want {
		at := -1
		if !unordered && i < len(got) && fits(got[i], w) {
			at = slices.IndexFunc(left, func(g any) bool { return reflect.DeepEqual(g, got[i]) })
		} else if unordered {
			at = slices.IndexFunc(left, func(g any) bool { return fits(withoutIDs(g), withoutIDs(w)) })
		} else if kind := w.(map[string]any)["type"]; i < len(got) && (kind == "MapStateExited" || kind == "TaskStarted" || kind == "TaskTimedOut") && fits(withoutIDs(got[i]), withoutIDs(w)) {
			at = slices.IndexFunc(left, func(g any) bool { return reflect.DeepEqual(g, got[i]) }) // tasks that begin at once have no order, and AWS gives now this and now that event before it
		}
		if at >= 0 {
			left = slices.Delete(slices.Clone(left), at, at+1)
			continue
		}
		text, _ := json.Marshal(w)
		fmt.Fprintf(&b, "want %s\n", text)
	}
	for _, g := range left {
		if g.(map[string]any)["type"] == "ParallelStateSucceeded" { // recordings leave it out
			continue
		}
		text, _ := json.Marshal(g)
		fmt.Fprintf(&b, "got  %s\n", text)
	}
	return b.String()
}

func withoutIDs(e any) any {
	out := map[string]any{}
	for k, v := range e.(map[string]any) {
		if k != "id" && k != "previousEventId" {
			out[k] = v
		}
	}
	return out
}

// do makes a call of the set-up, and waits for what it starts unless the next one is
// about something that runs.
func (r *stateReplay) do(t *testing.T, s stateCall, next string) {
	t.Helper()
	if s.Op == "create_function" && s.Svc == "lambda" { // functions run in their own time
		recorded, _ := json.Marshal(r.Recorded)
		hidden := strings.Contains(strings.ToLower(string(recorded)), "timedout") || bytes.Contains(recorded, []byte("mapRun")) || r.Op == "start_sync_execution" // whose executions nobody can look at
		switch {
		case r.Op == "test_state" || !hidden:
			r.patient = true
		case strings.Contains(r.TestID, "HEARTBEAT"), r.Op == "start_sync_execution" && !strings.Contains(string(recorded), "TIMED_OUT"):
			r.step = time.Millisecond // they must beat the clock
		default:
			r.step = 4 * time.Millisecond
		}
	}
	got, err := r.call(t, s.Svc, s.Op, r.resolve(s.Params))
	r.answers[s.I], r.failed[s.I] = got, err
	if err != nil {
		return
	}
	answer, _ := got.(map[string]any)
	switch s.Op {
	case "create_queue":
		r.queues = append(r.queues, answer["queueUrl"].(string))
	case "create_activity":
		r.work(t, answer["activityArn"].(string))
	case "create_function":
		r.until(t, func() bool {
			f, err := lambda.NewFromConfig(r.cfg).GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String(answer["functionName"].(string))})
			return err == nil && f.Configuration.State != "Pending"
		})
	case "start_execution":
		if next == "stop_execution" || next == "start_execution" || next == "create_role" {
			return
		}
		arn := answer["executionArn"].(string)
		if !strings.Contains(arn, ":execution:") {
			return
		}
		c := sfn.NewFromConfig(r.cfg)
		r.until(t, func() bool {
			x, err := c.DescribeExecution(t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: &arn})
			return err != nil || x.Status != types.ExecutionStatusRunning
		})
	}
}

// until lets the time go on until something is so.
func (r *stateReplay) until(t *testing.T, so func() bool) {
	t.Helper()
	deadline := time.Now().Add(3 * time.Minute)
	for !so() {
		if time.Now().After(deadline) {
			t.Fatal("it never comes to an end")
		}
		for _, url := range r.queues {
			r.receive(t, url)
		}
		if r.patient && r.calling(t) {
			<-time.After(5 * time.Millisecond) // leaves the processor to the function
			continue
		}
		r.clock.Advance(r.step)
	}
}

// calling tells whether an execution has called a service that has not answered yet.
func (r *stateReplay) calling(t *testing.T) bool {
	t.Helper()
	c := sfn.NewFromConfig(r.cfg)
	machines, err := c.ListStateMachines(t.Context(), &sfn.ListStateMachinesInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range machines.StateMachines {
		if m.Type != types.StateMachineTypeStandard {
			continue
		}
		all, err := c.ListExecutions(t.Context(), &sfn.ListExecutionsInput{StateMachineArn: m.StateMachineArn, StatusFilter: types.ExecutionStatusRunning})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range all.Executions {
			h, err := c.GetExecutionHistory(t.Context(), &sfn.GetExecutionHistoryInput{ExecutionArn: x.ExecutionArn, MaxResults: 1000})
			if err != nil {
				t.Fatal(err)
			}
			calls := map[int64]bool{}
			for _, e := range h.Events {
				delete(calls, e.PreviousEventId)
				switch e.Type {
				case types.HistoryEventTypeTaskScheduled, types.HistoryEventTypeTaskStarted, types.HistoryEventTypeLambdaFunctionScheduled, types.HistoryEventTypeLambdaFunctionStarted:
					calls[e.Id] = true
				}
			}
			if len(calls) > 0 {
				return true
			}
		}
	}
	return false
}

var taskToken = regexp.MustCompile(`AQCEAAAA\w+`)

// receive answers task tokens that came into a queue.
func (r *stateReplay) receive(t *testing.T, url string) {
	t.Helper()
	if len(r.endings) == 0 {
		return
	}
	got, err := sqs.NewFromConfig(r.cfg).ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url})
	if err != nil {
		return // it was deleted
	}
	for _, m := range got.Messages {
		if token := taskToken.FindString(*m.Body); token != "" {
			until(t, "the service answers who sent the message", func() bool { return !r.calling(t) })
			r.end(t, token)
		}
	}
}

// end ends a task as one was recorded to.
func (r *stateReplay) end(t *testing.T, token string) {
	t.Helper()
	if len(r.endings) == 0 {
		return
	}
	e := r.endings[0]
	r.endings = r.endings[1:]
	c := sfn.NewFromConfig(r.cfg)
	var err error
	switch e.kind {
	case "Succeeded":
		_, err = c.SendTaskSuccess(t.Context(), &sfn.SendTaskSuccessInput{TaskToken: &token, Output: &e.output})
	case "Failed":
		in := &sfn.SendTaskFailureInput{TaskToken: &token}
		if e.error != "" {
			in.Error = &e.error
		}
		if e.cause != "" {
			in.Cause = &e.cause
		}
		_, err = c.SendTaskFailure(t.Context(), in)
	}
	if err != nil {
		t.Error(err)
	}
}

// work takes the tasks of an activity.
func (r *stateReplay) work(t *testing.T, arn string) {
	if len(r.endings) == 0 {
		return
	}
	c := sfn.NewFromConfig(r.cfg)
	r.workers.Go(func() {
		for len(r.endings) > 0 {
			task, err := c.GetActivityTask(t.Context(), &sfn.GetActivityTaskInput{ActivityArn: &arn, WorkerName: aws.String(r.endings[0].worker)})
			if err != nil || task.TaskToken == nil {
				return
			}
			r.end(t, *task.TaskToken)
		}
	})
}

// endingsOf are the ends of tasks of workers that a history tells.
func endingsOf(recorded any) (out []ending) {
	o, _ := recorded.(map[string]any)
	events, _ := o["events"].([]any)
	worker := ""
	for _, e := range events {
		o, _ := e.(map[string]any)
		kind, _ := o["type"].(string)
		text := func(name string) string {
			for k, d := range o {
				if d, ok := d.(map[string]any); ok && strings.HasSuffix(k, "EventDetails") && d[name] != nil {
					if s, ok := d[name].(string); ok && (name != "output" || json.Valid([]byte(s))) {
						return s
					}
					text, _ := json.Marshal(d[name])
					return string(text)
				}
			}
			return ""
		}
		switch kind {
		case "ActivityStarted":
			worker = text("workerName")
		case "ActivitySucceeded", "ActivityFailed", "ActivityTimedOut", "TaskSucceeded", "TaskFailed", "TaskTimedOut":
			kind = strings.TrimPrefix(strings.TrimPrefix(kind, "Activity"), "Task")
			out = append(out, ending{kind: kind, worker: worker, output: text("output"), error: text("error"), cause: text("cause")})
		}
	}
	return out
}

// programs are the recorded programs that can be told by their digests.
var programs = func() map[string]string {
	out := map[string]string{}
	for _, text := range []string{
		"def handler(event, context):\n    return event\n",
		"def handler(event, context):\n    raise Exception(\"Some exception was raised.\")\n",
	} {
		out[fmt.Sprintf("%x", sha256.Sum256([]byte(text)))[:16]] = text
	}
	// These do what was recorded of others.
	out["51399de12f2d9330"] = "def handler(event, context):\n    return \"HelloWorld!\"\n"
	out["9ed69d8239eb0b84"] = "def handler(event, context):\n    return \"a\" * 300000\n"
	out["52e4aa09fd526d56"] = "\n\n\nclass CustomException(Exception):\n    pass\n\n\ndef handler(event, context):\n    raise CustomException()\n"
	out["bacd628dff1f384a"] = "import time\n\n\ndef handler(event, context):\n    time.sleep(60)\n"
	out["9d44c07b7f1f6c86"] = "def handler(event, context):\n    return f\"input-event-{event}\"\n"
	return out
}()

// call makes one call with boto3's names and returns its output as plain JSON.
func (r *stateReplay) call(t *testing.T, service, op string, params any) (any, error) {
	t.Helper()
	var client any
	switch service {
	case "dynamodb":
		client = dynamodb.NewFromConfig(r.cfg)
	case "events":
		client = eventbridge.NewFromConfig(r.cfg)
	case "iam":
		client = iam.NewFromConfig(r.cfg)
	case "lambda":
		client = lambda.NewFromConfig(r.cfg)
	case "logs":
		client = cloudwatchlogs.NewFromConfig(r.cfg)
	case "s3":
		client = s3.NewFromConfig(r.cfg, func(o *s3.Options) { o.UsePathStyle = true })
	case "sns":
		client = sns.NewFromConfig(r.cfg)
	case "sqs":
		client = sqs.NewFromConfig(r.cfg)
	case "stepfunctions":
		client = sfn.NewFromConfig(r.cfg)
	default:
		t.Skipf("%s is not emulated", service)
	}
	method := reflect.ValueOf(client).MethodByName(goName(op))
	in := reflect.New(method.Type().In(1).Elem())
	o, _ := params.(map[string]any)
	body, _ := o["Body"].(string)
	if b, ok := o["Body"].(map[string]any); ok {
		body, _ = b["$bytes"].(string)
	}
	if service == "s3" {
		delete(o, "Body")
	}
	text, err := json.Marshal(params)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, in.Interface()); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if put, ok := in.Interface().(*s3.PutObjectInput); ok {
		put.Body, put.ContentType = strings.NewReader(body), aws.String("binary/octet-stream") // as AWS has it of boto3
	}
	var res []reflect.Value
	done := make(chan struct{})
	go func() {
		defer close(done)
		res = method.Call([]reflect.Value{reflect.ValueOf(t.Context()), in})
	}()
	if op == "start_sync_execution" || op == "test_state" && !r.patient { // what it does takes time
		r.until(t, func() bool {
			select {
			case <-done:
				return true
			case <-time.After(time.Millisecond): // functions run in their own time
				return false
			}
		})
	}
	<-done
	if err, _ := res[1].Interface().(error); err != nil {
		if service == "lambda" && notHere.MatchString(err.Error()) {
			t.Skip("a runtime that is not on this machine")
		}
		return nil, err
	}
	if text, err = json.Marshal(res[0].Interface()); err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	delete(out, "ResultMetadata")
	return boto(out), nil
}

var stateReference = regexp.MustCompile(`\$REF\{(\d+)(?:\.([^}|]*))?((?:\|[^}|]*)*)\}`)

// resolve fills in the values of earlier answers, and programs.
func (r *stateReplay) resolve(v any) any {
	switch v := v.(type) {
	case string:
		text := stateReference.ReplaceAllStringFunc(v, func(ref string) string {
			m := stateReference.FindStringSubmatch(ref)
			i, _ := strconv.Atoi(m[1])
			at := r.answers[i]
			for _, name := range strings.Split(m[2], ".") {
				switch in := at.(type) {
				case map[string]any:
					if at = in[folded(name)]; at == nil {
						at = in[name]
					}
				case []any:
					if n, err := strconv.Atoi(name); err == nil && n < len(in) {
						at = in[n]
					}
				}
			}
			if at == nil && strings.HasSuffix(m[2], "Role.Arn") {
				return machineRole
			}
			return derived(fmt.Sprint(at), m[3])
		})
		return strings.ReplaceAll(text, "111111111111", emulator.Account)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = r.resolve(v[i])
		}
		return out
	case map[string]any:
		if files, ok := v["$zip"].(map[string]any); ok {
			f, _ := files["handler.py"].(map[string]any)
			digest, _ := f["sha256"].(string)
			return packageOf("handler.py", programs[digest])
		}
		out := map[string]any{}
		for k, e := range v {
			out[k] = r.resolve(e)
		}
		return out
	}
	return v
}

// derived is a value as a reference wants it.
func derived(text, how string) string {
	if how == "|split(:)[-1]" {
		return text[strings.LastIndexByte(text, ':')+1:]
	}
	return text
}

package emulator_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

// stateScenario is a recorded test of several calls, and what it saw.
type stateScenario struct {
	Kind, TestID string
	Steps        []struct {
		stateCall
		Raises bool
	}
	Recorded map[string]any
}

// UnmarshalJSON implements [json.Unmarshaler]: the names of two members differ.
func (s *stateScenario) UnmarshalJSON(b []byte) error {
	type plain stateScenario
	var id struct {
		TestID string `json:"test_id"`
	}
	if err := json.Unmarshal(b, (*plain)(s)); err != nil {
		return err
	}
	err := json.Unmarshal(b, &id)
	s.TestID = id.TestID
	return err
}

// unmetScenarios are parts of the names of scenarios that cannot be met, and why.
var unmetScenarios = map[string]string{
	"test_list_execution_no_such_state_machine":    "the request is not recorded as it was made",
	"test_get_execution_history_no_such_execution": "the request is not recorded as it was made",
}

// TestStatesScenarios replays the recorded tests of Step Functions that are more than
// one call: what they saw in queues, buckets and logs, and the errors that they met.
func TestStatesScenarios(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../../shared/corpus/sfn/cases.jsonl")
	if err != nil {
		t.Skipf("the recordings of AWS's answers are not there: %v", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		if !bytes.Contains(lines.Bytes(), []byte(`"kind":"scenario"`)) {
			continue
		}
		var s stateScenario
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		t.Run(s.TestID[strings.LastIndex(s.TestID, ":")+1:], func(t *testing.T) {
			t.Parallel()
			for part, why := range unmetScenarios {
				if strings.Contains(s.TestID, part) {
					t.Skip(why)
				}
			}
			s.replay(t)
		})
	}
}

func (s *stateScenario) replay(t *testing.T) {
	r := &stateReplay{clock: clock.NewFake(time.Now()), answers: map[int]any{}, failed: map[int]error{}, step: 200 * time.Millisecond}
	r.TestID, r.Recorded = s.TestID, s.Recorded
	r.e = start(t, emulator.Config{Clock: r.clock, AnyCredentials: true})
	r.cfg = config(r.e)
	r.cfg.Region = "us-east-1"
	waits := strings.Contains(s.TestID, "wait_for_task_token")
	for i, step := range s.Steps {
		next := ""
		if i+1 < len(s.Steps) {
			next = s.Steps[i+1].Op
		}
		switch {
		case step.Svc == "s3" && step.Op == "get_object":
			r.answers[step.I] = r.object(t, r.resolve(step.Params))
			continue
		case waits && step.Op == "start_execution" && next == "get_execution_history": // nobody answers
			got, err := r.call(t, step.Svc, step.Op, r.resolve(step.Params))
			r.answers[step.I], r.failed[step.I] = got, err
			continue
		}
		r.do(t, step.stateCall, next)
	}
	last := s.Steps[len(s.Steps)-1]
	for name, want := range s.Recorded {
		var got any
		switch name {
		case "exception", "update_no_such_alias_arn":
			r.refusal(t, last.Op, want)
			continue
		case "get-s3-object":
			got = r.answers[last.I]
			delete(want.(map[string]any), "ResponseMetadata")
		case "end_event":
			all := r.logged(t, 1, "ExecutionSucceeded")
			got = all[len(all)-1]
		case "logged_execution_events":
			got = r.logged(t, len(want.([]any)), "")
		case "messages", "stepfunctions_events":
			got = r.messages(t, len(want.([]any)))
		case "lst_resp_filter":
			got = r.answers[13].(map[string]any)["stateMachines"]
		case "lst_resp_del_filter":
			got = r.answers[20].(map[string]any)["stateMachines"]
			if got == nil {
				got = []any{}
			}
		default:
			t.Fatalf("%s is not looked at", name)
		}
		if g := unpathed(got); !fits(g, want) {
			a, _ := json.Marshal(g)
			b, _ := json.Marshal(want)
			t.Errorf("%s:\ngot  %s\nwant %s", name, a, b)
		}
	}
}

// refusal compares an error with the recorded one, in the words of AWS's client for
// Python.
func (r *stateReplay) refusal(t *testing.T, op string, want any) {
	t.Helper()
	var api smithy.APIError
	i := 0
	for at := range r.failed {
		i = max(i, at)
	}
	if !errors.As(r.failed[i], &api) {
		t.Fatalf("got %v, %v, want an error", r.answers[i], r.failed[i])
	}
	got := map[string]any{
		"exception_typename": api.ErrorCode(),
		"exception_value":    fmt.Sprintf("An error occurred (%s) when calling the %s operation: %s", api.ErrorCode(), goName(op), api.ErrorMessage()),
	}
	if !fits(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// object reads an object of S3.
func (r *stateReplay) object(t *testing.T, params any) any {
	t.Helper()
	p := params.(map[string]any)
	c := s3.NewFromConfig(r.cfg, func(o *s3.Options) { o.UsePathStyle = true })
	out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(p["Bucket"].(string)), Key: aws.String(p["Key"].(string)), ChecksumMode: s3types.ChecksumModeEnabled})
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	out.Body = nil
	text, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(all, func(_ string, v any) bool { return empty(v) })
	all["Body"] = string(body)
	return all
}

// logged are the events in the only log group, when there are so many, and one of
// the type.
func (r *stateReplay) logged(t *testing.T, least int, kind string) (all []any) {
	t.Helper()
	c := cloudwatchlogs.NewFromConfig(r.cfg)
	groups, err := c.DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("/aws/vendedlogs/")})
	if err != nil || len(groups.LogGroups) != 1 {
		t.Fatal(groups, err)
	}
	r.patient, r.step = false, time.Millisecond // functions must beat the clock
	r.until(t, func() bool {
		<-time.After(time.Millisecond) // functions run in their own time
		out, err := c.FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: groups.LogGroups[0].LogGroupName})
		if err != nil {
			t.Fatal(err)
		}
		all = nil
		for _, e := range out.Events {
			var v any
			if err := json.Unmarshal([]byte(*e.Message), &v); err != nil {
				t.Fatal(err)
			}
			all = append(all, v)
		}
		return len(all) >= least && strings.Contains(fmt.Sprint(all), kind)
	})
	return all
}

// messages are the bodies of messages in the only queue, when there are so many.
func (r *stateReplay) messages(t *testing.T, n int) (all []any) {
	t.Helper()
	c := sqs.NewFromConfig(r.cfg)
	r.until(t, func() bool {
		got, err := c.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &r.queues[0], MaxNumberOfMessages: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range got.Messages {
			var v any
			if err := json.Unmarshal([]byte(*m.Body), &v); err != nil {
				t.Fatal(err)
			}
			all = append(all, v)
		}
		return len(all) >= n
	})
	return all
}

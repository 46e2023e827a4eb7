package emulator_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

// unreplayable are the tests whose recordings cannot be replayed, and why.
var unreplayable = map[string]string{
	"test_fifo_group_visibility_extends_with_change_message_visibility": "the recorder waited, for times that are not recorded",
	"test_cancel_with_invalid_task_id_in_task_handle":                   "the handle holds, in base64, a reference to be filled in",
}

// TestQueueRecordings replays the recordings of SQS: those of one test in turn, as
// each sees what the ones before it took out of the queue.
func TestQueueRecordings(t *testing.T) {
	t.Parallel()
	served := servedOperations(t)
	raw, err := os.ReadFile(recordings + "sqs.jsonl")
	if err != nil {
		t.Skipf("the recordings of AWS's answers are not there: %v", err)
	}
	tests := map[string][]recording{}
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r recording
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		tests[r.TestID] = append(tests[r.TestID], r)
	}
	for id, all := range tests {
		name := id[strings.LastIndex(id, ":")+1:]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, r := range all {
				r.needs(t, served)
			}
			if strings.Contains(name, "sqs_query") {
				t.Skip("recorded over the query protocol, which the SDK does not speak; see TestQueuesByBoto3")
			}
			bare, _, _ := strings.Cut(name, "[")
			if why := unreplayable[bare]; why != "" {
				t.Skip(why)
			}
			replayQueues(t, all)
		})
	}
}

func replayQueues(t *testing.T, all []recording) {
	slices.SortFunc(all, func(a, b recording) int { return a.Step - b.Step })
	c := config(start(t, emulator.Config{Clock: clock.Real, AnyCredentials: true}))
	answers := map[int]any{}
	for _, r := range all {
		for _, s := range r.Setup {
			if _, done := answers[s.I]; !done {
				answers[s.I], _ = call(t, c, s.Svc, s.Op, resolve(t, s.Params, answers))
			}
		}
		got, err := call(t, c, r.Service, r.Op, resolve(t, r.Request, answers))
		answers[r.Step] = got
		want := r.Recorded
		if text, ok := want.(string); ok && strings.HasPrefix(text, "An error occurred (") {
			_, message, _ := strings.Cut(text, "operation: ")
			if err == nil || !strings.HasSuffix(err.Error(), message) {
				t.Errorf("%s\ngot  %v\nwant %s", r.Op, err, message)
			}
			continue
		}
		m, _ := want.(map[string]any)
		delete(m, "ResponseMetadata")
		if e, ok := m["Error"].(map[string]any); ok {
			if e["QueryErrorCode"] == nil {
				continue // this one was recorded over the query protocol
			}
			var api smithy.APIError
			errors.As(err, &api)
			message := strings.ReplaceAll(e["Message"].(string), "<queue-name>", "test-queue-a0000001")
			if api == nil || api.ErrorCode() != e["Code"] && api.ErrorCode() != e["QueryErrorCode"] || api.ErrorMessage() != message {
				t.Errorf("%s\ngot  %v\nwant %v: %v", r.Op, err, e["Code"], message)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if r.Path != "" {
			got = at(t, got, strings.Split(strings.Split(r.Path[1:], "|")[0], "."))
		}
		compare(t, "$", decoded(got), want)
	}
}

// decoded is an answer as it was recorded: texts that are JSON objects are read.
func decoded(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = decoded(v[k])
		}
	case []any:
		for i := range v {
			v[i] = decoded(v[i])
		}
	case string:
		var object map[string]any
		if json.Unmarshal([]byte(v), &object) == nil {
			return object
		}
	}
	return v
}

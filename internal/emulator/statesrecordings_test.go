package emulator_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
)

// unmetStates are parts of recorded calls or answers that the emulator does not have,
// and why.
var unmetStates = map[string]string{
	"Mock result schema validation error": "the results of mocks are not held against the models of answers",
	"fieldValidationMode":                 "the results of mocks are not held against the models of answers",
	`"DISTRIBUTED"`:                       "distributed maps are not carried out",
	"$REF{":                               "the call needs what other calls made",
}

// TestStatesRecordings replays the recorded calls of Step Functions that need no other
// calls before, with the SDK's client. Definitions, inputs and outputs are compared as
// JSON.
func TestStatesRecordings(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(strings.TrimSuffix(recordings, "aws/") + "sfn/cases.jsonl")
	if err != nil {
		t.Skipf("the recordings of AWS's answers are not there: %v", err)
	}
	c := states(t, config(start(t, emulator.Config{})))
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, 1<<22)
	ran := 0
	for lines.Scan() {
		var r struct {
			Kind, Op string
			Request  map[string]any
			Recorded map[string]map[string]any
			TestID   string `json:"test_id"`
		}
		if json.Unmarshal(lines.Bytes(), &r) != nil || r.Request == nil {
			continue
		}
		op := map[string]string{"test_state": "TestState", "validate": "ValidateStateMachineDefinition", "create_error": "CreateStateMachine"}[r.Kind]
		if r.Kind == "api" && r.Op == "create_activity" {
			op = "CreateActivity"
		}
		for _, want := range r.Recorded {
			failed, _ := want["Error"].(map[string]any)
			if op == "" || op == "CreateActivity" && failed == nil || r.Kind == "create_error" && failed["Code"] != "InvalidDefinition" {
				continue
			}
			if _, given := r.Request["roleArn"]; given || r.Kind == "create_error" {
				r.Request["roleArn"] = machineRole
			}
			text, _ := json.Marshal(r.Request)
			all := string(text) + message(failed)
			ran++
			t.Run(r.TestID[strings.LastIndex(r.TestID, ":")+1:], func(t *testing.T) {
				for part, why := range unmetStates {
					if strings.Contains(strings.ReplaceAll(all, `\"`, `"`), part) && (part != `"DISTRIBUTED"` || failed == nil && r.Request["mock"] == nil) {
						t.Skip(why)
					}
				}
				method := reflect.ValueOf(c).MethodByName(op)
				in := reflect.New(method.Type().In(1).Elem())
				if err := json.Unmarshal(text, in.Interface()); err != nil {
					t.Fatal(err)
				}
				got := method.Call([]reflect.Value{reflect.ValueOf(t.Context()), in})
				err, _ := got[1].Interface().(error)
				if failed != nil {
					var api smithy.APIError
					foreign := strings.HasPrefix(message(failed), "Error=ValueError") // the text is no answer of AWS
					if !errors.As(err, &api) || api.ErrorCode() != failed["Code"] || api.ErrorMessage() != message(failed) && !foreign {
						t.Errorf("got  %v\nwant %v: %v", err, failed["Code"], message(failed))
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				delete(want, "ResponseMetadata")
				answer := plainAnswer(t, got[0].Interface())
				if !matches(answer, folded1(want)) {
					g, _ := json.Marshal(answer)
					w, _ := json.Marshal(folded1(want))
					t.Errorf("got  %s\nwant %s", g, w)
				}
			})
		}
	}
	if ran == 0 {
		t.Error("nothing was replayed")
	}
}

var placeholder = regexp.MustCompile(`<[^<>]*>`)

// pattern is a recorded text whose placeholders stand for any text, in the recorded
// account or the emulator's.
func pattern(want string) *regexp.Regexp {
	var parts []string
	for _, part := range placeholder.Split(want, -1) {
		parts = append(parts, regexp.QuoteMeta(part))
	}
	return regexp.MustCompile("(?s)^" + strings.ReplaceAll(strings.Join(parts, ".+"), "111111111111", "[01]{12}") + "$")
}

// matches compares an answer with a recorded one, in which texts with placeholders
// stand for any text.
func matches(got, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		for k, w := range want {
			ok = ok && matches(g[k], w)
		}
		return ok && len(g) == len(want)
	case []any:
		g, ok := got.([]any)
		ok = ok && len(g) == len(want)
		for i := range want {
			ok = ok && matches(g[i], want[i])
		}
		return ok
	case string:
		_, text := got.(string)
		return got == want || text && (want == "date" || strings.Contains(want, "<") && pattern(want).MatchString(got.(string)))
	}
	return reflect.DeepEqual(got, want)
}

func message(failed map[string]any) string {
	s, _ := failed["Message"].(string)
	return s
}

// plainAnswer is an answer as JSON, without what is not set.
func plainAnswer(t *testing.T, out any) any {
	t.Helper()
	text, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	delete(v.(map[string]any), "ResultMetadata")
	return folded1(v)
}

// folded1 is a value whose members begin small, whose nulls and empty texts are left
// out, and whose texts that are JSON are read.
func folded1(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			if f := folded1(e); f != nil && f != "" {
				out[strings.ToLower(k[:1])+k[1:]] = f
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = folded1(v[i])
		}
		return out
	case string:
		var inner any
		if json.Unmarshal([]byte(v), &inner) == nil && inner != nil {
			return folded1(inner)
		}
	}
	return v
}

package emulator_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

// unmetEvents are the recordings, by a part of test and operation, that cannot be met, and
// why.
var unmetEvents = map[string]string{
	"-regions1]/create_event_bus":                  "its calls go to several regions",
	"exceed_limit_ten_entries[default]/put_events": "the message prints members that the SDK does not have",
	"exceed_limit_ten_entries[custom]/put_events":  "the message prints members that the SDK does not have",
	"test_put_target_id_validation/put_targets":    "the recorder has replaced the id within the message",
}

// replayed are the services whose calls can be made again.
var replayed = []string{"events", "iam", "sns", "sqs"}

// TestEventRecordings replays what can be replayed of the recordings of SNS and
// EventBridge: calls to these and to SQS alone. Those of one test go in turn.
func TestEventRecordings(t *testing.T) {
	t.Parallel()
	e := start(t, emulator.Config{})
	served := map[string]bool{}
	for _, s := range e.Services() {
		for _, op := range s.Operations {
			served[s.Name+"."+op.Name] = true
		}
	}
	for _, file := range []string{"sns", "events"} {
		raw, err := os.ReadFile(recordings + file + ".jsonl")
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
			t.Run(file+"/"+name, func(t *testing.T) {
				t.Parallel()
				replayEvents(t, all, served)
			})
		}
	}
}

func replayEvents(t *testing.T, all []recording, served map[string]bool) {
	slices.SortFunc(all, func(a, b recording) int { return a.Step - b.Step })
	at := clock.Real
	if strings.Contains(all[0].Op, "connection") { // so that nothing is authorized meanwhile
		at = clock.NewFake(time.Now())
	}
	c := config(start(t, emulator.Config{AnyCredentials: true, Clock: at}))
	answers := map[int]any{}
	refused := "" // by name, and with it what follows
	for _, r := range all {
		t.Run(r.Op, func(t *testing.T) {
			if refused != "" {
				t.Skip(refused)
			}
			r.needsOf(t, served)
			for _, s := range r.Setup {
				if _, done := answers[s.I]; !done {
					out, err := call(t, c, s.Svc, s.Op, resolve(t, s.Params, answers))
					if err != nil && notEmulated.MatchString(err.Error()) {
						refused = err.Error()
						t.Skip(refused)
					}
					answers[s.I] = out
				}
			}
			in := resolve(t, r.Request, answers)
			if text, _ := json.Marshal(in); bytes.Contains(text, []byte("$REF")) {
				t.Skip("the recording names an answer that it does not have")
			}
			got, err := call(t, c, r.Service, r.Op, in)
			answers[r.Step] = got
			if err != nil && strings.Contains(err.Error(), "missing required field") {
				t.Skip("the SDK does not send it")
			}
			if err != nil && notEmulated.MatchString(err.Error()) {
				refused = err.Error()
				t.Skip(refused)
			}
			r.meets(t, got, err)
		})
	}
}

func (r recording) needsOf(t *testing.T, served map[string]bool) {
	t.Helper()
	for part, why := range unmetEvents {
		if strings.Contains(r.TestID+"/"+r.Op, part) {
			t.Skip(why)
		}
	}
	calls := []string{r.Service + "." + goName(r.Op)}
	for _, s := range r.Setup {
		calls = append(calls, s.Svc+"."+goName(s.Op))
	}
	for _, call := range calls {
		service, _, _ := strings.Cut(call, ".")
		if !served[call] || !slices.Contains(replayed, service) {
			t.Skipf("%s is not emulated", call)
		}
	}
}

// notEmulated is how the emulator refuses by name.
var notEmulated = regexp.MustCompile(`not emulated|does not implement`)

func (r recording) meets(t *testing.T, got any, err error) {
	t.Helper()
	m, _ := r.Recorded.(map[string]any)
	delete(m, "ResponseMetadata")
	if e, ok := m["Error"].(map[string]any); ok {
		var api smithy.APIError
		errors.As(err, &api)
		want := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(regexp.QuoteMeta(e["Message"].(string)), ".+")
		if api == nil || api.ErrorCode() != e["Code"] || !regexp.MustCompile("^(?s:"+want+")$").MatchString(api.ErrorMessage()) {
			t.Errorf("got  %v\nwant %v: %v", err, e["Code"], e["Message"])
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if r.Path != "" {
		got = at(t, got, strings.Split(strings.Split(r.Path[1:], "|")[0], "."))
	}
	compare(t, "$", decoded(got), varying(r.Recorded))
}

// varying is a recorded answer with placeholders for what varies, and without empty
// texts, which outputs are compared without.
func varying(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			switch {
			case e == "":
				delete(v, k)
			case e == "datetime", e == "event-id", e == "target-arn", e == "target-id", k == "SubscriptionPrincipal":
				v[k] = "<any>"
			default:
				v[k] = varying(e)
			}
		}
	case []any:
		for i := range v {
			v[i] = varying(v[i])
		}
	}
	return v
}

package sfn

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// world is what a service calls, over a store of its own. Whenever the service has
// written something down, and whenever it calls, its file is copied: each copy is
// what a kill would leave then.
type world struct {
	*Service
	t      *testing.T
	file   string
	clock  *clock.Fake
	copies bool // they are made

	local  *wire.Local
	mu     sync.Mutex
	tokens []string // that messages brought
	seen   map[[32]byte]bool
	left   []leaving
}

// leaving is what a kill leaves.
type leaving struct {
	file   string
	now    time.Time
	tokens []string
}

func newWorld(t *testing.T, file string, now time.Time, tokens []string) *world {
	t.Helper()
	st, err := store.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, file: file, clock: clock.NewFake(now), tokens: tokens, seen: map[[32]byte]bool{}}
	if w.Service, err = New(&env.Env{Clock: w.clock, Store: st, Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	if w.local, err = wire.NewLocal([]wire.Service{w.Wire()}); err != nil {
		t.Fatal(err)
	}
	w.Calls = w
	if err := w.Resume(); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) close() {
	w.t.Helper()
	if err := errors.Join(w.Close(), w.env.Store.Close()); err != nil {
		w.t.Error(err)
	}
}

// Has implements [Calls].
func (w *world) Has(pkg, _ string) bool { return pkg != "eventbridge" }

// Output implements [Calls].
func (w *world) Output(string, string) reflect.Type { return nil }

// Call implements [Calls]. What a function does depends on its input alone.
func (w *world) Call(ctx context.Context, pkg, operation string, params []byte) (wire.Answer, error) {
	w.leave()
	answer := func(v any) (wire.Answer, error) {
		text, err := json.Marshal(v)
		return wire.Answer{Output: text, Status: 200}, err
	}
	switch pkg {
	case "sfn":
		return w.local.Call(ctx, pkg, operation, params)
	case "sqs":
		var in struct{ MessageBody string }
		if err := json.Unmarshal(params, &in); err != nil {
			return wire.Answer{}, err
		}
		w.mu.Lock()
		w.tokens = append(w.tokens, in.MessageBody)
		w.mu.Unlock()
		w.leave()
		return answer(map[string]any{"MessageId": "m"})
	case "lambda":
		var in struct{ Payload string }
		var of struct{ N, Retry int }
		if err := errors.Join(json.Unmarshal(params, &in), json.Unmarshal([]byte(in.Payload), &of)); err != nil {
			return wire.Answer{}, err
		}
		if of.N == 3 || of.N == 2 && of.Retry == 0 {
			return answer(map[string]any{"FunctionError": "Unhandled", "Payload": fmt.Sprintf(`{"errorType":"E%d"}`, of.N)})
		}
		return answer(map[string]any{"Payload": fmt.Sprint(of.N * 10)})
	}
	return answer(struct{}{}) // logs
}

// leave copies the file when it is not just being written.
func (w *world) leave() {
	if !w.copies {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for last := [32]byte{}; ; {
		text, err := os.ReadFile(w.file)
		if err != nil {
			w.t.Error(err)
			return
		}
		sum := sha256.Sum256(text)
		if w.seen[sum] {
			return
		}
		if sum != last {
			last = sum
			continue
		}
		w.seen[sum] = true
		to := filepath.Join(w.t.TempDir(), "store.db")
		if err := os.WriteFile(to, text, 0o600); err != nil {
			w.t.Error(err)
			return
		}
		w.left = append(w.left, leaving{to, w.clock.Now(), slices.Clone(w.tokens)})
		return
	}
}

// drive lets the time go on, and workers answer, until the execution has ended.
func (w *world) drive(arn string) *sfn.DescribeExecutionOutput {
	w.t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); ; {
		x, err := w.DescribeExecution(ctx(w.t), &sfn.DescribeExecutionInput{ExecutionArn: &arn})
		if err != nil {
			w.t.Fatal(err)
		}
		if x.Status != types.ExecutionStatusRunning {
			return x
		}
		if time.Now().After(deadline) {
			w.t.Fatal("it never ends")
		}
		w.mu.Lock()
		tokens := slices.Clone(w.tokens)
		w.mu.Unlock()
		for _, token := range tokens { // one that was answered before is refused
			_, _ = w.SendTaskSuccess(ctx(w.t), &sfn.SendTaskSuccessInput{TaskToken: &token, Output: ptr(`"answered"`)})
		}
		w.clock.Advance(500 * time.Millisecond)
		runtime.Gosched()
	}
}

// eventsOf are the types of an execution's events, with the names of their states, in
// no order: branches go on by themselves.
func (w *world) eventsOf(arn string) string {
	w.t.Helper()
	h, err := w.GetExecutionHistory(ctx(w.t), &sfn.GetExecutionHistoryInput{ExecutionArn: &arn, MaxResults: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	var all []string
	for i, e := range h.Events {
		if e.Id != int64(i+1) {
			w.t.Errorf("event %d has the id %d", i+1, e.Id)
		}
		if e.Type == types.HistoryEventTypeTaskSubmitted {
			continue // a worker may be faster than the message that told it
		}
		name := ""
		if d := e.StateEnteredEventDetails; d != nil {
			name = *d.Name
		}
		if d := e.StateExitedEventDetails; d != nil {
			name = *d.Name
		}
		all = append(all, string(e.Type)+":"+name)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// TestKilledAtEveryEvent kills a service whenever something is written down and
// while it calls others: from what is left every execution comes to the end and the
// history that it has when it is let run.
func TestKilledAtEveryEvent(t *testing.T) {
	t.Parallel()
	function := `"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"f","Payload":{"n.$":"$","retry.$":"$$.State.RetryCount"}},"ResultSelector":{"v.$":"$.Payload"},"OutputPath":"$.v",
		"Retry":[{"ErrorEquals":["E2"],"IntervalSeconds":2}],"Catch":[{"ErrorEquals":["E3"],"Next":"C"}],"End":true`
	for name, states := range map[string]string{
		"retry":    `"S":{"Type":"Pass","Result":2,"Next":"T"},"T":{` + function + `},"C":{"Type":"Pass","End":true}`,
		"catch":    `"S":{"Type":"Pass","Result":3,"Next":"T"},"T":{` + function + `},"C":{"Type":"Pass","Result":"caught","End":true}`,
		"token":    `"S":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken","Parameters":{"QueueUrl":"http://127.0.0.1/1/q","MessageBody.$":"$$.Task.Token"},"Next":"P"},"P":{"Type":"Pass","End":true}`,
		"nested":   `"S":{"Type":"Task","Resource":"arn:aws:states:::states:startExecution.sync:2","Parameters":{"StateMachineArn":"INNER","Input":{"a":1}},"OutputPath":"$.Output","End":true}`,
		"map":      `"S":{"Type":"Pass","Result":[1,2,3],"Next":"M"},"M":{"Type":"Map","MaxConcurrency":2,"ItemProcessor":{"StartAt":"T","States":{"T":{` + function + `},"C":{"Type":"Pass","Result":"caught","End":true}}},"End":true}`,
		"children": `"S":{"Type":"Pass","Result":[1,2,3],"Next":"M"},"M":{"Type":"Map","MaxConcurrency":2,"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"T","States":{"T":{` + function + `},"C":{"Type":"Wait","Seconds":1,"End":true}}},"ResultSelector":{"n.$":"States.ArrayLength($)"},"End":true}`,
		"parallel": `"S":{"Type":"Parallel","Branches":[
			{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":3,"Next":"T"},"T":{` + strings.ReplaceAll(function, `"n.$":"$"`, `"n":2`) + `},"C":{"Type":"Pass","End":true}}},
			{"StartAt":"Q","States":{"Q":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken","Parameters":{"QueueUrl":"http://127.0.0.1/1/q","MessageBody.$":"$$.Task.Token"},"End":true}}},
			{"StartAt":"N","States":{"N":{"Type":"Task","Resource":"arn:aws:states:::states:startExecution.sync","Parameters":{"StateMachineArn":"INNER"},"ResultSelector":{"s.$":"$.Status"},"End":true}}}],"End":true}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, filepath.Join(t.TempDir(), "store.db"), time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), nil)
			inner := create(t, w.Service, "inner", `{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":2,"Next":"B"},"B":{"Type":"Pass","End":true}}}`, "")
			logged := &types.LoggingConfiguration{Level: types.LogLevelAll, Destinations: []types.LogDestination{
				{CloudWatchLogsLogGroup: &types.CloudWatchLogsLogGroup{LogGroupArn: ptr("arn:aws:logs:eu-north-1:000000000000:log-group:g:*")}},
			}}
			m, err := w.CreateStateMachine(ctx(t), &sfn.CreateStateMachineInput{
				Name: ptr("m"), Definition: ptr(`{"StartAt":"S","States":{` + strings.ReplaceAll(states, "INNER", inner) + `}}`), RoleArn: ptr(role), LoggingConfiguration: logged,
			})
			if err != nil {
				t.Fatal(err)
			}
			w.copies = true
			x, err := w.StartExecution(ctx(t), &sfn.StartExecutionInput{StateMachineArn: m.StateMachineArn, Name: ptr("x")})
			if err != nil {
				t.Fatal(err)
			}
			want := w.drive(*x.ExecutionArn)
			history := w.eventsOf(*x.ExecutionArn)
			w.close()
			if want.Status != types.ExecutionStatusSucceeded {
				t.Fatalf("got %s %s %s", want.Status, value(want.Error), value(want.Cause))
			}
			t.Logf("%d kills", len(w.left))
			for i, l := range w.left {
				again := newWorld(t, l.file, l.now, l.tokens)
				if _, err := again.execution(*x.ExecutionArn); err != nil { // killed before it was started
					again.close()
					continue
				}
				got := again.drive(*x.ExecutionArn)
				if got.Status != want.Status || value(got.Output) != value(want.Output) {
					t.Errorf("kill %d: got %s %s %s, want %s", i, got.Status, value(got.Output), value(got.Cause), value(want.Output))
				}
				if events := again.eventsOf(*x.ExecutionArn); events != history {
					t.Errorf("kill %d: got\n%s\nwant\n%s", i, events, history)
				}
				again.close()
			}
		})
	}
}

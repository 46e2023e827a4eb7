package run

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// types are the types of a history's events.
func types(history []Event) string {
	var out []string
	for _, e := range history {
		out = append(out, e.Type)
	}
	return strings.Join(out, " ")
}

// TestRetryAndCatch compares tries, waits and the way taken with a plain model of
// the language's rules, for random policies and errors.
func TestRetryAndCatch(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 7))
	names := []string{"A", "B", "C", "States.Timeout", "States.TaskFailed"}
	for range 2000 {
		type retrier struct {
			errors        []string
			most          int
			interval, cap float64
			rate          float64
		}
		var retriers []retrier
		var texts []string
		for range random.IntN(4) {
			r := retrier{most: random.IntN(4), interval: float64(1 + random.IntN(5)), rate: []float64{1, 1.5, 2}[random.IntN(3)]}
			for range 1 + random.IntN(2) {
				r.errors = append(r.errors, names[random.IntN(len(names))])
			}
			text := fmt.Sprintf(`{"ErrorEquals":["%s"],"MaxAttempts":%d,"IntervalSeconds":%v,"BackoffRate":%v`, strings.Join(r.errors, `","`), r.most, r.interval, r.rate)
			if random.IntN(2) == 0 {
				r.cap = r.interval + 2
				text += fmt.Sprintf(`,"MaxDelaySeconds":%v`, r.cap)
			}
			retriers, texts = append(retriers, r), append(texts, text+"}")
		}
		var catchers [][]string
		var ways []string
		for i := range random.IntN(3) {
			c := []string{names[random.IntN(len(names))]}
			if i == 1 && random.IntN(2) == 0 {
				c = []string{"States.ALL"}
			}
			catchers = append(catchers, c)
			ways = append(ways, fmt.Sprintf(`{"ErrorEquals":["%s"],"Next":"C%d"}`, c[0], i))
		}
		states := ""
		for i := range catchers {
			states += fmt.Sprintf(`,"C%d":{"Type":"Pass","Result":%d,"End":true}`, i, i)
		}
		definition := fmt.Sprintf(`{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:1:function:f","Retry":[%s],"Catch":[%s],"End":true}%s}}`,
			strings.Join(texts, ","), strings.Join(ways, ","), states)
		m, found := asl.Parse(definition, asl.Standard)
		if m == nil {
			if strings.Contains(asl.Message(found), "States.ALL") { // before another one
				continue
			}
			t.Fatalf("%s\n%s", asl.Message(found), definition)
		}
		var errors []string
		for range 1 + random.IntN(8) {
			errors = append(errors, names[random.IntN(3)])
		}

		// The model.
		is := func(list []string, name string) bool {
			return slices.Contains(list, name) || slices.Contains(list, "States.ALL") || slices.Contains(list, "States.TaskFailed") && name != "States.Timeout"
		}
		counts := make([]int, len(retriers))
		var waits []time.Duration
		end, tries := "", 0
		for i := 0; end == ""; i++ {
			if tries++; i == len(errors) {
				end = "ok"
				break
			}
			again := false
			for j, r := range retriers {
				if is(r.errors, errors[i]) {
					if again = counts[j] < r.most; again {
						wait := r.interval * math.Pow(r.rate, float64(counts[j]))
						if r.cap > 0 {
							wait = min(wait, r.cap)
						}
						counts[j]++
						waits = append(waits, time.Duration(wait*float64(time.Second)))
					}
					break
				}
			}
			if again {
				continue
			}
			end = "failed"
			for j, c := range catchers {
				if is(c, errors[i]) {
					end = fmt.Sprint(j)
					break
				}
			}
		}

		w := newWorld(t, m)
		var at []time.Time
		w.answer = func(x *Execution, task Task) {
			at = append(at, w.now)
			if len(at) > len(errors) {
				x.TaskSucceeded(task.ID, `"ok"`)
				return
			}
			x.TaskFailed(task.ID, Fails(errors[len(at)-1], "why"))
		}
		x := w.start(asl.Standard, "{}")
		w.drive(x)
		got := strings.Trim(x.Output(), `"`)
		if x.Status() == Failed {
			got = "failed"
		}
		if got != end || len(at) != tries {
			t.Fatalf("%s with %v\ngot %s after %d tries, want %s after %d", definition, errors, got, len(at), end, tries)
		}
		for i, wait := range waits {
			if took := at[i+1].Sub(at[i]); took != wait {
				t.Fatalf("%s with %v\ntry %d came after %v, want %v", definition, errors, i+1, took, wait)
			}
		}
	}
}

// TestTerminalErrors has errors that States.ALL does not stand for.
func TestTerminalErrors(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, definition, want string }{
		{"an evaluation of JSONPath", `{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"a.$":"$.missing"},"Catch":[{"ErrorEquals":["States.ALL"],"Next":"C"}],"End":true},"C":{"Type":"Pass","End":true}}}`,
			"States.Runtime: An error occurred while executing the state 'T' (entered at the event id #2). The JSONPath '$.missing' specified for the field 'a.$' could not be found in the input '{}'"},
		{"of JSONata, which is caught", `{"QueryLanguage":"JSONata","StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Arguments":{"a":"{% $states.input.missing %}"},"Catch":[{"ErrorEquals":["States.ALL"],"Next":"C","Output":"{% $states.errorOutput.Error %}"}],"End":true},"C":{"Type":"Pass","End":true}}}`,
			`"States.QueryEvaluationError"`},
		{"InputPath", `{"StartAt":"P","States":{"P":{"Type":"Pass","InputPath":"$.a.b","End":true}}}`,
			"States.Runtime: An error occurred while executing the state 'P' (entered at the event id #2). Invalid path '$.a.b' : Missing property in path $['a']"},
		{"ResultPath", `{"StartAt":"P","States":{"P":{"Type":"Pass","Result":[1],"Next":"Q"},"Q":{"Type":"Pass","ResultPath":"$.a","End":true}}}`,
			"States.ResultPathMatchFailure: An error occurred while executing the state 'Q' (entered at the event id #4). Unable to apply ReferencePath $.a to input [1]"},
		{"a choice of nothing", `{"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[{"Variable":"$.a","IsPresent":true,"Next":"P"}]},"P":{"Type":"Pass","End":true}}}`,
			"States.Runtime: An error occurred while executing the state 'C' (entered at the event id #2). Failed to transition out of the state. The state does not point to a next state."},
		{"a variable of a choice", `{"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[{"Variable":"$.a","IsNull":true,"Next":"P"}]},"P":{"Type":"Pass","End":true}}}`,
			"States.Runtime: An error occurred while executing the state 'C' (entered at the event id #2). Invalid path '$.a': The choice state's condition path references an invalid value."},
		{"an item path", `{"StartAt":"M","States":{"M":{"Type":"Map","ItemsPath":"$.a","ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}},"End":true}}}`,
			"States.Runtime: An error occurred while executing the state 'M' (entered at the event id #2). Invalid path '$.a' : No results for path: $['a']"},
		{"a function", `{"StartAt":"P","States":{"P":{"Type":"Pass","Parameters":{"x.$":"States.StringToJson('{')"},"End":true}}}`,
			"States.IntrinsicFailure: An error occurred while executing the state 'P' (entered at the event id #2). The function 'States.StringToJson('{')' had the following error: The first argument of the function is not valid JSON"},
		{"an error function of JSONata", `{"QueryLanguage":"JSONata","StartAt":"P","States":{"P":{"Type":"Pass","Output":"{% $error('oh') %}","End":true}}}`,
			"States.QueryEvaluationError: An error occurred while executing the state 'P' (entered at the event id #2). The JSONata expression '$error('oh')' specified for the field 'Output' threw an error during evaluation. D3137: oh"},
		{"a branch", `{"QueryLanguage":"JSONata","StartAt":"P","States":{"P":{"Type":"Parallel","Branches":[{"StartAt":"A","States":{"A":{"Type":"Pass","Output":{"a":["{% $x %}"]},"End":true}}}],"End":true}}}`,
			"States.QueryEvaluationError: An error occurred while executing the state 'A' (entered at the event id #4). The JSONata expression '$x' specified for the field 'Output/a[0]' returned nothing (undefined)."},
		{"a wrong type", `{"QueryLanguage":"JSONata","StartAt":"C","States":{"C":{"Type":"Choice","Choices":[{"Condition":"{% 1 %}","Next":"P"}],"Default":"P"},"P":{"Type":"Pass","End":true}}}`,
			"States.QueryEvaluationError: An error occurred while executing the state 'C' (entered at the event id #2). The JSONata expression '1' specified for the field 'Choices[0]/Condition' returned an unexpected result type. Expected 'boolean', but was 'number' for value: 1"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, machine(t, row.definition, asl.Standard))
			x := w.start(asl.Standard, "{}")
			w.drive(x)
			got := x.Output()
			if f := x.Failure(); f.Error != nil {
				got = *f.Error + ": " + *f.Cause
			}
			if got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}

// TestRedrive takes failed executions up again.
func TestRedrive(t *testing.T) {
	t.Parallel()
	task := `{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"n.$":"$"},"End":true}`
	for _, row := range []struct{ name, definition, want string }{
		{"context", `{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"n.$":"$"},"ResultSelector":{"r.$":"$$.Execution.RedriveTime"},"End":true}}}`,
			"ExecutionRedriven TaskScheduled TaskSucceeded TaskStateExited ExecutionSucceeded"},
		{"task", `{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":` + task + `}}`,
			"ExecutionRedriven TaskScheduled TaskSucceeded TaskStateExited ExecutionSucceeded"},
		{"parallel", `{"StartAt":"P","States":{"P":{"Type":"Parallel","Branches":[{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}},{"StartAt":"B","States":{"B":` + task + `}}],"End":true}}}`,
			"ExecutionRedriven TaskScheduled TaskSucceeded TaskStateExited ParallelStateSucceeded ParallelStateExited ExecutionSucceeded"},
		{"a branch that had not begun", `{"StartAt":"P","States":{"P":{"Type":"Parallel","Branches":[{"StartAt":"A","States":{"A":` + strings.Replace(task, `"n.$":"$"`, `"n.$":"$$.Execution.RedriveTime"`, 1) + `}},{"StartAt":"B","States":{"B":{"Type":"Pass","End":true}}}],"End":true}}}`,
			"ExecutionRedriven TaskScheduled PassStateEntered PassStateExited TaskSucceeded TaskStateExited ParallelStateSucceeded ParallelStateExited ExecutionSucceeded"},
		{"fail", `{"StartAt":"F","States":{"F":{"Type":"Fail","Error":"E"}}}`, "ExecutionRedriven FailStateEntered ExecutionFailed"},
		{"distributed", `{"StartAt":"M","States":{"M":{"Type":"Map","ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"B","States":{"B":` + task + `}},"ToleratedFailureCount":0,"End":true}}}`,
			"ExecutionRedriven MapRunRedriven MapRunSucceeded MapStateSucceeded MapStateExited ExecutionSucceeded"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, machine(t, row.definition, asl.Standard))
			broken, calls := true, 0
			w.answer = func(x *Execution, task Task) {
				calls++
				if broken && strings.Contains(string(jsonvalue.Marshal(task.Input)), "2") {
					x.TaskFailed(task.ID, Fails("Broken", ""))
					return
				}
				x.TaskSucceeded(task.ID, "1")
			}
			x := w.start(asl.Standard, "[1,2]")
			w.drive(x)
			if x.Status() != Failed {
				t.Fatalf("got %s, want it to fail", x.Status())
			}
			broken = false
			before, made := len(w.history), calls
			if !x.Redrive() {
				t.Fatal("it cannot be redriven")
			}
			w.drive(x)
			if got := types(w.history[before:]); got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
			if row.name != "fail" && calls != made+1 {
				t.Errorf("%d tasks were begun anew, want 1", calls-made)
			}
			if x.Params().Redrives != 1 {
				t.Errorf("got %d redrives, want 1", x.Params().Redrives)
			}
		})
	}
}

// TestLimits has executions that come to an end by AWS's limits.
func TestLimits(t *testing.T) {
	t.Parallel()
	endless := machine(t, `{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Choice","Choices":[{"Variable":"$","IsNull":true,"Next":"C"}],"Default":"A"},"C":{"Type":"Succeed"}}}`, asl.Standard)
	w := newWorld(t, endless)
	x := w.start(asl.Standard, "{}")
	w.drive(x)
	if got, want := x.Failure().text(), `{"error":"States.Runtime","cause":"The execution reached the maximum number of history events (25000)."}`; got != want || len(w.history) != MaxEvents {
		t.Errorf("got %s after %d events, want %s", got, len(w.history), want)
	}
	if end := w.history[MaxEvents-1]; end.ID != MaxEvents || end.Previous != MaxEvents-1 || end.Type != "ExecutionFailed" {
		t.Errorf("the last event is %s", jsonvalue.Marshal(end.JSON()))
	}

	timed := machine(t, `{"TimeoutSeconds":5,"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":60,"End":true}}}`, asl.Standard)
	w = newWorld(t, timed)
	x = w.start(asl.Standard, "{}")
	w.drive(x)
	if got, want := x.Status(), TimedOut; got != want || types(w.history) != "ExecutionStarted WaitStateEntered ExecutionTimedOut" {
		t.Errorf("got %s %s, want %s", got, types(w.history), want)
	}
	last := string(jsonvalue.Marshal(w.history[2].JSON()))
	if want := `{"id":3,"previousEventId":0,"type":"ExecutionTimedOut","executionTimedOutEventDetails":{"error":"States.Timeout"}}`; last != want || x.Failure().Error != nil {
		t.Errorf("got %s, want %s", last, want)
	}

	large := machine(t, `{"StartAt":"P","States":{"P":{"Type":"Parallel","Branches":[{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}},{"StartAt":"B","States":{"B":{"Type":"Pass","End":true}}}],"Catch":[{"ErrorEquals":["States.DataLimitExceeded"],"Next":"C"}],"End":true},"C":{"Type":"Pass","End":true}}}`, asl.Standard)
	w = newWorld(t, large)
	x = w.start(asl.Standard, `"`+strings.Repeat("a", MaxPayload/2+100)+`"`)
	w.drive(x)
	if got, want := x.Output(), `{"Error":"States.DataLimitExceeded","Cause":"The state/task 'P' returned a result with a size exceeding the maximum number of bytes service limit."}`; got != want {
		t.Errorf("got %.300s, want %s", got, want)
	}

	// What a catcher makes of an error can itself be too large: that is not caught again.
	caught := machine(t, `{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{},"Catch":[{"ErrorEquals":["States.ALL"],"ResultPath":"$.e","Next":"C"}],"End":true},"C":{"Type":"Pass","End":true}}}`, asl.Standard)
	w = newWorld(t, caught)
	w.answer = func(x *Execution, task Task) { x.TaskFailed(task.ID, Fails("Broken", "")) }
	x = w.start(asl.Standard, `{"a":"`+strings.Repeat("a", MaxPayload-10)+`"}`)
	w.drive(x)
	if got, want := x.Failure().text(), `{"error":"States.DataLimitExceeded","cause":"The state/task 'T' returned a result with a size exceeding the maximum number of bytes service limit."}`; got != want {
		t.Errorf("got %.300s, want %s", got, want)
	}

	// Variables: of one state, and of the execution.
	for _, row := range []struct {
		count, size int
		want        string
	}{{1, MaxPayload - 2, "S40"}, {2, MaxPayload / 2, "S0"}, {1, MaxPayload, "S0"}} {
		var assign, names []string
		for i := range row.count {
			assign = append(assign, fmt.Sprintf(`"v%d":"{%% $pad('', %d, 'a') %%}"`, i, row.size))
		}
		for i := range 50 {
			names = append(names, fmt.Sprintf(`"S%d":{"Type":"Pass","Assign":{%s},"Next":"S%d"}`, i, strings.ReplaceAll(strings.Join(assign, ","), `"v`, fmt.Sprintf(`"s%d_`, i)), i+1))
		}
		many := machine(t, `{"QueryLanguage":"JSONata","StartAt":"S0","States":{`+strings.Join(names, ",")+`,"S50":{"Type":"Succeed"}}}`, asl.Standard)
		w = newWorld(t, many)
		x = w.start(asl.Standard, "{}")
		w.drive(x)
		if got := x.Failure().text(); !strings.Contains(got, "'"+row.want+"'") {
			t.Errorf("%d of %d bytes: got %.300s, want it to fail at %s", row.count, row.size, got, row.want)
		}
	}
}

// TestTaskEvents has what only live tasks show: heartbeats, stopping, tokens.
func TestTaskEvents(t *testing.T) {
	t.Parallel()
	m := machine(t, `{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken","HeartbeatSeconds":10,"TimeoutSeconds":25,"Parameters":{"QueueUrl":"q","MessageBody.$":"$$.Task.Token"},"Catch":[{"ErrorEquals":["States.HeartbeatTimeout"],"Next":"C"}],"End":true},"C":{"Type":"Pass","Result":"late","End":true}}}`, asl.Standard)
	w := newWorld(t, m)
	x := w.start(asl.Standard, "{}")
	x.Advance(100)
	id := w.begun[0].ID
	token := w.Token(id)
	if got, want := string(jsonvalue.Marshal(w.begun[0].Input)), `{"QueueUrl":"q","MessageBody":"`+token+`"}`; got != want || w.begun[0].Token != token {
		t.Errorf("got %s, want %s", got, want)
	}
	w.now = w.now.Add(9 * time.Second)
	x.Tick()
	if !x.TaskHeartbeat(id) {
		t.Error("the task is not there")
	}
	w.now = w.now.Add(9 * time.Second)
	x.Tick()
	if x.Tasks() == nil {
		t.Fatal("the task ended, but there was a heartbeat in time")
	}
	w.drive(x)
	if got, want := x.Output(), `"late"`; got != want || len(w.begun) != 0 {
		t.Errorf("got %s, want %s", got, want)
	}
	if x.TaskSucceeded(id, "{}") || x.TaskHeartbeat(id) {
		t.Error("a task that is over can still be answered")
	}

	w = newWorld(t, m)
	x = w.start(asl.Standard, "{}")
	x.Advance(100)
	x.Stop(Fails("Enough", "of it"))
	if x.Status() != Aborted || len(w.begun) != 0 || types(w.history) != "ExecutionStarted TaskStateEntered TaskScheduled ExecutionAborted" {
		t.Errorf("got %s %s with %d tasks", x.Status(), types(w.history), len(w.begun))
	}
}

// TestLateAnswers has a task answered that timed out, while it is tried again: the
// answer is not that of the other try.
func TestLateAnswers(t *testing.T) {
	t.Parallel()
	m := machine(t, `{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","TimeoutSeconds":5,"Parameters":{},"Retry":[{"ErrorEquals":["States.Timeout"]}],"Next":"U"},"U":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{},"End":true}}}`, asl.Standard)
	w := newWorld(t, m)
	x := w.start(asl.Standard, "{}")
	var ids []int
	for _, wait := range []time.Duration{5 * time.Second, time.Second, 0} {
		x.Advance(100)
		for _, task := range w.begun {
			ids = append(ids, task.ID)
		}
		if w.begun = nil; wait == 0 {
			break
		}
		w.now = w.now.Add(wait)
		x.Tick()
	}
	if len(ids) != 2 || x.TaskSucceeded(ids[0], `"late"`) || x.TaskHeartbeat(ids[0]) {
		t.Fatalf("of the tasks %v the first can still be answered", ids)
	}
	if !x.TaskSucceeded(ids[1], `"in time"`) {
		t.Fatal("the other try cannot be answered")
	}
	x.Advance(100)
	if x.TaskFailed(ids[1], Fails("E", "")) || len(w.begun) != 1 || x.Status() != Running {
		t.Errorf("the next task is answered by that before: %s, %d begun", x.Status(), len(w.begun))
	}
}

// TestMapRunsEnd has the host told how map runs end.
func TestMapRunsEnd(t *testing.T) {
	t.Parallel()
	task := `{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"n.$":"$"},"End":true}`
	run := `{"Type":"Map","ItemsPath":"$.items","ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"B","States":{"B":` + task + `}},"MaxConcurrency":2,"End":true}`
	for _, row := range []struct{ name, definition, want, history string }{
		{"succeeded", `{"StartAt":"M","States":{"M":` + run + `}}`, "SUCCEEDED 3=3+0+0 in 3",
			"ExecutionStarted MapStateEntered MapStateStarted MapRunStarted MapRunSucceeded MapStateSucceeded MapStateExited ExecutionSucceeded"},
		{"failed", `{"StartAt":"M","States":{"M":` + run + `}}`, "FAILED 3=1+1+1 in 3",
			"ExecutionStarted MapStateEntered MapStateStarted MapRunStarted MapRunFailed MapStateFailed ExecutionFailed"},
		{"stopped", `{"StartAt":"M","States":{"M":` + run + `}}`, "ABORTED 2=0+0+2 in 2",
			"ExecutionStarted MapStateEntered MapStateStarted MapRunStarted ExecutionAborted"},
		{"aborted", `{"StartAt":"P","States":{"P":{"Type":"Parallel","Branches":[{"StartAt":"M","States":{"M":` + run + `}},{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":1,"Next":"F"},"F":{"Type":"Fail","Error":"E"}}}],"End":true}}}`, "ABORTED 2=0+0+2 in 2",
			"ExecutionStarted ParallelStateEntered ParallelStateStarted MapStateEntered MapStateStarted MapRunStarted WaitStateEntered WaitStateExited FailStateEntered MapRunAborted MapStateAborted ParallelStateFailed ExecutionFailed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, machine(t, row.definition, asl.Standard))
			if row.name != "aborted" && row.name != "stopped" {
				w.answer = func(x *Execution, task Task) {
					if row.name == "failed" && strings.Contains(string(jsonvalue.Marshal(task.Input)), "2") {
						x.TaskFailed(task.ID, Fails("Broken", ""))
						return
					}
					x.TaskSucceeded(task.ID, "1")
				}
			}
			x := w.start(asl.Standard, `{"items":[1,2,3]}`)
			switch row.name {
			case "stopped":
				for x.Advance(1000) {
				}
				if len(x.Runs()) != 1 || x.Runs()[0].Status != Running {
					t.Errorf("the map runs under way are %v, want one", x.Runs())
				}
				x.Stop(Failure{})
			case "aborted":
				for x.Advance(1000) {
				}
				w.now = w.now.Add(time.Second)
				x.Tick()
				for x.Advance(1000) {
				}
			default:
				w.drive(x)
			}
			if len(w.runs) != 1 || len(x.Runs()) != 0 {
				t.Fatalf("%d map runs ended and %d are under way, want one and none: %s", len(w.runs), len(x.Runs()), types(w.history))
			}
			r := w.runs[0]
			if got := fmt.Sprintf("%s %d=%d+%d+%d in %d", r.Status, r.Total.Items, r.Succeeded.Items, r.Failed.Items, r.Aborted.Items, r.Total.Children); got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
			if got := types(w.history); got != row.history {
				t.Errorf("got  %s\nwant %s", got, row.history)
			}
		})
	}
}

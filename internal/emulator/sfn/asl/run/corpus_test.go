package run

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// recording is one line of the recorded cases.
type recording struct {
	kind, id, definition, input string
	pure                        bool
	workflow                    asl.Workflow
	request, recorded           *jsonvalue.Object
	files                       files // what was put into S3 before
}

func recordings(t testing.TB) []recording {
	t.Helper()
	f, err := os.Open("../../../../../../shared/corpus/sfn/cases.jsonl")
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("the recorded cases sfn/cases.jsonl are not beside the repository")
	} else if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var out []recording
	seen := map[string]int{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		v, err := jsonvalue.Parse(lines.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		o := v.(*jsonvalue.Object)
		r := recording{workflow: asl.Standard}
		r.kind, _ = o.Get("kind").(string)
		r.id, _ = o.Get("test_id").(string)
		r.id = r.id[strings.LastIndex(r.id, "::")+2:]
		if seen[r.id]++; seen[r.id] > 1 {
			r.id = fmt.Sprintf("%s#%d", r.id, seen[r.id])
		}
		r.definition, _ = o.Get("definition").(string)
		r.input, _ = o.Get("input").(string)
		if r.input == "" {
			r.input = "{}"
		}
		r.pure, _ = o.Get("pure").(bool)
		r.request, _ = o.Get("request").(*jsonvalue.Object)
		r.recorded, _ = o.Get("recorded").(*jsonvalue.Object)
		if s, ok := o.Get("type").(string); ok {
			r.workflow = asl.Workflow(s)
		}
		r.files = files{}
		setup, _ := o.Get("setup").([]any)
		for _, call := range setup {
			c := call.(*jsonvalue.Object)
			if p, ok := c.Get("params").(*jsonvalue.Object); ok && c.Get("op") == "put_object" {
				key, _ := p.Get("Key").(string)
				body, _ := p.Get("Body").(string)
				r.files["bucket-name/"+key] = body
			}
		}
		out = append(out, r)
	}
	return out
}

// TestRecordedChoices replays every choice of an operator.
func TestRecordedChoices(t *testing.T) {
	t.Parallel()
	for _, r := range recordings(t) {
		if r.kind != "choice" {
			continue
		}
		w := newWorld(t, machine(t, r.definition, r.workflow))
		x := w.start(r.workflow, r.input)
		w.drive(x)
		got, err := jsonvalue.Parse([]byte(x.Output()))
		if want := r.recorded.Get("output"); err != nil || !jsonvalue.Equal(got, want) {
			t.Errorf("%s: %s of %s\ngot  %s %s\nwant %s", r.id, r.definition, r.input, x.Status(), x.Output()+x.Failure().text(), jsonvalue.Marshal(want))
		}
	}
}

func (f Failure) text() string { return string(jsonvalue.Marshal(f.details())) }

// histories are the lists of events among what was recorded.
func histories(r recording) [][]any {
	var out [][]any
	for _, v := range r.recorded.All() {
		if o, ok := v.(*jsonvalue.Object); ok {
			if events, ok := o.Get("events").([]any); ok {
				out = append(out, events)
			}
		}
	}
	return out
}

// TestRecordedOutcomes compares how executions end, as DescribeExecution and
// StartSyncExecution tell.
func TestRecordedOutcomes(t *testing.T) {
	t.Parallel()
	n := 0
	for _, r := range recordings(t) {
		if r.kind != "execution" && r.kind != "sync" || !r.pure {
			continue
		}
		for _, v := range r.recorded.All() {
			o, ok := v.(*jsonvalue.Object)
			if !ok || !o.Has("status") || o.Get("status") == "RUNNING" || strings.Contains(r.definition, "WAIT_1_MIN") && o.Get("status") == "ABORTED" {
				continue
			}
			n++
			w := newWorld(t, machine(t, r.definition, r.workflow))
			x := w.start(r.workflow, r.input)
			w.drive(x)
			got := x.Failure().details()
			got.Set("status", string(x.Status()))
			if x.Output() != "" {
				got.Set("output", x.Output())
			}
			want := details()
			for _, name := range []string{"error", "cause", "status", "output"} {
				if o.Has(name) {
					want.Set(name, o.Get(name))
				}
			}
			if !like(got, want) {
				t.Errorf("%s: got %s, want %s", r.id, jsonvalue.Marshal(got), jsonvalue.Marshal(want))
			}
		}
	}
	if n == 0 {
		t.Error("nothing was compared")
	}
}

// placeholder is what stands in recordings for what varies.
var placeholder = regexp.MustCompile(`<[a-zA-Z_:0-9-]+>|^(timestamp|date|datetime|start-time|entered-time|snf_role_arn|activity_arn|map_run_arn|a_task_token|stateExitedEventDetails.output|executionSucceededEventDetails.output|"?RandomNumberGenerated"?)$|(lambda_function_name|map_run_arn)$`)

// like compares what was got with what was recorded, in which placeholders stand
// for anything and strings of JSON are decoded.
func like(got, want any) bool {
	if s, ok := got.(string); ok {
		if _, isText := want.(string); !isText {
			if v, err := jsonvalue.Parse([]byte(s)); err == nil {
				got = v
			}
		}
	}
	switch want := want.(type) {
	case string:
		s, isText := got.(string)
		if isText && s == want {
			return true
		}
		if isText && strings.HasPrefix(want, "[") { // older recordings keep the blanks of an input, newer ones do not
			a, err := jsonvalue.Parse([]byte(s))
			b, also := jsonvalue.Parse([]byte(want))
			if err == nil && also == nil && like(a, b) {
				return true
			}
		}
		if v, err := jsonvalue.Parse([]byte(want)); err == nil && isText && placeholder.MatchString(want) {
			g, err := jsonvalue.Parse([]byte(s))
			return err == nil && like(g, v)
		}
		if !placeholder.MatchString(want) {
			return false
		}
		if placeholder.FindString(want) == want {
			return true
		}
		pattern := "^"
		rest := want
		for {
			at := placeholder.FindStringIndex(rest)
			if at == nil {
				break
			}
			pattern += regexp.QuoteMeta(rest[:at[0]]) + "[^\"]*?"
			rest = rest[at[1]:]
		}
		ok, _ := regexp.MatchString("(?s)"+pattern+regexp.QuoteMeta(rest)+"$", s)
		return ok
	case []any:
		items, ok := got.([]any)
		return ok && slices.EqualFunc(items, want, like)
	case *jsonvalue.Object:
		o, ok := got.(*jsonvalue.Object)
		if ok && o.Has("RedriveCount") && want.Has("RoleArn") && !want.Has("RedriveCount") { // recorded before AWS had redrives
			o = o.Clone()
			o.Delete("RedriveCount")
		}
		if !ok || o.Len() != want.Len() {
			return false
		}
		for k, v := range want.All() {
			if !o.Has(k) || !like(o.Get(k), v) {
				return false
			}
		}
		return true
	}
	return jsonvalue.Equal(got, want)
}

// replay runs a recorded execution. Its tasks are answered as they were answered
// on AWS, which the history tells; what the interpreter makes of them is its own.
func replay(t *testing.T, r recording, events []any) (*world, *Execution) {
	t.Helper()
	definition := resolved(r.definition)
	w := newWorld(t, machine(t, definition, r.workflow))
	w.objects = r.files
	if first := events[0].(*jsonvalue.Object); !jsonvalue.Equal(first.Get("previousEventId"), 0.0) {
		slices.Reverse(events)
	}
	first := events[0].(*jsonvalue.Object)
	input := r.input
	if d, ok := first.Get("executionStartedEventDetails").(*jsonvalue.Object); ok && !r.pure {
		input = text(d.Get("input"))
	}
	answers := taskEvents(events)
	w.refuse = func(Task) error {
		last := events[len(events)-1].(*jsonvalue.Object)
		d, _ := last.Get("executionFailedEventDetails").(*jsonvalue.Object)
		if len(answers) > 0 || d == nil || d.Get("error") != "States.Runtime" {
			return nil
		}
		_, cause, _ := strings.Cut(d.Get("cause").(string), "). ")
		return errors.New(cause)
	}
	w.answer = func(x *Execution, task Task) { answers = answer(x, task, answers) }
	x := w.start(r.workflow, input)
	if last := events[len(events)-1].(*jsonvalue.Object); last.Get("type") == "ExecutionAborted" {
		x.Advance(1000)
		x.Stop(Failure{})
	}
	w.drive(x)
	return w, x
}

// text is a recorded payload as it was before decoding.
func text(v any) string {
	if s, ok := v.(string); ok {
		if _, err := jsonvalue.Parse([]byte(s)); err == nil {
			return s
		}
	}
	return string(jsonvalue.Marshal(v))
}

// taskEvents are the events of tasks between their scheduling and their end.
func taskEvents(events []any) []*jsonvalue.Object {
	var out []*jsonvalue.Object
	for _, e := range events {
		o := e.(*jsonvalue.Object)
		kind, _ := o.Get("type").(string)
		for _, p := range []string{"Task", "LambdaFunction", "Activity"} {
			for _, s := range []string{"Started", "Submitted", "Succeeded", "Failed", "TimedOut"} {
				if kind == p+s {
					out = append(out, o)
				}
			}
		}
	}
	return out
}

// answer tells an execution of the next recorded events of a task: that it was
// started, submitted, and how it ended. The function of a child, which has a history
// of its own, gives back its input, as all that are recorded do.
func answer(x *Execution, task Task, answers []*jsonvalue.Object) []*jsonvalue.Object {
	take := func(endings ...string) (string, *jsonvalue.Object) {
		for i, e := range answers {
			kind, _ := e.Get("type").(string)
			for _, ending := range endings {
				if strings.HasSuffix(kind, ending) {
					answers = slices.Delete(slices.Clone(answers), i, i+1)
					d, _ := e.Get(DetailsName(kind)).(*jsonvalue.Object)
					if d == nil {
						d = details()
					}
					return kind, d
				}
			}
		}
		return "", details()
	}
	if x.Params().Scope != "" && len(answers) == 0 {
		x.TaskSucceeded(task.ID, string(jsonvalue.Marshal(task.Input)))
		return answers
	}
	if kind, d := take("Started"); kind != "" {
		worker, _ := d.Get("workerName").(string)
		x.TaskStarted(task.ID, worker)
	}
	if task.Resource.Pattern != asl.RequestResponse {
		if kind, d := take("Submitted"); kind != "" {
			x.TaskSubmitted(task.ID, text(d.Get("output")))
		}
	}
	switch kind, d := take("Succeeded", "Failed", "TimedOut"); {
	case strings.HasSuffix(kind, "Succeeded"):
		x.TaskSucceeded(task.ID, text(d.Get("output")))
	case strings.HasSuffix(kind, "Failed"):
		var f Failure
		if s, ok := d.Get("error").(string); ok {
			f.Error = &s
		}
		if v := d.Get("cause"); v != nil {
			s, isText := v.(string)
			if !isText {
				s = string(jsonvalue.Marshal(v))
			}
			f.Cause = &s
		}
		x.TaskFailed(task.ID, f)
	}
	return answers // a task that timed out does so by itself
}

func resolved(definition string) string {
	for {
		i := strings.Index(definition, "$REF{")
		if i < 0 {
			return definition
		}
		end := i + strings.IndexByte(definition[i:], '}')
		arn := "arn:aws:lambda:us-east-1:111111111111:function:f"
		switch {
		case strings.Contains(definition[i:end], "ctivity"):
			arn = "arn:aws:states:us-east-1:111111111111:activity:a"
		case strings.Contains(definition[i:end], "tateMachine"):
			arn = "arn:aws:states:us-east-1:111111111111:stateMachine:m"
		}
		definition = definition[:i] + arn + definition[end+1:]
	}
}

// TestRecordedExecutions replays executions and compares their histories.
func TestRecordedExecutions(t *testing.T) {
	t.Parallel()
	compared := 0
	for _, r := range recordings(t) {
		if r.kind != "execution" {
			continue
		}
		for _, events := range histories(r) {
			name, _, _ := strings.Cut(r.id, "#")
			if skipped[name] != "" {
				continue
			}
			compared++
			t.Run(r.id, func(t *testing.T) {
				w, _ := replay(t, r, events)
				if difference := compare(w.history, events); difference != "" {
					t.Errorf("%s\ninput %s\n%s", r.definition, r.input, difference)
				}
			})
		}
	}
	t.Logf("%d histories", compared)
}

// skipped are recordings that say nothing of how an execution runs.
var skipped = map[string]string{
	"test_max_concurrency_path_negative": "it was recorded before the execution went on: only its first event is there",
	"test_parallel_state_nested":         "the recording has lost the end of the inner state",
}

// compare tells where a history differs from the recorded one, "" for nowhere.
// Events within branches, of which recordings do not tell the order, are compared
// whatever their order; so are ids then.
func compare(history []Event, events []any) string {
	var got, want []*jsonvalue.Object
	unordered := false
	for _, e := range events {
		o := e.(*jsonvalue.Object).Clone()
		o.Delete("timestamp")
		_, list := o.Get("id").([]any)
		unordered = unordered || list
		want = append(want, o)
	}
	distributed := false
	for _, e := range history {
		distributed = distributed || e.Type == "MapRunSucceeded"
		if e.Type == "ParallelStateSucceeded" { // recordings leave it out
			continue
		}
		got = append(got, e.JSON())
	}
	timedOutInOrder(want)
	for i, w := range want {
		kind, _ := w.Get("type").(string)
		if unordered {
			w.Delete("id")
			w.Delete("previousEventId")
		}
		if kind == "ExecutionStarted" { // the names of roles are not the interpreter's
			w.Get(DetailsName(kind)).(*jsonvalue.Object).Set("roleArn", "snf_role_arn")
		}
		if kind == "MapStateExited" && distributed && i < len(got) { // AWS itself gives now this and now that
			w.Set("previousEventId", got[i].Get("previousEventId"))
		}
	}
	if unordered {
		for _, g := range got {
			g.Delete("id")
			g.Delete("previousEventId")
		}
		for _, list := range [][]*jsonvalue.Object{got, want} {
			slices.SortStableFunc(list, func(a, b *jsonvalue.Object) int { return strings.Compare(sortKey(a), sortKey(b)) })
		}
	}
	var b strings.Builder
	for i := range max(len(got), len(want)) {
		g, e := any("nothing"), any("nothing")
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			e = want[i]
		}
		if !like(g, e) {
			fmt.Fprintf(&b, "got  %s\nwant %s\n", jsonvalue.Marshal(g), jsonvalue.Marshal(e))
		}
	}
	return b.String()
}

// timedOutInOrder sorts events of tasks that timed out at the same moment.
func timedOutInOrder(events []*jsonvalue.Object) {
	for i := range events {
		for j := i; j > 0 && events[j].Get("type") == "TaskTimedOut" && events[j-1].Get("type") == "TaskTimedOut"; j-- {
			a, _ := jsonvalue.Float(events[j-1].Get("previousEventId"))
			b, _ := jsonvalue.Float(events[j].Get("previousEventId"))
			if a <= b {
				break
			}
			events[j-1].Set("previousEventId", b)
			events[j].Set("previousEventId", a)
		}
	}
}

func sortKey(o *jsonvalue.Object) string {
	kind, _ := o.Get("type").(string)
	d, _ := o.Get(DetailsName(kind)).(*jsonvalue.Object)
	if d == nil {
		return kind
	}
	return kind + string(jsonvalue.Marshal(d.Get("name"))) + string(jsonvalue.Marshal(d.Get("index")))
}

// trials are recorded refusals of TestState that are not about the definition or
// the mock as such.
var trials = map[string]string{
	"Mock result schema validation error": "it needs the models of the services' answers, which the service has",
	"RevealSecrets":                       "about another parameter of the request",
	"Mocked result must be valid JSON":    "about the text of the request, which is parsed before",
}

// TestRecordedTrials replays the calls of TestState.
func TestRecordedTrials(t *testing.T) {
	t.Parallel()
	n := 0
	for _, r := range recordings(t) {
		if r.kind != "test_state" {
			continue
		}
		for _, v := range r.recorded.All() {
			want := v.(*jsonvalue.Object)
			if refusal, ok := want.Get("Error").(*jsonvalue.Object); ok {
				message, _ := refusal.Get("Message").(string)
				listed := false
				for part := range trials {
					listed = listed || strings.Contains(message, part)
				}
				if listed {
					continue
				}
			}
			n++
			t.Run(r.id, func(t *testing.T) {
				if got, want := try(t, r), tried(want, r.request); !like(got, want) {
					t.Errorf("%s\ngot  %s\nwant %s", jsonvalue.Marshal(r.request), jsonvalue.Marshal(got), jsonvalue.Marshal(want))
				}
			})
		}
	}
	t.Logf("%d trials", n)
}

// tried is what was recorded of a trial, without what is not the interpreter's.
func tried(recorded, request *jsonvalue.Object) any {
	if e, ok := recorded.Get("Error").(*jsonvalue.Object); ok {
		return e
	}
	out := recorded.Clone()
	out.Delete("ResponseMetadata")
	out.Delete("message")
	return out
}

func try(t *testing.T, r recording) any {
	t.Helper()
	text := func(o *jsonvalue.Object, name string) string { s, _ := o.Get(name).(string); return s }
	object := func(o *jsonvalue.Object, name string) *jsonvalue.Object {
		if v, err := jsonvalue.Parse([]byte(text(o, name))); err == nil {
			inner, _ := v.(*jsonvalue.Object)
			return inner
		}
		inner, _ := o.Get(name).(*jsonvalue.Object)
		return inner
	}
	q := r.request
	definition := resolved(text(q, "definition"))
	tr := &Trial{State: text(q, "stateName"), Context: object(q, "context"), Variables: object(q, "variables")}
	var m *asl.Machine
	var found []asl.Diagnostic
	if strings.Contains(definition, `"StartAt"`) && object(q, "definition").Has("States") {
		m, found = asl.Parse(definition, asl.Standard)
	} else {
		m, found = asl.ParseState("StateName", definition, asl.Standard)
	}
	if m == nil {
		return details("Code", "InvalidDefinition", "Message", asl.Message(found))
	}
	if mock := object(q, "mock"); mock != nil {
		tr.Mock = &Mock{}
		if mock.Has("result") {
			tr.Mock.Result, _ = jsonvalue.Parse([]byte(text(mock, "result")))
		}
		if e := object(mock, "errorOutput"); e != nil {
			f := Fails(text(e, "error"), text(e, "cause"))
			tr.Mock.Failure = &f
		}
	}
	if c := object(q, "stateConfiguration"); c != nil {
		if f, ok := jsonvalue.Float(c.Get("retrierRetryCount")); ok {
			tr.RetryCount = int(f)
		}
		if f, ok := jsonvalue.Float(c.Get("mapIterationFailureCount")); ok {
			count := int(f)
			tr.FailedItems = &count
		}
		tr.CausedBy = text(c, "errorCausedByState")
		if v, err := jsonvalue.Parse([]byte(text(c, "mapItemReaderData"))); err == nil {
			tr.ReaderItems, tr.HasReadItems = v.([]any)
		}
	}
	input := text(q, "input")
	if input == "" {
		input = "{}"
	}
	w := newWorld(t, m)
	p := params(m, asl.Express, input)
	p.ARN, p.RoleARN = "arn:aws:states:us-east-1:111111111111:express:machine:name", "arn:aws:iam::111111111111:role/r"
	x, err := Try(m, p, tr, w, nil)
	if err != nil {
		var invalid *InvalidTrial
		if !errors.As(err, &invalid) {
			t.Fatal(err)
		}
		code := "ValidationException"
		if invalid.Definition {
			code = "InvalidDefinition"
		}
		return details("Code", code, "Message", invalid.Message)
	}
	w.answer = func(x *Execution, task Task) { x.TaskSucceeded(task.ID, `"HelloWorld!"`) } // what the recorded function gives back
	w.drive(x)
	end := x.Tried()
	out := end.Failure.details()
	out.Set("status", end.Status)
	if end.Next != "" {
		out.Set("nextState", end.Next)
	}
	if end.Output != "" {
		out.Set("output", end.Output)
	}
	if level := text(q, "inspectionLevel"); level == "DEBUG" || level == "TRACE" {
		shown := details()
		for k, v := range end.Inspection.All() {
			if k != "errorDetails" && k != "maxConcurrency" && k != "toleratedFailureCount" {
				v = string(jsonvalue.Marshal(v))
			}
			shown.Set(k, v)
		}
		out.Set("inspectionData", shown)
	}
	return out
}

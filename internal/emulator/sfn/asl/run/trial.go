package run

import (
	"fmt"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// Trial is a state to be tried alone, as TestState does.
type Trial struct {
	State     string            // its name, in whatever scope; "" for the first one
	Context   *jsonvalue.Object // nil for one made of Params
	Variables *jsonvalue.Object // nil for none
	Mock      *Mock             // nil to do the real work

	RetryCount   int    // how often the state was tried before
	FailedItems  *int   // how many iterations of a map failed
	CausedBy     string // the state of a branch or iteration that failed
	ReaderItems  []any  // what an ItemReader would read
	HasReadItems bool

	next, status string
	inspection   *jsonvalue.Object
	errors       *jsonvalue.Object
}

// Mock is what a state's work is taken to end with.
type Mock struct {
	Result  any
	Failure *Failure
}

// Tried is the end of a trial.
type Tried struct {
	Status     string // SUCCEEDED, FAILED, RETRIABLE or CAUGHT_ERROR; "" while a task is at work
	Output     string // as JSON; "" when there is none
	Failure    Failure
	Next       string
	Inspection *jsonvalue.Object // the stages of the data, by AWS's names
}

// InvalidTrial is a trial that AWS refuses.
type InvalidTrial struct {
	Definition bool // the definition is at fault: InvalidDefinition, else ValidationException
	Message    string
}

// Error is AWS's text.
func (e *InvalidTrial) Error() string { return e.Message }

// Check refuses what cannot be tried. The error is an *InvalidTrial.
func (tr *Trial) Check(m *asl.Machine) error {
	st := tr.state(m)
	if st == nil {
		return &InvalidTrial{Message: "State not found in definition"}
	}
	invalid := func(format string, args ...any) error { return &InvalidTrial{Message: fmt.Sprintf(format, args...)} }
	composite := st.Type == asl.Map || st.Type == asl.Parallel
	mock := tr.Mock
	switch {
	case mock == nil && composite:
		return &InvalidTrial{Definition: true, Message: "TestState API does not support Map or Parallel states. Supported state types include: [Task, Wait, Pass, Succeed, Fail, Choice]"}
	case mock == nil:
		return nil
	case !composite && st.Type != asl.Task:
		return invalid("State type '%s' is not supported when a mock is specified", st.Type)
	case mock.Result != nil && mock.Failure != nil:
		return invalid("A test mock should have only one of the following fields: [result, errorOutput].")
	case mock.Result == nil || !composite:
		return nil
	}
	items, isList := mock.Result.([]any)
	_, isObject := mock.Result.(*jsonvalue.Object)
	switch {
	case st.Type == asl.Map && st.Map.Writer != nil && st.Map.Writer.Resource.ARN != "":
		if !isObject {
			return invalid("Mocked result must be a JSON object.")
		}
	case !isList:
		return invalid("Mocked result must be an array.")
	case st.Type == asl.Parallel && len(items) != len(st.Branches):
		return invalid("Mocked result must contain the same number of items as number of Parallel branches.")
	case st.Type == asl.Map && tr.FailedItems != nil && *tr.FailedItems > len(items):
		return invalid("Map iteration failure count must be less than or equal to the number of Map iterations")
	}
	return nil
}

func (tr *Trial) state(m *asl.Machine) *asl.State {
	if tr.State == "" {
		return m.States[m.StartAt]
	}
	_, st := m.Find(tr.State)
	return st
}

// Try begins a trial of a state: Advance carries it out, Tried tells how it ended.
// A task without a mock is given to the host.
func Try(m *asl.Machine, p Params, tr *Trial, h Host, o Objects) (*Execution, error) {
	if err := tr.Check(m); err != nil {
		return nil, err
	}
	st := tr.state(m)
	scope := m.Scope
	if tr.State != "" {
		scope, _ = m.Find(tr.State)
	}
	p.Scope, p.Bare = scope.Location, true
	x, err := blank(m, p, h, o)
	if err != nil {
		return nil, err
	}
	x.trial = tr
	tr.inspection, tr.errors = details(), details()
	x.inspect = func(key string, v any) {
		switch key {
		case "retryIndex", "retryBackoffIntervalSeconds", "catchIndex":
			if n, ok := v.(int); ok {
				v = float64(n)
			}
			tr.errors.Set(key, v)
			tr.inspection.Set("errorDetails", tr.errors)
		default:
			if !tr.inspection.Has(key) {
				tr.inspection.Set(key, v)
			}
		}
	}
	t := x.spawn(nil, 0, scope, x.input)
	t.State, t.Attempts = st.Name, tr.RetryCount
	t.Retries = make([]int, len(st.Retry))
	for i := range t.Retries {
		t.Retries[i] = tr.RetryCount
	}
	if tr.Variables != nil {
		t.Vars = map[string]value{}
		for name, v := range tr.Variables.All() {
			t.Vars[name] = value{v}
		}
	}
	return x, nil
}

// Tried is how a trial ended.
func (x *Execution) Tried() Tried {
	tr := x.trial
	return Tried{Status: tr.status, Output: x.output, Failure: x.failure, Next: tr.next, Inspection: tr.inspection}
}

// concluded ends a trial.
func (x *Execution) concluded(status, output, next string, f Failure) {
	x.trial.status, x.trial.next, x.output = status, next, output
	x.end(Succeeded, f)
}

// mocked takes a mock for the work of a state, if there is one.
func (x *Execution) mocked(t *thread, st *asl.State) (bool, error) {
	if x.trial == nil || x.trial.Mock == nil {
		return false, nil
	}
	if f := x.trial.Mock.Failure; f != nil {
		x.fail(t, st, *f)
		return true, nil
	}
	result := x.trial.Mock.Result
	if st.Type == asl.Task || st.Type == asl.Parallel {
		x.show("result", result)
	}
	return true, x.leave(t, st, result, nil)
}

// mockedMap takes a mock for the iterations of a map.
func (x *Execution) mockedMap(t *thread, st *asl.State, items []any, tolerated int, part float64) (bool, error) {
	if x.trial == nil || x.trial.Mock == nil {
		return false, nil
	}
	if st.Map.Selector != nil && len(items) > 0 {
		if _, err := x.selected(t, st, &Item{Index: 0, Value: items[0]}); err != nil {
			return true, err
		}
	}
	if n := x.trial.FailedItems; n != nil && x.trial.Mock.Failure == nil || n != nil && *n > max(tolerated, 0) && tolerated >= 0 {
		over := *n > max(tolerated, 0)
		if part >= 0 && tolerated < 0 && len(items) > 0 {
			over = float64(*n)*100 > part*float64(len(items))
		}
		if over {
			x.fail(t, st, Fails("States.ExceedToleratedFailureThreshold", "The specified tolerated failure threshold was exceeded"))
			return true, nil
		}
	}
	return x.mocked(t, st)
}

// tryFails ends a trial of a state that failed.
func (x *Execution) tryFails(t *thread, st *asl.State, f Failure) {
	again, wait, index := x.retry(t, st, f)
	if index >= 0 {
		x.show("retryIndex", index)
	}
	if again {
		x.show("retryBackoffIntervalSeconds", wait.Seconds())
		x.concluded("RETRIABLE", "", "", f)
		return
	}
	for i := range st.Catch {
		c := &st.Catch[i]
		if !f.matches(c.ErrorEquals) {
			continue
		}
		x.show("catchIndex", i)
		output := f.output()
		env := x.env(t, output, "errorOutput", output)
		_, err := assignment(c.Assign, env)
		if err == nil && c.Output != nil {
			output, err = c.Output.Eval(env)
		} else if err == nil && st.Language == expr.JSONPath {
			output, err = x.resultPath(t, c.ResultPath, output)
		}
		if err != nil {
			f := failureOf(err, expr.Runtime)
			x.concluded("FAILED", "", "", f)
			return
		}
		x.concluded("CAUGHT_ERROR", textOf(output), c.Next, f)
		return
	}
	x.concluded("FAILED", "", "", f)
}

package run

import (
	"errors"
	"fmt"
	"maps"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// run moves a thread on from entering a state until it waits or ends.
func (x *Execution) run(t *thread) {
	for t.Phase == entering && x.status == Running && x.threads[t.ID] == t {
		if x.steps--; x.steps < 0 { // it goes on before the others do
			x.ready = append([]int{t.ID}, x.ready...)
			t.queued = true
			x.touch(t)
			return
		}
		if x.full() {
			return
		}
		st := t.state()
		if t.Entered == 0 {
			x.enter(t, st)
		}
		x.execute(t, st)
	}
}

func (x *Execution) enter(t *thread, st *asl.State) {
	if t.text == "" {
		t.text = string(jsonvalue.Marshal(t.Input.v))
	}
	t.Before = t.Cursor
	x.event(t, string(st.Type)+"StateEntered", details("name", st.Name, "input", t.text, "inputDetails", complete()))
	t.Entered, t.EnteredAt = t.Cursor, x.host.Now()
	if x.inspect != nil {
		x.inspect("input", t.Input.v)
	}
}

// execute does the work of the state that a thread has entered.
func (x *Execution) execute(t *thread, st *asl.State) {
	var err error
	switch st.Type {
	case asl.Pass:
		err = x.pass(t, st)
	case asl.Succeed:
		err = x.succeed(t, st)
	case asl.Fail:
		err = x.failState(t, st)
	case asl.Choice:
		err = x.choose(t, st)
	case asl.Wait:
		err = x.wait(t, st)
	case asl.Task:
		err = x.task(t, st)
	case asl.Parallel:
		err = x.parallel(t, st)
	case asl.Map:
		err = x.mapState(t, st)
	}
	if err != nil {
		x.wrong(t, st, err)
	}
}

func (x *Execution) pass(t *thread, st *asl.State) error {
	if st.Language == expr.JSONata {
		return x.leave(t, st, t.Input.v, nil)
	}
	if st.Result != nil {
		result, _ := st.Result.Constant()
		x.show("result", result)
		return x.leave(t, st, result, nil)
	}
	input, err := x.effective(t, st)
	if err != nil {
		return err
	}
	return x.leave(t, st, input, nil)
}

func (x *Execution) succeed(t *thread, st *asl.State) error {
	input, err := x.inputPath(t, st)
	if err != nil {
		return err
	}
	return x.leave(t, st, input, nil)
}

// failState ends its thread with an error.
func (x *Execution) failState(t *thread, st *asl.State) error {
	var f Failure
	for _, part := range []struct {
		field *asl.Field
		into  **string
	}{{st.Error, &f.Error}, {st.Cause, &f.Cause}} {
		if part.field == nil {
			continue
		}
		v, err := x.field(t, st, part.field)
		if err != nil {
			return err
		}
		s, ok := v.(string)
		if !ok {
			if part.field.Expr != nil && part.field.Query() != nil {
				return part.field.Unexpected("string", v)
			}
			return &expr.Error{Name: expr.Runtime, Cause: fmt.Sprintf("The %s field must reference a string value but was: %s", part.field.Name, jsonvalue.Marshal(v))}
		}
		*part.into = &s
	}
	if st.Language == expr.JSONPath && x.inspect != nil {
		x.show("afterInputPath", t.Input.v)
	}
	x.fail(t, st, f)
	return nil
}

// wrong fails a state for an error of an evaluation.
func (x *Execution) wrong(t *thread, st *asl.State, err error) { x.fail(t, st, x.misstep(t, st, err)) }

// misstep is the failure of a state that an error of an evaluation makes, which
// it records.
func (x *Execution) misstep(t *thread, st *asl.State, err error) Failure {
	var limit limitError
	if errors.As(err, &limit) {
		return limit.failure
	}
	var e *expr.Error
	if !errors.As(err, &e) {
		e = &expr.Error{Name: expr.Runtime, Cause: err.Error()}
	}
	f := Fails(e.Name, x.sentence(t, st)+e.Cause)
	if e.Name == expr.QueryEvaluation {
		previous := t.Cursor
		if previous == t.Entered { // nothing happened since: AWS does not count the event of entering
			previous = t.Before
		}
		d := f.details("state", st.Name)
		if e.Location != "" {
			d.Set("location", e.Location)
		}
		t.Cursor = x.record(previous, "EvaluationFailed", d)
	}
	return f
}

// sentence is what AWS begins the causes of errors with that states make
// themselves.
func (x *Execution) sentence(t *thread, st *asl.State) string {
	if x.params.Bare {
		return ""
	}
	return fmt.Sprintf("An error occurred while executing the state '%s' (entered at the event id #%d). ", st.Name, t.Entered)
}

// way is how a choice leaves its state.
type way struct {
	next           string
	output, assign *expr.Template
}

// leave ends a state with a result: it makes the output, assigns variables and
// goes on.
func (x *Execution) leave(t *thread, st *asl.State, result any, w *way) error {
	output, assigned, err := x.outcome(t, st, result, w)
	if err != nil {
		return err
	}
	next := st.Next
	if w != nil {
		next = w.next
	}
	return x.exit(t, st, output, assigned, next)
}

// exit leaves a state with its output.
func (x *Execution) exit(t *thread, st *asl.State, output any, assigned *jsonvalue.Object, next string) error {
	text := string(jsonvalue.Marshal(output))
	if len(text) > MaxPayload {
		return limitError{tooLarge(st.Name)}
	}
	if x.trial != nil {
		x.concluded("SUCCEEDED", text, next, Failure{})
		return nil
	}
	d := details("name", st.Name, "output", text, "outputDetails", complete())
	if assigned != nil && assigned.Len() > 0 {
		shown, err := x.assign(t, st, assigned)
		if err != nil {
			return err
		}
		d.Set("assignedVariables", shown)
		d.Set("assignedVariablesDetails", complete())
	}
	x.event(t, string(st.Type)+"StateExited", d)
	t.Entered, t.Retries, t.Attempts, t.Task = 0, nil, 0, nil
	t.Input, t.text = value{output}, text
	if st.Type == asl.Succeed || st.End && next == "" {
		x.finished(t, output, text)
		return nil
	}
	t.State = next
	if t.Phase != entering { // it waited for something
		x.queue(t)
	} else {
		x.touch(t)
	}
	return nil
}

// assign sets variables of a thread, and gives their values as history shows them.
func (x *Execution) assign(t *thread, st *asl.State, assigned *jsonvalue.Object) (*jsonvalue.Object, error) {
	shown := jsonvalue.NewObject(assigned.Len())
	size, more := 0, 0
	for name, v := range assigned.All() {
		text := textOf(v)
		shown.Set(name, text)
		size += len(text)
		if old, ok := t.Vars[name]; ok {
			more -= len(textOf(old.v))
		}
	}
	more += size
	if size > MaxPayload || x.held+more > MaxVariables {
		return nil, limitError{tooLarge(st.Name)}
	}
	t.Held += more
	x.held += more
	if t.Vars == nil {
		t.Vars = map[string]value{}
	} else {
		t.Vars = maps.Clone(t.Vars)
	}
	for name, v := range assigned.All() {
		t.Vars[name] = value{v}
	}
	return shown, nil
}

// finished ends a thread well.
func (x *Execution) finished(t *thread, output any, text string) {
	t.Phase, t.Output = done, value{output}
	x.touch(t)
	if parent := x.threads[t.Parent]; parent != nil {
		x.childSucceeded(parent, t, output, len(text))
		return
	}
	x.output = text
	x.record(t.Cursor, "ExecutionSucceeded", details("output", text, "outputDetails", complete()))
	x.end(Succeeded, Failure{})
}

// limitError is a failure by a limit on its way to the state that it fails.
type limitError struct{ failure Failure }

func (e limitError) Error() string { return e.failure.name() }

// tooLarge is the failure of a result that is too large.
func tooLarge(what string) Failure {
	return Fails("States.DataLimitExceeded", fmt.Sprintf("The state/task '%s' returned a result with a size exceeding the maximum number of bytes service limit.", what))
}

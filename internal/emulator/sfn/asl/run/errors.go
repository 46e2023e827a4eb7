package run

import (
	"math"
	"slices"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// fail ends a state with an error: it is tried again, caught, or ends the thread.
func (x *Execution) fail(t *thread, st *asl.State, f Failure) {
	if x.trial != nil {
		x.tryFails(t, st, f)
		return
	}
	again, wait, retrier := x.retry(t, st, f)
	if again {
		x.announceFailure(t, st, f, true)
		x.dropChildren(t)
		t.Retries[retrier]++
		t.Attempts++
		t.Task = nil
		t.Phase, t.WakeAt = backingOff, x.host.Now().Add(wait)
		x.touch(t)
		return
	}
	for i := range st.Catch {
		if c := &st.Catch[i]; f.matches(c.ErrorEquals) {
			x.announceFailure(t, st, f, false)
			x.dropChildren(t)
			x.catch(t, st, c, f)
			return
		}
	}
	x.announceFailure(t, st, f, false)
	x.lost(t, f)
}

// lost ends a thread with an error that nothing caught.
func (x *Execution) lost(t *thread, f Failure) {
	t.Phase, t.Failure = failed, &f
	x.touch(t)
	if parent := x.threads[t.Parent]; parent != nil {
		x.childFailed(parent, t, f)
		return
	}
	x.cancelAll()
	x.record(t.Cursor, "ExecutionFailed", f.details())
	x.end(Failed, f)
}

// retry finds the retrier of a failure (-1 for none) and tells whether it allows
// another try, and after what time.
func (x *Execution) retry(t *thread, st *asl.State, f Failure) (again bool, wait time.Duration, index int) {
	for i, r := range st.Retry {
		if !f.matches(r.ErrorEquals) {
			continue
		}
		if len(t.Retries) != len(st.Retry) {
			t.Retries = make([]int, len(st.Retry))
		}
		n := t.Retries[i]
		if n >= r.MaxAttempts {
			return false, 0, i
		}
		interval := r.IntervalSeconds * math.Pow(r.BackoffRate, float64(n))
		if r.MaxDelaySeconds > 0 {
			interval = min(interval, r.MaxDelaySeconds)
		}
		interval = min(interval, 99_999_999)
		if r.FullJitter {
			interval *= x.host.Random().Float64()
		}
		return true, seconds(interval), i
	}
	return false, 0, -1
}

// matches tells whether a failure is one of the named errors. States.ALL stands
// for all but States.Runtime, States.TaskFailed for all but timeouts.
func (f Failure) matches(names []string) bool {
	name := f.name()
	if slices.Contains(names, name) || f.also != "" && slices.Contains(names, f.also) {
		return true
	}
	if slices.Contains(names, "States.ALL") {
		return name != expr.Runtime
	}
	return slices.Contains(names, "States.TaskFailed") && name != "States.Timeout" && name != expr.Runtime && name != expr.QueryEvaluation
}

// catch goes the way of a catcher.
func (x *Execution) catch(t *thread, st *asl.State, c *asl.Catcher, f Failure) {
	output := f.output()
	env := x.env(t, output, "errorOutput", output)
	assigned, err := assignment(c.Assign, env)
	if err == nil {
		switch {
		case c.Output != nil:
			output, err = c.Output.Eval(env)
		case st.Language == expr.JSONPath:
			output, err = x.resultPath(t, c.ResultPath, output)
		}
	}
	if err == nil {
		err = x.exit(t, st, output, assigned, c.Next)
	}
	if err != nil { // an error of the catcher itself is not caught again
		x.lost(t, x.misstep(t, st, err))
	}
}

// announceFailure records that a Parallel or Map state failed.
func (x *Execution) announceFailure(t *thread, st *asl.State, f Failure, again bool) {
	if st.Type != asl.Parallel && st.Type != asl.Map || t.Entered == 0 {
		return
	}
	if g := t.Group; g != nil {
		x.abortChildren(t, f.name() == expr.Runtime && !again)
	}
	if again || f.name() == expr.Runtime && (t.Group == nil || !t.Group.Childs) {
		return
	}
	x.event(t, string(st.Type)+"StateFailed", nil)
}

// cancelAll gives up every task that is under way.
func (x *Execution) cancelAll() {
	for _, id := range x.ids() {
		t := x.threads[id]
		if t.Phase == working {
			x.host.Cancel(t.Task.ID)
		}
		if t.Group != nil && t.Group.MapRun != "" && t.Phase == grouped {
			for _, index := range t.Group.Running {
				x.host.CancelChild(t.child(index))
			}
			x.runEnded(t, Aborted)
		}
	}
}

func textOf(v any) string { return string(jsonvalue.Marshal(v)) }

package run

import (
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
)

// Redrive takes an execution up again that did not succeed: its states that
// succeeded stay as they are, those that failed or were given up are tried again
// with the same input, and their retriers count anew. It tells whether the
// execution can be redriven.
func (x *Execution) Redrive() bool {
	if x.status == Running || x.status == Succeeded {
		return false
	}
	root := x.root()
	if root == nil {
		return false
	}
	x.status, x.failure = Running, Failure{}
	x.params.Redrives++
	x.params.Redriven = x.host.Now()
	if x.machine.TimeoutSeconds > 0 && x.params.Scope == "" {
		x.ends = x.host.Now().Add(seconds(x.machine.TimeoutSeconds))
	}
	root.Cursor = x.record(x.events, "ExecutionRedriven", details("redriveCount", float64(x.params.Redrives)))
	x.mark("x")
	x.mark("p")
	x.resume(root)
	return true
}

// resume has a thread go on where it stopped.
func (x *Execution) resume(t *thread) {
	t.Retries, t.Attempts, t.Task, t.Failure = nil, 0, nil, nil
	x.touch(t)
	if t.Group == nil {
		if st := t.state(); st.Type != asl.Task && st.Type != asl.Parallel && st.Type != asl.Map {
			t.Entered, t.text = 0, ""
		}
		x.queue(t)
		return
	}
	t.Phase = grouped
	if !t.Group.Childs {
		for _, id := range t.Group.Running {
			if child := x.threads[id]; child != nil {
				child.Cursor = t.Cursor
				x.resume(child)
			}
		}
		return
	}
	x.resumeRun(t)
}

// resumeRun has the children of a map run go on that did not succeed.
func (x *Execution) resumeRun(t *thread) {
	g := t.Group
	g.Ended = false
	x.event(t, "MapRunRedriven", details("mapRunArn", g.MapRun, "redriveCount", float64(x.params.Redrives)))
	if f := x.open(t, t.state(), g.Items); f != nil {
		x.mapRunFailed(t, t.state(), f)
		return
	}
	if w := x.results[t.ID].writer; w != nil {
		w.files = g.Files
		if err := w.refill(x.results[t.ID].values); err != nil {
			f := failureOf(err, "States.ResultWriterFailed")
			x.mapRunFailed(t, t.state(), &f)
			return
		}
	}
	again := append(g.Failed, g.Running...)
	g.Running = again
	g.Failed, g.FailedItems, g.TimedOut, g.Aborted = nil, 0, Amount{}, Amount{}
	if g.Weights == nil {
		g.Weights = map[int]int{}
	}
	for _, index := range again {
		x.host.RedriveChild(t.child(index))
	}
	x.fill(t, t.state())
}

package run

import (
	"slices"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/expr"
)

// group is what a Parallel or Map state waits for.
type group struct {
	Length      int   // of all children; of a distributed map the items taken so far
	Next        int   // the index of the next child
	Running     []int // threads, or indexes of a distributed map's children
	Finished    int
	Concurrency int
	Size        int  // bytes of the results together
	Over        bool // the results are too large, and not kept

	// Of a distributed map.
	Childs        bool
	Ended         bool // the map run did, and the host knows
	MapRun        string
	Exhausted     bool        // there are no more items
	Items         int         // given to children
	Weights       map[int]int // items of children that have not succeeded, where there are several
	Failed        []int       // children, for a redrive: those that timed out or were aborted, too
	FailedItems   int
	TimedOut      Amount
	Aborted       Amount
	Tolerated     int // items; -1 for any number
	ToleratedPart float64
	Files         []file // written results
}

// results are what a group has gathered, and the items of a map.
type results struct {
	values map[int]any
	items  []any
	source source // of a distributed map
	writer *writer
}

// inlineConcurrency is how many iterations of an inline map AWS runs at once.
const inlineConcurrency = 40

// forget drops what the group of a thread has gathered.
func (x *Execution) forget(t *thread) {
	if r := x.results[t.ID]; r != nil && x.dirty != nil {
		for i := range r.values {
			x.mark(resultKey(t.ID, i))
		}
		x.mark(itemsKey(t.ID))
	}
	delete(x.results, t.ID)
	x.steps-- // so that a host gets its turn
}

// parallel begins the branches of a state.
func (x *Execution) parallel(t *thread, st *asl.State) error {
	input, err := x.effective(t, st)
	if err != nil {
		return err
	}
	if done, err := x.mocked(t, st); done {
		return err
	}
	x.event(t, "ParallelStateStarted", nil)
	t.Phase = grouped
	t.Group = &group{Length: len(st.Branches), Next: len(st.Branches)}
	x.results[t.ID] = &results{values: map[int]any{}}
	for i, b := range st.Branches {
		child := x.spawn(t, i, b, input)
		t.Group.Running = append(t.Group.Running, child.ID)
	}
	x.touch(t)
	return nil
}

// childSucceeded takes the output of a branch or an iteration.
func (x *Execution) childSucceeded(parent, child *thread, output any, size int) {
	g, st := parent.Group, parent.state()
	if st.Type == asl.Map {
		parent.Cursor = x.record(child.Cursor, "MapIterationSucceeded", details("name", st.Name, "index", float64(child.Index)))
	} else {
		parent.Cursor = child.Cursor
	}
	g.Running = slices.DeleteFunc(g.Running, func(id int) bool { return id == child.ID })
	x.keep(parent, child.Index, output, size)
	g.Finished++
	x.touch(parent)
	x.held -= child.Held
	delete(x.threads, child.ID)
	x.touch(child)
	if g.Finished == g.Length {
		x.gathered(parent, st)
		return
	}
	if st.Type == asl.Map {
		x.iterate(parent, st, child.Cursor)
	}
}

// keep remembers a result, unless all together are too large to be used.
func (x *Execution) keep(t *thread, index int, v any, size int) {
	g, r := t.Group, x.results[t.ID]
	if g.Size += size; g.Size > MaxPayload {
		if !g.Over {
			for i := range r.values {
				x.mark(resultKey(t.ID, i))
			}
			r.values = map[int]any{}
		}
		g.Over = true
		return
	}
	r.values[index] = v
	x.mark(resultKey(t.ID, index))
}

// inOrder are the results by index.
func (r *results) inOrder(n int) []any {
	out := make([]any, 0, len(r.values))
	for i := range n {
		if v, ok := r.values[i]; ok {
			out = append(out, v)
		}
	}
	return out
}

// gathered ends a Parallel or Map state whose children have all ended well.
func (x *Execution) gathered(t *thread, st *asl.State) {
	x.record(t.Cursor, string(st.Type)+"StateSucceeded", nil)
	if t.Group.Over {
		x.dropChildren(t)
		x.fail(t, st, tooLarge(st.Name))
		return
	}
	result := x.results[t.ID].inOrder(t.Group.Next)
	x.dropChildren(t)
	x.conclude(t, st, result)
}

// conclude leaves a state with what its children made.
func (x *Execution) conclude(t *thread, st *asl.State, result any) {
	x.show("result", result)
	if err := x.leave(t, st, result, nil); err != nil {
		x.wrong(t, st, err)
	}
}

// childFailed takes the failure of a branch or an iteration: its state fails.
func (x *Execution) childFailed(parent, child *thread, f Failure) {
	st := parent.state()
	parent.Cursor = child.Cursor
	if f.name() == expr.Runtime { // AWS ends the execution at once
		x.fail(parent, st, f)
		return
	}
	if st.Type == asl.Map {
		x.record(child.Cursor, "MapIterationFailed", details("name", st.Name, "index", float64(child.Index)))
	}
	if s := child.state(); s != nil && s.Type == asl.Task {
		x.record(parent.Cursor, "TaskStateAborted", nil)
	}
	x.fail(parent, st, f)
}

// abortChildren gives up what a state's children are doing, and records it unless
// the execution ends at once.
func (x *Execution) abortChildren(t *thread, silently bool) {
	st := t.state()
	for _, id := range t.Group.Running {
		if t.Group.Childs {
			x.host.CancelChild(t.child(id))
			continue
		}
		child := x.threads[id]
		if child == nil || child.Phase == failed || child.Phase == done {
			continue
		}
		if st.Type == asl.Map && !silently {
			x.record(t.Cursor, "MapIterationAborted", details("name", st.Name, "index", float64(child.Index)))
		}
		if child.Phase == working {
			x.host.Cancel(child.Task.ID)
		}
		if child.Group != nil && child.Phase == grouped {
			x.abortChildren(child, silently)
			if child.Group.MapRun != "" {
				if !silently {
					x.record(t.Cursor, "MapRunAborted", nil)
				}
				x.runEnded(child, Aborted)
			}
		}
		if s := child.state(); child.Entered != 0 && aborts[s.Type] && !silently {
			x.record(t.Cursor, string(s.Type)+"StateAborted", nil)
		}
		child.Phase, child.Task = failed, nil
		x.touch(child)
	}
}

// aborts are the types of states whose end before time is recorded.
var aborts = map[asl.Type]bool{asl.Task: true, asl.Wait: true, asl.Parallel: true, asl.Map: true}

// dropChildren forgets the children of a state that is done with them.
func (x *Execution) dropChildren(t *thread) {
	if t.Group == nil {
		return
	}
	if !t.Group.Childs {
		for _, id := range t.Group.Running {
			if child := x.threads[id]; child != nil {
				x.drop(child)
			}
		}
	}
	x.forget(t)
	t.Group = nil
	x.touch(t)
}

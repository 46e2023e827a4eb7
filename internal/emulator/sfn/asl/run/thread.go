package run

import (
	"slices"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// phase is what a thread is doing.
type phase byte

const (
	entering   phase = iota // its state is to be entered or tried again
	waiting                 // in a Wait state
	working                 // in a Task state
	grouped                 // in a Parallel or Map state, for its children
	backingOff              // before trying its state again
	done
	failed
)

// thread goes through the states of one scope: of the machine, a branch or an
// iteration. Exported fields are what is written down.
type thread struct {
	ID        int
	Parent    int // 0 for none
	Index     int // among the parent's children
	Scope     string
	State     string
	Phase     phase
	Input     value // of the state, before InputPath
	Cursor    int64 // the last event
	Before    int64 // the last event before the state was entered
	Entered   int64 // the event of entering; 0 before
	EnteredAt time.Time
	Vars      map[string]value `json:",omitempty"`
	Held      int              `json:",omitempty"` // bytes of Vars
	Retries   []int            `json:",omitempty"` // by retrier
	Attempts  int              `json:",omitempty"`
	Item      *Item            `json:",omitempty"`
	WakeAt    time.Time
	Task      *taskState `json:",omitempty"`
	Group     *group     `json:",omitempty"`
	Output    value
	Failure   *Failure `json:",omitempty"`

	scope  *asl.Scope
	text   string // Input as JSON, "" when not known
	queued bool
}

// taskState is a task under way.
type taskState struct {
	ID        int // another for each try, so that a late answer is not taken for a later task's
	Token     string
	Deadline  time.Time // zero for none
	Heartbeat time.Duration
	Beat      time.Time // when the next heartbeat is due; zero for none
	Started   bool
	Submitted bool
}

// value is a JSON value that can be written down.
type value struct{ v any }

// MarshalJSON writes the value; nothing is null within brackets apart from JSON's
// null, which is written as itself.
func (v value) MarshalJSON() ([]byte, error) {
	if v.v == nil {
		return []byte("null"), nil
	}
	return append(jsonvalue.Append([]byte{'['}, v.v), ']'), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (v *value) UnmarshalJSON(text []byte) error {
	read, err := jsonvalue.Parse(text)
	if items, ok := read.([]any); ok && len(items) == 1 {
		v.v = items[0]
	}
	return err
}

// MarshalJSON writes the item with its value.
func (i Item) MarshalJSON() ([]byte, error) {
	return jsonvalue.Marshal(details("Index", float64(i.Index), "Value", i.Value)), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (i *Item) UnmarshalJSON(text []byte) error {
	v, err := jsonvalue.Parse(text)
	if o, ok := v.(*jsonvalue.Object); ok {
		f, _ := jsonvalue.Float(o.Get("Index"))
		i.Index, i.Value = int(f), o.Get("Value")
	}
	return err
}

// spawn makes a thread that is ready to enter the first state of a scope.
func (x *Execution) spawn(parent *thread, index int, scope *asl.Scope, input any) *thread {
	x.nextID++
	t := &thread{ID: x.nextID, Index: index, Scope: scope.Location, scope: scope, State: scope.StartAt, Input: value{input}}
	if parent != nil {
		t.Parent, t.Cursor = parent.ID, parent.Cursor
	}
	x.threads[t.ID] = t
	x.queue(t)
	return t
}

// queue has Advance go on with a thread.
func (x *Execution) queue(t *thread) {
	t.Phase = entering
	x.touch(t)
	if !t.queued {
		t.queued = true
		x.ready = append(x.ready, t.ID)
	}
}

// drop forgets a thread and those below it.
func (x *Execution) drop(t *thread) {
	if t.Group != nil {
		for _, id := range t.Group.Running {
			if child := x.threads[id]; child != nil {
				x.drop(child)
			}
		}
		x.forget(t)
	}
	x.held -= t.Held
	delete(x.threads, t.ID)
	x.touch(t)
}

// ids are the threads in the order in which they were made.
func (x *Execution) ids() []int {
	out := make([]int, 0, len(x.threads))
	for id := range x.threads {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

func (x *Execution) root() *thread { return x.threads[1] }

func (t *thread) state() *asl.State { return t.scope.States[t.State] }

// due is when a timer of the thread ends, or zero.
func (t *thread) due() time.Time {
	switch t.Phase {
	case waiting, backingOff:
		return t.WakeAt
	case working:
		if d := t.Task.Deadline; t.Task.Beat.IsZero() || !d.IsZero() && d.Before(t.Task.Beat) {
			return d
		}
		return t.Task.Beat
	}
	return time.Time{}
}

// variable is the value of a variable as a thread sees it, or nil.
func (x *Execution) variable(t *thread, name string) any {
	for ; t != nil; t = x.threads[t.Parent] {
		if v, ok := t.Vars[name]; ok {
			return v.v
		}
	}
	return nil
}

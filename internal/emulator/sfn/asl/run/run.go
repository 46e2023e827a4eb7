// Package run carries out executions of state machines that package asl parsed. An
// Execution is a tree of threads that is moved on by what happens to it (a task
// ended, a timer is due) and that can be written down and read back between any
// two of these: it starts nothing itself, sleeps never and holds no goroutine.
//
// A host makes one with New, and then, whenever it was made, read back or called:
//
//	for x.Advance(1000) {
//		write(x.Changes()) // when it is durable
//	}
//	write(x.Changes())
//	if at, ok := x.Next(); ok && x.Status() == run.Running {
//		wakeAt(at) // and then x.Tick()
//	}
//
// After a restart it calls Restore, Begin for each of Tasks that it does not know
// of any more, and goes on as above. Children of distributed maps are executions
// of their own, made with New with the Child's Scope, Input and Item.
//
// It must not know AWS's SDK, services, clocks or storage: what it needs of the
// world is the Host, which is told what to begin and answers by calling the
// Execution's methods.
package run

import (
	"io"
	"math/rand/v2"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
)

// Host is the world of an execution. Its methods are called while the Execution
// is at work and must not call it back before they have returned.
type Host interface {
	Now() time.Time
	Random() *rand.Rand
	Record(Event)                                 // appends an event to the history
	Token(task int) string                        // the task token of a task
	Accept(Task) error                            // refuses a task that could not be started: the cause of States.Runtime
	Begin(Task)                                   // starts a task; TaskStarted, TaskSucceeded and the like answer
	Cancel(task int)                              // gives a task up whose end is not wanted any more
	MapRun(state *asl.State, label string) string // the ARN of a new map run
	MapRunEnded(Run)                              // how a map run ended; it can be redriven
	Child(Child)                                  // starts a child of a distributed map; ChildEnded answers
	RedriveChild(Child)                           // tries a child again that did not succeed; it has no Input and no Item
	CancelChild(Child)                            // gives a child up; it has no Input and no Item
}

// Objects is the storage that distributed maps read from and write to. Errors
// become the cause of States.ItemReaderFailed and States.ResultWriterFailed.
type Objects interface {
	Open(bucket, key, version string) (io.ReadCloser, error)
	List(bucket, prefix, after string) (page []Object, more bool, err error)
	Put(bucket, key string, body []byte) error
}

// Object is one entry of a listing.
type Object struct {
	Key, ETag, StorageClass string
	Size                    int64
	LastModified            time.Time
}

// Params are what an execution is started with.
type Params struct {
	Workflow    asl.Workflow
	ARN, Name   string
	MachineARN  string
	MachineName string
	RoleARN     string
	Region      string
	Input       string // as it was given
	Scope       string // the location of the scope to run: "" for the machine; of an item processor for a child
	Item        *Item  // of a child
	Redrives    int
	Started     time.Time
	Redriven    time.Time // when it was redriven last
	Durable     bool      // Changes will be asked for
	Bare        bool      // no RedriveCount in the context, as in TestState
	Deadline    time.Time // the execution's own end; zero for none but TimeoutSeconds
}

// Item is the item of a map that a child or an iteration works on.
type Item struct {
	Index int
	Value any
}

// Task is a task to begin.
type Task struct {
	ID          int // unique within the execution: another try has another
	Token       string
	State       string
	Resource    asl.Resource
	Input       any           // parameters, arguments, or the input of a function or activity
	Credentials any           // nil for none
	Timeout     time.Duration // 0 for none
	Heartbeat   time.Duration // 0 for none
	Retry       int           // how often it was tried before
	Started     bool          // somebody works on it: it is begun once more
}

// Child is an execution of a distributed map's items to begin: New with Scope.
type Child struct {
	Thread, Index int // give these back to ChildEnded
	MapRun        string
	Scope         string
	Workflow      asl.Workflow
	Input         string
	Item          Item // the first one
	Items         int  // how many the child works on
}

// Status is how an execution stands, by AWS's names.
type Status string

// The statuses.
const (
	Running   Status = "RUNNING"
	Succeeded Status = "SUCCEEDED"
	Failed    Status = "FAILED"
	TimedOut  Status = "TIMED_OUT"
	Aborted   Status = "ABORTED"
)

// Failure is an error and its cause; a nil one was not given.
type Failure struct {
	Error *string
	Cause *string
	also  string // another name under which it can be caught
}

// Fails makes a failure of a name and a cause.
func Fails(name, cause string) Failure { return Failure{Error: &name, Cause: &cause} }

// Execution is one execution. Its methods must not be called at the same time.
type Execution struct {
	machine *asl.Machine
	host    Host
	objects Objects
	params  Params
	inspect func(key string, v any)
	trial   *Trial

	status   Status
	output   string
	failure  Failure
	events   int64
	overflow bool // the history could not take an event
	threads  map[int]*thread
	nextID   int
	ready    []int
	ends     time.Time // TimeoutSeconds or Deadline
	steps    int
	dirty    map[string]bool
	results  map[int]*results // of maps and parallels, by thread
	input    any
	held     int // bytes of variables
}

// MaxEvents is how long the history of a STANDARD execution can be.
const MaxEvents = 25_000

// MaxPayload is how many bytes inputs, outputs and results can have.
const MaxPayload = 262_144

// MaxVariables is how many bytes the variables of an execution can have; those that
// one state assigns can have MaxPayload.
const MaxVariables = 10 << 20

// New begins an execution: it records ExecutionStarted and is ready to Advance.
// Its input must be JSON.
func New(m *asl.Machine, p Params, h Host, o Objects) (*Execution, error) {
	x, err := blank(m, p, h, o)
	if err != nil {
		return nil, err
	}
	x.record(0, "ExecutionStarted", details("input", p.Input, "inputDetails", complete(), "roleArn", p.RoleARN))
	scope := m.ScopeAt(p.Scope)
	t := x.spawn(nil, 0, scope, x.input)
	t.Item = p.Item
	t.Cursor = 0 // AWS: the first state's event follows none
	switch {
	case !p.Deadline.IsZero():
		x.ends = p.Deadline
	case p.Scope == "" && m.TimeoutSeconds > 0:
		x.ends = x.params.Started.Add(seconds(m.TimeoutSeconds))
	}
	x.mark("x")
	x.mark("p")
	return x, nil
}

// Inspect has f told of the stages of each state's data, as TestState shows them.
func (x *Execution) Inspect(f func(key string, v any)) { x.inspect = f }

// Status is how the execution stands.
func (x *Execution) Status() Status { return x.status }

// Output is the output of an execution that succeeded, as JSON.
func (x *Execution) Output() string { return x.output }

// Failure is why an execution did not succeed.
func (x *Execution) Failure() Failure { return x.failure }

// Params are what the execution was started with.
func (x *Execution) Params() Params { return x.params }

// Advance moves every thread on until each waits for something, or until it has
// made so many steps. It tells whether there is more to do at once.
func (x *Execution) Advance(steps int) bool {
	x.steps = steps
	for len(x.ready) > 0 && x.status == Running && !x.full() {
		if x.steps <= 0 {
			return true
		}
		if !x.ends.IsZero() && !x.host.Now().Before(x.ends) {
			x.timeOut()
			return false
		}
		t := x.threads[x.ready[0]]
		x.ready = x.ready[1:]
		if t == nil {
			continue
		}
		t.queued = false
		if t.Phase == entering {
			x.run(t)
		}
	}
	x.full()
	return false
}

// Next is when the earliest timer is due; ok is false when there is none.
func (x *Execution) Next() (at time.Time, ok bool) {
	if x.status != Running {
		return at, false
	}
	at, ok = x.ends, !x.ends.IsZero()
	for _, t := range x.threads {
		if due := t.due(); !due.IsZero() && (!ok || due.Before(at)) {
			at, ok = due, true
		}
	}
	return at, ok
}

// Tick lets everything happen that is due by now; Advance goes on with it.
func (x *Execution) Tick() {
	now := x.host.Now()
	if x.status == Running && !x.ends.IsZero() && !now.Before(x.ends) {
		x.timeOut()
	}
	var late []*thread // AWS records all that time out together before it acts on any
	for _, id := range x.ids() {
		t := x.threads[id]
		if x.status != Running {
			return
		}
		if t == nil {
			continue
		}
		if due := t.due(); due.IsZero() || now.Before(due) {
			continue
		}
		switch t.Phase {
		case waiting:
			x.waited(t)
		case backingOff:
			t.WakeAt = time.Time{}
			x.queue(t)
		case working:
			x.recordTimeout(t)
			late = append(late, t)
		}
	}
	for _, t := range late {
		if x.threads[t.ID] == t && t.Phase == working && x.status == Running {
			x.taskTimedOut(t, now)
		}
	}
}

func (x *Execution) timeOut() {
	x.cancelAll()
	x.record(0, "ExecutionTimedOut", details("error", "States.Timeout"))
	x.end(TimedOut, Failure{})
}

// Stop aborts the execution.
func (x *Execution) Stop(f Failure) {
	if x.status != Running {
		return
	}
	x.cancelAll()
	x.record(0, "ExecutionAborted", f.details())
	x.end(Aborted, f)
}

func (x *Execution) end(s Status, f Failure) {
	if x.overflow { // an event before did not fit: this is the end of that
		s, f = Failed, tooMany
		x.output = ""
	}
	x.status, x.failure = s, f
	for _, id := range x.ready {
		if t := x.threads[id]; t != nil {
			t.queued = false
		}
	}
	x.ready = nil
	x.mark("x")
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

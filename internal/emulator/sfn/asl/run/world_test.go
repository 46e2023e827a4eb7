package run

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
)

// world is a Host for tests: its clock jumps to what is due next, and tasks are
// answered by a function.
type world struct {
	t       testing.TB
	machine *asl.Machine
	now     time.Time
	random  *rand.Rand
	history []Event
	silent  bool // keeps no history
	refuse  func(Task) error
	answer  func(x *Execution, task Task) // called when the execution waits
	objects Objects

	begun    []Task
	children []Child
	gone     map[string]bool
	ended    map[string]*Execution // children that did not succeed, for a redrive
	redriven []string
	most     int // children at once
	runs     []Run
}

func newWorld(t testing.TB, m *asl.Machine) *world {
	return &world{t: t, machine: m, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), random: rand.New(rand.NewPCG(1, 2)), gone: map[string]bool{}, ended: map[string]*Execution{}}
}

func (w *world) Now() time.Time        { return w.now }
func (w *world) Random() *rand.Rand    { return w.random }
func (w *world) Token(task int) string { return fmt.Sprintf("token-%d", task) }
func (w *world) Record(e Event) {
	if !w.silent {
		w.history = append(w.history, e)
	}
}

func (w *world) Accept(task Task) error {
	if w.refuse != nil {
		return w.refuse(task)
	}
	return nil
}
func (w *world) Begin(task Task) { w.begun = append(w.begun, task) }
func (w *world) Cancel(task int) {
	w.begun = slices.DeleteFunc(w.begun, func(t Task) bool { return t.ID == task })
}

func (w *world) MapRun(_ *asl.State, label string) string {
	if label == "" {
		label = "label"
	}
	return "arn:aws:states:us-east-1:111111111111:mapRun:machine/" + label + ":run"
}

func (w *world) MapRunEnded(r Run) { w.runs = append(w.runs, r) }

func childName(thread, index int) string { return fmt.Sprintf("%d/%d", thread, index) }

func (w *world) Child(c Child) {
	w.children = append(w.children, c)
	w.most = max(w.most, len(w.children))
}
func (w *world) CancelChild(c Child) { w.gone[childName(c.Thread, c.Index)] = true }
func (w *world) RedriveChild(c Child) {
	w.redriven = append(w.redriven, childName(c.Thread, c.Index))
}

func params(m *asl.Machine, workflow asl.Workflow, input string) Params {
	_ = m
	return Params{
		Workflow: workflow, ARN: "arn:aws:states:us-east-1:111111111111:execution:machine:name", Name: "name", Input: input,
		MachineARN: "arn:aws:states:us-east-1:111111111111:stateMachine:machine", MachineName: "machine", RoleARN: "snf_role_arn", Region: "us-east-1",
	}
}

// drive lets an execution run until it ends or nothing would ever happen.
func (w *world) drive(x *Execution) {
	w.t.Helper()
	for range 10_000_000 {
		if x.Advance(1000) {
			continue
		}
		if x.Status() != Running {
			return
		}
		if !w.happens(x) {
			return
		}
	}
	w.t.Fatal("the execution never ends")
}

// happens lets one thing of the world happen to an execution.
func (w *world) happens(x *Execution) bool {
	switch {
	case len(w.begun) > 0 && w.answer != nil:
		task := w.begun[0]
		w.begun = w.begun[1:]
		w.answer(x, task)
	case len(w.children) > 0:
		c := w.children[0]
		w.children = w.children[1:]
		w.child(x, c)
	case len(w.redriven) > 0:
		name := w.redriven[0]
		w.redriven = w.redriven[1:]
		c := w.ended[name]
		silent := w.silent
		w.silent = true
		c.Redrive()
		w.silent = silent
		w.within(c)
		var thread, index int
		_, _ = fmt.Sscanf(name, "%d/%d", &thread, &index)
		x.ChildEnded(thread, index, ended(c))
	default:
		at, ok := x.Next()
		if !ok {
			return false
		}
		if at.After(w.now) {
			w.now = at
		}
		x.Tick()
	}
	return true
}

func ended(c *Execution) Ended {
	return Ended{ARN: c.Params().ARN, Name: c.Params().Name, Status: c.Status(), Input: c.Params().Input, Output: c.Output(), Failure: c.Failure()}
}

// within drives a child, which has a history of its own.
func (w *world) within(c *Execution) {
	silent, begun, children := w.silent, w.begun, w.children
	w.silent, w.begun, w.children = true, nil, nil
	w.drive(c)
	w.silent, w.begun, w.children = silent, begun, children
}

func (w *world) child(x *Execution, c Child) {
	if w.gone[childName(c.Thread, c.Index)] {
		return
	}
	p := params(w.machine, c.Workflow, c.Input)
	p.Scope, p.Item = c.Scope, &c.Item
	p.Name = fmt.Sprintf("child-%d", c.Index)
	silent := w.silent
	w.silent = true
	inner, err := New(w.machine, p, w, w.objects)
	if err != nil {
		w.t.Fatal(err)
	}
	w.silent = silent
	w.within(inner)
	if inner.Status() != Succeeded {
		w.ended[childName(c.Thread, c.Index)] = inner
	}
	x.ChildEnded(c.Thread, c.Index, ended(inner))
}

// files is a storage for tests, by bucket and key.
type files map[string]string

func (f files) Open(bucket, key, _ string) (io.ReadCloser, error) {
	body, ok := f[bucket+"/"+key]
	if !ok {
		return nil, cause("The specified key does not exist.")
	}
	return io.NopCloser(strings.NewReader(body)), nil
}

func (f files) List(bucket, prefix, after string) ([]Object, bool, error) {
	var out []Object
	for name, body := range f {
		key, ok := strings.CutPrefix(name, bucket+"/")
		if ok && strings.HasPrefix(key, prefix) && key > after {
			out = append(out, Object{Key: key, ETag: `"e"`, Size: int64(len(body)), StorageClass: "STANDARD", LastModified: time.Unix(1, 0)})
		}
	}
	slices.SortFunc(out, func(a, b Object) int { return strings.Compare(a.Key, b.Key) })
	if len(out) > 2 {
		return out[:2], true, nil
	}
	return out, false, nil
}

func (f files) Put(bucket, key string, body []byte) error {
	f[bucket+"/"+key] = string(bytes.Clone(body))
	return nil
}

// machine parses a definition that must be right.
func machine(t testing.TB, definition string, w asl.Workflow) *asl.Machine {
	t.Helper()
	m, found := asl.Parse(definition, w)
	if m == nil {
		t.Fatalf("%s\n%s", asl.Message(found), definition)
	}
	return m
}

// start begins an execution in a world.
func (w *world) start(workflow asl.Workflow, input string) *Execution {
	w.t.Helper()
	x, err := New(w.machine, params(w.machine, workflow, input), w, w.objects)
	if err != nil {
		w.t.Fatal(err)
	}
	return x
}

package graph

import (
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
)

// Status is how a state stands in an execution.
type Status string

// The statuses of states; that of one that was never entered is "".
const (
	Running   Status = "running"
	Succeeded Status = "succeeded"
	Caught    Status = "caught" // it failed, and a catcher went on
	Failed    Status = "failed"
	Aborted   Status = "aborted"
)

// A Step is a state in an execution.
type Step struct {
	Status Status
	Times  int // that it was entered
}

// An Event is one of an execution's history, with AWS's types. State is that of
// events about entering and leaving one.
type Event struct {
	ID, Previous int64
	Type, State  string
}

// Follow tells how each state stands behind these events, which are in their order.
// States have names of their own throughout a state machine.
func Follow(m *asl.Machine, events []Event) map[string]Step {
	f := &follower{
		steps: map[string]Step{}, outer: map[string]string{}, kinds: map[string]asl.Type{}, owner: map[int64]string{}, active: map[string]int{}, failing: map[string]bool{},
	}
	f.scope(m.Scope, "")
	for _, e := range events {
		f.owner[e.ID] = f.event(e)
	}
	return f.steps
}

// A follower goes through the events of an execution.
type follower struct {
	steps   map[string]Step
	outer   map[string]string // the state that a state is within
	kinds   map[string]asl.Type
	owner   map[int64]string // the state that an event belongs to
	active  map[string]int
	failing map[string]bool
}

func (f *follower) scope(s *asl.Scope, outer string) {
	for _, name := range s.Names {
		st := s.States[name]
		f.outer[name], f.kinds[name] = outer, st.Type
		for _, b := range st.Branches {
			f.scope(b, name)
		}
		if st.Map != nil {
			f.scope(st.Map.Processor, name)
		}
	}
}

// within tells whether a state is somewhere within another one.
func (f *follower) within(name, outer string) bool {
	for name = f.outer[name]; name != ""; name = f.outer[name] {
		if name == outer {
			return true
		}
	}
	return false
}

func (f *follower) set(name string, s Status) {
	step := f.steps[name]
	step.Status = s
	f.steps[name] = step
}

// end settles the states that are under way, of those that count.
func (f *follower) end(counts func(name string) bool) {
	for name, n := range f.active {
		if n == 0 || !counts(name) {
			continue
		}
		if f.failing[name] {
			f.set(name, Failed)
		} else {
			f.set(name, Aborted)
		}
		f.active[name], f.failing[name] = 0, false
	}
}

// event notes what an event changes, and returns the state that it belongs to.
func (f *follower) event(e Event) string {
	name := f.owner[e.Previous]
	switch {
	case strings.HasSuffix(e.Type, "StateEntered"):
		name = e.State
		f.active[name]++
		f.failing[name] = e.Type == "FailStateEntered"
		f.steps[name] = Step{Running, f.steps[name].Times + 1}
	case strings.HasSuffix(e.Type, "StateExited"):
		name = e.State
		f.active[name] = max(f.active[name]-1, 0)
		switch {
		case f.failing[name]:
			f.set(name, Caught)
		case f.active[name] == 0:
			f.set(name, Succeeded)
		}
		f.failing[name] = false
		if f.active[name] == 0 {
			f.end(func(inner string) bool { return f.within(inner, name) })
		}
	case e.Type == "ExecutionFailed", e.Type == "ExecutionTimedOut", e.Type == "ExecutionAborted":
		f.end(func(string) bool { return true })
	case e.Type == "MapStateFailed", e.Type == "ParallelStateFailed":
		kind := asl.Type(strings.TrimSuffix(e.Type, "StateFailed"))
		for name != "" && (f.kinds[name] != kind || f.active[name] == 0) {
			name = f.outer[name]
		}
		f.failing[name] = true
	case strings.HasPrefix(e.Type, "MapIteration"), name == "":
	case strings.HasSuffix(e.Type, "Failed"), strings.HasSuffix(e.Type, "TimedOut"):
		f.failing[name] = true
	case strings.HasSuffix(e.Type, "Scheduled"), e.Type == "MapStateStarted", e.Type == "ParallelStateStarted":
		f.failing[name] = false // it is tried again
		if f.active[name] == 0 {
			f.active[name] = 1 // by a redrive
			f.set(name, Running)
		}
	}
	return name
}

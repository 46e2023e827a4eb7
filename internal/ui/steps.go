package ui

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
)

// stillEvery is how often a step that takes long is shown again.
const stillEvery = 10 * time.Second

// steps are those that have begun and not ended.
type steps struct {
	now   func() time.Time
	after func(time.Duration, func()) (stop func() bool)

	mu      sync.Mutex
	running map[stepKey]*step
}

type stepKey struct {
	addr    string
	deposed string
	step    plan.Step
	trigger string
}

type step struct {
	event plan.Event
	began time.Time
	stop  func() bool
}

func newSteps() steps {
	return steps{
		now: time.Now, running: map[stepKey]*step{},
		after: func(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop },
	}
}

func keyOf(e plan.Event) stepKey { return stepKey{e.Addr.String(), e.Deposed, e.Step, e.Trigger} }

// begin notes the step, and calls still with its time while it goes on.
func (s *steps) begin(e plan.Event, still func(time.Duration)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := &step{event: e, began: s.now()}
	s.running[keyOf(e)] = x
	s.watch(x, still)
}

func (s *steps) watch(x *step, still func(time.Duration)) {
	x.stop = s.after(stillEvery, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.running[keyOf(x.event)] == x {
			still(s.now().Sub(x.began))
			s.watch(x, still)
		}
	})
}

// end is the time that the step took.
func (s *steps) end(e plan.Event) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.running[keyOf(e)]
	if x == nil {
		return 0
	}
	x.stop()
	delete(s.running, keyOf(e))
	return s.now().Sub(x.began)
}

// Running lists what has begun and not ended, the longest first, with its time.
func (s *steps) Running() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*step, 0, len(s.running))
	for _, x := range s.running {
		all = append(all, x)
	}
	slices.SortFunc(all, func(a, b *step) int { return a.began.Compare(b.began) })
	var out []string
	for _, x := range all {
		out = append(out, fmt.Sprintf("%s: %s (%s)", x.event.Addr, verbs[x.event.Step].begin, elapsed(s.now().Sub(x.began))))
	}
	return out
}

type verb struct{ begin, still, end string }

var verbs = [...]verb{
	plan.Refreshing: {"Refreshing state", "Still refreshing", "Refresh"},
	plan.Reading:    {"Reading", "Still reading", "Read"},
	plan.Creating:   {"Creating", "Still creating", "Creation"},
	plan.Updating:   {"Modifying", "Still modifying", "Modifications"},
	plan.Destroying: {"Destroying", "Still destroying", "Destruction"},

	plan.Provisioning: {"Provisioning", "Still provisioning", "Provisioning"},
	plan.Opening:      {"Opening", "Still opening", "Opening"},
	plan.Renewing:     {"Renewing", "Still renewing", "Renewal"},
	plan.Closing:      {"Closing", "Still closing", "Closing"},
	plan.Invoking:     {"Invoking", "Still invoking", "Invocation"},
}

// started, going and finished are the texts of the three kinds of lines.
func started(e plan.Event) string {
	switch e.Step {
	case plan.Provisioning:
		return e.Addr.String() + deposedText(e.Deposed) + ": Provisioning with '" + e.Provisioner + "'..."
	case plan.Invoking:
		return "Action started: " + invoked(e)
	}
	return e.Addr.String() + deposedText(e.Deposed) + ": " + verbs[e.Step].begin + "..." + startID(e)
}

// startID says which object a step begins with, unless it is none yet.
func startID(e plan.Event) string {
	if e.IDValue == "" || e.Step == plan.Creating {
		return ""
	}
	return " [" + e.IDKey + "=" + e.IDValue + "]"
}

// endID says which object a step ended with, unless none is left.
func endID(e plan.Event) string {
	if e.IDValue == "" || e.Step == plan.Destroying {
		return ""
	}
	return " [" + e.IDKey + "=" + e.IDValue + "]"
}

// invoked names an action and what it is invoked for.
func invoked(e plan.Event) string {
	if e.Trigger == "" {
		return e.Addr.String()
	}
	return e.Addr.String() + " (triggered by " + e.Trigger + ")"
}

func going(e plan.Event, d time.Duration) string {
	if e.Step == plan.Invoking {
		return "Action still running: " + invoked(e) + " [" + elapsed(d) + " elapsed]"
	}
	return e.Addr.String() + deposedText(e.Deposed) + ": " + verbs[e.Step].still + "... [" + elapsed(d) + " elapsed]"
}

func finished(e plan.Event, d time.Duration, failed bool) string {
	switch {
	case e.Step == plan.Invoking && failed:
		return "Action failed: " + invoked(e)
	case e.Step == plan.Invoking:
		return "Action complete: " + invoked(e)
	}
	out := e.Addr.String() + deposedText(e.Deposed) + ": " + verbs[e.Step].end
	if failed {
		return out + " failed after " + elapsed(d)
	}
	return out + " complete after " + elapsed(d) + endID(e)
}

// elapsed is a duration as progress shows it: tenths below ten seconds.
func elapsed(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Truncate(time.Second).String()
}

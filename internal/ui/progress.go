package ui

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
)

// stillEvery is how often a step that takes long is shown again.
const stillEvery = 10 * time.Second

// Progress is a plan.Hook that writes a line when a step begins, while it takes
// long, and when it ends.
type Progress struct {
	style Style
	out   io.Writer
	now   func() time.Time
	after func(time.Duration, func()) (stop func() bool)

	mu      sync.Mutex
	running map[stepKey]*step
}

type stepKey struct {
	addr    string
	deposed string
	step    plan.Step
}

type step struct {
	event plan.Event
	began time.Time
	stop  func() bool
}

// NewProgress writes progress to out.
func NewProgress(s Style, out io.Writer) *Progress {
	return &Progress{
		style: s, out: out, now: time.Now, running: map[stepKey]*step{},
		after: func(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop },
	}
}

func keyOf(e plan.Event) stepKey { return stepKey{e.Addr.String(), e.Deposed, e.Step} }

// Started writes that a step begins.
func (p *Progress) Started(e plan.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := ""
	if e.IDValue != "" && e.Step != plan.Creating {
		id = " [" + e.IDKey + "=" + e.IDValue + "]"
	}
	p.line(e, verbs[e.Step].begin+"..."+id)
	s := &step{event: e, began: p.now()}
	p.running[keyOf(e)] = s
	p.watch(keyOf(e), s)
}

// watch shows the step again when it has gone on for a while.
func (p *Progress) watch(key stepKey, s *step) {
	s.stop = p.after(stillEvery, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.running[key] != s {
			return
		}
		p.line(s.event, "Still "+strings.ToLower(verbs[s.event.Step].begin[:1])+verbs[s.event.Step].begin[1:]+"... ["+elapsed(p.now().Sub(s.began))+" elapsed]")
		p.watch(key, s)
	})
}

// Finished writes how a step ended. What went wrong is told with the other
// diagnostics.
func (p *Progress) Finished(e plan.Event, diags hcl.Diagnostics) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.running[keyOf(e)]
	if s == nil {
		return
	}
	s.stop()
	delete(p.running, keyOf(e))
	took := elapsed(p.now().Sub(s.began))
	switch {
	case diags.HasErrors():
		p.line(e, verbs[e.Step].end+" failed after "+took)
	case e.Step == plan.Refreshing:
		// As many lines as there are objects say enough when they begin.
	case e.IDValue != "" && e.Step != plan.Destroying:
		p.line(e, verbs[e.Step].end+" complete after "+took+" ["+e.IDKey+"="+e.IDValue+"]")
	default:
		p.line(e, verbs[e.Step].end+" complete after "+took)
	}
}

// Running lists what has begun and not ended, the longest first, with its time.
func (p *Progress) Running() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	steps := make([]*step, 0, len(p.running))
	for _, s := range p.running {
		steps = append(steps, s)
	}
	slices.SortFunc(steps, func(a, b *step) int { return a.began.Compare(b.began) })
	var out []string
	for _, s := range steps {
		out = append(out, fmt.Sprintf("%s: %s (%s)", s.event.Addr, verbs[s.event.Step].begin, elapsed(p.now().Sub(s.began))))
	}
	return out
}

func (p *Progress) line(e plan.Event, text string) {
	// Progress that cannot be shown is no reason to stop the work.
	_, _ = fmt.Fprintf(p.out, "%s\n", p.style.paint(bold, e.Addr.String()+deposedText(e.Deposed)+": "+text))
}

var verbs = [...]struct{ begin, end string }{
	plan.Refreshing: {"Refreshing state", "Refresh"},
	plan.Reading:    {"Reading", "Read"},
	plan.Creating:   {"Creating", "Creation"},
	plan.Updating:   {"Modifying", "Modifications"},
	plan.Destroying: {"Destroying", "Destruction"},
}

// elapsed is a duration as progress shows it: tenths below ten seconds.
func elapsed(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Truncate(time.Second).String()
}

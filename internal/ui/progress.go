package ui

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
)

// Progress is a plan.Hook that writes a line when a step begins, while it takes
// long, and when it ends.
type Progress struct {
	steps
	style Style
	write sync.Mutex
	out   io.Writer
}

// NewProgress writes progress to out.
func NewProgress(s Style, out io.Writer) *Progress {
	return &Progress{steps: newSteps(), style: s, out: out}
}

// Started writes that a step begins.
func (p *Progress) Started(e plan.Event) {
	p.line(started(e))
	if e.Step == plan.Provisioning {
		return // its object is shown to take long
	}
	p.begin(e, func(d time.Duration) { p.line(going(e, d)) })
}

// Finished writes how a step ended. What went wrong is told with the other
// diagnostics. For a refresh, the line of its begin says enough.
func (p *Progress) Finished(e plan.Event, diags hcl.Diagnostics) {
	took := p.end(e)
	if e.Step == plan.Provisioning {
		return // it is a part of what its object goes through
	}
	if e.Step != plan.Refreshing || diags.HasErrors() {
		p.line(finished(e, took, diags.HasErrors()))
	}
}

// Output writes a line that a provisioner or an action gives out.
func (p *Progress) Output(e plan.Event, line string) {
	if e.Step == plan.Invoking {
		p.line("Action " + invoked(e) + ": " + line)
		return
	}
	p.line(e.Addr.String() + deposedText(e.Deposed) + " (" + e.Provisioner + "): " + line)
}

// line writes one line.
func (p *Progress) line(text string) {
	p.write.Lock()
	defer p.write.Unlock()
	// Progress that cannot be shown is no reason to stop the work.
	_, _ = fmt.Fprintf(p.out, "%s\n", p.style.paint(bold, text))
}

package ui

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/suite"
)

// Count is how many runs of tests ended how.
type Count struct{ Passed, Failed, Errored, Skipped int }

func (c *Count) add(s suite.Status) {
	switch s {
	case suite.Pass:
		c.Passed++
	case suite.Fail:
		c.Failed++
	case suite.Error:
		c.Errored++
	default:
		c.Skipped++
	}
}

// Good tells that nothing failed.
func (c Count) Good() bool { return c.Failed+c.Errored == 0 }

// String is the summary, such as "Success! 3 passed, 0 failed."
func (c Count) String() string {
	word := "Success!"
	if !c.Good() {
		word = "Failure!"
	}
	out := fmt.Sprintf("%s %d passed, %d failed", word, c.Passed, c.Failed+c.Errored)
	if c.Skipped > 0 {
		out += fmt.Sprintf(", %d skipped", c.Skipped)
	}
	return out + "."
}

// Tests is a suite.Reporter that writes lines for people.
type Tests struct {
	Count
	Style  Style
	Out    io.Writer
	Report func(hcl.Diagnostics)       // shows what went wrong
	Detail func(suite.Outcome) string  // the plan or state of a run, for -verbose; nil for none
	Left   func(suite.Leftover) string // says what to do about what is left
	mu     sync.Mutex
}

func (t *Tests) say(format string, args ...any) {
	// A line that cannot be shown is no reason to stop the work.
	_, _ = fmt.Fprintf(t.Out, format, args...)
}

// FileStarted names the file.
func (t *Tests) FileStarted(f *suite.File) { t.say("%s... in progress\n", f.Path) }

// RunStarted says nothing: the line of the end is enough.
func (t *Tests) RunStarted(*suite.File, *suite.Run) {}

// RunEnded says how the run ended.
func (t *Tests) RunEnded(_ *suite.File, r *suite.Run, o suite.Outcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.add(o.Status)
	t.say("  run %q... %s\n", r.Name, t.word(o.Status))
	if t.Detail != nil && o.Status != suite.Skip {
		if text := t.Detail(o); text != "" {
			t.say("\n%s\n", strings.TrimSuffix(text, "\n"))
		}
	}
	t.Report(o.Diags)
}

// Cleaning says that the runs of the file have ended.
func (t *Tests) Cleaning(f *suite.File) { t.say("%s... tearing down\n", f.Path) }

// Destroying says nothing.
func (t *Tests) Destroying(*suite.File, *suite.Run) {}

// FileEnded says how the file ended, and what it left.
func (t *Tests) FileEnded(f *suite.File, o suite.FileOutcome) {
	t.say("%s... %s\n", f.Path, t.word(o.Status))
	t.Report(o.Diags)
	for _, l := range o.Left {
		t.say("\n%s\n", t.Left(l))
	}
}

func (t *Tests) word(s suite.Status) string {
	switch s {
	case suite.Pass:
		return t.Style.paint(green, "pass")
	case suite.Fail, suite.Error:
		return t.Style.paint(red, "fail")
	}
	return t.Style.paint(faint, string(s))
}

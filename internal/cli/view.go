package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/hashicorp/hcl/v2"
	"golang.org/x/term"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend/local"
	"github.com/tfserverless/terraform-provider-serverless/internal/ui"
)

// viewFlags say how a command shows things.
type viewFlags struct {
	json, noColor, compact, concise, secrets bool
}

func (f *viewFlags) declare(fs *flag.FlagSet) {
	fs.BoolVar(&f.noColor, "no-color", false, "write no colors, even to a terminal")
}

func (f *viewFlags) declareJSON(fs *flag.FlagSet) {
	fs.BoolVar(&f.json, "json", false, "print JSON, in Terraform's form")
}

// A view shows what a command does, as text or as a log of JSON lines.
type view struct {
	p       *Program
	out     ui.Style
	err     ui.Style
	log     *ui.Log // nil for text
	also    *ui.Log // of -json-into; nil for none
	compact bool
	concise bool
	sources ui.Sources
	given   []config.Assignment // of the command line, for where the state is kept
	files   local.Files         // the state's, if the command line names them
	warned  map[string]bool     // warnings that are not to be shown again; nil to show all

	// document is set when standard output is for one document only: warnings go to
	// standard error then.
	document bool
}

// newView makes the view that the flags ask for. A command that prints one JSON
// document instead of a log leaves f.json to itself.
func newView(p *Program, f viewFlags) *view {
	v := &view{p: p, out: styleOf(p.Out, f.noColor), err: styleOf(p.Err, f.noColor), compact: f.compact, concise: f.concise, sources: ui.Sources{}}
	v.out.Secrets = f.secrets
	if f.json {
		v.log = v.newLog(p.Out)
	}
	return v
}

// styleOf gives colors to terminals, unless somebody does not want them.
func styleOf(w io.Writer, noColor bool) ui.Style {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return ui.Style{}
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		width = 0
	}
	return ui.Style{Color: !noColor && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb", Width: width}
}

// read keeps the sources of a module, and of those that it calls, for snippets.
func (v *view) read(m *config.Module) {
	for x := range m.All() {
		for name, f := range x.Files {
			v.sources[name] = f.Bytes
		}
	}
}

// say writes text for people; a log has no use for it.
func (v *view) say(format string, args ...any) {
	if v.log == nil {
		fmt.Fprintf(v.p.Out, format, args...)
	}
}

// diagnostics shows errors and warnings, and returns the exit code if there are
// errors.
func (v *view) diagnostics(diags hcl.Diagnostics) error {
	v.load(diags)
	diags = v.news(diags)
	if v.also != nil {
		v.also.Diagnostics(diags)
	}
	if v.log != nil {
		v.log.Diagnostics(diags)
	} else if len(diags) > 0 {
		var warnings, errs hcl.Diagnostics
		for _, d := range diags {
			if d.Severity == hcl.DiagError {
				errs = append(errs, d)
			} else {
				warnings = append(warnings, d)
			}
		}
		to, style := v.p.Out, v.out
		if v.document {
			to, style = v.p.Err, v.err
		}
		fmt.Fprint(to, style.Diagnostics(warnings, v.sources, v.compact && len(errs) == 0))
		fmt.Fprint(v.p.Err, v.err.Diagnostics(errs, v.sources, false))
	}
	if diags.HasErrors() {
		return exit(1)
	}
	return nil
}

// news is diags without the warnings that were shown before, in a command that reads
// the configuration more than once.
func (v *view) news(diags hcl.Diagnostics) hcl.Diagnostics {
	if v.warned == nil {
		return diags
	}
	return slices.DeleteFunc(slices.Clone(diags), func(d *hcl.Diagnostic) bool {
		if d.Severity != hcl.DiagWarning {
			return false
		}
		text := d.Error() + "\n" + d.Detail
		again := v.warned[text]
		v.warned[text] = true
		return again
	})
}

// load reads the sources of places outside of the configuration, such as files
// of values, as far as they can be read.
func (v *view) load(diags hcl.Diagnostics) {
	for _, d := range diags {
		if d.Subject == nil || v.sources[d.Subject.Filename] != nil {
			continue
		}
		if src, err := local.ReadFile(d.Subject.Filename); err == nil {
			v.sources[d.Subject.Filename] = src
		}
	}
}

// fail shows an error as a diagnostic with what to do, and returns the exit code.
func (v *view) fail(err error) error {
	var code exit
	if err == nil || errors.As(err, &code) {
		return err
	}
	var diags hcl.Diagnostics
	if errors.As(err, &diags) {
		return v.diagnostics(diags)
	}
	return v.diagnostics(hcl.Diagnostics{diagnosticOf(err)})
}

// diagnosticOf gives an error of another package a summary and a remedy.
func diagnosticOf(err error) *hcl.Diagnostic {
	var locked *backend.LockError
	var unreadable *state.ReadError
	switch {
	case errors.As(err, &locked):
		return lockDiagnostic(locked)
	case errors.As(err, &unreadable):
		d := &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "State file cannot be read", Detail: upper(unreadable.Summary) + ".\n\n" + unreadable.Remedy}
		if unreadable.Path != "" {
			pos := hcl.Pos{Line: max(unreadable.Line, 1), Column: max(unreadable.Column, 1)}
			d.Subject = &hcl.Range{Filename: unreadable.Path, Start: pos, End: pos}
		}
		return d
	}
	d := &hcl.Diagnostic{Severity: hcl.DiagError, Summary: upper(err.Error())}
	var a *advised
	switch {
	case errors.As(err, &a):
		d.Detail = a.remedy
	case errors.Is(err, fs.ErrPermission):
		d.Detail = "Give this user the right to read and write there, or work in another folder."
	case errors.Is(err, syscall.ENOSPC):
		d.Detail = "The disk is full. Make room there, and run the command again."
	}
	return d
}

// An advised error says also why it is one and what to do, in sentences.
type advised struct {
	error
	remedy string
}

func (a *advised) Unwrap() error { return a.error }

func advise(err error, remedy string) error { return &advised{err, remedy} }

func lockDiagnostic(e *backend.LockError) *hcl.Diagnostic {
	d := &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "State is locked by another run"}
	if h := e.Holder; h.ID != "" {
		d.Detail = fmt.Sprintf("Somebody else is working on this state:\n\n  ID:        %s\n  Path:      %s\n  Operation: %s\n  Who:       %s\n  Version:   %s\n  Created:   %s\n  Info:      %s\n\n",
			h.ID, h.Path, h.Operation, h.Who, h.Version, h.Created.UTC(), h.Info)
	}
	d.Detail += "Wait until that run ends: -lock-timeout=60s does it for you. The lock is gone as soon as that process is. If you know that nobody writes the state, -lock=false goes on without a lock."
	return d
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// hook shows progress.
func (v *view) hook() progress {
	var shown progress
	switch {
	case v.log != nil:
		shown = v.log
	case v.concise:
		shown = ui.NewProgress(v.out, io.Discard)
	default:
		shown = ui.NewProgress(v.out, v.p.Out)
	}
	if v.also != nil {
		return both{shown, v.also}
	}
	return shown
}

// both tells two of the progress; the first is the one to ask.
type both struct {
	progress
	also plan.Hook
}

func (b both) Started(e plan.Event) {
	b.progress.Started(e)
	b.also.Started(e)
}

func (b both) Finished(e plan.Event, diags hcl.Diagnostics) {
	b.progress.Finished(e, diags)
	b.also.Finished(e, diags)
}

func (b both) Output(e plan.Event, line string) {
	b.progress.Output(e, line)
	b.also.Output(e, line)
}

// into has a log of JSON lines written to a file, whatever is shown. The file is
// open until the program ends.
func (v *view) into(path string) error {
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return v.fail(fmt.Errorf("-json-into: %w", err))
	}
	v.also = v.newLog(f)
	return nil
}

func (v *view) newLog(out io.Writer) *ui.Log {
	log := ui.NewLog(out)
	log.Sources = v.sources
	log.Version(product+" "+v.p.Version, terraformVersion)
	return log
}

// progress is a hook that knows what has begun and not ended.
type progress interface {
	plan.Hook
	Running() []string
}

// plan shows what a plan of program is going to do.
func (v *view) plan(ctx context.Context, program *plan.Program, p *plan.Plan) {
	if v.also != nil {
		v.also.Plan(p)
	}
	if v.log != nil {
		v.log.Plan(p)
		return
	}
	fmt.Fprint(v.p.Out, "\n"+v.out.Plan(p, planFacts(ctx, program, p)))
}

// outputs shows the output values after an apply.
func (v *view) outputs(outputs map[string]state.Output) error {
	if v.also != nil {
		if err := v.also.Outputs(outputs); err != nil {
			return err
		}
	}
	if v.log != nil {
		return v.log.Outputs(outputs)
	}
	if len(outputs) > 0 {
		fmt.Fprint(v.p.Out, "\nOutputs:\n\n"+v.out.Outputs(outputs))
	}
	return nil
}

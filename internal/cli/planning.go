package cli

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend/local"
	"github.com/tfserverless/terraform-provider-serverless/internal/heap"
)

// planFlags are what plan, apply and destroy have in common.
type planFlags struct {
	view   viewFlags
	lock   lockFlags
	inputs inputFlags
	files  local.Files

	destroy, refreshOnly, refresh bool
	parallelism                   int
	jsonInto                      string
	replace, invoke               []addr.Instance
	targets, exclude              []plan.Target
	out                           string // file to keep the plan in
}

func (f *planFlags) declare(fs *flag.FlagSet) {
	f.view.declare(fs)
	f.view.declareJSON(fs)
	fs.StringVar(&f.jsonInto, "json-into", "", "`file` to write what -json prints to, beside what is shown")
	f.lock.declare(fs)
	f.inputs.declare(fs)
	fs.BoolVar(&f.view.concise, "concise", false, "show no progress of reading objects")
	fs.BoolVar(&f.view.secrets, "show-sensitive", false, "show sensitive values, too")
	fs.BoolVar(&f.view.compact, "compact-warnings", false, "only name warnings, if there are no errors")
	fs.BoolVar(&f.refreshOnly, "refresh-only", false, "only bring the state in line with the objects")
	fs.StringVar(&f.files.State, "state", "", "`file` of the state instead of the usual one")
	fs.BoolVar(&f.refresh, "refresh", true, "read every object before planning")
	fs.IntVar(&f.parallelism, "parallelism", 10, "how `many` changes to make at once; reading is not limited")
	target := func(into *[]plan.Target) func(string) error {
		return func(s string) error {
			t, err := plan.ParseTarget(s)
			*into = append(*into, t)
			return err
		}
	}
	fs.Func("target", "work only on what is at an `address`, and on what that needs; may be repeated", target(&f.targets))
	fs.Func("exclude", "leave what is at an `address` aside, and what needs that; may be repeated", target(&f.exclude))
	fs.Func("target-file", "work only on what is at the addresses in a `file`, one a line; may be repeated", targetFile(target(&f.targets)))
	fs.Func("exclude-file", "leave what is at the addresses in a `file` aside, one a line; may be repeated", targetFile(target(&f.exclude)))
	fs.Func("replace", "replace the object at an `address`, though nothing demands it; may be repeated", func(s string) error {
		a, err := addr.ParseInstance(s)
		if err == nil && a.Resource.Mode != addr.Managed {
			err = errors.New("only managed resources can be replaced")
		}
		f.replace = append(f.replace, a)
		return err
	})
	fs.Func("invoke", "only invoke the action at an `address`, and change nothing; may be repeated", func(s string) error {
		a, err := addr.ParseInstance(s)
		if err == nil && a.Resource.Mode != addr.Action {
			err = errors.New("only actions can be invoked")
		}
		f.invoke = append(f.invoke, a)
		return err
	})
}

// declareWriting declares the flags of commands that write the state.
func (f *planFlags) declareWriting(fs *flag.FlagSet) {
	fs.StringVar(&f.files.Out, "state-out", "", "`file` to write the state to, and leave the one that was read alone")
	fs.StringVar(&f.files.Backup, "backup", "", "`file` to keep the state of before in; - for none")
}

// targetFile adds the addresses of a file. Empty lines and those that begin with #
// say nothing.
func targetFile(add func(string) error) func(string) error {
	return func(path string) error {
		raw, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("reading the addresses: %w", err)
		}
		n := 0
		for line := range strings.Lines(string(raw)) {
			n++
			if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			if err := add(line); err != nil {
				return fmt.Errorf("%s line %d: %w", path, n, err)
			}
		}
		return nil
	}
}

func (f *planFlags) mode() (plan.Mode, error) {
	switch {
	case f.parallelism < 1:
		return 0, errors.New("-parallelism must be at least 1")
	case f.destroy && f.refreshOnly:
		return 0, advise(errors.New("-destroy and -refresh-only exclude each other"), "One removes objects, the other changes none.")
	case len(f.targets) > 0 && len(f.exclude) > 0:
		return 0, advise(errors.New("-target and -exclude exclude each other"), "One names all that is worked on, the other all that is not.")
	case f.refreshOnly && !f.refresh:
		return 0, advise(errors.New("-refresh-only and -refresh=false exclude each other"), "Nothing would be left to do.")
	case len(f.replace) > 0 && (f.destroy || f.refreshOnly):
		return 0, errors.New("-replace goes with neither -destroy nor -refresh-only")
	case len(f.invoke) > 0 && (f.destroy || f.refreshOnly || len(f.replace)+len(f.targets)+len(f.exclude) > 0):
		return 0, advise(errors.New("-invoke goes with no other flag that says what to do"), "With it, nothing but the actions named is done.")
	case f.destroy:
		return plan.Destroy, nil
	case f.refreshOnly:
		return plan.RefreshOnly, nil
	}
	return plan.Normal, nil
}

// A job is a program, the state that is locked for it, and the plan between them.
type job struct {
	program *plan.Program
	store   *backend.Store
	plan    *plan.Plan
}

// garbage is how the heap of a plan or an apply grows: what providers are told and
// answer is forgotten soon.
var garbage = heap.Growth{Room: 128 << 20, Least: 100, Most: 1000}

// prepare compiles the configuration, opens the state and makes a plan. Whoever
// called it has to close the store.
func (v *view) prepare(ctx context.Context, f *planFlags, operation string) (*job, error) {
	heap.Tune(garbage)
	v.given, v.files = f.inputs.vars, f.files
	mode, err := f.mode()
	if err != nil {
		return nil, v.fail(err)
	}
	if err := v.into(f.jsonInto); err != nil {
		return nil, err
	}
	program, err := v.compile(ctx)
	if err != nil {
		return nil, err
	}
	store, err := v.open(ctx, f.lock, operation, program.Module)
	if err != nil {
		return nil, err
	}
	p, err := v.makePlan(ctx, program, store, mode, f)
	if err != nil {
		if p != nil && f.out != "" { // a plan of before must not be taken for this one
			err = errors.Join(err, v.fail(v.savePlan(p, program, f.out)))
		}
		return nil, v.closed(store, err)
	}
	v.plan(ctx, program, p)
	return &job{program, store, p}, nil
}

// makePlan plans the program against the state in store. With an error there may be
// a plan that says no more than that there was one.
func (v *view) makePlan(ctx context.Context, program *plan.Program, store *backend.Store, mode plan.Mode, f *planFlags) (*plan.Plan, error) {
	values, diags, err := v.variables(ctx, program.Module, f.inputs)
	if err != nil {
		return nil, err
	}
	prior, base := stateOf(store)
	options := plan.Options{
		Mode: mode, Prior: prior, Base: base, Variables: values, Workspace: workspace(),
		NoRefresh: !f.refresh, Replace: f.replace, Targets: f.targets, Exclude: f.exclude, Invoke: f.invoke, Hook: v.hook(), Now: time.Now(), ReadFile: local.ReadFile,
		Unfinished: store.Recovered().Unfinished,
	}
	p, more := program.Plan(ctx, options)
	if p == nil {
		p = plan.Failed(options)
	}
	return p, v.diagnostics(append(diags, more...))
}

// approve asks at a terminal whether to go on.
func (v *view) approve(ctx context.Context, question, consequence string) error {
	if !interactive(v.p.In) {
		return advise(errors.New("nobody is here to approve the plan"), "The input is no terminal. Give -auto-approve, or make a plan with \"plan -out=FILE\", look at it, and apply that file.")
	}
	fmt.Fprintf(v.p.Out, "\n%s\n  %s\n  Only 'yes' will be accepted to approve.\n", v.out.Bold(question), consequence)
	answer, err := prompt(ctx, v.p.Out, bufio.NewReader(v.p.In))
	if err != nil {
		return err
	}
	if answer != "yes" {
		fmt.Fprint(v.p.Out, "\nCanceled. Nothing was changed.\n")
		return exit(1)
	}
	return nil
}

// prompt reads one line. An interrupt ends the wait, though not the reading: the
// program is about to end.
func prompt(ctx context.Context, out io.Writer, in *bufio.Reader) (string, error) {
	fmt.Fprint(out, "\n  Enter a value: ")
	type answer struct {
		line string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		line, err := in.ReadString('\n')
		answers <- answer{line, err}
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(out)
		return "", advise(errors.New("interrupted"), "Nothing was changed.")
	case a := <-answers:
		fmt.Fprintln(out)
		if a.err != nil && a.line == "" {
			return "", fmt.Errorf("reading the answer: %w", a.err)
		}
		return strings.TrimSpace(a.line), nil
	}
}

// interactive tells whether a person can answer.
func interactive(in io.Reader) bool {
	if s := os.Getenv("TF_INPUT"); s == "0" || s == "false" {
		return false
	}
	f, ok := in.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// inAutomation tells that no person reads the hints about what to run next.
func inAutomation() bool { return os.Getenv("TF_IN_AUTOMATION") != "" }

package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend/local"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/suite"
	"github.com/tfserverless/terraform-provider-serverless/internal/ui"
)

var testCommand = command{
	name:    "test",
	summary: "Run the tests of the configuration",
	help: `
Tests are files called NAME.tftest.hcl or NAME.tftest.json, beside the
configuration and in the folder tests. Each run block plans or applies a module
and asserts what comes of it; what a file has made is destroyed at its end. If
something cannot be destroyed, its state is kept in errored_test.tfstate.`,
	flags: func(fs *flag.FlagSet) action {
		f := testFlags{folder: "tests"}
		f.view.declare(fs)
		f.view.declareJSON(fs)
		f.inputs.declare(fs)
		fs.StringVar(&f.folder, "test-directory", f.folder, "`folder` with further tests")
		fs.StringVar(&f.junit, "junit-xml", "", "`file` to write a report to, in the XML form of JUnit")
		fs.BoolVar(&f.verbose, "verbose", false, "show the plan or the state of each run")
		fs.IntVar(&f.parallelism, "parallelism", 10, "how `many` changes to make at once")
		fs.Func("filter", "run only this `file`; may be repeated", func(s string) error {
			f.filter = append(f.filter, filepath.ToSlash(filepath.Clean(s)))
			return nil
		})
		return func(ctx context.Context, p *Program, _ []string) error {
			return newView(p, f.view).test(ctx, &f)
		}
	},
}

type testFlags struct {
	view          viewFlags
	inputs        inputFlags
	folder, junit string
	verbose       bool
	parallelism   int
	filter        []string
}

func (v *view) test(ctx context.Context, f *testFlags) error {
	if f.parallelism < 1 {
		return v.fail(errors.New("-parallelism must be at least 1"))
	}
	files, err := v.testFiles(f)
	if err != nil {
		return err
	}
	servers, err := v.p.servers()
	if err != nil {
		return v.fail(err)
	}
	m, diags := v.configuration(".")
	if !diags.HasErrors() {
		diags = append(diags, v.p.installed(m)...)
	}
	inputs := map[string]config.Input{}
	if !diags.HasErrors() {
		var more hcl.Diagnostics
		inputs, more = m.Inputs(os.Environ(), f.inputs.vars)
		diags = append(diags, more...)
	}
	if err := v.diagnostics(diags); err != nil {
		return err
	}
	reporter, count, finish := v.testReporter(ctx, f)
	o := suite.Options{
		Dir: ".", Servers: servers, Inputs: inputs, Workspace: workspace(), Parallelism: f.parallelism, Now: time.Now(), ReadFile: local.ReadFile,
		Load: v.configuration, Reporter: reporter,
	}
	if v.log != nil {
		(&ui.TestLog{Log: v.log}).Found(files)
	}
	var left []suite.Leftover
	for _, file := range files {
		left = append(left, suite.Execute(ctx, file, o).Left...)
	}
	if err := errors.Join(keepLeftovers(left), finish()); err != nil {
		return v.fail(err)
	}
	if !count.Good() || ctx.Err() != nil || slices.ContainsFunc(left, func(l suite.Leftover) bool { return !l.Kept }) {
		return exit(1)
	}
	return nil
}

// testFiles reads the tests that are to be run.
func (v *view) testFiles(f *testFlags) ([]*suite.File, error) {
	files, sources, diags := suite.Load(".", f.folder)
	maps.Copy(v.sources, sources)
	if err := v.diagnostics(diags); err != nil {
		return nil, err
	}
	if len(f.filter) == 0 {
		return files, nil
	}
	for _, name := range f.filter {
		if !slices.ContainsFunc(files, func(x *suite.File) bool { return x.Path == name }) {
			var have []string
			for _, x := range files {
				have = append(have, x.Path)
			}
			return nil, v.fail(advise(fmt.Errorf("there is no test file %s", name), fmt.Sprintf("There are these: %s.", strings.Join(have, ", "))))
		}
	}
	return slices.DeleteFunc(files, func(x *suite.File) bool { return !slices.Contains(f.filter, x.Path) }), nil
}

// testReporter shows progress. After all runs, count is how they ended, and
// finish shows the summary and writes the report.
func (v *view) testReporter(ctx context.Context, f *testFlags) (reporter suite.Reporter, count *ui.Count, finish func() error) {
	var summary func()
	if v.log != nil {
		log := &ui.TestLog{Log: v.log, Left: addresses}
		if f.verbose {
			log.Plan = func(o suite.Outcome) ([]byte, error) {
				return ui.TestPlan(o.Plan, planFacts(ctx, o.Program, o.Plan), rawSchemas(o))
			}
			log.Kept = func(o suite.Outcome) ([]byte, error) {
				objects, err := (schemas{o.Program.NewSession(plan.SessionOptions{})}).decode(ctx, o.State.Entries())
				if err != nil {
					return nil, err
				}
				return ui.TestState(objects, o.State.Outputs(), rawSchemas(o))
			}
		}
		reporter, count, summary = log, &log.Count, log.Summary
	} else {
		text := &ui.Tests{Style: v.out, Out: v.p.Out, Report: func(d hcl.Diagnostics) { _ = v.diagnostics(d) }, Left: leftText}
		if f.verbose {
			text.Detail = func(o suite.Outcome) string { return v.outcome(ctx, o) }
		}
		reporter, count, summary = text, &text.Count, func() { v.say("\n%s\n", text.Count) }
	}
	if f.junit == "" {
		return reporter, count, func() error { summary(); return nil }
	}
	report := &ui.JUnit{Reporter: reporter, Now: time.Now, Sources: v.sources}
	return report, count, func() error {
		summary()
		document, err := report.Document()
		if err != nil {
			return err
		}
		if err := os.WriteFile(f.junit, document, 0o644); err != nil { //nolint:gosec // a report for others
			return fmt.Errorf("writing the report: %w", err)
		}
		return nil
	}
}

// outcome is the state that a run left, or its plan.
func (v *view) outcome(ctx context.Context, o suite.Outcome) string {
	switch {
	case o.State != nil:
		objects, err := (schemas{o.Program.NewSession(plan.SessionOptions{})}).decode(ctx, o.State.Entries())
		if err != nil {
			return fmt.Sprintf("The state cannot be shown: %v.", err)
		}
		return v.out.Objects(objects) + "\nOutputs:\n\n" + v.out.Outputs(o.State.Outputs())
	case o.Plan != nil:
		return v.out.Plan(o.Plan, planFacts(ctx, o.Program, o.Plan))
	}
	return ""
}

// rawSchemas are those of the providers of a run's objects.
func rawSchemas(o suite.Outcome) map[string]*tfprotov6.GetProviderSchemaResponse {
	out := map[string]*tfprotov6.GetProviderSchemaResponse{}
	note := func(a addr.Provider) {
		if s := o.Program.Schemas(a); s != nil {
			out[a.String()] = s.Raw
		}
	}
	for _, c := range o.Plan.Changes {
		note(c.Provider.Provider)
	}
	if o.State != nil {
		for _, e := range o.State.Entries() {
			note(e.Provider.Provider)
		}
	}
	return out
}

func addresses(l suite.Leftover) []string {
	var out []string
	for _, e := range l.State.Entries() {
		if e.Addr.Resource.Mode == addr.Managed {
			out = append(out, e.Addr.String())
		}
	}
	return out
}

const leftFile = "errored_test.tfstate"

func leftText(l suite.Leftover) string {
	why := "could not be destroyed"
	if l.Kept {
		why = "were left, as skip_cleanup says"
	}
	return fmt.Sprintf("These objects of the run %q %s:\n  %s\nTheir state is kept in %s.", l.Run.Name, why, strings.Join(addresses(l), "\n  "), leftFile)
}

// keepLeftovers writes the states of what is left: the first one to one file, the
// others beside it.
func keepLeftovers(left []suite.Leftover) error {
	for i, l := range left {
		file := state.NewFile(terraformVersion)
		file.Serial, file.State = 1, l.State
		raw, err := file.Encode()
		if err != nil {
			return fmt.Errorf("keeping the state of what is left: %w", err)
		}
		path := leftFile
		if i > 0 {
			path = fmt.Sprintf("%s.%d", leftFile, i)
		}
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			return fmt.Errorf("keeping the state of what is left: %w", err)
		}
	}
	return nil
}

package suite

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/apply"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// Options are what runs need from outside.
type Options struct {
	Dir         string // of the configuration
	Load        func(dir string) (*config.Module, hcl.Diagnostics)
	Servers     plan.Servers
	Inputs      map[string]config.Input // values given for variables, by name
	Workspace   string
	Parallelism int
	Now         time.Time
	ReadFile    func(path string) ([]byte, error)
	Reporter    Reporter
}

// Reporter is told of progress. Runs that go on at once report at once; for each,
// RunStarted comes before RunEnded.
type Reporter interface {
	FileStarted(f *File)
	RunStarted(f *File, r *Run)
	RunEnded(f *File, r *Run, o Outcome)
	Cleaning(f *File)
	Destroying(f *File, r *Run)
	FileEnded(f *File, o FileOutcome)
}

// Outcome is what became of a run.
type Outcome struct {
	Status  Status
	Diags   hcl.Diagnostics
	Took    time.Duration
	Program *plan.Program // nil if it was not reached, as are the others
	Plan    *plan.Plan
	State   *state.State // nil for a run that only plans
}

// FileOutcome is what became of a file.
type FileOutcome struct {
	Status Status
	Took   time.Duration
	Diags  hcl.Diagnostics // of cleaning up
	Left   []Leftover      // what could not be destroyed, or was not to be
}

// Leftover is what a run's state still has at the end.
type Leftover struct {
	Run   *Run
	Kept  bool // because it says skip_cleanup
	State *state.State
}

// execution is one file being run.
type execution struct {
	o Options
	f *File

	mu      sync.Mutex
	outputs map[string]cty.Value // of the runs that ended, by name
	status  Status
	stores  map[string]*store // by key
}

// store is a state that runs share.
type store struct {
	state *state.State
	by    *Run // the last that applied
	order int  // of by
	prog  *plan.Program
	vars  map[string]cty.Value
}

// Execute runs a file. When ctx is done, what runs is brought to an end, the rest
// is skipped, and what was made is destroyed all the same.
func Execute(ctx context.Context, f *File, o Options) FileOutcome {
	x := &execution{o: o, f: f, outputs: map[string]cty.Value{}, stores: map[string]*store{}, status: Pass}
	began := time.Now()
	o.Reporter.FileStarted(f)
	for i := 0; i < len(f.Runs); {
		batch := x.batch(i)
		var wg sync.WaitGroup
		for j, r := range batch {
			wg.Go(func() { x.run(ctx, r, i+j) })
		}
		wg.Wait()
		i += len(batch)
	}
	o.Reporter.Cleaning(f)
	out := x.clean(context.WithoutCancel(ctx))
	out.Status, out.Took = worse(x.status, out.Status), time.Since(began)
	o.Reporter.FileEnded(f, out)
	return out
}

// batch are the runs from i on that may go on at once: those that say so, have
// states of their own and do not refer to each other.
func (x *execution) batch(i int) []*Run {
	out := x.f.Runs[i : i+1]
	for j := i + 1; j < len(x.f.Runs) && out[0].parallel; j++ {
		r := x.f.Runs[j]
		if !r.parallel {
			break
		}
		uses := r.uses(x.f)
		if slices.ContainsFunc(out, func(other *Run) bool { return other.key() == r.key() || slices.Contains(uses, other.Name) }) {
			break
		}
		out = x.f.Runs[i : j+1]
	}
	return out
}

// key names the state of the run: its own, that of the module, or the main one.
func (r *Run) key() string {
	if r.stateKey != "" {
		return "key " + r.stateKey
	}
	return "module " + r.module
}

// run carries out one run and reports it.
func (x *execution) run(ctx context.Context, r *Run, order int) {
	began := time.Now()
	out := Outcome{Status: Skip}
	x.mu.Lock()
	stopped := x.status == Error || ctx.Err() != nil
	x.mu.Unlock()
	if !stopped {
		x.o.Reporter.RunStarted(x.f, r)
		x.carryOut(ctx, r, order, &out)
	}
	out.Took = time.Since(began)
	x.mu.Lock()
	if out.Status != Skip {
		x.status = worse(x.status, out.Status)
	} else if ctx.Err() != nil {
		x.status = worse(x.status, Error)
	}
	x.mu.Unlock()
	x.o.Reporter.RunEnded(x.f, r, out)
}

func (x *execution) store(r *Run) *store {
	x.mu.Lock()
	defer x.mu.Unlock()
	s := x.stores[r.key()]
	if s == nil {
		s = &store{state: state.New()}
		x.stores[r.key()] = s
	}
	return s
}

func (x *execution) carryOut(ctx context.Context, r *Run, order int, out *Outcome) {
	out.Status = Error
	given, diags := x.values(r)
	if out.Diags = diags; diags.HasErrors() {
		return
	}
	names := x.names(given)
	program, diags := x.prepare(ctx, r, names)
	if out.Diags = append(out.Diags, diags...); diags.HasErrors() {
		return
	}
	out.Program = program
	in, diags := inputs(program.Module, r, given)
	out.Diags = append(out.Diags, diags...)
	vars, diags := lang.Variables(program.Module, in)
	if out.Diags = append(out.Diags, diags...); diags.HasErrors() {
		return
	}
	options, err := r.options()
	if err != nil {
		out.Diags = append(out.Diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Invalid plan_options", Detail: upper(err.Error()) + ".", Subject: &r.Range})
		return
	}
	s := x.store(r)
	options.Prior, options.Variables, options.Workspace, options.Now, options.ReadFile = s.state, vars, x.o.Workspace, x.o.Now, x.o.ReadFile
	expected := expectations(program.Module, r)
	if out.Diags = append(out.Diags, expected.unknown...); out.Diags.HasErrors() {
		return
	}
	p, diags := program.Plan(ctx, options)
	out.Plan = p
	if !r.apply || p == nil {
		look := plan.Look{State: s.state, Plan: p, Variables: vars}
		if p != nil {
			look.State = p.Prior // with the data that was read
		}
		x.conclude(ctx, r, out, expected, diags, look)
		return
	}
	result, more := apply.Run(ctx, program, p, apply.Options{Parallelism: x.o.Parallelism, ReadFile: x.o.ReadFile})
	x.mu.Lock()
	s.state, s.by, s.order, s.prog, s.vars = result.State, r, order, program, vars
	x.mu.Unlock()
	out.State = result.State
	if !more.HasErrors() { // applying has repeated the checks
		diags = slices.DeleteFunc(diags, func(d *hcl.Diagnostic) bool { return expected.checks[place(d)] })
	}
	x.conclude(ctx, r, out, expected, append(diags, more...), plan.Look{State: result.State, Variables: vars})
}

// options are those of the plan that the run asks for.
func (r *Run) options() (plan.Options, error) {
	out := plan.Options{Mode: r.mode, NoRefresh: r.noRefresh}
	for _, t := range r.replace {
		a, err := addr.ParseInstance(text(t))
		if err == nil && a.Resource.Mode != addr.Managed {
			err = errors.New("only managed resources can be replaced")
		}
		if err != nil {
			return out, err
		}
		out.Replace = append(out.Replace, a)
	}
	for _, t := range r.targets {
		target, err := plan.ParseTarget(text(t))
		if err != nil {
			return out, err
		}
		out.Targets = append(out.Targets, target)
	}
	return out, nil
}

// conclude compares what came of a run with what it expects and asserts, and
// keeps its outputs for others.
func (x *execution) conclude(ctx context.Context, r *Run, out *Outcome, expected *expectation, diags hcl.Diagnostics, look plan.Look) {
	left := expected.match(diags)
	out.Diags = append(out.Diags, left...)
	if out.Diags.HasErrors() {
		return
	}
	look.Workspace, look.Time, look.ReadFile = x.o.Workspace, x.o.Now, x.o.ReadFile
	session := out.Program.Look(look)
	outputs := map[string]cty.Value{}
	for name := range out.Program.Module.Outputs {
		v, diags := session.Eval("").Output(ctx, name)
		if diags.HasErrors() { // its own check may be one that is expected to fail
			v = cty.DynamicVal
		}
		outputs[name] = v
	}
	object := cty.ObjectVal(outputs)
	out.Status = Pass
	names := x.names(nil)
	names.Variables = map[string]cty.Value{"run": names.Variables["run"], "output": object}
	names.Functions = nil // those of the module count
	for _, a := range r.asserts {
		held, diags := assert(ctx, session, a, names)
		out.Diags = append(out.Diags, diags...)
		if !held {
			out.Status = worse(out.Status, Fail)
		} else if diags.HasErrors() {
			out.Status = Error
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.outputs[r.Name] = object
}

// clean destroys what the states have, the one that was used last first.
func (x *execution) clean(ctx context.Context) (out FileOutcome) {
	stores := slices.DeleteFunc(slices.Collect(maps.Values(x.stores)), func(s *store) bool { return s.by == nil })
	slices.SortFunc(stores, func(a, b *store) int { return b.order - a.order })
	for _, s := range stores {
		if s.by.keep && !empty(s.state) {
			out.Left = append(out.Left, Leftover{Run: s.by, Kept: true, State: s.state})
			continue
		}
		if empty(s.state) {
			continue
		}
		x.o.Reporter.Destroying(x.f, s.by)
		p, diags := s.prog.Plan(ctx, plan.Options{
			Mode: plan.Destroy, Prior: s.state, Variables: s.vars, Workspace: x.o.Workspace, Now: x.o.Now, ReadFile: x.o.ReadFile,
		})
		if p != nil {
			result, more := apply.Run(ctx, s.prog, p, apply.Options{Parallelism: x.o.Parallelism, ReadFile: x.o.ReadFile})
			s.state, diags = result.State, append(diags, more...)
		}
		out.Diags = append(out.Diags, diags...)
		if diags.HasErrors() || !empty(s.state) {
			out.Status = Error
			out.Left = append(out.Left, Leftover{Run: s.by, State: s.state})
		}
	}
	return out
}

// empty tells that a state has no managed object: what was only read needs no end.
func empty(s *state.State) bool {
	return !slices.ContainsFunc(s.Entries(), func(e state.Entry) bool { return e.Addr.Resource.Mode == addr.Managed })
}

func upper(s string) string { return fmt.Sprintf("%c", s[0]-'a'+'A') + s[1:] }

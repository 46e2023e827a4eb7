// Package apply carries out a plan: it runs the plan's graph as it is, evaluates
// the configuration again with what is known by then, and records each step
// before the next one can begin.
//
// It must not decide what is to be done, which the plan says, nor where the
// state is kept, and it knows nothing of AWS.
package apply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/graph"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// Options are how to apply.
type Options struct {
	Parallelism int       // how many changes at once; 0 is 10
	Hook        plan.Hook // nil for none
	Log         state.Log // where each step is kept; nil keeps it in memory only

	// Unfinished are changes that an earlier run began, as in [plan.Options]: a
	// provider is given back what it noted of them.
	Unfinished []state.Intent

	// ReadFile reads files for functions; nil is os.ReadFile. Whoever holds a
	// lock on the state file gives one that does not drop it.
	ReadFile func(path string) ([]byte, error)
}

// Result is what became of a plan.
type Result struct {
	// State is what is known now, to be stored whether there were errors or not.
	State *state.State

	// Added, Changed and Destroyed count objects; a replacement counts as one
	// added and one destroyed.
	Added, Changed, Destroyed int

	// Imported counts the objects that were taken over, Forgotten those that were
	// dropped from the state and left alone.
	Imported, Forgotten int

	// Invoked counts actions.
	Invoked int

	// Skipped are the objects whose change never began, because something that
	// they depend on failed or the run was interrupted.
	Skipped []addr.Instance
}

// Run applies p, which was made from prog. When ctx is done no further change
// begins, the providers are asked to stop, and what runs is waited for.
func Run(ctx context.Context, prog *plan.Program, p *plan.Plan, o Options) (Result, hcl.Diagnostics) {
	if o.Parallelism <= 0 {
		o.Parallelism = 10
	}
	if o.Hook == nil {
		o.Hook = plan.Silent{}
	}
	if o.Log == nil {
		o.Log = memory{}
	}
	if o.ReadFile == nil {
		o.ReadFile = os.ReadFile
	}
	a := &applier{interrupted: ctx, plan: p, hook: o.Hook, log: o.Log, unfinished: o.Unfinished, state: p.Prior.Clone(), deposed: map[addr.Instance]string{}, open: map[addr.Instance]bool{}}
	for _, op := range p.Graph {
		if op.Kind == plan.Write && op.Change >= 0 && op.Change < len(p.Changes) {
			a.open[p.Changes[op.Change].Addr] = true
		}
	}
	if diags := checkFiles(prog.Module.Dir, p.Files, o.ReadFile); diags.HasErrors() {
		return Result{State: a.state}, diags
	}
	a.Session = prog.NewSession(plan.SessionOptions{
		Objects: a, Variables: p.Variables, Workspace: p.Workspace,
		Functions: plan.FunctionScope(o.ReadFile, p.Time, true, nil), Mode: p.Mode,
	})
	a.instances = graph.NewMemo(a.Graph, a.name, a.value)
	a.wholes = graph.NewMemo(a.Graph, a.nameWhole, a.whole)

	stop := context.AfterFunc(ctx, func() { a.report(a.Stop(context.WithoutCancel(ctx))) })
	begin, halt := context.WithCancel(ctx)
	defer halt()
	a.halt = halt
	a.report(a.adopt())
	a.report(a.abandon(ctx))
	outcomes, err := graph.Run(begin, a.steps(), o.Parallelism)
	stop()
	if err != nil {
		a.report(hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "Damaged plan",
			Detail: fmt.Sprintf("The order of work in the plan is wrong: %v. Make a new plan.", err),
		}})
		return Result{State: a.state}, a.diagnostics()
	}
	out := a.result(outcomes)
	if ctx.Err() != nil {
		a.report(hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "Interrupted",
			Detail: fmt.Sprintf("Applying was interrupted: %d changes were not begun. What was done is recorded; apply again to go on.", len(out.Skipped)),
		}})
	}
	// Who asks for actions alone wants nothing else done or checked.
	alone := slices.ContainsFunc(p.Invocations, func(i plan.Invocation) bool { return i.Trigger == nil })
	if p.Mode != plan.Destroy && !alone {
		a.require(context.WithoutCancel(ctx))
		a.report(a.Assert(context.WithoutCancel(ctx)))
	}
	a.outputs(context.WithoutCancel(ctx), len(out.Skipped) == 0 && !a.failed())
	if !alone {
		a.checks(out.Skipped)
	}
	a.report(a.Close(ctx))
	if slices.ContainsFunc(outcomes, func(o graph.Outcome) bool { return o != graph.Succeeded }) && !a.diagnostics().HasErrors() {
		a.report(hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "Not all was applied",
			Detail: "Some changes were not made, and nothing says why; the next plan shows which. This is a bug in this program: please report it. What was done is recorded; apply again to go on.",
		}})
	}
	if p.Partial && !alone {
		a.report(hcl.Diagnostics{{
			Severity: hcl.DiagWarning, Summary: "Only a part was applied",
			Detail: "The plan left a part of the configuration aside. To see what is still to be done, make a plan without -target and -exclude.",
		}})
	}
	return out, a.diagnostics()
}

type applier struct {
	*plan.Session
	plan       *plan.Plan
	hook       plan.Hook
	log        state.Log
	unfinished []state.Intent
	state      *state.State
	halt       func() // keeps further changes from beginning

	loose atomic.Bool // an object may have come out otherwise than was planned

	// interrupted is done when the run is to end soon. It is kept here because the
	// work itself goes on then, and only what says so heeds it.
	interrupted context.Context

	instances *graph.Memo[addr.Instance, cty.Value]
	wholes    *graph.Memo[addr.ModuleResource, cty.Value]

	mu      sync.Mutex
	diags   hcl.Diagnostics
	deposed map[addr.Instance]string // keys of objects that a new one took the place of
	open    map[addr.Instance]bool   // instances whose change is not made yet
	counts  Result
	told    bool // that a step cannot be recorded
}

// memory is the Log of a run whose steps need not survive it.
type memory struct{}

func (memory) Intend(state.Intent) error   { return nil }
func (memory) Commit(...state.Entry) error { return nil }

func (a *applier) report(diags hcl.Diagnostics) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.diags = append(a.diags, graph.Reportable(diags)...)
}

func (a *applier) failed() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.diags.HasErrors()
}

func (a *applier) diagnostics() hcl.Diagnostics {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append(slices.Clone(a.diags), a.Graph.Diagnostics()...)
}

// adopt records which objects have other addresses now, and which were taken over,
// before anything else is recorded of them.
func (a *applier) adopt() hcl.Diagnostics {
	var gone, there []state.Entry
	for _, c := range a.plan.Changes {
		if !c.Moved() && c.Importing == nil {
			continue
		}
		if c.Moved() {
			gone = append(gone, state.Entry{Addr: c.Previous, Deposed: c.Deposed})
		}
		there = append(there, state.Entry{Addr: c.Addr, Deposed: c.Deposed, Provider: c.Provider, Object: a.state.GetDeposed(c.Addr, c.Deposed)})
	}
	if len(there) == 0 {
		return nil
	}
	// Where one object leaves another may have come to: what is gone goes first.
	if err := a.log.Commit(append(gone, there...)...); err != nil {
		return a.unrecorded(there[0].Addr, err, notBegun)
	}
	return nil
}

// steps are the operations of the plan's graph.
func (a *applier) steps() []graph.Step {
	out := make([]graph.Step, len(a.plan.Graph))
	for i, op := range a.plan.Graph {
		out[i].After = op.After
		if op.Kind == plan.Invoke && op.Change >= 0 && op.Change < len(a.plan.Invocations) {
			out[i].Do = a.invoke(a.plan.Invocations[op.Change])
			continue
		}
		if op.Kind == plan.Join || op.Change < 0 || op.Change >= len(a.plan.Changes) {
			continue
		}
		c := &a.plan.Changes[op.Change]
		do := a.write
		if op.Kind == plan.Remove {
			do = a.remove
		}
		out[i].Free = c.Action == plan.Read
		out[i].Do = func(ctx context.Context) bool {
			diags := do(ctx, c)
			a.report(diags)
			return !diags.HasErrors()
		}
	}
	return out
}

// invoke is the step that carries out an action.
func (a *applier) invoke(i plan.Invocation) func(context.Context) bool {
	return func(ctx context.Context) bool {
		diags := a.Invoke(ctx, i, a.hook)
		a.report(diags)
		a.count(diags, func(r *Result) { r.Invoked++ })
		return !diags.HasErrors()
	}
}

func (a *applier) result(outcomes []graph.Outcome) Result {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := a.counts
	out.State, out.Imported, out.Forgotten = a.state, a.plan.Imports(), a.plan.Forgotten()
	skipped := map[addr.Instance]bool{}
	for i, op := range a.plan.Graph {
		switch {
		case outcomes[i] != graph.Skipped || op.Kind == plan.Join:
		case op.Kind == plan.Invoke:
			skipped[a.plan.Invocations[op.Change].Addr] = true
		default:
			skipped[a.plan.Changes[op.Change].Addr] = true
		}
	}
	out.Skipped = slices.SortedFunc(maps.Keys(skipped), addr.Instance.Compare)
	return out
}

// concerns tells that the plan does not leave the output aside.
func (a *applier) concerns(output string) bool {
	return !a.plan.Partial || slices.ContainsFunc(a.plan.Outputs, func(o plan.OutputChange) bool { return o.Name == output })
}

// outputs stores the values of the outputs. After errors those that cannot be
// evaluated keep their old values.
func (a *applier) outputs(ctx context.Context, complete bool) {
	if a.plan.Mode == plan.Destroy {
		if !complete {
			return
		}
		values := a.state.Outputs()
		maps.DeleteFunc(values, func(name string, _ state.Output) bool { return a.concerns(name) })
		a.state.SetOutputs(values)
		for _, e := range a.state.Entries() {
			if a.plan.Partial {
				break
			}
			if e.Addr.Resource.Mode == addr.Data {
				a.state.Put(state.Entry{Addr: e.Addr})
			}
		}
		return
	}
	values := a.state.Outputs()
	for name := range values {
		if a.Module.Outputs[name] == nil && a.concerns(name) {
			delete(values, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a.Module.Outputs)) {
		if !a.concerns(name) {
			continue
		}
		v, diags := a.Eval("").Output(ctx, name)
		a.report(diags)
		if diags.HasErrors() {
			continue
		}
		v, _ = v.UnmarkDeep()
		switch {
		case v.IsNull():
			delete(values, name)
		case v.IsWhollyKnown():
			values[name] = state.Output{Value: v, Sensitive: a.Module.Outputs[name].Sensitive}
		}
	}
	a.state.SetOutputs(values)
}

// checkFiles refuses a plan that was made from files that changed since.
func checkFiles(dir string, files map[string]string, read func(string) ([]byte, error)) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.FromSlash(name)
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		content, err := read(path)
		sum := sha256.Sum256(content)
		if err == nil && hex.EncodeToString(sum[:]) == files[name] {
			continue
		}
		diags = append(diags, &hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "File changed since the plan",
			Detail: fmt.Sprintf("The plan was made with another content of the file %s, which the configuration reads. Make a new plan.", name),
		})
	}
	return diags
}

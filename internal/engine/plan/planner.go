package plan

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/graph"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// The IDs of the graph's nodes that a planner makes.
type (
	instanceID addr.Instance       // an instance of the configuration
	wholeID    addr.ModuleResource // all instances together
	objectID   struct {            // an object of the state, refreshed
		addr    addr.Instance
		deposed string
	}
	removalID objectID // an object that is to go
)

// planner is one run of Plan.
type planner struct {
	*Session
	opts  Options
	hook  Hook
	prior *state.State
	next  *state.State // prior after refreshing
	only  selection
	relocation
	query *query // nil unless the run is one of Query

	objects   *graph.Memo[objectID, *object]
	instances *graph.Memo[instanceID, cty.Value]
	wholes    *graph.Memo[wholeID, cty.Value]
	removals  *graph.Memo[removalID, struct{}]
	wanted    *graph.Memo[importsID, map[addr.Instance]wanted]
	imports   map[addr.ConfigResource]bool // have import blocks

	triggers    *graph.Memo[triggersID, struct{}]
	invocations *graph.Memo[invocationID, *Invocation]

	mu         sync.Mutex
	changes    map[objectID]*Change
	busy       map[addr.ModuleResource]bool // has a change that is not NoOp
	busyBlocks map[addr.ConfigResource]bool // the same for all module instances together
	drift      []Change
	invoked    map[invocationID]*Invocation
	files      map[string]string
}

// Plan compares the configuration with the state. The plan is nil if there are
// errors.
func (p *Program) Plan(ctx context.Context, o Options) (*Plan, hcl.Diagnostics) {
	diags := p.Validate(ctx)
	if diags.HasErrors() {
		return nil, diags
	}
	if o.Prior == nil {
		o.Prior = state.New()
	}
	moves, more := p.relocate(o.Prior)
	if diags = append(diags, more...); diags.HasErrors() {
		return nil, diags
	}
	o.Prior = moves.state
	pl := p.planner(o)
	pl.relocation = moves
	for _, b := range p.Module.Imports {
		pl.imports[b.Block] = true
	}
	pl.only, more = p.selection(pl.opts)
	if diags = append(diags, more...); diags.HasErrors() {
		return nil, diags
	}
	diags = append(diags, pl.recover(ctx)...)
	out, more := pl.run(ctx)
	diags = append(diags, more...)
	diags = sorted(graph.Reportable(append(diags, pl.Close(ctx)...)))
	if diags.HasErrors() {
		return nil, diags
	}
	return out, diags
}

// run asks for everything and puts the plan together.
func (p *planner) run(ctx context.Context) (*Plan, hcl.Diagnostics) {
	diags := p.walk(ctx)
	if p.opts.Mode != Destroy && p.query == nil {
		diags = append(diags, p.Assert(ctx)...)
	}
	if p.opts.Mode == Destroy {
		p.Eval("").ExpectOutputs()
	} else {
		diags = append(diags, p.checkMoves(ctx)...)
	}
	if p.opts.Mode == Normal {
		diags = append(diags, p.checkImports(ctx)...)
	}
	diags = append(diags, p.protected(ctx)...)
	diags = append(diags, p.Graph.Diagnostics()...) // once nothing is evaluated any more
	diags = append(diags, p.replaced()...)
	diags = append(diags, p.misplaced()...)
	if diags.HasErrors() {
		return nil, diags
	}
	if ctx.Err() != nil {
		return nil, append(diags, interrupted())
	}
	return p.result(ctx), diags
}

// planner begins a run.
func (p *Program) planner(o Options) *planner {
	if o.Prior == nil {
		o.Prior = state.New()
	}
	if o.Workspace == "" {
		o.Workspace = "default"
	}
	if o.Hook == nil {
		o.Hook = Silent{}
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	pl := &planner{
		opts: o, hook: o.Hook, prior: o.Prior, next: o.Prior.Clone(),
		imports: map[addr.ConfigResource]bool{}, changes: map[objectID]*Change{}, busy: map[addr.ModuleResource]bool{}, busyBlocks: map[addr.ConfigResource]bool{},
		invoked: map[invocationID]*Invocation{}, files: map[string]string{},
	}
	pl.Session = p.NewSession(SessionOptions{
		Objects: pl, Variables: o.Variables, Workspace: o.Workspace,
		Functions: FunctionScope(o.ReadFile, o.Now, false, pl.used), Mode: o.Mode,
	})
	pl.objects = graph.NewMemo(pl.Graph, nameObject, pl.refresh)
	pl.instances = graph.NewMemo(pl.Graph, pl.nameInstance, pl.planInstance)
	pl.wholes = graph.NewMemo(pl.Graph, pl.nameWhole, pl.collect)
	pl.removals = graph.NewMemo(pl.Graph, nameRemoval, pl.planRemoval)
	pl.wanted = graph.NewMemo(pl.Graph, pl.nameImports, pl.evalImports)
	pl.triggers = graph.NewMemo(pl.Graph, nameTriggers, pl.planTriggers)
	pl.invocations = graph.NewMemo(pl.Graph, nameInvocation, pl.planInvocation)
	return pl
}

func interrupted() *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Interrupted", Detail: "Planning was interrupted. Nothing was changed."}
}

// Instance is the value of an instance for expressions (lang.Objects).
func (p *planner) Instance(ctx context.Context, a addr.Instance) (cty.Value, hcl.Diagnostics) {
	return p.instances.Get(ctx, instanceID(a))
}

// Whole is the value of all instances for expressions (lang.Objects).
func (p *planner) Whole(ctx context.Context, r addr.ModuleResource) (cty.Value, hcl.Diagnostics) {
	return p.wholes.Get(ctx, wholeID(r))
}

func (p *planner) nameInstance(id instanceID) (string, *hcl.Range) {
	return addr.Instance(id).String(), p.Place(id.Module, id.Resource)
}

func (p *planner) nameWhole(id wholeID) (string, *hcl.Range) {
	return addr.ModuleResource(id).String(), p.Place(id.Module, id.Resource)
}

func nameObject(id objectID) (string, *hcl.Range) { return "the state of " + id.addr.String(), nil }

func nameRemoval(id removalID) (string, *hcl.Range) {
	return "the removal of " + id.addr.String(), nil
}

func (p *planner) collect(ctx context.Context, id wholeID) (cty.Value, hcl.Diagnostics) {
	x, diags := p.Eval(id.Module).Expand(ctx, id.Resource)
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	v := x.Collect(func(key addr.Key) cty.Value {
		v, d := p.instances.Get(ctx, instanceID(addr.ModuleResource(id).Instance(key)))
		diags = append(diags, d...)
		return v
	})
	return v, diags
}

func (p *planner) record(c Change) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.Previous = p.moved[c.Addr]
	p.changes[objectID{c.Addr, c.Deposed}] = &c
	if c.Action != NoOp {
		p.busy[c.Addr.Of()], p.busyBlocks[c.Addr.Config()] = true, true
	}
}

func (p *planner) changed(a addr.Instance) *Change {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changes[objectID{addr: a}]
}

// used notes a file that a function read.
func (p *planner) used(path string, content []byte) {
	if rel, err := filepath.Rel(p.Module.Dir, path); err == nil {
		path = rel
	}
	sum := sha256.Sum256(content)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.files[filepath.ToSlash(path)] = hex.EncodeToString(sum[:])
}

// protected refuses what prevent_destroy forbids.
func (p *planner) protected(ctx context.Context) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, c := range p.changes {
		r := p.Resource(c.Addr)
		if r == nil || r.Lifecycle.PreventDestroy == nil || c.Deposed != "" || c.Action != Delete && !c.Action.Replaces() {
			continue
		}
		forbidden, more := p.forbids(ctx, r, c.Addr.Module)
		if diags = append(diags, more...); !forbidden {
			continue
		}
		at := r.Range
		diags = append(diags, &hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "Instance cannot be destroyed",
			Detail:  fmt.Sprintf("%s has prevent_destroy set, but the plan would destroy it (%s). Remove prevent_destroy if that is meant, or mend what causes it.", c.Addr, why(*c)),
			Subject: &at, Extra: About{Addr: c.Addr.String()},
		})
	}
	return diags
}

// forbids is the value of prevent_destroy, which is the same for all instances.
func (p *planner) forbids(ctx context.Context, r *Resource, m addr.ModuleInstance) (bool, hcl.Diagnostics) {
	x := r.Lifecycle.PreventDestroy
	eval := p.Eval(m)
	v, diags := eval.Expr(ctx, x, cty.Bool, lang.Within{})
	if diags.HasErrors() {
		return false, diags
	}
	v, _ = v.Unmark()
	if !v.IsKnown() || v.IsNull() {
		at := x.Range()
		return false, append(diags, &hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "Invalid prevent_destroy", Subject: &at, Expression: x,
			Detail: "prevent_destroy must be true or false when planning: it can neither be null nor depend on what is known only after apply.",
		})
	}
	return v.True(), diags
}

// replaced refuses a wish to replace what is not there.
func (p *planner) replaced() hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, a := range p.opts.Replace {
		if c := p.changes[objectID{addr: a}]; c != nil && c.Action != Delete || p.Graph.Diagnostics().HasErrors() {
			continue
		}
		detail := fmt.Sprintf("The configuration has no instance %s. Check the address, index included; quotes must reach this program.", a)
		if !p.only.has(a) {
			detail = fmt.Sprintf("The targets leave %s aside. Make it a target too, or do not exclude it.", a)
		}
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Nothing to replace", Detail: detail})
	}
	return diags
}

func why(c Change) string {
	if len(c.Requires) == 0 {
		return c.Action.String()
	}
	paths := make([]string, len(c.Requires))
	for i, path := range c.Requires {
		paths[i] = PathString(path)
	}
	return "a change of " + strings.Join(paths, ", ") + " needs a replacement"
}

// result puts the plan together, once everything was asked for.
func (p *planner) result(ctx context.Context) *Plan {
	out := &Plan{
		Mode: p.opts.Mode, Prior: p.next, Base: p.opts.Base, Drift: p.drift,
		Variables: p.opts.Variables, Workspace: p.opts.Workspace, Files: p.files,
		Time: p.opts.Now, Partial: p.only.partial(),
	}
	for _, c := range p.changes {
		out.Changes = append(out.Changes, *c)
	}
	byAddr := func(a, b Change) int {
		if c := a.Addr.Compare(b.Addr); c != 0 {
			return c
		}
		return strings.Compare(a.Deposed, b.Deposed)
	}
	slices.SortFunc(out.Changes, byAddr)
	slices.SortFunc(out.Drift, byAddr)
	var ids []invocationID
	ids, out.Invocations = p.plannedInvocations()
	if len(p.opts.Invoke) > 0 {
		out.Partial = true // and all else stays as it is
	} else {
		out.Outputs = p.planOutputs(ctx)
		out.Checks = p.Results()
	}
	out.Graph = p.order(out.Changes, ids)
	out.refreshed = len(out.Drift) > 0
	if p.opts.Mode == Destroy {
		out.Drift = nil // what is going away need not be explained
	}
	return out
}

func (p *planner) planOutputs(ctx context.Context) []OutputChange {
	before := p.prior.Outputs()
	names := map[string]bool{}
	for name := range before {
		names[name] = true
	}
	if p.opts.Mode != Destroy {
		for name := range p.Module.Outputs {
			names[name] = true
		}
	}
	var out []OutputChange
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !p.only.output(p.Program, name, p.opts.Mode) {
			continue
		}
		c := OutputChange{Name: name, Before: cty.NullVal(cty.DynamicPseudoType), After: cty.NullVal(cty.DynamicPseudoType)}
		old, had := before[name]
		if had {
			c.Before, c.Sensitive = old.Value, old.Sensitive
		}
		has := p.opts.Mode != Destroy && p.Module.Outputs[name] != nil
		if has {
			v, _ := p.Eval("").Output(ctx, name)
			c.After, _ = v.UnmarkDeep()
			c.Sensitive = p.Module.Outputs[name].Sensitive
		}
		switch {
		case !has:
			c.Action = Delete
		case c.After.RawEquals(c.Before) && had && old.Sensitive == c.Sensitive, c.After.IsNull() && !had:
		case !had:
			c.Action = Create
		default:
			c.Action = Update
		}
		out = append(out, c)
	}
	return out
}

// sorted puts diagnostics in the order of the files, errors of no place first.
func sorted(diags hcl.Diagnostics) hcl.Diagnostics {
	place := func(d *hcl.Diagnostic) hcl.Range {
		if d.Subject != nil {
			return *d.Subject
		}
		return hcl.Range{}
	}
	slices.SortStableFunc(diags, func(a, b *hcl.Diagnostic) int {
		if c := comparePlaces(place(a), place(b)); c != 0 {
			return c
		}
		return strings.Compare(a.Summary+a.Detail, b.Summary+b.Detail)
	})
	return slices.CompactFunc(diags, func(a, b *hcl.Diagnostic) bool {
		return a.Summary == b.Summary && a.Detail == b.Detail && place(a) == place(b) && a.Severity == b.Severity
	})
}

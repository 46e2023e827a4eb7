package plan

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/graph"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
)

// Invocation is an action that applying carries out once.
type Invocation struct {
	Addr     addr.Instance
	Provider addr.ProviderConfig

	// Config is the action's configuration, which may hold unknowns. Sensitive
	// parts are marked, ephemeral ones null.
	Config cty.Value

	Trigger *Trigger // nil if it was asked for by its address
}

// Trigger is what an action is invoked for.
type Trigger struct {
	Addr  addr.Instance // of the object that changes
	Event string        // before_create, after_create, before_update or after_update
	Block int           // which action_trigger block of the resource, from 0
	Index int           // which action of the block, from 0
}

// before tells that the action comes before the change.
func (t *Trigger) before() bool { return strings.HasPrefix(t.Event, "before_") }

// triggersID is the graph's name for all actions that a change triggers.
type triggersID addr.Instance

// invocationID is the graph's name for one of them. It has no trigger if it was
// asked for.
type invocationID struct {
	action  addr.Instance
	trigger Trigger
}

func nameTriggers(id triggersID) (string, *hcl.Range) {
	return "the actions of " + addr.Instance(id).String(), nil
}

func nameInvocation(id invocationID) (string, *hcl.Range) { return id.action.String(), nil }

// planTriggers finds the actions that go with the change of an instance.
func (p *planner) planTriggers(ctx context.Context, id triggersID) (struct{}, hcl.Diagnostics) {
	a := addr.Instance(id)
	r := p.Resource(a)
	if _, diags := p.instances.Get(ctx, instanceID(a)); diags.HasErrors() {
		return struct{}{}, diags
	}
	happening := eventsOf(p.changed(a))
	if len(happening) == 0 {
		return struct{}{}, nil
	}
	x, diags := p.Eval(a.Module).Expand(ctx, a.Resource)
	if diags.HasErrors() {
		return struct{}{}, diags
	}
	in := x.Within(a.Key)
	for block, t := range r.Lifecycle.Triggers {
		for _, event := range happening {
			if !slices.Contains(t.Events, event) {
				continue
			}
			wanted, more := p.condition(ctx, t, a.Module, in)
			if diags = append(diags, more...); more.HasErrors() || !wanted {
				break // it is the same for the other events
			}
			for index, e := range t.Actions {
				action, more := p.actionOf(ctx, e, a.Module, in)
				if diags = append(diags, more...); !more.HasErrors() {
					_, more = p.invocations.Get(ctx, invocationID{action, Trigger{Addr: a, Event: string(event), Block: block, Index: index}})
					diags = append(diags, more...)
				}
			}
		}
	}
	return struct{}{}, diags
}

// eventsOf are the events of a change, in the order in which they come.
func eventsOf(c *Change) []config.Event {
	switch {
	case c == nil:
		return nil
	case c.Action == Create || c.Action == ForgetCreate || c.Action.Replaces():
		return []config.Event{config.BeforeCreate, config.AfterCreate}
	case c.Action == Update:
		before, _ := c.Before.UnmarkDeep()
		after, _ := c.After.UnmarkDeep()
		if same(before, after) {
			return nil // only what the configuration says of it changes
		}
		return []config.Event{config.BeforeUpdate, config.AfterUpdate}
	}
	return nil
}

func (p *planner) condition(ctx context.Context, t *config.Trigger, m addr.ModuleInstance, in lang.Within) (bool, hcl.Diagnostics) {
	if t.Condition == nil {
		return true, nil
	}
	v, diags := p.Eval(m).Expr(ctx, t.Condition, cty.DynamicPseudoType, in)
	if diags.HasErrors() {
		return false, diags
	}
	at := t.Condition.Range()
	fail := func(detail string) (bool, hcl.Diagnostics) {
		return false, append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Invalid condition", Detail: detail, Subject: &at, Expression: t.Condition})
	}
	v, _ = v.Unmark()
	v, err := convert.Convert(v, cty.Bool)
	switch {
	case err != nil || v.IsNull():
		return fail("The condition of an action_trigger must be true or false.")
	case !v.IsKnown():
		return fail("The condition of an action_trigger must be known when the plan is made, but it depends on values that are known only after apply.")
	}
	return v.True(), diags
}

// actionOf is the instance of an action that a trigger refers to.
func (p *planner) actionOf(ctx context.Context, e hcl.Expression, module addr.ModuleInstance, in lang.Within) (addr.Instance, hcl.Diagnostics) {
	at := e.Range()
	fail := func(detail string) (addr.Instance, hcl.Diagnostics) {
		return addr.Instance{}, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Invalid action", Detail: detail, Subject: &at}}
	}
	refs, diags := lang.Refs(e, nil)
	if diags.HasErrors() {
		return addr.Instance{}, diags
	}
	ref := refs[0]
	out := addr.Instance{Module: module, Resource: ref.Resource, Key: ref.Key}
	if ref.Resource.Mode != addr.Action || len(ref.Rest) > 0 {
		return fail("The actions of an action_trigger are references such as action.TYPE.NAME, with an index if the action is repeated.")
	}
	if p.resources[out.Config()] == nil {
		return fail(fmt.Sprintf("No action %s is declared in this module. Declare it, or mend the reference.", ref.Resource))
	}
	if ref.KeyExpr != nil {
		v, diags := p.Eval(module).Expr(ctx, ref.KeyExpr, cty.DynamicPseudoType, in)
		if diags.HasErrors() {
			return out, diags
		}
		key, err := addr.KeyOf(v)
		if err != nil {
			return fail(fmt.Sprintf("The index of the action is wrong: %v.", err))
		}
		out.Key = key
	}
	x, diags := p.Eval(module).Expand(ctx, out.Resource)
	if !diags.HasErrors() && !x.Has(out.Key) {
		return fail(fmt.Sprintf("There is no instance %s. An action with count or for_each is referred to with one of its keys, others without.", out))
	}
	return out, diags
}

// planInvocation evaluates an action and tells its provider of it.
func (p *planner) planInvocation(ctx context.Context, id invocationID) (*Invocation, hcl.Diagnostics) {
	out := &Invocation{Addr: id.action}
	if id.trigger.Event != "" {
		out.Trigger = &id.trigger
	}
	r := p.Resource(id.action)
	config, diags := p.actionConfig(ctx, r, id.action)
	if diags.HasErrors() {
		return nil, diags
	}
	provider, more := p.ProviderFor(ctx, id.action, r.Provider)
	if diags = append(diags, more...); diags.HasErrors() {
		return nil, diags
	}
	more = provider.PlanAction(ctx, id.action.Resource.Type, config.Value)
	if diags = append(diags, p.Locate(more, r, id.action)...); diags.HasErrors() {
		return nil, diags
	}
	out.Provider, out.Config = r.Provider, Marked(r.Schema, config.lasting(), config.Marks)
	if out.Trigger == nil && !out.Config.IsWhollyKnown() {
		return nil, append(diags, &hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "Arguments of the action not known",
			Detail:  fmt.Sprintf("The arguments of %s depend on objects that are not there yet. Apply the configuration first, and invoke the action then.", id.action),
			Subject: &r.Range,
		})
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.invoked[id] = out
	return out, diags
}

// actionConfig evaluates the arguments of an action.
func (s *Session) actionConfig(ctx context.Context, r *Resource, a addr.Instance) (Configuration, hcl.Diagnostics) {
	e := s.Eval(a.Module)
	diags := e.Enter(ctx)
	x, more := e.Expand(ctx, a.Resource)
	if diags = append(diags, more...); diags.HasErrors() {
		return Configuration{}, diags
	}
	config, more := s.Configuration(ctx, r, a, x.Within(a.Key))
	return config, append(diags, more...)
}

// Invoke carries out an action while applying.
func (s *Session) Invoke(ctx context.Context, i Invocation, hook Hook) hcl.Diagnostics {
	r := s.Resource(i.Addr)
	if r == nil {
		return hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "Damaged plan",
			Detail: fmt.Sprintf("The plan wants to invoke %s, which the configuration does not have. Make a new plan.", i.Addr),
		}}
	}
	config, diags := s.actionConfig(ctx, r, i.Addr)
	if diags.HasErrors() {
		return diags
	}
	if !config.Value.IsWhollyKnown() {
		return append(diags, s.Bug(r, i.Addr, "Configuration still unknown", "something that it depends on was applied and has still unknown values"))
	}
	before, _ := i.Config.UnmarkDeep()
	for _, text := range Diverged(before, config.lasting()) {
		diags = append(diags, s.Bug(r, i.Addr, "Action changed since the plan", "with all values known, "+text))
	}
	provider, more := s.ProviderFor(ctx, i.Addr, r.Provider)
	if diags = append(diags, more...); diags.HasErrors() {
		return diags
	}
	event := Event{Addr: i.Addr, Step: Invoking}
	if i.Trigger != nil {
		event.Trigger = i.Trigger.Addr.String()
	}
	hook.Started(event)
	more = provider.Invoke(ctx, i.Addr.Resource.Type, config.Value, func(line string) { hook.Output(event, line) })
	more = s.Locate(more, r, i.Addr)
	hook.Finished(event, more)
	return append(diags, more...)
}

// checkTriggers checks what can be checked of triggers without values.
func (v *validator) checkTriggers(ctx context.Context, id addr.ModuleResource) hcl.Diagnostics {
	r, m := v.Resource(id.Instance(nil)), id.Module
	in := lang.Anywhere(r.Repetition)
	var diags hcl.Diagnostics
	for _, t := range r.Lifecycle.Triggers {
		if t.Condition != nil {
			_, more := v.Eval(m).Expr(ctx, t.Condition, cty.DynamicPseudoType, in)
			diags = append(diags, more...)
		}
		for _, e := range t.Actions {
			refs, more := lang.Refs(e, nil)
			if diags = append(diags, more...); more.HasErrors() {
				continue
			}
			if action := refs[0].Resource; v.Eval(m).Config().Resources[action] == nil {
				at := e.Range()
				diags = append(diags, &hcl.Diagnostic{
					Severity: hcl.DiagError, Summary: "Reference to an undeclared action",
					Detail: fmt.Sprintf("No action %s is declared in this module. Declare it, or mend the reference.", action), Subject: &at,
				})
			}
		}
	}
	return diags
}

// planInvoked plans only the actions that were asked for, and nothing else. An
// address without a key stands for all instances.
func (p *planner) planInvoked(ctx context.Context) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, a := range p.opts.Invoke {
		r := p.resources[a.Config()]
		if r == nil || a.Resource.Mode != addr.Action {
			diags = append(diags, &hcl.Diagnostic{
				Severity: hcl.DiagError, Summary: "No such action",
				Detail: fmt.Sprintf("The configuration has no action %s. Check the address; quotes must reach this program.", a),
			})
			continue
		}
		e := p.Eval(a.Module)
		there, more := e.Exists(ctx)
		if diags = append(diags, more...); more.HasErrors() {
			continue
		}
		x := &lang.Expansion{}
		if there {
			if x, more = e.Expand(ctx, a.Resource); more.HasErrors() {
				diags = append(diags, more...)
				continue
			}
		}
		found := false
		for _, key := range x.Keys {
			if a.Key == nil || a.Key == key {
				one := a
				one.Key, found = key, true
				_, more = p.invocations.Get(ctx, invocationID{action: one})
				diags = append(diags, more...)
			}
		}
		if !found && (!there || a.Key != nil) {
			diags = append(diags, &hcl.Diagnostic{
				Severity: hcl.DiagError, Summary: "No such action",
				Detail:  fmt.Sprintf("There is no instance %s. Check the index; quotes must reach this program.", a),
				Subject: &r.Range,
			})
		}
	}
	return diags
}

// plannedInvocations are the actions in the order in which they are shown and,
// where they go with the same change, carried out.
func (p *planner) plannedInvocations() (ids []invocationID, all []Invocation) {
	for id := range p.invoked {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b invocationID) int {
		if c := a.trigger.Addr.Compare(b.trigger.Addr); c != 0 {
			return c
		}
		if a.trigger.Event != b.trigger.Event { // "before" sorts after "after"
			return strings.Compare(b.trigger.Event, a.trigger.Event)
		}
		if a.trigger.Block != b.trigger.Block {
			return a.trigger.Block - b.trigger.Block
		}
		if a.trigger.Index != b.trigger.Index {
			return a.trigger.Index - b.trigger.Index
		}
		return a.action.Compare(b.action)
	})
	for _, id := range ids {
		all = append(all, *p.invoked[id])
	}
	return ids, all
}

// misplaced refuses actions that come before a change and need what it makes.
func (p *planner) misplaced() hcl.Diagnostics {
	var diags hcl.Diagnostics
	for id, i := range p.invoked {
		if i.Trigger == nil || !i.Trigger.before() {
			continue
		}
		changed := p.instances.Node(instanceID(i.Trigger.Addr))
		if n := p.invocations.Node(id); n != nil && changed != nil && reaches(n, changed, map[*graph.Node]bool{}) {
			at := p.Resource(i.Addr).Range
			diags = append(diags, &hcl.Diagnostic{
				Severity: hcl.DiagError, Summary: "Action needs what comes after it",
				Detail:  fmt.Sprintf("%s is invoked before %s is changed (%s), but its arguments depend on that object. Use an event that comes after the change.", i.Addr, i.Trigger.Addr, i.Trigger.Event),
				Subject: &at,
			})
		}
	}
	return diags
}

func reaches(from, to *graph.Node, seen map[*graph.Node]bool) bool {
	if from == to {
		return true
	}
	if seen[from] {
		return false
	}
	seen[from] = true
	return slices.ContainsFunc(from.Deps(), func(n *graph.Node) bool { return reaches(n, to, seen) })
}

// lasting is the configuration without its ephemeral values.
func (c Configuration) lasting() cty.Value {
	if len(c.Ephemeral) == 0 {
		return c.Value
	}
	v, err := cty.Transform(c.Value, func(path cty.Path, v cty.Value) (cty.Value, error) {
		for _, gone := range c.Ephemeral {
			if path.Equals(gone) {
				return cty.NullVal(v.Type()), nil
			}
		}
		return v, nil
	})
	if err != nil {
		return cty.UnknownVal(c.Value.Type()) // not reached: the function gives no error
	}
	return v
}

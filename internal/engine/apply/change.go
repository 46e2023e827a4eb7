package apply

import (
	"context"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/graph"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// write creates, changes or reads the object of c.
func (a *applier) write(ctx context.Context, c *plan.Change) hcl.Diagnostics {
	r := a.Resource(c.Addr)
	if r == nil {
		return hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "Damaged plan",
			Detail: fmt.Sprintf("The plan wants to change %s, which the configuration does not have. Make a new plan.", c.Addr),
		}}
	}
	r, diags := a.Placed(ctx, r, c.Addr)
	if diags.HasErrors() {
		return diags
	}
	x, diags := a.Eval(c.Addr.Module).Expand(ctx, c.Addr.Resource)
	if diags.HasErrors() {
		return diags
	}
	in := x.Within(c.Addr.Key)
	if diags = a.Before(ctx, r, c.Addr, in); diags.HasErrors() {
		return diags
	}
	config, more := a.Configuration(ctx, r, c.Addr, in)
	if diags = append(diags, more...); diags.HasErrors() {
		return diags
	}
	if !config.Value.IsWhollyKnown() {
		return append(diags, a.Bug(r, c.Addr, "Configuration still unknown", "something that it depends on was applied and has still unknown values"))
	}
	if c.Action == plan.Read {
		_, entry, more := a.ReadData(ctx, r, c.Addr, in, config, a.hook)
		if diags = append(diags, more...); diags.HasErrors() {
			return diags
		}
		a.settle(c.Addr)
		return append(diags, a.commit(entry)...)
	}
	w := writer{applier: a, r: r, c: c, in: in, config: config}
	diags = append(diags, w.run(ctx)...)
	if !diags.HasErrors() {
		a.settle(c.Addr)
		in.Self, more = a.Instance(ctx, c.Addr)
	} else if in.Self = w.left(); in.Self == cty.NilVal {
		return diags
	}
	if diags = append(diags, more...); more.HasErrors() {
		return diags
	}
	return append(diags, a.Eval(c.Addr.Module).Require(ctx, lang.OfInstance(c.Addr), r.Lifecycle.Postconditions, "Postcondition of "+c.Addr.String()+" failed", in)...)
}

// left is the object that an attempt has left, or cty.NilVal: it has to meet its
// conditions all the same.
func (w *writer) left() cty.Value {
	object := w.state.Get(w.c.Addr)
	if object == nil {
		return cty.NilVal
	}
	v, err := object.Value(w.r.Schema.Type)
	if err != nil {
		return cty.NilVal
	}
	return plan.Marked(w.r.Schema, v, plan.MarksOf(object.Sensitive))
}

// writer makes one change of a managed object.
type writer struct {
	*applier
	r      *plan.Resource
	c      *plan.Change
	in     lang.Within
	config plan.Configuration
	prior  plan.Prior
}

func (w *writer) run(ctx context.Context) hcl.Diagnostics {
	provider, diags := w.ProviderFor(ctx, w.c.Addr, w.r.Provider)
	if diags.HasErrors() {
		return diags
	}
	w.prior = plan.Prior{Object: plugin.Object{Value: cty.NullVal(w.r.Schema.Type)}}
	step, verb := plan.Creating, "create"
	if w.c.Action == plan.Update {
		step, verb = plan.Updating, "update"
		var more hcl.Diagnostics
		w.prior, _, more = w.Stored(ctx, state.Entry{Addr: w.c.Addr, Provider: w.r.Provider, Object: w.state.Get(w.c.Addr)})
		if diags = append(diags, more...); diags.HasErrors() {
			return diags
		}
	}
	planned, more := w.planned(ctx)
	if diags = append(diags, more...); diags.HasErrors() {
		return diags
	}
	if w.c.Action == plan.Update && planned.Value.RawEquals(w.prior.Value) {
		// Only what the configuration says about the object changed, or nothing.
		return append(diags, w.store(plugin.Object{Value: planned.Value, Private: w.prior.Private, Identity: w.prior.Identity}, false)...)
	}
	event := plan.Event{Addr: w.c.Addr, Step: step}
	event.IDKey, event.IDValue = plan.Identify(plan.Marked(w.r.Schema, w.prior.Value, w.config.Marks))
	intent := state.Intent{Addr: w.c.Addr, Action: verb}
	if step == plan.Creating {
		intent.Provider = w.r.Provider
		intent.Identity, intent.Planned = plan.Announce(w.r.Schema, planned.Value)
		intent.Note = w.noted()
	}
	// The intent comes last: what is recorded of the object after it ends it.
	restore, more := w.depose()
	if diags = append(diags, more...); diags.HasErrors() {
		return diags
	}
	if err := w.log.Intend(intent); err != nil {
		_ = restore() // the state that is stored in the end has the object in its place
		return append(diags, w.unrecorded(w.c.Addr, err, notBegun)...)
	}
	w.hook.Started(event)
	more = w.call(ctx, provider, planned, intent, restore)
	made := more // whatever becomes of the provisioners
	if w.c.Action != plan.Update && !more.HasErrors() {
		more = append(more, w.provisionNew(ctx)...)
	}
	if event.IDKey == "" {
		if o := w.state.Get(w.c.Addr); o != nil {
			if v, err := o.Value(w.r.Schema.Type); err == nil {
				event.IDKey, event.IDValue = plan.Identify(plan.Marked(w.r.Schema, v, plan.MarksOf(o.Sensitive)))
			}
		}
	}
	w.hook.Finished(event, more)
	w.count(made, func(r *Result) {
		if w.c.Action == plan.Update {
			r.Changed++
		} else {
			r.Added++
		}
	})
	return append(diags, more...)
}

// planned is the plan's promise, or a new one if the configuration had unknown
// values when the plan was made, or an object came out otherwise than was planned, as
// the old type system may; the new one must keep the promise. So is
// an object to be created whose private data may be of the one before it.
func (w *writer) planned(ctx context.Context) (plugin.Object, hcl.Diagnostics) {
	after, _ := w.c.After.UnmarkDeep()
	if w.c.Known && !w.loose.Load() && (w.c.Action == plan.Update || len(w.c.Private) == 0) {
		return plugin.Object{Value: after, Private: w.c.Private, Identity: w.c.Identity}, nil
	}
	prior := w.prior
	prior.Tainted = false
	again, diags := w.Decide(ctx, w.r, w.c.Addr, w.config, prior, "")
	if diags.HasErrors() {
		return plugin.Object{}, diags
	}
	value, _ := again.After.UnmarkDeep()
	kept := again.Action == plan.Create
	if w.c.Action == plan.Update {
		kept = again.Action == plan.Update || again.Action == plan.NoOp
	}
	if !kept {
		return plugin.Object{}, append(diags, w.Bug(w.r, w.c.Addr, "Inconsistent final plan of the provider",
			fmt.Sprintf("with all values known it wants %s, but the plan said %s", again.Action, w.c.Action)))
	}
	for _, text := range plan.Diverged(after, value) {
		diags = append(diags, w.Bug(w.r, w.c.Addr, "Inconsistent final plan of the provider", "with all values known, "+text))
	}
	return plugin.Object{Value: value, Private: again.Private, Identity: again.Identity}, diags
}

// depose makes room for a new object beside the old one. The function returned
// puts the old one back.
func (w *writer) depose() (restore func() error, diags hcl.Diagnostics) {
	old := w.state.Get(w.c.Addr)
	if w.c.Action != plan.CreateDelete || old == nil {
		return func() error { return nil }, nil
	}
	key := w.state.NewDeposedKey(w.c.Addr)
	current := state.Entry{Addr: w.c.Addr, Provider: w.r.Provider}
	aside := current
	aside.Deposed, aside.Object = key, old
	if diags := w.commit(aside, current); diags.HasErrors() {
		return nil, diags
	}
	w.mu.Lock()
	w.deposed[w.c.Addr] = key
	w.mu.Unlock()
	return func() error {
		current.Object, aside.Object = old, nil
		w.state.Put(current)
		w.state.Put(aside)
		return w.log.Commit(current, aside)
	}, nil
}

// noted is what the provider noted of the creation of this object in a run that was
// cut off; nil for nothing.
func (w *writer) noted() []byte {
	for _, i := range w.unfinished {
		if i.Addr == w.c.Addr && i.Deposed == "" && i.Action == "create" && i.Provider == w.r.Provider {
			return i.Note
		}
	}
	return nil
}

// call has the provider make the change and stores what it says came of it. What the
// provider notes meanwhile is kept with the intent.
func (w *writer) call(ctx context.Context, provider *plugin.Provider, planned plugin.Object, intent state.Intent, restore func() error) hcl.Diagnostics {
	notes := &plugin.Notes{Earlier: intent.Note, Write: func(note []byte) error {
		intent.Note = note
		return w.log.Intend(intent)
	}}
	got, legacy, lost, diags := provider.Apply(ctx, w.c.Addr.Resource.Type, w.prior.Value, planned, w.config.Value, notes)
	diags = w.Locate(diags, w.r, w.c.Addr)
	if !lost && !got.Value.IsWhollyKnown() {
		diags = append(diags, w.Bug(w.r, w.c.Addr, "Invalid result of the provider", "values are still unknown after apply"))
		got.Value = cty.UnknownAsNull(got.Value)
	}
	if !lost && got.Identity != cty.NilVal && !got.Identity.IsWhollyKnown() {
		diags = append(diags, w.Bug(w.r, w.c.Addr, "Invalid result of the provider", "the identity is still unknown after apply"))
		got.Identity = cty.NullVal(w.r.Schema.Identity)
	}
	if !diags.HasErrors() && got.Value.IsNull() {
		diags = append(diags, w.Bug(w.r, w.c.Addr, "Invalid result of the provider", "the object is absent after it was created or changed"))
	}
	if legacy {
		w.loose.Store(true)
	}
	if !diags.HasErrors() && !legacy {
		for _, text := range plan.Diverged(planned.Value, got.Value) {
			diags = append(diags, w.Bug(w.r, w.c.Addr, "Inconsistent result after apply", text))
		}
	}
	creating := w.c.Action != plan.Update
	if lost || got.Value.IsNull() {
		// Nothing is known to be there but what was there before.
		if creating {
			if err := restore(); err != nil {
				diags = append(diags, w.unrecorded(w.c.Addr, err, over)...)
			}
			if !lost && w.state.Get(w.c.Addr) == nil && intent.Note == nil { // a later run must not look for it
				diags = append(diags, w.commit(state.Entry{Addr: w.c.Addr, Provider: w.r.Provider})...)
			}
		}
		return diags
	}
	return append(diags, w.store(got, creating && (diags.HasErrors() || w.r.ProvisionsNew()))...)
}

// provisionNew runs the provisioners of the object just created. Until all of them
// succeeded the state has it as tainted, so that it is replaced the next time if one
// fails, or if this run is cut off.
func (w *writer) provisionNew(ctx context.Context) hcl.Diagnostics {
	object := w.state.Get(w.c.Addr)
	if !w.r.ProvisionsNew() || object == nil {
		return nil
	}
	self, err := object.Value(w.r.Schema.Type)
	if err != nil {
		return hcl.Diagnostics{plan.StateFailure(w.c.Addr, err)}
	}
	w.in.Self = plan.Marked(w.r.Schema, self, plan.MarksOf(object.Sensitive))
	diags := w.provision(ctx, w.c, "", w.in, false)
	if diags.HasErrors() {
		return diags
	}
	ready := object.With(func(o *state.Object) { o.Tainted = false })
	return append(diags, w.commit(state.Entry{Addr: w.c.Addr, Provider: w.r.Provider, Object: ready})...)
}

// store records the object of the change.
func (w *writer) store(o plugin.Object, tainted bool) hcl.Diagnostics {
	fresh, err := plan.Record(w.r.Schema, o, w.config.Marks)
	if err != nil {
		return hcl.Diagnostics{plan.StateFailure(w.c.Addr, err)}
	}
	fresh.Tainted, fresh.CreateBeforeDestroy, fresh.Dependencies = tainted, w.r.CreateFirst, w.r.Needs
	fresh.SkipDestroy = w.r.Lifecycle.KeepObject
	return w.commit(state.Entry{Addr: w.c.Addr, Provider: w.r.Provider, Object: fresh})
}

// remove destroys or forgets the object of c, or destroys the old one of a
// replacement.
func (a *applier) remove(ctx context.Context, c *plan.Change) hcl.Diagnostics {
	deposed := c.Deposed
	if c.Action == plan.CreateDelete {
		a.mu.Lock()
		deposed = a.deposed[c.Addr]
		a.mu.Unlock()
	}
	object := a.state.GetDeposed(c.Addr, deposed)
	if object == nil {
		return nil // it is gone already
	}
	entry := state.Entry{Addr: c.Addr, Deposed: deposed, Provider: c.Provider, Object: object}
	if c.Action == plan.Forget {
		entry.Object = nil
		return a.commit(entry)
	}
	prior, schema, diags := a.Stored(ctx, entry)
	if diags.HasErrors() {
		return diags
	}
	provider, more := a.ProviderFor(ctx, c.Addr, c.Provider)
	if diags = append(diags, more...); diags.HasErrors() {
		return diags
	}
	null := cty.NullVal(schema.Type)
	planned := plugin.Object{Value: null, Private: c.Private, Identity: prior.Identity}
	if c.Action == plan.CreateDelete {
		// The plan was about the new object; what goes with the old one is asked for now.
		asked, more := provider.Plan(ctx, c.Addr.Resource.Type, prior.Object, null, null)
		if diags = append(diags, a.about(more, c.Addr)...); diags.HasErrors() {
			return diags
		}
		planned.Private = asked.Private
	}
	if err := a.log.Intend(state.Intent{Addr: c.Addr, Deposed: deposed, Action: "delete"}); err != nil {
		return append(diags, a.unrecorded(c.Addr, err, notBegun)...)
	}
	event := plan.Event{Addr: c.Addr, Deposed: deposed, Step: plan.Destroying}
	event.IDKey, event.IDValue = plan.Identify(schema.Secret(prior.Value, lang.Sensitive))
	a.hook.Started(event)
	if diags = append(diags, a.provisionOld(ctx, c, deposed, prior, schema)...); diags.HasErrors() {
		a.hook.Finished(event, diags)
		return diags
	}
	got, _, lost, more := provider.Apply(ctx, c.Addr.Resource.Type, prior.Value, planned, null, nil)
	more = a.about(more, c.Addr)
	switch {
	case lost: // the object stays as it was known
	case got.Value.IsNull() && !more.HasErrors():
		entry.Object = nil
		more = append(more, a.commit(entry)...)
	case got.Value.IsNull():
	default:
		if !more.HasErrors() {
			more = append(more, &hcl.Diagnostic{
				Severity: hcl.DiagError, Summary: "Invalid result of the provider",
				Detail: fmt.Sprintf("The provider was asked to destroy %s and says that it is still there. This is a bug in the provider.", c.Addr),
			})
		}
		if fresh, err := plan.Record(schema, plugin.Object{Value: cty.UnknownAsNull(got.Value), Private: got.Private, Identity: got.Identity}, plan.MarksOf(object.Sensitive)); err == nil {
			entry.Object = object.With(func(o *state.Object) {
				o.Attributes, o.SchemaVersion, o.Private = fresh.Attributes, fresh.SchemaVersion, fresh.Private
			})
			more = append(more, a.commit(entry)...)
		}
	}
	a.hook.Finished(event, more)
	a.count(more, func(r *Result) { r.Destroyed++ })
	return append(diags, more...)
}

// provisionOld runs the provisioners of an object that is going to be destroyed.
// Those of a deposed or tainted object are not run: it was replaced already, or
// never got ready.
func (a *applier) provisionOld(ctx context.Context, c *plan.Change, deposed string, prior plan.Prior, schema *plugin.Schema) hcl.Diagnostics {
	if deposed != "" || prior.Tainted {
		return nil
	}
	in := lang.Within{Key: c.Addr.Key, Self: plan.Marked(schema, prior.Value, plan.MarksOf(prior.Sensitive))}
	return a.provision(ctx, c, deposed, in, true)
}

// about says which object a provider's diagnostics are about.
func (a *applier) about(diags hcl.Diagnostics, i addr.Instance) hcl.Diagnostics {
	if r := a.Resource(i); r != nil {
		return a.Locate(diags, r, i)
	}
	for _, d := range diags {
		d.Extra = plan.About{Addr: i.String()}
	}
	return diags
}

// commit stores entries as one step.
func (a *applier) commit(entries ...state.Entry) hcl.Diagnostics {
	for _, e := range entries {
		a.state.Put(e)
	}
	if err := a.log.Commit(entries...); err != nil {
		return a.unrecorded(entries[0].Addr, err, over)
	}
	return nil
}

func (a *applier) count(diags hcl.Diagnostics, add func(*Result)) {
	if diags.HasErrors() {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	add(&a.counts)
}

// settle says that the change of i was made.
func (a *applier) settle(i addr.Instance) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.open, i)
}

// What a step that cannot be recorded means, depending on when that came out.
const (
	notBegun = "Nothing was changed there, and no further change begins. Make room or mend the permissions, and apply again."
	over     = "The change itself is over, and no further one begins. If the state cannot be stored either, look after this object by hand: nothing says what became of it."
)

// unrecorded ends the run: what is not recorded would be lost with the program.
// Of the steps that did not begin, the first one tells enough.
func (a *applier) unrecorded(i addr.Instance, err error, then string) hcl.Diagnostics {
	a.mu.Lock()
	told := a.told
	a.told = true
	a.mu.Unlock()
	a.halt()
	if told && then == notBegun {
		return graph.Upstream()
	}
	return hcl.Diagnostics{{
		Severity: hcl.DiagError, Summary: "Step cannot be recorded",
		Detail: fmt.Sprintf("%s: %v. %s", i, err, then),
		Extra:  plan.About{Addr: i.String()},
	}}
}

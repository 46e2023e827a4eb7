package tf

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// settleLimit is how long AWS may take until reads show what was just written.
const settleLimit = 30 * time.Second

func (r *instance[C, M]) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	ds := &resp.Diagnostics
	m, err := r.model(ctx, req.Plan.Raw, req.Config.Raw, ds)
	if err != nil {
		return
	}
	b := baseOf(m)
	ctx, cancel := r.limited(ctx, b, func(t *Timeouts) types.String { return t.Create }, r.limits().Create)
	defer cancel()
	ctx, c, err := r.enter(ctx, b, resp.Private, nil)
	if err == nil {
		defer writing(ctx, ds)()
		b.Region = types.StringValue(ScopeOf(ctx).Region)
		err = r.make(ctx, c, m)
	}
	exists := b.ID.ValueString() != ""
	if err == nil && !exists {
		err = fmt.Errorf("the type's Create returned without an id; this is a bug of the provider")
	}
	if !exists {
		report(ds, "create "+r.named(req.Plan.Raw), err)
		return
	}
	if err == nil {
		err = r.settle(ctx, c, m, req.Plan.Raw)
	} else {
		_ = r.readAnyway(ctx, c, m) // the failure of the step itself is what must be told
	}
	if err == nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoLimit)
		defer cancel()
		if err := r.finish(ctx, c, m); err != nil {
			ds.AddWarning("The object is still marked as unfinished", r.named(req.Plan.Raw)+" is complete, but its mark could not be removed. "+detailOf(err))
		}
	}
	err = errors.Join(err, Remember(ctx, accountKey, ScopeOf(ctx).Account))
	r.save(ctx, &resp.State, resp.Identity, m, err == nil, ds)
	if err != nil {
		report(ds, "finish creating "+r.named(resp.State.Raw), err)
	}
}

func (r *instance[C, M]) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	ds := &resp.Diagnostics
	s, _ := ctx.Value(sightKey{}).(*sight[M]) // of a shortcut that was none
	if s != nil {
		ds.Append(s.kept.replay(ctx, resp.Private)...)
	} else {
		m, err := r.model(ctx, req.State.Raw, tftypes.Value{}, ds)
		if err != nil {
			return
		}
		s = r.look(ctx, m, resp.Private, known(req.Identity))
	}
	switch {
	case s.err == nil:
	case s.gone:
		r.identity(s.ctx, resp.Identity, fields(req.State.Raw)) // the framework wants one all the same
		resp.State.RemoveResource(ctx)
		return
	default:
		report(ds, "read "+r.named(req.State.Raw), s.err)
		return
	}
	r.save(s.ctx, &resp.State, resp.Identity, s.model, true, ds)
}

// A sight is what was found where an object should be.
type sight[M any] struct {
	ctx   context.Context // of the operation
	model *M
	err   error
	gone  bool    // what err says
	kept  *memory // what was remembered meanwhile, if the framework is yet to be told
}

// look reads the object of a model.
func (r *instance[C, M]) look(ctx context.Context, m *M, kept private, id map[string]tftypes.Value) *sight[M] {
	ctx, c, err := r.enter(ctx, baseOf(m), kept, id)
	s := &sight[M]{ctx: ctx, model: m, err: err}
	if s.err == nil {
		operationOf(ctx).refresh = true
		baseOf(m).Region = types.StringValue(ScopeOf(ctx).Region)
		s.err = r.Type.Read(ctx, c, m)
	}
	if s.gone = s.err != nil && r.Gone(s.err); s.err == nil {
		s.err = Remember(ctx, accountKey, ScopeOf(ctx).Account)
	}
	return s
}

func (r *instance[C, M]) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	ds := &resp.Diagnostics
	m, err := r.model(ctx, req.Plan.Raw, req.Config.Raw, ds)
	if err != nil {
		return
	}
	prior, err := r.model(ctx, req.State.Raw, tftypes.Value{}, ds)
	if err != nil {
		return
	}
	ctx, cancel := r.limited(ctx, baseOf(m), func(t *Timeouts) types.String { return t.Update }, r.limits().Update)
	defer cancel()
	ctx, c, err := r.enter(ctx, baseOf(m), resp.Private, known(req.Identity))
	if err != nil {
		report(ds, "update "+r.named(req.State.Raw), err)
		return
	}
	defer writing(ctx, ds)()
	if err = r.change(ctx, c, prior, m); err == nil {
		err = r.settle(ctx, c, m, req.Plan.Raw)
	} else {
		// What was changed before the error is found by reading; all else is as
		// it was.
		m = prior
		_ = r.readAnyway(ctx, c, m) // the failure of the step itself is what must be told
	}
	r.save(ctx, &resp.State, resp.Identity, m, err == nil, ds)
	if err != nil {
		report(ds, "update "+r.named(req.State.Raw), err)
	}
}

func (r *instance[C, M]) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	ds := &resp.Diagnostics
	m, err := r.model(ctx, req.State.Raw, tftypes.Value{}, ds)
	if err != nil {
		return
	}
	ctx, cancel := r.limited(ctx, baseOf(m), func(t *Timeouts) types.String { return t.Delete }, r.limits().Delete)
	defer cancel()
	ctx, c, err := r.enter(ctx, baseOf(m), req.Private, known(req.Identity))
	if err == nil {
		defer writing(ctx, ds)()
		err = r.Type.Delete(ctx, c, m)
	}
	if err != nil && !r.Gone(err) {
		report(ds, "delete "+r.named(req.State.Raw), err)
		return
	}
	r.release(ctx, m)
}

// model decodes raw; write-only attributes are taken from config, where alone
// they have values.
func (r *instance[C, M]) model(ctx context.Context, raw, config tftypes.Value, ds *diag.Diagnostics) (*M, error) {
	given := fields(config)
	if all := fields(raw); given != nil {
		for name, a := range r.schema.Attributes {
			if a.IsWriteOnly() {
				all[name] = given[name]
			}
		}
		raw = tftypes.NewValue(raw.Type(), all)
	}
	m, more := r.decode(ctx, raw)
	ds.Append(more...)
	if more.HasError() {
		return nil, errors.New("the value does not fit the model")
	}
	return m, nil
}

// limited gives ctx the operation's deadline.
func (r *instance[C, M]) limited(ctx context.Context, b *Base, of func(*Timeouts) types.String, limit time.Duration) (context.Context, context.CancelFunc) {
	if b.Timeouts != nil {
		if d, err := time.ParseDuration(of(b.Timeouts).ValueString()); err == nil {
			limit = d
		}
	}
	return context.WithTimeout(ctx, limit)
}

// settle reads the object after a write until AWS shows what was planned, and what
// the operation itself filled in, since reads may lag behind writes. What
// still differs at the end is left to the engine, which names it. A run that is
// canceled meanwhile has written all the same, so the object is read in spite of it.
func (r *instance[C, M]) settle(ctx context.Context, c C, m *M, plan tftypes.Value) error {
	limited, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	planned := *m
	if wrote, ds := r.encode(ctx, m); !ds.HasError() && len(r.Filled) > 0 {
		all, known := fields(plan), fields(wrote)
		for _, name := range r.Filled {
			all[name] = known[name]
		}
		plan = tftypes.NewValue(plan.Type(), all)
	}
	var last error
	err := Poll(limited, "AWS to show what was written", func(ctx context.Context) (bool, error) {
		*m = planned // so that a stale read leaves nothing behind
		if last = r.Type.Read(ctx, c, m); last != nil {
			if r.Gone(last) {
				return false, nil
			}
			return false, last
		}
		raw, ds := r.encode(ctx, m)
		return ds.HasError() || shows(plan, raw), nil
	})
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		*m = planned
		return r.readAnyway(ctx, c, m)
	}
	return last
}

// shows reports whether state has every value that plan knows.
func shows(plan, state tftypes.Value) bool {
	switch {
	case !plan.IsKnown():
		return true
	case plan.IsNull() || state.IsNull():
		return plan.IsNull() == state.IsNull()
	case isObject(plan.Type()) || isMap(plan.Type()):
		p, s := fields(plan), fields(state)
		for k, v := range p {
			if w, ok := s[k]; !ok || !shows(v, w) {
				return false
			}
		}
		return len(p) == len(s)
	case isSequence(plan.Type()):
		p, s := elements(plan), elements(state)
		for i := range min(len(p), len(s)) {
			if !shows(p[i], s[i]) {
				return false
			}
		}
		return len(p) == len(s)
	}
	if a, ok := stringOf(plan); ok {
		b, _ := stringOf(state)
		return a == b || SameJSON(a, b)
	}
	return plan.Equal(state)
}

// readAnyway reads the object when the operation's context is at its end or a
// step failed, because what is saved should be what is there. The model stays as
// it is when that does not work.
func (r *instance[C, M]) readAnyway(ctx context.Context, c C, m *M) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleLimit)
	defer cancel()
	before := *m
	var last error
	looks := 8 // in about two seconds: what was written a moment ago may not show yet
	_ = Poll(ctx, "AWS to show what was written", func(ctx context.Context) (bool, error) {
		*m = before
		last = r.Type.Read(ctx, c, m)
		looks--
		return last == nil || looks == 0 || !r.Gone(last), nil
	})
	if last != nil {
		*m = before
	}
	return last
}

// save writes the model into the state and the identity. A finished operation
// must have given each attribute a value.
func (r *instance[C, M]) save(ctx context.Context, state *tfsdk.State, id *tfsdk.ResourceIdentity, m *M, finished bool, ds *diag.Diagnostics) {
	raw, more := r.encode(ctx, m)
	ds.Append(more...)
	if more.HasError() {
		return
	}
	if finished {
		all := fields(raw)
		r.keepOnly(all)
		for name, v := range all {
			if !v.IsFullyKnown() {
				ds.AddAttributeError(path.Root(name), "An attribute has no value after the operation",
					r.typeName()+" did not read "+name+". This is a bug of the provider; the object itself is complete.")
			}
		}
	}
	state.Raw = r.stored(raw)
	r.identity(ctx, id, fields(state.Raw))
}

// raw is a model as the state has it.
func (r *instance[C, M]) raw(ctx context.Context, m *M) (tftypes.Value, diag.Diagnostics) {
	raw, ds := r.encode(ctx, m)
	if ds.HasError() {
		return raw, ds
	}
	return r.stored(raw), ds
}

// stored is an encoded model as the state has it: with a logical name, and without
// what is unknown or write-only.
func (r *instance[C, M]) stored(raw tftypes.Value) tftypes.Value {
	all := fields(raw)
	r.keepOnly(all)
	return nullUnknown(tftypes.NewValue(raw.Type(), all), true)
}

// keepOnly settles the logical name, and takes out what is write-only.
func (r *instance[C, M]) keepOnly(all map[string]tftypes.Value) {
	if r.Physical != "" && (all["name"].IsNull() || !all["name"].IsKnown()) {
		all["name"] = logicalName(r.provider, all[r.Physical])
	}
	for name, a := range r.schema.Attributes {
		if a.IsWriteOnly() {
			// The schema's type, because the type of a dynamic value tells of it.
			all[name] = tftypes.NewValue(r.kind().AttributeTypes[name], nil)
		}
	}
}

// named is how messages call the object: its type and the name that people know.
func (r *instance[C, M]) named(raw tftypes.Value) string {
	all := fields(raw)
	for _, name := range append([]string{r.Physical, "name"}, r.Import...) {
		if s, ok := stringOf(all[name]); ok && s != "" {
			return r.typeName() + " " + s
		}
	}
	return r.typeName()
}

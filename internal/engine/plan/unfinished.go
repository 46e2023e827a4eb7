package plan

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// Announce describes an object that is about to be created, so that a later run can
// find it if this one is cut off: by its identity, if the plan knows that,
// and by what is planned, unknown values left out. Both are cty JSON, or nil.
func Announce(s *plugin.Schema, planned cty.Value) (identity, known json.RawMessage) {
	if s.Identity == cty.NilType || !planned.Type().IsObjectType() || planned.IsNull() {
		return nil, nil
	}
	plain, err := cty.Transform(planned, func(_ cty.Path, v cty.Value) (cty.Value, error) {
		if !v.IsKnown() {
			return cty.NullVal(v.Type()), nil
		}
		return v, nil
	})
	if err != nil {
		return nil, nil
	}
	if known, err = ctyjson.Marshal(s.WithoutWriteOnly(plain), s.Type); err != nil {
		return nil, nil
	}
	out := map[string]cty.Value{}
	for name, ty := range s.Identity.AttributeTypes() {
		out[name] = cty.NullVal(ty)
		if !planned.Type().HasAttribute(name) {
			continue
		}
		v, err := convert.Convert(planned.GetAttr(name), ty)
		if err == nil && v.IsWhollyKnown() {
			out[name] = v
		}
	}
	for _, name := range s.IdentityRequired {
		if out[name].IsNull() {
			return nil, known
		}
	}
	if identity, err = ctyjson.Marshal(cty.ObjectVal(out), s.Identity); err != nil {
		return nil, known
	}
	return identity, known
}

// recover takes over the objects that an earlier run created, but could not record
// because it was cut off: they are in the state as if it had. Only an object that
// is all that was planned is taken for one; another of that name may be somebody
// else's. Where the provider notes what it makes, the creation itself takes over what
// is wanted, and what is not is ended with [Plan.Abandoned].
func (p *planner) recover(ctx context.Context) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, i := range p.opts.Unfinished {
		if i.Action != "create" || i.Identity == nil || i.Planned == nil || p.prior.Get(i.Addr) != nil {
			continue
		}
		wanted := p.opts.Mode != Destroy && p.Resource(i.Addr) != nil
		provider, more := p.Provider(ctx, i.Provider)
		if diags = append(diags, more...); more.HasErrors() {
			continue
		}
		if notes := provider.Notes(i.Addr.Resource.Type); notes && i.Note == nil {
			continue // nothing was made yet: what is there is somebody else's
		} else if notes && (wanted || !p.moves(i)) {
			continue // the provider goes on from its note, and knows the object better
		}
		o, there, more := p.created(ctx, i)
		if o == nil && !more.HasErrors() && !wanted {
			o, there, more = p.awaited(ctx, i)
		}
		diags = append(diags, more...)
		switch {
		case o != nil:
			e := p.movedOn(state.Entry{Addr: i.Addr, Provider: i.Provider, Object: o})
			if r := p.Resource(e.Addr); r != nil {
				e.Object = o.With(func(s *state.Object) {
					s.Dependencies, s.CreateBeforeDestroy, s.SkipDestroy = r.Needs, r.CreateFirst, r.Lifecycle.KeepObject
					s.Tainted = r.ProvisionsNew() // they were never run
				})
			}
			p.prior.Put(e)
			p.next.Put(e)
		case there && !wanted:
			diags = append(diags, &hcl.Diagnostic{
				Severity: hcl.DiagError, Summary: "An object is half made",
				Detail: fmt.Sprintf("An earlier run was cut off while it created %s, and there is an object of that name which is not, or not yet, what was planned. Apply the configuration that has its block first: it finishes the object, and destroying it can follow. If the object is somebody else's, remove the journal beside the state.", i.Addr),
				Extra:  About{Addr: i.Addr.String()},
			})
		}
	}
	return diags
}

// moves tells that the object of an intent has another address by now.
func (p *planner) moves(i state.Intent) bool {
	e := state.Entry{Addr: i.Addr, Provider: i.Provider, Object: &state.Object{}}
	return p.movedOn(e).Addr != i.Addr
}

// Abandoned are the creations of a run that was cut off which nobody wants any more,
// and which the provider can end, because it has noted how far it was: applying the
// plan ends them, and destroys what they made. A plan of a part leaves them aside.
func (p *Plan) Abandoned(unfinished []state.Intent) []state.Intent {
	if p.Partial || p.Mode == RefreshOnly {
		return nil
	}
	var out []state.Intent
	for _, i := range unfinished {
		planned := func(c Change) bool { return c.Addr == i.Addr && c.Deposed == "" }
		if i.Action == "create" && i.Note != nil && i.Planned != nil && !slices.ContainsFunc(p.Changes, planned) && p.Prior.Get(i.Addr) == nil {
			out = append(out, i)
		}
	}
	return out
}

// patience is how long an object that is to go is looked for that may still be in
// the making. One that is wanted needs no patience: its provider meets it.
const patience = 5 * time.Second

// awaited looks for the object until it is what was planned, or patience is at its
// end.
func (p *planner) awaited(ctx context.Context, i state.Intent) (o *state.Object, there bool, diags hcl.Diagnostics) {
	tick := time.NewTicker(patience / 20)
	defer tick.Stop()
	end := time.After(patience)
	for {
		o, there, diags = p.created(ctx, i)
		if o != nil || diags.HasErrors() {
			return o, there, diags
		}
		select {
		case <-ctx.Done():
			return nil, there, diags
		case <-end:
			return nil, there, diags
		case <-tick.C:
		}
	}
}

// created is the object that the intent led to, or nil, and whether there is one of
// its identity.
func (p *planner) created(ctx context.Context, i state.Intent) (o *state.Object, there bool, diags hcl.Diagnostics) {
	schema, diags := p.SchemaOf(ctx, i.Provider.Provider, i.Addr.Resource)
	if diags.HasErrors() || schema.Identity == cty.NilType {
		return nil, false, diags
	}
	identity, err := ctyjson.Unmarshal(i.Identity, schema.Identity)
	if err != nil {
		return nil, false, nil //nolint:nilerr // of another version of the provider
	}
	planned, err := ctyjson.Unmarshal(i.Planned, schema.Type)
	if err != nil {
		return nil, false, nil //nolint:nilerr // as above
	}
	provider, diags := p.Provider(ctx, i.Provider)
	if diags.HasErrors() {
		return nil, false, diags
	}
	found, more := provider.ImportIdentity(ctx, i.Addr.Resource.Type, identity)
	if more.HasErrors() {
		return nil, false, nil // it was not created
	}
	read, more := provider.Read(ctx, i.Addr.Resource.Type, found)
	if more.HasErrors() || read.Value.IsNull() || !keeps(planned, read.Value) {
		return nil, more.HasErrors() || !read.Value.IsNull(), nil
	}
	if p.has(i, schema, identity) {
		return nil, false, nil // it was there before, such as what was to be replaced
	}
	stored, err := Record(schema, read, nil)
	if err != nil {
		return nil, true, hcl.Diagnostics{StateFailure(i.Addr, err)}
	}
	return stored, true, nil
}

// movedOn is e where moved blocks want it by now, if nothing is there.
func (p *planner) movedOn(e state.Entry) state.Entry {
	alone := state.New()
	alone.Put(e)
	moves, diags := p.relocate(alone)
	for to := range moves.moved {
		if !diags.HasErrors() && to.Resource.Type == e.Addr.Resource.Type && p.prior.Get(to) == nil {
			e.Addr = to
		}
	}
	return e
}

// has tells that the state has an object of that identity, made with the same
// provider.
func (p *planner) has(i state.Intent, schema *plugin.Schema, identity cty.Value) bool {
	return slices.ContainsFunc(p.prior.Entries(), func(e state.Entry) bool {
		if e.Addr.Resource.Type != i.Addr.Resource.Type || e.Provider != i.Provider || e.Object.Identity == nil {
			return false
		}
		v, err := ctyjson.Unmarshal(e.Object.Identity, schema.Identity)
		return err == nil && agree(identity, v)
	})
}

// agree tells that two identities say the same of an object where both say
// something.
func agree(a, b cty.Value) bool {
	have := b.AsValueMap()
	for name, v := range a.AsValueMap() {
		if w := have[name]; !v.IsNull() && !w.IsNull() && !v.RawEquals(w) {
			return false
		}
	}
	return true
}

// keeps tells whether found has every value that was planned; nulls were unknown or
// left to the provider, and sets cannot be compared element by element.
func keeps(planned, found cty.Value) bool {
	switch ty := planned.Type(); {
	case planned.IsNull():
		return true
	case found.IsNull() || !found.IsKnown():
		return false
	case ty.IsSetType():
		return planned.LengthInt() == found.LengthInt()
	case ty.IsObjectType() || ty.IsMapType():
		have := found.AsValueMap()
		for name, v := range planned.AsValueMap() {
			if h, ok := have[name]; !ok || !keeps(v, h) {
				return false
			}
		}
		return true
	case ty.IsListType() || ty.IsTupleType():
		have := found.AsValueSlice()
		for i, v := range planned.AsValueSlice() {
			if i >= len(have) || !keeps(v, have[i]) {
				return false
			}
		}
		return true
	}
	return planned.RawEquals(found)
}

package plan

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// planInstance plans one instance of the configuration. Its value is what
// expressions see of it from now on.
func (p *planner) planInstance(ctx context.Context, id instanceID) (cty.Value, hcl.Diagnostics) {
	a := addr.Instance(id)
	r := p.Resource(a)
	if r == nil {
		return cty.DynamicVal, nil // its provider or type was refused when compiling
	}
	r, placing := p.Placed(ctx, r, a)
	if placing.HasErrors() {
		return cty.DynamicVal, placing
	}
	switch a.Resource.Mode {
	case addr.Data:
		return p.planData(ctx, r, a)
	case addr.Ephemeral:
		return p.planEphemeral(ctx, r, a)
	case addr.List:
		return p.planList(ctx, r, a)
	}
	if p.opts.Mode != Normal || len(p.opts.Invoke) > 0 || p.query != nil {
		return p.asItIs(ctx, r, a)
	}
	x, diags := p.Eval(a.Module).Expand(ctx, a.Resource)
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	in := x.Within(a.Key)
	diags = p.Before(ctx, r, a, in)
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	config, more := p.Configuration(ctx, r, a, in)
	if diags = append(diags, more...); diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	prior := Prior{Object: plugin.Object{Value: cty.NullVal(r.Schema.Type)}}
	var stored *state.Object
	var importing *Importing
	var o *object
	if p.prior.Get(a) != nil {
		o, more = p.objects.Get(ctx, objectID{addr: a})
	} else {
		o, importing, more = p.imported(ctx, r, a)
	}
	if diags = append(diags, more...); diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	if o != nil {
		prior, stored = o.Prior, o.stored
	}
	force, more := p.forced(ctx, r, a, in)
	if diags = append(diags, more...); diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	change, more := p.Decide(ctx, r, a, config, prior, force)
	if diags = append(diags, more...); diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	change.Importing = importing
	p.record(change)
	if change.Action == NoOp && stored != nil {
		p.touch(a, r, stored)
	}
	in.Self = change.After
	diags = append(diags, p.Eval(a.Module).Require(ctx, lang.OfInstance(a), r.Lifecycle.Postconditions, "Postcondition of "+a.String()+" failed", in)...)
	diags = append(diags, p.checkProvisioners(ctx, r, a.Module, in)...)
	return change.After, diags
}

// Before waits for what the block depends on and checks its preconditions.
func (s *Session) Before(ctx context.Context, r *Resource, a addr.Instance, in lang.Within) hcl.Diagnostics {
	e := s.Eval(a.Module)
	e.Expect(lang.OfInstance(a), r.Lifecycle.Preconditions, r.Lifecycle.Postconditions)
	diags := append(e.Enter(ctx), e.Wait(ctx, r.DependsOn)...)
	if diags.HasErrors() {
		return diags
	}
	return append(diags, e.Require(ctx, lang.OfInstance(a), r.Lifecycle.Preconditions, "Precondition of "+a.String()+" failed", in)...)
}

// touch keeps what the configuration says of an object that does not change.
func (p *planner) touch(a addr.Instance, r *Resource, stored *state.Object) {
	if stored.CreateBeforeDestroy == r.CreateFirst && stored.SkipDestroy == r.Lifecycle.KeepObject && slices.Equal(stored.Dependencies, r.Needs) {
		return
	}
	p.next.Put(state.Entry{Addr: a, Provider: r.Provider, Object: stored.With(func(s *state.Object) {
		s.CreateBeforeDestroy, s.Dependencies, s.SkipDestroy = r.CreateFirst, r.Needs, r.Lifecycle.KeepObject
	})})
}

// asItIs is the value of an instance when the configuration is not to be carried
// out.
func (p *planner) asItIs(ctx context.Context, r *Resource, a addr.Instance) (cty.Value, hcl.Diagnostics) {
	if p.prior.Get(a) == nil {
		return cty.UnknownVal(r.Schema.Type), nil
	}
	o, diags := p.objects.Get(ctx, objectID{addr: a})
	if diags.HasErrors() || o.Value.IsNull() {
		return cty.UnknownVal(r.Schema.Type), diags
	}
	v := Marked(r.Schema, o.Value, MarksOf(o.Sensitive))
	if p.opts.Mode == RefreshOnly {
		p.record(Change{Addr: a, Provider: r.Provider, Before: v, After: v, Private: o.Private})
		diags = append(diags, p.conditions(ctx, r, a, v)...)
	}
	return v, diags
}

// conditions checks those of an object that is left as it is. It is not there for
// long if the configuration does not have it any more.
func (p *planner) conditions(ctx context.Context, r *Resource, a addr.Instance, v cty.Value) hcl.Diagnostics {
	if len(r.Lifecycle.Preconditions)+len(r.Lifecycle.Postconditions) == 0 {
		return nil
	}
	e := p.Eval(a.Module)
	x, diags := e.Expand(ctx, a.Resource)
	if diags.HasErrors() || !x.Has(a.Key) {
		return diags
	}
	in := x.Within(a.Key)
	diags = append(diags, p.Before(ctx, r, a, in)...)
	in.Self = v
	return append(diags, e.Require(ctx, lang.OfInstance(a), r.Lifecycle.Postconditions, "Postcondition of "+a.String()+" failed", in)...)
}

// forced finds a reason to replace the instance even if nothing in it changes.
func (p *planner) forced(ctx context.Context, r *Resource, a addr.Instance, in lang.Within) (Reason, hcl.Diagnostics) {
	if slices.Contains(p.opts.Replace, a) {
		return ReplaceByRequest, nil
	}
	var diags hcl.Diagnostics
	var reason Reason
	for _, e := range r.Lifecycle.ReplaceTriggeredBy {
		triggered, d := p.triggered(ctx, e, a.Module, in)
		diags = append(diags, d...)
		if triggered {
			reason = ReplaceByTriggers
		}
	}
	return reason, diags
}

// trigger is what an element of replace_triggered_by refers to.
func trigger(e hcl.Expression) (lang.Ref, hcl.Diagnostics) {
	refs, diags := lang.Refs(e, nil)
	if diags.HasErrors() {
		return lang.Ref{}, diags
	}
	i := slices.IndexFunc(refs, func(r lang.Ref) bool { return r.Root == "resource" })
	if i < 0 || refs[i].Resource.Mode != addr.Managed || !onlyReference(e) || slices.ContainsFunc(refs, func(r lang.Ref) bool {
		return r.Root != "resource" && r.Root != "count" && r.Root != "each"
	}) {
		at := e.Range()
		return lang.Ref{}, hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "Invalid replace_triggered_by",
			Detail: "replace_triggered_by lists managed resources, instances of them, or their attributes, as they are. An index may be count.index, each.key or a literal.", Subject: &at,
		}}
	}
	return refs[i], nil
}

// onlyReference tells that e is a traversal, in which an index may be one, too. In
// JSON it is a text, which is looked at by its references.
func onlyReference(e hcl.Expression) bool {
	switch x := e.(type) {
	case *hclsyntax.ScopeTraversalExpr:
		return true
	case *hclsyntax.RelativeTraversalExpr:
		return onlyReference(x.Source)
	case *hclsyntax.IndexExpr:
		_, literal := x.Key.(*hclsyntax.TemplateExpr)
		return onlyReference(x.Collection) && (literal || onlyReference(x.Key))
	case hclsyntax.Expression:
		return false
	}
	return true
}

// triggered tells that what e refers to is going to change: a resource, an
// instance, or one attribute of it.
func (p *planner) triggered(ctx context.Context, e hcl.Expression, module addr.ModuleInstance, in lang.Within) (bool, hcl.Diagnostics) {
	eval := p.Eval(module)
	ref, diags := trigger(e)
	if diags.HasErrors() {
		return false, diags
	}
	if _, diags = eval.Expr(ctx, e, cty.DynamicPseudoType, in); diags.HasErrors() {
		return false, diags
	}
	x, diags := eval.Expand(ctx, ref.Resource)
	if diags.HasErrors() {
		return false, diags
	}
	key, whole := ref.Key, false
	if ref.KeyExpr != nil {
		v, d := eval.Expr(ctx, ref.KeyExpr, cty.DynamicPseudoType, in)
		if diags = append(diags, d...); diags.HasErrors() {
			return false, diags
		}
		k, err := addr.KeyOf(v)
		key, whole = k, err != nil
	}
	if key == nil && x.Repetition() != "" {
		whole = true
	}
	for _, k := range x.Keys {
		if !whole && k != key {
			continue
		}
		a := module.Resource(ref.Resource).Instance(k)
		if _, d := p.instances.Get(ctx, instanceID(a)); d.HasErrors() {
			return false, d
		}
		if c := p.changed(a); c != nil && (c.Action == Update || c.Action.Replaces() || c.Action == ForgetCreate) && differs(*c, ref.Rest) {
			return true, diags
		}
	}
	return false, diags
}

// differs tells that the part of the object at the end of steps changes.
func differs(c Change, steps hcl.Traversal) bool {
	before, after := c.Before, c.After
	for _, step := range steps {
		b, errBefore := hcl.Traversal{step}.TraverseRel(before)
		a, errAfter := hcl.Traversal{step}.TraverseRel(after)
		if errBefore.HasErrors() || errAfter.HasErrors() {
			return errBefore.HasErrors() != errAfter.HasErrors()
		}
		before, after = b, a
	}
	before, _ = before.UnmarkDeep()
	after, _ = after.UnmarkDeep()
	return !same(before, after) || !after.IsWhollyKnown()
}

// planRemoval plans to destroy an object that the configuration does not want:
// deposed, or of an instance that it does not have.
func (p *planner) planRemoval(ctx context.Context, id removalID) (struct{}, hcl.Diagnostics) {
	reason, unwanted, diags := p.unwanted(ctx, id)
	if diags.HasErrors() || !unwanted {
		return struct{}{}, diags
	}
	o, diags := p.objects.Get(ctx, objectID(id))
	if diags.HasErrors() || o.Value.IsNull() || p.opts.Mode == RefreshOnly {
		return struct{}{}, diags
	}
	change := Change{
		Addr: id.addr, Deposed: id.deposed, Provider: o.provider, Action: Delete, Reason: reason, Known: true,
		Before: Marked(o.schema, o.Value, MarksOf(o.Sensitive)), After: cty.NullVal(o.schema.Type),
		CreateFirst: o.stored.CreateBeforeDestroy, Dependencies: o.stored.Dependencies, Private: o.Private,
	}
	if kept, why := p.keeps(id.addr, o.stored); kept {
		change.Action = Forget
		if why != "" {
			change.Reason = why
		}
		p.record(change)
		return struct{}{}, append(diags, &hcl.Diagnostic{
			Severity: hcl.DiagWarning, Summary: "Object left alone",
			Detail: fmt.Sprintf("%s is dropped from the state, but not destroyed: it goes on to exist, and nothing here knows of it any more.", id.addr),
			Extra:  About{Addr: id.addr.String()},
		})
	}
	if p.plansDestroy(o.provider.Provider) {
		provider, more := p.ProviderFor(ctx, id.addr, o.provider)
		if diags = append(diags, more...); diags.HasErrors() {
			return struct{}{}, diags
		}
		null := cty.NullVal(o.schema.Type)
		planned, more := provider.Plan(ctx, id.addr.Resource.Type, o.Object, null, null)
		if diags = append(diags, p.about(more, id.addr)...); diags.HasErrors() {
			return struct{}{}, diags
		}
		if !planned.Value.IsNull() {
			return struct{}{}, append(diags, &hcl.Diagnostic{
				Severity: hcl.DiagError, Summary: "Invalid plan of the provider",
				Detail: fmt.Sprintf("The provider %s was asked to destroy %s and planned to keep it. This is a bug in the provider; please report it to its authors.", o.provider.Provider.Display(), id.addr),
			})
		}
		change.Private = planned.Private
	}
	p.record(change)
	return struct{}{}, diags
}

// keeps tells that the object at a is to be forgotten and not destroyed: because a
// removed block or its own block says so, or did when it was applied.
func (p *planner) keeps(a addr.Instance, stored *state.Object) (bool, Reason) {
	if r := p.Resource(a); r != nil {
		return r.Lifecycle.KeepObject, ForgetByConfig
	}
	if found, destroy := p.removed(a); found {
		return !destroy, ""
	}
	return stored.SkipDestroy, ForgetByState
}

// removed tells that a removed block speaks of a, and whether it destroys.
func (p *planner) removed(a addr.Instance) (found, destroy bool) {
	for m := range p.Module.All() {
		for _, b := range m.Removed {
			if b.From.IsModule() && a.Module.Config().Within(b.From.Module(m.Path)) || !b.From.IsModule() && a.Config() == b.From.Config(m.Path) {
				return true, b.Destroy
			}
		}
	}
	return false, false
}

// unwanted tells that the configuration has no place for an object, and why.
func (p *planner) unwanted(ctx context.Context, id removalID) (Reason, bool, hcl.Diagnostics) {
	if p.opts.Mode == Destroy || id.deposed != "" {
		return "", true, nil
	}
	r := p.Resource(id.addr)
	if _, moved := p.moved[id.addr]; r == nil && moved {
		return DeleteNoMoveTarget, true, nil
	}
	if r == nil {
		return DeleteNoConfig, true, nil
	}
	eval := p.Eval(id.addr.Module)
	exists, diags := eval.Exists(ctx)
	if diags.HasErrors() {
		return "", false, diags
	}
	if !exists {
		return DeleteNoModule, true, diags
	}
	x, diags := eval.Expand(ctx, id.addr.Resource)
	if diags.HasErrors() || x.Has(id.addr.Key) {
		return "", false, diags
	}
	switch k := id.addr.Key.(type) {
	case addr.IntKey:
		if x.Repetition() == "count" && int(k) >= len(x.Keys) {
			return DeleteCountIndex, true, nil
		}
	case addr.StringKey:
		if x.Repetition() == "for_each" {
			return DeleteEachKey, true, nil
		}
	}
	if x.Repetition() == "enabled" && id.addr.Key == nil {
		return DeleteEnabledFalse, true, nil
	}
	return DeleteWrongRepetition, true, nil
}

package tf

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// A Plan is a planned create or update as a type's Plan function sees and
// refines it.
type Plan[M any] struct {
	// Config is what is written; Prior what is there, nil on create; Planned the
	// plan so far. See [Type] about unknown values in models. They are for
	// reading: changes are made by the methods.
	Config, Prior, Planned *M

	ctx     context.Context
	all     *planning
	schema  schema.Schema
	replace path.Paths
	ds      *diag.Diagnostics
}

// Known reports whether the planned value of a top-level attribute is known
// completely.
func (p *Plan[M]) Known(name string) bool { return p.all.plan[name].IsFullyKnown() }

// Pending reports whether the configuration has something in a top-level attribute
// that is not known yet.
func (p *Plan[M]) Pending(name string) bool { return !p.all.config[name].IsFullyKnown() }

// Changed reports whether the planned value of a top-level attribute differs
// from the prior one; true on create.
func (p *Plan[M]) Changed(name string) bool { return p.all.differs(name) }

// Set plans a value for a computed top-level attribute; an unknown one says that
// it will change.
func (p *Plan[M]) Set(name string, v attr.Value) {
	raw, err := v.ToTerraformValue(p.ctx)
	if err != nil {
		panic(fmt.Sprintf("planning %s: %v", name, err))
	}
	p.all.plan[name] = raw
	p.all.settled[name] = true
}

// Replace says that the object must be replaced because of that attribute.
func (p *Plan[M]) Replace(name string) { p.replace.Append(path.Root(name)) }

// Warn adds a warning about an attribute.
func (p *Plan[M]) Warn(at path.Path, summary, detail string) {
	p.ds.AddAttributeWarning(at, summary, detail)
}

// Error adds an error about an attribute.
func (p *Plan[M]) Error(at path.Path, summary, detail string) {
	p.ds.AddAttributeError(at, summary, detail)
}

// Provider is the provider's configuration; parts of it may be unknown.
func (p *Plan[M]) Provider() *Provider { return operationOf(p.ctx).provider }

// planning is the raw side of one plan: the top-level attributes of each value.
type planning struct {
	config, prior, plan map[string]tftypes.Value // prior is nil on create
	settled             map[string]bool          // planned on purpose: not to be touched again
}

func (r *instance[C, M]) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() || r.provider == nil {
		return
	}
	plan, replace := r.plan(ctx, raws{req.Config.Raw, req.State.Raw, req.Plan.Raw}, resp.Private, &resp.Diagnostics)
	resp.RequiresReplace.Append(replace...)
	if plan != nil {
		resp.Plan.Raw = tftypes.NewValue(req.Plan.Raw.Type(), plan)
	}
}

// raws are the values that a plan is made from; prior is null on create.
type raws struct{ config, prior, plan tftypes.Value }

// plan returns the attributes of the planned object, and those that demand that
// it is replaced. The attributes are nil if there are errors.
func (r *instance[C, M]) plan(ctx context.Context, of raws, kept private, ds *diag.Diagnostics) (map[string]tftypes.Value, path.Paths) {
	p := &planning{
		config:  fields(of.config),
		prior:   fields(of.prior),
		plan:    maps.Clone(fields(of.plan)),
		settled: map[string]bool{},
	}
	ctx = context.WithValue(ctx, operationKey{}, &operation{provider: r.provider, private: kept})
	var replace path.Paths
	r.planRegion(ctx, p, ds)
	r.planDefaults(p)
	r.planName(ctx, p, ds)
	if tags, ok := p.plan["tags"]; ok {
		p.set("tags_all", mergedTags(ctx, r.provider.Tags, tags))
	}
	if r.Plan != nil && !ds.HasError() {
		replace = r.planType(ctx, p, of, ds)
	}
	if ds.HasError() {
		return nil, replace
	}
	if p.prior != nil {
		for _, name := range append([]string{r.Physical, "region"}, r.Replace...) {
			if name != "" && p.differs(name) {
				replace.Append(path.Root(name))
			}
		}
		r.keepStable(p)
	}
	return p.plan, replace
}

func (p *planning) set(name string, v tftypes.Value) {
	p.plan[name] = v
	p.settled[name] = true
}

// planType calls the type's own Plan function, and returns the attributes that
// demand a replacement according to it.
func (r *instance[C, M]) planType(ctx context.Context, p *planning, of raws, ds *diag.Diagnostics) path.Paths {
	own := &Plan[M]{ctx: ctx, all: p, schema: r.schema, ds: ds}
	var more diag.Diagnostics
	own.Config, more = r.decode(ctx, of.config)
	ds.Append(more...)
	own.Planned, more = r.decodeAll(ctx, p.plan)
	ds.Append(more...)
	if p.prior != nil {
		own.Prior, more = r.decode(ctx, of.prior)
		ds.Append(more...)
	}
	if ds.HasError() {
		return nil
	}
	if err := r.Plan(ctx, own); err != nil {
		report(ds, "plan "+r.named(tftypes.NewValue(r.kind(), p.plan)), err)
	}
	return own.replace
}

func (r *instance[C, M]) planRegion(ctx context.Context, p *planning, ds *diag.Diagnostics) {
	if !p.config["region"].IsNull() {
		return
	}
	raw, err := r.provider.Region.ToTerraformValue(ctx)
	if err == nil && raw.IsNull() {
		err = noRegion(false)
	}
	if err != nil {
		report(ds, "plan "+r.typeName(), err)
		return
	}
	p.set("region", raw)
}

// planName makes the physical name from the prefix and the logical name, or the
// logical name of something new from the physical one.
func (r *instance[C, M]) planName(ctx context.Context, p *planning, ds *diag.Diagnostics) {
	if r.Physical == "" {
		return
	}
	if given := p.config[r.Physical]; !given.IsNull() {
		if given.IsKnown() && !r.provider.NamePrefix.IsUnknown() && p.config["name"].IsNull() && !p.plan["name"].IsKnown() {
			p.set("name", logicalName(r.provider, given))
		}
		return
	}
	name, known := stringOf(p.plan["name"])
	if !known || r.provider.NamePrefix.IsUnknown() {
		p.set(r.Physical, tftypes.NewValue(tftypes.String, tftypes.UnknownValue))
		return
	}
	name = r.provider.NamePrefix.ValueString() + name
	p.set(r.Physical, stringValue(name))
	a, ok := r.schema.Attributes[r.Physical].(schema.StringAttribute)
	if !ok {
		return
	}
	for _, v := range a.Validators {
		resp := validator.StringResponse{}
		v.ValidateString(ctx, validator.StringRequest{
			Path: path.Root("name"), PathExpression: path.MatchRoot("name"), ConfigValue: types.StringValue(name),
		}, &resp)
		ds.Append(resp.Diagnostics...)
	}
}

// logicalName is the attribute "name" of an object that was imported.
func logicalName(p *Provider, physical tftypes.Value) tftypes.Value {
	s, ok := stringOf(physical)
	if !ok {
		return physical
	}
	return stringValue(strings.TrimPrefix(s, p.NamePrefix.ValueString()))
}

// planDefaults fills what the configuration leaves open from the provider's
// defaults block. The schema's own defaults are in the plan already.
func (r *instance[C, M]) planDefaults(p *planning) {
	given := r.provider.Defaults[r.Name]
	for _, name := range r.Defaults {
		v, ok := given[name]
		if ok && v.IsKnown() && v.IsNull() {
			ok = false
		}
		switch {
		case ok:
			p.plan[name] = fill(p.plan[name], p.config[name], v)
		case p.config[name].IsNull() && !hasDefault(r.schema.Attributes[name]):
			p.plan[name] = tftypes.NewValue(p.plan[name].Type(), nil)
		default:
			continue
		}
		if p.config[name].IsNull() {
			p.settled[name] = true
		}
	}
}

// fill gives an attribute the default def where the configuration has none;
// objects are filled attribute by attribute.
func fill(plan, config, def tftypes.Value) tftypes.Value {
	switch {
	case !config.IsKnown() || def.IsKnown() && def.IsNull():
		return plan
	case config.IsNull() && !isObject(plan.Type()):
		return def
	case !isObject(plan.Type()):
		return plan
	case !def.IsKnown():
		if config.IsNull() {
			return tftypes.NewValue(plan.Type(), tftypes.UnknownValue)
		}
		return plan
	}
	all, given, have := fields(def), fields(config), fields(plan)
	out := map[string]tftypes.Value{}
	for name, t := range plan.Type().(tftypes.Object).AttributeTypes {
		c, ok := given[name]
		if !ok {
			c = tftypes.NewValue(t, nil)
		}
		h, ok := have[name]
		if !ok {
			h = tftypes.NewValue(t, nil)
		}
		if d, ok := all[name]; ok {
			h = fill(h, c, d)
		}
		out[name] = h
	}
	return tftypes.NewValue(plan.Type(), out)
}

// hasDefault reports whether an attribute's schema has a default.
func hasDefault(a schema.Attribute) bool {
	switch a := a.(type) {
	case schema.StringAttribute:
		return a.Default != nil
	case schema.BoolAttribute:
		return a.Default != nil
	case schema.Int64Attribute:
		return a.Default != nil
	case schema.ListAttribute:
		return a.Default != nil
	case schema.MapAttribute:
		return a.Default != nil
	case schema.SetAttribute:
		return a.Default != nil
	case schema.SingleNestedAttribute:
		return a.Default != nil
	}
	return false
}

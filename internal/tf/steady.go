package tf

import (
	"context"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// steady is what a type answers without the framework, for objects that are as
// they should be. False says nothing but that the framework must be asked.
type steady interface {
	// shape is the type of raw values, and whether there are shortcuts at all.
	shape() (tftypes.Object, bool)
	identityKind() tftypes.Object
	version() int64

	// alone is Alone of the type.
	alone() [][]string

	// marks tells that a create notes in the engine's journal what it makes.
	marks() bool

	// valid reports that the framework would find no fault with a configuration.
	valid(ctx context.Context, config tftypes.Value, allowed validator.ValidateSchemaClientCapabilities) bool

	// same reads an object and reports that it is as the state has it. If it is
	// not, what was seen goes into the context of the framework's Read, which does
	// not read again then; nil if nothing was read.
	same(ctx context.Context, p *Provider, state, id tftypes.Value, m *memory) (seen any, same bool)

	// stays reports that the plan for an object is to leave it as it is.
	stays(ctx context.Context, p *Provider, prior, proposed, config tftypes.Value, m *memory) bool
}

type sightKey struct{}

func (r *instance[C, M]) alone() [][]string { return r.Alone }

func (c *codec[M]) shape() (tftypes.Object, bool) {
	_, ok := c.facts()
	return c.kind(), ok && c.paired() != nil
}

func (c *codec[M]) version() int64 { return c.schema.Version }

// of is the same type connected to a provider.
func (r *instance[C, M]) of(p *Provider) *instance[C, M] {
	one := *r
	one.provider = p
	return &one
}

func (r *instance[C, M]) same(ctx context.Context, p *Provider, state, id tftypes.Value, kept *memory) (any, bool) {
	r = r.of(p)
	was, recorded := fields(state), fields(id)
	m, ok := r.from(ctx, was)
	if !ok {
		return nil, false
	}
	s := r.look(ctx, m, kept, recorded)
	s.kept = kept
	if s.err == nil && !kept.changed() {
		if now, ok := r.to(ctx, m); ok && r.unchanged(s.ctx, was, now, recorded) {
			return s, true
		}
	}
	return s, false
}

// unchanged compares what was read with the state and the identity.
func (r *instance[C, M]) unchanged(ctx context.Context, state, now, id map[string]tftypes.Value) bool {
	r.keepOnly(now)
	return same(now, state) && same(r.identified(ctx, now), id)
}

func (r *instance[C, M]) stays(ctx context.Context, p *Provider, prior, proposed, config tftypes.Value, kept *memory) bool {
	r = r.of(p)
	known, _ := r.facts()
	was := fields(prior)
	asked, ok := filled(ctx, known, fields(config), fields(proposed))
	if !ok || !same(asked, was) {
		return false // the framework makes what is computed unknown before the type plans
	}
	if _, ok := r.from(ctx, fields(config)); !ok {
		return false // the framework looks at what is written here, too
	}
	var ds diag.Diagnostics
	plan, replace := r.plan(ctx, raws{config: config, prior: prior, plan: prior}, kept, &ds)
	if len(ds) > 0 || len(replace) > 0 || kept.changed() {
		return false
	}
	return same(plan, was)
}

// filled is what the framework's defaults make of the attributes of a proposal; not
// ok if it would complain.
func filled(ctx context.Context, known []facts, config, proposed map[string]tftypes.Value) (map[string]tftypes.Value, bool) {
	out := maps.Clone(proposed)
	for i := range known {
		f := &known[i]
		given, ok := config[f.name]
		switch {
		case f.initial != nil && (!ok || given.IsNull()):
			out[f.name], ok = f.initial(ctx, path.Empty())
		case f.deep:
			out[f.name], ok = filledInside(ctx, f, given, proposed[f.name])
		default:
			continue
		}
		if !ok {
			return nil, false
		}
	}
	return out, true
}

// filledInside is filled for the objects within a value.
func filledInside(ctx context.Context, f *facts, config, proposed tftypes.Value) (tftypes.Value, bool) {
	if !proposed.IsKnown() || proposed.IsNull() {
		return proposed, true
	}
	one := func(config, proposed tftypes.Value) (tftypes.Value, bool) {
		all := fields(proposed)
		if all == nil {
			return proposed, true
		}
		all, ok := filled(ctx, f.inner, fields(config), all)
		return tftypes.NewValue(proposed.Type(), all), ok
	}
	if f.nesting == single {
		return one(config, proposed)
	}
	var ok bool
	if f.nesting == mapped {
		given, out := fields(config), map[string]tftypes.Value{}
		for key, v := range fields(proposed) {
			if out[key], ok = one(given[key], v); !ok {
				return proposed, false
			}
		}
		return tftypes.NewValue(proposed.Type(), out), true
	}
	given, out := elements(config), slices.Clone(elements(proposed))
	for i, v := range out {
		var c tftypes.Value
		if i < len(given) {
			c = given[i]
		}
		if out[i], ok = one(c, v); !ok {
			return proposed, false
		}
	}
	return tftypes.NewValue(proposed.Type(), out), true
}

func (r *instance[C, M]) valid(ctx context.Context, raw tftypes.Value, allowed validator.ValidateSchemaClientCapabilities) bool {
	config := tfsdk.Config{Raw: raw, Schema: r.schema}
	resp := resource.ValidateConfigResponse{}
	r.ValidateConfig(ctx, resource.ValidateConfigRequest{Config: config}, &resp)
	if len(resp.Diagnostics) > 0 || r.schema.DeprecationMessage != "" {
		return false
	}
	known, _ := r.facts()
	p := place{config: &validator.StringRequest{Config: config, ClientCapabilities: allowed}}
	return sane(ctx, known, fields(raw), p, true)
}

// sane reports whether the framework would find no fault with these attributes.
func sane(ctx context.Context, known []facts, config map[string]tftypes.Value, within place, top bool) bool {
	for i := range known {
		f := &known[i]
		raw, ok := config[f.name]
		if !ok {
			return false
		}
		null := raw.IsNull()
		if f.readOnly && !null || f.required && null || f.warns && !null || f.secret && !null && !within.config.ClientCapabilities.WriteOnlyAttributesAllowed {
			return false
		}
		if null && f.check == nil {
			continue
		}
		v, err := f.kind.ValueFromTerraform(ctx, raw)
		if err != nil || !sound(ctx, f.kind, v, raw) {
			return false
		}
		p := place{at: within.at.AtName(f.name), like: within.like.AtName(f.name), config: within.config}
		if top {
			p.at, p.like = path.Root(f.name), path.MatchRoot(f.name)
		}
		if f.check != nil && !f.check(ctx, p, v) {
			return false
		}
		if !saneInside(ctx, f, raw, p) {
			return false
		}
	}
	return true
}

func saneInside(ctx context.Context, f *facts, raw tftypes.Value, p place) bool {
	if len(f.inner) == 0 || !raw.IsKnown() {
		return true
	}
	one := func(raw tftypes.Value, p place) bool {
		all := fields(raw)
		if all == nil {
			return false // how the framework sees an element that is null or unknown is its own affair
		}
		if f.each != nil {
			v, err := types.ObjectType{AttrTypes: attributeTypes(f.inner)}.ValueFromTerraform(ctx, raw)
			if o, ok := v.(types.Object); err != nil || !ok || !f.each(ctx, p, o) {
				return false
			}
		}
		return sane(ctx, f.inner, all, p, false)
	}
	switch f.nesting {
	case single:
		return raw.IsNull() || one(raw, p)
	case listed:
		for i, e := range elements(raw) {
			if !one(e, place{p.at.AtListIndex(i), p.like.AtListIndex(i), p.config}) {
				return false
			}
		}
	case mapped:
		for key, e := range fields(raw) {
			if !one(e, place{p.at.AtMapKey(key), p.like.AtMapKey(key), p.config}) {
				return false
			}
		}
	case setOf:
		kind := types.ObjectType{AttrTypes: attributeTypes(f.inner)}
		for _, e := range elements(raw) {
			v, err := kind.ValueFromTerraform(ctx, e)
			if err != nil || !one(e, place{p.at.AtSetValue(v), p.like.AtSetValue(v), p.config}) {
				return false
			}
		}
	}
	return true
}

package plan

import (
	"context"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// Assert evaluates all check blocks, once everything else is evaluated. It gives
// warnings only.
func (s *Session) Assert(ctx context.Context) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for m := range s.Module.All() {
		if len(m.Checks) == 0 {
			continue
		}
		instances, d := s.instancesOf(ctx, m)
		diags = append(diags, lang.Demoted(d)...) // what is wrong with a call is reported as an error elsewhere
		for _, e := range instances {
			for _, name := range slices.Sorted(maps.Keys(m.Checks)) {
				diags = append(diags, e.Assert(ctx, name)...)
			}
		}
	}
	return diags
}

// Results are what became of all conditions so far.
func (s *Session) Results() []lang.BlockResult { return s.tree.Results() }

// Scoped is the value of the data source of a check block. That it cannot be read
// is a warning, and then nothing is known of it, not even its type. The entry has
// what was configured then; it has no object unless it was tried to read it.
func (s *Session) Scoped(ctx context.Context, r *Resource, a addr.Instance, hook Hook) (cty.Value, state.Entry, hcl.Diagnostics) {
	x, diags := s.Eval(a.Module).Expand(ctx, a.Resource)
	if diags.HasErrors() {
		return cty.DynamicVal, state.Entry{}, lang.Demoted(diags)
	}
	in := x.Within(a.Key)
	in.Check = r.Check
	if diags = s.Before(ctx, r, a, in); diags.HasErrors() {
		return cty.DynamicVal, state.Entry{}, lang.Demoted(diags)
	}
	config, more := s.Configuration(ctx, r, a, in)
	diags = append(diags, more...)
	if diags.HasErrors() || !config.Value.IsWhollyKnown() {
		return cty.UnknownVal(r.Schema.Type), state.Entry{}, lang.Demoted(diags)
	}
	v, entry, more := s.ReadData(ctx, r, a, in, config, hook)
	s.Eval(a.Module).Failure(r.Check, more)
	if more.HasErrors() {
		bare, _ := unread(r, config).UnmarkDeep()
		object, err := Record(r.Schema, plugin.Object{Value: cty.UnknownAsNull(bare)}, config.Marks)
		if err != nil {
			diags = append(diags, StateFailure(a, err))
		}
		entry.Object = object
	}
	return v, entry, lang.Demoted(append(diags, more...))
}

// scoped is Scoped, but for what is going to change: then applying reads it.
func (p *planner) scoped(ctx context.Context, r *Resource, a addr.Instance) (cty.Value, hcl.Diagnostics) {
	read := Change{Addr: a, Provider: r.Provider, Action: Read, Reason: ReadCheckNested, Before: cty.NullVal(r.Schema.Type), Dependencies: r.Needs}
	if p.opts.Mode == Normal && p.pending(r, a.Module) {
		read.Reason, read.After = ReadDependency, p.unread(ctx, r, a)
		p.record(read)
		return cty.UnknownVal(r.Schema.Type), nil
	}
	v, entry, diags := p.Scoped(ctx, r, a, p.hook)
	if entry.Object != nil {
		p.next.Put(entry)
	}
	if p.opts.Mode == Normal {
		read.After = v
		if v.Type() == cty.DynamicPseudoType {
			read.After = p.unread(ctx, r, a)
		}
		p.record(read)
	}
	return v, diags
}

// scopes tells that a is a data source of a check block.
func (p *Program) scopes(a addr.Instance) bool {
	r := p.resources[a.Config()]
	return r != nil && r.Check != ""
}

// unread is what is known of the data source of a check block before it is read.
// What keeps it from being known is reported where it is read.
func (s *Session) unread(ctx context.Context, r *Resource, a addr.Instance) cty.Value {
	x, diags := s.Eval(a.Module).Expand(ctx, a.Resource)
	if diags.HasErrors() {
		return cty.UnknownVal(r.Schema.Type)
	}
	config, diags := s.Configuration(ctx, r, a, x.Within(a.Key))
	if diags.HasErrors() {
		return cty.UnknownVal(r.Schema.Type)
	}
	return unread(r, config)
}

// unread is the value of a data source that is not read yet.
func unread(r *Resource, config Configuration) cty.Value {
	return Marked(r.Schema, propose(&r.Schema.Block, cty.UnknownVal(r.Schema.Type), config.Value), config.Marks)
}

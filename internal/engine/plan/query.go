package plan

import (
	"context"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/graph"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
)

// defaultLimit is how many objects a list finds at most unless it says otherwise.
const defaultLimit = 100

// Found is one object that a list found.
type Found struct {
	List     addr.Instance
	Provider addr.ProviderConfig
	Local    string // how the configuration refers to the provider, "name" or "name.alias"
	Schema   *plugin.Schema

	Name            string    // for people
	Identity        cty.Value // of the identity's type, known
	IdentityVersion uint64

	// Resource is the object, with its sensitive parts marked; null unless the list
	// includes it.
	Resource cty.Value

	// Config is a configuration that describes the object, as the provider says it;
	// null unless it was asked for.
	Config cty.Value
}

// Finder is told what a query finds, of several lists at the same time but of each
// one in order.
type Finder interface {
	Listing(list addr.Instance, config cty.Value)
	Found(Found)
	Listed(list addr.Instance, total int, diags hcl.Diagnostics)
}

// query is what makes a planner's run one of Query.
type query struct {
	finder Finder
	config bool // ask for configurations
}

// Query asks the providers for the objects that the lists of the configuration,
// read by config.LoadQuery, are about. With configs it also asks for
// configurations that describe them. Nothing is planned.
func (p *Program) Query(ctx context.Context, o Options, configs bool, f Finder) hcl.Diagnostics {
	diags := p.Validate(ctx)
	if diags.HasErrors() {
		return diags
	}
	pl := p.planner(o)
	pl.query = &query{f, configs}
	w := newWalk()
	root := pl.Eval("")
	for name := range p.Module.Variables {
		w.ask(func() hcl.Diagnostics { _, d := root.Variable(ctx, name); return d })
	}
	for r := range p.Module.Resources {
		if r.Mode != addr.List || p.resources[r.In("")] == nil {
			continue
		}
		w.ask(func() hcl.Diagnostics {
			x, diags := root.Expand(ctx, r)
			if diags.HasErrors() {
				return diags
			}
			for _, key := range x.Keys {
				id := instanceID(root.Module.Resource(r).Instance(key))
				w.ask(func() hcl.Diagnostics { _, d := pl.instances.Get(ctx, id); return d })
			}
			return diags
		})
	}
	diags = append(diags, w.wait()...)
	diags = append(diags, pl.Graph.Diagnostics()...)
	return sorted(graph.Reportable(append(diags, pl.Close(ctx)...)))
}

// planList carries out a list. Its value has what was found as the tuple data.
func (p *planner) planList(ctx context.Context, r *Resource, a addr.Instance) (cty.Value, hcl.Diagnostics) {
	e := p.Eval(a.Module)
	x, diags := e.Expand(ctx, a.Resource)
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	in := x.Within(a.Key)
	config, more := p.Configuration(ctx, r, a, in)
	if diags = append(diags, more...); diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	include, limit, more := p.listing(ctx, r, a, in, config)
	if diags = append(diags, more...); diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	if !config.Value.IsWhollyKnown() || !include.IsKnown() || !limit.IsKnown() {
		return cty.DynamicVal, append(diags, &hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "Arguments of the list not known",
			Detail:  fmt.Sprintf("The arguments of %s depend on objects that are not there yet.", a),
			Subject: &r.Range,
		})
	}
	provider, more := p.ProviderFor(ctx, a, r.Provider)
	if diags = append(diags, more...); diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	most, _ := limit.AsBigFloat().Int64()
	shown := Marked(r.Schema, config.lasting(), config.Marks)
	p.query.finder.Listing(a, shown)
	l := lister{planner: p, r: r, a: a, provider: provider}
	more = provider.List(ctx, a.Resource.Type, config.Value, include.True() || p.query.config, most, func(found plugin.Listed) {
		l.found(ctx, found)
	})
	more = append(p.Locate(more, r, a), l.diags...)
	p.query.finder.Listed(a, len(l.data), more)
	return cty.ObjectVal(map[string]cty.Value{"data": cty.TupleVal(l.data)}), append(diags, more...)
}

// listing evaluates what a list says beside its provider's arguments, and has the
// provider check all of it.
func (s *Session) listing(ctx context.Context, r *Resource, a addr.Instance, in lang.Within, config Configuration) (include, limit cty.Value, diags hcl.Diagnostics) {
	e := s.Eval(a.Module)
	value := func(x hcl.Expression, ty cty.Type, otherwise cty.Value) cty.Value {
		if x == nil {
			return otherwise
		}
		v, more := e.Expr(ctx, x, ty, in)
		if diags = append(diags, more...); more.HasErrors() {
			return otherwise
		}
		v, _ = v.Unmark()
		if v.IsNull() {
			return otherwise
		}
		return v
	}
	include = value(r.Listing.IncludeResource, cty.Bool, cty.False)
	limit = value(r.Listing.Limit, cty.Number, cty.NumberIntVal(defaultLimit))
	if limit.IsKnown() {
		if n, acc := limit.AsBigFloat().Int64(); acc != 0 || n < 1 {
			at := r.Listing.Limit.Range()
			return include, limit, append(diags, &hcl.Diagnostic{
				Severity: hcl.DiagError, Summary: "Invalid limit", Detail: "The limit of a list is a whole number from 1.", Subject: &at,
			})
		}
	}
	if diags.HasErrors() {
		return include, limit, diags
	}
	more := s.unconfigured(r.Provider.Provider).ValidateList(ctx, a.Resource.Type, config.Value, include, limit)
	return include, limit, append(diags, s.Locate(more, r, a)...)
}

// lister hands on what one list finds.
type lister struct {
	*planner
	r        *Resource
	a        addr.Instance
	provider *plugin.Provider
	data     []cty.Value
	diags    hcl.Diagnostics
}

func (l *lister) found(ctx context.Context, in plugin.Listed) {
	schema, diags := l.SchemaOf(ctx, l.r.Provider.Provider, addr.Resource{Type: l.a.Resource.Type})
	if l.diags = append(l.diags, diags...); diags.HasErrors() {
		return
	}
	out := Found{
		List: l.a, Provider: l.r.Provider, Local: l.r.LocalProvider().String(), Schema: schema,
		Name: in.Name, Identity: in.Identity, IdentityVersion: schema.IdentityVersion,
		Resource: Marked(schema, in.Resource, nil), Config: cty.NullVal(schema.Type),
	}
	if l.query.config && !in.Resource.IsNull() {
		out.Config = out.Resource
		if l.generates(l.r.Provider.Provider) {
			config, more := l.provider.Generated(ctx, l.a.Resource.Type, in.Resource)
			if l.diags = append(l.diags, l.Locate(more, l.r, l.a)...); !more.HasErrors() {
				out.Config = Marked(schema, config, nil)
			}
		}
	}
	l.query.finder.Found(out)
	l.data = append(l.data, cty.ObjectVal(map[string]cty.Value{
		"display_name": cty.StringVal(out.Name), "identity": out.Identity, "resource": out.Resource,
	}))
}

// generates tells that a provider can write configurations.
func (p *Program) generates(provider addr.Provider) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.schemas[provider]
	return s != nil && s.GenerateConfig
}

package plan

import (
	"context"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// Look is where the values of expressions are looked up that somebody asks about.
type Look struct {
	State     *state.State // nil for an empty one
	Plan      *Plan        // its planned values come before those of the state; nil for none
	Variables map[string]cty.Value
	Workspace string
	Time      time.Time // the value of plantimestamp
	ReadFile  func(path string) ([]byte, error)
}

// Look begins a session in which objects have the values that l gives them.
// Nothing is read or changed, and what l does not have is unknown.
func (p *Program) Look(l Look) *Session {
	if l.State == nil {
		l.State = state.New()
	}
	if l.Workspace == "" {
		l.Workspace = "default"
	}
	v := &viewer{state: l.State, planned: map[addr.Instance]cty.Value{}}
	if l.Plan != nil {
		for _, c := range l.Plan.Changes {
			if c.Deposed == "" && c.After != cty.NilVal && !c.After.IsNull() {
				v.planned[c.Addr] = c.After
			}
		}
	}
	v.Session = p.NewSession(SessionOptions{
		Objects: v, Variables: l.Variables, Workspace: l.Workspace,
		Functions: FunctionScope(l.ReadFile, l.Time, true, nil),
	})
	return v.Session
}

// viewer gives expressions the values of a Look (lang.Objects).
type viewer struct {
	*Session
	state   *state.State
	planned map[addr.Instance]cty.Value
}

// Instance is the planned value of a, or what the state has of it.
func (v *viewer) Instance(ctx context.Context, a addr.Instance) (cty.Value, hcl.Diagnostics) {
	if planned, ok := v.planned[a]; ok {
		return planned, nil
	}
	r := v.Resource(a)
	object := v.state.Get(a)
	switch {
	case r == nil:
		return cty.DynamicVal, nil // its provider or type was refused when compiling
	case object == nil:
		return cty.UnknownVal(r.Schema.Type), nil
	}
	prior, schema, diags := v.Stored(ctx, state.Entry{Addr: a, Provider: r.Provider, Object: object})
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	return Marked(schema, prior.Value, MarksOf(prior.Sensitive)), diags
}

// Whole is the value of all instances.
func (v *viewer) Whole(ctx context.Context, r addr.ModuleResource) (cty.Value, hcl.Diagnostics) {
	x, diags := v.Eval(r.Module).Expand(ctx, r.Resource)
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	out := x.Collect(func(key addr.Key) cty.Value {
		value, more := v.Instance(ctx, r.Instance(key))
		diags = append(diags, more...)
		return value
	})
	return out, diags
}

// Schemas are what a provider declares that the configuration uses, or nil.
func (p *Program) Schemas(provider addr.Provider) *plugin.Schemas {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.schemas[provider]
}

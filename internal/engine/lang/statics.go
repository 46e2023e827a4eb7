package lang

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
)

// Statics evaluates what is needed to load the modules that a configuration
// calls. The values of the root module's variables are asked for once they are
// needed.
func Statics(variables func(root *config.Module) map[string]cty.Value, workspace string) config.Evaluate {
	known := map[*config.Module]*Static{}
	var value config.Evaluate
	of := func(m *config.Module) *Static {
		s := known[m]
		if s != nil {
			return s
		}
		s = &Static{Module: m, Workspace: workspace}
		if m.Parent == nil {
			s.Variables = variables(m)
		} else {
			s.Variables = given(m, value)
		}
		known[m] = s
		return s
	}
	value = func(m *config.Module, x hcl.Expression) (cty.Value, hcl.Diagnostics) {
		return of(m).Expr(x, cty.DynamicPseudoType)
	}
	return value
}

// given are the values of the variables of a called module. Those that depend on
// what is not known yet are unknown.
func given(m *config.Module, value config.Evaluate) map[string]cty.Value {
	out := UnknownVariables(m)
	for name, v := range m.Variables {
		inputs := map[string]config.Input{}
		if a := m.Call().Args[name]; a != nil {
			x, diags := value(m.Parent, a.Expr)
			if diags.HasErrors() {
				continue
			}
			inputs[name] = config.Input{Value: x, Range: a.Expr.Range()}
		}
		x, diags := variable(v, inputs)
		if diags.HasErrors() {
			continue
		}
		if v.Sensitive {
			x = x.Mark(Sensitive)
		}
		if v.Ephemeral {
			x = x.Mark(Ephemeral)
		}
		out[name] = x
	}
	return out
}

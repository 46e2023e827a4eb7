package lang

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
)

// Variables are the values of all variables of m, from the inputs given and the
// defaults: converted to their types and marked if they are sensitive. Their
// validation rules are checked later, by Validations.
func Variables(m *config.Module, inputs map[string]config.Input) (map[string]cty.Value, hcl.Diagnostics) {
	out := map[string]cty.Value{}
	var diags hcl.Diagnostics
	for _, name := range slices.Sorted(maps.Keys(m.Variables)) {
		v := m.Variables[name]
		value, d := variable(v, inputs)
		diags = append(diags, d...)
		if v.Sensitive {
			value = value.Mark(Sensitive)
		}
		if v.Ephemeral {
			value = value.Mark(Ephemeral)
		}
		out[name] = value
	}
	return out, diags
}

func variable(v *config.Variable, inputs map[string]config.Input) (cty.Value, hcl.Diagnostics) {
	in, given := inputs[v.Name]
	if given && in.Value.IsNull() && !v.Nullable {
		given = false // null means to take the default
		if v.Required() {
			return cty.UnknownVal(v.Type), hcl.Diagnostics{{
				Severity: hcl.DiagError, Summary: "Required variable not set",
				Detail:  fmt.Sprintf("The variable %q has nullable = false and no default, so null is no value for it.", v.Name),
				Subject: &in.Range,
			}}
		}
	}
	if !given {
		if !v.Required() {
			return v.Default, nil
		}
		return cty.UnknownVal(v.Type), hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "No value for required variable",
			Detail:  fmt.Sprintf("The variable %q has no default and was given no value. Give one with -var '%s=VALUE', in a file terraform.tfvars, or in the environment as TF_VAR_%s.", v.Name, v.Name, v.Name),
			Subject: &v.Range,
		}}
	}
	value := in.Value
	if v.Defaults != nil && !value.IsNull() {
		value = v.Defaults.Apply(value)
	}
	converted, err := convert.Convert(value, v.Type)
	if err != nil {
		return cty.UnknownVal(v.Type), hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "Invalid value for variable",
			Detail:  fmt.Sprintf("The value given for the variable %q, declared at %s:%d, does not fit its type: %s.", v.Name, v.Range.Filename, v.Range.Start.Line, err),
			Subject: &in.Range,
		}}
	}
	return converted, nil
}

// UnknownVariables are placeholders of the right types for all variables of m,
// to check a configuration without values.
func UnknownVariables(m *config.Module) map[string]cty.Value {
	out := map[string]cty.Value{}
	for name, v := range m.Variables {
		value := cty.UnknownVal(v.Type.WithoutOptionalAttributesDeep())
		if v.Sensitive {
			value = value.Mark(Sensitive)
		}
		if v.Ephemeral {
			value = value.Mark(Ephemeral)
		}
		out[name] = value
	}
	return out
}

// Validations checks the rules of all variables.
func (e *Eval) Validations(ctx context.Context) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, name := range slices.Sorted(maps.Keys(e.mod.Variables)) {
		v := e.mod.Variables[name]
		diags = append(diags, e.Require(ctx, v.Validations, fmt.Sprintf("Invalid value for variable %q", name), Within{})...)
	}
	return diags
}

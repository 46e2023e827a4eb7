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
		if in, given := inputs[name]; given && v.Deprecated != "" {
			diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: "Deprecated variable", Detail: fmt.Sprintf("The variable %q is deprecated: %s", name, v.Deprecated), Subject: &in.Range})
		}
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

// Variable is the value of an input variable, which keeps its rules.
func (e *Eval) Variable(ctx context.Context, name string) (cty.Value, hcl.Diagnostics) {
	return e.variables.Get(ctx, VariableID{e.Module, name})
}

func (t *Tree) nameVariable(id VariableID) (string, *hcl.Range) {
	e := t.At(id.Module)
	return e.label("var." + id.Name), &e.mod.Variables[id.Name].Range
}

// evalVariable checks the rules of a variable. They see all variables without
// their rules, so that they can refer to each other.
func (t *Tree) evalVariable(ctx context.Context, id VariableID) (cty.Value, hcl.Diagnostics) {
	e := t.At(id.Module)
	v, diags := t.raw.Get(ctx, rawID(id))
	if diags.HasErrors() || t.o.Unchecked {
		return v, diags
	}
	rules := e.mod.Variables[id.Name].Validations
	return v, append(diags, e.Require(ctx, Checked{Kind: KindVariable, Module: id.Module, Name: id.Name}, rules, fmt.Sprintf("Invalid value for variable %q", id.Name), Within{raw: true})...)
}

func (t *Tree) nameRaw(id rawID) (string, *hcl.Range) { return t.nameVariable(VariableID(id)) }

// evalRaw is what the caller gives for a variable, converted to its type.
func (t *Tree) evalRaw(ctx context.Context, id rawID) (cty.Value, hcl.Diagnostics) {
	e := t.At(id.Module)
	if e.caller == nil {
		return t.o.Variables[id.Name], nil
	}
	v := e.mod.Variables[id.Name]
	inputs := map[string]config.Input{}
	if a := e.call.Args[id.Name]; a != nil {
		in, diags := e.called(ctx)
		if diags.HasErrors() {
			return cty.UnknownVal(v.Type), diags
		}
		value, diags := e.caller.Expr(ctx, a.Expr, cty.DynamicPseudoType, in)
		if diags.HasErrors() {
			return cty.UnknownVal(v.Type), diags
		}
		inputs[id.Name] = config.Input{Value: value, Range: a.Expr.Range()}
	}
	value, diags := variable(v, inputs)
	if t.o.Static {
		value = cty.UnknownVal(v.Type.WithoutOptionalAttributesDeep())
	}
	if v.Sensitive {
		value = value.Mark(Sensitive)
	}
	if v.Ephemeral {
		value = value.Mark(Ephemeral)
	} else if value.HasMarkDeep(Ephemeral) {
		at := inputs[id.Name].Range
		diags = append(diags, &hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "Ephemeral value not allowed",
			Detail:  fmt.Sprintf("The variable %q, declared at %s:%d, takes no ephemeral values, as what is made of them might be kept. Add ephemeral = true to it, or use ephemeralasnull().", v.Name, v.Range.Filename, v.Range.Start.Line),
			Subject: &at,
		})
	}
	return value, diags
}

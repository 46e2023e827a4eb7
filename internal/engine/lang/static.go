package lang

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang/funcs"
)

// Static evaluates what must be known before anything is planned: where the state
// is kept, and how it is encrypted. Expressions may refer to the root module's
// variables, its local values that do so themselves, path and terraform.workspace.
type Static struct {
	Module    *config.Module
	Variables map[string]cty.Value // see Variables; unknown ones have no value
	Workspace string

	open map[string]bool  // local values that are being evaluated
	done map[string]local // those that have been
}

// local is what became of a local value.
type local struct {
	value cty.Value
	diags hcl.Diagnostics // the first error at most: one tells enough
}

// Expr evaluates x and converts the result to ty.
func (s *Static) Expr(x hcl.Expression, ty cty.Type) (cty.Value, hcl.Diagnostics) {
	v, diags := s.value(x)
	if diags.HasErrors() {
		return cty.UnknownVal(ty), diags
	}
	out, err := convert.Convert(v, ty)
	if err != nil {
		at := x.Range()
		return cty.UnknownVal(ty), hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "Wrong type of value", Detail: fmt.Sprintf("The value does not fit: %s.", err), Subject: &at, Expression: x,
		}}
	}
	return out, nil
}

func (s *Static) value(x hcl.Expression) (cty.Value, hcl.Diagnostics) {
	locals := map[string]cty.Value{}
	var diags hcl.Diagnostics
	for _, t := range x.Variables() {
		name := ""
		if len(t) > 1 {
			if step, ok := t[1].(hcl.TraverseAttr); ok {
				name = step.Name
			}
		}
		at := t.SourceRange()
		switch t.RootName() {
		case "var":
			v, declared := s.Variables[name]
			if !declared {
				diags = append(diags, staticError(at, "No such variable", "The configuration declares no variable %q.", name))
			} else if v, _ := v.UnmarkDeep(); !v.IsWhollyKnown() {
				diags = append(diags, staticError(at, "The variable has no value", "It is needed before anything is planned, and nobody can be asked. Give it with -var '%s=VALUE', in a file terraform.tfvars, or in the environment as TF_VAR_%s.", name, name))
			}
		case "local":
			v, more := s.local(name, at)
			diags = append(diags, more...)
			locals[name] = v
		case "path", "terraform":
		default:
			diags = append(diags, staticError(at, "The reference is not possible here", "This must be known before anything is planned: only variables, local values made of them, path and terraform.workspace can be used."))
		}
	}
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	return x.Value(&hcl.EvalContext{
		Variables: map[string]cty.Value{
			"var": cty.ObjectVal(s.Variables), "local": cty.ObjectVal(locals),
			"terraform": cty.ObjectVal(map[string]cty.Value{"workspace": cty.StringVal(s.Workspace)}),
			"path":      cty.ObjectVal(map[string]cty.Value{"module": cty.StringVal(s.Module.Dir), "root": cty.StringVal(s.Module.Root().Dir), "cwd": cty.StringVal(".")}),
		},
		Functions: Functions(funcs.Scope{}, nil),
	})
}

// local evaluates a local value.
func (s *Static) local(name string, at hcl.Range) (cty.Value, hcl.Diagnostics) {
	l := s.Module.Locals[name]
	if l == nil {
		return cty.DynamicVal, hcl.Diagnostics{staticError(at, "No such local value", "The configuration has no local value %q.", name)}
	}
	if s.open[name] {
		return cty.DynamicVal, hcl.Diagnostics{staticError(at, "The local value refers to itself", "The value of local.%s depends on itself.", name)}
	}
	if known, ok := s.done[name]; ok {
		return known.value, known.diags
	}
	if s.open == nil {
		s.open, s.done = map[string]bool{}, map[string]local{}
	}
	s.open[name] = true
	defer delete(s.open, name)
	v, diags := s.value(l.Expr)
	if i := slices.IndexFunc(diags, func(d *hcl.Diagnostic) bool { return d.Severity == hcl.DiagError }); i >= 0 {
		diags = diags[i : i+1]
	}
	s.done[name] = local{v, diags}
	return v, diags
}

func staticError(at hcl.Range, summary, format string, args ...any) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: &at}
}

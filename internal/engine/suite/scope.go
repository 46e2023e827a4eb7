package suite

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang/funcs"
)

// names is what expressions of a file see: values for var, the outputs of runs
// that ended, and functions.
func (x *execution) names(variables map[string]cty.Value) *hcl.EvalContext {
	x.mu.Lock()
	defer x.mu.Unlock()
	return &hcl.EvalContext{
		Variables: map[string]cty.Value{"var": cty.ObjectVal(variables), "run": cty.ObjectVal(maps.Clone(x.outputs))},
		Functions: funcs.All(funcs.Scope{Base: "", Applying: true, PlanTime: x.o.Now, ReadFile: x.o.ReadFile}),
	}
}

// values are those of the variables that the run sees: the ones given from
// outside, then the file's, then its own.
func (x *execution) values(r *Run) (map[string]cty.Value, hcl.Diagnostics) {
	out := map[string]cty.Value{}
	for name, in := range x.o.Inputs {
		out[name] = in.Value
	}
	diags := x.assign(out, x.f.variables)
	if r != nil {
		diags = append(diags, x.assign(out, r.variables)...)
	}
	return out, diags
}

// assign evaluates expressions with the values so far, then adds theirs.
func (x *execution) assign(values map[string]cty.Value, exprs map[string]hcl.Expression) hcl.Diagnostics {
	names := x.names(values)
	var diags hcl.Diagnostics
	fresh := map[string]cty.Value{}
	for _, name := range sorted(exprs) {
		v, more := exprs[name].Value(names)
		diags = append(diags, more...)
		if more.HasErrors() {
			continue
		}
		if bare, _ := v.UnmarkDeep(); !bare.IsWhollyKnown() {
			at := exprs[name].Range()
			diags = append(diags, &hcl.Diagnostic{
				Severity: hcl.DiagError, Summary: "Value not known yet",
				Detail:  fmt.Sprintf("The value of the variable %q is known only once something is applied, but the run that it comes from only plans.", name),
				Subject: &at, Expression: exprs[name], EvalContext: names,
			})
			continue
		}
		fresh[name] = v
	}
	maps.Copy(values, fresh)
	return diags
}

// inputs are the values for the variables of m, with warnings about those that it
// does not have.
func inputs(m *config.Module, r *Run, values map[string]cty.Value) (map[string]config.Input, hcl.Diagnostics) {
	out := map[string]config.Input{}
	var diags hcl.Diagnostics
	for name, v := range values {
		if m.Variables[name] == nil {
			continue
		}
		at := r.Range
		if given, ok := r.given[name]; ok {
			at = given
		}
		out[name] = config.Input{Value: v, Range: at}
	}
	for _, name := range sorted(r.variables) {
		if m.Variables[name] == nil {
			at := r.given[name]
			diags = append(diags, &hcl.Diagnostic{
				Severity: hcl.DiagWarning, Summary: "Value for an undeclared variable",
				Detail:  fmt.Sprintf("The module of the run %q has no variable %q.%s", r.Name, name, config.Suggest(name, maps.Keys(m.Variables))),
				Subject: &at,
			})
		}
	}
	return out, diags
}

// uses are the runs whose outputs r refers to, by name.
func (r *Run) uses(f *File) []string {
	var out []string
	add := func(e hcl.Expression) {
		if e == nil {
			return
		}
		for _, t := range e.Variables() {
			if t.RootName() == "run" && len(t) > 1 {
				if step, ok := t[1].(hcl.TraverseAttr); ok && !slices.Contains(out, step.Name) {
					out = append(out, step.Name)
				}
			}
		}
	}
	for _, e := range r.variables {
		add(e)
	}
	for _, e := range f.variables {
		add(e)
	}
	for _, a := range r.asserts {
		add(a.Condition)
		add(a.Message)
	}
	for _, o := range slices.Concat(r.overrides, f.overrides) {
		add(o.values.expr)
	}
	for _, p := range f.providers {
		if p.body != nil {
			attributes, _ := p.body.JustAttributes() // of nested blocks it is not known: they wait for nothing
			for _, a := range attributes {
				add(a.Expr)
			}
		}
	}
	return out
}

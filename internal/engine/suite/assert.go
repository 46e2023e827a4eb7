package suite

import (
	"context"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
)

// assert tells that a condition holds. If it cannot be evaluated, that is an
// error, and no statement on whether it does.
func assert(ctx context.Context, s *plan.Session, a *config.Check, names *hcl.EvalContext) (held bool, diags hcl.Diagnostics) {
	condition := bound{a.Condition, names}
	v, diags := s.Eval("").Expr(ctx, condition, cty.Bool, lang.Within{})
	if diags.HasErrors() {
		return true, diags
	}
	at := a.Condition.Range()
	v, _ = v.Unmark()
	problem := &hcl.Diagnostic{Severity: hcl.DiagError, Subject: &at, Expression: a.Condition}
	switch {
	case !v.IsKnown():
		problem.Summary = "Unknown condition value"
		problem.Detail = "Whether the condition holds is known only after apply. The run must apply to find out: remove command = plan, or assert something that is known."
		return true, append(diags, problem)
	case v.IsNull():
		problem.Summary, problem.Detail = "Invalid condition", "A condition must be true or false."
		return true, append(diags, problem)
	case v.True():
		return true, diags
	}
	message, more := s.Eval("").Expr(ctx, bound{a.Message, names}, cty.String, lang.Within{})
	problem.Summary, problem.EvalContext = "Test assertion failed", seen(ctx, s, condition)
	switch bare, marks := message.Unmark(); {
	case more.HasErrors():
		problem.Detail = "The condition does not hold, and its error_message cannot be evaluated: " + more[0].Detail
	case len(marks) > 0:
		problem.Detail = "The condition does not hold. Its error_message is not shown, because it refers to sensitive values."
	case !bare.IsKnown() || bare.IsNull():
		problem.Detail = "The condition does not hold. Its error_message is not known."
	default:
		problem.Detail = bare.AsString()
	}
	return false, append(diags, problem)
}

// seen is the values that an expression refers to, for showing them.
func seen(ctx context.Context, s *plan.Session, e bound) *hcl.EvalContext {
	probe := &recorder{bound: e}
	_, _ = s.Eval("").Expr(ctx, probe, cty.DynamicPseudoType, lang.Within{})
	return probe.saw
}

// recorder keeps the names that it is evaluated with.
type recorder struct {
	bound
	saw *hcl.EvalContext
}

func (r *recorder) Value(in *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	all := map[string]cty.Value{}
	for c := in; c != nil; c = c.Parent() {
		for name, v := range c.Variables {
			if _, ok := all[name]; !ok {
				all[name] = v
			}
		}
	}
	for name, v := range r.names.Variables {
		all[name] = v
	}
	r.saw = &hcl.EvalContext{Variables: all}
	return r.bound.Value(in)
}

// expectation is what a run expects to fail.
type expectation struct {
	objects []*expectedFailure
	checks  map[string]bool // places of the conditions of check blocks
	unknown hcl.Diagnostics // objects that cannot be checked
}

type expectedFailure struct {
	name   string
	at     hcl.Range
	places map[string]bool // of the conditions that count
	seen   bool
}

// expectations finds the conditions behind the names in expect_failures.
func expectations(m *config.Module, r *Run) *expectation {
	out := &expectation{checks: map[string]bool{}}
	for _, c := range m.Checks {
		for _, a := range c.Asserts {
			out.checks[placeOf(a.Condition.Range())] = true
		}
	}
	for _, t := range r.expected {
		checks, ok := checksOf(m, t)
		if !ok {
			at := t.SourceRange()
			out.unknown = append(out.unknown, &hcl.Diagnostic{
				Severity: hcl.DiagError, Summary: "Nothing that can fail",
				Detail:  fmt.Sprintf("%s is no variable, output, resource, data source or check block of the module of the run %q.", text(t), r.Name),
				Subject: &at,
			})
			continue
		}
		e := &expectedFailure{name: text(t), at: t.SourceRange(), places: map[string]bool{}}
		for _, c := range checks {
			e.places[placeOf(c.Condition.Range())] = true
		}
		out.objects = append(out.objects, e)
	}
	return out
}

// checksOf are the conditions of the object that t names in m.
func checksOf(m *config.Module, t hcl.Traversal) ([]*config.Check, bool) {
	name := ""
	if len(t) > 1 {
		name, _ = stepName(t[1])
	}
	switch t.RootName() {
	case "var":
		if v := m.Variables[name]; v != nil && len(t) == 2 {
			return v.Validations, true
		}
	case "output":
		if o := m.Outputs[name]; o != nil && len(t) == 2 {
			return o.Preconditions, true
		}
	case "check":
		if c := m.Checks[name]; c != nil && len(t) == 2 {
			return c.Asserts, true
		}
	default:
		a, err := addr.ParseInstance(text(t))
		if err == nil && a.Module == "" && m.Resources[a.Resource] != nil {
			l := m.Resources[a.Resource].Lifecycle
			return append(l.Preconditions[:len(l.Preconditions):len(l.Preconditions)], l.Postconditions...), true
		}
	}
	return nil, false
}

// match is diags without the failures that are expected, and with an error for
// each that did not come. A failed check is an error here.
func (e *expectation) match(diags hcl.Diagnostics) hcl.Diagnostics {
	var out hcl.Diagnostics
	for _, d := range diags {
		expected := false
		for _, o := range e.objects {
			if o.places[place(d)] {
				o.seen, expected = true, true
			}
		}
		if expected {
			continue
		}
		if e.checks[place(d)] && d.Summary != lang.AssertedLater {
			failed := *d
			failed.Severity = hcl.DiagError
			d = &failed
		}
		out = append(out, d)
	}
	if out.HasErrors() {
		return out
	}
	for _, o := range e.objects {
		if !o.seen {
			out = append(out, &hcl.Diagnostic{
				Severity: hcl.DiagError, Summary: "Missing expected failure",
				Detail:  fmt.Sprintf("%s was expected to report an error, but did not.", o.name),
				Subject: &o.at,
			})
		}
	}
	return out
}

// place identifies where a diagnostic belongs.
func place(d *hcl.Diagnostic) string {
	if d.Subject == nil {
		return ""
	}
	return placeOf(*d.Subject)
}

func placeOf(r hcl.Range) string { return fmt.Sprintf("%s:%d", r.Filename, r.Start.Byte) }

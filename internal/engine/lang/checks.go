package lang

import (
	"context"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/graph"
)

// Require evaluates the conditions of something and reports all that do not hold,
// under the title given. One that is unknown yet passes: applying asks again.
func (e *Eval) Require(ctx context.Context, of Checked, checks []*config.Check, title string, in Within) hcl.Diagnostics {
	if e.o.Unchecked {
		return nil
	}
	e.Expect(of, checks)
	var diags hcl.Diagnostics
	for _, c := range checks {
		status, message, d := e.assess(ctx, c, title, in)
		e.results.note(of, c, status, message)
		diags = append(diags, d...)
	}
	return diags
}

// Expect says that something has these conditions. Until they are evaluated, what
// becomes of them is unknown.
func (e *Eval) Expect(of Checked, checks ...[]*config.Check) {
	if e.o.Unchecked {
		return
	}
	for _, some := range checks {
		e.results.expect(of, some)
	}
}

// ExpectOutputs says that the outputs have conditions, also if nobody is going to
// evaluate them.
func (e *Eval) ExpectOutputs() {
	for name, o := range e.mod.Outputs {
		e.results.expect(Checked{Kind: KindOutput, Module: e.Module, Name: name}, o.Preconditions)
	}
}

// AssertedLater is the summary of the warning that an assertion cannot be evaluated
// before applying.
const AssertedLater = "Check block assertion known after apply"

// Assert evaluates a check block, whose failures are only warnings.
func (e *Eval) Assert(ctx context.Context, name string) hcl.Diagnostics {
	c := e.mod.Checks[name]
	of := Checked{Kind: KindCheck, Module: e.Module, Name: name}
	e.Expect(of, c.Asserts)
	var diags hcl.Diagnostics
	if c.Data != nil {
		v, d := e.o.Objects.Instance(ctx, e.Module.Resource(c.Data.Addr).Instance(nil))
		if diags = append(diags, d...); d.HasErrors() || v.Type() == cty.DynamicPseudoType {
			return Demoted(diags) // see Failure
		}
	}
	for _, assert := range c.Asserts {
		status, message, d := e.assess(ctx, assert, "Check block assertion failed", Within{Check: name})
		e.results.note(of, assert, status, message)
		diags = append(diags, d...)
		if status == Unknown && !d.HasErrors() && !e.o.Applying {
			at := assert.Condition.Range()
			diags = append(diags, &hcl.Diagnostic{
				Severity: hcl.DiagWarning, Summary: AssertedLater, Subject: &at,
				Detail: "The condition depends on values that are known only after apply. It is asked for again then.",
			})
		}
	}
	return Demoted(diags)
}

// Failure notes that the data source of a check block could not be read.
func (e *Eval) Failure(check string, diags hcl.Diagnostics) {
	of := Checked{Kind: KindCheck, Module: e.Module, Name: check}
	for _, d := range graph.Reportable(diags) {
		if d.Severity == hcl.DiagError {
			e.results.fail(of, d.Summary+": "+d.Detail)
		}
	}
}

// Refer finds what is wrong with the references of a check block.
func (e *Eval) Refer(ctx context.Context, name string) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, assert := range e.mod.Checks[name].Asserts {
		for _, x := range []hcl.Expression{assert.Condition, assert.Message} {
			refs, d := Refs(x, nil)
			if diags = append(diags, d...); !d.HasErrors() {
				_, d = e.context(ctx, refs, Within{Check: name})
				diags = append(diags, d...)
			}
		}
	}
	return diags
}

// Demoted turns errors into warnings.
func Demoted(diags hcl.Diagnostics) hcl.Diagnostics {
	out := graph.Reportable(diags)
	for i, d := range out {
		if d.Severity == hcl.DiagError {
			warning := *d
			warning.Severity = hcl.DiagWarning
			out[i] = &warning
		}
	}
	return out
}

// assess evaluates one condition. What it says is empty unless it does not hold.
func (e *Eval) assess(ctx context.Context, c *config.Check, title string, in Within) (Status, string, hcl.Diagnostics) {
	at := c.Condition.Range()
	refs, diags := Refs(c.Condition, nil)
	messageRefs, more := Refs(c.Message, nil)
	if diags = append(diags, more...); diags.HasErrors() {
		return Failed, "", diags
	}
	ec, diags := e.context(ctx, append(refs, messageRefs...), in)
	if diags.HasErrors() {
		return Unknown, "", diags // what it refers to failed
	}
	v, diags := c.Condition.Value(ec)
	if diags.HasErrors() {
		return Failed, "", diags
	}
	v, _ = v.Unmark()
	v, err := convert.Convert(v, cty.Bool)
	switch {
	case err != nil || v.IsNull():
		return Failed, "", append(diags, &hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "Invalid condition",
			Detail:  "A condition must be true or false.",
			Subject: &at, Expression: c.Condition, EvalContext: ec,
		})
	case !v.IsKnown():
		return Unknown, "", diags
	case v.True():
		return Passes, "", diags
	}
	if e.o.Static { // without real values nothing is broken yet
		return Unknown, "", diags
	}
	severity := hcl.DiagError
	if e.o.Lenient && !in.raw {
		severity = hcl.DiagWarning
	}
	message := e.message(c, ec)
	return Fails, message, append(diags, &hcl.Diagnostic{
		Severity: severity, Summary: title, Detail: message,
		Subject: &at, Expression: c.Condition, EvalContext: ec,
	})
}

// message is the error message that the configuration gives.
func (e *Eval) message(c *config.Check, ec *hcl.EvalContext) string {
	v, diags := c.Message.Value(ec)
	if diags.HasErrors() {
		return fmt.Sprintf("The condition does not hold, and its error_message cannot be evaluated: %s", diags[0].Detail)
	}
	v, err := convert.Convert(v, cty.String)
	switch {
	case err != nil || v.IsNull():
		return "The condition does not hold, and its error_message is not a text."
	case v.HasMark(Ephemeral):
		return "The condition does not hold. Its error_message is not shown, because it refers to ephemeral values."
	case v.IsMarked():
		return "The condition does not hold. Its error_message is not shown, because it refers to sensitive values."
	case !v.IsKnown():
		return "The condition does not hold. Its error_message refers to values that are not known yet."
	}
	return v.AsString()
}

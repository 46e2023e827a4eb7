package lang

import (
	"context"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
)

// Require evaluates conditions and reports all that do not hold, under the
// title given. One that is unknown yet passes: applying asks again.
func (e *Eval) Require(ctx context.Context, checks []*config.Check, title string, in Within) hcl.Diagnostics {
	if e.o.Unchecked {
		return nil
	}
	var diags hcl.Diagnostics
	for _, c := range checks {
		diags = append(diags, e.require(ctx, c, title, in)...)
	}
	return diags
}

func (e *Eval) require(ctx context.Context, c *config.Check, title string, in Within) hcl.Diagnostics {
	at := c.Condition.Range()
	refs, diags := Refs(c.Condition, nil)
	messageRefs, more := Refs(c.Message, nil)
	if diags = append(diags, more...); diags.HasErrors() {
		return diags
	}
	ec, diags := e.context(ctx, append(refs, messageRefs...), in)
	if diags.HasErrors() {
		return diags
	}
	v, diags := c.Condition.Value(ec)
	if diags.HasErrors() {
		return diags
	}
	v, _ = v.Unmark()
	v, err := convert.Convert(v, cty.Bool)
	if err != nil || v.IsNull() {
		return append(diags, &hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "Invalid condition",
			Detail:  "A condition must be true or false.",
			Subject: &at, Expression: c.Condition, EvalContext: ec,
		})
	}
	if !v.IsKnown() || v.True() || e.o.Static { // without real values nothing is broken yet
		return diags
	}
	severity := hcl.DiagError
	if e.o.Lenient && !in.raw {
		severity = hcl.DiagWarning
	}
	return append(diags, &hcl.Diagnostic{
		Severity: severity, Summary: title, Detail: e.message(c, ec),
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

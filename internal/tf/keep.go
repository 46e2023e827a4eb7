package tf

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
)

// Keep is the plan modifier of an attribute whose text can be written in several
// ways: it keeps the prior one in the plan when the new one means the same. Each
// text must mean the same as itself. The rule says in words what is the same.
func Keep(rule string, same func(prior, planned string) bool) []planmodifier.String {
	return []planmodifier.String{keep{rule, same}}
}

type keep struct {
	rule string
	same func(prior, planned string) bool
}

func (k keep) Description(context.Context) string         { return k.rule }
func (k keep) MarkdownDescription(context.Context) string { return k.rule }

func (k keep) PlanModifyString(_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	if req.StateValue.IsNull() || req.PlanValue.IsNull() || req.PlanValue.IsUnknown() {
		return
	}
	if k.same(req.StateValue.ValueString(), req.PlanValue.ValueString()) {
		resp.PlanValue = req.StateValue
	}
}

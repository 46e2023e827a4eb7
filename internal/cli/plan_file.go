package cli

import (
	"context"
	"errors"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
)

// savePlan keeps the plan in a file, if one is named, and says how to go on.
func (v *view) savePlan(p *plan.Plan, _ *plan.Program, path string) error {
	if path != "" {
		return errors.New("-out is not supported yet\n\nRun apply, which plans anew and asks before it changes anything.")
	}
	if pending(p) && !inAutomation() {
		v.say("\nThe plan is not kept: without -out, apply makes a new plan, which can differ.\n")
	}
	return nil
}

// readPlan reads a plan file and prepares the configuration in it.
func (v *view) readPlan(context.Context, string) (*plan.Program, *plan.Plan, error) {
	return nil, nil, v.fail(errors.New("plan files are not supported yet\n\nRun apply without a file."))
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
)

// savePlan keeps the plan in a file, if one is named, and says how to go on.
func (v *view) savePlan(p *plan.Plan, program *plan.Program, path string) error {
	if path == "" {
		if pending(p) && !inAutomation() {
			v.say("\nThe plan is not kept: without -out, apply makes a new plan, which can differ.\n")
		}
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("keeping the plan: %w", err)
	}
	if err := errors.Join(plan.Save(f, program, p), f.Close()); err != nil {
		return fmt.Errorf("keeping the plan: %w", err)
	}
	if !inAutomation() {
		v.say("\nThe plan is kept in %s. To carry out exactly this, run:\n  %s apply %q\n", path, name, path)
	}
	return nil
}

// readPlan reads a plan file and prepares the configuration in it.
func (v *view) readPlan(ctx context.Context, path string) (*plan.Program, *plan.Plan, error) {
	servers, err := v.p.servers()
	if err != nil {
		return nil, nil, v.fail(err)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, v.fail(fmt.Errorf("opening the plan file: %w", err))
	}
	defer f.Close()
	at, err := f.Stat()
	if err != nil {
		return nil, nil, v.fail(fmt.Errorf("opening the plan file: %w", err))
	}
	program, p, diags := plan.Load(ctx, f, at.Size(), servers)
	if program != nil {
		v.read(program.Module)
	}
	return program, p, v.diagnostics(diags)
}

// isPlan tells a plan file from a state.
func isPlan(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 4)
	n, err := f.Read(head)
	return err == nil && plan.IsPlanFile(head[:n])
}

package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/encryption"
)

// savePlan keeps the plan in a file, if one is named, and says how to go on.
func (v *view) savePlan(p *plan.Plan, program *plan.Program, path string) error {
	if path == "" {
		if pending(p) && !inAutomation() {
			v.say("\nThe plan is not kept: without -out, apply makes a new plan, which can differ.\n")
		}
		return nil
	}
	setup, err := encryptionOf(program.Module, v.given)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := plan.Save(&b, program, p); err != nil {
		return fmt.Errorf("keeping the plan: %w", err)
	}
	raw := b.Bytes()
	if setup.Plan != nil {
		if raw, err = setup.Plan.Seal(raw); err != nil {
			return fmt.Errorf("encrypting the plan: %w", err)
		}
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
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
	raw, err := v.planBytes(path)
	if err != nil {
		return nil, nil, v.fail(fmt.Errorf("opening the plan file: %w", err))
	}
	program, p, diags := plan.Load(ctx, bytes.NewReader(raw), int64(len(raw)), servers)
	if program != nil {
		v.read(program.Module)
	}
	return program, p, v.diagnostics(diags)
}

// planBytes reads a plan file, which may be encrypted as the configuration of the
// working directory says.
func (v *view) planBytes(path string) ([]byte, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m, diags := config.LoadRoot(".")
	if diags.HasErrors() {
		m = nil // a plan has a configuration of its own
	}
	setup, err := encryptionOf(m, v.given)
	switch {
	case err != nil:
		return nil, err
	case setup.Plan != nil:
		return setup.Plan.Open(raw)
	case encryption.Is(raw):
		return nil, encryption.ErrEncrypted
	}
	return raw, nil
}

// isPlan tells a plan file from a state.
func isPlan(path string) bool {
	raw, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	var sealed struct {
		Version string  `json:"encryption_version"`
		Lineage *string `json:"lineage"` // only states have one
	}
	if json.Unmarshal(raw, &sealed) == nil {
		return sealed.Version != "" && sealed.Lineage == nil
	}
	return plan.IsPlanFile(raw[:min(4, len(raw))])
}

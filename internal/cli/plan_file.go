package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/lock"
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
	locked, diags := lock.Read(lock.FileName)
	if diags.HasErrors() {
		return diags
	}
	p.Selected = selected(locked)
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
	if !p.Errored && !inAutomation() {
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

// selected are the versions of providers that a lock file selects.
func selected(locked lock.File) map[string]string {
	out := map[string]string{}
	for a, s := range locked {
		out[a.String()] = s.Version.String()
	}
	return out
}

// applicable refuses a plan that is none, and one that was made with other providers.
func (v *view) applicable(p *plan.Plan) error {
	if p.Errored {
		return advise(errors.New("the plan ended with errors"), "It does not say what to do, so that it cannot be applied. Mend what the command plan reported, and make a new plan.")
	}
	locked, diags := lock.Read(lock.FileName)
	if diags.HasErrors() {
		return diags
	}
	now := selected(locked)
	for _, a := range slices.Sorted(maps.Keys(p.Selected)) {
		if now[a] != p.Selected[a] {
			return advise(fmt.Errorf("the plan was made with other providers"), fmt.Sprintf("It was made with %s %s, but %s selects %s. Make a new plan, or bring the lock file back.", a, p.Selected[a], lock.FileName, cmp.Or(now[a], "none")))
		}
	}
	return nil
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

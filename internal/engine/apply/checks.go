package apply

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
)

// checkJSON is one element of `check_results` in the state file.
type checkJSON struct {
	Kind    string       `json:"object_kind"`
	Block   string       `json:"config_addr"`
	Status  lang.Status  `json:"status"`
	Objects []objectJSON `json:"objects"`
}

type objectJSON struct {
	Addr     string      `json:"object_addr"`
	Status   lang.Status `json:"status"`
	Messages []string    `json:"failure_messages,omitempty"`
}

// require evaluates what has conditions in called modules, even if nothing else
// needs its value.
func (a *applier) require(ctx context.Context) {
	for _, b := range a.plan.Checks {
		for _, r := range b.Objects {
			e := a.Eval(r.Module)
			if e == nil || b.Kind != lang.KindOutput && b.Kind != lang.KindVariable {
				continue
			}
			switch m := e.Config(); {
			case b.Kind == lang.KindOutput && m.Outputs[r.Name] != nil:
				_, diags := e.Output(ctx, r.Name)
				a.report(diags)
			case b.Kind == lang.KindVariable && m.Variables[r.Name] != nil:
				_, diags := e.Variable(ctx, r.Name)
				a.report(diags)
			}
		}
	}
}

// checks stores what became of all conditions: of those that were evaluated now,
// and of the others what the plan says, unless they would have had to be evaluated
// again.
func (a *applier) checks(skipped []addr.Instance) {
	var out []checkJSON
	for _, b := range lang.Carry(a.plan.Checks, a.Results(), func(c lang.Checked) bool {
		return c.Kind == lang.KindResource && slices.Contains(skipped, c.Resource)
	}) {
		one := checkJSON{Kind: b.Kind, Block: b.Block, Status: b.Status}
		for _, r := range b.Objects {
			one.Objects = append(one.Objects, objectJSON{r.String(), r.Status, r.Messages})
		}
		out = append(out, one)
	}
	if out == nil {
		a.state.SetChecks(nil)
		return
	}
	raw, err := json.Marshal(out)
	if err != nil {
		a.report(hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Results of checks cannot be stored", Detail: fmt.Sprintf("Encoding them: %v.", err)}})
		return
	}
	a.state.SetChecks(raw)
}

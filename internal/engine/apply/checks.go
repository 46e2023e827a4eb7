package apply

import (
	"encoding/json"
	"fmt"

	"github.com/hashicorp/hcl/v2"

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

// checks stores what became of all conditions: of those that were evaluated now,
// and of the others what the plan says.
func (a *applier) checks() {
	found := map[lang.Checked]lang.Result{}
	for _, all := range [][]lang.Result{a.plan.Checks, a.Results()} {
		for _, r := range all {
			found[r.Checked] = r
		}
	}
	if len(found) == 0 {
		a.state.SetChecks(nil)
		return
	}
	results := make([]lang.Result, 0, len(found))
	for _, r := range found {
		results = append(results, r)
	}
	lang.SortResults(results)
	var out []*checkJSON
	for _, r := range results {
		var last *checkJSON
		if n := len(out); n > 0 {
			last = out[n-1]
		}
		if last == nil || last.Kind != r.Kind || last.Block != r.Block() {
			last = &checkJSON{Kind: r.Kind, Block: r.Block(), Status: lang.Passes}
			out = append(out, last)
		}
		last.Status = lang.Worse(last.Status, r.Status)
		last.Objects = append(last.Objects, objectJSON{r.String(), r.Status, r.Messages})
	}
	raw, err := json.Marshal(out)
	if err != nil {
		a.report(hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Results of checks cannot be stored", Detail: fmt.Sprintf("Encoding them: %v.", err)}})
		return
	}
	a.state.SetChecks(raw)
}

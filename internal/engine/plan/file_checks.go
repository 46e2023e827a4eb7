package plan

import (
	"fmt"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
)

// resultJSON is what became of the conditions of something.
type resultJSON struct {
	Kind     string      `json:"kind"`
	Resource string      `json:"resource,omitempty"`
	Module   string      `json:"module,omitempty"`
	Name     string      `json:"name,omitempty"`
	Status   lang.Status `json:"status"`
	Messages []string    `json:"messages,omitempty"`
}

func encodeChecks(results []lang.Result) []resultJSON {
	var all []resultJSON
	for _, r := range results {
		out := resultJSON{Kind: r.Kind, Module: string(r.Module), Name: r.Name, Status: r.Status, Messages: r.Messages}
		if r.Kind == lang.KindResource {
			out.Resource = r.Resource.String()
		}
		all = append(all, out)
	}
	return all
}

func decodeChecks(in []resultJSON) ([]lang.Result, error) {
	var all []lang.Result
	for _, r := range in {
		out := lang.Result{
			Checked: lang.Checked{Kind: r.Kind, Module: addr.ModuleInstance(r.Module), Name: r.Name},
			Status:  r.Status, Messages: r.Messages,
		}
		if r.Kind == lang.KindResource {
			a, err := addr.ParseInstance(r.Resource)
			if err != nil {
				return nil, fmt.Errorf("the results of checks: %w", err)
			}
			out.Resource = a
		}
		all = append(all, out)
	}
	return all, nil
}

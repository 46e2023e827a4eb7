package plan

import (
	"fmt"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
)

// checkedJSON is what became of the conditions of a block.
type checkedJSON struct {
	Kind    string       `json:"kind"`
	Block   string       `json:"block"`
	Status  lang.Status  `json:"status"`
	Objects []resultJSON `json:"objects,omitempty"`
}

// resultJSON is what became of the conditions of one thing.
type resultJSON struct {
	Resource string      `json:"resource,omitempty"`
	Module   string      `json:"module,omitempty"`
	Name     string      `json:"name,omitempty"`
	Status   lang.Status `json:"status"`
	Messages []string    `json:"messages,omitempty"`
}

func encodeChecks(results []lang.BlockResult) []checkedJSON {
	var all []checkedJSON
	for _, b := range results {
		out := checkedJSON{Kind: b.Kind, Block: b.Block, Status: b.Status}
		for _, r := range b.Objects {
			one := resultJSON{Module: string(r.Module), Name: r.Name, Status: r.Status, Messages: r.Messages}
			if r.Kind == lang.KindResource {
				one.Resource = r.Resource.String()
			}
			out.Objects = append(out.Objects, one)
		}
		all = append(all, out)
	}
	return all
}

func decodeChecks(in []checkedJSON) ([]lang.BlockResult, error) {
	var all []lang.BlockResult
	for _, b := range in {
		out := lang.BlockResult{Kind: b.Kind, Block: b.Block, Status: b.Status}
		for _, r := range b.Objects {
			one := lang.Result{
				Checked: lang.Checked{Kind: b.Kind, Module: addr.ModuleInstance(r.Module), Name: r.Name},
				Status:  r.Status, Messages: r.Messages,
			}
			if b.Kind == lang.KindResource {
				a, err := addr.ParseInstance(r.Resource)
				if err != nil {
					return nil, fmt.Errorf("the results of checks: %w", err)
				}
				one.Resource = a
			}
			out.Objects = append(out.Objects, one)
		}
		all = append(all, out)
	}
	return all, nil
}

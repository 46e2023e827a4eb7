package ui

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
)

type checkJSON struct {
	Address   map[string]any `json:"address"`
	Status    string         `json:"status"`
	Instances []checkedJSON  `json:"instances,omitempty"`
}

type checkedJSON struct {
	Address  map[string]any `json:"address"`
	Status   string         `json:"status"`
	Problems []problemJSON  `json:"problems,omitempty"`
}

type problemJSON struct {
	Message string `json:"message"`
}

// storedCheck is what the state file keeps of the conditions of one block.
type storedCheck struct {
	Kind    string `json:"object_kind"`
	Addr    string `json:"config_addr"`
	Status  string `json:"status"`
	Objects []struct {
		Addr     string   `json:"object_addr"`
		Status   string   `json:"status"`
		Messages []string `json:"failure_messages"`
	} `json:"objects"`
}

// checksOfPlan are what became of conditions while planning.
func checksOfPlan(p *plan.Plan) ([]checkJSON, error) {
	var out []checkJSON
	for _, b := range p.Checks {
		one, err := checkOf(b.Kind, b.Block, string(b.Status))
		if err != nil {
			return nil, err
		}
		for _, r := range b.Objects {
			instance, err := checkedOf(r.Kind, r.String(), string(r.Status), r.Messages)
			if err != nil {
				return nil, err
			}
			one.Instances = append(one.Instances, instance)
		}
		out = append(out, one)
	}
	sortChecks(out)
	return out, nil
}

// checksOfState are what the state keeps of conditions.
func checksOfState(raw json.RawMessage) ([]checkJSON, error) {
	var stored []storedCheck
	if len(raw) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(raw, &stored); err != nil {
		return nil, fmt.Errorf("reading the results of checks: %w", err)
	}
	var out []checkJSON
	for _, s := range stored {
		one, err := checkOf(s.Kind, s.Addr, s.Status)
		if err != nil {
			return nil, err
		}
		for _, o := range s.Objects {
			instance, err := checkedOf(s.Kind, o.Addr, o.Status, o.Messages)
			if err != nil {
				return nil, err
			}
			one.Instances = append(one.Instances, instance)
		}
		out = append(out, one)
	}
	sortChecks(out)
	return out, nil
}

func sortChecks(all []checkJSON) {
	text := func(address map[string]any) string { return fmt.Sprint(address["to_display"]) }
	slices.SortFunc(all, func(a, b checkJSON) int { return strings.Compare(text(a.Address), text(b.Address)) })
	for _, c := range all {
		slices.SortFunc(c.Instances, func(a, b checkedJSON) int { return strings.Compare(text(a.Address), text(b.Address)) })
	}
}

func checkOf(kind, block, status string) (checkJSON, error) {
	out := checkJSON{Address: map[string]any{"kind": kind, "to_display": block}, Status: status}
	if kind == "resource" {
		r, err := addr.ParseConfigResource(block)
		if err != nil {
			return out, fmt.Errorf("reading the address of a check: %w", err)
		}
		out.Address["mode"], out.Address["type"], out.Address["name"] = r.Resource.Mode.String(), r.Resource.Type, r.Resource.Name
		if r.Module != "" {
			out.Address["module"] = string(r.Module)
		}
		return out, nil
	}
	module, name := checkName(kind, block)
	out.Address["name"] = name
	if module != "" {
		out.Address["module"] = module
	}
	if kind == "output" {
		out.Address["kind"] = "output_value"
	}
	return out, nil
}

func checkedOf(kind, at, status string, messages []string) (checkedJSON, error) {
	out := checkedJSON{Address: map[string]any{"to_display": at}, Status: status}
	for _, m := range messages {
		out.Problems = append(out.Problems, problemJSON{m})
	}
	if kind != "resource" {
		if module, _ := checkName(kind, at); module != "" {
			out.Address["module"] = module
		}
		return out, nil
	}
	a, err := addr.ParseInstance(at)
	if err != nil {
		return out, fmt.Errorf("reading the address of a check: %w", err)
	}
	if key := keyJSON(a.Key); key != nil {
		out.Address["instance_key"] = key
	}
	if a.Module != "" {
		out.Address["module"] = string(a.Module)
	}
	return out, nil
}

// checkName takes the address of an output, a variable or a check block apart.
func checkName(kind, at string) (module, name string) {
	i := strings.LastIndex(at, kind+".")
	if i < 0 {
		return "", at
	}
	return strings.TrimSuffix(at[:i], "."), at[i+len(kind)+1:]
}

package ui

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/describe"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// PlanFacts is what is known of a plan beyond the plan itself.
type PlanFacts struct {
	TerraformVersion string
	Prior            []Object // the objects of plan.Plan.Prior, decoded

	// Schema is the schema of a type, or nil if it is not known.
	Schema func(addr.Provider, addr.Resource) *plugin.Schema

	// Configuration is the configuration as a JSON document, or nil.
	Configuration json.RawMessage

	// Relevant are the parts of objects that the changes are based on.
	Relevant []describe.Part
}

func (f PlanFacts) block(provider addr.Provider, r addr.Resource) *plugin.Block {
	if f.Schema == nil {
		return nil
	}
	if schema := f.Schema(provider, r); schema != nil {
		return &schema.Block
	}
	return nil
}

// matters tells that something is based on a part of the object that drifted.
func (f PlanFacts) matters(c plan.Change) bool {
	return slices.ContainsFunc(f.Relevant, func(p describe.Part) bool {
		if p.Addr.Resource != c.Addr.Resource || p.Addr.Module != c.Addr.Module || p.Addr.Key != nil && p.Addr.Key != c.Addr.Key {
			return false
		}
		before, errBefore := p.Path.Apply(bare(c.Before))
		after, errAfter := p.Path.Apply(bare(c.After))
		return errBefore != nil || errAfter != nil || !before.RawEquals(after)
	})
}

type planJSON struct {
	Format    string                  `json:"format_version"`
	Version   string                  `json:"terraform_version"`
	Variables map[string]variableJSON `json:"variables,omitempty"`
	Planned   *valuesJSON[outputJSON] `json:"planned_values"`
	Drift     []changeJSON            `json:"resource_drift,omitempty"`
	Changes   []changeJSON            `json:"resource_changes,omitempty"`
	Outputs   map[string]deltaJSON    `json:"output_changes,omitempty"`
	Prior     *stateJSON              `json:"prior_state,omitempty"`
	Config    json.RawMessage         `json:"configuration,omitempty"`
	Actions   []invocationJSON        `json:"action_invocations,omitempty"`
	Relevant  []partJSON              `json:"relevant_attributes,omitempty"`
	Checks    []checkJSON             `json:"checks,omitempty"`
	Timestamp string                  `json:"timestamp"`
	Applyable bool                    `json:"applyable"`
	Complete  bool                    `json:"complete"`
	Errored   bool                    `json:"errored"`
}

type variableJSON struct {
	Value json.RawMessage `json:"value,omitempty"`
}

type changeJSON struct {
	Address  string    `json:"address"`
	Previous string    `json:"previous_address,omitempty"`
	Module   string    `json:"module_address,omitempty"`
	Mode     string    `json:"mode"`
	Type     string    `json:"type"`
	Name     string    `json:"name"`
	Index    any       `json:"index,omitempty"`
	Provider string    `json:"provider_name"`
	Deposed  string    `json:"deposed,omitempty"`
	Change   deltaJSON `json:"change"`
	Reason   string    `json:"action_reason,omitempty"`
}

type deltaJSON struct {
	Actions         []string        `json:"actions"`
	Before          json.RawMessage `json:"before"`
	After           json.RawMessage `json:"after,omitempty"`
	AfterUnknown    any             `json:"after_unknown"`
	BeforeSensitive any             `json:"before_sensitive"`
	AfterSensitive  any             `json:"after_sensitive"`
	ReplacePaths    [][]any         `json:"replace_paths,omitempty"`
	Importing       *importingJSON  `json:"importing,omitempty"`
}

// importingJSON says by what an object is taken over.
type importingJSON struct {
	ID       string          `json:"id,omitempty"`
	Identity json.RawMessage `json:"identity,omitempty"`
}

func importingOf(i *plan.Importing) (*importingJSON, error) {
	if i == nil {
		return nil, nil
	}
	out := &importingJSON{ID: i.ID}
	if i.Identity == cty.NilVal || i.Identity.IsNull() {
		return out, nil
	}
	var err error
	out.Identity, err = jsonValue(i.Identity)
	return out, err
}

type partJSON struct {
	Resource  string `json:"resource"`
	Attribute []any  `json:"attribute"`
}

// PlanJSON is the JSON document of a plan, on one line.
func PlanJSON(p *plan.Plan, f PlanFacts) ([]byte, error) {
	out, err := planOf(p, f)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(out)
	return append(raw, '\n'), err
}

func planOf(p *plan.Plan, f PlanFacts) (*planJSON, error) {
	out := planJSON{
		Format: "1.2", Version: f.TerraformVersion, Timestamp: p.Time.UTC().Format(time.RFC3339),
		Applyable: !p.Errored && (!p.Empty() || p.Mode == plan.RefreshOnly && p.Refreshed()), Complete: !p.Partial && !p.Errored, Errored: p.Errored,
	}
	var err error
	if out.Variables, err = variables(p.Variables); err != nil {
		return nil, err
	}
	changes := p.Changes
	if p.Mode == plan.RefreshOnly { // what is not planned is not part of it
		changes = nil
	}
	if out.Planned, err = planned(changes, p.Outputs, f); err != nil {
		return nil, err
	}
	if out.Drift, err = changesJSON(p.Drift); err != nil {
		return nil, err
	}
	if out.Changes, err = changesJSON(changes); err != nil {
		return nil, err
	}
	if out.Outputs, err = outputDeltas(p.Outputs); err != nil {
		return nil, err
	}
	if outputs := refreshedOutputs(p); p.Prior != nil && (len(f.Prior) > 0 || len(outputs) > 0) {
		if out.Prior, err = stateOf(f.TerraformVersion, f.Prior, outputs); err != nil {
			return nil, err
		}
	}
	if out.Actions, err = invocationsJSON(p.Invocations); err != nil {
		return nil, err
	}
	out.Config = f.Configuration
	for _, part := range f.Relevant {
		out.Relevant = append(out.Relevant, partJSON{part.Addr.String(), append([]any{}, pathJSON(part.Path)...)})
	}
	if out.Checks, err = checksOfPlan(p); err != nil {
		return nil, err
	}
	return &out, nil
}

// refreshedOutputs are the outputs of the state, but for those whose new value is
// known already.
func refreshedOutputs(p *plan.Plan) map[string]state.Output {
	out := map[string]state.Output{}
	if p.Prior != nil {
		maps.Copy(out, p.Prior.Outputs())
	}
	for _, o := range p.Outputs {
		switch after := bare(o.After); {
		case o.Action == plan.Delete || after == cty.NilVal || !after.IsWhollyKnown():
		case after.IsNull():
			delete(out, o.Name)
		default:
			out[o.Name] = state.Output{Value: after, Sensitive: o.Sensitive}
		}
	}
	return out
}

func variables(in map[string]cty.Value) (map[string]variableJSON, error) {
	out := map[string]variableJSON{}
	for name, v := range in {
		raw, err := jsonValue(v)
		if err != nil {
			return nil, fmt.Errorf("encoding variable %q: %w", name, err)
		}
		out[name] = variableJSON{raw}
	}
	return out, nil
}

// planned is what there will be once the plan is applied, as far as it is known.
func planned(changes []plan.Change, outputs []plan.OutputChange, f PlanFacts) (*valuesJSON[outputJSON], error) {
	out := &valuesJSON[outputJSON]{Outputs: map[string]outputJSON{}}
	for _, o := range outputs {
		if o.Action == plan.Delete {
			continue
		}
		one := outputJSON{Sensitive: o.Sensitive}
		if after := bare(o.After); after.IsWhollyKnown() {
			var err error
			if one.Type, err = ctyjson.MarshalType(after.Type()); err == nil {
				one.Value, err = jsonValue(after)
			}
			if err != nil {
				return nil, fmt.Errorf("encoding output %q: %w", o.Name, err)
			}
		}
		out.Outputs[o.Name] = one
	}
	var resources []objectJSON
	var modules []addr.ModuleInstance
	for _, c := range changes {
		forgotten := c.Action == plan.Forget // it stays, and nobody knows how
		if missing(c.After) && !forgotten || c.Deposed != "" {
			continue
		}
		one, err := objectOf(c.Addr, c.Provider, c.After)
		if err != nil {
			return nil, err
		}
		if forgotten {
			one.Values, one.Sensitive = nil, false
		}
		if f.Schema != nil {
			if schema := f.Schema(c.Provider.Provider, c.Addr.Resource); schema != nil {
				one.SchemaVersion = schema.Version
			}
		}
		resources, modules = append(resources, one), append(modules, c.Addr.Module)
	}
	out.Root = nest(resources, modules)
	return out, nil
}

func changesJSON(changes []plan.Change) ([]changeJSON, error) {
	var out []changeJSON
	for _, c := range changes {
		delta, err := deltaOf(c.Action, c.Before, c.After)
		if err != nil {
			return nil, fmt.Errorf("encoding the change of %s: %w", c.Addr, err)
		}
		for _, p := range c.Requires {
			delta.ReplacePaths = append(delta.ReplacePaths, pathJSON(p))
		}
		if delta.Importing, err = importingOf(c.Importing); err != nil {
			return nil, fmt.Errorf("encoding the import of %s: %w", c.Addr, err)
		}
		previous := ""
		if c.Moved() {
			previous = c.Previous.String()
		}
		out = append(out, changeJSON{
			Previous: previous,
			Address:  c.Addr.String(), Module: string(c.Addr.Module), Mode: c.Addr.Resource.Mode.String(),
			Type: c.Addr.Resource.Type, Name: c.Addr.Resource.Name, Index: keyJSON(c.Addr.Key),
			Provider: c.Provider.Provider.String(), Deposed: c.Deposed, Change: delta, Reason: string(c.Reason),
		})
	}
	return out, nil
}

func outputDeltas(outputs []plan.OutputChange) (map[string]deltaJSON, error) {
	out := map[string]deltaJSON{}
	for _, o := range outputs {
		before, after := bare(o.Before), bare(o.After)
		delta, err := deltaOf(o.Action, before, after)
		if err != nil {
			return nil, fmt.Errorf("encoding the change of output %q: %w", o.Name, err)
		}
		// An output is sensitive as a whole.
		delta.BeforeSensitive, delta.AfterSensitive = o.Sensitive, o.Sensitive
		if after != cty.NilVal && after.IsWhollyKnown() {
			delta.AfterUnknown = false
		}
		out[o.Name] = delta
	}
	return out, nil
}

// bare is v without any mark.
func bare(v cty.Value) cty.Value {
	if v != cty.NilVal {
		v, _ = v.UnmarkDeep()
	}
	return v
}

func deltaOf(a plan.Action, before, after cty.Value) (deltaJSON, error) {
	out := deltaJSON{
		Actions: actions[a], AfterUnknown: map[string]any{},
		BeforeSensitive: hiddenTree(before), AfterSensitive: hiddenTree(after),
	}
	if after != cty.NilVal && !bare(after).IsWhollyKnown() {
		out.AfterUnknown = unknownTree(after)
	}
	var err error
	if out.Before, err = jsonValue(before); err != nil {
		return out, err
	}
	out.After, err = jsonValue(after)
	return out, err
}

var actions = [...][]string{
	plan.NoOp: {"no-op"}, plan.Create: {"create"}, plan.Read: {"read"}, plan.Update: {"update"},
	plan.DeleteCreate: {"delete", "create"}, plan.CreateDelete: {"create", "delete"},
	plan.Delete: {"delete"}, plan.Forget: {"forget"}, plan.ForgetCreate: {"forget", "create"},
}

func pathJSON(p cty.Path) []any {
	var out []any
	for _, step := range p {
		switch step := step.(type) {
		case cty.GetAttrStep:
			out = append(out, step.Name)
		case cty.IndexStep:
			if step.Key.Type() == cty.Number {
				n, _ := step.Key.AsBigFloat().Float64()
				out = append(out, n)
			} else {
				out = append(out, step.Key.AsString())
			}
		}
	}
	return out
}

package ui

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// Object is an object of the state with its value decoded, sensitive parts
// marked.
type Object struct {
	state.Entry
	Value cty.Value
	Block *plugin.Block // the shape of the value; nil if it is not known
}

// Objects writes objects of the state as blocks.
func (s Style) Objects(objects []Object) string {
	var b strings.Builder
	for _, o := range objects {
		b.WriteString(s.Object(o) + "\n")
	}
	return b.String()
}

// Object writes one object of the state as a block.
func (s Style) Object(o Object) string {
	d := &diff{style: s, all: true}
	note := ""
	if o.Object.Tainted {
		note = " (tainted)"
	}
	block := "resource"
	if o.Addr.Resource.Mode == addr.Data {
		block = "data"
	}
	v := unmarked(o.Value)
	if s.Secrets {
		v = bare(v)
	}
	return fmt.Sprintf("# %s%s:%s\n%s %s %s {\n%s}\n", o.Addr, deposedText(o.Deposed), note,
		block, quote(o.Addr.Resource.Type), quote(o.Addr.Resource.Name), d.block(o.Block, v, v, nil, keep, 2))
}

// Outputs writes the output values, one after the other.
func (s Style) Outputs(outputs map[string]state.Output) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(outputs)) {
		text := "<sensitive>"
		if o := outputs[name]; !o.Sensitive || s.Secrets {
			text = Value(o.Value)
		}
		b.WriteString(name + " = " + text + "\n")
	}
	return b.String()
}

type outputJSON struct {
	Sensitive bool            `json:"sensitive"`
	Type      json.RawMessage `json:"type,omitempty"`
	Value     json.RawMessage `json:"value,omitempty"`
}

// OutputsJSON is the JSON document of the command output, secrets included.
func OutputsJSON(outputs map[string]state.Output) ([]byte, error) {
	out, err := outputValues(outputs)
	if err != nil {
		return nil, err
	}
	return indented(out)
}

// ValueJSON is one value as a JSON document.
func ValueJSON(v cty.Value) ([]byte, error) {
	raw, err := jsonValue(v)
	return append(raw, '\n'), err
}

func outputValues(outputs map[string]state.Output) (map[string]outputJSON, error) {
	out := map[string]outputJSON{}
	for name, o := range outputs {
		ty, err := ctyjson.MarshalType(o.Value.Type())
		if err != nil {
			return nil, fmt.Errorf("encoding the type of output %q: %w", name, err)
		}
		v, err := jsonValue(o.Value)
		if err != nil {
			return nil, fmt.Errorf("encoding output %q: %w", name, err)
		}
		out[name] = outputJSON{Sensitive: o.Sensitive, Type: ty, Value: v}
	}
	return out, nil
}

type moduleJSON struct {
	Resources []objectJSON  `json:"resources,omitempty"`
	Address   string        `json:"address,omitempty"`
	Children  []*moduleJSON `json:"child_modules,omitempty"`
}

type objectJSON struct {
	Address       string          `json:"address"`
	Mode          string          `json:"mode"`
	Type          string          `json:"type"`
	Name          string          `json:"name"`
	Index         any             `json:"index,omitempty"`
	Provider      string          `json:"provider_name"`
	SchemaVersion uint64          `json:"schema_version"`
	Values        json.RawMessage `json:"values,omitempty"`
	Sensitive     any             `json:"sensitive_values"`
	DependsOn     []string        `json:"depends_on,omitempty"`
	Tainted       bool            `json:"tainted,omitempty"`
	Deposed       string          `json:"deposed_key,omitempty"`
}

type valuesJSON[O any] struct {
	Outputs map[string]O `json:"outputs,omitempty"`
	Root    *moduleJSON  `json:"root_module,omitempty"`
}

// storedJSON has the members of outputJSON in the order that a state has them.
type storedJSON struct {
	Sensitive bool            `json:"sensitive"`
	Value     json.RawMessage `json:"value,omitempty"`
	Type      json.RawMessage `json:"type,omitempty"`
}

type stateJSON struct {
	Format  string                  `json:"format_version"`
	Version string                  `json:"terraform_version,omitempty"`
	Values  *valuesJSON[storedJSON] `json:"values,omitempty"`
	Checks  []checkJSON             `json:"checks,omitempty"`
}

// State is the JSON document of the state in a file, on one line, with its objects
// decoded.
func State(f *state.File, objects []Object) ([]byte, error) {
	out, err := stateOf(f.TerraformVersion, objects, f.State.Outputs())
	if err != nil {
		return nil, err
	}
	if out.Checks, err = checksOfState(f.State.Checks()); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(out)
	return append(raw, '\n'), err
}

// EmptyState is the JSON document where there is no state.
func EmptyState() []byte { return []byte(`{"format_version":"1.0"}` + "\n") }

func stateOf(terraformVersion string, objects []Object, outputs map[string]state.Output) (*stateJSON, error) {
	values := &valuesJSON[storedJSON]{Outputs: map[string]storedJSON{}}
	all, err := outputValues(outputs)
	if err != nil {
		return nil, err
	}
	for name, o := range all {
		values.Outputs[name] = storedJSON{o.Sensitive, o.Value, o.Type}
	}
	resources := make([]objectJSON, 0, len(objects))
	modules := make([]addr.ModuleInstance, 0, len(objects))
	for _, o := range objects {
		one, err := objectOf(o.Addr, o.Provider, o.Value)
		if err != nil {
			return nil, err
		}
		one.SchemaVersion, one.Tainted, one.Deposed = o.Object.SchemaVersion, o.Object.Tainted, o.Deposed
		for _, d := range o.Object.Dependencies {
			one.DependsOn = append(one.DependsOn, d.String())
		}
		resources, modules = append(resources, one), append(modules, o.Addr.Module)
	}
	values.Root = nest(resources, modules)
	return &stateJSON{Format: "1.0", Version: terraformVersion, Values: values}, nil
}

func objectOf(a addr.Instance, provider addr.ProviderConfig, v cty.Value) (objectJSON, error) {
	values, err := jsonValue(v)
	if err != nil {
		return objectJSON{}, fmt.Errorf("encoding %s: %w", a, err)
	}
	return objectJSON{
		Address: a.String(), Mode: a.Resource.Mode.String(), Type: a.Resource.Type, Name: a.Resource.Name,
		Index: keyJSON(a.Key), Provider: provider.Provider.String(), Values: values, Sensitive: hiddenTree(v),
	}, nil
}

// nest puts each resource into its module, and the modules into one another.
func nest(resources []objectJSON, modules []addr.ModuleInstance) *moduleJSON {
	root := &moduleJSON{}
	known := map[addr.ModuleInstance]*moduleJSON{"": root}
	var find func(m addr.ModuleInstance) *moduleJSON
	find = func(m addr.ModuleInstance) *moduleJSON {
		if x := known[m]; x != nil {
			return x
		}
		x := &moduleJSON{Address: string(m)}
		known[m] = x
		parent := find(m[:max(strings.LastIndex(string(m), ".module."), 0)])
		parent.Children = append(parent.Children, x)
		return x
	}
	for i, r := range resources {
		m := find(modules[i])
		m.Resources = append(m.Resources, r)
	}
	return root
}

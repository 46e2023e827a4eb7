package ui

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
)

// invoked lists the actions that were asked for by their addresses.
func (s Style) invoked(p *plan.Plan) string {
	var b strings.Builder
	for _, i := range p.Invocations {
		if i.Trigger == nil {
			b.WriteString("  " + s.paint(bold, "# "+i.Addr.String()) + " will be invoked\n" + s.invocation(i) + "\n")
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return b.String()
}

// triggered lists the actions that go with the change of a.
func (s Style) triggered(all []plan.Invocation, a addr.Instance) string {
	var b strings.Builder
	for _, when := range []string{"before", "after"} {
		head := "    # Actions to be invoked " + when + " this change in order:\n"
		for _, i := range all {
			if i.Trigger == nil || i.Trigger.Addr != a || !strings.HasPrefix(i.Trigger.Event, when+"_") {
				continue
			}
			b.WriteString("\n" + head + s.invocation(i))
			head = ""
		}
	}
	return b.String()
}

// invocation writes the block of an action, with what it is given.
func (s Style) invocation(i plan.Invocation) string {
	config := unmarked(i.Config)
	if s.Secrets {
		config = bare(config)
	}
	var lines string
	values := config.AsValueMap()
	width := 0
	for name, v := range values {
		if !missing(v) {
			width = max(width, len(attributeName(name)))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if v := values[name]; !missing(v) {
			lines += fmt.Sprintf("            %-*s = %s\n", width, attributeName(name), valueAt(v, 12))
		}
	}
	if lines != "" {
		lines = "        config {\n" + lines + "        }\n"
	}
	return fmt.Sprintf("    action %s %s {\n%s    }\n", quote(i.Addr.Resource.Type), quote(i.Addr.Resource.Name), lines)
}

// actionsText is what a summary says of n actions; nothing if there are none.
func actionsText(n int, doing string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" Actions: %d%s.", n, doing)
}

type invocationJSON struct {
	Address   string          `json:"address"`
	Type      string          `json:"type"`
	Name      string          `json:"name"`
	Values    json.RawMessage `json:"config_values,omitempty"`
	Sensitive any             `json:"config_sensitive"`
	Unknown   any             `json:"config_unknown"`
	Provider  string          `json:"provider_name"`

	Trigger *invokedByJSON `json:"lifecycle_action_trigger,omitempty"`
	Invoke  *struct{}      `json:"invoke_action_trigger,omitempty"`
}

type invokedByJSON struct {
	Address string `json:"triggering_resource_address"`
	Event   string `json:"action_trigger_event"`
	Block   int    `json:"action_trigger_block_index"`
	Index   int    `json:"actions_list_index"`
}

// eventWords are the events as the JSON document of a plan names them.
var eventWords = map[string]string{
	"before_create": "BeforeCreate", "after_create": "AfterCreate", "before_update": "BeforeUpdate", "after_update": "AfterUpdate",
}

func invocationsJSON(all []plan.Invocation) ([]invocationJSON, error) {
	var out []invocationJSON
	for _, i := range all {
		one := invocationJSON{
			Address: i.Addr.String(), Type: i.Addr.Resource.Type, Name: i.Addr.Resource.Name, Provider: i.Provider.Provider.String(),
			Sensitive: hiddenTree(i.Config), Unknown: unknownTree(i.Config),
		}
		if i.Config != cty.NilVal {
			raw, err := jsonValue(i.Config)
			if err != nil {
				return nil, fmt.Errorf("encoding the action %s: %w", i.Addr, err)
			}
			one.Values = raw
		}
		if t := i.Trigger; t != nil {
			one.Trigger = &invokedByJSON{t.Addr.String(), eventWords[t.Event], t.Block, t.Index}
		} else {
			one.Invoke = &struct{}{}
		}
		out = append(out, one)
	}
	return out, nil
}

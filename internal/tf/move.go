package tf

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// MoveState takes over the state of other providers' types for moved blocks, as
// far as it names the object; the refresh that follows reads all else.
func (r *instance[C, M]) MoveState(context.Context) []resource.StateMover {
	var all []resource.StateMover
	for _, from := range slices.Sorted(maps.Keys(r.Moves)) {
		all = append(all, resource.StateMover{
			StateMover: func(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
				if req.SourceTypeName != from {
					return
				}
				values, err := moved(req, r.Moves[from])
				if err != nil {
					report(&resp.Diagnostics, "move "+from+" to "+r.typeName(), err)
					return
				}
				state := map[string]tftypes.Value{}
				for name, t := range resp.TargetState.Raw.Type().(tftypes.Object).AttributeTypes {
					state[name] = tftypes.NewValue(t, nil)
					if v := values[name]; v != "" {
						state[name] = stringValue(v)
					}
				}
				resp.TargetState.Raw = tftypes.NewValue(resp.TargetState.Raw.Type(), state)
				resp.TargetIdentity = nil // the refresh finds it
			},
		})
	}
	return all
}

// moved returns the attributes that the state of another type gives, and region if
// it tells that. attributes are those wanted, by this type's names, as the other
// type calls them; several that are joined by a colon are so in the value, too, and
// one with a question mark may be absent.
func moved(req resource.MoveStateRequest, attributes map[string]string) (map[string]string, error) {
	var state map[string]any
	if err := json.Unmarshal(req.SourceRawState.JSON, &state); err != nil {
		return nil, fmt.Errorf("reading the state of %s: %w", req.SourceTypeName, err)
	}
	values := map[string]string{}
	values["region"], _ = state["region"].(string)
	if arn, _ := state["arn"].(string); values["region"] == "" && strings.Count(arn, ":") >= 5 {
		values["region"] = strings.Split(arn, ":")[3]
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		var parts []string
		for from := range strings.SplitSeq(attributes[name], ":") {
			from, optional := strings.CutSuffix(from, "?")
			v := textOf(state[from])
			switch {
			case v != "":
				parts = append(parts, v)
			case !optional:
				return nil, &Problem{
					"The state of " + req.SourceTypeName + " cannot be moved",
					fmt.Sprintf("It has no %s, which is needed to find the object. Refresh it with its own provider first, or remove it from the state and import the object.", from),
				}
			}
		}
		values[name] = strings.Join(parts, ":")
	}
	return values, nil
}

// textOf is a string or a whole number as text; "" for all else.
func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

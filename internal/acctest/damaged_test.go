package acctest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// damages are ways in which somebody may have spoiled a state by hand: each is what
// its texts are then, in turn; none for a state without values.
var damages = map[string][]string{
	"nothing":     nil,
	"empty texts": {""},
	"words":       {"x"},
	"colons":      {":", ":::::", "/", "@"},
	"half ARNs":   {"arn", "arn:aws:lambda", "arn:aws:iam::000000000000:role/", "arn:aws:lambda:eu-north-1:000000000000:function:"},
	"other ARNs":  {"arn:aws:lambda:eu-north-1:000000000000:function:f", "arn:aws:sqs:eu-north-1:000000000000:q", "arn:aws:iam::000000000000:role/r"},
	"JSON":        {"{}", "[]", "null", `{"Statement":1}`},
}

// damaged is a value of a type, with texts in turn; null without texts.
func damaged(kind tftypes.Type, texts []string, n *int) tftypes.Value {
	if texts == nil {
		return tftypes.NewValue(kind, nil)
	}
	switch k := kind.(type) {
	case tftypes.Object:
		all := map[string]tftypes.Value{}
		for _, name := range slices.Sorted(maps.Keys(k.AttributeTypes)) {
			all[name] = damaged(k.AttributeTypes[name], texts, n)
		}
		return tftypes.NewValue(kind, all)
	case tftypes.Map:
		return tftypes.NewValue(kind, map[string]tftypes.Value{texts[0]: damaged(k.ElementType, texts, n)})
	case tftypes.List:
		return tftypes.NewValue(kind, []tftypes.Value{damaged(k.ElementType, texts, n)})
	case tftypes.Set:
		return tftypes.NewValue(kind, []tftypes.Value{damaged(k.ElementType, texts, n)})
	}
	switch {
	case kind.Is(tftypes.Number):
		return tftypes.NewValue(kind, big.NewFloat(0))
	case kind.Is(tftypes.Bool):
		return tftypes.NewValue(kind, true)
	case kind.Is(tftypes.DynamicPseudoType):
		kind = tftypes.String
	}
	*n++
	return tftypes.NewValue(kind, texts[*n%len(texts)])
}

// TestDamagedStates: whatever a state says, no type panics when it is upgraded, read,
// planned, changed, destroyed or imported. Errors are right.
func TestDamagedStates(t *testing.T) {
	t.Parallel()
	schemas := Speak(t, providertest.Emulator(t), "").schemas
	for _, name := range slices.Sorted(maps.Keys(schemas.ResourceSchemas)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := damage{t, Speak(t, providertest.Emulator(t), `stack = "proof"`).server, name}
			schema := schemas.ResourceSchemas[name]
			kind := schema.ValueType().(tftypes.Object)
			attributes := slices.Sorted(maps.Keys(kind.AttributeTypes))
			for _, of := range slices.Sorted(maps.Keys(damages)) {
				texts := damages[of]
				for turn := range max(1, len(texts)) { // each attribute gets each of the texts
					n := turn
					state := map[string]tftypes.Value{}
					for _, attribute := range attributes {
						state[attribute] = damaged(kind.AttributeTypes[attribute], texts, &n)
					}
					limits := kind.AttributeTypes["timeouts"].(tftypes.Object)
					state["timeouts"] = tftypes.NewValue(limits, map[string]tftypes.Value{ // nobody waits for what is not there
						"create": tftypes.NewValue(tftypes.String, "1s"), "update": tftypes.NewValue(tftypes.String, "1s"), "delete": tftypes.NewValue(tftypes.String, "1s"),
					})
					for _, a := range schema.Block.Attributes {
						if a.WriteOnly {
							state[a.Name] = tftypes.NewValue(kind.AttributeTypes[a.Name], nil)
						}
					}
					d.suffer(fmt.Sprintf("%s, turn %d", of, turn), kind, state, schema.Block)
				}
			}
			for _, text := range []string{`null`, `[]`, `{}`, `{"id":1}`, `{"id":"x"}`, `{"nobody":"knows"}`, `{"region":{}}`, `{`, ``} {
				for _, version := range []int64{0, schema.Version, schema.Version + 1} {
					d.call("upgrade of "+text, func(ctx context.Context) error {
						_, err := d.server.UpgradeResourceState(ctx, &tfprotov6.UpgradeResourceStateRequest{TypeName: name, Version: version, RawState: &tfprotov6.RawState{JSON: []byte(text)}})
						return err
					})
				}
			}
			for _, id := range []string{"", "x", "/", "a/b/c/d", "@", "x@", "@x", "arn", "arn:", "arn:aws:lambda", "arn:aws:lambda:eu-north-1:000000000000:function:", "arn:aws:sqs:eu-north-1:000000000000:q:r"} {
				d.call("import of "+id, func(ctx context.Context) error {
					resp, err := d.server.ImportResourceState(ctx, &tfprotov6.ImportResourceStateRequest{TypeName: name, ID: id})
					if err != nil || len(resp.ImportedResources) == 0 {
						return err
					}
					i := resp.ImportedResources[0]
					_, err = d.server.ReadResource(ctx, &tfprotov6.ReadResourceRequest{TypeName: name, CurrentState: i.State, CurrentIdentity: i.Identity, Private: i.Private})
					return err
				})
			}
		})
	}
}

// A damage is one type's provider while its states are damaged.
type damage struct {
	*testing.T
	server tfprotov6.ProviderServer
	name   string
}

// call demands that something neither panics nor fails as a call.
func (d damage) call(what string, f func(context.Context) error) {
	d.Helper()
	defer func() {
		if r := recover(); r != nil {
			d.Errorf("%s: %v\n%s", what, r, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(d.Context(), time.Second) // AWS has nothing to wait for
	defer cancel()
	if err := f(ctx); err != nil {
		d.Errorf("%s: %v", what, err)
	}
}

// suffer goes through what is done to an object whose state is that.
func (d damage) suffer(of string, kind tftypes.Object, state map[string]tftypes.Value, block *tfprotov6.SchemaBlock) {
	pack := func(v tftypes.Value) *tfprotov6.DynamicValue {
		packed, err := tfprotov6.NewDynamicValue(kind, v)
		if err != nil {
			d.Fatalf("%s: %v", of, err)
		}
		return &packed
	}
	config, n := maps.Clone(state), 0
	for _, a := range block.Attributes {
		switch of := kind.AttributeTypes[a.Name]; {
		case a.Required && state[a.Name].IsNull(): // engines see to that
			config[a.Name] = damaged(of, damages["words"], &n)
		case !a.Required && !a.Optional:
			config[a.Name] = tftypes.NewValue(of, nil)
		}
	}
	was, none := pack(tftypes.NewValue(kind, state)), pack(tftypes.NewValue(kind, nil))
	bare := map[string]any{}
	for name, v := range state {
		var s string
		if v.Type().Is(tftypes.String) && !v.IsNull() && v.As(&s) == nil {
			bare[name] = s
		}
	}
	text, err := json.Marshal(bare)
	if err != nil {
		d.Fatal(err)
	}
	d.call(of+": upgrade", func(ctx context.Context) error {
		_, err := d.server.UpgradeResourceState(ctx, &tfprotov6.UpgradeResourceStateRequest{TypeName: d.name, RawState: &tfprotov6.RawState{JSON: text}})
		return err
	})
	d.call(of+": read", func(ctx context.Context) error {
		_, err := d.server.ReadResource(ctx, &tfprotov6.ReadResourceRequest{TypeName: d.name, CurrentState: was})
		return err
	})
	for n, c := range []map[string]tftypes.Value{config, other(config)} {
		how := []string{"as it is", "another"}[n]
		for n, prior := range []*tfprotov6.DynamicValue{none, was} {
			change := []string{"create", "update"}[n]
			d.call(of+": plan of "+change+", "+how, func(ctx context.Context) error {
				written := pack(tftypes.NewValue(kind, c))
				if _, err := d.server.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{TypeName: d.name, Config: written}); err != nil {
					return err
				}
				planned, err := d.server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{TypeName: d.name, Config: written, PriorState: prior, ProposedNewState: pack(tftypes.NewValue(kind, proposed(c, state, block)))})
				if err != nil || refusal(planned.Diagnostics) != nil || len(planned.RequiresReplace) > 0 || prior == none {
					return err
				}
				_, err = d.server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{TypeName: d.name, Config: written, PriorState: prior, PlannedState: planned.PlannedState, PlannedPrivate: planned.PlannedPrivate})
				return err
			})
		}
	}
	d.call(of+": destroy", func(ctx context.Context) error {
		if _, err := d.server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{TypeName: d.name, Config: none, PriorState: was, ProposedNewState: none}); err != nil {
			return err
		}
		_, err := d.server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{TypeName: d.name, Config: none, PriorState: was, PlannedState: none})
		return err
	})
}

// other is a configuration in which every text is another.
func other(config map[string]tftypes.Value) map[string]tftypes.Value {
	all := maps.Clone(config)
	for name, v := range all {
		if v.Type().Is(tftypes.String) && !v.IsNull() {
			all[name] = tftypes.NewValue(tftypes.String, "y")
		}
	}
	return all
}

// proposed is what an engine proposes for a configuration: what is computed stays.
func proposed(config, state map[string]tftypes.Value, block *tfprotov6.SchemaBlock) map[string]tftypes.Value {
	all := maps.Clone(config)
	for _, a := range block.Attributes {
		if a.Computed && config[a.Name].IsNull() {
			all[a.Name] = state[a.Name]
		}
	}
	return all
}

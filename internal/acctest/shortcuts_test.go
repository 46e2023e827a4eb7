package acctest

import (
	"maps"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"pgregory.net/rapid"

	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// texts are values for attributes of any meaning.
var texts = []string{
	"", "a", "orders", "S", "N", "id", "10s", "PAY_PER_REQUEST", "ENABLED", "AWS_PROXY", "GET /", "live", "$LATEST", "*", "1", "20",
	"lambda:InvokeFunction", "sqs.amazonaws.com", "123456789012", "eu-north-1", "nodejs22.x", "python3.13", "index.handler", "arm64",
	"arn:aws:iam::123456789012:role/r", "arn:aws:lambda:eu-north-1:123456789012:function:f", "arn:aws:sqs:eu-north-1:123456789012:q",
	`{"Version":"2012-10-17","Statement":[]}`, `{ "a": 1 }`, `{"S":"x"}`, "[", "é", "rate(1 minute)", "NONE", "LATEST", "TRIM_HORIZON",
}

// somewhat is a value of a type; null is how many of ten are null.
func somewhat(t *rapid.T, kind tftypes.Type, null int) tftypes.Value {
	switch n := rapid.IntRange(0, 99).Draw(t, "state"); {
	case n < null*10:
		return tftypes.NewValue(kind, nil)
	case n == 99:
		return tftypes.NewValue(kind, tftypes.UnknownValue)
	}
	all := func(e tftypes.Type) (out []tftypes.Value) {
		for range rapid.IntRange(0, 2).Draw(t, "length") {
			out = append(out, somewhat(t, e, 0))
		}
		return out
	}
	switch k := kind.(type) {
	case tftypes.Object:
		out := map[string]tftypes.Value{}
		for _, name := range slices.Sorted(maps.Keys(k.AttributeTypes)) {
			out[name] = somewhat(t, k.AttributeTypes[name], 5)
		}
		return tftypes.NewValue(kind, out)
	case tftypes.Map:
		out := map[string]tftypes.Value{}
		for i, v := range all(k.ElementType) {
			out[texts[i+1]] = v
		}
		return tftypes.NewValue(kind, out)
	case tftypes.List:
		return tftypes.NewValue(kind, all(k.ElementType))
	case tftypes.Set:
		out := all(k.ElementType)
		if len(out) == 2 && out[0].Equal(out[1]) {
			out = out[:1]
		}
		return tftypes.NewValue(kind, out)
	}
	switch {
	case kind.Is(tftypes.Number):
		return tftypes.NewValue(kind, rapid.SampledFrom([]int{0, 1, 2, 5, 30, 128, 300, 512, 1024, 3600, 100000, -1}).Draw(t, "number"))
	case kind.Is(tftypes.Bool):
		return tftypes.NewValue(kind, rapid.Bool().Draw(t, "bool"))
	}
	return tftypes.NewValue(tftypes.String, rapid.SampledFrom(texts).Draw(t, "text"))
}

// known is a value with something for all that is unknown in it.
func known(t *rapid.T, v tftypes.Value) tftypes.Value {
	out, err := tftypes.Transform(v, func(_ *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		for !v.IsFullyKnown() {
			v = somewhat(t, v.Type(), 2)
		}
		return v, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestShortcuts compares what the provider answers without the framework with what
// the framework says, for configurations that nobody has thought of and objects
// that are as they want them.
func TestShortcuts(t *testing.T) {
	t.Parallel()
	p := Speak(t, providertest.Emulator(t), "")
	var taken atomic.Int64
	d := doubted(t, p.server, &taken).(*doubt)
	identities, err := d.plain.GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		t.Fatal(err)
	}
	names := slices.Sorted(maps.Keys(p.schemas.ResourceSchemas))
	checked, planned := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(names).Draw(t, "type")
		schema, identity := p.schemas.ResourceSchemas[name], identities.IdentitySchemas[name]
		o := someone{t, d, name, schema.Block, schema.ValueType().(tftypes.Object)}
		config := o.config()
		checked += o.check(config)
		planned += o.plan(config, identity)
		if d.t.Failed() {
			t.Fatalf("the configuration of a %s was %s", name, config)
		}
	})
	t.Logf("%d checks and %d plans by shortcuts", checked, planned)
	if checked == 0 || planned == 0 {
		t.Error("nothing was compared")
	}
}

// A someone has a resource of a type.
type someone struct {
	*rapid.T
	d     *doubt
	name  string
	block *tfprotov6.SchemaBlock
	kind  tftypes.Object
}

func (o *someone) pack(v tftypes.Value) *tfprotov6.DynamicValue {
	packed, err := tfprotov6.NewDynamicValue(v.Type(), v)
	if err != nil {
		o.Fatal(err)
	}
	return &packed
}

func (o *someone) config() tftypes.Value {
	all := map[string]tftypes.Value{}
	for _, a := range o.block.Attributes {
		of := o.kind.AttributeTypes[a.Name]
		switch {
		case a.Required:
			all[a.Name] = somewhat(o.T, of, 0)
		case a.Optional:
			all[a.Name] = somewhat(o.T, of, 9)
		default:
			all[a.Name] = tftypes.NewValue(of, nil)
		}
	}
	return tftypes.NewValue(o.kind, all)
}

// check returns how many shortcuts were taken.
func (o *someone) check(config tftypes.Value) int {
	req := &tfprotov6.ValidateResourceConfigRequest{
		TypeName: o.name, Config: o.pack(config),
		ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: rapid.Bool().Draw(o.T, "write-only")},
	}
	resp, err := o.d.ValidateResourceConfig(o.Context(), req) // compares
	if err != nil {
		o.Fatal(err)
	}
	if len(resp.Diagnostics) > 0 {
		return 0
	}
	return 1
}

// plan returns how many shortcuts were taken. The object is what was once planned
// for the configuration, if that is possible.
func (o *someone) plan(config tftypes.Value, identity *tfprotov6.ResourceIdentitySchema) int {
	var written map[string]tftypes.Value
	if err := config.As(&written); err != nil {
		o.Fatal(err)
	}
	proposed, prior := maps.Clone(written), maps.Clone(written)
	for _, a := range o.block.Attributes {
		switch of := o.kind.AttributeTypes[a.Name]; {
		case a.WriteOnly:
			prior[a.Name] = tftypes.NewValue(of, nil)
		case a.Computed && written[a.Name].IsNull():
			proposed[a.Name] = tftypes.NewValue(of, tftypes.UnknownValue)
			prior[a.Name] = proposed[a.Name]
		}
	}
	resp, err := o.d.plain.PlanResourceChange(o.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: o.name, Config: o.pack(config),
		PriorState: o.pack(tftypes.NewValue(o.kind, nil)), ProposedNewState: o.pack(tftypes.NewValue(o.kind, proposed)),
	})
	if err != nil {
		o.Fatal(err)
	}
	state := tftypes.NewValue(o.kind, prior)
	if len(resp.Diagnostics) == 0 {
		if state, err = resp.PlannedState.Unmarshal(o.kind); err != nil {
			o.Fatal(err)
		}
	}
	state = known(o.T, state)
	if err := state.As(&prior); err != nil {
		o.Fatal(err)
	}
	for _, a := range o.block.Attributes {
		if a.Computed && written[a.Name].IsNull() {
			proposed[a.Name] = prior[a.Name]
		}
	}
	id := map[string]tftypes.Value{}
	for _, a := range identity.IdentityAttributes {
		id[a.Name] = tftypes.NewValue(a.Type, "x")
	}
	req := &tfprotov6.PlanResourceChangeRequest{
		TypeName: o.name, Config: o.pack(config),
		PriorState: o.pack(state), ProposedNewState: o.pack(tftypes.NewValue(o.kind, proposed)),
		PriorIdentity: &tfprotov6.ResourceIdentityData{IdentityData: o.pack(tftypes.NewValue(identity.ValueType(), id))},
	}
	short, err := o.d.Server.PlanResourceChange(o.Context(), req)
	if err != nil {
		o.Fatal(err)
	}
	if short.PlannedState != req.PriorState {
		return 0
	}
	plain, err := o.d.plain.PlanResourceChange(o.Context(), req)
	if err != nil {
		o.Fatal(err)
	}
	o.d.equal(o.Context(), "plan", o.name, short, plain)
	return 1
}

package tf

import (
	"reflect"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"pgregory.net/rapid"
)

type inner struct {
	Text  types.String            `tfsdk:"text"`
	Flag  types.Bool              `tfsdk:"flag"`
	Words []types.String          `tfsdk:"words"`
	More  map[string]types.String `tfsdk:"more"`
}

type everything struct {
	Base
	Tagged
	Text   types.String     `tfsdk:"text"`
	Number types.Int64      `tfsdk:"number"`
	Any    types.Dynamic    `tfsdk:"any"`
	JSON   JSON             `tfsdk:"json"`
	Set    types.Set        `tfsdk:"set"`
	Object *inner           `tfsdk:"object"`
	List   []inner          `tfsdk:"list"`
	Map    map[string]inner `tfsdk:"map"`
}

func everyKind() schema.Schema {
	nested := map[string]schema.Attribute{
		"text": schema.StringAttribute{Optional: true},
		"flag": schema.BoolAttribute{Optional: true},
		"words": schema.ListAttribute{
			Optional: true, ElementType: types.StringType,
		},
		"more": schema.MapAttribute{Optional: true, ElementType: types.StringType},
	}
	return Type[any, everything]{Name: "everything", Schema: schema.Schema{Attributes: map[string]schema.Attribute{
		"tags":   TagsAttribute(),
		"text":   schema.StringAttribute{Optional: true},
		"number": schema.Int64Attribute{Optional: true},
		"any":    schema.DynamicAttribute{Optional: true},
		"json":   schema.StringAttribute{Optional: true, CustomType: JSONType{}},
		"set":    schema.SetAttribute{Optional: true, ElementType: types.StringType},
		"object": schema.SingleNestedAttribute{Optional: true, Attributes: nested},
		"list":   schema.ListNestedAttribute{Optional: true, NestedObject: schema.NestedAttributeObject{Attributes: nested}},
		"map":    schema.MapNestedAttribute{Optional: true, NestedObject: schema.NestedAttributeObject{Attributes: nested}},
	}}}.complete()
}

// draw is any value of a type.
func draw(t *rapid.T, kind tftypes.Type) tftypes.Value {
	switch rapid.SampledFrom([]string{"known", "known", "known", "known", "null", "unknown"}).Draw(t, "state") {
	case "null":
		return tftypes.NewValue(kind, nil)
	case "unknown":
		return tftypes.NewValue(kind, tftypes.UnknownValue)
	}
	n := rapid.IntRange(0, 2).Draw(t, "length")
	switch k := kind.(type) {
	case tftypes.Object:
		all := map[string]tftypes.Value{}
		names := []string{}
		for name := range k.AttributeTypes {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			all[name] = draw(t, k.AttributeTypes[name])
		}
		return tftypes.NewValue(kind, all)
	case tftypes.Map:
		all := map[string]tftypes.Value{}
		for i := range n {
			all[string(rune('a'+i))] = draw(t, k.ElementType)
		}
		return tftypes.NewValue(kind, all)
	case tftypes.List:
		all := make([]tftypes.Value, n)
		for i := range all {
			all[i] = draw(t, k.ElementType)
		}
		return tftypes.NewValue(kind, all)
	case tftypes.Set:
		all := make([]tftypes.Value, n)
		for i := range all {
			all[i] = draw(t, k.ElementType)
		}
		return tftypes.NewValue(kind, all)
	}
	switch {
	case kind.Is(tftypes.Number):
		return tftypes.NewValue(kind, rapid.SampledFrom([]float64{0, 1, 2, 3, 4, 5, 6, -7, 1.5, 1 << 40}).Draw(t, "number"))
	case kind.Is(tftypes.Bool):
		return tftypes.NewValue(kind, rapid.Bool().Draw(t, "bool"))
	}
	text := rapid.SampledFrom([]string{"0", "1", "2", "3", "4", "true", `"é"`, `{"a": 1}`, `[`}).Draw(t, "text")
	return tftypes.NewValue(tftypes.String, text) // of any type, too
}

// TestCodec compares the codec with the framework, of which it is a faster form,
// on values of every kind.
func TestCodec(t *testing.T) {
	s := everyKind()
	c := newCodec[everything](s)
	if c.paired() == nil {
		t.Fatal("the codec leaves the model to the framework")
	}
	taken := 0
	rapid.Check(t, func(rt *rapid.T) {
		all := map[string]tftypes.Value{}
		names := []string{}
		for name := range c.kind().AttributeTypes {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			all[name] = draw(rt, c.kind().AttributeTypes[name])
		}
		in := tftypes.NewValue(c.kind(), all)
		var want everything
		ds := tfsdk.State{Schema: s, Raw: nullUnknown(in, false)}.Get(t.Context(), &want)
		got, ok := c.from(t.Context(), all)
		if ok && ds.HasError() {
			rt.Fatalf("decoded %s, but the framework says %v", in, ds)
		}
		if !ok || ds.HasError() {
			return
		}
		taken++
		if !reflect.DeepEqual(*got, want) {
			rt.Fatalf("decoded %+v, the framework %+v", *got, want)
		}
		state := tfsdk.State{Schema: s, Raw: tftypes.NewValue(c.kind(), nil)}
		ds = state.Set(t.Context(), want)
		back, ok := c.to(t.Context(), got)
		if ok && ds.HasError() {
			rt.Fatalf("encoded %+v, but the framework says %v", want, ds)
		}
		if ok && !tftypes.NewValue(c.kind(), back).Equal(state.Raw) {
			rt.Fatalf("encoded %s, the framework %s", tftypes.NewValue(c.kind(), back), state.Raw)
		}
	})
	t.Logf("%d values", taken)
	if taken == 0 {
		t.Error("the framework refused every value")
	}
}

package tf

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// This file works on raw values rather than through the framework's paths: the
// framework copies the schema for each step of a path, which makes its planning
// quadratic in the number of attributes.

// fields returns the attributes of an object; nil if it is null or unknown.
func fields(v tftypes.Value) map[string]tftypes.Value {
	var m map[string]tftypes.Value
	if v.IsNull() || !v.IsKnown() || v.As(&m) != nil {
		return nil
	}
	return m
}

// elements returns the elements of a list, set or tuple; nil if it is null or
// unknown.
func elements(v tftypes.Value) []tftypes.Value {
	var l []tftypes.Value
	if v.IsNull() || !v.IsKnown() || v.As(&l) != nil {
		return nil
	}
	return l
}

func isObject(t tftypes.Type) bool { return t.Is(tftypes.Object{}) }
func isMap(t tftypes.Type) bool    { return t.Is(tftypes.Map{}) }
func isSequence(t tftypes.Type) bool {
	return t.Is(tftypes.List{}) || t.Is(tftypes.Tuple{})
}
func isPrimitive(t tftypes.Type) bool {
	return t.Is(tftypes.String) || t.Is(tftypes.Number) || t.Is(tftypes.Bool)
}

// stringOf returns a known string; "" and false otherwise.
func stringOf(v tftypes.Value) (string, bool) {
	var s string
	if v.IsNull() || !v.IsKnown() || v.As(&s) != nil {
		return "", false
	}
	return s, true
}

// stringValue is a string as a raw value.
func stringValue(s string) tftypes.Value { return tftypes.NewValue(tftypes.String, s) }

// nullUnknown returns v with unknown collections and objects, and if all is set
// also unknown primitives, replaced by null.
func nullUnknown(v tftypes.Value, all bool) tftypes.Value {
	if v.IsFullyKnown() {
		return v
	}
	out, err := tftypes.Transform(v, func(_ *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		if !v.IsKnown() && (all || !isPrimitive(v.Type())) {
			return tftypes.NewValue(v.Type(), nil), nil
		}
		return v, nil
	})
	if err != nil {
		panic(err) // a null of the value's own type always fits
	}
	return out
}

// decode fills a model from a raw value.
func decode[M any](ctx context.Context, s schema.Schema, raw tftypes.Value) (*M, diag.Diagnostics) {
	var m M
	ds := tfsdk.State{Schema: s, Raw: nullUnknown(raw, false)}.Get(ctx, &m)
	return &m, ds
}

// encode turns a model into a raw value.
func encode[M any](ctx context.Context, s schema.Schema, m *M) (tftypes.Value, diag.Diagnostics) {
	state := tfsdk.State{Schema: s, Raw: tftypes.NewValue(s.Type().TerraformType(ctx), nil)}
	ds := state.Set(ctx, m)
	return state.Raw, ds
}

package tf

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/attr/xattr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// JSONType is the type of attributes that hold a JSON document. Documents that
// differ in white space or in the order of members are the same value. Give the
// attribute CustomType JSONType{} and PlanModifiers [KeepJSON], because the
// framework compares custom types when it applies and reads but not when it
// plans.
type JSONType struct{ basetypes.StringType }

// JSON is a value of JSONType.
type JSON struct{ basetypes.StringValue }

var (
	_ basetypes.StringTypable                    = JSONType{}
	_ basetypes.StringValuableWithSemanticEquals = JSON{}
	_ xattr.ValidateableAttribute                = JSON{}
)

// JSONValue is a known document.
func JSONValue(s string) JSON { return JSON{basetypes.NewStringValue(s)} }

// JSONNull is the lack of a document.
func JSONNull() JSON { return JSON{basetypes.NewStringNull()} }

func (t JSONType) String() string { return "tf.JSONType" }

// Equal reports whether o is this type.
func (t JSONType) Equal(o attr.Type) bool { _, ok := o.(JSONType); return ok }

// ValueType returns the zero JSON.
func (t JSONType) ValueType(context.Context) attr.Value { return JSON{} }

// ValueFromString makes a string value into a document.
func (t JSONType) ValueFromString(_ context.Context, in basetypes.StringValue) (basetypes.StringValuable, diag.Diagnostics) {
	return JSON{in}, nil
}

// ValueFromTerraform makes a raw value into a document.
func (t JSONType) ValueFromTerraform(ctx context.Context, in tftypes.Value) (attr.Value, error) {
	v, err := t.StringType.ValueFromTerraform(ctx, in)
	if err != nil {
		return nil, err
	}
	return JSON{v.(basetypes.StringValue)}, nil
}

// Type returns JSONType.
func (v JSON) Type(context.Context) attr.Type { return JSONType{} }

// Equal reports whether o is the same text.
func (v JSON) Equal(o attr.Value) bool {
	w, ok := o.(JSON)
	return ok && v.StringValue.Equal(w.StringValue)
}

// StringSemanticEquals reports whether both are the same document.
func (v JSON) StringSemanticEquals(_ context.Context, o basetypes.StringValuable) (bool, diag.Diagnostics) {
	w, ok := o.(JSON)
	return ok && SameJSON(v.ValueString(), w.ValueString()), nil
}

// ValidateAttribute refuses text that is not JSON, saying where it goes wrong.
func (v JSON) ValidateAttribute(_ context.Context, req xattr.ValidateAttributeRequest, resp *xattr.ValidateAttributeResponse) {
	if v.IsNull() || v.IsUnknown() {
		return
	}
	if _, err := parseJSON(v.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Not JSON",
			fmt.Sprintf("%s must be a JSON document: %v. jsonencode() writes one from an HCL value.", req.Path, err))
	}
}

// KeepJSON keeps the prior text in the plan when the new one is the same document.
var KeepJSON = []planmodifier.String{keepJSON{}}

type keepJSON struct{}

func (keepJSON) Description(context.Context) string {
	return "a document that only differs in layout is no change"
}
func (k keepJSON) MarkdownDescription(ctx context.Context) string { return k.Description(ctx) }

func (keepJSON) PlanModifyString(_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	if req.StateValue.IsNull() || req.PlanValue.IsNull() || req.PlanValue.IsUnknown() {
		return
	}
	if SameJSON(req.StateValue.ValueString(), req.PlanValue.ValueString()) {
		resp.PlanValue = req.StateValue
	}
}

// SameJSON reports whether two texts are the same JSON document; texts that are
// no documents are only equal if they are the same text.
func SameJSON(a, b string) bool {
	if a == b {
		return true
	}
	x, err := parseJSON(a)
	if err != nil {
		return false
	}
	y, err := parseJSON(b)
	return err == nil && reflect.DeepEqual(x, y)
}

// parseJSON keeps numbers as they are written, because float64 would make large
// ones equal.
func parseJSON(s string) (any, error) {
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, fmt.Errorf("there is text behind the document, at byte %d", d.InputOffset())
	}
	return v, nil
}

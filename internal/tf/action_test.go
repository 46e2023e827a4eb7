package tf

import (
	"context"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// TestActionPanics has an action with a fault, which must not take the process
// with it.
func TestActionPanics(t *testing.T) {
	a := Action[int, ActionBase]{
		Name: "explode", Schema: schema.Schema{Attributes: map[string]schema.Attribute{}},
		Invoke: func(context.Context, int, *ActionBase, func(string, ...any)) error { panic("boom") },
	}
	d := a.action(func(context.Context, string) (int, error) { return 0, nil })().(*deed[int, ActionBase])
	d.provider = &Provider{Region: types.StringValue("eu-north-1"), Identity: func(context.Context, string) (string, string, error) { return "aws", "000000000000", nil }}
	config := tftypes.NewValue(d.schema.Type().TerraformType(t.Context()), map[string]tftypes.Value{"region": tftypes.NewValue(tftypes.String, nil)})
	var resp action.InvokeResponse
	d.Invoke(t.Context(), action.InvokeRequest{Config: tfsdk.Config{Schema: d.schema, Raw: config}}, &resp)
	if !resp.Diagnostics.HasError() || !strings.Contains(resp.Diagnostics[0].Detail(), "serverless_explode came upon a fault of the provider, which should be reported: boom") {
		t.Errorf("got %v", resp.Diagnostics)
	}
}

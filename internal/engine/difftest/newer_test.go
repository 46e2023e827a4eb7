package difftest

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/action"
	aschema "github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// legacy answers for test_legacy as a provider of the old SDK does: what is left out
// becomes an empty text, and "note" is kept in capitals, which only a provider of the
// old type system may do.
func (r *recorder) legacy(typeName string, v *tfprotov6.DynamicValue) (*tfprotov6.DynamicValue, bool) {
	if typeName != "test_legacy" || v == nil {
		return v, false
	}
	ty := r.schema.ResourceSchemas[typeName].ValueType()
	value, err := v.Unmarshal(ty)
	if err != nil || value.IsNull() {
		return v, true
	}
	note := attributes(value)["note"]
	switch {
	case !note.IsKnown():
	case note.IsNull():
		value = with(value, "note", tftypes.NewValue(tftypes.String, ""))
	default:
		value = with(value, "note", tftypes.NewValue(tftypes.String, fmt.Sprintf("[%s]", trimmed(text(value, "note")))))
	}
	out, err := tfprotov6.NewDynamicValue(ty, value)
	must(err)
	return &out, true
}

func trimmed(s string) string {
	if len(s) > 1 && s[0] == '[' {
		return s[1 : len(s)-1]
	}
	return s
}

// say is the action test_say, which the world writes down.
type say struct{ c *client }

type sayModel struct {
	Message types.String `tfsdk:"message"`
	Fail    types.String `tfsdk:"fail"`
}

func (p *testProvider) Actions(context.Context) []func() action.Action {
	return []func() action.Action{func() action.Action { return &say{} }}
}

func (a *say) Metadata(_ context.Context, _ action.MetadataRequest, out *action.MetadataResponse) {
	out.TypeName = "test_say"
}

func (a *say) Schema(_ context.Context, _ action.SchemaRequest, out *action.SchemaResponse) {
	out.Schema = aschema.Schema{Attributes: map[string]aschema.Attribute{
		"message": aschema.StringAttribute{Required: true},
		"fail":    aschema.StringAttribute{Optional: true},
	}}
}

func (a *say) Configure(_ context.Context, in action.ConfigureRequest, _ *action.ConfigureResponse) {
	a.c, _ = in.ProviderData.(*client)
}

func (a *say) Invoke(ctx context.Context, in action.InvokeRequest, out *action.InvokeResponse) {
	var m sayModel
	out.Diagnostics.Append(in.Config.Get(ctx, &m)...)
	a.c.w.mu.Lock()
	a.c.w.calls = append(a.c.w.calls,
		call{op: "invoke", about: "test_say " + m.Message.ValueString(), name: m.Message.ValueString()}, call{op: "end", name: m.Message.ValueString()})
	a.c.w.mu.Unlock()
	if m.Fail.ValueString() == "invoke" {
		out.Diagnostics.AddError("Action failed", "As asked for.")
	}
}

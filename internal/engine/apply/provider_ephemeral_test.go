package apply_test

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	eschema "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func (p *testProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{func() ephemeral.EphemeralResource { return &token{} }}
}

// token is an ephemeral resource: a value that is different each time.
type token struct{ c *client }

type tokenModel struct {
	Name  types.String `tfsdk:"name"`
	Renew types.Int64  `tfsdk:"renew"` // seconds
	Fail  types.String `tfsdk:"fail"`
	Value types.String `tfsdk:"value"`
}

func (r *token) Metadata(_ context.Context, _ ephemeral.MetadataRequest, out *ephemeral.MetadataResponse) {
	out.TypeName = "test_token"
}

func (r *token) Schema(_ context.Context, _ ephemeral.SchemaRequest, out *ephemeral.SchemaResponse) {
	out.Schema = eschema.Schema{Attributes: map[string]eschema.Attribute{
		"name":  eschema.StringAttribute{Required: true},
		"renew": eschema.Int64Attribute{Optional: true},
		"fail":  eschema.StringAttribute{Optional: true},
		"value": eschema.StringAttribute{Computed: true},
	}}
}

func (r *token) Configure(_ context.Context, in ephemeral.ConfigureRequest, _ *ephemeral.ConfigureResponse) {
	if c, ok := in.ProviderData.(*client); ok {
		r.c = c
	}
}

func (r *token) Open(ctx context.Context, in ephemeral.OpenRequest, out *ephemeral.OpenResponse) {
	var m tokenModel
	out.Diagnostics.Append(in.Config.Get(ctx, &m)...)
	r.c.w.note("open", m.Name.ValueString())
	if m.Fail.ValueString() == "open" {
		out.Diagnostics.AddError("Opening failed", "as asked")
		return
	}
	r.c.w.mu.Lock()
	r.c.w.opened++
	m.Value = types.StringValue("token-" + m.Name.ValueString() + "-" + string(rune('0'+r.c.w.opened)))
	r.c.w.mu.Unlock()
	out.Diagnostics.Append(out.Result.Set(ctx, &m)...)
	out.Diagnostics.Append(out.Private.SetKey(ctx, "name", []byte(`"`+m.Name.ValueString()+`"`))...)
	out.Diagnostics.Append(out.Private.SetKey(ctx, "fail", []byte(`"`+m.Fail.ValueString()+`"`))...)
	if n := m.Renew.ValueInt64(); n > 0 {
		out.RenewAt = time.Now().Add(time.Duration(n) * time.Second)
	}
}

func (r *token) Renew(ctx context.Context, in ephemeral.RenewRequest, out *ephemeral.RenewResponse) {
	name, _ := in.Private.GetKey(ctx, "name")
	fail, _ := in.Private.GetKey(ctx, "fail")
	r.c.w.note("renew", string(name))
	if string(fail) == `"renew"` {
		out.Diagnostics.AddError("Renewal failed", "as asked")
		return
	}
	out.RenewAt = time.Now().Add(time.Hour)
}

func (r *token) Close(ctx context.Context, in ephemeral.CloseRequest, out *ephemeral.CloseResponse) {
	name, _ := in.Private.GetKey(ctx, "name")
	fail, _ := in.Private.GetKey(ctx, "fail")
	r.c.w.note("close", string(name))
	if string(fail) == `"close"` {
		out.Diagnostics.AddError("Closing failed", "as asked")
	}
}

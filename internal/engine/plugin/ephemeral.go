package plugin

import (
	"context"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
)

// Opened is an ephemeral resource that is open: it has to be renewed in time and
// to be closed.
type Opened struct {
	Value   cty.Value // unmarked
	Private []byte
	RenewAt time.Time // zero if it needs no renewal
}

// ValidateEphemeral checks the configuration of an ephemeral resource, which may
// hold unknowns.
func (p *Provider) ValidateEphemeral(ctx context.Context, typeName string, config cty.Value) hcl.Diagnostics {
	value, err := encode(config, p.schemas.Ephemeral[typeName].Type)
	if err != nil {
		return p.broken(err)
	}
	_, diags := call(p, "validating ephemeral."+typeName, func() (*tfprotov6.ValidateEphemeralResourceConfigResponse, error) {
		return p.server.ValidateEphemeralResourceConfig(ctx, &tfprotov6.ValidateEphemeralResourceConfigRequest{TypeName: typeName, Config: value})
	}, func(r *tfprotov6.ValidateEphemeralResourceConfigResponse) []*tfprotov6.Diagnostic {
		return r.Diagnostics
	})
	return diags
}

// Open opens an ephemeral resource; its configuration must be wholly known.
func (p *Provider) Open(ctx context.Context, typeName string, config cty.Value) (Opened, hcl.Diagnostics) {
	ty := p.schemas.Ephemeral[typeName].Type
	value, err := encode(config, ty)
	if err != nil {
		return Opened{}, p.broken(err)
	}
	resp, diags := call(p, "opening ephemeral."+typeName, func() (*tfprotov6.OpenEphemeralResourceResponse, error) {
		return p.server.OpenEphemeralResource(ctx, &tfprotov6.OpenEphemeralResourceRequest{
			TypeName: typeName, Config: value, ClientCapabilities: &tfprotov6.OpenEphemeralResourceClientCapabilities{},
		})
	}, func(r *tfprotov6.OpenEphemeralResourceResponse) []*tfprotov6.Diagnostic { return r.Diagnostics })
	if diags.HasErrors() {
		return Opened{}, diags
	}
	out := Opened{Private: resp.Private, RenewAt: resp.RenewAt}
	if out.Value, err = decode(resp.Result, ty); err != nil {
		return out, append(diags, p.broken(err)...)
	}
	return out, diags
}

// Renew keeps an ephemeral resource from lapsing. The Value of the result is
// that of o.
func (p *Provider) Renew(ctx context.Context, typeName string, o Opened) (Opened, hcl.Diagnostics) {
	resp, diags := call(p, "renewing ephemeral."+typeName, func() (*tfprotov6.RenewEphemeralResourceResponse, error) {
		return p.server.RenewEphemeralResource(ctx, &tfprotov6.RenewEphemeralResourceRequest{TypeName: typeName, Private: o.Private})
	}, func(r *tfprotov6.RenewEphemeralResourceResponse) []*tfprotov6.Diagnostic { return r.Diagnostics })
	if diags.HasErrors() {
		return o, diags
	}
	return Opened{Value: o.Value, Private: resp.Private, RenewAt: resp.RenewAt}, diags
}

// Close gives an ephemeral resource back.
func (p *Provider) Close(ctx context.Context, typeName string, o Opened) hcl.Diagnostics {
	_, diags := call(p, "closing ephemeral."+typeName, func() (*tfprotov6.CloseEphemeralResourceResponse, error) {
		return p.server.CloseEphemeralResource(ctx, &tfprotov6.CloseEphemeralResourceRequest{TypeName: typeName, Private: o.Private})
	}, func(r *tfprotov6.CloseEphemeralResourceResponse) []*tfprotov6.Diagnostic { return r.Diagnostics })
	return diags
}

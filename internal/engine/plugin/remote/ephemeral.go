package remote

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin/remote/wire"
)

func (c *client) ValidateEphemeralResourceConfig(ctx context.Context, in *tfprotov6.ValidateEphemeralResourceConfigRequest) (*tfprotov6.ValidateEphemeralResourceConfigResponse, error) {
	out := &wire.Reported{}
	err := c.call(ctx, "ValidateEphemeralResourceConfig", &wire.ValidateRequest{TypeName: in.TypeName, Config: toValue(in.Config)}, out)
	return &tfprotov6.ValidateEphemeralResourceConfigResponse{Diagnostics: diagnostics(out.Diagnostics)}, err
}

func (c *client) OpenEphemeralResource(ctx context.Context, in *tfprotov6.OpenEphemeralResourceRequest) (*tfprotov6.OpenEphemeralResourceResponse, error) {
	out := &wire.OpenResponse{}
	err := c.call(ctx, "OpenEphemeralResource", &wire.ValidateRequest{
		TypeName: in.TypeName, Config: toValue(in.Config), ClientCapabilities: &wire.ClientCapabilities{},
	}, out)
	return &tfprotov6.OpenEphemeralResourceResponse{
		Result: value(out.Result), Private: out.Private, RenewAt: moment(out.RenewAt), Diagnostics: diagnostics(out.Diagnostics),
	}, err
}

func (c *client) RenewEphemeralResource(ctx context.Context, in *tfprotov6.RenewEphemeralResourceRequest) (*tfprotov6.RenewEphemeralResourceResponse, error) {
	out := &wire.RenewResponse{}
	err := c.call(ctx, "RenewEphemeralResource", &wire.OpenedRequest{TypeName: in.TypeName, Private: in.Private}, out)
	return &tfprotov6.RenewEphemeralResourceResponse{
		Private: out.Private, RenewAt: moment(out.RenewAt), Diagnostics: diagnostics(out.Diagnostics),
	}, err
}

// CloseEphemeralResource waits for the answer even if the context ends: what is
// open over there stays open otherwise.
func (c *client) CloseEphemeralResource(ctx context.Context, in *tfprotov6.CloseEphemeralResourceRequest) (*tfprotov6.CloseEphemeralResourceResponse, error) {
	out := &wire.Reported{}
	err := c.call(context.WithoutCancel(ctx), "CloseEphemeralResource", &wire.OpenedRequest{TypeName: in.TypeName, Private: in.Private}, out)
	return &tfprotov6.CloseEphemeralResourceResponse{Diagnostics: diagnostics(out.Diagnostics)}, err
}

// moment is the zero time if there is none.
func moment(in *wire.Timestamp) time.Time {
	if in == nil {
		return time.Time{}
	}
	return time.Unix(in.Seconds, int64(in.Nanos)).UTC()
}

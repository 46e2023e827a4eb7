package plugin

import (
	"context"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// Import asks for the object with an import id. The result is only good for a
// Read, which completes it or finds that it does not exist.
func (p *Provider) Import(ctx context.Context, typeName, id string) (Object, hcl.Diagnostics) {
	resp, diags := call(p, "importing "+typeName, func() (*tfprotov6.ImportResourceStateResponse, error) {
		return p.server.ImportResourceState(ctx, &tfprotov6.ImportResourceStateRequest{
			TypeName: typeName, ID: id, ClientCapabilities: &tfprotov6.ImportResourceStateClientCapabilities{},
		})
	}, func(r *tfprotov6.ImportResourceStateResponse) []*tfprotov6.Diagnostic { return r.Diagnostics })
	if diags.HasErrors() {
		return Object{}, diags
	}
	if n := len(resp.ImportedResources); n != 1 || resp.ImportedResources[0].TypeName != typeName {
		return Object{}, append(diags, p.broken(fmt.Errorf("the import of one %s gave %d other objects", typeName, n))...)
	}
	found := resp.ImportedResources[0]
	out, err := p.decodeObject(p.schemas.Resources[typeName], found.State, found.Private, found.Identity)
	if err != nil {
		return out, append(diags, p.broken(err)...)
	}
	return out, diags
}

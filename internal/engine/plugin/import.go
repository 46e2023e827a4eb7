package plugin

import (
	"context"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
)

// Import asks for the object with an import id. The result is only good for a
// Read, which completes it or finds that it does not exist.
func (p *Provider) Import(ctx context.Context, typeName, id string) (Object, hcl.Diagnostics) {
	return p.imported(ctx, &tfprotov6.ImportResourceStateRequest{TypeName: typeName, ID: id})
}

// ImportIdentity is Import by the identity, of the type that the schema says and
// wholly known.
func (p *Provider) ImportIdentity(ctx context.Context, typeName string, identity cty.Value) (Object, hcl.Diagnostics) {
	value, err := encode(identity, p.schemas.Resources[typeName].Identity)
	if err != nil {
		return Object{}, p.broken(err)
	}
	return p.imported(ctx, &tfprotov6.ImportResourceStateRequest{
		TypeName: typeName, Identity: &tfprotov6.ResourceIdentityData{IdentityData: value},
	})
}

func (p *Provider) imported(ctx context.Context, in *tfprotov6.ImportResourceStateRequest) (Object, hcl.Diagnostics) {
	in.ClientCapabilities = &tfprotov6.ImportResourceStateClientCapabilities{}
	resp, diags := call(p, "importing "+in.TypeName, func() (*tfprotov6.ImportResourceStateResponse, error) {
		return p.server.ImportResourceState(ctx, in)
	}, func(r *tfprotov6.ImportResourceStateResponse) []*tfprotov6.Diagnostic { return r.Diagnostics })
	if diags.HasErrors() {
		return Object{}, diags
	}
	if n := len(resp.ImportedResources); n != 1 || resp.ImportedResources[0] == nil || resp.ImportedResources[0].TypeName != in.TypeName {
		return Object{}, append(diags, p.broken(fmt.Errorf("the import of one %s gave %d other objects", in.TypeName, n))...)
	}
	found := resp.ImportedResources[0]
	out, err := p.decodeObject(p.schemas.Resources[in.TypeName], found.State, found.Private, found.Identity)
	if err != nil {
		return out, append(diags, p.broken(err)...)
	}
	return out, diags
}

// A Source is an object of another resource type, or of another provider's, as
// it is stored.
type Source struct {
	Provider        string // its source address
	Type            string
	Version         uint64
	Attributes      []byte // cty JSON
	Private         []byte
	Identity        []byte // cty JSON, or nil
	IdentityVersion uint64
}

// Move makes an object of typeName from one of another type. It must be asked
// for only if Schemas.MoveState is set.
func (p *Provider) Move(ctx context.Context, from Source, typeName string) (Object, hcl.Diagnostics) {
	request := &tfprotov6.MoveResourceStateRequest{
		SourceProviderAddress: from.Provider, SourceTypeName: from.Type, SourceSchemaVersion: int64(from.Version),
		SourceState: &tfprotov6.RawState{JSON: from.Attributes}, SourcePrivate: from.Private, TargetTypeName: typeName,
		SourceIdentitySchemaVersion: int64(from.IdentityVersion),
	}
	if from.Identity != nil {
		request.SourceIdentity = &tfprotov6.RawState{JSON: from.Identity}
	}
	resp, diags := call(p, "moving "+from.Type+" to "+typeName, func() (*tfprotov6.MoveResourceStateResponse, error) {
		return p.server.MoveResourceState(ctx, request)
	}, func(r *tfprotov6.MoveResourceStateResponse) []*tfprotov6.Diagnostic { return r.Diagnostics })
	if diags.HasErrors() {
		return Object{}, diags
	}
	out, err := p.decodeObject(p.schemas.Resources[typeName], resp.TargetState, resp.TargetPrivate, resp.TargetIdentity)
	if err == nil && (out.Value.IsNull() || !out.Value.IsWhollyKnown()) {
		err = fmt.Errorf("the %s made from a %s is absent or not wholly known", typeName, from.Type)
	}
	if err != nil {
		return out, append(diags, p.broken(err)...)
	}
	return out, diags
}

package plugin

import (
	"context"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
)

// Object is a remote object as it travels between engine and provider. Value is
// unmarked and never cty.NilVal; Identity is null or cty.NilVal if there is none.
type Object struct {
	Value    cty.Value
	Private  []byte
	Identity cty.Value

	// wire is Value as the provider was given it before, so that it need not be
	// encoded again; nil if it was not. Whoever makes an object with another value
	// begins with an empty one.
	wire *tfprotov6.DynamicValue
}

// currency is what a provider of this process may tell beyond the protocol: that
// the upgrade of a type's state from that version of its schema changes nothing.
type currency interface {
	Current(typeName string, version int64) bool
}

// ValidateResource checks the configuration of a managed resource, which may
// hold unknowns.
func (p *Provider) ValidateResource(ctx context.Context, typeName string, config cty.Value) hcl.Diagnostics {
	value, err := encode(config, p.schemas.Resources[typeName].Type)
	if err != nil {
		return p.broken(err)
	}
	_, diags := call(p, "validating "+typeName, func() (*tfprotov6.ValidateResourceConfigResponse, error) {
		return p.server.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{
			TypeName: typeName, Config: value,
			ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true},
		})
	}, func(r *tfprotov6.ValidateResourceConfigResponse) []*tfprotov6.Diagnostic { return r.Diagnostics })
	return diags
}

// ValidateData checks the configuration of a data source, which may hold
// unknowns.
func (p *Provider) ValidateData(ctx context.Context, typeName string, config cty.Value) hcl.Diagnostics {
	value, err := encode(config, p.schemas.Data[typeName].Type)
	if err != nil {
		return p.broken(err)
	}
	_, diags := call(p, "validating data."+typeName, func() (*tfprotov6.ValidateDataResourceConfigResponse, error) {
		return p.server.ValidateDataResourceConfig(ctx, &tfprotov6.ValidateDataResourceConfigRequest{TypeName: typeName, Config: value})
	}, func(r *tfprotov6.ValidateDataResourceConfigResponse) []*tfprotov6.Diagnostic { return r.Diagnostics })
	return diags
}

// ReadData reads a data source; its configuration must be wholly known.
func (p *Provider) ReadData(ctx context.Context, typeName string, config cty.Value) (cty.Value, hcl.Diagnostics) {
	ty := p.schemas.Data[typeName].Type
	value, err := encode(config, ty)
	if err != nil {
		return cty.DynamicVal, p.broken(err)
	}
	resp, diags := call(p, "reading data."+typeName, func() (*tfprotov6.ReadDataSourceResponse, error) {
		return p.server.ReadDataSource(ctx, &tfprotov6.ReadDataSourceRequest{
			TypeName: typeName, Config: value, ClientCapabilities: &tfprotov6.ReadDataSourceClientCapabilities{},
		})
	}, func(r *tfprotov6.ReadDataSourceResponse) []*tfprotov6.Diagnostic { return r.Diagnostics })
	if diags.HasErrors() {
		return cty.UnknownVal(ty), diags
	}
	out, err := decode(resp.State, ty)
	if err != nil {
		return out, append(diags, p.broken(err)...)
	}
	return out, diags
}

// Current tells that Upgrade of a stored object from that version of its schema
// only decodes it, as a provider in this process may know.
func (p *Provider) Current(typeName string, version uint64) bool {
	server, ok := p.server.(currency)
	return ok && server.Current(typeName, int64(version))
}

// Upgrade brings the attributes of a stored object, cty JSON of the given schema
// version, to the current schema.
func (p *Provider) Upgrade(ctx context.Context, typeName string, version uint64, attributes []byte) (cty.Value, hcl.Diagnostics) {
	ty := p.schemas.Resources[typeName].Type
	resp, diags := call(p, "upgrading the state of "+typeName, func() (*tfprotov6.UpgradeResourceStateResponse, error) {
		return p.server.UpgradeResourceState(ctx, &tfprotov6.UpgradeResourceStateRequest{
			TypeName: typeName, Version: int64(version), RawState: &tfprotov6.RawState{JSON: attributes},
		})
	}, func(r *tfprotov6.UpgradeResourceStateResponse) []*tfprotov6.Diagnostic { return r.Diagnostics })
	if diags.HasErrors() {
		return cty.NullVal(ty), diags
	}
	out, err := decode(resp.UpgradedState, ty)
	if err != nil {
		return out, append(diags, p.broken(err)...)
	}
	return out, diags
}

// UpgradeIdentity brings a stored identity, cty JSON, to the current identity
// schema.
func (p *Provider) UpgradeIdentity(ctx context.Context, typeName string, version uint64, identity []byte) (cty.Value, hcl.Diagnostics) {
	ty := p.schemas.Resources[typeName].Identity
	resp, diags := call(p, "upgrading the identity of "+typeName, func() (*tfprotov6.UpgradeResourceIdentityResponse, error) {
		return p.server.UpgradeResourceIdentity(ctx, &tfprotov6.UpgradeResourceIdentityRequest{
			TypeName: typeName, Version: int64(version), RawIdentity: &tfprotov6.RawState{JSON: identity},
		})
	}, func(r *tfprotov6.UpgradeResourceIdentityResponse) []*tfprotov6.Diagnostic { return r.Diagnostics })
	if diags.HasErrors() || resp.UpgradedIdentity == nil {
		return cty.NullVal(ty), diags
	}
	out, err := decode(resp.UpgradedIdentity.IdentityData, ty)
	if err != nil {
		return out, append(diags, p.broken(err)...)
	}
	return out, diags
}

// Read asks what has become of an object; a null Value means that it is gone.
func (p *Provider) Read(ctx context.Context, typeName string, current Object) (Object, hcl.Diagnostics) {
	s := p.schemas.Resources[typeName]
	value, identity, err := p.encodeObject(s, current)
	if err != nil {
		return current, p.broken(err)
	}
	resp, diags := call(p, "reading "+typeName, func() (*tfprotov6.ReadResourceResponse, error) {
		return p.server.ReadResource(ctx, &tfprotov6.ReadResourceRequest{
			TypeName: typeName, CurrentState: value, Private: current.Private, CurrentIdentity: identity,
			ClientCapabilities: &tfprotov6.ReadResourceClientCapabilities{},
		})
	}, func(r *tfprotov6.ReadResourceResponse) []*tfprotov6.Diagnostic { return r.Diagnostics })
	if diags.HasErrors() {
		return current, diags
	}
	if same(resp.NewState, value) && s.Identity != cty.NilType && resp.NewIdentity != nil && identity != nil && same(resp.NewIdentity.IdentityData, identity.IdentityData) {
		current.Private, current.wire = resp.Private, value
		return current, diags
	}
	out, err := p.decodeObject(s, resp.NewState, resp.Private, resp.NewIdentity)
	if err != nil {
		return current, append(diags, p.broken(err)...)
	}
	if !out.Value.IsNull() && !s.WithoutWriteOnly(out.Value).RawEquals(out.Value) {
		return current, append(diags, p.failure("Invalid result of the provider", fmt.Sprintf("The provider %s read a value of a write-only attribute of %s. This is a bug in the provider.", p.name, typeName)))
	}
	if !out.Value.IsWhollyKnown() {
		return current, append(diags, p.failure("Invalid result of the provider", fmt.Sprintf("The provider %s read unknown values for an existing %s. This is a bug in the provider.", p.name, typeName)))
	}
	return out, diags
}

// Planned is a provider's answer to a proposed change.
type Planned struct {
	Object
	Requires []cty.Path // whose change needs a replacement
	Legacy   bool       // the provider asks for tolerance of its inconsistencies
}

// Plan asks what would become of prior. Null proposed and config mean to destroy
// it.
func (p *Provider) Plan(ctx context.Context, typeName string, prior Object, proposed, config cty.Value) (Planned, hcl.Diagnostics) {
	s := p.schemas.Resources[typeName]
	priorValue, identity, err := p.encodeObject(s, prior)
	if err != nil {
		return Planned{}, p.broken(err)
	}
	proposedValue := priorValue
	if !proposed.RawEquals(prior.Value) {
		if proposedValue, err = encode(proposed, s.Type); err != nil {
			return Planned{}, p.broken(err)
		}
	}
	configValue, err := encode(config, s.Type)
	if err != nil {
		return Planned{}, p.broken(err)
	}
	resp, diags := call(p, "planning "+typeName, func() (*tfprotov6.PlanResourceChangeResponse, error) {
		return p.server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
			TypeName: typeName, PriorState: priorValue, ProposedNewState: proposedValue, Config: configValue,
			PriorPrivate: prior.Private, PriorIdentity: identity,
			ClientCapabilities: &tfprotov6.PlanResourceChangeClientCapabilities{},
		})
	}, func(r *tfprotov6.PlanResourceChangeResponse) []*tfprotov6.Diagnostic { return r.Diagnostics })
	if diags.HasErrors() {
		return Planned{}, diags
	}
	var object Object
	if same(resp.PlannedState, priorValue) && resp.PlannedIdentity != nil && identity != nil && same(resp.PlannedIdentity.IdentityData, identity.IdentityData) {
		object = Object{Value: prior.Value, Private: resp.PlannedPrivate, Identity: prior.Identity}
	} else if object, err = p.decodeObject(s, resp.PlannedState, resp.PlannedPrivate, resp.PlannedIdentity); err != nil {
		return Planned{}, append(diags, p.broken(err)...)
	}
	//nolint:staticcheck // providers on the older SDK still set the flag
	out := Planned{Object: object, Legacy: resp.UnsafeToUseLegacyTypeSystem}
	for _, path := range resp.RequiresReplace {
		out.Requires = append(out.Requires, pathOf(path))
	}
	return out, diags
}

// Notes let a provider in this process keep with the intent of a change how far it is.
type Notes struct {
	Earlier []byte             // its last note of the same change in a run that was cut off, or nil
	Write   func([]byte) error // stores a note of JSON, and returns when it is safe; nil says that nothing is left of what was noted
}

// noting is a provider of this process that makes notes.
type noting interface {
	// Notes tells that creations of a type make notes, the first one before anything
	// is made.
	Notes(typeName string) bool
	ApplyNoted(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest, earlier []byte, write func([]byte) error) (*tfprotov6.ApplyResourceChangeResponse, error)
}

// Notes tells that whoever creates an object of a type notes it before anything is
// made, and goes on from the note after a run that was cut off.
func (p *Provider) Notes(typeName string) bool {
	server, ok := p.server.(noting)
	return ok && server.Notes(typeName)
}

// Apply makes the planned change. Notes may be nil. Even with errors out is what is known of the
// object afterwards, unless lost, when nothing could be learned; legacy is as in
// Planned.
func (p *Provider) Apply(ctx context.Context, typeName string, prior cty.Value, planned Object, config cty.Value, notes *Notes) (out Object, legacy, lost bool, diags hcl.Diagnostics) {
	s := p.schemas.Resources[typeName]
	priorValue, err := encode(prior, s.Type)
	if err != nil {
		return out, false, true, p.broken(err)
	}
	plannedValue, identity, err := p.encodeObject(s, planned)
	if err != nil {
		return out, false, true, p.broken(err)
	}
	configValue, err := encode(config, s.Type)
	if err != nil {
		return out, false, true, p.broken(err)
	}
	ctx, done := p.untilStopped(ctx)
	defer done()
	resp, diags := call(p, "applying "+typeName, func() (*tfprotov6.ApplyResourceChangeResponse, error) {
		req := &tfprotov6.ApplyResourceChangeRequest{
			TypeName: typeName, PriorState: priorValue, PlannedState: plannedValue, Config: configValue,
			PlannedPrivate: planned.Private, PlannedIdentity: identity,
		}
		if server, ok := p.server.(noting); ok && notes != nil {
			return server.ApplyNoted(ctx, req, notes.Earlier, notes.Write)
		}
		return p.server.ApplyResourceChange(ctx, req)
	}, func(r *tfprotov6.ApplyResourceChangeResponse) []*tfprotov6.Diagnostic { return r.Diagnostics })
	if resp == nil {
		return out, false, true, diags
	}
	if out, err = p.decodeObject(s, resp.NewState, resp.Private, nil); err != nil {
		return out, false, true, append(diags, p.broken(err)...)
	}
	if s.Identity != cty.NilType && resp.NewIdentity != nil {
		if out.Identity, err = decode(resp.NewIdentity.IdentityData, s.Identity); err != nil {
			diags = append(diags, p.broken(err)...) // the object itself is known all the same
		}
	}
	return out, resp.UnsafeToUseLegacyTypeSystem, false, diags //nolint:staticcheck // as in Plan
}

func (p *Provider) encodeObject(s *Schema, o Object) (*tfprotov6.DynamicValue, *tfprotov6.ResourceIdentityData, error) {
	value := o.wire
	if value == nil {
		var err error
		if value, err = encode(o.Value, s.Type); err != nil {
			return nil, nil, err
		}
	}
	if s.Identity == cty.NilType || o.Identity == cty.NilVal || o.Identity.IsNull() {
		return value, nil, nil
	}
	identity, err := encode(o.Identity, s.Identity)
	if err != nil {
		return nil, nil, err
	}
	return value, &tfprotov6.ResourceIdentityData{IdentityData: identity}, nil
}

func (p *Provider) decodeObject(s *Schema, value *tfprotov6.DynamicValue, private []byte, identity *tfprotov6.ResourceIdentityData) (Object, error) {
	out := Object{Private: private}
	var err error
	if out.Value, err = decode(value, s.Type); err != nil {
		return out, err
	}
	if s.Identity != cty.NilType && identity != nil {
		out.Identity, err = decode(identity.IdentityData, s.Identity)
	}
	return out, err
}

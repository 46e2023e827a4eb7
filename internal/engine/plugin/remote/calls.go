package remote

import (
	"context"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin/remote/wire"
)

// withWriteOnly says that this engine knows write-only attributes.
var withWriteOnly = &wire.ClientCapabilities{WriteOnlyAttributesAllowed: true}

func (c *client) GetProviderSchema(ctx context.Context, _ *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	out := &wire.GetProviderSchemaResponse{}
	if err := c.call(ctx, "GetProviderSchema", &wire.Empty{}, out); err != nil {
		return nil, err
	}
	return c.schemas(out)
}

func (c *client) GetResourceIdentitySchemas(ctx context.Context, _ *tfprotov6.GetResourceIdentitySchemasRequest) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	out := &wire.GetIdentitySchemasResponse{}
	if err := c.call(ctx, "GetResourceIdentitySchemas", &wire.Empty{}, out); err != nil {
		return nil, err
	}
	return identitySchemas(out)
}

func (c *client) ValidateProviderConfig(ctx context.Context, in *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	out := &wire.ValidateProviderResponse{}
	err := c.call(ctx, "ValidateProviderConfig", &wire.ValidateProviderRequest{Config: toValue(in.Config)}, out)
	return &tfprotov6.ValidateProviderConfigResponse{Diagnostics: diagnostics(out.Diagnostics)}, err
}

func (c *client) ConfigureProvider(ctx context.Context, in *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	out := &wire.Reported{}
	err := c.call(ctx, "ConfigureProvider", &wire.ConfigureRequest{
		TerraformVersion: in.TerraformVersion, Config: toValue(in.Config), ClientCapabilities: &wire.ClientCapabilities{},
	}, out)
	return &tfprotov6.ConfigureProviderResponse{Diagnostics: diagnostics(out.Diagnostics)}, err
}

func (c *client) StopProvider(ctx context.Context, _ *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	out := &wire.StopResponse{}
	err := c.call(ctx, "StopProvider", &wire.Empty{}, out)
	return &tfprotov6.StopProviderResponse{Error: out.Error}, err
}

func (c *client) ValidateResourceConfig(ctx context.Context, in *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	out := &wire.Reported{}
	err := c.call(ctx, "ValidateResourceConfig", &wire.ValidateRequest{
		TypeName: in.TypeName, Config: toValue(in.Config), ClientCapabilities: withWriteOnly,
	}, out)
	return &tfprotov6.ValidateResourceConfigResponse{Diagnostics: diagnostics(out.Diagnostics)}, err
}

func (c *client) ValidateDataResourceConfig(ctx context.Context, in *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	out := &wire.Reported{}
	err := c.call(ctx, "ValidateDataResourceConfig", &wire.ValidateRequest{TypeName: in.TypeName, Config: toValue(in.Config)}, out)
	return &tfprotov6.ValidateDataResourceConfigResponse{Diagnostics: diagnostics(out.Diagnostics)}, err
}

func (c *client) UpgradeResourceState(ctx context.Context, in *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	out := &wire.UpgradeStateResponse{}
	err := c.call(ctx, "UpgradeResourceState", &wire.UpgradeStateRequest{
		TypeName: in.TypeName, Version: in.Version, RawState: &wire.RawState{Json: in.RawState.JSON},
	}, out)
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: value(out.UpgradedState), Diagnostics: diagnostics(out.Diagnostics)}, err
}

func (c *client) UpgradeResourceIdentity(ctx context.Context, in *tfprotov6.UpgradeResourceIdentityRequest) (*tfprotov6.UpgradeResourceIdentityResponse, error) {
	out := &wire.UpgradeIdentityResponse{}
	err := c.call(ctx, "UpgradeResourceIdentity", &wire.UpgradeIdentityRequest{
		TypeName: in.TypeName, Version: in.Version, RawIdentity: &wire.RawState{Json: in.RawIdentity.JSON},
	}, out)
	return &tfprotov6.UpgradeResourceIdentityResponse{UpgradedIdentity: identity(out.UpgradedIdentity), Diagnostics: diagnostics(out.Diagnostics)}, err
}

func (c *client) ReadResource(ctx context.Context, in *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	out := &wire.ReadResponse{}
	err := c.call(ctx, "ReadResource", &wire.ReadRequest{
		TypeName: in.TypeName, CurrentState: toValue(in.CurrentState), Private: in.Private,
		CurrentIdentity: toIdentity(in.CurrentIdentity), ClientCapabilities: &wire.ClientCapabilities{},
	}, out)
	return &tfprotov6.ReadResourceResponse{
		NewState: value(out.NewState), Private: out.Private, NewIdentity: identity(out.NewIdentity),
		Diagnostics: diagnostics(out.Diagnostics),
	}, err
}

func (c *client) PlanResourceChange(ctx context.Context, in *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	out := &wire.PlanResponse{}
	err := c.call(ctx, "PlanResourceChange", &wire.PlanRequest{
		TypeName: in.TypeName, PriorState: toValue(in.PriorState), ProposedNewState: toValue(in.ProposedNewState),
		Config: toValue(in.Config), PriorPrivate: in.PriorPrivate, PriorIdentity: toIdentity(in.PriorIdentity),
		ClientCapabilities: &wire.ClientCapabilities{},
	}, out)
	answer := &tfprotov6.PlanResourceChangeResponse{
		PlannedState: value(out.PlannedState), PlannedPrivate: out.PlannedPrivate, PlannedIdentity: identity(out.PlannedIdentity),
		Diagnostics: diagnostics(out.Diagnostics), UnsafeToUseLegacyTypeSystem: out.LegacyTypeSystem, //nolint:staticcheck // passed on
	}
	for _, p := range out.RequiresReplace {
		answer.RequiresReplace = append(answer.RequiresReplace, path(p))
	}
	return answer, err
}

// ApplyResourceChange waits for the answer even if the context ends: the change
// is under way over there, and only the answer tells what became of it. A
// provider that is to end sooner is told so by StopProvider.
func (c *client) ApplyResourceChange(ctx context.Context, in *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	out := &wire.ApplyResponse{}
	if err := c.call(context.WithoutCancel(ctx), "ApplyResourceChange", &wire.ApplyRequest{
		TypeName: in.TypeName, PriorState: toValue(in.PriorState), PlannedState: toValue(in.PlannedState),
		Config: toValue(in.Config), PlannedPrivate: in.PlannedPrivate, PlannedIdentity: toIdentity(in.PlannedIdentity),
	}, out); err != nil {
		return nil, err
	}
	return &tfprotov6.ApplyResourceChangeResponse{
		NewState: value(out.NewState), Private: out.Private, NewIdentity: identity(out.NewIdentity),
		Diagnostics: diagnostics(out.Diagnostics), UnsafeToUseLegacyTypeSystem: out.LegacyTypeSystem, //nolint:staticcheck // passed on
	}, nil
}

func (c *client) ImportResourceState(ctx context.Context, in *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	out := &wire.ImportResponse{}
	err := c.call(ctx, "ImportResourceState", &wire.ImportRequest{
		TypeName: in.TypeName, Id: in.ID, Identity: toIdentity(in.Identity), ClientCapabilities: &wire.ClientCapabilities{},
	}, out)
	answer := &tfprotov6.ImportResourceStateResponse{Diagnostics: diagnostics(out.Diagnostics)}
	for _, i := range out.ImportedResources {
		answer.ImportedResources = append(answer.ImportedResources, &tfprotov6.ImportedResource{
			TypeName: i.TypeName, State: value(i.State), Private: i.Private, Identity: identity(i.Identity),
		})
	}
	return answer, err
}

func (c *client) ReadDataSource(ctx context.Context, in *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	out := &wire.ReadDataResponse{}
	err := c.call(ctx, "ReadDataSource", &wire.ReadDataRequest{
		TypeName: in.TypeName, Config: toValue(in.Config), ClientCapabilities: &wire.ClientCapabilities{},
	}, out)
	return &tfprotov6.ReadDataSourceResponse{State: value(out.State), Diagnostics: diagnostics(out.Diagnostics)}, err
}

func (c *client) CallFunction(ctx context.Context, in *tfprotov6.CallFunctionRequest) (*tfprotov6.CallFunctionResponse, error) {
	request := &wire.CallFunctionRequest{Name: in.Name}
	for _, a := range in.Arguments {
		request.Arguments = append(request.Arguments, toValue(a))
	}
	out := &wire.CallFunctionResponse{}
	err := c.call(ctx, "CallFunction", request, out)
	answer := &tfprotov6.CallFunctionResponse{Result: value(out.Result)}
	if e := out.Error; e != nil {
		answer.Error = &tfprotov6.FunctionError{Text: e.Text, FunctionArgument: e.FunctionArgument}
	}
	return answer, err
}

func (c *client) MoveResourceState(ctx context.Context, in *tfprotov6.MoveResourceStateRequest) (*tfprotov6.MoveResourceStateResponse, error) {
	request := &wire.MoveStateRequest{
		SourceProviderAddress: in.SourceProviderAddress, SourceTypeName: in.SourceTypeName,
		SourceSchemaVersion: in.SourceSchemaVersion, SourcePrivate: in.SourcePrivate, TargetTypeName: in.TargetTypeName,
		SourceIdentitySchemaVersion: in.SourceIdentitySchemaVersion,
	}
	if in.SourceState != nil {
		request.SourceState = &wire.RawState{Json: in.SourceState.JSON}
	}
	if in.SourceIdentity != nil {
		request.SourceIdentity = &wire.RawState{Json: in.SourceIdentity.JSON}
	}
	out := &wire.MoveStateResponse{}
	err := c.call(ctx, "MoveResourceState", request, out)
	return &tfprotov6.MoveResourceStateResponse{
		TargetState: value(out.TargetState), TargetPrivate: out.TargetPrivate, TargetIdentity: identity(out.TargetIdentity),
		Diagnostics: diagnostics(out.Diagnostics),
	}, err
}

func (c *client) GenerateResourceConfig(ctx context.Context, in *tfprotov6.GenerateResourceConfigRequest) (*tfprotov6.GenerateResourceConfigResponse, error) {
	out := &wire.GenerateConfigResponse{}
	err := c.call(ctx, "GenerateResourceConfig", &wire.GenerateConfigRequest{TypeName: in.TypeName, State: toValue(in.State)}, out)
	return &tfprotov6.GenerateResourceConfigResponse{Config: value(out.Config), Diagnostics: diagnostics(out.Diagnostics)}, err
}

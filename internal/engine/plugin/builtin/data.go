package builtin

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/msgpack"
)

// data is the provider with the type terraform_data: it holds a value, and can be
// replaced when another value changes. Configurations have thousands of them, for
// which the plugin framework would take most of a run's time: so the protocol's
// calls are answered as they come.
type data struct{ tfprotov6.ProviderServer }

const dataName = "terraform_data"

var dataType = cty.Object(map[string]cty.Type{
	"id": cty.String, "input": cty.DynamicPseudoType, "output": cty.DynamicPseudoType, "triggers_replace": cty.DynamicPseudoType,
})

func dataSchema() *tfprotov6.Schema {
	return &tfprotov6.Schema{Block: &tfprotov6.SchemaBlock{
		Description: "Holds a value, and is replaced when `triggers_replace` changes.", DescriptionKind: tfprotov6.StringKindMarkdown,
		Attributes: []*tfprotov6.SchemaAttribute{
			{Name: "id", Type: tftypes.String, Computed: true, Description: "A UUID."},
			{Name: "input", Type: tftypes.DynamicPseudoType, Optional: true, Description: "Any value."},
			{Name: "output", Type: tftypes.DynamicPseudoType, Computed: true, Description: "The value of `input`, known after apply."},
			{Name: "triggers_replace", Type: tftypes.DynamicPseudoType, Optional: true, Description: "Any value; a change of it replaces the object."},
		},
	}}
}

func (d data) GetProviderSchema(ctx context.Context, in *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	out, err := d.ProviderServer.GetProviderSchema(ctx, in)
	if err == nil {
		out.ResourceSchemas = map[string]*tfprotov6.Schema{dataName: dataSchema()}
	}
	return out, err
}

func (d data) GetMetadata(ctx context.Context, in *tfprotov6.GetMetadataRequest) (*tfprotov6.GetMetadataResponse, error) {
	out, err := d.ProviderServer.GetMetadata(ctx, in)
	if err == nil {
		out.Resources = []tfprotov6.ResourceMetadata{{TypeName: dataName}}
	}
	return out, err
}

// ValidateResourceConfig takes any value.
func (data) ValidateResourceConfig(context.Context, *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return &tfprotov6.ValidateResourceConfigResponse{}, nil
}

// UpgradeResourceState has only one version to deal with.
func (data) UpgradeResourceState(_ context.Context, in *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &tfprotov6.DynamicValue{JSON: in.RawState.JSON}}, nil
}

// ReadResource has nothing to look at: the state is all there is.
func (data) ReadResource(_ context.Context, in *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return &tfprotov6.ReadResourceResponse{NewState: in.CurrentState, Private: in.Private}, nil
}

// PlanResourceChange keeps the output as long as the input stays.
func (data) PlanResourceChange(_ context.Context, in *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	prior, err := decode(in.PriorState)
	if err != nil {
		return nil, err
	}
	proposed, err := decode(in.ProposedNewState)
	if err != nil {
		return nil, err
	}
	out := &tfprotov6.PlanResourceChangeResponse{PlannedState: in.ProposedNewState, PlannedPrivate: in.PriorPrivate}
	if proposed.IsNull() {
		return out, nil
	}
	planned := proposed.AsValueMap()
	switch {
	case prior.IsNull():
		planned["id"], planned["output"] = cty.UnknownVal(cty.String).RefineNotNull(), promise(planned["input"])
	default:
		if !prior.GetAttr("triggers_replace").RawEquals(planned["triggers_replace"]) {
			planned["id"], planned["output"] = cty.UnknownVal(cty.String).RefineNotNull(), promise(planned["input"])
			out.RequiresReplace = []*tftypes.AttributePath{tftypes.NewAttributePath().WithAttributeName("triggers_replace")}
		} else if !prior.GetAttr("input").RawEquals(planned["input"]) {
			planned["output"] = promise(planned["input"])
		}
	}
	out.PlannedState, err = encode(cty.ObjectVal(planned))
	return out, err
}

// promise is what the output is going to be, as far as it can be told.
func promise(input cty.Value) cty.Value {
	if input.IsNull() {
		return input
	}
	return cty.UnknownVal(input.Type())
}

func (data) ApplyResourceChange(_ context.Context, in *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	planned, err := decode(in.PlannedState)
	if err != nil {
		return nil, err
	}
	out := &tfprotov6.ApplyResourceChangeResponse{NewState: in.PlannedState, Private: in.PlannedPrivate}
	if planned.IsNull() {
		return out, nil
	}
	made := planned.AsValueMap()
	if !made["id"].IsKnown() {
		made["id"] = cty.StringVal(uuid.NewString())
	}
	if !made["output"].IsKnown() {
		made["output"] = made["input"]
	}
	out.NewState, err = encode(cty.ObjectVal(made))
	return out, err
}

// ImportResourceState takes any id for an object that holds nothing yet.
func (data) ImportResourceState(_ context.Context, in *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	null := cty.NullVal(cty.DynamicPseudoType)
	state, err := encode(cty.ObjectVal(map[string]cty.Value{"id": cty.StringVal(in.ID), "input": null, "output": null, "triggers_replace": null}))
	return &tfprotov6.ImportResourceStateResponse{ImportedResources: []*tfprotov6.ImportedResource{{TypeName: dataName, State: state}}}, err
}

func encode(v cty.Value) (*tfprotov6.DynamicValue, error) {
	raw, err := msgpack.Marshal(v, dataType)
	if err != nil {
		return nil, fmt.Errorf("encoding a %s: %w", dataName, err)
	}
	return &tfprotov6.DynamicValue{MsgPack: raw}, nil
}

func decode(in *tfprotov6.DynamicValue) (cty.Value, error) {
	v, err := msgpack.Unmarshal(in.MsgPack, dataType)
	if err != nil {
		return v, fmt.Errorf("decoding a %s: %w", dataName, err)
	}
	return v, nil
}

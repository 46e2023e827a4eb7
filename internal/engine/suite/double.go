package suite

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/msgpack"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
)

// stand is the double of a provider: it knows the real one's schemas and has it
// check configurations, but never has it make, read or change anything. What a
// provider would compute is what of gives, else made up.
type stand struct {
	tfprotov6.ProviderServer // for schemas, validation, functions and upgrades

	schemas *plugin.Schemas
	of      func(data bool, typeName string) given
}

// given are the values for the computed attributes of an object.
type given struct {
	values  cty.Value // an object, or cty.NilVal for none
	planned bool      // they are known when planning already
}

func (s *stand) ConfigureProvider(context.Context, *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	return &tfprotov6.ConfigureProviderResponse{}, nil
}

func (s *stand) StopProvider(context.Context, *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	return &tfprotov6.StopProviderResponse{}, nil
}

// ReadResource finds everything as it was.
func (s *stand) ReadResource(_ context.Context, in *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return &tfprotov6.ReadResourceResponse{NewState: in.CurrentState, Private: in.Private, NewIdentity: in.CurrentIdentity}, nil
}

// PlanResourceChange leaves what is computed unknown for a new object, and as it
// is for one that exists.
func (s *stand) PlanResourceChange(_ context.Context, in *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	schema := s.schemas.Resources[in.TypeName]
	planned, err := decode(in.ProposedNewState, schema)
	if err != nil || planned.IsNull() {
		return &tfprotov6.PlanResourceChangeResponse{PlannedState: in.ProposedNewState, PlannedPrivate: in.PriorPrivate}, err
	}
	planned = pending(&schema.Block, planned)
	if g := s.of(false, in.TypeName); g.planned {
		if planned, err = fill(&schema.Block, planned, g.values); err != nil {
			return &tfprotov6.PlanResourceChangeResponse{Diagnostics: failure(in.TypeName, err)}, nil
		}
	}
	out, err := encode(planned, schema)
	return &tfprotov6.PlanResourceChangeResponse{PlannedState: out, PlannedPrivate: in.PriorPrivate}, err
}

// ApplyResourceChange makes up what is not known yet.
func (s *stand) ApplyResourceChange(_ context.Context, in *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	schema := s.schemas.Resources[in.TypeName]
	planned, err := decode(in.PlannedState, schema)
	if err != nil || planned.IsNull() {
		return &tfprotov6.ApplyResourceChangeResponse{NewState: in.PlannedState}, err
	}
	made, err := fill(&schema.Block, planned, s.of(false, in.TypeName).values)
	if err != nil {
		return &tfprotov6.ApplyResourceChangeResponse{NewState: in.PriorState, Diagnostics: failure(in.TypeName, err)}, nil
	}
	out, err := encode(made, schema)
	return &tfprotov6.ApplyResourceChangeResponse{NewState: out, Private: in.PlannedPrivate}, err
}

func (s *stand) ReadDataSource(_ context.Context, in *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	schema := s.schemas.Data[in.TypeName]
	v, err := decode(in.Config, schema)
	if err != nil {
		return nil, err
	}
	v, err = fill(&schema.Block, pending(&schema.Block, v), s.of(true, in.TypeName).values)
	if err != nil {
		return &tfprotov6.ReadDataSourceResponse{Diagnostics: failure("data."+in.TypeName, err)}, nil
	}
	out, err := encode(v, schema)
	return &tfprotov6.ReadDataSourceResponse{State: out}, err
}

func (s *stand) ImportResourceState(_ context.Context, in *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	return &tfprotov6.ImportResourceStateResponse{Diagnostics: failure(in.TypeName, fmt.Errorf("a double has nothing to import; use an override_resource block, or a real provider"))}, nil
}

func (s *stand) OpenEphemeralResource(_ context.Context, in *tfprotov6.OpenEphemeralResourceRequest) (*tfprotov6.OpenEphemeralResourceResponse, error) {
	schema := s.schemas.Ephemeral[in.TypeName]
	v, err := decode(in.Config, schema)
	if err != nil {
		return nil, err
	}
	v, err = fill(&schema.Block, pending(&schema.Block, v), cty.NilVal)
	if err != nil {
		return nil, err
	}
	out, err := encode(v, schema)
	return &tfprotov6.OpenEphemeralResourceResponse{Result: out}, err
}

func (s *stand) CloseEphemeralResource(context.Context, *tfprotov6.CloseEphemeralResourceRequest) (*tfprotov6.CloseEphemeralResourceResponse, error) {
	return &tfprotov6.CloseEphemeralResourceResponse{}, nil
}

func failure(what string, err error) []*tfprotov6.Diagnostic {
	return []*tfprotov6.Diagnostic{{
		Severity: tfprotov6.DiagnosticSeverityError, Summary: "Invalid value of a double",
		Detail: fmt.Sprintf("The values for %s do not fit: %v.", what, err),
	}}
}

func decode(v *tfprotov6.DynamicValue, schema *plugin.Schema) (cty.Value, error) {
	out, err := msgpack.Unmarshal(v.MsgPack, schema.Type)
	if err != nil {
		return cty.DynamicVal, fmt.Errorf("decoding a value for a double: %w", err)
	}
	return out, nil
}

func encode(v cty.Value, schema *plugin.Schema) (*tfprotov6.DynamicValue, error) {
	raw, err := msgpack.Marshal(v, schema.Type)
	if err != nil {
		return nil, fmt.Errorf("encoding a value of a double: %w", err)
	}
	return &tfprotov6.DynamicValue{MsgPack: raw}, nil
}

package remote

import (
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin/remote/wire"
)

func toValue(in *tfprotov6.DynamicValue) *wire.DynamicValue {
	if in == nil {
		return nil
	}
	return &wire.DynamicValue{Msgpack: in.MsgPack, Json: in.JSON}
}

func value(in *wire.DynamicValue) *tfprotov6.DynamicValue {
	if in == nil {
		return nil
	}
	return &tfprotov6.DynamicValue{MsgPack: in.Msgpack, JSON: in.Json}
}

func toIdentity(in *tfprotov6.ResourceIdentityData) *wire.Identity {
	if in == nil {
		return nil
	}
	return &wire.Identity{IdentityData: toValue(in.IdentityData)}
}

func identity(in *wire.Identity) *tfprotov6.ResourceIdentityData {
	if in == nil {
		return nil
	}
	return &tfprotov6.ResourceIdentityData{IdentityData: value(in.IdentityData)}
}

func diagnostics(in []*wire.Diagnostic) []*tfprotov6.Diagnostic {
	var out []*tfprotov6.Diagnostic
	for _, d := range in {
		out = append(out, &tfprotov6.Diagnostic{
			Severity: tfprotov6.DiagnosticSeverity(d.Severity), Summary: d.Summary, Detail: d.Detail, Attribute: path(d.Attribute),
		})
	}
	return out
}

func path(in *wire.AttributePath) *tftypes.AttributePath {
	if in == nil {
		return nil
	}
	out := tftypes.NewAttributePath()
	for _, s := range in.Steps {
		switch s := s.Selector.(type) {
		case *wire.AttributePath_Step_AttributeName:
			out = out.WithAttributeName(s.AttributeName)
		case *wire.AttributePath_Step_ElementKeyString:
			out = out.WithElementKeyString(s.ElementKeyString)
		case *wire.AttributePath_Step_ElementKeyInt:
			out = out.WithElementKeyInt(int(s.ElementKeyInt))
		default: // a step of a kind that is not known ends the path
			return out
		}
	}
	return out
}

package remote

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin/remote/wire"
)

// schemas is everything that a provider declares. Types that cannot be read are
// an error.
func (c *client) schemas(in *wire.GetProviderSchemaResponse) (*tfprotov6.GetProviderSchemaResponse, error) {
	r := reader{old: c.old}
	out := &tfprotov6.GetProviderSchemaResponse{
		Provider: r.schema("provider", in.Provider), ProviderMeta: r.schema("provider_meta", in.ProviderMeta),
		ResourceSchemas: r.all(in.ResourceSchemas), DataSourceSchemas: r.all(in.DataSourceSchemas),
		EphemeralResourceSchemas: r.all(in.EphemeralResourceSchemas), ListResourceSchemas: r.all(in.ListResourceSchemas),
		Functions: map[string]*tfprotov6.Function{}, ActionSchemas: map[string]*tfprotov6.ActionSchema{},
		Diagnostics: diagnostics(in.Diagnostics),
	}
	for name, f := range in.Functions {
		out.Functions[name] = r.function(name, f)
	}
	for name, a := range in.ActionSchemas {
		out.ActionSchemas[name] = &tfprotov6.ActionSchema{Schema: r.schema("action "+name, a.Schema)}
	}
	if s := in.ServerCapabilities; s != nil {
		out.ServerCapabilities = &tfprotov6.ServerCapabilities{
			PlanDestroy: s.PlanDestroy, GetProviderSchemaOptional: s.GetProviderSchemaOptional,
			MoveResourceState: s.MoveResourceState, GenerateResourceConfig: s.GenerateResourceConfig,
		}
	}
	return out, r.err
}

func identitySchemas(in *wire.GetIdentitySchemasResponse) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	r := reader{}
	out := &tfprotov6.GetResourceIdentitySchemasResponse{
		IdentitySchemas: map[string]*tfprotov6.ResourceIdentitySchema{}, Diagnostics: diagnostics(in.Diagnostics),
	}
	for name, s := range in.IdentitySchemas {
		schema := &tfprotov6.ResourceIdentitySchema{Version: s.Version}
		for _, a := range s.IdentityAttributes {
			schema.IdentityAttributes = append(schema.IdentityAttributes, &tfprotov6.ResourceIdentitySchemaAttribute{
				Name: a.Name, Type: r.typ(name+"."+a.Name, a.Type), Description: a.Description,
				RequiredForImport: a.RequiredForImport, OptionalForImport: a.OptionalForImport,
			})
		}
		out.IdentitySchemas[name] = schema
	}
	return out, r.err
}

// reader reads schemas and keeps the first error.
type reader struct {
	old bool // of version 5
	err error
}

func (r *reader) typ(what string, in []byte) tftypes.Type {
	if len(in) == 0 {
		return nil
	}
	out, err := tftypes.ParseJSONType(in) //nolint:staticcheck // an engine is what it is meant for
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("reading the type of %s: %w", what, err)
	}
	return out
}

func (r *reader) all(in map[string]*wire.Schema) map[string]*tfprotov6.Schema {
	out := make(map[string]*tfprotov6.Schema, len(in))
	for name, s := range in {
		out[name] = r.schema(name, s)
	}
	return out
}

func (r *reader) schema(name string, in *wire.Schema) *tfprotov6.Schema {
	if in == nil {
		return nil
	}
	return &tfprotov6.Schema{Version: in.Version, Block: r.block(name, in.Block)}
}

func (r *reader) block(name string, in *wire.Schema_Block) *tfprotov6.SchemaBlock {
	if in == nil {
		return nil
	}
	out := &tfprotov6.SchemaBlock{
		Version: in.Version, Attributes: r.attributes(name, in.Attributes),
		Description: in.Description, DescriptionKind: tfprotov6.StringKind(in.DescriptionKind),
		Deprecated: in.Deprecated, DeprecationMessage: in.DeprecationMessage,
	}
	for _, n := range in.BlockTypes {
		out.BlockTypes = append(out.BlockTypes, &tfprotov6.SchemaNestedBlock{
			TypeName: n.TypeName, Block: r.block(name+"."+n.TypeName, n.Block),
			Nesting: tfprotov6.SchemaNestedBlockNestingMode(n.Nesting), MinItems: n.MinItems, MaxItems: n.MaxItems,
		})
	}
	return out
}

func (r *reader) attributes(name string, in []*wire.Schema_Attribute) []*tfprotov6.SchemaAttribute {
	var out []*tfprotov6.SchemaAttribute
	for _, a := range in {
		at := name + "." + a.Name
		attr := &tfprotov6.SchemaAttribute{
			Name: a.Name, Type: r.typ(at, a.Type), Description: a.Description, DescriptionKind: tfprotov6.StringKind(a.DescriptionKind),
			Required: a.Required, Optional: a.Optional, Computed: a.Computed, Sensitive: a.Sensitive, WriteOnly: a.WriteOnly,
			Deprecated: a.Deprecated, DeprecationMessage: a.DeprecationMessage,
		}
		if r.old {
			attr.WriteOnly, attr.DeprecationMessage = oldNumbers(a.ProtoReflect().GetUnknown())
		}
		if n := a.NestedType; n != nil {
			attr.NestedType = &tfprotov6.SchemaObject{
				Attributes: r.attributes(at, n.Attributes), Nesting: tfprotov6.SchemaObjectNestingMode(n.Nesting),
			}
		}
		out = append(out, attr)
	}
	return out
}

// oldNumbers reads the two members of an attribute that have other numbers in
// version 5, so that they arrive as fields of the wrong type.
func oldNumbers(raw []byte) (writeOnly bool, deprecation string) {
	for len(raw) > 0 {
		number, kind, n := protowire.ConsumeTag(raw)
		if n < 0 {
			return writeOnly, deprecation
		}
		raw = raw[n:]
		switch {
		case number == 10 && kind == protowire.VarintType:
			v, _ := protowire.ConsumeVarint(raw)
			writeOnly = protowire.DecodeBool(v)
		case number == 11 && kind == protowire.BytesType:
			v, _ := protowire.ConsumeString(raw)
			deprecation = v
		}
		if n = protowire.ConsumeFieldValue(number, kind, raw); n < 0 {
			return writeOnly, deprecation
		}
		raw = raw[n:]
	}
	return writeOnly, deprecation
}

func (r *reader) function(name string, in *wire.Function) *tfprotov6.Function {
	out := &tfprotov6.Function{
		Return:  &tfprotov6.FunctionReturn{Type: r.typ("the result of "+name, in.GetReturn().GetType())},
		Summary: in.Summary, Description: in.Description, DescriptionKind: tfprotov6.StringKind(in.DescriptionKind),
		DeprecationMessage: in.DeprecationMessage,
	}
	parameter := func(in *wire.Function_Parameter) *tfprotov6.FunctionParameter {
		return &tfprotov6.FunctionParameter{
			Name: in.Name, Type: r.typ("the parameter "+in.Name+" of "+name, in.Type), AllowNullValue: in.AllowNullValue,
			AllowUnknownValues: in.AllowUnknownValues, Description: in.Description, DescriptionKind: tfprotov6.StringKind(in.DescriptionKind),
		}
	}
	for _, p := range in.Parameters {
		out.Parameters = append(out.Parameters, parameter(p))
	}
	if in.VariadicParameter != nil {
		out.VariadicParameter = parameter(in.VariadicParameter)
	}
	return out
}

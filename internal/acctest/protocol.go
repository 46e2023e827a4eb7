package acctest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	ctyjson "github.com/zclconf/go-cty/cty/json"
	"github.com/zclconf/go-cty/cty/msgpack"

	"github.com/tfserverless/terraform-provider-serverless/provider"
	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// A Protocol speaks the plugin protocol with the provider, without an engine, for
// what not every engine has: lists, actions, functions and moved state.
// Configurations are HCL objects.
type Protocol struct {
	t       *testing.T
	server  tfprotov6.ProviderServer
	schemas *tfprotov6.GetProviderSchemaResponse
}

// Speak returns a provider on e in the region eu-north-1; settings are more of the
// provider block.
func Speak(t *testing.T, e provider.Emulator, settings string) *Protocol {
	t.Helper()
	p := &Protocol{t: t, server: providertest.Server(e)}
	var err error
	if p.schemas, err = p.server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{}); err != nil {
		t.Fatal(err)
	}
	config := p.value(p.schemas.Provider, `{ region = "eu-north-1", `+settings+` }`)
	resp, err := p.server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: config})
	if err := errors.Join(err, refusal(resp.Diagnostics)); err != nil {
		t.Fatal(err)
	}
	return p
}

// typeOf is the type of a schema's objects.
func (p *Protocol) typeOf(s *tfprotov6.Schema) cty.Type {
	p.t.Helper()
	return p.shared(s.ValueType())
}

// shared is a type of the protocol's library as one of cty's.
func (p *Protocol) shared(of tftypes.Type) cty.Type {
	p.t.Helper()
	text, err := of.MarshalJSON() //nolint:staticcheck // the form of types that both libraries share
	if err != nil {
		p.t.Fatal(err)
	}
	kind, err := ctyjson.UnmarshalType(text)
	if err != nil {
		p.t.Fatal(err)
	}
	return kind
}

// evaluate is the value of an expression without references.
func (p *Protocol) evaluate(expression string) cty.Value {
	p.t.Helper()
	e, ds := hclsyntax.ParseExpression([]byte(expression), "", hcl.InitialPos)
	if ds.HasErrors() {
		p.t.Fatal(ds)
	}
	v, ds := e.Value(nil)
	if ds.HasErrors() {
		p.t.Fatal(ds)
	}
	return v
}

// value is an expression as an object of a schema; what it leaves out is null.
func (p *Protocol) value(s *tfprotov6.Schema, expression string) *tfprotov6.DynamicValue {
	p.t.Helper()
	kind, given, all := p.typeOf(s), p.evaluate(expression), map[string]cty.Value{}
	for name := range given.Type().AttributeTypes() {
		if !kind.HasAttribute(name) {
			p.t.Fatalf("there is no argument %s", name)
		}
	}
	for name, want := range kind.AttributeTypes() {
		all[name] = cty.NullVal(want)
		if given.Type().HasAttribute(name) {
			v, err := convert.Convert(given.GetAttr(name), want)
			if err != nil {
				p.t.Fatalf("%s: %v", name, err)
			}
			all[name] = v
		}
	}
	raw, err := msgpack.Marshal(cty.ObjectVal(all), kind)
	if err != nil {
		p.t.Fatal(err)
	}
	return &tfprotov6.DynamicValue{MsgPack: raw}
}

func (p *Protocol) read(v *tfprotov6.DynamicValue, kind cty.Type) cty.Value {
	p.t.Helper()
	if v == nil {
		return cty.NullVal(kind)
	}
	out, err := msgpack.Unmarshal(v.MsgPack, kind)
	if err != nil {
		p.t.Fatal(err)
	}
	return out
}

// refusal is the errors among ds.
func refusal(ds []*tfprotov6.Diagnostic) error {
	var errs []error
	for _, d := range ds {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			errs = append(errs, fmt.Errorf("%s: %s (%v)", d.Summary, d.Detail, d.Attribute))
		}
	}
	return errors.Join(errs...)
}

// Listed is one object of a list.
type Listed struct {
	Name               string
	Identity, Resource cty.Value
}

// List is what a list block finds; limit 0 is none.
func (p *Protocol) List(typeName, config string, include bool, limit int64) (all []Listed, err error) {
	p.t.Helper()
	schema, ok := p.schemas.ListResourceSchemas[typeName]
	if !ok {
		return nil, fmt.Errorf("%s cannot be listed", typeName)
	}
	ids, err := p.server.GetResourceIdentitySchemas(p.t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		return nil, err
	}
	identity := map[string]cty.Type{}
	for _, a := range ids.IdentitySchemas[typeName].IdentityAttributes {
		identity[a.Name] = cty.String
	}
	server := p.server.(tfprotov6.ListResourceServer) //nolint:staticcheck // part of ProviderServer in the next version
	c := p.value(schema, config)
	checked, err := server.ValidateListResourceConfig(p.t.Context(), &tfprotov6.ValidateListResourceConfigRequest{TypeName: typeName, Config: c})
	if err == nil {
		err = refusal(checked.Diagnostics)
	}
	if err != nil {
		return nil, err
	}
	stream, err := server.ListResource(p.t.Context(), &tfprotov6.ListResourceRequest{TypeName: typeName, Config: c, IncludeResource: include, Limit: limit})
	if err != nil {
		return nil, err
	}
	for r := range stream.Results {
		if err := refusal(r.Diagnostics); err != nil {
			return all, err
		}
		one := Listed{Name: r.DisplayName, Identity: p.read(r.Identity.IdentityData, cty.Object(identity))}
		if include {
			one.Resource = p.read(r.Resource, p.typeOf(p.schemas.ResourceSchemas[typeName]))
		}
		all = append(all, one)
	}
	return all, nil
}

// Invoke carries out an action, after the checks of its plan, and returns what it
// says meanwhile.
func (p *Protocol) Invoke(typeName, config string) (progress []string, err error) {
	p.t.Helper()
	schema, ok := p.schemas.ActionSchemas[typeName]
	if !ok {
		return nil, fmt.Errorf("there is no action %s", typeName)
	}
	server := p.server.(tfprotov6.ActionServer) //nolint:staticcheck // part of ProviderServer in the next version
	c := p.value(schema.Schema, config)
	checked, err := server.ValidateActionConfig(p.t.Context(), &tfprotov6.ValidateActionConfigRequest{ActionType: typeName, Config: c})
	if err == nil {
		err = refusal(checked.Diagnostics)
	}
	if err != nil {
		return nil, err
	}
	stream, err := server.InvokeAction(p.t.Context(), &tfprotov6.InvokeActionRequest{ActionType: typeName, Config: c})
	if err != nil {
		return nil, err
	}
	for e := range stream.Events {
		switch e := e.Type.(type) {
		case tfprotov6.ProgressInvokeActionEventType:
			progress = append(progress, e.Message)
		case tfprotov6.CompletedInvokeActionEventType:
			err = errors.Join(err, refusal(e.Diagnostics))
		}
	}
	return progress, err
}

// Call is the result of a function for arguments that are expressions.
func (p *Protocol) Call(name string, arguments ...string) (cty.Value, error) {
	p.t.Helper()
	known, ok := p.schemas.Functions[name]
	if !ok {
		return cty.NilVal, fmt.Errorf("there is no function %s", name)
	}
	var in []*tfprotov6.DynamicValue
	for i, a := range arguments {
		parameter := known.VariadicParameter
		if i < len(known.Parameters) {
			parameter = known.Parameters[i]
		}
		kind := p.shared(parameter.Type)
		v, err := convert.Convert(p.evaluate(a), kind)
		if err != nil {
			return cty.NilVal, err
		}
		raw, err := msgpack.Marshal(v, kind)
		if err != nil {
			p.t.Fatal(err)
		}
		in = append(in, &tfprotov6.DynamicValue{MsgPack: raw})
	}
	resp, err := p.server.CallFunction(p.t.Context(), &tfprotov6.CallFunctionRequest{Name: name, Arguments: in})
	if err != nil {
		return cty.NilVal, err
	}
	if resp.Error != nil {
		return cty.NilVal, errors.New(resp.Error.Text)
	}
	return p.read(resp.Result, p.shared(known.Return.Type)), nil
}

// Move is what becomes of another type's state, read again.
func (p *Protocol) Move(from, to string, state map[string]any) (cty.Value, error) {
	p.t.Helper()
	text, err := json.Marshal(state)
	if err != nil {
		p.t.Fatal(err)
	}
	ctx := context.WithoutCancel(p.t.Context())
	resp, err := p.server.MoveResourceState(ctx, &tfprotov6.MoveResourceStateRequest{
		SourceProviderAddress: "registry.terraform.io/hashicorp/aws", SourceTypeName: from, SourceState: &tfprotov6.RawState{JSON: text}, TargetTypeName: to,
	})
	if err == nil {
		err = refusal(resp.Diagnostics)
	}
	if err != nil {
		return cty.NilVal, err
	}
	read, err := p.server.ReadResource(ctx, &tfprotov6.ReadResourceRequest{TypeName: to, CurrentState: resp.TargetState, Private: resp.TargetPrivate})
	if err == nil {
		err = refusal(read.Diagnostics)
	}
	if err != nil {
		return cty.NilVal, err
	}
	return p.read(read.NewState, p.typeOf(p.schemas.ResourceSchemas[to])), nil
}

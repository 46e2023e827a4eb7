package remote_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tfprotov5/tf5server"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin/remote"
)

var (
	known    = &tfprotov6.DynamicValue{MsgPack: []byte{0xa1, 'k'}}
	identity = &tfprotov6.ResourceIdentityData{IdentityData: &tfprotov6.DynamicValue{MsgPack: []byte{0xa1, 'i'}}}
	two      = int64(2)
	warned   = []*tfprotov6.Diagnostic{{
		Severity: tfprotov6.DiagnosticSeverityWarning, Summary: "s", Detail: "d",
		Attribute: tftypes.NewAttributePath().WithAttributeName("a").WithElementKeyString("k").WithElementKeyInt(3),
	}}
	declared = &tfprotov6.GetProviderSchemaResponse{
		Provider: &tfprotov6.Schema{Block: &tfprotov6.SchemaBlock{}}, ProviderMeta: &tfprotov6.Schema{Block: &tfprotov6.SchemaBlock{}},
		ResourceSchemas: map[string]*tfprotov6.Schema{"x": {Version: 3, Block: &tfprotov6.SchemaBlock{
			Version: 3, Description: "d", DescriptionKind: tfprotov6.StringKindMarkdown, Deprecated: true, DeprecationMessage: "m",
			Attributes: []*tfprotov6.SchemaAttribute{
				{Name: "a", Type: tftypes.List{ElementType: tftypes.DynamicPseudoType}, Required: true, WriteOnly: true, Description: "a", Deprecated: true, DeprecationMessage: "n"},
				{Name: "b", Type: tftypes.String, Optional: true, Computed: true, Sensitive: true, DescriptionKind: tfprotov6.StringKindMarkdown},
				{Name: "n", Optional: true, NestedType: &tfprotov6.SchemaObject{
					Nesting: tfprotov6.SchemaObjectNestingModeMap, Attributes: []*tfprotov6.SchemaAttribute{{Name: "c", Type: tftypes.Bool, Optional: true}},
				}},
			},
			BlockTypes: []*tfprotov6.SchemaNestedBlock{{
				TypeName: "z", Nesting: tfprotov6.SchemaNestedBlockNestingModeSet, MinItems: 1, MaxItems: 2,
				Block: &tfprotov6.SchemaBlock{Attributes: []*tfprotov6.SchemaAttribute{{Name: "d", Type: tftypes.Number, Computed: true}}},
			}},
		}}},
		DataSourceSchemas:        map[string]*tfprotov6.Schema{"y": {Block: &tfprotov6.SchemaBlock{}}},
		EphemeralResourceSchemas: map[string]*tfprotov6.Schema{"e": {Block: &tfprotov6.SchemaBlock{}}},
		ListResourceSchemas:      map[string]*tfprotov6.Schema{"l": {Block: &tfprotov6.SchemaBlock{}}},
		ActionSchemas:            map[string]*tfprotov6.ActionSchema{"a": {Schema: &tfprotov6.Schema{Block: &tfprotov6.SchemaBlock{}}}},
		Functions: map[string]*tfprotov6.Function{"f": {
			Parameters:        []*tfprotov6.FunctionParameter{{Name: "p", Type: tftypes.String, AllowNullValue: true, Description: "p"}},
			VariadicParameter: &tfprotov6.FunctionParameter{Name: "v", Type: tftypes.Number, AllowUnknownValues: true},
			Return:            &tfprotov6.FunctionReturn{Type: tftypes.Bool}, Summary: "s", Description: "d", DeprecationMessage: "m",
		}},
		ServerCapabilities: &tfprotov6.ServerCapabilities{PlanDestroy: true, GetProviderSchemaOptional: true, MoveResourceState: true, GenerateResourceConfig: true},
		Diagnostics:        warned,
	}
)

// exchanges are what each call sends and what the provider answers.
var exchanges = []struct {
	call        string
	in, outcome any
}{
	{"GetProviderSchema", &tfprotov6.GetProviderSchemaRequest{}, declared},
	{"GetResourceIdentitySchemas", &tfprotov6.GetResourceIdentitySchemasRequest{}, &tfprotov6.GetResourceIdentitySchemasResponse{
		IdentitySchemas: map[string]*tfprotov6.ResourceIdentitySchema{"x": {Version: 4, IdentityAttributes: []*tfprotov6.ResourceIdentitySchemaAttribute{
			{Name: "i", Type: tftypes.String, RequiredForImport: true, Description: "d"}, {Name: "j", Type: tftypes.Number, OptionalForImport: true},
		}}}, Diagnostics: warned,
	}},
	{"ValidateProviderConfig", &tfprotov6.ValidateProviderConfigRequest{Config: known}, &tfprotov6.ValidateProviderConfigResponse{Diagnostics: warned}},
	{
		"ConfigureProvider",
		&tfprotov6.ConfigureProviderRequest{TerraformVersion: "1.2.3", Config: known, ClientCapabilities: &tfprotov6.ConfigureProviderClientCapabilities{}},
		&tfprotov6.ConfigureProviderResponse{Diagnostics: warned},
	},
	{"StopProvider", &tfprotov6.StopProviderRequest{}, &tfprotov6.StopProviderResponse{Error: "e"}},
	{
		"ValidateResourceConfig",
		&tfprotov6.ValidateResourceConfigRequest{TypeName: "x", Config: known, ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true}},
		&tfprotov6.ValidateResourceConfigResponse{Diagnostics: warned},
	},
	{"ValidateDataResourceConfig", &tfprotov6.ValidateDataResourceConfigRequest{TypeName: "y", Config: known}, &tfprotov6.ValidateDataResourceConfigResponse{Diagnostics: warned}},
	{
		"UpgradeResourceState",
		&tfprotov6.UpgradeResourceStateRequest{TypeName: "x", Version: 2, RawState: &tfprotov6.RawState{JSON: []byte(`{}`)}},
		&tfprotov6.UpgradeResourceStateResponse{UpgradedState: known, Diagnostics: warned},
	},
	{
		"UpgradeResourceIdentity",
		&tfprotov6.UpgradeResourceIdentityRequest{TypeName: "x", Version: 2, RawIdentity: &tfprotov6.RawState{JSON: []byte(`{}`)}},
		&tfprotov6.UpgradeResourceIdentityResponse{UpgradedIdentity: identity, Diagnostics: warned},
	},
	{
		"ReadResource",
		&tfprotov6.ReadResourceRequest{TypeName: "x", CurrentState: known, Private: []byte("p"), CurrentIdentity: identity, ClientCapabilities: &tfprotov6.ReadResourceClientCapabilities{}},
		&tfprotov6.ReadResourceResponse{NewState: known, Private: []byte("q"), NewIdentity: identity, Diagnostics: warned},
	},
	{
		"PlanResourceChange",
		&tfprotov6.PlanResourceChangeRequest{
			TypeName: "x", PriorState: known, ProposedNewState: known, Config: known, PriorPrivate: []byte("p"), PriorIdentity: identity,
			ClientCapabilities: &tfprotov6.PlanResourceChangeClientCapabilities{},
		},
		&tfprotov6.PlanResourceChangeResponse{
			PlannedState: known, RequiresReplace: []*tftypes.AttributePath{tftypes.NewAttributePath().WithAttributeName("a")},
			PlannedPrivate: []byte("q"), PlannedIdentity: identity, Diagnostics: warned, UnsafeToUseLegacyTypeSystem: true, //nolint:staticcheck // it has to arrive
		},
	},
	{
		"ApplyResourceChange",
		&tfprotov6.ApplyResourceChangeRequest{TypeName: "x", PriorState: known, PlannedState: known, Config: known, PlannedPrivate: []byte("p"), PlannedIdentity: identity},
		&tfprotov6.ApplyResourceChangeResponse{NewState: known, Private: []byte("q"), NewIdentity: identity, Diagnostics: warned, UnsafeToUseLegacyTypeSystem: true}, //nolint:staticcheck // it has to arrive
	},
	{
		"ImportResourceState",
		&tfprotov6.ImportResourceStateRequest{TypeName: "x", ID: "i", Identity: identity, ClientCapabilities: &tfprotov6.ImportResourceStateClientCapabilities{}},
		&tfprotov6.ImportResourceStateResponse{ImportedResources: []*tfprotov6.ImportedResource{{TypeName: "x", State: known, Private: []byte("q"), Identity: identity}}, Diagnostics: warned},
	},
	{
		"ReadDataSource",
		&tfprotov6.ReadDataSourceRequest{TypeName: "y", Config: known, ClientCapabilities: &tfprotov6.ReadDataSourceClientCapabilities{}},
		&tfprotov6.ReadDataSourceResponse{State: known, Diagnostics: warned},
	},
	{
		"CallFunction",
		&tfprotov6.CallFunctionRequest{Name: "f", Arguments: []*tfprotov6.DynamicValue{known, known}},
		&tfprotov6.CallFunctionResponse{Error: &tfprotov6.FunctionError{Text: "t", FunctionArgument: &two}},
	},
	{"ValidateEphemeralResourceConfig", &tfprotov6.ValidateEphemeralResourceConfigRequest{TypeName: "e", Config: known}, &tfprotov6.ValidateEphemeralResourceConfigResponse{Diagnostics: warned}},
	{
		"OpenEphemeralResource",
		&tfprotov6.OpenEphemeralResourceRequest{TypeName: "e", Config: known, ClientCapabilities: &tfprotov6.OpenEphemeralResourceClientCapabilities{}},
		&tfprotov6.OpenEphemeralResourceResponse{Result: known, Private: []byte("p"), RenewAt: time.Unix(1, 2).UTC(), Diagnostics: warned},
	},
	{
		"RenewEphemeralResource",
		&tfprotov6.RenewEphemeralResourceRequest{TypeName: "e", Private: []byte("p")},
		&tfprotov6.RenewEphemeralResourceResponse{Private: []byte("q"), RenewAt: time.Unix(3, 4).UTC(), Diagnostics: warned},
	},
	{"CloseEphemeralResource", &tfprotov6.CloseEphemeralResourceRequest{TypeName: "e", Private: []byte("p")}, &tfprotov6.CloseEphemeralResourceResponse{Diagnostics: warned}},
	{
		"MoveResourceState",
		&tfprotov6.MoveResourceStateRequest{
			SourceProviderAddress: "a/b", SourceTypeName: "w", SourceSchemaVersion: 5, SourceState: &tfprotov6.RawState{JSON: []byte(`{}`)}, SourcePrivate: []byte("p"),
			SourceIdentity: &tfprotov6.RawState{JSON: []byte(`{"i":1}`)}, TargetTypeName: "x",
		},
		&tfprotov6.MoveResourceStateResponse{TargetState: known, TargetPrivate: []byte("q"), TargetIdentity: identity, Diagnostics: warned},
	},
	{"GenerateResourceConfig", &tfprotov6.GenerateResourceConfigRequest{TypeName: "x", State: known}, &tfprotov6.GenerateResourceConfigResponse{Config: known, Diagnostics: warned}},
	{"ValidateActionConfig", &tfprotov6.ValidateActionConfigRequest{ActionType: "a", Config: known}, &tfprotov6.ValidateActionConfigResponse{Diagnostics: warned}},
	{
		"PlanAction",
		&tfprotov6.PlanActionRequest{ActionType: "a", Config: known, ClientCapabilities: &tfprotov6.PlanActionClientCapabilities{}},
		&tfprotov6.PlanActionResponse{Diagnostics: warned},
	},
	{
		"ValidateListResourceConfig",
		&tfprotov6.ValidateListResourceConfigRequest{TypeName: "x", Config: known, IncludeResourceObject: known, Limit: known},
		&tfprotov6.ValidateListResourceConfigResponse{Diagnostics: warned},
	},
}

// TestExchanges demands that each request arrives as it was sent, and each
// answer too.
func TestExchanges(t *testing.T) {
	t.Parallel()
	for version, serve := range map[int]func(*testing.T, *scripted) tfprotov6.ProviderServer{6: serve6, 5: serve5} {
		for _, e := range exchanges {
			t.Run(map[int]string{5: "v5 ", 6: "v6 "}[version]+e.call, func(t *testing.T) {
				t.Parallel()
				outcome := e.outcome
				if version == 5 && e.call == "GetProviderSchema" {
					outcome = withoutNested(declared)
				}
				s := &scripted{t: t, answer: outcome}
				got := reflect.ValueOf(serve(t, s)).MethodByName(e.call).Call([]reflect.Value{reflect.ValueOf(t.Context()), reflect.ValueOf(e.in)})
				if err := got[1].Interface(); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(e.in, s.got); diff != "" {
					t.Errorf("the request did not arrive as it was sent:\n%s", diff)
				}
				if diff := cmp.Diff(outcome, got[0].Interface()); diff != "" {
					t.Errorf("the answer did not arrive as it was given:\n%s", diff)
				}
			})
		}
	}
}

// withoutNested is a declaration that version 5 can express.
func withoutNested(in *tfprotov6.GetProviderSchemaResponse) *tfprotov6.GetProviderSchemaResponse {
	out, x := *in, *in.ResourceSchemas["x"]
	block := *x.Block
	block.Attributes = block.Attributes[:2]
	x.Block = &block
	out.ResourceSchemas = map[string]*tfprotov6.Schema{"x": &x}
	return &out
}

func TestRefusedCall(t *testing.T) {
	t.Parallel()
	_, err := serve6(t, &scripted{t: t}).GetFunctions(t.Context(), &tfprotov6.GetFunctionsRequest{})
	if err == nil || !strings.Contains(err.Error(), "GetFunctions is not supported") {
		t.Errorf("got %v", err)
	}
}

// TestStreams demands that what comes in many messages arrives in order and
// ends.
func TestStreams(t *testing.T) {
	t.Parallel()
	t.Run("InvokeAction", func(t *testing.T) {
		t.Parallel()
		events := []tfprotov6.InvokeActionEvent{
			{Type: tfprotov6.ProgressInvokeActionEventType{Message: "one"}}, {Type: tfprotov6.ProgressInvokeActionEventType{Message: "two"}},
			{Type: tfprotov6.CompletedInvokeActionEventType{Diagnostics: warned}},
		}
		s := &scripted{t: t, answer: events}
		in := &tfprotov6.InvokeActionRequest{ActionType: "a", Config: known, ClientCapabilities: &tfprotov6.InvokeActionClientCapabilities{}}
		out, err := serve6(t, s).(tfprotov6.ActionServer).InvokeAction(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(events, slices.Collect(out.Events)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(in, s.got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("ListResource", func(t *testing.T) {
		t.Parallel()
		results := []tfprotov6.ListResourceResult{
			{DisplayName: "one", Identity: identity, Resource: known}, {DisplayName: "two", Identity: identity, Diagnostics: warned}, {DisplayName: "three", Identity: identity},
		}
		s := &scripted{t: t, answer: results}
		in := &tfprotov6.ListResourceRequest{TypeName: "x", Config: known, IncludeResource: true, Limit: 7}
		server := serve6(t, s).(tfprotov6.ListResourceServer)
		for _, want := range [][]tfprotov6.ListResourceResult{results, results[:1]} {
			out, err := server.ListResource(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			var got []tfprotov6.ListResourceResult
			for r := range out.Results {
				if got = append(got, r); len(got) == len(want) {
					break
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(in, s.got); diff != "" {
				t.Error(diff)
			}
		}
	})
}

// TestBrokenStream demands that a call that the other side does not know is an
// error and not an end without results.
func TestBrokenStream(t *testing.T) {
	t.Parallel()
	s := connect(t, `{"a/b":{"Protocol":"grpc","ProtocolVersion":6,"Addr":{"Network":"unix","String":"`+t.TempDir()+`/none"}}}`)
	out, err := s.(tfprotov6.ActionServer).InvokeAction(t.Context(), &tfprotov6.InvokeActionRequest{})
	if err == nil {
		events := slices.Collect(out.Events)
		if len(events) != 1 {
			t.Fatalf("got %v", events)
		}
		err = errors.New(events[0].Type.(tfprotov6.CompletedInvokeActionEventType).Diagnostics[0].Detail)
	}
	if !strings.Contains(err.Error(), "InvokeAction ended with Unavailable") {
		t.Errorf("got %v", err)
	}
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	_, err := connect(t, `{"a/b":{"Protocol":"grpc","ProtocolVersion":6,"Addr":{"Network":"unix","String":"`+t.TempDir()+`/none"}}}`).
		GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err == nil || !strings.Contains(err.Error(), "GetProviderSchema ended with Unavailable") {
		t.Errorf("got %v", err)
	}
}

func TestBadAttachments(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{`:                           "JSON",
		`{"a":{}}`:                    `the protocol is ""`,
		`{"a":{"Protocol":"netrpc"}}`: `the protocol is "netrpc"`,
		`{"a":{"Protocol":"grpc","ProtocolVersion":4}}`:                                      "the protocol version is 4",
		`{"a":{"Protocol":"grpc","Addr":{"Network":"pipe"}}}`:                                `the network is "pipe"`,
		`{"a":{"Protocol":"grpc","ProtocolVersion":6,"Addr":{"Network":"tcp","String":""}}}`: "the address is empty",
	} {
		if _, err := remote.Attachments(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
	if got, err := remote.Attachments(""); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v", got, err)
	}
}

func connect(t *testing.T, text string) tfprotov6.ProviderServer {
	t.Helper()
	all, err := remote.Attachments(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		s, err := a.Connect()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	t.Fatal("no attachment")
	return nil
}

// attach serves a provider as a debugged one and connects to it.
func attach(t *testing.T, serve func(ctx context.Context, attached chan *plugin.ReattachConfig, closed chan struct{}) error) tfprotov6.ProviderServer {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	attached, closed, failed := make(chan *plugin.ReattachConfig), make(chan struct{}), make(chan error, 1)
	go func() { failed <- serve(ctx, attached, closed) }()
	t.Cleanup(func() {
		cancel()
		<-closed
	})
	select {
	case err := <-failed:
		t.Fatalf("serving the provider: %v", err)
		return nil
	case c := <-attached:
		text, err := json.Marshal(map[string]any{"a/b": map[string]any{
			"Protocol": c.Protocol, "ProtocolVersion": c.ProtocolVersion,
			"Addr": map[string]string{"Network": c.Addr.Network(), "String": c.Addr.String()},
		}})
		if err != nil {
			t.Fatal(err)
		}
		return connect(t, string(text))
	}
}

func serve6(t *testing.T, s *scripted) tfprotov6.ProviderServer {
	return attach(t, func(ctx context.Context, attached chan *plugin.ReattachConfig, closed chan struct{}) error {
		return tf6server.Serve("a/b", func() tfprotov6.ProviderServer { return s },
			tf6server.WithDebug(ctx, attached, closed), tf6server.WithLoggingSink(t), tf6server.WithGoPluginLogger(hclog.NewNullLogger()))
	})
}

func serve5(t *testing.T, s *scripted) tfprotov6.ProviderServer {
	return attach(t, func(ctx context.Context, attached chan *plugin.ReattachConfig, closed chan struct{}) error {
		return tf5server.Serve("a/b", func() tfprotov5.ProviderServer { return older{s: s} },
			tf5server.WithDebug(ctx, attached, closed), tf5server.WithLoggingSink(t), tf5server.WithGoPluginLogger(hclog.NewNullLogger()))
	})
}

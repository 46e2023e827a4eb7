package remote_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// scripted is a provider that keeps what it is asked and gives one answer.
type scripted struct {
	tfprotov6.ProviderServer
	t           *testing.T
	got, answer any
}

func play[R any](s *scripted, in any) (*R, error) {
	s.got = in
	return s.answer.(*R), nil
}

func (s *scripted) GetProviderSchema(_ context.Context, in *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	return play[tfprotov6.GetProviderSchemaResponse](s, in)
}

func (s *scripted) GetResourceIdentitySchemas(_ context.Context, in *tfprotov6.GetResourceIdentitySchemasRequest) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	return play[tfprotov6.GetResourceIdentitySchemasResponse](s, in)
}

func (s *scripted) ValidateProviderConfig(_ context.Context, in *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	return play[tfprotov6.ValidateProviderConfigResponse](s, in)
}

func (s *scripted) ConfigureProvider(_ context.Context, in *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	return play[tfprotov6.ConfigureProviderResponse](s, in)
}

func (s *scripted) StopProvider(_ context.Context, in *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	return play[tfprotov6.StopProviderResponse](s, in)
}

func (s *scripted) ValidateResourceConfig(_ context.Context, in *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return play[tfprotov6.ValidateResourceConfigResponse](s, in)
}

func (s *scripted) ValidateDataResourceConfig(_ context.Context, in *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	return play[tfprotov6.ValidateDataResourceConfigResponse](s, in)
}

func (s *scripted) UpgradeResourceState(_ context.Context, in *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	return play[tfprotov6.UpgradeResourceStateResponse](s, in)
}

func (s *scripted) UpgradeResourceIdentity(_ context.Context, in *tfprotov6.UpgradeResourceIdentityRequest) (*tfprotov6.UpgradeResourceIdentityResponse, error) {
	return play[tfprotov6.UpgradeResourceIdentityResponse](s, in)
}

func (s *scripted) ReadResource(_ context.Context, in *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return play[tfprotov6.ReadResourceResponse](s, in)
}

func (s *scripted) PlanResourceChange(_ context.Context, in *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	return play[tfprotov6.PlanResourceChangeResponse](s, in)
}

func (s *scripted) ApplyResourceChange(_ context.Context, in *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return play[tfprotov6.ApplyResourceChangeResponse](s, in)
}

func (s *scripted) ImportResourceState(_ context.Context, in *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	return play[tfprotov6.ImportResourceStateResponse](s, in)
}

func (s *scripted) ReadDataSource(_ context.Context, in *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	return play[tfprotov6.ReadDataSourceResponse](s, in)
}

func (s *scripted) CallFunction(_ context.Context, in *tfprotov6.CallFunctionRequest) (*tfprotov6.CallFunctionResponse, error) {
	return play[tfprotov6.CallFunctionResponse](s, in)
}

// older is a scripted provider that speaks version 5.
type older struct {
	tfprotov5.ProviderServer
	s *scripted
}

// relay asks the scripted provider in the words of version 6.
func relay[Out, In6 any](s *scripted, in any) (*Out, error) {
	request, out := new(In6), new(Out)
	translate(reflect.ValueOf(request).Elem(), reflect.ValueOf(in).Elem())
	s.got = request
	translate(reflect.ValueOf(out).Elem(), reflect.ValueOf(s.answer).Elem())
	return out, nil
}

// translate copies between types of the two versions, whose members have the
// same names.
func translate(to, from reflect.Value) {
	if to.Type() == from.Type() {
		to.Set(from)
		return
	}
	switch from.Kind() {
	case reflect.Pointer:
		if !from.IsNil() {
			to.Set(reflect.New(to.Type().Elem()))
			translate(to.Elem(), from.Elem())
		}
	case reflect.Struct:
		for i := range from.NumField() {
			name := from.Type().Field(i).Name
			if member := to.FieldByName(name); member.IsValid() {
				translate(member, from.Field(i))
			} else if !from.Field(i).IsZero() {
				panic(fmt.Sprintf("%s has no %s", to.Type(), name))
			}
		}
	case reflect.Slice:
		for i := range from.Len() {
			elem := reflect.New(to.Type().Elem()).Elem()
			translate(elem, from.Index(i))
			to.Set(reflect.Append(to, elem))
		}
	case reflect.Map:
		to.Set(reflect.MakeMap(to.Type()))
		for _, key := range from.MapKeys() {
			elem := reflect.New(to.Type().Elem()).Elem()
			translate(elem, from.MapIndex(key))
			to.SetMapIndex(key, elem)
		}
	default:
		to.Set(from.Convert(to.Type()))
	}
}

func (o older) GetProviderSchema(_ context.Context, in *tfprotov5.GetProviderSchemaRequest) (*tfprotov5.GetProviderSchemaResponse, error) {
	return relay[tfprotov5.GetProviderSchemaResponse, tfprotov6.GetProviderSchemaRequest](o.s, in)
}

func (o older) GetResourceIdentitySchemas(_ context.Context, in *tfprotov5.GetResourceIdentitySchemasRequest) (*tfprotov5.GetResourceIdentitySchemasResponse, error) {
	return relay[tfprotov5.GetResourceIdentitySchemasResponse, tfprotov6.GetResourceIdentitySchemasRequest](o.s, in)
}

func (o older) PrepareProviderConfig(_ context.Context, in *tfprotov5.PrepareProviderConfigRequest) (*tfprotov5.PrepareProviderConfigResponse, error) {
	return relay[tfprotov5.PrepareProviderConfigResponse, tfprotov6.ValidateProviderConfigRequest](o.s, in)
}

func (o older) ConfigureProvider(_ context.Context, in *tfprotov5.ConfigureProviderRequest) (*tfprotov5.ConfigureProviderResponse, error) {
	return relay[tfprotov5.ConfigureProviderResponse, tfprotov6.ConfigureProviderRequest](o.s, in)
}

func (o older) StopProvider(_ context.Context, in *tfprotov5.StopProviderRequest) (*tfprotov5.StopProviderResponse, error) {
	return relay[tfprotov5.StopProviderResponse, tfprotov6.StopProviderRequest](o.s, in)
}

func (o older) ValidateResourceTypeConfig(_ context.Context, in *tfprotov5.ValidateResourceTypeConfigRequest) (*tfprotov5.ValidateResourceTypeConfigResponse, error) {
	return relay[tfprotov5.ValidateResourceTypeConfigResponse, tfprotov6.ValidateResourceConfigRequest](o.s, in)
}

func (o older) ValidateDataSourceConfig(_ context.Context, in *tfprotov5.ValidateDataSourceConfigRequest) (*tfprotov5.ValidateDataSourceConfigResponse, error) {
	return relay[tfprotov5.ValidateDataSourceConfigResponse, tfprotov6.ValidateDataResourceConfigRequest](o.s, in)
}

func (o older) UpgradeResourceState(_ context.Context, in *tfprotov5.UpgradeResourceStateRequest) (*tfprotov5.UpgradeResourceStateResponse, error) {
	return relay[tfprotov5.UpgradeResourceStateResponse, tfprotov6.UpgradeResourceStateRequest](o.s, in)
}

func (o older) UpgradeResourceIdentity(_ context.Context, in *tfprotov5.UpgradeResourceIdentityRequest) (*tfprotov5.UpgradeResourceIdentityResponse, error) {
	return relay[tfprotov5.UpgradeResourceIdentityResponse, tfprotov6.UpgradeResourceIdentityRequest](o.s, in)
}

func (o older) ReadResource(_ context.Context, in *tfprotov5.ReadResourceRequest) (*tfprotov5.ReadResourceResponse, error) {
	return relay[tfprotov5.ReadResourceResponse, tfprotov6.ReadResourceRequest](o.s, in)
}

func (o older) PlanResourceChange(_ context.Context, in *tfprotov5.PlanResourceChangeRequest) (*tfprotov5.PlanResourceChangeResponse, error) {
	return relay[tfprotov5.PlanResourceChangeResponse, tfprotov6.PlanResourceChangeRequest](o.s, in)
}

func (o older) ApplyResourceChange(_ context.Context, in *tfprotov5.ApplyResourceChangeRequest) (*tfprotov5.ApplyResourceChangeResponse, error) {
	return relay[tfprotov5.ApplyResourceChangeResponse, tfprotov6.ApplyResourceChangeRequest](o.s, in)
}

func (o older) ImportResourceState(_ context.Context, in *tfprotov5.ImportResourceStateRequest) (*tfprotov5.ImportResourceStateResponse, error) {
	return relay[tfprotov5.ImportResourceStateResponse, tfprotov6.ImportResourceStateRequest](o.s, in)
}

func (o older) ReadDataSource(_ context.Context, in *tfprotov5.ReadDataSourceRequest) (*tfprotov5.ReadDataSourceResponse, error) {
	return relay[tfprotov5.ReadDataSourceResponse, tfprotov6.ReadDataSourceRequest](o.s, in)
}

func (o older) CallFunction(_ context.Context, in *tfprotov5.CallFunctionRequest) (*tfprotov5.CallFunctionResponse, error) {
	return relay[tfprotov5.CallFunctionResponse, tfprotov6.CallFunctionRequest](o.s, in)
}

package remote_test

import (
	"context"
	"errors"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// The calls that came to the protocol later, in the same manner.

func (s *scripted) ValidateEphemeralResourceConfig(_ context.Context, in *tfprotov6.ValidateEphemeralResourceConfigRequest) (*tfprotov6.ValidateEphemeralResourceConfigResponse, error) {
	return play[tfprotov6.ValidateEphemeralResourceConfigResponse](s, in)
}

func (o older) ValidateEphemeralResourceConfig(_ context.Context, in *tfprotov5.ValidateEphemeralResourceConfigRequest) (*tfprotov5.ValidateEphemeralResourceConfigResponse, error) {
	return relay[tfprotov5.ValidateEphemeralResourceConfigResponse, tfprotov6.ValidateEphemeralResourceConfigRequest](o.s, in)
}

func (s *scripted) OpenEphemeralResource(_ context.Context, in *tfprotov6.OpenEphemeralResourceRequest) (*tfprotov6.OpenEphemeralResourceResponse, error) {
	return play[tfprotov6.OpenEphemeralResourceResponse](s, in)
}

func (o older) OpenEphemeralResource(_ context.Context, in *tfprotov5.OpenEphemeralResourceRequest) (*tfprotov5.OpenEphemeralResourceResponse, error) {
	return relay[tfprotov5.OpenEphemeralResourceResponse, tfprotov6.OpenEphemeralResourceRequest](o.s, in)
}

func (s *scripted) RenewEphemeralResource(_ context.Context, in *tfprotov6.RenewEphemeralResourceRequest) (*tfprotov6.RenewEphemeralResourceResponse, error) {
	return play[tfprotov6.RenewEphemeralResourceResponse](s, in)
}

func (o older) RenewEphemeralResource(_ context.Context, in *tfprotov5.RenewEphemeralResourceRequest) (*tfprotov5.RenewEphemeralResourceResponse, error) {
	return relay[tfprotov5.RenewEphemeralResourceResponse, tfprotov6.RenewEphemeralResourceRequest](o.s, in)
}

func (s *scripted) CloseEphemeralResource(_ context.Context, in *tfprotov6.CloseEphemeralResourceRequest) (*tfprotov6.CloseEphemeralResourceResponse, error) {
	return play[tfprotov6.CloseEphemeralResourceResponse](s, in)
}

func (o older) CloseEphemeralResource(_ context.Context, in *tfprotov5.CloseEphemeralResourceRequest) (*tfprotov5.CloseEphemeralResourceResponse, error) {
	return relay[tfprotov5.CloseEphemeralResourceResponse, tfprotov6.CloseEphemeralResourceRequest](o.s, in)
}

func (s *scripted) MoveResourceState(_ context.Context, in *tfprotov6.MoveResourceStateRequest) (*tfprotov6.MoveResourceStateResponse, error) {
	return play[tfprotov6.MoveResourceStateResponse](s, in)
}

func (o older) MoveResourceState(_ context.Context, in *tfprotov5.MoveResourceStateRequest) (*tfprotov5.MoveResourceStateResponse, error) {
	return relay[tfprotov5.MoveResourceStateResponse, tfprotov6.MoveResourceStateRequest](o.s, in)
}

func (s *scripted) GenerateResourceConfig(_ context.Context, in *tfprotov6.GenerateResourceConfigRequest) (*tfprotov6.GenerateResourceConfigResponse, error) {
	return play[tfprotov6.GenerateResourceConfigResponse](s, in)
}

func (o older) GenerateResourceConfig(_ context.Context, in *tfprotov5.GenerateResourceConfigRequest) (*tfprotov5.GenerateResourceConfigResponse, error) {
	return relay[tfprotov5.GenerateResourceConfigResponse, tfprotov6.GenerateResourceConfigRequest](o.s, in)
}

func (s *scripted) ValidateActionConfig(_ context.Context, in *tfprotov6.ValidateActionConfigRequest) (*tfprotov6.ValidateActionConfigResponse, error) {
	return play[tfprotov6.ValidateActionConfigResponse](s, in)
}

func (o older) ValidateActionConfig(_ context.Context, in *tfprotov5.ValidateActionConfigRequest) (*tfprotov5.ValidateActionConfigResponse, error) {
	return relay[tfprotov5.ValidateActionConfigResponse, tfprotov6.ValidateActionConfigRequest](o.s, in)
}

func (s *scripted) PlanAction(_ context.Context, in *tfprotov6.PlanActionRequest) (*tfprotov6.PlanActionResponse, error) {
	return play[tfprotov6.PlanActionResponse](s, in)
}

func (o older) PlanAction(_ context.Context, in *tfprotov5.PlanActionRequest) (*tfprotov5.PlanActionResponse, error) {
	return relay[tfprotov5.PlanActionResponse, tfprotov6.PlanActionRequest](o.s, in)
}

func (s *scripted) ValidateListResourceConfig(_ context.Context, in *tfprotov6.ValidateListResourceConfigRequest) (*tfprotov6.ValidateListResourceConfigResponse, error) {
	return play[tfprotov6.ValidateListResourceConfigResponse](s, in)
}

func (o older) ValidateListResourceConfig(_ context.Context, in *tfprotov5.ValidateListResourceConfigRequest) (*tfprotov5.ValidateListResourceConfigResponse, error) {
	return relay[tfprotov5.ValidateListResourceConfigResponse, tfprotov6.ValidateListResourceConfigRequest](o.s, in)
}

// InvokeAction gives the events of the script.
func (s *scripted) InvokeAction(_ context.Context, in *tfprotov6.InvokeActionRequest) (*tfprotov6.InvokeActionServerStream, error) {
	s.got = in
	return &tfprotov6.InvokeActionServerStream{Events: slices.Values(s.answer.([]tfprotov6.InvokeActionEvent))}, nil
}

// ListResource gives the results of the script.
func (s *scripted) ListResource(_ context.Context, in *tfprotov6.ListResourceRequest) (*tfprotov6.ListResourceServerStream, error) {
	s.got = in
	return &tfprotov6.ListResourceServerStream{Results: slices.Values(s.answer.([]tfprotov6.ListResourceResult))}, nil
}

// The streams of version 5, which are only there so that the provider counts as
// one that has actions and lists.

func (o older) InvokeAction(context.Context, *tfprotov5.InvokeActionRequest) (*tfprotov5.InvokeActionServerStream, error) {
	return nil, errors.New("not in the script")
}

func (o older) ListResource(context.Context, *tfprotov5.ListResourceRequest) (*tfprotov5.ListResourceServerStream, error) {
	return nil, errors.New("not in the script")
}

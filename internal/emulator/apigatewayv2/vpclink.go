package apigatewayv2

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// CreateVpcLink makes a VPC link. It is kept as it is: there is no VPC here, and no
// integration can use it.
func (s *Service) CreateVpcLink(ctx context.Context, in *apigatewayv2.CreateVpcLinkInput) (*apigatewayv2.CreateVpcLinkOutput, error) {
	now, scope := s.now(), env.ScopeOf(ctx)
	l := types.VpcLink{
		CreatedDate:          &now,
		Name:                 in.Name,
		SecurityGroupIds:     append([]string{}, in.SecurityGroupIds...),
		SubnetIds:            in.SubnetIds,
		Tags:                 nonNil(in.Tags),
		VpcLinkStatus:        types.VpcLinkStatusAvailable,
		VpcLinkStatusMessage: ptr("VPC link is ready to route traffic"),
		VpcLinkVersion:       types.VpcLinkVersionV2,
	}
	if len(in.SubnetIds) == 0 || strings.TrimSpace(value(in.Name)) == "" {
		return nil, badRequest("A VPC link needs a name and at least one subnet")
	}
	err := s.env.Store.Update(func(tx *store.Tx) error {
		for taken := true; taken; _, taken = s.links.Get(tx, scope.Key(*l.VpcLinkId)) {
			l.VpcLinkId = ptr(newID(6))
		}
		s.links.Put(tx, scope.Key(*l.VpcLinkId), l)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.CreateVpcLinkOutput](l), nil
}

// link returns the VPC link of that id in the context's scope.
func (s *Service) link(ctx context.Context, tx *store.Tx, id *string) (types.VpcLink, error) {
	l, ok := s.links.Get(tx, env.ScopeOf(ctx).Key(value(id)))
	if !ok {
		return l, notFound("VpcLink", "Invalid VpcLink identifier specified")
	}
	return l, nil
}

// GetVpcLink returns a VPC link.
func (s *Service) GetVpcLink(ctx context.Context, in *apigatewayv2.GetVpcLinkInput) (*apigatewayv2.GetVpcLinkOutput, error) {
	var l types.VpcLink
	err := s.env.Store.View(func(tx *store.Tx) (err error) {
		l, err = s.link(ctx, tx, in.VpcLinkId)
		return err
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.GetVpcLinkOutput](l), nil
}

// GetVpcLinks lists the VPC links of the account and region.
func (s *Service) GetVpcLinks(ctx context.Context, in *apigatewayv2.GetVpcLinksInput) (*apigatewayv2.GetVpcLinksOutput, error) {
	out := &apigatewayv2.GetVpcLinksOutput{}
	err := s.env.Store.View(func(tx *store.Tx) (err error) {
		out.Items, out.NextToken, err = page(tx, s.links, env.ScopeOf(ctx).Key(""), nil, in.MaxResults, in.NextToken)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateVpcLink changes a VPC link's name.
func (s *Service) UpdateVpcLink(ctx context.Context, in *apigatewayv2.UpdateVpcLinkInput) (*apigatewayv2.UpdateVpcLinkOutput, error) {
	var l types.VpcLink
	err := s.env.Store.Update(func(tx *store.Tx) (err error) {
		if l, err = s.link(ctx, tx, in.VpcLinkId); err != nil {
			return err
		}
		set(&l.Name, in.Name)
		s.links.Put(tx, env.ScopeOf(ctx).Key(*l.VpcLinkId), l)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.UpdateVpcLinkOutput](l), nil
}

// DeleteVpcLink removes a VPC link.
func (s *Service) DeleteVpcLink(ctx context.Context, in *apigatewayv2.DeleteVpcLinkInput) (*apigatewayv2.DeleteVpcLinkOutput, error) {
	err := s.env.Store.Update(func(tx *store.Tx) error {
		l, err := s.link(ctx, tx, in.VpcLinkId)
		if err != nil {
			return err
		}
		s.links.Delete(tx, env.ScopeOf(ctx).Key(*l.VpcLinkId))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteVpcLinkOutput{}, nil
}

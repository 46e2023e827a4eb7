package apigatewayv2

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// CreateIntegration makes an integration: what a route calls.
func (s *Service) CreateIntegration(ctx context.Context, in *apigatewayv2.CreateIntegrationInput) (*apigatewayv2.CreateIntegrationOutput, error) {
	i := types.Integration{
		ConnectionType:              in.ConnectionType,
		CredentialsArn:              orNil(in.CredentialsArn),
		Description:                 orNil(in.Description),
		IntegrationMethod:           in.IntegrationMethod,
		IntegrationSubtype:          in.IntegrationSubtype,
		IntegrationType:             in.IntegrationType,
		IntegrationUri:              in.IntegrationUri,
		PassthroughBehavior:         in.PassthroughBehavior,
		PayloadFormatVersion:        in.PayloadFormatVersion,
		RequestParameters:           in.RequestParameters,
		RequestTemplates:            in.RequestTemplates,
		ResponseParameters:          in.ResponseParameters,
		TemplateSelectionExpression: orNil(in.TemplateSelectionExpression),
		TimeoutInMillis:             in.TimeoutInMillis,
	}
	err := s.change(ctx, in.ApiId, func(tx *store.Tx, a api) error {
		return s.putNewIntegration(tx, a, &i)
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.CreateIntegrationOutput](i), nil
}

// putNewIntegration checks i and stores it under a new id.
func (s *Service) putNewIntegration(tx *store.Tx, a api, i *types.Integration) error {
	i.IntegrationId = s.integrations.fresh(tx, *a.ApiId, 7)
	return s.putIntegration(tx, a, i)
}

// putIntegration fills in AWS's defaults, refuses what an API of that protocol cannot
// have, and stores i.
func (s *Service) putIntegration(tx *store.Tx, a api, i *types.Integration) error {
	if err := complete(a, i); err != nil {
		return err
	}
	s.integrations.Put(tx, key(*a.ApiId, *i.IntegrationId), *i)
	return nil
}

// GetIntegration returns an integration.
func (s *Service) GetIntegration(ctx context.Context, in *apigatewayv2.GetIntegrationInput) (*apigatewayv2.GetIntegrationOutput, error) {
	return getPart[apigatewayv2.GetIntegrationOutput](ctx, s, s.integrations, in.ApiId, in.IntegrationId)
}

// GetIntegrations lists an API's integrations.
func (s *Service) GetIntegrations(ctx context.Context, in *apigatewayv2.GetIntegrationsInput) (*apigatewayv2.GetIntegrationsOutput, error) {
	items, next, err := listParts(ctx, s, s.integrations, in.ApiId, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.GetIntegrationsOutput{Items: items, NextToken: next}, nil
}

// UpdateIntegration changes what the input names.
func (s *Service) UpdateIntegration(ctx context.Context, in *apigatewayv2.UpdateIntegrationInput) (*apigatewayv2.UpdateIntegrationOutput, error) {
	return changePart[apigatewayv2.UpdateIntegrationOutput](ctx, s, s.integrations, in.ApiId, in.IntegrationId, func(tx *store.Tx, a api, i *types.Integration) error {
		if in.ConnectionType != "" {
			i.ConnectionType = in.ConnectionType
		}
		setText(&i.CredentialsArn, in.CredentialsArn)
		setText(&i.Description, in.Description)
		set(&i.IntegrationMethod, in.IntegrationMethod)
		set(&i.IntegrationSubtype, in.IntegrationSubtype)
		if in.IntegrationType != "" {
			i.IntegrationType = in.IntegrationType
		}
		set(&i.IntegrationUri, in.IntegrationUri)
		if in.PassthroughBehavior != "" {
			i.PassthroughBehavior = in.PassthroughBehavior
		}
		set(&i.PayloadFormatVersion, in.PayloadFormatVersion)
		setMap(&i.RequestParameters, in.RequestParameters)
		setMap(&i.RequestTemplates, in.RequestTemplates)
		if in.ResponseParameters != nil {
			i.ResponseParameters = mergeResponses(i.ResponseParameters, in.ResponseParameters)
		}
		setText(&i.TemplateSelectionExpression, in.TemplateSelectionExpression)
		set(&i.TimeoutInMillis, in.TimeoutInMillis)
		return s.putIntegration(tx, a, i)
	})
}

// mergeResponses replaces the mappings of the statuses that change names; without
// mappings, a status is removed.
func mergeResponses(old, change map[string]map[string]string) map[string]map[string]string {
	merged := map[string]map[string]string{}
	for _, m := range []map[string]map[string]string{old, change} {
		for status, mapping := range m {
			if merged[status] = mapping; len(mapping) == 0 {
				delete(merged, status)
			}
		}
	}
	return merged
}

// DeleteIntegration removes an integration that no route uses.
func (s *Service) DeleteIntegration(ctx context.Context, in *apigatewayv2.DeleteIntegrationInput) (*apigatewayv2.DeleteIntegrationOutput, error) {
	err := s.change(ctx, in.ApiId, func(tx *store.Tx, a api) error {
		i, err := s.integrations.find(tx, *a.ApiId, in.IntegrationId)
		if err != nil {
			return err
		}
		users := s.routesWith(tx, *a.ApiId, func(r types.Route) bool { return value(r.Target) == targetPrefix+*i.IntegrationId })
		if users != nil {
			return conflict("Cannot delete Integration because it is referenced by the following Routes with Ids: [%s]", strings.Join(users, ", "))
		}
		s.integrationResponses.clear(tx, key(*a.ApiId, *i.IntegrationId))
		s.integrations.Delete(tx, key(*a.ApiId, *i.IntegrationId))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteIntegrationOutput{}, nil
}

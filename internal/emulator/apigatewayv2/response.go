package apigatewayv2

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway/routekey"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// onlyWebSocket refuses what HTTP APIs do not have.
func onlyWebSocket(a api, what string) error {
	if a.ProtocolType != types.ProtocolTypeWebsocket {
		return badRequest("%s are supported only for WebSocket APIs", what)
	}
	return nil
}

// CreateIntegrationResponse says what becomes of what an integration answers.
func (s *Service) CreateIntegrationResponse(ctx context.Context, in *apigatewayv2.CreateIntegrationResponseInput) (*apigatewayv2.CreateIntegrationResponseOutput, error) {
	v := types.IntegrationResponse{
		IntegrationResponseKey:      in.IntegrationResponseKey,
		ResponseParameters:          in.ResponseParameters,
		ResponseTemplates:           in.ResponseTemplates,
		TemplateSelectionExpression: orNil(in.TemplateSelectionExpression),
	}
	err := s.change(ctx, in.ApiId, func(tx *store.Tx, a api) error {
		i, err := s.integrations.find(tx, *a.ApiId, in.IntegrationId)
		if err != nil {
			return err
		}
		v.IntegrationResponseId = s.integrationResponses.fresh(tx, key(*a.ApiId, *i.IntegrationId), 7)
		return s.putIntegrationResponse(tx, a, i, v)
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.CreateIntegrationResponseOutput](v), nil
}

// putIntegrationResponse checks v, whose key must be its own, and stores it.
func (s *Service) putIntegrationResponse(tx *store.Tx, a api, i types.Integration, v types.IntegrationResponse) error {
	if err := onlyWebSocket(a, "Integration responses"); err != nil {
		return err
	}
	switch i.IntegrationType {
	case types.IntegrationTypeAwsProxy, types.IntegrationTypeHttpProxy:
		return badRequest("Integration responses are not supported for %s integrations", i.IntegrationType)
	}
	owner := key(*a.ApiId, *i.IntegrationId)
	for _, other := range s.integrationResponses.Prefix(tx, key(owner, "")) {
		if *other.IntegrationResponseKey == *v.IntegrationResponseKey && *other.IntegrationResponseId != *v.IntegrationResponseId {
			return conflict("IntegrationResponse with key %s already exists for this integration", *v.IntegrationResponseKey)
		}
	}
	if len(v.ResponseParameters) > 0 {
		return badRequest("The emulator does not implement ResponseParameters of integration responses")
	}
	if _, err := gateway.ParseResponse(*v.IntegrationResponseKey, value(v.TemplateSelectionExpression), v.ResponseTemplates); err != nil {
		return badRequest("%s", err)
	}
	s.integrationResponses.Put(tx, key(owner, *v.IntegrationResponseId), v)
	return nil
}

// GetIntegrationResponse returns an integration response.
func (s *Service) GetIntegrationResponse(ctx context.Context, in *apigatewayv2.GetIntegrationResponseInput) (*apigatewayv2.GetIntegrationResponseOutput, error) {
	var v types.IntegrationResponse
	err := s.view(ctx, in.ApiId, func(tx *store.Tx, a api) (err error) {
		v, err = s.integrationResponses.find(tx, key(*a.ApiId, value(in.IntegrationId)), in.IntegrationResponseId)
		return err
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.GetIntegrationResponseOutput](v), nil
}

// GetIntegrationResponses lists an integration's responses.
func (s *Service) GetIntegrationResponses(ctx context.Context, in *apigatewayv2.GetIntegrationResponsesInput) (*apigatewayv2.GetIntegrationResponsesOutput, error) {
	out := &apigatewayv2.GetIntegrationResponsesOutput{}
	err := s.view(ctx, in.ApiId, func(tx *store.Tx, a api) error {
		i, err := s.integrations.find(tx, *a.ApiId, in.IntegrationId)
		if err != nil {
			return err
		}
		out.Items, out.NextToken, err = page(tx, s.integrationResponses.Set, key(key(*a.ApiId, *i.IntegrationId), ""), nil, in.MaxResults, in.NextToken)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateIntegrationResponse changes what the input names.
func (s *Service) UpdateIntegrationResponse(ctx context.Context, in *apigatewayv2.UpdateIntegrationResponseInput) (*apigatewayv2.UpdateIntegrationResponseOutput, error) {
	var v types.IntegrationResponse
	err := s.change(ctx, in.ApiId, func(tx *store.Tx, a api) error {
		i, err := s.integrations.find(tx, *a.ApiId, in.IntegrationId)
		if err != nil {
			return err
		}
		if v, err = s.integrationResponses.find(tx, key(*a.ApiId, *i.IntegrationId), in.IntegrationResponseId); err != nil {
			return err
		}
		set(&v.IntegrationResponseKey, in.IntegrationResponseKey)
		setMap(&v.ResponseParameters, in.ResponseParameters)
		setMap(&v.ResponseTemplates, in.ResponseTemplates)
		setText(&v.TemplateSelectionExpression, in.TemplateSelectionExpression)
		return s.putIntegrationResponse(tx, a, i, v)
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.UpdateIntegrationResponseOutput](v), nil
}

// DeleteIntegrationResponse removes an integration response.
func (s *Service) DeleteIntegrationResponse(ctx context.Context, in *apigatewayv2.DeleteIntegrationResponseInput) (*apigatewayv2.DeleteIntegrationResponseOutput, error) {
	err := s.change(ctx, in.ApiId, func(tx *store.Tx, a api) error {
		owner := key(*a.ApiId, value(in.IntegrationId))
		v, err := s.integrationResponses.find(tx, owner, in.IntegrationResponseId)
		if err != nil {
			return err
		}
		s.integrationResponses.Delete(tx, key(owner, *v.IntegrationResponseId))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteIntegrationResponseOutput{}, nil
}

// CreateRouteResponse makes a route answer the client what its integration answers.
func (s *Service) CreateRouteResponse(ctx context.Context, in *apigatewayv2.CreateRouteResponseInput) (*apigatewayv2.CreateRouteResponseOutput, error) {
	v := types.RouteResponse{
		ModelSelectionExpression: orNil(in.ModelSelectionExpression),
		ResponseModels:           in.ResponseModels,
		RouteResponseKey:         in.RouteResponseKey,
	}
	err := s.change(ctx, in.ApiId, func(tx *store.Tx, a api) error {
		r, err := s.routes.find(tx, *a.ApiId, in.RouteId)
		if err != nil {
			return err
		}
		v.RouteResponseId = s.routeResponses.fresh(tx, key(*a.ApiId, *r.RouteId), 7)
		return s.putRouteResponse(tx, a, r, v)
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.CreateRouteResponseOutput](v), nil
}

// putRouteResponse checks v and stores it. AWS has no route response but $default, and
// uses the models only for its SDK generator.
func (s *Service) putRouteResponse(tx *store.Tx, a api, r types.Route, v types.RouteResponse) error {
	if err := onlyWebSocket(a, "Route responses"); err != nil {
		return err
	}
	if *v.RouteResponseKey != routekey.Default {
		return badRequest("Invalid route response key specified. Must be $default")
	}
	if *r.RouteKey == gateway.Disconnect {
		return badRequest("Route responses are not supported for the $disconnect route")
	}
	if err := s.checkModels(tx, *a.ApiId, v.ResponseModels); err != nil {
		return err
	}
	owner := key(*a.ApiId, *r.RouteId)
	for _, other := range s.routeResponses.Prefix(tx, key(owner, "")) {
		if *other.RouteResponseId != *v.RouteResponseId {
			return conflict("RouteResponse with key %s already exists for this route", *v.RouteResponseKey)
		}
	}
	s.routeResponses.Put(tx, key(owner, *v.RouteResponseId), v)
	return nil
}

// GetRouteResponse returns a route response.
func (s *Service) GetRouteResponse(ctx context.Context, in *apigatewayv2.GetRouteResponseInput) (*apigatewayv2.GetRouteResponseOutput, error) {
	var v types.RouteResponse
	err := s.view(ctx, in.ApiId, func(tx *store.Tx, a api) (err error) {
		v, err = s.routeResponses.find(tx, key(*a.ApiId, value(in.RouteId)), in.RouteResponseId)
		return err
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.GetRouteResponseOutput](v), nil
}

// GetRouteResponses lists a route's responses.
func (s *Service) GetRouteResponses(ctx context.Context, in *apigatewayv2.GetRouteResponsesInput) (*apigatewayv2.GetRouteResponsesOutput, error) {
	out := &apigatewayv2.GetRouteResponsesOutput{}
	err := s.view(ctx, in.ApiId, func(tx *store.Tx, a api) error {
		r, err := s.routes.find(tx, *a.ApiId, in.RouteId)
		if err != nil {
			return err
		}
		out.Items, out.NextToken, err = page(tx, s.routeResponses.Set, key(key(*a.ApiId, *r.RouteId), ""), nil, in.MaxResults, in.NextToken)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateRouteResponse changes what the input names.
func (s *Service) UpdateRouteResponse(ctx context.Context, in *apigatewayv2.UpdateRouteResponseInput) (*apigatewayv2.UpdateRouteResponseOutput, error) {
	var v types.RouteResponse
	err := s.change(ctx, in.ApiId, func(tx *store.Tx, a api) error {
		r, err := s.routes.find(tx, *a.ApiId, in.RouteId)
		if err != nil {
			return err
		}
		if v, err = s.routeResponses.find(tx, key(*a.ApiId, *r.RouteId), in.RouteResponseId); err != nil {
			return err
		}
		setText(&v.ModelSelectionExpression, in.ModelSelectionExpression)
		setMap(&v.ResponseModels, in.ResponseModels)
		set(&v.RouteResponseKey, in.RouteResponseKey)
		return s.putRouteResponse(tx, a, r, v)
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.UpdateRouteResponseOutput](v), nil
}

// DeleteRouteResponse removes a route response.
func (s *Service) DeleteRouteResponse(ctx context.Context, in *apigatewayv2.DeleteRouteResponseInput) (*apigatewayv2.DeleteRouteResponseOutput, error) {
	err := s.change(ctx, in.ApiId, func(tx *store.Tx, a api) error {
		owner := key(*a.ApiId, value(in.RouteId))
		v, err := s.routeResponses.find(tx, owner, in.RouteResponseId)
		if err != nil {
			return err
		}
		s.routeResponses.Delete(tx, key(owner, *v.RouteResponseId))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteRouteResponseOutput{}, nil
}

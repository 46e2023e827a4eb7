package apigatewayv2

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway/routekey"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// targetPrefix begins the target of a route, before the integration's id.
const targetPrefix = "integrations/"

// CreateRoute makes a route.
func (s *Service) CreateRoute(ctx context.Context, in *apigatewayv2.CreateRouteInput) (*apigatewayv2.CreateRouteOutput, error) {
	if err := checkRoute(in.AuthorizationType, in.ApiKeyRequired); err != nil {
		return nil, err
	}
	r := types.Route{
		ApiKeyRequired:    ptr(false),
		AuthorizationType: types.AuthorizationTypeNone,
		OperationName:     orNil(in.OperationName),
		RouteKey:          in.RouteKey,
		Target:            orNil(in.Target),
	}
	err := s.change(ctx, in.ApiId, func(tx *store.Tx, a api) error {
		return s.putNewRoute(tx, *a.ApiId, &r)
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.CreateRouteOutput](r), nil
}

// checkRoute refuses what routes of HTTP APIs cannot have, here or at all.
func checkRoute(authorization types.AuthorizationType, apiKey *bool) error {
	switch {
	case authorization != "" && authorization != types.AuthorizationTypeNone:
		return badRequest("AuthorizationType %s is not emulated; NONE is", authorization)
	case value(apiKey):
		return badRequest("ApiKeyRequired is supported only for WebSocket APIs")
	}
	return nil
}

// putNewRoute checks r and stores it under a new id.
func (s *Service) putNewRoute(tx *store.Tx, apiID string, r *types.Route) error {
	id := newID(7)
	for _, taken := s.routes.Get(tx, key(apiID, id)); taken; _, taken = s.routes.Get(tx, key(apiID, id)) {
		id = newID(7)
	}
	r.RouteId = &id
	return s.putRoute(tx, apiID, *r)
}

// putRoute stores r, whose key must be its own and whose target must exist.
func (s *Service) putRoute(tx *store.Tx, apiID string, r types.Route) error {
	k, err := routekey.Parse(value(r.RouteKey))
	if err != nil {
		return badRequest("%s", err)
	}
	for _, other := range s.routes.Prefix(tx, key(apiID, "")) {
		o, err := routekey.Parse(*other.RouteKey)
		switch {
		case err != nil || *other.RouteId == *r.RouteId || o.Shape() != k.Shape():
		case *other.RouteKey == *r.RouteKey:
			return conflict("Route with key %s already exists for this API", *r.RouteKey)
		default:
			return conflict("The provided route key %q has a conflicting variable on the same hierarchical level as %q", *r.RouteKey, *other.RouteKey)
		}
	}
	if r.Target != nil {
		id, ok := strings.CutPrefix(*r.Target, targetPrefix)
		if !ok {
			return badRequest("The target %q must be integrations/ and an integration's id", *r.Target)
		}
		if _, err := s.integration(tx, apiID, &id); err != nil {
			return err
		}
	}
	s.routes.Put(tx, key(apiID, *r.RouteId), r)
	return nil
}

// quickCreate makes what CreateApi makes for a target: an integration, a route,
// and the $default stage that deploys automatically.
func (s *Service) quickCreate(ctx context.Context, tx *store.Tx, a api, target, routeKey string) error {
	i := types.Integration{ApiGatewayManaged: ptr(true), IntegrationUri: &target}
	if strings.HasPrefix(target, "arn:") {
		i.IntegrationType, i.PayloadFormatVersion = types.IntegrationTypeAwsProxy, ptr("2.0")
	} else {
		i.IntegrationType, i.IntegrationMethod = types.IntegrationTypeHttpProxy, ptr("ANY")
	}
	if err := complete(&i); err != nil {
		return err
	}
	s.putNewIntegration(tx, *a.ApiId, &i)
	if routeKey == "" {
		routeKey = routekey.Default
	}
	err := s.putNewRoute(tx, *a.ApiId, &types.Route{
		ApiGatewayManaged: ptr(true),
		ApiKeyRequired:    ptr(false),
		AuthorizationType: types.AuthorizationTypeNone,
		RouteKey:          &routeKey,
		Target:            ptr(targetPrefix + *i.IntegrationId),
	})
	if err != nil {
		return err
	}
	st := s.newStage(gateway.DefaultStage)
	st.ApiGatewayManaged, st.AutoDeploy = ptr(true), ptr(true)
	s.stages.Put(tx, key(*a.ApiId, gateway.DefaultStage), st)
	return s.autoDeploy(tx, *a.ApiId)
}

// route returns an API's route.
func (s *Service) route(tx *store.Tx, apiID string, id *string) (types.Route, error) {
	r, ok := s.routes.Get(tx, key(apiID, value(id)))
	if !ok {
		return r, notFound("Route", "Invalid Route identifier specified")
	}
	return r, nil
}

// GetRoute returns a route.
func (s *Service) GetRoute(ctx context.Context, in *apigatewayv2.GetRouteInput) (*apigatewayv2.GetRouteOutput, error) {
	var r types.Route
	err := s.view(ctx, in.ApiId, func(tx *store.Tx, a api) (err error) {
		r, err = s.route(tx, *a.ApiId, in.RouteId)
		return err
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.GetRouteOutput](r), nil
}

// GetRoutes lists an API's routes.
func (s *Service) GetRoutes(ctx context.Context, in *apigatewayv2.GetRoutesInput) (*apigatewayv2.GetRoutesOutput, error) {
	out := &apigatewayv2.GetRoutesOutput{}
	err := s.view(ctx, in.ApiId, func(tx *store.Tx, a api) (err error) {
		out.Items, out.NextToken, err = page(tx, s.routes, key(*a.ApiId, ""), nil, in.MaxResults, in.NextToken)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateRoute changes what the input names.
func (s *Service) UpdateRoute(ctx context.Context, in *apigatewayv2.UpdateRouteInput) (*apigatewayv2.UpdateRouteOutput, error) {
	if err := checkRoute(in.AuthorizationType, in.ApiKeyRequired); err != nil {
		return nil, err
	}
	var r types.Route
	err := s.change(ctx, in.ApiId, func(tx *store.Tx, a api) (err error) {
		if r, err = s.route(tx, *a.ApiId, in.RouteId); err != nil {
			return err
		}
		if in.OperationName != nil {
			r.OperationName = orNil(in.OperationName)
		}
		if in.RouteKey != nil {
			r.RouteKey = in.RouteKey
		}
		if in.Target != nil {
			r.Target = orNil(in.Target)
		}
		return s.putRoute(tx, *a.ApiId, r)
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.UpdateRouteOutput](r), nil
}

// DeleteRoute removes a route.
func (s *Service) DeleteRoute(ctx context.Context, in *apigatewayv2.DeleteRouteInput) (*apigatewayv2.DeleteRouteOutput, error) {
	err := s.change(ctx, in.ApiId, func(tx *store.Tx, a api) error {
		r, err := s.route(tx, *a.ApiId, in.RouteId)
		if err != nil {
			return err
		}
		s.routes.Delete(tx, key(*a.ApiId, *r.RouteId))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteRouteOutput{}, nil
}

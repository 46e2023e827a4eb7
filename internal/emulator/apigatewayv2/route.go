package apigatewayv2

import (
	"context"
	"regexp"
	"slices"
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
	r := types.Route{
		ApiKeyRequired:                   ptr(value(in.ApiKeyRequired)),
		AuthorizationScopes:              in.AuthorizationScopes,
		AuthorizationType:                in.AuthorizationType,
		AuthorizerId:                     in.AuthorizerId,
		ModelSelectionExpression:         orNil(in.ModelSelectionExpression),
		OperationName:                    orNil(in.OperationName),
		RequestParameters:                in.RequestParameters,
		RouteKey:                         in.RouteKey,
		RouteResponseSelectionExpression: orNil(in.RouteResponseSelectionExpression),
		Target:                           orNil(in.Target),
	}
	if r.AuthorizationType == "" {
		r.AuthorizationType = types.AuthorizationTypeNone
	}
	err := s.change(ctx, in.ApiId, func(tx *store.Tx, a api) error {
		return s.putNewRoute(tx, a, &r)
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.CreateRouteOutput](r), nil
}

// putNewRoute checks r and stores it under a new id.
func (s *Service) putNewRoute(tx *store.Tx, a api, r *types.Route) error {
	r.RouteId = s.routes.fresh(tx, *a.ApiId, 7)
	return s.putRoute(tx, a, r)
}

// putRoute stores r, whose key must be its own and whose target and authorizer must
// exist.
func (s *Service) putRoute(tx *store.Tx, a api, r *types.Route) error {
	if err := s.checkKey(tx, a, r); err != nil {
		return err
	}
	if err := s.checkAuthorization(tx, a, r); err != nil {
		return err
	}
	if r.Target != nil {
		id, ok := strings.CutPrefix(*r.Target, targetPrefix)
		if !ok {
			return badRequest("The target %q must be integrations/ and an integration's id", *r.Target)
		}
		if _, err := s.integrations.find(tx, *a.ApiId, &id); err != nil {
			return err
		}
	}
	s.routes.Put(tx, key(*a.ApiId, *r.RouteId), *r)
	return nil
}

// checkKey refuses keys that an API cannot have, or has already, and what routes of
// its protocol do not have.
func (s *Service) checkKey(tx *store.Tx, a api, r *types.Route) error {
	if a.ProtocolType == types.ProtocolTypeWebsocket {
		return s.checkWebSocketRoute(tx, a, r)
	}
	switch {
	case value(r.ApiKeyRequired):
		return badRequest("ApiKeyRequired is supported only for WebSocket APIs")
	case r.ModelSelectionExpression != nil, r.RouteResponseSelectionExpression != nil, len(r.RequestParameters) > 0:
		return badRequest("ModelSelectionExpression, RequestParameters and RouteResponseSelectionExpression are supported only for WebSocket APIs")
	}
	k, err := routekey.Parse(value(r.RouteKey))
	if err != nil {
		return badRequest("%s", err)
	}
	shape := k.Shape()
	for _, other := range s.routes.Prefix(tx, key(*a.ApiId, "")) {
		o, err := routekey.Parse(*other.RouteKey)
		switch {
		case err != nil || *other.RouteId == *r.RouteId || o.Shape() != shape:
		case *other.RouteKey == *r.RouteKey:
			return conflict("Route with key %s already exists for this API", *r.RouteKey)
		default:
			return conflict("The provided route key %q has a conflicting variable on the same hierarchical level as %q", *r.RouteKey, *other.RouteKey)
		}
	}
	return nil
}

// requestParameter is the name of a parameter of a WebSocket API's route request.
var requestParameter = regexp.MustCompile(`^route\.request\.(querystring|header)\.[a-zA-Z0-9._$-]+$`)

func (s *Service) checkWebSocketRoute(tx *store.Tx, a api, r *types.Route) error {
	k := value(r.RouteKey)
	special := []string{gateway.Connect, gateway.Disconnect, routekey.Default}
	if k == "" || strings.HasPrefix(k, "$") && !slices.Contains(special, k) {
		return badRequest("The route key %q must be one of [%s], or a text that does not begin with $", k, strings.Join(special, ", "))
	}
	if r.RouteResponseSelectionExpression != nil && *r.RouteResponseSelectionExpression != routekey.Default {
		return badRequest("Invalid route response selection expression specified. Must be $default")
	}
	if r.RouteResponseSelectionExpression != nil && k == gateway.Disconnect {
		return badRequest("Route responses are not supported for the $disconnect route")
	}
	for name, c := range r.RequestParameters {
		if !requestParameter.MatchString(name) {
			return badRequest("Invalid request parameter specified: %s", name)
		}
		if value(c.Required) && k != gateway.Connect {
			return badRequest("RequestParameters such as %s can be required only of the $connect route: messages have none", name)
		}
	}
	for _, other := range s.routes.Prefix(tx, key(*a.ApiId, "")) {
		if *other.RouteKey == k && *other.RouteId != *r.RouteId {
			return conflict("Route with key %s already exists for this API", k)
		}
	}
	return nil
}

// checkAuthorization refuses authorizers that do not fit the route.
func (s *Service) checkAuthorization(tx *store.Tx, a api, r *types.Route) error {
	if r.AuthorizationType == types.AuthorizationTypeNone || r.AuthorizationType == types.AuthorizationTypeAwsIam {
		r.AuthorizerId = nil
	}
	if r.AuthorizationType == types.AuthorizationTypeNone {
		r.AuthorizationScopes = nil
		return nil
	}
	if a.ProtocolType == types.ProtocolTypeWebsocket && *r.RouteKey != gateway.Connect {
		return badRequest("Currently, authorization is restricted to the $connect route only")
	}
	if len(r.AuthorizationScopes) > 0 && r.AuthorizationType != types.AuthorizationTypeJwt {
		return badRequest("AuthorizationScopes are supported only for JWT authorizers")
	}
	want := types.AuthorizerTypeJwt
	switch r.AuthorizationType {
	case types.AuthorizationTypeAwsIam:
		return nil
	case types.AuthorizationTypeCustom:
		want = types.AuthorizerTypeRequest
	}
	v, ok := s.authorizers.Get(tx, key(*a.ApiId, value(r.AuthorizerId)))
	if !ok || v.AuthorizerType != want {
		return badRequest("Invalid authorizer ID specified. Setting the authorization type to %s requires a valid %s authorizer.", r.AuthorizationType, r.AuthorizationType)
	}
	return nil
}

// routesWith returns the ids of an API's routes of which f is true.
func (s *Service) routesWith(tx *store.Tx, apiID string, f func(types.Route) bool) (ids []string) {
	for _, r := range s.routes.Prefix(tx, key(apiID, "")) {
		if f(r) {
			ids = append(ids, *r.RouteId)
		}
	}
	return ids
}

// GetRoute returns a route.
func (s *Service) GetRoute(ctx context.Context, in *apigatewayv2.GetRouteInput) (*apigatewayv2.GetRouteOutput, error) {
	return getPart[apigatewayv2.GetRouteOutput](ctx, s, s.routes, in.ApiId, in.RouteId)
}

// GetRoutes lists an API's routes.
func (s *Service) GetRoutes(ctx context.Context, in *apigatewayv2.GetRoutesInput) (*apigatewayv2.GetRoutesOutput, error) {
	items, next, err := listParts(ctx, s, s.routes, in.ApiId, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.GetRoutesOutput{Items: items, NextToken: next}, nil
}

// UpdateRoute changes what the input names.
func (s *Service) UpdateRoute(ctx context.Context, in *apigatewayv2.UpdateRouteInput) (*apigatewayv2.UpdateRouteOutput, error) {
	return changePart[apigatewayv2.UpdateRouteOutput](ctx, s, s.routes, in.ApiId, in.RouteId, func(tx *store.Tx, a api, r *types.Route) error {
		set(&r.ApiKeyRequired, in.ApiKeyRequired)
		if in.AuthorizationScopes != nil {
			r.AuthorizationScopes = in.AuthorizationScopes
		}
		if in.AuthorizationType != "" {
			r.AuthorizationType = in.AuthorizationType
		}
		setText(&r.AuthorizerId, in.AuthorizerId)
		setText(&r.ModelSelectionExpression, in.ModelSelectionExpression)
		setText(&r.OperationName, in.OperationName)
		if in.RequestParameters != nil {
			r.RequestParameters = in.RequestParameters
		}
		set(&r.RouteKey, in.RouteKey)
		setText(&r.RouteResponseSelectionExpression, in.RouteResponseSelectionExpression)
		setText(&r.Target, in.Target)
		return s.putRoute(tx, a, r)
	})
}

// DeleteRoute removes a route.
func (s *Service) DeleteRoute(ctx context.Context, in *apigatewayv2.DeleteRouteInput) (*apigatewayv2.DeleteRouteOutput, error) {
	err := s.change(ctx, in.ApiId, func(tx *store.Tx, a api) error {
		r, err := s.routes.find(tx, *a.ApiId, in.RouteId)
		if err != nil {
			return err
		}
		s.routeResponses.clear(tx, key(*a.ApiId, *r.RouteId))
		s.routes.Delete(tx, key(*a.ApiId, *r.RouteId))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteRouteOutput{}, nil
}

// DeleteRouteRequestParameter removes one of a route's request parameters.
func (s *Service) DeleteRouteRequestParameter(ctx context.Context, in *apigatewayv2.DeleteRouteRequestParameterInput) (*apigatewayv2.DeleteRouteRequestParameterOutput, error) {
	err := s.change(ctx, in.ApiId, func(tx *store.Tx, a api) error {
		r, err := s.routes.find(tx, *a.ApiId, in.RouteId)
		if err != nil {
			return err
		}
		if _, ok := r.RequestParameters[value(in.RequestParameterKey)]; !ok {
			return notFound("RequestParameter", "Invalid request parameter key specified")
		}
		rest := map[string]types.ParameterConstraints{}
		for name, c := range r.RequestParameters {
			if name != *in.RequestParameterKey {
				rest[name] = c
			}
		}
		r.RequestParameters = rest
		s.routes.Put(tx, key(*a.ApiId, *r.RouteId), r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteRouteRequestParameterOutput{}, nil
}

package apigatewayv2

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// What HTTP APIs have in these places; AWS allows nothing else there. The second is
// what WebSocket APIs have by default.
const (
	routeSelection  = "$request.method $request.path"
	apiKeySelection = "$request.header.x-api-key"
)

// apiKeySelections are where WebSocket APIs may look for API keys.
var apiKeySelections = []string{apiKeySelection, "$context.authorizer.usageIdentifierKey"}

// CreateApi makes an API; with a target, also one route to it and the $default stage.
func (s *Service) CreateApi(ctx context.Context, in *apigatewayv2.CreateApiInput) (*apigatewayv2.CreateApiOutput, error) { //nolint:revive // AWS spells it so
	now := s.now()
	a := api{Scope: env.ScopeOf(ctx), Api: types.Api{
		ApiKeySelectionExpression: ptr(or(in.ApiKeySelectionExpression, apiKeySelection)),
		CorsConfiguration:         in.CorsConfiguration,
		CreatedDate:               &now,
		Description:               orNil(in.Description),
		DisableExecuteApiEndpoint: ptr(value(in.DisableExecuteApiEndpoint)),
		DisableSchemaValidation:   in.DisableSchemaValidation,
		IpAddressType:             in.IpAddressType,
		Name:                      in.Name,
		ProtocolType:              in.ProtocolType,
		RouteSelectionExpression:  in.RouteSelectionExpression,
		Tags:                      nonNil(in.Tags),
		Version:                   orNil(in.Version),
	}}
	if a.IpAddressType == "" {
		a.IpAddressType = types.IpAddressTypeIpv4
	}
	if a.ProtocolType == types.ProtocolTypeHttp && a.RouteSelectionExpression == nil {
		a.RouteSelectionExpression = ptr(routeSelection)
	}
	if err := checkAPI(&a); err != nil {
		return nil, err
	}
	quick := in.Target != nil || in.RouteKey != nil || in.CredentialsArn != nil
	switch {
	case quick && a.ProtocolType != types.ProtocolTypeHttp:
		return nil, badRequest("Quick create is supported only for HTTP APIs")
	case quick && in.Target == nil:
		return nil, badRequest("RouteKey and CredentialsArn require Target")
	}
	err := s.env.Store.Update(func(tx *store.Tx) error {
		s.putNewAPI(tx, &a)
		if in.Target == nil {
			return nil
		}
		return s.quickCreate(tx, a, *in.Target, value(in.RouteKey), in.CredentialsArn)
	})
	if err != nil {
		return nil, err
	}
	return shown[apigatewayv2.CreateApiOutput](s, a)
}

// putNewAPI stores an API under a new id.
func (s *Service) putNewAPI(tx *store.Tx, a *api) {
	id := newID(10)
	for _, taken := s.apis.Get(tx, id); taken; _, taken = s.apis.Get(tx, id) {
		id = newID(10)
	}
	a.ApiId = &id
	s.apis.Put(tx, id, *a)
	s.touch(tx, id)
}

// checkAPI refuses what an API of its protocol cannot be.
func checkAPI(a *api) error {
	if a.ProtocolType == types.ProtocolTypeWebsocket {
		return checkWebSocketAPI(a)
	}
	switch c := a.CorsConfiguration; {
	case *a.RouteSelectionExpression != routeSelection:
		return badRequest("Route selection expression for HTTP protocol must be %q", routeSelection)
	case *a.ApiKeySelectionExpression != apiKeySelection:
		return badRequest("ApiKeySelectionExpression is supported only for WebSocket APIs")
	case value(a.DisableSchemaValidation):
		return badRequest("DisableSchemaValidation is supported only for WebSocket APIs")
	case c != nil && value(c.AllowCredentials) && slices.Contains(c.AllowOrigins, "*"):
		return badRequest("allowCredentials is not supported when allowOrigins is *")
	}
	return nil
}

func checkWebSocketAPI(a *api) error {
	switch {
	case value(a.RouteSelectionExpression) == "":
		return badRequest("Route selection expression is required for WebSocket protocol")
	case a.CorsConfiguration != nil:
		return badRequest("CORS configuration is supported only for HTTP APIs")
	case !slices.Contains(apiKeySelections, *a.ApiKeySelectionExpression):
		return badRequest("Invalid API key selection expression specified. Must be one of [%s]", strings.Join(apiKeySelections, ", "))
	}
	if err := gateway.CheckSelection(*a.RouteSelectionExpression); err != nil {
		return badRequest("Invalid selection expression specified: %s", err)
	}
	return nil
}

// shown is the API as it is returned, with the address that works.
func shown[Out any](s *Service, a api) (*Out, error) {
	base, err := s.env.URL()
	if err != nil {
		return nil, err
	}
	if a.ProtocolType == types.ProtocolTypeWebsocket {
		base = "ws" + strings.TrimPrefix(base, "http")
	}
	a.ApiEndpoint = ptr(base + gateway.PathPrefix + *a.ApiId)
	return as[Out](a.Api), nil
}

// GetApi returns an API.
func (s *Service) GetApi(ctx context.Context, in *apigatewayv2.GetApiInput) (*apigatewayv2.GetApiOutput, error) { //nolint:revive // AWS spells it so
	var a api
	err := s.view(ctx, in.ApiId, func(_ *store.Tx, found api) error {
		a = found
		return nil
	})
	if err != nil {
		return nil, err
	}
	return shown[apigatewayv2.GetApiOutput](s, a)
}

// GetApis lists the APIs of the account and region.
func (s *Service) GetApis(ctx context.Context, in *apigatewayv2.GetApisInput) (*apigatewayv2.GetApisOutput, error) {
	scope := env.ScopeOf(ctx)
	var found []api
	out := &apigatewayv2.GetApisOutput{Items: []types.Api{}}
	err := s.env.Store.View(func(tx *store.Tx) (err error) {
		found, out.NextToken, err = page(tx, s.apis, "", func(a api) bool { return a.Scope == scope }, in.MaxResults, in.NextToken)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, a := range found {
		item, err := shown[types.Api](s, a)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, *item)
	}
	return out, nil
}

// UpdateApi changes what the input names.
func (s *Service) UpdateApi(ctx context.Context, in *apigatewayv2.UpdateApiInput) (*apigatewayv2.UpdateApiOutput, error) { //nolint:revive // AWS spells it so
	var a api
	err := s.change(ctx, in.ApiId, func(tx *store.Tx, found api) error {
		a = found
		set(&a.ApiKeySelectionExpression, in.ApiKeySelectionExpression)
		set(&a.CorsConfiguration, in.CorsConfiguration)
		setText(&a.Description, in.Description)
		set(&a.DisableExecuteApiEndpoint, in.DisableExecuteApiEndpoint)
		set(&a.DisableSchemaValidation, in.DisableSchemaValidation)
		if in.IpAddressType != "" {
			a.IpAddressType = in.IpAddressType
		}
		set(&a.Name, in.Name)
		set(&a.RouteSelectionExpression, in.RouteSelectionExpression)
		setText(&a.Version, in.Version)
		if err := checkAPI(&a); err != nil {
			return err
		}
		s.apis.Put(tx, *a.ApiId, a)
		if in.Target == nil && in.RouteKey == nil && in.CredentialsArn == nil {
			return nil
		}
		return s.quickUpdate(tx, a, in.Target, in.RouteKey, in.CredentialsArn)
	})
	if err != nil {
		return nil, err
	}
	return shown[apigatewayv2.UpdateApiOutput](s, a)
}

// DeleteApi removes an API and all that it has.
func (s *Service) DeleteApi(ctx context.Context, in *apigatewayv2.DeleteApiInput) (*apigatewayv2.DeleteApiOutput, error) { //nolint:revive // AWS spells it so
	err := s.env.Store.Update(func(tx *store.Tx) error {
		a, err := s.find(ctx, tx, in.ApiId)
		if err != nil {
			return err
		}
		if s.mapped(tx, *a.ApiId, "") {
			return badRequest("Please remove all base path mappings related to the API in your account first")
		}
		s.clearAPI(tx, *a.ApiId)
		s.stages.clear(tx, *a.ApiId)
		s.deployments.clear(tx, *a.ApiId)
		s.revisions.Delete(tx, *a.ApiId)
		s.apis.Delete(tx, *a.ApiId)
		s.served.Delete(*a.ApiId)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteApiOutput{}, nil
}

// clearAPI removes what an import replaces.
func (s *Service) clearAPI(tx *store.Tx, apiID string) {
	s.authorizers.clear(tx, apiID)
	s.integrations.clear(tx, apiID)
	s.integrationResponses.clear(tx, apiID)
	s.models.clear(tx, apiID)
	s.routes.clear(tx, apiID)
	s.routeResponses.clear(tx, apiID)
}

// DeleteCorsConfiguration removes an API's CORS configuration.
func (s *Service) DeleteCorsConfiguration(ctx context.Context, in *apigatewayv2.DeleteCorsConfigurationInput) (*apigatewayv2.DeleteCorsConfigurationOutput, error) {
	err := s.change(ctx, in.ApiId, func(tx *store.Tx, a api) error {
		a.CorsConfiguration = nil
		s.apis.Put(tx, *a.ApiId, a)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteCorsConfigurationOutput{}, nil
}

func ptr[T any](v T) *T { return &v }

// nonNil is m, or an empty map: AWS returns {} for no tags and no variables.
func nonNil(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// or is *p, or otherwise where p is nil.
func or[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}

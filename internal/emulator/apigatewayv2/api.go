package apigatewayv2

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// What HTTP APIs have in these places; AWS allows nothing else there.
const (
	routeSelection  = "$request.method $request.path"
	apiKeySelection = "$request.header.x-api-key"
)

// CreateApi makes an HTTP API; with a target, also one route to it and the
// $default stage.
func (s *Service) CreateApi(ctx context.Context, in *apigatewayv2.CreateApiInput) (*apigatewayv2.CreateApiOutput, error) { //nolint:revive // AWS spells it so
	if in.ProtocolType != types.ProtocolTypeHttp {
		return nil, badRequest("ProtocolType %s is not emulated; HTTP is", in.ProtocolType)
	}
	if err := checkAPI(in.RouteSelectionExpression, in.ApiKeySelectionExpression, in.IpAddressType, in.CorsConfiguration); err != nil {
		return nil, err
	}
	if in.RouteKey != nil && in.Target == nil {
		return nil, badRequest("RouteKey requires Target")
	}
	now := s.now()
	a := api{Scope: env.ScopeOf(ctx), Api: types.Api{
		ApiKeySelectionExpression: ptr(apiKeySelection),
		CorsConfiguration:         in.CorsConfiguration,
		CreatedDate:               &now,
		Description:               orNil(in.Description),
		DisableExecuteApiEndpoint: ptr(value(in.DisableExecuteApiEndpoint)),
		IpAddressType:             types.IpAddressTypeIpv4,
		Name:                      in.Name,
		ProtocolType:              types.ProtocolTypeHttp,
		RouteSelectionExpression:  ptr(routeSelection),
		Tags:                      nonNil(in.Tags),
		Version:                   orNil(in.Version),
	}}
	err := s.env.Store.Update(func(tx *store.Tx) error {
		id := newID(10)
		for _, taken := s.apis.Get(tx, id); taken; _, taken = s.apis.Get(tx, id) {
			id = newID(10)
		}
		a.ApiId = &id
		s.apis.Put(tx, id, a)
		if in.Target == nil {
			return nil
		}
		return s.quickCreate(ctx, tx, a, *in.Target, value(in.RouteKey))
	})
	if err != nil {
		return nil, err
	}
	shown, err := s.show(a)
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.CreateApiOutput](shown), nil
}

// checkAPI refuses what an HTTP API cannot be.
func checkAPI(routes, keys *string, ip types.IpAddressType, cors *types.Cors) error {
	switch {
	case routes != nil && *routes != routeSelection:
		return badRequest("Route selection expression for HTTP protocol must be %q", routeSelection)
	case keys != nil && *keys != apiKeySelection:
		return badRequest("ApiKeySelectionExpression %q is not emulated; HTTP APIs have no API keys", *keys)
	case ip != "" && ip != types.IpAddressTypeIpv4:
		return badRequest("IpAddressType %s is not emulated; ipv4 is", ip)
	}
	if cors != nil && value(cors.AllowCredentials) && slices.Contains(cors.AllowOrigins, "*") {
		return badRequest("allowCredentials is not supported when allowOrigins is *")
	}
	return nil
}

// show is the API as it is returned, with the address that works.
func (s *Service) show(a api) (types.Api, error) {
	base, err := s.env.URL()
	if err != nil {
		return types.Api{}, err
	}
	a.ApiEndpoint = ptr(base + gateway.PathPrefix + *a.ApiId)
	return a.Api, nil
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
	shown, err := s.show(a)
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.GetApiOutput](shown), nil
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
		shown, err := s.show(a)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, shown)
	}
	return out, nil
}

// UpdateApi changes what the input names.
func (s *Service) UpdateApi(ctx context.Context, in *apigatewayv2.UpdateApiInput) (*apigatewayv2.UpdateApiOutput, error) { //nolint:revive // AWS spells it so
	if err := checkAPI(in.RouteSelectionExpression, in.ApiKeySelectionExpression, in.IpAddressType, in.CorsConfiguration); err != nil {
		return nil, err
	}
	var a api
	err := s.change(ctx, in.ApiId, func(tx *store.Tx, found api) error {
		a = found
		if in.Name != nil {
			a.Name = in.Name
		}
		if in.Description != nil {
			a.Description = orNil(in.Description)
		}
		if in.Version != nil {
			a.Version = orNil(in.Version)
		}
		if in.DisableExecuteApiEndpoint != nil {
			a.DisableExecuteApiEndpoint = in.DisableExecuteApiEndpoint
		}
		if in.CorsConfiguration != nil {
			a.CorsConfiguration = in.CorsConfiguration
		}
		s.apis.Put(tx, *a.ApiId, a)
		return nil
	})
	if err != nil {
		return nil, err
	}
	shown, err := s.show(a)
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.UpdateApiOutput](shown), nil
}

// DeleteApi removes an API and all that it has.
func (s *Service) DeleteApi(ctx context.Context, in *apigatewayv2.DeleteApiInput) (*apigatewayv2.DeleteApiOutput, error) { //nolint:revive // AWS spells it so
	err := s.update(ctx, in.ApiId, func(tx *store.Tx, a api) error {
		prefix := key(*a.ApiId, "")
		for _, k := range keysOf(tx, s.deployments, prefix) {
			s.dropDeployment(tx, k)
		}
		for _, k := range keysOf(tx, s.routes, prefix) {
			s.routes.Delete(tx, k)
		}
		for _, k := range keysOf(tx, s.integrations, prefix) {
			s.integrations.Delete(tx, k)
		}
		for _, k := range keysOf(tx, s.stages, prefix) {
			s.stages.Delete(tx, k)
		}
		s.apis.Delete(tx, *a.ApiId)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteApiOutput{}, nil
}

// keysOf returns the keys below prefix; a set must not change while it is read.
func keysOf[T any](tx *store.Tx, set *store.Set[T], prefix string) (keys []string) {
	for k := range set.Prefix(tx, prefix) {
		keys = append(keys, k)
	}
	return keys
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

// tags returns the tags of the API or stage that the ARN names, such as
// arn:aws:apigateway:eu-north-1::/apis/a1b2c3d4e5/stages/dev, and how to replace
// them.
func (s *Service) tags(ctx context.Context, tx *store.Tx, arn *string) (tags map[string]string, put func(map[string]string), err error) {
	rest, ok := strings.CutPrefix(value(arn), "arn:"+env.Partition+":apigateway:"+env.ScopeOf(ctx).Region+"::/apis/")
	if !ok {
		return nil, nil, badRequest("Invalid resource ARN specified: %s", value(arn))
	}
	id, name, isStage := strings.Cut(rest, "/stages/")
	a, err := s.find(ctx, tx, &id)
	if err != nil {
		return nil, nil, err
	}
	if !isStage {
		return a.Tags, func(tags map[string]string) {
			a.Tags = tags
			s.apis.Put(tx, id, a)
		}, nil
	}
	st, err := s.stage(tx, id, &name)
	if err != nil {
		return nil, nil, err
	}
	return st.Tags, func(tags map[string]string) {
		st.Tags = tags
		s.stages.Put(tx, key(id, name), st)
	}, nil
}

// GetTags returns the tags of an API or a stage.
func (s *Service) GetTags(ctx context.Context, in *apigatewayv2.GetTagsInput) (*apigatewayv2.GetTagsOutput, error) {
	out := &apigatewayv2.GetTagsOutput{}
	err := s.env.Store.View(func(tx *store.Tx) (err error) {
		out.Tags, _, err = s.tags(ctx, tx, in.ResourceArn)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// TagResource adds tags to an API or a stage.
func (s *Service) TagResource(ctx context.Context, in *apigatewayv2.TagResourceInput) (*apigatewayv2.TagResourceOutput, error) {
	err := s.env.Store.Update(func(tx *store.Tx) error {
		tags, put, err := s.tags(ctx, tx, in.ResourceArn)
		if err != nil {
			return err
		}
		tags = nonNil(maps.Clone(tags))
		maps.Copy(tags, in.Tags)
		put(tags)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.TagResourceOutput{}, nil
}

// UntagResource removes tags from an API or a stage.
func (s *Service) UntagResource(ctx context.Context, in *apigatewayv2.UntagResourceInput) (*apigatewayv2.UntagResourceOutput, error) {
	err := s.env.Store.Update(func(tx *store.Tx) error {
		tags, put, err := s.tags(ctx, tx, in.ResourceArn)
		if err != nil {
			return err
		}
		tags = maps.Clone(tags)
		for _, k := range in.TagKeys {
			delete(tags, k)
		}
		put(tags)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.UntagResourceOutput{}, nil
}

func ptr[T any](v T) *T { return &v }

// nonNil is m, or an empty map: AWS returns {} for no tags and no variables.
func nonNil(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

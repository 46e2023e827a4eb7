package apigatewayv2

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// defaultTTL is how long results of authorizers of HTTP APIs are kept where none is
// named, in seconds.
const defaultTTL = 300

// CreateAuthorizer makes an authorizer: tokens (JWT) or a function (REQUEST).
func (s *Service) CreateAuthorizer(ctx context.Context, in *apigatewayv2.CreateAuthorizerInput) (*apigatewayv2.CreateAuthorizerOutput, error) {
	v := types.Authorizer{
		AuthorizerCredentialsArn:       orNil(in.AuthorizerCredentialsArn),
		AuthorizerPayloadFormatVersion: in.AuthorizerPayloadFormatVersion,
		AuthorizerResultTtlInSeconds:   in.AuthorizerResultTtlInSeconds,
		AuthorizerType:                 in.AuthorizerType,
		AuthorizerUri:                  in.AuthorizerUri,
		EnableSimpleResponses:          in.EnableSimpleResponses,
		IdentitySource:                 in.IdentitySource,
		IdentityValidationExpression:   orNil(in.IdentityValidationExpression),
		JwtConfiguration:               in.JwtConfiguration,
		Name:                           in.Name,
	}
	err := s.change(ctx, in.ApiId, func(tx *store.Tx, a api) error {
		return s.putNewAuthorizer(tx, a, &v)
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.CreateAuthorizerOutput](v), nil
}

// putNewAuthorizer checks v and stores it under a new id.
func (s *Service) putNewAuthorizer(tx *store.Tx, a api, v *types.Authorizer) error {
	v.AuthorizerId = s.authorizers.fresh(tx, *a.ApiId, 6)
	return s.putAuthorizer(tx, a, v)
}

// putAuthorizer checks v, whose name must be its own, and stores it.
func (s *Service) putAuthorizer(tx *store.Tx, a api, v *types.Authorizer) error {
	if err := completeAuthorizer(a, v); err != nil {
		return err
	}
	for _, other := range s.authorizers.Prefix(tx, key(*a.ApiId, "")) {
		if *other.Name == value(v.Name) && *other.AuthorizerId != *v.AuthorizerId {
			return badRequest("Authorizer name must be unique. Authorizer %s already exists in this Api.", *v.Name)
		}
	}
	s.authorizers.Put(tx, key(*a.ApiId, *v.AuthorizerId), *v)
	return nil
}

// completeAuthorizer fills in AWS's defaults and refuses what an API of that protocol
// cannot have.
func completeAuthorizer(a api, v *types.Authorizer) error {
	if v.IdentityValidationExpression != nil {
		return badRequest("IdentityValidationExpression is not supported for %s authorizers", v.AuthorizerType)
	}
	if v.AuthorizerType == types.AuthorizerTypeJwt {
		return completeJWT(a, v)
	}
	if v.JwtConfiguration != nil {
		return badRequest("JwtConfiguration is supported only for JWT authorizers")
	}
	if _, ok := functionOf(value(v.AuthorizerUri)); !ok {
		return badRequest("Invalid Authorizer URI: %s. Authorizer URI should be a valid API Gateway ARN that represents a Lambda function invocation.", value(v.AuthorizerUri))
	}
	websocket := a.ProtocolType == types.ProtocolTypeWebsocket
	if websocket {
		switch {
		case v.AuthorizerPayloadFormatVersion != nil:
			return badRequest("AuthorizerPayloadFormatVersion is supported only for HTTP APIs")
		case value(v.EnableSimpleResponses):
			return badRequest("EnableSimpleResponses is supported only for HTTP APIs")
		case value(v.AuthorizerResultTtlInSeconds) != 0:
			return badRequest("AuthorizerResultTtlInSeconds is supported only for HTTP APIs")
		}
		v.AuthorizerResultTtlInSeconds, v.EnableSimpleResponses = nil, nil
	} else if err := completeRequest(v); err != nil {
		return err
	}
	for _, source := range v.IdentitySource {
		if err := gateway.CheckIdentitySource(source, websocket); err != nil {
			return badRequest("Invalid identity source specified: %s", err)
		}
	}
	return nil
}

// completeRequest fills in and checks what REQUEST authorizers of HTTP APIs have.
func completeRequest(v *types.Authorizer) error {
	switch format := value(v.AuthorizerPayloadFormatVersion); {
	case format == "":
		return badRequest("AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer")
	case format != "1.0" && format != "2.0":
		return badRequest("AuthorizerPayloadFormatVersion %q is not supported. Must be one of [1.0, 2.0]", format)
	case format == "1.0" && value(v.EnableSimpleResponses):
		return badRequest("EnableSimpleResponses is supported only for AuthorizerPayloadFormatVersion 2.0")
	}
	if v.AuthorizerResultTtlInSeconds == nil {
		v.AuthorizerResultTtlInSeconds = ptr(int32(defaultTTL))
	}
	switch ttl := *v.AuthorizerResultTtlInSeconds; {
	case ttl < 0 || ttl > 3600:
		return badRequest("AuthorizerResultTtlInSeconds must be between 0 and 3600")
	case ttl > 0 && len(v.IdentitySource) == 0:
		return badRequest("IdentitySource is required when caching is enabled")
	}
	v.EnableSimpleResponses = ptr(value(v.EnableSimpleResponses))
	return nil
}

func completeJWT(a api, v *types.Authorizer) error {
	c := v.JwtConfiguration
	switch {
	case a.ProtocolType != types.ProtocolTypeHttp:
		return badRequest("JWT authorizers are supported only for HTTP APIs")
	case c == nil || value(c.Issuer) == "":
		return badRequest("Issuer is a required parameter for JWT authorizer")
	case len(c.Audience) == 0:
		return badRequest("Audience is a required parameter for JWT authorizer")
	case v.AuthorizerUri != nil, v.AuthorizerCredentialsArn != nil, v.AuthorizerPayloadFormatVersion != nil,
		value(v.AuthorizerResultTtlInSeconds) != 0, value(v.EnableSimpleResponses):
		return badRequest("AuthorizerUri, AuthorizerCredentialsArn, AuthorizerPayloadFormatVersion, AuthorizerResultTtlInSeconds and EnableSimpleResponses are supported only for REQUEST authorizers")
	case len(v.IdentitySource) != 1:
		return badRequest("JWT authorizers must have exactly one identity source")
	}
	v.EnableSimpleResponses, v.AuthorizerResultTtlInSeconds = nil, nil
	u, err := url.Parse(*c.Issuer)
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return badRequest("Invalid issuer: %s. Issuer must have a valid discovery endpoint ended with '/.well-known/openid-configuration'", *c.Issuer)
	}
	source := v.IdentitySource[0]
	if !strings.HasPrefix(source, "$request.header.") && !strings.HasPrefix(source, "$request.querystring.") {
		return badRequest("Invalid identity source specified: %q must be $request.header.name or $request.querystring.name", source)
	}
	return nil
}

// loopback reports whether a host is this machine: issuers of tests have no certificate.
func loopback(host string) bool {
	return slices.Contains([]string{"127.0.0.1", "::1", "localhost"}, host) || strings.HasSuffix(host, ".localhost")
}

// GetAuthorizer returns an authorizer.
func (s *Service) GetAuthorizer(ctx context.Context, in *apigatewayv2.GetAuthorizerInput) (*apigatewayv2.GetAuthorizerOutput, error) {
	return getPart[apigatewayv2.GetAuthorizerOutput](ctx, s, s.authorizers, in.ApiId, in.AuthorizerId)
}

// GetAuthorizers lists an API's authorizers.
func (s *Service) GetAuthorizers(ctx context.Context, in *apigatewayv2.GetAuthorizersInput) (*apigatewayv2.GetAuthorizersOutput, error) {
	items, next, err := listParts(ctx, s, s.authorizers, in.ApiId, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.GetAuthorizersOutput{Items: items, NextToken: next}, nil
}

// UpdateAuthorizer changes what the input names; the type stays.
func (s *Service) UpdateAuthorizer(ctx context.Context, in *apigatewayv2.UpdateAuthorizerInput) (*apigatewayv2.UpdateAuthorizerOutput, error) {
	return changePart[apigatewayv2.UpdateAuthorizerOutput](ctx, s, s.authorizers, in.ApiId, in.AuthorizerId, func(tx *store.Tx, a api, v *types.Authorizer) error {
		if in.AuthorizerType != "" && in.AuthorizerType != v.AuthorizerType {
			return badRequest("Updating the authorizer type is not supported")
		}
		setText(&v.AuthorizerCredentialsArn, in.AuthorizerCredentialsArn)
		set(&v.AuthorizerPayloadFormatVersion, in.AuthorizerPayloadFormatVersion)
		set(&v.AuthorizerResultTtlInSeconds, in.AuthorizerResultTtlInSeconds)
		set(&v.AuthorizerUri, in.AuthorizerUri)
		set(&v.EnableSimpleResponses, in.EnableSimpleResponses)
		if in.IdentitySource != nil {
			v.IdentitySource = in.IdentitySource
		}
		setText(&v.IdentityValidationExpression, in.IdentityValidationExpression)
		set(&v.JwtConfiguration, in.JwtConfiguration)
		set(&v.Name, in.Name)
		return s.putAuthorizer(tx, a, v)
	})
}

// DeleteAuthorizer removes an authorizer that no route uses.
func (s *Service) DeleteAuthorizer(ctx context.Context, in *apigatewayv2.DeleteAuthorizerInput) (*apigatewayv2.DeleteAuthorizerOutput, error) {
	err := s.change(ctx, in.ApiId, func(tx *store.Tx, a api) error {
		v, err := s.authorizers.find(tx, *a.ApiId, in.AuthorizerId)
		if err != nil {
			return err
		}
		if users := s.routesWith(tx, *a.ApiId, func(r types.Route) bool { return value(r.AuthorizerId) == *v.AuthorizerId }); users != nil {
			return conflict("Cannot delete Authorizer because it is referenced by the following Routes with Ids: [%s]", strings.Join(users, ", "))
		}
		s.authorizers.Delete(tx, key(*a.ApiId, *v.AuthorizerId))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteAuthorizerOutput{}, nil
}

// ResetAuthorizersCache makes a stage forget what its authorizers have said.
func (s *Service) ResetAuthorizersCache(ctx context.Context, in *apigatewayv2.ResetAuthorizersCacheInput) (*apigatewayv2.ResetAuthorizersCacheOutput, error) {
	err := s.update(ctx, in.ApiId, func(tx *store.Tx, a api) error {
		st, err := s.stage(tx, *a.ApiId, in.StageName)
		if err != nil {
			return err
		}
		st.Resets++
		s.stages.Put(tx, key(*a.ApiId, *st.StageName), st)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.ResetAuthorizersCacheOutput{}, nil
}

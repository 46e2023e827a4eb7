package apigatewayv2

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// maxTimeout is what an integration of an HTTP API may take, in milliseconds.
const maxTimeout = 30000

// CreateIntegration makes an integration: a Lambda function (AWS_PROXY) or an
// HTTP server (HTTP_PROXY).
func (s *Service) CreateIntegration(ctx context.Context, in *apigatewayv2.CreateIntegrationInput) (*apigatewayv2.CreateIntegrationOutput, error) {
	i := types.Integration{
		ConnectionType:       in.ConnectionType,
		Description:          orNil(in.Description),
		IntegrationMethod:    in.IntegrationMethod,
		IntegrationType:      in.IntegrationType,
		IntegrationUri:       in.IntegrationUri,
		PassthroughBehavior:  in.PassthroughBehavior,
		PayloadFormatVersion: in.PayloadFormatVersion,
		TimeoutInMillis:      in.TimeoutInMillis,
	}
	if err := complete(&i); err != nil {
		return nil, err
	}
	err := s.change(ctx, in.ApiId, func(tx *store.Tx, a api) error {
		s.putNewIntegration(tx, *a.ApiId, &i)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.CreateIntegrationOutput](i), nil
}

// putNewIntegration stores i under a new id.
func (s *Service) putNewIntegration(tx *store.Tx, apiID string, i *types.Integration) {
	id := newID(7)
	for _, taken := s.integrations.Get(tx, key(apiID, id)); taken; _, taken = s.integrations.Get(tx, key(apiID, id)) {
		id = newID(7)
	}
	i.IntegrationId = &id
	s.integrations.Put(tx, key(apiID, id), *i)
}

// complete fills in AWS's defaults and refuses what an HTTP API cannot have.
func complete(i *types.Integration) error {
	switch i.IntegrationType {
	case types.IntegrationTypeAwsProxy:
		if _, ok := functionOf(value(i.IntegrationUri)); !ok {
			return badRequest("IntegrationUri %q is not emulated; AWS_PROXY takes the ARN of a Lambda function or its invoke ARN", value(i.IntegrationUri))
		}
		if method := value(i.IntegrationMethod); method != "" && method != "POST" {
			return badRequest("IntegrationMethod must be POST for AWS_PROXY integrations with Lambda functions")
		}
		i.IntegrationMethod = ptr("POST")
	case types.IntegrationTypeHttpProxy:
		if err := checkURL(value(i.IntegrationUri)); err != nil {
			return err
		}
		if !slices.Contains(proxyMethods, value(i.IntegrationMethod)) {
			return badRequest("Invalid HTTP method specified. Must be one of %s", strings.Join(proxyMethods, ", "))
		}
	default:
		return badRequest("Currently, an API with a protocol type of HTTP may only be associated with proxy integrations (AWS_PROXY, HTTP_PROXY)")
	}
	if i.ConnectionType == "" {
		i.ConnectionType = types.ConnectionTypeInternet
	}
	if i.ConnectionType != types.ConnectionTypeInternet {
		return badRequest("ConnectionType %s is not emulated; INTERNET is", i.ConnectionType)
	}
	// terraform-provider-aws always sends this default of WebSocket APIs; an HTTP
	// API takes it and does not show it.
	if i.PassthroughBehavior != "" && i.PassthroughBehavior != types.PassthroughBehaviorWhenNoMatch {
		return badRequest("PassthroughBehavior is supported only for WebSocket APIs")
	}
	i.PassthroughBehavior = ""
	if i.PayloadFormatVersion == nil {
		i.PayloadFormatVersion = ptr("1.0")
	}
	switch version := *i.PayloadFormatVersion; {
	case version == "1.0":
	case version == "2.0" && i.IntegrationType == types.IntegrationTypeAwsProxy:
	default:
		return badRequest("PayloadFormatVersion %q is not supported for %s integrations", version, i.IntegrationType)
	}
	if i.TimeoutInMillis == nil {
		i.TimeoutInMillis = ptr(int32(maxTimeout))
	}
	if t := *i.TimeoutInMillis; t < 50 || t > maxTimeout {
		return badRequest("Timeout should be between 50 ms and %d ms", maxTimeout)
	}
	return nil
}

var proxyMethods = []string{"ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}

// functionARN is a function's ARN, maybe with a version or alias, and maybe with
// stage variables in it.
var functionARN = regexp.MustCompile(`^arn:aws:lambda:[^:]+:[0-9]{12}:function:[^:/]+(:[^:/]+)?$`)

// functionOf returns the function's ARN of an integration's URI, which is that
// ARN or arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/ARN/invocations.
func functionOf(uri string) (string, bool) {
	if strings.HasPrefix(uri, "arn:aws:apigateway:") {
		_, rest, _ := strings.Cut(uri, ":lambda:path/2015-03-31/functions/")
		uri = strings.TrimSuffix(rest, "/invocations")
	}
	return uri, functionARN.MatchString(uri)
}

// checkURL refuses an address that is not one of an HTTP server. A variable in the
// host is no URL: a client cannot choose the server.
func checkURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return badRequest("Invalid HTTP endpoint specified for URI")
	}
	return nil
}

// integration returns an API's integration.
func (s *Service) integration(tx *store.Tx, apiID string, id *string) (types.Integration, error) {
	i, ok := s.integrations.Get(tx, key(apiID, value(id)))
	if !ok {
		return i, notFound("Integration", "Invalid Integration identifier specified")
	}
	return i, nil
}

// GetIntegration returns an integration.
func (s *Service) GetIntegration(ctx context.Context, in *apigatewayv2.GetIntegrationInput) (*apigatewayv2.GetIntegrationOutput, error) {
	var i types.Integration
	err := s.view(ctx, in.ApiId, func(tx *store.Tx, a api) (err error) {
		i, err = s.integration(tx, *a.ApiId, in.IntegrationId)
		return err
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.GetIntegrationOutput](i), nil
}

// GetIntegrations lists an API's integrations.
func (s *Service) GetIntegrations(ctx context.Context, in *apigatewayv2.GetIntegrationsInput) (*apigatewayv2.GetIntegrationsOutput, error) {
	out := &apigatewayv2.GetIntegrationsOutput{}
	err := s.view(ctx, in.ApiId, func(tx *store.Tx, a api) (err error) {
		out.Items, out.NextToken, err = page(tx, s.integrations, key(*a.ApiId, ""), nil, in.MaxResults, in.NextToken)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateIntegration changes what the input names.
func (s *Service) UpdateIntegration(ctx context.Context, in *apigatewayv2.UpdateIntegrationInput) (*apigatewayv2.UpdateIntegrationOutput, error) {
	var i types.Integration
	err := s.change(ctx, in.ApiId, func(tx *store.Tx, a api) (err error) {
		if i, err = s.integration(tx, *a.ApiId, in.IntegrationId); err != nil {
			return err
		}
		if in.ConnectionType != "" {
			i.ConnectionType = in.ConnectionType
		}
		if in.Description != nil {
			i.Description = orNil(in.Description)
		}
		if in.IntegrationMethod != nil {
			i.IntegrationMethod = in.IntegrationMethod
		}
		if in.IntegrationType != "" {
			i.IntegrationType = in.IntegrationType
		}
		if in.IntegrationUri != nil {
			i.IntegrationUri = in.IntegrationUri
		}
		if in.PassthroughBehavior != "" {
			i.PassthroughBehavior = in.PassthroughBehavior
		}
		if in.PayloadFormatVersion != nil {
			i.PayloadFormatVersion = in.PayloadFormatVersion
		}
		if in.TimeoutInMillis != nil {
			i.TimeoutInMillis = in.TimeoutInMillis
		}
		if err := complete(&i); err != nil {
			return err
		}
		s.integrations.Put(tx, key(*a.ApiId, *i.IntegrationId), i)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.UpdateIntegrationOutput](i), nil
}

// DeleteIntegration removes an integration that no route uses.
func (s *Service) DeleteIntegration(ctx context.Context, in *apigatewayv2.DeleteIntegrationInput) (*apigatewayv2.DeleteIntegrationOutput, error) {
	err := s.change(ctx, in.ApiId, func(tx *store.Tx, a api) error {
		i, err := s.integration(tx, *a.ApiId, in.IntegrationId)
		if err != nil {
			return err
		}
		var users []string
		for _, r := range s.routes.Prefix(tx, key(*a.ApiId, "")) {
			if value(r.Target) == targetPrefix+*i.IntegrationId {
				users = append(users, *r.RouteId)
			}
		}
		if users != nil {
			return conflict("Cannot delete Integration because it is referenced by the following Routes with Ids: [%s]", strings.Join(users, ", "))
		}
		s.integrations.Delete(tx, key(*a.ApiId, *i.IntegrationId))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteIntegrationOutput{}, nil
}

package apigatewayv2

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway/routekey"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// ExportApi returns the OpenAPI definition of an HTTP API as it is, or as it is deployed
// to a stage.
func (s *Service) ExportApi(ctx context.Context, in *apigatewayv2.ExportApiInput) (*apigatewayv2.ExportApiOutput, error) { //nolint:revive // AWS spells it so
	kind := strings.ToUpper(value(in.OutputType))
	switch {
	case value(in.Specification) != "OAS30":
		return nil, badRequest("Invalid specification specified. Must be OAS30")
	case kind != "JSON" && kind != "YAML":
		return nil, badRequest("Invalid output type specified. Must be one of [JSON, YAML]")
	case in.ExportVersion != nil && *in.ExportVersion != "1.0":
		return nil, badRequest("Invalid export version specified. Must be 1.0")
	}
	var a api
	var d deployment
	err := s.view(ctx, in.ApiId, func(tx *store.Tx, found api) (err error) {
		if a = found; a.ProtocolType != types.ProtocolTypeHttp {
			return badRequest("ExportApi is supported only for HTTP APIs")
		}
		if in.StageName == nil {
			d, err = s.deploy(tx, *a.ApiId)
			return err
		}
		st, err := s.stage(tx, *a.ApiId, in.StageName)
		if err != nil {
			return err
		}
		d, err = s.deployments.find(tx, *a.ApiId, st.DeploymentId)
		return err
	})
	if err != nil {
		return nil, err
	}
	base, err := s.env.URL()
	if err != nil {
		return nil, err
	}
	url := base + gateway.PathPrefix + *a.ApiId
	if st := value(in.StageName); st != "" && st != gateway.DefaultStage {
		url += "/" + st
	}
	out, err := exportDocument(a, d, url, or(in.IncludeExtensions, true))
	if err != nil {
		return nil, err
	}
	body, err := out.encode()
	if err == nil && kind == "YAML" {
		body, err = toYAML(body)
	}
	return &apigatewayv2.ExportApiOutput{Body: body}, err
}

var pathVariable = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{([^}+]+)\+?\}`) })

// exportDocument writes a deployment as a definition.
func exportDocument(a api, d deployment, url string, extensions bool) (*document, error) {
	out := &document{
		OpenAPI: "3.0.1",
		Info:    about{Title: *a.Name, Description: value(a.Description), Version: or(a.Version, a.CreatedDate.Format("2006-01-02 15:04:05UTC"))},
		Servers: []server{{URL: url}},
		Paths:   map[string]map[string]json.RawMessage{},
	}
	if extensions {
		out.Exported = "1.0"
		if c := d.Cors; c != nil {
			out.CORS = &corsExtension{c.AllowCredentials, c.AllowHeaders, c.AllowMethods, c.AllowOrigins, c.ExposeHeaders, c.MaxAge}
		}
		for name, v := range a.Tags {
			out.Tags = append(out.Tags, tag{name, &v})
		}
		if value(a.DisableExecuteApiEndpoint) {
			out.Endpoint = &endpointExtension{a.DisableExecuteApiEndpoint}
		}
	}
	for _, v := range d.Authorizers {
		if out.Components.Schemes == nil {
			out.Components.Schemes = map[string]scheme{}
		}
		out.Components.Schemes[*v.Name] = schemeOf(v, extensions)
	}
	for _, r := range d.Routes {
		if err := out.addRoute(r, d, extensions); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// signedScheme is the name of the scheme of routes for those who sign.
const signedScheme = "sigv4"

func schemeOf(v types.Authorizer, extensions bool) scheme {
	sc := scheme{Type: "apiKey", Name: "Authorization", In: "header"}
	if v.AuthorizerType == types.AuthorizerTypeJwt {
		sc = scheme{Type: "oauth2"}
	}
	if !extensions {
		return sc
	}
	sc.Authorizer = &authorizerExtension{
		Type: strings.ToLower(string(v.AuthorizerType)), Source: v.IdentitySource, URI: v.AuthorizerUri, Credentials: v.AuthorizerCredentialsArn,
		Format: v.AuthorizerPayloadFormatVersion, TTL: v.AuthorizerResultTtlInSeconds, Simple: v.EnableSimpleResponses,
	}
	if c := v.JwtConfiguration; c != nil {
		sc.Authorizer.JWT = &jwt{c.Issuer, c.Audience}
	}
	return sc
}

func (d *document) addRoute(r types.Route, from deployment, extensions bool) error {
	method, path := anyMethod, "/"+routekey.Default
	if m, p, ok := strings.Cut(*r.RouteKey, " "); ok {
		path = p
		if m != "ANY" {
			method = strings.ToLower(m)
		}
	}
	op := operation{
		ID:        value(r.OperationName),
		Responses: map[string]json.RawMessage{"default": json.RawMessage(`{"description":"Default response for ` + jsonText(method) + ` ` + jsonText(path) + `"}`)},
	}
	for _, found := range pathVariable().FindAllStringSubmatch(path, -1) {
		op.Parameters = append(op.Parameters, parameter{found[1], "path", true, map[string]string{"type": "string"}})
	}
	switch r.AuthorizationType {
	case types.AuthorizationTypeAwsIam:
		op.Security = []map[string][]string{{signedScheme: {}}}
		if d.Components.Schemes == nil {
			d.Components.Schemes = map[string]scheme{}
		}
		d.Components.Schemes[signedScheme] = scheme{Type: "apiKey", Name: "Authorization", In: "header", AuthType: "awsSigv4"}
	case types.AuthorizationTypeJwt, types.AuthorizationTypeCustom:
		op.Security = []map[string][]string{{*from.Authorizers[value(r.AuthorizerId)].Name: append([]string{}, r.AuthorizationScopes...)}}
	}
	if i, ok := from.Integrations[strings.TrimPrefix(value(r.Target), targetPrefix)]; ok && extensions {
		op.Integration = &integration{
			Type: strings.ToLower(string(i.IntegrationType)), Subtype: i.IntegrationSubtype, Credentials: i.CredentialsArn, Description: i.Description,
			Method: i.IntegrationMethod, URI: i.IntegrationUri, Connection: string(i.ConnectionType), Format: i.PayloadFormatVersion,
			Timeout: i.TimeoutInMillis, Request: i.RequestParameters, Response: i.ResponseParameters,
		}
	}
	raw, err := json.Marshal(op)
	if err != nil {
		return err
	}
	if d.Paths[path] == nil {
		d.Paths[path] = map[string]json.RawMessage{}
	}
	d.Paths[path][method] = raw
	return nil
}

// jsonText is the inside of a text in JSON.
func jsonText(s string) string {
	raw, err := json.Marshal(s)
	if err != nil {
		return "" // a text can always be written
	}
	return string(raw[1 : len(raw)-1])
}

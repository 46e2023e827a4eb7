package apigatewayv2

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway/routekey"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// ImportApi makes an HTTP API from an OpenAPI definition.
func (s *Service) ImportApi(ctx context.Context, in *apigatewayv2.ImportApiInput) (*apigatewayv2.ImportApiOutput, error) { //nolint:revive // AWS spells it so
	d, err := parseDocument(value(in.Body))
	if err != nil {
		return nil, err
	}
	now := s.now()
	a := api{Scope: env.ScopeOf(ctx), Api: types.Api{
		ApiKeySelectionExpression: ptr(apiKeySelection),
		CreatedDate:               &now,
		DisableExecuteApiEndpoint: ptr(false),
		IpAddressType:             types.IpAddressTypeIpv4,
		ProtocolType:              types.ProtocolTypeHttp,
		RouteSelectionExpression:  ptr(routeSelection),
		Tags:                      map[string]string{},
	}}
	err = s.env.Store.Update(func(tx *store.Tx) error {
		s.putNewAPI(tx, &a)
		return s.importDocument(tx, &a, d, value(in.Basepath), value(in.FailOnWarnings))
	})
	if err != nil {
		return nil, err
	}
	return shown[apigatewayv2.ImportApiOutput](s, a)
}

// ReimportApi replaces what an HTTP API has by what an OpenAPI definition says.
func (s *Service) ReimportApi(ctx context.Context, in *apigatewayv2.ReimportApiInput) (*apigatewayv2.ReimportApiOutput, error) { //nolint:revive // AWS spells it so
	d, err := parseDocument(value(in.Body))
	if err != nil {
		return nil, err
	}
	var a api
	err = s.change(ctx, in.ApiId, func(tx *store.Tx, found api) error {
		if a = found; a.ProtocolType != types.ProtocolTypeHttp {
			return badRequest("ReimportApi is supported only for HTTP APIs")
		}
		s.clearAPI(tx, *a.ApiId)
		return s.importDocument(tx, &a, d, value(in.Basepath), value(in.FailOnWarnings))
	})
	if err != nil {
		return nil, err
	}
	return shown[apigatewayv2.ReimportApiOutput](s, a)
}

// importing is a definition on its way into an API.
type importing struct {
	*Service
	tx          *store.Tx
	api         *api
	d           *document
	prefix      string            // of all paths
	authorizers map[string]string // ids by the names of schemes
	shared      map[*integration]string
	warnings    []string
}

// importDocument makes what a definition describes. The basepath is ignore, prepend, or
// split: all but the first part of the path of the definition's server goes before paths.
func (s *Service) importDocument(tx *store.Tx, a *api, d *document, basepath string, failOnWarnings bool) error {
	im := &importing{Service: s, tx: tx, api: a, d: d, authorizers: map[string]string{}, shared: map[*integration]string{}}
	switch basepath {
	case "", "ignore":
	case "prepend":
		im.prefix = d.base()
	case "split":
		_, rest, below := strings.Cut(strings.TrimPrefix(d.base(), "/"), "/")
		if below {
			im.prefix = "/" + rest
		}
	default:
		return badRequest("Invalid basepath specified: %s. Must be ignore, prepend or split", basepath)
	}
	im.describe()
	if err := checkAPI(a); err != nil {
		return err
	}
	if err := im.schemes(); err != nil {
		return err
	}
	for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(d.Paths[path])) {
			if err := im.operation(path, method); err != nil {
				return err
			}
		}
	}
	if failOnWarnings && im.warnings != nil {
		return badRequest("Warnings found during import:\n\t%s", strings.Join(im.warnings, "\n\t"))
	}
	a.Warnings, a.ImportInfo = im.warnings, nil
	s.apis.Put(tx, *a.ApiId, *a)
	return nil
}

// describe takes what a definition says of the API as a whole.
func (im *importing) describe() {
	a, d := im.api, im.d
	a.Name, a.Version, a.Description = &d.Info.Title, orNil(&d.Info.Version), orNil(&d.Info.Description)
	a.CorsConfiguration = nil
	if c := d.CORS; c != nil {
		a.CorsConfiguration = &types.Cors{
			AllowCredentials: c.AllowCredentials, AllowHeaders: c.AllowHeaders, AllowMethods: c.AllowMethods,
			AllowOrigins: c.AllowOrigins, ExposeHeaders: c.ExposeHeaders, MaxAge: c.MaxAge,
		}
	}
	if d.Endpoint != nil {
		set(&a.DisableExecuteApiEndpoint, d.Endpoint.Disable)
	}
	a.Tags = nonNil(maps.Clone(a.Tags))
	for _, t := range d.Tags {
		if t.Value != nil {
			a.Tags[t.Name] = *t.Value
		}
	}
}

// schemes makes the authorizers.
func (im *importing) schemes() error {
	for _, name := range slices.Sorted(maps.Keys(im.d.Components.Schemes)) {
		sc := im.d.Components.Schemes[name]
		if sc.Authorizer == nil {
			continue
		}
		v := sc.Authorizer.aws(name)
		if err := im.putNewAuthorizer(im.tx, *im.api, &v); err != nil {
			return err
		}
		im.authorizers[name] = *v.AuthorizerId
	}
	return nil
}

// anyMethod stands for all methods of a path.
const anyMethod = "x-amazon-apigateway-any-method"

// operation makes the route and the integration of an operation.
func (im *importing) operation(path, method string) error {
	routeMethod := strings.ToUpper(method)
	if method == anyMethod {
		routeMethod = "ANY"
	}
	if !slices.Contains(routekey.Methods, routeMethod) {
		return nil // parameters, descriptions and the like
	}
	var op operation
	if err := json.Unmarshal(im.d.Paths[path][method], &op); err != nil {
		return badRequest("Unable to parse API definition because of a malformed OpenAPI 3 document: %s %s: %s", method, path, err)
	}
	key := routeMethod + " " + im.prefix + path
	if path == "/"+routekey.Default {
		key = routekey.Default
	}
	r := types.Route{
		ApiKeyRequired: ptr(false), AuthorizationType: types.AuthorizationTypeNone, RouteKey: &key, OperationName: orNil(&op.ID),
	}
	security := op.Security
	if security == nil {
		security = im.d.Security
	}
	if err := im.secure(&r, security); err != nil {
		return err
	}
	ext, err := im.d.resolve(op.Integration)
	if err != nil {
		return err
	}
	if ext == nil {
		im.warnings = append(im.warnings, "The operation "+key+" has no integration")
		return im.putNewRoute(im.tx, *im.api, &r)
	}
	id, ok := im.shared[ext]
	if !ok {
		i, err := ext.aws()
		if err != nil {
			return err
		}
		if err := im.putNewIntegration(im.tx, *im.api, &i); err != nil {
			return err
		}
		id = *i.IntegrationId
		im.shared[ext] = id
	}
	r.Target = ptr(targetPrefix + id)
	return im.putNewRoute(im.tx, *im.api, &r)
}

// secure sets who may call a route.
func (im *importing) secure(r *types.Route, security []map[string][]string) error {
	for _, requirement := range security {
		for name, scopes := range requirement {
			sc, ok := im.d.Components.Schemes[name]
			switch {
			case !ok:
				return badRequest("The security scheme %s is not defined", name)
			case sc.AuthType == "awsSigv4":
				r.AuthorizationType = types.AuthorizationTypeAwsIam
			case sc.Authorizer == nil:
				im.warnings = append(im.warnings, "The security scheme "+name+" has no authorizer and is ignored")
			default:
				r.AuthorizationType, r.AuthorizerId = types.AuthorizationTypeCustom, ptr(im.authorizers[name])
				if strings.EqualFold(sc.Authorizer.Type, "jwt") {
					r.AuthorizationType, r.AuthorizationScopes = types.AuthorizationTypeJwt, scopes
				}
			}
		}
	}
	return nil
}

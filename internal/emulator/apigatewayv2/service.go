// Package apigatewayv2 is the control plane of HTTP APIs: APIs, routes,
// integrations, stages and deployments. It fills the snapshots that
// emulator/gateway serves; it must not know how requests are served, nor Lambda.
// WebSocket APIs, authorizers, models, custom domains, VPC links, OpenAPI imports
// and portals are not emulated.
package apigatewayv2

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/schemas"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// A Service is API Gateway's control plane.
type Service struct {
	env *env.Env

	apis         *store.Set[api]               // by id, which is unique over all scopes
	routes       *store.Set[types.Route]       // by API id and route id
	integrations *store.Set[types.Integration] // by API id and integration id
	stages       *store.Set[types.Stage]       // by API id and name
	deployments  *store.Set[deployment]        // by API id and deployment id

	served sync.Map // deployment id -> []gateway.Route, parsed once
}

// api is one API and where it is.
type api struct {
	Scope env.Scope
	types.Api
}

// New returns the service over the environment's store.
func New(e *env.Env) (*Service, error) {
	s := &Service{env: e}
	var errs [5]error
	s.apis, errs[0] = store.NewSet[api](e.Store, "apigatewayv2.api")
	s.routes, errs[1] = store.NewSet[types.Route](e.Store, "apigatewayv2.route")
	s.integrations, errs[2] = store.NewSet[types.Integration](e.Store, "apigatewayv2.integration")
	s.stages, errs[3] = store.NewSet[types.Stage](e.Store, "apigatewayv2.stage")
	s.deployments, errs[4] = store.NewSet[deployment](e.Store, "apigatewayv2.deployment")
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("opening API Gateway's sets: %w", err)
	}
	return s, nil
}

// Wire lists what the service serves.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:     "apigateway",
		Protocol: wire.RESTJSON,
		Schema:   schemas.ApiGatewayV2,
		Operations: []wire.Operation{
			wire.Op(schemas.CreateApi, s.CreateApi, wire.Refuse("CredentialsArn", "DisableSchemaValidation")),
			wire.Op(schemas.CreateDeployment, s.CreateDeployment),
			wire.Op(schemas.CreateIntegration, s.CreateIntegration, refusedOfIntegrations),
			wire.Op(schemas.CreateRoute, s.CreateRoute, refusedOfRoutes),
			wire.Op(schemas.CreateStage, s.CreateStage, refusedOfStages),
			wire.Op(schemas.DeleteApi, s.DeleteApi),
			wire.Op(schemas.DeleteCorsConfiguration, s.DeleteCorsConfiguration),
			wire.Op(schemas.DeleteDeployment, s.DeleteDeployment),
			wire.Op(schemas.DeleteIntegration, s.DeleteIntegration),
			wire.Op(schemas.DeleteRoute, s.DeleteRoute),
			wire.Op(schemas.DeleteRouteSettings, s.DeleteRouteSettings),
			wire.Op(schemas.DeleteStage, s.DeleteStage),
			wire.Op(schemas.GetApi, s.GetApi),
			wire.Op(schemas.GetApis, s.GetApis),
			wire.Op(schemas.GetDeployment, s.GetDeployment),
			wire.Op(schemas.GetDeployments, s.GetDeployments),
			wire.Op(schemas.GetIntegration, s.GetIntegration),
			wire.Op(schemas.GetIntegrations, s.GetIntegrations),
			wire.Op(schemas.GetRoute, s.GetRoute),
			wire.Op(schemas.GetRoutes, s.GetRoutes),
			wire.Op(schemas.GetStage, s.GetStage),
			wire.Op(schemas.GetStages, s.GetStages),
			wire.Op(schemas.GetTags, s.GetTags),
			wire.Op(schemas.TagResource, s.TagResource),
			wire.Op(schemas.UntagResource, s.UntagResource),
			wire.Op(schemas.UpdateApi, s.UpdateApi, wire.Refuse("CredentialsArn", "DisableSchemaValidation", "RouteKey", "Target")),
			wire.Op(schemas.UpdateDeployment, s.UpdateDeployment),
			wire.Op(schemas.UpdateIntegration, s.UpdateIntegration, refusedOfIntegrations),
			wire.Op(schemas.UpdateRoute, s.UpdateRoute, refusedOfRoutes),
			wire.Op(schemas.UpdateStage, s.UpdateStage, refusedOfStages),
		},
	}
}

var (
	refusedOfIntegrations = wire.Refuse("ConnectionId", "ContentHandlingStrategy", "CredentialsArn", "IntegrationSubtype",
		"RequestParameters", "RequestTemplates", "ResponseParameters", "TemplateSelectionExpression", "TlsConfig")
	refusedOfRoutes = wire.Refuse("AuthorizationScopes", "AuthorizerId", "ModelSelectionExpression",
		"RequestModels", "RequestParameters", "RouteResponseSelectionExpression")
	refusedOfStages = wire.Refuse("AccessLogSettings", "ClientCertificateId")
)

// key is the store's key of a part of an API; with an empty name, the prefix of all.
func key(apiID, name string) string { return apiID + "\x00" + name }

// find returns the API of that id in the context's scope.
func (s *Service) find(ctx context.Context, tx *store.Tx, id *string) (api, error) {
	scope := env.ScopeOf(ctx)
	a, ok := s.apis.Get(tx, value(id))
	if !ok || a.Scope != scope {
		return api{}, notFound("Api", "Invalid API identifier specified %s:%s", scope.Account, value(id))
	}
	return a, nil
}

// view calls f with the API of that id.
func (s *Service) view(ctx context.Context, id *string, f func(tx *store.Tx, a api) error) error {
	return s.env.Store.View(func(tx *store.Tx) error {
		a, err := s.find(ctx, tx, id)
		if err != nil {
			return err
		}
		return f(tx, a)
	})
}

// update calls f with the API of that id, within one commit.
func (s *Service) update(ctx context.Context, id *string, f func(tx *store.Tx, a api) error) error {
	return s.env.Store.Update(func(tx *store.Tx) error {
		a, err := s.find(ctx, tx, id)
		if err != nil {
			return err
		}
		return f(tx, a)
	})
}

// change is update for what a deployment holds: stages that deploy automatically
// get a new deployment in the same commit.
func (s *Service) change(ctx context.Context, id *string, f func(tx *store.Tx, a api) error) error {
	return s.update(ctx, id, func(tx *store.Tx, a api) error {
		if err := f(tx, a); err != nil {
			return err
		}
		return s.autoDeploy(tx, value(id))
	})
}

// now is the time as API Gateway keeps it: in whole seconds.
func (s *Service) now() time.Time { return s.env.Clock.Now().UTC().Truncate(time.Second) }

// page returns the values of an API's part in a set, from the token on: at most
// maxResults, or all of them when it is absent.
func page[T any](tx *store.Tx, set *store.Set[T], prefix string, keep func(T) bool, maxResults, token *string) (items []T, next *string, err error) {
	limit := 0
	if maxResults != nil {
		if limit, err = strconv.Atoi(*maxResults); err != nil || limit < 1 {
			return nil, nil, badRequest("Invalid maxResults value specified")
		}
	}
	start := prefix
	if token != nil {
		raw, err := base64.RawURLEncoding.DecodeString(*token)
		if err != nil || !strings.HasPrefix(string(raw), prefix) {
			return nil, nil, badRequest("Invalid nextToken value specified")
		}
		start = string(raw)
	}
	items = []T{}
	for k, v := range set.From(tx, start) {
		if !strings.HasPrefix(k, prefix) {
			break
		}
		if keep != nil && !keep(v) {
			continue
		}
		if limit > 0 && len(items) == limit {
			encoded := base64.RawURLEncoding.EncodeToString([]byte(k))
			return items, &encoded, nil
		}
		items = append(items, v)
	}
	return items, nil, nil
}

// as returns an output that has the members of v; AWS's outputs repeat the
// members of the thing that they return.
func as[Out any](v any) *Out {
	out := new(Out)
	to, from := reflect.ValueOf(out).Elem(), reflect.ValueOf(v)
	for i := range from.NumField() {
		f := from.Type().Field(i)
		if target := to.FieldByName(f.Name); f.IsExported() && target.IsValid() {
			target.Set(from.Field(i))
		}
	}
	return out
}

// newID returns n random lower-case letters and digits, a letter first.
func newID(n int) string {
	const letters, all = "abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxyz0123456789"
	b := make([]byte, n)
	_, _ = rand.Read(b) // crypto/rand never fails
	for i := range b {
		set := all
		if i == 0 {
			set = letters
		}
		b[i] = set[int(b[i])%len(set)]
	}
	return string(b)
}

// value is *p, or the zero value where p is nil.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// orNil is nil for an empty text: AWS leaves out what was emptied.
func orNil(p *string) *string {
	if value(p) == "" {
		return nil
	}
	return p
}

func notFound(resource, format string, args ...any) error {
	return &types.NotFoundException{Message: message(format, args), ResourceType: &resource}
}

func badRequest(format string, args ...any) error {
	return &types.BadRequestException{Message: message(format, args)}
}

func conflict(format string, args ...any) error {
	return &types.ConflictException{Message: message(format, args)}
}

func message(format string, args []any) *string {
	m := fmt.Sprintf(format, args...)
	return &m
}

// Package apigatewayv2 is the control plane of HTTP and WebSocket APIs: APIs, routes,
// integrations, authorizers, models, stages, deployments, domain names and what hangs
// on them. It fills the snapshots that emulator/gateway serves; it must not know how
// requests are served, nor Lambda. Portals, which show REST APIs, are not emulated.
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

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// A Service is API Gateway's control plane.
type Service struct {
	env *env.Env

	apis *store.Set[api] // by id, which is unique over all scopes
	// revisions count the changes of each API, by its id.
	revisions *store.Set[int]

	authorizers          parts[types.Authorizer]
	deployments          parts[deployment]
	integrations         parts[types.Integration]
	integrationResponses parts[types.IntegrationResponse] // of "API id NUL integration id"
	models               parts[types.Model]
	routes               parts[types.Route]
	routeResponses       parts[types.RouteResponse] // of "API id NUL route id"
	stages               parts[stage]               // by name

	domains  *store.Set[domain]        // by name, which is unique over all scopes
	mappings parts[types.ApiMapping]   // of domains
	rules    parts[types.RoutingRule]  // of domains
	links    *store.Set[types.VpcLink] // by scope and id

	served sync.Map // API id -> *served
}

// api is one API and where it is.
type api struct {
	Scope env.Scope
	types.Api
}

// New returns the service over the environment's store.
func New(e *env.Env) (*Service, error) {
	s := &Service{env: e}
	var errs [13]error
	s.apis, errs[0] = store.NewSet[api](e.Store, "apigatewayv2.api")
	s.revisions, errs[1] = store.NewSet[int](e.Store, "apigatewayv2.revision")
	s.authorizers, errs[2] = newParts[types.Authorizer](e, "Authorizer")
	s.deployments, errs[3] = newParts[deployment](e, "Deployment")
	s.integrations, errs[4] = newParts[types.Integration](e, "Integration")
	s.integrationResponses, errs[5] = newParts[types.IntegrationResponse](e, "IntegrationResponse")
	s.models, errs[6] = newParts[types.Model](e, "Model")
	s.routes, errs[7] = newParts[types.Route](e, "Route")
	s.routeResponses, errs[8] = newParts[types.RouteResponse](e, "RouteResponse")
	s.stages, errs[9] = newParts[stage](e, "Stage")
	s.domains, errs[10] = store.NewSet[domain](e.Store, "apigatewayv2.domain")
	s.mappings, errs[11] = newParts[types.ApiMapping](e, "ApiMapping")
	s.rules, errs[12] = newParts[types.RoutingRule](e, "RoutingRule")
	links, err := store.NewSet[types.VpcLink](e.Store, "apigatewayv2.vpclink")
	if err := errors.Join(append(errs[:], err)...); err != nil {
		return nil, fmt.Errorf("opening API Gateway's sets: %w", err)
	}
	s.links = links
	s.revisions.Uncounted()
	return s, nil
}

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
		if err := f(tx, a); err != nil {
			return err
		}
		s.touch(tx, *a.ApiId)
		return nil
	})
}

// touch says that an API is served otherwise than before.
func (s *Service) touch(tx *store.Tx, apiID string) {
	n, _ := s.revisions.Get(tx, apiID)
	s.revisions.Put(tx, apiID, n+1)
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

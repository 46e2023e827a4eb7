package apigatewayv2

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/cors"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway/routekey"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// HasStage reports whether a WebSocket API of the context's scope has a stage. HTTP APIs
// know neither API keys nor usage plans.
func (s *Service) HasStage(ctx context.Context, apiID, stage string) (has bool) {
	_ = s.env.Store.View(func(tx *store.Tx) error { // the function below never fails
		a, err := s.find(ctx, tx, &apiID)
		_, has = s.stages.Get(tx, key(apiID, stage))
		has = has && err == nil && a.ProtocolType == types.ProtocolTypeWebsocket
		return nil
	})
	return has
}

// served is the snapshot of an API as of a revision.
type served struct {
	revision int
	api      *gateway.API
}

// API is the snapshot of an API that the gateway serves; it is made once for each
// revision of the API. It implements [gateway.Source].
func (s *Service) API(id string) (*gateway.API, bool) {
	var snapshot *gateway.API
	_ = s.env.Store.View(func(tx *store.Tx) error { // the function below never fails
		revision, ok := s.revisions.Get(tx, id)
		if !ok {
			return nil
		}
		if v, ok := s.served.Load(id); ok && v.(*served).revision == revision {
			snapshot = v.(*served).api
			return nil
		}
		a, ok := s.apis.Get(tx, id)
		if !ok {
			return nil
		}
		snapshot = s.snapshot(tx, a)
		s.served.Store(id, &served{revision, snapshot})
		return nil
	})
	return snapshot, snapshot != nil
}

func (s *Service) snapshot(tx *store.Tx, a api) *gateway.API {
	out := &gateway.API{
		ID: *a.ApiId, Scope: a.Scope,
		Closed:    value(a.DisableExecuteApiEndpoint),
		WebSocket: a.ProtocolType == types.ProtocolTypeWebsocket,
		Stages:    map[string]*gateway.Stage{},
	}
	for _, st := range s.stages.Prefix(tx, key(out.ID, "")) {
		d, ok := s.deployments.Get(tx, key(out.ID, value(st.DeploymentId)))
		if !ok {
			continue // nothing is deployed there
		}
		stage := &gateway.Stage{
			Name:      *st.StageName,
			Variables: st.StageVariables,
			CORS:      corsOf(d.Cors),
			Keys:      d.APIKeySelection,
			Limits:    limitsOf(st.Stage),
			Log:       logOf(st.AccessLogSettings),
			Resets:    st.Resets,
		}
		if err := s.fill(stage, d, out.WebSocket); err != nil {
			s.env.Log.Error("a deployment cannot be served", "api", out.ID, "stage", stage.Name, "error", err)
			continue // the control plane lets nothing of that kind in
		}
		out.Stages[stage.Name] = stage
	}
	return out
}

// fill sets the routes of a stage.
func (s *Service) fill(stage *gateway.Stage, d deployment, websocket bool) error {
	authorizers := map[string]*gateway.Authorizer{}
	for id, v := range d.Authorizers {
		a, err := authorizerOf(v, websocket)
		if err != nil {
			return err
		}
		authorizers[id] = a
	}
	integrations := map[string]*gateway.Integration{}
	for id, v := range d.Integrations {
		i, err := integrationOf(v, websocket)
		if err != nil {
			return err
		}
		for _, r := range d.IntegrationResponses[id] {
			response, err := gateway.ParseResponse(*r.IntegrationResponseKey, value(r.TemplateSelectionExpression), r.ResponseTemplates)
			if err != nil {
				return err
			}
			i.Responses = append(i.Responses, response)
		}
		integrations[id] = i
	}
	if websocket {
		selection, err := gateway.ParseSelection(d.RouteSelection)
		if err != nil {
			return err
		}
		stage.Selection, stage.Messages = selection, map[string]*gateway.Route{}
	}
	for _, r := range d.Routes {
		route := &gateway.Route{
			Key:         *r.RouteKey,
			Operation:   value(r.OperationName),
			Integration: integrations[strings.TrimPrefix(value(r.Target), targetPrefix)],
			IAM:         r.AuthorizationType == types.AuthorizationTypeAwsIam,
			Authorizer:  authorizers[value(r.AuthorizerId)],
			Scopes:      r.AuthorizationScopes,
			APIKey:      value(r.ApiKeyRequired),
			Responds:    r.RouteResponseSelectionExpression != nil && d.RoutesWithResponses[*r.RouteId],
		}
		if websocket {
			for _, name := range slices.Sorted(maps.Keys(r.RequestParameters)) {
				if !value(r.RequestParameters[name].Required) {
					continue
				}
				if err := route.Require(name); err != nil {
					return err
				}
			}
			stage.Messages[route.Key] = route
			continue
		}
		k, err := routekey.Parse(route.Key)
		if err != nil {
			return err
		}
		route.Path = k.Path
		stage.Routes.Add(k, route)
	}
	return nil
}

// integrationOf is an integration as it is served. Its errors say what of it cannot be
// carried out.
func integrationOf(i types.Integration, websocket bool) (*gateway.Integration, error) {
	out := &gateway.Integration{
		Role:    value(i.CredentialsArn),
		Format:  *i.PayloadFormatVersion,
		Timeout: time.Duration(value(i.TimeoutInMillis)) * time.Millisecond,
		Proxy:   i.IntegrationType == types.IntegrationTypeAwsProxy || i.IntegrationType == types.IntegrationTypeHttpProxy,
	}
	switch i.IntegrationType {
	case types.IntegrationTypeAwsProxy, types.IntegrationTypeAws:
		service, ok := actionOf(value(i.IntegrationUri))
		if ok {
			out.Service = service
			break
		}
		if i.IntegrationSubtype == nil {
			out.Function, _ = functionOf(value(i.IntegrationUri))
		}
	case types.IntegrationTypeHttp, types.IntegrationTypeHttpProxy:
		out.URL, out.Method = *i.IntegrationUri, *i.IntegrationMethod
	}
	var err error
	switch {
	case websocket:
		if out.Request, err = gateway.ParseWebSocketRequest(i.RequestParameters); err != nil {
			return nil, err
		}
		if out.Request != nil && out.URL == "" {
			return nil, fmt.Errorf("the emulator does not implement RequestParameters of %s integrations of WebSocket APIs", i.IntegrationType)
		}
		out.Templates, err = gateway.ParseTemplates(value(i.TemplateSelectionExpression), i.RequestTemplates, string(i.PassthroughBehavior))
		return out, err
	case i.IntegrationSubtype != nil:
		if out.Service, out.Request, err = gateway.ParseService(*i.IntegrationSubtype, i.RequestParameters); err != nil {
			return nil, err
		}
	default:
		if out.Request, err = gateway.ParseRequest(i.RequestParameters); err != nil {
			return nil, err
		}
	}
	out.Response, err = gateway.ParseResponses(i.ResponseParameters)
	return out, err
}

func authorizerOf(v types.Authorizer, websocket bool) (*gateway.Authorizer, error) {
	a := &gateway.Authorizer{
		ID:     *v.AuthorizerId,
		Role:   value(v.AuthorizerCredentialsArn),
		Format: value(v.AuthorizerPayloadFormatVersion),
		Simple: value(v.EnableSimpleResponses),
		Keep:   time.Duration(value(v.AuthorizerResultTtlInSeconds)) * time.Second,
	}
	if v.AuthorizerUri != nil {
		a.Function, _ = functionOf(*v.AuthorizerUri)
	}
	if c := v.JwtConfiguration; c != nil {
		a.Issuer, a.Audience = *c.Issuer, c.Audience
	}
	return a, a.ParseSources(v.IdentitySource, websocket)
}

func corsOf(c *types.Cors) *cors.Config {
	if c == nil {
		return nil
	}
	return &cors.Config{
		AllowCredentials: value(c.AllowCredentials),
		AllowHeaders:     c.AllowHeaders,
		AllowMethods:     c.AllowMethods,
		AllowOrigins:     c.AllowOrigins,
		ExposeHeaders:    c.ExposeHeaders,
		MaxAge:           c.MaxAge,
	}
}

func logOf(l *types.AccessLogSettings) *gateway.AccessLog {
	if l == nil {
		return nil
	}
	parts := strings.Split(*l.DestinationArn, ":") // completeLog lets no other in
	return &gateway.AccessLog{Scope: env.Scope{Region: parts[3], Account: parts[4]}, Group: parts[6], Format: *l.Format}
}

// The limits of an account, which hold where a stage names only one of the two.
const (
	accountBurst = 5000
	accountRate  = 10000
)

func limitsOf(st types.Stage) map[string]gateway.Limit {
	limits := map[string]gateway.Limit{}
	add := func(routeKey string, r types.RouteSettings) {
		if r.ThrottlingBurstLimit == nil && r.ThrottlingRateLimit == nil {
			return
		}
		limits[routeKey] = gateway.Limit{Burst: or(r.ThrottlingBurstLimit, accountBurst), Rate: or(r.ThrottlingRateLimit, accountRate)}
	}
	add("", value(st.DefaultRouteSettings))
	for routeKey, r := range st.RouteSettings {
		add(routeKey, r)
	}
	return limits
}

// Domain is a domain name as the gateway serves it. It implements [gateway.Source].
func (s *Service) Domain(name string) (*gateway.Domain, bool) {
	var out *gateway.Domain
	_ = s.env.Store.View(func(tx *store.Tx) error { // the function below never fails
		d, ok := s.domains.Get(tx, name)
		if !ok {
			return nil
		}
		out = &gateway.Domain{Name: name}
		if d.RoutingMode != types.RoutingModeApiMappingOnly {
			out.Rules = rulesOf(s.rules.all(tx, name))
		}
		if d.RoutingMode == types.RoutingModeRoutingRuleOnly {
			return nil
		}
		for _, m := range s.mappings.all(tx, name) {
			out.Mappings = append(out.Mappings, gateway.Mapped{Key: *m.ApiMappingKey, API: *m.ApiId, Stage: *m.Stage})
		}
		return nil
	})
	return out, out != nil
}

func rulesOf(rules []types.RoutingRule) []gateway.Rule {
	slices.SortFunc(rules, func(a, b types.RoutingRule) int { return cmp.Compare(*a.Priority, *b.Priority) })
	var out []gateway.Rule
	for _, r := range rules {
		to := r.Actions[0].InvokeApi
		rule := gateway.Rule{API: *to.ApiId, Stage: *to.Stage, Strip: value(to.StripBasePath)}
		for _, c := range r.Conditions {
			if c.MatchBasePaths != nil {
				rule.Paths = c.MatchBasePaths.AnyOf
				continue
			}
			var any []gateway.HeaderCondition
			for _, h := range c.MatchHeaders.AnyOf {
				any = append(any, gateway.HeaderCondition{Name: *h.Header, Glob: *h.ValueGlob})
			}
			rule.Headers = append(rule.Headers, any)
		}
		out = append(out, rule)
	}
	return out
}

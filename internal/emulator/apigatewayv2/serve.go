package apigatewayv2

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/cors"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway/routekey"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// API is the snapshot of an API that the gateway serves. It implements
// [gateway.Source].
func (s *Service) API(id string) (*gateway.API, bool) {
	var snapshot *gateway.API
	_ = s.env.Store.View(func(tx *store.Tx) error { // the function below never fails
		a, ok := s.apis.Get(tx, id)
		if !ok {
			return nil
		}
		snapshot = &gateway.API{
			ID: id, Scope: a.Scope,
			Closed: value(a.DisableExecuteApiEndpoint),
			Stages: map[string]gateway.Stage{},
		}
		for _, st := range s.stages.Prefix(tx, key(id, "")) {
			d, ok := s.deployments.Get(tx, key(id, value(st.DeploymentId)))
			if !ok {
				continue // nothing is deployed there
			}
			snapshot.Stages[*st.StageName] = gateway.Stage{
				Name:      *st.StageName,
				Variables: st.StageVariables,
				CORS:      corsOf(d.Cors),
				Routes:    s.routesOf(key(id, *d.DeploymentId), d),
				Limits:    limitsOf(st),
			}
		}
		return nil
	})
	return snapshot, snapshot != nil
}

// routesOf parses a deployment's routes once; a deployment never changes. It runs
// within a View and dropDeployment within an Update, which the store keeps apart.
func (s *Service) routesOf(k string, d deployment) []gateway.Route {
	if routes, ok := s.served.Load(k); ok {
		return routes.([]gateway.Route)
	}
	routes := make([]gateway.Route, 0, len(d.Routes))
	for _, r := range d.Routes {
		parsed, err := routekey.Parse(*r.RouteKey)
		if err != nil {
			continue // putRoute lets no such key in
		}
		route := gateway.Route{Key: parsed, Operation: value(r.OperationName)}
		id := strings.TrimPrefix(value(r.Target), targetPrefix)
		if i, ok := d.Integrations[id]; ok {
			route.Integration = integrationOf(i)
		}
		routes = append(routes, route)
	}
	slices.SortFunc(routes, func(a, b gateway.Route) int { return routekey.Compare(a.Key, b.Key) })
	s.served.Store(k, routes)
	return routes
}

func integrationOf(i types.Integration) *gateway.Integration {
	out := &gateway.Integration{
		Format:  *i.PayloadFormatVersion,
		Timeout: time.Duration(*i.TimeoutInMillis) * time.Millisecond,
	}
	if i.IntegrationType == types.IntegrationTypeAwsProxy {
		out.Function, _ = functionOf(*i.IntegrationUri)
	} else {
		out.URL, out.Method = *i.IntegrationUri, *i.IntegrationMethod
	}
	return out
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
		limit := gateway.Limit{Burst: accountBurst, Rate: accountRate}
		if r.ThrottlingBurstLimit != nil {
			limit.Burst = *r.ThrottlingBurstLimit
		}
		if r.ThrottlingRateLimit != nil {
			limit.Rate = *r.ThrottlingRateLimit
		}
		limits[routeKey] = limit
	}
	add("", value(st.DefaultRouteSettings))
	for routeKey, r := range st.RouteSettings {
		add(routeKey, r)
	}
	return limits
}

package api

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/hashicorp/terraform-plugin-framework/path"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway/routekey"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// Route is the type serverless_route: which requests of an API go where, with the
// integration and the permission that this takes.
var Route = tf.Type[*Clients, route]{
	Name:   "route",
	Import: []string{"api", "id"},
	ARN:    "apigateway:/apis/{api}/routes/{id}",
	Label:  "route",
	Alone: [][]string{
		{"function", "integration_id"}, {"http", "integration_id"}, {"service", "integration_id"}, {"mock", "integration_id"},
		{"integration_id", "timeout", "payload_version", "request_parameters", "response_parameters"},
	},
	Within:   []string{"api"},
	Replace:  []string{"api"},
	Gone:     tf.Gone[*types.NotFoundException]("GetRoute", "GetRoutes", "DeleteRoute"),
	Schema:   routeSchema,
	Changes:  map[string][]string{"permission_id": {"function"}},
	Filled:   []string{"permission_id"},
	Validate: validateRoute,
	Plan:     planRoute,
	Find:     standingRoute,
	Create:   createRoute,
	Read:     readRoute,
	Update:   updateRoute,
	Delete:   deleteRoute,
	List:     listRoutes,
	Moves:    map[string]map[string]string{"aws_apigatewayv2_route": {"api": "api_id", "id": "id"}},
}

type (
	// A route is the model of serverless_route.
	route struct {
		tf.Base
		API                tftypes.String                       `tfsdk:"api"`
		Route              tftypes.String                       `tfsdk:"route"`
		Function           tftypes.String                       `tfsdk:"function"`
		HTTP               *httpTarget                          `tfsdk:"http"`
		Service            *serviceTarget                       `tfsdk:"service"`
		Mock               *mockTarget                          `tfsdk:"mock"`
		Authorizer         tftypes.String                       `tfsdk:"authorizer"`
		Auth               tftypes.String                       `tfsdk:"auth"`
		Scopes             []tftypes.String                     `tfsdk:"scopes"`
		APIKey             tftypes.Bool                         `tfsdk:"api_key"`
		Answers            tftypes.Bool                         `tfsdk:"answers"`
		Operation          tftypes.String                       `tfsdk:"operation_name"`
		Timeout            tftypes.Int64                        `tfsdk:"timeout"`
		PayloadVersion     tftypes.String                       `tfsdk:"payload_version"`
		RequestParameters  map[string]tftypes.String            `tfsdk:"request_parameters"`
		ResponseParameters map[string]map[string]tftypes.String `tfsdk:"response_parameters"`
		Throttle           *throttle                            `tfsdk:"throttle"`
		IntegrationID      tftypes.String                       `tfsdk:"integration_id"`
		PermissionID       tftypes.String                       `tfsdk:"permission_id"`

		// now says that it was just written: the object itself must be read, and not
		// what its siblings were told of it.
		now bool `tfsdk:"-"`
		// freed says that its limit was just taken away, which reads have to show.
		freed bool `tfsdk:"-"`
	}
	// An httpTarget is a server that requests are passed on to.
	httpTarget struct {
		URL        tftypes.String `tfsdk:"url"`
		Method     tftypes.String `tfsdk:"method"`
		VPCLink    tftypes.String `tfsdk:"vpc_link"`
		ServerName tftypes.String `tfsdk:"server_name"`
	}
	// A serviceTarget is an operation of another service of AWS.
	serviceTarget struct {
		Action  tftypes.String            `tfsdk:"action"`
		Params  map[string]tftypes.String `tfsdk:"params"`
		RoleARN tftypes.String            `tfsdk:"role_arn"`
	}
)

// owned reports whether the route has an integration of its own.
func (m *route) owned() bool { return m.kind() != "" }

// kind names the target that the route's own integration leads to; empty if it has
// none of its own.
func (m *route) kind() string {
	switch {
	case !m.Function.IsNull():
		return "function"
	case m.HTTP != nil:
		return "http"
	case m.Service != nil:
		return "service"
	case m.Mock != nil:
		return "mock"
	}
	return ""
}

// inPlace reports whether an integration of prior's becomes one of m's by a change:
// that of a service has a subtype, which stays for its life, and AWS refuses to
// remove one of its parameters; a mock has responses of its own.
func (m *route) inPlace(prior *route) bool {
	if !m.owned() || !prior.owned() || prior.IntegrationID.IsNull() || (m.Service == nil) != (prior.Service == nil) || (m.Mock == nil) != (prior.Mock == nil) {
		return false
	}
	if m.Service != nil {
		for name := range prior.Service.Params {
			if _, stays := m.Service.Params[name]; !stays {
				return false
			}
		}
	}
	return true
}

// targets are the arguments that say where requests go.
var targets = []string{"function", "http", "service", "mock", "integration_id"}

func validateRoute(_ context.Context, v *tf.Check, m *route) {
	if key := m.Route.ValueString(); forHTTP(key) {
		if _, err := routekey.Parse(key); err != nil {
			v.Error(path.Root("route"), "Bad route", fmt.Sprintf("%q is no route: %v.", key, err))
		}
	} else if v.Known("route") && key == "" {
		v.Error(path.Root("route"), "Bad route", `route is empty. Write a method and a path such as "GET /notes/{id}", or "$default", or for a WebSocket API the name that its messages have.`)
	}
	given, decided := []string{}, true
	for _, name := range targets {
		decided = decided && v.Decided(name)
	}
	for name, there := range map[string]bool{"function": !m.Function.IsNull(), "http": m.HTTP != nil, "service": m.Service != nil, "mock": m.Mock != nil, "integration_id": !m.IntegrationID.IsNull()} {
		if there {
			given = append(given, name)
		}
	}
	if decided && len(given) != 1 {
		v.Error(path.Root("route"), "Where do the requests go?", "Give exactly one of "+strings.Join(targets, ", ")+"; the route has "+fmt.Sprint(len(given))+" of them.")
	}
	if v.Decided("authorizer") && v.Decided("auth") && !m.Authorizer.IsNull() && !m.Auth.IsNull() {
		v.Error(path.Root("auth"), "Who is let in?", "Give authorizer or auth, and not both.")
	}
	if v.Decided("authorizer") && v.Decided("scopes") && m.Scopes != nil && m.Authorizer.IsNull() {
		v.Error(path.Root("scopes"), "Scopes without an authorizer", "scopes are what a token must grant, and without an authorizer no token is looked at. Add authorizer, or remove scopes.")
	}
	validateMapping(v, m)
	if forHTTP(m.Route.ValueString()) {
		for name, given := range map[string]bool{"api_key": m.APIKey.ValueBool(), "answers": m.Answers.ValueBool(), "mock": m.Mock != nil} {
			if given {
				v.Error(path.Root(name), "An attribute of WebSocket APIs", name+" is for routes of WebSocket APIs, and only an HTTP API has the route "+m.Route.ValueString()+". Remove it.")
			}
		}
	}
	if m.Answers.ValueBool() && m.Route.ValueString() == "$disconnect" {
		v.Error(path.Root("answers"), "Nobody to answer to", "Whoever disconnects gets no answer. Remove answers.")
	}
}

// validateMapping refuses what goes with other targets.
func validateMapping(v *tf.Check, m *route) {
	if v.Decided("function") && m.Function.IsNull() && v.Decided("payload_version") && !m.PayloadVersion.IsNull() {
		v.Error(path.Root("payload_version"), "No event", "payload_version is the form of the event that a function gets, and the route has no function. Remove it.")
	}
	if m.Service != nil && m.RequestParameters != nil {
		v.Error(path.Root("request_parameters"), "Two sets of parameters", "What a service gets is in service.params. Put it there.")
	}
	if v.Decided("integration_id") && !m.IntegrationID.IsNull() {
		for name, given := range map[string]bool{"timeout": !m.Timeout.IsNull(), "request_parameters": m.RequestParameters != nil, "response_parameters": m.ResponseParameters != nil} {
			if given {
				v.Error(path.Root(name), "An attribute of the integration", name+" belongs to the integration that integration_id names. Set it there.")
			}
		}
	}
	if h := m.HTTP; h != nil && v.Known("http") && !h.ServerName.IsNull() && h.VPCLink.IsNull() {
		v.Error(path.Root("http").AtName("server_name"), "A name to verify without a link", "http.server_name is verified on the way through a VPC link only. Give vpc_link too, or remove it.")
	}
}

// forHTTP reports whether a route's key can only be one of an HTTP API: those of
// WebSocket APIs are single words.
func forHTTP(key string) bool { return strings.ContainsAny(key, " /") }

// ambiguous reports whether both kinds of APIs have a route of that key.
func ambiguous(key string) bool { return key == routekey.Default }

// planRoute fills in what depends on where the requests go, and shows a permission
// that somebody removed as a change, so that the next apply adds it again.
func planRoute(_ context.Context, p *tf.Plan[route]) error {
	m := p.Planned
	if p.Prior != nil && p.Prior.Route.IsNull() { // it is gone, but not all that came with it
		p.Replace("route")
	}
	if p.Prior != nil && p.Prior.PermissionID.IsNull() && p.Known("function") {
		p.Set("permission_id", tftypes.StringUnknown())
	}
	if p.Known("function") && m.Function.IsNull() {
		p.Set("permission_id", tftypes.StringNull())
	}
	if p.Config.IntegrationID.IsNull() && p.Prior != nil && !m.inPlace(p.Prior) {
		p.Set("integration_id", tftypes.StringUnknown())
	}
	if !p.Known("route") || !p.Known("function") {
		return nil
	}
	key := m.Route.ValueString()
	if p.Config.PayloadVersion.IsNull() {
		switch {
		case m.Function.IsNull():
			p.Set("payload_version", tftypes.StringNull())
		case !ambiguous(key):
			p.Set("payload_version", tftypes.StringValue(payloadVersion(!forHTTP(key))))
		case p.Prior != nil && p.Prior.Function.IsNull():
			p.Set("payload_version", tftypes.StringUnknown())
		}
	}
	if p.Config.Timeout.IsNull() {
		switch {
		case !p.Config.IntegrationID.IsNull():
			p.Set("timeout", tftypes.Int64Null())
		case !ambiguous(key):
			p.Set("timeout", tftypes.Int64Value(longest(!forHTTP(key))))
		case p.Prior != nil && !p.Prior.owned():
			p.Set("timeout", tftypes.Int64Unknown())
		}
	}
	return nil
}

// payloadVersion is the default form of events.
func payloadVersion(socket bool) string {
	if socket {
		return "1.0"
	}
	return "2.0"
}

// longest is the longest time that a target may take, in milliseconds.
func longest(socket bool) int64 {
	if socket {
		return 29000
	}
	return 30000
}

package api

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/smithy-go"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// readRoute reads a route. The lists that all routes of the API share may say that
// it is as it was; whatever else they show is asked of the route itself.
func readRoute(ctx context.Context, c *Clients, m *route) error {
	if byKey(m.ID.ValueString()) {
		m.Route = m.ID
		found, err := findRoute(ctx, c, m, forReads)
		if err != nil {
			return err
		}
		if found == nil {
			return &smithy.OperationError{ServiceID: "ApiGatewayV2", OperationName: "GetRoutes", Err: &types.NotFoundException{
				Message: aws.String("The API " + m.API.ValueString() + " has no route " + m.Route.ValueString()),
			}}
		}
		m.ID, m.Route = tftypes.StringPointerValue(found.RouteId), tftypes.StringNull()
	}
	if !m.now && !m.Route.IsNull() {
		was := *m
		there, err := m.among(ctx, c)
		if err != nil || there && reflect.DeepEqual(was, *m) {
			return err
		}
		*m = was
	}
	out, err := c.Gateway.GetRoute(ctx, &apigatewayv2.GetRouteInput{ApiId: m.API.ValueStringPointer(), RouteId: m.ID.ValueStringPointer()})
	if err != nil {
		left, again := m.outlived(ctx, c, err)
		if left && again == nil {
			m.Route, m.Throttle = tftypes.StringNull(), nil
			return nil
		}
		return errors.Join(err, again)
	}
	var r types.Route
	tf.CopyGiven(&r, out)
	var i *types.Integration
	if id, ok := integrationOf(r); ok {
		out, err := c.Gateway.GetIntegration(ctx, &apigatewayv2.GetIntegrationInput{ApiId: m.API.ValueStringPointer(), IntegrationId: &id})
		switch {
		case tf.Is[*types.NotFoundException](err):
		case err != nil:
			return fmt.Errorf("reading the route's integration: %w", err)
		default:
			i = &types.Integration{}
			tf.CopyGiven(i, out)
		}
	}
	return m.fill(ctx, c, r, i, 0)
}

// byKey reports whether an id is a route's key: ids are letters and digits.
func byKey(id string) bool { return strings.ContainsAny(id, " $") }

// integrationOf returns the id of the integration that a route leads to.
func integrationOf(r types.Route) (string, bool) {
	return strings.CutPrefix(aws.ToString(r.Target), "integrations/")
}

// among fills the model from the lists of the API's routes and integrations, and
// reports whether they have it.
func (m *route) among(ctx context.Context, c *Clients) (bool, error) {
	api := m.API.ValueString()
	routes, err := c.routes(ctx, api, forReads)
	if err != nil {
		return false, err
	}
	for _, r := range routes {
		if aws.ToString(r.RouteId) != m.ID.ValueString() {
			continue
		}
		id, _ := integrationOf(r)
		integrations, err := c.integrations(ctx, api, forReads)
		if err != nil {
			return false, err
		}
		for _, i := range integrations {
			if aws.ToString(i.IntegrationId) == id {
				return true, m.fill(ctx, c, r, &i, forReads)
			}
		}
	}
	return false, nil
}

// fill makes the model that of a route and its integration; nil if there is none.
// Lists that it needs beside may be of that age.
func (m *route) fill(ctx context.Context, c *Clients, r types.Route, i *types.Integration, age time.Duration) error {
	// A route that uses an integration of somebody else's has no target of its own
	// in the state; one that is imported has no key there yet.
	shared := !m.Route.IsNull() && !m.owned() && !m.IntegrationID.IsNull()
	m.Route = tftypes.StringPointerValue(r.RouteKey)
	m.Operation = tf.NonEmpty(r.OperationName)
	m.Authorizer, m.Auth = tf.NonEmpty(r.AuthorizerId), tftypes.StringNull()
	if r.AuthorizationType == types.AuthorizationTypeAwsIam {
		m.Auth = tftypes.StringValue("iam")
	}
	m.Scopes = scopesOf(r.AuthorizationScopes, m.Scopes)
	m.APIKey, m.Answers = tftypes.BoolValue(aws.ToBool(r.ApiKeyRequired)), tftypes.BoolValue(aws.ToString(r.RouteResponseSelectionExpression) != "")
	if m.Answers.ValueBool() && !m.now {
		var err error
		if m.Answers, err = readAnswers(ctx, c, m.API.ValueString(), aws.ToString(r.RouteId)); err != nil {
			return err
		}
	}
	m.IntegrationID = tftypes.StringNull()
	if i == nil {
		m.goesElsewhere()
	} else {
		m.IntegrationID = tftypes.StringPointerValue(i.IntegrationId)
		if m.goesElsewhere(); !shared {
			m.goesTo(*i)
		}
	}
	if m.Mock != nil {
		if err := m.Mock.read(ctx, c, m.API.ValueString(), m.IntegrationID.ValueString()); err != nil {
			return err
		}
	}
	if err := m.readThrottle(ctx, c, age); err != nil {
		return err
	}
	abandoned := ""
	if i != nil && m.owned() {
		_, abandoned = left(i.Description)
	}
	remains, err := m.remains(ctx, c)
	switch {
	case err != nil:
		return err
	case remains != "" && m.Function.IsNull():
		m.PermissionID = tftypes.StringValue(remains)
		return nil
	case remains != "":
		abandoned = remains
	}
	m.PermissionID, err = c.readPermission(ctx, m.API.ValueString(), m.Function.ValueString(), abandoned, m.now)
	return err
}

// remains is an integration that a run that was cut off has left of the route, such as
// integrations/abc123; "" for none. While there is one, permission_id is not what it
// should be, which a plan shows.
func (m *route) remains(ctx context.Context, c *Clients) (string, error) {
	if m.now {
		return "", nil
	}
	list, err := c.integrations(ctx, m.API.ValueString(), forReads)
	if err != nil {
		return "", err
	}
	for _, i := range list {
		id := aws.ToString(i.IntegrationId)
		if says, _ := left(i.Description); says != m.mark() || id == m.IntegrationID.ValueString() {
			continue
		}
		routes, err := c.routes(ctx, m.API.ValueString(), forReads)
		if err != nil {
			return "", err
		}
		if !leads(routes, id) {
			return targetOf(id), nil
		}
	}
	return "", nil
}

// readPermission returns the id of the permission to call a function, "" for none.
// While another one is still being left it is not what it should be, which a plan
// shows.
func (c *Clients) readPermission(ctx context.Context, api, function, abandoned string, justNow bool) (tftypes.String, error) {
	switch {
	case function == "" && abandoned != "":
		return permissionID(ctx, api, abandoned), nil
	case function == "" || abandoned != "":
		return tftypes.StringNull(), nil
	}
	there, err := c.permitted(ctx, api, function, justNow)
	if !there {
		return tftypes.StringNull(), err
	}
	return permissionID(ctx, api, function), err
}

// permissionID is that of the permission to call a function; null for none.
func permissionID(ctx context.Context, api, function string) tftypes.String {
	if function == "" {
		return tftypes.StringNull()
	}
	return tftypes.StringValue(permission(ctx, api, function).ID())
}

// scopesOf keeps the order in which scopes were written: AWS keeps none.
func scopesOf(found []string, was []tftypes.String) []tftypes.String {
	if len(found) == 0 {
		return nil
	}
	left := map[string]bool{}
	for _, s := range found {
		left[s] = true
	}
	var all []tftypes.String
	for _, s := range was {
		if left[s.ValueString()] {
			all = append(all, s)
			delete(left, s.ValueString())
		}
	}
	for _, s := range found {
		if left[s] {
			all = append(all, tftypes.StringValue(s))
		}
	}
	return all
}

// readThrottle finds the route's limit. It is null unless all stages agree, which
// a plan shows.
func (m *route) readThrottle(ctx context.Context, c *Clients, age time.Duration) error {
	if m.now && m.Throttle == nil && !m.freed {
		return nil // it never had one
	}
	stages, err := c.stages(ctx, m.API.ValueString(), age)
	if err != nil {
		return err
	}
	was := m.Throttle
	m.Throttle = nil
	for n, s := range stages {
		settings, ok := s.RouteSettings[m.Route.ValueString()]
		if !ok {
			m.Throttle = nil
			return nil
		}
		is := throttleOf(&settings, was)
		if n > 0 && !is.same(m.Throttle) {
			m.Throttle = nil
			return nil
		}
		m.Throttle = is
	}
	return nil
}

// listRoutes lists an API's routes.
func listRoutes(ctx context.Context, c *Clients, in *route, found func(*route) error) error {
	routes, err := c.routes(ctx, in.API.ValueString(), forReads)
	return each(in, routes, err, func(m *route, r types.Route) {
		m.ID, m.Route = tftypes.StringPointerValue(r.RouteId), tftypes.StringPointerValue(r.RouteKey)
	}, found)
}

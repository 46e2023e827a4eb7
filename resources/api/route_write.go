package api

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

func createRoute(ctx context.Context, c *Clients, m *route) error {
	api := m.API.ValueString()
	kind, err := c.protocol(ctx, api)
	if err != nil {
		return err
	}
	m.settle(kind)
	defer lock(api)()
	m.now = true
	own := m.owned()
	if !m.Function.IsNull() {
		err = c.allow(ctx, api, m.Function.ValueString())
	}
	if err == nil && own {
		var id string
		if id, err = ownIntegration(ctx, c, m, kind, ""); err == nil {
			m.IntegrationID = tftypes.StringValue(id)
			err = m.Mock.put(ctx, c, api, id)
		}
	}
	if err == nil {
		err = makeRoute(ctx, c, m)
	}
	if err == nil {
		if err := putAnswers(ctx, c, m, tftypes.BoolValue(false)); err != nil {
			return err
		}
		return putThrottle(ctx, c, m, nil)
	}
	if !own {
		return err
	}
	id := m.IntegrationID.ValueString()
	m.IntegrationID = tftypes.StringUnknown()
	return tf.Undo(ctx, err, func(ctx context.Context) error { // even if somebody else's route is in the way
		if err := deleteIntegration(ctx, c, api, id); err != nil {
			return err
		}
		return c.disallow(ctx, api, m.Function.ValueString())
	})
}

// standingRoute finds the route of the model's key: an API has one of a key. After a
// create that failed, what is known says nothing.
func standingRoute(ctx context.Context, c *Clients, m *route) (bool, map[string]string, error) {
	for _, age := range []time.Duration{forWrites, 0} { // what a list of before has may be gone
		if m.now {
			age = 0
		}
		found, err := findRoute(ctx, c, m, age)
		if err != nil || found == nil {
			return false, nil, err
		}
		m.ID = tftypes.StringPointerValue(found.RouteId)
	}
	return true, nil, nil
}

// settle gives values to what a plan could not know: it depends on the kind of API.
func (m *route) settle(kind types.ProtocolType) {
	socket := kind == types.ProtocolTypeWebsocket
	if m.PayloadVersion.IsUnknown() {
		m.PayloadVersion = tftypes.StringValue(payloadVersion(socket))
	}
	if m.Timeout.IsUnknown() {
		m.Timeout = tftypes.Int64Value(longest(socket))
	}
}

// ownIntegration makes the route's integration and returns its id.
func ownIntegration(ctx context.Context, c *Clients, m *route, kind types.ProtocolType, keep string) (string, error) {
	if err := sweep(ctx, c, m, m.mark(), keep); err != nil {
		return "", err
	}
	return makeIntegration(ctx, c, m.integration(ctx, kind))
}

// changeOwn changes the route's integration in place. One that was imported may be
// that of other routes as well, which must stay as they are.
func changeOwn(ctx context.Context, c *Clients, prior, m *route, kind types.ProtocolType) error {
	api, id := m.API.ValueString(), prior.IntegrationID.ValueString()
	was, is := prior.integration(ctx, kind), m.integration(ctx, kind)
	if reflect.DeepEqual(was, is) {
		return nil
	}
	known, err := c.integrations(ctx, api, forWrites)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(known, func(i types.Integration) bool { return aws.ToString(i.IntegrationId) == id })
	says := ""
	if at >= 0 {
		says, _ = left(known[at].Description)
	}
	if says != aws.ToString(was.Description) { // it has another, which stays
		was.Description, is.Description = &says, &says
		if reflect.DeepEqual(was, is) {
			return nil
		}
		used, err := m.sharing(ctx, c, id)
		if err != nil {
			return err
		}
		if used != "" {
			return &tf.Problem{
				Summary: "The integration is not this route's alone",
				Detail: "The route " + used + " leads to the integration " + id + " as well, and would change too. " +
					"Import the integration as a serverless_integration, and give its id to both routes as integration_id.",
			}
		}
	}
	return changeIntegration(ctx, c, id, was, is)
}

func targetOf(integration string) string { return "integrations/" + integration }

// guard fills in who is let in: it depends on the authorizer's type.
func (m *route) guard(ctx context.Context, c *Clients) (kind types.AuthorizationType, err error) {
	switch {
	case m.Auth.ValueString() == "iam":
		return types.AuthorizationTypeAwsIam, nil
	case m.Authorizer.IsNull():
		return types.AuthorizationTypeNone, nil
	}
	out, err := c.Gateway.GetAuthorizer(ctx, &apigatewayv2.GetAuthorizerInput{ApiId: m.API.ValueStringPointer(), AuthorizerId: m.Authorizer.ValueStringPointer()})
	if err != nil {
		return "", err
	}
	if out.AuthorizerType == types.AuthorizerTypeJwt {
		return types.AuthorizationTypeJwt, nil
	}
	return types.AuthorizationTypeCustom, nil
}

// makeRoute makes the route that leads to the integration.
func makeRoute(ctx context.Context, c *Clients, m *route) error {
	guard, err := m.guard(ctx, c)
	if err != nil {
		return err
	}
	in := &apigatewayv2.CreateRouteInput{
		ApiId: m.API.ValueStringPointer(), RouteKey: m.Route.ValueStringPointer(), Target: aws.String(targetOf(m.IntegrationID.ValueString())),
		OperationName: m.Operation.ValueStringPointer(), AuthorizationScopes: tf.Texts(m.Scopes), AuthorizerId: m.Authorizer.ValueStringPointer(),
	}
	if guard != types.AuthorizationTypeNone {
		in.AuthorizationType = guard
	}
	if m.APIKey.ValueBool() {
		in.ApiKeyRequired = aws.Bool(true)
	}
	list := &c.Siblings.of(m.API.ValueString()).routes
	err = settled(ctx, func(ctx context.Context) error {
		out, err := c.Gateway.CreateRoute(ctx, in)
		if err == nil {
			m.ID = tftypes.StringPointerValue(out.RouteId)
			var made types.Route
			tf.CopyGiven(&made, out)
			list.put(made)
		}
		return err
	})
	if err == nil {
		return nil
	}
	list.forget()
	if !m.owned() {
		return unanswered(err)
	}
	if tf.Refused(err) && !tf.Is[*types.ConflictException](err) {
		return err
	}
	// A route that is there and leads to the integration that was just made is
	// this one: its answer was lost.
	ctx, cancel := tf.Afterwards(ctx)
	defer cancel()
	var found *types.Route
	again := tf.Look(ctx, func(ctx context.Context) (_ bool, err error) {
		found, err = findRoute(ctx, c, m, 0)
		return found != nil, err
	})
	if again != nil || found == nil || aws.ToString(found.Target) != aws.ToString(in.Target) {
		return errors.Join(err, again)
	}
	m.ID = tftypes.StringPointerValue(found.RouteId)
	return nil
}

// findRoute returns the API's route with the model's key, as routes were no longer than
// age ago; nil if there is none.
func findRoute(ctx context.Context, c *Clients, m *route, age time.Duration) (*types.Route, error) {
	routes, err := c.routes(ctx, m.API.ValueString(), age)
	if err != nil {
		return nil, err
	}
	for _, r := range routes {
		if aws.ToString(r.RouteKey) == m.Route.ValueString() {
			return &r, nil
		}
	}
	return nil, nil
}

// updateRoute gives the new function its permission before requests go to it, and
// takes the old one's away after the last has gone there.
func updateRoute(ctx context.Context, c *Clients, prior, m *route) error {
	api := m.API.ValueString()
	kind, err := c.protocol(ctx, api)
	if err != nil {
		return err
	}
	m.settle(kind)
	defer lock(api)()
	m.now, prior.now, m.freed = true, true, prior.Throttle != nil && m.Throttle == nil
	m.PermissionID = permissionID(ctx, api, m.Function.ValueString())
	if !m.Function.IsNull() && (prior.PermissionID.IsNull() || !m.Function.Equal(prior.Function)) {
		if err := c.allow(ctx, api, m.Function.ValueString()); err != nil {
			return err
		}
	}
	if prior.mark() != m.mark() { // nobody looks for the one before, afterwards
		if err := sweep(ctx, c, m, prior.mark(), prior.IntegrationID.ValueString()); err != nil {
			return err
		}
	}
	switch {
	case m.inPlace(prior):
		if unfinished(prior.Function.ValueString(), prior.PermissionID) {
			if err := arriveAfter(ctx, c, api, prior.IntegrationID.ValueString()); err != nil {
				return err
			}
		}
		if err := changeOwn(ctx, c, prior, m, kind); err != nil {
			return err
		}
		m.IntegrationID = prior.IntegrationID
		if m.Mock != nil && !m.Mock.Body.Equal(prior.Mock.Body) {
			if err := m.Mock.put(ctx, c, api, m.IntegrationID.ValueString()); err != nil {
				return err
			}
		}
	case m.owned():
		id, err := ownIntegration(ctx, c, m, kind, prior.IntegrationID.ValueString())
		if err != nil {
			return err
		}
		m.IntegrationID = tftypes.StringValue(id)
		if err := m.Mock.put(ctx, c, api, id); err != nil {
			return err
		}
	}
	if prior.owned() && !m.IntegrationID.Equal(prior.IntegrationID) {
		if err := m.claim(ctx, c, prior.IntegrationID.ValueString()); err != nil {
			return err
		}
	}
	if err := changeRoute(ctx, c, prior, m); err != nil {
		return err
	}
	if err := putAnswers(ctx, c, m, prior.Answers); err != nil {
		return err
	}
	if err := putThrottle(ctx, c, m, prior); err != nil {
		return err
	}
	return sweep(ctx, c, m, m.mark(), m.IntegrationID.ValueString())
}

func changeRoute(ctx context.Context, c *Clients, prior, m *route) error {
	in := &apigatewayv2.UpdateRouteInput{ApiId: m.API.ValueStringPointer(), RouteId: m.ID.ValueStringPointer()}
	changed := false
	if !m.Route.Equal(prior.Route) {
		in.RouteKey, changed = m.Route.ValueStringPointer(), true
	}
	if !m.IntegrationID.Equal(prior.IntegrationID) {
		in.Target, changed = aws.String(targetOf(m.IntegrationID.ValueString())), true
	}
	if !m.Operation.Equal(prior.Operation) {
		in.OperationName, changed = aws.String(m.Operation.ValueString()), true
	}
	if !m.APIKey.Equal(prior.APIKey) {
		in.ApiKeyRequired, changed = aws.Bool(m.APIKey.ValueBool()), true
	}
	if !m.Authorizer.Equal(prior.Authorizer) || !m.Auth.Equal(prior.Auth) || !reflect.DeepEqual(m.Scopes, prior.Scopes) {
		guard, err := m.guard(ctx, c)
		if err != nil {
			return err
		}
		in.AuthorizationType, in.AuthorizerId = guard, m.Authorizer.ValueStringPointer()
		if m.Authorizer.IsNull() && !prior.Authorizer.IsNull() {
			in.AuthorizerId = aws.String("")
		}
		if in.AuthorizationScopes = tf.Texts(m.Scopes); in.AuthorizationScopes == nil && prior.Scopes != nil {
			in.AuthorizationScopes = []string{}
		}
		changed = true
	}
	if !changed {
		return nil
	}
	return putRoute(ctx, c, in)
}

// putRoute changes a route and keeps what AWS has then.
func putRoute(ctx context.Context, c *Clients, in *apigatewayv2.UpdateRouteInput) error {
	list := &c.Siblings.of(aws.ToString(in.ApiId)).routes
	err := settled(ctx, func(ctx context.Context) error {
		out, err := c.Gateway.UpdateRoute(ctx, in)
		if err == nil {
			var changed types.Route
			tf.CopyGiven(&changed, out)
			list.put(changed)
		}
		return err
	})
	if err != nil {
		list.forget(aws.ToString(in.RouteId))
	}
	return err
}

// putThrottle sets the route's limit on each stage of the API, and takes away that
// of the key that it had before.
func putThrottle(ctx context.Context, c *Clients, m, prior *route) error {
	var was *throttle
	moved := false
	if prior != nil {
		was, moved = prior.Throttle, !prior.Route.Equal(m.Route)
	}
	if was.same(m.Throttle) && (!moved || was == nil) {
		return nil
	}
	api := m.API.ValueString()
	stages, err := c.stages(ctx, api, forWrites)
	if err != nil {
		return err
	}
	defer c.Siblings.of(api).stages.forget()
	for _, s := range stages {
		if was != nil && (moved || m.Throttle == nil) {
			if err := dropSettings(ctx, c, api, aws.ToString(s.StageName), prior.Route.ValueString()); err != nil {
				return err
			}
		}
		if m.Throttle == nil {
			continue
		}
		_, err := c.Gateway.UpdateStage(ctx, &apigatewayv2.UpdateStageInput{
			ApiId: &api, StageName: s.StageName, RouteSettings: map[string]types.RouteSettings{m.Route.ValueString(): m.Throttle.settings()},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// dropSettings removes what a stage says of one route.
func dropSettings(ctx context.Context, c *Clients, api, stage, key string) error {
	_, err := c.Gateway.DeleteRouteSettings(ctx, &apigatewayv2.DeleteRouteSettingsInput{ApiId: &api, StageName: &stage, RouteKey: &key})
	if tf.Is[*types.NotFoundException](err) {
		return nil
	}
	return err
}

package api

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// This file has the end of routes, and of what they lead to.

// deleteRoute removes a route with what came with it. Its integration goes after it,
// because AWS keeps one that a route leads to, and the permission goes last: as long as
// one of them stands, the route is read as one that is not quite gone.
func deleteRoute(ctx context.Context, c *Clients, m *route) error {
	api, id := m.API.ValueString(), m.IntegrationID.ValueString()
	defer lock(api)()
	if !m.Route.IsNull() {
		if err := m.cleared(ctx, c); err != nil {
			return err
		}
		err := settled(ctx, func(ctx context.Context) error {
			_, err := c.Gateway.DeleteRoute(ctx, &apigatewayv2.DeleteRouteInput{ApiId: &api, RouteId: m.ID.ValueStringPointer()})
			return err
		})
		list := &c.Siblings.of(api).routes
		if err != nil && !tf.Is[*types.NotFoundException](err) {
			list.forget(m.ID.ValueString())
			return err
		}
		list.drop(m.ID.ValueString())
	}
	if m.owned() {
		if err := deleteIntegration(ctx, c, api, id); err != nil {
			return err
		}
	}
	return c.disallow(ctx, api, m.Function.ValueString())
}

// cleared removes what only the route tells of, before it goes: its limits, and what
// changes that were cut off have left.
func (m *route) cleared(ctx context.Context, c *Clients) error {
	none := *m
	none.Throttle = nil
	if err := putThrottle(ctx, c, &none, m); err != nil && !tf.Is[*types.NotFoundException](err) {
		return err
	}
	id := m.IntegrationID.ValueString()
	if m.owned() {
		_, function, err := abandoned(ctx, c, m.API.ValueString(), id)
		if err == nil {
			err = c.disallow(ctx, m.API.ValueString(), function)
		}
		if err != nil {
			return err
		}
	}
	return sweep(ctx, c, m, m.mark(), id)
}

// outlived reports whether something that came with a route is still there, as err says
// that the route itself is not: its removal was cut off. Such a route has no key, which a
// plan shows, and whatever removes it removes the rest.
func (m *route) outlived(ctx context.Context, c *Clients, err error) (bool, error) {
	if m.now || !m.owned() || !tf.Is[*types.NotFoundException](err) {
		return false, nil
	}
	api, id := m.API.ValueString(), m.IntegrationID.ValueString()
	integrations, err := c.integrations(ctx, api, forReads)
	if err == nil && contains(integrations, &id) {
		var routes []types.Route
		if routes, err = c.routes(ctx, api, forReads); err == nil && !leads(routes, id) {
			return true, nil
		}
	}
	if err != nil && !tf.Is[*types.NotFoundException](err) { // with the whole API
		return false, err
	}
	return c.outlived(ctx, api, m.Function.ValueString())
}

// sweep removes what the route with that mark leaves behind, or left in runs that were
// cut off: integrations that no route leads to, and the permissions that they needed.
// An integration goes last, so that whoever comes after a cut finds all by it.
func sweep(ctx context.Context, c *Clients, m *route, mark, keep string) error {
	api := m.API.ValueString()
	found, err := c.integrations(ctx, api, forWrites)
	if err != nil {
		if tf.Is[*types.NotFoundException](err) { // with the whole API
			return nil
		}
		return err
	}
	for _, i := range found {
		says, abandoned := left(i.Description)
		id := aws.ToString(i.IntegrationId)
		if says != mark || id == keep {
			continue
		}
		used, err := m.sharing(ctx, c, id)
		if err != nil {
			return err
		}
		if used != "" {
			continue
		}
		for _, function := range []string{functionOf(aws.ToString(i.IntegrationUri)), abandoned} {
			if !callsFunction(function) || function == m.Function.ValueString() {
				continue
			}
			if err := c.disallow(ctx, api, function, id); err != nil {
				return err
			}
		}
		if err := deleteIntegration(ctx, c, api, id); err != nil {
			return err
		}
	}
	return nil
}

// sharing is the key of another route that leads to the integration; "" for none.
func (m *route) sharing(ctx context.Context, c *Clients, integration string) (string, error) {
	routes, err := c.routes(ctx, m.API.ValueString(), 0)
	if err != nil && !tf.Is[*types.NotFoundException](err) { // with the whole API
		return "", err
	}
	for _, r := range routes {
		if aws.ToString(r.Target) == targetOf(integration) && aws.ToString(r.RouteId) != m.ID.ValueString() {
			return aws.ToString(r.RouteKey), nil
		}
	}
	return "", nil
}

// claim marks the integration that the route is about to leave as its own, so that a
// run after this one, should it be cut off, finds it. That of other routes stays theirs.
func (m *route) claim(ctx context.Context, c *Clients, id string) error {
	says, function, err := abandoned(ctx, c, m.API.ValueString(), id)
	if err != nil || says == m.mark() {
		return err
	}
	if used, err := m.sharing(ctx, c, id); err != nil || used != "" {
		return err
	}
	says = m.mark()
	if function != "" {
		says = leaving(says, function)
	}
	err = describe(ctx, c, m.API.ValueString(), id, says)
	if tf.Is[*types.NotFoundException](err) {
		return nil
	}
	return err
}

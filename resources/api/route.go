package api

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/smithy-go"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway/routekey"
	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// Route is the type serverless_route: which requests of an API go to a function,
// with the integration and the permission that this takes.
var Route = tf.Type[*Clients, route]{
	Name:    "route",
	Import:  []string{"api", "id"},
	Replace: []string{"api"},
	Gone:    tf.Gone[*types.NotFoundException]("GetRoute", "GetRoutes", "DeleteRoute"),
	Schema: schema.Schema{
		MarkdownDescription: "Which requests of an API go to a function. The integration between both and the permission to call the function come with it; " +
			"routes of one API to the same function share one permission.",
		Attributes: map[string]schema.Attribute{
			"id":  tf.Computed("The route's id. To import a route its key may stand in the id's place: `a1b2c3d4e5/GET /orders`."),
			"api": schema.StringAttribute{Required: true, MarkdownDescription: "Id of the API. Changing it replaces the route."},
			"route": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "The requests: a method and a path such as `GET /notes/{id}`, where `{id}` stands for one segment and `{rest+}` for all that follow, `ANY` for every method; or `$default` for all that no other route takes.",
			},
			"function": schema.StringAttribute{
				Required: true, Validators: []validator.String{functionARN},
				MarkdownDescription: "ARN of the function that answers: the `target_arn` of a `serverless_function`.",
			},
			"timeout": schema.Int64Attribute{
				Optional: true, Computed: true, Default: int64default.StaticInt64(30000), Validators: []validator.Int64{int64validator.Between(50, 30000)},
				MarkdownDescription: "Milliseconds that the function may take, 50 to 30000; then the request is answered with 503. Default: 30000.",
			},
			"payload_version": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString("2.0"), Validators: []validator.String{stringvalidator.OneOf("1.0", "2.0")},
				MarkdownDescription: "Form of the event that the function gets: `2.0`, or `1.0`, which REST APIs have. Default: `2.0`.",
			},
			"integration_id": tf.Computed("Id of the integration."),
			"permission_id":  tf.Computed("Id of the statement in the function's policy that lets the API call it."),
		},
	},
	Changes:  map[string][]string{"permission_id": {"function"}},
	Validate: validateRoute,
	Plan:     planRoute,
	Create:   createRoute,
	Read:     readRoute,
	Update:   updateRoute,
	Delete:   deleteRoute,
}

// A route is the model of serverless_route.
type route struct {
	tf.Base
	API            tftypes.String `tfsdk:"api"`
	Route          tftypes.String `tfsdk:"route"`
	Function       tftypes.String `tfsdk:"function"`
	Timeout        tftypes.Int64  `tfsdk:"timeout"`
	PayloadVersion tftypes.String `tfsdk:"payload_version"`
	IntegrationID  tftypes.String `tfsdk:"integration_id"`
	PermissionID   tftypes.String `tfsdk:"permission_id"`
}

func validateRoute(_ context.Context, v *tf.Check, m *route) {
	if m.Route.IsNull() || m.Route.IsUnknown() {
		return
	}
	if _, err := routekey.Parse(m.Route.ValueString()); err != nil {
		v.Error(path.Root("route"), "Bad route", fmt.Sprintf("%q is no route: %v.", m.Route.ValueString(), err))
	}
}

// planRoute shows a permission that somebody removed as a change, so that the
// next apply adds it again.
func planRoute(_ context.Context, p *tf.Plan[route]) error {
	if p.Prior != nil && p.Prior.PermissionID.IsNull() {
		p.Set("permission_id", tftypes.StringUnknown())
	}
	return nil
}

func createRoute(ctx context.Context, c *Clients, m *route) error {
	defer lock(m.API.ValueString())()
	if err := refuseExisting(ctx, c, m); err != nil {
		return err
	}
	err := m.permission(ctx).Add(ctx, c.Lambda)
	if err == nil {
		var integration string
		if integration, err = makeIntegration(ctx, c, m); err == nil {
			m.IntegrationID = tftypes.StringValue(integration)
			err = makeRoute(ctx, c, m)
		}
	}
	if err != nil {
		m.ID = tftypes.StringNull()
		return tf.Undo(ctx, err, func(ctx context.Context) error {
			if err := deleteIntegration(ctx, c, m); err != nil {
				return err
			}
			return dropPermission(ctx, c, m)
		})
	}
	return nil
}

// makeRoute makes the route that leads to the integration.
func makeRoute(ctx context.Context, c *Clients, m *route) error {
	err := settled(ctx, func(ctx context.Context) error {
		out, err := c.Gateway.CreateRoute(ctx, &apigatewayv2.CreateRouteInput{
			ApiId: m.API.ValueStringPointer(), RouteKey: m.Route.ValueStringPointer(), Target: m.target(),
		})
		if err == nil {
			m.ID = tftypes.StringPointerValue(out.RouteId)
		}
		return err
	})
	if err == nil || refused(err) && !tf.Is[*types.ConflictException](err) {
		return err
	}
	// A route that is there and leads to the integration that was just made is
	// this one: its answer was lost.
	ctx, cancel := afterwards(ctx)
	defer cancel()
	found, again := findRoute(ctx, c, m)
	if again != nil || found == nil || aws.ToString(found.Target) != *m.target() {
		return errors.Join(err, again)
	}
	m.ID = tftypes.StringPointerValue(found.RouteId)
	return nil
}

func (m *route) target() *string { return aws.String("integrations/" + m.IntegrationID.ValueString()) }

func (m *route) permission(ctx context.Context) parts.Permission {
	return parts.Permission{
		Function:  m.Function.ValueString(),
		Principal: "apigateway.amazonaws.com",
		SourceARN: tf.ScopeOf(ctx).ARN("execute-api", m.API.ValueString()+"/*/*"),
	}
}

// refuseExisting finds a route with that key before anything is made: an API has
// one at most.
func refuseExisting(ctx context.Context, c *Clients, m *route) error {
	found, err := findRoute(ctx, c, m)
	if err != nil || found == nil {
		return err
	}
	id := m.API.ValueString() + "/" + m.Route.ValueString()
	return &tf.Problem{
		Summary: "The API has a route " + m.Route.ValueString() + " already",
		Detail:  "An API has one route of a key at most. Somebody else made this one, or an apply that was cut off before it could record it. Remove it, " + tf.TakeOver("route", id),
	}
}

// findRoute returns the API's route with the model's key; nil if there is none.
func findRoute(ctx context.Context, c *Clients, m *route) (*types.Route, error) {
	routes, err := all(func(token *string) ([]types.Route, *string, error) {
		out, err := c.Gateway.GetRoutes(ctx, &apigatewayv2.GetRoutesInput{ApiId: m.API.ValueStringPointer(), NextToken: token})
		if err != nil {
			return nil, nil, err
		}
		return out.Items, out.NextToken, nil
	})
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

func readRoute(ctx context.Context, c *Clients, m *route) error {
	if strings.ContainsAny(m.ID.ValueString(), " $") { // imported by its key
		m.Route = m.ID
		found, err := findRoute(ctx, c, m)
		if err != nil {
			return err
		}
		if found == nil {
			return &smithy.OperationError{ServiceID: "ApiGatewayV2", OperationName: "GetRoutes", Err: &types.NotFoundException{
				Message: aws.String("The API " + m.API.ValueString() + " has no route " + m.Route.ValueString()),
			}}
		}
		m.ID = tftypes.StringPointerValue(found.RouteId)
	}
	out, err := c.Gateway.GetRoute(ctx, &apigatewayv2.GetRouteInput{ApiId: m.API.ValueStringPointer(), RouteId: m.ID.ValueStringPointer()})
	if err != nil {
		return err
	}
	m.Route = tftypes.StringPointerValue(out.RouteKey)
	id, ok := strings.CutPrefix(aws.ToString(out.Target), "integrations/")
	if !ok {
		m.IntegrationID, m.Function, m.PermissionID = tftypes.StringNull(), tftypes.StringNull(), tftypes.StringNull()
		return nil
	}
	m.IntegrationID = tftypes.StringValue(id)
	if err := readIntegration(ctx, c, m); err != nil {
		return err
	}
	m.PermissionID = tftypes.StringNull()
	if m.Function.IsNull() {
		return nil
	}
	there, err := m.permission(ctx).Exists(ctx, c.Lambda)
	if there {
		m.PermissionID = tftypes.StringValue(m.permission(ctx).ID())
	}
	return err
}

// updateRoute gives the new function its permission before requests go to it, and
// takes the old one's away after the last has gone there.
func updateRoute(ctx context.Context, c *Clients, prior, m *route) error {
	defer lock(m.API.ValueString())()
	if prior.PermissionID.IsNull() || !m.Function.Equal(prior.Function) {
		if err := m.permission(ctx).Add(ctx, c.Lambda); err != nil {
			return err
		}
	}
	if prior.IntegrationID.IsNull() || prior.Function.IsNull() {
		id, err := makeIntegration(ctx, c, m)
		if err != nil {
			return err
		}
		m.IntegrationID = tftypes.StringValue(id)
	} else if err := changeIntegration(ctx, c, prior, m); err != nil {
		return err
	}
	if !m.Route.Equal(prior.Route) || !m.IntegrationID.Equal(prior.IntegrationID) {
		err := settled(ctx, func(ctx context.Context) error {
			_, err := c.Gateway.UpdateRoute(ctx, &apigatewayv2.UpdateRouteInput{
				ApiId: m.API.ValueStringPointer(), RouteId: m.ID.ValueStringPointer(), RouteKey: m.Route.ValueStringPointer(), Target: m.target(),
			})
			return err
		})
		if err != nil {
			return err
		}
	}
	if !m.Function.Equal(prior.Function) && !prior.Function.IsNull() {
		return dropPermission(ctx, c, prior)
	}
	return nil
}

func deleteRoute(ctx context.Context, c *Clients, m *route) error {
	defer lock(m.API.ValueString())()
	err := settled(ctx, func(ctx context.Context) error {
		_, err := c.Gateway.DeleteRoute(ctx, &apigatewayv2.DeleteRouteInput{ApiId: m.API.ValueStringPointer(), RouteId: m.ID.ValueStringPointer()})
		return err
	})
	if err != nil && !tf.Is[*types.NotFoundException](err) {
		return err
	}
	if err := deleteIntegration(ctx, c, m); err != nil {
		return err
	}
	return dropPermission(ctx, c, m)
}

// dropPermission takes the API's permission away once no integration of the API
// calls the function any more: the routes to one function share it.
func dropPermission(ctx context.Context, c *Clients, m *route) error {
	if m.Function.IsNull() {
		return nil
	}
	left, err := integrations(ctx, c, m)
	switch {
	case tf.Is[*types.NotFoundException](err): // with the whole API
	case err != nil:
		return err
	}
	for _, i := range left {
		if aws.ToString(i.IntegrationUri) == m.Function.ValueString() {
			return nil
		}
	}
	return m.permission(ctx).Remove(ctx, c.Lambda)
}

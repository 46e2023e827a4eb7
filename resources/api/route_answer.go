package api

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// This file has what clients of WebSocket APIs are answered.

// A mockTarget is an answer that nobody is asked for.
type mockTarget struct {
	Status tftypes.Int64  `tfsdk:"status"`
	Body   tftypes.String `tfsdk:"body"`
}

// mockKey selects the only template that a mock's integration and its response have.
const mockKey = "200"

// request is the template of what the integration is asked: the status that it is to
// answer with.
func (t *mockTarget) request() string {
	return fmt.Sprintf(`{"statusCode":%d}`, t.Status.ValueInt64())
}

// mockOf is the mock that an integration is, without its body.
func mockOf(i types.Integration) *mockTarget {
	var asked struct {
		Status int64 `json:"statusCode"`
	}
	t := &mockTarget{Status: tftypes.Int64Null(), Body: tftypes.StringNull()}
	if json.Unmarshal([]byte(i.RequestTemplates[mockKey]), &asked) == nil && asked.Status != 0 {
		t.Status = tftypes.Int64Value(asked.Status)
	}
	return t
}

// responses lists those of an integration.
func (c *Clients) responses(ctx context.Context, api, integration string) ([]types.IntegrationResponse, error) {
	return all(func(token *string) ([]types.IntegrationResponse, *string, error) {
		out, err := c.Gateway.GetIntegrationResponses(ctx, &apigatewayv2.GetIntegrationResponsesInput{ApiId: &api, IntegrationId: &integration, NextToken: token})
		if err != nil {
			return nil, nil, fmt.Errorf("listing the integration's responses: %w", err)
		}
		return out.Items, out.NextToken, nil
	})
}

// read fills in the body.
func (t *mockTarget) read(ctx context.Context, c *Clients, api, integration string) error {
	list, err := c.responses(ctx, api, integration)
	if tf.Is[*types.NotFoundException](err) { // not seen yet, or just removed with the route
		return nil
	}
	for _, r := range list {
		if aws.ToString(r.IntegrationResponseKey) == defaultResponse {
			if body, there := r.ResponseTemplates[mockKey]; there {
				t.Body = tftypes.StringValue(body)
			}
		}
	}
	return err
}

// put makes the body what it should be; a nil mock has none.
func (t *mockTarget) put(ctx context.Context, c *Clients, api, integration string) error {
	if t == nil {
		return nil
	}
	list, err := c.responses(ctx, api, integration)
	if err != nil {
		return err
	}
	var is *string
	for _, r := range list {
		if aws.ToString(r.IntegrationResponseKey) == defaultResponse {
			is = r.IntegrationResponseId
		}
	}
	templates := map[string]string{mockKey: t.Body.ValueString()}
	return settled(ctx, func(ctx context.Context) (err error) {
		switch {
		case is == nil && t.Body.IsNull():
		case is == nil:
			_, err = c.Gateway.CreateIntegrationResponse(ctx, &apigatewayv2.CreateIntegrationResponseInput{
				ApiId: &api, IntegrationId: &integration, IntegrationResponseKey: aws.String(defaultResponse), ResponseTemplates: templates, TemplateSelectionExpression: aws.String(mockKey),
			})
		case t.Body.IsNull():
			_, err = c.Gateway.DeleteIntegrationResponse(ctx, &apigatewayv2.DeleteIntegrationResponseInput{ApiId: &api, IntegrationId: &integration, IntegrationResponseId: is})
		default:
			_, err = c.Gateway.UpdateIntegrationResponse(ctx, &apigatewayv2.UpdateIntegrationResponseInput{
				ApiId: &api, IntegrationId: &integration, IntegrationResponseId: is, ResponseTemplates: templates, TemplateSelectionExpression: aws.String(mockKey),
			})
		}
		return err
	})
}

// defaultResponse is the key of a response for all answers, and the only one that
// routes have.
const defaultResponse = "$default"

// readAnswers reports whether a route that says that it answers has the response that
// this takes. It is null if not: that is neither, and a change in any case.
func readAnswers(ctx context.Context, c *Clients, api, route string) (tftypes.Bool, error) {
	list, err := c.Gateway.GetRouteResponses(ctx, &apigatewayv2.GetRouteResponsesInput{ApiId: &api, RouteId: &route})
	switch {
	case tf.Is[*types.NotFoundException](err): // just removed with the route
		return tftypes.BoolNull(), nil
	case err != nil:
		return tftypes.BoolNull(), fmt.Errorf("reading the route's responses: %w", err)
	case len(list.Items) == 0:
		return tftypes.BoolNull(), nil
	}
	return tftypes.BoolValue(true), nil
}

// putAnswers makes a route answer its clients, or not any more. The route is the first
// to say so, and says so until its response is gone: one that says nothing has none.
func putAnswers(ctx context.Context, c *Clients, m *route, before tftypes.Bool) error {
	api, id := m.API.ValueString(), m.ID.ValueString()
	if m.Answers.Equal(before) {
		return nil
	}
	say := func(expression string) error {
		return putRoute(ctx, c, &apigatewayv2.UpdateRouteInput{ApiId: &api, RouteId: &id, RouteResponseSelectionExpression: &expression})
	}
	if !m.Answers.ValueBool() {
		if err := dropResponse(ctx, c, api, id); err != nil {
			return err
		}
		return say("")
	}
	if err := say(defaultResponse); err != nil {
		return err
	}
	err := settled(ctx, func(ctx context.Context) error {
		_, err := c.Gateway.CreateRouteResponse(ctx, &apigatewayv2.CreateRouteResponseInput{ApiId: &api, RouteId: &id, RouteResponseKey: aws.String(defaultResponse)})
		return err
	})
	if tf.Says(err, "ConflictException", "already exists") { // of a run that was cut off
		return nil
	}
	return err
}

// dropResponse removes a route's response.
func dropResponse(ctx context.Context, c *Clients, api, route string) error {
	list, err := c.Gateway.GetRouteResponses(ctx, &apigatewayv2.GetRouteResponsesInput{ApiId: &api, RouteId: &route})
	if err != nil {
		return err
	}
	for _, r := range list.Items {
		err := settled(ctx, func(ctx context.Context) error {
			_, err := c.Gateway.DeleteRouteResponse(ctx, &apigatewayv2.DeleteRouteResponseInput{ApiId: &api, RouteId: &route, RouteResponseId: r.RouteResponseId})
			return err
		})
		if err != nil && !tf.Is[*types.NotFoundException](err) {
			return err
		}
	}
	return nil
}

package api

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

var openAPISchema = schema.StringAttribute{
	Optional: true, CustomType: tf.JSONType{}, PlanModifiers: tf.KeepJSON,
	MarkdownDescription: "All routes of the API, as an OpenAPI 3 document in JSON with API Gateway's extensions: `file(\"api.json\")`, or `jsonencode(yamldecode(file(\"api.yaml\")))`. " +
		"No `serverless_route` may be added to such an API, and functions that the document names need a `serverless_function_permission`. " +
		"What the document says of the API's name, description, version and CORS is of no matter. A change that somebody else makes is seen where it adds or removes a route. Default: none; the API has the routes that are added to it.",
}

// documented returns the keys of the routes that a document describes, sorted.
func documented(document string) ([]string, error) {
	var d struct {
		OpenAPI string                                `json:"openapi"`
		Paths   map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal([]byte(document), &d); err != nil {
		return nil, fmt.Errorf("reading the OpenAPI document: %w", err)
	}
	if !strings.HasPrefix(d.OpenAPI, "3.") {
		return nil, fmt.Errorf("the document's member openapi is %q; API Gateway takes version 3 of OpenAPI", d.OpenAPI)
	}
	var keys []string
	for path, methods := range d.Paths {
		for method := range methods {
			switch {
			case path == "/$default" && method == anyMethod:
				keys = append(keys, "$default")
			case method == anyMethod:
				keys = append(keys, "ANY "+path)
			case slices.Contains(httpMethods, strings.ToUpper(method)):
				keys = append(keys, strings.ToUpper(method)+" "+path)
			}
		}
	}
	slices.Sort(keys)
	if len(keys) == 0 {
		return nil, fmt.Errorf("the document describes no route")
	}
	return keys, nil
}

const anyMethod = "x-amazon-apigateway-any-method"

// putDocument makes the API's routes those of its document; prior is what it had
// before, null for nothing.
func (m *httpAPI) putDocument(ctx context.Context, c *Clients, prior tf.JSON) error {
	id := m.ID.ValueString()
	defer c.Siblings.of(id).routes.forget()
	defer c.Siblings.of(id).integrations.forget()
	if m.OpenAPI.IsNull() {
		if prior.IsNull() {
			return nil
		}
		return m.clear(ctx, c, prior.ValueString())
	}
	if tf.SameJSON(m.OpenAPI.ValueString(), prior.ValueString()) {
		return nil
	}
	if _, err := c.Gateway.ReimportApi(ctx, &apigatewayv2.ReimportApiInput{ApiId: &id, Body: m.OpenAPI.ValueStringPointer(), FailOnWarnings: aws.Bool(true)}); err != nil {
		return fmt.Errorf("importing the OpenAPI document: %w", err)
	}
	in := &apigatewayv2.UpdateApiInput{
		ApiId: &id, Name: m.APIName.ValueStringPointer(), CorsConfiguration: m.CORS.aws(),
		Description: aws.String(m.Description.ValueString()), Version: aws.String(m.Version.ValueString()),
		DisableExecuteApiEndpoint: aws.Bool(m.Closed.ValueBool()),
	}
	out, err := c.Gateway.UpdateApi(ctx, in)
	if err == nil && m.CORS == nil && out.CorsConfiguration != nil {
		_, err = c.Gateway.DeleteCorsConfiguration(ctx, &apigatewayv2.DeleteCorsConfigurationInput{ApiId: &id})
	}
	if err != nil {
		return fmt.Errorf("putting right what the OpenAPI document says of the API itself: %w", err)
	}
	return nil
}

// clear removes the routes of a document, and the integrations that they led to.
func (m *httpAPI) clear(ctx context.Context, c *Clients, document string) error {
	keys, err := documented(document)
	if err != nil {
		return err
	}
	id := m.ID.ValueString()
	routes, err := c.routes(ctx, id, 0)
	if err != nil {
		return err
	}
	left := map[string]bool{}
	for _, r := range routes {
		if !slices.Contains(keys, aws.ToString(r.RouteKey)) {
			continue
		}
		_, err := c.Gateway.DeleteRoute(ctx, &apigatewayv2.DeleteRouteInput{ApiId: &id, RouteId: r.RouteId})
		if err != nil && !tf.Is[*types.NotFoundException](err) {
			return err
		}
		if integration, ok := integrationOf(r); ok {
			left[integration] = true
		}
	}
	for integration := range left {
		if err := deleteIntegration(ctx, c, id, integration); err != nil {
			return err
		}
	}
	return nil
}

// readDocument forgets the document if the API's routes are others than those that
// it describes, which a plan shows.
func (m *httpAPI) readDocument(ctx context.Context, c *Clients) error {
	if m.OpenAPI.IsNull() {
		return nil
	}
	want, err := documented(m.OpenAPI.ValueString())
	if err != nil {
		return err
	}
	routes, err := c.routes(ctx, m.ID.ValueString(), 0)
	if err != nil {
		return err
	}
	var got []string
	for _, r := range routes {
		got = append(got, aws.ToString(r.RouteKey))
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		m.OpenAPI = tf.JSONNull()
	}
	return nil
}

// validateHTTPAPI refuses a document that describes no routes.
func validateHTTPAPI(_ context.Context, v *tf.Check, m *httpAPI) {
	if !v.Known("openapi") || m.OpenAPI.IsNull() {
		return
	}
	if _, err := documented(m.OpenAPI.ValueString()); err != nil {
		v.Error(pathOf("openapi"), "Not an OpenAPI document", fmt.Sprintf("openapi does not describe an API: %v. Write the document in JSON, with openapi = \"3.0.1\" and paths.", err))
	}
}

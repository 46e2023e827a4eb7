package api

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"
	"go.yaml.in/yaml/v3"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

var openAPISchema = schema.StringAttribute{
	Optional: true, PlanModifiers: tf.Keep("a document that means the same is no change", sameDocument),
	MarkdownDescription: "All routes of the API, as an OpenAPI 3 document in JSON or YAML with API Gateway's extensions: `file(\"api.yaml\")`. " +
		"No `serverless_route` may be added to such an API, and functions that the document names need a `serverless_function_permission`. " +
		"What the document says of the API's name, description, version and CORS is of no matter. A change that somebody else makes is seen where it adds or removes a route. Default: none; the API has the routes that are added to it.",
}

var failOnWarnings = schema.BoolAttribute{
	Optional: true, Computed: true, Default: booldefault.StaticBool(true),
	MarkdownDescription: "Whether an `openapi` document is refused of which API Gateway does not understand all, such as a security scheme without an authorizer. With false everyone may call the routes that ask for such a scheme. Default: true.",
}

// parsed reads a document in JSON or YAML.
func parsed(text string) (any, error) {
	var d any
	if json.Unmarshal([]byte(text), &d) == nil {
		return d, nil
	}
	if err := yaml.Unmarshal([]byte(text), &d); err != nil {
		return nil, fmt.Errorf("it is neither JSON nor YAML: %w", err)
	}
	return named(d), nil
}

// named turns all keys into texts, as JSON has them: those of answers are numbers in
// YAML. Numbers become those of JSON.
func named(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, e := range v {
			v[key] = named(e)
		}
	case map[any]any:
		all := map[string]any{}
		for key, e := range v {
			all[fmt.Sprint(key)] = named(e)
		}
		return all
	case []any:
		for i, e := range v {
			v[i] = named(e)
		}
	case int:
		return float64(v)
	case time.Time: // a date is a text in JSON
		return v.Format(time.DateOnly)
	}
	return v
}

// sameDocument reports whether two texts are the same document.
func sameDocument(a, b string) bool {
	if a == b {
		return true
	}
	x, err := parsed(a)
	if err != nil {
		return false
	}
	y, err := parsed(b)
	return err == nil && reflect.DeepEqual(x, y)
}

// A document is what is read of an OpenAPI document.
type document struct {
	OpenAPI    string                                `json:"openapi"`
	Paths      map[string]map[string]json.RawMessage `json:"paths"`
	Security   []map[string]any                      `json:"security"`
	Components struct {
		Schemes map[string]struct {
			AuthType   string `json:"x-amazon-apigateway-authtype"`
			Authorizer any    `json:"x-amazon-apigateway-authorizer"`
		} `json:"securitySchemes"`
	} `json:"components"`
}

// read returns a document with the keys of its routes, sorted.
func read(text string) (d document, keys []string, err error) {
	v, err := parsed(text)
	if err != nil {
		return d, nil, err
	}
	raw, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(raw, &d)
	}
	if err != nil {
		return d, nil, fmt.Errorf("reading the OpenAPI document: %w", err)
	}
	if !strings.HasPrefix(d.OpenAPI, "3.") {
		return d, nil, fmt.Errorf("the document's member openapi is %q; API Gateway takes version 3 of OpenAPI", d.OpenAPI)
	}
	for path, methods := range d.Paths {
		for method := range methods {
			if key := keyOf(path, method); key != "" {
				keys = append(keys, key)
			}
		}
	}
	slices.Sort(keys)
	if len(keys) == 0 {
		return d, nil, fmt.Errorf("the document describes no route")
	}
	return d, keys, nil
}

// keyOf is the key of the route of a member of a path; empty for what is no method.
func keyOf(path, method string) string {
	switch {
	case path == "/$default" && method == anyMethod:
		return "$default"
	case method == anyMethod:
		return "ANY " + path
	case slices.Contains(httpMethods, strings.ToUpper(method)):
		return strings.ToUpper(method) + " " + path
	}
	return ""
}

// open returns a security scheme that a route asks for and that lets everyone in,
// because API Gateway is not told who decides.
func (d document) open() (route, scheme string) {
	for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(d.Paths[path])) {
			var op struct {
				Security []map[string]any `json:"security"`
			}
			key := keyOf(path, method)
			if key == "" || json.Unmarshal(d.Paths[path][method], &op) != nil {
				continue
			}
			if op.Security == nil {
				op.Security = d.Security
			}
			for _, requirement := range op.Security {
				for _, name := range slices.Sorted(maps.Keys(requirement)) {
					if s := d.Components.Schemes[name]; s.AuthType != "awsSigv4" && s.Authorizer == nil {
						return key, name
					}
				}
			}
		}
	}
	return "", ""
}

const anyMethod = "x-amazon-apigateway-any-method"

// putDocument makes the API's routes those of its document; prior is what it had
// before, null for nothing.
func (m *httpAPI) putDocument(ctx context.Context, c *Clients, prior tftypes.String) error {
	id := m.ID.ValueString()
	defer c.Siblings.of(id).routes.forget()
	defer c.Siblings.of(id).integrations.forget()
	if m.OpenAPI.IsNull() {
		if prior.IsNull() {
			return nil
		}
		return m.clear(ctx, c, prior.ValueString())
	}
	if sameDocument(m.OpenAPI.ValueString(), prior.ValueString()) {
		return nil
	}
	if _, err := c.Gateway.ReimportApi(ctx, &apigatewayv2.ReimportApiInput{ApiId: &id, Body: m.OpenAPI.ValueStringPointer(), FailOnWarnings: aws.Bool(m.Strict.ValueBool())}); err != nil {
		return fmt.Errorf("importing the OpenAPI document: %w", err)
	}
	in := &apigatewayv2.UpdateApiInput{
		ApiId: &id, Name: m.APIName.ValueStringPointer(), CorsConfiguration: m.CORS.aws(),
		Description: aws.String(m.Description.ValueString()), Version: aws.String(m.Version.ValueString()),
		DisableExecuteApiEndpoint: aws.Bool(m.Closed.ValueBool()), IpAddressType: types.IpAddressType(m.IPAddress.ValueString()),
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
	_, keys, err := read(document)
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
	_, want, err := read(m.OpenAPI.ValueString())
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
		m.OpenAPI = tftypes.StringNull()
	}
	return nil
}

// validateHTTPAPI refuses a document that describes no routes, or that leaves some
// open without saying so.
func validateHTTPAPI(_ context.Context, v *tf.Check, m *httpAPI) {
	if !v.Known("openapi") {
		return
	}
	if m.OpenAPI.IsNull() {
		if v.Decided("route_throttles") && m.Throttles != nil {
			v.Error(pathOf("route_throttles"), "Limits of routes that are not here", "route_throttles is for the routes of an openapi document. Add that, or give each serverless_route its throttle.")
		}
		return
	}
	d, keys, err := read(m.OpenAPI.ValueString())
	if err != nil {
		v.Error(pathOf("openapi"), "Not an OpenAPI document", fmt.Sprintf("openapi does not describe an API: %v. Write the document in JSON or YAML, with openapi = \"3.0.1\" and paths.", err))
		return
	}
	if route, scheme := d.open(); scheme != "" && v.Known("fail_on_warnings") && (m.Strict.IsNull() || m.Strict.ValueBool()) {
		v.Error(pathOf("openapi"), "A route that everyone may call", fmt.Sprintf("The route %s of openapi asks for the security scheme %s, which has no x-amazon-apigateway-authorizer, so that API Gateway would let everyone in. "+
			"Add the authorizer to the scheme, or remove what asks for it; fail_on_warnings = false leaves such routes open.", route, scheme))
	}
	for _, key := range slices.Sorted(maps.Keys(m.Throttles)) {
		if !slices.Contains(keys, key) {
			v.Error(pathOf("route_throttles"), "No such route", fmt.Sprintf("route_throttles has %q, and openapi describes the routes %s. Write one of these.", key, strings.Join(keys, ", ")))
		}
	}
}

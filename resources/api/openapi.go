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

// read returns a document with the keys of its routes, of which it must have some.
func read(text string) (d document, keys []string, err error) {
	d, keys, err = described(text)
	if err == nil && len(keys) == 0 {
		err = fmt.Errorf("the document describes no route")
	}
	return d, keys, err
}

// described returns a document with the keys of its routes, sorted.
func described(text string) (d document, keys []string, err error) {
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
	return d, keys, nil
}

// describing is a document that describes routes by their keys alone.
func describing(keys []string) string {
	paths := map[string]map[string]any{}
	for _, key := range keys {
		method, path, _ := strings.Cut(key, " ")
		if method = strings.ToLower(method); path == "" {
			method, path = "any", "/$default"
		}
		if method == "any" {
			method = anyMethod
		}
		if paths[path] == nil {
			paths[path] = map[string]any{}
		}
		paths[path][method] = map[string]any{}
	}
	text, _ := json.Marshal(map[string]any{"openapi": "3.0.1", "paths": paths}) // texts only
	return string(text)
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
	if m.OpenAPI.IsNull() {
		if prior.IsNull() {
			return nil
		}
		return m.clear(ctx, c, prior.ValueString())
	}
	if sameDocument(m.OpenAPI.ValueString(), prior.ValueString()) {
		return nil
	}
	defer c.Siblings.of(id).routes.renew()
	defer c.Siblings.of(id).integrations.renew()
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

// ofDocument is the description of integrations whose routes a document no longer
// describes: one who comes after a run that was cut off finds them by it.
const ofDocument = "serverless_http_api openapi"

// clear removes the routes of a document, and the integrations that they led to.
func (m *httpAPI) clear(ctx context.Context, c *Clients, document string) error {
	_, keys, err := described(document)
	if err != nil {
		return err
	}
	id := m.ID.ValueString()
	routes, err := c.routes(ctx, id, 0)
	if err != nil {
		return err
	}
	routes = slices.DeleteFunc(slices.Clone(routes), func(r types.Route) bool { return !slices.Contains(keys, aws.ToString(r.RouteKey)) })
	marked := map[string]bool{}
	for _, r := range routes {
		integration, ok := integrationOf(r)
		if !ok || marked[integration] {
			continue
		}
		if err := describe(ctx, c, id, integration, ofDocument); err != nil {
			return err
		}
		marked[integration] = true
	}
	for _, r := range routes {
		_, err := c.Gateway.DeleteRoute(ctx, &apigatewayv2.DeleteRouteInput{ApiId: &id, RouteId: r.RouteId})
		if err != nil && !tf.Is[*types.NotFoundException](err) {
			return err
		}
		c.Siblings.of(id).routes.drop(aws.ToString(r.RouteId))
	}
	integrations, err := c.integrations(ctx, id, 0)
	if err != nil {
		return err
	}
	for _, i := range integrations {
		if aws.ToString(i.Description) != ofDocument {
			continue
		}
		if err := deleteIntegration(ctx, c, id, aws.ToString(i.IntegrationId)); err != nil {
			return err
		}
	}
	return nil
}

// readDocument makes the document one of those of its routes that are there, if these
// are not all of the API, which a plan shows; it is null if nothing is left of it.
func (m *httpAPI) readDocument(ctx context.Context, c *Clients) error {
	if m.OpenAPI.IsNull() {
		return nil
	}
	_, want, err := described(m.OpenAPI.ValueString())
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
	if len(want) > 0 && slices.Equal(got, want) {
		return nil
	}
	integrations, err := c.integrations(ctx, m.ID.ValueString(), 0)
	if err != nil {
		return err
	}
	left := slices.ContainsFunc(integrations, func(i types.Integration) bool {
		return aws.ToString(i.Description) == ofDocument && !leads(routes, aws.ToString(i.IntegrationId))
	})
	want = slices.DeleteFunc(want, func(key string) bool { return !slices.Contains(got, key) })
	m.OpenAPI = tftypes.StringNull()
	if left || len(want) > 0 {
		m.OpenAPI = tftypes.StringValue(describing(want))
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

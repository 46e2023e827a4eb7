package apigatewayv2

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
)

const definition = `
openapi: "3.0.1"
info: {title: pets, version: "1.0", description: all pets}
servers:
  - url: https://example.com/{basePath}
    variables: {basePath: {default: v1}}
tags:
  - {name: team, x-amazon-apigateway-tag-value: blue}
paths:
  /pets/{id}:
    get:
      operationId: one
      security: [{tokens: [read]}]
      x-amazon-apigateway-integration: {$ref: "#/components/x-amazon-apigateway-integrations/f"}
    x-amazon-apigateway-any-method:
      security: [{signed: []}]
      x-amazon-apigateway-integration: {$ref: "#/components/x-amazon-apigateway-integrations/f"}
  /$default:
    x-amazon-apigateway-any-method:
      x-amazon-apigateway-integration:
        type: http_proxy
        httpMethod: ANY
        uri: http://127.0.0.1:9/
        payloadFormatVersion: "1.0"
components:
  securitySchemes:
    tokens:
      type: oauth2
      x-amazon-apigateway-authorizer:
        type: jwt
        identitySource: $request.header.Authorization
        jwtConfiguration: {issuer: "https://id.example.com", audience: [me]}
    signed: {type: apiKey, name: Authorization, in: header, x-amazon-apigateway-authtype: awsSigv4}
  x-amazon-apigateway-integrations:
    f: {type: aws_proxy, httpMethod: POST, uri: "arn:aws:lambda:eu-north-1:000000000000:function:f", payloadFormatVersion: "2.0"}
x-amazon-apigateway-cors: {allowOrigins: ["https://a.test"], maxAge: 5}
`

func TestImport(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := must(r, r.ImportApi, &apigatewayv2.ImportApiInput{Body: ptr(definition), FailOnWarnings: ptr(true)})
	if *a.Name != "pets" || *a.Version != "1.0" || *a.Description != "all pets" || a.Tags["team"] != "blue" || a.CorsConfiguration.AllowOrigins[0] != "https://a.test" {
		t.Errorf("got %+v", a)
	}
	routes := func() map[string]string {
		got := map[string]string{}
		for _, route := range must(r, r.GetRoutes, &apigatewayv2.GetRoutesInput{ApiId: a.ApiId}).Items {
			got[*route.RouteKey] = string(route.AuthorizationType) + strings.Join(route.AuthorizationScopes, ",")
		}
		return got
	}
	for key, want := range map[string]string{"GET /pets/{id}": "JWTread", "ANY /pets/{id}": "AWS_IAM", "$default": "NONE"} {
		if got := routes()[key]; got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
	if n := len(must(r, r.GetIntegrations, &apigatewayv2.GetIntegrationsInput{ApiId: a.ApiId}).Items); n != 2 {
		t.Errorf("got %d integrations, want 2: one is shared", n)
	}
	before := routes()
	// What is exported makes the same API again.
	for _, kind := range []string{"JSON", "YAML"} {
		out := must(r, r.ExportApi, &apigatewayv2.ExportApiInput{ApiId: a.ApiId, Specification: ptr("OAS30"), OutputType: &kind})
		again := must(r, r.ReimportApi, &apigatewayv2.ReimportApiInput{ApiId: a.ApiId, Body: ptr(string(out.Body)), FailOnWarnings: ptr(true)})
		if *again.Name != "pets" || *again.CorsConfiguration.MaxAge != 5 {
			t.Errorf("%s: got %+v", kind, again)
		}
		after := routes()
		for key, want := range before {
			if after[key] != want {
				t.Errorf("%s: %s: got %q, want %q", kind, key, after[key], want)
			}
		}
	}
	must(r, r.ReimportApi, &apigatewayv2.ReimportApiInput{ApiId: a.ApiId, Body: ptr(definition), Basepath: ptr("prepend")})
	if _, ok := routes()["GET /v1/pets/{id}"]; !ok {
		t.Errorf("prepend: got %v", routes())
	}
	laughs := "a0: &a0 [x]\n"
	for i := range 9 {
		laughs += fmt.Sprintf("a%d: &a%d [%s*a%d]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), 8), i)
	}
	for body, want := range map[string]string{
		laughs:                "malformed OpenAPI 3 document",
		"{":                   "malformed OpenAPI 3 document",
		`{"swagger":"2.0"}`:   "OpenAPI 2 is not supported",
		`{"openapi":"3.0.1"}`: "info.title is missing",
		`{"openapi":"3.0.1","info":{"title":"x"},"paths":{"/a":{"get":{}}}}`:                                                                                                                                              "has no integration",
		`{"openapi":"3.0.1","info":{"title":"x"},"paths":{"/a":{"get":{"security":[{"none":[]}]}}}}`:                                                                                                                      "is not defined",
		`{"openapi":"3.0.1","info":{"title":"x"},"paths":{"/a":{"get":{"x-amazon-apigateway-integration":{"type":"mock"}}}}}`:                                                                                             `"mock" is not supported`,
		`{"openapi":"3.0.1","info":{"title":"x"},"paths":{"/a":{"get":{"x-amazon-apigateway-integration":{"type":"http_proxy","httpMethod":"GET","uri":"http://127.0.0.1:9/","tlsConfig":{"serverNameToVerify":"a"}}}}}}`: "does not implement connectionId and tlsConfig",
	} {
		if _, err := r.ReimportApi(r.ctx, &apigatewayv2.ReimportApiInput{ApiId: a.ApiId, Body: &body, FailOnWarnings: ptr(true)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", body, err, want)
		}
	}
	if _, ok := routes()["GET /v1/pets/{id}"]; !ok {
		t.Error("an import that was refused changed the routes")
	}
}

// TestBasepath has AWS's own example of what a base path makes of /e.
func TestBasepath(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, row := range []struct{ servers, basepath, want string }{
		{`[{"url":"https://h/a/b/c"}]`, "ignore", "GET /e"},
		{`[{"url":"https://h/a/b/c"}]`, "prepend", "GET /a/b/c/e"},
		{`[{"url":"https://h/a/b/c"}]`, "split", "GET /b/c/e"},
		{`[{"url":"https://h/a"}]`, "split", "GET /e"},
		{`[{"url":"https://h"}]`, "split", "GET /e"},
		{`[]`, "split", "GET /e"},
		{`[{"url":"https://h/{v}/c","variables":{"v":{"default":"a/b"}}}]`, "split", "GET /b/c/e"},
		{`[{"url":"https://h/x","variables":{"basePath":{"default":"/a/b/c"}}}]`, "split", "GET /b/c/e"},
		{`[{"url":"https://h/x"},{"url":"https://h","variables":{"basePath":{"default":"a/b"}}}]`, "prepend", "GET /a/b/e"},
		{`[{"url":"https://h/x","variables":{"basePath":{"default":"/"}}}]`, "prepend", "GET /e"},
	} {
		body := `{"openapi":"3.0.1","info":{"title":"x"},"servers":` + row.servers + `,"paths":{"/e":{"get":{}}}}`
		a := must(r, r.ImportApi, &apigatewayv2.ImportApiInput{Body: &body, Basepath: &row.basepath})
		if got := *must(r, r.GetRoutes, &apigatewayv2.GetRoutesInput{ApiId: a.ApiId}).Items[0].RouteKey; got != row.want {
			t.Errorf("%s %s: got %s, want %s", row.basepath, row.servers, got, row.want)
		}
	}
	if _, err := r.ImportApi(r.ctx, &apigatewayv2.ImportApiInput{Body: ptr(definition), Basepath: ptr("cut")}); err == nil || !strings.Contains(err.Error(), "Must be ignore, prepend or split") {
		t.Errorf("got %v", err)
	}
}

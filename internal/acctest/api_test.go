package acctest

import (
	"strings"
	"testing"
)

var httpAPISubject = Subject{
	Type:  "serverless_http_api",
	Again: another,
	Base: Arguments{
		"name":            `"shop"`,
		"description":     `"What the shop calls."`,
		"cors":            `{ allow_origins = ["https://shop.example.com"], allow_methods = ["GET"], max_age = 60 }`,
		"stage_variables": `{ stage = "dev", level = "1" }`,
		"tags":            `{ team = "a" }`,
	},
	Import: []string{"{id}", "{arn}", "{id}@{region}"},
	Edits: []Edit{
		{Argument: "name", To: `"store"`, With: []string{"api_name"}, Writes: []string{"UpdateApi"}},
		{Argument: "region", To: `"eu-west-1"`, Replace: true},
		{Argument: "description", To: ``, Writes: []string{"UpdateApi"}},
		{Argument: "version", To: `"2.1"`, Writes: []string{"UpdateApi"}},
		{Argument: "throttle", To: `{ rate = 0.5, burst = 20 }`, Writes: []string{"UpdateStage"}},
		{Argument: "throttle", From: Arguments{"throttle": `{ rate = 10, burst = 20 }`}, To: ``, Writes: []string{"UpdateStage"}},
		{Argument: "disable_default_endpoint", To: `true`, Writes: []string{"UpdateApi"}},
		{Argument: "cors", To: `{ allow_origins = ["*"], allow_headers = ["authorization"] }`, Writes: []string{"UpdateApi"}},
		{Argument: "cors", To: ``, Writes: []string{"DeleteCorsConfiguration"}},
		{Argument: "access_log", To: `{}`, With: []string{"log_group_name"}, Writes: []string{"CreateLogGroup", "PutRetentionPolicy", "UpdateStage"}},
		{Argument: "access_log", From: Arguments{"access_log": `{}`}, To: `{ retention_days = 7, format = "$context.requestId" }`, Writes: []string{"PutRetentionPolicy", "UpdateStage"}},
		{Argument: "access_log", From: Arguments{"access_log": `{}`}, To: ``, With: []string{"log_group_name"}, Writes: []string{"DeleteAccessLogSettings", "DeleteLogGroup"}},
		{Argument: "openapi", To: document("/a"), Writes: []string{"ReimportApi", "UpdateApi"}, Unasked: true},
		{Argument: "openapi", From: Arguments{"openapi": document("/a")}, To: document("/b"), Writes: []string{"ReimportApi", "UpdateApi"}},
		{Argument: "openapi", From: Arguments{"openapi": document("/a")}, To: ``, Writes: []string{"UpdateIntegration", "DeleteRoute", "DeleteIntegration"}},
		{Argument: "openapi", From: Arguments{"openapi": document("/a")}, To: "yamlencode(jsondecode(" + document("/a") + "))", Same: true},
		{Argument: "fail_on_warnings", To: `false`, Local: true, Writes: []string{}},
		{
			Argument: "route_throttles", From: Arguments{"openapi": document("/a")},
			To: `{ "GET /a" = { rate = 1, burst = 2 } }`, Writes: []string{"UpdateStage"},
		},
		{
			Argument: "route_throttles", From: Arguments{"openapi": document("/a"), "route_throttles": `{ "GET /a" = { rate = 1, burst = 2 } }`},
			To: ``, Writes: []string{"DeleteRouteSettings"},
		},
		{Argument: "ip_address_type", To: `"dualstack"`, Writes: []string{"UpdateApi"}},
		{Argument: "stage", To: `"live"`, With: []string{"url"}, Writes: []string{"CreateStage", "DeleteStage"}},
		{Argument: "stage_variables", To: `{ stage = "prod" }`, Writes: []string{"UpdateStage"}},
		{Argument: "stage_variables", To: ``, Writes: []string{"UpdateStage"}},
		{Argument: "tags", To: `{ team = "b", cost = "1" }`, With: []string{"tags_all"}, Writes: []string{"TagResource", "TagResource"}},
		{Argument: "tags", To: ``, With: []string{"tags_all"}, Writes: []string{"UntagResource", "UntagResource"}},
		{Argument: "timeouts", To: `{ create = "5m" }`, Local: true, Writes: []string{}},
	},
	Together: Arguments{
		"name":            `"store"`,
		"throttle":        `{ rate = 100, burst = 200 }`,
		"access_log":      `{}`,
		"cors":            ``,
		"stage":           `"live"`,
		"stage_variables": `{ stage = "prod" }`,
		"tags":            `{ cost = "1" }`,
	},
	Invalid: []Invalid{
		{"name", `""`, []string{"name", "between 1 and 128"}},
		{"description", `""`, []string{"description", "between 1 and 1024"}},
		{"cors", `{ max_age = 90000 }`, []string{"cors.max_age", "between -1 and 86400"}},
		{"stage", `"a b"`, []string{"stage", "$default"}},
		{"tags", `{ "aws:x" = "1" }`, []string{"aws:", "another key"}},
		{"openapi", `"{"`, []string{"openapi", "JSON"}},
		{"openapi", `jsonencode({ swagger = "2.0", paths = {} })`, []string{"openapi", "version 3"}},
		{"openapi", `jsonencode({ openapi = "3.0.1", paths = {} })`, []string{"openapi", "no route"}},
		{"openapi", `"a: ["`, []string{"openapi", "neither JSON nor YAML"}},
		{"openapi", guarded, []string{"openapi", "GET /a", "users", "x-amazon-apigateway-authorizer", "fail_on_warnings = false"}},
		{"openapi", strings.Replace(guarded, `scheme = "bearer"`, `x-amazon-apigateway-authorizer = null`, 1), []string{"openapi", "GET /a", "users"}},
		{"openapi", strings.Replace(guarded, "{ users = {", "{ others = {", 1), []string{"openapi", "GET /a", "users"}},
		{"route_throttles", `{ "GET /a" = { rate = 1, burst = 2 } }`, []string{"route_throttles", "serverless_route"}},
		{"ip_address_type", `"ipv6"`, []string{"ip_address_type", "dualstack"}},
		{"throttle", `{ rate = -1, burst = 2 }`, []string{"throttle.rate", "at least 0"}},
		{"access_log", `{ format = "a line" }`, []string{"access_log.format", "$context.requestId"}},
		{"access_log", `{ retention_days = 2 }`, []string{"access_log.retention_days"}},
		{"access_log", `{ group = "a" }`, []string{"access_log.group", "ARN of a log group"}},
	},
	Missing: map[string]string{"GetApi": "NotFoundException"},
}

// document is an OpenAPI document with one route, to a server.
func document(path string) string {
	return `jsonencode({
    openapi = "3.0.1"
    info    = { title = "of no matter", version = "9" }
    paths = {
      "` + path + `" = {
        get = {
          responses                        = {}
          x-amazon-apigateway-integration = { type = "http_proxy", httpMethod = "GET", uri = "http://127.0.0.1:9/", payloadFormatVersion = "1.0" }
        }
      }
    }
  })`
}

// guarded is a document with a route that asks for a security scheme without an
// authorizer.
const guarded = `yamlencode({
    openapi  = "3.0.1"
    info     = { title = "guarded", version = "1" }
    security = [{ users = [] }]
    paths = {
      "/a" = { get = { responses = { 200 = { description = "ok" } }, x-amazon-apigateway-integration = { type = "http_proxy", httpMethod = "GET", uri = "http://127.0.0.1:9/", payloadFormatVersion = "1.0" } } }
    }
    components = { securitySchemes = { users = { type = "http", scheme = "bearer" } } }
  })`

func TestHTTPAPI(t *testing.T) { Prove(t, httpAPISubject) }

const apiAndFunctions = `
resource "serverless_http_api" "shop" {
  name = "shop"
}

resource "serverless_http_api" "other" {
  name = "other"
}

resource "serverless_function" "orders" {
  name    = "orders"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async () => 1" } }
}

resource "serverless_function" "archive" {
  name    = "archive"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async () => 2" } }
}
`

const integrations = `
resource "serverless_integration" "one" {
  api             = serverless_http_api.shop.id
  type            = "AWS_PROXY"
  uri             = serverless_function.archive.target_arn
  payload_version = "2.0"
}

resource "serverless_integration" "two" {
  api    = serverless_http_api.shop.id
  type   = "HTTP_PROXY"
  uri    = "http://127.0.0.1:9/orders"
  method = "ANY"
}
`

const authorizers = `
resource "serverless_authorizer" "one" {
  api  = serverless_http_api.shop.id
  name = "one"
  jwt  = { issuer = "https://example.com", audience = ["a"] }
}

resource "serverless_authorizer" "two" {
  api      = serverless_http_api.shop.id
  name     = "two"
  function = { arn = serverless_function.archive.target_arn }
}
`

// sending is a target that puts messages into a queue.
func sending(text string) string {
	return `{
    action   = "SQS-SendMessage"
    role_arn = "arn:aws:iam::000000000000:role/sender"
    params   = { QueueUrl = "http://127.0.0.1:9/000000000000/orders", MessageBody = "` + text + `" }
  }`
}

var routeSubject = Subject{
	Type:     "serverless_route",
	Before:   apiAndFunctions + integrations + authorizers,
	Unmarked: true,
	Base: Arguments{
		"api":      `serverless_http_api.shop.id`,
		"route":    `"GET /orders/{id}"`,
		"function": `serverless_function.orders.target_arn`,
	},
	Import: []string{"{api}/{id}", "{api}/{route}"},
	Edits: []Edit{
		{Argument: "api", To: `serverless_http_api.other.id`, Replace: true},
		{Argument: "route", To: `"ANY /orders/{rest+}"`, Writes: []string{"UpdateIntegration", "UpdateRoute"}},
		{
			Argument: "function", To: `serverless_function.archive.target_arn`, With: []string{"permission_id"},
			Writes: []string{"AddPermission", "UpdateIntegration", "RemovePermission", "UpdateIntegration"},
		},
		{Argument: "timeout", To: `5000`, Writes: []string{"UpdateIntegration"}},
		{Argument: "payload_version", To: `"1.0"`, Writes: []string{"UpdateIntegration"}},
		{Argument: "operation_name", To: `"getOrder"`, Writes: []string{"UpdateRoute"}},
		{Argument: "throttle", To: `{ rate = 10, burst = 5 }`, Writes: []string{"UpdateStage"}},
		{Argument: "throttle", From: Arguments{"throttle": `{ rate = 10, burst = 5 }`}, To: ``, Writes: []string{"DeleteRouteSettings"}},
		{
			Argument: "http", From: Arguments{"function": ``, "http": `{ url = "http://127.0.0.1:9/orders/{id}" }`},
			To: `{ url = "http://127.0.0.1:9/{id}", method = "GET" }`, Writes: []string{"UpdateIntegration"},
		},
		{
			Argument: "integration_id", From: Arguments{"function": ``, "integration_id": `serverless_integration.one.id`},
			To: `serverless_integration.two.id`, Writes: []string{"UpdateRoute"},
		},
		{
			Argument: "service", From: Arguments{"function": ``, "service": sending("$request.body.text")},
			To: sending("$request.body.more"), Writes: []string{"UpdateIntegration"},
		},
		{
			Argument: "service", From: Arguments{"function": ``, "service": sending(`1", DelaySeconds = "5`)},
			To: sending("1"), With: []string{"integration_id"}, Writes: []string{"CreateIntegration", "UpdateRoute", "DeleteIntegration"},
		},
		{Argument: "auth", To: `"iam"`, Writes: []string{"UpdateRoute"}},
		{Argument: "auth", From: Arguments{"auth": `"iam"`}, To: ``, Writes: []string{"UpdateRoute"}},
		{Argument: "authorizer", To: `serverless_authorizer.one.id`, Writes: []string{"UpdateRoute"}},
		{
			Argument: "authorizer", From: Arguments{"authorizer": `serverless_authorizer.one.id`},
			To: `serverless_authorizer.two.id`, Writes: []string{"UpdateRoute"},
		},
		{Argument: "authorizer", From: Arguments{"authorizer": `serverless_authorizer.one.id`}, To: ``, Writes: []string{"UpdateRoute"}},
		{
			Argument: "scopes", From: Arguments{"authorizer": `serverless_authorizer.one.id`, "scopes": `["write", "read"]`},
			To: `["read"]`, Writes: []string{"UpdateRoute"},
		},
		{
			Argument: "scopes", From: Arguments{"authorizer": `serverless_authorizer.one.id`, "scopes": `["read"]`},
			To: ``, Writes: []string{"UpdateRoute"},
		},
		{
			Argument: "request_parameters", From: Arguments{"request_parameters": `{ "append:header.x" = "1", "remove:header.y" = "''" }`},
			To: `{ "append:header.x" = "2" }`, Writes: []string{"UpdateIntegration"},
		},
		{
			Argument: "request_parameters", From: Arguments{"request_parameters": `{ "append:header.x" = "1" }`},
			To: ``, Writes: []string{"UpdateIntegration"},
		},
		{
			Argument: "response_parameters", From: Arguments{"response_parameters": `{ "200" = { "append:header.x" = "1" }, "404" = { "overwrite:statuscode" = "403" } }`},
			To: `{ "200" = { "append:header.y" = "2" } }`, Writes: []string{"UpdateIntegration", "UpdateIntegration"},
		},
		{
			Argument: "response_parameters", From: Arguments{"response_parameters": `{ "200" = { "append:header.x" = "1" } }`},
			To: ``, Writes: []string{"UpdateIntegration"},
		},
		{Argument: "timeouts", To: `{ create = "5m" }`, Local: true, Writes: []string{}},
	},
	Together: Arguments{
		"route":    `"$default"`,
		"function": ``,
		"http":     `{ url = "http://127.0.0.1:9/orders" }`,
		"timeout":  `5000`,
	},
	Invalid: []Invalid{
		{"function", ``, []string{"exactly one of", "integration_id"}},
		{"auth", `"basic"`, []string{"auth", "iam"}},
		{"scopes", `["a"]`, []string{"scopes", "authorizer"}},
		{"throttle", `{ rate = 1 }`, []string{"throttle", "burst"}},
		{"route", `"FETCH /orders"`, []string{"route", "FETCH"}},
		{"route", `"GET orders"`, []string{"route"}},
		{"function", `"orders"`, []string{"function", "target_arn"}},
		{"timeout", `10`, []string{"timeout", "between 50 and 30000"}},
		{"payload_version", `"3.0"`, []string{"payload_version", "2.0"}},
	},
	Transient: []Transient{
		{Operation: "AddPermission", Code: "ResourceConflictException", Message: "The operation cannot be performed at this time. An update is in progress for resource: orders", Times: 2},
	},
	Missing: map[string]string{"GetRoute": "NotFoundException"},
}

func TestRoute(t *testing.T) { Prove(t, routeSubject) }

// TestRouteKilled: the apply after a killed change of the target removes what goes with
// the target before, and nothing stays without the route.
func TestRouteKilled(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]Arguments{
		"service":        {"function": ``, "service": sending("1")},
		"integration_id": {"function": ``, "route": `"$default"`, "integration_id": `serverless_integration.one.id`},
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); routeKilled(t, routeSubject.Base.with(change)) })
	}
}

func routeKilled(t *testing.T, after Arguments) {
	s := routeSubject
	s.settings = "  stack = \"proof\"\n"
	b := s.bench(t)
	b.apply(s.Base) // so that the stage has a deployment
	b.before()
	empty := b.deployed()
	b.apply(after)
	want := b.deployed()
	for n, more := 0, true; more; n++ {
		b.apply(s.Base)
		b.hit = ""
		b.spoiling(n, Kill, after)
		more = b.hit != ""
		b.apply(after)
		b.settled(after)
		if got := b.deployed(); got != want {
			t.Fatalf("killed at call %d: the emulator holds %d things, want %d", n, got, want)
		}
		if _, err := b.Apply(t.Context(), b.provided()+b.Before); err != nil {
			t.Fatal(err)
		}
		if got := b.deployed(); got != empty {
			t.Fatalf("killed at call %d: the emulator holds %d things without the route, want %d", n, got, empty)
		}
	}
}

var integrationSubject = Subject{
	Type:     "serverless_integration",
	Before:   apiAndFunctions,
	Unmarked: true,
	Base: Arguments{
		"api":             `serverless_http_api.shop.id`,
		"type":            `"AWS_PROXY"`,
		"uri":             `serverless_function.orders.target_arn`,
		"description":     `"Orders."`,
		"timeout":         `10000`,
		"payload_version": `"1.0"`,
	},
	Import: []string{"{api}/{id}"},
	Edits: []Edit{
		{Argument: "api", To: `serverless_http_api.other.id`, Replace: true},
		{
			Argument: "uri", To: `serverless_function.archive.target_arn`, With: []string{"permission_id"},
			Writes: []string{"AddPermission", "UpdateIntegration", "RemovePermission", "UpdateIntegration"},
		},
		{
			Argument: "method", From: Arguments{"type": `"HTTP_PROXY"`, "uri": `"http://127.0.0.1:9/"`, "method": `"GET"`},
			To: `"ANY"`, Writes: []string{"UpdateIntegration"},
		},
		{
			Argument: "role_arn", To: `"arn:aws:iam::000000000000:role/caller"`, With: []string{"permission_id"},
			Writes: []string{"UpdateIntegration", "RemovePermission", "UpdateIntegration"},
		},
		{Argument: "description", To: ``, Writes: []string{"UpdateIntegration"}},
		{Argument: "timeout", To: `5000`, Writes: []string{"UpdateIntegration"}},
		{Argument: "payload_version", To: `"2.0"`, Writes: []string{"UpdateIntegration"}},
		{Argument: "timeouts", To: `{ create = "5m" }`, Local: true, Writes: []string{}},
	},
	Together: Arguments{"uri": `serverless_function.archive.target_arn`, "timeout": `5000`, "payload_version": `"2.0"`},
	Invalid: []Invalid{
		{"type", `"LAMBDA"`, []string{"type", "AWS_PROXY"}},
		{"uri", ``, []string{"uri", "Add one"}},
		{"subtype", `"SQS-SendMessage"`, []string{"role_arn", "Add role_arn"}},
		{"timeout", `10`, []string{"timeout", "between 50 and 30000"}},
	},
	Missing: map[string]string{"GetIntegration": "NotFoundException"},
}

func TestIntegration(t *testing.T) { Prove(t, integrationSubject) }

package acctest

import (
	"strings"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// anAPI is an API with a function that says who asks, for everyone at / and for who
// signs at /signed.
const anAPI = `
resource "serverless_http_api" "a" {
  name = "echo"
  tags = { app = "shop" }
}
resource "serverless_function" "f" {
  name    = "echo"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source = { inline = { "index.mjs" = <<-EOT
    export const handler = async (e) => ({
      statusCode: e.rawPath === "/bad" ? 418 : 200,
      headers: { "x-route": e.routeKey },
      body: e.requestContext.http.method + " " + (e.body ?? "") + " " + (e.requestContext.authorizer?.iam?.accountId ?? "nobody"),
    })
  EOT
  } }
}
resource "serverless_route" "all" {
  api      = serverless_http_api.a.id
  route    = "$default"
  function = serverless_function.f.target_arn
}
resource "serverless_route" "signed" {
  api      = serverless_http_api.a.id
  route    = "ANY /signed"
  function = serverless_function.f.target_arn
  auth     = "iam"
}
`

// TestAPIData reads by the family's data sources what it made.
func TestAPIData(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, data, expression, want string }{
		{"an API by its name", `data "serverless_api" "d" {
			api_name   = "echo"
			depends_on = [serverless_http_api.a]
		}`, `"${data.serverless_api.d.protocol}-${data.serverless_api.d.id == serverless_http_api.a.id}"`, "HTTP-true"},
		{"an API by its id", `data "serverless_api" "d" {
			id = serverless_http_api.a.id
		}`, `"${data.serverless_api.d.api_name}-${data.serverless_api.d.execution_arn == serverless_http_api.a.execution_arn}-${data.serverless_api.d.tags.app}"`, "echo-true-shop"},
		{"APIs", `data "serverless_apis" "d" {
			protocol   = "HTTP"
			tags       = { app = "shop" }
			depends_on = [serverless_http_api.a]
		}`, `"found-${length(data.serverless_apis.d.ids)}-${join("", values(data.serverless_apis.d.names))}"`, "found-1-echo"},
		{"no APIs", `data "serverless_apis" "d" {
			name_prefix = "shop"
			depends_on  = [serverless_http_api.a]
		}`, `"found-${length(data.serverless_apis.d.ids)}"`, "found-0"},
		{"a request", `data "serverless_request" "d" {
			url        = "${serverless_http_api.a.url}/x?secret=1"
			method     = "POST"
			body       = "hi"
			headers    = { content-type = "text/plain" }
			depends_on = [serverless_route.all]
		}`, `replace("${data.serverless_request.d.status}-${data.serverless_request.d.response}-${data.serverless_request.d.response_headers["x-route"]}", "/[ $]/", "_")`, "200-POST_hi_nobody-_default"},
		{"an answer of another kind", `data "serverless_request" "d" {
			url        = "${serverless_http_api.a.url}/bad"
			depends_on = [serverless_route.all]
		}`, `"status-${data.serverless_request.d.status}"`, "status-418"},
		{"a request that is not signed", `data "serverless_request" "d" {
			url        = "${serverless_http_api.a.url}/signed"
			depends_on = [serverless_route.signed]
		}`, `"status-${data.serverless_request.d.status}"`, "status-403"},
		{"a signed request", `data "serverless_request" "d" {
			url        = "${serverless_http_api.a.url}/signed"
			sign       = true
			depends_on = [serverless_route.signed]
		}`, `"status-${data.serverless_request.d.status}-${strcontains(data.serverless_request.d.response, "000000000000")}"`, "status-200-true"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := deploy(t, providertest.Emulator(t), anAPI+c.data+`
resource "serverless_table" "shown" {
  name          = `+c.expression+`
  partition_key = { name = "id", type = "S" }
}`)
			if got := m.Value("serverless_table.shown").GetAttr("name").AsString(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestAPIDataRefused asks for what there is not.
func TestAPIDataRefused(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		`data "serverless_api" "d" { api_name = "echo" }`:                             "There is no API echo",
		`data "serverless_api" "d" {}`:                                                "exactly one of id and api_name",
		`data "serverless_request" "d" { url = "ftp://127.0.0.1/" }`:                  "http://",
		`data "serverless_request" "d" { url = "http://127.0.0.1:1/a?token=s3cret" }`: "GET http://127.0.0.1:1/a got no answer",
		`resource "serverless_http_api" "a" {
			for_each = toset(["1", "2"])
			name     = "twice"
		}
		data "serverless_api" "d" {
			api_name   = "twice"
			depends_on = [serverless_http_api.a]
		}`: "There are 2 APIs twice",
	} {
		s := onStage(t)
		_, err := s.Apply(t.Context(), settings+data)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", data, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the message has the query of the URL: %v", err)
		}
	}
}

// TestRequest uses the family's action.
func TestRequest(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	m := deploy(t, e, anAPI)
	url := m.Value("serverless_http_api.a").GetAttr("url").AsString()
	p := Speak(t, e, "")
	for config, want := range map[string]string{
		`{ url = "` + url + `/x?a=1", body = "hi" }`:         "POST " + url + "/x answered with 200.",
		`{ url = "` + url + `/signed", sign = true }`:        "answered with 200",
		`{ url = "` + url + `/bad", fail_on_error = false }`: "answered with 418",
	} {
		said, err := p.Invoke("serverless_request", config)
		if all := strings.Join(said, "\n"); err != nil || !strings.Contains(all, want) {
			t.Errorf("%s: said %q, %v, want %q", config, all, err, want)
		}
	}
	if _, err := p.Invoke("serverless_request", `{ url = "`+url+`/bad" }`); err == nil || !strings.Contains(err.Error(), "418") {
		t.Errorf("a request that fails: %v", err)
	}
}

// TestRouteMatch calls the function that the family adds to the language.
func TestRouteMatch(t *testing.T) {
	t.Parallel()
	p := Speak(t, providertest.Emulator(t), "")
	const routes = `["GET /orders", "GET /orders/{id}", "ANY /orders/{id}", "GET /{rest+}"]`
	for request, want := range map[string]string{
		"GET /orders": "GET /orders", "GET /orders/7": "GET /orders/{id}", "DELETE /orders/7?x=1": "ANY /orders/{id}", "GET /a/b": "GET /{rest+}",
	} {
		got, err := p.Call("route_match", routes, `"`+request+`"`)
		if err != nil || got.IsNull() || got.GetAttr("route").AsString() != want {
			t.Errorf("%s: got %#v, %v, want %s", request, got, err, want)
		}
	}
	got, err := p.Call("route_match", routes, `"GET /orders/a%20b"`)
	if err != nil || got.GetAttr("path_parameters").AsValueMap()["id"].AsString() != "a b" {
		t.Errorf("got %#v, %v, want the decoded id", got, err)
	}
	if got, err := p.Call("route_match", routes, `"POST /carts"`); err != nil || !got.IsNull() {
		t.Errorf("a request for no route: got %#v, %v, want null", got, err)
	}
	for _, c := range []struct{ routes, request, want string }{
		{`["FETCH /"]`, "GET /", "FETCH"}, {`[]`, "/orders", "is no request"}, {`[]`, "ANY /", "is no request"}, {`[]`, "GET /%zz", "decoded"},
	} {
		if _, err := p.Call("route_match", c.routes, `"`+c.request+`"`); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("route_match(%s, %s): got %v, want %q", c.routes, c.request, err, c.want)
		}
	}
}

// TestMoveAndListAPIs takes over the state of other types, and lists.
func TestMoveAndListAPIs(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	m := deploy(t, e, anAPI+`
resource "serverless_websocket_api" "w" {
  name = "chat"
}
resource "serverless_integration" "i" {
  api    = serverless_websocket_api.w.id
  type   = "HTTP_PROXY"
  uri    = "http://127.0.0.1:9/"
  method = "GET"
}
resource "serverless_authorizer" "a" {
  api  = serverless_http_api.a.id
  name = "users"
  jwt  = { issuer = "https://example.com", audience = ["a"] }
}
resource "serverless_domain" "d" {
  domain_name     = "api.example.com"
  certificate_arn = "`+certificate+`a"
}
resource "serverless_domain_mapping" "m" {
  domain = serverless_domain.d.domain_name
  api    = serverless_http_api.a.id
  stage  = serverless_http_api.a.stage
}
resource "serverless_routing_rule" "r" {
  domain   = serverless_domain.d.domain_name
  priority = 1
  api      = "a1b2c3d4e5"
  stage    = "live"
}
resource "serverless_vpc_link" "l" {
  name       = "inside"
  subnet_ids = ["subnet-1"]
}
`)
	p := Speak(t, e, "")
	id := func(address, name string) string { return m.Value(address).GetAttr(name).AsString() }
	for _, c := range []struct {
		from, to string
		state    map[string]any
		want     string
	}{
		{"aws_apigatewayv2_api", "serverless_http_api", map[string]any{"id": id("serverless_http_api.a", "id")}, "stage"},
		{"aws_apigatewayv2_api", "serverless_websocket_api", map[string]any{"id": id("serverless_websocket_api.w", "id")}, "selection"},
		{"aws_apigatewayv2_route", "serverless_route", map[string]any{"id": id("serverless_route.all", "id"), "api_id": id("serverless_http_api.a", "id")}, "function"},
		{"aws_apigatewayv2_domain_name", "serverless_domain", map[string]any{"domain_name": "api.example.com"}, "target_domain"},
		{"aws_apigatewayv2_integration", "serverless_integration", map[string]any{"id": id("serverless_integration.i", "id"), "api_id": id("serverless_websocket_api.w", "id")}, "uri"},
		{"aws_apigatewayv2_stage", "serverless_stage", map[string]any{"name": "live", "api_id": id("serverless_websocket_api.w", "id")}, "execution_arn"},
		{"aws_apigatewayv2_authorizer", "serverless_authorizer", map[string]any{"id": id("serverless_authorizer.a", "id"), "api_id": id("serverless_http_api.a", "id")}, "jwt"},
		{"aws_apigatewayv2_api_mapping", "serverless_domain_mapping", map[string]any{"id": id("serverless_domain_mapping.m", "id"), "domain_name": "api.example.com"}, "stage"},
		{"aws_apigatewayv2_routing_rule", "serverless_routing_rule", map[string]any{"routing_rule_id": id("serverless_routing_rule.r", "id"), "domain_name": "api.example.com"}, "priority"},
		{"aws_apigatewayv2_vpc_link", "serverless_vpc_link", map[string]any{"id": id("serverless_vpc_link.l", "id")}, "subnet_ids"},
	} {
		v, err := p.Move(c.from, c.to, c.state)
		if err != nil || v.IsNull() || v.GetAttr(c.want).IsNull() {
			t.Errorf("%s: got %#v, %v", c.from, v, err)
		}
	}
	within := `{ api = "` + id("serverless_http_api.a", "id") + `" }`
	for typeName, c := range map[string]struct {
		config string
		want   int
	}{
		"serverless_http_api":       {`{ tags = { app = "shop" } }`, 1},
		"serverless_websocket_api":  {`{}`, 1},
		"serverless_route":          {within, 2},
		"serverless_authorizer":     {within, 1},
		"serverless_stage":          {within, 1},
		"serverless_integration":    {`{ api = "` + id("serverless_websocket_api.w", "id") + `" }`, 1},
		"serverless_domain":         {`{}`, 1},
		"serverless_domain_mapping": {`{ domain = "api.example.com" }`, 1},
		"serverless_routing_rule":   {`{ domain = "api.example.com" }`, 1},
		"serverless_vpc_link":       {`{}`, 1},
	} {
		if found, err := p.List(typeName, c.config, true, 0); err != nil || len(found) != c.want {
			t.Errorf("%s: found %d, %v, want %d", typeName, len(found), err, c.want)
		}
	}
}

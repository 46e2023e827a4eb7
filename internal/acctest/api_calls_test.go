package acctest

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// TestCallsOfAPIs: a refresh of all kinds of things that belong to APIs and domains asks
// for each list once, whoever comes first, and for nothing beside that the lists tell.
func TestCallsOfAPIs(t *testing.T) {
	t.Parallel()
	a := &askings{Emulator: providertest.Emulator(t)}
	a.forget()
	m := &Machine{Serve: func() tfprotov6.ProviderServer { return providertest.Server(a) }}
	const config = settings + apiAndFunctions + integrations + authorizers + `
resource "serverless_http_api" "own" {
  name       = "own"
  domain     = { name = "own.example.com", certificate_arn = "` + certificate + `a" }
  access_log = {}
}
resource "serverless_stage" "s" {
  for_each = toset(["one", "two"])
  api      = serverless_http_api.shop.id
  name     = each.key
  tags     = { team = each.key }
}
resource "serverless_route" "guarded" {
  for_each   = { one = serverless_authorizer.one.id, two = serverless_authorizer.two.id }
  api        = serverless_http_api.shop.id
  route      = "GET /${each.key}"
  function   = serverless_function.orders.target_arn
  authorizer = each.value
}
resource "serverless_route" "shared" {
  api            = serverless_http_api.shop.id
  route          = "GET /shared"
  integration_id = serverless_integration.one.id
}
resource "serverless_websocket_api" "chat" {
  name = "chat"
}
resource "serverless_route" "ping" {
  for_each = toset(["ping", "pong"])
  api      = serverless_websocket_api.chat.id
  route    = each.key
  mock     = { status = 200, body = "{}" }
  answers  = true
}
resource "serverless_domain" "api" {
  domain_name     = "api.example.com"
  certificate_arn = "` + certificate + `a"
  routing_mode    = "ROUTING_RULE_THEN_API_MAPPING"
}
resource "serverless_domain_mapping" "p" {
  for_each = serverless_stage.s
  domain   = serverless_domain.api.domain_name
  api      = serverless_http_api.shop.id
  stage    = each.value.name
  path     = each.key
}
resource "serverless_routing_rule" "r" {
  count    = 2
  domain   = serverless_domain.api.domain_name
  priority = 1 + count.index
  api      = "a1b2c3d4e5"
  stage    = "live"
}
resource "serverless_vpc_link" "l" {
  name       = "inside"
  subnet_ids = ["subnet-1"]
}
`
	a.refreshed(t, m, config, map[string]int{
		"GetApi": 4, "GetDomainName": 2, "GetVpcLink": 1, "GetPolicy": 2,
		"GetRoutes": 2, "GetIntegrations": 2, "GetStages": 4, "GetAuthorizers": 1, "GetApiMappings": 2, "ListRoutingRules": 1,
		// What no list tells: the answers of a WebSocket API.
		"GetRouteResponses": 2, "GetIntegrationResponses": 2,
		"GetRoute": 0, "GetIntegration": 0, "GetStage": 0, "GetAuthorizer": 0, "GetApiMapping": 0, "GetRoutingRule": 0,
		"GetApis": 0, "GetDomainNames": 0, "GetVpcLinks": 0,
	})
}

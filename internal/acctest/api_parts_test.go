package acctest

import "testing"

var webSocketAPISubject = Subject{
	Type:  "serverless_websocket_api",
	Again: another,
	Base: Arguments{
		"name":            `"chat"`,
		"description":     `"What people say."`,
		"stage_variables": `{ stage = "dev" }`,
		"tags":            `{ team = "a" }`,
	},
	Import: []string{"{id}", "{arn}"},
	Edits: []Edit{
		{Argument: "name", To: `"talk"`, With: []string{"api_name"}, Writes: []string{"UpdateApi"}},
		{Argument: "selection", To: `"$request.body.kind"`, Writes: []string{"UpdateApi"}},
		{Argument: "api_key_selection", To: `"$context.authorizer.usageIdentifierKey"`, Writes: []string{"UpdateApi"}},
		{Argument: "stage", To: `"dev"`, With: []string{"url", "management_url"}, Writes: []string{"CreateStage", "DeleteStage"}},
		{Argument: "stage_variables", To: `{ stage = "prod" }`, Writes: []string{"UpdateStage"}},
		{Argument: "throttle", To: `{ rate = 10, burst = 20 }`, Writes: []string{"UpdateStage"}},
		{Argument: "access_log", To: `{ retention_days = 7 }`, With: []string{"log_group_name"}, Writes: []string{"CreateLogGroup", "PutRetentionPolicy", "UpdateStage"}},
		{Argument: "disable_default_endpoint", To: `true`, Writes: []string{"UpdateApi"}},
		{Argument: "tags", To: `{ team = "b" }`, With: []string{"tags_all"}, Writes: []string{"TagResource", "TagResource"}},
	},
	Together: Arguments{"name": `"talk"`, "stage": `"dev"`, "access_log": `{}`, "tags": `{ cost = "1" }`},
	Invalid: []Invalid{
		{"selection", `"action"`, []string{"selection", "$request.body.action"}},
		{"stage", `"$default"`, []string{"stage", "1 to 128 letters"}},
		{"log_level", `"DEBUG"`, []string{"log_level", "INFO"}},
		{"log_data", `true`, []string{"log_data", "log_level"}},
	},
	Missing: map[string]string{"GetApi": "NotFoundException"},
}

func TestWebSocketAPI(t *testing.T) { Prove(t, webSocketAPISubject) }

var authorizerSubject = Subject{
	Type:     "serverless_authorizer",
	Before:   apiAndFunctions,
	Unmarked: true,
	Base: Arguments{
		"api":      `serverless_http_api.shop.id`,
		"name":     `"users"`,
		"function": `{ arn = serverless_function.orders.target_arn, cache_ttl = 60, simple = true, payload_version = "2.0" }`,
	},
	Import: []string{"{api}/{id}"},
	Edits: []Edit{
		{Argument: "api", To: `serverless_http_api.other.id`, Replace: true},
		{Argument: "name", To: `"people"`, Writes: []string{"UpdateAuthorizer"}},
		{
			Argument: "function", To: `{ arn = serverless_function.archive.target_arn, cache_ttl = 0, simple = false, payload_version = "1.0" }`,
			With: []string{"permission_id"}, Writes: []string{"AddPermission", "TagResource", "UpdateAuthorizer", "RemovePermission", "UntagResource"},
		},
		{
			Argument: "jwt", From: Arguments{"function": ``, "jwt": `{ issuer = "https://example.com", audience = ["a"] }`},
			To: `{ issuer = "https://example.org", audience = ["a", "b"] }`, Writes: []string{"UpdateAuthorizer"},
		},
		{
			Argument: "identity_sources", From: Arguments{"identity_sources": `["$request.header.Authorization"]`},
			To: `["$request.querystring.token"]`, Writes: []string{"UpdateAuthorizer"},
		},
	},
	Together: Arguments{"name": `"people"`, "function": `{ arn = serverless_function.archive.target_arn, cache_ttl = 30, simple = true, payload_version = "2.0" }`},
	Invalid: []Invalid{
		{"jwt", `{ issuer = "https://example.com", audience = ["a"] }`, []string{"exactly one of"}},
		{"function", ``, []string{"exactly one of"}},
		{"name", `""`, []string{"name", "between 1 and 128"}},
		{"jwt", `{ issuer = "example.com", audience = [] }`, []string{"issuer", "audience"}},
	},
	Missing: map[string]string{"GetAuthorizer": "NotFoundException"},
}

func TestAuthorizer(t *testing.T) { Prove(t, authorizerSubject) }

var stageSubject = Subject{
	Type: "serverless_stage",
	Before: `
resource "serverless_http_api" "shop" {
  name = "shop"
}

resource "serverless_http_api" "other" {
  name = "other"
}
`,
	Base: Arguments{
		"api":             `serverless_http_api.shop.id`,
		"name":            `"test"`,
		"description":     `"For tests."`,
		"stage_variables": `{ level = "1" }`,
		"tags":            `{ team = "a" }`,
	},
	Import: []string{"{api}/{name}"},
	Edits: []Edit{
		{Argument: "api", To: `serverless_http_api.other.id`, Replace: true},
		{Argument: "name", To: `"try"`, Replace: true},
		{Argument: "description", To: ``, Writes: []string{"UpdateStage"}},
		{Argument: "auto_deploy", To: `false`, Writes: []string{"UpdateStage"}},
		{Argument: "stage_variables", To: `{ more = "2" }`, Writes: []string{"UpdateStage"}},
		{Argument: "throttle", To: `{ rate = 10, burst = 20 }`, Writes: []string{"UpdateStage"}},
		{
			Argument: "access_log", To: `{ group = "arn:aws:logs:eu-north-1:000000000000:log-group:a", format = "$context.requestId" }`,
			Writes: []string{"UpdateStage"},
		},
		{Argument: "tags", To: ``, With: []string{"tags_all"}, Writes: []string{"UntagResource"}},
	},
	Together: Arguments{"description": ``, "throttle": `{ rate = 10, burst = 20 }`, "stage_variables": ``, "tags": `{ team = "b" }`},
	Invalid: []Invalid{
		{"name", `"a b"`, []string{"name", "$default"}},
		{"deployment_id", `"abc"`, []string{"deployment_id", "auto_deploy = false"}},
		{"access_log", `{ group = "a", format = "$context.requestId" }`, []string{"access_log.group", "the ARN of a log group"}},
	},
	Missing: map[string]string{"GetStage": "NotFoundException"},
}

func TestStage(t *testing.T) { Prove(t, stageSubject) }

const certificate = "arn:aws:acm:eu-north-1:000000000000:certificate/"

var domainSubject = Subject{
	Type: "serverless_domain",
	Base: Arguments{
		"domain_name":     `"api.example.com"`,
		"certificate_arn": `"` + certificate + `a"`,
		"tags":            `{ team = "a" }`,
	},
	Import: []string{"{domain_name}", "{arn}"},
	Edits: []Edit{
		{Argument: "domain_name", To: `"shop.example.com"`, Replace: true},
		{Argument: "certificate_arn", To: `"` + certificate + `b"`, Writes: []string{"UpdateDomainName"}},
		{Argument: "ownership_certificate_arn", To: `"` + certificate + `c"`, Writes: []string{"UpdateDomainName"}},
		{Argument: "ip_address_type", To: `"dualstack"`, Writes: []string{"UpdateDomainName"}},
		{Argument: "routing_mode", To: `"ROUTING_RULE_THEN_API_MAPPING"`, Writes: []string{"UpdateDomainName"}},
		{Argument: "tags", To: ``, With: []string{"tags_all"}, Writes: []string{"UntagResource"}},
	},
	Together: Arguments{"routing_mode": `"ROUTING_RULE_ONLY"`, "certificate_arn": `"` + certificate + `b"`, "tags": `{ cost = "1" }`},
	Invalid: []Invalid{
		{"domain_name", `"API"`, []string{"domain_name", "small letters"}},
		{"certificate_arn", `"a"`, []string{"certificate_arn", "ACM"}},
		{"routing_mode", `"RULES"`, []string{"routing_mode", "ROUTING_RULE_ONLY"}},
		{"mtls", `{ truststore_uri = "a" }`, []string{"mtls.truststore_uri", "s3://bucket/key"}},
	},
	Missing: map[string]string{"GetDomainName": "NotFoundException"},
}

func TestDomain(t *testing.T) { Prove(t, domainSubject) }

const apiAndDomains = `
resource "serverless_http_api" "shop" {
  name = "shop"
}

resource "serverless_http_api" "other" {
  name = "other"
}

resource "serverless_stage" "test" {
  api  = serverless_http_api.shop.id
  name = "test"
}

resource "serverless_domain" "api" {
  domain_name     = "api.example.com"
  certificate_arn = "` + certificate + `a"
  routing_mode    = "ROUTING_RULE_THEN_API_MAPPING"
}

resource "serverless_domain" "other" {
  domain_name     = "other.example.com"
  certificate_arn = "` + certificate + `a"
}
`

var mappingSubject = Subject{
	Type:     "serverless_domain_mapping",
	Before:   apiAndDomains,
	Unmarked: true,
	Base: Arguments{
		"domain": `serverless_domain.api.domain_name`,
		"api":    `serverless_http_api.shop.id`,
		"stage":  `serverless_http_api.shop.stage`,
		"path":   `"v1"`,
	},
	Import: []string{"{domain}/{id}"},
	Edits: []Edit{
		{Argument: "domain", To: `serverless_domain.other.domain_name`, Replace: true},
		{Argument: "api", To: `serverless_http_api.other.id`, Replace: true},
		{Argument: "stage", To: `serverless_stage.test.name`, Writes: []string{"UpdateApiMapping"}},
		{Argument: "path", To: `"v2/orders"`, Writes: []string{"UpdateApiMapping"}},
		{Argument: "path", To: ``, Writes: []string{"UpdateApiMapping"}},
	},
	Together: Arguments{"stage": `serverless_stage.test.name`, "path": ``},
	Invalid: []Invalid{
		{"path", `"/v1"`, []string{"path", "without a slash"}},
	},
	Missing: map[string]string{"GetApiMapping": "NotFoundException"},
}

func TestDomainMapping(t *testing.T) { Prove(t, mappingSubject) }

var ruleSubject = Subject{
	Type:     "serverless_routing_rule",
	Before:   apiAndDomains,
	Unmarked: true,
	Base: Arguments{
		"domain":     `serverless_domain.api.domain_name`,
		"priority":   `10`,
		"base_paths": `["orders"]`,
		"api":        `"a1b2c3d4e5"`,
		"stage":      `"live"`,
	},
	Import: []string{"{domain}/{id}"},
	Edits: []Edit{
		{Argument: "domain", To: `serverless_domain.other.domain_name`, Replace: true},
		{Argument: "priority", To: `20`, Writes: []string{"PutRoutingRule"}},
		{Argument: "base_paths", To: `["orders", "carts"]`, Writes: []string{"PutRoutingRule"}},
		{Argument: "base_paths", To: ``, Writes: []string{"PutRoutingRule"}},
		{Argument: "headers", To: `[{ name = "x-beta", value = "1*" }]`, Writes: []string{"PutRoutingRule"}},
		{Argument: "api", To: `"f6g7h8i9j0"`, Writes: []string{"PutRoutingRule"}},
		{Argument: "stage", To: `"dev"`, Writes: []string{"PutRoutingRule"}},
		{Argument: "strip_base_path", To: `true`, Writes: []string{"PutRoutingRule"}},
	},
	Together: Arguments{"priority": `20`, "base_paths": ``, "headers": `[{ name = "x-beta", value = "1" }]`},
	Invalid: []Invalid{
		{"priority", `0`, []string{"priority", "between 1 and 1000000"}},
		{"base_paths", `[]`, []string{"base_paths", "at least 1"}},
	},
	Missing: map[string]string{"GetRoutingRule": "NotFoundException"},
}

func TestRoutingRule(t *testing.T) { Prove(t, ruleSubject) }

var vpcLinkSubject = Subject{
	Type:  "serverless_vpc_link",
	Again: another,
	Base: Arguments{
		"name":               `"inside"`,
		"subnet_ids":         `["subnet-1", "subnet-2"]`,
		"security_group_ids": `["sg-1"]`,
		"tags":               `{ team = "a" }`,
	},
	Import: []string{"{id}", "{arn}"},
	Edits: []Edit{
		{Argument: "name", To: `"within"`, With: []string{"link_name"}, Writes: []string{"UpdateVpcLink"}},
		{Argument: "subnet_ids", To: `["subnet-1"]`, Replace: true},
		{Argument: "security_group_ids", To: ``, Replace: true},
		{Argument: "tags", To: `{ team = "b" }`, With: []string{"tags_all"}, Writes: []string{"TagResource"}},
	},
	Together: Arguments{"name": `"within"`, "tags": `{ cost = "1" }`},
	Invalid: []Invalid{
		{"name", `""`, []string{"name", "between 1 and 128"}},
		{"subnet_ids", `[]`, []string{"subnet_ids", "at least 1"}},
	},
	Missing: map[string]string{"GetVpcLink": "NotFoundException"},
}

func TestVPCLink(t *testing.T) { Prove(t, vpcLinkSubject) }

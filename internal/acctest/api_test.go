package acctest

import "testing"

var httpAPISubject = Subject{
	Type: "serverless_http_api",
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
		{Argument: "cors", To: `{ allow_origins = ["*"], allow_headers = ["authorization"] }`, Writes: []string{"UpdateApi"}},
		{Argument: "cors", To: ``, Writes: []string{"DeleteCorsConfiguration"}},
		{Argument: "stage", To: `"live"`, With: []string{"url"}, Writes: []string{"CreateStage", "DeleteStage"}},
		{Argument: "stage_variables", To: `{ stage = "prod" }`, Writes: []string{"UpdateStage"}},
		{Argument: "stage_variables", To: ``, Writes: []string{"UpdateStage"}},
		{Argument: "tags", To: `{ team = "b", cost = "1" }`, With: []string{"tags_all"}, Writes: []string{"TagResource", "TagResource"}},
		{Argument: "tags", To: ``, With: []string{"tags_all"}, Writes: []string{"UntagResource", "UntagResource"}},
		{Argument: "timeouts", To: `{ create = "5m" }`, Local: true, Writes: []string{}},
	},
	Together: Arguments{
		"name":            `"store"`,
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
	},
	Missing: map[string]string{"GetApi": "NotFoundException"},
}

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

var routeSubject = Subject{
	Type:     "serverless_route",
	Before:   apiAndFunctions,
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
			Writes: []string{"AddPermission", "UpdateIntegration", "RemovePermission"},
		},
		{Argument: "timeout", To: `5000`, Writes: []string{"UpdateIntegration"}},
		{Argument: "payload_version", To: `"1.0"`, Writes: []string{"UpdateIntegration"}},
		{Argument: "timeouts", To: `{ create = "5m" }`, Local: true, Writes: []string{}},
	},
	Together: Arguments{
		"route":    `"$default"`,
		"function": `serverless_function.archive.target_arn`,
		"timeout":  `5000`,
	},
	Invalid: []Invalid{
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

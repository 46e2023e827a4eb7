package acctest

import "testing"

// hello is the code of a function that answers with a word.
func hello(word string) string {
	return `{ inline = { "index.mjs" = "export const handler = async () => \"` + word + `\"" } }`
}

const someTable = `
resource "serverless_table" "orders" {
  name          = "orders"
  partition_key = { name = "id", type = "S" }
}
`

const readTags = `jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = ["tag:GetResources"], Resource = "*" }] })`

var functionSubject = Subject{
	Type:   "serverless_function",
	Before: someTable,
	Base: Arguments{
		"name":        `"hello"`,
		"description": `"Says hello."`,
		"runtime":     `"nodejs22.x"`,
		"handler":     `"index.handler"`,
		"source":      hello("hello"),
		"environment": `{ STAGE = "dev", LEVEL = "1" }`,
		"links":       `{ ORDERS = { to = serverless_table.orders.arn, access = ["read"] } }`,
		"policies":    `[` + readTags + `]`,
		"tags":        `{ team = "a" }`,
	},
	Import:     []string{"{function_name}", "{arn}", "{function_name}@{region}"},
	Unimported: []string{"source", "links", "policies", "environment"},
	Edits: []Edit{
		{Argument: "name", To: `"other"`, Replace: true},
		{Argument: "function_name", To: `"hello-on-aws"`, Replace: true},
		{Argument: "region", To: `"eu-west-1"`, From: Arguments{"links": ""}, Replace: true},
		{Argument: "description", To: `"Says hi."`, With: []string{"last_modified"}, Writes: []string{"UpdateFunctionConfiguration"}},
		{Argument: "description", To: ``, With: []string{"last_modified"}, Writes: []string{"UpdateFunctionConfiguration"}},
		{Argument: "source", To: hello("hi"), With: []string{"code_sha256", "code_size", "last_modified"}, Writes: []string{"UpdateFunctionCode"}},
		{Argument: "runtime", To: `"nodejs24.x"`, With: []string{"last_modified"}, Writes: []string{"UpdateFunctionConfiguration"}},
		{Argument: "architecture", To: `"arm64"`, With: []string{"last_modified"}, Writes: []string{"UpdateFunctionCode"}},
		{Argument: "memory", To: `1024`, With: []string{"last_modified"}, Writes: []string{"UpdateFunctionConfiguration"}},
		{Argument: "timeout", To: `60`, With: []string{"last_modified"}, Writes: []string{"UpdateFunctionConfiguration"}},
		{Argument: "ephemeral_storage", To: `1024`, With: []string{"last_modified"}, Writes: []string{"UpdateFunctionConfiguration"}},
		{Argument: "environment", To: `{ STAGE = "prod" }`, With: []string{"environment_effective", "last_modified"}, Writes: []string{"UpdateFunctionConfiguration"}},
		{Argument: "environment", To: ``, With: []string{"environment_effective", "last_modified"}, Writes: []string{"UpdateFunctionConfiguration"}},
		{
			Argument: "links", To: `{ ORDERS = { to = serverless_table.orders.arn, access = ["read", "write"] } }`,
			With: []string{"role_policy", "last_modified"}, Writes: []string{"PutRolePolicy", "PutRolePolicy"},
		},
		{
			Argument: "links", To: ``,
			With: []string{"role_policy", "environment_effective", "last_modified"}, Writes: []string{"UpdateFunctionConfiguration", "PutRolePolicy"},
		},
		{Argument: "policies", To: ``, With: []string{"role_policy", "last_modified"}, Writes: []string{"PutRolePolicy"}},
		{
			Argument: "policies", Same: true, // the same document in another layout
			To: `["{\n \"Statement\": [ {\"Resource\":\"*\", \"Action\": [\"tag:GetResources\"], \"Effect\": \"Allow\"} ], \"Version\": \"2012-10-17\" }"]`,
		},
		{
			Argument: "policy_arns", To: `["arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"]`,
			With: []string{"last_modified"}, Writes: []string{"AttachRolePolicy"},
		},
		{
			Argument: "log", To: `{ retention_days = 7 }`,
			With: []string{"last_modified"}, Writes: []string{"PutRetentionPolicy"},
		},
		{
			Argument: "log", To: `{ format = "Text" }`,
			With: []string{"last_modified"}, Writes: []string{"UpdateFunctionConfiguration"},
		},
		{
			Argument: "log", To: `{ application_level = "DEBUG", system_level = "INFO" }`,
			With: []string{"last_modified"}, Writes: []string{"UpdateFunctionConfiguration"},
		},
		{Argument: "tracing", To: `false`, With: []string{"role_policy", "last_modified"}, Writes: []string{"UpdateFunctionConfiguration", "PutRolePolicy"}},
		{Argument: "reserved_concurrency", To: `5`, With: []string{"last_modified"}, Writes: []string{"PutFunctionConcurrency"}},
		{Argument: "reserved_concurrency", To: ``, From: Arguments{"reserved_concurrency": `5`}, With: []string{"last_modified"}, Writes: []string{"DeleteFunctionConcurrency"}},
		{Argument: "recursion", To: `"allow"`, With: []string{"last_modified"}, Writes: []string{"PutFunctionRecursionConfig"}},
		{
			Argument: "tags", To: `{ team = "b", cost = "1" }`,
			With: []string{"tags_all", "last_modified"}, Writes: []string{"TagRole", "TagResource", "TagResource"},
		},
		{Argument: "timeouts", To: `{ create = "5m" }`, Local: true, Writes: []string{}},
	},
	Together: Arguments{
		"source":      hello("hi"),
		"memory":      `1024`,
		"environment": `{ STAGE = "prod" }`,
		"links":       `{ ORDERS = { to = serverless_table.orders.arn, access = ["write"] } }`,
		"tags":        `{ cost = "1" }`,
	},
	Invalid: []Invalid{
		{"name", `"a b"`, []string{"name", "1 to 64 letters"}},
		{"name", ``, []string{"name", "function_name"}},
		{"function_name", `"a/b"`, []string{"function_name", "1 to 64 letters"}},
		{"description", `""`, []string{"description", "between 1 and 256"}},
		{"handler", `"a b"`, []string{"handler", "no spaces"}},
		{"handler", `"other.handler"`, []string{"handler", "other.mjs", "index.mjs"}},
		{"handler", ``, []string{"handler", "defaults"}},
		{"runtime", ``, []string{"runtime", "defaults"}},
		{"architecture", `"mips"`, []string{"architecture", "arm64"}},
		{"memory", `100`, []string{"memory", "between 128 and 32768"}},
		{"timeout", `901`, []string{"timeout", "between 1 and 900"}},
		{"ephemeral_storage", `1`, []string{"ephemeral_storage", "between 512 and 10240"}},
		{"environment", `{ "1X" = "" }`, []string{"environment", "begins with a letter"}},
		{"source", `{}`, []string{"source", "dir, file, image, inline, s3 and zip", "none"}},
		{"source", `{ dir = "a", file = "b" }`, []string{"source", "dir and file"}},
		{"source", `{ dir = "does-not-exist" }`, []string{"Source", "there is no folder does-not-exist"}},
		{"source", `{ zip = "does-not-exist.zip" }`, []string{"Source", "there is no file does-not-exist.zip"}},
		{"source", `{ inline = { "../index.mjs" = "" } }`, []string{"Source", "stay inside"}},
		{"source", `{ inline = { "index.mjs" = "" }, exclude = ["a"] }`, []string{"Only with dir", "exclude", "inline"}},
		{"links", `{ ORDERS = { to = "orders", access = ["read"] } }`, []string{"links", "ARN"}},
		{"links", `{ ORDERS = { to = serverless_table.orders.arn, access = ["drop"] } }`, []string{"drop", "read", "write"}},
		{"links", `{ ORDERS = { to = "arn:aws:sqs:eu-north-1:000000000000:q", access = ["read"] } }`, []string{"Links lead to", "policies"}},
		{"policies", `["nonsense"]`, []string{"policies", "JSON"}},
		{"policies", `["{}"]`, []string{"Bad policy", "Version"}},
		{"role_arn", `"admin"`, []string{"role_arn", "ARN"}},
		{"role_arn", `"arn:aws:iam::000000000000:role/mine"`, []string{"role_arn", "links"}},
		{"log", `{ format = "XML" }`, []string{"log.format", "JSON"}},
		{"log", `{ format = "Text", system_level = "INFO" }`, []string{"system_level", "JSON"}},
		{"log", `{ retention_days = 8 }`, []string{"log.retention_days", "7"}},
		{"log", `{ group = "mine", retention_days = 7 }`, []string{"retention_days", "group"}},
		{"reserved_concurrency", `-2`, []string{"reserved_concurrency", "at least -1"}},
		{"recursion", `"maybe"`, []string{"recursion", "terminate"}},
	},
	Transient: []Transient{
		{Operation: "CreateFunction", Code: "InvalidParameterValueException", Message: "The role defined for the function cannot be assumed by Lambda.", Times: 3},
		{Operation: "UpdateFunctionConfiguration", Code: "ResourceConflictException", Message: "The operation cannot be performed at this time. An update is in progress for resource: hello", Times: 2},
		{Operation: "UpdateFunctionCode", Code: "ResourceConflictException", Message: "The operation cannot be performed at this time. An update is in progress for resource: hello", Times: 2},
	},
	Missing: map[string]string{"GetFunction": "ResourceNotFoundException"},
}

func TestFunction(t *testing.T) { Prove(t, functionSubject) }

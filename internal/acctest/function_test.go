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
	Type: "serverless_function",
	Before: someTable + `
resource "serverless_layer" "words" {
  name   = "words"
  retain = false
  source = { inline = { "nodejs/words.mjs" = "export const word = 1" } }
}
resource "serverless_queue" "dead" {
  name = "dead"
}
`,
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
	Unimported: []string{"source", "links", "policies", "policy_templates", "environment"},
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
			Argument: "policy_templates", To: `{ EC2DescribePolicy = {}, SQSPollerPolicy = { QueueName = serverless_queue.dead.queue_name } }`,
			With: []string{"role_policy", "last_modified"}, Writes: []string{"PutRolePolicy", "PutRolePolicy"},
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
			Argument: "publish", To: `{ alias = "live" }`, Unasked: true,
			With: []string{"target_arn", "invoke_arn", "version", "last_modified"}, Writes: []string{"PublishVersion", "CreateAlias"},
		},
		{
			Argument: "publish", To: `{ alias = "next" }`, From: Arguments{"publish": `{ alias = "live" }`, "url": `{}`},
			With:   []string{"target_arn", "invoke_arn", "url", "last_modified"},
			Writes: []string{"CreateAlias", "CreateFunctionUrlConfig", "DeleteFunctionUrlConfig", "DeleteAlias"},
		},
		{
			Argument: "memory", To: `1024`, From: Arguments{"publish": `{ alias = "live" }`},
			With: []string{"version", "last_modified"}, Writes: []string{"UpdateFunctionConfiguration", "PublishVersion", "UpdateAlias"}, Grows: true,
		},
		{
			Argument: "publish", To: `{ alias = "live", provisioned_concurrency = 1 }`, From: Arguments{"publish": `{ alias = "live" }`}, Unasked: true,
			With: []string{"last_modified"}, Writes: []string{"PutProvisionedConcurrencyConfig"},
		},
		{Argument: "url", To: `{}`, Unasked: true, With: []string{"last_modified"}, Writes: []string{"CreateFunctionUrlConfig"}},
		{
			Argument: "url", To: `{ auth = "NONE", cors = { allow_origins = ["https://example.com"], max_age = 60 } }`, From: Arguments{"url": `{}`},
			With: []string{"last_modified"}, Writes: []string{"AddPermission", "AddPermission", "UpdateFunctionUrlConfig"},
		},
		{Argument: "async", To: `{ max_retries = 0, max_age = 60 }`, Unasked: true, With: []string{"last_modified"}, Writes: []string{"PutFunctionEventInvokeConfig"}},
		{Argument: "layers", To: `[serverless_layer.words.arn]`, With: []string{"last_modified"}, Writes: []string{"UpdateFunctionConfiguration"}},
		{
			Argument: "dead_letter", To: `serverless_queue.dead.arn`,
			With: []string{"role_policy", "last_modified"}, Writes: []string{"PutRolePolicy", "UpdateFunctionConfiguration", "PutRolePolicy"},
		},
		{Argument: "runtime_update", To: `"on_change"`, Unasked: true, With: []string{"last_modified"}, Writes: []string{"PutRuntimeManagementConfig"}},
		{
			Argument: "role", To: `{ permissions_boundary = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess" }`, Unasked: true,
			With: []string{"last_modified", "role_permissions_boundary"}, Writes: []string{"PutRolePermissionsBoundary"},
		},
		{
			Argument: "vpc", To: `{ subnet_ids = ["subnet-b", "subnet-a"], security_group_ids = ["sg-a"] }`,
			With: []string{"role_policy", "last_modified"}, Writes: []string{"PutRolePolicy", "UpdateFunctionConfiguration", "PutRolePolicy"},
		},
		{
			Argument: "environment_wo_version", To: `2`, From: Arguments{"environment_wo": `{ PASSWORD = "a" }`, "environment_wo_version": `1`}, Unasked: true,
			With: []string{"last_modified"}, Writes: []string{"UpdateFunctionConfiguration"},
		},
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
		{"links", `{ ORDERS = { to = "arn:aws:sqs:eu-north-1:000000000000:q", access = ["read"] } }`, []string{`"read" is not known for a queue`, "receive"}},
		{"policies", `["nonsense"]`, []string{"policies", "JSON"}},
		{"policies", `["{}"]`, []string{"Bad policy", "Version"}},
		{"policy_templates", `{ SQSPoller = {} }`, []string{"Bad policy template", "there are SQSPollerPolicy"}},
		{"policy_templates", `{ LambdaInvokePolicy = { FunctionName = "" } }`, []string{"Bad policy template", "FunctionName of LambdaInvokePolicy is empty"}},
		{"policy_templates", `{ SQSPollerPolicy = {} }`, []string{"SQSPollerPolicy needs the parameter QueueName"}},
		{"role_arn", `"admin"`, []string{"role_arn", "ARN"}},
		{"role_arn", `"arn:aws:iam::000000000000:role/mine"`, []string{"role_arn", "links"}},
		{"log", `{ format = "XML" }`, []string{"log.format", "JSON"}},
		{"log", `{ format = "Text", system_level = "INFO" }`, []string{"system_level", "JSON"}},
		{"log", `{ retention_days = 8 }`, []string{"log.retention_days", "7"}},
		{"log", `{ group = "mine", retention_days = 7 }`, []string{"retention_days", "group"}},
		{"reserved_concurrency", `-2`, []string{"reserved_concurrency", "at least -1"}},
		{"recursion", `"maybe"`, []string{"recursion", "terminate"}},
		{"source", `{ dir = "a", build = { go = {}, pip = {} } }`, []string{"build", "go and pip"}},
		{"source", `{ dir = "a", build = { command = ["make"] } }`, []string{"output", "command"}},
		{"source", `{ image = "nginx" }`, []string{"source.image", "ECR"}},
		{"image", `{ command = ["a"] }`, []string{"image", "Only with an image"}},
		{"layers", `["words"]`, []string{"layers", "ARN"}},
		{"environment_wo", `{ PASSWORD = "a" }`, []string{"environment_wo_version", "both"}},
		{"publish", `{ alias = "1" }`, []string{"publish.alias", "not only digits"}},
		{"publish", `{ alias = "live", provisioned_concurrency = 1, autoscale = { min = 1, max = 2 } }`, []string{"provisioned_concurrency", "autoscale"}},
		{"publish", `{ alias = "live", autoscale = { min = 3, max = 2 } }`, []string{"Less than min", "max is 2 and min is 3"}},
		{"publish", `{ alias = "live", weights = { "a" = 0.5 } }`, []string{"weights", "number of a version"}},
		{"url", `{ auth = "BASIC" }`, []string{"url.auth", "AWS_IAM"}},
		{"async", `{ max_age = 1 }`, []string{"async.max_age", "60"}},
		{"dead_letter", `"arn:aws:s3:::bucket"`, []string{"dead_letter", "queue or a topic"}},
		{"vpc", `{ subnet_ids = [], security_group_ids = ["sg"] }`, []string{"vpc.subnet_ids", "at least 1"}},
		{"file_systems", `[{ arn = "arn:aws:elasticfilesystem:eu-north-1:000000000000:access-point/fsap-1", mount = "/data" }]`, []string{"mount", "/mnt"}},
		{"file_systems", `[{ arn = "arn:aws:elasticfilesystem:eu-north-1:000000000000:access-point/fsap-1", mount = "/mnt/data" }]`, []string{"file system", "vpc"}},
		{"tenancy", `"all"`, []string{"tenancy", "per_tenant"}},
		{"durable", `{ execution_timeout = 0 }`, []string{"execution_timeout", "between 1"}},
		{"runtime_update", `"never"`, []string{"runtime_update", "on_change"}},
	},
	Transient: []Transient{
		{Operation: "CreateFunction", Code: "InvalidParameterValueException", Message: "The role defined for the function cannot be assumed by Lambda.", Times: 3},
		{Operation: "UpdateFunctionConfiguration", Code: "ResourceConflictException", Message: "The operation cannot be performed at this time. An update is in progress for resource: hello", Times: 2},
		{Operation: "UpdateFunctionCode", Code: "ResourceConflictException", Message: "The operation cannot be performed at this time. An update is in progress for resource: hello", Times: 2},
	},
	Missing: map[string]string{"GetFunction": "ResourceNotFoundException"},
}

func TestFunction(t *testing.T) { Prove(t, functionSubject) }

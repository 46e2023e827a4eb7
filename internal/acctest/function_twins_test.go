package acctest

import "testing"

// twoFunctions are a function with a published version, and another one that it
// may call.
const twoFunctions = `
resource "serverless_function" "f" {
  name    = "hello"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async (e) => e" } }
  links   = { OTHER = { to = serverless_function.other.arn, access = ["invoke"] } }
}
resource "serverless_function" "other" {
  name    = "other"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async (e) => e" } }
}
resource "serverless_function_version" "v" {
  function = serverless_function.f.function_name
}
`

func TestFunctionAlias(t *testing.T) {
	Prove(t, Subject{
		Type: "serverless_function_alias", Before: twoFunctions, Unmarked: true,
		Base: Arguments{
			"function": `serverless_function.f.function_name`, "name": `"live"`, "version": `serverless_function_version.v.version`, "description": `"What people call."`,
		},
		Import: []string{"{function}/{name}", "{function}/{name}@{region}"},
		Edits: []Edit{
			{Argument: "function", To: `serverless_function.f.arn`, Same: true},
			{Argument: "name", To: `"next"`, Replace: true},
			{Argument: "version", To: `"$LATEST"`, Writes: []string{"UpdateAlias"}},
			{Argument: "description", To: `"Something else."`, Writes: []string{"UpdateAlias"}},
			{Argument: "description", To: ``, Writes: []string{"UpdateAlias"}},
		},
		Together: Arguments{"version": `"$LATEST"`, "description": `"Both."`},
		Invalid: []Invalid{
			{"name", `"1"`, []string{"name", "not only digits"}},
			{"version", `"live"`, []string{"version", "number"}},
			{"weights", `{ "live" = 0.1 }`, []string{"weights", "number of a version"}},
			{"weights", `{ "2" = 2 }`, []string{"weights", "between 0"}},
			{"function", `"a b"`, []string{"function", "name or ARN"}},
		},
		Missing: map[string]string{"GetAlias": "ResourceNotFoundException"},
	})
}

func TestFunctionVersion(t *testing.T) {
	Prove(t, Subject{
		Type:  "serverless_function_version",
		Again: theSame, Before: twoFunctions, Unmarked: true,
		Base:       Arguments{"function": `serverless_function.other.function_name`, "retain": `false`, "triggers": `{ code = "a" }`},
		Import:     []string{"{function}/{version}"},
		Unimported: []string{"retain", "triggers"},
		Edits: []Edit{
			{Argument: "triggers", To: `{ code = "b" }`, Replace: true},
			{Argument: "description", To: `"Another."`, Replace: true},
			{Argument: "retain", To: `true`, Local: true, Grows: true, Writes: []string{}},
		},
		Together: Arguments{"triggers": `{ code = "b" }`},
		Invalid: []Invalid{
			{"description", `""`, []string{"description", "between 1 and 256"}},
			{"function", `"a b"`, []string{"function", "name or ARN"}},
		},
	})
}

func TestFunctionURL(t *testing.T) {
	Prove(t, Subject{
		Type: "serverless_function_url", Before: twoFunctions, Unmarked: true,
		Base: Arguments{
			"function": `serverless_function.f.function_name`, "auth": `"AWS_IAM"`,
			"cors": `{ allow_origins = ["https://example.com"], allow_methods = ["GET", "POST"], max_age = 60 }`,
		},
		Import: []string{"{function}"},
		Edits: []Edit{
			{Argument: "function", To: `serverless_function.f.arn`, Same: true},
			{Argument: "function", To: `serverless_function.other.function_name`, Replace: true},
			{Argument: "auth", To: `"NONE"`, With: []string{"public"}, Writes: []string{"AddPermission", "AddPermission", "UpdateFunctionUrlConfig"}},
			{Argument: "stream", To: `true`, Writes: []string{"UpdateFunctionUrlConfig"}},
			{Argument: "cors", To: `{ allow_origins = ["*"] }`, Writes: []string{"UpdateFunctionUrlConfig"}},
			{Argument: "cors", To: ``, Writes: []string{"UpdateFunctionUrlConfig"}},
			{Argument: "cors", Same: true, To: `{ allow_methods = ["POST", "GET"], allow_origins = ["https://example.com"], max_age = 60 }`},
		},
		Together: Arguments{"auth": `"NONE"`, "stream": `true`},
		Invalid: []Invalid{
			{"auth", `"BASIC"`, []string{"auth", "AWS_IAM"}},
			{"cors", `{ max_age = 100000 }`, []string{"cors.max_age", "86400"}},
		},
		Missing: map[string]string{"GetFunctionUrlConfig": "ResourceNotFoundException", "GetPolicy": "ResourceNotFoundException"},
	})
}

func TestFunctionPermission(t *testing.T) {
	bridged := []string{"AddPermission", "RemovePermission", "AddPermission", "RemovePermission"}
	Prove(t, Subject{
		Type: "serverless_function_permission", Before: twoFunctions, Unmarked: true,
		Base: Arguments{
			"function": `serverless_function.f.function_name`, "principal": `"events.amazonaws.com"`,
			"source_arn": `"arn:aws:events:eu-north-1:000000000000:rule/nightly"`,
		},
		Import: []string{"{function}/{statement_id}"},
		Edits: []Edit{
			{Argument: "function", To: `serverless_function.f.arn`, Same: true},
			{Argument: "function", To: `serverless_function.other.function_name`, Replace: true},
			{Argument: "statement_id", To: `"mine"`, Replace: true},
			{Argument: "source_arn", To: `"arn:aws:events:eu-north-1:000000000000:rule/hourly"`, Writes: bridged},
			{Argument: "source_arn", To: ``, Writes: bridged},
			{Argument: "principal", To: `"s3.amazonaws.com"`, Writes: bridged},
			{Argument: "source_account", To: `"123456789012"`, Writes: bridged},
			{Argument: "action", To: `"lambda:GetFunction"`, Writes: bridged},
		},
		Together: Arguments{"principal": `"s3.amazonaws.com"`, "source_arn": `"arn:aws:s3:::pictures"`, "source_account": `"123456789012"`},
		Invalid: []Invalid{
			{"statement_id", `"a b"`, []string{"statement_id", "letters"}},
			{"source_arn", `"nightly"`, []string{"source_arn", "ARN"}},
			{"source_account", `"12"`, []string{"source_account", "12 digits"}},
			{"principal_org_id", `"x"`, []string{"principal_org_id", "o-"}},
			{"function_url_auth", `"NONE"`, []string{"function_url_auth", "InvokeFunctionUrl"}},
		},
		Missing: map[string]string{"GetPolicy": "ResourceNotFoundException"},
	})
}

func TestFunctionAsyncConfig(t *testing.T) {
	Prove(t, Subject{
		Type: "serverless_function_async_config", Before: twoFunctions, Unmarked: true,
		Base:   Arguments{"function": `serverless_function.f.function_name`, "max_retries": `1`, "on_failure": `serverless_function.other.arn`},
		Import: []string{"{function}"},
		Edits: []Edit{
			{Argument: "function", To: `serverless_function.f.arn`, Same: true},
			{Argument: "max_retries", To: `0`, Writes: []string{"PutFunctionEventInvokeConfig"}},
			{Argument: "max_retries", To: ``, Writes: []string{"PutFunctionEventInvokeConfig"}},
			{Argument: "max_age", To: `60`, Writes: []string{"PutFunctionEventInvokeConfig"}},
			{Argument: "on_success", To: `serverless_function.other.arn`, Writes: []string{"PutFunctionEventInvokeConfig"}},
			{Argument: "on_failure", To: ``, Writes: []string{"PutFunctionEventInvokeConfig"}},
		},
		Together: Arguments{"max_retries": `0`, "max_age": `60`},
		Invalid: []Invalid{
			{"max_retries", `3`, []string{"max_retries", "between 0 and 2"}},
			{"max_age", `1`, []string{"max_age", "between 60"}},
			{"on_success", `"q"`, []string{"on_success", "ARN"}},
		},
		Missing: map[string]string{"GetFunctionEventInvokeConfig": "ResourceNotFoundException"},
	})
}

func TestProvisionedConcurrency(t *testing.T) {
	Prove(t, Subject{
		Type: "serverless_provisioned_concurrency", Before: twoFunctions, Unmarked: true,
		Base:   Arguments{"function": `"hello:${serverless_function_version.v.version}"`, "executions": `1`},
		Import: []string{"{function}"},
		Edits: []Edit{
			{Argument: "executions", To: `2`, Writes: []string{"PutProvisionedConcurrencyConfig"}},
		},
		Together: Arguments{"executions": `2`},
		Invalid: []Invalid{
			{"executions", `0`, []string{"executions", "at least 1"}},
			{"function", `"hello"`, []string{"Neither an alias nor a version", "colon"}},
		},
		Missing: map[string]string{"GetProvisionedConcurrencyConfig": "ProvisionedConcurrencyConfigNotFoundException"},
	})
}

// words is the code of a layer.
func words(word string) string {
	return `{ inline = { "nodejs/words.mjs" = "export const word = '` + word + `'" } }`
}

func TestLayer(t *testing.T) {
	again := []string{"PublishLayerVersion", "DeleteLayerVersion"}
	Prove(t, Subject{
		Type:  "serverless_layer",
		Again: theSame, Unmarked: true, // with a version more
		Base:       Arguments{"name": `"words"`, "source": words("hello"), "description": `"Words."`, "runtimes": `["nodejs22.x", "nodejs24.x"]`, "retain": `false`},
		Import:     []string{"{layer_name}", "{layer_arn}"},
		Unimported: []string{"source", "retain"},
		Edits: []Edit{
			{Argument: "name", To: `"other"`, Replace: true},
			{Argument: "source", To: words("hi"), With: []string{"arn", "code_sha256", "code_size", "version"}, Writes: again, Grows: true},
			{Argument: "description", To: `"More."`, With: []string{"arn", "version"}, Writes: again, Grows: true},
			{Argument: "license", To: `"MIT"`, With: []string{"arn", "version"}, Writes: again, Grows: true},
			{Argument: "runtimes", To: `["nodejs24.x"]`, With: []string{"arn", "version"}, Writes: again, Grows: true},
			{Argument: "runtimes", To: `["nodejs24.x", "nodejs22.x"]`, Same: true},
			{Argument: "architectures", To: `["arm64"]`, With: []string{"arn", "version"}, Writes: again, Grows: true},
		},
		Together: Arguments{"source": words("hi"), "description": `"More."`},
		Invalid: []Invalid{
			{"name", `"a b"`, []string{"name", "letters"}},
			{"source", `{}`, []string{"source", "none"}},
			{"architectures", `["mips"]`, []string{"architectures", "arm64"}},
			{"description", `""`, []string{"description", "between 1 and 256"}},
		},
	})
}

func TestLayerPermission(t *testing.T) {
	Prove(t, Subject{
		Type: "serverless_layer_permission", Unmarked: true,
		Before: `
resource "serverless_layer" "words" {
  name   = "words"
  retain = false
  source = ` + words("hello") + `
}
`,
		Base: Arguments{
			"layer_name": `serverless_layer.words.layer_name`, "version": `serverless_layer.words.version`, "statement_id": `"share"`, "principal": `"123456789012"`,
		},
		Import: []string{"{layer_name}/{version}/{statement_id}"},
		Edits: []Edit{
			{Argument: "statement_id", To: `"other"`, Replace: true},
			{Argument: "principal", To: `"*"`, Replace: true},
		},
		Together: Arguments{"statement_id": `"other"`},
		Invalid: []Invalid{
			{"version", `"latest"`, []string{"version", "number"}},
			{"principal", `"me"`, []string{"principal", "account"}},
			{"organization_id", `"o-a1b2c3d4e5"`, []string{"organization_id", "principal"}},
		},
		Missing: map[string]string{"GetLayerVersionPolicy": "ResourceNotFoundException"},
	})
}

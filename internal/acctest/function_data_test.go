package acctest

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

func environmentOf(all map[string]string) *types.Environment {
	return &types.Environment{Variables: all}
}

// TestInvokeAndTraffic uses the family's actions.
func TestInvokeAndTraffic(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	config := func(word string) string {
		return "provider \"serverless\" {\n  region = \"eu-north-1\"\n}\n" + aFunction("publish = { alias = \"live\" }\n"+
			`source = { inline = { "index.mjs" = "export const handler = async (e) => { if (e.fail) throw new Error('as asked'); return '`+word+`' + (e.name ?? '') }" } }`)
	}
	m := deploy(t, e, "")
	for _, word := range []string{"one", "two"} {
		if _, err := m.Apply(t.Context(), config(word)); err != nil {
			t.Fatal(err)
		}
	}
	p := Speak(t, e, "")
	invoke := func(config, want string) {
		t.Helper()
		said, err := p.Invoke("serverless_invoke", config)
		if all := strings.Join(said, "\n"); err != nil || !strings.Contains(all, want) {
			t.Errorf("%s: said %q, %v, want %q", config, all, err, want)
		}
	}
	invoke(`{ function = "hello:live", payload = "{\"name\":\"!\"}" }`, `hello:live answered "two!"`)
	invoke(`{ function = "hello", payload = "{\"fail\":true}", fail_on_error = false }`, "failed")
	invoke(`{ function = "hello", type = "dry_run" }`, "may be called")
	invoke(`{ function = "hello", type = "event", payload = "{}" }`, "has the event")
	if _, err := p.Invoke("serverless_invoke", `{ function = "hello", payload = "{\"fail\":true}" }`); err == nil || !strings.Contains(err.Error(), "as asked") {
		t.Errorf("a function that fails: %v", err)
	}
	for _, c := range []struct{ action, config, says, answers string }{
		{"serverless_rollback", `{ function = "hello:live" }`, "leads to version 1 again; it led to 2", `"one"`},
		{"serverless_shift_traffic", `{ function = "hello:live", version = "2", weight = 1 }`, "leads to version 2 alone", `"two"`},
		{"serverless_shift_traffic", `{ function = "hello:live", version = "1", weight = 0.25 }`, "sends 0.25 of its calls to version 1", ""},
		{"serverless_shift_traffic", `{ function = "hello:live", version = "1", weight = 0 }`, "leads to version 2 alone", `"two"`},
	} {
		said, err := p.Invoke(c.action, c.config)
		if all := strings.Join(said, "\n"); err != nil || !strings.Contains(all, c.says) {
			t.Errorf("%s: said %q, %v, want %q", c.action, all, err, c.says)
		}
		if c.answers != "" {
			invoke(`{ function = "hello:live", payload = "{}" }`, c.answers)
		}
	}
	for config, want := range map[string]string{
		`{ function = "hello" }`:                    "Which alias?",
		`{ function = "hello:none" }`:               "GetAlias",
		`{ function = "hello:live", version = "" }`: "version",
	} {
		if _, err := p.Invoke("serverless_rollback", config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want a message with %q", config, err, want)
		}
	}
}

// TestFunctionData reads by the family's data sources.
func TestFunctionData(t *testing.T) {
	t.Parallel()
	there := aFunction(`source = { inline = { "index.mjs" = "export const handler = async (e) => { console.log('a line'); return e }" } }`) + `
resource "serverless_queue" "q" {
  name = "work"
}
resource "serverless_event_source" "s" {
  function = serverless_function.f.target_arn
  sqs      = { queue_arn = serverless_queue.q.arn }
}
resource "serverless_layer" "l" {
  name   = "words"
  source = { inline = { "a.txt" = "a" } }
  retain = false
}
`
	for _, c := range []struct{ name, data, expression, want string }{
		{"a function", `data "serverless_function" "d" {
			function_name = serverless_function.f.function_name
		}`, `"${data.serverless_function.d.runtime}-${data.serverless_function.d.memory}"`, "nodejs22.x-512"},
		{"functions", `data "serverless_functions" "d" {
			name_prefix = "hel"
			depends_on  = [serverless_function.f]
		}`, `join("-", concat(["f"], data.serverless_functions.d.function_names))`, "f-hello"},
		{"an invocation", `data "serverless_invocation" "d" {
			function = serverless_function.f.arn
			payload  = jsonencode({ word = "hi" })
		}`, `"${jsondecode(data.serverless_invocation.d.result).word}-${data.serverless_invocation.d.error == null}"`, "hi-true"},
		{"a layer", `data "serverless_layer" "d" {
			layer_name = serverless_layer.l.layer_name
		}`, `"layer-${data.serverless_layer.d.version}"`, "layer-1"},
		{"an event source", `data "serverless_event_source" "d" {
			id = serverless_event_source.s.id
		}`, `"batch-${data.serverless_event_source.d.batch.size}"`, "batch-10"},
		{"a package", `data "serverless_package" "d" {
			inline = { "index.mjs" = "export const handler = async (e) => { console.log('a line'); return e }" }
		}`, `"same-${data.serverless_package.d.sha256 == serverless_function.f.code_sha256}-${length(data.serverless_package.d.files)}"`, "same-true-1"},
		{"logs", `data "serverless_invocation" "i" {
			function = serverless_function.f.arn
		}
		data "serverless_logs" "d" {
			group      = serverless_function.f.log_group_name
			filter     = "line"
			depends_on = [data.serverless_invocation.i]
		}`, `"lines-${length([for l in data.serverless_logs.d.lines : l if strcontains(l, "a line")])}"`, "lines-1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := deploy(t, providertest.Emulator(t), "")
			_, err := m.Apply(t.Context(), "provider \"serverless\" {\n  region = \"eu-north-1\"\n}\n"+there+c.data+`
resource "serverless_table" "shown" {
  name          = `+c.expression+`
  partition_key = { name = "id", type = "S" }
}`)
			if err != nil {
				t.Fatal(err)
			}
			if got := m.Value("serverless_table.shown").GetAttr("name").AsString(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestLanguage calls the functions that the family adds to the language.
func TestLanguage(t *testing.T) {
	t.Parallel()
	p := Speak(t, providertest.Emulator(t), "")
	for name, want := range map[string]string{"orders-table": "ORDERS_TABLE", "ordersTable": "ORDERS_TABLE", "orders  table": "ORDERS_TABLE", "2nd": "X2ND", "SQSQueue": "SQSQUEUE"} {
		if got, err := p.Call("env_name", `"`+name+`"`); err != nil || got.AsString() != want {
			t.Errorf("env_name(%q): got %#v, %v, want %s", name, got, err, want)
		}
	}
	for _, c := range []struct{ kind, args, want string }{
		{"sqs", `{ body = { n = 1.5, ok = true, l = [1] }, queue = "mail" }`, `"body":"{\"l\":[1],\"n\":1.5,\"ok\":true}"`},
		{"sqs", `{ queue = "mail" }`, `"eventSourceARN":"arn:aws:sqs:us-east-1:123456789012:mail"`},
		{"http_api", `{ route = "GET /orders" }`, `"routeKey":"GET /orders"`},
		{"http_api", `{ route = "POST /orders", query = "a=1&b=2" }`, `"queryStringParameters":{"a":"1","b":"2"}`},
		{"dynamodb", `{ new = { id = { S = "x" } } }`, `"NewImage":{"id":{"S":"x"}}`},
		{"eventbridge", `{ detail = { a = 1 } }`, `"detail":{"a":1}`},
		{"s3", `{ bucket = "pictures" }`, `"arn":"arn:aws:s3:::pictures"`},
		{"schedule", `{}`, `"detail-type":"Scheduled Event"`},
		{"alb", `{}`, `"httpMethod":"GET"`}, {"cognito", `{}`, `"triggerSource":"PreSignUp_SignUp"`}, {"kinesis", `{}`, `"data":"aGVsbG8="`},
		{"rest_api", `{}`, `"resource":"/{proxy+}"`}, {"sns", `{ message = "m" }`, `"Message":"m"`}, {"websocket", `{}`, `"routeKey":"$default"`},
	} {
		got, err := p.Call("sample_event", `"`+c.kind+`"`, c.args)
		if err != nil || !strings.Contains(got.AsString(), c.want) {
			t.Errorf("sample_event(%q, %s): got %#v, %v, want %s", c.kind, c.args, got, err, c.want)
		}
	}
	for _, c := range []struct{ kind, args, want string }{
		{"fax", `{}`, "there is no kind"}, {"sqs", `{ text = "" }`, `has no "text"`}, {"sqs", `"text"`, "must be an object"}, {"eventbridge", `{ detail = "{" }`, "detail must be JSON"},
	} {
		if _, err := p.Call("sample_event", `"`+c.kind+`"`, c.args); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("sample_event(%q, %s): got %v, want %s", c.kind, c.args, err, c.want)
		}
	}
}

// TestMoveAndListFunctions takes over other types' state, and lists.
func TestMoveAndListFunctions(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	deploy(t, e, aFunction("publish = { alias = \"live\", provisioned_concurrency = 1 }\nurl = {}\nasync = {}\n"+`source = { inline = { "index.mjs" = "export const handler = async () => 1" } }`)+`
resource "serverless_function_permission" "p" {
  function     = serverless_function.f.target_arn
  statement_id = "events"
  principal    = "events.amazonaws.com"
}
resource "serverless_layer_permission" "p" {
  layer_name   = serverless_layer.l.layer_name
  version      = serverless_layer.l.version
  statement_id = "share"
  principal    = "123456789012"
}
resource "serverless_layer" "l" {
  name   = "words"
  source = { inline = { "a.txt" = "a" } }
}
resource "serverless_queue" "q" {
  name = "work"
}
resource "serverless_event_source" "s" {
  function = serverless_function.f.target_arn
  sqs      = { queue_arn = serverless_queue.q.arn }
}
`)
	p := Speak(t, e, "")
	for _, c := range []struct {
		from, to string
		state    map[string]any
		want     string
	}{
		{"aws_lambda_function", "serverless_function", map[string]any{"function_name": "hello", "arn": "arn:aws:lambda:eu-north-1:000000000000:function:hello"}, "memory"},
		{"aws_lambda_alias", "serverless_function_alias", map[string]any{"function_name": "hello", "name": "live"}, "version"},
		{"aws_lambda_layer_version", "serverless_layer", map[string]any{"layer_name": "words"}, "code_sha256"},
		{"aws_lambda_permission", "serverless_function_permission", map[string]any{"function_name": "hello", "qualifier": "live", "statement_id": "events"}, "principal"},
		{"aws_lambda_function_url", "serverless_function_url", map[string]any{"function_name": "hello", "qualifier": "live"}, "url"},
		{"aws_lambda_function_event_invoke_config", "serverless_function_async_config", map[string]any{"function_name": "hello", "qualifier": "live"}, "max_retries"},
		{"aws_lambda_provisioned_concurrency_config", "serverless_provisioned_concurrency", map[string]any{"function_name": "hello", "qualifier": "live"}, "executions"},
		{"aws_lambda_layer_version_permission", "serverless_layer_permission", map[string]any{"layer_name": "words", "version_number": 1, "statement_id": "share"}, "principal"},
	} {
		v, err := p.Move(c.from, c.to, c.state)
		if err != nil || v.IsNull() || v.GetAttr(c.want).IsNull() {
			t.Errorf("%s: got %#v, %v", c.from, v, err)
		}
	}
	for typeName, config := range map[string]string{
		"serverless_function": `{}`, "serverless_function_alias": `{ function = "hello" }`, "serverless_function_version": `{ function = "hello" }`,
		"serverless_layer": `{}`, "serverless_event_source": `{}`, "serverless_function_permission": `{ function = "hello:live" }`,
		"serverless_function_url": `{ function = "hello" }`, "serverless_function_async_config": `{ function = "hello" }`,
		"serverless_provisioned_concurrency": `{ function = "hello" }`, "serverless_layer_permission": `{ layer_name = "words", version = "1" }`,
	} {
		if found, err := p.List(typeName, config, true, 0); err != nil || len(found) != 1 {
			t.Errorf("%s: found %d, %v, want 1", typeName, len(found), err)
		}
	}
}

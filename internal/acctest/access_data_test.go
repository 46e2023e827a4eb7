package acctest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// TestLanguageOfAccess calls the functions about ARNs, policies, events and schedules.
func TestLanguageOfAccess(t *testing.T) {
	t.Parallel()
	p := Speak(t, providertest.Emulator(t), "")
	for _, c := range []struct{ name, args, want string }{
		{"arn_build", `["aws", "iam", "", "123456789012", "role/reader"]`, `cty.StringVal("arn:aws:iam::123456789012:role/reader")`},
		{"arn_parse", `["arn:aws:logs:eu-north-1:123456789012:log-group:/a:*"]`, `"resource":cty.StringVal("log-group:/a:*")`},
		{"arn_parse", `["arn:aws:s3:::b"]`, `"account_id":cty.StringVal("")`},
		{"cron_next", `["cron(0 2 * * ? *)", "UTC", "2026-01-31T00:00:00Z", 2]`, `cty.StringVal("2026-01-31T02:00:00Z"), cty.StringVal("2026-02-01T02:00:00Z")`},
		{"cron_next", `["at(2020-01-01T00:00:00)", "UTC", "2026-01-31T00:00:00Z", 2]`, `cty.ListValEmpty`},
		{"event_match", `[{ detail = { total = [{ numeric = [">", 100] }] } }, { detail = { total = 250 } }]`, `cty.True`},
		{"event_match", `["{\"source\":[\"shop\"]}", { source = "mail" }]`, `cty.False`},
		{"policy_template", `["EC2DescribePolicy", {}]`, `ec2:DescribeInstances`},
		{"policy_template", `["SQSSendMessagePolicy", { QueueName = "mail" }, { account_id = "123456789012", region = "eu-north-1", tags = {} }]`, `arn:aws:sqs:eu-north-1:123456789012:mail`},
	} {
		got, err := p.Call(c.name, listed(c.args)...)
		if err != nil || !strings.Contains(got.GoString(), c.want) {
			t.Errorf("%s(%s): got %#v, %v, want %s", c.name, c.args, got, err, c.want)
		}
	}
	for _, c := range []struct{ name, args, want string }{
		{"arn_build", `["aws", "", "", "", "x"]`, "this one is empty"},
		{"arn_build", `["aws", "a:b", "", "", "x"]`, "colons"},
		{"arn_parse", `["orders"]`, "is no ARN"},
		{"cron_next", `["cron(0 2 * * * *)", "UTC", "2026-01-31T00:00:00Z", 1]`, "must be ?"},
		{"cron_next", `["rate(1 day)", "Mars", "2026-01-31T00:00:00Z", 1]`, "no time zone"},
		{"cron_next", `["rate(1 day)", "UTC", "now", 1]`, "is no time"},
		{"cron_next", `["rate(1 day)", "UTC", "2026-01-31T00:00:00Z", 0]`, "1 to 1000"},
		{"event_match", `["{", {}]`, "not JSON"},
		{"event_match", `[{ source = "shop" }, {}]`, "array"},
		{"policy_template", `["Nothing", {}]`, "no policy template"},
		{"policy_template", `["SQSSendMessagePolicy", { QueueName = "mail" }]`, "data.serverless_context.here"},
		{"policy_template", `["SQSSendMessagePolicy", {}, { account_id = "1", region = "r" }]`, "needs the parameter QueueName"},
		{"policy_template", `["EC2DescribePolicy", {}, "x"]`, "is an object"},
	} {
		if _, err := p.Call(c.name, listed(c.args)...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s(%s): got %v, want %s", c.name, c.args, err, c.want)
		}
	}
}

// listed are the elements of a list's text, one for each argument.
func listed(args string) []string {
	var all []string
	depth, from, quoted := 0, 1, false
	for i := 1; i < len(args); i++ {
		switch c := args[i]; {
		case c == '"' && args[i-1] != '\\':
			quoted = !quoted
		case quoted:
		case c == '{', c == '[', c == '(':
			depth++
		case c == '}', c == ')', c == ']' && i < len(args)-1:
			depth--
		case depth == 0 && (c == ',' || i == len(args)-1):
			all, from = append(all, args[from:i]), i+1
		}
	}
	return all
}

// TestAccessData reads by the data sources about policies and about the provider.
func TestAccessData(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	const settings = "provider \"serverless\" {\n  region = \"eu-north-1\"\n  name_prefix = \"dev-\"\n  stack = \"shop\"\n  tags = { app = \"shop\" }\n}\n"
	m := deploy(t, e, "")
	config := settings + `
data "serverless_context" "here" {}

data "serverless_policy_template" "send" {
  name       = "SQSSendMessagePolicy"
  parameters = { QueueName = "mail" }
}

data "serverless_policy" "p" {
  statements = [{
    sid        = "Trusted"
    actions    = ["s3:PutObject", "s3:GetObject"]
    resources  = ["arn:aws:s3:::b/*"]
    principals = { Service = ["lambda.amazonaws.com"] }
    conditions = { StringEquals = { "aws:SourceAccount" = ["1"] } }
  }]
  grants  = [{ to = [serverless_queue.q.arn], access = ["send"] }]
  sources = [data.serverless_policy_template.send.json]
}

data "serverless_policy" "everyone" {
  statements = [{ effect = "Deny", not_actions = ["s3:*"], not_resources = ["arn:aws:s3:::b"], principals = { "*" = ["*"] } }]
}

resource "serverless_queue" "q" {
  name       = "queue"
  queue_name = "q"
}

resource "serverless_role" "shown" {
  name        = "shown"
  services    = ["lambda.amazonaws.com"]
  description = "${data.serverless_context.here.dns_suffix} ${data.serverless_context.here.name_prefix} ${data.serverless_context.here.stack} ${data.serverless_context.here.tags.app} ${data.serverless_policy.p.size}"
  policies    = [data.serverless_policy_template.send.json]
}

output "p" {
  value = data.serverless_policy.p.json
}

resource "serverless_role_policy" "p" {
  role_name = serverless_role.shown.arn
  name      = "everyone"
  policy    = replace(data.serverless_policy.everyone.json, "\"Principal\":\"*\",", "")
}

resource "serverless_log_group" "p" {
  name = "/${substr(sha1(data.serverless_policy.p.json), 0, 4)}"
}
`
	if _, err := m.Apply(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	changes, err := m.Plan(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		if c.Action != "no-op" {
			t.Errorf("%s: %s because of %v", c.Address, c.Action, c.Changed)
		}
	}
	const want = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:eu-north-1:000000000000:q"},` +
		`{"Sid":"Trusted","Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::b/*","Condition":{"StringEquals":{"aws:SourceAccount":"1"}}},` +
		`{"Effect":"Allow","Action":["sqs:SendMessage*"],"Resource":["arn:aws:sqs:eu-north-1:000000000000:mail"]}]}`
	v := m.Value("serverless_role.shown")
	if got, want := v.GetAttr("description").AsString(), fmt.Sprint("amazonaws.com dev- shop shop ", len(want)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for config, says := range map[string]string{
		`data "serverless_policy" "d" { statements = [{ resources = ["*"] }] }`:                                          "actions or not_actions",
		`data "serverless_policy" "d" { statements = [{ actions = [] }] }`:                                               "at least 1",
		`data "serverless_policy" "d" {}`:                                                                                "a statement at least",
		`data "serverless_policy" "d" { grants = [{ to = ["x"], access = ["read"] }] }`:                                  "not an ARN",
		`data "serverless_policy" "d" { statements = [{ sid = "a", actions = ["*"] }, { sid = "a", actions = ["*"] }] }`: "once in a policy",
		`data "serverless_policy_template" "d" { name = "SQSSendMessage" }`:                                              "SQSSendMessagePolicy",
		`data "serverless_policy_template" "d" { name = "SQSSendMessagePolicy" }`:                                        "needs the parameter QueueName",
	} {
		if _, err := m.Plan(t.Context(), settings+config); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want %q", config, err, says)
		}
	}
}

package acctest

import (
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// TestMoveAndListAccess takes over other types' state, and lists.
func TestMoveAndListAccess(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	deploy(t, e, `
resource "serverless_role" "r" {
  name     = "worker"
  path     = "/team/"
  services = ["lambda.amazonaws.com"]
  tags     = { team = "a" }
}
resource "serverless_role_policy" "p" {
  role_name = serverless_role.r.role_name
  name      = "extra"
  policy    = `+allows("s3:ListAllMyBuckets")+`
}
resource "serverless_grant" "g" {
  from   = serverless_role.r.arn
  to     = ["arn:aws:sqs:eu-north-1:000000000000:q"]
  access = ["send", "receive"]
}
resource "serverless_log_group" "g" {
  name           = "/shop"
  retention_days = 7
  tags           = { team = "b" }
}
`)
	p := Speak(t, e, "")
	for _, c := range []struct {
		from, to string
		state    map[string]any
		has      string // an attribute that is read
		want     string
	}{
		{"aws_iam_role", "serverless_role", map[string]any{"name": "worker", "arn": "arn:aws:iam::000000000000:role/team/worker"}, "path", "/team/"},
		{"aws_iam_role_policy", "serverless_role_policy", map[string]any{"role": "worker", "name": "extra"}, "id", "worker/extra"},
		{"aws_cloudwatch_log_group", "serverless_log_group", map[string]any{"name": "/shop", "arn": "arn:aws:logs:eu-north-1:000000000000:log-group:/shop"}, "class", "STANDARD"},
	} {
		got, err := p.Move(c.from, c.to, c.state)
		if err != nil || got.GetAttr(c.has).AsString() != c.want {
			t.Errorf("%s: got %#v, %v", c.from, got, err)
		}
	}
	for _, c := range []struct{ kind, config, want string }{
		{"serverless_role", `{ name_prefix = "wor" }`, "worker"},
		{"serverless_role", `{ tags = { team = "a" } }`, "worker"},
		{"serverless_role", `{ tags = { team = "b" } }`, ""},
		{"serverless_log_group", `{}`, "/shop"},
		{"serverless_log_group", `{ tags = { team = "b" } }`, "/shop"},
		{"serverless_role_policy", `{ role_name = "worker" }`, "extra serverless-grants-Grant378bf142fa"},
		{"serverless_role_policy", `{ role_name = "worker", name_prefix = "ex" }`, "extra"},
	} {
		got, err := p.List(c.kind, c.config, true, 0)
		if err != nil || names(got) != c.want {
			t.Errorf("%s %s: got %q, %v, want %q", c.kind, c.config, names(got), err, c.want)
		}
	}
	found, err := p.List("serverless_grant", `{ role_name = "worker" }`, true, 0)
	if err != nil || len(found) != 1 {
		t.Fatalf("grants: got %v, %v", found, err)
	}
	if g := found[0].Resource; g.GetAttr("access").LengthInt() != 2 || g.GetAttr("role_arn").AsString() != "arn:aws:iam::000000000000:role/team/worker" || !g.GetAttr("from").IsNull() {
		t.Errorf("the grant is %#v", g)
	}
}

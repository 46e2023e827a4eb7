package acctest

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/tfserverless/terraform-provider-serverless/provider"
	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// TestStageOfAnother: an API does not take over a stage that did not come with it,
// nor is the one that did anybody else's.
func TestStageOfAnother(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	const shop = `
resource "serverless_http_api" "shop" {
  name = "shop"
}
resource "serverless_stage" "live" {
  api             = serverless_http_api.shop.id
  name            = "live"
  stage_variables = { level = "1" }
}
`
	m := deploy(t, e, shop)
	id := m.Value("serverless_http_api.shop").GetAttr("id").AsString()
	_, err := m.Apply(t.Context(), settings+strings.Replace(shop, `"shop"`+"\n}", `"shop"`+"\n  stage = \"live\"\n}", 1))
	for _, part := range []string{"has a stage live already", "differs", "stage_variables", `import {`, id + "/live"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("an API with the stage of another owner: got %v, want %q", err, part)
		}
	}
	if got := stageOf(t, e, id, "live").StageVariables; got["level"] != "1" {
		t.Errorf("the variables of the stage are %v after the refusal", got)
	}
	_, err = m.Apply(t.Context(), settings+shop+`
resource "serverless_stage" "own" {
  api  = serverless_http_api.shop.id
  name = serverless_http_api.shop.stage
}
`)
	if want := "The stage $default came with the API"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("a stage that came with the API: got %v, want %q", err, want)
	}
}

func stageOf(t *testing.T, e provider.Emulator, api, name string) *apigatewayv2.GetStageOutput {
	t.Helper()
	id, secret := e.Credentials()
	url, err := e.URL()
	if err != nil {
		t.Fatal(err)
	}
	c := apigatewayv2.New(apigatewayv2.Options{Region: "eu-north-1", BaseEndpoint: &url, HTTPClient: e, Credentials: credentials.NewStaticCredentialsProvider(id, secret, "")})
	out, err := c.GetStage(t.Context(), &apigatewayv2.GetStageInput{ApiId: &api, StageName: &name})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestFunctionLeft: whatever of a change of the function is cut off, the next apply
// takes away the permission to call the one before.
func TestFunctionLeft(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		subject Subject
		after   Arguments
	}{
		{"route to a function", routeSubject, Arguments{"function": `serverless_function.archive.target_arn`}},
		{"route to a server", routeSubject, Arguments{"function": ``, "http": `{ url = "http://127.0.0.1:9/" }`}},
		{"integration", integrationSubject, Arguments{"uri": `serverless_function.archive.target_arn`, "description": ``}},
		{"authorizer", authorizerSubject, Arguments{"function": `{ arn = serverless_function.archive.target_arn, cache_ttl = 60, simple = true, payload_version = "2.0" }`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := c.subject
			s.settings = "  stack = \"proof\"\n"
			b := s.bench(t)
			b.apply(s.Base) // so that the stage has a deployment
			b.before()
			after := s.Base.with(c.after)
			for n, more := 0, true; more; n++ {
				b.apply(s.Base)
				b.hit = ""
				b.spoiling(n, Kill, after)
				more = b.hit != ""
				b.apply(after)
				b.settled(after)
				if policy := policyOf(t, b.wire.Emulator, "orders"); policy != "" {
					t.Fatalf("killed at call %d, %s: the function that was left may still be called: %s", n, b.hit, policy)
				}
				b.before() // deletes it
			}
		})
	}
}

// TestGuardedDocument: a route whose security scheme has no authorizer is open only
// where that is said; and limits are for routes that the document has.
func TestGuardedDocument(t *testing.T) {
	t.Parallel()
	api := func(more string) string {
		return "resource \"serverless_http_api\" \"shop\" {\n  name = \"shop\"\n  openapi = " + guarded + "\n" + more + "\n}\n"
	}
	e := providertest.Emulator(t)
	m := deploy(t, e, api("fail_on_warnings = false"))
	if got := m.Value("serverless_http_api.shop").GetAttr("openapi").AsString(); !strings.Contains(got, "bearer") {
		t.Errorf("the state has the document %s", got)
	}
	for more, want := range map[string]string{
		"": "asks for the security scheme users",
		"fail_on_warnings = false\nroute_throttles = { \"GET /b\" = { rate = 1, burst = 1 } }": `route_throttles has "GET /b"`,
		"fail_on_warnings = false\nmetrics = true":                                             "DetailedMetricsEnabled is not emulated",
	} {
		if _, err := m.Apply(t.Context(), settings+api(more)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", more, err, want)
		}
	}
}

// TestPointedElsewhere: what comes with an API and its routes is told of, and each of it
// can be somebody else's instead; then nothing of the kind comes with them any more.
func TestPointedElsewhere(t *testing.T) {
	t.Parallel()
	e := providertest.Emulator(t)
	const own, shared = `
resource "serverless_http_api" "a" {
  name       = "a"
  access_log = {}
  domain     = { name = "a.example.com", certificate_arn = "` + certificate + `a" }
}
resource "serverless_route" "r" {
  api      = serverless_http_api.a.id
  route    = "GET /"
  function = serverless_function.orders.target_arn
}
`, `
resource "serverless_log_group" "g" {
  name = "/shared"
}
resource "serverless_http_api" "a" {
  name       = "a"
  access_log = { group = serverless_log_group.g.arn }
  stage      = "live"
}
resource "serverless_domain" "d" {
  domain_name     = "b.example.com"
  certificate_arn = "` + certificate + `a"
}
resource "serverless_domain_mapping" "m" {
  domain = serverless_domain.d.domain_name
  api    = serverless_http_api.a.id
  stage  = serverless_http_api.a.stage
}
resource "serverless_integration" "i" {
  api      = serverless_http_api.a.id
  type     = "AWS_PROXY"
  uri      = serverless_function.orders.target_arn
  role_arn = "arn:aws:iam::000000000000:role/caller"
}
resource "serverless_route" "r" {
  api            = serverless_http_api.a.id
  route          = "GET /"
  integration_id = serverless_integration.i.id
}
`
	m := deploy(t, e, apiAndFunctions+own)
	exported := map[string][]string{"serverless_http_api.a": {"log_group_name", "domain_mapping_id", "target_domain"}, "serverless_route.r": {"permission_id"}}
	for address, names := range exported {
		for _, name := range names {
			if m.Value(address).GetAttr(name).IsNull() {
				t.Errorf("%s does not tell of its %s", address, name)
			}
		}
	}
	before := m.Value("serverless_route.r").GetAttr("integration_id")
	if _, err := m.Apply(t.Context(), settings+apiAndFunctions+shared); err != nil {
		t.Fatal(err)
	}
	for address, names := range exported {
		for _, name := range names {
			if v := m.Value(address).GetAttr(name); !v.IsNull() {
				t.Errorf("%s still has a %s of its own: %#v", address, name, v)
			}
		}
	}
	if is := m.Value("serverless_route.r").GetAttr("integration_id"); is.RawEquals(before) || !is.RawEquals(m.Value("serverless_integration.i").GetAttr("id")) {
		t.Errorf("the route leads to %#v", is)
	}
	if policy := policyOf(t, e, "orders"); policy != "" {
		t.Errorf("the API may still call the function by itself: %s", policy)
	}
	changes, err := m.Plan(t.Context(), settings+apiAndFunctions+shared)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		if c.Action != "no-op" {
			t.Errorf("plan: %s of %s because of %v, want nothing to do", c.Action, c.Address, c.Changed)
		}
	}
	if err := m.Destroy(t.Context(), settings+apiAndFunctions+shared); err != nil {
		t.Fatal(err)
	}
	if n, err := e.Deployed(); n != 0 || err != nil {
		t.Errorf("the emulator holds %d things after destroy (%v)", n, err)
	}
}

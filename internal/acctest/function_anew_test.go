package acctest

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// anewConfig is a function with all that hangs on one, made by it and by others.
func anewConfig(arguments string) string {
	return aFunction(`source = { inline = { "index.mjs" = "export const handler = async () => 1" } }
  publish = { alias = "live" }
  url     = { auth = "NONE" }
  async   = { max_retries = 0 }
`+arguments) + `
resource "serverless_http_api" "a" {
  name = "shop"
}
resource "serverless_route" "r" {
  api      = serverless_http_api.a.id
  route    = "$default"
  function = serverless_function.f.target_arn
}
resource "serverless_function_permission" "p" {
  function   = serverless_function.f.function_name
  principal  = "events.amazonaws.com"
  source_arn = "arn:aws:events:eu-north-1:000000000000:rule/nightly"
}
`
}

// TestMadeAnewInPlace: what AWS cannot change about a function is changed all the
// same, and nothing that hangs on the function is lost, so that no second apply is
// needed.
func TestMadeAnewInPlace(t *testing.T) {
	t.Parallel()
	e := pretend(providertest.Emulator(t))
	m := &Machine{Serve: func() tfprotov6.ProviderServer { return providertest.Server(e) }}
	for _, arguments := range []string{"", `tenancy = "per_tenant"`, ""} {
		config := settings + anewConfig(arguments)
		changes, err := m.Apply(t.Context(), config)
		if err != nil {
			t.Fatalf("%q: %v", arguments, err)
		}
		if c := action(changes, "serverless_function.f"); c == "replace" {
			t.Errorf("%q: the function is replaced", arguments)
		}
		again, err := m.Plan(t.Context(), config)
		if err != nil {
			t.Fatalf("%q: %v", arguments, err)
		}
		for _, c := range again {
			if c.Action != "no-op" {
				t.Errorf("%q: the next plan: %s of %s because of %v", arguments, c.Action, c.Address, c.Changed)
			}
		}
	}
}

// TestUnsettledAnew: even if the new function is not seen to become ready, what hung
// on the old one is restored, for it is nowhere else.
func TestUnsettledAnew(t *testing.T) {
	t.Parallel()
	e := pretend(providertest.Emulator(t))
	m := &Machine{Serve: func() tfprotov6.ProviderServer { return providertest.Server(e) }}
	apply := func(arguments string) error {
		_, err := m.Apply(t.Context(), settings+anewConfig(arguments))
		return err
	}
	if err := apply(""); err != nil {
		t.Fatal(err)
	}
	e.denied = true
	if err := apply(`tenancy = "per_tenant"`); err == nil || !strings.Contains(err.Error(), "not allowed") {
		t.Fatalf("the apply ended with %v, want that the function may not be read", err)
	}
	e.denied = false
	c := functions(t, e)
	hello := aws.String("hello")
	if _, err := c.GetPolicy(t.Context(), &lambda.GetPolicyInput{FunctionName: hello}); err != nil {
		t.Errorf("the function's policy: %v", err)
	}
	if err := apply(`tenancy = "per_tenant"`); err != nil {
		t.Fatal(err)
	}
	for _, q := range []*string{nil, aws.String("live")} {
		if _, err := c.GetPolicy(t.Context(), &lambda.GetPolicyInput{FunctionName: hello, Qualifier: q}); err != nil {
			t.Errorf("the policy of %q: %v", aws.ToString(q), err)
		}
	}
	again, err := m.Plan(t.Context(), settings+anewConfig(`tenancy = "per_tenant"`))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range again {
		if c.Action != "no-op" {
			t.Errorf("the next plan: %s of %s because of %v", c.Action, c.Address, c.Changed)
		}
	}
}

// TestRefusedAnew: a change that AWS refuses is refused before the function is
// deleted.
func TestRefusedAnew(t *testing.T) {
	t.Parallel()
	s := onStage(t)
	s.apply(anewConfig(""))
	if _, err := s.Apply(t.Context(), settings+anewConfig(`tenancy = "per_tenant"`)); err == nil || !strings.Contains(err.Error(), "TenancyConfig") {
		t.Errorf("the emulator takes tenants: %v", err)
	}
	if _, err := functions(t, s.wire).GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String("hello"), Qualifier: aws.String("live")}); err != nil {
		t.Errorf("the function is lost: %v", err)
	}
	if c := s.planned(anewConfig(""), "serverless_function.f"); c.Action != "no-op" {
		t.Errorf("the plan of what there was: %s of %v", c.Action, c.Changed)
	}
}

// belonging are aliases of others, the last of which is kept started.
const belonging = `
resource "serverless_function_alias" "next" {
  function = serverless_function.f.function_name
  name     = "next"
  version  = "1"
}
resource "serverless_provisioned_concurrency" "next" {
  function   = serverless_function_alias.next.arn
  executions = 2
}
`

// TestStartedAnew: what is kept started of an alias is so afterwards, and what is
// taken away together with the change is gone.
func TestStartedAnew(t *testing.T) {
	t.Parallel()
	e := pretend(providertest.Emulator(t))
	m := &Machine{Serve: func() tfprotov6.ProviderServer { return providertest.Server(e) }}
	c, hello := functions(t, e), aws.String("hello")
	code := `source = { inline = { "index.mjs" = "export const handler = async () => 1" } }
`
	for _, step := range []struct {
		arguments, more string
		started         map[string]int32
	}{
		{arguments: `publish = { alias = "live", provisioned_concurrency = 1 }`, started: map[string]int32{"live": 1}},
		{arguments: `publish = { alias = "live", provisioned_concurrency = 1 }` + "\ntenancy = \"per_tenant\"", started: map[string]int32{"live": 1}},
		{arguments: `publish = { alias = "live", autoscale = { min = 1, max = 4 } }`, started: map[string]int32{"live": 1}},
		{arguments: `publish = { alias = "live", autoscale = { min = 1, max = 4 } }` + "\ntenancy = \"per_tenant\"", started: map[string]int32{"live": 1}},
		{arguments: `publish = { alias = "live" }` + "\nurl = { auth = \"NONE\" }\ntenancy = \"per_tenant\"", more: belonging, started: map[string]int32{"next": 2}},
		{arguments: `publish = { alias = "live" }` + "\nurl = { auth = \"NONE\" }\n", more: belonging, started: map[string]int32{"next": 2}},
		{arguments: `tenancy = "per_tenant"`, more: belonging, started: map[string]int32{"next": 2}},
	} {
		config := settings + aFunction(code+step.arguments) + step.more
		if _, err := m.Apply(t.Context(), config); err != nil {
			t.Fatalf("%s: %v", step.arguments, err)
		}
		got := map[string]int32{}
		out, err := c.ListProvisionedConcurrencyConfigs(t.Context(), &lambda.ListProvisionedConcurrencyConfigsInput{FunctionName: hello})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range out.ProvisionedConcurrencyConfigs {
			arn := aws.ToString(p.FunctionArn)
			got[arn[strings.LastIndex(arn, ":")+1:]] = *p.RequestedProvisionedConcurrentExecutions
		}
		if !maps.Equal(got, step.started) {
			t.Errorf("%s: started are %v, want %v", step.arguments, got, step.started)
		}
		again, err := m.Plan(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range again {
			if c.Action != "no-op" {
				t.Errorf("%s: the next plan: %s of %s because of %v", step.arguments, c.Action, c.Address, c.Changed)
			}
		}
	}
	urls, err := c.ListFunctionUrlConfigs(t.Context(), &lambda.ListFunctionUrlConfigsInput{FunctionName: hello})
	if err != nil || len(urls.FunctionUrlConfigs) != 0 {
		t.Errorf("the URLs are %v, %v, want none", urls.FunctionUrlConfigs, err)
	}
	aliases, err := c.ListAliases(t.Context(), &lambda.ListAliasesInput{FunctionName: hello})
	if err != nil || len(aliases.Aliases) != 1 {
		t.Errorf("the aliases are %v, %v, want next alone", aliases.Aliases, err)
	}
}

// TestImpossibleAnew: what needs more than one version is refused before anything
// is deleted.
func TestImpossibleAnew(t *testing.T) {
	t.Parallel()
	code := func(word string) string {
		return `source = { inline = { "index.mjs" = "export const handler = async () => ` + word + `" } }
`
	}
	alias := func(name, more string) string {
		return "resource \"serverless_function_alias\" \"" + name + "\" {\n function = serverless_function.f.function_name\n name = \"" + name + "\"\n" + more + "\n}\n" +
			"resource \"serverless_provisioned_concurrency\" \"" + name + "\" {\n function = serverless_function_alias." + name + ".arn\n executions = 1\n}\n"
	}
	for _, row := range []struct{ publish, more, anew, want string }{
		{publish: `publish = { alias = "live" }`, anew: `publish = { alias = "live", weights = { "1" = 0.5 } }`, want: "Weights of versions that are gone"},
		{publish: `publish = { alias = "live" }`, more: alias("next", "version = \"2\"\nweights = { \"1\" = 0.5 }"), want: "alias next divides its calls"},
		{publish: `publish = { alias = "live" }`, more: alias("next", `version = "2"`) + alias("old", `version = "1"`), want: "Several aliases"},
	} {
		e := pretend(providertest.Emulator(t))
		m := &Machine{Serve: func() tfprotov6.ProviderServer { return providertest.Server(e) }}
		for _, config := range []string{aFunction(code("1") + row.publish), aFunction(code("2") + row.publish), aFunction(code("2")+row.publish) + row.more} {
			if _, err := m.Apply(t.Context(), settings+config); err != nil {
				t.Fatal(err)
			}
		}
		if row.anew == "" {
			row.anew = row.publish
		}
		_, err := m.Apply(t.Context(), settings+aFunction(code("2")+row.anew+"\ntenancy = \"per_tenant\"")+row.more)
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("got %v, want %q", err, row.want)
		}
		if e.isolated() {
			t.Errorf("%s: the function was made anew", row.want)
		}
	}
}

// TestStaleAliasIsNotKept: the state has the version that was published, also when
// AWS shows the alias as it was for a while.
func TestStaleAliasIsNotKept(t *testing.T) {
	t.Parallel()
	s, dir := onStage(t), t.TempDir()
	config := aFunction("source = { dir = \"" + dir + "\", build = { command = [\"cp\", \"in.mjs\", \"index.mjs\"], output = \"index.mjs\", inputs = [\"in.mjs\"] } }\npublish = { alias = \"live\" }")
	for i, want := range []string{"1", "2", "3"} {
		if err := os.WriteFile(filepath.Join(dir, "in.mjs"), []byte("export const handler = async () => "+want+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		s.wire.Lag = 3 * i
		s.apply(config)
		if got := s.text("serverless_function.f", "version"); got != want {
			t.Errorf("the state has version %s, want %s", got, want)
		}
		if c := s.planned(config, "serverless_function.f"); c.Action != "no-op" {
			t.Errorf("the next plan: %s of %v", c.Action, c.Changed)
		}
	}
}

// TestVersionsThatCannotStart: a version that fails is an error with AWS's reason at
// once, the alias stays with the old one, and the next plan publishes again.
func TestVersionsThatCannotStart(t *testing.T) {
	t.Parallel()
	e := pretend(providertest.Emulator(t))
	s := &stage{&Machine{Serve: func() tfprotov6.ProviderServer { return providertest.Server(e) }}, t, &Wire{Emulator: e}}
	config := func(word string) string { return aFunction("publish = { alias = \"live\" }\nsource = " + hello(word)) }
	s.apply(config("one"))
	e.failed = "The init phase of the snapshot failed."
	for range 2 {
		if _, err := s.Apply(t.Context(), settings+config("two")); err == nil || !strings.Contains(err.Error(), e.failed) {
			t.Fatalf("the apply ended with %v, want AWS's reason", err)
		}
		if got := s.text("serverless_function.f", "version"); got != "1" {
			t.Errorf("the alias leads to version %s, want 1", got)
		}
	}
	e.failed = ""
	s.apply(config("two"))
	if got := s.text("serverless_function.f", "version"); got != "2" {
		t.Errorf("the alias leads to version %s, want 2", got)
	}
	if c := s.planned(config("two"), "serverless_function.f"); c.Action != "no-op" {
		t.Errorf("the last plan: %s of %v", c.Action, c.Changed)
	}
}

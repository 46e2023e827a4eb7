package provider_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/acctest"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
	"github.com/tfserverless/terraform-provider-serverless/provider"
	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
	"github.com/tfserverless/terraform-provider-serverless/resources/api"
	"github.com/tfserverless/terraform-provider-serverless/resources/event"
	"github.com/tfserverless/terraform-provider-serverless/resources/function"
	"github.com/tfserverless/terraform-provider-serverless/resources/messaging"
	"github.com/tfserverless/terraform-provider-serverless/resources/table"
)

// alone clears what the environment says about AWS.
func alone(t *testing.T) {
	for _, name := range []string{
		"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
		"AWS_ENDPOINT_URL", "SERVERLESS_BACKEND", "SERVERLESS_DATA_DIR",
	} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "config"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "credentials"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

// here is the provider on an emulator in this process; free is the provider that
// does as it is configured.
func here(t *testing.T) *acctest.Machine { return on(providertest.Emulator(t)) }

func on(e provider.Emulator) *acctest.Machine {
	return &acctest.Machine{Serve: func() tfprotov6.ProviderServer { return providertest.Server(e) }}
}

func free() *acctest.Machine {
	return &acctest.Machine{Serve: func() tfprotov6.ProviderServer { return provider.New("test", "").Server() }}
}

const aTable = `
resource "serverless_table" "t" {
  name          = "notes"
  partition_key = { name = "id", type = "S" }
}
`

func TestRefusedConfigurations(t *testing.T) {
	for _, c := range []struct {
		name, config string
		env          map[string]string
		says         []string
	}{
		{"no region", `provider "serverless" { backend = { emulator = {} } }`, nil, []string{"No region", "AWS_REGION"}},
		{"no region on AWS", `provider "serverless" {}`, nil, []string{"No region", "AWS_REGION", "~/.aws/config"}},
		{"half a key", `provider "serverless" { access_key = "AKIAX" }`, nil, []string{"access_key and secret_key go together"}},
		{"a token alone", `provider "serverless" { token = "secret-token" }`, nil, []string{"A token without its key"}},
		{"unknown service", `provider "serverless" { endpoints = { dynamo = "http://127.0.0.1:1" } }`, nil, []string{`"dynamo"`, "dynamodb, ecr, iam"}},
		{"two backends", `provider "serverless" {
			backend  = { emulator = {} }
			endpoint = "http://127.0.0.1:1"
		}`, nil, []string{"Two backends", "Remove one"}},
		{"no role", `provider "serverless" { assume_role = [{ role_arn = "ci" }] }`, nil, []string{"role_arn", "arn:aws:iam::123456789012:role/NAME"}},
		{"no session", `provider "serverless" { assume_role = [{
			role_arn = "arn:aws:iam::123456789012:role/ci"
			duration = "13h"
		}] }`, nil, []string{"duration", `"13h"`, "15m to 12h"}},
		{"no token", `provider "serverless" { assume_role_with_web_identity = { role_arn = "arn:aws:iam::123456789012:role/ci" } }`, nil, []string{"web_identity_token or web_identity_token_file"}},
		{"two identities", `provider "serverless" {
			profile = "p"
			assume_role_with_web_identity = {
				role_arn           = "arn:aws:iam::123456789012:role/ci"
				web_identity_token = "secret-token"
			}
		}`, nil, []string{"Two identities", "assume_role"}},
		{"no retries", `provider "serverless" { retry = { max = 0 } }`, nil, []string{"retry.max", "between 1 and 1000"}},
		{"no mode", `provider "serverless" { retry = { mode = "legacy" } }`, nil, []string{"retry.mode", "adaptive"}},
		{"no proxy", `provider "serverless" { https_proxy = "localhost" }`, nil, []string{"https_proxy", "http://proxy.example.com:3128"}},
		{"no certificates", `provider "serverless" { ca_bundle = "nowhere.pem" }`, nil, []string{"ca_bundle", "nowhere.pem"}},
		{"FIPS of another", `provider "serverless" {
			use_fips = true
			endpoint = "http://127.0.0.1:1"
		}`, nil, []string{"use_fips", "endpoint", "remove one"}},
		{"unknown role", `provider "serverless" {
			region      = "eu-north-1"
			assume_role = [{ role_arn = var.unknown }]
		}
		data "serverless_context" "c" {}`, nil, []string{"assume_role is not known yet", "-target"}},
		{"unknown backend", `provider "serverless" {}`, map[string]string{"SERVERLESS_BACKEND": "azure"}, []string{"SERVERLESS_BACKEND", `"azure"`, `"emulator"`}},
		{"unknown region", `provider "serverless" {
			region  = var.unknown
			backend = { emulator = {} }
		}
		data "serverless_context" "c" {}`, nil, []string{"region is not known yet", "-target"}},
		{"unknown endpoint", `provider "serverless" {
			region   = "eu-north-1"
			endpoint = var.unknown
		}
		data "serverless_context" "c" {}`, nil, []string{"endpoint is not known yet", "-target"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			alone(t)
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			config := c.config
			if !strings.Contains(config, "data ") {
				config += aTable
			}
			_, err := free().Plan(t.Context(), config)
			if err == nil {
				t.Fatal("the plan accepts it")
			}
			for _, part := range c.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the message does not say %q:\n%v", part, err)
				}
			}
			if strings.Contains(err.Error(), "secret-token") {
				t.Errorf("the message has the token:\n%v", err)
			}
		})
	}
}

// TestUnknownSettings plans with everything unknown that need not be known.
func TestUnknownSettings(t *testing.T) {
	alone(t)
	for _, name := range []string{
		"region", "profile", "endpoint", "endpoints", "backend", "name_prefix", "stack", "tags", "defaults", "artifacts", "ignore_tags",
		"assume_role", "assume_role_with_web_identity", "retry", "http_proxy", "ca_bundle", "use_fips", "shared_config_files",
	} {
		t.Run(name, func(t *testing.T) {
			config := "provider \"serverless\" {\n" + name + " = var.unknown\n"
			if name != "region" {
				config += "region = \"eu-north-1\"\n"
			}
			changes, err := free().Plan(t.Context(), config+"}"+aTable)
			if err != nil {
				t.Fatal(err)
			}
			if changes[0].Action != "create" {
				t.Errorf("got %s, want create", changes[0].Action)
			}
		})
	}
}

func TestRegion(t *testing.T) {
	for _, c := range []struct{ name, config, variable, want string }{
		{"from the block", `region = "eu-west-1"`, "eu-west-2", "eu-west-1"},
		{"from the environment", ``, "eu-west-2", "eu-west-2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			alone(t)
			t.Setenv("AWS_REGION", c.variable)
			m := here(t)
			if _, err := m.Apply(t.Context(), "provider \"serverless\" {\n"+c.config+"\n}"+aTable); err != nil {
				t.Fatal(err)
			}
			if got := m.Value("serverless_table.t").GetAttr("region").AsString(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestNamesTagsAndDefaults(t *testing.T) {
	alone(t)
	m := here(t)
	settings := func(more string) string {
		return "provider \"serverless\" {\n  region = \"eu-north-1\"\n  name_prefix = \"shop-\"\n  tags = { app = \"shop\", team = \"all\" }\n" + more + "\n}"
	}
	table := strings.Replace(aTable, "name  ", "tags = { team = \"notes\" }\n  name  ", 1)
	apply := func(config string) acctest.Change {
		t.Helper()
		changes, err := m.Apply(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		return changes[0]
	}
	apply(settings("defaults = { table = { point_in_time_recovery_days = 7 } }") + table)
	v := m.Value("serverless_table.t")
	for name, want := range map[string]cty.Value{
		"table_name":                  cty.StringVal("shop-notes"),
		"name":                        cty.StringVal("notes"),
		"point_in_time_recovery_days": cty.NumberIntVal(7),
		"tags":                        cty.MapVal(map[string]cty.Value{"team": cty.StringVal("notes")}),
		"tags_all":                    cty.MapVal(map[string]cty.Value{"app": cty.StringVal("shop"), "team": cty.StringVal("notes")}),
	} {
		if got := v.GetAttr(name); !got.RawEquals(want) {
			t.Errorf("%s: got %#v, want %#v", name, got, want)
		}
	}
	if c := apply(settings("") + table); c.Action != "update" || strings.Join(c.Changed, " ") != "point_in_time_recovery_days" {
		t.Errorf("without the default: %s of %v, want an update of point_in_time_recovery_days", c.Action, c.Changed)
	}
	if c := apply(settings(`defaults = { table = { encryption = { aws_managed = true } } }`) + table); strings.Join(c.Changed, " ") != "encryption" {
		t.Errorf("with a default for an object: changes %v, want encryption", c.Changed)
	}
	if c := apply(settings("") + table); c.Action != "update" || strings.Join(c.Changed, " ") != "encryption" {
		t.Errorf("without that default: %s of %v, want an update of encryption", c.Action, c.Changed)
	}
	if c := apply(strings.Replace(settings(""), "shop-", "store-", 1) + table); c.Action != "replace" {
		t.Errorf("with another prefix: %s, want replace", c.Action)
	}
	if err := m.Destroy(t.Context(), settings("")); err != nil {
		t.Fatal(err)
	}
}

// TestContext reads where resources go.
func TestContext(t *testing.T) {
	alone(t)
	m := here(t)
	config := `provider "serverless" { region = "eu-north-1" }
data "serverless_context" "c" {}
resource "serverless_table" "t" {
  name          = "${data.serverless_context.c.account_id}-${data.serverless_context.c.region}-${data.serverless_context.c.partition}-${data.serverless_context.c.emulator}"
  partition_key = { name = "id", type = "S" }
}`
	if _, err := m.Apply(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	if got, want := m.Value("serverless_table.t").GetAttr("name").AsString(), "000000000000-eu-north-1-aws-true"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if err := m.Destroy(t.Context(), config); err != nil {
		t.Fatal(err)
	}
}

// TestAnotherAccount demands that an object of another account is never taken
// for gone.
func TestAnotherAccount(t *testing.T) {
	alone(t)
	m := here(t)
	config := "provider \"serverless\" {\n  region = \"eu-north-1\"\n}" + aTable
	if _, err := m.Apply(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	e := elsewhere{providertest.Emulator(t)}
	m.Serve = func() tfprotov6.ProviderServer { return providertest.Server(e) }
	for name, do := range map[string]func() error{
		"plan":    func() error { _, err := m.Plan(t.Context(), config); return err },
		"destroy": func() error { return m.Destroy(t.Context(), config) },
		"import": func() error {
			return m.Import(t.Context(), config, "serverless_table.u", m.Value("serverless_table.t").GetAttr("arn").AsString())
		},
	} {
		err := do()
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		for _, part := range []string{"000000000000", "123456789012"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: the message does not name account %s:\n%v", name, part, err)
			}
		}
	}
	if m.Value("serverless_table.t").IsNull() {
		t.Error("the state has lost the object")
	}
}

func TestTypesAreSound(t *testing.T) {
	for _, flaw := range slices.Concat(tf.Flaws(api.Types), tf.Flaws(event.Types), tf.Flaws(function.Types), tf.Flaws(messaging.Types), tf.Flaws(table.Types)) {
		t.Error(flaw)
	}
}

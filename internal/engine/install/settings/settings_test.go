package settings

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
)

// write makes a CLI configuration file and the environment that names it.
func write(t *testing.T, text string, vars ...string) Environment {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rc")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Environment{Vars: append(vars, "TF_CLI_CONFIG_FILE="+path)}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	got, diags := Load(write(t, `
plugin_cache_dir   = "$CACHE"
disable_checkpoint = true
provider_installation { dev_overrides { "hashicorp/null" = "/dev/null" } filesystem_mirror {
    path    = "/mirror"
    include = ["hashicorp/*", "example.com/a/b"]
  }
  network_mirror {
    url     = "https://mirror.example.com/providers"
    exclude = ["example.com/*/*"]
  }
  direct {}
}
credentials "Example.com" {
  token = "secret"
}
host "example.com" {
  services = {
    "providers.v1" = "http://127.0.0.1/v1/"
  }
}
`, "CACHE="+cache, "TF_TOKEN_my__host_example_org=other"))
	if diags != nil {
		t.Fatal(diags)
	}
	want := &Settings{
		Overrides: map[addr.Provider]string{addr.DefaultProvider("null"): "/dev/null"},
		Methods: []Method{
			{Kind: FilesystemMirror, Location: "/mirror", Include: []Pattern{{addr.DefaultHost, "hashicorp", "*"}, {"example.com", "a", "b"}}},
			{Kind: NetworkMirror, Location: "https://mirror.example.com/providers/", Exclude: []Pattern{{"example.com", "*", "*"}}},
			{Kind: Direct},
		},
		Folders:  []string{"terraform.d/plugins"},
		CacheDir: cache,
		Tokens:   map[string]string{"example.com": "secret", "my-host.example.org": "other"},
		Hosts:    map[string]map[string]any{"example.com": {"providers.v1": "http://127.0.0.1/v1/"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for p, want := range map[string]bool{"hashicorp/aws": true, "example.com/a/b": true, "example.com/a/c": false} {
		address, err := addr.ParseProvider(p)
		if err != nil {
			t.Fatal(err)
		}
		if got.Methods[0].For(address) != want {
			t.Errorf("%s: got %v, want %v", p, !want, want)
		}
	}
}

func TestHome(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	for name, text := range map[string]string{
		".terraformrc":                         `credentials "a.example.com" { token = "a" }`,
		".terraform.d/more.tfrc":               `credentials "b.example.com" { token = "b" }`,
		".terraform.d/credentials.tfrc.json":   `{"credentials":{"c.example.com":{"token":"c"}}}`,
		".terraform.d/unread.tfrc.json":        `{}`,
		".terraform.d/plugins/a/b/c/1.0/x/bin": ``,
	} {
		path := filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, diags := Load(Environment{Home: home, Vars: []string{"XDG_DATA_DIRS=/a:b"}})
	if diags.HasErrors() || len(diags) != 1 || !strings.Contains(diags.Error(), "unread.tfrc.json") {
		t.Errorf("got %v", diags)
	}
	if d := cmp.Diff(map[string]string{"a.example.com": "a", "b.example.com": "b", "c.example.com": "c"}, got.Tokens); d != "" {
		t.Error(d)
	}
	folders := []string{"terraform.d/plugins", home + "/.terraform.d/plugins", home + "/.local/share/terraform/plugins", "/a/terraform/plugins"}
	if d := cmp.Diff(folders, got.Folders); d != "" || got.Methods != nil {
		t.Error(d, got.Methods)
	}
}

func TestBad(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`plugin_cache_dir = [[`:               "cannot be understood here",
		`{"plugin_cache_dir": "x"}`:           "CLI configuration in JSON",
		`plugin_cache_dir = 1`:                "must be a string",
		`plugin_cache_dir = "/none/of/these"`: "is not there",
		`disable_checkpoint = "yes"`:          "must be true or false",
		`plugins = {}`:                        `"plugins" means nothing in the CLI configuration`,
		`credentials_helper "x" {}`:           "No helper is run",
		`providers { a = "b" }`:               "Terraform itself has dropped it",
		`credentials {}`:                      `credentials "HOST"`,
		`provider_installation { direct {} } provider_installation {}`:                   "only one provider_installation",
		`provider_installation { oci_mirror {} }`:                                        "oci_mirror is not supported",
		`provider_installation { mirror {} }`:                                            `"mirror" is none of`,
		`provider_installation { filesystem_mirror {} }`:                                 "needs the argument path",
		`provider_installation { network_mirror { url = "http://a" } }`:                  "must begin with https://",
		`provider_installation { direct { include = "a" } }`:                             "must be a list of strings",
		`provider_installation { direct { include = ["*/a"] } }`:                         `part behind "*"`,
		`provider_installation { direct { include = ["a/b/c/d"] } }`:                     "must have the form",
		`provider_installation { direct { path = "x" } }`:                                `"path" means nothing in direct`,
		`provider_installation { dev_overrides { "a/b/c/d" = "x" } }`:                    "must have the form",
		`host "a" { tokens = {} }`:                                                       `"tokens" means nothing in host`,
		`provider_installation { dev_overrides { "a/b" = 1 } }`:                          "must be a string",
		"provider_installation {\n  direct {\n    include = [[\"a\"]]\n  }\n}":           "must be a list of strings",
		`provider_installation { direct { exclude = ["hashicorp/*/x"] } }`:               `part behind "*"`,
		"host \"example.com\" {\n  services = {\n    \"providers.v1\" = [\"x\"]\n  }\n}": "must be a string",
	} {
		if _, diags := Load(write(t, text)); !strings.Contains(diags.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, diags, want)
		}
	}
	if _, diags := Load(Environment{Vars: []string{"TF_CLI_CONFIG_FILE=/none/rc"}}); diags.HasErrors() || !strings.Contains(diags.Error(), "no file /none/rc") {
		t.Errorf("got %v", diags)
	}
}

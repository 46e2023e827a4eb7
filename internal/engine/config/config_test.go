package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
)

// dir writes the files of a txtar-like listing: "-- name --" lines before contents.
func dir(t *testing.T, files string) string {
	t.Helper()
	d := t.TempDir()
	parts := strings.Split("\n"+files, "\n-- ")
	for _, part := range parts[1:] {
		name, content, _ := strings.Cut(part, " --\n")
		if err := os.WriteFile(filepath.Join(d, name), []byte(content+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, want string }{
		{`module "m" { source = "./m" }`, `1: Configuration directory cannot be read`},
		{`module "m" { source = "./." }`, `1: Module calls itself`},
		{`module "m" {}`, `1: Missing required argument`},
		{`module "m" { source = "a/b/c" }`, `1: Module not installed`},
		{`moved {}`, `Missing required argument`},
		{"moved {\n from = a_b.c\n to = module.d\n}", `1: Different kinds of addresses`},
		{"moved {\n from = a_b.c\n to = a_b.c\n}", `1: Move to the same place`},
		{"moved {\n from = data.a_b.c\n to = data.a_b.d\n}", `2: Not a managed resource`},
		{`import {}`, `Missing required argument`},
		{"import {\n to = a_b.c\n}", `1: Either id or identity`},
		{"import {\n to = module.a\n id = \"x\"\n}", `2: Invalid address`},
		{`removed {}`, `Missing required argument`},
		{"removed {\n from = a_b.c[0]\n}", `2: Instance key not allowed`},
		{"removed {\n from = a_b.c\n provisioner \"local-exec\" {}\n}", `3: Nothing is created here`},
		{`check "c" {}`, `1: No assertion`},
		{"check \"c\" {\n  assert { condition = true }\n}", `2: Missing required argument`},
		{`action "a_b" "c" { depends_on = [] }`, `1: "depends_on" is not for actions`},
		{"action \"a_b\" \"c\" {\n  config {}\n  config {}\n}", `3: Duplicate config block`},
		{"action \"a_b\" \"c\" {\n  x = 1\n}", `2: Unsupported argument`},
		{trigger("events = [after_destroy]\nactions = [action.a.b]"), "4: Invalid event"},
		{trigger("events = []\nactions = [action.a.b]"), "4: No events"},
		{trigger("events = [after_create, after_create]\nactions = [action.a.b]"), "4: Duplicate event"},
		{trigger("events = [after_create]\nactions = [a_b.c]"), "5: Invalid action"},
		{trigger("events = [after_create]\nactions = [upper(action.a_b.c)]"), "5: Invalid action"},
		{trigger("events = [after_create]\nactions = [true ? action.a_b.c : action.a_b.d]"), "5: Invalid action"},
		{trigger("events = [after_create]\nactions = []"), "5: No actions"},
		{trigger("events = [after_create]"), "3: Missing required argument"},
		{"data \"a_b\" \"c\" {\n  lifecycle {\n    action_trigger {}\n  }\n}", "3: Not a managed resource"},
		{"terraform {\n  cloud {}\n}", `"cloud" blocks are not supported`},
		{"resource \"a_b\" \"c\" {\n  provisioner \"file\" {}\n}", `2: The provisioner "file" is not supported`},
		{"resource \"a_b\" \"c\" {\n  provisioner \"remote-exec\" {}\n}", `2: The provisioner "remote-exec" is not supported`},
		{"resource \"a_b\" \"c\" {\n  connection {}\n}", `2: "connection" blocks are not supported`},
		{"resource \"a_b\" \"c\" {\n  provisioner \"local-exec\" {\n    connection {}\n  }\n}", `3: "connection" is not supported here`},
		{"resource \"a_b\" \"c\" {\n  provisioner \"local-exec\" {\n    when = update\n  }\n}", `3: Invalid "when" argument`},
		{"resource \"a_b\" \"c\" {\n  provisioner \"local-exec\" {\n    on_failure = 1\n  }\n}", `3: Invalid "on_failure" argument`},
		{"resource \"a_b\" \"c\" {\n  provisioner \"local-exec\" {\n    when = destroy\n    command = local.x\n  }\n}", `4: Invalid reference from destroy provisioner`},
		{"resource \"a_b\" \"c\" {\n  provisioner \"local-exec\" {\n    when = destroy\n    command = each.value\n  }\n}", `4: Invalid reference from destroy provisioner`},
		{"data \"a_b\" \"c\" {\n  provisioner \"local-exec\" {}\n}", "2: Not a managed resource"},
		{`provider "p" { version = "new" }`, `Invalid version constraint`},
		{`provider "p" { for_each = {} }`, `Alias missing`},
		{`output "v" { ephemeral = true }`, `Missing required argument`},
		{"resource \"a_b\" \"c\" {\n count = 1\n for_each = {}\n}", `3: Both count and for_each`},
		{"resource \"a_b\" \"c\" {\n count = 1\n lifecycle {\n enabled = false\n}\n}", `4: Both enabled and a repetition`},
		{`data "a_b" "c" {` + "\n" + `lifecycle { prevent_destroy = true }` + "\n}", `2: Not a managed resource`},
		{`resource "a_b" "c" { provider = a.west }`, `1: Provider configuration not declared`},
		{`variable "v" {}` + "\n" + `variable "v" {}`, `2: Declared twice`},
		{`variable "count" {}`, `1: Reserved name`},
		{`variable "v" {` + "\n type = number\n default = \"x\"\n}", `3: Invalid default value`},
		{`resource "a_b" "0" {}`, `1: Invalid name`},
		{`resource "a_b" "c" {`, `Unclosed configuration block`},
		{`surprise {}`, `1: Unsupported block type`},
		{"terraform {\n required_providers {\n a = { source = \"a/b/c/d\" }\n}\n}", `3: Invalid provider source`},
	} {
		_, diags := config.Load(dir(t, "-- main.tf --\n"+c.src), nil)
		if got := text(diags); !diags.HasErrors() || !strings.Contains(got, c.want) {
			t.Errorf("%s:\ngot %s\nwant %s", c.src, got, c.want)
		}
	}
	if _, diags := config.Load(t.TempDir(), nil); !strings.Contains(text(diags), "No configuration files") {
		t.Errorf("got %s for an empty directory", text(diags))
	}
}

func TestOverride(t *testing.T) {
	t.Parallel()
	m, diags := config.Load(dir(t, `-- main.tf --
resource "a_b" "c" {
  count = 1
  name  = "lower"
  keep  = 1
  lifecycle {
    prevent_destroy       = true
    create_before_destroy = true
  }
  inner { x = 1 }
  inner { x = 2 }
  other { x = 3 }
}
locals {
  one = 1
  two = 2
}
-- z_override.tf --
resource "a_b" "c" {
  for_each = {}
  name     = "upper"
  lifecycle { prevent_destroy = false }
  inner { x = 9 }
}
locals { two = 22 }
-- .hidden.tf --
nonsense {}
-- back.tf~ --
nonsense {}
-- more.tf.json --
{"output": {"o": {"value": "${local.two}", "depends_on": ["a_b.c"]}}}`), nil)
	if diags.HasErrors() {
		t.Fatal(text(diags))
	}
	r := m.Resources[addr.Resource{Type: "a_b", Name: "c"}]
	if r.Count != nil || r.ForEach == nil || r.Lifecycle.PreventDestroy == nil || r.Lifecycle.CreateBeforeDestroy == nil {
		t.Errorf("got %+v", r)
	}
	c, diags := r.Body.Content(&hcl.BodySchema{
		Attributes: []hcl.AttributeSchema{{Name: "name", Required: true}, {Name: "keep"}},
		Blocks:     []hcl.BlockHeaderSchema{{Type: "inner"}, {Type: "other"}},
	})
	if diags.HasErrors() {
		t.Fatal(text(diags))
	}
	if v, _ := c.Attributes["name"].Expr.Value(nil); v.AsString() != "upper" || c.Attributes["keep"] == nil {
		t.Errorf("got name %#v", v)
	}
	if n := len(c.Blocks.OfType("inner")); n != 1 || len(c.Blocks.OfType("other")) != 1 {
		t.Errorf("got %d inner blocks, want 1", n)
	}
	if v, _ := m.Locals["two"].Expr.Value(nil); !v.RawEquals(cty.NumberIntVal(22)) || m.Locals["one"] == nil {
		t.Errorf("got two = %#v", v)
	}
	if got := m.Outputs["o"].DependsOn; len(got) != 1 || len(got[0]) != 2 {
		t.Errorf("got depends_on %v", got)
	}
}

func TestInputs(t *testing.T) {
	t.Parallel()
	d := dir(t, `-- main.tf --
variable "a" {}
variable "b" {}
variable "c" {}
variable "d" {}
variable "e" {}
variable "l" { type = list(number) }
-- terraform.tfvars --
b = "tfvars"
c = "tfvars"
d = "tfvars"
-- x.auto.tfvars --
c = "auto"
d = "auto"
typo = 1
-- given.tfvars --
d = "file"
e = "file"`)
	m, diags := config.Load(d, nil)
	if diags.HasErrors() {
		t.Fatal(text(diags))
	}
	got, diags := m.Inputs([]string{"TF_VAR_a=env", "TF_VAR_b=env", "TF_VAR_l=[1, 2]", "TF_VAR_other=x", "HOME=/"},
		[]config.Assignment{{Name: "e", Text: "early"}, {File: filepath.Join(d, "given.tfvars")}, {Name: "a", Text: "var=1"}})
	if diags.HasErrors() || len(diags) != 1 || diags[0].Severity != hcl.DiagWarning {
		t.Fatalf("got %s, want one warning", text(diags))
	}
	for name, want := range map[string]string{"a": "var=1", "b": "tfvars", "c": "auto", "d": "file", "e": "file"} {
		if v := got[name].Value; v.AsString() != want {
			t.Errorf("%s: got %#v, want %s", name, v, want)
		}
	}
	if n := got["l"].Value.LengthInt(); n != 2 {
		t.Errorf("got %d elements", n)
	}
	_, diags = m.Inputs(nil, []config.Assignment{{Name: "bb", Text: ""}, {Name: "l", Text: "["}, {File: "absent.tfvars"}})
	if got := text(diags); len(diags.Errs()) < 3 || !strings.Contains(got, `Did you mean`) {
		t.Errorf("got %s", got)
	}
}

func text(diags hcl.Diagnostics) string {
	var b strings.Builder
	for _, d := range diags {
		if d.Subject != nil {
			fmt.Fprintf(&b, "%s:%d: ", filepath.Base(d.Subject.Filename), d.Subject.Start.Line)
		}
		fmt.Fprintf(&b, "%s: %s\n", d.Summary, d.Detail)
	}
	return b.String()
}

// trigger is a resource with an action_trigger block, whose arguments begin in
// line 4.
func trigger(arguments string) string {
	return "resource \"a_b\" \"c\" {\n  lifecycle {\n    action_trigger {\n" + arguments + "\n    }\n  }\n}"
}

package apply_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// TestEphemeral demands that ephemeral resources are opened when planning and
// again when applying, closed in reverse, and that their values are kept nowhere.
func TestEphemeral(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	prog, p := b.mustPlan(`
ephemeral "test_token" "a" { name = "a" }
ephemeral "test_token" "b" { name = "b-${ephemeral.test_token.a.name}" }
locals { both = "${ephemeral.test_token.a.value} ${ephemeral.test_token.b.value}" }
resource "test_thing" "x" {
  name     = "x"
  password = sensitive(local.both) # a mark that is kept beside one that is not
}
output "null" { value = ephemeralasnull(local.both) }
`)
	if got := strings.Join(b.world.took(), ","); got != `open a,open b-a,close "b-a",close "a"` {
		t.Errorf("planning: got %s", got)
	}
	if got := actions(p); got != "test_thing.x create" {
		t.Errorf("got %s", got)
	}
	var saved bytes.Buffer
	if err := plan.Save(&saved, prog, p); err != nil {
		t.Fatal(err)
	}
	prog, p, diags := plan.Load(t.Context(), bytes.NewReader(saved.Bytes()), int64(saved.Len()), b.servers())
	if diags.HasErrors() {
		t.Fatal(text(diags))
	}
	if _, diags := b.apply(t.Context(), prog, p); diags.HasErrors() {
		t.Fatal(text(diags))
	}
	if got := strings.Join(b.world.took(), ","); got != `open a,open b-a,create x,close "b-a",close "a"` {
		t.Errorf("applying: got %s", got)
	}
	if got := b.world.given["x"]; got != "token-a-3 token-b-a-4" {
		t.Errorf("got password %q", got)
	}
	raw, err := (&state.File{State: b.state}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	for what, content := range map[string]string{"the state": string(raw), "the plan": unzip(t, saved.Bytes())} {
		if strings.Contains(content, "token-") {
			t.Errorf("%s has the value: %s", what, content)
		}
	}
	if _, p := b.mustPlan(""); !p.Empty() {
		t.Errorf("the second plan is not empty: %s", actions(p))
	}
}

// TestEphemeralDeferred demands that an ephemeral resource that needs an object
// of the same run is opened when that is there, and that a provider can be
// configured from it.
func TestEphemeralDeferred(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src := `
resource "test_thing" "first" { name = "first" }
ephemeral "test_token" "t" { name = test_thing.first.id }
ephemeral "test_token" "waits" {
  name       = "waits"
  depends_on = [test_thing.first]
}
provider "test" {
  alias  = "by_token"
  prefix = "${ephemeral.test_token.t.value}/${ephemeral.test_token.waits.name}/"
}
resource "test_thing" "second" {
  provider = test.by_token
  name     = "second"
}`
	prog, p := b.mustPlan(src)
	if got := b.world.took(); slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "open") }) {
		t.Errorf("planning: got %v", got)
	}
	if _, diags := b.apply(t.Context(), prog, p); diags.HasErrors() {
		t.Fatal(text(diags))
	}
	got := b.world.took()
	if got[0] != "create first" || !slices.Contains(got, "open id-1") || !slices.Contains(got, "open waits") || got[3] != "create second" {
		t.Errorf("applying: got %v", got)
	}
	if o := b.state.Get(instance("test_thing.second")); !strings.Contains(string(o.Attributes), "/waits/id-2") {
		t.Errorf("got %s", o.Attributes)
	}
	b.opts.Mode = plan.Destroy
	if _, diags := b.run(""); diags.HasErrors() {
		t.Fatal(text(diags))
	}
	if !b.state.Empty() {
		t.Error("something is left")
	}
}

// TestRenewal demands that an ephemeral resource is renewed as long as it is in
// use, at the times that its provider says.
func TestRenewal(t *testing.T) {
	t.Parallel()
	for fail, want := range map[string]string{
		"":      `open a,create x,renew "a",renew "a",renew "a",close "a"`,
		"renew": `open a,create x,renew "a",close "a"`,
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			prog, p := b.mustPlan(`
ephemeral "test_token" "a" {
  name  = "a"
  renew = 600
  fail  = "` + fail + `"
}
resource "test_thing" "x" {
  name     = "x"
  password = ephemeral.test_token.a.value
}`)
			b.world.took()
			b.world.onCall = func(operation, _ string) {
				if operation == "create" {
					<-time.After(2*time.Hour + 30*time.Minute)
				}
			}
			_, diags := b.apply(t.Context(), prog, p)
			if got := text(diags); strings.Contains(got, "Renewal failed") != (fail != "") || diags.HasErrors() != (fail != "") {
				t.Errorf("got %s", got)
			}
			if got := strings.Join(b.world.took(), ","); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			if b.state.Get(instance("test_thing.x")) == nil {
				t.Error("the object is lost")
			}
		})
	}
}

func TestEphemeralErrors(t *testing.T) {
	t.Parallel()
	const tokens = "ephemeral \"test_token\" \"a\" {\n  name = \"a\"\n}\n"
	for _, c := range []struct{ src, want, calls string }{
		{tokens + "resource \"test_thing\" \"x\" {\n  name = ephemeral.test_token.a.value\n}", "5: Invalid use of an ephemeral value: An ephemeral value must not be kept, but in test_thing.x \"name\" is no write-only attribute", ""},
		{tokens + "resource \"test_thing\" \"x\" {\n  name = \"x\"\n  tags = { a = ephemeral.test_token.a.value }\n}", "6: Invalid use of an ephemeral value", ""},
		{tokens + "resource \"test_thing\" \"x\" {\n  name = \"x\"\n  dynamic \"rule\" {\n    for_each = ephemeral.test_token.a.value == \"\" ? [] : [1]\n    content {\n      port = 1\n    }\n  }\n}", "Invalid use of an ephemeral value", `open a,close "a"`},
		{tokens + "data \"test_lookup\" \"x\" {\n  key = ephemeral.test_token.a.value\n}", "5: Invalid use of an ephemeral value", ""},
		{tokens + "output \"o\" {\n  value = ephemeral.test_token.a.value\n}", "5: Output refers to ephemeral values", ""},
		{tokens + "output \"o\" {\n  value = 1\n  ephemeral = true\n}", "4: Ephemeral output not allowed", ""},
		{tokens + "resource \"test_thing\" \"x\" {\n  count = ephemeral.test_token.a.value == \"\" ? 1 : 2\n  name = \"x\"\n}", "5: Invalid count: count must not be ephemeral", ""},
		{tokens + "resource \"test_thing\" \"x\" {\n  for_each = { a = ephemeral.test_token.a.value }\n  name = each.value\n}", "6: Invalid use of an ephemeral value", `open a,close "a"`},
		{tokens + "resource \"test_thing\" \"x\" {\n  for_each = ephemeral.test_token.a.value == \"\" ? {} : {}\n  name = \"x\"\n}", "5: Invalid for_each: for_each must not be ephemeral", ""},
		{"variable \"v\" {\n  default = 1\n  ephemeral = true\n}\noutput \"o\" {\n  value = var.v\n}", "6: Output refers to ephemeral values", ""},
		{"output \"o\" {\n  value = terraform.applying\n}", "2: Output refers to ephemeral values", ""},
		{"ephemeral \"test_nothing\" \"a\" {}", "1: Unknown ephemeral resource", ""},
		{"ephemeral \"test_thing\" \"a\" {}", "1: Unknown ephemeral resource: The provider hashicorp/test has a resource type \"test_thing\"", ""},
		{"ephemeral \"test_token\" \"a\" {\n}", "1: Missing required argument", ""},
		{"ephemeral \"test_token\" \"a\" {\n  name = \"a\"\n  lifecycle {\n    prevent_destroy = true\n  }\n}", "4: Not a managed resource", ""},
		{"locals {\n  x = ephemeral.test_token.b.value\n}", "2: Reference to an undeclared ephemeral resource", ""},
		{"ephemeral \"test_token\" \"a\" {\n  name = \"a\"\n  fail = \"open\"\n}", "1: Opening failed: as asked", "open a"},
		{"ephemeral \"test_token\" \"a\" {\n  name = \"a\"\n  fail = \"close\"\n}", "1: Closing failed: as asked", `open a,close "a"`},
		{
			"ephemeral \"test_token\" \"a\" {\n  name = \"a\"\n  lifecycle {\n    postcondition {\n      condition = self.value == \"x\"\n      error_message = \"bad\"\n    }\n  }\n}",
			"5: Postcondition of ephemeral.test_token.a failed: bad", `open a,close "a"`,
		},
		{
			"ephemeral \"test_token\" \"a\" {\n  name = \"a\"\n  lifecycle {\n    precondition {\n      condition = terraform.workspace == \"\"\n      error_message = \"bad\"\n    }\n  }\n}",
			"5: Precondition of ephemeral.test_token.a failed: bad", "",
		},
	} {
		b := newBench(t)
		_, _, diags := b.plan(c.src)
		if got := text(diags); !strings.Contains(got, c.want) {
			t.Errorf("%s\ngot  %s\nwant %s", c.src, got, c.want)
		}
		if got := strings.Join(b.world.took(), ","); got != c.calls {
			t.Errorf("%s\ngot calls %s", c.src, got)
		}
	}
}

// TestEphemeralVariable demands that the value of an ephemeral variable is in no
// plan file, and is taken from who applies it.
func TestEphemeralVariable(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write("terraform.tfvars", `v = "first"`)
	prog, p := b.mustPlan(`
variable "v" {
  type      = string
  ephemeral = true
}
resource "test_thing" "x" {
  name     = "x"
  password = "${var.v} ${terraform.applying}"
  provisioner "local-exec" { command = "true ${var.v}" }
}`)
	var saved bytes.Buffer
	if err := plan.Save(&saved, prog, p); err != nil {
		t.Fatal(err)
	}
	if content := unzip(t, saved.Bytes()); strings.Contains(content, "first") {
		t.Error("the plan file has the value")
	}
	prog, p, diags := plan.Load(t.Context(), bytes.NewReader(saved.Bytes()), int64(saved.Len()), b.servers())
	if diags.HasErrors() {
		t.Fatal(text(diags))
	}
	p.Variables["v"] = cty.StringVal("second").Mark(lang.Ephemeral)
	if _, diags := b.apply(context.Background(), prog, p); diags.HasErrors() {
		t.Fatal(text(diags))
	}
	if got := b.world.given["x"]; got != "second true" {
		t.Errorf("got password %q", got)
	}
}

// unzip is the text of everything in a plan file but the configuration.
func unzip(t *testing.T, raw []byte) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, f := range z.File {
		if strings.HasPrefix(f.Name, "config/") {
			continue
		}
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(content)
	}
	return out.String()
}

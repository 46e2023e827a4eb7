package apply_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// module puts a file into a module beside the root.
func (b *bench) module(name, content string) {
	b.t.Helper()
	dir := filepath.Join(b.dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(content), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// TestEphemeralModules demands that ephemeral values go into modules and out of
// them only by ephemeral variables and outputs.
func TestEphemeralModules(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.module("m", `
variable "in" { ephemeral = true }
ephemeral "test_token" "own" { name = "own" }
resource "test_thing" "x" {
  name     = "x"
  password = "${var.in} ${ephemeral.test_token.own.value}"
}
output "out" {
  value     = ephemeral.test_token.own.value
  ephemeral = true
}`)
	src := `
ephemeral "test_token" "a" { name = "a" }
module "m" {
  source = "./m"
  in     = ephemeral.test_token.a.name
}
resource "test_thing" "y" {
  name     = "y"
  password = module.m.out
}`
	b.mustRun(src)
	if got := b.world.given["x"]; !strings.HasPrefix(got, "a token-own-") {
		t.Errorf("got password %q", got)
	}
	if got := b.world.given["y"]; !strings.HasPrefix(got, "token-own-") {
		t.Errorf("got password %q", got)
	}
	for _, c := range []struct{ module, root, want string }{
		{"variable \"in\" {}\noutput \"out\" {\n  value = 1\n}", src, "main.tf:5: Ephemeral value not allowed: The variable \"in\""},
		{"variable \"in\" { ephemeral = true }\noutput \"out\" {\n  value = var.in\n}", src, "main.tf:3: Output refers to ephemeral values"},
		{"variable \"in\" { ephemeral = true }\noutput \"out\" {\n  value = var.in\n  ephemeral = true\n}", src + "\noutput \"o\" { value = module.m.out }", "Output refers to ephemeral values"},
	} {
		b := newBench(t)
		b.module("m", c.module)
		if _, _, diags := b.plan(c.root); !diags.HasErrors() || !strings.Contains(text(diags), c.want) {
			t.Errorf("%s\ngot %s, want %s", c.module, text(diags), c.want)
		}
	}
}

// TestActionModules demands that the triggers of each module instance invoke the
// actions of that instance.
func TestActionModules(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.module("m", `
variable "name" {}
action "test_say" "s" {
  for_each = toset(["k"])
  config { message = "${var.name} ${each.key} ${test_thing.x[each.key].name}" }
}
resource "test_thing" "x" {
  for_each = toset(["k"])
  name     = "${var.name}-${each.key}"
  lifecycle {
    action_trigger {
      events  = [after_create]
      actions = [action.test_say.s[each.key]]
    }
  }
  provisioner "local-exec" {
    when    = destroy
    command = "true ${each.key} ${self.name}"
  }
}`)
	src := `
module "m" {
  source   = "./m"
  for_each = toset(["a", "b"])
  name     = each.key
}`
	_, p := b.mustPlan(src)
	want := `action.test_say.s["k"] after_create module.m["a"].test_thing.x["k"] 0.0; module.m["b"].action.test_say.s["k"] after_create module.m["b"].test_thing.x["k"] 0.0`
	if got := invocations(p); got != `module.m["a"].`+want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	b.mustRun(src)
	if got := strings.Join(b.world.took(), ","); !strings.Contains(got, "say a k a-k") || !strings.Contains(got, "say b k b-k") {
		t.Errorf("got %s", got)
	}
	b.opts.Invoke = append(b.opts.Invoke, instance(`module.m["b"].action.test_say.s`))
	if result, diags := b.run(src); diags.HasErrors() || result.Invoked != 1 {
		t.Errorf("got %+v, %s", result, text(diags))
	}
	if got := strings.Join(b.world.took(), ","); got != "say b k b-k" {
		t.Errorf("got %s", got)
	}
	b.opts.Invoke = nil
	b.mustRun("locals {}")
	if !b.state.Empty() {
		t.Error("something is left")
	}
}

// TestModuleWithAction demands that what depends on a module with an action comes
// after the change that triggers it, and that nothing depends on the action itself.
func TestModuleWithAction(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.module("m", `
action "test_say" "hi" {
  config { message = "hi" }
}
resource "test_thing" "x" {
  name = "x"
  lifecycle {
    action_trigger {
      events  = [after_create]
      actions = [action.test_say.hi]
    }
  }
}`)
	b.mustRun(`
module "m" { source = "./m" }
resource "test_thing" "y" {
  name       = "y"
  depends_on = [module.m]
}`)
	if got, want := strings.Join(b.world.took(), "; "), "create x; say hi; create y"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	_, _, diags := newBench(t).plan(`
action "test_say" "hi" {
  config { message = "hi" }
}
resource "test_thing" "y" {
  name       = "y"
  depends_on = [action.test_say.hi]
}`)
	if got, want := text(diags), "main.tf:7: Invalid depends_on reference: An action"; !strings.Contains(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestPreventDestroyOfGoneModule demands an error, and no object destroyed, where
// prevent_destroy is made of what went away with the module instance.
func TestPreventDestroyOfGoneModule(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.module("m", `
variable "keep" {}
resource "test_thing" "x" {
  name = "x"
  lifecycle { prevent_destroy = var.keep }
}`)
	src := func(instances string) string {
		return `
module "m" {
  source   = "./m"
  for_each = ` + instances + `
  keep     = each.value
}`
	}
	b.mustRun(src("{ a = false, b = true }"))
	_, _, diags := b.plan(src("{ a = false }"))
	if got, want := text(diags), `main.tf:5: Invalid "each" reference: for_each has no key "b" any more`; !strings.Contains(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

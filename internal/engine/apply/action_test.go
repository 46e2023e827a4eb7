package apply_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
)

// invocations lists the actions of a plan, as "address event trigger".
func invocations(p *plan.Plan) string {
	var out []string
	for _, i := range p.Invocations {
		s := i.Addr.String()
		if t := i.Trigger; t != nil {
			s += fmt.Sprintf(" %s %s %d.%d", t.Event, t.Addr, t.Block, t.Index)
		}
		out = append(out, s)
	}
	return strings.Join(out, "; ")
}

// TestActions demands that actions go with the changes that they are bound to,
// in order, by way of a plan file.
func TestActions(t *testing.T) {
	t.Parallel()
	src := func(size int) string {
		return fmt.Sprintf(`
locals { loud = true }
action "test_say" "before" {
  config { message = "before ${test_thing.base.id}" }
}
action "test_say" "after" {
  count = 2
  config { message = "after ${count.index} ${test_thing.a.version}" }
}
action "test_say" "never" {
  config { message = "never" }
}
resource "test_thing" "base" { name = "base" }
resource "test_thing" "a" {
  name = "a"
  size = %d
  lifecycle {
    action_trigger {
      events  = [after_create, before_create, after_update]
      actions = [action.test_say.after[1], action.test_say.after[0]]
      condition = local.loud
    }
    action_trigger {
      events  = [before_create, before_update]
      actions = [action.test_say.before]
    }
    action_trigger {
      events    = [before_update]
      condition = !local.loud
      actions   = [action.test_say.never]
    }
  }
}
resource "test_thing" "dependent" { name = "d-${test_thing.a.id}" }
`, size)
	}
	b := newBench(t)
	j := &journal{}
	b.hook = j
	_, _, diags := b.plan(src(1))
	if got := text(diags); !strings.Contains(got, "main.tf:6: Action needs what comes after it: action.test_say.after[") {
		t.Fatalf("got %s", got)
	}
	after := func(s string) string {
		return strings.Replace(s, "[after_create, before_create, after_update]", "[after_create, after_update]", 1)
	}
	prog, p := b.mustPlan(after(src(1)))
	if got, want := invocations(p), "action.test_say.before before_create test_thing.a 1.0; action.test_say.after[1] after_create test_thing.a 0.0; action.test_say.after[0] after_create test_thing.a 0.1"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	var saved bytes.Buffer
	if err := plan.Save(&saved, prog, p); err != nil {
		t.Fatal(err)
	}
	prog, p, diags = plan.Load(t.Context(), bytes.NewReader(saved.Bytes()), int64(saved.Len()), b.servers())
	if diags.HasErrors() {
		t.Fatal(text(diags))
	}
	b.world.took()
	result, diags := b.apply(t.Context(), prog, p)
	if diags.HasErrors() || result.Invoked != 3 || result.Added != 3 {
		t.Fatalf("got %+v, %s", result, text(diags))
	}
	if got, want := strings.Join(b.world.took(), ","), "create base,say before id-1,create a,say after 1 1,say after 0 1,create d-id-2"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := j.took(); !slices.Contains(got, "| one after 0 1") || !slices.Contains(got, "| two") || !slices.Contains(got, "invoke action.test_say.before done") {
		t.Errorf("got events %q", got)
	}
	if _, p := b.mustPlan(""); !p.Empty() {
		t.Errorf("the second plan is not empty: %s", invocations(p))
	}
	b.mustRun(after(src(2)))
	if got, want := strings.Join(b.world.took(), ","), "say before id-1,update a,say after 1 2,say after 0 2"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestActionNeedsDependent demands that an action may refer to what is built on
// the object that triggers it.
func TestActionNeedsDependent(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.mustRun(`
action "test_say" "x" {
  config { message = test_thing.b.name }
}
resource "test_thing" "a" {
  name = "a"
  lifecycle {
    action_trigger {
      events  = [after_create]
      actions = [action.test_say.x]
    }
  }
}
resource "test_thing" "b" { name = "b-${test_thing.a.id}" }
`)
	if got, want := strings.Join(b.world.took(), ","), "create a,create b-id-1,say b-id-1"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestActionFails demands that a failed action stops what comes after it and
// spoils nothing.
func TestActionFails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ event, fail, want, calls string }{
		{"before_create", "invoke", "The action failed: as asked", "say x"},
		{"after_create", "invoke", "The action failed: as asked", "create a,say x"},
	} {
		b := newBench(t)
		result, diags := b.run(fmt.Sprintf(`
action "test_say" "x" {
  config {
    message = "x"
    fail    = %q
  }
}
resource "test_thing" "a" {
  name = "a"
  lifecycle {
    action_trigger {
      events  = [%s]
      actions = [action.test_say.x]
    }
  }
}
resource "test_thing" "b" { name = "b-${test_thing.a.id}" }
`, c.fail, c.event))
		if got := text(diags); !strings.Contains(got, c.want) {
			t.Errorf("%s: got %s, want %s", c.event, got, c.want)
		}
		if got := strings.Join(b.world.took(), ","); got != c.calls {
			t.Errorf("%s: got %s, want %s", c.event, got, c.calls)
		}
		if o := b.state.Get(instance("test_thing.a")); (o != nil) != (c.event == "after_create") || o != nil && o.Tainted {
			t.Errorf("%s: got object %v", c.event, o)
		}
		if len(result.Skipped) == 0 || result.Invoked != 0 {
			t.Errorf("%s: got %+v", c.event, result)
		}
	}
}

// TestInvoke demands that actions can be invoked alone, by address.
func TestInvoke(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src := `
resource "test_thing" "a" { name = "a" }
action "test_say" "each" {
  for_each = toset(["k", "l"])
  config { message = "${each.key} ${test_thing.a.id}" }
}
resource "test_thing" "unrelated" {
  name       = "u"
  depends_on = [test_thing.a]
}
output "o" { value = test_thing.a.name }
check "c" {
  assert {
    condition     = test_thing.unrelated.name == "x"
    error_message = "it never holds"
  }
}
`
	b.opts.Invoke = append(b.opts.Invoke, instance("action.test_say.each"))
	if _, _, diags := b.plan(src); !strings.Contains(text(diags), "main.tf:3: Arguments of the action not known") {
		t.Fatalf("got %s", text(diags))
	}
	b.opts.Invoke = nil
	b.mustRun(src)
	b.world.took()
	for _, c := range []struct{ at, want, calls string }{
		{"action.test_say.each", "", "say k id-1,say l id-1"},
		{`action.test_say.each["l"]`, "", "say l id-1"},
		{`action.test_say.each["m"]`, "No such action", ""},
		{"action.test_say.none", "No such action", ""},
		{"test_thing.a", "No such action", ""},
	} {
		b.opts.Invoke = append(b.opts.Invoke[:0], instance(c.at))
		prog, p, diags := b.plan(strings.Replace(src, `= "u"`, `= "changed"`, 1))
		if got := text(diags); !strings.Contains(got, c.want) || (c.want == "") == diags.HasErrors() {
			t.Errorf("%s: got %s, want %s", c.at, got, c.want)
		}
		if diags.HasErrors() {
			continue
		}
		if actions(p) != "" || p.Empty() {
			t.Errorf("%s: got changes %s", c.at, actions(p))
		}
		before := b.state
		if _, diags := b.apply(t.Context(), prog, p); len(diags) > 0 {
			t.Errorf("%s: %s", c.at, text(diags))
		}
		if got, want := string(b.state.Checks()), string(before.Checks()); got != want || got == "" {
			t.Errorf("%s: got checks %s, want %s", c.at, got, want)
		}
		got := b.world.took()
		slices.Sort(got)
		if strings.Join(got, ",") != c.calls {
			t.Errorf("%s: got %s, want %s", c.at, got, c.calls)
		}
		if len(b.state.Entries()) != len(before.Entries()) || len(b.state.Outputs()) != 1 {
			t.Errorf("%s: the state changed", c.at)
		}
	}
}

func TestActionErrors(t *testing.T) {
	t.Parallel()
	trigger := func(more string) string {
		return "action \"test_say\" \"x\" {\n  config {\n    message = \"x\"\n  }\n}\nresource \"test_thing\" \"a\" {\n  name = \"a\"\n  lifecycle {\n    action_trigger {\n" + more + "\n    }\n  }\n}\n"
	}
	for _, c := range []struct{ src, want string }{
		{"action \"test_say\" \"x\" {\n}", "1: Missing required argument"},
		{"action \"test_say\" \"x\" {\n  config {\n    message = \"x\"\n    extra = 1\n  }\n}", "4: Unsupported argument"},
		{"action \"test_thing\" \"x\" {}", "1: Unknown action: The provider hashicorp/test has a resource type \"test_thing\", but no action of that name."},
		{"action \"test_say\" \"x\" {\n  config {\n    message = \"x\"\n  }\n}\noutput \"o\" {\n  value = action.test_say.x.message\n}", "7: Invalid reference: An action has no value."},
		{trigger("events = [after_create]\nactions = [action.test_say.y]"), "11: Reference to an undeclared action"},
		{trigger("events = [after_create]\nactions = [action.test_say.x[0]]"), "11: Invalid action: There is no instance action.test_say.x[0]."},
		{trigger("events = [after_create]\nactions = [action.test_say.x]\ncondition = \"word\""), "12: Invalid condition: The condition of an action_trigger must be true or false."},
		{trigger("events = [after_create]\nactions = [action.test_say.x]\ncondition = test_thing.a.id == \"1\""), "12: Invalid condition: The condition of an action_trigger must be known"},
		{strings.Replace(trigger("events = [after_create]\nactions = [action.test_say.x]"), "\"x\"\n  }", "\"x\"\n    fail = \"plan\"\n  }", 1), "1: Planning the action failed: as asked"},
	} {
		b := newBench(t)
		_, _, diags := b.plan(c.src)
		if got := text(diags); !strings.Contains(got, "main.tf:"+c.want) {
			t.Errorf("%s\ngot  %s\nwant %s", c.src, got, c.want)
		}
	}
}

// TestForgetCreateTriggers demands that making a new object in place of one that is
// left alone triggers what a replacement triggers.
func TestForgetCreateTriggers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src := func(kind string) string {
		return `
action "test_say" "hi" {
  config { message = "hi" }
}
resource "test_thing" "x" {
  name = "x"
  kind = "` + kind + `"
  lifecycle {
    destroy = false
    action_trigger {
      events  = [after_create]
      actions = [action.test_say.hi]
    }
  }
}
resource "test_thing" "y" {
  name = "y"
  lifecycle { replace_triggered_by = [test_thing.x] }
}`
	}
	b.mustRun(src("a"))
	b.world.took()
	_, p := b.mustPlan(src("b"))
	if got, want := actions(p), "test_thing.x forget-create replace_because_cannot_update; test_thing.y delete-create replace_by_triggers"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	b.mustRun(src("b"))
	if got, want := strings.Join(b.world.took(), "; "), "say hi"; !strings.Contains(got, want) {
		t.Errorf("got %s, want %s in it", got, want)
	}
}

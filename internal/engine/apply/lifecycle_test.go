package apply_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
)

// chain is a, b on a, c on b.
func chain(kind, lifecycle string) string {
	return `
resource "test_thing" "a" {
  name = "a"
  kind = "` + kind + `"
}
resource "test_thing" "b" {
  name = "b-${test_thing.a.id}"
  kind = "` + kind + `"
}
resource "test_thing" "c" {
  name = "c-${test_thing.b.id}"
  kind = "` + kind + `"
  ` + lifecycle + `
}
`
}

func TestOrderOfReplacement(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, lifecycle, want string }{
		{"destroy first", "", "delete c-id-2,delete b-id-1,delete a,create a,create b-id-4,create c-id-5"},
		{"create first", "lifecycle {\n create_before_destroy = true\n}", "create a,create b-id-4,create c-id-5,delete c-id-2,delete b-id-1,delete a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.mustRun(chain("x", c.lifecycle))
			if got, want := strings.Join(b.world.took(), ","), "create a,create b-id-1,create c-id-2"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			b.mustRun(chain("y", c.lifecycle))
			if got := strings.Join(b.world.took(), ","); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			b.mustRun(`locals {}`)
			if got, want := strings.Join(b.world.took(), ","), "delete c-id-5,delete b-id-4,delete a"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestRemovedAfterDependentLetsGo(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.mustRun(`
resource "test_thing" "a" { name = "a" }
resource "test_thing" "b" { name = "b-${test_thing.a.id}" }`)
	b.world.took()
	b.mustRun(`resource "test_thing" "b" { name = "b" }`)
	if got, want := strings.Join(b.world.took(), ","), "update b,delete a"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCreateFirstFailures(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src := func(kind, fail string) string {
		return `resource "test_thing" "a" {
			name = "a-` + kind + `"
			kind = "` + kind + `"
			fail = "` + fail + `"
			lifecycle {
				create_before_destroy = true
			}
		}`
	}
	b.mustRun(src("x", ""))
	// Nothing was created, so the old object is put back.
	if _, diags := b.run(src("y", "create-nothing")); !diags.HasErrors() {
		t.Fatal("want an error")
	}
	if n := len(b.state.Entries()); n != 1 || b.state.Entries()[0].Deposed != "" {
		t.Errorf("got %+v, want the old object back", b.state.Entries())
	}
	// A half-made object is tainted beside the old one.
	if _, diags := b.run(src("y", "create")); !diags.HasErrors() {
		t.Fatal("want an error")
	}
	entries := b.state.Entries()
	if len(entries) != 2 || !entries[0].Object.Tainted || entries[1].Deposed == "" {
		t.Fatalf("got %+v, want a tainted and a deposed object", entries)
	}
	_, p := b.mustPlan(src("y", ""))
	if got, want := actions(p), "test_thing.a create-delete replace_because_tainted; test_thing.a(deposed) delete"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	b.mustRun(src("y", ""))
	if got := b.world.names(); !slices.Equal(got, []string{"a-y"}) {
		t.Errorf("left: %v", got)
	}
}

func TestPartialFailure(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src := func(fail string) string {
		return `
resource "test_thing" "bad" {
  name = "bad1"
  fail = "` + fail + `"
}
resource "test_thing" "after" { name = "after-${test_thing.bad.id}" }
resource "test_thing" "other" { name = "other" }
output "after" { value = test_thing.after.name }
output "other" { value = test_thing.other.name }
`
	}
	result, diags := b.run(src("create"))
	if got := text(diags); !strings.Contains(got, "main.tf:2: Creation failed half-way") || len(diags) != 1 {
		t.Errorf("got %s", got)
	}
	if len(result.Skipped) != 1 || result.Skipped[0].String() != "test_thing.after" || result.Added != 1 {
		t.Errorf("got %+v", result)
	}
	if got := b.output("other").AsString(); got != "other" {
		t.Errorf("got %s", got)
	}
	if _, ok := b.state.Outputs()["after"]; ok {
		t.Error("the output of what was skipped must not be there")
	}
	if got := b.world.names(); !slices.Equal(got, []string{"bad1", "other"}) {
		t.Errorf("got %v", got)
	}
	_, p := b.mustPlan(src(""))
	if got, want := actions(p), "test_thing.after create; test_thing.bad delete-create replace_because_tainted; output.after create"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	b.mustRun(src(""))
	// A failed update keeps the object as it was, untainted.
	if _, diags := b.run(src("update")); !diags.HasErrors() {
		t.Fatal("want an error")
	}
	_, p = b.mustPlan(src(""))
	if !p.Empty() {
		t.Errorf("got %s", actions(p))
	}
}

// TestInstancesDependOnInstances fails one instance: only what refers to that one
// is held back.
func TestInstancesDependOnInstances(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	result, diags := b.run(`
resource "test_thing" "a" {
  for_each = toset(["x", "y"])
  name     = each.key
  fail     = each.key == "x" ? "create" : null
}
resource "test_thing" "b" {
  for_each = toset(["x", "y"])
  name     = "b-${test_thing.a[each.key].name}-${test_thing.a[each.key].version}"
}
resource "test_thing" "c" {
  name = "c-${test_thing.a["y"].version}"
  rule { port = 1 }
}`)
	if !diags.HasErrors() || len(result.Skipped) != 1 || result.Skipped[0].String() != `test_thing.b["x"]` {
		t.Errorf("got skipped %v, %s", result.Skipped, text(diags))
	}
	if got, want := b.world.names(), []string{"b-y-1", "c-1", "x", "y"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestProvidersThatMisbehave(t *testing.T) {
	t.Parallel()
	for fail, want := range map[string]string{
		"lie":   "Inconsistent result after apply",
		"panic": "The provider crashed",
	} {
		b := newBench(t)
		_, diags := b.run(`resource "test_thing" "a" {
			name = "a"
			fail = "` + fail + `"
		}`)
		if got := text(diags); !strings.Contains(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
		if object := b.state.Get(addr.Instance{Resource: addr.Resource{Type: "test_thing", Name: "a"}}); fail == "lie" && (object == nil || !object.Tainted) {
			t.Errorf("%s: got %+v, want a tainted object", fail, object)
		}
	}
}

func TestIgnoreChanges(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src := func(name, tag, ignored string) string {
		return `resource "test_thing" "a" {
			name = "` + name + `"
			tags = { keep = "` + tag + `", own = "1" }
			lifecycle {
				ignore_changes = ` + ignored + `
			}
		}`
	}
	b.mustRun(src("one", "1", "[]"))
	for _, c := range []struct{ src, want string }{
		{src("two", "1", "[name]"), ""},
		{src("one", "2", `[tags["keep"]]`), ""},
		{src("two", "2", "all"), ""},
		{src("two", "2", "[tags]"), "test_thing.a update"},
		{src("one", "2", `[tags["own"]]`), "test_thing.a update"},
	} {
		_, p := b.mustPlan(c.src)
		if got := actions(p); got != c.want {
			t.Errorf("%s: got %q, want %q", c.src, got, c.want)
		}
	}
	b.world.edit("one", func(m *thingModel) { m.Name = types.StringValue("edited") })
	_, p := b.mustPlan(src("one", "1", "[name]"))
	if got := actions(p); got != "" || len(p.Drift) != 1 {
		t.Errorf("got %s, drift %d", got, len(p.Drift))
	}
}

func TestReplaceTriggeredBy(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src := func(name, size, by string) string {
		return `
resource "test_thing" "a" {
  count = 2
  name  = count.index == 1 ? "` + name + `" : "same"
  size  = ` + size + `
}
resource "test_thing" "b" {
  count = 2
  name  = "b${count.index}"
  lifecycle { replace_triggered_by = [` + by + `] }
}`
	}
	b.mustRun(src("x", "1", "test_thing.a"))
	for _, c := range []struct{ src, want string }{
		{src("y", "1", "test_thing.a"), "test_thing.a[1] update; test_thing.b[0] delete-create replace_by_triggers; test_thing.b[1] delete-create replace_by_triggers"},
		{src("y", "1", "test_thing.a[count.index]"), "test_thing.a[1] update; test_thing.b[1] delete-create replace_by_triggers"},
		{src("y", "1", "test_thing.a[1].size"), "test_thing.a[1] update"},
		{src("x", "1", "test_thing.a"), ""},
	} {
		_, p := b.mustPlan(c.src)
		if got := actions(p); got != c.want {
			t.Errorf("got %s\nwant %s", got, c.want)
		}
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src := func(size, limit string) string {
		return `
locals { size = ` + size + ` }
resource "test_thing" "a" {
  name = "a"
  size = local.size
  lifecycle {
    precondition {
      condition     = local.size < 10
      error_message = "size ${local.size} is too large"
    }
    postcondition {
      condition     = self.version <= ` + limit + `
      error_message = "version is ${self.version}"
    }
    postcondition {
      condition     = self.size > 0
      error_message = "size is not positive"
    }
  }
}
output "o" {
  value = test_thing.a.id
  precondition {
    condition     = test_thing.a.size != 5
    error_message = "five"
  }
}`
	}
	b.mustRun(src("1", "1"))
	for _, c := range []struct{ src, want string }{
		{src("11", "9"), "size 11 is too large"},
		{src("5", "9"), "five"},
		{src("-1", "9"), "size is not positive"},
	} {
		if _, _, diags := b.plan(c.src); !strings.Contains(text(diags), c.want) {
			t.Errorf("got %s, want %s", text(diags), c.want)
		}
	}
	// What is unknown when planning is checked when applying; the object stays.
	if _, diags := b.run(src("2", "1")); !strings.Contains(text(diags), "version is 2") {
		t.Errorf("got %s", text(diags))
	}
	if o := b.state.Entries()[0].Object; o.Tainted {
		t.Error("a failed postcondition must not taint")
	}
}

func TestPreventDestroy(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src := func(kind string) string {
		return `resource "test_thing" "a" {
			name = "a"
			kind = "` + kind + `"
			lifecycle { prevent_destroy = true }
		}`
	}
	b.mustRun(src("x"))
	if _, _, diags := b.plan(src("y")); !strings.Contains(text(diags), "main.tf:1: Instance cannot be destroyed") {
		t.Errorf("got %s", text(diags))
	}
	b.opts.Mode = plan.Destroy
	if _, _, diags := b.plan(src("x")); !strings.Contains(text(diags), "Instance cannot be destroyed") {
		t.Errorf("got %s", text(diags))
	}
}

func TestModes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src := chain("x", "") + `
data "test_lookup" "d" { key = test_thing.a.id }
output "o" { value = data.test_lookup.d.value }`
	b.mustRun(src)
	b.world.took()

	b.opts.Replace = []addr.Instance{{Resource: addr.Resource{Type: "test_thing", Name: "c"}}}
	_, p := b.mustPlan(src)
	if got, want := actions(p), "test_thing.c delete-create replace_by_request"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	b.opts.Replace[0].Key = addr.IntKey(1)
	if _, _, diags := b.plan(src); !strings.Contains(text(diags), "Nothing to replace: The configuration has no instance test_thing.c[1]") {
		t.Errorf("got %s", text(diags))
	}
	b.opts.Replace = nil

	b.world.edit("a", func(m *thingModel) { m.Size = types.NumberValue(bigFloat(7)) })
	b.opts.Mode = plan.RefreshOnly
	prog, p := b.mustPlan(src)
	if got := actions(p); got != "" || !p.Refreshed() || len(p.Drift) != 1 {
		t.Errorf("got %s, drift %v", got, p.Drift)
	}
	if _, diags := b.apply(context.Background(), prog, p); diags.HasErrors() {
		t.Fatal(text(diags))
	}
	if _, p = b.mustPlan(src); p.Refreshed() {
		t.Error("the drift is still there after it was taken over")
	}

	b.opts.Mode = plan.Normal
	b.opts.NoRefresh = true
	b.world.edit("a", nil)
	if _, p = b.mustPlan(src); actions(p) != "data.test_lookup.d read read_because_dependency_pending; test_thing.a update; output.o update" {
		t.Errorf("got %s, want only what the state knows, and what names it", actions(p))
	}
	b.opts.NoRefresh = false
	if _, p = b.mustPlan(src); !strings.Contains(actions(p), "test_thing.a create; ") {
		t.Errorf("got %s, want what is gone made again", actions(p))
	}

	b.opts.Mode = plan.Destroy
	b.world.took()
	if _, diags := b.run(src); diags.HasErrors() {
		t.Fatal(text(diags))
	}
	if got, want := strings.Join(b.world.took(), ","), "delete c-id-2,delete b-id-1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if !b.state.Empty() {
		t.Errorf("left: %v", b.state.Entries())
	}
}

func TestDeferredData(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src := func(name string) string {
		return `
resource "test_thing" "a" { name = "` + name + `" }
data "test_lookup" "unknown" { key = "k${test_thing.a.version}" }
data "test_lookup" "waits" {
  key        = "w"
  depends_on = [test_thing.a]
}
resource "test_thing" "b" { name = data.test_lookup.unknown.value }
output "w" { value = data.test_lookup.waits.value }`
	}
	_, p := b.mustPlan(src("a"))
	want := "data.test_lookup.unknown read read_because_config_unknown; data.test_lookup.waits read read_because_dependency_pending; test_thing.a create; test_thing.b create; output.w create"
	if got := actions(p); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	b.mustRun(src("a"))
	if got := b.output("w").AsString(); got != "value of w" {
		t.Errorf("got %s", got)
	}
	calls := b.world.took()
	if slices.Index(calls, "create a") > slices.Index(calls, "lookup k1") || !slices.Contains(calls, "create value of k1") {
		t.Errorf("got %v", calls)
	}
	b.mustRun(src("a2"))
	if got := b.world.names(); !slices.Equal(got, []string{"a2", "value of k2"}) {
		t.Errorf("got %v", got)
	}
}

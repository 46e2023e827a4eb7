package apply_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
)

// TestRefusals plans configurations that are wrong, and demands the place and
// the beginning of what is said.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, want string }{
		{"resource \"test_thing\" \"a\" {\n  name = \"a\"\n  sizze = 1\n}", "3: Unsupported argument: An argument named \"sizze\" is not expected here. Did you mean \"size\"?"},
		{"resource \"test_thing\" \"a\" {\n}", "1: Missing required argument"},
		{"resource \"test_thing\" \"a\" {\n  name = [\"a\"]\n}", "2: Incorrect attribute value type"},
		{"resource \"test_thing\" \"a\" {\n  name = \"a\"\n  id = \"x\"\n}", "3: Invalid Configuration for Read-Only Attribute"},
		{"resource \"test_thing\" \"a\" {\n  name = \"bad\"\n}", "2: Bad name: A thing must not be called bad."},
		{"resource \"test_thing\" \"a\" {\n  name = \"a\"\n  settings = {\n    mod = 1\n  }\n}", "4: Unsupported argument: An argument named \"mod\" is not expected in settings. Did you mean \"mode\"?"},
		{"resource \"test_thng\" \"a\" {}", "1: Unknown resource type: The provider hashicorp/test has no resource type \"test_thng\". Did you mean \"test_thing\"?"},
		{"data \"test_thing\" \"a\" {}", "1: Unknown data source: The provider hashicorp/test has a resource type \"test_thing\", but no data source of that name."},
		{"resource \"aws_lambda\" \"a\" {}", "1: Provider not available: The configuration needs the provider hashicorp/aws"},
		{"resource \"test_thing\" \"a\" {\n  name = var.nam\n}\nvariable \"name\" {\n  default = 1\n}", "2: Reference to an undeclared input variable: No input variable nam is declared in this module. Did you mean \"name\"?"},
		{"locals {\n  x = local.y\n}", "2: Reference to an undeclared local value"},
		{"locals {\n  x = test_thing.b.id\n}\nresource \"test_thing\" \"a\" {\n  name = \"a\"\n}", "2: Reference to an undeclared resource: No resource test_thing.b is declared in this module. Did you mean \"test_thing.a\"?"},
		{"locals {\n  x = test_thing.a.idd\n}\nresource \"test_thing\" \"a\" {\n  name = \"a\"\n}", "2: Unsupported attribute"},
		{"locals {\n  x = test_thing.a.id\n}\nresource \"test_thing\" \"a\" {\n  count = 1\n  name = \"a\"\n}", "2: Missing instance key"},
		{"locals {\n  x = test_thing.a[0].id\n}\nresource \"test_thing\" \"a\" {\n  name = \"a\"\n}", "2: Unexpected instance key"},
		{"locals {\n  x = module.m.y\n}", "2: Reference to an undeclared module"},
		{"locals {\n  x = each.key\n}", "2: Invalid \"each\" reference"},
		{"locals {\n  x = count.index\n}", "2: Invalid \"count\" reference"},
		{"locals {\n  x = self.id\n}", "2: Invalid \"self\" reference"},
		{"locals {\n  x = nosuch(1)\n}", "2: Call to unknown function"},
		{"locals {\n  x = word\n}", "2: Invalid reference"},
		{"locals {\n  x = terraform.version\n}", "2: Invalid \"terraform\" reference"},
		{"locals {\n  x = file(\"absent.txt\")\n}", "2: Invalid function argument"},
		{"locals {\n  a = local.b\n  b = local.c\n  c = \"${local.a}\"\n}", "2: Cycle: These values depend on each other in a circle:\n  local.a (main.tf:2) needs local.b\n  local.b (main.tf:3) needs local.c\n  local.c (main.tf:4) needs local.a"},
		{"resource \"test_thing\" \"a\" {\n  name = test_thing.b.id\n}\nresource \"test_thing\" \"b\" {\n  name = local.x\n}\nlocals {\n  x = test_thing.a.id\n}", "8: Cycle: These values depend on each other in a circle:\n  local.x (main.tf:8) needs test_thing.a\n"},
		{"resource \"test_thing\" \"a\" {\n  name = test_thing.a.id\n}", "1: Cycle: test_thing.a (main.tf:1) refers to its own value"},
		{"resource \"test_thing\" \"a\" {\n  name = \"a\"\n}\nresource \"test_thing\" \"b\" {\n  count = test_thing.a.version\n  name = \"b\"\n}", "5: Invalid count: The number of instances of test_thing.b depends on values that are known only after apply"},
		{"resource \"test_thing\" \"b\" {\n  count = -1\n  name = \"b\"\n}", "2: Invalid count: count must not be negative"},
		{"resource \"test_thing\" \"b\" {\n  count = null\n  name = \"b\"\n}", "2: Invalid count: count is null"},
		{"resource \"test_thing\" \"b\" {\n  for_each = [\"a\"]\n  name = \"b\"\n}", "2: Invalid for_each: for_each takes a map"},
		{"resource \"test_thing\" \"b\" {\n  for_each = toset([1])\n  name = \"b\"\n}", "2: Invalid for_each: for_each takes a set of strings"},
		{"resource \"test_thing\" \"b\" {\n  for_each = sensitive({})\n  name = \"b\"\n}", "2: Invalid for_each: for_each must not be sensitive"},
		{"variable \"v\" {\n  type = number\n}", "1: No value for required variable: The variable \"v\" has no default"},
		{"variable \"v\" {\n  default = 1\n  validation {\n    condition     = var.v > 1\n    error_message = \"too small: ${var.v}\"\n  }\n}", "4: Invalid value for variable \"v\": too small: 1"},
		{"output \"o\" {\n  value = sensitive(1)\n}", "2: Output refers to sensitive values"},
		{"resource \"test_thing\" \"a\" {\n  name = \"a\"\n  lifecycle {\n    ignore_changes = [sze]\n  }\n}", "4: Unknown argument in ignore_changes: test_thing has no argument \"sze\". Did you mean \"size\"?"},
		{"provider \"test\" {\n  prefx = \"x\"\n}", "2: Unsupported argument"},
		{"resource \"test_thing\" \"a\" {\n  name = \"a\"\n  depends_on = [test_thing.b]\n}", "3: Reference to an undeclared resource"},
		{"resource \"test_thing\" \"a\" {\n  count = 0\n  name = local.nothing\n}", "3: Reference to an undeclared local value"},
	} {
		b := newBench(t)
		_, _, diags := b.plan(c.src)
		got := strings.ReplaceAll(text(diags), b.dir+string(filepath.Separator), "")
		if !strings.Contains(got, "main.tf:"+c.want) {
			t.Errorf("%s\ngot  %s\nwant %s", c.src, got, c.want)
		}
		if calls := b.world.took(); len(calls) != 0 {
			t.Errorf("%s\ngot calls %v", c.src, calls)
		}
	}
}

func TestEveryErrorIsReported(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, _, diags := b.plan(`resource "test_thing" "a" {
  name = var.one
}
resource "test_thing" "b" {
  name  = local.two
  sizze = 3
}
output "o" { value = test_thing.a.id }
output "p" { value = nosuch() }
`)
	want := []string{"main.tf:2: Reference to an undeclared input variable", "main.tf:5: Reference to an undeclared local value", "main.tf:9: Call to unknown function"}
	got := text(diags)
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("got %s, want %s in it", got, w)
		}
	}
	if n := len(diags); n != len(want) {
		t.Errorf("got %d diagnostics, want %d, each cause once:\n%s", n, len(want), got)
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src := func(password string) string {
		return `
variable "key" {
  default   = "hidden"
  sensitive = true
}
resource "test_thing" "a" {
  name     = "a"
  tags     = { k = var.key, open = "1" }
  secret   = "s"
  password = "` + password + `"
}
output "k" {
  value     = test_thing.a.tags["k"]
  sensitive = true
}
output "open" { value = nonsensitive(test_thing.a.tags.open) }
`
	}
	_, p := b.mustPlan(src("p1"))
	after := p.Changes[0].After
	if !plan.IsSensitive(after.GetAttr("secret")) || !after.GetAttr("tags").HasMarkDeep(plan.Sensitive) || plan.IsSensitive(after.GetAttr("name")) {
		t.Errorf("got %#v", after)
	}
	b.mustRun(src("p1"))
	object := b.state.Entries()[0].Object
	if strings.Contains(string(object.Attributes), "p1") {
		t.Errorf("a write-only value is in the state: %s", object.Attributes)
	}
	if len(object.Sensitive) == 0 {
		t.Error("the state does not know what is sensitive")
	}
	// Becoming sensitive is a change that reaches only the state.
	b.world.took()
	b.mustRun(strings.Replace(src("p1"), `open = "1"`, `open = sensitive("1")`, 1))
	b.mustRun(strings.Replace(src("p1"), `name     = "a"`, `name     = sensitive("a")`, 1))
	if calls := b.world.took(); len(calls) != 0 {
		t.Errorf("got calls %v", calls)
	}
}

func TestProviderConfigurations(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src := `
provider "test" {
  alias  = "west"
  prefix = "${test_thing.a.id}-west-"
}
provider "test" { prefix = "p-" }
resource "test_thing" "a" { name = "a" }
resource "test_thing" "w" {
  count    = 3
  provider = test.west
  name     = "w${count.index}"
}`
	b.mustRun(src)
	b.world.mu.Lock()
	configured := b.world.calls["configure"]
	b.world.mu.Unlock()
	if configured > 6 { // two configurations in each of plan, apply and plan
		t.Errorf("got %d configurations, want one for each block and run", configured)
	}
	for _, e := range b.state.Entries() {
		if e.Addr.Resource.Name == "w" && e.Provider.Alias != "west" {
			t.Errorf("got %s", e.Provider)
		}
	}
	// What a provider is configured from outlives what it made.
	b.opts.Mode = plan.Destroy
	b.world.took()
	if _, diags := b.run(src); diags.HasErrors() {
		t.Fatal(text(diags))
	}
	if calls := b.world.took(); calls[len(calls)-1] != "delete a" || len(calls) != 4 {
		t.Errorf("got %v", calls)
	}
	b.opts.Mode = plan.Normal
	b.mustRun(src)
	if _, _, diags := b.plan("locals {}"); !strings.Contains(text(diags), "Provider configuration not present") {
		t.Errorf("got %s", text(diags))
	}
}

func TestDrift(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src := `resource "test_thing" "a" { name = "a" }`
	b.mustRun(src)
	b.world.edit("a", func(m *thingModel) { m.Secret = types.StringValue("changed") })
	_, p := b.mustPlan(src)
	if len(p.Drift) != 1 || p.Drift[0].Action != plan.Update || actions(p) != "test_thing.a update" {
		t.Errorf("got drift %v, %s", p.Drift, actions(p))
	}
	if !plan.IsSensitive(p.Drift[0].After.GetAttr("secret")) {
		t.Error("drift of a sensitive attribute must be marked")
	}
	b.mustRun(src)
	b.world.edit("a", nil)
	_, p = b.mustPlan(src)
	if len(p.Drift) != 1 || p.Drift[0].Action != plan.Delete || actions(p) != "test_thing.a create" {
		t.Errorf("got drift %v, %s", p.Drift, actions(p))
	}
}

func TestPlanFile(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write("text.txt", "hello")
	src := `
variable "v" {
  default   = "x"
  sensitive = true
}
resource "test_thing" "a" {
  name = file("text.txt")
  tags = { v = var.v }
  kind = "1"
}
resource "test_thing" "b" { name = "b-${test_thing.a.id}" }
output "o" { value = test_thing.b.name }
`
	b.mustRun(src)
	b.opts.Base = plan.Base{Lineage: "l", Serial: 3}
	prog, p := b.mustPlan(strings.Replace(src, `kind = "1"`, `kind = "2"`, 1))
	var file bytes.Buffer
	if err := plan.Save(&file, prog, p); err != nil {
		t.Fatal(err)
	}
	if !plan.IsPlanFile(file.Bytes()) {
		t.Error("the file does not look like a plan")
	}
	b.write("main.tf", "broken {")
	servers := b.servers()
	prog2, p2, diags := plan.Load(context.Background(), bytes.NewReader(file.Bytes()), int64(file.Len()), servers)
	if diags.HasErrors() {
		t.Fatal(text(diags))
	}
	if got, want := actions(p2), actions(p); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for i, c := range p2.Changes {
		if !c.After.RawEquals(p.Changes[i].After) || !c.Before.RawEquals(p.Changes[i].Before) {
			t.Errorf("%s: got %#v, want %#v", c.Addr, c.After, p.Changes[i].After)
		}
	}
	if diags := p2.Stale(plan.Base{Lineage: "l", Serial: 3}); diags.HasErrors() {
		t.Error(text(diags))
	}
	for _, now := range []plan.Base{{Lineage: "l", Serial: 4}, {Lineage: "m", Serial: 3}} {
		if !p2.Stale(now).HasErrors() {
			t.Errorf("%v: the plan should be stale", now)
		}
	}
	b.write("text.txt", "other")
	if _, diags := b.apply(context.Background(), prog2, p2); !strings.Contains(text(diags), "File changed since the plan: The plan was made with another content of the file text.txt") {
		t.Errorf("got %s", text(diags))
	}
	b.write("text.txt", "hello")
	if _, diags := b.apply(context.Background(), prog2, p2); diags.HasErrors() {
		t.Fatal(text(diags))
	}
	if got := b.output("o").AsString(); got != "b-id-3" {
		t.Errorf("got %s", got)
	}
	for _, raw := range [][]byte{nil, []byte("nonsense"), file.Bytes()[:file.Len()/2]} {
		if _, _, diags := plan.Load(context.Background(), bytes.NewReader(raw), int64(len(raw)), servers); !strings.Contains(text(diags), "Plan file cannot be read") {
			t.Errorf("got %s", text(diags))
		}
	}
}

func TestInterrupt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.limit = 2
	var src strings.Builder
	for i := range 10 {
		fmt.Fprintf(&src, "resource \"test_thing\" \"t%d\" { name = \"t%d\" }\n", i, i)
	}
	prog, p := b.mustPlan(src.String())
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	b.world.onCall = func(operation, _ string) {
		if operation == "create" {
			cancel()
		}
	}
	result, diags := b.apply(ctx, prog, p)
	if !strings.Contains(text(diags), "Interrupted") {
		t.Errorf("got %s", text(diags))
	}
	have := len(b.world.names())
	if have == 0 || have > 2 || len(b.state.Entries()) != have || len(result.Skipped) != 10-have {
		t.Errorf("got %d things, %d in the state, %d skipped", have, len(b.state.Entries()), len(result.Skipped))
	}
	b.world.onCall = nil
	b.mustRun("")
	if got := len(b.world.names()); got != 10 {
		t.Errorf("got %d things", got)
	}
}

// TestWorkIsLinear counts the provider's calls, not time.
func TestWorkIsLinear(t *testing.T) {
	t.Parallel()
	n := 1000 // of each of two resources
	if testing.Short() {
		n = 100
	}
	b := newBench(t)
	b.mustRun(fmt.Sprintf(`
resource "test_thing" "a" {
  count = %d
  name  = "a${count.index}"
}
resource "test_thing" "b" {
  count = %d
  name  = "b-${test_thing.a[count.index].id}"
}
resource "test_thing" "all" { name = "all ${length(test_thing.b)} ${test_thing.b[%d].name}" }
output "n" { value = length(test_thing.b[*].id) }
`, n, n, n-1))
	b.world.mu.Lock()
	defer b.world.mu.Unlock()
	if got := b.world.calls; got["create"] != 2*n+1 || got["read"] > 2*(2*n+1) || got["update"]+got["delete"] != 0 {
		t.Errorf("got %v", got)
	}
}

func TestVariablesAndTypes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write("terraform.tfvars", `
app  = { name = "n" }
nil  = null
`)
	b.write("extra.tf.json", `{"output": {"j": {"value": "${var.app.name}-${terraform.workspace}"}}}`)
	b.mustRun(`
variable "app" {
  type = object({
    name = string
    size = optional(number, 3)
    tags = optional(map(string), {})
  })
}
variable "nil" {
  default  = "d"
  nullable = false
}
output "size" { value = var.app.size }
output "tags" { value = length(var.app.tags) }
output "nil" { value = var.nil }
output "here" { value = basename(path.module) }
`)
	for name, want := range map[string]cty.Value{
		"size": cty.NumberIntVal(3), "tags": cty.NumberIntVal(0), "nil": cty.StringVal("d"),
		"j": cty.StringVal("n-default"), "here": cty.StringVal(filepath.Base(b.dir)),
	} {
		if got := b.output(name); !got.RawEquals(want) {
			t.Errorf("%s: got %#v, want %#v", name, got, want)
		}
	}
}

func TestRepetitionChanges(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src := func(meta string) string {
		return "resource \"test_thing\" \"a\" {\n" + meta + "\nname = \"a\"\n}"
	}
	b.mustRun(src("count = 2"))
	for _, c := range []struct{ meta, want string }{
		{"count = 1", "test_thing.a[1] delete delete_because_count_index"},
		{"", `test_thing.a from test_thing.a[0] no-op; test_thing.a[1] delete delete_because_wrong_repetition`},
		{`for_each = toset(["k"])`, `test_thing.a[0] delete delete_because_wrong_repetition; test_thing.a[1] delete delete_because_wrong_repetition; test_thing.a["k"] create`},
	} {
		_, p := b.mustPlan(src(c.meta))
		if got := actions(p); got != c.want {
			t.Errorf("%s: got %s, want %s", c.meta, got, c.want)
		}
	}
	b.mustRun(src(`for_each = toset(["k", "l"])`))
	_, p := b.mustPlan(src(`for_each = toset(["l"])`))
	if got, want := actions(p), `test_thing.a["k"] delete delete_because_each_key`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestStateSurvivesARoundTrip(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.mustRun(chain("x", "lifecycle {\n create_before_destroy = true\n}"))
	for _, e := range b.state.Entries() {
		if !e.Object.CreateBeforeDestroy {
			t.Errorf("%s: create_before_destroy must reach what the resource depends on", e.Addr)
		}
		if e.Addr.Resource.Name == "c" {
			var deps []string
			for _, d := range e.Object.Dependencies {
				deps = append(deps, d.String())
			}
			if !slices.Equal(deps, []string{"test_thing.a", "test_thing.b"}) {
				t.Errorf("got %v", deps)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(b.dir, "terraform.tfstate")); err == nil {
		t.Error("the engine wrote a state file by itself")
	}
}

// TestConditionsByMode demands that conditions that do not hold stop nothing
// but what carries out the configuration: they are warnings when only the state
// is brought in line, and nothing when everything is destroyed.
func TestConditionsByMode(t *testing.T) {
	t.Parallel()
	src := func(ok bool) string {
		lifecycle := "\n  lifecycle {\n    precondition {\n      condition = local.ok\n      error_message = \"bad\"\n    }\n    postcondition {\n      condition = local.ok && self != null\n      error_message = \"bad\"\n    }\n  }\n"
		return fmt.Sprintf("locals {\n  ok = %v\n}\n", ok) +
			"resource \"test_thing\" \"a\" {\n  name = \"a\"" + lifecycle + "}\n" +
			"data \"test_lookup\" \"l\" {\n  key = \"a\"" + lifecycle + "}\n" +
			"output \"o\" {\n  value = 1\n  precondition {\n    condition = local.ok\n    error_message = \"bad\"\n  }\n}\n"
	}
	b := newBench(t)
	b.mustRun(src(true))
	for mode, want := range map[plan.Mode]struct {
		warnings int
		failed   bool
	}{plan.Normal: {0, true}, plan.RefreshOnly: {5, false}, plan.Destroy: {0, false}} {
		b.opts.Mode = mode
		_, _, diags := b.plan(src(false))
		warnings := 0
		for _, d := range diags {
			if d.Severity == hcl.DiagWarning && d.Detail == "bad" {
				warnings++
			}
		}
		if warnings != want.warnings || diags.HasErrors() != want.failed {
			t.Errorf("mode %d: got %s", mode, text(diags))
		}
	}
	b.opts.Mode = plan.Destroy
	if _, diags := b.run(""); diags.HasErrors() || !b.state.Empty() {
		t.Errorf("got %s", text(diags))
	}
}

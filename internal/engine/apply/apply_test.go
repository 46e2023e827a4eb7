package apply_test

import (
	"context"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/apply"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin/builtin"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

func bigFloat(n int64) *big.Float { return big.NewFloat(float64(n)) }

// bench is one configuration directory with its state and the world it manages.
type bench struct {
	t     testing.TB
	dir   string
	world *world
	state *state.State
	opts  plan.Options
	limit int
	hook  plan.Hook

	tamper func(*liar) // what is wrong with the provider; nil for nothing
}

func newBench(t testing.TB) *bench {
	return &bench{t: t, dir: t.TempDir(), world: newWorld(), state: state.New()}
}

// write puts a file into the configuration.
func (b *bench) write(name, content string) {
	b.t.Helper()
	write(b.t, b.dir, name, content)
}

// write puts a file into a directory. After a line such as "-- m/main.tf --"
// another file begins.
func write(t testing.TB, dir, name, content string) {
	t.Helper()
	for i, part := range strings.Split("\n"+content, "\n-- ") {
		if i > 0 {
			name, part, _ = strings.Cut(part, " --\n")
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.TrimPrefix(part, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func (b *bench) servers() plan.Servers {
	return plan.Servers{
		{Host: addr.DefaultHost, Namespace: "hashicorp", Type: "test"}: b.server,
		addr.Builtin: builtin.Server,
	}
}

func (b *bench) server() (tfprotov6.ProviderServer, error) {
	honest, err := b.world.server()
	if b.tamper == nil || err != nil {
		return honest, err
	}
	l := &liar{ProviderServer: honest, ActionServer: honest.(tfprotov6.ActionServer)}
	b.tamper(l)
	return l, nil
}

func (b *bench) compile() (*plan.Program, hcl.Diagnostics) {
	m, diags := config.Load(b.dir, nil)
	if diags.HasErrors() {
		return nil, diags
	}
	inputs, more := m.Inputs(nil, nil)
	diags = append(diags, more...)
	vars, more := lang.Variables(m, inputs)
	if diags = append(diags, more...); diags.HasErrors() {
		return nil, diags
	}
	b.opts.Variables = vars
	prog, more := plan.Compile(context.Background(), m, b.servers())
	return prog, append(diags, more...)
}

// plan plans the configuration given, or the one already written.
func (b *bench) plan(src string) (*plan.Program, *plan.Plan, hcl.Diagnostics) {
	b.t.Helper()
	if src != "" {
		b.write("main.tf", src)
	}
	prog, diags := b.compile()
	if diags.HasErrors() {
		return prog, nil, diags
	}
	o := b.opts
	o.Prior = b.state
	p, more := prog.Plan(context.Background(), o)
	return prog, p, append(diags, more...)
}

func (b *bench) mustPlan(src string) (*plan.Program, *plan.Plan) {
	b.t.Helper()
	prog, p, diags := b.plan(src)
	if diags.HasErrors() {
		b.t.Fatalf("plan: %s", text(diags))
	}
	return prog, p
}

// run plans and applies.
func (b *bench) run(src string) (apply.Result, hcl.Diagnostics) {
	b.t.Helper()
	prog, p := b.mustPlan(src)
	return b.apply(context.Background(), prog, p)
}

func (b *bench) apply(ctx context.Context, prog *plan.Program, p *plan.Plan) (apply.Result, hcl.Diagnostics) {
	result, diags := apply.Run(ctx, prog, p, apply.Options{Parallelism: b.limit, Hook: b.hook})
	b.state = result.State
	return result, diags
}

// mustRun plans and applies, and demands that a second plan is empty.
func (b *bench) mustRun(src string) apply.Result {
	b.t.Helper()
	result, diags := b.run(src)
	if diags.HasErrors() {
		b.t.Fatalf("apply: %s", text(diags))
	}
	if _, p := b.mustPlan(""); !p.Empty() {
		b.t.Fatalf("the second plan is not empty: %s", actions(p))
	}
	return result
}

func (b *bench) output(name string) cty.Value {
	b.t.Helper()
	o, ok := b.state.Outputs()[name]
	if !ok {
		b.t.Fatalf("there is no output %s", name)
	}
	return o.Value
}

// actions lists what a plan changes, as "address action [reason]".
func actions(p *plan.Plan) string {
	var out []string
	for _, c := range p.Changes {
		if c.Action == plan.NoOp && !c.Moved() && c.Importing == nil {
			continue
		}
		s := c.Addr.String()
		if c.Moved() {
			s += " from " + c.Previous.String()
		}
		if c.Importing != nil {
			s += " importing " + c.Importing.ID
		}
		if c.Deposed != "" {
			s += "(deposed)"
		}
		s += " " + c.Action.String()
		if c.Reason != "" {
			s += " " + string(c.Reason)
		}
		out = append(out, s)
	}
	for _, o := range p.Outputs {
		if o.Action != plan.NoOp {
			out = append(out, "output."+o.Name+" "+o.Action.String())
		}
	}
	return strings.Join(out, "; ")
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

func TestCreateUpdateReplaceDestroy(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	steps := []struct{ src, actions, calls string }{
		{`resource "test_thing" "a" {
			name = "a"
			tags = { x = "1" }
			settings = { mode = "m" }
		}
		output "id" { value = test_thing.a.id }`,
			"test_thing.a create; output.id create", "create a"},
		{`resource "test_thing" "a" {
			name = "a2"
			tags = { x = "1" }
			settings = { mode = "m" }
		}
		output "id" { value = test_thing.a.id }`,
			"test_thing.a update", "update a2"},
		{`resource "test_thing" "a" {
			name = "a3"
			kind = "k"
		}
		output "id" { value = test_thing.a.id }`,
			"test_thing.a delete-create replace_because_cannot_update; output.id update", "delete a2,create a3"},
		{`output "none" { value = null }`,
			"test_thing.a delete delete_because_no_resource_config; output.id delete", "delete a3"},
	}
	for _, s := range steps {
		_, p := b.mustPlan(s.src)
		if got := actions(p); got != s.actions {
			t.Fatalf("got %s, want %s", got, s.actions)
		}
		b.mustRun(s.src)
		if got := strings.Join(b.world.took(), ","); got != s.calls {
			t.Fatalf("got calls %s, want %s", got, s.calls)
		}
	}
	if got := b.world.names(); len(got) != 0 || !b.state.Empty() {
		t.Errorf("left: %v", got)
	}
}

func TestReferencesAndRepetition(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.mustRun(`
variable "names" {
  type    = set(string)
  default = ["x", "y"]
}
locals { base = test_thing.base.id }
resource "test_thing" "base" { name = "base" }
resource "test_thing" "each" {
  for_each = var.names
  name     = "${each.key}-${local.base}"
}
resource "test_thing" "count" {
  count = length(test_thing.each)
  name  = "c${count.index}-${test_thing.each[["x", "y"][count.index]].id}"
  dynamic "rule" {
    for_each = [80, 443]
    content { port = rule.value + count.index }
  }
}
data "test_lookup" "l" { key = test_thing.base.id }
output "names" { value = [for t in test_thing.count : t.name] }
output "ports" { value = test_thing.count[1].rule[*].port }
output "looked" { value = data.test_lookup.l.value }
output "maybe" { value = try(test_thing.each["z"].id, "none") }
`)
	want := []string{"base", "c0-", "c1-", "x-id-1", "y-id-1"}
	for i, name := range b.world.names() {
		if !strings.HasPrefix(name, want[i]) {
			t.Errorf("got %s, want %s…", name, want[i])
		}
	}
	if got := b.output("looked").AsString(); got != "value of id-1" {
		t.Errorf("got %s", got)
	}
	if got := b.output("maybe").AsString(); got != "none" {
		t.Errorf("got %s", got)
	}
	if got := b.output("ports").LengthInt(); got != 2 {
		t.Errorf("got %d ports", got)
	}
	if calls := b.world.took(); !slices.Contains(calls, "lookup id-1") {
		t.Errorf("got calls %v", calls)
	}
}

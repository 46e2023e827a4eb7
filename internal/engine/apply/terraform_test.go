package apply_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// scenarios are configurations applied one after the other.
var scenarios = map[string][]string{
	"terraform_data":      dataScenario,
	"modules":             moduleScenario,
	"module dependencies": waitingScenario,
	"checks":              checkScenario,
	"imports":             importScenario,
	"moves":               moveScenario,
	"moves between types": typeScenario,
	"providers":           providerScenario,
	"removed":             removedScenario,
	"replacement and repetition": {
		chain("x", "") + `
resource "test_thing" "n" {
  for_each = toset(["k", "l"])
  name     = "n-${each.key}-${test_thing.a.version}"
  tags     = { secret = sensitive("s"), open = "o" }
}
output "all" { value = [for k, t in test_thing.n : "${k}=${t.name}"] }`,
		chain("y", "lifecycle {\n create_before_destroy = true\n}") + `
resource "test_thing" "n" {
  for_each = toset(["l", "m"])
  name     = "n-${each.key}-${test_thing.a.version}"
  tags     = { secret = sensitive("s"), open = "p" }
}
output "all" {
  value     = { for k, t in test_thing.n : k => t.tags }
  sensitive = true
}`,
		`resource "test_thing" "a" {
  name = "a"
  kind = "y"
}`,
	},
	"values": {
		`
variable "v" {
  type    = object({ a = string, b = optional(number, 2) })
  default = { a = "x" }
}
data "test_lookup" "now" { key = "now" }
resource "test_thing" "a" {
  name     = data.test_lookup.now.value
  size     = var.v.b
  settings = { mode = "one" }
  dynamic "rule" {
    for_each = [80, 443]
    content { port = rule.value }
  }
  lifecycle { ignore_changes = [tags["own"]] }
}
data "test_lookup" "later" { key = "l${test_thing.a.version}" }
resource "test_thing" "count" {
  count    = 2
  name     = "${count.index}-${data.test_lookup.later.value}"
  password = "p"
  depends_on = [test_thing.a]
}
output "first" { value = test_thing.count[0].name }
output "rules" { value = test_thing.a.rule }`,
		`
data "test_lookup" "now" { key = "now" }
resource "test_thing" "a" {
  name     = data.test_lookup.now.value
  tags     = { own = "1", x = "2" }
  settings = { mode = "two" }
  lifecycle { ignore_changes = [tags["own"]] }
}
resource "test_thing" "count" {
  count = 1
  name  = "c-${test_thing.a.settings.token}"
  kind  = "k"
  lifecycle { replace_triggered_by = [test_thing.a.settings] }
}`,
	},
}

// dataScenario exercises terraform_data, whose ids are random.
var dataScenario = []string{
	`
resource "terraform_data" "d" { input = { a = 1, b = ["x"] } }
resource "terraform_data" "e" {
  input            = terraform_data.d.output
  triggers_replace = [terraform_data.d.output.a]
}
resource "terraform_data" "empty" {}
output "e" { value = terraform_data.e.output.b[0] }`,
	`
resource "terraform_data" "d" { input = { a = 1, b = ["y"] } }
resource "terraform_data" "e" {
  input            = terraform_data.d.output
  triggers_replace = [2]
}
resource "terraform_data" "empty" { input = "text" }
output "e" { value = terraform_data.e.output.b[0] }`,
}

// TestLikeTerraform runs the scenarios with our engine and with terraform on the
// same provider, and compares plans, states and what was asked of the provider.
func TestLikeTerraform(t *testing.T) {
	terraform := findTerraform(t)
	for name, steps := range scenarios {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ours, theirs := newBench(t), newOracle(t, terraform, newWorld())
			for i, src := range steps {
				_, p := ours.mustPlan(src)
				if got, want := inAnyOrder(actions(p)), inAnyOrder(theirs.plan(src)); got != want {
					t.Errorf("step %d: plan\ngot  %s\nwant %s", i, got, want)
				}
				ours.mustRun(src)
				theirs.apply()
				got, want := ours.world.took(), theirs.world.took()
				if diff := cmp.Diff(numberless(want), numberless(got)); diff != "" {
					t.Errorf("step %d: calls (-terraform +ours)\n%s", i, diff)
				}
				if diff := cmp.Diff(normal(t, theirs.state()), normal(t, encode(t, ours.state))); diff != "" {
					t.Errorf("step %d: state (-terraform +ours)\n%s", i, diff)
				}
			}
		})
	}
}

// inOneOrder sorts the results of checks, which terraform writes in any order.
func inOneOrder(checks any) any {
	list, _ := checks.([]any)
	for _, c := range list {
		if objects, ok := c.(map[string]any)["objects"].([]any); ok {
			slices.SortFunc(objects, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		}
	}
	slices.SortFunc(list, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return list
}

// inAnyOrder sorts what actions lists: terraform lists data sources first, whatever
// module they are in.
func inAnyOrder(actions string) string {
	parts := strings.Split(actions, "; ")
	slices.Sort(parts)
	return strings.Join(parts, "; ")
}

// TestDataIsKept demands that a plan has what it has read of data sources: what the
// state had of them goes before anything is read, not meanwhile.
func TestDataIsKept(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const src = `
resource "terraform_data" "many" { count = 2000 }
module "late" { source = "./late" }
-- late/main.tf --
data "test_lookup" "d" {
  count = 10
  key   = "k${count.index}"
}
`
	b.mustRun(src)
	for range 5 {
		_, p := b.mustPlan("")
		if got := len(p.Prior.Entries()); got != 2010 {
			t.Fatalf("the plan knows %d objects, want 2010", got)
		}
	}
}

// TestNoSilentStop demands that a plan that lacks what it was made with is no success.
func TestNoSilentStop(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	prog, p := b.mustPlan(`
data "test_lookup" "now" { key = "now" }
resource "test_thing" "a" { name = data.test_lookup.now.value }`)
	for _, e := range p.Prior.Entries() {
		p.Prior.Put(state.Entry{Addr: e.Addr})
	}
	if _, diags := b.apply(t.Context(), prog, p); !strings.Contains(text(diags), "Not all was applied") {
		t.Errorf("got %q, want an error", text(diags))
	}
}

// TestEitherGoesOn hands the state over and back: neither sees anything to do.
func TestEitherGoesOn(t *testing.T) {
	t.Parallel()
	terraform := findTerraform(t)
	ours := newBench(t)
	theirs := newOracle(t, terraform, ours.world)
	for _, src := range scenarios["replacement and repetition"] {
		ours.mustRun(src)
		if err := os.WriteFile(theirs.statePath(), encode(t, ours.state), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := theirs.plan(src); got != "" {
			t.Errorf("after us, terraform wants: %s", got)
		}
		src = strings.ReplaceAll(src, `"o"`, `"q"`)
		theirs.plan(src)
		theirs.apply()
		file, err := state.Decode(theirs.state())
		if err != nil {
			t.Fatal(err)
		}
		ours.state = file.State
		if _, p := ours.mustPlan(src); !p.Empty() {
			t.Errorf("after terraform, we want: %s", actions(p))
		}
	}
}

func findTerraform(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("starts terraform many times; left out by -short")
	}
	if path := os.Getenv("TF_ACC_TERRAFORM_PATH"); path != "" {
		return path
	}
	path, err := exec.LookPath("terraform")
	if err != nil {
		t.Skip("terraform is not on PATH and TF_ACC_TERRAFORM_PATH is not set")
	}
	return path
}

func encode(t *testing.T, s *state.State) []byte {
	t.Helper()
	file := state.NewFile("1.11.4")
	file.State = s
	raw, err := file.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// oracle is terraform in a directory of its own, with the test provider served
// by this process.
type oracle struct {
	t         *testing.T
	terraform string
	dir       string
	world     *world
	env       []string
}

func newOracle(t *testing.T, terraform string, w *world) *oracle {
	t.Helper()
	o := &oracle{t: t, terraform: terraform, dir: t.TempDir(), world: w}
	ctx, cancel := context.WithCancel(context.Background())
	configs, closed := make(chan *plugin.ReattachConfig), make(chan struct{})
	server, err := o.world.server()
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() {
		served <- tf6server.Serve("registry.terraform.io/hashicorp/test", func() tfprotov6.ProviderServer { return server },
			tf6server.WithDebug(ctx, configs, closed))
	}()
	t.Cleanup(func() {
		cancel()
		<-closed
	})
	var at *plugin.ReattachConfig
	select {
	case at = <-configs:
	case err := <-served:
		t.Fatalf("serving the provider: %v", err)
	}
	reattach, err := json.Marshal(map[string]any{"registry.terraform.io/hashicorp/test": map[string]any{
		"Protocol": "grpc", "ProtocolVersion": 6, "Pid": at.Pid, "Test": true,
		"Addr": map[string]string{"Network": at.Addr.Network(), "String": at.Addr.String()},
	}})
	if err != nil {
		t.Fatal(err)
	}
	o.env = append(os.Environ(), "TF_REATTACH_PROVIDERS="+string(reattach), "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_CLI_CONFIG_FILE="+os.DevNull)
	return o
}

func (o *oracle) run(args ...string) []byte {
	o.t.Helper()
	cmd := exec.Command(o.terraform, args...)
	cmd.Dir, cmd.Env = o.dir, o.env
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		o.t.Fatalf("terraform %s: %v\n%s\n%s", strings.Join(args, " "), err, out, stderr.String())
	}
	return out
}

// plan is what terraform wants to do, in the words of actions.
func (o *oracle) plan(src string) string {
	o.t.Helper()
	write(o.t, o.dir, "main.tf", src)
	o.run("init", "-no-color", "-input=false")
	o.run("plan", "-no-color", "-input=false", "-out=tfplan")
	var doc struct {
		Changes []struct {
			Address  string
			Previous string `json:"previous_address"`
			Deposed  string
			Reason   string `json:"action_reason"`
			Change   struct {
				Actions   []string
				Importing *struct{ ID string }
			}
		} `json:"resource_changes"`
		Outputs map[string]struct{ Actions []string } `json:"output_changes"`
	}
	if err := json.Unmarshal(o.run("show", "-json", "tfplan"), &doc); err != nil {
		o.t.Fatal(err)
	}
	var data, managed, outputs []string
	for _, c := range doc.Changes {
		action := strings.Join(c.Change.Actions, "-")
		if action == "no-op" && c.Previous == "" && c.Change.Importing == nil {
			continue
		}
		s := c.Address
		if c.Previous != "" {
			s += " from " + c.Previous
		}
		if c.Change.Importing != nil {
			s += " importing " + c.Change.Importing.ID
		}
		s += " " + action
		if c.Reason != "" {
			s += " " + c.Reason
		}
		if strings.HasPrefix(s, "data.") {
			data = append(data, s)
		} else {
			managed = append(managed, s)
		}
	}
	for name, c := range doc.Outputs {
		if action := strings.Join(c.Actions, "-"); action != "no-op" {
			outputs = append(outputs, "output."+name+" "+action)
		}
	}
	slices.Sort(data)
	slices.Sort(managed)
	slices.Sort(outputs)
	return strings.Join(slices.Concat(data, managed, outputs), "; ")
}

func (o *oracle) apply() { o.run("apply", "-no-color", "-input=false", "-auto-approve", "tfplan") }

func (o *oracle) statePath() string { return filepath.Join(o.dir, "terraform.tfstate") }

func (o *oracle) state() []byte {
	raw, err := os.ReadFile(o.statePath())
	if err != nil {
		o.t.Fatal(err)
	}
	return raw
}

// The ids that the provider counts out depend on the order of what runs in
// parallel.
var counted = regexp.MustCompile(`id-\d+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

func numberless(calls []string) []string {
	for i, c := range calls {
		calls[i] = counted.ReplaceAllString(c, "id-N")
	}
	slices.Sort(calls)
	return slices.Compact(calls) // how often data is read depends on how often is planned
}

// normal is the part of a state file that both must agree on.
func normal(t *testing.T, raw []byte) map[string]any {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(counted.ReplaceAll(raw, []byte("id-N")), &doc); err != nil {
		t.Fatal(err)
	}
	out := map[string]any{"outputs": doc["outputs"], "checks": inOneOrder(doc["check_results"])}
	for _, r := range doc["resources"].([]any) {
		r := r.(map[string]any)
		for _, i := range r["instances"].([]any) {
			i := i.(map[string]any)
			key := fmt.Sprintf("%v.%v.%v.%v[%v]%v", r["module"], r["mode"], r["type"], r["name"], i["index_key"], i["deposed"])
			delete(i, "private")
			delete(i, "identity_schema_version") // terraform writes it for types without identity, too
			if paths, ok := i["sensitive_attributes"].([]any); ok {
				slices.SortFunc(paths, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
			}
			out[key] = map[string]any{"provider": r["provider"], "instance": i}
		}
	}
	return out
}

package suite_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"golang.org/x/tools/txtar"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin/builtin"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/suite"
)

// record is a Reporter that writes down what it is told.
type record struct {
	mu    sync.Mutex
	lines []string
	onRun func(r *suite.Run) // called at the start of each run, without the lock
}

func (r *record) add(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, fmt.Sprintf(format, args...))
}

func (r *record) FileStarted(f *suite.File) { r.add("%s", f.Path) }

func (r *record) RunStarted(_ *suite.File, x *suite.Run) {
	if r.onRun != nil {
		r.onRun(x)
	}
}

func (r *record) RunEnded(_ *suite.File, x *suite.Run, o suite.Outcome) {
	r.add("  %s %s%s", x.Name, o.Status, summaries(o.Diags))
}

func (r *record) Cleaning(*suite.File) {}

func (r *record) Destroying(_ *suite.File, x *suite.Run) { r.add("  destroying %s", x.Name) }

func (r *record) FileEnded(_ *suite.File, o suite.FileOutcome) {
	r.add("  = %s%s", o.Status, summaries(o.Diags))
}

func summaries(diags hcl.Diagnostics) string {
	out := ""
	for _, d := range diags {
		out += ": " + d.Summary
		if d.Detail != "" && d.Severity == hcl.DiagError {
			out += " (" + strings.TrimSpace(d.Detail) + ")"
		}
	}
	return out
}

// execute runs the test files of a txtar archive.
func execute(ctx context.Context, t *testing.T, src string, r *record) ([]suite.FileOutcome, hcl.Diagnostics) {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(src)).Files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, _, diags := suite.Load(dir, "tests")
	if diags.HasErrors() {
		return nil, diags
	}
	var out []suite.FileOutcome
	for _, f := range files {
		out = append(out, suite.Execute(ctx, f, suite.Options{
			Dir: dir, Reporter: r, Now: time.Date(2026, 2, 3, 12, 0, 0, 0, time.UTC),
			Load:    func(dir string) (*config.Module, hcl.Diagnostics) { return config.Load(dir, nil) },
			Servers: plan.Servers{addr.Builtin: builtin.Server},
		}))
	}
	return out, diags
}

func TestExecute(t *testing.T) {
	t.Parallel()
	found, err := filepath.Glob(filepath.Join("testdata", "*.txtar"))
	if err != nil || len(found) == 0 {
		t.Fatal(err, "no scenarios")
	}
	for _, path := range found {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			r := &record{}
			_, diags := execute(context.Background(), t, string(raw), r)
			var want string
			for _, f := range txtar.Parse(raw).Files {
				if f.Name == "want" {
					want = string(f.Data)
				}
			}
			got := strings.Join(r.lines, "\n") + "\n"
			if diags.HasErrors() {
				got = ""
				for _, d := range diags {
					got += d.Summary + ": " + d.Detail + "\n"
				}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

const two = `
-- main.tf --
variable "name" { default = "n" }
resource "terraform_data" "a" { input = var.name }
output "a" { value = terraform_data.a.output }
-- main.tftest.hcl --
`

// Runs that say so, with states of their own, go on at once.
func TestParallel(t *testing.T) {
	t.Parallel()
	r := &record{}
	both := make(chan struct{}, 2)
	together := make(chan struct{})
	var once sync.Once
	r.onRun = func(x *suite.Run) {
		if x.Name == "last" {
			return
		}
		both <- struct{}{}
		if len(both) == 2 {
			once.Do(func() { close(together) })
		}
		select {
		case <-together:
		case <-time.After(time.Minute):
			t.Error("the runs did not go on at once")
		}
	}
	execute(context.Background(), t, two+`
test { parallel = true }
run "one" { state_key = "1" }
run "two" { state_key = "2" }
run "last" {
  parallel = false
  variables { name = "${run.one.a}${run.two.a}" }
  assert {
    condition     = output.a == "nn"
    error_message = output.a
  }
}
`, r)
	if last := r.lines[len(r.lines)-1]; last != "  = pass" {
		t.Errorf("got %s", strings.Join(r.lines, "\n"))
	}
}

// After an interrupt the rest is skipped, and what was made is destroyed.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(context.Background())
	r := &record{onRun: func(x *suite.Run) {
		if x.Name == "second" {
			interrupt()
		}
	}}
	outcomes, _ := execute(ctx, t, two+`
run "first" {}
run "second" {
  variables { name = "other" }
}
run "third" {}
`, r)
	got := strings.Join(r.lines, "\n")
	for _, want := range []string{"  first pass\n", "  second error", "  third skip\n  destroying first\n  = error"} {
		if !strings.Contains(got, want) {
			t.Errorf("got:\n%s\nwant %q in it", got, want)
		}
	}
	if len(outcomes[0].Left) != 0 {
		t.Errorf("left: %v", outcomes[0].Left)
	}
}

// What cannot be destroyed, or is not to be, is handed back.
func TestLeftovers(t *testing.T) {
	t.Parallel()
	r := &record{}
	outcomes, _ := execute(context.Background(), t, two+`
run "kept" { skip_cleanup = true }
run "gone" { state_key = "other" }
`, r)
	left := outcomes[0].Left
	if len(left) != 1 || !left[0].Kept || left[0].Run.Name != "kept" || left[0].State.Get(addr.Instance{Resource: addr.Resource{Type: "terraform_data", Name: "a"}}) == nil {
		t.Errorf("got %v", left)
	}
	if got := strings.Join(r.lines, "\n"); !strings.Contains(got, "destroying gone") || strings.Contains(got, "destroying kept") {
		t.Errorf("got %s", got)
	}
}

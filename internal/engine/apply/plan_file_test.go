package apply_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/ui"
)

// planFile makes a plan with all that plans have: changes of every kind, a moved and an
// imported object, drift, an action, outputs and checks.
func planFile(t testing.TB) (*bench, map[string][]byte) {
	t.Helper()
	b := newBench(t)
	src := `
variable "v" {
  default = ["x"]
  validation {
    condition     = length(var.v) > 0
    error_message = "empty"
  }
}
resource "test_thing" "a" {
  name = "a"
  kind = "1"
  tags = { v = var.v[0] }
}
resource "test_thing" "old" { name = "b" }
resource "test_thing" "gone" { name = "gone" }
`
	b.mustRun(src)
	_, p := b.mustPlan(`
variable "v" {
  default = ["x"]
  validation {
    condition     = length(var.v) > 0
    error_message = "empty"
  }
}
resource "test_thing" "a" {
  name = "a"
  kind = "2"
  tags = { v = var.v[0] }
  lifecycle {
    create_before_destroy = true
    action_trigger {
      events  = [before_create, after_create]
      actions = [action.test_say.p]
    }
    postcondition {
      condition     = self.name == "a"
      error_message = "not a"
    }
  }
}
action "test_say" "p" {
  config { message = "${test_thing.new.id}" }
}
resource "test_thing" "new" { name = "b" }
moved {
  from = test_thing.old
  to   = test_thing.new
}
resource "test_thing" "c" {
  count = 2
  name  = "c-${test_thing.a.id}-${count.index}"
}
output "o" { value = test_thing.a.id }
`)
	prog, diags := b.compile()
	if diags.HasErrors() {
		t.Fatal(text(diags))
	}
	var file bytes.Buffer
	if err := plan.Save(&file, prog, p); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	entries := map[string][]byte{}
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if entries[f.Name], err = io.ReadAll(in); err != nil {
			t.Fatal(err)
		}
		_ = in.Close()
	}
	return b, entries
}

// use reads, shows and applies a plan file with one entry changed; it returns what
// panicked.
func (b *bench) use(entries map[string][]byte, name string, content []byte) (panicked string) {
	var file bytes.Buffer
	z := zip.NewWriter(&file)
	for n, c := range entries {
		if n == name {
			c = content
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: n, Method: zip.Store}) // to pack it takes longer than all the rest
		if err == nil {
			_, err = w.Write(c)
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		b.t.Fatal(err)
	}
	defer func() {
		if x := recover(); x != nil {
			panicked = fmt.Sprintf("%v\n%s", x, debug.Stack())
		}
	}()
	prog, p, diags := plan.Load(context.Background(), bytes.NewReader(file.Bytes()), int64(file.Len()), b.servers())
	if diags.HasErrors() {
		return ""
	}
	ui.Style{}.Plan(p, ui.PlanFacts{})
	_, _ = ui.PlanJSON(p, ui.PlanFacts{})
	ui.GraphOfPlan(p)
	before := b.state
	defer func() { b.state = before }()
	_, _ = b.apply(context.Background(), prog, p)
	return ""
}

// TestDamagedPlan changes each part of a plan file into something else: reading,
// showing and applying it may fail, but never panics.
func TestDamagedPlan(t *testing.T) {
	t.Parallel()
	b, entries := planFile(t)
	if text := b.use(entries, "", nil); text != "" {
		t.Fatal(text)
	}
	for _, name := range []string{"plan.json", "state.json"} {
		var doc any
		if err := json.Unmarshal(entries[name], &doc); err != nil {
			t.Fatal(err)
		}
		wrong := []any{nil, "", "x", -1, 200, 1 << 40, true, []any{}, map[string]any{}, []any{nil}, 2}
		tried := 0
		damage(doc, func(put func(any)) {
			put(wrong[tried%len(wrong)])
			tried++
			raw, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			if text := b.use(entries, name, raw); text != "" {
				t.Errorf("%s: %s\n%s", name, raw, text)
			}
		})
		if tried < 50 {
			t.Errorf("%s: only %d parts", name, tried)
		}
	}
}

// damage lets change put something in the place of each part of doc, one by one and
// always in the same order.
func damage(doc any, change func(put func(any))) {
	switch doc := doc.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(doc)) {
			v := doc[k]
			change(func(x any) { doc[k] = x })
			doc[k] = v
			damage(v, change)
		}
	case []any:
		for i, v := range doc {
			change(func(x any) { doc[i] = x })
			doc[i] = v
			damage(v, change)
		}
	}
}

// FuzzPlan reads anything as the document of a plan.
func FuzzPlan(f *testing.F) {
	b, entries := planFile(f)
	f.Add([]byte(`{"version":2}`))
	f.Add(entries["plan.json"])
	f.Fuzz(func(t *testing.T, doc []byte) {
		b.t = t
		if text := b.use(entries, "plan.json", doc); text != "" {
			t.Error(text)
		}
	})
}

package ui_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/ui"
)

var sources = ui.Sources{"main.tf": []byte(`variable "size" {}

resource "serverless_table" "notes" {
	name = var.names[var.size] + upper(var.secret)
  keys = {
    a = 1
  }
}
`)}

// diagnostics are those of the wrong expression in sources, and others.
func diagnostics(t *testing.T) hcl.Diagnostics {
	t.Helper()
	f, diags := hclsyntax.ParseConfig(sources["main.tf"], "main.tf", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	block := f.Body.(*hclsyntax.Body).Blocks[1]
	name := block.Body.Attributes["name"]
	at, keys := name.Expr.Range(), block.Body.Attributes["keys"].Range()
	elsewhere := hcl.Range{Filename: "gone.tf", Start: hcl.Pos{Line: 7, Column: 1}}
	return hcl.Diagnostics{
		{
			Severity: hcl.DiagError, Summary: "Invalid name", Detail: "A name is a string of at most 255 letters, digits, dots, dashes and underscores. Give a shorter one.\n\n    name = \"short\"",
			Subject: &at, Expression: name.Expr, EvalContext: &hcl.EvalContext{Variables: map[string]cty.Value{"var": cty.ObjectVal(map[string]cty.Value{
				"names": cty.ListVal([]cty.Value{cty.StringVal("a")}), "size": cty.UnknownVal(cty.Number), "secret": cty.StringVal("hunter").Mark("sensitive"),
			})}},
		},
		{Severity: hcl.DiagWarning, Summary: "Several lines", Subject: &keys},
		{Severity: hcl.DiagError, Summary: "No source", Detail: "It is not at hand.", Subject: &elsewhere},
		{Severity: hcl.DiagWarning, Summary: "No place", Detail: "Nowhere."},
	}
}

func TestDiagnostics(t *testing.T) {
	t.Parallel()
	diags := diagnostics(t)
	golden(t, "diagnostics.txt", ui.Style{}.Diagnostics(diags, sources, false))
	golden(t, "diagnostics-colored.txt", ui.Style{Color: true, Width: 60}.Diagnostics(diags, sources, false))
	golden(t, "diagnostics-compact.txt", ui.Style{}.Diagnostics(hcl.Diagnostics{diags[1], diags[3]}, sources, true))
	raw, err := ui.Validation(diags, sources)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "validation.json", string(raw))
}

func TestProgress(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := ui.NewProgress(ui.Style{}, &out)
	now := noon
	var timers []func()
	p.SetClock(func() time.Time { return now }, func(_ time.Duration, f func()) func() bool {
		timers = append(timers, f)
		return func() bool { return true }
	})
	a := plan.Event{Addr: object(t, "serverless_function.f", `{}`).Addr, Step: plan.Creating}
	b := plan.Event{Addr: object(t, "serverless_table.t", `{}`).Addr, Step: plan.Destroying, IDKey: "id", IDValue: "t-1"}
	p.Started(a)
	now = now.Add(400 * time.Millisecond)
	p.Started(b)
	now = now.Add(9600 * time.Millisecond)
	timers[0]()
	if got, want := strings.Join(p.Running(), "; "), "serverless_function.f: Creating (10s); serverless_table.t: Destroying (9.6s)"; got != want {
		t.Errorf("running: got %q, want %q", got, want)
	}
	now = now.Add(65 * time.Second)
	timers[2]()
	a.IDKey, a.IDValue = "id", "f-1"
	p.Finished(a, nil)
	timers[3]() // too late: it has ended
	p.Finished(b, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "x"}})
	golden(t, "progress.txt", out.String())
}

// A line that nobody can read is cut to what is around the place.
func TestLongLine(t *testing.T) {
	t.Parallel()
	src := "x = [" + strings.Repeat("1, ", 10_000) + "WRONG" + strings.Repeat(", 1", 10_000) + "]"
	at := strings.Index(src, "WRONG")
	place := hcl.Range{Filename: "a.hcl", Start: hcl.Pos{Line: 1, Column: at + 1, Byte: at}, End: hcl.Pos{Line: 1, Column: at + 6, Byte: at + 5}}
	got := ui.Style{}.Diagnostics(hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "No", Subject: &place}}, ui.Sources{"a.hcl": []byte(src)}, false)
	lines := strings.Split(got, "\n")
	for i, line := range lines {
		if n := len([]rune(line)); n > 270 {
			t.Fatalf("a line has %d characters", n)
		}
		if column := strings.Index(strings.ReplaceAll(line, "…", "."), "WRONG"); column >= 0 {
			if want := strings.Repeat(" ", column) + "^^^^^"; lines[i+1] != want {
				t.Errorf("got %q below %q", lines[i+1], line)
			}
			return
		}
	}
	t.Errorf("the place is not shown: %s", got)
}

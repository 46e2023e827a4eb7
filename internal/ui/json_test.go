package ui_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
	"github.com/tfserverless/terraform-provider-serverless/internal/ui"
)

var noon = time.Date(2026, 2, 3, 12, 0, 0, 0, time.UTC)

// The document reads as golden, and the library that other tools use reads it.
func TestPlanJSON(t *testing.T) {
	t.Parallel()
	for name, p := range plans(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p.Variables = map[string]cty.Value{"size": cty.NumberIntVal(3)}
			p.Prior = state.New()
			p.Time = noon
			raw, err := ui.PlanJSON(p, ui.PlanFacts{TerraformVersion: "1.14.0"})
			if err != nil {
				t.Fatal(err)
			}
			var read tfjson.Plan
			if err := json.Unmarshal(raw, &read); err != nil {
				t.Fatal(err)
			}
			golden(t, "plan/"+name+".json", indent(t, raw))
		})
	}
}

func TestStateJSON(t *testing.T) {
	t.Parallel()
	objects := []ui.Object{
		object(t, "serverless_table.notes", `{name = "notes", secret = sensitive("s"), list = [sensitive("x"), "y"], empty = null}`),
		object(t, `module.a["k"].module.b.serverless_table.deep[1]`, `{name = "deep"}`),
	}
	objects[0].Object = objects[0].Object.With(func(o *state.Object) { o.Tainted = true })
	outputs := map[string]state.Output{"url": {Value: cty.StringVal("http://x/?a&b")}, "key": {Value: cty.StringVal("k"), Sensitive: true}}
	file := &state.File{TerraformVersion: "1.14.0", State: state.New()}
	file.State.SetOutputs(outputs)
	file.State.SetChecks(json.RawMessage(`[
		{"object_kind":"resource","config_addr":"module.a.x_y.z","status":"fail","objects":[{"object_addr":"module.a[0].x_y.z[\"k\"]","status":"fail","failure_messages":["no"]}]},
		{"object_kind":"output","config_addr":"output.o","status":"pass","objects":[{"object_addr":"output.o","status":"pass"}]},
		{"object_kind":"check","config_addr":"module.a.module.b.check.c","status":"unknown"}]`))
	raw, err := ui.State(file, objects)
	if err != nil {
		t.Fatal(err)
	}
	var read tfjson.State
	if err := json.Unmarshal(raw, &read); err != nil {
		t.Fatal(err)
	}
	if got := read.Values.RootModule.ChildModules[0].ChildModules[0].Resources[0].Address; got != `module.a["k"].module.b.serverless_table.deep[1]` {
		t.Errorf("address: got %s", got)
	}
	golden(t, "state.json", indent(t, raw))
	golden(t, "state.txt", ui.Style{}.Objects(objects)+ui.Style{}.Outputs(outputs))
	raw, err = ui.OutputsJSON(outputs)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "outputs.json", string(raw))
}

func TestValue(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		`"a$${b}"`:              `"a$${b}"`,
		`1.5`:                   `1.5`,
		`100000000000000000000`: `100000000000000000000`,
		`null`:                  `null`,
		`{}`:                    `{}`,
		`{a = [1, true]}`:       "{\n  \"a\" = [\n    1,\n    true,\n  ]\n}",
		`tomap({k = "v"})`:      "tomap({\n  \"k\" = \"v\"\n})",
		`toset(["x"])`:          "toset([\n  \"x\",\n])",
		`"a\nb"`:                "<<-EOT\n  a\n  b\nEOT",
		`sensitive("x")`:        "(sensitive value)",
	} {
		if got := ui.Value(expr(t, src)); got != want {
			t.Errorf("%s: got %s, want %s", src, got, want)
		}
	}
}

func TestLog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	now := noon
	l := ui.NewLog(&out)
	var timers []func()
	l.SetClock(func() time.Time { return now }, func(_ time.Duration, f func()) func() bool {
		timers = append(timers, f)
		return func() bool { return true }
	})
	l.Sources = sources
	l.Version("Tool 1.0", "1.14.0")
	all := plans(t)
	l.Plan(all["replace"])
	l.Plan(all["drift"])
	e := plan.Event{Addr: object(t, `module.m["k"].serverless_table.notes[0]`, `{}`).Addr, Step: plan.Creating}
	l.Started(e)
	now = now.Add(10 * time.Second)
	timers[0]()
	now = now.Add(1600 * time.Millisecond)
	e.IDKey, e.IDValue = "name", "notes"
	l.Finished(e, nil)
	e.Step = plan.Destroying
	l.Started(e)
	l.Finished(e, diagnostics(t)[:1])
	e.Step = plan.Refreshing
	l.Started(e)
	l.Finished(e, nil)
	l.Diagnostics(diagnostics(t))
	l.Applied("apply", "Apply complete! Resources: 1 added, 0 changed, 0 destroyed.", 0, 1, 0, 0)
	if err := l.Outputs(map[string]state.Output{"url": {Value: cty.StringVal("http://x")}, "key": {Value: cty.StringVal("hunter"), Sensitive: true}}); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(out.Bytes(), []byte("hunter")) {
		t.Error("the log shows a secret")
	}
	golden(t, "log.jsonl", out.String())
	for line := range bytes.Lines(out.Bytes()) {
		if _, err := tfjson.UnmarshalLogMessage(line); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func object(t *testing.T, at, src string) ui.Object {
	t.Helper()
	where, err := addr.ParseInstance(at)
	if err != nil {
		t.Fatal(err)
	}
	return ui.Object{Entry: state.Entry{Addr: where, Object: &state.Object{}}, Value: expr(t, src)}
}

func indent(t *testing.T, raw []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

package ui_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/describe"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/ui"
)

var updateGolden = flag.Bool("update", false, "write what the tests get to testdata")

// golden compares got with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *updateGolden {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got):\n%s", path, d)
	}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	for name, p := range plans(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			facts := ui.PlanFacts{}
			for _, c := range p.Drift {
				facts.Relevant = append(facts.Relevant, describe.Part{Addr: c.Addr})
			}
			golden(t, "plan/"+name+".txt", ui.Style{}.Plan(p, facts))
		})
	}
	t.Run("colored", func(t *testing.T) {
		t.Parallel()
		golden(t, "plan/colored.txt", ui.Style{Color: true}.Plan(plans(t)["replace"], ui.PlanFacts{}))
	})
}

// Whatever a plan holds, a sensitive value is not shown.
func TestPlanHidesSecrets(t *testing.T) {
	t.Parallel()
	for name, p := range plans(t) {
		if got := (ui.Style{}).Plan(p, ui.PlanFacts{}); strings.Contains(got, "hunter") {
			t.Errorf("%s shows a secret:\n%s", name, got)
		}
	}
}

func plans(t *testing.T) map[string]*plan.Plan {
	one := func(a plan.Action, at, before, after string, more ...func(*plan.Change)) *plan.Plan {
		return &plan.Plan{Changes: []plan.Change{change(t, a, at, before, after, more...)}}
	}
	return map[string]*plan.Plan{
		"create": one(plan.Create, "serverless_table.notes", `null`, `{
			name = "notes", arn = unknown, capacity = 5, ratio = 0.25, on = true, empty = null, none = {}, no = [],
			key = {partition = {name = "id", type = "S"}, sort = null}, tags = tomap({"a b" = "c", d = unknown}),
			list = ["x", unknown, {a = 1}], secret = sensitive("hunter1"), deep = {s = sensitive("hunter2"), t = "u"},
			policy = "{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"a\",\"b\"]}]}", code = "first\n  second\n\nlast\n", dollar = "$${x}", quoted = "say \"hi\"", oneline = "x\n"
		}`),
		"update": one(plan.Update, `module.m["k"].serverless_table.notes[0]`, `{
			id = "t-1", name = "notes", arn = "arn:x", a = 1, b = "x", gone = "g", secret = sensitive("hunter1"), same = "s",
			tags = tomap({a = "1", b = "2", c = "3"}), list = ["a", "b", "c", "d", "e", "f"], objects = [{n = 1, m = 1}, {n = 2, m = 2}], nested = {x = {y = 1, z = 2}, w = 1},
			set = toset(["p", "q"]), removed = {a = {b = "c"}}, opaque = {a = 1}, becomes = "text",
			policy = "{\"A\":[1,2],\"B\":{\"c\":\"d\"}}", spaces = "{\"a\": 1}", code = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n", short = "a", grows = null
		}`, `{
			id = "t-1", name = "notes", arn = "arn:x", a = 2, b = unknown, gone = null, secret = sensitive("hunter2"), same = "s",
			tags = tomap({a = "1", b = "9", d = "4"}), list = ["a", "b", "X", "d", "e", "f", "g"], objects = [{n = 1, m = 1}, {n = 2, m = 3}], nested = {x = {y = 1, z = 3}, w = 1},
			set = toset(["q", "r"]), removed = null, opaque = unknown, becomes = ["list"],
			policy = "{\"A\":[1,3],\"B\":{\"c\":\"d\"}}", spaces = "{\"a\":1}", code = "one\nTWO\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n", short = "a\nb", grows = {a = 1}
		}`),
		"replace": one(plan.DeleteCreate, "serverless_table.notes", `{id = "t-1", name = "old", key = {partition = "a", sort = "b"}, tags = tomap({})}`,
			`{id = unknown, name = "new", key = {partition = "a", sort = "c"}, tags = tomap({})}`, func(c *plan.Change) {
				c.Reason, c.Requires = plan.ReplaceCannotUpdate, []cty.Path{cty.GetAttrPath("name"), cty.GetAttrPath("key")}
			}),
		"replace-first-create": one(plan.CreateDelete, "serverless_function.f", `{id = "f"}`, `{id = unknown}`, because(plan.ReplaceTainted)),
		"replace-requested":    one(plan.DeleteCreate, "serverless_function.f", `{id = "f"}`, `{id = unknown}`, because(plan.ReplaceByRequest)),
		"replace-triggered":    one(plan.DeleteCreate, "serverless_function.f", `{id = "f"}`, `{id = unknown}`, because(plan.ReplaceByTriggers)),
		"destroy":              one(plan.Delete, "serverless_table.notes", `{id = "t-1", tags = tomap({a = "1"}), list = ["x", {y = 1}], secret = sensitive("hunter1"), empty = null, policy = "{\"a\":1}", text = "a\nb"}`, `null`, because(plan.DeleteNoConfig)),
		"destroy-index":        one(plan.Delete, "serverless_table.notes[3]", `{id = "t"}`, `null`, because(plan.DeleteCountIndex)),
		"destroy-key":          one(plan.Delete, `serverless_table.notes["k"]`, `{id = "t"}`, `null`, because(plan.DeleteEachKey)),
		"destroy-repetition":   one(plan.Delete, `serverless_table.notes["k"]`, `{id = "t"}`, `null`, because(plan.DeleteWrongRepetition)),
		"destroy-deposed":      one(plan.Delete, "serverless_table.notes", `{id = "t"}`, `null`, func(c *plan.Change) { c.Deposed = "0badcafe" }),
		"forget":               one(plan.Forget, "serverless_table.notes", `{id = "t"}`, `null`),
		"read":                 one(plan.Read, "data.serverless_context.c", `null`, `{region = unknown, name = "n"}`, because(plan.ReadConfigUnknown)),
		"nothing":              one(plan.NoOp, "serverless_table.notes", `{id = "t"}`, `{id = "t"}`),
		"nothing-to-destroy":   {Mode: plan.Destroy},
		"nothing-to-refresh":   {Mode: plan.RefreshOnly},
		"outputs-only": {Outputs: []plan.OutputChange{
			{Name: "changed", Action: plan.Update, Before: expr(t, `{a = 1, b = 2}`), After: expr(t, `{a = 1, b = 3}`)},
			{Name: "gone", Action: plan.Delete, Before: expr(t, `"x"`), After: expr(t, `null`)},
			{Name: "new", Action: plan.Create, Before: expr(t, `null`), After: expr(t, `unknown`)},
			{Name: "same", Action: plan.NoOp, Before: expr(t, `1`), After: expr(t, `1`)},
			{Name: "secret", Action: plan.Create, Before: expr(t, `null`), After: expr(t, `"hunter3"`), Sensitive: true},
		}},
		"drift": {
			Drift: []plan.Change{
				change(t, plan.Update, "serverless_table.a", `{id = "a", n = 1}`, `{id = "a", n = 2}`),
				change(t, plan.Delete, "serverless_table.b", `{id = "b"}`, `null`),
			},
			Changes: []plan.Change{change(t, plan.Create, "serverless_table.b", `null`, `{id = unknown}`)},
			Outputs: []plan.OutputChange{{Name: "url", Action: plan.Create, Before: expr(t, `null`), After: expr(t, `"http://x"`)}},
		},
	}
}

func because(r plan.Reason) func(*plan.Change) { return func(c *plan.Change) { c.Reason = r } }

func change(t *testing.T, a plan.Action, at, before, after string, more ...func(*plan.Change)) plan.Change {
	t.Helper()
	where, err := addr.ParseInstance(at)
	if err != nil {
		t.Fatal(err)
	}
	c := plan.Change{Addr: where, Action: a, Before: expr(t, before), After: expr(t, after)}
	for _, f := range more {
		f(&c)
	}
	return c
}

// expr evaluates an expression with a few names of its own.
func expr(t *testing.T, src string) cty.Value {
	t.Helper()
	e, diags := hclsyntax.ParseExpression([]byte(src), "expr", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	to := func(ty cty.Type) function.Function {
		return function.New(&function.Spec{
			Params: []function.Parameter{{Name: "v", Type: cty.DynamicPseudoType, AllowUnknown: true, AllowMarked: true}},
			Type: func(args []cty.Value) (cty.Type, error) {
				v, err := convert.Convert(args[0], ty)
				return v.Type(), err
			},
			Impl: func(args []cty.Value, ty cty.Type) (cty.Value, error) { return convert.Convert(args[0], ty) },
		})
	}
	v, diags := e.Value(&hcl.EvalContext{
		Variables: map[string]cty.Value{"unknown": cty.DynamicVal},
		Functions: map[string]function.Function{
			"tomap": to(cty.Map(cty.String)),
			"toset": to(cty.Set(cty.String)),
			"sensitive": function.New(&function.Spec{
				Params: []function.Parameter{{Name: "v", Type: cty.String}},
				Type:   function.StaticReturnType(cty.String),
				Impl:   func(args []cty.Value, _ cty.Type) (cty.Value, error) { return args[0].Mark("sensitive"), nil },
			}),
		},
	})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return v
}

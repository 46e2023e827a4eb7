package funcs_test

import (
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang/funcs"
)

// A row is a call and, as an expression without calls of the same function, what
// it must give. The names unk (an unknown string), unks (an unknown list), dyn
// (unknown of any type), sec (a sensitive "s"), secs (a sensitive list) and nil
// (a null string) can be used in both.
type row struct{ call, want string }

func TestFunctions(t *testing.T) {
	t.Parallel()
	for _, r := range rows() {
		t.Run(r.call, func(t *testing.T) {
			t.Parallel()
			got, err := eval(r.call)
			if err != nil {
				t.Fatal(err)
			}
			want, err := eval(r.want)
			if err != nil {
				t.Fatal(err)
			}
			if !got.RawEquals(want) {
				t.Errorf("got %#v, want %#v", got, want)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, r := range errorRows() {
		t.Run(r.call, func(t *testing.T) {
			t.Parallel()
			got, err := eval(r.call)
			if err == nil {
				t.Fatalf("got %#v, want an error", got)
			}
			if !strings.Contains(err.Error(), r.want) {
				t.Errorf("got %q, want it to hold %q", err, r.want)
			}
		})
	}
}

// Every function has a row, and a row with an unknown or sensitive value.
func TestEveryFunctionHasRows(t *testing.T) {
	t.Parallel()
	untestable := []string{"bcrypt", "timestamp", "uuid", "plantimestamp"} // see TestImpure
	all := rows()
	for _, name := range slices.Sorted(maps.Keys(funcs.All(funcs.Scope{}))) {
		if strings.HasPrefix(name, "core::") || slices.Contains(untestable, name) {
			continue
		}
		if !slices.ContainsFunc(all, func(r row) bool { return strings.HasPrefix(r.call, name+"(") }) {
			t.Errorf("%s has no row", name)
		}
	}
}

// Terraform itself gives the same results. Calls that it does not know, or that
// depend on this test's variables or files, are left out.
func TestAgainstTerraform(t *testing.T) {
	bin, err := exec.LookPath("terraform")
	if err != nil {
		t.Skip("no terraform on PATH to compare with")
	}
	var calls []string
	for _, r := range rows() {
		if strings.Contains(r.call, "testdata") || strings.Contains(r.call, "\n") || usesVariable(r.call) ||
			slices.ContainsFunc([]string{"cidrcontains", "base64gunzip", "urldecode", "core::", "templatestring", "abspath", "pathexpand"}, func(s string) bool { return strings.HasPrefix(r.call, s) }) {
			continue
		}
		calls = append(calls, r.call)
	}
	cmd := exec.Command(bin, "console")
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1")
	cmd.Stdin = strings.NewReader("nonsensitive(jsonencode([" + strings.Join(calls, ", ") + "]))\n")
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, problems.String())
	}
	answers, err := eval("jsondecode(" + strings.TrimSpace(string(out)) + ")")
	if err != nil {
		t.Fatal(err)
	}
	for i, call := range calls {
		got, err := eval("jsondecode(nonsensitive(jsonencode(" + call + ")))")
		if err != nil {
			t.Errorf("%s: %v", call, err)
			continue
		}
		if want := answers.Index(cty.NumberIntVal(int64(i))); !got.RawEquals(want) {
			t.Errorf("%s: got %#v, terraform says %#v", call, got, want)
		}
	}
}

func usesVariable(call string) bool {
	e, diags := hclsyntax.ParseExpression([]byte(call), "", hcl.InitialPos)
	return diags.HasErrors() || slices.ContainsFunc(e.Variables(), func(t hcl.Traversal) bool { return t.RootName() != "true" })
}

// What differs between plan and apply is unknown while planning.
func TestImpure(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	planning := funcs.All(funcs.Scope{PlanTime: now})
	applying := funcs.All(funcs.Scope{Applying: true, Now: func() time.Time { return now }})
	for _, call := range []string{`timestamp()`, `uuid()`, `bcrypt("x", 4)`} {
		if got, err := evalIn(planning, call); err != nil || got.IsKnown() {
			t.Errorf("%s while planning: got %#v, %v; want an unknown", call, got, err)
		}
		if got, err := evalIn(applying, call); err != nil || !got.IsKnown() {
			t.Errorf("%s while applying: got %#v, %v; want a value", call, got, err)
		}
	}
	if got, err := evalIn(planning, `plantimestamp()`); err != nil || !got.RawEquals(cty.StringVal("2026-02-03T04:05:06Z")) {
		t.Errorf("plantimestamp: got %#v, %v", got, err)
	}
	if got, err := evalIn(applying, `plantimestamp()`); err != nil || got.IsKnown() {
		t.Errorf("plantimestamp without a plan: got %#v, %v; want an unknown", got, err)
	}
}

// The caller learns of each file that was read, and paths start at Base.
func TestFilesRead(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	used := map[string]string{}
	table := funcs.All(funcs.Scope{Base: "testdata", Used: func(path string, content []byte) {
		mu.Lock()
		defer mu.Unlock()
		used[path] = string(content)
	}})
	got, err := evalIn(table, `[file("d/a.txt"), filesha256("binary.bin"), templatefile("value.tftpl", {name = "x"}), fileset(".", "d/**")]`)
	if err != nil {
		t.Fatal(err)
	}
	if v := got.Index(cty.NumberIntVal(3)); !v.RawEquals(cty.SetVal([]cty.Value{cty.StringVal("d/a.txt"), cty.StringVal("d/sub/b.txt")})) {
		t.Errorf("fileset: got %#v", v)
	}
	want := map[string]string{"testdata/d/a.txt": "one\n", "testdata/binary.bin": "\xff\xfe", "testdata/value.tftpl": "${name}"}
	if !maps.Equal(used, want) {
		t.Errorf("got %q, want %q", used, want)
	}
}

func eval(src string) (cty.Value, error) { return evalIn(funcs.All(funcs.Scope{}), src) }

func evalIn(table map[string]function.Function, src string) (cty.Value, error) {
	e, diags := hclsyntax.ParseExpression([]byte(src), "row", hcl.InitialPos)
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	v, diags := e.Value(&hcl.EvalContext{Functions: table, Variables: map[string]cty.Value{
		"unk":         cty.UnknownVal(cty.String),
		"unkstr":      cty.UnknownVal(cty.String).RefineNotNull(),
		"unknum":      cty.UnknownVal(cty.Number).RefineNotNull(),
		"unkbool":     cty.UnknownVal(cty.Bool).RefineNotNull(),
		"unkplainnum": cty.UnknownVal(cty.Number),
		"unkplain":    cty.UnknownVal(cty.Bool),
		"unks":        cty.UnknownVal(cty.List(cty.String)),
		"dyn":         cty.DynamicVal,
		"arn":         cty.UnknownVal(cty.String).Refine().NotNull().StringPrefixFull("arn:aws:").NewValue(),
		"sec":         cty.StringVal("s").Mark(funcs.Sensitive),
		"secs":        cty.ListVal([]cty.Value{cty.StringVal("s"), cty.StringVal("t")}).Mark(funcs.Sensitive),
		"eph":         cty.StringVal("e").Mark(funcs.Ephemeral),
		"nil":         cty.NullVal(cty.String),
		"nils":        cty.NullVal(cty.List(cty.String)),
		"strings":     cty.ListVal([]cty.Value{cty.StringVal("a"), cty.StringVal("b")}),
		"empty":       cty.ListValEmpty(cty.String),
	}})
	if diags.HasErrors() {
		return v, diags
	}
	return v, nil
}

package syntax_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/syntax"
)

// What goes deeper than the stack, or takes more time the longer it is, is refused
// where it does; what anybody may write is not.
func TestLimits(t *testing.T) {
	t.Parallel()
	again := strings.Repeat
	for name, c := range map[string]struct {
		src  func(n int) string
		few  int // are all right
		many int // are refused
		want string
	}{
		"brackets":             {func(n int) string { return again("[", n) + again("]", n) }, 200, 300_000, "Nested too deep"},
		"behind closed ones":   {func(n int) string { return again(`["]",`, n) + "1" + again("]", n) }, 200, 1000, "Nested too deep"},
		"only in text":         {func(n int) string { return `"` + again("[", n) + `"` }, 5000, 0, ""},
		"objects":              {func(n int) string { return again("{a=", n) + "1" + again("}", n) }, 200, 100_000, "Nested too deep"},
		"insertions in each":   {func(n int) string { return again(`"${`, n) + "1" + again(`}"`, n) }, 200, 100_000, "Nested too deep"},
		"directives":           {func(n int) string { return `"` + again("%{if true}", n) + again("%{endif}", n) + `"` }, 200, 100_000, "Nested too deep"},
		"directives in a row":  {func(n int) string { return `"` + again("%{if true}%{endif}", n) + `"` }, 2000, 0, ""},
		"sums":                 {func(n int) string { return "1" + again("+1", n) }, 9000, 1_000_000, "Expression too long"},
		"negations":            {func(n int) string { return again("!", n) + "true" }, 9000, 1_000_000, "Expression too long"},
		"conditions":           {func(n int) string { return again("true ? 1 : ", n) + "1" }, 4000, 1_000_000, "Expression too long"},
		"insertions in a row":  {func(n int) string { return `"` + again("${1}", n) + `"` }, 2000, 100_000, "Expression too long"},
		"many elements":        {func(n int) string { return "[" + again("-1,\n", n) + "]" }, 50_000, 0, ""},
		"lines in parentheses": {func(n int) string { return "(1" + again("+\n1", n) + ")" }, 9000, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, diags := syntax.Expression([]byte(c.src(c.few)), "x", hcl.InitialPos); diags.HasErrors() {
				t.Errorf("%d are refused: %s: %s", c.few, diags[0].Summary, diags[0].Detail)
			}
			if _, diags := syntax.File([]byte("x = "+c.src(c.few)+"\n"), "x.hcl"); diags.HasErrors() {
				t.Errorf("%d in a file are refused: %s: %s", c.few, diags[0].Summary, diags[0].Detail)
			}
			if c.many == 0 {
				return
			}
			_, diags := syntax.Expression([]byte(c.src(c.many)), "x", hcl.InitialPos)
			if !diags.HasErrors() || diags[0].Summary != c.want || diags[0].Subject == nil {
				t.Errorf("%d: got %v, want %s", c.many, diags, c.want)
			}
		})
	}
	deep := `{"a":` + again("[", 100_000) + again("]", 100_000) + "}"
	if _, diags := syntax.File([]byte(deep), "x.json"); !diags.HasErrors() || diags[0].Summary != "Nested too deep" {
		t.Errorf("JSON: got %v", diags)
	}
	if _, diags := syntax.Template([]byte(again("%{for x in []}", 1000)), "x"); !diags.HasErrors() || diags[0].Summary != "Nested too deep" {
		t.Errorf("a template: got %v", diags)
	}
}

// The strings of JSON are templates by themselves, whose quotes are escaped.
func TestJSON(t *testing.T) {
	t.Parallel()
	again := strings.Repeat
	for name, c := range map[string]struct {
		element string
		n       int
		want    string // empty: all right
		line    int
	}{
		"escaped quotes":  {`"${lookup({a=1}, \"a\")}"`, 2000, "", 0},
		"brackets":        {`"[[[ \\"`, 2000, "", 0},
		"a deep template": {`"` + again("${(", 200) + "1" + again(")}", 200) + `"`, 2, "Nested too deep", 2},
		"a long template": {`"${1` + again("+1", 20_000) + `}"`, 2, "Expression too long", 2},
		"deep arrays":     {again("[", 300) + again("]", 300), 2, "Nested too deep", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, diags := syntax.File([]byte("{\"a\": [\n"+again(c.element+",\n", c.n)+"1]}"), "x.json")
			switch {
			case c.want == "" && diags.HasErrors():
				t.Errorf("got %v", diags)
			case c.want != "" && (!diags.HasErrors() || diags[0].Summary != c.want || diags[0].Subject.Start.Line != c.line):
				t.Errorf("got %v, want %s in line %d", diags, c.want, c.line)
			}
		})
	}
}

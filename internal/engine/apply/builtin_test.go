package apply_test

import (
	"strings"
	"testing"
)

// TestBuiltinFunctions compares the results of provider::terraform::NAME, which
// terraform 1.11.4 gives too.
func TestBuiltinFunctions(t *testing.T) {
	t.Parallel()
	const head = "terraform {\n  required_providers {\n    terraform = { source = \"terraform.io/builtin/terraform\" }\n  }\n}\n"
	for _, c := range []struct{ expr, want string }{
		{`encode_expr({ a = 1, "b c" = [true, null, "x${1}\n"], d = {} })`, "{\n  a     = 1\n  \"b c\" = [true, null, \"x1\\n\"]\n  d     = {}\n}"},
		{`encode_expr(toset(["a"]))`, `["a"]`},
		{`encode_expr("a$${b}%%{c}")`, `"a$${b}%%{c}"`},
		{`encode_expr(1.5)`, `1.5`},
		{`encode_tfvars({ b = 1, a = "x", c = { d = [1] } })`, "a = \"x\"\nb = 1\nc = {\n  d = [1]\n}\n"},
		{`encode_tfvars({})`, ``},
		{`encode_tfvars(tomap({ a = 1 }))`, "a = 1\n"},
	} {
		b := newBench(t)
		b.mustRun(head + "output \"o\" {\n  value = provider::terraform::" + c.expr + "\n}")
		if got := b.output("o").AsString(); got != c.want {
			t.Errorf("%s\ngot  %q\nwant %q", c.expr, got, c.want)
		}
	}
	for _, c := range []struct{ expr, want string }{
		{`decode_tfvars("a=1\nb=[true,null]")`, `{"a":1,"b":[true,null]}`},
		{`decode_tfvars("")`, `{}`},
	} {
		b := newBench(t)
		b.mustRun(head + "output \"o\" {\n  value = jsonencode(provider::terraform::" + c.expr + ")\n}")
		if got := b.output("o").AsString(); got != c.want {
			t.Errorf("%s\ngot  %q\nwant %q", c.expr, got, c.want)
		}
	}
	for _, c := range []struct{ expr, want string }{
		{`encode_expr(null)`, `argument must not be null`},
		{`encode_tfvars(null)`, `argument must not be null`},
		{`encode_tfvars({ "b c" = 1 })`, `invalid variable name "b c": must be a valid identifier`},
		{`encode_tfvars("x")`, `invalid value to encode: must be an object`},
		{`encode_tfvars([])`, `invalid value to encode: must be an object`},
		{`decode_tfvars("a=")`, `invalid tfvars syntax: <decode_tfvars argument>:1,3-3: Missing expression`},
		{`decode_tfvars("a=b")`, `invalid expression for variable "a": <decode_tfvars argument>:1,3-4: Variables not allowed`},
		{`decode_tfvars("b {}")`, `invalid tfvars content: <decode_tfvars argument>:1,1-2: Unexpected "b" block`},
		{`decode_tfvars(null)`, `argument must not be null`},
	} {
		b := newBench(t)
		_, _, diags := b.plan(head + "output \"o\" {\n  value = provider::terraform::" + c.expr + "\n}")
		if got := text(diags); !strings.Contains(got, c.want) {
			t.Errorf("%s\ngot  %s\nwant %s", c.expr, got, c.want)
		}
	}
}

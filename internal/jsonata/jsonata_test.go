package jsonata

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// eval is the result of an expression as JSON, "" for nothing, or the error's
// code and message.
func eval(expr, input string, o Options) string {
	if input != "" {
		v, err := jsonvalue.Parse([]byte(input))
		if err != nil {
			return err.Error()
		}
		o.Input = v
	}
	x, err := Compile(expr)
	if err != nil {
		return describe(err)
	}
	out, err := x.Eval(context.Background(), o)
	if err != nil {
		return describe(err)
	}
	if out == nil {
		return ""
	}
	return string(jsonvalue.Marshal(out))
}

func describe(err error) string {
	var e *Error
	if !errors.As(err, &e) {
		return "not an *Error: " + err.Error()
	}
	return fmt.Sprintf("%s at %d: %s", e.Code, e.Position, e.Message)
}

// TestEval holds what the recorded suite does not: results that were compared
// with the language's own implementation, 2.0.6.
func TestEval(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ expr, input, want string }{
		{"[{'b': 1}, {}].b[true]", "", "[1,null]"},
		{"$round(1.005, 2)", "", "1"},
		{"$round(-1.5)", "", "-2"},
		{"$power(1.1, 10)", "", "2.5937424601000023"},
		{"0.1 + 0.2", "", "0.30000000000000004"},
		{"$string(0.1 + 0.2)", "", `"0.3"`},
		{"123456789012345678 & ''", "", `"123456789012346000"`},
		{"1 / 0", "", "null"},
		{"$substring('😂😁😀', 0, 1)", "", `"😂"`},
		{"$uppercase('straße')", "", `"STRASSE"`},
		{"$base64encode('é')", "", `"6Q=="`},
		{"$match('ab', /a(x)?/)", "", `{"match":"a","index":0,"groups":[null]}`},
		{"$replace('John Smith', /(\\w+)\\s(\\w+)/, '$2, $1')", "", `"Smith, John"`},
		{"$split('a1b22c', /[0-9]+/)", "", `["a","b","c"]`},
		{"$contains('abc', /(?<=a)b/)", "", "true"},
		{"$boolean($sum)", "", "false"},
		{"$sum or false", "", "true"},
		{"{'b': 2, 'a': 1}", "", `{"b":2,"a":1}`},
		{"$formatNumber(1234.5678, '#,##0.00')", "", `"1,234.57"`},
		{"$formatInteger(1500, 'Ww;o')", "", `"One Thousand, Five Hundredth"`},
		{"$fromMillis(1735603200000, '[D,*-4]')", "", `"0031"`},
		{"$toMillis('31/12/99', '[D]/[M]/[Y,2-2]')", "", "946598400000"},
		{"$now()", "", `"2024-11-22T10:15:30.000Z"`},
		{"items^(>price).name", `{"items":[{"name":"a","price":1},{"name":"b","price":3}]}`, `["b","a"]`},
		{"a.b.%.c", `{"a":{"b":1,"c":2}}`, "2"},
		{"$ ~> |a|{'x': 1}, 'y'|", `{"a":{"y":2}}`, `{"a":{"x":1}}`},
	} {
		if got := eval(row.expr, row.input, Options{Now: time.Date(2024, 11, 22, 10, 15, 30, 0, time.UTC)}); got != row.want {
			t.Errorf("%s of %s\ngot  %s\nwant %s", row.expr, row.input, got, row.want)
		}
	}
}

// TestErrors has the texts, which end up in the causes of executions.
func TestErrors(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ expr, want string }{
		{"a ?: 1", `S0211 at 4: The symbol ":" cannot be used as a unary operator`},
		{"a ?? 1", `S0211 at 4: The symbol "?" cannot be used as a unary operator`},
		{"(1", `S0203 at 2: Expected ")" before end of expression`},
		{"{\"a\"}", `S0202 at 5: Expected ":", got "}"`},
		{"a 12", `S0201 at 4: Syntax error: 12`},
		{"a !", `S0204 at 3: Unknown operator: "!"`},
		{"'abc", `S0101 at 4: String literal must be terminated by a matching quote`},
		{"/a", `S0302 at 2: No terminating / in regular expression`},
		{"%", `S0217 at 1: The object representing the 'parent' cannot be derived from this expression`},
		{"", `S0207 at 0: Unexpected end of expression`},
		{"function(1){2}", `S0208 at 10: Parameter 1 of function definition must be a variable name (start with $)`},
		{"\"a\" + 1", `T2001 at 5: The left side of the "+" operator must evaluate to a number`},
		{"$f(1)", `T1006 at 3: Attempted to invoke a non-function`},
		{"sum(1)", `T1005 at 4: Attempted to invoke a non-function. Did you mean $sum?`},
		{"$uppercase(1)", `T0410 at 11: Argument 1 of function "uppercase" does not match function signature`},
		{"$sum(['a'])", `T0412 at 5: Argument 1 of function "sum" must be an array of "numbers"`},
		{"$error('oh')", `D3137 at 7: oh`},
		{"{'a': 1, 'a': 2}", `D1009 at 1: Multiple key definitions evaluate to same key: "a"`},
		{"$decodeUrl('%E0%A4%A')", `D3140 at 11: Malformed URL passed to $decodeUrl(): "%E0%A4%A"`},
	} {
		if got := eval(row.expr, "", Options{}); got != row.want {
			t.Errorf("%s\ngot  %s\nwant %s", row.expr, got, row.want)
		}
	}
}

// TestLimits has expressions that would never end, or only by a crash.
func TestLimits(t *testing.T) {
	t.Parallel()
	limits := Limits{Depth: 500, Steps: 100_000, Time: time.Minute}
	for _, row := range []struct{ expr, want string }{
		{"($f := function($n) { 1 + $f($n) }; $f(1))", codeDepth},
		{"($f := function($n) { $f($n + 1) }; $f(1))", codeLimit},
		{"$map([1..100000], function($x) { $x * 2 })", codeLimit},
		{"$match('" + strings.Repeat("a", 40) + "!', /(a+)+$/)", codeLimit},
		{"[1..100000000]", "D2014"},
		{strings.Repeat("(", 5000) + "1" + strings.Repeat(")", 5000), codeDepth},
		{strings.Repeat("-", 5000) + "a", codeDepth},
	} {
		if got := eval(row.expr, "", Options{Limits: limits}); !strings.HasPrefix(got, row.want) {
			t.Errorf("%.60s\ngot  %s\nwant %s", row.expr, got, row.want)
		}
	}
	x, err := Compile("($f := function($n) { $f($n + 1) }; $f(1))")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := x.Eval(ctx, Options{}); err == nil {
		t.Error("a context that is done does not end the evaluation")
	}
}

// TestFunctions binds functions and variables, and takes a built-in one away.
func TestFunctions(t *testing.T) {
	t.Parallel()
	o := Options{
		Variables: map[string]any{"states": jsonvalue.ObjectOf("input", jsonvalue.ObjectOf("n", 2.0))},
		Library: NewLibrary(map[string]Function{
			"twice": {Signature: "<n-:n>", Arity: 1, Call: func(_ Call, args []any) (any, error) { return args[0].(float64) * 2, nil }},
			"fail":  {Call: func(Call, []any) (any, error) { return nil, errors.New("no luck") }},
			"list":  {Call: func(_ Call, args []any) (any, error) { return args, nil }},
		}, "eval"),
	}
	for _, row := range []struct{ expr, want string }{
		{"$twice($states.input.n)", "4"},
		{"[1, 2] ~> $map($twice)", "[2,4]"},
		{"$twice('x')", `T0410 at 7: Argument 1 of function "twice" does not match function signature`},
		{"$fail()", "D3137 at 6: no luck"},
		{"$eval('1')", "T1006 at 6: Attempted to invoke a non-function"},
		{"$list([1], {'a': [$twice]})", `[[1],{"a":[""]}]`},
	} {
		if got := eval(row.expr, "", o); got != row.want {
			t.Errorf("%s\ngot  %s\nwant %s", row.expr, got, row.want)
		}
	}
}

// TestFunctionResult has an expression whose result is a function.
func TestFunctionResult(t *testing.T) {
	t.Parallel()
	x, err := Compile("$f := function($x){$x}")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Eval(context.Background(), Options{}); !errors.Is(err, ErrFunction) {
		t.Errorf("got %v, want %v", err, ErrFunction)
	}
}

// TestInputStays evaluates a transformation, which works on a copy.
func TestInputStays(t *testing.T) {
	t.Parallel()
	input, _ := jsonvalue.Parse([]byte(`{"a":[{"b":1}]}`))
	x, err := Compile("$ ~> |a|{'b': 2}|")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Eval(context.Background(), Options{Input: input}); err != nil {
		t.Fatal(err)
	}
	if got, want := string(jsonvalue.Marshal(input)), `{"a":[{"b":1}]}`; got != want {
		t.Errorf("the input became %s, want %s", got, want)
	}
}

// FuzzEval looks for crashes and for what does not end.
func FuzzEval(f *testing.F) {
	for _, expr := range []string{
		"a.b[0].c", "$sum(items.(price * qty))", "a{b: $sum(c)}", "$ ~> |a|{'b':1}|", "items@$i#$p.%.x^(>y)",
		"$formatNumber(1.5,'#,##0.00;(0)')", "$fromMillis(0,'[Y]-[MNn]')", "$parseInteger('twelve','w')", "/a(b)?/i", "λ($x)<n-:n>{$x}(1)",
		"$replace('abc',/b/,'$1$$')", "**[b]", "'\\uD800' & `x y`", "function($f){$f($f)}(?)", "[1..3].$string()",
	} {
		f.Add(expr)
	}
	input, _ := jsonvalue.Parse([]byte(`{"a":{"b":[{"c":1},{"c":"x"}]},"items":[{"price":1.5,"qty":2,"x":null}]}`))
	f.Fuzz(func(t *testing.T, expr string) {
		x, err := Compile(expr)
		if err != nil {
			return
		}
		out, err := x.Eval(context.Background(), Options{Input: input, Limits: Limits{Depth: 200, Steps: 20_000, Time: 2 * time.Second}})
		if err == nil && out != nil {
			if _, err := jsonvalue.Parse(jsonvalue.Marshal(out)); err != nil {
				t.Errorf("%q makes what is no JSON: %v", expr, err)
			}
		}
	})
}

// BenchmarkStepFunctions compiles and evaluates expressions typical for Step
// Functions. It reports the median and the 95th percentile of the expressions'
// times, each of which is the median of its rounds: on a busy machine the mean
// tells how often it was interrupted.
func BenchmarkStepFunctions(b *testing.B) {
	cases := suite(b, "stepfunctions.jsonl")
	rounds := make([][]time.Duration, len(cases))
	for b.Loop() {
		for i, c := range cases {
			begin := time.Now()
			if _, err := evalCase(c); err != nil && c.kind != "error" {
				b.Fatal(err)
			}
			rounds[i] = append(rounds[i], time.Since(begin))
		}
	}
	took := make([]time.Duration, len(cases))
	for i := range rounds {
		slices.Sort(rounds[i])
		took[i] = rounds[i][len(rounds[i])/2]
	}
	slices.Sort(took)
	at := func(part float64) float64 {
		return took[int(part*float64(len(took)-1))].Seconds() * 1e6
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(cases)), "µs/expr")
	b.ReportMetric(at(0.5), "µs-median")
	b.ReportMetric(at(0.95), "µs-p95")
}

// TestReferences tells what expressions read.
func TestReferences(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ expr, want string }{
		{"$states.input.a.b", "$states.input.a.b^"},
		{"a.b[c = $d]", "a^ c $d"},
		{"{'k': v}", "v^"},
		{"($x := $y; $x + $z)", "$y^ $z^"},
		{"function($a){ $a + $b + c }", "$b^ c^"},
		{"$map($states.input.items, function($v){ $v.price })", "$map^ $states.input.items^"},
		{"$a.($b + c)", "$a^ $b c"},
		{"$.a + $$.b", "$.a^ $$.b^"},
		{"*.x", "*^"},
		{"$items@$p#$i[$i < $n].{'q': $p.r}", "$items^ $n"},
		{"$s.a^(>b)", "$s.a^ b"},
		{"$ ~> |a|{'x': y}|", "$^ a y"},
	} {
		x, err := Compile(row.expr)
		if err != nil {
			t.Errorf("%s: %v", row.expr, err)
			continue
		}
		var got []string
		for _, r := range x.References() {
			s := r.Name
			if r.Variable {
				s = "$" + s
			}
			s = strings.Join(append([]string{s}, r.Members...), ".")
			if r.Top {
				s += "^"
			}
			got = append(got, s)
		}
		if s := strings.Join(got, " "); s != row.want {
			t.Errorf("%s\ngot  %s\nwant %s", row.expr, s, row.want)
		}
	}
}

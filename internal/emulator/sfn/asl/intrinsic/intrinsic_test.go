package intrinsic

import (
	"context"
	"errors"
	"math/rand/v2"
	"regexp"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonata"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonpath"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// eval is the result of a call as JSON, or the error.
func eval(call, input string) string {
	c, err := Parse(call)
	if err != nil {
		return err.Error()
	}
	root, err := jsonvalue.Parse([]byte(input))
	if err != nil {
		return err.Error()
	}
	v, err := c.Eval(func(p *jsonpath.Path) (any, error) { return p.Get(root) }, rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		return err.Error()
	}
	return string(jsonvalue.Marshal(v))
}

// TestCalls has the 18 functions, with the examples of the documentation and its
// limits.
func TestCalls(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ call, input, want string }{
		{"States.Array($.a, 1, 'x', null, true)", `{"a":[]}`, `[[],1,"x",null,true]`},
		{"States.ArrayPartition($, 4)", "[1,2,3,4,5,6,7,8,9]", "[[1,2,3,4],[5,6,7,8],[9]]"},
		{"States.ArrayPartition($, 0)", "[1]", "The function 'States.ArrayPartition($, 0)' had the following error: The second argument of the function must be a positive integer"},
		{"States.ArrayContains($, 5)", "[1,5]", "true"},
		{"States.ArrayContains($, $[0])", `[{"a":1}]`, "true"},
		{"States.ArrayRange(1, 9, 2)", "{}", "[1,3,5,7,9]"},
		{"States.ArrayRange(3, 1, -1)", "{}", "[3,2,1]"},
		{"States.ArrayRange(0, 1000, 1)", "{}", "The function 'States.ArrayRange(0, 1000, 1)' had the following error: The range must not have more than 1000 items"},
		{"States.ArrayGetItem($, 5)", "[1,2,3,4,5,6,7,8,9]", "6"},
		{"States.ArrayGetItem($, 9)", "[1]", "The function 'States.ArrayGetItem($, 9)' had the following error: The index is out of the bounds of the array"},
		{"States.ArrayLength($)", "[1,2]", "2"},
		{"States.ArrayUnique($)", "[1,2,3,3,3,1.0]", "[1,2,3]"},
		{"States.ArrayUnique($)", `[{"a":1,"b":[0]},{"b":[-0.0],"a":1.0},"1",1,[1],[1,1],["1"],null,"null",true]`, `[{"a":1,"b":[0]},"1",1,[1],[1,1],["1"],null,"null",true]`},
		{"States.Base64Encode('Data to encode')", "{}", `"RGF0YSB0byBlbmNvZGU="`},
		{"States.Base64Decode('RGF0YSB0byBlbmNvZGU=')", "{}", `"Data to encode"`},
		{"States.Base64Decode('!')", "{}", "The function 'States.Base64Decode('!')' had the following error: The first argument of the function is not valid Base64"},
		{"States.Hash('input data', 'SHA-1')", "{}", `"aaff4a450a104cd177d28d18d74485e8cae074b7"`},
		{"States.Hash('x', 'CRC')", "{}", "The function 'States.Hash('x', 'CRC')' had the following error: The algorithm must be one of MD5, SHA-1, SHA-256, SHA-384, SHA-512"},
		{"States.JsonMerge($.a, $.b, false)", `{"a":{"x":{"y":1},"z":1},"b":{"x":{"w":1}}}`, `{"x":{"w":1},"z":1}`},
		{"States.JsonMerge($.a, $.a, true)", `{"a":{}}`, "The function 'States.JsonMerge($.a, $.a, true)' had the following error: The third argument of the function must be false, deep merging is not supported"},
		{"States.JsonToString($)", `{"a": [1, 2]}`, `"{\"a\":[1,2]}"`},
		{`States.StringToJson('{"a":1}')`, "{}", `{"a":1}`},
		{"States.StringToJson($.s)", `{"s":"{\"a\":1}"}`, `{"a":1}`},
		{"States.MathAdd($, -1)", "111", "110"},
		{"States.MathAdd(1.5, 2)", "{}", "4"},
		{"States.MathAdd(9223372036854775807, 1)", "{}", "The function 'States.MathAdd(9223372036854775807, 1)' had the following error: The sum is too large"},
		{"States.MathRandom(-9223372036854775808, 9223372036854775807)", "{}", "The function 'States.MathRandom(-9223372036854775808, 9223372036854775807)' had the following error: The numbers are too far apart"},
		{"States.MathRandom(-9223372036854775808, 9223372036854775807, 1)", "{}", "The function 'States.MathRandom(-9223372036854775808, 9223372036854775807, 1)' had the following error: The numbers are too far apart"},
		{"States.Base64Decode('YWL/Yw==')", "{}", "\"ab\uFFFDc\""},
		{"States.StringSplit('1,2;3', ',;')", "{}", `["1","2","3"]`},
		{`States.Format('Your name is {}, \{\} it\'s \\ {}', $.a, 3)`, `{"a":"x"}`, `"Your name is x, {} it's \\ 3"`},
		{"States.Format('{} {}', 1)", "{}", "The function 'States.Format('{} {}', 1)' had the following error: The number of arguments does not match the occurrences of {}"},
		{"States.Format($.a, States.ArrayGetItem($.b, 0))", `{"a":"<{}>","b":["c"]}`, `"<c>"`},
		{"States.Format('{}', $.a[?(@.b == ',)')])", `{"a":[{"b":",)"}]}`, `"[{b=,)}]"`},
		{"States.Nope()", "{}", `invalid intrinsic function call "States.Nope()" at character 1: there is no such function`},
		{"States.UUID(1)", "{}", `invalid intrinsic function call "States.UUID(1)" at character 15: wrong number of arguments`},
		{`States.Format('a\n')`, "{}", `invalid intrinsic function call "States.Format('a\\n')" at character 18: a backslash may stand only before ' { } and another backslash`},
		{"States.Array(x)", "{}", `invalid intrinsic function call "States.Array(x)" at character 14: expected a string in single quotes, a number, true, false, null, a path or a call`},
	} {
		got := eval(row.call, row.input)
		if got != row.want {
			t.Errorf("%s of %s\ngot  %s\nwant %s", row.call, row.input, got, row.want)
		}
	}
	if got := eval("States.UUID()", "{}"); !regexp.MustCompile(`^"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"$`).MatchString(got) {
		t.Errorf("%s is no UUID of version 4", got)
	}
	if a, b := eval("States.MathRandom(1, 1000, 7)", "{}"), eval("States.MathRandom(1, 1000, 7)", "{}"); a != b {
		t.Errorf("a seed gives %s and %s", a, b)
	}
}

// TestJSONata has the functions that Step Functions adds, and the one it takes
// away.
func TestJSONata(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ expression, want string }{
		{"$partition([1,2,3,4,5], 2)", "[[1,2],[3,4],[5]]"},
		{"[1,2,3] ~> $partition(2)", "[[1,2],[3]]"},
		{"$range(1, 9, 2)", "[1,3,5,7,9]"},
		{"$range(3, 1, -1)", "[3,2,1]"},
		{"$range(1, 2, 0)", ": the step of $range must not be zero"},
		{"$hash('input data', 'MD5')", `"812f45842bc6d66ee14572ce20db8e86"`},
		{"$hash({'a': 1}, 'SHA-1') = $hash('{\"a\":1}', 'SHA-1')", "true"},
		{"$parse('{\"a\": [1]}').a[0]", "1"},
		{"$parse('{')", ": the argument of $parse is no JSON"},
		{"$random(3) = $random(3)", "true"},
		{"$r := $random(); $r >= 0 and $r < 1", ""},
		{"($r := $random(); $r >= 0 and $r < 1)", "true"},
		{"$length($uuid())", "36"},
		{"$partition(1)", "T0410: Argument 2 of function \"partition\" does not match function signature"},
		{"$eval('1')", "T1006: Attempted to invoke a non-function"},
	} {
		x, err := jsonata.Compile(row.expression)
		if err != nil {
			if row.want != "" {
				t.Errorf("%s: %v", row.expression, err)
			}
			continue
		}
		v, err := x.Eval(context.Background(), jsonata.Options{Library: JSONata})
		got := string(jsonvalue.Marshal(v))
		var e *jsonata.Error
		if errors.As(err, &e) {
			got = e.Code + ": " + e.Message
		}
		if got != row.want {
			t.Errorf("%s\ngot  %s\nwant %s", row.expression, got, row.want)
		}
	}
}

// FuzzParse looks for crashes, and for calls that do not read back the same.
func FuzzParse(f *testing.F) {
	for _, call := range []string{"States.Format('{}', $.a)", "States.Array(States.UUID(), -1.5e3, true)", `States.Format('\'\\\{', $$['a,b)'])`, "States.MathAdd($x.y, 1)"} {
		f.Add(call)
	}
	f.Fuzz(func(t *testing.T, call string) {
		c, err := Parse(call)
		if err != nil {
			return
		}
		again, err := Parse(c.String())
		if err != nil || again.String() != c.String() {
			t.Errorf("%q reads back as %v, %v", c, again, err)
		}
		_, _ = c.Eval(func(*jsonpath.Path) (any, error) { return []any{1.0, "a"}, nil }, rand.New(rand.NewPCG(1, 1)))
	})
}

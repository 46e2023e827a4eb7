package expr

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

func parse(t *testing.T, text string) any {
	t.Helper()
	v, err := jsonvalue.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestTemplates evaluates payload templates of both languages.
func TestTemplates(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		language       Language
		template, want string
	}{
		{JSONPath, `{"a.$":"$.n","b":"$.n","c":[{"d.$":"$$.Name"},"x"],"e.$":"$v.w"}`, `{"a":1,"b":"$.n","c":[{"d":"N"},"x"],"e":2}`},
		{JSONPath, `{"a.$":"States.Format('{}-{}', $.n, $v.w)"}`, `{"a":"1-2"}`},
		{JSONPath, `{"a.$":"$.l[1]"}`, `{"a":null}`},
		{JSONPath, `{"a.$":"$.l[1].x"}`, `States.Runtime: The JSONPath '$.l[1].x' specified for the field 'a.$' could not be found in the input '{"n":1,"l":[0]}'`},
		{JSONPath, `["{% $v %}"]`, `["{% $v %}"]`},
		{JSONPath, `{"a":{"b.$":"$.missing"}}`, `States.Runtime: The JSONPath '$.missing' specified for the field 'b.$' could not be found in the input '{"n":1,"l":[0]}'`},
		{JSONPath, `{"a.$":"States.ArrayLength($.missing)"}`, `States.Runtime: The function 'States.ArrayLength($.missing)' had the following error: The JsonPath argument for the field '$.missing' could not be found in the input '{"n":1,"l":[0]}'`},
		{JSONPath, `{"a.$":"States.ArrayLength($.n)"}`, `States.IntrinsicFailure: The function 'States.ArrayLength($.n)' had the following error: The first argument of the function must be an array`},
		{JSONata, `{"a":"{% $states.input.n + $v.w %}","b.$":"$.n","c":["{%$states.context.Name%}"," {% 1 %}"]}`, `{"a":3,"b.$":"$.n","c":["N"," {% 1 %}"]}`},
		{JSONata, `"{% $states.result %}"`, `7`},
		{JSONata, `{"a":[0,{"b":"{% $nothing %}"}]}`, `States.QueryEvaluationError: The JSONata expression '$nothing' specified for the field 'F/a[1]/b' returned nothing (undefined).`},
		{JSONata, `"{% $sum %}"`, `States.QueryEvaluationError: The JSONata expression '$sum' specified for the field 'F' returned an unsupported result type.`},
		{JSONata, `"{% $sum('x') %}"`, `States.QueryEvaluationError: The JSONata expression '$sum('x')' specified for the field 'F' threw an error during evaluation. T0412: Argument 1 of function "sum" must be an array of "numbers"`},
		{JSONata, `"{% ` + strings.Repeat("1+", 200) + `1 %}"`, `States.QueryEvaluationError: The JSONata expression '` + strings.Repeat("1+", 200) + `1' specified for the field 'F' threw an error during evaluation: Stack overflow error: Check for non-terminating recursive function.  Consider rewriting as tail-recursive.`},
		{JSONata, `"{% $sum([1..900000]) %}"`, `States.QueryEvaluationError: The JSONata expression '$sum([1..900000])' specified for the field 'F' threw an error during evaluation: Expression evaluation memory limit exceeded: Check for excessive memory usage`},
		{JSONata, `"{% $random(42) %}"`, `0.7275636800328681`},
		{JSONata, `"{% $parse('x') %}"`, `States.QueryEvaluationError: The JSONata expression '$parse('x')' specified for the field 'F' threw an error during evaluation: the argument of $parse is no JSON`},
	} {
		compiled, problems := CompileTemplate("F", parse(t, row.template), row.language, Result)
		if problems != nil {
			t.Errorf("%s: %v", row.template, problems)
			continue
		}
		v, err := compiled.Eval(&Env{
			Input:   parse(t, `{"n":1,"l":[0]}`),
			Context: func() *jsonvalue.Object { return jsonvalue.ObjectOf("Name", "N") },
			Variable: func(name string) any {
				if name == "v" {
					return jsonvalue.ObjectOf("w", 2.0)
				}
				return nil
			},
			States: func() []any { return []any{"input", jsonvalue.ObjectOf("n", 1.0), "result", 7.0} },
			Random: rand.New(rand.NewPCG(1, 1)),
		})
		got := string(jsonvalue.Marshal(v))
		var e *Error
		if errors.As(err, &e) {
			got = e.Error()
		}
		if got != row.want {
			t.Errorf("%s\ngot  %s\nwant %s", row.template, got, row.want)
		}
	}
}

// TestProblems has templates that are refused, with the place of what is wrong.
func TestProblems(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		language       Language
		template, want string
	}{
		{JSONPath, `{"a":{"b.$":"x","c.$":1}}`, "SCHEMA_VALIDATION_FAILED at /a; SCHEMA_VALIDATION_FAILED at /a"},
		{JSONata, `{"a":["{% ( %}"]}`, "INVALID_JSONATA_EXPRESSION at /a[0]"},
		{JSONata, `{"a":"{% x + x + y.z %}"}`, "UNSUPPORTED_JSONATA_EXPRESSION at /a; UNSUPPORTED_JSONATA_EXPRESSION at /a"},
		{JSONata, `"{% $states.input.(x + $) %}"`, ""},
	} {
		_, problems := CompileTemplate("F", parse(t, row.template), row.language, Plain)
		var got []string
		for _, p := range problems {
			got = append(got, p.Code+" at "+p.At)
		}
		if s := strings.Join(got, "; "); s != row.want {
			t.Errorf("%s\ngot  %s\nwant %s", row.template, s, row.want)
		}
	}
}

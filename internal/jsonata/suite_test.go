package jsonata

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// suiteCase is one line of the recorded suites.
type suiteCase struct {
	id, expr, kind, code string
	data, result         any
	bindings             map[string]any
	unordered            bool
	timelimit, depth     int
}

// suite reads the recorded cases of a file.
func suite(t testing.TB, name string) []suiteCase {
	t.Helper()
	f, err := os.Open(filepath.Join("../../../shared/corpus/jsonata", name))
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("the recorded cases %s are not beside the repository", name)
	} else if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []suiteCase
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		v, err := jsonvalue.Parse(lines.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		o := v.(*jsonvalue.Object)
		c := suiteCase{data: o.Get("data"), result: o.Get("result"), bindings: map[string]any{}}
		c.id, _ = o.Get("id").(string)
		c.expr, _ = o.Get("expr").(string)
		c.kind, _ = o.Get("kind").(string)
		c.code, _ = o.Get("code").(string)
		c.unordered, _ = o.Get("unordered").(bool)
		timelimit, _ := jsonvalue.Float(o.Get("timelimit"))
		depth, _ := jsonvalue.Float(o.Get("depth"))
		c.timelimit, c.depth = int(timelimit), int(depth)
		if has, _ := o.Get("hasData").(bool); !has {
			c.data = nil
		}
		if b, ok := o.Get("bindings").(*jsonvalue.Object); ok {
			for k, v := range b.All() {
				c.bindings[k] = v
			}
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		t.Fatal("no cases")
	}
	return out
}

// TestSuite runs the cases of the JSONata suite and expressions typical for Step
// Functions: same value, same nothing, same error.
func TestSuite(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"suite-2.0.6.jsonl", "stepfunctions.jsonl"} {
		for _, c := range suite(t, name) {
			t.Run(c.id, func(t *testing.T) {
				t.Parallel()
				got, err := evalCase(c)
				var e *Error
				switch {
				case c.kind == "error":
					if !errors.As(err, &e) || e.Code != c.code {
						t.Errorf("%s\ngot %s, %v; want error %s", c.expr, jsonvalue.Marshal(got), err, c.code)
					}
				case err != nil:
					t.Errorf("%s\ngot error %v; want %s", c.expr, err, jsonvalue.Marshal(c.result))
				case c.kind == "undefined":
					if got != nil {
						t.Errorf("%s\ngot %s, want nothing", c.expr, jsonvalue.Marshal(got))
					}
				default:
					want := c.result
					if c.unordered {
						got, want = inOrder(got), inOrder(want)
					}
					if got, _ = jsonvalue.Parse(jsonvalue.Marshal(got)); !jsonvalue.Equal(got, want) {
						t.Errorf("%s\ngot  %s\nwant %s", c.expr, jsonvalue.Marshal(got), jsonvalue.Marshal(want))
					}
				}
			})
		}
	}
}

func evalCase(c suiteCase) (any, error) {
	x, err := Compile(c.expr)
	if err != nil {
		return nil, err
	}
	return x.Eval(context.Background(), Options{Input: c.data, Variables: c.bindings, Limits: Limits{Depth: c.depth, Time: time.Minute}})
}

func inOrder(v any) any {
	items, ok := v.([]any)
	if !ok {
		return v
	}
	out := slices.Clone(items)
	slices.SortFunc(out, func(a, b any) int {
		return cmp.Compare(string(jsonvalue.Marshal(a)), string(jsonvalue.Marshal(b)))
	})
	return out
}

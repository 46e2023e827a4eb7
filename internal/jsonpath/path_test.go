package jsonpath

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

const corpus = "../../../shared/corpus/jsonpath/"

// otherwise are the recorded paths that are answered in another way here, and why.
var otherwise = map[string]string{
	"$.bar[-1]":              `"c"`,       // Jayway counts from the end since 2.1, and Step Functions does
	"$.jar[?(@.a == \"1\")]": `[]`,        // an accident of 2.0.0: double quotes were not known
	"$.jar[?(1 == @.a)]":     `[{"a":1}]`, // literals on the left came later
}

// TestJayway compares with what the library itself answered.
func TestJayway(t *testing.T) {
	t.Parallel()
	golden, err := os.ReadFile(corpus + "jayway-2.0.0-golden.tsv")
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("the recorded paths are not beside the repository")
	} else if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(corpus + "document.json")
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonvalue.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(golden)) {
		head, want, _ := strings.Cut(strings.TrimRight(line, "\n"), "\t")
		kind, path, _ := strings.Cut(head, " ")
		if other, ok := otherwise[path]; ok {
			want = other
		}
		p, err := Parse(path)
		if err != nil {
			if !strings.HasPrefix(want, "ERR ") {
				t.Errorf("%s\ngot error %v, want %s", path, err, want)
			}
			continue
		}
		if got := map[bool]string{true: "D", false: "I"}[p.Definite()]; got != kind {
			t.Errorf("%s is %s, want %s", path, got, kind)
		}
		v, err := p.Get(document)
		got := string(jsonvalue.Marshal(v))
		if err != nil {
			got = "ERR-NOTFOUND"
		}
		if want = strings.TrimSpace(want); strings.HasSuffix(want, "…") {
			want = strings.TrimSuffix(want, "…")
			got = got[:min(len(got), len(want))]
		}
		if got != want {
			t.Errorf("%s\ngot  %s\nwant %s", path, got, want)
		}
	}
}

// TestSet puts a value into documents, as ResultPath does.
func TestSet(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ path, document, want string }{
		{"$", `{"a":1}`, `"new"`},
		{"$.a", `{"a":1,"b":2}`, `{"a":"new","b":2}`},
		{"$.c", `{"a":1}`, `{"a":1,"c":"new"}`},
		{"$.c.d.e", `{"a":1}`, `{"a":1,"c":{"d":{"e":"new"}}}`},
		{"$.a[1].b", `{"a":[0,{"b":1}]}`, `{"a":[0,{"b":"new"}]}`},
		{"$['odd key']", `{}`, `{"odd key":"new"}`},
		{"$.a[2]", `{"a":[0]}`, "no value at $.a[2], looking for $.a[2]"},
		{"$.a.b", `{"a":1}`, "no value at $.a.b, looking for $.a.b"},
		{"$.a[*]", `{"a":[1]}`, `invalid path "$.a[*]" at character 1: a value can be put only where a path of single names and indexes leads`},
	} {
		p, err := Parse(row.path)
		if err != nil {
			t.Fatal(err)
		}
		document, _ := jsonvalue.Parse([]byte(row.document))
		v, err := p.Set(document, "new")
		got := string(jsonvalue.Marshal(v))
		if err != nil {
			got = err.Error()
		}
		if got != row.want {
			t.Errorf("%s in %s\ngot  %s\nwant %s", row.path, row.document, got, row.want)
		}
		if after := string(jsonvalue.Marshal(document)); after != row.document {
			t.Errorf("%s changed the document itself to %s", row.path, after)
		}
	}
}

// TestRoots has the paths that do not start from the input.
func TestRoots(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ path, root string }{{"$", ""}, {"$.a", ""}, {"$$.Execution.Id", "$"}, {"$total", "total"}, {"$list[0].x", "list"}} {
		p, err := Parse(row.path)
		if err != nil {
			t.Errorf("%s: %v", row.path, err)
		} else if p.Root() != row.root {
			t.Errorf("%s starts from %q, want %q", row.path, p.Root(), row.root)
		}
	}
}

// TestMissing has the text that says how far a path led.
func TestMissing(t *testing.T) {
	t.Parallel()
	p, err := Parse("$.a.b[3].c")
	if err != nil {
		t.Fatal(err)
	}
	document, _ := jsonvalue.Parse([]byte(`{"a":{"b":[1]}}`))
	if _, err = p.Get(document); err == nil || err.Error() != "no value at $.a.b[3], looking for $.a.b[3].c" {
		t.Errorf("got %v", err)
	}
}

// TestSyntax has what is no path, with the place.
func TestSyntax(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ path, want string }{
		{"", `invalid path "" at character 1: a path begins with $`},
		{"a.b", `invalid path "a.b" at character 1: a path begins with $`},
		{"$.", `invalid path "$." at character 3: expected the name of a member`},
		{"$.a b", `invalid path "$.a b" at character 4: expected a dot, a bracket or the end`},
		{"$['a", `invalid path "$['a" at character 3: the quotes are not closed`},
		{"$[x]", `invalid path "$[x]" at character 3: expected an index, a name in quotes, *, ?(…) or a slice`},
		{"$..", `invalid path "$.." at character 4: a path cannot end with two dots`},
		{"$[?(@.a in [1])]", `invalid path "$[?(@.a in [1])]" at character 9: expected )`},
		{"$[?(" + strings.Repeat("(", 200) + "@.a" + strings.Repeat(")", 202) + "]", "nested too deep"},
	} {
		_, err := Parse(row.path)
		var e *SyntaxError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s\ngot  %v\nwant %s", row.path, err, row.want)
		}
	}
}

// FuzzPath looks for crashes.
func FuzzPath(f *testing.F) {
	for _, path := range []string{"$.a[0]", "$..b[?(@.c > 1 && !@.d)]", "$['a','b'][1:-1]", "$$.x", "$v[(@.length-1)]", "$[?(@.a =~ /x/i || 'q' == @.b)]", "$.*"} {
		f.Add(path)
	}
	document, _ := jsonvalue.Parse([]byte(`{"a":[{"c":2},{"b":[1,2,3]}],"b":null}`))
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(text)
		if err != nil {
			return
		}
		if _, err := p.Get(document); err != nil && !p.Definite() {
			t.Errorf("%q is not definite, but: %v", text, err)
		}
		if v, err := p.Set(document, true); err == nil {
			if got, err := p.Get(v); err != nil || got != true {
				t.Errorf("%q: what was put is not there: %v, %v", text, got, err)
			}
		}
	})
}

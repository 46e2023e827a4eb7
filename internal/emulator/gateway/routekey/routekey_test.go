package routekey

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"":                    `must be "$default", or a method and a path`,
		"/notes":              `must be "$default", or a method and a path`,
		"get /notes":          `names the method "get"`,
		"FETCH /notes":        `names the method "FETCH"`,
		"GET notes":           "must begin with a slash",
		"GET  /notes":         "must begin with a slash",
		"GET /a b":            `must not contain " "`,
		"GET /a?b=c":          `must not contain "?"`,
		"GET /{a+}/b":         "must be its last part",
		"GET /{a}/{a}":        `names the variable "a" twice`,
		"GET /x{a}":           "must be a literal, or a variable",
		"GET /{}":             "must be a literal, or a variable",
		"GET /{+}":            "must be a literal, or a variable",
		"GET /{a":             "must be a literal, or a variable",
		"GET /{a}}":           "must be a literal, or a variable",
		"$connect":            `must be "$default"`,
		"GET /notes/{id}\x00": "must not contain",
	} {
		if _, err := Parse(key); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q): got error %v, want one with %q", key, err, want)
		}
	}
}

func TestRouting(t *testing.T) {
	t.Parallel()
	keys := []string{
		"$default", "ANY /{proxy+}", "GET /pets/{proxy+}", "GET /pets/dog/{id}", "GET /pets/dog/1",
		"ANY /pets/dog/1", "POST /pets/{kind}/{id}", "GET /", "ANY /any", "GET /any", "PUT /{a}/x/{b+}",
	}
	random := rand.New(rand.NewPCG(1, 1))
	for _, row := range []struct {
		method, path, want string
		values             map[string]string
	}{
		{"GET", "/pets/dog/1", "GET /pets/dog/1", nil},
		{"GET", "/pets/dog/2", "GET /pets/dog/{id}", map[string]string{"id": "2"}},
		{"GET", "/pets/cat/1", "GET /pets/{proxy+}", map[string]string{"proxy": "cat/1"}},
		{"POST", "/test/5", "ANY /{proxy+}", map[string]string{"proxy": "test/5"}},
		{"POST", "/pets/dog/1", "ANY /pets/dog/1", nil},
		{"POST", "/pets/dog/2", "POST /pets/{kind}/{id}", map[string]string{"kind": "dog", "id": "2"}},
		{"GET", "/", "GET /", nil},
		{"POST", "/", "$default", nil},
		{"GET", "/any", "GET /any", nil},
		{"DELETE", "/any", "ANY /any", nil},
		{"GET", "/pets", "ANY /{proxy+}", map[string]string{"proxy": "pets"}},
		{"GET", "/pets/", "ANY /{proxy+}", map[string]string{"proxy": "pets/"}},
		{"GET", "/pets/dog/a b", "GET /pets/dog/{id}", map[string]string{"id": "a b"}},
		{"GET", "/pets/dog/1/2", "GET /pets/{proxy+}", map[string]string{"proxy": "dog/1/2"}},
		{"GET", "/%zz", "ANY /{proxy+}", map[string]string{"proxy": "%zz"}},
		{"PUT", "/1/x/2/3", "PUT /{a}/x/{b+}", map[string]string{"a": "1", "b": "2/3"}},
	} {
		random.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
		got, values := route(t, keys, row.method, row.path)
		if got != row.want {
			t.Errorf("%s %s: got %s, want %s", row.method, row.path, got, row.want)
		}
		if diff := cmp.Diff(row.values, values); diff != "" {
			t.Errorf("%s %s: values (-want +got)\n%s", row.method, row.path, diff)
		}
	}
}

func route(t *testing.T, keys []string, method, path string) (string, map[string]string) {
	t.Helper()
	var parsed []Key
	for _, key := range keys {
		k, err := Parse(key)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, k)
	}
	slices.SortFunc(parsed, Compare)
	for _, k := range parsed {
		if values, ok := k.Match(method, path); ok {
			return k.String(), values
		}
	}
	return "none", nil
}

func TestShape(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		a, b string
		same bool
	}{
		{"GET /a/{x}", "GET /a/{y}", true},
		{"GET /a/{x}", "POST /a/{x}", false},
		{"GET /a/{x}", "GET /a/{x+}", false},
		{"GET /a/{x}", "GET /a/x", false},
		{"$default", "$default", true},
	} {
		a, b := mustParse(t, row.a), mustParse(t, row.b)
		if got := a.Shape() == b.Shape(); got != row.same {
			t.Errorf("%s and %s: got same shape %v, want %v", row.a, row.b, got, row.same)
		}
	}
}

func mustParse(t *testing.T, s string) Key {
	t.Helper()
	k, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"$default", "GET /a/{b}/{c+}", "ANY /", "GET /{", ""} {
		f.Add(s, "/a/b")
	}
	f.Fuzz(func(t *testing.T, s, path string) {
		k, err := Parse(s)
		if err != nil {
			return
		}
		if k.String() != s {
			t.Errorf("Parse(%q) is written as %q", s, k)
		}
		k.Match("GET", path)
	})
}

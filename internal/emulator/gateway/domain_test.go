package gateway

import (
	"net/http"
	"strings"
	"testing"
)

// TestRules has rules and mappings choose as AWS's own examples of both say.
func TestRules(t *testing.T) {
	t.Parallel()
	r := newRig(t, returns(`"ok"`), "2.0", "$default")
	whole := r.api.Stages["dev"]
	all := apis{}
	for _, id := range []string{"one", "two", "three", "four", "stripped"} {
		a := *r.api
		a.ID = id
		a.Stages = map[string]*Stage{"dev": whole}
		all[id] = &a
	}
	is := func(name, glob string) []HeaderCondition { return []HeaderCondition{{Name: name, Glob: glob}} }
	rules := []Rule{
		{API: "one", Stage: "dev", Headers: [][]HeaderCondition{is("Hello", "World")}},
		{API: "two", Stage: "dev", Headers: [][]HeaderCondition{is("Accept", "image/webp"), is("Pet", "Dog-*")}, Paths: []string{"PetStoreShopper"}},
		{API: "stripped", Stage: "dev", Paths: []string{"/strip/me"}, Strip: true},
		{API: "gone", Stage: "dev", Paths: []string{"gone"}},
		{API: "one", Stage: "dev", Headers: [][]HeaderCondition{is("x-any", "*mid*")}},
		{API: "one", Stage: "dev", Headers: [][]HeaderCondition{is("x-any", "*end")}},
	}
	mappings := []Mapped{{Key: "PetStoreShopper", API: "three", Stage: "dev"}, {Key: "PetStoreShopper/cats", API: "four", Stage: "dev"}}
	domain := &Domain{Name: "petstore.example.com"}
	r.gateway.source = domains{all, map[string]*Domain{domain.Name: domain}}
	r.url = strings.TrimSuffix(r.url, PathPrefix+"api")
	for _, row := range []struct {
		rules    bool
		mappings bool
		path     string
		headers  []string
		want     string // the API that is called; "" for none
		status   int
	}{
		{true, false, "/", []string{"Hello: World"}, "one", 200},
		{true, false, "/", []string{"hello: World"}, "one", 200},
		{true, false, "/", []string{"Hello: world"}, "", 404},
		{true, false, "/PetStoreShopper", []string{"Hello: World", "Pet: Dog-Bella", "Accept: image/webp"}, "one", 200},
		{true, false, "/PetStoreShopper", []string{"Pet: Dog-Bella", "Accept: image/webp"}, "two", 200},
		{true, false, "/PetStoreShopper/x", []string{"Pet: Dog-Bella", "Accept: image/webp"}, "two", 200},
		{true, false, "/PetStoreShoppers", []string{"Pet: Dog-Bella", "Accept: image/webp"}, "", 404},
		{true, false, "/PetStoreShopper", []string{"Pet: Dog-Bella"}, "", 404},
		{true, true, "/PetStoreShopper", []string{"Pet: Dog-Bella"}, "three", 200},
		{true, true, "/PetStoreShopper", []string{"Pet: Dog-Bella", "Accept: image/webp"}, "two", 200},
		{true, true, "/PetStoreShopper/cats", nil, "four", 200},
		{false, true, "/PetStoreShopper/cats", []string{"Hello: World"}, "four", 200},
		{false, true, "/", []string{"Hello: World"}, "", 404},
		{true, false, "/strip/me/now", nil, "stripped", 200},
		{true, true, "/gone", nil, "", 404},
		{true, false, "/", []string{"X-Any: a mid b"}, "one", 200},
		{true, false, "/", []string{"X-Any: the end"}, "one", 200},
		{true, false, "/", []string{"X-Any: the end is near"}, "", 404},
	} {
		domain.Rules, domain.Mappings = nil, nil
		if row.rules {
			domain.Rules = rules
		}
		if row.mappings {
			domain.Mappings = mappings
		}
		// What is served is told by the access log's variables.
		whole.Log = &AccessLog{Group: "g", Format: "$context.apiId"}
		l := &lines{}
		r.links(func(links *Links) { links.Logs = l })
		res, _ := r.do(http.MethodGet, row.path, "", append([]string{"Host: petstore.example.com"}, row.headers...)...)
		served := ""
		if len(l.got) > 0 {
			served = strings.Fields(l.got[0])[2]
		}
		if res.StatusCode != row.status || served != row.want {
			t.Errorf("%+v: got %d by %q", row, res.StatusCode, served)
		}
	}
}

// TestStrip shows which path routes see, with what a rule asked for and without.
func TestStrip(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		rule       Rule
		path, rest string
		base       string
	}{
		{Rule{Paths: []string{"a/b"}}, "/a/b/c", "/a/b/c", "a/b"},
		{Rule{Paths: []string{"a/b"}, Strip: true}, "/a/b/c", "/c", "a/b"},
		{Rule{Paths: []string{"a/b"}, Strip: true}, "/a/b", "/", "a/b"},
		{Rule{Strip: true}, "/a", "/a", ""},
	} {
		row.rule.API, row.rule.Stage = "api", "dev"
		r := newRig(t, returns(`"ok"`), "2.0", "$default")
		r.gateway.source = domains{apis{"api": r.api}, map[string]*Domain{"a.example.com": {Name: "a.example.com", Rules: []Rule{row.rule}}}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://a.example.com"+row.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		q := &request{Request: req, g: r.gateway}
		if !q.resolve() || q.rest != row.rest || q.path != row.path || q.base != row.base {
			t.Errorf("%+v: got path %q, rest %q, base %q", row, q.path, q.rest, q.base)
		}
	}
}

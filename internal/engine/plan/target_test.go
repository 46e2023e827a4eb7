package plan

import (
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
)

func TestTarget(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		target, address string
		covers, touches bool
	}{
		{`a.b`, `a.b`, true, true},
		{`a.b`, `a.b[0]`, true, true},
		{`a.b`, `a.bc`, false, false},
		{`a.b[0]`, `a.b[0]`, true, true},
		{`a.b[1]`, `a.b[10]`, false, true},
		{`a.b["x.y"]`, `a.b["x.y"]`, true, true},
		{`a.b["x"]`, `a.b["x.y"]`, false, true},
		{`data.a.b`, `a.b`, false, false},
		{`module.m`, `module.m.a.b`, true, true},
		{`module.m`, `module.m[0].module.n.a.b`, true, true},
		{`module.m[0]`, `module.m[1].a.b`, false, true},
		{`module.m`, `module.mm.a.b`, false, false},
		{`module.m.a.b`, `module.m.a.b[2]`, true, true},
	} {
		target, err := ParseTarget(c.target)
		if err != nil {
			t.Fatal(err)
		}
		a, err := addr.ParseInstance(c.address)
		if err != nil {
			t.Fatal(err)
		}
		if covers, touches := target.covers(a), target.touches(a.Config()); covers != c.covers || touches != c.touches {
			t.Errorf("%s and %s: got covers %v, touches %v", c.target, c.address, covers, touches)
		}
	}
	for _, text := range []string{"", "a", "module", "a.b.c", "a.b[x]", "module.m.a"} {
		if target, err := ParseTarget(text); err == nil {
			t.Errorf("%q: got %s, want an error", text, target)
		}
	}
}

// TestSelectionOfProviders demands that what a provider block refers to goes with
// the objects of that provider.
func TestSelectionOfProviders(t *testing.T) {
	t.Parallel()
	resource := func(text string) addr.ConfigResource {
		r, err := addr.ParseConfigResource(text)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	one, two := addr.ProviderConfig{Alias: "one"}, addr.ProviderConfig{Alias: "two"}
	key, user, other := resource("a.key"), resource("b.user"), resource("a.other")
	p := &Program{
		resources: map[addr.ConfigResource]*Resource{
			key: {Provider: one}, other: {Provider: one}, user: {Provider: two},
		},
		providerNeeds: map[addr.ProviderConfig]map[addr.ConfigResource]bool{two: {key: true}},
	}
	for _, c := range []struct {
		options string
		target  string
		want    map[addr.ConfigResource]bool
	}{
		{"target", "b.user", map[addr.ConfigResource]bool{user: true, key: true, other: false}},
		{"target", "a.key", map[addr.ConfigResource]bool{user: false, key: true, other: false}},
		{"exclude", "a.key", map[addr.ConfigResource]bool{user: false, key: false, other: true}},
		{"exclude", "b.user", map[addr.ConfigResource]bool{user: false, key: true, other: true}},
	} {
		target, err := ParseTarget(c.target)
		if err != nil {
			t.Fatal(err)
		}
		s := selection{targets: []Target{target}, exclude: c.options == "exclude"}
		s.relateBlocks(p)
		for r, want := range c.want {
			if got := s.has(addr.Instance{Resource: r.Resource}); got != want {
				t.Errorf("%s %s: %s selected %v, want %v", c.options, c.target, r, got, want)
			}
		}
	}
}

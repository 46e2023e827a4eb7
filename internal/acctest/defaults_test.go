package acctest

import (
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// TestDefaults: what the provider's defaults block gives shows in the plan, merges
// into maps, and gives way to what the resource says.
func TestDefaults(t *testing.T) {
	t.Parallel()
	s := functionSubject
	s.settings = `  defaults = { function = { memory = 256, timeout = 5, log = { retention_days = 7 }, environment = { STAGE = "all", SHARED = "yes" } } }` + "\n"
	base := s.Base.with(Arguments{"timeout": `20`, "links": ``})
	b := s.bench(t)
	if c := b.apply(base); c.Action != "create" {
		t.Fatalf("got %s, want create", c.Action)
	}
	b.settled(base)
	v := b.Value(b.address())
	for attribute, want := range map[string]string{
		"memory": "256", "timeout": "20", "log.retention_days": "7", "log.format": "JSON",
		"environment_effective.STAGE": "dev", "environment_effective.SHARED": "yes", "environment_effective.LEVEL": "1",
	} {
		if got := at(t, v, attribute); got != want {
			t.Errorf("%s: got %s, want %s", attribute, got, want)
		}
	}
	if v.GetAttr("environment").LengthInt() != 2 {
		t.Errorf("environment is %#v, want what is written", v.GetAttr("environment"))
	}

	b.settings = `  defaults = { function = { memory = 256, timeout = 5, log = { retention_days = 7 }, environment = { SHARED = "no" } } }` + "\n"
	if c := b.apply(base); c.Action != "update" {
		t.Errorf("changed defaults: got %s, want update", c.Action)
	}
	b.settled(base)
	b.emptied(base)
}

// at is the text of the value at a dotted path.
func at(t *testing.T, v cty.Value, path string) string {
	t.Helper()
	for name := range strings.SplitSeq(path, ".") {
		if v.Type().IsMapType() {
			v = v.Index(cty.StringVal(name))
		} else {
			v = v.GetAttr(name)
		}
	}
	s, err := convert.Convert(v, cty.String)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return s.AsString()
}

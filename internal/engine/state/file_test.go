package state_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// What Terraform wrote comes back byte for byte.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"terraform-1.11.json", "every-field.json"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile("testdata/" + name)
			if err != nil {
				t.Fatal(err)
			}
			f, err := state.Decode(want)
			if err != nil {
				t.Fatal(err)
			}
			got, err := f.Encode()
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), string(got)); d != "" {
				t.Errorf("the file changed (-want +got):\n%s", d)
			}
		})
	}
}

func TestFieldsOfAnObject(t *testing.T) {
	t.Parallel()
	f := decodeFile(t, "testdata/every-field.json")
	a := parse(t, `module.m["k"].serverless_table.notes["x"]`)
	o := f.State.Get(a)
	if o == nil {
		t.Fatalf("%s is missing", a)
	}
	if !o.Tainted || !o.CreateBeforeDestroy || o.SchemaVersion != 3 || o.IdentityVersion != 1 {
		t.Errorf("flags and versions got lost: %+v", o)
	}
	if got, want := string(o.Private), "provider's own"; got != want {
		t.Errorf("private: got %q, want %q", got, want)
	}
	wantPath := cty.GetAttrPath("keys").IndexString("a").IndexInt(0)
	if len(o.Sensitive) != 1 || !o.Sensitive[0].Equals(wantPath) {
		t.Errorf("sensitive: got %#v, want %#v", o.Sensitive, wantPath)
	}
	if len(o.Dependencies) != 1 || o.Dependencies[0].String() != "module.m.data.serverless_context.c" {
		t.Errorf("dependencies: got %v", o.Dependencies)
	}
	v, err := o.Value(cty.Object(map[string]cty.Type{"name": cty.String, "keys": cty.Map(cty.List(cty.String))}))
	if err != nil || v.GetAttr("name").AsString() != "notes" {
		t.Errorf("value: got %#v, %v", v, err)
	}
	if got := f.State.GetDeposed(a, "0badcafe"); got == nil || got.Tainted {
		t.Errorf("deposed: got %+v", got)
	}
	if got, want := f.State.Provider(a).String(), `module.m.provider["registry.terraform.io/tfserverless/serverless"].other`; got != want {
		t.Errorf("provider: got %s, want %s", got, want)
	}
}

func TestUnreadableFiles(t *testing.T) {
	t.Parallel()
	head := `{"version":4,"serial":1,"lineage":"l",`
	resource := head + "\n" + `"resources":[{"mode":"managed","type":"a","name":"b","provider":"provider[\"x/y/z\"]","instances":[` + "\n"
	for name, c := range map[string]struct{ in, at, summary, remedy string }{
		"cut off":           {"{\n \"version\": 4,\n \"ser", "3:5", "unexpected end of JSON input", "backup"},
		"not JSON":          {"resource {\n}", "1:1", "not valid JSON", "backup"},
		"a list":            {"[]", "1:1", "no JSON object", "backup"},
		"no version":        {"{}", "", "no version", "backup"},
		"old":               {`{"version":3}`, "1:12", "format version 3", "Terraform 0.12"},
		"new":               {`{"version":5,"terraform_version":"9.0.0"}`, "1:12", "written by version 9.0.0", "newer version"},
		"odd version":       {`{"version":"x"}`, "1:12", "not a whole number", "backup"},
		"serial":            {`{"version":4,"serial":-1}`, "1:23", "serial", "backup"},
		"mode":              {head + `"resources":[{"mode":"x","type":"a","name":"b"}]}`, "1:60", "resources[0].mode", "backup"},
		"provider":          {head + `"resources":[{"mode":"data","type":"a","name":"b"}]}`, "1:52", "names no provider", "backup"},
		"key":               {resource + `{"index_key":1.5}]}]}`, "3:14", "resources[0].instances[0].index_key", "backup"},
		"same instance":     {resource + `{},` + "\n" + `{}]}]}`, "4:1", "a.b occurs twice", "backup"},
		"status":            {resource + `{"status":"odd"}]}]}`, "3:11", "odd", "backup"},
		"deposed":           {resource + `{"deposed":"zz"}]}]}`, "3:12", "8 hex digits", "backup"},
		"flat attributes":   {resource + `{"attributes_flat":{"id":"x"}}]}]}`, "3:20", "Terraform 0.12 first", "backup"},
		"dependency":        {resource + `{"dependencies":["a.b","a b"]}]}]}`, "3:24", "dependencies[1]", "backup"},
		"output type":       {head + `"outputs":{"o":{"value":1,"type":"nix"}}}`, "1:72", "outputs.o.type", "backup"},
		"output value":      {head + `"outputs":{"o":{"value":"x","type":"number"}}}`, "1:63", "outputs.o.value", "backup"},
		"type twice":        {head + `"resources":[{"mode":"managed","type":"a","name":"b","provider":"provider[\"x/y/z\"]"},{"mode":"managed","type":"a","name":"b"}]}`, "1:126", "a.b occurs twice", "backup"},
		"resource nameless": {head + `"resources":[{"mode":"managed","type":"a"}]}`, "1:52", "no name", "backup"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := state.Decode([]byte(c.in))
			var bad *state.ReadError
			if !errors.As(err, &bad) {
				t.Fatalf("got %v, %v; want a ReadError", f, err)
			}
			bad.Path = "f"
			if got, want := bad.Error(), strings.TrimSuffix("f:"+c.at, ":")+": "; !strings.HasPrefix(got, want) || !strings.Contains(got, c.summary) {
				t.Errorf("got %q; want it to begin with %q and to hold %q", got, want, c.summary)
			}
			if !strings.Contains(bad.Remedy, c.remedy) {
				t.Errorf("remedy: got %q, want it to hold %q", bad.Remedy, c.remedy)
			}
		})
	}
}

func TestSame(t *testing.T) {
	t.Parallel()
	a, b := decodeFile(t, "testdata/every-field.json"), decodeFile(t, "testdata/every-field.json")
	b.Serial, b.TerraformVersion = 99, "0.0.1"
	if same, err := state.Same(a, b); err != nil || !same {
		t.Errorf("another serial: got %v, %v; want the same content", same, err)
	}
	b.State.SetOutputs(nil)
	if same, err := state.Same(a, b); err != nil || same {
		t.Errorf("other outputs: got %v, %v; want another content", same, err)
	}
}

func TestEntryAsJSON(t *testing.T) {
	t.Parallel()
	f := decodeFile(t, "testdata/every-field.json")
	replayed := state.New()
	for _, e := range f.State.Entries() {
		raw, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var back state.Entry
		if err := json.Unmarshal(raw, &back); err != nil {
			t.Fatal(err)
		}
		replayed.Put(back)
	}
	for _, e := range f.State.Entries() {
		got := replayed.GetDeposed(e.Addr, e.Deposed)
		if got == nil || string(got.Attributes) != string(e.Object.Attributes) {
			t.Errorf("%s %s: got %+v", e.Addr, e.Deposed, got)
		}
	}
}

func decodeFile(t *testing.T, path string) *state.File {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := state.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func parse(t *testing.T, s string) addr.Instance {
	t.Helper()
	a, err := addr.ParseInstance(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

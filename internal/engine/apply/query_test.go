package apply_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/generate"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// finds keeps what a query finds.
type finds struct {
	mu    sync.Mutex
	found []plan.Found
	log   []string
}

func (f *finds) Listing(list addr.Instance, config cty.Value) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = append(f.log, "listing "+list.String())
}

func (f *finds) Found(found plan.Found) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.found = append(f.found, found)
	f.log = append(f.log, found.List.String()+" "+found.Identity.GetAttr("key").AsString())
}

func (f *finds) Listed(list addr.Instance, total int, diags hcl.Diagnostics) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = append(f.log, fmt.Sprintf("%s %d %v", list, total, diags.HasErrors()))
}

// query runs the query file given.
func (b *bench) query(src string, configs bool) (*finds, hcl.Diagnostics) {
	b.t.Helper()
	b.write("q.tfquery.hcl", src)
	m, diags := config.LoadQuery(b.dir, nil, nil)
	if diags.HasErrors() {
		return nil, diags
	}
	inputs, diags := m.Inputs(nil, nil)
	vars, more := lang.Variables(m, inputs)
	if diags = append(diags, more...); diags.HasErrors() {
		return nil, diags
	}
	prog, diags := plan.Compile(b.t.Context(), m, b.servers())
	if diags.HasErrors() {
		return nil, diags
	}
	f := &finds{}
	return f, append(diags, prog.Query(b.t.Context(), plan.Options{Variables: vars}, configs, f)...)
}

func (b *bench) stock(names ...string) {
	for _, name := range names {
		m := newItem(name)
		b.world.items[m.ID.ValueString()] = m
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.stock("a", "b", "c")
	b.write("main.tf", `
provider "test" {
  alias  = "other"
  prefix = var.p
}
resource "test_thing" "not_planned" { name = "x" }`)
	f, diags := b.query(`
variable "p" { default = "p" }
list "test_item" "all" {
  provider = test
  config {}
}
list "test_item" "some" {
  provider         = test.other
  limit            = length(list.test_item.all.data) - 1
  include_resource = true
}`, false)
	if diags.HasErrors() {
		t.Fatal(text(diags))
	}
	want := "listing list.test_item.all,list.test_item.all item-a,list.test_item.all item-b,list.test_item.all item-c,list.test_item.all 3 false," +
		"listing list.test_item.some,list.test_item.some item-a,list.test_item.some item-b,list.test_item.some 2 false"
	if got := strings.Join(f.log, ","); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	first, last := f.found[0], f.found[4]
	if first.Name != "The item a" || !first.Resource.IsNull() || first.IdentityVersion != 1 || first.Local != "test" {
		t.Errorf("got %#v", first)
	}
	if last.Local != "test.other" || last.Resource.GetAttr("name").AsString() != "b" || !last.Resource.GetAttr("secret").HasMark(lang.Sensitive) {
		t.Errorf("got %#v", last)
	}
	if got := strings.Join(b.world.took(), ","); got != "list items,list items" {
		t.Errorf("got calls %s", got)
	}
}

// TestQueryGenerates demands configuration that can be applied as it is, and then
// changes nothing but what was left out.
func TestQueryGenerates(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.stock("a")
	f, diags := b.query("list \"test_item\" \"all\" {\n  provider = test\n}", true)
	if diags.HasErrors() {
		t.Fatal(text(diags))
	}
	found, to := f.found[0], addr.Resource{Type: "test_item", Name: "a"}
	got := string(generate.Resource(to, found.Local, found.Schema, found.Config)) + string(generate.ImportIdentity(to, "", found.Identity))
	want := `resource "test_item" "a" {
  provider = test
  details = {
    a = "$${x}"
  }
  name   = "a"
  secret = null # sensitive
  part {
    n = 7
  }
}
import {
  to = test_item.a
  identity = {
    key  = "item-a"
    zone = "z"
  }
}
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestQueryErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, want string }{
		{"list \"test_item\" \"x\" {\n  provider = test\n  config {\n    fail = true\n  }\n}", "1: Listing failed: as asked"},
		{"list \"test_thing\" \"x\" {\n  provider = test\n}", "1: Unknown list: The provider hashicorp/test has a resource type \"test_thing\", but no list of that name."},
		{"list \"test_item\" \"x\" {\n  provider = test\n  limit = 0\n}", "3: Invalid limit"},
		{"list \"test_item\" \"x\" {\n  provider = test\n  limit = \"many\"\n}", "3: Wrong type of value"},
		{"list \"test_item\" \"x\" {\n  provider = test\n  config {\n    fial = true\n  }\n}", "4: Unsupported argument"},
		{"list \"test_item\" \"x\" {\n  provider = test\n  include_resource = test_thing.a.id == \"x\"\n}", "1: Arguments of the list not known"},
		{"list \"test_item\" \"x\" {\n  provider = test\n}\nlist \"test_item\" \"x\" {\n  provider = test\n}", "4: Declared twice"},
		{"resource \"test_thing\" \"x\" {}", "1: Unsupported block type"},
		{"list \"test_item\" \"x\" {\n  provider = test.none\n}", "2: Provider configuration not declared"},
		{"list \"test_item\" \"x\" {\n  count = 2\n  provider = test\n  limit = count.indx\n}", "4: Invalid \"count\" reference"},
	} {
		b := newBench(t)
		b.stock("a", "b")
		b.write("main.tf", "resource \"test_thing\" \"a\" {\n  name = \"a\"\n}")
		_, diags := b.query(c.src, false)
		if got := text(diags); !strings.Contains(got, "q.tfquery.hcl:"+c.want) {
			t.Errorf("%s\ngot  %s\nwant %s", c.src, got, c.want)
		}
	}
	if _, diags := config.LoadQuery(t.TempDir(), nil, nil); !strings.Contains(text(diags), "No query files") {
		t.Errorf("got %s", text(diags))
	}
}

// TestIdentity demands that identities get into the state, are brought to the
// present version, and reach the provider.
func TestIdentity(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src := "resource \"test_item\" \"a\" {\n  name = \"a\"\n}"
	b.mustRun(src)
	o := b.state.Get(instance("test_item.a"))
	if string(o.Identity) != `{"key":"item-a","zone":"z"}` || o.IdentityVersion != 1 {
		t.Fatalf("got identity %s of version %d", o.Identity, o.IdentityVersion)
	}
	old := o.With(func(o *state.Object) { o.Identity, o.IdentityVersion = []byte(`{"old":"item-a"}`), 0 })
	b.state.Put(state.Entry{Addr: instance("test_item.a"), Provider: b.state.Provider(instance("test_item.a")), Object: old})
	b.world.log = nil
	b.mustRun(strings.Replace(src, `"a"`+"\n}", `"b"`+"\n}", 1))
	if !strings.Contains(strings.Join(b.world.log, ","), "read by identity item-a/z") {
		t.Errorf("got calls %v", b.world.log)
	}
	if o := b.state.Get(instance("test_item.a")); string(o.Identity) != `{"key":"item-a","zone":"z"}` || o.IdentityVersion != 1 {
		t.Errorf("got identity %s of version %d", o.Identity, o.IdentityVersion)
	}
}

// TestGeneratedConfiguration applies what a query generates: the object is taken
// over by its identity and left as it is.
func TestGeneratedConfiguration(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	m := newItem("a")
	m.Secret = types.StringNull()
	b.world.items["item-a"] = m
	f, diags := b.query("list \"test_item\" \"all\" {\n  provider = test\n}", true)
	if diags.HasErrors() {
		t.Fatal(text(diags))
	}
	found, to := f.found[0], addr.Resource{Type: "test_item", Name: "a"}
	b.write("found.tf", generate.Header+string(generate.Resource(to, "", found.Schema, found.Config))+string(generate.ImportIdentity(to, "", found.Identity)))
	b.world.took()
	b.mustRun("locals {}")
	if got := strings.Join(b.world.took(), ","); got != "" {
		t.Errorf("got calls %s", got)
	}
	if o := b.state.Get(instance("test_item.a")); o == nil || string(o.Identity) != `{"key":"item-a","zone":"z"}` {
		t.Errorf("got %v", o)
	}
	for identity, want := range map[string]string{
		`{ zone = "z" }`:                  `The identity of test_item needs the attribute "key"`,
		`{ key = "item-a", place = "x" }`: `The identity of test_item has no attribute "place"`,
		`{ key = ["item-a"] }`:            `The attribute "key" of the identity does not fit`,
		`{ key = "item-none" }`:           "Cannot import what does not exist",
	} {
		b := newBench(t)
		_, _, diags := b.plan("import {\n  to = test_item.a\n  identity = " + identity + "\n}\nresource \"test_item\" \"a\" {\n  name = \"a\"\n}")
		if got := text(diags); !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", identity, got, want)
		}
	}
}

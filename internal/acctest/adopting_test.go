package acctest

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/generate"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// An adoption is how objects of a type that exist become a configuration's.
type adoption struct {
	before string
	// one and two are two objects; tags are added, different ones.
	one, two Arguments
	// ids are what one is imported by, in braces its attributes, besides its identity.
	ids []string

	// list are the arguments that a list of the type must have, filled like ids. No list
	// is needed if unlisted says why there is none.
	list, unlisted string
	// prefix is how the name of one begins, and that of two does not; "" where AWS
	// chooses the names, or there is one object in what is listed.
	prefix string
	// elsewhere says that two is not in what list says.
	elsewhere bool
	// mates are further objects that every list finds with both, and twins those that
	// any list finds that finds one.
	mates, twins int

	// lacks is what AWS tells nobody, to be written into the generated configuration.
	lacks Arguments
	// changes are the attributes that the first apply writes into the state, and AWS is
	// not told of.
	changes []string
}

// TestAdopt imports an object of each type by each of its names, has its configuration
// written, and demands that this plans to change nothing; and finds one of two by each
// of the filters of its list.
func TestAdopt(t *testing.T) {
	t.Parallel()
	schemas := Speak(t, providertest.Emulator(t), "").schemas
	for _, name := range slices.Sorted(maps.Keys(schemas.ResourceSchemas)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, ok := adoptions[name]
			if !ok {
				t.Fatal("the table has no row for this type")
			}
			tagged := slices.ContainsFunc(schemas.ResourceSchemas[name].Block.Attributes, func(a *tfprotov6.SchemaAttribute) bool { return a.Name == "tags" })
			_, listed := schemas.ListResourceSchemas[name]
			if listed != (a.unlisted == "") {
				t.Fatalf("it can be listed: %t; the table says %q", listed, a.unlisted)
			}
			a.prove(t, name, tagged)
		})
	}
	for name := range adoptions {
		if schemas.ResourceSchemas[name] == nil {
			t.Errorf("there is no type %s", name)
		}
	}
}

// block is a resource of these arguments.
func block(kind, name string, a Arguments) string {
	b := &strings.Builder{}
	fmt.Fprintf(b, "resource %q %q {\n", kind, name)
	for _, argument := range slices.Sorted(maps.Keys(a)) {
		fmt.Fprintf(b, "  %s = %s\n", argument, a[argument])
	}
	return b.String() + "}\n"
}

func (a adoption) prove(t *testing.T, kind string, tagged bool) {
	e := providertest.Emulator(t)
	one, two := maps.Clone(a.one), maps.Clone(a.two)
	if tagged {
		one["tags"], two["tags"] = `{ team = "a" }`, `{ team = "b" }`
	}
	made := deploy(t, e, a.before+block(kind, "one", one)+block(kind, "two", two))
	is, identity := made.Value(kind+".one"), made.Identity(kind+".one")
	m := &Machine{Serve: made.Serve, state: made.state}
	m.Forget(kind + ".one")
	m.Forget(kind + ".two")
	here := atHome + a.before

	if a.unlisted == "" {
		found, ok := a.queried(t, m, here, kind, fill(a.list, is), tagged, identity)
		if !ok {
			return
		}
		to := addr.Resource{Type: kind, Name: "subject"}
		a.adopt(t, m, here+string(generate.ImportIdentity(to, "", found.Identity)), kind, string(generate.Resource(to, "", found.Schema, found.Config)))
	}
	for _, id := range a.ids {
		t.Run(id, func(t *testing.T) {
			text := here + fmt.Sprintf("import {\n  to = %s.subject\n  id = %q\n}\n", kind, strings.ReplaceAll(fill(id, is), "${", "$${"))
			generated, err := m.generate(t.Context(), text, kind)
			if err != nil {
				t.Fatal(err)
			}
			a.adopt(t, m, text, kind, generated)
		})
	}
}

// adopt plans and applies an import with its generated configuration.
func (a adoption) adopt(t *testing.T, from *Machine, text, kind, generated string) {
	t.Helper()
	for name, value := range a.lacks {
		head, tail, _ := strings.Cut(generated, "{\n")
		lines := strings.Split(tail, "\n")
		lines = slices.DeleteFunc(lines, func(l string) bool { return slices.Equal(strings.Fields(l), []string{name, "=", "null"}) })
		generated = head + "{\n  " + name + " = " + value + "\n" + strings.Join(lines, "\n")
	}
	m := &Machine{Serve: from.Serve, state: from.state.Clone()}
	changes, err := m.Apply(t.Context(), text+generated)
	if err != nil {
		t.Fatalf("%v\n%s", err, generated)
	}
	for _, c := range changes {
		var want []string
		if c.Address == kind+".subject" {
			want = a.changes
		}
		if got := c.Changed; !slices.Equal(got, want) || c.Action != "no-op" && c.Action != "update" {
			t.Errorf("the plan after the import: %s of %s because of %v, want only %v\n%s", c.Action, c.Address, got, want, generated)
		}
	}
	changes, err = m.Plan(t.Context(), text+generated)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		if c.Action != "no-op" {
			t.Errorf("the second plan: %s of %s because of %v\n%s", c.Action, c.Address, c.Changed, generated)
		}
	}
}

// queried finds one of two objects by each filter, and returns the one.
func (a adoption) queried(t *testing.T, m *Machine, here, kind, within string, tagged bool, identity string) (one plan.Found, ok bool) {
	t.Helper()
	alone := 1 + a.twins
	queries := map[string]int{"": alone + a.mates + 1}
	if a.elsewhere {
		queries[""] = alone + a.mates
	}
	if a.prefix != "" {
		queries[fmt.Sprintf("name_prefix = %q", a.prefix)], queries[`name_prefix = "nobody"`] = alone, 0
	}
	if tagged {
		queries[`tags = { team = "a" }`], queries[`tags = { team = "a", cost = "1" }`] = alone, 0
	}
	for filter, want := range queries {
		found, err := m.query(t.Context(), here, fmt.Sprintf("list %q \"all\" {\n  provider = serverless\n  config {\n    %s\n    %s\n  }\n}\n", kind, within, filter))
		if err != nil || len(found) != want {
			t.Errorf("a list of %s %s: found %d, %v, want %d", within, filter, len(found), err, want)
		}
		at := slices.IndexFunc(found, func(f plan.Found) bool {
			text, err := ctyjson.Marshal(f.Identity, f.Identity.Type())
			return err == nil && string(text) == identity
		})
		if (at >= 0) != (want > 0) {
			t.Errorf("a list of %s %s: has the one: %t, want %t", within, filter, at >= 0, want > 0)
		}
		if at >= 0 {
			one, ok = found[at], true
		}
	}
	return one, ok
}

// load reads a configuration with more files.
func (m *Machine) load(ctx context.Context, text, query string) (*plan.Program, error) {
	dir, err := os.MkdirTemp("", "acctest")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	for name, content := range map[string]string{"main.tf": text, "preamble.tf": preamble, "all.tfquery.hcl": query} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			return nil, err
		}
	}
	module, ds := config.LoadQuery(dir, nil, nil)
	if ds.HasErrors() {
		return nil, failure(ds)
	}
	p, ds := plan.Compile(ctx, module, plan.Servers{source: func() (tfprotov6.ProviderServer, error) { return m.Serve(), nil }})
	return p, failure(ds)
}

// findings are what a query finds.
type findings struct {
	sync.Mutex
	all []plan.Found
}

func (f *findings) Listing(addr.Instance, cty.Value)           {}
func (f *findings) Listed(addr.Instance, int, hcl.Diagnostics) {}

func (f *findings) Found(x plan.Found) {
	f.Lock()
	defer f.Unlock()
	f.all = append(f.all, x)
}

// query is what the command query does.
func (m *Machine) query(ctx context.Context, text, query string) ([]plan.Found, error) {
	program, err := m.load(ctx, text, query)
	if err != nil {
		return nil, err
	}
	f := &findings{}
	ds := program.Query(ctx, plan.Options{Variables: unknown, Workspace: "default", Hook: plan.Silent{}, Now: time.Now()}, true, f)
	return f.all, failure(ds)
}

// generate writes the configuration of what text imports to the resource "subject", as
// plan -generate-config-out does.
func (m *Machine) generate(ctx context.Context, text, kind string) (string, error) {
	program, err := m.compile(ctx, text+block(kind, "subject", nil))
	if err != nil {
		return "", err
	}
	to := addr.Resource{Type: kind, Name: "subject"}
	value, schema, ds := program.Adopt(ctx, plan.Options{Prior: m.state, Variables: unknown, Workspace: "default", Now: time.Now()}, to)
	if ds.HasErrors() {
		return "", failure(ds)
	}
	return string(generate.Resource(to, "", schema, value)), nil
}

package describe_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/describe"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin/builtin"
)

func load(t *testing.T, dir string) *config.Module {
	t.Helper()
	m, diags := config.Load(dir, nil)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return m
}

func schemas(t *testing.T) describe.Schemas {
	t.Helper()
	server, err := builtin.Server()
	if err != nil {
		t.Fatal(err)
	}
	s, diags := plugin.New("terraform", server).Schemas(context.Background())
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return func(a addr.Provider) *plugin.Schemas {
		if a == addr.Builtin {
			return s
		}
		return nil
	}
}

// testdata/config.json is what terraform 1.11.4 says of testdata/config.
func TestConfiguration(t *testing.T) {
	t.Parallel()
	raw, err := describe.Configuration(load(t, filepath.Join("testdata", "config")), schemas(t))
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := json.Indent(&got, raw, "", "  "); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join("testdata", "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got.String()+"\n"); d != "" {
		t.Errorf("(-terraform +ours):\n%s", d)
	}
}

func TestRelevant(t *testing.T) {
	t.Parallel()
	m := load(t, filepath.Join("testdata", "config"))
	for _, row := range []struct{ instances, outputs, want string }{
		{"terraform_data.a", "", ""},
		{"terraform_data.c[0]", "", "terraform_data.f"},
		{`module.m["k"].terraform_data.t`, "", "terraform_data.a.output.a[0]"},
		{`module.m["k"].data.terraform_remote_state.r`, "", "terraform_data.a.id terraform_data.empty.id"},
		{"module.passed.terraform_data.t", "", ""},
		{"terraform_data.none module.none.terraform_data.t", "none", ""},
		{"", "s", ""},
		{"", "o", `terraform_data.a.id terraform_data.empty.id module.m.terraform_data.t.id module.m.terraform_data.t.output ` +
			`module.m["k"].terraform_data.t.id module.m["k"].terraform_data.t.output module.passed.terraform_data.t.id module.passed.terraform_data.t.output`},
	} {
		var instances []addr.Instance
		for text := range strings.FieldsSeq(row.instances) {
			a, err := addr.ParseInstance(text)
			if err != nil {
				t.Fatal(err)
			}
			instances = append(instances, a)
		}
		var got []string
		for _, p := range describe.Relevant(m, schemas(t), instances, strings.Fields(row.outputs)) {
			text := p.Addr.String()
			for _, step := range p.Path {
				switch step := step.(type) {
				case cty.GetAttrStep:
					text += "." + step.Name
				case cty.IndexStep:
					if step.Key.Type() == cty.String {
						text += "." + step.Key.AsString()
					} else {
						text += fmt.Sprintf("[%s]", step.Key.AsBigFloat().String())
					}
				}
			}
			got = append(got, text)
		}
		if d := cmp.Diff(row.want, strings.Join(got, " ")); d != "" {
			t.Errorf("%s%s (-want +got):\n%s", row.instances, row.outputs, d)
		}
	}
}

// Nested blocks are written out by their nesting; dynamic ones are not there.
func TestNestedBlocks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const src = `resource "x_y" "z" {
  list { a = "1" }
  list { a = var.v }
  map "k" { a = 2 }
  single {}
  dynamic "set" {
    for_each = [var.v]
    content { a = set.value }
  }
}
variable "v" {}`
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	inner := plugin.Block{Attributes: map[string]*plugin.Attribute{"a": {Type: cty.String, Optional: true}}}
	attribute := &hcldec.AttrSpec{Name: "a", Type: cty.String}
	schema := &plugin.Schema{
		Block: plugin.Block{Blocks: map[string]*plugin.NestedBlock{
			"list": {Block: inner, Nesting: plugin.List}, "map": {Block: inner, Nesting: plugin.Map},
			"set": {Block: inner, Nesting: plugin.Set}, "single": {Block: inner, Nesting: plugin.Single},
		}},
		Spec: hcldec.ObjectSpec{
			"list":   &hcldec.BlockListSpec{TypeName: "list", Nested: hcldec.ObjectSpec{"a": attribute}},
			"map":    &hcldec.BlockMapSpec{TypeName: "map", LabelNames: []string{"key"}, Nested: hcldec.ObjectSpec{"a": attribute}},
			"set":    &hcldec.BlockSetSpec{TypeName: "set", Nested: hcldec.ObjectSpec{"a": attribute}},
			"single": &hcldec.BlockSpec{TypeName: "single", Nested: hcldec.ObjectSpec{"a": attribute}},
		},
	}
	raw, err := describe.Configuration(load(t, dir), func(addr.Provider) *plugin.Schemas {
		return &plugin.Schemas{Resources: map[string]*plugin.Schema{"x_y": schema}}
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = `"expressions":{"list":[{"a":{"constant_value":"1"}},{"a":{"references":["var.v"]}}],"map":{"k":{"a":{"constant_value":2}}},"single":{}}`
	if !strings.Contains(string(raw), want) {
		t.Errorf("got %s, want %s in it", raw, want)
	}
}

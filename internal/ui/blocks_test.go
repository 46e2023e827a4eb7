package ui_test

import (
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
	"github.com/tfserverless/terraform-provider-serverless/internal/ui"
)

// TestBlocks shows nested blocks of every kind as blocks.
func TestBlocks(t *testing.T) {
	t.Parallel()
	text := &plugin.Attribute{Type: cty.String, Optional: true}
	inner := plugin.Block{Attributes: map[string]*plugin.Attribute{"a": text, "b": text}}
	nested := func(n plugin.Nesting) *plugin.NestedBlock { return &plugin.NestedBlock{Block: inner, Nesting: n} }
	deep := nested(plugin.List)
	deep.Blocks = map[string]*plugin.NestedBlock{"deep": nested(plugin.List)}
	schema := &plugin.Schema{Block: plugin.Block{
		Attributes: map[string]*plugin.Attribute{"id": text, "password": {Type: cty.String, WriteOnly: true}},
		Blocks: map[string]*plugin.NestedBlock{
			"group": nested(plugin.Group), "list": deep, "map": nested(plugin.Map), "set": nested(plugin.Set), "single": nested(plugin.Single),
		},
	}}
	facts := ui.PlanFacts{Schema: func(addr.Provider, addr.Resource) *plugin.Schema { return schema }}
	const empty = `{id = unknown, password = null, group = {a = null, b = null}, list = [], map = {}, set = [], single = null}`
	const full = `{id = "x", password = null, group = {a = "g", b = null}, list = [{a = "1", b = null, deep = [{a = "d", b = null}]}, {a = "2", b = null, deep = []}],
		map = {k = {a = "1", b = null}, l = {a = "2", b = null}}, set = [{a = "s", b = null}, {a = "t", b = null}], single = {a = "one", b = sensitive("hunter")}}`
	const changed = `{id = "x", password = null, group = {a = "g", b = null}, list = [{a = "1", b = null, deep = [{a = "e", b = null}]}, {a = "3", b = null, deep = []}, {a = "4", b = null, deep = []}],
		map = {k = {a = "1", b = null}, m = {a = "3", b = null}}, set = [{a = "s", b = null}, {a = "u", b = null}], single = unknown}`
	for name, c := range map[string]plan.Change{
		"create":       change(t, plan.Create, "x_y.z", `null`, full),
		"create-empty": change(t, plan.Create, "x_y.z", `null`, empty),
		"update":       change(t, plan.Update, "x_y.z", full, changed),
		"replace": change(t, plan.DeleteCreate, "x_y.z", full, changed, func(c *plan.Change) {
			c.Requires = []cty.Path{cty.GetAttrPath("single"), cty.GetAttrPath("list").IndexInt(1).GetAttr("a")}
		}),
		"destroy": change(t, plan.Delete, "x_y.z", full, `null`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, "blocks/"+name+".txt", ui.Style{}.Plan(&plan.Plan{Changes: []plan.Change{c}}, facts))
		})
	}
	t.Run("show", func(t *testing.T) {
		t.Parallel()
		o := object(t, "x_y.z", full)
		o.Block = &schema.Block
		golden(t, "blocks/show.txt", ui.Style{}.Object(o)+ui.Style{Secrets: true}.Object(o))
	})
}

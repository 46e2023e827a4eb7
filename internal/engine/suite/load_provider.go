package suite

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/syntax"
)

var aliasSchema = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "alias"}}}

var doubleSchema = &hcl.BodySchema{
	Attributes: []hcl.AttributeSchema{{Name: "alias"}, {Name: "source"}, {Name: "override_during"}},
	Blocks: append([]hcl.BlockHeaderSchema{
		{Type: "mock_resource", LabelNames: []string{"type"}}, {Type: "mock_data", LabelNames: []string{"type"}},
	}, overrideBlocks...),
}

func (l *loader) provider(b *hcl.Block) {
	p := &provider{ref: config.ProviderRef{Name: b.Labels[0]}, at: b.DefRange}
	var alias *hcl.Attribute
	if b.Type == "provider" {
		c, rest, diags := b.Body.PartialContent(aliasSchema)
		l.diags = append(l.diags, diags...)
		alias, p.body = c.Attributes["alias"], rest
	} else {
		c := l.content(b.Body, doubleSchema)
		alias, p.double = c.Attributes["alias"], l.double(c)
	}
	if alias != nil {
		p.ref.Alias = l.text(alias)
	}
	if before := l.f.providers[p.ref]; before != nil {
		l.fail(b.DefRange, "Declared twice", "The provider %s was already declared at %s:%d. Give one of them another alias.", p.ref, before.at.Filename, before.at.Start.Line)
		return
	}
	l.f.providers[p.ref] = p
}

// double reads a mock_provider block, and the files that it names.
func (l *loader) double(c *hcl.BodyContent) *double {
	d := &double{resources: map[string]*values{}, data: map[string]*values{}}
	if a := c.Attributes["override_during"]; a != nil {
		d.planned = *l.during(a)
	}
	if a := c.Attributes["source"]; a != nil {
		l.sourceOf(d, a)
	}
	l.mocks(d, c.Blocks)
	return d
}

var mockFileSchema = &hcl.BodySchema{Blocks: doubleSchema.Blocks}

// sourceOf reads the mock files of a folder.
func (l *loader) sourceOf(d *double, a *hcl.Attribute) {
	folder := l.text(a)
	entries, err := os.ReadDir(filepath.Join(l.dir, folder))
	if err != nil {
		l.fail(a.Expr.Range(), "Mock files cannot be read", "Reading the folder %s: %v.", folder, err)
		return
	}
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".tfmock.hcl") && !strings.HasSuffix(e.Name(), ".tfmock.json") {
			continue
		}
		name := path.Join(filepath.ToSlash(folder), e.Name())
		src, err := os.ReadFile(filepath.Join(l.dir, name))
		if err != nil {
			l.fail(a.Expr.Range(), "Mock file cannot be read", "Reading the file %s: %v.", name, err)
			continue
		}
		l.sources[name] = src
		f, diags := syntax.File(src, name)
		l.diags = append(l.diags, diags...)
		if f != nil {
			l.mocks(d, l.content(f.Body, mockFileSchema).Blocks)
		}
	}
}

var mockSchema = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "defaults"}, {Name: "override_during"}}}

// mocks reads the blocks of a double. Those in the test file come after those of
// other files, and win.
func (l *loader) mocks(d *double, blocks hcl.Blocks) {
	for _, b := range blocks {
		into := d.data
		switch b.Type {
		case "mock_resource":
			into = d.resources
		case "mock_data":
		default:
			l.override(&d.overrides, b)
			continue
		}
		c := l.content(b.Body, mockSchema)
		v := &values{at: b.DefRange}
		if a := c.Attributes["defaults"]; a != nil {
			v.expr = a.Expr
		}
		if a := c.Attributes["override_during"]; a != nil {
			v.planned = l.during(a)
		}
		into[b.Labels[0]] = v
	}
}

var overrideSchema = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "target", Required: true}, {Name: "values"}, {Name: "outputs"}, {Name: "override_during"}}}

func (l *loader) override(into *[]*override, b *hcl.Block) {
	c := l.content(b.Body, overrideSchema)
	target := c.Attributes["target"]
	if target == nil {
		return
	}
	t, diags := hcl.AbsTraversalForExpr(target.Expr)
	l.diags = append(l.diags, diags...)
	if diags.HasErrors() {
		return
	}
	o := &override{block: b.Type, target: t, values: &values{at: b.DefRange}, at: b.DefRange}
	wanted, other := "values", "outputs"
	if b.Type == "override_module" {
		wanted, other = other, wanted
	}
	if a := c.Attributes[other]; a != nil {
		l.fail(a.NameRange, "Unsupported argument", "An %s block has %s, not %s.", b.Type, wanted, other)
	}
	if a := c.Attributes[wanted]; a != nil {
		o.values.expr = a.Expr
	}
	if a := c.Attributes["override_during"]; a != nil {
		o.values.planned = l.during(a)
	}
	for _, before := range *into {
		if before.block == o.block && text(before.target) == text(o.target) {
			l.fail(b.DefRange, "Declared twice", "%s is already overridden at %s:%d. Remove one of the blocks.", text(o.target), before.at.Filename, before.at.Start.Line)
			return
		}
	}
	*into = append(*into, o)
}

// during tells that values are to be known when planning already.
func (l *loader) during(a *hcl.Attribute) *bool {
	planned := false
	switch hcl.ExprAsKeyword(a.Expr) {
	case "plan":
		planned = true
	case "apply":
	default:
		l.fail(a.Expr.Range(), "Invalid override_during", "override_during is either plan or apply, without quotes.")
	}
	return &planned
}

// passed reads the argument providers: the module's names for the file's ones.
func (l *loader) passed(e hcl.Expression) map[config.ProviderRef]config.ProviderRef {
	pairs, diags := hcl.ExprMap(e)
	l.diags = append(l.diags, diags...)
	out := map[config.ProviderRef]config.ProviderRef{}
	for _, pair := range pairs {
		inside, ok := l.ref(pair.Key)
		outside, fine := l.ref(pair.Value)
		if ok && fine {
			out[inside] = outside
		}
	}
	return out
}

func (l *loader) ref(e hcl.Expression) (config.ProviderRef, bool) {
	t, diags := hcl.AbsTraversalForExpr(e)
	if diags.HasErrors() || len(t) > 2 {
		l.fail(e.Range(), "Invalid provider reference", "A provider is named NAME or NAME.ALIAS, without quotes.")
		return config.ProviderRef{}, false
	}
	out := config.ProviderRef{Name: t.RootName()}
	if len(t) == 2 {
		if a, ok := t[1].(hcl.TraverseAttr); ok {
			out.Alias = a.Name
		}
	}
	return out, true
}

// sorted are the keys of a map in order.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

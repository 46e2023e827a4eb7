package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/syntax"
)

// Listing is what a list block says beside the arguments of its provider.
type Listing struct {
	IncludeResource hcl.Expression // nil for false
	Limit           hcl.Expression // nil for the default
}

// LoadQuery is Load with the query files of the root module, *.tfquery.hcl and
// *.tfquery.json, which hold list blocks. Only they need be there.
func LoadQuery(dir string, resolve Resolver, static Evaluate) (*Module, hcl.Diagnostics) {
	m, diags := withQueries(dir, resolve, static)
	for name := range m.sources {
		if IsQuery(name) {
			return m, diags
		}
	}
	return m, append(diags, &hcl.Diagnostic{
		Severity: hcl.DiagError, Summary: "No query files",
		Detail: fmt.Sprintf("The directory %s contains no .tfquery.hcl file. Create one with a list block, or name the right directory with -chdir.", dir),
	})
}

// LoadAll is LoadWith with the query files that are there: whoever installs what the
// configuration needs prepares for queries, too.
func LoadAll(dir string, resolve Resolver, static Evaluate) (*Module, hcl.Diagnostics) {
	return withQueries(dir, resolve, static)
}

// LoadRootAll is LoadRoot with the query files that are there.
func LoadRootAll(dir string) (*Module, hcl.Diagnostics) {
	sources, diags := readAll(dir)
	if diags.HasErrors() {
		return newModule(dir), diags
	}
	return decode(dir, sources)
}

func withQueries(dir string, resolve Resolver, static Evaluate) (*Module, hcl.Diagnostics) {
	t := &tree{resolve: resolve, static: static, decoded: map[string]*Module{}}
	t.read = func(folder string) (map[string][]byte, hcl.Diagnostics) {
		if folder != dir {
			return readDir(folder)
		}
		return readAll(folder)
	}
	return t.load(dir)
}

// readAll reads the configuration of a folder and its query files.
func readAll(dir string) (map[string][]byte, hcl.Diagnostics) {
	sources, diags := readDir(dir)
	if diags.HasErrors() {
		return sources, diags
	}
	return sources, append(diags, readQueries(dir, sources)...)
}

// IsQuery tells a query file by its name.
func IsQuery(name string) bool {
	return !strings.HasPrefix(name, ".") && !strings.HasPrefix(name, "#") &&
		(strings.HasSuffix(name, ".tfquery.hcl") || strings.HasSuffix(name, ".tfquery.json"))
}

func readQueries(dir string, into map[string][]byte) hcl.Diagnostics {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil //nolint:nilerr // reading the configuration has reported it
	}
	var diags hcl.Diagnostics
	for _, e := range entries {
		if !IsQuery(e.Name()) || e.IsDir() {
			continue
		}
		path := filepath.Join(dir, e.Name())
		src, err := syntax.Source(path)
		if err != nil {
			diags = append(diags, &hcl.Diagnostic{
				Severity: hcl.DiagError, Summary: "Query file cannot be read", Detail: fmt.Sprintf("Reading the file %s: %v.", path, err),
			})
			continue
		}
		into[e.Name()] = src
	}
	return diags
}

var querySchema = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
	{Type: "list", LabelNames: []string{"type", "name"}},
	{Type: "provider", LabelNames: []string{"name"}},
	{Type: "variable", LabelNames: []string{"name"}},
	{Type: "locals"},
}}

// query puts the blocks of a query file into the module.
func (l *loader) query(f *hcl.File) {
	for _, b := range l.content(f.Body, querySchema).Blocks {
		if !l.labels(b) {
			continue
		}
		switch b.Type {
		case "list":
			l.list(b)
		case "provider":
			l.provider(b)
		case "variable":
			l.variable(b)
		case "locals":
			l.locals(b)
		}
	}
}

var listSchema = &hcl.BodySchema{
	Attributes: []hcl.AttributeSchema{{Name: "count"}, {Name: "for_each"}, {Name: "provider"}, {Name: "include_resource"}, {Name: "limit"}},
	Blocks:     []hcl.BlockHeaderSchema{{Type: "config"}},
}

// list reads a list block, which is kept among the resources.
func (l *loader) list(b *hcl.Block) {
	id := addr.Resource{Mode: addr.List, Type: b.Labels[0], Name: b.Labels[1]}
	var at *hcl.Range
	if existing := l.m.Resources[id]; existing != nil {
		at = &existing.Range
	}
	if !l.declare("list", id.String(), b.DefRange, at) {
		return
	}
	r := &Resource{Addr: id, Body: emptyAt(b.DefRange), Listing: &Listing{}, Range: b.DefRange}
	l.m.Resources[id] = r
	c := l.content(b.Body, listSchema)
	l.repetition(&r.Repetition, id.String(), c)
	if a := c.Attributes["provider"]; a != nil {
		r.Provider = l.providerRef(a.Expr)
	}
	if a := c.Attributes["include_resource"]; a != nil {
		r.Listing.IncludeResource = a.Expr
	}
	if a := c.Attributes["limit"]; a != nil {
		r.Listing.Limit = a.Expr
	}
	l.configBlock(r, c.Blocks)
}

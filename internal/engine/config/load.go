package config

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/syntax"
)

// readDir is the content of the configuration files in dir, by base name.
func readDir(dir string) (map[string][]byte, hcl.Diagnostics) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, hcl.Diagnostics{{
			Severity: hcl.DiagError,
			Summary:  "Configuration directory cannot be read",
			Detail:   fmt.Sprintf("Reading the directory %s: %v.", dir, err),
		}}
	}
	sources := map[string][]byte{}
	var diags hcl.Diagnostics
	for _, e := range entries {
		name := e.Name()
		if _, ok := stem(name); !ok || e.IsDir() {
			continue
		}
		src, err := syntax.Source(filepath.Join(dir, name))
		if err != nil {
			diags = append(diags, &hcl.Diagnostic{
				Severity: hcl.DiagError,
				Summary:  "Configuration file cannot be read",
				Detail:   fmt.Sprintf("Reading the file %s: %v.", filepath.Join(dir, name), err),
			})
			continue
		}
		sources[name] = src
	}
	maps.DeleteFunc(sources, func(name string, _ []byte) bool { return hidden(name, sources) })
	return sources, diags
}

// decode reads the module of the given files, by base name, as if they were in
// dir. What it calls is left aside.
func decode(dir string, sources map[string][]byte) (*Module, hcl.Diagnostics) {
	m := newModule(dir)
	m.sources = sources
	if len(sources) == 0 {
		return m, hcl.Diagnostics{{
			Severity: hcl.DiagError,
			Summary:  "No configuration files",
			Detail:   fmt.Sprintf("The directory %s contains no .tf or .tf.json file. Create one, or name the right directory with -chdir.", dir),
		}}
	}
	var diags hcl.Diagnostics
	for _, override := range []bool{false, true} {
		for _, name := range slices.Sorted(maps.Keys(sources)) {
			if word, _ := stem(name); (word == "override" || strings.HasSuffix(word, "_override")) != override {
				continue
			}
			// filepath.Join cleans, so that a file of "." is called by its bare name.
			f, d := m.parse(filepath.Join(dir, name), sources[name])
			diags = append(diags, d...)
			if f == nil {
				continue
			}
			l := loader{m: m, override: override}
			if IsQuery(name) {
				l.query(f)
			} else {
				l.file(f)
			}
			diags = append(diags, l.diags...)
		}
	}
	diags = append(diags, m.twice()...)
	return m, append(diags, m.settle()...)
}

func newModule(dir string) *Module {
	return &Module{
		Dir:       dir,
		Files:     map[string]*hcl.File{},
		Required:  map[string]*Requirement{},
		Providers: map[ProviderRef]*Provider{},
		Variables: map[string]*Variable{},
		Locals:    map[string]*Local{},
		Outputs:   map[string]*Output{},
		Resources: map[addr.Resource]*Resource{},
		Calls:     map[string]*Call{},
		Checks:    map[string]*CheckBlock{},
	}
}

// stem is the name of a configuration file without its extension; false for a
// file that is none.
func stem(name string) (string, bool) {
	for _, extension := range []string{".tf", ".tf.json", ".tofu", ".tofu.json"} {
		if word, ok := strings.CutSuffix(name, extension); ok {
			return word, !strings.HasPrefix(name, ".") && !strings.HasPrefix(name, "#")
		}
	}
	return "", false
}

// hidden tells that name is a .tf file whose place another takes: OpenTofu's
// extension goes before Terraform's.
func hidden(name string, sources map[string][]byte) bool {
	for _, pair := range [][2]string{{".tf", ".tofu"}, {".tf.json", ".tofu.json"}} {
		if word, ok := strings.CutSuffix(name, pair[0]); ok && sources[word+pair[1]] != nil {
			return true
		}
	}
	return false
}

func (m *Module) parse(path string, src []byte) (*hcl.File, hcl.Diagnostics) {
	f, diags := syntax.File(src, path)
	if f == nil {
		m.Files[path] = &hcl.File{Bytes: src}
		return nil, diags
	}
	m.Files[path] = f
	return f, diags
}

// check finds what can only be seen once the module has its place.
func (m *Module) check() hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, r := range slices.SortedFunc(maps.Values(m.Resources), func(a, b *Resource) int { return comparePlaces(a.Range, b.Range) }) {
		ref := r.LocalProvider()
		if _, _, ok := m.ProviderConfig(ref); !ok {
			diags = append(diags, undeclaredProvider(r.Addr.String(), ref, r.ProviderRange()))
		}
	}
	for _, c := range m.sortedCalls() {
		for _, use := range c.Providers {
			if _, _, ok := m.ProviderConfig(use.Ref); !ok {
				diags = append(diags, undeclaredProvider(c.String(), use.Ref, use.Range))
			}
		}
	}
	return diags
}

// twice warns of two names for one provider.
func (m *Module) twice() hcl.Diagnostics {
	var diags hcl.Diagnostics
	first := map[addr.Provider]*Requirement{}
	for _, r := range m.required() {
		other := first[r.Provider]
		if other == nil {
			first[r.Provider] = r
			continue
		}
		diags = append(diags, &hcl.Diagnostic{
			Severity: hcl.DiagWarning, Summary: "Duplicate required provider", Subject: &r.Range,
			Detail: fmt.Sprintf("The provider %s has the name %q as well, given at %s:%d. Its configurations go by either name, so use one of them only.", r.Provider.Display(), other.Name, other.Range.Filename, other.Range.Start.Line),
		})
	}
	return diags
}

func undeclaredProvider(user string, ref ProviderRef, at hcl.Range) *hcl.Diagnostic {
	return &hcl.Diagnostic{
		Severity: hcl.DiagError,
		Summary:  "Provider configuration not declared",
		Detail:   fmt.Sprintf("%s uses the provider configuration %s, but there is no provider %q block with alias = %q, and no caller passes one.", user, ref, ref.Name, ref.Alias),
		Subject:  &at,
	}
}

func comparePlaces(a, b hcl.Range) int {
	if c := strings.Compare(a.Filename, b.Filename); c != 0 {
		return c
	}
	return a.Start.Byte - b.Start.Byte
}

// loader puts the blocks of one file into the module.
type loader struct {
	m        *Module
	override bool
	diags    hcl.Diagnostics
}

func (l *loader) fail(at hcl.Range, summary, detail string, args ...any) {
	l.diags = append(l.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(detail, args...), Subject: &at})
}

func (l *loader) warn(at hcl.Range, summary, detail string, args ...any) {
	l.diags = append(l.diags, &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: summary, Detail: fmt.Sprintf(detail, args...), Subject: &at})
}

// content reads a body by its schema and keeps the diagnostics.
func (l *loader) content(body hcl.Body, schema *hcl.BodySchema) *hcl.BodyContent {
	c, diags := body.Content(schema)
	l.diags = append(l.diags, diags...)
	return c
}

var fileSchema = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
	{Type: "terraform"},
	{Type: "provider", LabelNames: []string{"name"}},
	{Type: "variable", LabelNames: []string{"name"}},
	{Type: "locals"},
	{Type: "output", LabelNames: []string{"name"}},
	{Type: "resource", LabelNames: []string{"type", "name"}},
	{Type: "data", LabelNames: []string{"type", "name"}},
	{Type: "module", LabelNames: []string{"name"}},
	{Type: "moved"},
	{Type: "import"},
	{Type: "removed"},
	{Type: "check", LabelNames: []string{"name"}},
	{Type: "ephemeral", LabelNames: []string{"type", "name"}},
	{Type: "action", LabelNames: []string{"type", "name"}},
	{Type: "language"},
}}

func (l *loader) file(f *hcl.File) {
	for _, b := range l.content(f.Body, fileSchema).Blocks {
		if !l.labels(b) {
			continue
		}
		switch b.Type {
		case "terraform":
			l.terraform(b)
		case "language":
			l.warn(b.DefRange, "\"language\" has no effect", "This engine follows the language of Terraform %s, whatever the block says.", LanguageVersion)
		case "provider":
			l.provider(b)
		case "variable":
			l.variable(b)
		case "locals":
			l.locals(b)
		case "output":
			l.output(b)
		case "module":
			l.call(b)
		case "moved":
			l.moved(b)
		case "import":
			l.importBlock(b)
		case "removed":
			l.removed(b)
		case "check":
			l.check(b)
		case "resource", "data", "ephemeral":
			l.resource(b)
		case "action":
			l.action(b)
		}
	}
}

func (l *loader) labels(b *hcl.Block) bool {
	for i, name := range b.Labels {
		if !hclsyntax.ValidIdentifier(name) {
			l.fail(b.LabelRanges[i], "Invalid name", "A name must start with a letter or underscore and may contain only letters, digits, underscores and dashes: %q does not.", name)
			return false
		}
	}
	return true
}

// declare reports whether the block may be decoded: a first declaration
// outside of an override file, or a second one inside it.
func (l *loader) declare(what, name string, at hcl.Range, existing *hcl.Range) bool {
	switch {
	case l.override && existing == nil:
		l.fail(at, "Nothing to override", "There is no %s %q to override. An override file changes only what another file declares.", what, name)
		return false
	case !l.override && existing != nil:
		l.fail(at, "Declared twice", "The %s %q was already declared at %s:%d. Rename or remove one of them.", what, name, existing.Filename, existing.Start.Line)
		return false
	}
	return true
}

package suite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/syntax"
)

// extensions are those of test files.
var extensions = []string{".tftest.hcl", ".tftest.json", ".tofutest.hcl", ".tofutest.json"}

// Load reads the test files of the configuration in dir, and of the folder tests
// inside of it, by name. Sources has the content of each, for diagnostics.
func Load(dir, tests string) (files []*File, sources map[string][]byte, diags hcl.Diagnostics) {
	sources = map[string][]byte{}
	folders := []string{"."}
	if tests = filepath.Clean(tests); tests != "." {
		folders = append(folders, tests)
	}
	for _, folder := range folders {
		entries, err := os.ReadDir(filepath.Join(dir, folder))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, sources, append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Test files cannot be read", Detail: fmt.Sprintf("Reading the folder %s: %v.", folder, err)})
		}
		for _, e := range entries {
			name := filepath.ToSlash(filepath.Join(folder, e.Name()))
			if e.IsDir() || strings.HasPrefix(e.Name(), ".") || !slices.ContainsFunc(extensions, func(x string) bool { return strings.HasSuffix(name, x) }) {
				continue
			}
			src, err := syntax.Source(filepath.Join(dir, name))
			if err != nil {
				diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Test file cannot be read", Detail: fmt.Sprintf("Reading the file %s: %v.", name, err)})
				continue
			}
			sources[name] = src
			f, more := parse(dir, name, src, sources)
			diags = append(diags, more...)
			files = append(files, f)
		}
	}
	slices.SortFunc(files, func(a, b *File) int { return strings.Compare(a.Path, b.Path) })
	return files, sources, diags
}

// parse reads one file.
func parse(dir, name string, src []byte, sources map[string][]byte) (*File, hcl.Diagnostics) {
	l := &loader{dir: dir, sources: sources, f: &File{Path: name, variables: map[string]hcl.Expression{}, providers: map[config.ProviderRef]*provider{}}}
	l.f.source, l.diags = syntax.File(src, name)
	if l.f.source != nil {
		l.file(l.f.source.Body)
	}
	return l.f, l.diags
}

// loader puts the blocks of one file into it.
type loader struct {
	dir     string
	sources map[string][]byte
	f       *File
	diags   hcl.Diagnostics
}

func (l *loader) fail(at hcl.Range, summary, detail string, args ...any) {
	l.diags = append(l.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(detail, args...), Subject: &at})
}

func (l *loader) content(body hcl.Body, schema *hcl.BodySchema) *hcl.BodyContent {
	c, diags := body.Content(schema)
	l.diags = append(l.diags, diags...)
	return c
}

var overrideBlocks = []hcl.BlockHeaderSchema{{Type: "override_resource"}, {Type: "override_data"}, {Type: "override_module"}}

var fileSchema = &hcl.BodySchema{Blocks: append([]hcl.BlockHeaderSchema{
	{Type: "test"}, {Type: "variables"}, {Type: "provider", LabelNames: []string{"name"}},
	{Type: "mock_provider", LabelNames: []string{"name"}}, {Type: "run", LabelNames: []string{"name"}},
}, overrideBlocks...)}

var testSchema = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "parallel"}}}

func (l *loader) file(body hcl.Body) {
	c := l.content(body, fileSchema)
	for _, b := range c.Blocks {
		switch b.Type {
		case "test":
			if a := l.content(b.Body, testSchema).Attributes["parallel"]; a != nil {
				l.f.parallel = l.flag(a)
			}
		case "variables":
			l.assignments(b, l.f.variables, nil)
		case "provider", "mock_provider":
			l.provider(b)
		case "override_resource", "override_data", "override_module":
			l.override(&l.f.overrides, b)
		}
	}
	names := map[string]hcl.Range{}
	for _, b := range c.Blocks {
		if b.Type != "run" {
			continue
		}
		name := b.Labels[0]
		if before, ok := names[name]; ok {
			l.fail(b.DefRange, "Declared twice", "The run %q was already declared at %s:%d. Rename or remove one of them.", name, before.Filename, before.Start.Line)
			continue
		}
		if !hclsyntax.ValidIdentifier(name) {
			l.fail(b.LabelRanges[0], "Invalid name", "A name must start with a letter or underscore and may contain only letters, digits, underscores and dashes: %q does not.", name)
			continue
		}
		names[name] = b.DefRange
		l.f.Runs = append(l.f.Runs, l.run(b))
	}
}

// assignments reads a block of variables.
func (l *loader) assignments(b *hcl.Block, into map[string]hcl.Expression, at map[string]hcl.Range) {
	attributes, diags := b.Body.JustAttributes()
	l.diags = append(l.diags, diags...)
	for name, a := range attributes {
		into[name] = a.Expr
		if at != nil {
			at[name] = a.NameRange
		}
	}
}

var runSchema = &hcl.BodySchema{
	Attributes: []hcl.AttributeSchema{
		{Name: "command"}, {Name: "providers"}, {Name: "expect_failures"},
		{Name: "state_key"}, {Name: "parallel"}, {Name: "skip_cleanup"},
	},
	Blocks: append([]hcl.BlockHeaderSchema{{Type: "plan_options"}, {Type: "assert"}, {Type: "variables"}, {Type: "module"}}, overrideBlocks...),
}

func (l *loader) run(b *hcl.Block) *Run {
	r := &Run{Name: b.Labels[0], Range: b.DefRange, apply: true, variables: map[string]hcl.Expression{}, given: map[string]hcl.Range{}, parallel: l.f.parallel}
	c := l.content(b.Body, runSchema)
	for name, a := range c.Attributes {
		switch name {
		case "command":
			switch word := hcl.ExprAsKeyword(a.Expr); word {
			case "plan":
				r.apply = false
			case "apply":
			default:
				l.fail(a.Expr.Range(), "Invalid command", "The command of a run is either plan or apply, without quotes.")
			}
		case "providers":
			r.providers = l.passed(a.Expr)
		case "expect_failures":
			r.expected = l.traversals(a)
		case "state_key":
			r.stateKey = l.text(a)
		case "parallel":
			r.parallel = l.flag(a)
		case "skip_cleanup":
			r.keep = l.flag(a)
		}
	}
	for _, nested := range c.Blocks {
		switch nested.Type {
		case "plan_options":
			l.options(r, nested)
		case "assert":
			l.assert(r, nested)
		case "variables":
			l.assignments(nested, r.variables, r.given)
		case "module":
			l.module(r, nested)
		default:
			l.override(&r.overrides, nested)
		}
	}
	if !r.apply && r.keep {
		l.fail(r.Range, "Nothing to keep", "skip_cleanup leaves what a run has made, but this one only plans. Remove the argument.")
	}
	return r
}

var optionsSchema = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "mode"}, {Name: "refresh"}, {Name: "replace"}, {Name: "target"}}}

func (l *loader) options(r *Run, b *hcl.Block) {
	for name, a := range l.content(b.Body, optionsSchema).Attributes {
		switch name {
		case "mode":
			switch word := hcl.ExprAsKeyword(a.Expr); word {
			case "normal":
			case "refresh-only":
				r.mode = plan.RefreshOnly
			default:
				l.fail(a.Expr.Range(), "Invalid mode", "The mode of a plan is either normal or refresh-only, without quotes.")
			}
		case "refresh":
			r.noRefresh = !l.flag(a)
		case "replace":
			r.replace = l.traversals(a)
		case "target":
			r.targets = l.traversals(a)
		}
	}
}

var assertSchema = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "condition", Required: true}, {Name: "error_message", Required: true}}}

func (l *loader) assert(r *Run, b *hcl.Block) {
	c := l.content(b.Body, assertSchema)
	if condition, message := c.Attributes["condition"], c.Attributes["error_message"]; condition != nil && message != nil {
		r.asserts = append(r.asserts, &config.Check{Condition: condition.Expr, Message: message.Expr, Range: b.DefRange})
	}
}

var moduleSchema = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "source", Required: true}, {Name: "version"}}}

func (l *loader) module(r *Run, b *hcl.Block) {
	c := l.content(b.Body, moduleSchema)
	a := c.Attributes["source"]
	if a == nil {
		return
	}
	r.module, r.moduleRange = l.text(a), a.Expr.Range()
	if !strings.HasPrefix(r.module, "./") && !strings.HasPrefix(r.module, "../") || c.Attributes["version"] != nil {
		l.fail(r.moduleRange, "Only local modules can be tested", "The source %q is no local path. Name a folder, beginning with ./ or ../, that may call the other module.", r.module)
	}
}

// flag is the value of an argument that must be a literal true or false.
func (l *loader) flag(a *hcl.Attribute) bool {
	v, diags := a.Expr.Value(nil)
	if diags.HasErrors() || v.Type().FriendlyName() != "bool" || v.IsNull() {
		l.fail(a.Expr.Range(), "Literal true or false required", "The argument %q must be true or false without references.", a.Name)
		return false
	}
	return v.True()
}

// text is the value of an argument that must be a literal string.
func (l *loader) text(a *hcl.Attribute) string {
	v, diags := a.Expr.Value(nil)
	if diags.HasErrors() || v.Type().FriendlyName() != "string" || v.IsNull() {
		l.fail(a.Expr.Range(), "Literal string required", "The argument %q must be a string without references.", a.Name)
		return ""
	}
	return v.AsString()
}

// traversals are the elements of a list of references.
func (l *loader) traversals(a *hcl.Attribute) []hcl.Traversal {
	exprs, diags := hcl.ExprList(a.Expr)
	l.diags = append(l.diags, diags...)
	var out []hcl.Traversal
	for _, e := range exprs {
		t, diags := hcl.AbsTraversalForExpr(e)
		l.diags = append(l.diags, diags...)
		if !diags.HasErrors() {
			out = append(out, t)
		}
	}
	return out
}

package config

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
)

// Resolver says in which directory the module that c calls is. Key tells calls
// apart as modules.json does: the names on the way from the root, joined by dots.
// It is asked for sources that are no local path only.
type Resolver func(c *Call, key string) (dir string, diags hcl.Diagnostics)

// Load reads the module in dir, and all that it calls. The module is never nil,
// so that the Files of the tree can show the snippets of the diagnostics. Without
// a resolver, only modules at local paths are found.
func Load(dir string, resolve Resolver) (*Module, hcl.Diagnostics) {
	return LoadWith(dir, resolve, nil)
}

// Evaluate is the value of an expression in m that is needed to load what m calls.
type Evaluate func(m *Module, x hcl.Expression) (cty.Value, hcl.Diagnostics)

// LoadWith is Load where the sources and versions of modules, and what is given for
// variables with const = true, may be more than literals: static evaluates them.
func LoadWith(dir string, resolve Resolver, static Evaluate) (*Module, hcl.Diagnostics) {
	t := &tree{resolve: resolve, static: static, read: readDir, decoded: map[string]*Module{}}
	return t.load(dir)
}

// LoadRoot reads the module in dir alone: its calls are not followed, and nothing
// is checked that depends on them. It is enough to know the backend.
func LoadRoot(dir string) (*Module, hcl.Diagnostics) {
	sources, diags := readDir(dir)
	if diags.HasErrors() {
		return newModule(dir), diags
	}
	return decode(dir, sources)
}

// tree is one run of loading.
type tree struct {
	resolve Resolver
	static  Evaluate          // nil for literals only
	known   map[string]string // directories by key, where all are known beforehand
	read    func(dir string) (map[string][]byte, hcl.Diagnostics)
	decoded map[string]*Module // by directory: what several calls share
}

func (t *tree) load(dir string) (*Module, hcl.Diagnostics) {
	m, diags := t.module(dir, "", nil, "")
	if diags.HasErrors() {
		return m, diags
	}
	for x := range m.All() {
		diags = append(diags, x.check()...)
		for _, b := range x.Imports {
			if x.Parent != nil {
				diags = append(diags, &hcl.Diagnostic{
					Severity: hcl.DiagError, Summary: "Import in a called module", Subject: &b.Range,
					Detail: "Only the root module has import blocks, as ids belong to one deployment. Move the block there; it can lead to resources of other modules.",
				})
			}
		}
		for _, c := range x.sortedCalls() {
			diags = append(diags, x.checkCall(c)...)
			diags = append(diags, t.constants(x, c)...)
		}
	}
	return m, diags
}

// module is the module in dir, in its place.
func (t *tree) module(dir, source string, parent *Module, path addr.Module) (*Module, hcl.Diagnostics) {
	shared := t.decoded[dir]
	var diags hcl.Diagnostics
	if shared == nil {
		sources, d := t.read(dir)
		if d.HasErrors() {
			return newModule(dir), d
		}
		shared, diags = decode(dir, sources)
		t.decoded[dir] = shared
	}
	m := *shared
	m.Source, m.Parent, m.Path, m.Children = source, parent, path, map[string]*Module{}
	for _, c := range m.sortedCalls() {
		at, source, d := t.source(&m, c)
		diags = append(diags, d...)
		if d.HasErrors() {
			continue
		}
		child, d := t.module(at, source, &m, path.Child(c.Name))
		diags = append(diags, calledFrom(c, d)...)
		m.Children[c.Name] = child
	}
	return &m, diags
}

// calledFrom gives the place of the call to diagnostics without one of their own.
func calledFrom(c *Call, diags hcl.Diagnostics) hcl.Diagnostics {
	for _, d := range diags {
		if d.Subject == nil {
			at := c.Source.Range()
			d.Subject = &at
		}
	}
	return diags
}

// source is the directory of the module that c, in m, calls.
func (t *tree) source(m *Module, c *Call) (dir, source string, diags hcl.Diagnostics) {
	if t.known != nil {
		return t.known[Key(m.Path.Child(c.Name))], "", nil
	}
	if c, diags = t.literal(m, c); diags.HasErrors() {
		return "", "", diags
	}
	at := c.Source.Range()
	fail := func(summary, detail string, args ...any) (string, string, hcl.Diagnostics) {
		return "", "", hcl.Diagnostics{{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(detail, args...), Subject: &at}}
	}
	l := loader{m: m}
	text, ok := l.textOf(c.Source, "source")
	if !ok {
		return "", "", l.diags
	}
	if !LocalSource(text) {
		if t.resolve == nil {
			return fail("Module not installed", "The source %q is no local path such as \"./name\". Run init first, which fetches the module.", text)
		}
		for around := m; around.Parent != nil; around = around.Parent {
			if call := around.Call(); around.Source == text && sameVersion(call, c) {
				return fail("Module calls itself", "The module %q is already being called, by %s. The tree of modules would have no end.", text, call)
			}
		}
		dir, diags = t.resolve(c, Key(m.Path.Child(c.Name)))
		return dir, text, diags
	}
	if c.Version != nil {
		version := c.Version.Range()
		return "", "", hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "No versions of local modules", Subject: &version,
			Detail: "A module at a local path is what is there: it has no versions to choose from. Remove the argument.",
		}}
	}
	dir = filepath.Join(m.Dir, filepath.FromSlash(text))
	for around := m; around != nil; around = around.Parent {
		if filepath.Clean(around.Dir) == dir {
			return fail("Module calls itself", "The source %q leads to %s, which is already being called. The tree of modules would have no end.", text, dir)
		}
	}
	return dir, text, nil
}

// sameVersion tells that two calls of one source ask for the same versions.
func sameVersion(a, b *Call) bool {
	text := func(c *Call) string {
		if c.Version == nil {
			return ""
		}
		if v, diags := c.Version.Value(nil); !diags.HasErrors() && v.Type() == cty.String && v.IsKnown() && !v.IsNull() {
			return v.AsString()
		}
		return "?"
	}
	return text(a) == text(b)
}

// literal is c with its source and version as literals.
func (t *tree) literal(m *Module, c *Call) (*Call, hcl.Diagnostics) {
	out := *c
	var diags hcl.Diagnostics
	for _, x := range []*hcl.Expression{&out.Source, &out.Version} {
		if *x == nil || t.static == nil {
			continue
		}
		if _, d := (*x).Value(nil); !d.HasErrors() {
			continue
		}
		v, d := t.static(m, *x)
		at := (*x).Range()
		if v.IsMarked() {
			d = append(d, &hcl.Diagnostic{
				Severity: hcl.DiagError, Summary: "Secret in the source of a module", Subject: &at,
				Detail: "Where a module is is kept and shown, so it must be neither sensitive nor ephemeral. Use another variable.",
			})
		}
		if diags = append(diags, d...); !d.HasErrors() {
			*x = hcl.StaticExpr(v, at)
		}
	}
	return &out, diags
}

// constants checks that what c gives for variables with const = true is known
// beforehand.
func (t *tree) constants(m *Module, c *Call) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for name, a := range c.Args {
		v := m.Children[c.Name].Variables[name]
		if v == nil || !v.Const || t.static == nil {
			continue
		}
		_, d := t.static(m, a.Expr)
		diags = append(diags, d...)
	}
	return diags
}

// LocalSource tells that the source of a module is a path relative to its caller.
func LocalSource(source string) bool {
	source = filepath.ToSlash(source)
	return source == "." || source == ".." || strings.HasPrefix(source, "./") || strings.HasPrefix(source, "../")
}

// Key is the name of a module in modules.json: "a.b" for module.a.module.b, empty
// for the root.
func Key(m addr.Module) string {
	return strings.ReplaceAll(strings.TrimPrefix(string(m), "module."), ".module.", ".")
}

// Snapshot is all that was read of a tree of modules, so that it can be loaded
// again whatever has become of the files.
type Snapshot struct {
	Root    string                       // directory
	Calls   map[string]string            // directories, by key
	Sources map[string]map[string][]byte // files by directory and base name
}

// Snapshot is what m, the root, was loaded from.
func (m *Module) Snapshot() *Snapshot {
	s := &Snapshot{Root: m.Dir, Calls: map[string]string{}, Sources: map[string]map[string][]byte{}}
	for x := range m.All() {
		if x.Parent != nil {
			s.Calls[Key(x.Path)] = x.Dir
		}
		s.Sources[x.Dir] = x.sources
	}
	return s
}

// Load reads the tree again.
func (s *Snapshot) Load() (*Module, hcl.Diagnostics) {
	t := &tree{
		decoded: map[string]*Module{}, known: s.Calls,
		read: func(dir string) (map[string][]byte, hcl.Diagnostics) { return s.Sources[dir], nil },
	}
	return t.load(s.Root)
}

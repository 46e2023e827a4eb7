// Package modules fetches the modules that a configuration calls from
// registries, Git repositories and the web, and remembers where they are in
// terraform's own form, .terraform/modules/modules.json.
//
// It must not read what is in modules. No shell sees anything of a source
// address, and nothing is written outside of the modules' folder.
package modules

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/apparentlymart/go-versions/versions"
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/lock"
)

// Manifest are the modules that are in place, by their keys: the names of the
// calls on the way from the root, joined by dots.
type Manifest map[string]Record

// Record is one module.
type Record struct {
	Key     string
	Source  string // its full address; empty for the root
	Version string `json:",omitempty"` // for modules of registries
	Dir     string // with slashes
}

type manifestJSON struct{ Modules []Record }

// manifestName is the file in the folder of modules.
const manifestName = "modules.json"

// Read reads the manifest in a folder of modules. A missing one is empty.
func Read(dir string) (Manifest, error) {
	raw, err := os.ReadFile(filepath.Join(dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return Manifest{}, nil
	}
	if err != nil {
		return nil, err
	}
	var doc manifestJSON
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, fmt.Errorf("reading %s: %w; remove it and run init", filepath.Join(dir, manifestName), err)
	}
	out := Manifest{}
	for _, r := range doc.Modules {
		out[r.Key] = r
	}
	return out, nil
}

// write replaces the manifest in a folder of modules.
func (m Manifest) write(dir string) error {
	doc := manifestJSON{}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		doc.Modules = append(doc.Modules, m[key])
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	t, err := os.CreateTemp(dir, manifestName+".")
	if err != nil {
		return err
	}
	_, err = t.Write(raw)
	if err = errors.Join(err, t.Chmod(0o644), t.Close()); err == nil {
		err = os.Rename(t.Name(), filepath.Join(dir, manifestName))
	}
	if err != nil {
		_ = os.Remove(t.Name())
	}
	return err
}

// Resolve is the folder of a module that was fetched before, if it is still what
// the call asks for.
func (m Manifest) Resolve(c *config.Call, key string) (string, hcl.Diagnostics) {
	w, diags := wish(c)
	if diags.HasErrors() {
		return "", diags
	}
	if why := m.unfit(key, w); why != "" {
		at := c.Source.Range()
		return "", hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "Module not installed", Subject: &at,
			Detail: fmt.Sprintf("The module %s, which %s calls, %s. Run init, which fetches it.", w.source.safe(), c, why),
		}}
	}
	return filepath.FromSlash(m[key].Dir), nil
}

// unfit says why what is in place is not what is wanted; empty if it is.
func (m Manifest) unfit(key string, w *wanted) string {
	r, ok := m[key]
	if !ok {
		return "was not fetched yet"
	}
	if r.Source != w.source.String() {
		return "is another than the one that was fetched"
	}
	if w.source.kind == fromRegistry {
		if v, err := versions.ParseVersion(r.Version); err != nil || !w.allowed.Has(v) {
			return fmt.Sprintf("was fetched in version %s, which does not match the version constraint %q", r.Version, w.constraint)
		}
	}
	if at, err := os.Stat(filepath.FromSlash(r.Dir)); err != nil || !at.IsDir() {
		return "is not in its folder any more"
	}
	return ""
}

// wanted is what a call asks for.
type wanted struct {
	source     source
	constraint string
	allowed    versions.Set
}

// wish reads what a call asks for.
func wish(c *config.Call) (*wanted, hcl.Diagnostics) {
	text, diags := literal(c.Source, "source")
	if diags.HasErrors() {
		return nil, diags
	}
	at := c.Source.Range()
	w := &wanted{allowed: versions.Released}
	var err error
	if w.source, err = parse(text); err != nil {
		return nil, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Invalid module source", Subject: &at, Detail: fmt.Sprintf("The source %q cannot be used: %v.", text, err)}}
	}
	if c.Version == nil {
		return w, nil
	}
	at = c.Version.Range()
	if w.constraint, diags = literal(c.Version, "version"); diags.HasErrors() {
		return nil, diags
	}
	if w.source.kind != fromRegistry {
		return nil, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Invalid version", Subject: &at, Detail: "Only modules in a registry have versions to choose from. A Git repository takes ?ref=TAG in the source instead. Remove the argument."}}
	}
	if w.allowed, err = lock.Meeting(w.constraint); err != nil {
		return nil, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Invalid version constraint", Subject: &at, Detail: fmt.Sprintf("The constraint cannot be used: %v.", err)}}
	}
	return w, nil
}

func literal(e hcl.Expression, name string) (string, hcl.Diagnostics) {
	v, diags := e.Value(nil)
	if diags.HasErrors() || v.Type() != cty.String || !v.IsKnown() || v.IsNull() {
		at := e.Range()
		return "", hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Literal string required", Subject: &at, Detail: fmt.Sprintf("The argument %q of a module must be a string without references: it is needed before anything is evaluated.", name)}}
	}
	return v.AsString(), nil
}

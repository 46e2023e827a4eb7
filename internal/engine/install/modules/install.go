package modules

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/apparentlymart/go-versions/versions"
	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/registry"
)

// Installer fetches modules while a configuration is loaded: its Resolve is the
// loader's resolver.
type Installer struct {
	Dir     string // the folder of modules, such as .terraform/modules
	Client  *registry.Client
	Upgrade bool              // fetch everything anew
	Report  func(line string) // what is going on; nil: nobody wants to know
	Static  config.Evaluate   // for sources that are no literals; nil refuses them

	ctx     context.Context
	old     Manifest
	now     Manifest
	fetched map[string]string                      // folders by the address of their package
	known   map[registry.Module][]versions.Version // versions that there are
}

// Load loads the configuration in dir, fetches the modules that it calls, and
// writes the manifest.
func (i *Installer) Load(ctx context.Context, dir string) (*config.Module, hcl.Diagnostics) {
	old, err := Read(i.Dir)
	if err != nil {
		old = Manifest{} // everything is fetched anew
	}
	i.ctx, i.old, i.now = ctx, old, Manifest{"": {Dir: "."}}
	i.fetched, i.known = map[string]string{}, map[registry.Module][]versions.Version{}
	m, diags := config.LoadAll(dir, i.resolve, i.Static)
	if diags.HasErrors() {
		return m, diags
	}
	for x := range m.All() {
		if key := config.Key(x.Path); key != "" {
			i.local(x, key)
		}
	}
	if len(i.now) == 1 && len(old) == 0 {
		return m, diags // nothing is called
	}
	if err := i.now.write(i.Dir); err != nil {
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Modules cannot be recorded", Detail: fmt.Sprintf("Writing what was fetched to %s: %v.", i.Dir, err)})
	}
	return m, diags
}

// local records a module at a local path.
func (i *Installer) local(x *config.Module, key string) {
	if _, ok := i.now[key]; ok {
		return
	}
	r := Record{Key: key, Source: x.Source, Dir: filepath.ToSlash(x.Dir)}
	i.now[key] = r
	if i.old[key] != r || i.Upgrade {
		i.report("- %s in %s", key, x.Dir)
	}
}

func (i *Installer) report(format string, args ...any) {
	if i.Report != nil {
		i.Report(fmt.Sprintf(format, args...))
	}
}

func (i *Installer) resolve(c *config.Call, key string) (string, hcl.Diagnostics) {
	w, diags := wish(c)
	if diags.HasErrors() {
		return "", diags
	}
	if !i.Upgrade && i.old.unfit(key, w) == "" {
		i.now[key] = i.old[key]
		return filepath.FromSlash(i.old[key].Dir), nil
	}
	r, err := i.fetch(w, key)
	if err != nil {
		at := c.Source.Range()
		return "", hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "Module cannot be installed", Subject: &at,
			Detail: fmt.Sprintf("Fetching the module %s, which %s calls: %v.", w.source.safe(), c, err),
		}}
	}
	i.now[key] = r
	i.report("- %s in %s", key, filepath.FromSlash(r.Dir))
	return filepath.FromSlash(r.Dir), nil
}

// fetch brings a module into the folder of its key.
func (i *Installer) fetch(w *wanted, key string) (Record, error) {
	if err := i.ctx.Err(); err != nil {
		return Record{}, errors.New("interrupted")
	}
	r := Record{Key: key, Source: w.source.String()}
	from := w.source
	if from.kind == fromRegistry {
		v, err := i.choose(w)
		if err != nil {
			return r, err
		}
		r.Version = v.String()
		i.report("Downloading %s %s for %s...", from.registry, v, key)
		text, err := i.Client.ModuleSource(i.ctx, from.registry, v)
		if err != nil {
			return r, err
		}
		if from, err = sentOn(text); err != nil {
			return r, fmt.Errorf("the registry names the source %q, which cannot be used: %w", text, err)
		}
	} else {
		i.report("Downloading %s for %s...", from.safe(), key)
	}
	dir := filepath.Join(i.Dir, key)
	if err := i.place(from, dir); err != nil {
		return r, err
	}
	at, err := inside(dir, from.sub)
	if err == nil && w.source.kind == fromRegistry {
		at, err = inside(at, w.source.sub)
	}
	r.Dir = filepath.ToSlash(at)
	return r, err
}

// sentOn reads a source that another machine has named: it must not be on this
// one.
func sentOn(text string) (source, error) {
	s, err := parse(text)
	if err == nil && (s.kind == fromFolder || s.kind == fromRegistry || s.kind == fromGit && strings.HasPrefix(s.url, "file:")) {
		err = errors.New("it is on this machine or in a registry")
	}
	return s, err
}

func (i *Installer) choose(w *wanted) (versions.Version, error) {
	m := w.source.registry
	have, ok := i.known[m]
	if !ok {
		var err error
		if have, err = i.Client.ModuleVersions(i.ctx, m); err != nil {
			return versions.Unspecified, err
		}
		i.known[m] = have
	}
	list := versions.List(have)
	best := list.NewestInSet(w.allowed)
	if best == versions.Unspecified {
		list.Sort()
		var texts []string
		for _, v := range list {
			texts = append(texts, v.String())
		}
		return best, fmt.Errorf("no version matches %q; the registry has %s", w.constraint, strings.Join(texts, ", "))
	}
	return best, nil
}

// place makes dir the package. Nothing is left of what was there; of a package
// that was fetched for another call it is a copy.
func (i *Installer) place(from source, dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	whole := from
	whole.sub = ""
	if same := i.fetched[whole.String()]; same != "" {
		return os.CopyFS(dir, os.DirFS(same))
	}
	if err := i.get(whole, dir, webHops); err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	i.fetched[whole.String()] = dir
	return nil
}

// inside is the folder sub, which may be a pattern that one folder matches.
func inside(dir, sub string) (string, error) {
	at := filepath.Join(dir, filepath.FromSlash(sub))
	if strings.ContainsAny(sub, "*?[") {
		found, err := filepath.Glob(at)
		if err != nil || len(found) != 1 {
			return "", fmt.Errorf("%d folders of the package match %q, but one must", len(found), sub)
		}
		at = found[0]
	}
	real, err := filepath.EvalSymlinks(at)
	if err == nil {
		var root string
		if root, err = filepath.EvalSymlinks(dir); err == nil {
			if rel, e := filepath.Rel(root, real); e != nil || !filepath.IsLocal(rel) {
				return "", fmt.Errorf("the folder %q leads outside of the package", sub)
			}
		}
	}
	if info, e := os.Stat(at); err != nil || e != nil || !info.IsDir() {
		return "", fmt.Errorf("the package has no folder %q", sub)
	}
	return at, nil
}

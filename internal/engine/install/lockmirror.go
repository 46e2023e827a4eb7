package install

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apparentlymart/go-versions/versions"
	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/lock"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/settings"
)

// From are the places that Lock and Mirror look at, whatever the settings say:
// a folder or a URL of a mirror, or, if neither is given, the registries.
type From struct{ Folder, URL string }

func (i *Installer) from(f From) []chosen {
	switch {
	case f.Folder != "":
		return []chosen{{mirror{f.Folder}, settings.Method{}}}
	case f.URL != "":
		return []chosen{{network{f.URL, i.Client}, settings.Method{}}}
	}
	return []chosen{{direct{i.Client}, settings.Method{}}}
}

// Lock adds to the lock file the hashes of the packages for some platforms. It
// installs nothing.
func (i *Installer) Lock(ctx context.Context, needs Needs, old lock.File, on []Platform, f From) (lock.File, hcl.Diagnostics) {
	out := old.Clone()
	var diags hcl.Diagnostics
	for _, p := range needs.Sorted() {
		s, err := i.lockOne(ctx, p, needs[p], out[p], on, i.from(f))
		if err != nil {
			diags = append(diags, problem("Failed to lock provider", "Locking the provider %s: %v.", p.Display(), err))
			continue
		}
		out[p] = s
	}
	return out, diags
}

func (i *Installer) lockOne(ctx context.Context, p addr.Provider, texts []string, locked *lock.Selection, on []Platform, all []chosen) (*lock.Selection, error) {
	s, err := i.choose(ctx, p, texts, locked, all, Options{})
	if err != nil {
		return nil, err
	}
	for _, platform := range on {
		f, err := search(ctx, p, s.Version, platform, all)
		if err != nil {
			return nil, err
		}
		i.report(Event{Kind: Installing, Provider: p, Version: s.Version, Platform: platform})
		hashes, err := i.hashes(ctx, f)
		if err != nil {
			return nil, err
		}
		s.Add(hashes[0])
		s.Add(f.signed...)
		i.report(Event{Kind: Installed, Provider: p, Version: s.Version, Platform: platform, Proof: f.proof})
	}
	return s, nil
}

// hashes are those of a package, fetched for that if need be.
func (i *Installer) hashes(ctx context.Context, f *found) ([]string, error) {
	here := *f
	if f.url != "" {
		file, err := download(ctx, i.Client, f.url)
		if err != nil {
			return nil, fmt.Errorf("fetching the package: %w", err)
		}
		defer os.Remove(file)
		here.archive = file
	}
	return here.check(&lock.Selection{})
}

// Mirror puts the archives of the needed versions for some platforms into dir,
// in the form of a mirror that can be read as a folder and over HTTP. A lock file
// selects the versions, if it has some.
func (i *Installer) Mirror(ctx context.Context, needs Needs, locked lock.File, on []Platform, dir string) hcl.Diagnostics {
	locked = locked.Clone()
	var diags hcl.Diagnostics
	for _, p := range needs.Sorted() {
		if err := i.mirrorOne(ctx, p, needs[p], locked[p], on, dir); err != nil {
			diags = append(diags, problem("Failed to mirror provider", "Mirroring the provider %s: %v.", p.Display(), err))
		}
	}
	return diags
}

func (i *Installer) mirrorOne(ctx context.Context, p addr.Provider, texts []string, locked *lock.Selection, on []Platform, dir string) error {
	all := i.from(From{})
	s, err := i.choose(ctx, p, texts, locked, all, Options{})
	if err != nil {
		return err
	}
	into := (mirror{dir}).of(p)
	if err := os.MkdirAll(into, 0o755); err != nil {
		return err
	}
	archives := map[string]archiveJSON{}
	for _, platform := range on {
		f, err := search(ctx, p, s.Version, platform, all)
		if err != nil {
			return err
		}
		i.report(Event{Kind: Installing, Provider: p, Version: s.Version, Platform: platform})
		name := fmt.Sprintf("terraform-provider-%s_%s_%s.zip", p.Type, s.Version, platform)
		hash, err := i.keep(ctx, f, s, filepath.Join(into, name))
		if err != nil {
			return err
		}
		archives[platform.String()] = archiveJSON{Hashes: []string{hash}, URL: name}
		i.report(Event{Kind: Installed, Provider: p, Version: s.Version, Platform: platform, Proof: f.proof})
	}
	return index(into, s.Version, archives)
}

// keep puts an archive at path, once it is checked, and returns its hash.
func (i *Installer) keep(ctx context.Context, f *found, s *lock.Selection, path string) (string, error) {
	file, err := download(ctx, i.Client, f.url)
	if err != nil {
		return "", fmt.Errorf("fetching the package: %w", err)
	}
	defer os.Remove(file)
	here := *f
	here.archive = file
	if !slices.ContainsFunc(s.Hashes, func(h string) bool { return strings.HasPrefix(h, "zh:") }) {
		s = &lock.Selection{} // what is locked may be packages of other platforms only
	}
	hashes, err := here.check(s)
	if err != nil {
		return "", err
	}
	return hashes[0], replace(file, path)
}

// replace copies a file to path in one step.
func replace(file, path string) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	t, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".")
	if err != nil {
		return err
	}
	_, err = io.Copy(t, in)
	if err = errors.Join(err, t.Chmod(0o644), t.Close()); err == nil {
		err = os.Rename(t.Name(), path)
	}
	if err != nil {
		_ = os.Remove(t.Name())
	}
	return err
}

type archiveJSON struct {
	Hashes []string `json:"hashes"`
	URL    string   `json:"url"`
}

// index writes the documents that make a folder of archives a mirror over HTTP.
// What they say of other versions and platforms stays.
func index(dir string, v versions.Version, archives map[string]archiveJSON) error {
	var list struct {
		Versions map[string]struct{} `json:"versions"`
	}
	var one struct {
		Archives map[string]archiveJSON `json:"archives"`
	}
	for path, into := range map[string]any{"index.json": &list, v.String() + ".json": &one} {
		raw, err := os.ReadFile(filepath.Join(dir, path))
		if err == nil {
			err = json.Unmarshal(raw, into)
		}
		if err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("reading %s: %w", filepath.Join(dir, path), err)
		}
	}
	if list.Versions == nil {
		list.Versions = map[string]struct{}{}
	}
	if one.Archives == nil {
		one.Archives = map[string]archiveJSON{}
	}
	list.Versions[v.String()] = struct{}{}
	maps.Copy(one.Archives, archives)
	for path, doc := range map[string]any{"index.json": list, v.String() + ".json": one} {
		raw, err := json.MarshalIndent(doc, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, path), append(raw, '\n'), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Only are the needs of the named providers; it is an error to name another.
func (n Needs) Only(names []string) (Needs, error) {
	if len(names) == 0 {
		return n, nil
	}
	out := Needs{}
	for _, name := range names {
		p, err := addr.ParseProvider(name)
		if err != nil {
			return nil, err
		}
		if n[p] == nil {
			return nil, fmt.Errorf("the configuration does not need the provider %s", p.Display())
		}
		out[p] = n[p]
	}
	return out, nil
}

package modules

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/apparentlymart/go-versions/versions"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/registry"
)

// Into copies the module at the source text, such as a call names it, into the
// folder dir, which must have nothing of a name that the module has. Of a registry's
// module it is the newest version. If it fails, dir is as it was.
func (i *Installer) Into(ctx context.Context, text, dir string) error {
	at := filepath.FromSlash(text)
	if !config.LocalSource(text) {
		s, err := parse(text)
		if err != nil {
			return fmt.Errorf("the source %q cannot be used: %w", text, err)
		}
		scratch, err := os.MkdirTemp("", "module-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(scratch)
		fetch := &Installer{
			Dir: scratch, Client: i.Client, Report: i.Report, ctx: ctx,
			fetched: map[string]string{}, known: map[registry.Module][]versions.Version{},
		}
		r, err := fetch.fetch(&wanted{source: s, allowed: versions.Released}, "root")
		if err != nil {
			return fmt.Errorf("fetching the module %s: %w", s.safe(), err)
		}
		at = filepath.FromSlash(r.Dir)
	}
	return populate(dir, at)
}

// populate copies a module, without what tools keep beside it.
func populate(dir, from string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	if m, diags := config.LoadRoot(from); m == nil || diags.HasErrors() {
		return fmt.Errorf("the module cannot be read: %w", diags)
	}
	var names []string
	for _, e := range entries {
		name := e.Name()
		if name == ".terraform" || name == ".git" || strings.HasPrefix(name, "terraform.tfstate") {
			continue
		}
		if _, err := os.Lstat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("the folder has a %s of its own; choose an empty one", name)
		}
		names = append(names, name)
	}
	for n, name := range names {
		if err := copied(filepath.Join(from, name), filepath.Join(dir, name)); err != nil {
			for _, done := range names[:n+1] {
				err = errors.Join(err, os.RemoveAll(filepath.Join(dir, done)))
			}
			return err
		}
	}
	return nil
}

func copied(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return os.CopyFS(to, os.DirFS(from))
	}
	raw, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, raw, info.Mode().Perm()) //nolint:gosec // below the folder that init was called in
}

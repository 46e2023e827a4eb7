package install

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apparentlymart/go-versions/versions"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/archive"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/lock"
)

// packageDir is where the package of a provider is below a folder of packages.
func packageDir(root string, p addr.Provider, v versions.Version, on Platform) string {
	return filepath.Join(root, p.Host, p.Namespace, p.Type, v.String(), on.String())
}

// place brings one package into the folder of this installer, and adds to s the
// hashes that make it valid. It tells whether only those of this platform are
// known.
func (i *Installer) place(ctx context.Context, p addr.Provider, s *lock.Selection, all []chosen) (partial bool, err error) {
	dir := packageDir(i.Dir, p, s.Version, Here)
	if hash, err := archive.HashDir(dir); err == nil && s.Matches(hash) {
		if _, err := Executable(dir, p); err == nil {
			i.report(Event{Kind: Present, Provider: p, Version: s.Version})
			return false, nil
		}
	}
	cached := ""
	if i.Settings.CacheDir != "" && i.Folders == nil {
		cached = packageDir(i.Settings.CacheDir, p, s.Version, Here)
		if hash, err := archive.HashDir(cached); err == nil && (s.Matches(hash) || len(s.Hashes) == 0 && i.Settings.CacheMayBreakLock) {
			if _, err := Executable(cached, p); err == nil {
				i.report(Event{Kind: Cached, Provider: p, Version: s.Version})
				s.Add(hash)
				return false, link(cached, dir)
			}
		}
	}
	f, err := search(ctx, p, s.Version, Here, all)
	if err != nil {
		return false, err
	}
	i.report(Event{Kind: Installing, Provider: p, Version: s.Version})
	signed, err := i.fetch(ctx, p, s, f, dir, cached)
	if err != nil {
		return false, err
	}
	i.report(Event{Kind: Installed, Provider: p, Version: s.Version, Proof: f.proof})
	return !signed && len(s.Hashes) == 1, nil
}

// search finds the package in the first source that has it.
func search(ctx context.Context, p addr.Provider, v versions.Version, on Platform, all []chosen) (*found, error) {
	var asked []string
	for _, s := range all {
		if !s.method.For(p) {
			continue
		}
		asked = append(asked, s.String())
		f, err := s.find(ctx, p, v, on)
		if err != nil {
			return nil, fmt.Errorf("asking %s: %w", s, err)
		}
		if f != nil {
			return f, nil
		}
	}
	if len(asked) == 0 {
		return nil, errors.New("no installation method of the CLI configuration is for it")
	}
	return nil, fmt.Errorf("%s has no package of this version for %s", strings.Join(asked, " and "), on)
}

// fetch brings the package that was found to dir.
func (i *Installer) fetch(ctx context.Context, p addr.Provider, s *lock.Selection, f *found, dir, cached string) (signed bool, err error) {
	if f.url != "" {
		if f.archive, err = download(ctx, i.Client, f.url); err != nil {
			return false, fmt.Errorf("fetching the package: %w", err)
		}
		defer os.Remove(f.archive)
	}
	hashes, err := f.check(s)
	if err != nil {
		return false, err
	}
	if f.dir != "" {
		if _, err := Executable(f.dir, p); err != nil {
			return false, err
		}
		s.Add(hashes[0])
		return false, link(f.dir, dir)
	}
	into := dir
	if cached != "" {
		into = cached
	}
	if err := unpack(f.archive, into, p); err != nil {
		return false, err
	}
	if into != dir {
		if err := link(into, dir); err != nil {
			return false, err
		}
	}
	s.Add(hashes[0])
	s.Add(f.signed...)
	return len(f.signed) > 0, nil
}

// check computes the hashes of a package, that of its files first, and demands
// that it is one that may be used.
func (f *found) check(s *lock.Selection) ([]string, error) {
	var hashes []string
	if f.dir != "" {
		files, err := archive.HashDir(f.dir)
		if err != nil {
			return nil, err
		}
		hashes = []string{files}
	} else {
		files, err := archive.HashZip(f.archive)
		if err != nil {
			return nil, fmt.Errorf("reading the package: %w", err)
		}
		whole, err := archive.HashFile(f.archive)
		if err != nil {
			return nil, err
		}
		hashes = []string{files, whole}
	}
	if len(f.accept) > 0 && !slices.ContainsFunc(hashes, func(h string) bool { return slices.Contains(f.accept, h) }) {
		return nil, fmt.Errorf("the package has the checksum %s, but should have %s: it was changed on the way", strings.Join(hashes, " or "), strings.Join(f.accept, " or "))
	}
	if len(s.Hashes) > 0 && !s.Matches(hashes...) {
		return nil, fmt.Errorf("the package has the checksum %s, which is none of those in the lock file; if those are of other platforms only, \"providers lock -platform=%s\" adds what is missing", strings.Join(hashes, " or "), Here)
	}
	return hashes, nil
}

// unpack unpacks an archive into dir, replacing it in one step.
func unpack(file, dir string, p addr.Provider) error {
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	t, err := os.MkdirTemp(parent, "."+filepath.Base(dir)+".")
	if err != nil {
		return err
	}
	defer os.RemoveAll(t)
	inside := filepath.Join(t, "package")
	if err := archive.Unzip(file, inside, archive.Roomy); err != nil {
		return err
	}
	if _, err := Executable(inside, p); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.Rename(inside, dir)
}

// link makes dir lead to a package that is elsewhere on this machine.
func link(target, dir string) error {
	target, err := filepath.Abs(target)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.Symlink(target, dir)
}

// Executable is the program in the folder of a provider's package.
func Executable(dir string, p addr.Provider) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	want := "terraform-provider-" + p.Type
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".exe")
		if name != want && !strings.HasPrefix(name, want+"_") {
			continue
		}
		if at, err := os.Stat(filepath.Join(dir, e.Name())); err == nil && at.Mode().IsRegular() {
			return filepath.Join(dir, e.Name()), nil
		}
	}
	return "", fmt.Errorf("the folder %s holds no program %s", dir, want)
}

// Locate is the program of a provider that was installed into root and that the
// lock file knows.
func Locate(root string, p addr.Provider, s *lock.Selection) (string, error) {
	dir := packageDir(root, p, s.Version, Here)
	if _, err := os.Stat(dir); err != nil {
		return "", fmt.Errorf("%w: there is no package of version %s for %s in %s", ErrNotInstalled, s.Version, Here, root)
	}
	hash, err := archive.HashDir(dir)
	if err != nil {
		return "", fmt.Errorf("reading its package: %w", err)
	}
	if len(s.Hashes) > 0 && !s.Matches(hash) {
		return "", fmt.Errorf("%w: the package of version %s in %s has the checksum %s, which is none of those in the lock file", ErrNotInstalled, s.Version, root, hash)
	}
	return Executable(dir, p)
}

// ErrNotInstalled tells that init has to be run.
var ErrNotInstalled = errors.New("it is not installed")

// Unlocked says what in the lock file does not fit what is needed, a sentence
// for each provider.
func Unlocked(needs Needs, f lock.File) []string {
	var out []string
	for _, p := range needs.Sorted() {
		s := f[p]
		if s == nil {
			out = append(out, fmt.Sprintf("provider %s: it is needed, but no version is selected", p.Display()))
			continue
		}
		canonical, err := lock.Canonical(needs[p]...)
		if err != nil {
			out = append(out, fmt.Sprintf("provider %s: %v", p.Display(), err))
			continue
		}
		if allowed, err := lock.Meeting(canonical); canonical != "" && (err != nil || !allowed.Has(s.Version)) {
			out = append(out, fmt.Sprintf("provider %s: the selected version %s does not match the version constraint %q", p.Display(), s.Version, canonical))
		}
	}
	return out
}

// Package install puts the providers that a configuration needs where the
// engine finds them: it selects versions, fetches packages from mirrors and
// registries, checks them, and keeps the lock file.
//
// It must not start providers or know what they offer. Only what it has checked
// against the lock file is used.
package install

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"

	"github.com/apparentlymart/go-versions/versions"
	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/lock"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/registry"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/settings"
)

// Platform is a kind of machine that packages are made for.
type Platform struct{ OS, Arch string }

// Here is the platform of this machine.
var Here = Platform{runtime.GOOS, runtime.GOARCH}

// String is "os_arch".
func (p Platform) String() string { return p.OS + "_" + p.Arch }

// ParsePlatform reads the form "os_arch".
func ParsePlatform(s string) (Platform, error) {
	os, arch, ok := strings.Cut(s, "_")
	if !ok || os == "" || arch == "" || strings.ContainsAny(arch, "_/\\.") || strings.ContainsAny(os, "/\\.") {
		return Platform{}, fmt.Errorf("%q is no platform such as linux_amd64", s)
	}
	return Platform{os, arch}, nil
}

// Needs are the providers that a configuration needs, each with the version
// constraints of all modules, as written.
type Needs map[addr.Provider][]string

// Add adds a need; an empty constraint is any version.
func (n Needs) Add(p addr.Provider, constraint string) {
	if n[p] == nil {
		n[p] = []string{}
	}
	if constraint != "" {
		n[p] = append(n[p], constraint)
	}
}

// Sorted are the providers in the order of their addresses.
func (n Needs) Sorted() []addr.Provider {
	return slices.SortedFunc(maps.Keys(n), func(a, b addr.Provider) int { return strings.Compare(a.String(), b.String()) })
}

// Installer installs into one working directory.
type Installer struct {
	Dir      string // where the packages go, such as .terraform/providers
	Settings *settings.Settings
	Client   *registry.Client
	Folders  []string    // -plugin-dir: the only places to look at; nil: those of the settings
	Report   func(Event) // what is going on; nil: nobody wants to know
}

// Event is one step of installing a provider.
type Event struct {
	Kind        EventKind
	Provider    addr.Provider
	Version     versions.Version // zero while it is searched
	Constraints string
	Platform    Platform // zero if it is this machine's
	Proof       string   // what vouches for the package
}

// EventKind is what happens.
type EventKind byte

// The kinds of events.
const (
	Finding    EventKind = iota // a version is searched
	Reusing                     // that of the lock file is taken
	Installing                  // the package is fetched
	Installed                   // it is in place
	Cached                      // it is taken from the cache
	Present                     // it was in place before
)

// Options say how to install.
type Options struct {
	Upgrade bool // take the newest versions, whatever the lock file says
}

// Result is what became of it.
type Result struct {
	Lock lock.File

	// Incomplete are the providers of which only the package for this platform is
	// known.
	Incomplete []addr.Provider
}

// Install installs what is needed. The lock file is not written: that is for the
// caller, if there are no errors.
func (i *Installer) Install(ctx context.Context, needs Needs, old lock.File, o Options) (Result, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	out := Result{Lock: lock.File{}}
	all := sources(i.Settings, i.Client, i.Folders)
	old = old.Clone()
	selected := map[addr.Provider]*lock.Selection{}
	for _, p := range needs.Sorted() {
		s, err := i.choose(ctx, p, needs[p], old[p], all, o)
		if err != nil {
			diags = append(diags, about(p, problem("Failed to query available provider packages", "Selecting a version of the provider %s: %v.\n\nThe command \"providers\" shows which modules need it.", p.Display(), err)))
			continue
		}
		selected[p] = s
	}
	for _, p := range needs.Sorted() {
		s := selected[p]
		if s == nil || ctx.Err() != nil {
			continue
		}
		partial, err := i.place(ctx, p, s, all)
		if err != nil {
			diags = append(diags, about(p, problem("Failed to install provider", "Installing the provider %s %s: %v.", p.Display(), s.Version, err)))
			continue
		}
		out.Lock[p] = s
		if partial {
			out.Incomplete = append(out.Incomplete, p)
		}
	}
	if ctx.Err() != nil {
		diags = append(diags, problem("Installation was interrupted", "Not all providers are installed. Run init again."))
	}
	return out, diags
}

func problem(summary, detail string, args ...any) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(detail, args...)}
}

// About is the provider that a diagnostic of an installation is about, as its Extra.
type About struct{ Provider addr.Provider }

func about(p addr.Provider, d *hcl.Diagnostic) *hcl.Diagnostic {
	d.Extra = About{p}
	return d
}

// choose selects a version, that of the lock file if it fits.
func (i *Installer) choose(ctx context.Context, p addr.Provider, texts []string, locked *lock.Selection, all []chosen, o Options) (*lock.Selection, error) {
	constraints, err := lock.Canonical(texts...)
	if err != nil {
		return nil, err
	}
	allowed, err := lock.Meeting(texts...)
	if err != nil {
		return nil, err
	}
	if locked != nil && !o.Upgrade {
		if constraints != "" && !allowed.Has(locked.Version) {
			return nil, fmt.Errorf("the lock file selects version %s, which does not match the version constraint %s; init -upgrade selects another version", locked.Version, constraints)
		}
		i.report(Event{Kind: Reusing, Provider: p, Version: locked.Version, Constraints: constraints})
		locked.Constraints = constraints
		return locked, nil
	}
	i.report(Event{Kind: Finding, Provider: p, Constraints: constraints})
	var have versions.List
	var asked []string
	for _, s := range all {
		if !s.method.For(p) {
			continue
		}
		asked = append(asked, s.String())
		found, err := s.versions(ctx, p)
		if err != nil {
			return nil, fmt.Errorf("asking %s: %w", s, err)
		}
		have = append(have, found...)
	}
	switch {
	case len(asked) == 0:
		return nil, fmt.Errorf("no installation method of the CLI configuration is for it")
	case len(have) == 0:
		return nil, fmt.Errorf("%s does not have it%s", strings.Join(asked, " and "), i.meant(p))
	}
	best := have.NewestInSet(allowed)
	if best == versions.Unspecified {
		have.Sort()
		return nil, fmt.Errorf("no version matches %q; %s has %s", constraints, strings.Join(asked, " and "), list(have))
	}
	out := &lock.Selection{Version: best, Constraints: constraints}
	if locked != nil && locked.Version.Same(best) {
		out.Hashes = locked.Hashes
	}
	return out, nil
}

// meant guesses what somebody meant by a provider that nobody has.
func (i *Installer) meant(p addr.Provider) string {
	if p.Host == addr.DefaultHost && p.Namespace == "hashicorp" {
		return fmt.Sprintf("; a provider of another namespace than hashicorp needs its source in required_providers, such as %s = { source = \"NAMESPACE/%s\" }", p.Type, p.Type)
	}
	return ""
}

// list is the newest few of sorted versions.
func list(have versions.List) string {
	var out []string
	for _, v := range slices.Backward(have) {
		if len(out) == 5 {
			out = append(out, "…")
			break
		}
		out = append(out, v.String())
	}
	return strings.Join(out, ", ")
}

func (i *Installer) report(e Event) {
	if i.Report != nil {
		i.Report(e)
	}
}

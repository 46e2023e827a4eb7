package cli

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/lock"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/settings"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin/builtin"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin/process"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin/remote"
	"github.com/tfserverless/terraform-provider-serverless/provider"
)

// own are the addresses that people know the provider of this program by.
var own = []addr.Provider{
	{Host: addr.DefaultHost, Namespace: "tfserverless", Type: "serverless"},
	{Host: "registry.opentofu.org", Namespace: "tfserverless", Type: "serverless"},
}

// packages is where init puts the packages of providers.
func packages() string { return filepath.Join(dataDir(), "providers") }

// settings are the user's, read once. Their diagnostics may be only warnings.
func (p *Program) settings() (*settings.Settings, hcl.Diagnostics) {
	p.once.Do(func() {
		home, err := os.UserHomeDir()
		if err != nil {
			home = ""
		}
		p.user, p.userDiags = settings.Load(settings.Environment{Vars: os.Environ(), Home: home})
	})
	return p.user, p.userDiags
}

// servers are the providers that are at hand: those that are part of this
// program, each under every address that people know it by; those that the lock
// file selects; those that dev_overrides name; and those that
// TF_REATTACH_PROVIDERS leads to. The later ones win: whoever names our own
// provider there wants to test that one.
func (p *Program) servers() (plan.Servers, error) {
	serverless := func() (tfprotov6.ProviderServer, error) {
		return provider.New(p.Version, p.Main, provider.Sharing(&p.described)).Server(), nil
	}
	out := plan.Servers{addr.Builtin: builtin.With(remoteStates{})}
	for _, a := range own {
		out[a] = serverless
	}
	user, diags := p.settings()
	if diags.HasErrors() {
		return nil, diags
	}
	locked, diags := lock.Read(lock.FileName)
	if diags.HasErrors() {
		return nil, diags
	}
	for a, s := range locked {
		if !slices.Contains(own, a) {
			out[a] = p.program(a, func() (string, error) { return install.Locate(packages(), a, s) })
		}
	}
	for a, dir := range user.Overrides {
		out[a] = p.program(a, func() (string, error) { return install.Executable(dir, a) })
	}
	for a, same := range asOwn(user.Overrides) {
		out[a] = out[same]
	}
	attached, err := attachments()
	maps.Copy(out, attached)
	maps.DeleteFunc(p.programs, func(a addr.Provider, _ func() (*process.Program, error)) bool { return attached[a] != nil })
	return out, err
}

// warm starts the programs of the providers that a configuration uses, all at
// once: each takes a moment until it can be called.
func (p *Program) warm(m *config.Module) {
	for a := range used(m) {
		if found := p.programs[a]; found != nil {
			go func() {
				if x, err := found(); err == nil {
					x.Warm()
				}
			}()
		}
	}
}

// program is the provider of an executable, which is searched when it is first
// needed.
func (p *Program) program(a addr.Provider, path func() (string, error)) func() (tfprotov6.ProviderServer, error) {
	found := sync.OnceValues(func() (*process.Program, error) {
		at, err := path()
		if err == nil {
			at, err = filepath.Abs(at) // a bare name would be searched on PATH
		}
		if err != nil {
			return nil, err
		}
		return p.pool.Program(a.Display(), at), nil
	})
	if p.programs == nil {
		p.programs = map[addr.Provider]func() (*process.Program, error){}
	}
	p.programs[a] = found
	return func() (tfprotov6.ProviderServer, error) {
		x, err := found()
		if err != nil {
			return nil, err
		}
		return x.Server()
	}
}

// asOwn maps our own addresses to those among all that are meant for ours too:
// named like it, in the namespaces that test harnesses use.
func asOwn[T any](all map[addr.Provider]T) map[addr.Provider]addr.Provider {
	out := map[addr.Provider]addr.Provider{}
	for _, a := range own {
		for _, namespace := range []string{"-", "hashicorp", a.Namespace} {
			other := addr.Provider{Host: addr.DefaultHost, Namespace: namespace, Type: a.Type}
			if _, ok := all[other]; ok {
				out[a] = other
			}
		}
		if _, ok := all[a]; ok {
			out[a] = a
		}
	}
	return out
}

// attachments are the providers in other processes that the environment names.
func attachments() (plan.Servers, error) {
	const variable = "TF_REATTACH_PROVIDERS"
	found, err := remote.Attachments(strings.TrimSpace(os.Getenv(variable)))
	if err != nil {
		return nil, advise(fmt.Errorf("the environment variable %s: %w", variable, err), "It must be the text that the debugged provider printed. Unset it to use the providers of this program.")
	}
	out := plan.Servers{}
	for source, a := range found {
		at, err := addr.ParseProvider(source)
		if err != nil {
			return nil, fmt.Errorf("the environment variable %s: %w", variable, err)
		}
		out[at] = sync.OnceValues(a.Connect)
	}
	for a, same := range asOwn(out) {
		out[a] = out[same]
	}
	return out, nil
}

// provided are the providers that need no installation.
func (p *Program) provided() (map[addr.Provider]string, error) {
	out := map[addr.Provider]string{addr.Builtin: "is part of this program"}
	for _, a := range own {
		out[a] = "is part of this program"
	}
	user, diags := p.settings()
	if diags.HasErrors() {
		return nil, diags
	}
	for a, dir := range user.Overrides {
		out[a] = "is overridden by dev_overrides, in " + dir
	}
	for a, same := range asOwn(user.Overrides) {
		out[a] = out[same]
	}
	attached, err := attachments()
	for a := range attached {
		out[a] = "is attached in another process"
	}
	return out, err
}

// needs are the providers that a configuration needs from elsewhere.
func (p *Program) needs(m *config.Module) (install.Needs, error) {
	provided, err := p.provided()
	if err != nil {
		return nil, err
	}
	out := install.Needs{}
	for x := range m.All() {
		for _, r := range x.Required {
			out.Add(r.Provider, r.Version)
		}
		for ref, block := range x.Providers {
			out.Add(x.ProviderAddr(ref.Name), block.Version)
		}
	}
	for a := range used(m) {
		out.Add(a, "")
	}
	maps.DeleteFunc(out, func(a addr.Provider, _ []string) bool { return provided[a] != "" })
	return out, nil
}

// installed reports what a configuration needs and init has not installed, and
// warns of providers that are not those of the lock file. If nothing is missing,
// the providers begin to start.
func (p *Program) installed(m *config.Module) hcl.Diagnostics {
	needs, err := p.needs(m)
	if err != nil {
		return hcl.Diagnostics{diagnosticOf(err)}
	}
	locked, diags := lock.Read(lock.FileName)
	if diags.HasErrors() {
		return diags
	}
	if wrong := install.Unlocked(needs, locked); len(wrong) > 0 {
		remedy := "init"
		for a := range needs {
			if locked[a] != nil {
				remedy = "init -upgrade"
			}
		}
		return hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "Inconsistent dependency lock file",
			Detail: fmt.Sprintf("What the file %s selects does not fit the configuration:\n  - %s\n\nTo select and install what it needs, run: %s %s", lock.FileName, strings.Join(wrong, "\n  - "), name, remedy),
		}}
	}
	p.warm(m)
	return p.overridden()
}

// overridden warns of dev_overrides.
func (p *Program) overridden() hcl.Diagnostics {
	user, _ := p.settings()
	if len(user.Overrides) == 0 {
		return nil
	}
	var lines []string
	for a, dir := range user.Overrides {
		lines = append(lines, fmt.Sprintf("\n  - %s in %s", a.Display(), dir))
	}
	slices.Sort(lines)
	return hcl.Diagnostics{{
		Severity: hcl.DiagWarning, Summary: "Provider development overrides are in effect",
		Detail: "The CLI configuration overrides these providers:" + strings.Join(lines, "") + "\n\nWhat they do, and what they leave in the state, need not fit any released version.",
	}}
}

// start makes the pool of the processes that this run starts.
func (p *Program) start(ctx context.Context) error {
	log, err := providerLog()
	if err != nil {
		return err
	}
	p.pool = process.NewPool(ctx, process.Options{Log: log, NoTLS: os.Getenv("TF_DISABLE_PLUGIN_TLS") != ""})
	return nil
}

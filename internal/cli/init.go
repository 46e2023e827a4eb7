package cli

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/lock"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/modules"
)

var initCommand = command{
	name:    "init",
	args:    "",
	summary: "Install what the configuration needs: modules and providers",
	help: `
The serverless provider is part of this program and needs no installation. Other
providers come from where the CLI configuration says, by default from their
registries, and the file .terraform.lock.hcl keeps which versions were selected.
Modules come from where their calls say. It is safe to run init again.`,
	flags: func(fs *flag.FlagSet) action {
		var f initFlags
		f.declare(fs)
		return func(ctx context.Context, p *Program, _ []string) error {
			return newView(p, f.view).init(ctx, &f)
		}
	},
}

type initFlags struct {
	view                   viewFlags
	lock                   lockFlags
	backend, get, upgrade  bool
	lockfile, from         string
	pluginDirs, backendSet []string
	reconfigure, migrate   bool
	forceCopy              bool
	vars                   []config.Assignment // for where the state is kept
}

func (f *initFlags) declare(fs *flag.FlagSet) {
	f.view.declare(fs)
	f.view.declareJSON(fs)
	f.lock.declare(fs)
	fs.BoolVar(&f.backend, "backend", true, "prepare the place of the state")
	fs.BoolVar(&f.get, "get", true, "install the modules")
	fs.Bool("input", true, "as with Terraform; nothing is asked")
	fs.BoolVar(&f.upgrade, "upgrade", false, "select the newest modules and providers that fit, whatever was selected before")
	fs.StringVar(&f.lockfile, "lockfile", "", "`readonly` to leave the lock file as it is, and fail if it had to change")
	fs.StringVar(&f.from, "from-module", "", "copy the module at a `source` into the folder first, which must be empty")
	fs.Func("plugin-dir", "a `folder` to take providers from, and from nowhere else; may be repeated", func(s string) error {
		f.pluginDirs = append(f.pluginDirs, s)
		return nil
	})
	fs.Func("backend-config", "a `setting` of the backend, NAME=VALUE or a file of them; may be repeated", func(s string) error {
		f.backendSet = append(f.backendSet, s)
		return nil
	})
	fs.BoolVar(&f.reconfigure, "reconfigure", false, "forget the backend of before, and use what is in the new one")
	fs.BoolVar(&f.migrate, "migrate-state", false, "move the state to the backend of now")
	fs.BoolVar(&f.forceCopy, "force-copy", false, "do so without asking, also in place of another state")
	assignments(fs, &f.vars)
}

func (v *view) init(ctx context.Context, f *initFlags) error {
	v.warned = map[string]bool{}
	if f.lockfile != "" && f.lockfile != "readonly" {
		return v.fail(advise(fmt.Errorf("-lockfile=%s means nothing", f.lockfile), "The only mode is -lockfile=readonly."))
	}
	if f.lockfile == "readonly" && f.upgrade {
		return v.fail(advise(errors.New("-upgrade and -lockfile=readonly exclude each other"), "An upgrade changes what the lock file selects."))
	}
	if f.from != "" {
		if err := v.populate(ctx, f.from); err != nil {
			return v.fail(err)
		}
	}
	user, diags := v.p.settings()
	if err := v.diagnostics(diags); err != nil {
		return err
	}
	root, diags := config.LoadRootAll(".")
	v.read(root)
	if err := v.diagnostics(diags); err != nil {
		return err
	}
	if f.backend {
		v.step("initializing_backend_message", "Initializing the backend...")
		v.given = f.vars
		if err := v.initBackend(ctx, root, backendFlags{f.backendSet, f.reconfigure, f.migrate, f.forceCopy, f.lock}); err != nil {
			return v.fail(err)
		}
	}
	m, err := v.initModules(ctx, root, f)
	if err != nil {
		return err
	}
	v.step("initializing_provider_plugin_message", "Initializing provider plugins...")
	folders, err := pluginDirs(f.pluginDirs)
	if err != nil {
		return v.fail(err)
	}
	i := &install.Installer{Dir: packages(), Settings: user, Client: v.p.registries(), Folders: folders, Report: v.installing}
	if err := v.installProviders(ctx, i, m, f); err != nil {
		return err
	}
	if _, err := v.compile(ctx); err != nil {
		return err
	}
	v.step("output_init_success_message", v.out.Good("The working directory is ready."))
	if !inAutomation() {
		v.say("\nTo see what would be done: %s plan\n", name)
	}
	return nil
}

// populate copies a module into the working directory, which has no
// configuration yet.
func (v *view) populate(ctx context.Context, source string) error {
	if here, _ := config.LoadRoot("."); len(here.Files) > 0 { // whatever they say
		return advise(errors.New("-from-module: the folder has a configuration already"), "A module is copied into an empty folder only.")
	}
	v.step("copying_configuration_message", fmt.Sprintf("Copying configuration from %q...", source))
	i := &modules.Installer{Client: v.p.registries(), Report: v.line}
	if err := i.Into(ctx, source, "."); err != nil {
		return fmt.Errorf("-from-module: %w", err)
	}
	return nil
}

// pluginDirs are the folders that -plugin-dir names. They hold for later runs
// of init too, until an empty one is given, as with Terraform.
func pluginDirs(given []string) ([]string, error) {
	file := filepath.Join(dataDir(), "plugin_path")
	if len(given) == 0 {
		raw, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if err == nil {
			err = json.Unmarshal(raw, &given)
		}
		if err != nil {
			return nil, fmt.Errorf("reading the folders of an earlier -plugin-dir: %w", err)
		}
		return given, nil
	}
	if len(given) == 1 && given[0] == "" {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		return nil, nil
	}
	raw, err := json.MarshalIndent(given, "", "  ")
	if err == nil {
		err = os.MkdirAll(dataDir(), 0o755)
	}
	if err == nil {
		err = os.WriteFile(file, raw, 0o644)
	}
	return given, err
}

// initModules fetches the modules, or only looks whether they are there.
func (v *view) initModules(ctx context.Context, root *config.Module, f *initFlags) (*config.Module, error) {
	if !f.get {
		m, diags := v.configuration(".")
		return m, v.diagnostics(diags)
	}
	switch {
	case len(root.Calls) == 0:
	case f.upgrade:
		v.step("upgrading_modules_message", "Upgrading modules...")
	default:
		v.step("initializing_modules_message", "Initializing modules...")
	}
	m, diags := v.fetch(ctx, f.upgrade)
	return m, v.diagnostics(diags)
}

// installProviders installs what the configuration and the state need.
func (v *view) installProviders(ctx context.Context, i *install.Installer, m *config.Module, f *initFlags) error {
	needs, err := v.p.needs(m)
	if err != nil {
		return v.fail(err)
	}
	if f.backend {
		if err := v.stateNeeds(needs); err != nil {
			return v.fail(err)
		}
	}
	v.sayProvided(m)
	before, diags := lock.Read(lock.FileName)
	if err := v.diagnostics(diags); err != nil {
		return err
	}
	result, diags := i.Install(ctx, needs, before, install.Options{Upgrade: f.upgrade})
	if err := v.diagnostics(placed(m, diags)); err != nil {
		return err
	}
	after := v.kept(result.Lock, before)
	if after.Equal(before) {
		return nil
	}
	if f.lockfile == "readonly" {
		return v.diagnostics(readOnly(before, after))
	}
	if err := after.Write(lock.FileName); err != nil {
		return v.fail(err)
	}
	switch {
	case len(before) == 0:
		v.step("lock_info", "The versions that were selected are in the new lock file "+lock.FileName+".\nKeep it with the configuration, so that the same ones are selected everywhere.")
	default:
		v.step("dependencies_lock_changes_info", "The lock file "+lock.FileName+" has changed. Look at the changes, and keep\nthem with the configuration.")
	}
	return v.diagnostics(incomplete(result.Incomplete))
}

// placed gives what is wrong with a provider the place where m needs it.
func placed(m *config.Module, diags hcl.Diagnostics) hcl.Diagnostics {
	of := used(m)
	for _, d := range diags {
		if about, ok := d.Extra.(install.About); ok {
			if at, here := of[about.Provider]; here {
				d.Subject = &at
			}
		}
	}
	return diags
}

// kept adds to a new lock file what the old one has of providers that need no
// installation now: terraform may have selected our own, or somebody overrides
// one for a while.
func (v *view) kept(after, before lock.File) lock.File {
	provided, err := v.p.provided()
	if err != nil {
		return after
	}
	out := after.Clone()
	for a, s := range before {
		if provided[a] != "" {
			out[a] = s
		}
	}
	return out
}

// stateNeeds adds the providers of the objects in the state.
func (v *view) stateNeeds(needs install.Needs) error {
	file, err := stored()
	if err != nil || file == nil {
		return err
	}
	provided, err := v.p.provided()
	if err != nil {
		return err
	}
	for _, x := range file.State.Entries() {
		if a := x.Provider.Provider; provided[a] == "" {
			needs.Add(a, "")
		}
	}
	return nil
}

// sayProvided tells of the providers that need no installation.
func (v *view) sayProvided(m *config.Module) {
	provided, err := v.p.provided()
	if err != nil {
		return
	}
	of := used(m)
	for _, a := range slices.SortedFunc(maps.Keys(of), func(a, b addr.Provider) int { return strings.Compare(a.String(), b.String()) }) {
		if why := provided[a]; why != "" {
			v.line(fmt.Sprintf("- %s %s", a.Display(), why))
		}
	}
}

// installing shows a step of the installation.
func (v *view) installing(e install.Event) {
	at, on := e.Provider.Display(), ""
	if e.Platform != (install.Platform{}) {
		on = " for " + e.Platform.String()
	}
	switch e.Kind {
	case install.Finding:
		if e.Constraints == "" {
			v.line(fmt.Sprintf("- Finding latest version of %s...", at))
		} else {
			v.line(fmt.Sprintf("- Finding %s versions matching %q...", at, e.Constraints))
		}
	case install.Reusing:
		v.line(fmt.Sprintf("- Reusing previous version of %s from the dependency lock file", at))
	case install.Installing:
		v.line(fmt.Sprintf("- Installing %s v%s%s...", at, e.Version, on))
	case install.Installed:
		v.line(fmt.Sprintf("- Installed %s v%s%s (%s)", at, e.Version, on, e.Proof))
	case install.Cached:
		v.line(fmt.Sprintf("- Using %s v%s from the shared cache directory", at, e.Version))
	case install.Present:
		v.line(fmt.Sprintf("- Using previously-installed %s v%s", at, e.Version))
	}
}

// step is a heading of init, and a line of its log.
func (v *view) step(code, text string) {
	if v.log != nil {
		v.log.Step(code, text)
		return
	}
	v.say("\n%s\n", text)
}

// line is a line below a heading.
func (v *view) line(text string) {
	if v.log != nil {
		v.log.Message(text)
		return
	}
	v.say("%s\n", text)
}

// readOnly says that the lock file had to change: an error if something else
// would be selected, a warning if only checksums are missing.
func readOnly(before, after lock.File) hcl.Diagnostics {
	same := len(before) == len(after)
	for a, s := range after {
		same = same && before[a] != nil && before[a].Version.Same(s.Version) && before[a].Constraints == s.Constraints
	}
	if same {
		return hcl.Diagnostics{{
			Severity: hcl.DiagWarning, Summary: "Provider lock file not updated",
			Detail: "Checksums of packages that were installed are not in the lock file, which -lockfile=readonly leaves as it is. Run init without the flag to add them.",
		}}
	}
	return hcl.Diagnostics{{
		Severity: hcl.DiagError, Summary: "Provider dependency changes detected",
		Detail: "The lock file does not select what the configuration needs, and -lockfile=readonly leaves it as it is. Run init without the flag, and keep the changed file with the configuration.",
	}}
}

func incomplete(providers []addr.Provider) hcl.Diagnostics {
	if len(providers) == 0 {
		return nil
	}
	var names []string
	for _, a := range providers {
		names = append(names, "\n  - "+a.Display())
	}
	return hcl.Diagnostics{{
		Severity: hcl.DiagWarning, Summary: "Incomplete lock file information for providers",
		Detail: fmt.Sprintf("Where these providers came from there are no signed checksums, so that the lock file has only those of the packages for %s:%s\n\nInit fails on other platforms until \"providers lock -platform=…\" has added theirs.", install.Here, strings.Join(names, "")),
	}}
}

package cli

import (
	"context"
	"flag"
	"path/filepath"

	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/modules"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/registry"
)

var getCommand = command{
	name:    "get",
	summary: "Fetch the modules that the configuration calls",
	help: `
Modules that are in place stay as they are, unless their calls ask for something
else. Init does the same and more.`,
	flags: func(fs *flag.FlagSet) action {
		var f viewFlags
		f.declare(fs)
		f.declareJSON(fs)
		var vars []config.Assignment
		assignments(fs, &vars)
		update := fs.Bool("update", false, "fetch all of them anew, in the newest versions that fit")
		return func(ctx context.Context, p *Program, _ []string) error {
			v := newView(p, f)
			v.given = vars
			if err := v.diagnostics(second(p.settings())); err != nil {
				return err
			}
			_, diags := v.fetch(ctx, *update)
			return v.diagnostics(diags)
		}
	},
}

func second[A, B any](_ A, b B) B { return b }

// modulesDir is where fetched modules are.
func modulesDir() string { return filepath.Join(dataDir(), "modules") }

// fetch loads the configuration of the working directory, and fetches the
// modules that it calls.
func (v *view) fetch(ctx context.Context, upgrade bool) (*config.Module, hcl.Diagnostics) {
	i := &modules.Installer{Dir: modulesDir(), Client: v.p.registries(), Upgrade: upgrade, Report: v.line, Static: v.statics()}
	m, diags := i.Load(ctx, ".")
	v.read(m)
	return m, diags
}

// registries asks registries, as the user's settings say.
func (p *Program) registries() *registry.Client {
	user, _ := p.settings()
	return &registry.Client{Tokens: user.Tokens, Hosts: user.Hosts}
}

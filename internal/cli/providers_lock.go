package cli

import (
	"context"
	"errors"
	"flag"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/lock"
)

var providersLock = command{
	name:    "providers lock",
	args:    "[PROVIDER...]",
	summary: "Add to the lock file the checksums of packages for other platforms",
	help: `
The packages are looked at in the providers' registries, or in a mirror that a
flag names. Nothing is installed.`,
	flags: func(fs *flag.FlagSet) action {
		var f viewFlags
		f.declare(fs)
		on := platformFlag(fs)
		var from install.From
		fs.StringVar(&from.Folder, "fs-mirror", "", "a `folder` that is a mirror, to look at instead")
		fs.StringVar(&from.URL, "net-mirror", "", "the `URL` of a mirror, to look at instead")
		return func(ctx context.Context, p *Program, args []string) error {
			v := newView(p, f)
			if from.Folder != "" && from.URL != "" {
				return v.fail(errors.New("-fs-mirror and -net-mirror exclude each other"))
			}
			i, needs, before, err := v.installer(args)
			if err != nil {
				return err
			}
			after, diags := i.Lock(ctx, needs, before, *on, from)
			if err := v.diagnostics(diags); err != nil {
				return err
			}
			if after.Equal(before) {
				v.say("\nThe lock file has all of these checksums already.\n")
				return nil
			}
			if err := after.Write(lock.FileName); err != nil {
				return v.fail(err)
			}
			v.say("\n%s Look at the changes of %s, and keep them with the configuration.\n", v.out.Good("The lock file has new checksums."), lock.FileName)
			return nil
		}
	},
}

// platformFlag declares -platform; without it, it is this machine's.
func platformFlag(fs *flag.FlagSet) *[]install.Platform {
	on := []install.Platform{install.Here}
	given := false
	fs.Func("platform", "a `platform` such as linux_amd64; may be repeated; by default that of this machine", func(s string) error {
		p, err := install.ParsePlatform(s)
		if !given {
			on, given = nil, true
		}
		on = append(on, p)
		return err
	})
	return &on
}

// installer prepares work on the providers of the configuration, or on the named
// ones of them.
func (v *view) installer(names []string) (*install.Installer, install.Needs, lock.File, error) {
	user, diags := v.p.settings()
	if err := v.diagnostics(diags); err != nil {
		return nil, nil, nil, err
	}
	m, diags := v.configuration(".")
	if err := v.diagnostics(diags); err != nil {
		return nil, nil, nil, err
	}
	needs, err := v.p.needs(m)
	if err == nil {
		needs, err = needs.Only(names)
	}
	if err != nil {
		return nil, nil, nil, v.fail(err)
	}
	locked, diags := lock.Read(lock.FileName)
	i := &install.Installer{Dir: packages(), Settings: user, Client: v.p.registries(), Report: v.installing}
	return i, needs, locked, v.diagnostics(diags)
}

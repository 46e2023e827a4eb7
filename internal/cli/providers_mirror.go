package cli

import (
	"context"
	"errors"
	"flag"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/lock"
)

var providersMirror = command{
	name:    "providers mirror",
	args:    "DIR",
	summary: "Put the packages of the providers into a folder that is a mirror",
	help: `
The packages come from the providers' registries. The folder can be named in a
filesystem_mirror block, and served over HTTPS for a network_mirror block.`,
	flags: func(fs *flag.FlagSet) action {
		var f viewFlags
		f.declare(fs)
		on := platformFlag(fs)
		locked := fs.Bool("lock-file", true, "take the versions that the lock file selects")
		return func(ctx context.Context, p *Program, args []string) error {
			v := newView(p, f)
			if len(args) != 1 {
				return v.fail(advise(errors.New("providers mirror takes one folder"), "Flags come before it."))
			}
			i, needs, selected, err := v.installer(nil)
			if err != nil {
				return err
			}
			if !*locked {
				selected = lock.File{}
			}
			return v.diagnostics(i.Mirror(ctx, needs, selected, *on, args[0]))
		}
	},
}

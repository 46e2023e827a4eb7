package cli

import (
	"context"
	"flag"
)

var refreshCommand = command{
	name:    "refresh",
	summary: "Bring the state in line with the objects, without asking",
	help:    "This is apply -refresh-only -auto-approve.",
	flags: func(fs *flag.FlagSet) action {
		var f planFlags
		f.declare(fs)
		f.declareWriting(fs)
		return func(ctx context.Context, p *Program, _ []string) error {
			f.refreshOnly = true
			return newView(p, f.view).applyNew(ctx, &f, true)
		}
	},
}

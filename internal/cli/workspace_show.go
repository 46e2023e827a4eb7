package cli

import (
	"context"
	"flag"
)

var workspaceShow = command{
	name:    "workspace show",
	summary: "Print the name of the selected workspace",
	flags: func(fs *flag.FlagSet) action {
		var f viewFlags
		f.declare(fs)
		return func(_ context.Context, p *Program, _ []string) error {
			v := newView(p, f)
			v.say("%s\n", workspace())
			return nil
		}
	},
}

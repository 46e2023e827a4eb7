package cli

import (
	"context"
	"flag"
)

var workspaceList = command{
	name:    "workspace list",
	summary: "List the workspaces, with a star at the selected one",
	flags: func(fs *flag.FlagSet) action {
		var f viewFlags
		f.declare(fs)
		return func(ctx context.Context, p *Program, _ []string) error {
			v := newView(p, f)
			names, _, err := workspaces(ctx)
			if err != nil {
				return v.fail(err)
			}
			selected := workspace()
			for _, n := range names {
				mark := " "
				if n == selected {
					mark = "*"
				}
				v.say("%s %s\n", mark, n)
			}
			return nil
		}
	},
}

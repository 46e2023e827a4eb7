package cli

import (
	"context"
	"flag"
	"slices"
)

var workspaceSelect = command{
	name:    "workspace select",
	args:    "NAME",
	summary: "Choose the workspace that further commands use",
	flags: func(fs *flag.FlagSet) action {
		var f viewFlags
		f.declare(fs)
		create := fs.Bool("or-create", false, "make the workspace if there is none of that name")
		return func(ctx context.Context, p *Program, args []string) error {
			v := newView(p, f)
			w, err := oneWorkspace("workspace select", args)
			if err != nil {
				return v.fail(err)
			}
			names, _, err := workspaces(ctx)
			switch {
			case err != nil:
				return v.fail(err)
			case !slices.Contains(names, w) && *create:
				return v.fail(v.newWorkspace(ctx, args))
			case !slices.Contains(names, w):
				return v.fail(errNoWorkspace(w))
			}
			if err := selectWorkspace(w); err != nil {
				return v.fail(err)
			}
			v.say("The workspace %s is selected.\n", w)
			return nil
		}
	},
}

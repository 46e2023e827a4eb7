package cli

import (
	"context"
	"flag"
	"fmt"
	"slices"
)

var workspaceNew = command{
	name:    "workspace new",
	args:    "NAME",
	summary: "Make a workspace and select it",
	help:    "A workspace has a state of its own; the configuration is the same.",
	flags: func(fs *flag.FlagSet) action {
		var f viewFlags
		f.declare(fs)
		return func(ctx context.Context, p *Program, args []string) error {
			v := newView(p, f)
			return v.fail(v.newWorkspace(ctx, args))
		}
	},
}

func (v *view) newWorkspace(ctx context.Context, args []string) error {
	w, err := oneWorkspace("workspace new", args)
	if err != nil {
		return err
	}
	names, b, err := workspaces(ctx)
	if err != nil {
		return err
	}
	if slices.Contains(names, w) {
		return advise(fmt.Errorf("the workspace %q exists", w), fmt.Sprintf("To select it: %s workspace select %s", name, w))
	}
	if err := selectable(); err != nil {
		return err
	}
	if err := b.Create(ctx, w); err != nil {
		return err
	}
	if err := selectWorkspace(w); err != nil {
		return err
	}
	v.say("The workspace %s is new, and selected. Its state is empty.\n", w)
	return nil
}

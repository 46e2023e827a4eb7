package cli

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
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
		return func(_ context.Context, p *Program, args []string) error {
			v := newView(p, f)
			return v.fail(v.newWorkspace(args))
		}
	},
}

func (v *view) newWorkspace(args []string) error {
	w, err := oneWorkspace("workspace new", args)
	if err != nil {
		return err
	}
	names, folder, err := workspaces()
	if err != nil {
		return err
	}
	if slices.Contains(names, w) {
		return advise(fmt.Errorf("the workspace %q exists", w), fmt.Sprintf("To select it: %s workspace select %s", name, w))
	}
	if err := selectWorkspace(w); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(folder, w), 0o755); err != nil {
		return fmt.Errorf("making the workspace: %w", err)
	}
	v.say("The workspace %s is new, and selected. Its state is empty.\n", w)
	return nil
}

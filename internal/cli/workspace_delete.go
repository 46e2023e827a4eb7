package cli

import (
	"context"
	"flag"
	"fmt"
	"slices"
)

var workspaceDelete = command{
	name:    "workspace delete",
	args:    "NAME",
	summary: "Remove a workspace",
	flags: func(fs *flag.FlagSet) action {
		var f viewFlags
		f.declare(fs)
		var lock lockFlags
		lock.declare(fs)
		force := fs.Bool("force", false, "remove it even if its state has objects, which nobody manages then")
		return func(ctx context.Context, p *Program, args []string) error {
			v := newView(p, f)
			w, err := oneWorkspace("workspace delete", args)
			if err == nil {
				err = deleteWorkspace(ctx, w, lock, *force)
			}
			if err != nil {
				return v.fail(err)
			}
			v.say("The workspace %s is removed.\n", w)
			return nil
		}
	},
}

// deleteWorkspace removes the folder of a workspace that nobody works in.
func deleteWorkspace(ctx context.Context, w string, f lockFlags, force bool) error {
	names, b, err := workspaces(ctx)
	switch {
	case err != nil:
		return err
	case w == defaultWorkspace:
		return advise(fmt.Errorf("the workspace %q cannot be removed", w), "It always exists.")
	case !slices.Contains(names, w):
		return errNoWorkspace(w)
	case w == workspace():
		return advise(fmt.Errorf("the workspace %q is selected", w), fmt.Sprintf("Select another one first: %s workspace select %s", name, defaultWorkspace))
	}
	s, err := b.Open(ctx, w, f.options("workspace-delete"))
	if err != nil {
		return err
	}
	st, _ := stateOf(s)
	if n := len(st.Entries()); n > 0 && !force {
		err = advise(fmt.Errorf("the workspace %q is not empty", w), fmt.Sprintf("Its state has %d objects. Destroy them first, or give -force to leave them to themselves.", n))
	}
	if err == nil {
		err = b.Delete(ctx, w)
	}
	if closing := s.Close(); err == nil && closing != nil {
		err = fmt.Errorf("giving the state back: %w", closing)
	}
	return err
}

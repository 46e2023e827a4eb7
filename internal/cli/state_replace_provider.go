package cli

import (
	"context"
	"errors"
	"flag"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

var stateReplaceProvider = command{
	name:    "state replace-provider",
	args:    "FROM TO",
	summary: "Let another provider manage the objects of one",
	help:    "Both are source addresses, such as hashicorp/aws. The objects stay as they are; only the state says another provider.",
	flags: func(fs *flag.FlagSet) action {
		var f viewFlags
		var lock lockFlags
		f.declare(fs)
		lock.declare(fs)
		auto := fs.Bool("auto-approve", false, "do not ask for approval")
		return func(ctx context.Context, p *Program, args []string) error {
			v := newView(p, f)
			if len(args) != 2 {
				return v.fail(advise(errors.New("state replace-provider takes FROM and TO"), "Both are source addresses, such as hashicorp/aws. Flags come before them."))
			}
			from, err := addr.ParseProvider(args[0])
			if err != nil {
				return v.fail(err)
			}
			to, err := addr.ParseProvider(args[1])
			if err != nil {
				return v.fail(err)
			}
			return v.edit(ctx, lock, "OperationTypeInvalid", func(s *state.State) error { return v.replaceProvider(ctx, s, from, to, *auto) })
		}
	},
}

func (v *view) replaceProvider(ctx context.Context, s *state.State, from, to addr.Provider, auto bool) error {
	var found []state.Entry
	for _, e := range s.Entries() {
		if e.Provider.Provider == from {
			found = append(found, e)
		}
	}
	if len(found) == 0 {
		v.say("No object in the state is managed by %s.\n", from)
		return nil
	}
	v.say("These objects are managed by %s, and will be by %s:\n", from, to)
	for _, e := range found {
		v.say("  %s\n", e.Addr)
	}
	if !auto {
		if err := v.approve(ctx, "Do you want to make these changes?", "Only the state will be written. No object is changed."); err != nil {
			return err
		}
	}
	for _, e := range found {
		e.Provider.Provider = to
		s.Put(e)
	}
	v.say("%d objects are managed by %s now.\n", len(found), to)
	return nil
}

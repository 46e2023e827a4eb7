package cli

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
)

var forceUnlock = command{
	name:    "force-unlock",
	args:    "LOCK_ID",
	summary: "Take the lock of the state away from a run that is over",
	help: `
It is meant for locks that a killed run has left in a remote place, such as an S3
bucket. Who takes the lock from a run that goes on can lose what that run does. A
local state needs this never: the operating system gives its lock back.`,
	flags: func(fs *flag.FlagSet) action {
		var f viewFlags
		f.declare(fs)
		force := fs.Bool("force", false, "do not ask")
		return func(ctx context.Context, p *Program, args []string) error {
			v := newView(p, f)
			if len(args) != 1 {
				return v.fail(advise(errors.New("force-unlock takes one LOCK_ID"), "A command that finds the state locked says it."))
			}
			return v.fail(v.unlock(ctx, args[0], *force))
		}
	},
}

func (v *view) unlock(ctx context.Context, id string, force bool) error {
	m, diags := config.LoadRoot(".")
	if diags.HasErrors() {
		m = nil // the lock can be given back whatever the configuration is like
	}
	w, err := chosen()
	if err != nil {
		return err
	}
	b, err := backendOf(ctx, m, nil)
	if err != nil {
		return err
	}
	h, err := b.Holder(ctx, w)
	if err != nil {
		return err
	}
	if h != nil && h.ID != id {
		return advise(fmt.Errorf("the lock of %s has another id, %s", b.Where(w), h.ID), "It was taken since. "+h.Alive())
	}
	if h != nil {
		v.say("The lock %s was taken by %s for %s, at %s.\n%s\n", h.ID, h.Who, h.Operation, h.Created.UTC(), h.Alive())
	}
	if !force && h != nil {
		if !interactive(v.p.In) {
			return advise(errors.New("nobody is here to agree to taking the lock away"), "The input is no terminal. Give -force to go on without asking.")
		}
		fmt.Fprintf(v.p.Out, "\n%s\n  Only 'yes' will be accepted.\n", v.out.Bold("Do you really want to take the lock away?"))
		answer, err := prompt(ctx, v.p.Out, bufio.NewReader(v.p.In))
		if err != nil {
			return err
		}
		if answer != "yes" {
			return advise(errors.New("the lock stays"), "Nothing was changed.")
		}
	}
	if err := b.Unlock(ctx, w, id); err != nil {
		return err
	}
	v.say("The lock of %s is taken away.\n", b.Where(w))
	return nil
}

package cli

import (
	"context"
	"flag"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

var taintCommand = command{
	name:    "taint",
	args:    "ADDRESS",
	summary: "Mark an object, so that the next apply replaces it",
	help:    "The flag -replace of plan and apply does the same without changing the state beforehand.",
	flags:   taintFlags("taint", true),
}

var untaintCommand = command{
	name:    "untaint",
	args:    "ADDRESS",
	summary: "Take the mark from an object that would be replaced because of it",
	flags:   taintFlags("untaint", false),
}

func taintFlags(command string, tainted bool) func(*flag.FlagSet) action {
	return func(fs *flag.FlagSet) action {
		var f viewFlags
		var lock lockFlags
		f.declare(fs)
		lock.declare(fs)
		missing := fs.Bool("allow-missing", false, "succeed even if there is no such object")
		return func(ctx context.Context, p *Program, args []string) error {
			v := newView(p, f)
			a, err := managed(command, args)
			if err != nil {
				return v.fail(err)
			}
			return v.edit(ctx, lock, "OperationTypeInvalid", func(s *state.State) error {
				o := s.Get(a)
				switch {
				case o == nil && *missing:
					v.say("The state has nothing at %s, as is allowed.\n", a)
					return nil
				case o == nil:
					return errNothingAt(a.String())
				case o.Tainted == tainted && tainted:
					v.say("%s is tainted already.\n", a)
					return nil
				case o.Tainted == tainted:
					v.say("%s is not tainted.\n", a)
					return nil
				}
				s.Put(state.Entry{Addr: a, Object: o.With(func(o *state.Object) { o.Tainted = tainted })})
				if tainted {
					v.say("%s is marked as tainted: the next apply replaces it.\n", a)
				} else {
					v.say("%s is not tainted any more.\n", a)
				}
				return nil
			})
		}
	}
}

package cli

import (
	"context"
	"errors"
	"flag"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

var stateRm = command{
	name:    "state rm",
	args:    "ADDRESS...",
	summary: "Forget objects, without destroying them",
	help:    "An address names an instance, a resource with all its instances, or a module with all that is in it.",
	flags: func(fs *flag.FlagSet) action {
		var f viewFlags
		var lock lockFlags
		f.declare(fs)
		lock.declare(fs)
		dry := fs.Bool("dry-run", false, "only say what would be forgotten")
		return func(ctx context.Context, p *Program, args []string) error {
			v := newView(p, f)
			if len(args) == 0 {
				return v.fail(advise(errors.New("state rm takes at least one ADDRESS"), "Flags come before it."))
			}
			return v.edit(ctx, lock, "state-rm", func(s *state.State) error {
				entries := s.Entries()
				for _, address := range args {
					found := false
					for _, e := range entries {
						if !covers(address, e.Addr) {
							continue
						}
						found = true
						if *dry {
							v.say("%s would be forgotten.\n", label(e))
							continue
						}
						s.Put(state.Entry{Addr: e.Addr, Deposed: e.Deposed})
						v.say("%s is forgotten.\n", label(e))
					}
					if !found {
						return errNothingAt(address)
					}
				}
				return nil
			})
		}
	},
}

// label names an object of the state for people.
func label(e state.Entry) string {
	if e.Deposed != "" {
		return e.Addr.String() + " (deposed object " + e.Deposed + ")"
	}
	return e.Addr.String()
}

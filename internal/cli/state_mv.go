package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

var stateMv = command{
	name:    "state mv",
	args:    "FROM TO",
	summary: "Give objects other addresses, without touching them",
	help: `
Both are instances, or both resources, or both modules; what is in FROM moves
with it. A resource without an index moves to one with an index, and back.`,
	flags: func(fs *flag.FlagSet) action {
		var f viewFlags
		var lock lockFlags
		f.declare(fs)
		lock.declare(fs)
		dry := fs.Bool("dry-run", false, "only say what would be moved")
		return func(ctx context.Context, p *Program, args []string) error {
			v := newView(p, f)
			if len(args) != 2 {
				return v.fail(advise(errors.New("state mv takes two addresses, FROM and TO"), "Flags come before them."))
			}
			return v.edit(ctx, lock, "state-mv", func(s *state.State) error {
				moves, err := movesOf(s, args[0], args[1])
				if err != nil {
					return err
				}
				for _, m := range moves {
					if *dry {
						v.say("%s would become %s.\n", label(m.from), m.to)
						continue
					}
					s.Put(state.Entry{Addr: m.from.Addr, Deposed: m.from.Deposed})
				}
				if *dry {
					return nil
				}
				for _, m := range moves {
					to := m.from
					to.Addr = m.to
					s.Put(to)
					v.say("%s is %s now.\n", label(m.from), m.to)
				}
				return nil
			})
		}
	},
}

// move is an object with its new address.
type move struct {
	from state.Entry
	to   addr.Instance
}

// movesOf finds what is at the address from, and where each of it goes.
func movesOf(s *state.State, from, to string) ([]move, error) {
	var moves []move
	leaving := map[addr.Instance]bool{}
	for _, e := range s.Entries() {
		if !covers(from, e.Addr) {
			continue
		}
		rest := strings.TrimPrefix(e.Addr.String(), from)
		at, err := addr.ParseInstance(to + rest)
		if err != nil {
			return nil, advise(fmt.Errorf("%s cannot become %s", label(e), to+rest), "Both addresses must be of the same kind: two instances, two resources or two modules.")
		}
		if at.Resource.Type != e.Addr.Resource.Type || at.Resource.Mode != e.Addr.Resource.Mode {
			return nil, advise(fmt.Errorf("%s cannot become %s", label(e), at), "An object keeps the type that it has.")
		}
		moves = append(moves, move{e, at})
		leaving[e.Addr] = true
	}
	if len(moves) == 0 {
		return nil, errNothingAt(from)
	}
	for _, m := range moves {
		if there := s.Get(m.to); there != nil && !leaving[m.to] || m.to == m.from.Addr {
			return nil, advise(fmt.Errorf("the state has an object at %s already", m.to), fmt.Sprintf("Move that one first, or forget it: %s state rm '%s'", name, m.to))
		}
		if p := s.Provider(m.to); p != (addr.ProviderConfig{}) && p != m.from.Provider {
			return nil, advise(fmt.Errorf("%s cannot become %s", label(m.from), m.to), fmt.Sprintf("It was made with %s, but the other instances there with %s.", m.from.Provider, p))
		}
	}
	return moves, nil
}

package cli

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend"
)

var stateRecover = command{
	name:    "state recover",
	args:    "JOURNAL",
	summary: "Take over what a run made that was cut off",
	help: `A run that was cut off leaves a journal, which the next run goes on from by itself.
If something else has written the state meanwhile, the journal is kept instead, and
this command takes the objects from it that the state does not have. An object whose
place in the state is taken is only told of: nothing in the state is replaced.`,
	flags: func(fs *flag.FlagSet) action {
		var f viewFlags
		var lock lockFlags
		f.declare(fs)
		lock.declare(fs)
		dry := fs.Bool("dry-run", false, "only say what would be taken over")
		return func(ctx context.Context, p *Program, args []string) error {
			v := newView(p, f)
			if len(args) != 1 {
				return v.fail(advise(errors.New("state recover takes one JOURNAL"), "It is a file such as terraform.tfstate.journal.20260102T150405Z, which a warning named. Flags come before it."))
			}
			if _, err := os.Stat(args[0]); err != nil {
				return v.fail(fmt.Errorf("reading the journal: %w", err))
			}
			return v.recover(ctx, lock, args[0], *dry)
		}
	},
}

func (v *view) recover(ctx context.Context, f lockFlags, journal string, dry bool) (err error) {
	m, diags := config.LoadRoot(".")
	if diags.HasErrors() {
		m = nil // the state can be mended whatever the configuration is like
	}
	store, err := v.open(ctx, f, "state-recover", m)
	if err != nil {
		return err
	}
	defer func() { err = v.closed(store, err) }()
	past, err := store.Past(journal)
	if err != nil {
		return v.fail(err)
	}
	st, _ := stateOf(store)
	taken := v.take(st, past.Objects, dry)
	if err := v.diagnostics(recovered(backend.Recovery{Unfinished: past.Unfinished})); err != nil {
		return err
	}
	switch {
	case dry:
		return nil
	case taken > 0:
		if err := store.Write(st); err != nil {
			return v.fail(err)
		}
	}
	v.say("\nTaken over: %d. What a plan says now is all that is left to do; then remove %s.\n", taken, journal)
	return nil
}

// take puts the objects into st whose places are free there, and tells of each.
func (v *view) take(st *state.State, objects []state.Entry, dry bool) (taken int) {
	how := "is taken over"
	if dry {
		how = "would be taken over"
	}
	for _, e := range objects {
		have := st.GetDeposed(e.Addr, e.Deposed)
		switch {
		case e.Object == nil && have == nil:
		case e.Object == nil:
			v.say("%s stays in the state: that run destroyed an object there, and a plan finds out whether this one is it.\n", label(e))
		case have == nil:
			st.Put(e)
			taken++
			v.say("%s %s (id %q).\n", label(e), how, idOf(e.Object))
		case bytes.Equal(have.Attributes, e.Object.Attributes):
			v.say("%s is in the state already.\n", label(e))
		case idOf(have) == idOf(e.Object):
			v.say("%s is in the state, as something else left it (id %q).\n", label(e), idOf(have))
		default:
			v.say("%s is another object in the state (id %q): the one that run left there is not taken over (id %q). Delete it, or import it to another address.\n", label(e), idOf(have), idOf(e.Object))
		}
	}
	return taken
}

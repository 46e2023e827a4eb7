package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend/local"
)

// backendFlags say what init does about the place of the state.
type backendFlags struct {
	settings                        []string // of -backend-config
	reconfigure, migrate, forceCopy bool
	lock                            lockFlags
}

// initBackend prepares the place of the state that the configuration names, and
// moves the states there from where they were before, if it is told to.
func (v *view) initBackend(ctx context.Context, m *config.Module, f backendFlags) error {
	if f.reconfigure && (f.migrate || f.forceCopy) {
		return advise(errors.New("-reconfigure and -migrate-state exclude each other"), "One uses what is in the new place, the other moves the state there.")
	}
	f.migrate = f.migrate || f.forceCopy
	now, err := configured(m, v.given)
	if err != nil {
		return err
	}
	if err := now.override(f.settings); err != nil {
		return err
	}
	codec, err := codecOf(m, v.given)
	if err != nil {
		return err
	}
	kept, err := remembered()
	if err != nil && !f.reconfigure {
		return err
	}
	before := setting{kind: "local"}
	if kept != nil {
		before = *kept
		if before.kind == now.kind && !f.reconfigure {
			now.inherit(before, m != nil && m.Backend != nil && len(f.settings) == 0)
		}
	}
	target, err := now.open(ctx, codec)
	if err != nil {
		return err
	}
	if _, err := target.Workspaces(ctx); err != nil { // whether it is there, and can be used
		return err
	}
	if !f.reconfigure && !now.equal(before) {
		if err := v.moveStates(ctx, before, now, target, codec, f, kept != nil); err != nil {
			return err
		}
	}
	if err := remember(now); err != nil {
		return err
	}
	if now.kind != "local" {
		v.line(fmt.Sprintf("The state is kept by the backend %q, in %s.", now.kind, target.Where(workspace())))
	}
	return nil
}

// inherit takes the arguments that the block leaves open from what an earlier init
// was told on its command line.
func (s setting) inherit(before setting, quiet bool) {
	if !quiet {
		return
	}
	for argument, v := range before.values {
		if _, ok := s.values[argument]; !ok {
			s.values[argument] = v
		}
	}
}

// moveStates copies the states of all workspaces to their new place.
func (v *view) moveStates(ctx context.Context, before, now setting, target backend.Backend, codec backend.Codec, f backendFlags, changed bool) error {
	source, err := before.open(ctx, codec)
	if err != nil {
		return fmt.Errorf("opening the backend of before: %w", err)
	}
	names, err := source.Workspaces(ctx)
	if err != nil {
		return fmt.Errorf("looking at the backend of before: %w", err)
	}
	states := map[string]*state.File{}
	for _, w := range names {
		file, err := source.Read(ctx, w)
		if err != nil {
			return err
		}
		if file != nil && (!file.State.Empty() || w != backend.DefaultWorkspace) {
			states[w] = file
		}
	}
	switch {
	case len(states) == 0 && !changed:
		return nil
	case !f.migrate && changed:
		return errBackendChanged(fmt.Sprintf("It was %q, in %s, and is %q now, in %s.", before.kind, source.Where(workspace()), now.kind, target.Where(workspace())))
	case !f.migrate:
		return advise(fmt.Errorf("there is a state in %s", source.Where(workspace())), fmt.Sprintf("To move it to the new backend: %s init -migrate-state. To leave it where it is and use the new one: %s init -reconfigure", name, name))
	case len(states) == 0:
		return nil
	}
	if !f.forceCopy {
		if err := v.agreeToMove(ctx, len(states), source.Where(workspace()), target.Where(workspace())); err != nil {
			return err
		}
	}
	for _, w := range names {
		if states[w] == nil {
			continue
		}
		if err := v.moveState(ctx, source, target, w, f); err != nil {
			return fmt.Errorf("moving the state of the workspace %q: %w", w, err)
		}
	}
	return nil
}

func (v *view) agreeToMove(ctx context.Context, n int, from, to string) error {
	if !interactive(v.p.In) {
		return advise(errors.New("nobody is here to agree to moving the state"), "The input is no terminal. Give -force-copy to move it without asking.")
	}
	fmt.Fprintf(v.p.Out, "\n%s\n  %d states are copied from %s to %s.\n  Only 'yes' will be accepted.\n", v.out.Bold("Do you want to move the state?"), n, from, to)
	answer, err := prompt(ctx, v.p.Out, bufio.NewReader(v.p.In))
	if err != nil {
		return err
	}
	if answer != "yes" {
		return advise(errors.New("the state was not moved"), "Nothing was changed.")
	}
	return nil
}

// moveState copies one state, and takes one that was in a local file away, whose
// backup stays.
func (v *view) moveState(ctx context.Context, source, target backend.Backend, w string, f backendFlags) (err error) {
	from, err := source.Open(ctx, w, f.lock.options("backend-migrate"))
	if err != nil {
		return err
	}
	file := from.File()
	defer func() { err = errors.Join(err, from.Close()) }()
	to, err := target.Open(ctx, w, f.lock.options("backend-migrate"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	if err := pushable(to.File(), file); err != nil && !f.forceCopy {
		return err
	}
	if err := to.Replace(file); err != nil {
		return err
	}
	if l, ok := source.(local.Backend); ok {
		path := l.Where(w)
		if err := os.Rename(path, path+".backup"); err != nil {
			return fmt.Errorf("keeping the state of before as a backup: %w", err)
		}
	}
	v.line(fmt.Sprintf("The state of the workspace %s was moved to %s.", w, target.Where(w)))
	return nil
}

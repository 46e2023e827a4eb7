package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// edit changes the state without looking at any object. Nothing is stored if
// change fails.
func (v *view) edit(ctx context.Context, f lockFlags, operation string, change func(*state.State) error) (err error) {
	m, diags := config.LoadRoot(".")
	if diags.HasErrors() {
		m = nil // the state can be mended whatever the configuration is like
	}
	store, err := v.open(ctx, f, operation, m)
	if err != nil {
		return err
	}
	defer func() { err = v.closed(store, err) }()
	st, _ := stateOf(store)
	if err := change(st); err != nil {
		return v.fail(err)
	}
	return v.fail(store.Write(st))
}

// errNothingAt is what a command says of an address that the state does not have.
func errNothingAt(address string) error {
	return advise(fmt.Errorf("the state has nothing at %s", address), fmt.Sprintf("For what it has: %s state list", name))
}

// managed reads the one argument of a command: an instance of a managed resource.
func managed(command string, args []string) (addr.Instance, error) {
	if len(args) != 1 {
		return addr.Instance{}, advise(fmt.Errorf("%s takes one ADDRESS", command), "Such as 'serverless_table.notes[\"a\"]'. Flags come before it.")
	}
	a, err := addr.ParseInstance(args[0])
	if err == nil && a.Resource.Mode != addr.Managed {
		err = errors.New("only managed resources can be tainted")
	}
	return a, err
}

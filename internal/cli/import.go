package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend/local"
)

var importCommand = command{
	name:    "import",
	args:    "ADDRESS ID",
	summary: "Take an object that exists into the state",
	help: `
The configuration must have a block for ADDRESS; it is not changed. What the
block does not say yet shows in the next plan.`,
	flags: func(fs *flag.FlagSet) action {
		var f importFlags
		f.view.declare(fs)
		f.lock.declare(fs)
		f.inputs.declare(fs)
		fs.StringVar(&f.config, "config", ".", "`folder` of the configuration, if it is another one")
		return func(ctx context.Context, p *Program, args []string) error {
			v := newView(p, f.view)
			if len(args) != 2 {
				return v.fail(advise(errors.New("import takes an ADDRESS and an ID"), "Such as 'serverless_table.notes[\"a\"]' notes. Flags come before them."))
			}
			a, err := addr.ParseInstance(args[0])
			if err != nil {
				return v.fail(err)
			}
			return v.importObject(ctx, &f, a, args[1])
		}
	},
}

type importFlags struct {
	view   viewFlags
	lock   lockFlags
	inputs inputFlags
	config string
}

func (v *view) importObject(ctx context.Context, f *importFlags, a addr.Instance, id string) (err error) {
	program, err := v.compileIn(ctx, f.config)
	if err != nil {
		return err
	}
	store, err := v.open(ctx, f.lock, "OperationTypeInvalid", program.Module)
	if err != nil {
		return err
	}
	defer func() { err = v.closed(store, err) }()
	values, diags, err := v.variables(ctx, program.Module, f.inputs)
	if err != nil {
		return err
	}
	st, base := stateOf(store)
	entry, more := program.Import(ctx, plan.Options{
		Prior: st, Base: base, Variables: values, Workspace: workspace(), Now: time.Now(), ReadFile: local.ReadFile,
	}, a, id)
	if err := v.diagnostics(append(diags, more...)); err != nil {
		return err
	}
	st.Put(entry)
	if err := store.Write(st); err != nil {
		return v.fail(err)
	}
	v.say("%s\n", v.out.Good(fmt.Sprintf("%s is the object with the id %q now.", a, id)))
	return nil
}

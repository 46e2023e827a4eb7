package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/modules"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend/local"
)

// compile loads the configuration of the working directory and prepares it.
func (v *view) compile(ctx context.Context) (*plan.Program, error) {
	return v.compileIn(ctx, ".")
}

// compileIn loads the configuration of a folder and prepares it.
func (v *view) compileIn(ctx context.Context, dir string) (*plan.Program, error) {
	servers, err := v.p.servers()
	if err != nil {
		return nil, v.fail(err)
	}
	m, diags := v.configuration(dir)
	if diags.HasErrors() {
		return nil, v.diagnostics(diags)
	}
	if diags = append(diags, v.p.installed(m)...); diags.HasErrors() {
		return nil, v.diagnostics(diags)
	}
	program, more := plan.Compile(ctx, m, servers)
	return program, v.diagnostics(append(diags, more...))
}

// configuration loads the configuration of a folder, with all the modules that it
// calls.
func (v *view) configuration(dir string) (*config.Module, hcl.Diagnostics) {
	fetched, err := modules.Read(modulesDir())
	if err != nil {
		return nil, hcl.Diagnostics{diagnosticOf(err)}
	}
	m, diags := config.LoadWith(dir, fetched.Resolve, v.statics())
	v.read(m)
	return m, diags
}

// statics evaluate the sources of modules that are no literals.
func (v *view) statics() config.Evaluate {
	return lang.Statics(func(root *config.Module) map[string]cty.Value {
		return staticsOf(root, v.given).Variables
	}, workspace())
}

// lockFlags say how a command locks the state.
type lockFlags struct {
	lock    bool
	timeout time.Duration
}

func (f *lockFlags) declare(fs *flag.FlagSet) {
	fs.BoolVar(&f.lock, "lock", true, "hold a lock on the state meanwhile; false is dangerous if others may use it")
	fs.DurationVar(&f.timeout, "lock-timeout", 0, "`time` to wait for another holder of the lock, such as 60s")
}

// options are those of opening a state for the operation.
func (f lockFlags) options(operation string) backend.Options {
	return backend.Options{Version: terraformVersion, Operation: operation, NoLock: !f.lock, LockTimeout: f.timeout, Archive: journals()}
}

// open opens the state of the working directory, locked for the operation.
func (v *view) open(ctx context.Context, f lockFlags, operation string, m *config.Module) (*backend.Store, error) {
	w, err := chosen()
	if err != nil {
		return nil, v.fail(err)
	}
	b, err := backendOf(ctx, m, v.given)
	if err != nil {
		return nil, v.fail(err)
	}
	if v.files != (local.Files{}) {
		files, ok := b.(local.Backend)
		if !ok {
			return nil, v.fail(advise(errors.New("-state, -state-out and -backup are for states in files"), "This one is kept by another backend."))
		}
		files.Files = v.files
		b = files
	}
	s, err := b.Open(ctx, w, f.options(operation))
	if err != nil {
		return nil, v.fail(err)
	}
	return s, v.diagnostics(recovered(s.Recovered()))
}

// toDo says what becomes of a step whose outcome is not known.
func toDo(i state.Intent) string {
	switch {
	case i.Action != "create":
		return "The plan looks at the object, and makes the change again if need be."
	case i.Note != nil:
		return "If the object exists, the apply goes on with it from what the journal says, or removes it if it is not wanted any more."
	case i.Identity != nil:
		return "If the object exists as it was planned, the plan takes it over."
	}
	return "Look whether the object exists: if it does and the plan wants to create it, it has to be imported or deleted first."
}

// recovered tells of an earlier run that was cut off.
func recovered(r backend.Recovery) hcl.Diagnostics {
	var diags hcl.Diagnostics
	if r.Replayed > 0 {
		diags = append(diags, &hcl.Diagnostic{
			Severity: hcl.DiagWarning, Summary: "An earlier run was cut off",
			Detail: fmt.Sprintf("It had completed %d steps that the state file did not hold yet. They were taken from its journal, and nothing of them is lost.", r.Replayed),
		})
	}
	for _, i := range r.Unfinished {
		diags = append(diags, &hcl.Diagnostic{
			Severity: hcl.DiagWarning, Summary: "The outcome of a step is not known",
			Detail: fmt.Sprintf("An earlier run was cut off during the %s of %s. %s", i.Action, i.Addr, toDo(i)),
		})
	}
	if r.Kept != "" {
		diags = append(diags, &hcl.Diagnostic{
			Severity: hcl.DiagWarning, Summary: "A journal does not belong to this state",
			Detail: fmt.Sprintf("An earlier run was cut off, and something else has written the state since. The journal of that run is kept as %s. To take over the objects that it made and the state does not have, run: %s state recover %s", r.Kept, name, r.Kept),
		})
	}
	return diags
}

// stored reads the state of the working directory without a lock; it is nil if
// there is none.
func stored() (*state.File, error) {
	m, diags := config.LoadRoot(".")
	if diags.HasErrors() {
		m = nil // the state can be looked at whatever the configuration is like
	}
	w, err := chosen()
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	b, err := backendOf(ctx, m, nil)
	if err != nil {
		return nil, err
	}
	return b.Read(ctx, w)
}

// stateOf is the state that a store holds, with its place in the history.
func stateOf(s *backend.Store) (*state.State, plan.Base) {
	f := s.File()
	if f == nil {
		return state.New(), plan.Base{}
	}
	return f.State, plan.Base{Lineage: f.Lineage, Serial: f.Serial}
}

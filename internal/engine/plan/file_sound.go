package plan

import (
	"errors"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
)

// sound refuses a plan that was read from a damaged file: what it says by numbers has
// to be there.
func (p *Plan) sound() error {
	if p.Mode > RefreshOnly {
		return errors.New("its mode is none")
	}
	for _, changes := range [][]Change{p.Changes, p.Drift} {
		for _, c := range changes {
			if c.Action > ForgetCreate || (c.Action == Read) != (c.Addr.Resource.Mode == addr.Data) && c.Action != NoOp {
				return errors.New("an action of it is none, or not for its object")
			}
		}
	}
	for _, o := range p.Outputs {
		if o.Action > ForgetCreate {
			return errors.New("an action of it is none")
		}
	}
	for _, op := range p.Graph {
		of := len(p.Changes)
		switch {
		case op.Kind > Invoke:
			return errors.New("a step of it is none")
		case op.Kind == Invoke:
			of = len(p.Invocations)
		}
		if op.Kind != Join && (op.Change < 0 || op.Change >= of) {
			return errors.New("a step of it belongs to no change")
		}
		if op.Kind == Write && !writes(p.Changes[op.Change].Action) || op.Kind == Remove && !removes(p.Changes[op.Change].Action) {
			return errors.New("a step of it does not fit its change")
		}
		for _, before := range op.After {
			if before < 0 || before >= len(p.Graph) {
				return errors.New("a step of it waits for none")
			}
		}
	}
	return nil
}

// removes tells that carrying out a destroys or forgets an object.
func removes(a Action) bool { return a == Delete || a == Forget || a.Replaces() }

package plan

import "errors"

// sound refuses a plan that was read from a damaged file: what it says by numbers has
// to be there.
func (p *Plan) sound() error {
	if p.Mode > RefreshOnly {
		return errors.New("its mode is none")
	}
	for _, changes := range [][]Change{p.Changes, p.Drift} {
		for _, c := range changes {
			if c.Action > ForgetCreate {
				return errors.New("an action of it is none")
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
		for _, before := range op.After {
			if before < 0 || before >= len(p.Graph) {
				return errors.New("a step of it waits for none")
			}
		}
	}
	return nil
}

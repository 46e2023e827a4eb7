package run

import (
	"fmt"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/expr"
)

// wait has a thread sleep until the time that its state says.
func (x *Execution) wait(t *thread, st *asl.State) error {
	if _, err := x.inputPath(t, st); err != nil {
		return err
	}
	if strings.HasPrefix(st.Wait.Name, "Seconds") {
		d, err := x.duration(t, st, st.Wait)
		if err != nil {
			return err
		}
		t.WakeAt = t.EnteredAt.Add(d)
	} else {
		v, err := x.field(t, st, st.Wait)
		if err != nil {
			return err
		}
		s, isText := v.(string)
		at, err := asl.ParseTimestamp(s)
		switch query := st.Wait.Expr != nil && st.Wait.Query() != nil; {
		case query && !isText:
			return st.Wait.Unexpected("string", v)
		case query && err != nil:
			return &expr.Error{Name: expr.QueryEvaluation, Location: "Timestamp", Cause: fmt.Sprintf("The value of the field 'Timestamp' is not a valid ISO-8601 extended offset date-time format string: %s", s)}
		case err != nil:
			return &expr.Error{Name: expr.Runtime, Cause: fmt.Sprintf("The %s parameter does not reference a valid ISO-8601 extended offset date-time format string: %s == %s", st.Wait.Name, st.Wait.Text, bare(v))}
		}
		t.WakeAt = at
	}
	t.Phase = waiting
	x.touch(t)
	if !x.host.Now().Before(t.WakeAt) || x.trial != nil {
		x.waited(t)
	}
	return nil
}

// waited goes on behind a Wait state.
func (x *Execution) waited(t *thread) {
	st := t.state()
	input, err := x.path(t, st.InputPath, t.Input.v)
	if err == nil {
		err = x.leave(t, st, input, nil)
	}
	if err != nil {
		x.wrong(t, st, err)
	}
}

package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// errNoState is what the commands that look into the state say without one.
var errNoState = advise(errors.New("no state file was found"), "Nothing has been applied in this folder. Name the right one with -chdir, or run apply.")

var stateList = command{
	name:    "state list",
	args:    "[ADDRESS...]",
	summary: "List the objects of the state",
	help:    "An address names an instance, a resource with all its instances, or a module with all that is in it.",
	flags: func(fs *flag.FlagSet) action {
		id := fs.String("id", "", "list only objects whose attribute `id` has this value")
		return func(_ context.Context, p *Program, args []string) error {
			v := newView(p, viewFlags{})
			file, err := stored()
			if err != nil {
				return v.fail(err)
			}
			if file == nil {
				return v.fail(errNoState)
			}
			found := make([]bool, len(args))
			for _, e := range file.State.Entries() {
				match := len(args) == 0
				for i, a := range args {
					if covers(a, e.Addr) {
						found[i], match = true, true
					}
				}
				if match && e.Deposed == "" && (*id == "" || idOf(e.Object) == *id) {
					v.say("%s\n", e.Addr)
				}
			}
			for i, ok := range found {
				if !ok {
					return v.fail(errNothingAt(args[i]))
				}
			}
			return nil
		}
	},
}

// idOf is the attribute id of an object; empty if it has none.
func idOf(o *state.Object) string {
	var attributes struct {
		ID any `json:"id"`
	}
	d := json.NewDecoder(bytes.NewReader(o.Attributes))
	d.UseNumber() // a number as it is written
	if d.Decode(&attributes) != nil || attributes.ID == nil {
		return ""
	}
	return fmt.Sprint(attributes.ID)
}

// covers tells that the address pattern names a, its resource or its module.
func covers(pattern string, a addr.Instance) bool {
	full := a.String()
	rest, ok := strings.CutPrefix(full, pattern)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

var stateShow = command{
	name:    "state show",
	args:    "ADDRESS",
	summary: "Show one object of the state",
	flags: func(fs *flag.FlagSet) action {
		var f viewFlags
		f.declare(fs)
		return func(ctx context.Context, p *Program, args []string) error {
			v := newView(p, f)
			if len(args) != 1 {
				return v.fail(errors.New("state show takes one ADDRESS, such as 'serverless_table.notes[\"a\"]'"))
			}
			at, err := addr.ParseInstance(args[0])
			if err != nil {
				return v.fail(err)
			}
			file, err := stored()
			if err != nil {
				return v.fail(err)
			}
			if file == nil {
				return v.fail(errNoState)
			}
			o := file.State.Get(at)
			if o == nil {
				return v.fail(advise(fmt.Errorf("the state has no object at %s", at), fmt.Sprintf("For what it has: %s state list", name)))
			}
			s, err := v.schemas(ctx)
			if err != nil {
				return err
			}
			objects, err := s.decode(ctx, []state.Entry{{Addr: at, Provider: file.State.Provider(at), Object: o}})
			if err != nil {
				return v.fail(err)
			}
			v.say("%s", v.out.Object(objects[0]))
			return nil
		}
	},
}

var statePull = command{
	name:    "state pull",
	summary: "Print the state as it is stored, in version 4 of Terraform's format",
	flags: func(*flag.FlagSet) action {
		return func(_ context.Context, p *Program, _ []string) error {
			v := newView(p, viewFlags{})
			file, err := stored()
			if err != nil || file == nil {
				return v.fail(err)
			}
			raw, err := file.Encode()
			if err != nil {
				return v.fail(err)
			}
			_, err = p.Out.Write(raw)
			return err
		}
	},
}

package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
	"github.com/tfserverless/terraform-provider-serverless/internal/ui"
)

var outputCommand = command{
	name:    "output",
	args:    "[NAME]",
	summary: "Print the output values",
	flags: func(fs *flag.FlagSet) action {
		var f viewFlags
		f.declare(fs)
		asJSON := fs.Bool("json", false, "print JSON, sensitive values included")
		raw := fs.Bool("raw", false, "print the string NAME without quotes or a line end")
		return func(_ context.Context, p *Program, args []string) error {
			v := newView(p, f)
			v.document = *asJSON || *raw
			switch {
			case len(args) > 1:
				return v.fail(advise(errors.New("output takes one NAME"), "Flags come before it."))
			case *asJSON && *raw:
				return v.fail(errors.New("-json and -raw exclude each other"))
			case *raw && len(args) == 0:
				return v.fail(errors.New("-raw needs the NAME of an output"))
			}
			file, err := stored()
			if err != nil {
				return v.fail(err)
			}
			outputs := map[string]state.Output{}
			if file != nil {
				outputs = file.State.Outputs()
			}
			return v.fail(v.printOutputs(outputs, strings.Join(args, ""), *asJSON, *raw))
		}
	},
}

func (v *view) printOutputs(outputs map[string]state.Output, one string, asJSON, raw bool) error {
	if one == "" {
		if asJSON {
			document, err := ui.OutputsJSON(outputs)
			fmt.Fprint(v.p.Out, string(document))
			return err
		}
		if len(outputs) == 0 {
			return v.diagnostics(noOutputs())
		}
		v.say("%s", v.out.Outputs(outputs))
		return nil
	}
	o, ok := outputs[one]
	if !ok {
		known := strings.Join(slices.Sorted(maps.Keys(outputs)), ", ")
		if known == "" {
			known = "none"
		}
		return advise(fmt.Errorf("output %q not found", one), fmt.Sprintf("The state has these outputs: %s. An output that was added to the configuration is there after the next apply.", known))
	}
	switch {
	case asJSON:
		document, err := ui.ValueJSON(o.Value)
		fmt.Fprint(v.p.Out, string(document))
		return err
	case raw:
		text, err := convert.Convert(o.Value, cty.String)
		if err != nil || text.IsNull() {
			return advise(fmt.Errorf("output %q cannot be printed raw", one), fmt.Sprintf("It is a %s, and only strings, numbers and booleans can. Use -json.", o.Value.Type().FriendlyName()))
		}
		fmt.Fprint(v.p.Out, text.AsString())
	default:
		v.say("%s\n", ui.Value(o.Value))
	}
	return nil
}

func noOutputs() hcl.Diagnostics {
	return hcl.Diagnostics{{
		Severity: hcl.DiagWarning, Summary: "No outputs found",
		Detail: "The state has no outputs. Declare some with output blocks and run apply.",
	}}
}

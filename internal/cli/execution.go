package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/executions"
	"github.com/tfserverless/terraform-provider-serverless/internal/ui/graph"
)

var executionCommand = command{
	name:    "execution",
	args:    "EXECUTION",
	summary: "Show an execution of a state machine, its way through the states, or a picture of it",
	help: `
EXECUTION is its ARN, or the state machine's name, a colon and the execution's name.
` + stateMachinesAre,
	flags: func(fs *flag.FlagSet) action {
		from := sourceFlags(fs)
		picture := fs.Bool("graph", false, "draw the state machine with how each state stands")
		svg := fs.String("svg", "", "`file` to write that picture to as SVG")
		asJSON := fs.Bool("json", false, "print JSON, with the whole history")
		return func(ctx context.Context, p *Program, args []string) error {
			args, err := mixed(fs, args)
			if err != nil {
				return err
			}
			if len(args) != 1 {
				return fmt.Errorf("give one execution, not %d; to list them: %s executions", len(args), name)
			}
			if *asJSON && (*picture || *svg != "") {
				return errors.New("-json excludes -graph and -svg")
			}
			r, err := from.open(ctx, p, args[0])
			if err != nil {
				return err
			}
			arn, err := r.ARN(ctx, args[0])
			if err != nil {
				return err
			}
			e, definition, err := r.Get(ctx, arn)
			if err != nil {
				return err
			}
			events, err := r.Events(ctx, arn)
			switch {
			case err != nil:
				return err
			case *asJSON:
				return writeJSON(p.Out, struct {
					executions.Execution
					History []executions.Event `json:"history"`
				}{e, events})
			case *picture || *svg != "":
				return draw(p.Out, definition, events, *picture, *svg)
			}
			return show(p.Out, e, events)
		}
	},
}

// show tells of an execution, and when it entered and left which state.
func show(out io.Writer, e executions.Execution, events []executions.Event) error {
	var b strings.Builder
	line := func(label, value string) {
		if value != "" {
			fmt.Fprintf(&b, "  %-8s  %s\n", label, strings.ReplaceAll(value, "\n", "\n            "))
		}
	}
	fmt.Fprintf(&b, "%s of %s\n", e.Name, afterColon(e.Machine))
	line("status", e.Status)
	line("started", stamp(e.Start))
	line("took", took(e))
	line("input", e.Input)
	line("output", e.Output)
	line("error", e.Error)
	line("cause", e.Cause)
	b.WriteString("\n")
	for _, ev := range events {
		what := ev.Type
		switch {
		case strings.HasSuffix(ev.Type, "StateEntered"):
			what = "→ " + ev.State
		case strings.HasSuffix(ev.Type, "StateExited"):
			what = "← " + ev.State
		default:
			what = "  " + what
		}
		fmt.Fprintf(&b, "%10.3f s  %s\n", ev.Time.Sub(e.Start).Seconds(), what)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// draw shows or writes the picture of a definition with the steps of an execution.
func draw(out io.Writer, definition string, events []executions.Event, text bool, file string) error {
	m, err := machineOf(definition)
	if err != nil {
		return err
	}
	all := make([]graph.Event, len(events))
	for i, e := range events {
		all[i] = graph.Event{ID: e.ID, Previous: e.Previous, Type: e.Type, State: e.State}
	}
	g, steps := graph.Of(m), graph.Follow(m, all)
	if file != "" {
		if err := os.WriteFile(file, []byte(g.SVG(steps)), 0o600); err != nil {
			return fmt.Errorf("writing the picture: %w", err)
		}
	}
	if !text {
		return nil
	}
	_, err = io.WriteString(out, g.Text(steps)+"\n"+graph.Legend+"\n")
	return err
}

// machineOf reads what an execution runs by: a definition, or, of an item of a
// distributed map, the map's processor, which does not tell the language that it has
// from the definition around it.
func machineOf(definition string) (*asl.Machine, error) {
	m, found := asl.Parse(definition, asl.Standard)
	for _, language := range []expr.Language{expr.JSONPath, expr.JSONata} {
		if m != nil {
			break
		}
		around := "Map"
		for strings.Contains(definition, `"`+around+`"`) { // names are there once only
			around += "'"
		}
		whole, _ := asl.Parse(fmt.Sprintf(`{"QueryLanguage":%q,"StartAt":%q,"States":{%q:{"Type":"Map","ItemProcessor":%s,"End":true}}}`, language, around, around, definition), asl.Standard)
		if whole != nil {
			m = &asl.Machine{Language: language, Scope: whole.States[around].Map.Processor}
		}
	}
	if m == nil {
		return nil, fmt.Errorf("the definition cannot be read: %s", asl.Message(found))
	}
	return m, nil
}

package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/ui"
)

var graphCommand = command{
	name:    "graph",
	summary: "Print what depends on what, in the DOT language",
	help: `
Without a plan, the graph shows the resources of the configuration. With one, it
shows the steps of applying it, each with those that it waits for.`,
	flags: func(fs *flag.FlagSet) action {
		var f viewFlags
		f.declare(fs)
		path := fs.String("plan", "", "`file` of a plan, whose steps are drawn")
		kind := fs.String("type", "", "`kind` of graph, as Terraform names them: plan, plan-refresh-only and plan-destroy draw the resources, apply the steps of the plan that -plan names")
		return func(ctx context.Context, p *Program, _ []string) error {
			v := newView(p, f)
			v.document = true
			switch *kind {
			case "", "plan", "plan-refresh-only", "plan-destroy":
				if *kind != "" && *path != "" {
					return v.fail(advise(fmt.Errorf("-type=%s and -plan exclude each other", *kind), "Of a plan file, the steps of applying it are drawn: -type=apply."))
				}
			case "apply":
				if *path == "" {
					return v.fail(advise(errors.New("-type=apply needs -plan=FILE"), "The steps are those of a plan."))
				}
			default:
				return v.fail(advise(fmt.Errorf("there is no graph of the type %q", *kind), "The types are plan, plan-refresh-only, plan-destroy and apply."))
			}
			if *path != "" {
				_, planned, err := v.readPlan(ctx, *path)
				if err != nil {
					return err
				}
				_, err = fmt.Fprint(p.Out, ui.GraphOfPlan(planned))
				return err
			}
			program, err := v.compile(ctx)
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(p.Out, ui.Graph(nodes(program)))
			return err
		}
	},
}

// nodes are the resources of a program.
func nodes(program *plan.Program) []ui.Node {
	var out []ui.Node
	for m := range program.Module.All() {
		for r := range m.Resources {
			node := ui.Node{Addr: r.In(m.Path)}
			if compiled := program.Resource(addr.Instance{Module: addr.ModuleInstance(m.Path), Resource: r}); compiled != nil {
				node.Needs = compiled.Needs
			}
			out = append(out, node)
		}
	}
	return out
}

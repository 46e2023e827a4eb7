package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/describe"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state/backend/local"
	"github.com/tfserverless/terraform-provider-serverless/internal/ui"
)

var showCommand = command{
	name:    "show",
	args:    "[FILE]",
	summary: "Show the state, or a plan or state in a file",
	flags: func(fs *flag.FlagSet) action {
		var f viewFlags
		f.declare(fs)
		fs.BoolVar(&f.secrets, "show-sensitive", false, "show sensitive values, too")
		asJSON := fs.Bool("json", false, "print JSON, sensitive values included")
		ofState := fs.Bool("state", false, "show the state, as without any FILE")
		ofPlan := fs.String("plan", "", "`file` of a plan to show, as a FILE is")
		ofConfig := fs.Bool("config", false, "show what the configuration says; needs -json")
		return func(ctx context.Context, p *Program, args []string) error {
			v := newView(p, f)
			v.document = *asJSON
			if *ofPlan != "" {
				args = append(args, *ofPlan)
			}
			switch chosen := len(args); {
			case chosen > 1 || chosen == 1 && (*ofState || *ofConfig) || *ofState && *ofConfig:
				return v.fail(advise(errors.New("show takes one file, or says with -state or -config what to show"), "Flags come before the file."))
			case *ofConfig && !*asJSON:
				return v.fail(advise(errors.New("-config needs -json"), "There is no other form."))
			case *ofConfig:
				return v.fail(v.showConfig(ctx))
			case *ofPlan != "" && !isPlan(*ofPlan):
				return v.fail(fmt.Errorf("the file %s is no plan", *ofPlan))
			}
			if len(args) == 1 && isPlan(args[0]) {
				return v.fail(v.showPlan(ctx, args[0], *asJSON))
			}
			file, err := stored()
			if len(args) == 1 {
				if _, missing := os.Stat(args[0]); missing != nil {
					return v.fail(fmt.Errorf("opening the file: %w", missing))
				}
				file, err = local.Read(args[0])
			}
			if err != nil {
				return v.fail(err)
			}
			return v.fail(v.showState(ctx, file, *asJSON))
		}
	},
}

func (v *view) showState(ctx context.Context, file *state.File, asJSON bool) error {
	if file == nil || file.State.Empty() {
		if asJSON {
			fmt.Fprint(v.p.Out, string(ui.EmptyState()))
			return nil
		}
		v.say("The state is empty: nothing has been applied.\n")
		return nil
	}
	s, err := v.schemas(ctx)
	if err != nil {
		return err
	}
	objects, err := s.decode(ctx, file.State.Entries())
	if err != nil {
		return err
	}
	if asJSON {
		document, err := ui.State(file, objects)
		fmt.Fprint(v.p.Out, string(document))
		return err
	}
	v.say("%s", v.out.Objects(objects))
	return v.outputs(file.State.Outputs())
}

// showConfig prints what the configuration says, as it stands in the JSON of plans.
func (v *view) showConfig(ctx context.Context) error {
	program, err := v.compile(ctx)
	if err != nil {
		return err
	}
	document, err := describe.Configuration(program.Module, program.Schemas)
	if err == nil {
		_, err = fmt.Fprintf(v.p.Out, "%s\n", document)
	}
	return err
}

func (v *view) showPlan(ctx context.Context, path string, asJSON bool) error {
	program, p, err := v.readPlan(ctx, path)
	if err != nil {
		return err
	}
	if !asJSON {
		v.plan(ctx, program, p)
		return nil
	}
	facts := planFacts(ctx, program, p)
	if facts.Prior, err = (schemas{program.NewSession(plan.SessionOptions{})}).decode(ctx, p.Prior.Entries()); err != nil {
		return err
	}
	if facts.Configuration, err = describe.Configuration(program.Module, program.Schemas); err != nil {
		return err
	}
	document, err := ui.PlanJSON(p, facts)
	fmt.Fprint(v.p.Out, string(document))
	return err
}

// planFacts are what is shown of a plan beside the plan.
func planFacts(ctx context.Context, program *plan.Program, p *plan.Plan) ui.PlanFacts {
	s := program.NewSession(plan.SessionOptions{})
	out := ui.PlanFacts{
		TerraformVersion: terraformVersion,
		Schema: func(provider addr.Provider, r addr.Resource) *plugin.Schema {
			schema, diags := s.SchemaOf(ctx, provider, r)
			if diags.HasErrors() {
				return nil
			}
			return schema
		},
	}
	var changed []addr.Instance
	for _, c := range p.Changes {
		if c.Action != plan.NoOp {
			changed = append(changed, c.Addr)
		}
	}
	var outputs []string
	for _, o := range p.Outputs {
		if o.Action != plan.NoOp {
			outputs = append(outputs, o.Name)
		}
	}
	out.Relevant = describe.Relevant(program.Module, program.Schemas, changed, outputs)
	return out
}

// schemas decode objects of the state.
type schemas struct{ *plan.Session }

// schemas are those of the providers at hand, whatever the configuration
// is like.
func (v *view) schemas(ctx context.Context) (schemas, error) {
	servers, err := v.p.servers()
	if err != nil {
		return schemas{}, err
	}
	program, diags := plan.Compile(ctx, &config.Module{Dir: "."}, servers)
	if diags.HasErrors() {
		return schemas{}, v.diagnostics(diags)
	}
	return schemas{program.NewSession(plan.SessionOptions{})}, nil
}

// decode gives the objects their values, sensitive parts marked.
func (s schemas) decode(ctx context.Context, entries []state.Entry) ([]ui.Object, error) {
	var out []ui.Object
	for _, e := range entries {
		schema, diags := s.SchemaOf(ctx, e.Provider.Provider, e.Addr.Resource)
		if diags.HasErrors() {
			return nil, diags
		}
		value, err := e.Object.Value(schema.Type)
		if err != nil {
			return nil, advise(fmt.Errorf("%s cannot be shown: %w", e.Addr, err), "It may have been written by another version of the provider. The next apply brings it up to date.")
		}
		if value != cty.NilVal {
			value = plan.Marked(schema, value, plan.MarksOf(e.Object.Sensitive))
		}
		out = append(out, ui.Object{Entry: e, Value: value, Block: &schema.Block})
	}
	return out, nil
}

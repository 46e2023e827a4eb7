package cli

import (
	"context"
	"flag"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
)

var planCommand = command{
	name:    "plan",
	summary: "Show what apply would do",
	flags: func(fs *flag.FlagSet) action {
		var f planFlags
		f.declare(fs)
		fs.BoolVar(&f.destroy, "destroy", false, "plan to destroy everything")
		fs.StringVar(&f.out, "out", "", "`file` to keep the plan in, for apply")
		generated := fs.String("generate-config-out", "", "new `file` for the resource blocks that import blocks lack")
		detailed := fs.Bool("detailed-exitcode", false, "exit with 0 if nothing is to be done, with 2 if something is")
		return func(ctx context.Context, p *Program, _ []string) error {
			return newView(p, f.view).planCommand(ctx, &f, *generated, *detailed)
		}
	},
}

func (v *view) planCommand(ctx context.Context, f *planFlags, generated string, detailed bool) (err error) {
	if generated != "" {
		if err := v.generateConfig(ctx, f, generated); err != nil {
			return err
		}
	}
	j, err := v.prepare(ctx, f, "OperationTypePlan")
	if err != nil {
		return err
	}
	defer func() { err = v.closed(j.store, err) }()
	if err := v.savePlan(j.plan, j.program, f.out); err != nil {
		return v.fail(err)
	}
	if detailed && pending(j.plan) {
		return exit(2)
	}
	return nil
}

// pending tells that applying p would do something.
func pending(p *plan.Plan) bool {
	return !p.Empty() || p.Mode == plan.RefreshOnly && p.Refreshed()
}

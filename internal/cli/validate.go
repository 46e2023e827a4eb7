package cli

import (
	"context"
	"flag"
	"maps"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/suite"
	"github.com/tfserverless/terraform-provider-serverless/internal/ui"
)

var validateCommand = command{
	name:    "validate",
	summary: "Check the configuration, without looking at any object",
	flags: func(fs *flag.FlagSet) action {
		var f viewFlags
		f.declare(fs)
		asJSON := fs.Bool("json", false, "print the result as a JSON document")
		noTests := fs.Bool("no-tests", false, "leave the test files aside")
		folder := fs.String("test-directory", "tests", "`folder` with further tests")
		return func(ctx context.Context, p *Program, _ []string) error {
			v := newView(p, f)
			servers, err := p.servers()
			if err != nil {
				return v.fail(err)
			}
			m, diags := v.configuration(".")
			if !diags.HasErrors() {
				diags = append(diags, p.installed(m)...)
			}
			if !diags.HasErrors() {
				program, more := plan.Compile(ctx, m, servers)
				if diags = append(diags, more...); !diags.HasErrors() {
					diags = append(diags, program.Validate(ctx)...)
				}
			}
			if !*noTests {
				_, sources, more := suite.Load(".", *folder)
				maps.Copy(v.sources, sources)
				diags = append(diags, more...)
			}
			if *asJSON {
				document, err := ui.Validation(diags, v.sources)
				if err != nil {
					return err
				}
				if _, err := p.Out.Write(document); err != nil {
					return err
				}
				if diags.HasErrors() {
					return exit(1)
				}
				return nil
			}
			if err := v.diagnostics(diags); err != nil {
				return err
			}
			if len(diags) > 0 {
				v.say("\n%s The configuration is valid, but look at the warnings above.\n", v.out.Good("Success!"))
				return nil
			}
			v.say("%s The configuration is valid.\n", v.out.Good("Success!"))
			return nil
		}
	},
}

package cli

import (
	"context"
	"errors"
	"flag"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang/funcs"
	"github.com/tfserverless/terraform-provider-serverless/internal/ui"
)

var metadataFunctions = command{
	name:    "metadata functions",
	summary: "Print what the functions of the language take and return, as JSON",
	flags: func(fs *flag.FlagSet) action {
		var f viewFlags
		f.declare(fs)
		asJSON := fs.Bool("json", false, "print JSON; there is no other form")
		return func(_ context.Context, p *Program, _ []string) error {
			v := newView(p, f)
			if !*asJSON {
				return v.fail(advise(errors.New("metadata functions needs -json"), "There is no other form."))
			}
			document, err := ui.Functions(funcs.All(funcs.Scope{}), funcs.Description)
			if err != nil {
				return v.fail(err)
			}
			_, err = p.Out.Write(document)
			return err
		}
	},
}

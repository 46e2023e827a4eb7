package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/ui"
)

var providersSchema = command{
	name:    "providers schema",
	summary: "Print what the providers of the configuration offer, as JSON",
	flags: func(fs *flag.FlagSet) action {
		var f viewFlags
		f.declare(fs)
		asJSON := fs.Bool("json", false, "print JSON; there is no other form")
		return func(ctx context.Context, p *Program, _ []string) error {
			v := newView(p, f)
			v.document = true
			if !*asJSON {
				return v.fail(advise(errors.New("providers schema needs -json"), "There is no other form."))
			}
			servers, err := p.servers()
			if err != nil {
				return v.fail(err)
			}
			m, diags := v.configuration(".")
			if !diags.HasErrors() {
				diags = append(diags, p.installed(m)...)
			}
			if diags.HasErrors() {
				return v.diagnostics(diags)
			}
			answers := map[string]*tfprotov6.GetProviderSchemaResponse{}
			for a := range used(m) {
				start := servers[a]
				if start == nil {
					return v.fail(advise(fmt.Errorf("the provider %s is not part of this program", a.Display()), "Check the source in required_providers."))
				}
				server, err := start()
				if err != nil {
					return v.fail(fmt.Errorf("starting the provider %s: %w", a.Display(), err))
				}
				if answers[a.String()], err = server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{}); err != nil {
					return v.fail(fmt.Errorf("asking the provider %s for its schema: %w", a.Display(), err))
				}
			}
			document, err := ui.ProviderSchemas(answers)
			fmt.Fprint(p.Out, string(document))
			return v.fail(err)
		}
	},
}

// used are the providers that the configuration, with all its modules, names or
// needs.
func used(m *config.Module) map[addr.Provider]bool {
	out := map[addr.Provider]bool{}
	for x := range m.All() {
		maps.Copy(out, usedBy(x))
	}
	return out
}

// usedBy are the providers that one module names or needs.
func usedBy(m *config.Module) map[addr.Provider]bool {
	out := map[addr.Provider]bool{}
	for _, r := range m.Required {
		out[r.Provider] = true
	}
	for _, r := range m.Resources {
		out[m.ProviderAddr(r.LocalProvider().Name)] = true
	}
	for ref := range m.Providers {
		out[m.ProviderAddr(ref.Name)] = true
	}
	return out
}

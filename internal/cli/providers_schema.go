package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/hashicorp/hcl/v2"

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
// needs, each with one place where it does.
func used(m *config.Module) map[addr.Provider]hcl.Range {
	out := map[addr.Provider]hcl.Range{}
	for x := range m.All() {
		for a, at := range usedBy(x) {
			if _, known := out[a]; !known {
				out[a] = at
			}
		}
	}
	return out
}

// usedBy are the providers that one module names or needs, and where: best in
// required_providers, else in the first block of those that need it.
func usedBy(m *config.Module) map[addr.Provider]hcl.Range {
	out := map[addr.Provider]hcl.Range{}
	put := func(name string, at hcl.Range) {
		a := m.ProviderAddr(name)
		if have, known := out[a]; !known || place(at) < place(have) {
			out[a] = at
		}
	}
	for _, r := range m.Resources {
		put(r.LocalProvider().Name, r.Range)
	}
	for ref, p := range m.Providers {
		put(ref.Name, p.Range)
	}
	for _, r := range m.Required {
		out[r.Provider] = r.Range
	}
	return out
}

// place is the text of a range's begin, in the order of files and lines.
func place(at hcl.Range) string { return fmt.Sprintf("%s:%09d", at.Filename, at.Start.Line) }

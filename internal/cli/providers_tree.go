package cli

import (
	"context"
	"flag"
	"maps"
	"slices"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install/lock"
)

var providersTree = command{
	name:    "providers",
	summary: "Show which modules need which providers",
	flags: func(fs *flag.FlagSet) action {
		var f viewFlags
		f.declare(fs)
		return func(_ context.Context, p *Program, _ []string) error {
			v := newView(p, f)
			m, diags := v.configuration(".")
			if err := v.diagnostics(diags); err != nil {
				return err
			}
			v.say("\nProviders required by configuration:\n.\n")
			v.branch(m, "")
			file, err := stored()
			if err != nil {
				return v.fail(err)
			}
			found := map[string]bool{}
			if file != nil {
				for _, e := range file.State.Entries() {
					found[e.Provider.Provider.String()] = true
				}
			}
			if len(found) > 0 {
				v.say("\nProviders required by state:\n\n")
				for _, a := range slices.Sorted(maps.Keys(found)) {
					v.say("    provider[%s]\n\n", a)
				}
			}
			return nil
		}
	},
}

// branch prints what a module needs, and below it what it calls.
func (v *view) branch(m *config.Module, indent string) {
	constraints := map[addr.Provider][]string{}
	for a := range usedBy(m) {
		constraints[a] = nil
	}
	for _, r := range m.Required {
		constraints[r.Provider] = append(constraints[r.Provider], r.Version)
	}
	for ref, x := range m.Providers {
		a := m.ProviderAddr(ref.Name)
		constraints[a] = append(constraints[a], x.Version)
	}
	var lines []string
	for a, texts := range constraints {
		line := "provider[" + a.String() + "]"
		if canonical, err := lock.Canonical(texts...); err == nil && canonical != "" {
			line += " " + canonical
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	calls := slices.Sorted(maps.Keys(m.Children))
	for i, line := range lines {
		fork := "├── "
		if i == len(lines)-1 && len(calls) == 0 {
			fork = "└── "
		}
		v.say("%s%s%s\n", indent, fork, line)
	}
	for i, call := range calls {
		fork, further := "├── ", "│\u00a0\u00a0 " // spaces that do not break, as terraform prints them
		if i == len(calls)-1 {
			fork, further = "└── ", strings.Repeat(" ", 4)
		}
		v.say("%s%smodule.%s\n", indent, fork, call)
		v.branch(m.Children[call], indent+further)
	}
}

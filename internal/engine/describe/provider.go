package describe

import (
	"cmp"
	"slices"
	"strings"

	"github.com/hashicorp/go-version"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
)

// provider is a provider configuration as a module knows it.
type provider struct {
	Name        string         `json:"name"`
	FullName    string         `json:"full_name"`
	Alias       string         `json:"alias,omitempty"`
	Version     string         `json:"version_constraint,omitempty"`
	Module      string         `json:"module_address,omitempty"`
	Expressions map[string]any `json:"expressions,omitempty"`

	source string // the key of the one that it stands for, if it is another's
}

// keyOf names a provider configuration of a module.
func keyOf(m addr.Module, local string) string {
	if m == "" {
		return local
	}
	return string(m) + ":" + local
}

// key is the key of the configuration that m calls ref, wherever it comes from.
func (d *describer) key(m *config.Module, ref config.ProviderRef) string {
	key := keyOf(m.Path, ref.String())
	if p := d.providers[key]; p != nil && p.source != "" {
		return p.source
	}
	return key
}

// configurations notes the provider configurations of m and of what it calls:
// its blocks, what it requires, and what its resources take for granted.
func (d *describer) configurations(m *config.Module) {
	for ref, b := range m.Providers {
		p := d.provider(m, ref)
		if schemas := d.schemas(m.ProviderAddr(ref.Name)); schemas != nil && schemas.Provider != nil {
			p.Expressions = expressions(b.Body, schemas.Provider.Spec, &schemas.Provider.Block)
		}
		p.Alias = ref.Alias
		d.providers[keyOf(m.Path, ref.String())] = p
	}
	for name, r := range m.Required {
		for _, alias := range r.Aliases {
			d.note(m, alias)
		}
		d.note(m, config.ProviderRef{Name: name})
	}
	for _, r := range m.Resources {
		d.note(m, config.ProviderRef{Name: r.LocalProvider().Name})
	}
	for _, name := range sorted(m.Calls) {
		child := m.Children[name]
		if child == nil {
			continue
		}
		for inside, use := range m.Calls[name].Providers {
			d.providers[keyOf(child.Path, inside.String())] = &provider{source: d.key(m, use.Ref)}
		}
		d.configurations(child)
	}
}

// note adds a configuration without a block, unless there is one: that of the
// calling module, if it has one of that name for the same provider.
func (d *describer) note(m *config.Module, ref config.ProviderRef) {
	key := keyOf(m.Path, ref.String())
	if d.providers[key] != nil {
		return
	}
	p := d.provider(m, ref)
	if m.Parent != nil && ref.Alias == "" && m.Parent.ProviderAddr(ref.Name) == m.ProviderAddr(ref.Name) && d.providers[keyOf(m.Parent.Path, ref.Name)] != nil {
		p.source = d.key(m.Parent, ref)
	}
	d.providers[key] = p
}

func (d *describer) provider(m *config.Module, ref config.ProviderRef) *provider {
	out := &provider{Name: ref.Name, FullName: m.ProviderAddr(ref.Name).String(), Module: string(m.Path)}
	if r := m.Required[ref.Name]; r != nil {
		out.Version = constraints(r.Version)
	}
	return out
}

// constraints are version constraints as plans name them: whole versions, from
// the lowest up.
func constraints(written string) string {
	type constraint struct {
		version *version.Version
		text    string
	}
	var all []constraint
	for part := range strings.SplitSeq(written, ",") {
		part = strings.TrimSpace(part)
		number := strings.TrimLeft(part, "=!<>~ ")
		v, err := version.NewVersion(number)
		if err != nil {
			continue // loading has refused it
		}
		operator := strings.TrimSpace(strings.TrimSuffix(part, number))
		switch operator {
		case "~>": // how many parts are given matters
		case "", "=":
			operator, number = "", v.String()
		default:
			number = v.String()
		}
		all = append(all, constraint{v, strings.TrimSpace(operator + " " + number)})
	}
	slices.SortStableFunc(all, func(a, b constraint) int {
		return cmp.Or(a.version.Compare(b.version), strings.Compare(a.text, b.text))
	})
	var out []string
	for _, c := range all {
		out = append(out, c.text)
	}
	return strings.Join(slices.Compact(out), ", ")
}

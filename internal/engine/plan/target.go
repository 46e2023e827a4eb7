package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// Target names a part of the configuration and the state: an instance, a
// resource with all its instances, or a module with all that is in it.
type Target struct {
	text  string
	block string // without instance keys
}

// ParseTarget reads the text of a target, such as `aws_x.name["k"]`, "aws_x.name"
// or "module.a[0]".
func ParseTarget(s string) (Target, error) {
	if i, err := addr.ParseInstance(s); err == nil {
		return Target{text: i.String(), block: i.Config().String()}, nil
	}
	m, err := addr.ParseModuleInstance(s)
	if err != nil || m == "" {
		return Target{}, fmt.Errorf("%q is the address of neither a resource nor a module", s)
	}
	return Target{text: string(m), block: string(m.Config())}, nil
}

// String is the address.
func (t Target) String() string { return t.text }

// covers tells that a is what t names, or within it.
func (t Target) covers(a addr.Instance) bool { return within(a.String(), t.text) }

// touches tells that t may cover instances of r.
func (t Target) touches(r addr.ConfigResource) bool { return within(r.String(), t.block) }

func within(text, outer string) bool {
	rest, ok := strings.CutPrefix(text, outer)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// selection is what a run works on: all, or what targets and relations say.
type selection struct {
	targets []Target // none selects all
	exclude bool     // select all but the targets

	// related goes with the targets, all instances of it.
	related map[addr.ConfigResource]bool
}

func (s *selection) partial() bool { return len(s.targets) > 0 }

func (s *selection) touches(r addr.ConfigResource) bool {
	return slices.ContainsFunc(s.targets, func(t Target) bool { return t.touches(r) })
}

// has tells that the instance is worked on.
func (s *selection) has(a addr.Instance) bool {
	if !s.partial() {
		return true
	}
	hit := slices.ContainsFunc(s.targets, func(t Target) bool { return t.covers(a) }) || s.related[a.Config()]
	return hit != s.exclude
}

// some tells that instances of r may be worked on.
func (s *selection) some(r addr.ConfigResource) bool {
	switch {
	case !s.partial():
		return true
	case s.exclude:
		return !s.related[r]
	}
	return s.related[r] || s.touches(r)
}

// someIn tells that something in m may be worked on.
func (s *selection) someIn(p *Program, m addr.Module) bool {
	if !s.partial() {
		return true
	}
	for r := range p.resources {
		if r.Module.Within(m) && s.some(r) {
			return true
		}
	}
	return false
}

// whole tells that all instances of r are worked on.
func (s *selection) whole(r addr.ConfigResource) bool {
	switch {
	case !s.partial():
		return true
	case s.exclude:
		return !s.related[r] && !s.touches(r)
	}
	return s.related[r] || slices.ContainsFunc(s.targets, func(t Target) bool { return t.touches(r) && t.text == t.block })
}

// retains tells that the old object of a replacement stays, deposed, until a later
// run: what is left aside may still be built on it. As with Terraform, a target's own
// old object goes.
func (s *selection) retains(p *Program, a addr.Instance) bool {
	if !s.partial() {
		return false
	}
	if !s.exclude {
		return !slices.ContainsFunc(s.targets, func(t Target) bool { return t.covers(a) })
	}
	for r, compiled := range p.resources {
		if (s.related[r] || s.touches(r)) && slices.Contains(compiled.Needs, a.Config()) {
			return true
		}
	}
	return false
}

// output tells that a root output is worked on: that all that it is made of is.
// One that is made of no resource goes with no target, and destroying a part
// leaves all outputs as they are; both as with Terraform.
func (s *selection) output(p *Program, name string, mode Mode) bool {
	if s.partial() && (mode == Destroy || !s.exclude && len(p.outputNeeds[name]) == 0) {
		return false
	}
	for need := range p.outputNeeds[name] {
		if !s.whole(need) {
			return false
		}
	}
	return true
}

// selection finds what goes with the targets of a run: what they are built on, or
// what is built on excluded ones. When things are destroyed it is the other way
// round, since nothing may lose what it is built on.
func (p *Program) selection(o Options) (selection, hcl.Diagnostics) {
	s := selection{targets: o.Targets, related: map[addr.ConfigResource]bool{}}
	if len(o.Exclude) > 0 {
		s.targets, s.exclude = o.Exclude, true
		if len(o.Targets) > 0 {
			return s, hcl.Diagnostics{{
				Severity: hcl.DiagError, Summary: "Both targets and excluded objects",
				Detail: "Targets name all that is worked on, excluded objects all that is not. Use one or the other.",
			}}
		}
	}
	if !s.partial() {
		return s, nil
	}
	entries := o.Prior.Entries()
	if o.Mode != Destroy {
		s.relateBlocks(p)
	}
	for _, e := range entries {
		s.relateEntry(p, e, o.Mode == Destroy)
	}
	return s, s.warnings(p, entries)
}

// relateBlocks follows what the configuration says.
func (s *selection) relateBlocks(p *Program) {
	related := map[addr.ConfigResource]bool{} // Needs are transitive: one round is enough
	for r, compiled := range p.resources {
		for _, need := range p.allNeeds(compiled) {
			switch {
			case s.exclude && s.touches(need):
				related[r] = true
			case !s.exclude && s.touches(r):
				related[need] = true
			}
		}
	}
	s.related = related
}

// allNeeds is what a block needs, also for the providers that are involved.
func (p *Program) allNeeds(r *Resource) []addr.ConfigResource {
	out := slices.Clone(r.Needs)
	providers := []addr.ProviderConfig{r.Provider}
	for _, need := range r.Needs {
		if n := p.resources[need]; n != nil {
			providers = append(providers, n.Provider)
		}
	}
	for _, provider := range providers {
		for need := range p.providerNeeds[provider] {
			out = append(out, need)
		}
	}
	return out
}

// relateEntry follows what the state says of an object.
func (s *selection) relateEntry(p *Program, e state.Entry, destroy bool) {
	r := e.Addr.Config()
	switch {
	case !s.exclude && destroy:
		if slices.ContainsFunc(e.Object.Dependencies, s.touches) {
			s.related[r] = true
		}
	case !s.exclude && p.resources[r] == nil && s.touches(r), s.exclude && destroy && s.touches(r):
		for need := range p.providerNeeds[bareProvider(e.Provider)] {
			s.related[need] = true
		}
		if destroy {
			for _, d := range e.Object.Dependencies {
				s.related[d] = true
			}
		}
	case s.exclude && !destroy && (s.touches(r) || s.related[r]):
		for _, d := range e.Object.Dependencies {
			if p.resources[d] == nil { // would be destroyed otherwise
				s.related[d] = true
			}
		}
	}
}

// warnings say that the plan is not the whole, and which targets name nothing.
func (s *selection) warnings(p *Program, entries []state.Entry) hcl.Diagnostics {
	diags := hcl.Diagnostics{{
		Severity: hcl.DiagWarning, Summary: "Only a part is planned",
		Detail: "Because of -target or -exclude this plan leaves things aside, and may not bring about all that the configuration says. It is meant for emergencies; plan without these flags afterwards.",
	}}
	for _, t := range s.targets {
		found := slices.ContainsFunc(entries, func(e state.Entry) bool { return t.covers(e.Addr) })
		for r := range p.resources {
			found = found || t.touches(r)
		}
		if !found {
			diags = append(diags, &hcl.Diagnostic{
				Severity: hcl.DiagWarning, Summary: "Nothing has this address",
				Detail: fmt.Sprintf("Neither the configuration nor the state has anything at %s. Check the address; quotes must reach this program.", t),
			})
		}
	}
	return diags
}

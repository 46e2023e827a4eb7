package plan

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// statement is a moved block, in its module.
type statement struct {
	addr.Move
	block  *config.Moved
	module *config.Module
}

// statements are all moved blocks, in an order in which they can be carried out.
func (p *Program) statements() ([]*statement, hcl.Diagnostics) {
	var all []*statement
	var diags hcl.Diagnostics
	from, to := map[string]*statement{}, map[string]*statement{}
	for m := range p.Module.All() {
		for _, b := range m.Moved {
			s := &statement{addr.Move{Around: m.Path, From: b.From, To: b.To}, b, m}
			all = append(all, s)
			for _, side := range []struct {
				seen map[string]*statement
				e    addr.Endpoint
				what string
			}{{from, b.From, "from"}, {to, b.To, "to"}} {
				text := join(string(m.Path), side.e.String())
				if other := side.seen[text]; other != nil {
					diags = append(diags, &hcl.Diagnostic{
						Severity: hcl.DiagError, Summary: "Ambiguous move",
						Detail:  fmt.Sprintf("Another moved block, at %s:%d, has the same address %s = %s. Only one can be meant.", other.block.Range.Filename, other.block.Range.Start.Line, side.what, text),
						Subject: &b.Range,
					})
				}
				side.seen[text] = s
			}
		}
	}
	if diags.HasErrors() {
		return nil, diags
	}
	return chained(all)
}

// chained sorts statements so that each comes after those that put something
// where it takes it from.
func chained(all []*statement) ([]*statement, hcl.Diagnostics) {
	byTarget := map[string][]*statement{}
	for _, s := range all {
		text := target(s.Around, s.To)
		byTarget[text] = append(byTarget[text], s)
	}
	var out []*statement
	var diags hcl.Diagnostics
	seen := map[*statement]int{} // 1 while on the way, 2 when done
	var visit func(s *statement)
	visit = func(s *statement) {
		if seen[s] != 0 {
			if seen[s] == 1 && !diags.HasErrors() {
				diags = append(diags, &hcl.Diagnostic{
					Severity: hcl.DiagError, Summary: "Moves in a circle",
					Detail:  fmt.Sprintf("What this block moves from %s comes back to where it was by way of others. Remove one of the blocks.", s.From),
					Subject: &s.block.Range,
				})
			}
			return
		}
		seen[s] = 1
		for _, earlier := range candidates(byTarget, s) {
			if earlier != s && earlier.Before(s.Move) {
				visit(earlier)
			}
		}
		seen[s] = 2
		out = append(out, s)
	}
	for _, s := range all {
		visit(s)
	}
	return out, diags
}

func target(around addr.Module, e addr.Endpoint) string {
	if e.IsModule() {
		return string(e.Module(around))
	}
	return e.Config(around).String()
}

// candidates are the statements whose target is what s takes something from, or
// around it, or inside of it.
func candidates(byTarget map[string][]*statement, s *statement) []*statement {
	text := target(s.Around, s.From)
	out := slices.Clone(byTarget[text])
	m := s.From.Module(s.Around)
	for around := m; around != ""; around, _ = around.Parent() {
		if string(around) != text {
			out = append(out, byTarget[string(around)]...)
		}
	}
	if s.From.IsModule() {
		for other, statements := range byTarget {
			if strings.HasPrefix(other, text+".") {
				out = append(out, statements...)
			}
		}
	}
	return out
}

// relocation is the state with moved blocks carried out.
type relocation struct {
	stored *state.State // before
	state  *state.State
	moved  map[addr.Instance]addr.Instance // by present address: the stored one
	stay   map[addr.Instance]addr.Instance // by stored address: where it cannot go, as something is there
}

// relocate gives the objects of the state the addresses that the configuration
// wants: those of moved blocks, and of what got or lost a count.
func (p *Program) relocate(prior *state.State) (relocation, hcl.Diagnostics) {
	out := relocation{stored: prior, state: prior, moved: map[addr.Instance]addr.Instance{}, stay: map[addr.Instance]addr.Instance{}}
	statements, diags := p.statements()
	if diags.HasErrors() {
		return out, diags
	}
	index := newIndex(prior)
	mentioned, moved := map[addr.ConfigResource]bool{}, map[addr.Module]bool{}
	for _, s := range statements {
		if s.From.IsModule() {
			moved[s.From.Module(s.Around)], moved[s.To.Module(s.Around)] = true, true
		} else {
			mentioned[s.From.Config(s.Around)], mentioned[s.To.Config(s.Around)] = true, true
		}
		for _, at := range index.within(s) {
			if to, ok := s.Apply(at); ok {
				index.move(at, to, out.stay)
			}
		}
	}
	p.implied(index, moved)
	for block, r := range p.resources {
		if block.Resource.Mode != addr.Managed || mentioned[block] || r.ForEach != nil {
			continue
		}
		before, after := addr.Key(addr.IntKey(0)), addr.Key(nil)
		if r.Count != nil {
			before, after = after, before
		}
		for _, at := range index.of(block) {
			if to := at.Of().Instance(after); at.Key == before && index.origin[to] == nil {
				index.move(at, to, nil)
			}
		}
	}
	for at, origin := range index.origin {
		if at != *origin {
			out.moved[at] = *origin
		}
	}
	if len(out.moved) > 0 {
		out.state = relocated(prior, out.moved)
	}
	return out, diags
}

// implied moves what is in modules that got or lost a count, unless a moved block
// speaks of them.
func (p *Program) implied(x *index, moved map[addr.Module]bool) {
	for m := range p.Module.All() { // those around come first
		for name, c := range m.Calls {
			if moved[m.Path.Child(name)] || c.ForEach != nil {
				continue
			}
			before, after := addr.Key(addr.IntKey(0)), addr.Key(nil)
			if c.Count != nil {
				before, after = after, before
			}
			s := &statement{Move: addr.ModuleMove(m.Path, name, before, after)}
			for _, at := range x.within(s) {
				if to, ok := s.Apply(at); ok && x.origin[to] == nil {
					x.move(at, to, nil)
				}
			}
		}
	}
}

// relocated is the state with objects at other addresses, given by their new ones.
func relocated(prior *state.State, from map[addr.Instance]addr.Instance) *state.State {
	to := map[addr.Instance]addr.Instance{}
	for at, origin := range from {
		to[origin] = at
	}
	out := prior.Clone()
	var moving []state.Entry
	for _, e := range prior.Entries() {
		if at, ok := to[e.Addr]; ok {
			out.Put(state.Entry{Addr: e.Addr, Deposed: e.Deposed})
			e.Addr = at
			moving = append(moving, e)
		}
	}
	for _, e := range moving {
		out.Put(e)
	}
	return out
}

// index finds the managed instances of a state by their blocks while they move.
type index struct {
	origin map[addr.Instance]*addr.Instance // by present address: the stored one
	blocks map[addr.ConfigResource]map[addr.Instance]bool
}

func newIndex(s *state.State) *index {
	x := &index{origin: map[addr.Instance]*addr.Instance{}, blocks: map[addr.ConfigResource]map[addr.Instance]bool{}}
	for _, e := range s.Entries() {
		if e.Addr.Resource.Mode == addr.Managed {
			x.put(e.Addr, &e.Addr)
		}
	}
	return x
}

func (x *index) put(at addr.Instance, origin *addr.Instance) {
	x.origin[at] = origin
	block := at.Config()
	if x.blocks[block] == nil {
		x.blocks[block] = map[addr.Instance]bool{}
	}
	x.blocks[block][at] = true
}

// move is refused where something is already, and noted in stay.
func (x *index) move(at, to addr.Instance, stay map[addr.Instance]addr.Instance) {
	if x.origin[to] != nil {
		stay[*x.origin[at]] = to
		return
	}
	origin := x.origin[at]
	delete(x.origin, at)
	delete(x.blocks[at.Config()], at)
	x.put(to, origin)
}

func (x *index) of(block addr.ConfigResource) []addr.Instance {
	return slices.SortedFunc(maps.Keys(x.blocks[block]), addr.Instance.Compare)
}

// within are the instances that s may move.
func (x *index) within(s *statement) []addr.Instance {
	if !s.From.IsModule() {
		return x.of(s.From.Config(s.Around))
	}
	var out []addr.Instance
	m := s.From.Module(s.Around)
	for block := range x.blocks {
		if block.Module.Within(m) {
			out = append(out, x.of(block)...)
		}
	}
	slices.SortFunc(out, addr.Instance.Compare)
	return out
}

// checkMoves refuses moves away from what the configuration still has, and of
// what targets leave aside, and warns of those that could not be carried out.
func (p *planner) checkMoves(ctx context.Context) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for m := range p.Module.All() {
		for _, b := range m.Moved {
			at, declared, more := p.declares(ctx, m, b.From, !b.From.Keyed() && !b.To.Keyed())
			diags = append(diags, more...)
			if !declared {
				continue
			}
			diags = append(diags, &hcl.Diagnostic{
				Severity: hcl.DiagError, Summary: "Moved object still exists",
				Detail:  fmt.Sprintf("This block moves %s to %s, but the configuration still has the former, at %s:%d. Remove or rename that block, or remove this one.", b.From, b.To, at.Filename, at.Start.Line),
				Subject: &b.Range,
			})
		}
	}
	for to, from := range p.moved {
		if p.only.has(to) {
			continue
		}
		diags = append(diags, &hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "Moved object left aside",
			Detail: fmt.Sprintf("%s has moved to %s, but the targets leave that aside. Make it a target too, or plan without targets.", from, to),
		})
	}
	for from, to := range p.stay {
		diags = append(diags, &hcl.Diagnostic{
			Severity: hcl.DiagWarning, Summary: "Move not carried out",
			Detail: fmt.Sprintf("%s should move to %s, where the state has another object already. What the configuration does not have is destroyed.", from, to),
		})
	}
	return diags
}

// declares tells that the configuration has what e names, and where.
func (p *planner) declares(ctx context.Context, m *config.Module, e addr.Endpoint, whole bool) (hcl.Range, bool, hcl.Diagnostics) {
	var at hcl.Range
	if e.IsModule() {
		outer, name := e.Module(m.Path).Parent()
		if p.modules[outer] == nil || p.modules[outer].Calls[name] == nil {
			return at, false, nil
		}
		at = p.modules[outer].Calls[name].Range
	} else {
		block := e.Config(m.Path)
		if p.modules[block.Module] == nil || p.modules[block.Module].Resources[block.Resource] == nil {
			return at, false, nil
		}
		at = p.modules[block.Module].Resources[block.Resource].Range
	}
	if whole && !e.AnyKey() {
		return at, true, nil
	}
	instances, diags := p.instancesOf(ctx, m)
	for _, around := range instances {
		found, more := p.exists(ctx, e.In(around.Module))
		if diags = append(diags, more...); found {
			return at, true, diags
		}
	}
	return at, false, diags
}

// exists tells that the configuration has the instance; one without a resource
// stands for its module.
func (p *planner) exists(ctx context.Context, a addr.Instance) (bool, hcl.Diagnostics) {
	eval := p.Eval(a.Module)
	if eval == nil {
		return false, nil
	}
	ok, diags := eval.Exists(ctx)
	if !ok || diags.HasErrors() || a.Resource == (addr.Resource{}) {
		return ok, diags
	}
	x, diags := eval.Expand(ctx, a.Resource)
	return !diags.HasErrors() && x.Has(a.Key), diags
}

// instancesOf are the instances of a module.
func (s *Session) instancesOf(ctx context.Context, m *config.Module) ([]*lang.Eval, hcl.Diagnostics) {
	if m.Parent == nil {
		return []*lang.Eval{s.Eval("")}, nil
	}
	around, diags := s.instancesOf(ctx, m.Parent)
	var out []*lang.Eval
	for _, e := range around {
		children, more := e.Children(ctx, m.Call().Name)
		out, diags = append(out, children...), append(diags, more...)
	}
	return out, diags
}

// adopt makes the object at a of one that was of another resource type, or of
// another provider, before it moved there.
func (p *planner) adopt(ctx context.Context, provider *plugin.Provider, a addr.Instance, stored *state.Object) (plugin.Object, hcl.Diagnostics) {
	from := p.moved[a]
	before := p.stored.Provider(from).Provider
	to := p.providerOf(a).Provider
	if !p.movesState(to) {
		return plugin.Object{}, hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "Move between resource types not supported",
			Detail: fmt.Sprintf("%s has moved to %s, but the provider %s does not make objects of other resource types its own. Remove the moved block; use a removed block for the old address and an import block for the new one.", from, a, to.Display()),
			Extra:  About{Addr: a.String()},
		}}
	}
	out, diags := provider.Move(ctx, plugin.Source{
		Provider: before.String(), Type: from.Resource.Type, Version: stored.SchemaVersion, Attributes: stored.Attributes,
		Private: stored.Private, Identity: stored.Identity, IdentityVersion: stored.IdentityVersion,
	}, a.Resource.Type)
	return out, p.about(diags, a)
}

// foreign tells that the object at a was of another type, or of another provider,
// before it moved there.
func (p *planner) foreign(a addr.Instance) bool {
	from, moved := p.moved[a]
	return moved && (from.Resource.Type != a.Resource.Type || p.stored.Provider(from).Provider != p.providerOf(a).Provider)
}

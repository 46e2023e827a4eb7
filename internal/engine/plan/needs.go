package plan

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
)

// connect finds which resources depend on which, as the configuration says it
// without evaluating anything, and hands create_before_destroy down.
func (p *Program) connect() {
	c := connector{p: p, found: map[symbol]resources{}, inside: map[addr.Module][]addr.ConfigResource{}}
	for r := range p.resources {
		for m := r.Module; ; m, _ = m.Parent() {
			c.inside[m] = append(c.inside[m], r)
			if m == "" {
				break
			}
		}
	}
	for r, compiled := range p.resources {
		for need := range c.resource(r) {
			if need != r {
				compiled.Needs = append(compiled.Needs, need)
			}
		}
		slices.SortFunc(compiled.Needs, func(a, b addr.ConfigResource) int { return strings.Compare(a.String(), b.String()) })
		if r.Resource.Mode == addr.Data || r.Resource.Mode == addr.Ephemeral {
			compiled.waits = c.waits(r, compiled)
		}
	}
	for at, block := range p.providers {
		needs := resources{}
		c.refs(needs, p.modules[at.Module], block.Refs())
		c.exprs(needs, p.modules[at.Module], p.modules[at.Module].ProviderBlock(at).ForEach)
		if len(needs) > 0 {
			p.providerNeeds[at] = needs
		}
	}
	for name := range p.Module.Outputs {
		p.outputNeeds[name] = c.output(p.Module, name)
	}
	for _, compiled := range p.resources {
		own := compiled.Lifecycle.CreateBeforeDestroy
		if own == nil || !*own {
			continue
		}
		compiled.CreateFirst = true
		for _, need := range compiled.Needs {
			if n := p.resources[need]; n != nil && need.Resource.Mode == addr.Managed {
				n.CreateFirst = true
			}
		}
	}
}

// resources is a set of them.
type resources = map[addr.ConfigResource]bool

// symbol is what has a value of its own, or comes before others.
type symbol struct {
	module addr.Module
	kind   string // resource, local, var, raw, output, call, entry or end
	name   string
}

// connector finds, for each symbol once, all the resources that it depends on,
// directly or through others.
type connector struct {
	p      *Program
	found  map[symbol]resources
	inside map[addr.Module][]addr.ConfigResource // by module: what is in it or below
}

// once is the set that fill adds to. In a circle, which evaluation reports, it is
// only a part.
func (c *connector) once(s symbol, fill func(resources)) resources {
	if found, ok := c.found[s]; ok {
		return found
	}
	out := resources{}
	c.found[s] = out
	fill(out)
	return out
}

func (c *connector) resource(at addr.ConfigResource) resources {
	return c.once(symbol{at.Module, "resource", at.Resource.String()}, func(out resources) {
		r := c.p.resources[at]
		if r == nil {
			return
		}
		m := c.p.modules[at.Module]
		maps.Copy(out, c.entry(m))
		c.refs(out, m, r.block.Refs())
		if b := c.p.providers[r.Provider]; b != nil {
			c.refs(out, c.p.modules[r.Provider.Module], b.Refs())
		}
		if r.choice != nil {
			c.exprs(out, r.choice.Module, r.choice.Key)
		}
		c.repetition(out, m, r.Repetition)
		c.traversals(out, m, r.DependsOn)
		c.exprs(out, m, r.Lifecycle.ReplaceTriggeredBy...)
		c.checks(out, m, r.Lifecycle.Preconditions)
		c.checks(out, m, r.Lifecycle.Postconditions)
		for _, p := range r.Provisioners {
			c.refs(out, m, p.block.Refs())
		}
	})
}

// entry is what all that is in m comes after: what the calls around it say.
func (c *connector) entry(m *config.Module) resources {
	if m.Parent == nil {
		return nil
	}
	return c.once(symbol{m.Path, "entry", ""}, func(out resources) {
		call := m.Call()
		maps.Copy(out, c.entry(m.Parent))
		maps.Copy(out, c.call(m.Parent, call))
		c.traversals(out, m.Parent, call.DependsOn)
	})
}

// call is what the number of instances of a call depends on.
func (c *connector) call(m *config.Module, call *config.Call) resources {
	return c.once(symbol{m.Path, "call", call.Name}, func(out resources) { c.repetition(out, m, call.Repetition) })
}

func (c *connector) output(m *config.Module, name string) resources {
	return c.once(symbol{m.Path, "output", name}, func(out resources) {
		o := m.Outputs[name]
		if o == nil {
			return
		}
		maps.Copy(out, c.entry(m))
		c.exprs(out, m, o.Expr)
		c.traversals(out, m, o.DependsOn)
		c.checks(out, m, o.Preconditions)
	})
}

func (c *connector) variable(m *config.Module, name string) resources {
	return c.once(symbol{m.Path, "var", name}, func(out resources) {
		maps.Copy(out, c.raw(m, name))
		v := m.Variables[name]
		if v == nil {
			return
		}
		for _, check := range v.Validations {
			for _, e := range []hcl.Expression{check.Condition, check.Message} {
				refs, _ := lang.Refs(e, nil)
				for _, r := range refs {
					if r.Root == "var" {
						maps.Copy(out, c.raw(m, r.Name))
					} else {
						c.refs(out, m, []lang.Ref{r})
					}
				}
			}
		}
	})
}

// raw is what the value of a variable depends on, its rules left aside.
func (c *connector) raw(m *config.Module, name string) resources {
	return c.once(symbol{m.Path, "raw", name}, func(out resources) {
		if m.Parent == nil {
			return
		}
		call := m.Call()
		maps.Copy(out, c.call(m.Parent, call))
		if a := call.Args[name]; a != nil {
			c.exprs(out, m.Parent, a.Expr)
		}
	})
}

func (c *connector) local(m *config.Module, name string) resources {
	return c.once(symbol{m.Path, "local", name}, func(out resources) {
		if l := m.Locals[name]; l != nil {
			c.exprs(out, m, l.Expr)
		}
	})
}

// end is everything in the called module.
func (c *connector) end(m *config.Module, name string) resources {
	return c.once(symbol{m.Path, "end", name}, func(out resources) {
		child := m.Children[name]
		if child == nil {
			return
		}
		for _, r := range c.inside[child.Path] {
			if r.Resource.Mode == addr.Action {
				continue // it is no object
			}
			out[r] = true
			maps.Copy(out, c.resource(r))
		}
		for output := range child.Outputs {
			maps.Copy(out, c.output(child, output))
		}
	})
}

// waits is what has to be there before a data source is read: what depends_on
// lists, here and around the module, and the managed resources that its arguments
// name themselves. What they reach through other names counts only through its
// value, unless the block has conditions, which may speak of what is read.
func (c *connector) waits(at addr.ConfigResource, r *Resource) []addr.ConfigResource {
	out := resources{}
	if len(r.Lifecycle.Preconditions)+len(r.Lifecycle.Postconditions) > 0 {
		for _, need := range r.Needs {
			out[need] = true
		}
	}
	m := c.p.modules[at.Module]
	c.listed(out, m, r.DependsOn)
	for around := m; around.Parent != nil; around = around.Parent {
		c.listed(out, around.Parent, around.Call().DependsOn)
	}
	named := slices.Clone(r.block.Refs())
	for _, e := range []hcl.Expression{r.Count, r.ForEach, r.Enabled} {
		if e != nil {
			refs, _ := lang.Refs(e, nil) // evaluation reports what is wrong
			named = append(named, refs...)
		}
	}
	for _, ref := range named {
		if ref.Root == "resource" {
			out[ref.Resource.In(at.Module)] = true
		}
	}
	maps.DeleteFunc(out, func(r addr.ConfigResource, _ bool) bool { return r.Resource.Mode != addr.Managed })
	return slices.Collect(maps.Keys(out))
}

// listed adds what depends_on lists, and what data sources among that depend on.
func (c *connector) listed(into resources, m *config.Module, traversals []hcl.Traversal) {
	for _, t := range traversals {
		ref, diags := lang.RefOf(t)
		switch {
		case diags.HasErrors(): // evaluation reports it
		case ref.Root == "module" && m.Children[ref.Name] != nil:
			for _, r := range c.inside[m.Children[ref.Name].Path] {
				into[r] = true
			}
		case ref.Root == "resource" && ref.Resource.Mode == addr.Data:
			maps.Copy(into, c.resource(ref.Resource.In(m.Path)))
		case ref.Root == "resource":
			into[ref.Resource.In(m.Path)] = true
		}
	}
}

func (c *connector) repetition(into resources, m *config.Module, r config.Repetition) {
	c.exprs(into, m, r.Count, r.ForEach, r.Enabled)
}

func (c *connector) checks(into resources, m *config.Module, checks []*config.Check) {
	for _, check := range checks {
		c.exprs(into, m, check.Condition, check.Message)
	}
}

// traversals adds what depends_on lists.
func (c *connector) traversals(into resources, m *config.Module, traversals []hcl.Traversal) {
	for _, t := range traversals {
		ref, diags := lang.RefOf(t)
		if diags.HasErrors() {
			continue // evaluation reports it
		}
		if ref.Root == "module" {
			maps.Copy(into, c.end(m, ref.Name))
			continue
		}
		c.refs(into, m, []lang.Ref{ref})
	}
}

func (c *connector) exprs(into resources, m *config.Module, exprs ...hcl.Expression) {
	for _, e := range exprs {
		if e != nil {
			refs, _ := lang.Refs(e, nil) // evaluation reports what is wrong
			c.refs(into, m, refs)
		}
	}
}

func (c *connector) refs(into resources, m *config.Module, refs []lang.Ref) {
	for _, r := range refs {
		if r.KeyExpr != nil {
			c.exprs(into, m, r.KeyExpr)
		}
		switch r.Root {
		case "resource":
			at := r.Resource.In(m.Path)
			into[at] = true
			maps.Copy(into, c.resource(at))
		case "local":
			maps.Copy(into, c.local(m, r.Name))
		case "var":
			maps.Copy(into, c.variable(m, r.Name))
		case "each", "count":
			// The block itself says what they depend on.
		case "module":
			c.module(into, m, r)
		}
	}
}

func (c *connector) module(into resources, m *config.Module, r lang.Ref) {
	child, call := m.Children[r.Name], m.Calls[r.Name]
	if child == nil {
		return
	}
	maps.Copy(into, c.call(m, call))
	if child.Outputs[r.Attr] != nil {
		maps.Copy(into, c.output(child, r.Attr))
		return
	}
	for name := range child.Outputs {
		maps.Copy(into, c.output(child, name))
	}
}

func comparePlaces(a, b hcl.Range) int {
	return cmp.Or(strings.Compare(a.Filename, b.Filename), cmp.Compare(a.Start.Byte, b.Start.Byte))
}

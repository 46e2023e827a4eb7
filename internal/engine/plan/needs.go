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
	c := connector{p: p, locals: map[string]map[addr.ConfigResource]bool{}, all: map[addr.ConfigResource]map[addr.ConfigResource]bool{}}
	for r, compiled := range p.resources {
		for need := range c.transitive(r) {
			if need != r && need.Resource.Mode != addr.Ephemeral { // nothing is kept of those
				compiled.Needs = append(compiled.Needs, need)
			}
		}
		slices.SortFunc(compiled.Needs, func(a, b addr.ConfigResource) int { return strings.Compare(a.String(), b.String()) })
	}
	for at, block := range p.providers {
		needs := map[addr.ConfigResource]bool{}
		c.refs(needs, block.Refs())
		for direct := range maps.Clone(needs) {
			maps.Copy(needs, c.transitive(direct))
		}
		if len(needs) > 0 {
			p.providerNeeds[at] = needs
		}
	}
	for name, o := range p.Module.Outputs {
		needs := map[addr.ConfigResource]bool{}
		c.exprs(needs, o.Expr)
		c.traversals(needs, o.DependsOn)
		c.checks(needs, o.Preconditions)
		for direct := range maps.Clone(needs) {
			maps.Copy(needs, c.transitive(direct))
		}
		p.outputNeeds[name] = needs
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

type connector struct {
	p      *Program
	locals map[string]map[addr.ConfigResource]bool
	all    map[addr.ConfigResource]map[addr.ConfigResource]bool
}

// transitive is everything that r needs. In a circle, which evaluation reports,
// it is only a part.
func (c *connector) transitive(r addr.ConfigResource) map[addr.ConfigResource]bool {
	if found, ok := c.all[r]; ok {
		return found
	}
	out := map[addr.ConfigResource]bool{}
	c.all[r] = out
	compiled := c.p.resources[r]
	if compiled == nil {
		return out
	}
	for direct := range c.direct(compiled) {
		out[direct] = true
		maps.Copy(out, c.transitive(direct))
	}
	return out
}

func (c *connector) direct(r *Resource) map[addr.ConfigResource]bool {
	out := map[addr.ConfigResource]bool{}
	c.refs(out, r.block.Refs())
	c.exprs(out, r.Count, r.ForEach)
	c.traversals(out, r.DependsOn)
	c.exprs(out, r.Lifecycle.ReplaceTriggeredBy...)
	c.checks(out, r.Lifecycle.Preconditions)
	c.checks(out, r.Lifecycle.Postconditions)
	for _, p := range r.Provisioners {
		c.refs(out, p.block.Refs())
	}
	return out
}

func (c *connector) checks(into map[addr.ConfigResource]bool, checks []*config.Check) {
	for _, check := range checks {
		c.exprs(into, check.Condition, check.Message)
	}
}

// traversals adds what depends_on lists.
func (c *connector) traversals(into map[addr.ConfigResource]bool, traversals []hcl.Traversal) {
	for _, t := range traversals {
		into[named(t).In("")] = true
	}
}

// named is the resource that a traversal names.
func named(t hcl.Traversal) addr.Resource {
	for _, mode := range []addr.Mode{addr.Data, addr.Ephemeral} {
		if t.RootName() == mode.String() && len(t) > 2 {
			return addr.Resource{Mode: mode, Type: second(t), Name: second(t[1:])}
		}
	}
	return addr.Resource{Type: t.RootName(), Name: second(t)}
}

func second(t hcl.Traversal) string {
	if len(t) > 1 {
		if a, ok := t[1].(hcl.TraverseAttr); ok {
			return a.Name
		}
	}
	return ""
}

func (c *connector) exprs(into map[addr.ConfigResource]bool, exprs ...hcl.Expression) {
	for _, e := range exprs {
		if e != nil {
			refs, _ := lang.Refs(e, nil) // evaluation reports what is wrong
			c.refs(into, refs)
		}
	}
}

func (c *connector) refs(into map[addr.ConfigResource]bool, refs []lang.Ref) {
	for _, r := range refs {
		switch r.Root {
		case "resource":
			into[r.Resource.In("")] = true
			if r.KeyExpr != nil {
				c.exprs(into, r.KeyExpr)
			}
		case "local":
			maps.Copy(into, c.local(r.Name))
		}
	}
}

func (c *connector) local(name string) map[addr.ConfigResource]bool {
	if found, ok := c.locals[name]; ok {
		return found
	}
	out := map[addr.ConfigResource]bool{}
	c.locals[name] = out
	if l := c.p.Module.Locals[name]; l != nil {
		c.exprs(out, l.Expr)
	}
	return out
}

func comparePlaces(a, b hcl.Range) int {
	return cmp.Or(strings.Compare(a.Filename, b.Filename), cmp.Compare(a.Start.Byte, b.Start.Byte))
}

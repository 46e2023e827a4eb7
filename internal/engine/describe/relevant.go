package describe

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/dynblock"
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
)

// Part is an attribute of an object, or all of the object if the path is empty.
// Keys are nil where the configuration names no single instance.
type Part struct {
	Addr addr.Instance
	Path cty.Path
}

// Relevant are the parts of objects that the configuration of instances and of
// outputs of the root module is made from, directly or through other values, but
// not through other objects. They are sorted.
func Relevant(root *config.Module, schemas Schemas, instances []addr.Instance, outputs []string) []Part {
	c := &contributors{d: describer{schemas: schemas}, root: root, seen: map[string]bool{}, parts: map[string]Part{}}
	for _, a := range instances {
		c.instance(a)
	}
	for _, name := range outputs {
		if o := root.Outputs[name]; o != nil {
			c.expr(scope{module: root}, o.Expr)
		}
	}
	var out []Part
	for _, key := range sorted(c.parts) {
		out = append(out, c.parts[key])
	}
	return out
}

// scope is where an expression stands: the module, the instance of it, and the
// repetition of the block around it.
type scope struct {
	module *config.Module
	at     addr.ModuleInstance
	repeat *config.Repetition
	within *scope // where the repetition's own expressions stand
}

type contributors struct {
	d     describer
	root  *config.Module
	seen  map[string]bool
	parts map[string]Part
}

func (c *contributors) find(m addr.Module) *config.Module {
	for x := range c.root.All() {
		if x.Path == m {
			return x
		}
	}
	return nil
}

func (c *contributors) instance(a addr.Instance) {
	m := c.find(a.Module.Config())
	if m == nil || m.Resources[a.Resource] == nil {
		return
	}
	r := m.Resources[a.Resource]
	outer := scope{module: m, at: a.Module}
	inner := outer
	inner.repeat, inner.within = &r.Repetition, &outer
	if schema := c.d.schema(m, r); schema != nil {
		for _, t := range variables(r.Body, schema.Spec) {
			c.follow(inner, t)
		}
	}
}

// variables are the references of all that a block says, dynamic blocks included.
func variables(body hcl.Body, spec hcldec.Spec) []hcl.Traversal {
	return append(hcldec.Variables(dynblock.Expand(body, nil), spec), dynblock.VariablesHCLDec(body, spec)...)
}

func (c *contributors) expr(s scope, e hcl.Expression) {
	if e == nil {
		return
	}
	for _, t := range e.Variables() {
		c.follow(s, t)
	}
}

// follow finds the objects behind a reference.
func (c *contributors) follow(s scope, t hcl.Traversal) {
	whole, n, keyed := subject(t)
	if whole == nil {
		return
	}
	root := whole.RootName()
	id := string(s.at) + " " + text(whole)
	switch root {
	case "each", "count": // differs from block to block
	default:
		if c.seen[id] {
			return
		}
		c.seen[id] = true
	}
	switch root {
	case "self", "path", "terraform", "tofu", "ephemeral", "action":
	case "each", "count":
		if s.repeat != nil {
			c.expr(*s.within, s.repeat.ForEach)
			c.expr(*s.within, s.repeat.Count)
		}
	case "local":
		if l := s.module.Locals[name(whole[1])]; l != nil {
			c.expr(scope{module: s.module, at: s.at}, l.Expr)
		}
	case "var":
		c.argument(s, name(whole[1]))
	case "module":
		c.outputs(s, whole[:n])
	default:
		c.object(s, whole, n, keyed)
	}
}

// argument goes on where the call gives a variable its value.
func (c *contributors) argument(s scope, variable string) {
	if s.module.Parent == nil {
		return
	}
	call := s.module.Call()
	if a := call.Args[variable]; a != nil {
		parent, _, _ := s.at.Parent()
		outer := scope{module: s.module.Parent, at: parent}
		inner := outer
		inner.repeat, inner.within = &call.Repetition, &outer
		c.expr(inner, a.Expr)
	}
}

// outputs goes on in the called module, at all of its outputs: a reference to one
// of them counts as one to the module.
func (c *contributors) outputs(s scope, t hcl.Traversal) {
	call := name(t[1])
	child := s.module.Children[call]
	if child == nil {
		return
	}
	at := s.at.Child(call, nil)
	if len(t) > 2 {
		if step, ok := t[2].(hcl.TraverseIndex); ok {
			if key, err := addr.KeyOf(step.Key); err == nil {
				at = s.at.Child(call, key)
			}
		}
	}
	for _, o := range child.Outputs {
		c.expr(scope{module: child, at: at}, o.Expr)
	}
}

func (c *contributors) object(s scope, t hcl.Traversal, n int, keyed bool) {
	r := addr.Resource{Type: t.RootName(), Name: name(t[1])}
	if t.RootName() == "data" {
		r = addr.Resource{Mode: addr.Data, Type: name(t[1]), Name: name(t[2])}
	}
	part := Part{Addr: addr.Instance{Module: s.at, Resource: r}}
	if keyed {
		part.Addr.Key, _ = addr.KeyOf(t[n-1].(hcl.TraverseIndex).Key)
	}
	for _, step := range t[n:] {
		switch step := step.(type) {
		case hcl.TraverseAttr:
			part.Path = part.Path.GetAttr(step.Name)
		case hcl.TraverseIndex:
			part.Path = part.Path.Index(step.Key)
		}
	}
	c.parts[strings.Join([]string{string(s.at), part.Addr.String(), text(slices.Clone(t[n:]))}, " ")] = part
}

func name(step hcl.Traverser) string {
	if a, ok := step.(hcl.TraverseAttr); ok {
		return a.Name
	}
	return ""
}

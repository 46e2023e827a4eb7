package config

import (
	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
)

// Moved is a moved block: what was at From is at To now.
type Moved struct {
	From, To addr.Endpoint
	Range    hcl.Range
}

// Removed is a removed block: what was at From, without instance keys, is not in
// the configuration any more.
type Removed struct {
	From    addr.Endpoint
	Destroy bool // else the objects are only forgotten
	Range   hcl.Range

	Provisioners []*Provisioner // run before an object is destroyed
}

var movedSchema = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "from", Required: true}, {Name: "to", Required: true}}}

func (l *loader) moved(b *hcl.Block) {
	if l.notOverridden(b) {
		return
	}
	c := l.content(b.Body, movedSchema)
	m := &Moved{Range: b.DefRange}
	var ok, more bool
	m.From, ok = l.endpoint(c.Attributes["from"])
	m.To, more = l.endpoint(c.Attributes["to"])
	if !ok || !more {
		return
	}
	switch {
	case m.From.IsModule() != m.To.IsModule():
		l.fail(b.DefRange, "Different kinds of addresses", "Either both addresses of a moved block name a module, or both a resource: %s and %s do not.", m.From, m.To)
	case m.From.String() == m.To.String():
		l.fail(b.DefRange, "Move to the same place", "The addresses from and to are both %s. Remove the block.", m.From)
	default:
		l.m.Moved = append(l.m.Moved, m)
	}
}

// endpoint reads the address of something that is managed.
func (l *loader) endpoint(a *hcl.Attribute) (addr.Endpoint, bool) {
	if a == nil {
		return addr.Endpoint{}, false // reported as missing
	}
	t, diags := traversalOf(a.Expr, false)
	if diags.HasErrors() {
		l.diags = append(l.diags, diags...)
		return addr.Endpoint{}, false
	}
	e, err := addr.ParseEndpoint(t)
	if err != nil {
		l.fail(a.Expr.Range(), "Invalid address", "This is the address of neither a resource nor a module: %s.", err)
		return e, false
	}
	if e.Resource.Mode != addr.Managed {
		l.fail(a.Expr.Range(), "Not a managed resource", "Only modules and managed resources stay from one run to the next: %s does not.", e)
		return e, false
	}
	return e, true
}

// notOverridden refuses a block that has no name in an override file.
func (l *loader) notOverridden(b *hcl.Block) bool {
	if l.override {
		l.fail(b.DefRange, "Nothing to override", "A %s block has no name by which it could be overridden. Write it into another file.", b.Type)
	}
	return l.override
}

var removedSchema = &hcl.BodySchema{
	Attributes: []hcl.AttributeSchema{{Name: "from", Required: true}},
	Blocks:     []hcl.BlockHeaderSchema{{Type: "lifecycle"}, {Type: "connection"}, {Type: "provisioner", LabelNames: []string{"type"}}},
}

var removedLifecycleSchema = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "destroy"}}}

func (l *loader) removed(b *hcl.Block) {
	if l.notOverridden(b) {
		return
	}
	c := l.content(b.Body, removedSchema)
	r := &Removed{Destroy: true, Range: b.DefRange}
	var ok bool
	if r.From, ok = l.endpoint(c.Attributes["from"]); !ok {
		return
	}
	if r.From.AnyKey() {
		l.fail(c.Attributes["from"].Expr.Range(), "Instance key not allowed", "A removed block speaks of all instances: write %s without keys.", r.From)
		return
	}
	for _, nested := range c.Blocks {
		switch nested.Type {
		case "lifecycle":
			if a := l.content(nested.Body, removedLifecycleSchema).Attributes["destroy"]; a != nil {
				r.Destroy = l.flag(a)
			}
		case "provisioner":
			if p := l.provisioner(r.From.Resource, nested); p != nil {
				l.removedProvisioner(r, p)
			}
		default:
			l.fail(nested.DefRange, "\"connection\" blocks are not supported", "This engine runs commands on this machine only. Remove the block, and have a local-exec provisioner call ssh or scp.")
		}
	}
	l.m.Removed = append(l.m.Removed, r)
}

// removedProvisioner keeps a provisioner of objects that are going away.
func (l *loader) removedProvisioner(r *Removed, p *Provisioner) {
	switch {
	case r.From.IsModule():
		l.fail(p.Range, "Not a resource", "Provisioners run beside the objects of one resource, but %s is a module. Remove the block, or write a removed block for the resource.", r.From)
	case !p.Destroy:
		l.fail(p.Range, "Nothing is created here", "The objects of a removed block are only destroyed: its provisioners need when = destroy.")
	default:
		r.Provisioners = append(r.Provisioners, p)
	}
}

package config

import (
	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
)

// CheckBlock is a check block: assertions that never keep anything from going on,
// and a data source that only they see.
type CheckBlock struct {
	Name    string
	Data    *Resource // nil if there is none; it is among the resources too
	Asserts []*Check
	Range   hcl.Range
}

var checkBlockSchema = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
	{Type: "data", LabelNames: []string{"type", "name"}}, {Type: "assert"},
}}

func (l *loader) check(b *hcl.Block) {
	name := b.Labels[0]
	existing := l.m.Checks[name]
	var at *hcl.Range
	if existing != nil {
		at = &existing.Range
	}
	if !l.declare("check", name, b.DefRange, at) {
		return
	}
	c := l.content(b.Body, checkBlockSchema)
	x := existing
	if x == nil {
		x = &CheckBlock{Name: name, Range: b.DefRange}
		l.m.Checks[name] = x
	}
	for _, nested := range c.Blocks {
		if nested.Type != "data" || !l.labels(nested) {
			continue
		}
		id := addr.Resource{Mode: addr.Data, Type: nested.Labels[0], Name: nested.Labels[1]}
		if x.Data != nil && (existing == nil || x.Data.Addr != id) {
			l.fail(nested.DefRange, "More than one data source", "A check block has at most one data source. Write another check block.")
			continue
		}
		l.resource(nested)
		if r := l.m.Resources[id]; r != nil && r.Range == nested.DefRange {
			if len(r.Lifecycle.Preconditions)+len(r.Lifecycle.Postconditions) > 0 || r.Repeated() {
				l.fail(nested.DefRange, "Not for scoped data sources", "A data source in a check block has neither count nor for_each nor conditions. Assert in the check block instead.")
			}
			r.Check, x.Data = name, r
		}
	}
	if asserts := l.checks(c.Blocks, "assert"); len(asserts) > 0 {
		x.Asserts = asserts
	}
	if len(c.Blocks.OfType("assert")) == 0 {
		l.fail(b.DefRange, "No assertion", "The check %q asserts nothing. Add an assert block.", name)
	}
}

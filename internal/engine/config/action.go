package config

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
)

// Trigger is an action_trigger block: the actions that go with a change of an
// object.
type Trigger struct {
	Events    []Event
	Condition hcl.Expression // nil for always
	Actions   []hcl.Expression
	Range     hcl.Range
}

// Event is when a trigger's actions are invoked, as it is written.
type Event string

// The events.
const (
	BeforeCreate Event = "before_create"
	AfterCreate  Event = "after_create"
	BeforeUpdate Event = "before_update"
	AfterUpdate  Event = "after_update"
)

var events = []Event{BeforeCreate, AfterCreate, BeforeUpdate, AfterUpdate}

var actionSchema = &hcl.BodySchema{
	Attributes: []hcl.AttributeSchema{{Name: "count"}, {Name: "for_each"}, {Name: "provider"}, {Name: "depends_on"}},
	Blocks:     []hcl.BlockHeaderSchema{{Type: "config"}},
}

// action reads an action block, which is kept among the resources.
func (l *loader) action(b *hcl.Block) {
	id := addr.Resource{Mode: addr.Action, Type: b.Labels[0], Name: b.Labels[1]}
	r := l.m.Resources[id]
	var at *hcl.Range
	if r != nil {
		at = &r.Range
	}
	if !l.declare("action", id.String(), b.DefRange, at) {
		return
	}
	if r == nil {
		r = &Resource{Addr: id, Body: emptyAt(b.DefRange), Range: b.DefRange}
		l.m.Resources[id] = r
	}
	c := l.content(b.Body, actionSchema)
	l.repetition(&r.Repetition, id.String(), c)
	if a := c.Attributes["provider"]; a != nil {
		r.Provider = l.providerRef(a.Expr)
	}
	if a := c.Attributes["depends_on"]; a != nil {
		l.fail(a.NameRange, "\"depends_on\" is not for actions", "An action is invoked where a trigger says so, after what its arguments refer to. Remove the argument.")
	}
	l.configBlock(r, c.Blocks)
}

// emptyAt is a body without content that knows where it was left out.
func emptyAt(at hcl.Range) hcl.Body { return &hclsyntax.Body{SrcRange: at, EndRange: at} }

// configBlock takes the provider's arguments from the only config block.
func (l *loader) configBlock(r *Resource, blocks hcl.Blocks) {
	for i, nested := range blocks {
		switch {
		case i > 0:
			l.fail(nested.DefRange, "Duplicate config block", "%s has at most one config block. Join them.", r.Addr)
		case l.override:
			r.Body = overrideBody{r.Body, nested.Body}
		default:
			r.Body = nested.Body
		}
	}
}

var triggerSchema = &hcl.BodySchema{
	Attributes: []hcl.AttributeSchema{{Name: "events", Required: true}, {Name: "condition"}, {Name: "actions", Required: true}},
}

func (l *loader) triggers(r *Resource, blocks hcl.Blocks) []*Trigger {
	var out []*Trigger
	for _, b := range blocks {
		if b.Type != "action_trigger" {
			continue
		}
		if r.Addr.Mode != addr.Managed {
			l.fail(b.DefRange, "Not a managed resource", "Only changes of managed resources trigger actions. Remove the block from %s.", r.Addr)
			continue
		}
		if t := l.trigger(b); t != nil {
			out = append(out, t)
		}
	}
	return out
}

func (l *loader) trigger(b *hcl.Block) *Trigger {
	c := l.content(b.Body, triggerSchema)
	t := &Trigger{Range: b.DefRange}
	if a := c.Attributes["condition"]; a != nil {
		t.Condition = a.Expr
	}
	if a := c.Attributes["events"]; a != nil {
		items, diags := hcl.ExprList(a.Expr)
		l.diags = append(l.diags, diags...)
		for _, e := range items {
			word := Event(hcl.ExprAsKeyword(e))
			if !slices.Contains(events, word) {
				l.fail(e.Range(), "Invalid event", "The events of an action_trigger are before_create, after_create, before_update and after_update, without quotes.")
				continue
			}
			if slices.Contains(t.Events, word) {
				l.fail(e.Range(), "Duplicate event", "The event %s is listed twice. Remove one.", word)
				continue
			}
			t.Events = append(t.Events, word)
		}
		if len(items) == 0 && !diags.HasErrors() {
			l.fail(a.Expr.Range(), "No events", "An action_trigger lists at least one event.")
		}
	}
	if a := c.Attributes["actions"]; a != nil {
		items, diags := hcl.ExprList(a.Expr)
		l.diags = append(l.diags, diags...)
		for _, e := range items {
			if roots := e.Variables(); len(roots) == 0 || roots[0].RootName() != "action" || !reference(e) {
				l.fail(e.Range(), "Invalid action", "The actions of an action_trigger are references such as action.TYPE.NAME, with an index if the action is repeated.")
				continue
			}
			t.Actions = append(t.Actions, e)
		}
		if len(items) == 0 && !diags.HasErrors() {
			l.fail(a.Expr.Range(), "No actions", "An action_trigger lists at least one action.")
		}
	}
	return t
}

// reference tells that e is nothing but a traversal, with an index at most. In JSON
// it is a text, in which other things cannot be told apart.
func reference(e hcl.Expression) bool {
	if _, native := e.(hclsyntax.Expression); !native {
		return true
	}
	if index, ok := e.(*hclsyntax.IndexExpr); ok {
		e = index.Collection
	}
	_, diags := hcl.AbsTraversalForExpr(e)
	return !diags.HasErrors()
}

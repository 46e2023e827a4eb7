package ui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
)

// Plan writes what a plan is going to do, as people read it.
func (s Style) Plan(p *plan.Plan, f PlanFacts) string {
	if p.Errored {
		return "Planning ended with errors: this plan does not say what to do, and cannot be applied.\n"
	}
	var b strings.Builder
	if drift := p.Drift; len(drift) > 0 {
		if p.Mode != plan.RefreshOnly {
			drift = slices.DeleteFunc(slices.Clone(drift), func(c plan.Change) bool { return !f.matters(c) })
		}
		for i, c := range drift {
			if i == 0 {
				b.WriteString(s.paint(bold, "Note: these objects have changed since they were last seen:") + "\n\n")
			}
			b.WriteString(s.drift(c, f))
		}
	}
	if actions := s.invoked(p); actions != "" {
		b.WriteString("These actions will be invoked, and nothing else will be changed:\n\n" + actions + s.summary(p))
		return b.String()
	}
	changes, outputs := s.changes(p, f), s.outputChanges(p.Outputs)
	switch {
	case changes == "" && outputs == "" && p.Mode == plan.RefreshOnly && p.Refreshed():
		b.WriteString("Applying this plan brings the state in line with the objects. No object will be changed.\n")
		return b.String()
	case changes == "" && outputs == "":
		b.WriteString(s.noChanges(p.Mode))
		return b.String()
	case changes == "":
		b.WriteString(outputs + "\nNo object will be changed: applying this plan only stores the new output values.\n")
		return b.String()
	}
	b.WriteString(s.legend(p.Changes))
	b.WriteString("These actions will be performed:\n\n" + changes + s.summary(p))
	if outputs != "" {
		b.WriteString("\n" + outputs)
	}
	return b.String()
}

func (s Style) noChanges(m plan.Mode) string {
	why := "The objects match the configuration."
	switch m {
	case plan.Destroy:
		why = "There is nothing to destroy."
	case plan.RefreshOnly:
		why = "The state still matches the objects."
	}
	return s.paint(bold+";"+green, "No changes.") + s.paint(bold, " "+why) + "\n"
}

// legend explains the symbols that occur.
func (s Style) legend(changes []plan.Change) string {
	used := map[plan.Action]bool{}
	for _, c := range changes {
		used[c.Action] = true
	}
	d := &diff{style: s}
	out := ""
	for _, a := range []plan.Action{plan.Create, plan.Update, plan.Delete, plan.DeleteCreate, plan.CreateDelete, plan.Read, plan.Forget, plan.ForgetCreate} {
		if used[a] {
			out += fmt.Sprintf("%s %s\n", d.head(markOf(a)), map[plan.Action]string{
				plan.Create: "create", plan.Update: "update in-place", plan.Delete: "destroy",
				plan.DeleteCreate: "destroy and then create replacement",
				plan.CreateDelete: "create replacement and then destroy",
				plan.Read:         "read (data resources)", plan.Forget: "stop keeping, without destroying",
				plan.ForgetCreate: "create replacement, without destroying",
			}[a])
		}
	}
	return "Actions are indicated with the following symbols:\n" + out + "\n"
}

func (s Style) summary(p *plan.Plan) string {
	return s.paint(bold, "Plan:") + " " + countText(p) + "\n"
}

// countText is the number of objects of each kind of change.
func countText(p *plan.Plan) string {
	add, change, destroy := p.Count()
	out := fmt.Sprintf("%d to add, %d to change, %d to destroy", add, change, destroy)
	if n := p.Imports(); n > 0 {
		out = fmt.Sprintf("%d to import, ", n) + out
	}
	if n := p.Forgotten(); n > 0 {
		out += fmt.Sprintf(", %d to forget", n)
	}
	return out + "." + actionsText(len(p.Invocations), " to invoke")
}

func (s Style) changes(p *plan.Plan, f PlanFacts) string {
	var b strings.Builder
	for _, c := range p.Changes {
		if !c.Shown() {
			continue
		}
		b.WriteString("  " + s.paint(bold, "# "+c.Addr.String()+deposedText(c.Deposed)) + " " + s.verb(c) + "\n")
		if why := reason(c); why != "" {
			b.WriteString("  # (" + why + ")\n")
		}
		if c.Moved() && (c.Action != plan.NoOp || c.Importing != nil) {
			b.WriteString("  # (moved from " + c.Previous.String() + ")\n")
		}
		if c.Importing != nil && c.Action != plan.NoOp {
			b.WriteString("  # (imported from " + importedFrom(c.Importing) + ")\n")
		}
		b.WriteString(s.resource(c, f))
		if c.Deposed == "" {
			b.WriteString(s.triggered(p.Invocations, c.Addr))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func importedFrom(i *plan.Importing) string {
	if i.ID != "" {
		return quote(i.ID)
	}
	return Value(i.Identity)
}

func deposedText(key string) string {
	if key == "" {
		return ""
	}
	return " (deposed object " + key + ")"
}

// verb says what will become of the object.
func (s Style) verb(c plan.Change) string {
	replaced := "must be " + s.paint(bold+";"+red, "replaced")
	switch c.Action {
	case plan.NoOp:
		if c.Importing != nil {
			return "will be imported"
		}
		return "has moved from " + c.Previous.String()
	case plan.Create:
		return "will be created"
	case plan.Read:
		return "will be read during apply"
	case plan.Update:
		return "will be updated in-place"
	case plan.Delete:
		return "will be " + s.paint(bold+";"+red, "destroyed")
	case plan.Forget:
		return "will no longer be kept in the state, and will not be destroyed"
	}
	switch c.Reason {
	case plan.ReplaceTainted:
		return "is tainted, so it " + replaced
	case plan.ReplaceByRequest:
		return "will be " + s.paint(bold+";"+red, "replaced") + ", as requested"
	case plan.ReplaceByTriggers:
		return "will be " + s.paint(bold+";"+red, "replaced") + " due to changes in replace_triggered_by"
	}
	return replaced
}

// reason explains an action that does not speak for itself.
func reason(c plan.Change) string {
	if c.Deposed != "" {
		return "left over from a replacement that did not come to an end"
	}
	switch c.Reason {
	case plan.DeleteNoConfig:
		return "because " + c.Addr.Config().String() + " is not in configuration"
	case plan.DeleteNoMoveTarget:
		return "because " + c.Addr.String() + " was moved to, but is not in configuration"
	case plan.DeleteNoModule:
		return "because " + string(c.Addr.Module) + " is not in configuration"
	case plan.DeleteEnabledFalse:
		return "because enabled is false"
	case plan.DeleteWrongRepetition:
		switch c.Addr.Key.(type) {
		case addr.IntKey:
			return "because resource does not use count"
		case addr.StringKey:
			return "because resource does not use for_each"
		}
		return "because resource uses count or for_each"
	case plan.DeleteCountIndex:
		return "because index " + addr.KeyString(c.Addr.Key) + " is out of range for count"
	case plan.DeleteEachKey:
		return "because key " + addr.KeyString(c.Addr.Key) + " is not in for_each map"
	case plan.ReadConfigUnknown:
		return "config refers to values not yet known"
	case plan.ReadDependency:
		return "depends on a resource or a module with changes pending"
	}
	return ""
}

func (s Style) drift(c plan.Change, f PlanFacts) string {
	what := " has changed"
	if c.Action == plan.Delete {
		what = " has been deleted"
	}
	return "  " + s.paint(bold, "# "+c.Addr.String()+deposedText(c.Deposed)) + what + "\n" + s.resource(c, f) + "\n"
}

// resource writes the block of one change.
func (s Style) resource(c plan.Change, f PlanFacts) string {
	d := &diff{style: s, forces: c.Requires}
	m := markOf(c.Action)
	within := m
	switch {
	case c.Action.Replaces(), c.Action == plan.ForgetCreate:
		within = update
	case c.Action == plan.Read:
		within = add
	case c.Action == plan.Forget:
		within = remove
	}
	before, after := c.Before, c.After
	if before == cty.NilVal || within == add {
		before = cty.NullVal(cty.DynamicPseudoType)
	}
	if after == cty.NilVal || within == remove {
		after = cty.NullVal(cty.DynamicPseudoType)
	}
	// A whole object that is marked would hide what is asked about.
	before, after = unmarked(before), unmarked(after)
	if s.Secrets {
		before, after = bare(before), bare(after)
	}
	block := "resource"
	if c.Addr.Resource.Mode == addr.Data {
		block = "data"
	}
	body := d.block(f.block(c.Provider.Provider, c.Addr.Resource), before, after, nil, within, 6)
	return fmt.Sprintf("%s %s %s %s {\n%s    }\n", d.head(m), block, quote(c.Addr.Resource.Type), quote(c.Addr.Resource.Name), body)
}

// head is a mark in the three columns before a resource.
func (d *diff) head(m mark) string {
	pad := strings.Repeat(" ", 3-len(m))
	switch m {
	case removeAdd:
		return d.symbol(remove) + "/" + d.symbol(add)
	case keepAdd:
		return string(stopKeeping) + "/" + d.symbol(add)
	case addRemove:
		return d.symbol(add) + "/" + d.symbol(remove)
	case readLater:
		return pad + d.style.paint(cyan, string(m))
	}
	return pad + d.symbol(m)
}

func markOf(a plan.Action) mark {
	return [...]mark{
		plan.NoOp: keep, plan.Create: add, plan.Read: readLater, plan.Update: update,
		plan.DeleteCreate: removeAdd, plan.CreateDelete: addRemove, plan.Delete: remove, plan.Forget: stopKeeping, plan.ForgetCreate: keepAdd,
	}[a]
}

func (s Style) outputChanges(outputs []plan.OutputChange) string {
	d := &diff{style: s}
	var items []item
	for _, o := range outputs {
		if o.Action == plan.NoOp {
			continue
		}
		if s.Secrets {
			o.Before, o.After = bare(o.Before), bare(o.After)
		}
		it := item{label: attributeName(o.Name), before: o.Before, after: o.After, path: cty.GetAttrPath(o.Name)}
		it.mark = map[plan.Action]mark{plan.Create: add, plan.Update: update, plan.Delete: remove}[o.Action]
		if o.Sensitive && !s.Secrets {
			if it.before != cty.NilVal {
				it.before = it.before.Mark("sensitive")
			}
			if it.after != cty.NilVal {
				it.after = it.after.Mark("sensitive")
			}
		}
		items = append(items, it)
	}
	if len(items) == 0 {
		return ""
	}
	return "Changes to Outputs:\n" + d.body(items, update, 2, "output")
}

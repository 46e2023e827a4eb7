package ui

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plugin"
)

// block writes the content of a block: its attributes, then the blocks in it,
// each kind after an empty line. Without a schema everything is an attribute.
func (d *diff) block(schema *plugin.Block, before, after cty.Value, path cty.Path, within mark, indent int) string {
	items := attributes(before, after, path)
	if schema == nil {
		return d.body(items, within, indent, "attribute")
	}
	nested := map[string]item{}
	items = slices.DeleteFunc(items, func(it item) bool {
		step, ok := it.path[len(it.path)-1].(cty.GetAttrStep)
		if !ok || schema.Blocks[step.Name] == nil {
			return false
		}
		nested[step.Name] = it
		return true
	})
	text := d.body(withWriteOnly(items, schema, within), within, indent, "attribute")
	var b strings.Builder
	unchanged := 0
	for _, name := range slices.Sorted(maps.Keys(nested)) {
		shown, same := d.kindOfBlock(name, schema.Blocks[name], nested[name], within, indent)
		unchanged += same
		if shown != "" {
			b.WriteString("\n" + shown)
		}
	}
	if unchanged > 0 {
		b.WriteString("\n" + strings.Repeat(" ", indent+2) + d.style.paint(faint, "# ("+count(unchanged, "unchanged block")+" hidden)") + "\n")
	}
	if text == "" {
		return strings.TrimPrefix(b.String(), "\n")
	}
	return text + b.String()
}

// withWriteOnly tells of the arguments of a new object, or of one that goes, that
// the plan cannot show.
func withWriteOnly(items []item, schema *plugin.Block, within mark) []item {
	if within != add && within != remove {
		return items
	}
	for i, it := range items {
		step, ok := it.path[len(it.path)-1].(cty.GetAttrStep)
		if a := schema.Attributes[step.Name]; ok && a != nil && a.WriteOnly {
			items[i].mark, items[i].text = within, "(write-only attribute)"
		}
	}
	return items
}

// kindOfBlock writes the blocks of one kind, and counts those that are not shown
// because they stay as they are.
func (d *diff) kindOfBlock(name string, schema *plugin.NestedBlock, all item, within mark, indent int) (text string, unchanged int) {
	var b strings.Builder
	for _, it := range blocksOf(schema, all) {
		if it.mark == keep && missing(it.before) && missing(it.after) {
			continue
		}
		if it.mark == keep && within == update && !d.all {
			unchanged++
			continue
		}
		header := name
		if it.label != "" {
			header += " " + it.label
		}
		pad := strings.Repeat(" ", indent)
		if it.after != cty.NilVal && !it.after.IsKnown() {
			fmt.Fprintf(&b, "%s%s %s (known after apply)\n", pad, d.symbol(it.mark), header)
			continue
		}
		note := ""
		if d.forced(it.path) || d.forced(all.path) {
			note = d.style.paint(red, " # forces replacement")
		}
		fmt.Fprintf(&b, "%s%s %s {%s\n", pad, d.symbol(it.mark), header, note)
		if hidden(it.before) || hidden(it.after) || hidden(all.before) || hidden(all.after) {
			fmt.Fprintf(&b, "%s      # (sensitive values of the block are not shown)\n", pad)
		} else {
			before, after := it.before, it.after
			if before == cty.NilVal {
				before = cty.NullVal(cty.DynamicPseudoType)
			}
			if after == cty.NilVal {
				after = cty.NullVal(cty.DynamicPseudoType)
			}
			b.WriteString(d.block(&schema.Block, before, after, it.path, it.mark, indent+4))
		}
		b.WriteString(pad + "  }\n")
	}
	return b.String(), unchanged
}

// blocksOf takes the blocks of one kind apart and pairs those before with those
// after: lists by place, maps by key.
func blocksOf(schema *plugin.NestedBlock, all item) []item {
	before, after := unmarked(all.before), unmarked(all.after)
	whole := item{before: all.before, after: all.after, mark: change(all.before, all.after), path: all.path}
	switch {
	case schema.Nesting == plugin.Single, schema.Nesting == plugin.Group,
		after != cty.NilVal && !after.IsKnown(), before != cty.NilVal && !before.IsKnown():
		return []item{whole}
	case schema.Nesting == plugin.Map:
		items := attributes(before, after, all.path)
		for i := range items {
			items[i].label = quote(strings.Trim(items[i].label, `"`))
		}
		return items
	case schema.Nesting == plugin.Set:
		return elements(before, after, all.path)
	}
	var out []item
	old, now := list(before), list(after)
	for i := range max(len(old), len(now)) {
		it := item{path: append(slices.Clone(all.path), cty.IndexStep{Key: cty.NumberIntVal(int64(i))})}
		if i < len(old) {
			it.before = old[i]
		}
		if i < len(now) {
			it.after = now[i]
		}
		it.mark = change(it.before, it.after)
		out = append(out, it)
	}
	return out
}

func unmarked(v cty.Value) cty.Value {
	if v != cty.NilVal {
		v, _ = v.Unmark()
	}
	return v
}

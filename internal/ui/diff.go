package ui

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// mark is the symbol before a line: what happens to what stands there.
type mark string

// The marks. Replacements and reads occur at whole resources only.
const (
	keep        mark = " "
	add         mark = "+"
	remove      mark = "-"
	update      mark = "~"
	removeAdd   mark = "-/+"
	addRemove   mark = "+/-"
	readLater   mark = "<="
	stopKeeping mark = "."
	keepAdd     mark = "./+"
)

// change compares two values of one place. A null is the same as nothing there.
func change(before, after cty.Value) mark {
	switch {
	case missing(before) && missing(after):
		return keep
	case missing(before):
		return add
	case missing(after):
		return remove
	case sameValue(before, after):
		return keep
	}
	return update
}

func sameValue(before, after cty.Value) bool {
	b, _ := before.UnmarkDeep()
	a, _ := after.UnmarkDeep()
	return b.IsWhollyKnown() && a.IsWhollyKnown() && b.RawEquals(a) && hidden(before) == hidden(after)
}

// diff writes the difference of two values, line by line.
type diff struct {
	style  Style
	forces []cty.Path // paths that force a replacement
	all    bool       // unchanged parts are shown too
}

// item is one part of a composite value: an attribute, a map's element or a
// list's.
type item struct {
	label         string // `name = `, padded; empty in lists and sets
	before, after cty.Value
	mark          mark
	path          cty.Path
	text          string // stands for the value, if it is not empty
}

// lines writes the items at an indent, which is the column of the mark.
// within is the mark of the value that they are parts of.
func (d *diff) lines(b *strings.Builder, items []item, within mark, indent int, noun string) {
	ordered := len(items) > 0 && items[0].label == ""
	var hiddenCount int
	flush := func() {
		if hiddenCount > 0 {
			text := "# (" + count(hiddenCount, "unchanged "+noun) + " hidden)"
			b.WriteString(strings.Repeat(" ", indent+2) + d.style.paint(faint, text) + "\n")
			hiddenCount = 0
		}
	}
	for i, it := range items {
		if it.mark == keep && within == update && !d.all && (!ordered || !besideChange(items, i)) && !d.important(it) {
			if !missing(it.after) {
				hiddenCount++
			}
			continue
		}
		if ordered {
			flush()
		}
		end := ""
		if it.label == "" {
			end = ","
		}
		text := d.value(it, within, indent)
		b.WriteString(strings.Repeat(" ", indent) + d.symbol(it.mark) + " " + it.label + text + end + d.suffix(it, within, text) + "\n")
	}
	flush()
}

// besideChange tells that an element of a list stands next to a changed one: it
// is shown to say where the change is.
func besideChange(items []item, i int) bool {
	return i > 0 && items[i-1].mark != keep || i+1 < len(items) && items[i+1].mark != keep
}

// important are the attributes of a resource that say which one it is.
func (d *diff) important(it item) bool {
	if len(it.path) != 1 || missing(it.after) {
		return false
	}
	step, ok := it.path[0].(cty.GetAttrStep)
	return ok && (step.Name == "id" || step.Name == "name")
}

// suffix is what follows a value on its last line.
func (d *diff) suffix(it item, within mark, text string) string {
	out := ""
	if it.mark == remove && it.label != "" && (within != remove || len(it.path) == 1) {
		out = d.style.paint(faint, " -> null")
	}
	if first, _, _ := strings.Cut(text, "\n"); d.forced(it.path) && !strings.Contains(first, "# forces replacement") {
		out += d.style.paint(red, " # forces replacement")
	}
	return out
}

func (d *diff) forced(path cty.Path) bool {
	return slices.ContainsFunc(d.forces, func(p cty.Path) bool { return len(path) > 0 && p.Equals(path) })
}

func (d *diff) symbol(m mark) string {
	switch m {
	case add:
		return d.style.paint(green, string(m))
	case remove:
		return d.style.paint(red, string(m))
	case update:
		return d.style.paint(yellow, string(m))
	}
	return string(m)
}

// value writes what stands behind a label. Its further lines are indented whole.
func (d *diff) value(it item, within mark, indent int) string {
	before, after := it.before, it.after
	switch {
	case it.text != "":
		return it.text
	case hidden(before) || hidden(after):
		return "(sensitive value)"
	}
	shown := after
	if it.mark == remove {
		shown = before
	}
	if it.mark == update {
		if !after.IsKnown() {
			return d.whole(before, remove, it.path, indent) + " -> (known after apply)"
		}
		if kind(before) != kind(after) || kind(after) == 0 {
			if kind(before) == 0 && kind(after) == 0 && before.Type() == cty.String && after.Type() == cty.String {
				return d.strings(before.AsString(), after.AsString(), it.path, indent)
			}
			return d.whole(before, remove, it.path, indent) + " -> " + d.whole(after, add, it.path, indent)
		}
		return d.composite(before, after, update, it.path, indent)
	}
	return d.whole(shown, it.mark, it.path, indent)
}

// whole writes one value of which every part has the same mark.
func (d *diff) whole(v cty.Value, m mark, path cty.Path, indent int) string {
	switch {
	case v == cty.NilVal:
		return "null"
	case hidden(v):
		return "(sensitive value)"
	case !v.IsKnown():
		return "(known after apply)"
	case v.IsNull():
		return "null"
	case kind(v) != 0 && m == add:
		return d.composite(cty.NilVal, v, m, path, indent)
	case kind(v) != 0 && m == remove:
		return d.composite(v, cty.NilVal, m, path, indent)
	case kind(v) != 0:
		return d.composite(v, v, m, path, indent)
	case v.Type() == cty.String:
		return d.oneString(v.AsString(), m, path, indent)
	}
	return primitive(v)
}

// kind is 0 for values without parts, '{' for named parts, '[' for others.
func kind(v cty.Value) rune {
	if v == cty.NilVal || !v.IsKnown() || v.IsNull() {
		return 0
	}
	switch ty := v.Type(); {
	case ty.IsObjectType(), ty.IsMapType():
		return '{'
	case ty.IsListType(), ty.IsSetType(), ty.IsTupleType():
		return '['
	}
	return 0
}

// composite writes a value with parts, from the opening bracket to the closing.
func (d *diff) composite(before, after cty.Value, m mark, path cty.Path, indent int) string {
	shown := after
	if after == cty.NilVal {
		shown = before
	}
	open, end, noun := "{", "}", "attribute"
	var items []item
	switch {
	case kind(shown) == '[':
		open, end, noun = "[", "]", "element"
		items = elements(before, after, path)
	default:
		if shown.Type().IsMapType() {
			noun = "element"
		}
		items = attributes(before, after, path)
	}
	var b strings.Builder
	b.WriteString(open)
	if d.forced(path) {
		b.WriteString(d.style.paint(red, " # forces replacement"))
	}
	body := d.body(items, m, indent+4, noun)
	if body == "" && !d.forced(path) {
		return open + end
	}
	b.WriteString("\n" + body + strings.Repeat(" ", indent+2) + end)
	return b.String()
}

func (d *diff) body(items []item, m mark, indent int, noun string) string {
	var b strings.Builder
	d.lines(&b, d.align(items, m), m, indent, noun)
	return b.String()
}

// align pads the labels of the items that are shown to one width, and drops what
// is null on both sides.
func (d *diff) align(items []item, within mark) []item {
	width := 0
	for _, it := range items {
		if missing(it.before) && missing(it.after) && it.text == "" {
			continue
		}
		if it.mark != keep || within != update || d.important(it) {
			width = max(width, utf8.RuneCountInString(it.label))
		}
	}
	out := items[:0:0]
	for _, it := range items {
		if it.label != "" {
			if missing(it.before) && missing(it.after) && it.text == "" {
				continue
			}
			it.label += strings.Repeat(" ", max(0, width-utf8.RuneCountInString(it.label))) + " = "
		}
		out = append(out, it)
	}
	return out
}

// attributes pairs the named parts of two objects or maps, by name.
func attributes(before, after cty.Value, path cty.Path) []item {
	old, now := parts(before), parts(after)
	names := map[string]bool{}
	for k := range old {
		names[k] = true
	}
	for k := range now {
		names[k] = true
	}
	var out []item
	for _, k := range slices.Sorted(maps.Keys(names)) {
		it := item{label: attributeName(k), before: old[k], after: now[k], path: append(slices.Clone(path), cty.GetAttrStep{Name: k})}
		if m := cmpNil(after, before); m.Type().IsMapType() {
			it.label = quote(k)
			it.path[len(path)] = cty.IndexStep{Key: cty.StringVal(k)}
		}
		it.mark = change(it.before, it.after)
		out = append(out, it)
	}
	return out
}

func parts(v cty.Value) map[string]cty.Value {
	if kind(v) != '{' {
		return nil
	}
	return v.AsValueMap()
}

func cmpNil(a, b cty.Value) cty.Value {
	if a == cty.NilVal {
		return b
	}
	return a
}

// jsonParts is the value that a JSON object or array stands for.
func jsonParts(s string) (cty.Value, bool) {
	if t := strings.TrimSpace(s); t == "" || t[0] != '{' && t[0] != '[' {
		return cty.NilVal, false
	}
	ty, err := ctyjson.ImpliedType([]byte(s))
	if err != nil {
		return cty.NilVal, false
	}
	v, err := ctyjson.Unmarshal([]byte(s), ty)
	return v, err == nil && kind(v) != 0
}

// count writes a number of things.
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.Itoa(n) + " " + noun
}

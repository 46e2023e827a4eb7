package ui

import (
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// inJSON is the step into the document of a string, which no schema knows.
var inJSON = cty.StringVal("json")

// oneString writes a string that is there on one side only, or on both alike:
// JSON as an expression, several lines as a heredoc.
func (d *diff) oneString(s string, m mark, path cty.Path, indent int) string {
	path = path.Index(inJSON)
	if v, ok := jsonParts(s); ok {
		pad := strings.Repeat(" ", indent)
		return "jsonencode(\n" + pad + "      " + d.whole(v, m, path, indent+4) + "\n" + pad + "  )"
	}
	if !severalLines(s) {
		return quote(s)
	}
	return d.heredoc(textLines(s), indent)
}

// strings writes the difference of two strings: by structure if both are JSON,
// by line if one has several.
func (d *diff) strings(before, after string, path cty.Path, indent int) string {
	path = path.Index(inJSON)
	pad := strings.Repeat(" ", indent)
	old, wasJSON := jsonParts(before)
	now, isJSON := jsonParts(after)
	switch {
	case wasJSON && isJSON && kind(old) == kind(now):
		if old.RawEquals(now) {
			return "jsonencode( # whitespace changes\n" + pad + "      " + d.whole(now, keep, path, indent+4) + "\n" + pad + "  )"
		}
		return "jsonencode(\n" + pad + "    " + d.symbol(update) + " " + d.composite(old, now, update, path, indent+4) + "\n" + pad + "  )"
	case severalLines(before) || severalLines(after):
		old, now := strings.Split(before, "\n"), strings.Split(after, "\n")
		var lines []textLine
		i, j := 0, 0
		until := func(toI, toJ int) {
			for ; i < toI; i++ {
				lines = append(lines, textLine{remove, old[i]})
			}
			for ; j < toJ; j++ {
				lines = append(lines, textLine{add, now[j]})
			}
		}
		for _, p := range common(old, now, func(a, b string) bool { return a == b }) {
			until(p[0], p[1])
			lines = append(lines, textLine{keep, old[i]})
			i, j = i+1, j+1
		}
		until(len(old), len(now))
		// The line end of the last line is no line of its own.
		if n := len(lines) - 1; lines[n] == (textLine{keep, ""}) {
			lines = lines[:n]
		}
		return d.heredoc(lines, indent)
	}
	return quote(before) + " -> " + quote(after)
}

func severalLines(s string) bool { return strings.Contains(strings.TrimSuffix(s, "\n"), "\n") }

type textLine struct {
	mark mark
	text string
}

func textLines(s string) []textLine {
	var out []textLine
	for line := range strings.SplitSeq(strings.TrimSuffix(s, "\n"), "\n") {
		out = append(out, textLine{keep, line})
	}
	return out
}

// around is how many unchanged lines are shown beside a changed one.
const around = 3

func (d *diff) heredoc(lines []textLine, indent int) string {
	pad := strings.Repeat(" ", indent)
	changed := false
	near := make([]bool, len(lines))
	for i, l := range lines {
		if l.mark == keep {
			continue
		}
		changed = true
		for k := max(0, i-around); k <= min(len(lines)-1, i+around); k++ {
			near[k] = true
		}
	}
	var b strings.Builder
	b.WriteString("<<-EOT\n")
	for i := 0; i < len(lines); i++ {
		if changed && !near[i] {
			start := i
			for i+1 < len(lines) && !near[i+1] {
				i++
			}
			b.WriteString(pad + "      " + d.style.paint(faint, "# ("+count(i-start+1, "unchanged line")+" hidden)") + "\n")
			continue
		}
		b.WriteString(strings.TrimRight(pad+"    "+d.symbol(lines[i].mark)+" "+lines[i].text, " ") + "\n")
	}
	return b.String() + pad + "  EOT"
}

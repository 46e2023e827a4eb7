package graph

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// The size of a cell of the grid in an SVG, and the margin around it.
const (
	cellWidth  = 8
	cellHeight = 16
	margin     = 8
)

// colors are those of states by their status: of the face and of the border.
var colors = map[Status][2]string{
	"": {"#ffffff", "#7d8998"}, Running: {"#e9f4ff", "#0972d3"}, Succeeded: {"#e9f7e9", "#037f0c"},
	Caught: {"#fff6e5", "#b25d00"}, Failed: {"#fdecec", "#d91515"}, Aborted: {"#f0f0f0", "#414d5c"},
}

// SVG is the graph as a picture, with how the steps of an execution stand; nil for
// none. Each state is a group with the attributes data-state and data-status.
func (g *Graph) SVG(steps map[string]Step) string {
	var b strings.Builder
	width, height := g.Width*cellWidth+2*margin, g.Height*cellHeight+2*margin
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="monospace" font-size="13">`+"\n", width, height, width, height)
	b.WriteString(`<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="#7d8998"/></marker></defs>` + "\n")
	for _, n := range g.Nodes { // those with others within are below the lines
		if n.Outer {
			n.svg(&b, steps[n.Name])
		}
	}
	for _, l := range g.Lines {
		l.svg(&b)
	}
	for _, n := range g.Nodes {
		if !n.Outer {
			n.svg(&b, steps[n.Name])
		}
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// at is the middle of a cell.
func at(p Point) (x, y int) {
	return margin + p.X*cellWidth + cellWidth/2, margin + p.Y*cellHeight + cellHeight/2
}

func (l Line) svg(b *strings.Builder) {
	b.WriteString(`<path fill="none" stroke="#7d8998" d="M`)
	x, y := at(l.Points[0])
	fmt.Fprintf(b, "%d %d", x, y-cellHeight/2)
	for _, p := range l.Points[1:] {
		x, y = at(p)
		fmt.Fprintf(b, " %d %d", x, y)
	}
	fmt.Fprintf(b, ` %d %d"`, x, y+cellHeight/2)
	if l.Catch {
		b.WriteString(` stroke-dasharray="4 3"`)
	}
	if l.Arrow {
		b.WriteString(` marker-end="url(#arrow)"`)
	}
	b.WriteString("/>\n")
}

func (n Node) svg(b *strings.Builder, s Step) {
	x, y := margin+n.X*cellWidth, margin+n.Y*cellHeight
	c := colors[s.Status]
	fmt.Fprintf(b, `<g data-state="%s" data-type="%s" data-status="%s">`, escaped(n.Name), escaped(n.Type), s.Status)
	tip := n.Name + " (" + n.Type + ")"
	if s.Status != "" {
		tip += ": " + string(s.Status)
	}
	if s.Times > 1 {
		tip += fmt.Sprintf(", entered %d times", s.Times)
	}
	fmt.Fprintf(b, `<title>%s</title><rect x="%d" y="%d" width="%d" height="%d" rx="6" fill="%s" stroke="%s"/>`, escaped(tip), x, y, n.W*cellWidth, n.H*cellHeight, c[0], c[1])
	text := func(row int, what string) {
		fmt.Fprintf(b, `<text x="%d" y="%d">%s</text>`, x+2*cellWidth, y+row*cellHeight+cellHeight*3/4, escaped(what))
	}
	label := n.Name
	if s.Status != "" {
		label = string(marks[s.Status]) + " " + label
	}
	text(1, label)
	for i, name := range n.Loops {
		text(2+i, "↑ "+name)
	}
	b.WriteString("</g>\n")
}

func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a builder takes everything
	return b.String()
}

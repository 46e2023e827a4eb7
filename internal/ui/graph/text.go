package graph

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// marks are how statuses look in a text.
var marks = map[Status]rune{Running: '▶', Succeeded: '✓', Caught: '!', Failed: '✗', Aborted: '⊘'}

// Legend says what the marks of a text mean.
const Legend = "✓ succeeded  ! failed and caught  ✗ failed  ⊘ aborted  ▶ running"

// The directions in which a cell of a text is left.
const (
	up = 1 << iota
	down
	left
	right
)

// strokes are what cells with these directions look like.
var strokes = [16]rune{
	0: ' ', up: '│', down: '│', up | down: '│', left: '─', right: '─', left | right: '─',
	up | left: '┘', up | right: '└', down | left: '┐', down | right: '┌',
	up | down | left: '┤', up | down | right: '├', left | right | down: '┬', left | right | up: '┴', up | down | left | right: '┼',
}

// Text is the graph in characters, a line for each row, with how the steps of an
// execution stand; nil for none.
func (g *Graph) Text(steps map[string]Step) string {
	rows := make([][]string, g.Height)
	ways := make([][]byte, g.Height)
	for y := range rows {
		rows[y], ways[y] = slices.Repeat([]string{" "}, g.Width), make([]byte, g.Width)
	}
	for _, l := range g.Lines {
		stroke(ways, l.Points)
	}
	for y := range ways {
		for x, w := range ways[y] {
			if w != 0 {
				rows[y][x] = string(strokes[w])
			}
		}
	}
	for _, l := range g.Lines {
		if end := l.Points[len(l.Points)-1]; l.Arrow {
			rows[end.Y][end.X] = "▼"
		}
	}
	for _, n := range g.Nodes {
		n.box(rows, steps[n.Name])
	}
	var b strings.Builder
	for _, row := range rows {
		b.WriteString(strings.TrimRight(strings.Join(row, ""), " "))
		b.WriteByte('\n')
	}
	return b.String()
}

// stroke goes along points and notes in which directions each cell is left.
func stroke(ways [][]byte, points []Point) {
	ways[points[0].Y][points[0].X] |= up
	for i := 1; i < len(points); i++ {
		for at, to := points[i-1], points[i]; at != to; {
			next, out, in := at, byte(down), byte(up)
			switch {
			case to.Y > at.Y:
				next.Y++
			case to.Y < at.Y:
				next.Y, out, in = at.Y-1, up, down
			case to.X > at.X:
				next.X, out, in = at.X+1, right, left
			default:
				next.X, out, in = at.X-1, left, right
			}
			ways[at.Y][at.X] |= out
			ways[next.Y][next.X] |= in
			at = next
		}
	}
	end := points[len(points)-1]
	ways[end.Y][end.X] |= down
}

// box draws a node; the lines within it are drawn already.
func (n Node) box(rows [][]string, s Step) {
	put := func(x, y int, text string) {
		copy(rows[y][x:], cells(text))
	}
	flat := strings.Repeat("─", n.W-2)
	put(n.X, n.Y, "┌"+flat+"┐")
	for y := n.Y + 1; y < n.Y+n.H-1; y++ {
		put(n.X, y, "│")
		put(n.X+n.W-1, y, "│")
	}
	put(n.X, n.Y+n.H-1, "└"+flat+"┘")
	mark := " "
	if s.Status != "" {
		mark = string(marks[s.Status])
	}
	put(n.X+2, n.Y+1, mark+" "+n.Name)
	for i, name := range n.Loops {
		put(n.X+2, n.Y+2+i, "↑ "+name)
	}
	if s.Times > 1 {
		if times := fmt.Sprintf("×%d", s.Times); utf8.RuneCountInString(times) <= n.W-2 {
			put(n.X+n.W-1-utf8.RuneCountInString(times), n.Y+n.H-1, times)
		}
	}
}

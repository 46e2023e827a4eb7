// Package graph draws a state machine: its states in layers, each below those that
// lead to it, maps and branches within their states, as text and as SVG, with how
// each step of an execution stands. The same definition always gives the same
// picture.
//
// It must not know where definitions and events come from.
package graph

import (
	"cmp"
	"slices"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
)

// A Graph is a state machine laid out on a grid of characters, whose origin is at
// the top on the left.
type Graph struct {
	Width, Height int
	Nodes         []Node // what is within another node is behind it
	Lines         []Line
}

// A Node is a state.
type Node struct {
	Name       string
	Type       string
	X, Y, W, H int
	Loops      []string // the states above that it leads back to
	Outer      bool     // it has states within
}

// A Line is a part of a way from one state to another, through its points, each
// straight above or beside the one before.
type Line struct {
	Points []Point
	Catch  bool // only errors go this way
	Arrow  bool // it ends at a state
}

// A Point is a place on the grid.
type Point struct{ X, Y int }

const gap = 2 // between neighbors

// Of lays a state machine out.
func Of(m *asl.Machine) *Graph {
	p := lay(m.Scope)
	g := &Graph{Width: p.w, Height: p.h}
	p.draw(g, 0, 0)
	return g
}

// A plane is one scope laid out by itself.
type plane struct {
	w, h   int
	layers [][]*vertex
	tops   []int // of the layers
	lines  []Line
}

// A vertex is a state, or a place where a way passes a layer.
type vertex struct {
	state   *asl.State // nil for a way that passes
	layer   int
	rank    int     // among its layer
	middle  float64 // of the ranks of what it is linked with
	x, w, h int
	in, out []*link
	loops   []string
	inner   []*plane
}

func (v *vertex) center() int { return v.x + v.w/2 }

// A link leads from one layer to the next one.
type link struct {
	from, to *vertex
	catch    bool
	port     int // where it leaves, from the vertex's left
}

// lay lays out a scope.
func lay(s *asl.Scope) *plane {
	p := &plane{}
	p.arrange(s)
	p.order()
	p.place()
	p.route()
	return p
}

// size is how large a state is drawn.
func (v *vertex) size() {
	if v.state == nil {
		v.w, v.h = 1, 1
		return
	}
	v.w, v.h = len(cells(v.state.Name))+6, 3+len(v.loops)
	for _, name := range v.loops {
		v.w = max(v.w, len(cells(name))+6)
	}
	v.w = max(v.w, 2*len(v.out)+3)
	inner, tall := 2, 0
	for _, p := range v.inner {
		inner += p.w + gap
		tall = max(tall, p.h)
	}
	if len(v.inner) > 0 {
		v.w, v.h = max(v.w, inner+gap), v.h+tall
	}
}

// arrange puts the states into layers: each below all that lead to it, but for ways
// back to what is above.
func (p *plane) arrange(s *asl.Scope) {
	all := map[string]*vertex{}
	var sorted []*vertex // behind those that it leads to
	state := map[string]int{}
	targets := map[*vertex]map[string]bool{} // and whether only errors lead there
	names := map[*vertex][]string{}
	position := map[string]int{}
	for i, name := range s.Names {
		position[name] = i
	}
	var visit func(name string)
	visit = func(name string) {
		v := &vertex{state: s.States[name]}
		all[name], state[name] = v, 1
		targets[v] = map[string]bool{}
		for _, t := range v.state.Transitions() {
			catch := isCatch(v.state, t)
			before, twice := targets[v][t.To]
			if targets[v][t.To] = catch && (before || !twice); !twice {
				names[v] = append(names[v], t.To)
			}
		}
		inText := slices.SortedStableFunc(slices.Values(names[v]), func(a, b string) int { return cmp.Compare(position[a], position[b]) })
		for _, to := range inText { // which is how most people write loops
			if state[to] == 0 {
				visit(to)
			}
			if state[to] == 1 {
				v.loops = append(v.loops, to)
				delete(targets[v], to)
			}
		}
		state[name] = 2
		sorted = append(sorted, v)
		for _, b := range v.state.Branches {
			v.inner = append(v.inner, lay(b))
		}
		if m := v.state.Map; m != nil {
			v.inner = append(v.inner, lay(m.Processor))
		}
	}
	visit(s.StartAt)
	for i := len(sorted) - 1; i >= 0; i-- {
		for _, name := range names[sorted[i]] {
			if _, forward := targets[sorted[i]][name]; forward {
				all[name].layer = max(all[name].layer, sorted[i].layer+1)
			}
		}
	}
	for i := len(sorted) - 1; i >= 0; i-- {
		p.add(sorted[i])
	}
	passing := map[*vertex]map[int]*vertex{}
	for i := len(sorted) - 1; i >= 0; i-- {
		v := sorted[i]
		for _, name := range names[v] {
			if catch, forward := targets[v][name]; forward {
				p.lead(v, all[name], catch, passing)
			}
		}
	}
}

// isCatch tells that a transition is that of a catcher.
func isCatch(s *asl.State, t asl.Transition) bool {
	rest := t.Location[len(s.Location):]
	return len(rest) > 6 && rest[:6] == "/Catch"
}

func (p *plane) add(v *vertex) {
	for len(p.layers) <= v.layer {
		p.layers = append(p.layers, nil)
	}
	p.layers[v.layer] = append(p.layers[v.layer], v)
}

// lead links two states, by way of the layers between. All ways to one state share
// the places where they pass a layer.
func (p *plane) lead(from, to *vertex, catch bool, passing map[*vertex]map[int]*vertex) {
	if passing[to] == nil {
		passing[to] = map[int]*vertex{}
	}
	for at := from; at != to; {
		next := to
		if at.layer+1 < to.layer {
			if next = passing[to][at.layer+1]; next == nil {
				next = &vertex{layer: at.layer + 1}
				passing[to][at.layer+1] = next
				p.add(next)
			}
		}
		joined := false
		for _, l := range at.out {
			if l.to == next {
				l.catch, joined = l.catch && catch, true
			}
		}
		if !joined {
			l := &link{from: at, to: next, catch: catch}
			at.out, next.in = append(at.out, l), append(next.in, l)
		}
		at = next
	}
}

// draw adds the plane to a graph at a place.
func (p *plane) draw(g *Graph, x, y int) {
	for _, l := range p.lines {
		moved := Line{Catch: l.Catch, Arrow: l.Arrow}
		for _, pt := range l.Points {
			moved.Points = append(moved.Points, Point{pt.X + x, pt.Y + y})
		}
		g.Lines = append(g.Lines, moved)
	}
	for i, layer := range p.layers {
		for _, v := range layer {
			if v.state == nil {
				continue
			}
			n := Node{Name: v.state.Name, Type: string(v.state.Type), X: x + v.x, Y: y + p.tops[i], W: v.w, H: v.h, Loops: v.loops, Outer: len(v.inner) > 0}
			g.Nodes = append(g.Nodes, n)
			at := n.X + gap
			for _, inner := range v.inner {
				inner.draw(g, at, n.Y+2+len(v.loops))
				at += inner.w + gap
			}
		}
	}
}

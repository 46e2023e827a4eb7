package graph

import (
	"cmp"
	"slices"
)

// route gives the layers their rows and draws the links between them.
func (p *plane) route() {
	top := 0
	for i, layer := range p.layers {
		p.tops = append(p.tops, top)
		tall := 0
		for _, v := range layer {
			tall = max(tall, v.h)
		}
		for _, v := range layer { // ways pass the whole layer
			if v.state == nil {
				v.h = tall
				p.lines = append(p.lines, Line{Points: []Point{{v.x, top}, {v.x, top + tall - 1}}, Catch: onlyErrors(v)})
			}
		}
		top += tall
		if i+1 < len(p.layers) {
			top += p.channel(layer, p.layers[i+1], p.tops[i], top)
		}
	}
	p.h = top
}

func onlyErrors(v *vertex) bool {
	return !slices.ContainsFunc(v.in, func(l *link) bool { return !l.catch })
}

// A track is the row on which the links to one vertex run sideways.
type track struct {
	to          *vertex
	left, right int
	row         int
	behind      []*track // those whose rows must be above
}

// channel draws the links between two layers below the row at, and returns how many
// rows they take.
func (p *plane) channel(above, below []*vertex, top, at int) int {
	tracks := map[*vertex]*track{}
	var all []*track
	for _, v := range below {
		t := &track{to: v, left: v.center(), right: v.center(), row: -1}
		for _, l := range v.in {
			x := l.from.x + l.port
			t.left, t.right = min(t.left, x), max(t.right, x)
		}
		if t.left < t.right {
			tracks[v] = t
			all = append(all, t)
		}
	}
	// A link that comes down in the column in which another one goes on down must
	// have turned aside above it.
	column := map[int]*track{}
	for _, t := range all {
		column[t.to.center()] = t
	}
	for _, v := range above {
		for _, l := range v.out {
			mine, other := tracks[l.to], column[v.x+l.port]
			if mine != nil && other != nil && mine != other {
				other.behind = append(other.behind, mine)
			}
		}
	}
	rows := assign(all)
	height := max(rows, 1) + 1
	for _, v := range above {
		for _, l := range v.out {
			x, to, end := v.x+l.port, l.to.center(), at+height-1
			points := []Point{{x, top + v.h}}
			if t := tracks[l.to]; t != nil && x != to {
				points = append(points, Point{x, at + t.row}, Point{to, at + t.row})
			}
			p.lines = append(p.lines, Line{Points: append(points, Point{to, end}), Catch: l.catch, Arrow: l.to.state != nil})
		}
	}
	return height
}

// assign gives each track a row: below those that must be above, and where no other
// one runs. It returns how many rows there are. Where tracks wait for each other in
// a circle, the first of them goes first.
func assign(all []*track) int {
	rows, placed := [][]*track{}, map[*track]bool{}
	ready := func(t *track) bool {
		return !slices.ContainsFunc(t.behind, func(b *track) bool { return !placed[b] })
	}
	left := slices.Clone(all)
	slices.SortStableFunc(left, func(a, b *track) int { return cmp.Compare(a.left, b.left) })
	for len(left) > 0 {
		i := max(slices.IndexFunc(left, ready), 0)
		t := left[i]
		left = slices.Delete(left, i, i+1)
		row := 0
		for _, b := range t.behind {
			row = max(row, b.row+1)
		}
		for row < len(rows) && slices.ContainsFunc(rows[row], func(o *track) bool { return o.left <= t.right && t.left <= o.right }) {
			row++
		}
		if row >= len(rows) {
			rows = append(rows, make([][]*track, row+1-len(rows))...)
		}
		rows[row] = append(rows[row], t)
		t.row, placed[t] = row, true
	}
	return len(rows)
}

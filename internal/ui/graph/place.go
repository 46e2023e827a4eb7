package graph

import (
	"cmp"
	"slices"
)

// sweeps is how often the layers are gone through to bring what belongs together
// near each other.
const sweeps = 4

// order sorts each layer so that few ways cross: by the middle of where each comes
// from, then of where each leads.
func (p *plane) order() {
	rank := func(layer []*vertex) {
		for i, v := range layer {
			v.rank = i
		}
	}
	for _, layer := range p.layers {
		rank(layer)
	}
	sort := func(layer []*vertex, near func(*vertex) float64) {
		for _, v := range layer {
			v.middle = near(v)
		}
		slices.SortStableFunc(layer, func(a, b *vertex) int { return cmp.Compare(a.middle, b.middle) })
		rank(layer)
	}
	for range sweeps {
		for _, layer := range p.layers {
			sort(layer, func(v *vertex) float64 {
				return mean(v, v.in, func(l *link) *vertex { return l.from })
			})
		}
		for _, layer := range slices.Backward(p.layers) {
			sort(layer, func(v *vertex) float64 {
				return mean(v, v.out, func(l *link) *vertex { return l.to })
			})
		}
	}
	for _, layer := range p.layers {
		for _, v := range layer {
			slices.SortStableFunc(v.out, func(a, b *link) int { return cmp.Compare(a.to.rank, b.to.rank) })
		}
	}
}

// mean is the middle of the neighbors' ranks; what has none stays where it is.
func mean(v *vertex, links []*link, end func(*link) *vertex) float64 {
	if len(links) == 0 {
		return float64(v.rank)
	}
	sum := 0
	for _, l := range links {
		sum += end(l).rank
	}
	return float64(sum) / float64(len(links))
}

// place gives each vertex its column: in the order of its layer and as near as can
// be to what it is linked with.
func (p *plane) place() {
	for _, layer := range p.layers {
		at := 0
		for _, v := range layer {
			v.size()
			v.ports()
			v.x = at
			at += v.w + gap
		}
	}
	down := func() {
		for _, layer := range p.layers {
			settle(layer, func(v *vertex) (int, bool) {
				sum := 0
				for _, l := range v.in {
					sum += l.from.x + l.port
				}
				return sum/max(len(v.in), 1) - v.w/2, len(v.in) > 0
			})
		}
	}
	for range sweeps {
		down()
		for _, layer := range slices.Backward(p.layers) {
			settle(layer, func(v *vertex) (int, bool) {
				sum := 0
				for _, l := range v.out {
					sum += l.to.center() - l.port
				}
				return sum / max(len(v.out), 1), len(v.out) > 0
			})
		}
	}
	down() // last, so that what follows one state stands straight below it
	left := p.layers[0][0].x
	for _, layer := range p.layers {
		left = min(left, layer[0].x)
	}
	for _, layer := range p.layers {
		for _, v := range layer {
			v.x -= left
			p.w = max(p.w, v.x+v.w)
		}
	}
}

// ports says where the links leave a vertex: side by side, and in the middle where
// only one goes on without an error, so that what follows can stand straight below.
func (v *vertex) ports() {
	spread := func(links []*link, from, to int) {
		for i, l := range links {
			l.port = from + (i+1)*(to-from)/(len(links)+1)
		}
	}
	main, others := -1, 0
	for i, l := range v.out {
		if l.catch {
			others++
		} else {
			main = i
		}
	}
	if main < 0 || others != len(v.out)-1 {
		spread(v.out, 0, v.w)
		return
	}
	v.out[main].port = v.w / 2
	spread(v.out[:main], 0, v.w/2)
	spread(v.out[main+1:], v.w/2, v.w)
}

// settle moves the vertices of a layer to where they want to be, as far as their
// neighbors let them: halfway between what is as far left and as far right as can
// be.
func settle(layer []*vertex, wanted func(*vertex) (int, bool)) {
	want := make([]int, len(layer))
	for i, v := range layer {
		if x, any := wanted(v); any {
			want[i] = x
		} else {
			want[i] = v.x
		}
	}
	// Ways that pass make room for states, so that these stand straight.
	for i := 1; i < len(layer); i++ {
		if layer[i].state == nil {
			want[i] = max(want[i], want[i-1]+layer[i-1].w+gap)
		}
	}
	for i := len(layer) - 2; i >= 0; i-- {
		if layer[i].state == nil {
			want[i] = min(want[i], want[i+1]-layer[i].w-gap)
		}
	}
	right := slices.Clone(want)
	for i := 1; i < len(layer); i++ {
		right[i] = max(right[i], right[i-1]+layer[i-1].w+gap)
	}
	left := slices.Clone(want)
	for i := len(layer) - 2; i >= 0; i-- {
		left[i] = min(left[i], left[i+1]-layer[i].w-gap)
	}
	for i, v := range layer {
		v.x = floorHalf(left[i] + right[i])
		if i > 0 {
			v.x = max(v.x, layer[i-1].x+layer[i-1].w+gap)
		}
	}
}

// floorHalf is half of n, rounded down for negative ones too.
func floorHalf(n int) int { return n >> 1 }

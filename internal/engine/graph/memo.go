// Package graph holds the two ways in which the engine orders its work: values
// that are computed once on demand, with the dependencies found on the way
// (planning), and a fixed list of steps with edges, run in parallel (applying).
//
// It must not know what the values or the steps are, and it imports nothing of
// ours.
package graph

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"
)

// Graph is the set of the nodes of one run, with the diagnostics that computing
// them gave.
type Graph struct {
	mu    sync.Mutex // guards every node's fields, too
	diags hcl.Diagnostics
}

// Node is one value of a Memo.
type Node struct {
	// ID is the key in its Memo.
	ID any

	label   string
	place   *hcl.Range
	deps    []*Node
	seen    map[*Node]bool
	waiting *Node
	started bool
	done    chan struct{}
	failed  bool
}

// Deps are the nodes whose values n asked for, each once, in the order of asking.
// It must be called only when n is no longer being computed.
func (n *Node) Deps() []*Node { return n.deps }

// Failed tells that computing n gave errors.
func (n *Node) Failed() bool { return n.failed }

// Diagnostics are all that the nodes computed so far reported, each once.
func (g *Graph) Diagnostics() hcl.Diagnostics {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.diags)
}

// Memo computes each value at most once, when it is first asked for.
type Memo[K comparable, V any] struct {
	graph   *Graph
	compute func(context.Context, K) (V, hcl.Diagnostics)
	name    func(K) (string, *hcl.Range)

	entries map[K]*entry[V]
}

type entry[V any] struct {
	Node
	value V
}

// NewMemo is a Memo whose nodes belong to g. The function name gives the text
// and the place by which messages name a key; compute makes the value. What
// compute asks of other Memos of g with the context that it is given is recorded
// as a dependency; it must do so from one goroutine at a time.
func NewMemo[K comparable, V any](g *Graph, name func(K) (string, *hcl.Range), compute func(context.Context, K) (V, hcl.Diagnostics)) *Memo[K, V] {
	return &Memo[K, V]{graph: g, compute: compute, name: name, entries: map[K]*entry[V]{}}
}

// Get is the value of k. Its diagnostics are those of asking: that k is part of
// a cycle, or only that k failed for reasons already reported (see Upstream).
func (m *Memo[K, V]) Get(ctx context.Context, k K) (V, hcl.Diagnostics) {
	g := m.graph
	from, _ := ctx.Value(nodeKey{}).(*Node)
	g.mu.Lock()
	e := m.entries[k]
	if e == nil {
		e = &entry[V]{Node: Node{ID: k, done: make(chan struct{})}}
		e.label, e.place = m.name(k)
		m.entries[k] = e
	}
	from.depend(&e.Node)
	if e.started {
		if cycle := from.cycle(&e.Node); cycle != nil {
			g.mu.Unlock()
			var none V
			return none, hcl.Diagnostics{cycle}
		}
		from.wait(&e.Node)
		g.mu.Unlock()
		<-e.done
	} else {
		e.started = true
		from.wait(&e.Node)
		g.mu.Unlock()
		m.run(ctx, k, e)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	from.wait(nil)
	if e.failed {
		return e.value, Upstream()
	}
	return e.value, nil
}

// Node is the node of k, or nil if nobody asked for it.
func (m *Memo[K, V]) Node(k K) *Node {
	m.graph.mu.Lock()
	defer m.graph.mu.Unlock()
	if e := m.entries[k]; e != nil {
		return &e.Node
	}
	return nil
}

func (m *Memo[K, V]) run(ctx context.Context, k K, e *entry[V]) {
	value, diags := m.compute(context.WithValue(ctx, nodeKey{}, &e.Node), k)
	m.graph.mu.Lock()
	defer m.graph.mu.Unlock()
	e.value, e.failed, e.seen = value, diags.HasErrors(), nil
	m.graph.diags = append(m.graph.diags, Reportable(diags)...)
	close(e.done)
}

type nodeKey struct{}

func (n *Node) depend(on *Node) {
	if n == nil || n.seen[on] {
		return
	}
	if n.seen == nil {
		n.seen = map[*Node]bool{}
	}
	n.seen[on] = true
	n.deps = append(n.deps, on)
}

func (n *Node) wait(on *Node) {
	if n != nil {
		n.waiting = on
	}
}

// cycle follows who waits for whom from on; coming back to n means that nobody
// would ever go on.
func (n *Node) cycle(on *Node) *hcl.Diagnostic {
	if n == nil {
		return nil
	}
	path := []*Node{n}
	for at := on; at != nil; at = at.waiting {
		if at == n {
			return describeCycle(path)
		}
		path = append(path, at)
	}
	return nil
}

func describeCycle(path []*Node) *hcl.Diagnostic {
	// The cycle begins at the name that sorts first, so that the message does not
	// depend on who asked first.
	first := 0
	for i, n := range path {
		if n.label < path[first].label {
			first = i
		}
	}
	path = append(slices.Clone(path[first:]), path[:first]...)
	var b strings.Builder
	if len(path) == 1 {
		fmt.Fprintf(&b, "%s refers to its own value", path[0].describe())
	} else {
		b.WriteString("These values depend on each other in a circle:")
		for i, n := range path {
			fmt.Fprintf(&b, "\n  %s needs %s", n.describe(), path[(i+1)%len(path)].label)
		}
		b.WriteString("\n")
	}
	if len(path) == 1 {
		b.WriteString(", so it could never be computed. Remove the reference.")
	} else {
		b.WriteString("Remove one of these references to break the circle.")
	}
	return &hcl.Diagnostic{
		Severity: hcl.DiagError,
		Summary:  "Cycle",
		Detail:   b.String(),
		Subject:  path[0].place,
	}
}

func (n *Node) describe() string {
	if n.place == nil {
		return n.label
	}
	return fmt.Sprintf("%s (%s:%d)", n.label, n.place.Filename, n.place.Start.Line)
}

type upstream struct{}

// Upstream says that something failed for reasons that were reported where they
// arose: it makes HasErrors true and is never shown.
func Upstream() hcl.Diagnostics {
	return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "A dependency failed", Extra: upstream{}}}
}

// Reportable are the diagnostics without those of Upstream.
func Reportable(diags hcl.Diagnostics) hcl.Diagnostics {
	var out hcl.Diagnostics
	for _, d := range diags {
		if _, ok := d.Extra.(upstream); !ok {
			out = append(out, d)
		}
	}
	return out
}

package plan

import (
	"slices"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/graph"
)

// order lays out the work. Planning has already found what needs what: each value
// that was asked for becomes a step after those that it asked for in turn. What
// is to be destroyed is then put between them.
func (p *planner) order(changes []Change, invoked []invocationID) []Op {
	o := &orderer{p: p, ops: map[*graph.Node]int{}, gates: map[gateID]int{}, index: map[objectID]int{}}
	work := len(invoked) > 0
	for i, c := range changes {
		o.index[objectID{c.Addr, c.Deposed}] = i
		work = work || c.Shown()
	}
	if !work {
		return nil
	}
	for i, c := range changes {
		switch {
		case p.scopes(c.Addr): // read when all else is done
		case c.Action == Delete || c.Action == Forget:
			o.remove(i, c, p.removals.Node(removalID{c.Addr, c.Deposed}))
		case c.Action == CreateDelete && p.only.retains(p.Program, c.Addr):
			o.op(p.instances.Node(instanceID(c.Addr)))
		case c.Action.Replaces():
			write := o.op(p.instances.Node(instanceID(c.Addr)))
			removed := o.remove(i, c, p.objects.Node(objectID{addr: c.Addr}))
			if c.Action == CreateDelete {
				o.after(removed, write)
			} else {
				o.after(write, removed)
			}
		case c.Action != NoOp:
			o.op(p.instances.Node(instanceID(c.Addr)))
		}
	}
	o.invoke(invoked)
	o.untangle(o.softEdges(changes))
	return o.graph
}

type orderer struct {
	p     *planner
	graph []Op
	ops   map[*graph.Node]int
	gates map[gateID]int
	index map[objectID]int // of changes
}

// gateID names a meeting point of all steps of one kind of one resource.
type gateID struct {
	resource addr.ConfigResource
	kind     string
}

// The meeting points: some come before steps, to hold them back, and some after,
// to wait for them.
const (
	beforeWrite  = "before write"  // create or change
	beforeRemove = "before remove" // destroy, for whatever reason
	beforeDrop   = "before drop"   // destroy what is not replaced
	beforeRetire = "before retire" // destroy what was replaced by a new object already
	afterWrite   = "after write"
	afterRemove  = "after remove"
	afterClear   = "after clear" // destroyed what is not replaced yet, if at all
)

func (o *orderer) add(op Op) int {
	o.graph = append(o.graph, op)
	return len(o.graph) - 1
}

func (o *orderer) after(later, earlier int) {
	o.graph[later].After = append(o.graph[later].After, earlier)
}

func (o *orderer) gate(r addr.ConfigResource, kind string) int {
	id := gateID{r, kind}
	if i, ok := o.gates[id]; ok {
		return i
	}
	i := o.add(Op{Kind: Join, Change: -1})
	o.gates[id] = i
	return i
}

// op is the step for a node, made with the steps of all that it needs.
func (o *orderer) op(n *graph.Node) int {
	if i, ok := o.ops[n]; ok {
		return i
	}
	i := o.add(Op{Kind: Join, Change: -1})
	o.ops[n] = i
	if id, ok := n.ID.(instanceID); ok {
		a := addr.Instance(id)
		if at, ok := o.index[objectID{addr: a}]; ok && writes(o.p.changes[objectID{addr: a}].Action) {
			o.graph[i].Kind, o.graph[i].Change = Write, at
			o.after(i, o.gate(a.Config(), beforeWrite))
			o.after(o.gate(a.Config(), afterWrite), i)
		}
	}
	for _, dep := range n.Deps() {
		o.after(i, o.op(dep))
	}
	return i
}

// writes tells that carrying out a leaves an object.
func writes(a Action) bool {
	return a == Create || a == Read || a == Update || a == ForgetCreate || a.Replaces()
}

// remove is the step that destroys the object of a change. The node is what must
// be there for it: the provider above all.
func (o *orderer) remove(change int, c Change, n *graph.Node) int {
	r := c.Addr.Config()
	i := o.add(Op{Kind: Remove, Change: change, After: []int{o.gate(r, beforeRemove)}})
	if n != nil {
		o.after(i, o.op(n))
	}
	o.after(o.gate(r, afterRemove), i)
	switch c.Action {
	case Delete, Forget:
		o.after(i, o.gate(r, beforeDrop))
	case CreateDelete:
		o.after(i, o.gate(r, beforeRetire))
		return i
	}
	o.after(o.gate(r, afterClear), i)
	return i
}

// edge says that one gate waits for another.
type edge struct{ later, earlier gateID }

// invoke puts actions before or after the changes that they go with, those of one
// change one after the other.
func (o *orderer) invoke(invoked []invocationID) {
	type place struct {
		addr   addr.Instance
		before bool
	}
	last := map[place]int{}
	for k, id := range invoked {
		i := o.add(Op{Kind: Invoke, Change: k})
		if n := o.p.invocations.Node(id); n != nil {
			for _, dep := range n.Deps() {
				o.after(i, o.op(dep))
			}
		}
		if id.trigger.Event == "" {
			continue
		}
		at := place{id.trigger.Addr, id.trigger.before()}
		n := o.p.instances.Node(instanceID(id.trigger.Addr))
		write := o.op(n)
		if earlier, ok := last[at]; ok {
			o.after(i, earlier)
		}
		last[at] = i
		if at.before {
			for _, dep := range n.Deps() {
				o.after(i, o.op(dep)) // not before the change itself could begin
			}
			for _, a := range o.graph[write].After {
				if o.graph[a].Kind == Remove {
					o.after(i, a) // the old object goes first, so that the order is always the same
				}
			}
			o.after(write, i)
			continue
		}
		o.after(i, write)
		o.holdBack(write, i)
	}
}

// holdBack has what comes after the step earlier come after the step later, too,
// except for what the latter needs itself.
func (o *orderer) holdBack(earlier, later int) {
	needed := map[int]bool{}
	var need func(int)
	need = func(i int) {
		if !needed[i] {
			needed[i] = true
			for _, a := range o.graph[i].After {
				need(a)
			}
		}
	}
	for i := range o.graph {
		if i == later || !slices.Contains(o.graph[i].After, earlier) || o.graph[i].Kind == Invoke {
			continue
		}
		clear(needed)
		need(later)
		if !needed[i] {
			o.after(i, later)
		}
	}
}

// softEdges are the wishes for the order of destroying, the most important class
// first.
func (o *orderer) softEdges(changes []Change) [][]edge {
	dependents := o.dependents()
	classes := make([][]edge, 5)
	wish := func(class int, later, earlier gateID) {
		if _, ok := o.gates[later]; !ok {
			return
		}
		if _, ok := o.gates[earlier]; ok && later.resource != earlier.resource {
			classes[class] = append(classes[class], edge{later, earlier})
		}
	}
	seen := map[addr.ConfigResource]bool{}
	for _, c := range changes {
		a := c.Addr.Config()
		if seen[a] {
			continue
		}
		seen[a] = true
		for b, stored := range dependents[a] {
			if stored {
				// What was built on a goes first.
				wish(0, gateID{a, beforeRemove}, gateID{b, afterRemove})
				// Whatever a becomes, what goes away anyway does not see it.
				wish(2, gateID{a, beforeWrite}, gateID{b, afterClear})
				// What stays should first be told to do without a.
				wish(4, gateID{a, beforeDrop}, gateID{b, afterWrite})
			}
			// What uses the new a must do so before the old one goes.
			wish(1, gateID{a, beforeRetire}, gateID{b, afterWrite})
		}
		// A provider configured from a is needed until its last object is gone.
		for provider, needs := range o.p.providerNeeds {
			if !needs[a] {
				continue
			}
			for _, other := range changes {
				if bareProvider(other.Provider) == provider {
					wish(3, gateID{a, beforeDrop}, gateID{other.Addr.Config(), afterRemove})
				}
			}
		}
	}
	return classes
}

// dependents maps each resource to those that depend on it; true if the state
// says so, and not the configuration alone.
func (o *orderer) dependents() map[addr.ConfigResource]map[addr.ConfigResource]bool {
	out := map[addr.ConfigResource]map[addr.ConfigResource]bool{}
	note := func(on, by addr.ConfigResource, stored bool) {
		if out[on] == nil {
			out[on] = map[addr.ConfigResource]bool{}
		}
		out[on][by] = out[on][by] || stored
	}
	for _, e := range o.p.prior.Entries() {
		for _, d := range e.Object.Dependencies {
			note(d, e.Addr.Config(), true)
		}
	}
	for r, compiled := range o.p.resources {
		for _, need := range compiled.Needs {
			note(need, r, false)
		}
	}
	return out
}

// untangle adds the wished edges, leaving out the least important of those that
// would make a circle.
func (o *orderer) untangle(classes [][]edge) {
	hard := len(classes)
	for ; hard >= 0; hard-- {
		after := make([][]int, len(o.graph))
		for i, op := range o.graph {
			after[i] = append([]int(nil), op.After...)
		}
		for _, class := range classes {
			for _, e := range class {
				later := o.gates[e.later]
				after[later] = append(after[later], o.gates[e.earlier])
			}
		}
		stuck := graph.Circular(after)
		if stuck == nil {
			for i := range o.graph {
				o.graph[i].After = after[i]
			}
			return
		}
		if hard == 0 {
			return // not reached: without wishes there is no circle
		}
		var kept []edge
		for _, e := range classes[hard-1] {
			if !stuck[o.gates[e.later]] || !stuck[o.gates[e.earlier]] {
				kept = append(kept, e)
			}
		}
		classes[hard-1] = kept
	}
}

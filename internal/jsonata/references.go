package jsonata

// Reference is a place where an expression reads something from outside: a
// variable that it does not bind itself ($name), the input as a whole ($, $$), or
// a member of the input.
type Reference struct {
	Variable bool     // a variable; else a member of the input
	Name     string   // without the dollar sign in front; "" for $, "$" for $$
	Members  []string // the names that follow it in a path, such as a, b in $x.a.b
	Position int      // in UTF-8 bytes, as in Error
	Top      bool     // where $ is still the input of the expression
}

// References are the places where the expression reads from outside, in the order
// of the text. Names of functions are among them.
func (x *Expression) References() []Reference {
	w := &walker{}
	w.node(x.root, true)
	return w.out
}

type walker struct {
	out   []Reference
	bound []string // the variables of the blocks and functions around
}

func (w *walker) node(n *node, top bool) {
	if n == nil {
		return
	}
	scope := len(w.bound)
	switch n.kind {
	case pathNode:
		w.steps(n.list, top)
	case nameNode:
		w.out = append(w.out, Reference{Name: n.text, Position: n.pos, Top: top})
	case wildcardNode:
		w.out = append(w.out, Reference{Name: "*", Position: n.pos, Top: top})
	case descendantNode:
		w.out = append(w.out, Reference{Name: "**", Position: n.pos, Top: top})
	case variableNode:
		w.variable(n, nil, top)
	case bindNode:
		w.node(n.rhs, top)
		w.bound = append(w.bound, n.text)
		scope = len(w.bound) // until the block around ends
	case lambdaNode:
		for _, p := range n.list {
			w.bound = append(w.bound, p.text)
		}
		w.node(n.lhs, top)
	case transformNode:
		w.node(n.lhs, false)
		w.node(n.rhs, false)
		w.node(n.third, false)
	default:
		w.node(n.callee, top)
		w.node(n.lhs, top)
		w.node(n.rhs, top)
		w.node(n.third, top)
		for _, part := range n.list {
			w.node(part, top)
		}
		for _, pair := range n.pairs {
			w.node(pair[0], top)
			w.node(pair[1], top)
		}
	}
	w.behind(n)
	w.bound = w.bound[:scope]
}

// steps goes through a path: its first step reads from what is around, the others
// from the step before.
func (w *walker) steps(steps []*node, top bool) {
	if first := steps[0]; first.kind == variableNode {
		var members []string
		for _, s := range steps[1:] {
			if s.kind != nameNode || len(first.predicates)+len(first.stages) > 0 {
				break
			}
			members = append(members, s.text)
			if len(s.stages)+len(s.predicates) > 0 || s.group != nil {
				break
			}
		}
		w.variable(first, members, top)
		w.bind(first)
		w.behind(first)
	} else {
		w.bind(first)
		w.node(first, top)
	}
	for _, s := range steps[1:] {
		w.bind(s)
		switch s.kind {
		case nameNode, wildcardNode, descendantNode:
			w.behind(s)
		default:
			w.node(s, false)
		}
	}
}

// bind notes the variables that a step binds per item.
func (w *walker) bind(step *node) {
	for _, name := range []string{step.focus, step.index} {
		if name != "" {
			w.bound = append(w.bound, name)
		}
	}
	for _, s := range step.stages {
		if s.kind == indexStage {
			w.bound = append(w.bound, s.text)
		}
	}
}

// behind goes through what follows a node in brackets and braces.
func (w *walker) behind(n *node) {
	for _, list := range [][]*node{n.predicates, n.stages} {
		for _, p := range list {
			w.node(p.lhs, false)
		}
	}
	for _, t := range n.terms {
		w.node(t.expr, false)
	}
	if n.group != nil {
		for _, pair := range n.group.pairs {
			w.node(pair[0], false)
			w.node(pair[1], false)
		}
	}
}

func (w *walker) variable(n *node, members []string, top bool) {
	for _, name := range w.bound {
		if name == n.text && name != "" {
			return
		}
	}
	w.out = append(w.out, Reference{Variable: true, Name: n.text, Members: members, Position: n.pos, Top: top})
}

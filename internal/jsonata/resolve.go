package jsonata

import "fmt"

// resolver turns the tree of operators into the tree that is evaluated: chains of
// dots become paths, what stands in brackets joins the step it belongs to, and
// every % finds the step whose input it means.
type resolver struct {
	parents []*node // the nodes of %, by slot.index
}

// resolve is the node that stands for n when evaluating.
func (r *resolver) resolve(n *node) *node {
	out := r.shape(n)
	if n.keepArray {
		out.keepArray = true
	}
	return out
}

func (r *resolver) shape(n *node) *node {
	switch n.kind {
	case binaryNode:
		return r.binary(n)
	case nameNode:
		return &node{kind: pathNode, pos: n.pos, list: []*node{n}, keepSingleton: n.keepArray}
	case operatorNode:
		if n.text == "?" {
			return n
		}
		name := *n
		name.kind = nameNode
		return r.shape(&name)
	case parentNode:
		n.slot = &slot{label: fmt.Sprintf("!%d", len(r.parents)), level: 1, index: len(r.parents)}
		r.parents = append(r.parents, n)
		return n
	case endNode:
		throwAt("S0207", n.pos, "(end)")
	case negateNode:
		return r.negate(n)
	case arrayNode:
		out := &node{kind: arrayNode, pos: n.pos, text: n.text}
		for _, item := range n.list {
			out.list = append(out.list, r.part(out, item))
		}
		return out
	case objectNode:
		out := &node{kind: objectNode, pos: n.pos, text: n.text}
		out.pairs = r.pairs(out, n.pairs)
		return out
	case callNode, partialNode:
		out := &node{kind: n.kind, pos: n.pos, text: n.text}
		for _, arg := range n.list {
			out.list = append(out.list, r.part(out, arg))
		}
		out.callee = r.resolve(n.callee)
		return out
	case lambdaNode:
		return &node{kind: lambdaNode, pos: n.pos, list: n.list, signature: n.signature, lhs: tail(r.resolve(n.lhs))}
	case conditionNode:
		out := &node{kind: conditionNode, pos: n.pos}
		out.lhs, out.rhs = r.part(out, n.lhs), r.part(out, n.rhs)
		if n.third != nil {
			out.third = r.part(out, n.third)
		}
		return out
	case transformNode:
		out := &node{kind: transformNode, pos: n.pos, lhs: r.resolve(n.lhs), rhs: r.resolve(n.rhs)}
		if n.third != nil {
			out.third = r.resolve(n.third)
		}
		return out
	case blockNode:
		out := &node{kind: blockNode, pos: n.pos}
		for _, x := range n.list {
			part := r.part(out, x)
			if part.consArray || part.kind == pathNode && part.list[0].consArray {
				out.consArray = true
			}
			out.list = append(out.list, part)
		}
		return out
	}
	return n
}

// part resolves n as a part of whole, which inherits its open questions for a
// parent.
func (r *resolver) part(whole, n *node) *node {
	out := r.resolve(n)
	whole.inherit(out)
	return out
}

// inherit takes over the slots that no step was found for yet.
func (n *node) inherit(part *node) {
	if part.kind != parentNode && part.seeking == nil {
		return
	}
	n.seeking = append(n.seeking, part.open()...)
	if n.seeking == nil {
		n.seeking = []*slot{}
	}
}

func (n *node) open() []*slot {
	if n.kind == parentNode {
		return append(n.seeking[:len(n.seeking):len(n.seeking)], n.slot)
	}
	return n.seeking
}

func (r *resolver) pairs(whole *node, pairs [][2]*node) [][2]*node {
	out := make([][2]*node, len(pairs))
	for i, pair := range pairs {
		out[i] = [2]*node{r.part(whole, pair[0]), r.part(whole, pair[1])}
	}
	return out
}

func (r *resolver) negate(n *node) *node {
	inner := r.resolve(n.lhs)
	if inner.kind == numberNode {
		out := *inner
		out.num = -out.num
		return &out
	}
	out := &node{kind: negateNode, pos: n.pos, text: "-", lhs: inner}
	out.inherit(inner)
	return out
}

func (r *resolver) binary(n *node) *node {
	switch n.text {
	case ".":
		return r.path(n)
	case "[":
		return r.predicate(n)
	case "{":
		out := r.resolve(n.lhs)
		if out.group != nil {
			throwAt("S0210", n.pos, "")
		}
		g := &group{pos: n.pos}
		for _, pair := range n.pairs {
			g.pairs = append(g.pairs, [2]*node{r.resolve(pair[0]), r.resolve(pair[1])})
		}
		out.group = g
		return out
	case "^":
		out := r.resolve(n.lhs)
		if out.kind != pathNode {
			out = &node{kind: pathNode, pos: out.pos, list: []*node{out}}
		}
		sort := &node{kind: sortNode, pos: n.pos}
		for _, t := range n.terms {
			sort.terms = append(sort.terms, term{r.part(sort, t.expr), t.descending})
		}
		out.list = append(out.list, sort)
		r.ancestry(out)
		return out
	case ":=":
		out := &node{kind: bindNode, pos: n.pos, text: n.lhs.text}
		out.rhs = r.part(out, n.rhs)
		return out
	case "@":
		out := r.resolve(n.lhs)
		step := out.last()
		if step.stages != nil || step.predicates != nil {
			throwAt("S0215", n.pos, "@")
		}
		if step.kind == sortNode {
			throwAt("S0216", n.pos, "@")
		}
		if n.keepArray {
			step.keepArray = true
		}
		step.focus, step.tuple = n.rhs.text, true
		return out
	case "#":
		out := r.resolve(n.lhs)
		step := out
		if out.kind == pathNode {
			step = out.last()
		} else {
			out = &node{kind: pathNode, pos: out.pos, list: []*node{out}}
			if step.predicates != nil {
				step.stages, step.predicates = step.predicates, nil
			}
		}
		if step.stages == nil {
			step.index = n.rhs.text
		} else {
			step.stages = append(step.stages, &node{kind: indexStage, text: n.rhs.text, pos: n.pos})
		}
		step.tuple = true
		return out
	case "~>":
		out := &node{kind: applyNode, pos: n.pos, text: n.text, lhs: r.resolve(n.lhs), rhs: r.resolve(n.rhs)}
		out.keepArray = out.lhs.keepArray || out.rhs.keepArray
		return out
	}
	out := &node{kind: binaryNode, pos: n.pos, text: n.text}
	out.lhs, out.rhs = r.part(out, n.lhs), r.part(out, n.rhs)
	return out
}

// last is the step that what follows n belongs to.
func (n *node) last() *node {
	if n.kind == pathNode {
		return n.list[len(n.list)-1]
	}
	return n
}

func (r *resolver) path(n *node) *node {
	left := r.resolve(n.lhs)
	out := left
	if left.kind != pathNode {
		out = &node{kind: pathNode, pos: left.pos, list: []*node{left}}
		if left.kind == parentNode {
			out.seeking = []*slot{left.slot}
		}
	}
	right := r.resolve(n.rhs)
	if right.kind == pathNode {
		out.list = append(out.list, right.list...)
	} else {
		if right.predicates != nil {
			right.stages, right.predicates = right.predicates, nil
		}
		out.list = append(out.list, right)
	}
	for i, step := range out.list {
		switch step.kind {
		case numberNode:
			throwAt("S0213", step.pos, "", "value", step.num)
		case valueNode:
			throwAt("S0213", step.pos, "", "value", step.val)
		case stringNode:
			step.kind = nameNode
		case arrayNode:
			if i == 0 || i == len(out.list)-1 {
				step.consArray = true
			}
		}
		if step.keepArray {
			out.keepSingleton = true
		}
	}
	r.ancestry(out)
	return out
}

func (r *resolver) predicate(n *node) *node {
	out := r.resolve(n.lhs)
	step, stages := out, &out.predicates
	if out.kind == pathNode {
		step = out.last()
		stages = &step.stages
	}
	if step.group != nil {
		throwAt("S0209", n.pos, "[")
	}
	filter := r.resolve(n.rhs)
	if filter.seeking != nil || filter.kind == parentNode {
		for _, s := range filter.seeking {
			if s.level == 1 {
				r.seek(step, s)
			} else {
				s.level--
			}
		}
		step.inherit(filter)
	}
	*stages = append(*stages, &node{kind: filterStage, lhs: filter, pos: n.pos})
	return out
}

// seek finds the step whose input s means, going backwards from n. It returns the
// slot that is still to be found a step for, if its level is not 0.
func (r *resolver) seek(n *node, s *slot) *slot {
	switch n.kind {
	case nameNode, wildcardNode:
		s.level--
		if s.level == 0 {
			if n.ancestor != nil { // another % means the same
				r.parents[s.index].slot.label = n.ancestor.label
			}
			n.ancestor = s
			n.tuple = true
		}
	case parentNode:
		s.level++
	case blockNode:
		if len(n.list) > 0 {
			n.tuple = true
			s = r.seek(n.list[len(n.list)-1], s)
		}
	case pathNode:
		n.tuple = true
		i := len(n.list) - 1
		s = r.seek(n.list[i], s)
		for i--; s.level > 0 && i >= 0; i-- {
			s = r.seek(n.list[i], s)
		}
	default:
		throwAt("S0217", n.pos, kindNames[n.kind])
	}
	return s
}

// ancestry finds steps for what the last step of a path asks for; what it does
// not find the path asks for.
func (r *resolver) ancestry(path *node) {
	last := len(path.list) - 1
	for _, s := range path.list[last].open() {
		i := last - 1
		for s.level > 0 {
			if i < 0 {
				path.seeking = append(path.seeking, s)
				break
			}
			step := path.list[i]
			i--
			for i >= 0 && step.focus != "" && path.list[i].focus != "" { // they have one input
				step = path.list[i]
				i--
			}
			s = r.seek(step, s)
		}
	}
}

// tail marks the calls whose result is the result of the function they stand in,
// so that evaluating them needs no deeper stack.
func tail(n *node) *node {
	switch n.kind {
	case callNode:
		if n.predicates == nil {
			return &node{kind: lambdaNode, thunk: true, pos: n.pos, lhs: n}
		}
	case conditionNode:
		n.rhs = tail(n.rhs)
		if n.third != nil {
			n.third = tail(n.third)
		}
	case blockNode:
		if l := len(n.list); l > 0 {
			n.list[l-1] = tail(n.list[l-1])
		}
	}
	return n
}

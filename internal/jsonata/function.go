package jsonata

import (
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// function is a function as a value: written in the expression, built in, or made
// while evaluating.
type function struct {
	name      string
	signature *signature
	matcher   bool // a regular expression
	arity     int  // how many arguments a function that takes functions hands it

	// Of a function of the expression.
	node  *node
	input any
	env   *frame

	// Of any other: what it does. input is $ where it is called.
	native func(r *run, args []any, input any) any
}

// call evaluates a call; first is the argument that ~> puts in front.
func (r *run) call(n *node, input any, env *frame, first any, chained bool) any {
	callee := r.eval(n.callee, input, env)
	name := calleeName(n.callee)
	if callee == nil && n.callee.kind == pathNode && env.find(name) != nil {
		throwAt("T1005", n.pos, name)
	}
	args := make([]any, 0, len(n.list)+1)
	if chained {
		args = append(args, first)
	}
	for _, arg := range n.list {
		args = append(args, r.eval(arg, input, env))
	}
	token, pos := r.token, r.pos
	r.token, r.pos = name, n.pos
	out := r.invoke(callee, args, input)
	r.token, r.pos = token, pos
	return out
}

func calleeName(n *node) string {
	if n.kind == pathNode {
		return n.list[0].text
	}
	if n.kind == variableNode {
		return n.text
	}
	return ""
}

// invoke calls a function value, and goes on with the call in its tail instead of
// nesting it.
func (r *run) invoke(callee any, args []any, input any) any {
	out := r.once(callee, args, input)
	for {
		f, ok := out.(*function)
		if !ok || f.node == nil || !f.node.thunk {
			return out
		}
		next := f.node.lhs
		r.steps++
		if r.steps&255 == 0 {
			r.checkTime(next)
		}
		if r.steps > r.limits.Steps {
			throwAt(codeLimit, next.pos, "")
		}
		callee := r.eval(next.callee, f.input, f.env)
		name := calleeName(next.callee)
		args := make([]any, len(next.list))
		for i, arg := range next.list {
			args[i] = r.eval(arg, f.input, f.env)
		}
		r.token, r.pos = name, next.pos
		if callee == nil && next.callee.kind == pathNode && f.env.find(name) != nil {
			throwAt("T1005", next.pos, name)
		}
		out = r.once(callee, args, f.input)
	}
}

func (r *run) once(callee any, args []any, input any) any {
	f, ok := callee.(*function)
	if !ok {
		throwAt("T1006", r.pos, r.token)
	}
	if f.signature != nil {
		if f.name != "" {
			r.token = f.name
		}
		args = f.signature.check(r, args, input)
	}
	if f.node == nil {
		out := f.native(r, args, input)
		if r.ctx.Err() != nil {
			throwAt(codeLimit, r.pos, r.token)
		}
		return out
	}
	inner := &frame{outer: f.env, names: make([]string, 0, len(f.node.list)), vals: make([]any, 0, len(f.node.list))}
	for i, param := range f.node.list {
		var arg any
		if i < len(args) {
			arg = args[i]
		}
		inner.bind(param.text, arg)
	}
	return r.eval(f.node.lhs, f.input, inner)
}

// each calls a function that was given as an argument with as many of args as it
// takes, one at least.
func (r *run) each(f any, args ...any) any {
	n := 1
	if fn, ok := f.(*function); ok {
		n = max(1, min(fn.arity, len(args)))
	}
	return r.invoke(f, args[:n], null{})
}

// placeholder stands for an argument that a partial application leaves open.
type open struct{}

func (r *run) partial(n *node, input any, env *frame) any {
	given := make([]any, len(n.list))
	missing := 0
	for i, arg := range n.list {
		if arg.kind == operatorNode && arg.text == "?" {
			given[i] = open{}
			missing++
		} else {
			given[i] = r.eval(arg, input, env)
		}
	}
	callee := r.eval(n.callee, input, env)
	name := calleeName(n.callee)
	f, ok := callee.(*function)
	switch {
	case callee == nil && n.callee.kind == pathNode && env.find(name) != nil:
		throwAt("T1007", n.pos, name)
	case !ok:
		throwAt("T1008", n.pos, name)
	}
	if f.node != nil { // parameters behind those given stay open too
		for len(given) < len(f.node.list) {
			given = append(given, nil)
		}
	}
	unsigned := *f
	unsigned.signature = nil
	return &function{name: f.name, arity: missing, native: func(r *run, args []any, input any) any {
		all := make([]any, len(given))
		for i, v := range given {
			if _, isOpen := v.(open); !isOpen {
				all[i] = v
			} else if len(args) > 0 {
				all[i], args = args[0], args[1:]
			}
		}
		return r.invoke(&unsigned, all, input)
	}}
}

// apply evaluates left ~> right: a call with one more argument, or the
// composition of two functions.
func (r *run) apply(n *node, input any, env *frame) any {
	left := r.eval(n.lhs, input, env)
	if n.rhs.kind == callNode {
		return r.call(n.rhs, input, env, left, true)
	}
	right := r.eval(n.rhs, input, env)
	f, ok := right.(*function)
	if !ok {
		throwAt("T2006", n.pos, n.text, "value", right)
	}
	if g, ok := left.(*function); ok {
		return &function{arity: 1, native: func(r *run, args []any, _ any) any {
			var first any
			if len(args) > 0 {
				first = args[0]
			}
			return r.invoke(f, []any{collapsed(r.invoke(g, []any{first}, null{}))}, null{})
		}}
	}
	return r.invoke(f, []any{left}, null{})
}

var transformSignature = parseSignature("<(oa):o>")

// transform is a function that changes a copy of its argument.
func (r *run) transform(n *node, _ any, env *frame) any {
	return &function{signature: transformSignature, arity: 1, native: func(r *run, args []any, _ any) any {
		if args[0] == nil {
			return nil
		}
		clone, ok := env.find("clone").(*function)
		if !ok {
			throwAt("T2013", n.pos, "")
		}
		out := r.invoke(clone, []any{args[0]}, null{})
		for _, match := range toItems(r.eval(n.lhs, out, env)) {
			object, _ := match.(*jsonvalue.Object)
			update := r.eval(n.rhs, match, env)
			if update != nil {
				members, ok := update.(*jsonvalue.Object)
				if !ok {
					throwAt("T2011", n.rhs.pos, "", "value", update)
				}
				for k, v := range members.All() {
					if object != nil {
						object.Set(k, v)
					}
				}
			}
			if n.third == nil {
				continue
			}
			gone := r.eval(n.third, match, env)
			if gone == nil {
				continue
			}
			names := toItems(gone)
			if !isStrings(names) {
				throwAt("T2012", n.third.pos, "", "value", gone)
			}
			for _, name := range names {
				if object != nil {
					object.Delete(name.(string))
				}
			}
		}
		return out
	}}
}

package jsonata

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// run is one evaluation.
type run struct {
	ctx    context.Context
	limits Limits
	now    time.Time
	random *rand.Rand
	depth  int
	steps  int
	made   int // bytes, as makes counts them
	ends   time.Time

	globals *frame

	// The call under way, for errors that do not know their place.
	token string
	pos   int
}

// frame holds the variables of a block or function.
type frame struct {
	outer *frame
	names []string
	vals  []any
	table map[string]any // of the outermost frame
}

func (f *frame) bind(name string, v any) {
	for i, n := range f.names {
		if n == name {
			f.vals[i] = v
			return
		}
	}
	f.names, f.vals = append(f.names, name), append(f.vals, v)
}

func (f *frame) find(name string) any {
	for ; f != nil; f = f.outer {
		for i, n := range f.names {
			if n == name {
				return f.vals[i]
			}
		}
		if f.table != nil {
			if v, ok := f.table[name]; ok {
				return v
			}
		}
	}
	return nil
}

// inTuple is a frame with the variables of t.
func (f *frame) inTuple(t *tuple) *frame {
	return &frame{outer: f, names: append([]string(nil), t.names...), vals: append([]any(nil), t.vals...)}
}

// enter counts a step and checks the limits.
func (r *run) enter(n *node) {
	r.depth++
	r.steps++
	if r.depth > r.limits.Depth {
		throwAt(codeDepth, n.pos, "")
	}
	if r.steps > r.limits.Steps {
		throwAt(codeLimit, n.pos, "")
	}
	if r.steps&255 == 0 {
		r.checkTime(n)
	}
}

func (r *run) checkTime(n *node) {
	if r.ctx.Err() != nil || !r.ends.IsZero() && time.Now().After(r.ends) {
		throwAt(codeLimit, n.pos, "")
	}
}

// eval is the value of n where $ is input.
func (r *run) eval(n *node, input any, env *frame) any {
	r.enter(n)
	out := r.value(n, input, env)
	for _, p := range n.predicates {
		out = r.filter(p.lhs, out, env)
	}
	if n.group != nil && n.kind != pathNode {
		out = r.groupBy(n.group.pairs, n.group.pos, out, env)
	}
	r.depth--
	if a, ok := out.(*array); ok && n.keepArray {
		a.keep = a.sequence && !a.tuples
	}
	return collapsed(out)
}

// collapsed is what a sequence stands for: nothing when it is empty, the item
// when it has one.
func collapsed(v any) any {
	a, ok := v.(*array)
	switch {
	case !ok || !a.sequence || a.tuples:
	case len(a.items) == 0:
		return nil
	case len(a.items) == 1 && !a.keep:
		return a.items[0]
	}
	return v
}

func (r *run) value(n *node, input any, env *frame) any {
	switch n.kind {
	case pathNode:
		return r.path(n, input, env)
	case nameNode:
		return lookup(input, n.text)
	case stringNode:
		return n.text
	case numberNode:
		return n.num
	case valueNode:
		return n.val
	case variableNode:
		if n.text == "" {
			if a, ok := input.(*array); ok && a.outer {
				return a.items[0]
			}
			return input
		}
		return env.find(n.text)
	case binaryNode:
		return r.binary(n, input, env)
	case negateNode:
		v := r.eval(n.lhs, input, env)
		if v == nil {
			return nil
		}
		f, ok := number(v)
		if !ok {
			throwAt("D1002", n.pos, "-", "value", v)
		}
		return -f
	case arrayNode:
		return r.array(n, input, env)
	case objectNode:
		return r.groupBy(n.pairs, n.pos, input, env)
	case wildcardNode:
		return wildcard(input)
	case descendantNode:
		out := sequence()
		descend(input, out)
		if len(out.items) == 1 {
			return out.items[0]
		}
		return out
	case parentNode:
		return env.find(n.slot.label)
	case conditionNode:
		if truth(r.eval(n.lhs, input, env)) {
			return r.eval(n.rhs, input, env)
		} else if n.third != nil {
			return r.eval(n.third, input, env)
		}
		return nil
	case blockNode:
		inner := &frame{outer: env}
		var out any
		for _, x := range n.list {
			out = r.eval(x, input, inner)
		}
		return out
	case bindNode:
		v := r.eval(n.rhs, input, env)
		env.bind(n.text, v)
		return v
	case regexNode:
		return n.re.matcher(n.pos)
	case callNode:
		return r.call(n, input, env, nil, false)
	case partialNode:
		return r.partial(n, input, env)
	case lambdaNode:
		f := &function{node: n, input: input, env: env, signature: n.signature, arity: len(n.list)}
		return f
	case applyNode:
		return r.apply(n, input, env)
	case transformNode:
		return r.transform(n, input, env)
	case operatorNode:
		throwAt("S0201", n.pos, n.text)
	}
	throwAt("S0206", n.pos, kindNames[n.kind])
	return nil
}

// lookup is the member called key of an object, or of every object of an array.
func lookup(v any, key string) any {
	if o, ok := v.(*jsonvalue.Object); ok {
		return o.Get(key)
	}
	items, ok := asItems(v)
	if !ok {
		return nil
	}
	out := sequence()
	for _, item := range items {
		found := lookup(item, key)
		if found == nil {
			continue
		}
		if inner, ok := asItems(found); ok {
			out.items = append(out.items, inner...)
		} else {
			out.push(found)
		}
	}
	return out
}

func wildcard(v any) any {
	if a, ok := v.(*array); ok && a.outer && len(a.items) > 0 {
		v = a.items[0]
	}
	out := sequence()
	add := func(member any) {
		if isArray(member) {
			out.items = append(out.items, flatten(member, nil)...)
		} else if member != nil {
			out.push(member)
		}
	}
	if o, ok := v.(*jsonvalue.Object); ok {
		for _, member := range o.All() {
			add(member)
		}
	}
	items, _ := asItems(v)
	for _, item := range items {
		add(item)
	}
	return out
}

func flatten(v any, into []any) []any {
	items, ok := asItems(v)
	if !ok {
		return append(into, v)
	}
	for _, item := range items {
		into = flatten(item, into)
	}
	return into
}

func descend(v any, into *array) {
	if v == nil {
		return
	}
	items, isArr := asItems(v)
	if !isArr {
		into.push(v)
	}
	for _, item := range items {
		descend(item, into)
	}
	if o, ok := v.(*jsonvalue.Object); ok {
		for _, member := range o.All() {
			descend(member, into)
		}
	}
}

func (r *run) array(n *node, input any, env *frame) any {
	out := make([]any, 0, len(n.list))
	for _, item := range n.list {
		v := r.eval(item, input, env)
		if v == nil {
			continue
		}
		if items, ok := asItems(v); ok && item.kind != arrayNode {
			out = append(out, items...)
		} else {
			out = append(out, v)
		}
	}
	if n.consArray {
		return &array{items: out, cons: true}
	}
	return out
}

func (r *run) binary(n *node, input any, env *frame) any {
	left := r.eval(n.lhs, input, env)
	switch n.text {
	case "and":
		return truth(left) && r.second(n, input, env)
	case "or":
		return truth(left) || r.second(n, input, env)
	}
	right := r.eval(n.rhs, input, env)
	switch n.text {
	case "+", "-", "*", "/", "%":
		return arithmetic(n, left, right)
	case "=":
		return left != nil && right != nil && equal(left, right)
	case "!=":
		return left != nil && right != nil && !equal(left, right)
	case "<", "<=", ">", ">=":
		return compare(n, left, right)
	case "&":
		r.token, r.pos = n.text, n.pos
		a, b := r.text(left), r.text(right)
		r.makes(len(a) + len(b))
		return a + b
	case "..":
		return r.interval(n, left, right)
	case "in":
		if left == nil || right == nil {
			return false
		}
		for _, item := range toItems(right) {
			if same(item, left) {
				return true
			}
		}
		return false
	}
	throwAt("S0201", n.pos, n.text)
	return nil
}

// second is the right side of "and" and "or", which is evaluated only if it
// matters. Its errors are told of the operator.
func (r *run) second(n *node, input any, env *frame) bool {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *Error:
			e.Position, e.Token = n.pos, n.text
			delete(e.values, "token")
			panic(e)
		default:
			panic(e)
		}
	}()
	return truth(r.eval(n.rhs, input, env))
}

// text is v as a string, nothing as "".
func (r *run) text(v any) string {
	if v == nil {
		return ""
	}
	return r.toString(v, "")
}

func arithmetic(n *node, left, right any) any {
	a, ok := numberAt(n, left)
	if left != nil && !ok {
		throwAt("T2001", n.pos, n.text, "value", left)
	}
	b, ok := numberAt(n, right)
	if right != nil && !ok {
		throwAt("T2002", n.pos, n.text, "value", right)
	}
	if left == nil || right == nil {
		return nil
	}
	switch n.text {
	case "+":
		return a + b
	case "-":
		return a - b
	case "*":
		return a * b
	case "/":
		return a / b
	}
	return math.Mod(a, b)
}

// numberAt is number with a place for its error.
func numberAt(n *node, v any) (float64, bool) {
	if f, ok := jsonvalue.Float(v); ok && math.IsInf(f, 0) {
		throwAt("D1001", n.pos, n.text, "value", null{})
	}
	return number(v)
}

func compare(n *node, left, right any) any {
	comparable := func(v any) bool {
		_, isText := v.(string)
		_, isNumber := jsonvalue.Float(v)
		return v == nil || isText || isNumber
	}
	if !comparable(left) {
		throwAt("T2010", n.pos, n.text, "value", left)
	}
	if !comparable(right) {
		throwAt("T2010", n.pos, n.text, "value", right)
	}
	if left == nil || right == nil {
		return nil
	}
	var order int
	a, isText := left.(string)
	b, also := right.(string)
	if isText != also {
		throwAt("T2009", n.pos, n.text, "value", left, "value2", right)
	}
	if isText {
		order = compareText(a, b)
	} else {
		x, _ := jsonvalue.Float(left)
		y, _ := jsonvalue.Float(right)
		if math.IsNaN(x) || math.IsNaN(y) {
			return false
		}
		switch {
		case x < y:
			order = -1
		case x > y:
			order = 1
		}
	}
	switch n.text {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}

// compareText orders strings by their UTF-16 units, as ECMAScript does: that
// differs from the order of bytes only above the surrogates.
func compareText(a, b string) int {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	if i < len(a) && i < len(b) {
		x, y := a[i], b[i]
		if x >= 0xEE && y >= 0xF0 && x < 0xF0 { // U+E000 to U+FFFF come after what has surrogates
			return 1
		} else if y >= 0xEE && x >= 0xF0 && y < 0xF0 {
			return -1
		}
	}
	return strings.Compare(a, b)
}

func (r *run) interval(n *node, left, right any) any {
	from, ok := integer(left)
	if left != nil && !ok {
		throwAt("T2003", n.pos, n.text, "value", left)
	}
	to, ok := integer(right)
	if right != nil && !ok {
		throwAt("T2004", n.pos, n.text, "value", right)
	}
	if left == nil || right == nil || from > to {
		return nil
	}
	size := to - from + 1
	if size > 1e7 {
		throwAt("D2014", n.pos, n.text, "value", size)
	}
	r.token, r.pos = n.text, n.pos
	r.makes(8 * int(size))
	items := make([]any, int(size))
	for i := range items {
		items[i] = from + float64(i)
	}
	return &array{items: items, sequence: true}
}

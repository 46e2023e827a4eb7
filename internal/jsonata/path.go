package jsonata

import (
	"math"
	"sort"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// path evaluates step after step, each for every item of the one before.
func (r *run) path(n *node, input any, env *frame) any {
	at := input
	if !isArray(input) || n.list[0].kind == variableNode {
		at = sequence(input)
	}
	var out any
	var tuples *array
	stream := false
	for i, step := range n.list {
		if step.tuple {
			stream = true
		}
		switch {
		case i == 0 && step.consArray:
			out = r.eval(step, at, env)
		case stream:
			tuples = r.tupleStep(step, at, tuples, env)
		default:
			out = r.step(step, at, env, i == len(n.list)-1)
		}
		if !stream {
			if items, ok := asItems(out); out == nil || ok && len(items) == 0 {
				break
			}
		}
		if step.focus == "" {
			at = out
		}
	}
	if stream {
		if n.tuple {
			out = tuples
		} else {
			flat := sequence()
			for _, item := range tuples.items {
				flat.push(item.(*tuple).at)
			}
			out = flat
		}
	}
	if n.keepSingleton {
		switch a := out.(type) {
		case *array:
			if a.cons && !a.sequence {
				a = sequence(a)
				out = a
			}
			a.keep = true
		case []any: // an array of the input or of a function: it stays as it is
		}
	}
	if n.group != nil {
		if stream {
			out = tuples
		}
		out = r.groupBy(n.group.pairs, n.group.pos, out, env)
	}
	return out
}

// step evaluates n for every item.
func (r *run) step(n *node, input any, env *frame, last bool) any {
	if n.kind == sortNode {
		out := r.order(n, input, env)
		return r.staged(n, out, env)
	}
	items, _ := asItems(input)
	results := make([]any, 0, len(items))
	for _, item := range items {
		v := r.eval(n, item, env)
		for _, stage := range n.stages {
			v = r.filter(stage.lhs, v, env)
		}
		if v != nil {
			results = append(results, v)
		}
	}
	if last && len(results) == 1 && isArray(results[0]) && !isSequence(results[0]) {
		return results[0]
	}
	out := sequence()
	for _, v := range results {
		inner, ok := asItems(v)
		if a, is := v.(*array); !ok || is && a.cons {
			out.push(v)
		} else {
			out.items = append(out.items, inner...)
		}
	}
	return out
}

func (r *run) staged(n *node, v any, env *frame) any {
	for _, stage := range n.stages {
		if stage.kind == filterStage {
			v = r.filter(stage.lhs, v, env)
			continue
		}
		items, _ := asItems(v)
		for i, item := range items {
			if t, ok := item.(*tuple); ok {
				t.set(stage.text, float64(i))
			}
		}
	}
	return v
}

// tupleStep is step when variables are bound per item.
func (r *run) tupleStep(n *node, input any, tuples *array, env *frame) *array {
	if n.kind == sortNode {
		if tuples != nil { // the result no longer counts as a stream, as in the language's own implementation
			sorted, _ := asItems(r.staged(n, r.order(n, tuples, env), env))
			return &array{items: sorted, sequence: true}
		}
		sorted, _ := asItems(r.order(n, input, env))
		out := &array{sequence: true, tuples: true}
		for i, item := range sorted {
			t := &tuple{at: item}
			if n.index != "" {
				t.set(n.index, float64(i))
			}
			out.push(t)
		}
		return asTuples(r.staged(n, out, env))
	}
	if tuples == nil {
		tuples = &array{}
		items, _ := asItems(input)
		for _, item := range items {
			tuples.push(&tuple{at: item})
		}
	}
	out := &array{sequence: true, tuples: true}
	for _, item := range tuples.items {
		t := item.(*tuple)
		v := r.eval(n, t.at, env.inTuple(t))
		if v == nil {
			continue
		}
		inner, isArr := asItems(v)
		if !isArr {
			inner = []any{v}
		}
		for i, x := range inner {
			made := t.clone()
			if nested, ok := x.(*tuple); ok {
				made.at = nested.at
				for j, name := range nested.names {
					made.set(name, nested.vals[j])
				}
				out.push(made)
				continue
			}
			if n.focus != "" {
				made.set(n.focus, x)
			} else {
				made.at = x
			}
			if n.index != "" {
				made.set(n.index, float64(i))
			}
			if n.ancestor != nil {
				made.set(n.ancestor.label, t.at)
			}
			out.push(made)
		}
	}
	return asTuples(r.staged(n, out, env))
}

// asTuples is v, the result of stages, as a stream of tuples.
func asTuples(v any) *array {
	switch v := v.(type) {
	case *array:
		v.tuples = true
		return v
	case *tuple:
		return &array{items: []any{v}, sequence: true, tuples: true}
	}
	return &array{sequence: true, tuples: true}
}

// filter keeps what a predicate chooses: an index, a list of indexes, or what it
// is true for.
func (r *run) filter(predicate *node, input any, env *frame) any {
	out := sequence()
	seq, _ := input.(*array)
	if seq != nil && seq.tuples {
		out.tuples = true
	}
	items, isArr := asItems(input)
	if !isArr {
		items = []any{input}
	}
	if predicate.kind == numberNode {
		i := int(math.Floor(predicate.num))
		if i < 0 {
			i += len(items)
		}
		if i >= 0 && i < len(items) && items[i] != nil {
			if isArray(items[i]) {
				return items[i]
			}
			out.push(items[i])
		}
		return out
	}
	for i, item := range items {
		context, inner := item, env
		if t, ok := item.(*tuple); ok && out.tuples {
			context, inner = t.at, env.inTuple(t)
		}
		v := r.eval(predicate, context, inner)
		if f, ok := number(v); ok {
			if index(f, len(items)) == i {
				out.push(item)
			}
			continue
		}
		if wanted, ok := asItems(v); ok && isNumbers(v) {
			for _, w := range wanted {
				if f, _ := number(w); index(f, len(items)) == i {
					out.push(item)
				}
			}
			continue
		}
		if truth(v) {
			out.push(item)
		}
	}
	return out
}

// index is a position as predicates count it: from the end if negative.
func index(f float64, length int) int {
	i := int(math.Floor(f))
	if i < 0 {
		i += length
	}
	return i
}

// order sorts the items by the terms of n.
func (r *run) order(n *node, input any, env *frame) any {
	items, _ := asItems(input)
	seq, _ := input.(*array)
	out := &array{items: append([]any(nil), items...), sequence: true}
	keyOf := func(t term, item any) any {
		if tup, ok := item.(*tuple); ok && seq != nil && seq.tuples {
			return r.eval(t.expr, tup.at, env.inTuple(tup))
		}
		return r.eval(t.expr, item, env)
	}
	keys := map[int][]any{} // by place in items, evaluated once
	places := make([]int, len(items))
	for i := range places {
		places[i] = i
	}
	key := func(place, t int) any {
		have := keys[place]
		for len(have) <= t {
			have = append(have, keyOf(n.terms[len(have)], items[place]))
		}
		keys[place] = have
		return have[t]
	}
	sort.SliceStable(places, func(i, j int) bool {
		for t := range n.terms {
			if c := orderOf(n, key(places[i], t), key(places[j], t), n.terms[t].descending); c != 0 {
				return c < 0
			}
		}
		return false
	})
	for i, place := range places {
		out.items[i] = items[place]
	}
	return out
}

// orderOf compares two keys; nothing comes last, whatever the direction.
func orderOf(n *node, a, b any, descending bool) int {
	if a == nil || b == nil {
		switch {
		case a == nil && b == nil:
			return 0
		case a == nil:
			return 1
		}
		return -1
	}
	x, aText := a.(string)
	y, bText := b.(string)
	f, aNumber := jsonvalue.Float(a)
	g, bNumber := jsonvalue.Float(b)
	switch {
	case !aText && !aNumber:
		throwAt("T2008", n.pos, "", "value", a)
	case !bText && !bNumber:
		throwAt("T2008", n.pos, "", "value", b)
	case aText != bText:
		throwAt("T2007", n.pos, "", "value", a, "value2", b)
	}
	c := 0
	switch {
	case aText:
		c = compareText(x, y)
	case f < g:
		c = -1
	case f > g:
		c = 1
	}
	if descending {
		return -c
	}
	return c
}

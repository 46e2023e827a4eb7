package jsonata

import "github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"

// entry is a member of an object under construction.
type entry struct {
	pair int
	data any
}

// groupBy builds an object: the items whose keys are equal share a member.
func (r *run) groupBy(pairs [][2]*node, pos int, input any, env *frame) any {
	items, isArr := asItems(input)
	if !isArr {
		items = []any{input}
	} else if len(items) == 0 {
		items = []any{nil}
	}
	seq, _ := input.(*array)
	reduce := seq != nil && seq.tuples

	out := jsonvalue.NewObject(len(pairs))
	groups := map[string]*entry{}
	var keys []string
	for _, item := range items {
		context, inner := item, env
		if t, ok := item.(*tuple); ok && reduce {
			context, inner = t.at, env.inTuple(t)
		}
		for i, pair := range pairs {
			v := r.eval(pair[0], context, inner)
			if v == nil {
				continue
			}
			key, ok := v.(string)
			if !ok {
				throwAt("T1003", pos, "", "value", v)
			}
			have := groups[key]
			if have == nil {
				groups[key] = &entry{pair: i, data: item}
				keys = append(keys, key)
				continue
			}
			if have.pair != i {
				throwAt("D1009", pos, "", "value", key)
			}
			have.data = appended(have.data, item)
		}
	}
	for _, key := range keys {
		g := groups[key]
		context, inner := g.data, env
		if reduce {
			t := merged(g.data)
			context, inner = t.at, env.inTuple(t)
		}
		if v := r.eval(pairs[g.pair][1], context, inner); v != nil {
			out.Set(key, v)
		}
	}
	return out
}

// merged is one tuple for all of a group: each variable holds all values.
func merged(data any) *tuple {
	items, ok := asItems(data)
	if !ok {
		return data.(*tuple)
	}
	out := items[0].(*tuple).clone()
	for _, item := range items[1:] {
		t := item.(*tuple)
		out.at = appended(out.at, t.at)
		for i, name := range t.names {
			out.set(name, appended(out.get(name), t.vals[i]))
		}
	}
	return out
}

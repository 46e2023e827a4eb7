package jsonata

import (
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

var objectFunctions = map[string]builtin{
	"keys":    {"<x-:a<s>>", 1, func(_ *run, args []any, _ any) any { return keys(args[0]) }},
	"lookup":  {"<x-s:x>", 2, lookupOf},
	"spread":  {"<x-:a<o>>", 1, func(_ *run, args []any, _ any) any { return spread(args[0]) }},
	"merge":   {"<a<o>:o>", 1, merge},
	"each":    {"<o-f:a>", 2, eachOf},
	"sift":    {"<o-f?:o>", 2, sift},
	"type":    {"<x:s>", 1, typeOf},
	"exists":  {"<x:b>", 1, func(_ *run, args []any, _ any) any { return args[0] != nil }},
	"boolean": {"<x-:b>", 1, booleanOf},
	"not":     {"<x-:b>", 1, notOf},
	"clone":   {"<(oa)-:o>", 1, func(_ *run, args []any, _ any) any { return clone(args[0]) }},
	"error":   {"<s?:x>", 1, errorOf},
	"assert":  {"<bs?:x>", 2, assert},
	"eval":    {"<sx?:x>", 2, evaluate},
}

func keys(v any) any {
	out := sequence()
	if items, ok := asItems(v); ok {
		seen := map[string]bool{}
		for _, item := range items {
			for _, k := range toItems(keys(item)) {
				if name := k.(string); !seen[name] {
					seen[name] = true
					out.push(name)
				}
			}
		}
	}
	if o, ok := v.(*jsonvalue.Object); ok {
		for k := range o.All() {
			out.push(k)
		}
	}
	return out
}

func lookupOf(_ *run, args []any, _ any) any {
	key, _ := args[1].(string)
	return lookup(args[0], key)
}

func spread(v any) any {
	if items, ok := asItems(v); ok {
		var out any = sequence()
		for _, item := range items {
			out = appended(out, spread(item))
		}
		return out
	}
	o, ok := v.(*jsonvalue.Object)
	if !ok {
		return v
	}
	out := sequence()
	for k, member := range o.All() {
		out.push(jsonvalue.ObjectOf(k, member))
	}
	return out
}

func merge(_ *run, args []any, _ any) any {
	items, ok := asItems(args[0])
	if !ok {
		return nil
	}
	out := jsonvalue.NewObject(len(items))
	for _, item := range items {
		if o, ok := item.(*jsonvalue.Object); ok {
			for k, v := range o.All() {
				out.Set(k, v)
			}
		}
	}
	return out
}

func eachOf(r *run, args []any, _ any) any {
	o, ok := args[0].(*jsonvalue.Object)
	if !ok {
		return sequence()
	}
	out := sequence()
	for k, v := range o.All() {
		if x := r.each(args[1], v, k, o); x != nil {
			out.push(x)
		}
	}
	return out
}

func sift(r *run, args []any, _ any) any {
	o, ok := args[0].(*jsonvalue.Object)
	if !ok {
		return nil
	}
	out := jsonvalue.NewObject(o.Len())
	for k, v := range o.All() {
		if truth(r.each(args[1], v, k, o)) {
			out.Set(k, v)
		}
	}
	if out.Len() == 0 {
		return nil
	}
	return out
}

var typeNames = map[byte]string{
	's': "string", 'n': "number", 'b': "boolean", 'l': "null", 'a': "array", 'o': "object", 'f': "function",
}

func typeOf(_ *run, args []any, _ any) any {
	if args[0] == nil {
		return nil
	}
	return typeNames[symbolOf(args[0])]
}

func booleanOf(_ *run, args []any, _ any) any {
	if args[0] == nil {
		return nil
	}
	if _, ok := args[0].(*function); ok {
		return false
	}
	return truth(args[0])
}

func notOf(r *run, args []any, _ any) any {
	if args[0] == nil {
		return nil
	}
	return !booleanOf(r, args, nil).(bool)
}

// clone copies a value in depth. Functions become "" as in a string.
func clone(v any) any {
	switch v := plain(v).(type) {
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = clone(item)
		}
		return out
	case *jsonvalue.Object:
		out := jsonvalue.NewObject(v.Len())
		for k, member := range v.All() {
			out.Set(k, clone(member))
		}
		return out
	case float64:
		return rounded(v)
	default:
		return v
	}
}

func errorOf(_ *run, args []any, _ any) any {
	message, _ := arg(args, 0).(string)
	if message == "" {
		message = "$error() function evaluated"
	}
	throw("D3137", "message", message)
	return nil
}

func assert(_ *run, args []any, _ any) any {
	if ok, _ := args[0].(bool); ok {
		return nil
	}
	message, _ := arg(args, 1).(string)
	if message == "" {
		message = "$assert() statement failed"
	}
	throw("D3141", "message", message)
	return nil
}

// evaluate runs a string as an expression.
func evaluate(r *run, args []any, input any) any {
	source, ok := args[0].(string)
	if !ok {
		return nil
	}
	if focus := arg(args, 1); focus != nil {
		input = focus
		if _, isArr := asItems(focus); isArr && !isSequence(focus) {
			input = &array{items: []any{focus}, sequence: true, outer: true}
		}
	}
	x, err := Compile(source)
	if err != nil {
		throw("D3120", "value", err.Error())
	}
	out, err := r.inner(x.root, input)
	if err != nil {
		throw("D3121", "value", err.Error())
	}
	return out
}

// inner evaluates another expression within the limits of this one.
func (r *run) inner(n *node, input any) (out any, err error) {
	depth := r.depth
	defer func() { r.depth = depth }()
	defer caught(&err, r)
	return r.eval(n, input, r.globals), nil
}

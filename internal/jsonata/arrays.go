package jsonata

import (
	"math/rand/v2"
	"sort"
)

var arrayFunctions = map[string]builtin{
	"count": {"<a:n>", 1, count},
	"append": {"<xx:a>", 2, func(r *run, args []any, _ any) any {
		left, _ := asItems(args[0])
		right, _ := asItems(args[1])
		r.makes(8 * (len(left) + len(right)))
		return appended(args[0], args[1])
	}},
	"sort":     {"<af?:a>", 2, sortOf},
	"reverse":  {"<a:a>", 1, reverse},
	"shuffle":  {"<a:a>", 1, shuffle},
	"distinct": {"<x:x>", 1, distinct},
	"zip":      {"<a+>", 0, zip},
	"map":      {"<af>", 2, mapOf},
	"filter":   {"<af>", 2, filterOf},
	"single":   {"<af?>", 2, single},
	"reduce":   {"<afj?:j>", 3, reduce},
}

func count(_ *run, args []any, _ any) any {
	items, _ := asItems(args[0])
	return float64(len(items))
}

func sortOf(r *run, args []any, _ any) any {
	items, ok := asItems(args[0])
	if !ok {
		return nil
	}
	if len(items) <= 1 {
		return args[0]
	}
	out := append([]any(nil), items...)
	comparator := arg(args, 1)
	switch {
	case comparator != nil:
		sort.SliceStable(out, func(i, j int) bool { // j after i unless the function says that j goes behind
			return truthy(r.invoke(comparator, []any{out[j], out[i]}, null{}))
		})
	case isNumbers(out):
		sort.SliceStable(out, func(i, j int) bool { return mustNumber(out[i]) < mustNumber(out[j]) })
	case isStrings(out):
		sort.SliceStable(out, func(i, j int) bool { return compareText(out[i].(string), out[j].(string)) < 0 })
	default:
		throw("D3070", "index", 1)
	}
	return out
}

// truthy is v as a condition of ECMAScript: every array and object is true.
func truthy(v any) bool {
	switch v := v.(type) {
	case nil, null:
		return false
	case bool, string, float64:
		return truth(v)
	}
	return true
}

func reverse(_ *run, args []any, _ any) any {
	items, ok := asItems(args[0])
	if !ok {
		return nil
	}
	if len(items) <= 1 {
		return args[0]
	}
	out := make([]any, len(items))
	for i, item := range items {
		out[len(items)-1-i] = item
	}
	return out
}

func shuffle(r *run, args []any, _ any) any {
	items, ok := asItems(args[0])
	if !ok {
		return nil
	}
	if len(items) <= 1 {
		return args[0]
	}
	out := append([]any(nil), items...)
	swap := func(i, j int) { out[i], out[j] = out[j], out[i] }
	if r.random != nil {
		r.random.Shuffle(len(out), swap)
	} else {
		rand.Shuffle(len(out), swap)
	}
	return out
}

func distinct(r *run, args []any, _ any) any {
	items, ok := asItems(args[0])
	if !ok || len(items) <= 1 {
		return args[0]
	}
	var out []any
	seen := map[any]bool{} // of what Go can compare; the rest is compared in depth
	var rest []any
next:
	for _, item := range items {
		switch item.(type) {
		case string, float64, bool, null:
			if seen[item] {
				continue
			}
			seen[item] = true
		default:
			for _, have := range rest {
				if r.steps++; equal(have, item) {
					continue next
				}
			}
			rest = append(rest, item)
		}
		out = append(out, item)
	}
	if isSequence(args[0]) {
		return sequence(out...)
	}
	return out
}

func zip(_ *run, args []any, _ any) any {
	shortest := -1
	for _, a := range args {
		items, _ := asItems(a)
		if shortest < 0 || len(items) < shortest {
			shortest = len(items)
		}
	}
	out := []any{}
	for i := range max(0, shortest) {
		row := make([]any, len(args))
		for j, a := range args {
			items, _ := asItems(a)
			row[j] = items[i]
		}
		out = append(out, row)
	}
	return out
}

func mapOf(r *run, args []any, _ any) any {
	items, ok := asItems(args[0])
	if !ok {
		return nil
	}
	out := sequence()
	for i, item := range items {
		if v := r.each(args[1], item, float64(i), args[0]); v != nil {
			out.push(v)
		}
	}
	return out
}

func filterOf(r *run, args []any, _ any) any {
	items, ok := asItems(args[0])
	if !ok {
		return nil
	}
	out := sequence()
	for i, item := range items {
		if truth(r.each(args[1], item, float64(i), args[0])) {
			out.push(item)
		}
	}
	return out
}

func single(r *run, args []any, _ any) any {
	items, ok := asItems(args[0])
	if !ok {
		return nil
	}
	found := false
	var out any
	for i, item := range items {
		if f := arg(args, 1); f != nil && !truth(r.each(f, item, float64(i), args[0])) {
			continue
		}
		if found {
			throw("D3138", "index", i)
		}
		found, out = true, item
	}
	if !found {
		throw("D3139")
	}
	return out
}

func reduce(r *run, args []any, _ any) any {
	items, ok := asItems(args[0])
	if !ok {
		return nil
	}
	f, _ := args[1].(*function)
	if f == nil || f.arity < 2 {
		throw("D3050", "index", 1)
	}
	out, from := arg(args, 2), 0
	if out == nil && len(items) > 0 {
		out, from = items[0], 1
	}
	for i := from; i < len(items); i++ {
		given := []any{out, items[i]}
		if f.arity >= 3 {
			given = append(given, float64(i))
		}
		if f.arity >= 4 {
			given = append(given, args[0])
		}
		out = r.invoke(f, given, null{})
	}
	return out
}

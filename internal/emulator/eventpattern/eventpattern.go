// Package eventpattern is the pattern language of EventBridge's rules, the filters
// of Lambda's event source mappings and the filter policies of SNS: it checks
// patterns with AWS's words and matches JSON events against them.
//
// It must not know who filters what, nor any AWS service.
package eventpattern

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// A Pattern is a pattern that was checked. Many may use it at once.
type Pattern struct {
	root   *object
	nested bool
}

// object is what an object of an event must have: all of the fields, and one of
// the alternatives of each $or.
type object struct {
	fields []field
	ors    [][]*object
}

// field is a condition on one member: an object's own conditions, or rules of which
// one must hold.
type field struct {
	name  string
	sub   *object
	rules []rule
	// absent says that the member may be missing, in the whole event; path leads to it.
	absent bool
	path   []string
}

// A rule tells whether a single value of an event is wanted: nil, a bool, a
// json.Number or a string.
type rule func(v any) bool

// Matches tells whether an event, a JSON text, matches. What is no JSON matches
// nothing.
func (p *Pattern) Matches(event []byte) bool {
	v, err := decode(event)
	return err == nil && p.MatchesValue(v)
}

// MatchesValue is Matches for an event that is decoded, with numbers as
// json.Number.
func (p *Pattern) MatchesValue(event any) bool {
	e := &subject{root: apart(event)}
	return p.root.matches(e.root, e)
}

// subject is an event that is looked at, and what is known of it: whether a field's
// path leads anywhere takes a look at all of it.
type subject struct {
	root  any
	leads map[*field]bool
}

func (e *subject) has(f *field) bool {
	there, known := e.leads[f]
	if !known {
		there = leads(e.root, f.path)
		if e.leads == nil {
			e.leads = map[*field]bool{}
		}
		e.leads[f] = there
	}
	return there
}

// apart returns an event in which no name has a dot: they are as good as objects
// within. It changes nothing of v.
func apart(v any) any {
	if list, ok := v.([]any); ok {
		out := make([]any, len(list))
		for i, e := range list {
			out[i] = apart(e)
		}
		return out
	}
	members, ok := v.(map[string]any)
	if !ok {
		return v
	}
	out := make(map[string]any, len(members))
	for name, e := range members {
		first, rest, dotted := strings.Cut(name, ".")
		if dotted {
			e = map[string]any{rest: e}
		}
		e = apart(e)
		if other, there := out[first]; there {
			e = both(other, e)
		}
		out[first] = e
	}
	return out
}

// both is what stands at one path twice.
func both(a, b any) any {
	x, isObject := a.(map[string]any)
	y, isToo := b.(map[string]any)
	if !isObject || !isToo {
		return []any{a, b}
	}
	for name, v := range y {
		if other, there := x[name]; there {
			v = both(other, v)
		}
		x[name] = v
	}
	return x
}

func decode(text []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON value")
	}
	return v, nil
}

// matches tells whether v, a part of the event e, has what o wants. Of an array one
// element must have all of it.
func (o *object) matches(v any, e *subject) bool {
	if list, ok := v.([]any); ok && len(list) > 0 {
		for _, v := range list {
			if o.matches(v, e) {
				return true
			}
		}
		return false
	}
	members, _ := v.(map[string]any)
	for i := range o.fields {
		if !o.fields[i].matches(members, e) {
			return false
		}
	}
	for _, alternatives := range o.ors {
		one := false
		for _, a := range alternatives {
			one = one || a.matches(v, e)
		}
		if !one {
			return false
		}
	}
	return true
}

func (f *field) matches(members map[string]any, e *subject) bool {
	v, there := members[f.name]
	if f.sub != nil {
		return f.sub.matches(v, e)
	}
	if f.absent && !e.has(f) {
		return true
	}
	return there && anyLeaf(v, func(leaf any) bool {
		for _, r := range f.rules {
			if r(leaf) {
				return true
			}
		}
		return false
	})
}

// anyLeaf tells whether f holds for v, or for one of the elements of the array v.
// Objects are no values.
func anyLeaf(v any, f func(any) bool) bool {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if anyLeaf(e, f) {
				return true
			}
		}
		return false
	case map[string]any:
		return false
	}
	return f(v)
}

// leads tells whether a path leads to a value anywhere in v.
func leads(v any, path []string) bool {
	if list, ok := v.([]any); ok && len(path) > 0 {
		for _, e := range list {
			if leads(e, path) {
				return true
			}
		}
		return false
	}
	if len(path) == 0 {
		return anyLeaf(v, func(any) bool { return true })
	}
	members, _ := v.(map[string]any)
	next, there := members[path[0]]
	return there && leads(next, path[1:])
}

// Nested tells whether the pattern looks into objects within the event.
func (p *Pattern) Nested() bool { return p.nested }

// Names are the paths of the members that the pattern looks at, those within $or
// included.
func (p *Pattern) Names() []string {
	var names []string
	p.root.each(func(f *field) {
		if f.sub == nil {
			names = append(names, strings.Join(f.path, "."))
		}
	})
	return names
}

func (o *object) each(f func(*field)) {
	for i := range o.fields {
		f(&o.fields[i])
		if s := o.fields[i].sub; s != nil {
			s.each(f)
		}
	}
	for _, alternatives := range o.ors {
		for _, a := range alternatives {
			a.each(f)
		}
	}
}

// Combinations is how many combinations of values the pattern has: the values of
// its members multiplied, each times its depth, and the alternatives of $or added.
func (p *Pattern) Combinations() int { return p.root.combinations(1) }

func (o *object) combinations(depth int) int {
	n := 1
	for _, f := range o.fields {
		if f.sub != nil {
			n = bounded(n, f.sub.combinations(depth+1))
		} else {
			n = bounded(n, len(f.rules)*depth)
		}
	}
	for _, alternatives := range o.ors {
		sum := 0
		for _, a := range alternatives {
			sum += a.combinations(depth)
		}
		n = bounded(n, sum)
	}
	return n
}

// bounded multiplies without leaving the numbers that anybody asks for.
func bounded(a, b int) int { return min(a*max(b, 1), 1<<30) }

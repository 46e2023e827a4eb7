// Package jsonpath reads and applies JSONPath expressions with the semantics of
// the Jayway library, as Step Functions, API Gateway and EventBridge have them:
// a path that may match many values gives a list even of one, one that can match
// only one gives that or an error.
//
// It must not know any service. Values are those of package jsonvalue.
package jsonpath

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// Path is a parsed path. It does not change.
type Path struct {
	text     string
	root     string
	segments []segment
}

// segment is one step of a path.
type segment struct {
	kind  kind
	deep  bool // .. in front of it: at any depth
	names []string
	index []int
	from  *int // of a slice; nil for the beginning
	to    *int // nil for the end
	test  test
	at    int // offset in the text
}

type kind byte

const (
	member kind = iota // one name, or several for an object of them
	wildcard
	element // one index, or several
	slice
	filter
	last // (@.length-N), N in index
)

// SyntaxError is a text that is not a path.
type SyntaxError struct {
	Path   string
	Offset int // of the byte where it goes wrong
	Reason string
}

// Error says what is wrong and where.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("invalid path %q at character %d: %s", e.Path, e.Offset+1, e.Reason)
}

// NotFoundError is a path that can match only one value and matched none.
type NotFoundError struct {
	Path    string
	Segment string // the part of the path up to what is missing
	Beyond  bool   // it ends with an index behind the end of a list that is there
}

// Error names the path and what is missing.
func (e *NotFoundError) Error() string {
	return fmt.Sprintf("no value at %s, looking for %s", e.Segment, e.Path)
}

// String is the text of the path.
func (p *Path) String() string { return p.text }

// Root is what the path starts from: "" for $, "$" for $$, else the name of a
// variable.
func (p *Path) Root() string { return p.root }

// Definite tells that the path can match one value at most.
func (p *Path) Definite() bool {
	for _, s := range p.segments {
		if s.deep || s.kind == wildcard || s.kind == slice || s.kind == filter || len(s.index) > 1 {
			return false
		}
	}
	return true
}

// Reference tells that the path names one place, which Set can write to: it is
// made of single names and indexes from the start only.
func (p *Path) Reference() bool {
	for _, s := range p.segments {
		if s.deep || s.kind != member && s.kind != element || len(s.names)+len(s.index) != 1 || s.kind == element && s.index[0] < 0 {
			return false
		}
	}
	return true
}

// Get is what the path matches in root. The error is a *NotFoundError; paths that
// are not definite give a list, which may be empty.
func (p *Path) Get(root any) (any, error) {
	if p.Definite() {
		v := root
		for i, s := range p.segments {
			found := s.apply(nil, v, root)
			if len(found) == 0 {
				end := len(p.text)
				if i+1 < len(p.segments) {
					end = p.segments[i+1].at
				}
				_, isList := v.([]any)
				return nil, &NotFoundError{Path: p.text, Segment: p.text[:end], Beyond: isList && s.kind == element && i+1 == len(p.segments)}
			}
			v = found[0]
		}
		return v, nil
	}
	found := []any{root}
	for _, s := range p.segments {
		next := []any{}
		for _, v := range found {
			if s.deep {
				next = s.below(next, v, root)
			} else {
				next = s.apply(next, v, root)
			}
		}
		found = next
	}
	return found, nil
}

// apply adds what s matches in v.
func (s *segment) apply(into []any, v, root any) []any {
	object, _ := v.(*jsonvalue.Object)
	items, isList := v.([]any)
	switch s.kind {
	case member:
		return s.members(into, object, items)
	case wildcard:
		if object != nil {
			for _, x := range object.All() {
				into = append(into, x)
			}
		}
		return append(into, items...)
	case element:
		for _, i := range s.index {
			if i < 0 {
				i += len(items)
			}
			if i >= 0 && i < len(items) {
				into = append(into, items[i])
			}
		}
	case last:
		if i := len(items) - s.index[0]; i >= 0 && i < len(items) {
			into = append(into, items[i])
		}
	case slice:
		from, to := s.bounds(len(items))
		if from < to {
			into = append(into, items[from:to]...)
		}
	case filter:
		if !isList { // an object is tested by itself
			if object != nil && s.test(v, root) {
				into = append(into, v)
			}
			return into
		}
		for _, item := range items {
			if s.test(item, root) {
				into = append(into, item)
			}
		}
	}
	return into
}

func (s *segment) members(into []any, object *jsonvalue.Object, items []any) []any {
	if object == nil {
		if i, err := strconv.Atoi(s.names[0]); err == nil && len(s.names) == 1 && i >= 0 && i < len(items) {
			return append(into, items[i])
		}
		return into
	}
	if len(s.names) == 1 {
		if object.Has(s.names[0]) {
			into = append(into, object.Get(s.names[0]))
		}
		return into
	}
	out := jsonvalue.NewObject(len(s.names))
	for _, name := range s.names {
		if object.Has(name) {
			out.Set(name, object.Get(name))
		}
	}
	return append(into, out)
}

// bounds are the ends of a slice of a list of n. A slice with a beginning does
// not count its end from behind.
func (s *segment) bounds(n int) (from, to int) {
	to = n
	if s.from != nil {
		if from = *s.from; from < 0 {
			from = max(0, n+from)
		}
	}
	if s.to != nil {
		if to = *s.to; to < 0 {
			if s.from != nil && *s.from >= 0 {
				return 0, 0
			}
			to += n
		}
	}
	return from, min(to, n)
}

// below adds what s matches in v and everything within it, outer before inner.
func (s *segment) below(into []any, v, root any) []any {
	into = s.apply(into, v, root)
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			into = s.below(into, item, root)
		}
	case *jsonvalue.Object:
		for _, x := range v.All() {
			into = s.below(into, x, root)
		}
	}
	return into
}

// Set is root with v at the place that p, a reference path, names. Objects on
// the way that are missing are made; what is changed is copied. Lists are written
// to, but not made longer.
func (p *Path) Set(root, v any) (any, error) {
	if !p.Reference() {
		return nil, &SyntaxError{Path: p.text, Reason: "a value can be put only where a path of single names and indexes leads"}
	}
	return p.set(root, v, 0)
}

func (p *Path) set(at, v any, depth int) (any, error) {
	if depth == len(p.segments) {
		return v, nil
	}
	s := p.segments[depth]
	if s.kind == element {
		items, ok := at.([]any)
		if !ok || s.index[0] >= len(items) {
			return nil, p.missing(depth)
		}
		inner, err := p.set(items[s.index[0]], v, depth+1)
		if err != nil {
			return nil, err
		}
		out := slices.Clone(items)
		out[s.index[0]] = inner
		return out, nil
	}
	object, ok := at.(*jsonvalue.Object)
	switch {
	case ok:
		object = object.Clone()
	case at == nil:
		object = jsonvalue.NewObject(1)
	default:
		return nil, p.missing(depth)
	}
	inner, err := p.set(object.Get(s.names[0]), v, depth+1)
	if err != nil {
		return nil, err
	}
	object.Set(s.names[0], inner)
	return object, nil
}

func (p *Path) missing(depth int) error {
	end := len(p.text)
	if depth+1 < len(p.segments) {
		end = p.segments[depth+1].at
	}
	return &NotFoundError{Path: p.text, Segment: p.text[:end]}
}

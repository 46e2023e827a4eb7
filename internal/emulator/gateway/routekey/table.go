package routekey

import "strings"

// A Table finds the value of the key that serves a request, in a time that does not
// grow with the number of keys. The zero Table is empty. It may be read by many at once
// when nothing is added any more.
type Table[T any] struct {
	root  node[T]
	other *entry[T] // of $default
}

// entry is a key and its value.
type entry[T any] struct {
	key   Key
	value T
}

// node is a place in the tree of paths.
type node[T any] struct {
	literals map[string]*node[T]
	variable *node[T]
	here     map[string]*entry[T] // by method, of keys that end here
	greedy   map[string]*entry[T] // by method, of keys that end here with {name+}
}

// Add adds a key, which replaces one of the same shape.
func (t *Table[T]) Add(k Key, value T) {
	e := &entry[T]{k, value}
	if k.IsDefault() {
		t.other = e
		return
	}
	n := &t.root
	for _, s := range k.segments {
		switch s.kind {
		case literal:
			if n.literals == nil {
				n.literals = map[string]*node[T]{}
			}
			if n.literals[s.text] == nil {
				n.literals[s.text] = &node[T]{}
			}
			n = n.literals[s.text]
		case variable:
			if n.variable == nil {
				n.variable = &node[T]{}
			}
			n = n.variable
		case greedy: // the last
			if n.greedy == nil {
				n.greedy = map[string]*entry[T]{}
			}
			n.greedy[k.Method] = e
			return
		}
	}
	if n.here == nil {
		n.here = map[string]*entry[T]{}
	}
	n.here[k.Method] = e
}

// Find returns the value of the key that serves a request, by the precedence that
// [Compare] describes, and the values of its path's variables.
func (t *Table[T]) Find(method, path string) (value T, variables map[string]string, ok bool) {
	parts := split(path)
	e := t.root.find(method, parts)
	if e == nil {
		e = t.root.findGreedy(method, parts)
	}
	if e == nil {
		e = t.other
	}
	if e == nil {
		return value, nil, false
	}
	return e.value, e.key.variables(parts), true
}

// find looks for a key that matches all parts without a greedy variable. It visits each
// node once at most.
func (n *node[T]) find(method string, parts []string) *entry[T] {
	if len(parts) == 0 {
		return of(n.here, method)
	}
	if next := n.literals[parts[0]]; next != nil {
		if e := next.find(method, parts[1:]); e != nil {
			return e
		}
	}
	if n.variable == nil || parts[0] == "" {
		return nil
	}
	return n.variable.find(method, parts[1:])
}

// findGreedy looks for the key with a greedy variable that matches the most before it.
func (n *node[T]) findGreedy(method string, parts []string) *entry[T] {
	if len(parts) == 0 {
		return nil
	}
	if next := n.literals[parts[0]]; next != nil {
		if e := next.findGreedy(method, parts[1:]); e != nil {
			return e
		}
	}
	if n.variable != nil && parts[0] != "" {
		if e := n.variable.findGreedy(method, parts[1:]); e != nil {
			return e
		}
	}
	if len(parts) == 1 && parts[0] == "" {
		return nil
	}
	return of(n.greedy, method)
}

// of is the entry of a method, else that of any.
func of[T any](entries map[string]*entry[T], method string) *entry[T] {
	if e := entries[method]; e != nil {
		return e
	}
	return entries["ANY"]
}

// variables returns the values of the key's variables in a path that it matches.
func (k Key) variables(parts []string) map[string]string {
	var values map[string]string
	for i, s := range k.segments {
		if s.kind == literal {
			continue
		}
		if values == nil {
			values = map[string]string{}
		}
		values[s.text] = parts[i]
		if s.kind == greedy {
			values[s.text] = strings.Join(parts[i:], "/")
		}
	}
	return values
}

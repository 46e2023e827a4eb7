package expr

import (
	"slices"
	"strconv"
	"strings"
)

// A Path leads to a part of an item: the attribute's name, then names within maps
// and indexes within lists.
type Path []Step

// A Step is a name, or an index when Name is empty.
type Step struct {
	Name  string
	Index int
}

func (s Step) String() string {
	if s.Name != "" {
		return s.Name
	}
	return "[" + strconv.Itoa(s.Index) + "]"
}

// String is the path as AWS writes it in messages, such as "[a, b, [1]]".
func (p Path) String() string {
	parts := make([]string, len(p))
	for i, s := range p {
		parts[i] = s.String()
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// Get returns the value that the path leads to, or nil.
func (p Path) Get(item Item) Value {
	var v Value = item
	for _, s := range p {
		switch w := v.(type) {
		case Map:
			if s.Name == "" {
				return nil
			}
			v = w[s.Name]
		case List:
			if s.Name != "" || s.Index >= len(w) {
				return nil
			}
			v = w[s.Index]
		default:
			return nil
		}
	}
	return v
}

// disjoint checks that no path leads to a part of what another leads to, and that
// none takes for a list what another takes for a map.
func disjoint(paths []Path) error {
	for i, a := range paths {
		for _, b := range paths[i+1:] {
			n := min(len(a), len(b))
			at := 0
			for at < n && a[at] == b[at] {
				at++
			}
			switch {
			case at == n:
				return errorf("Two document paths overlap with each other; must remove or rewrite one of these paths; path one: %s, path two: %s", a, b)
			case (a[at].Name == "") != (b[at].Name == ""):
				return errorf("Two document paths conflict with each other; must remove or rewrite one of these paths; path one: %s, path two: %s", a, b)
			}
		}
	}
	return nil
}

// A tree holds something at the ends of disjoint paths.
type tree[T any] struct {
	leaf    bool
	at      T
	names   map[string]*tree[T]
	indexes map[int]*tree[T]
}

func (t *tree[T]) add(p Path, v T) {
	for _, s := range p {
		var next *tree[T]
		if s.Name != "" {
			if t.names == nil {
				t.names = map[string]*tree[T]{}
			}
			if next = t.names[s.Name]; next == nil {
				next = &tree[T]{}
				t.names[s.Name] = next
			}
		} else {
			if t.indexes == nil {
				t.indexes = map[int]*tree[T]{}
			}
			if next = t.indexes[s.Index]; next == nil {
				next = &tree[T]{}
				t.indexes[s.Index] = next
			}
		}
		t = next
	}
	t.leaf, t.at = true, v
}

// A Projection selects parts of an item; the zero Projection selects all of it.
type Projection struct {
	Paths []Path
	tree  *tree[struct{}]
}

// Project returns the projection to the paths, which must be disjoint.
func Project(paths ...Path) Projection {
	p := Projection{Paths: paths, tree: &tree[struct{}]{}}
	for _, path := range paths {
		p.tree.add(path, struct{}{})
	}
	return p
}

// Of returns the selected parts of an item. Elements of lists move together.
func (p Projection) Of(item Item) Item {
	if p.tree == nil {
		return item
	}
	if m, ok := project(p.tree, item).(Map); ok {
		return m
	}
	return Item{}
}

func project(t *tree[struct{}], v Value) Value {
	if t.leaf {
		return v
	}
	switch v := v.(type) {
	case Map:
		m := Map{}
		for name, sub := range t.names {
			if w, ok := v[name]; ok {
				if w = project(sub, w); w != nil {
					m[name] = w
				}
			}
		}
		if len(m) > 0 {
			return m
		}
	case List:
		var l List
		for _, i := range sortedKeys(t.indexes) {
			if i < len(v) {
				if w := project(t.indexes[i], v[i]); w != nil {
					l = append(l, w)
				}
			}
		}
		if len(l) > 0 {
			return l
		}
	}
	return nil
}

func sortedKeys[T any](m map[int]T) []int {
	keys := make([]int, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

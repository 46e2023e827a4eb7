package expr

import (
	"errors"
	"maps"
	"slices"
)

// The errors of applying an update to an item, in AWS's words.
const (
	ErrNoAttribute = Error("The provided expression refers to an attribute that does not exist in the item")
	ErrOperandType = Error("An operand in the update expression has an incorrect data type")
	ErrBadPath     = Error("The document path provided in the update expression is invalid for update")
	ErrChangeType  = Error("Type mismatch for attribute to update") // of legacy updates
)

// An Update is an UpdateExpression; the zero Update changes nothing.
type Update struct {
	// Paths are what the update names as its targets, in their order.
	Paths   []Path
	actions []action
	legacy  bool
}

// Removes reports whether the update can only take away: such an update makes no
// item where there is none.
func (u Update) Removes() bool {
	return len(u.actions) > 0 && !slices.ContainsFunc(u.actions, func(a action) bool {
		return a.section == "SET" || a.section == "ADD"
	})
}

// An action changes the value at one path.
type action struct {
	section string
	path    Path
	value   operand // of SET, ADD and DELETE
}

// The operands that only updates have.
type (
	sum struct {
		minus       bool
		left, right operand
	}
	ifNotExists struct {
		path Path
		or   operand
	}
	listAppend struct{ first, second operand }
	// bad is an operand whose evaluation has gone wrong.
	bad struct {
		Value
		err error
	}
)

func (o sum) eval(item Item) Value {
	l, r := o.left.eval(item), o.right.eval(item)
	if err := errors.Join(missing(l), missing(r)); err != nil {
		return bad{err: firstOf(l, r)}
	}
	a, ok := l.(Number)
	b, ok2 := r.(Number)
	if !ok || !ok2 {
		return bad{err: ErrOperandType}
	}
	return arithmetic(a, b, o.minus)
}

func arithmetic(a, b Number, minus bool) Value {
	f := Number.Add
	if minus {
		f = Number.Sub
	}
	n, err := f(a, b)
	if err != nil {
		return bad{err: err}
	}
	return n
}

func (o ifNotExists) eval(item Item) Value {
	if v := o.path.Get(item); v != nil {
		return v
	}
	return o.or.eval(item)
}

func (o listAppend) eval(item Item) Value {
	l, r := o.first.eval(item), o.second.eval(item)
	if err := errors.Join(missing(l), missing(r)); err != nil {
		return bad{err: firstOf(l, r)}
	}
	a, ok := l.(List)
	b, ok2 := r.(List)
	if !ok || !ok2 {
		return bad{err: ErrOperandType}
	}
	return slices.Concat(a, b)
}

// missing is the error for a value that could not be had.
func missing(v Value) error {
	switch v := v.(type) {
	case nil:
		return ErrNoAttribute
	case bad:
		return v.err
	}
	return nil
}

func firstOf(l, r Value) error {
	if err := missing(l); err != nil {
		return err
	}
	return missing(r)
}

// Apply returns the item as the update leaves it; the item itself stays as it is.
// Every operand is taken from the item before the update. The error is one of the
// above, or of arithmetic, in AWS's words.
func (u Update) Apply(item Item) (Item, error) {
	root := &tree[change]{}
	for _, a := range u.actions {
		c := change{action: a}
		if a.value != nil {
			c.operand = a.value.eval(item)
			if err := missing(c.operand); err != nil {
				return nil, err
			}
		}
		root.add(a.path, c)
	}
	if item == nil {
		item = Item{}
	}
	if len(u.actions) == 0 {
		return item, nil
	}
	v, err := apply(root, item)
	if u.legacy && errors.Is(err, ErrOperandType) {
		err = ErrChangeType
	}
	if err != nil {
		return nil, err
	}
	return v.(Map), nil
}

// change is an action with its operand's value.
type change struct {
	action
	operand Value
}

// of returns what the change makes of the value at its path: nil removes it.
func (c change) of(old Value) (Value, error) {
	switch c.section {
	case "SET":
		if _, ok := c.operand.(gone); ok {
			return nil, nil
		}
		return c.operand, nil
	case "ADD":
		return added(old, c.operand)
	case "DELETE":
		return deleted(old, c.operand)
	}
	return nil, nil
}

func added(old, operand Value) (Value, error) {
	if old == nil {
		return operand, nil
	}
	switch o := operand.(type) {
	case Number:
		if old, ok := old.(Number); ok {
			v := arithmetic(old, o, false)
			return v, missing(v)
		}
	case StringSet:
		if old, ok := old.(StringSet); ok {
			return StringSet(union(old, o)), nil
		}
	case NumberSet:
		if old, ok := old.(NumberSet); ok {
			return NumberSet(union(old, o)), nil
		}
	case BinarySet:
		if old, ok := old.(BinarySet); ok {
			return BinarySet(union(old, o)), nil
		}
	case List: // of legacy updates only
		if old, ok := old.(List); ok {
			return slices.Concat(old, o), nil
		}
	}
	return nil, ErrOperandType
}

func deleted(old, operand Value) (Value, error) {
	if old == nil {
		return nil, nil
	}
	switch o := operand.(type) {
	case StringSet:
		if old, ok := old.(StringSet); ok {
			return nonEmpty(StringSet(without(old, o)))
		}
	case NumberSet:
		if old, ok := old.(NumberSet); ok {
			return nonEmpty(NumberSet(without(old, o)))
		}
	case BinarySet:
		if old, ok := old.(BinarySet); ok {
			return nonEmpty(BinarySet(without(old, o)))
		}
	}
	return nil, ErrOperandType
}

// nonEmpty is nil for an empty set, which DynamoDB does not have.
func nonEmpty[S interface {
	~[]E
	Value
}, E any](set S) (Value, error) {
	if len(set) == 0 {
		return nil, nil
	}
	return set, nil
}

func union[T comparable](a, b []T) []T {
	u := slices.Clone(a)
	for _, e := range b {
		if !slices.Contains(u, e) {
			u = append(u, e)
		}
	}
	return u
}

func without[T comparable](a, b []T) []T {
	var w []T
	for _, e := range a {
		if !slices.Contains(b, e) {
			w = append(w, e)
		}
	}
	return w
}

// apply returns v with the tree's changes.
func apply(t *tree[change], v Value) (Value, error) {
	if t.leaf {
		return t.at.of(v)
	}
	switch v := v.(type) {
	case Map:
		if t.names == nil {
			return nil, ErrBadPath
		}
		m := maps.Clone(v)
		for name, sub := range t.names {
			w, err := step(sub, v[name])
			if err != nil {
				return nil, err
			}
			if w == nil {
				delete(m, name)
			} else {
				m[name] = w
			}
		}
		return m, nil
	case List:
		if t.indexes == nil {
			return nil, ErrBadPath
		}
		return elements(t, v)
	}
	return nil, ErrBadPath
}

// step is apply for a part that may be missing, which only a leaf can make.
func step(t *tree[change], v Value) (Value, error) {
	if v == nil && !t.leaf {
		return nil, ErrBadPath
	}
	return apply(t, v)
}

// elements changes a list: indexes are those before the update, and new elements
// beyond the end follow in the order of their indexes.
func elements(t *tree[change], l List) (Value, error) {
	changed := slices.Clone(l)
	for _, i := range sortedKeys(t.indexes) {
		var old Value
		if i < len(l) {
			old = l[i]
		}
		w, err := step(t.indexes[i], old)
		if err != nil {
			return nil, err
		}
		switch {
		case i < len(l):
			changed[i] = w
		case w != nil:
			changed = append(changed, w)
		}
	}
	return slices.DeleteFunc(changed, func(v Value) bool { return v == nil }), nil
}

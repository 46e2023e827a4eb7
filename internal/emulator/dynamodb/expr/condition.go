package expr

import (
	"slices"
	"strings"
)

// A Condition is a ConditionExpression or FilterExpression; the nil Condition
// holds for every item.
type Condition interface {
	// Holds reports whether the item meets the condition; an absent item is empty.
	Holds(item Item) bool
}

// The forms of conditions.
type (
	and     struct{ left, right Condition }
	or      struct{ left, right Condition }
	not     struct{ of Condition }
	compare struct {
		op          string
		left, right operand
	}
	between struct{ of, low, high operand }
	in      struct {
		of   operand
		list []operand
	}
	function struct {
		name string
		args []operand
	}
)

// An operand is a path, a value, or the function size.
type operand interface {
	// eval returns the operand's value for an item, or nil where there is none.
	eval(item Item) Value
}

type (
	literal struct{ Value }
	sizeOf  struct{ of operand }
)

func (p Path) eval(item Item) Value { return p.Get(item) }
func (l literal) eval(Item) Value   { return l.Value }
func (s sizeOf) eval(item Item) Value {
	v := s.of.eval(item)
	if v == nil {
		return nil
	}
	n, ok := length(v)
	if !ok {
		return nil
	}
	return Int(int64(n))
}

func (c and) Holds(item Item) bool { return c.left.Holds(item) && c.right.Holds(item) }
func (c or) Holds(item Item) bool  { return c.left.Holds(item) || c.right.Holds(item) }
func (c not) Holds(item Item) bool { return !c.of.Holds(item) }

func (c compare) Holds(item Item) bool {
	l, r := c.left.eval(item), c.right.eval(item)
	switch c.op {
	case "=":
		return l != nil && r != nil && Equal(l, r)
	case "<>":
		return l == nil || r == nil || !Equal(l, r)
	}
	order, ok := Compare(l, r)
	if !ok {
		return false
	}
	switch c.op {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	default:
		return order >= 0
	}
}

func (c between) Holds(item Item) bool {
	v := c.of.eval(item)
	low, ok := Compare(v, c.low.eval(item))
	high, ok2 := Compare(v, c.high.eval(item))
	return ok && ok2 && low >= 0 && high <= 0
}

func (c in) Holds(item Item) bool {
	v := c.of.eval(item)
	return v != nil && slices.ContainsFunc(c.list, func(o operand) bool {
		w := o.eval(item)
		return w != nil && Equal(v, w)
	})
}

func (c function) Holds(item Item) bool {
	v := c.args[0].eval(item)
	switch c.name {
	case "attribute_exists":
		return v != nil
	case "attribute_not_exists":
		return v == nil
	}
	if v == nil {
		return false
	}
	arg := c.args[1].eval(item)
	switch c.name {
	case "attribute_type":
		return arg == String(v.Type())
	case "begins_with":
		return beginsWith(v, arg)
	default:
		return contains(v, arg)
	}
}

func beginsWith(v, prefix Value) bool {
	switch v := v.(type) {
	case String:
		p, ok := prefix.(String)
		return ok && strings.HasPrefix(string(v), string(p))
	case Binary:
		p, ok := prefix.(Binary)
		return ok && strings.HasPrefix(string(v), string(p))
	}
	return false
}

func contains(v, part Value) bool {
	switch v := v.(type) {
	case String:
		p, ok := part.(String)
		return ok && strings.Contains(string(v), string(p))
	case Binary:
		p, ok := part.(Binary)
		return ok && strings.Contains(string(v), string(p))
	case List:
		return part != nil && slices.ContainsFunc(v, func(e Value) bool { return Equal(e, part) })
	case StringSet:
		p, ok := part.(String)
		return ok && slices.Contains(v, string(p))
	case NumberSet:
		p, ok := part.(Number)
		return ok && slices.Contains(v, p)
	case BinarySet:
		p, ok := part.(Binary)
		return ok && slices.Contains(v, string(p))
	}
	return false
}

package expr

import "slices"

// A Comparison is a legacy condition on one attribute of an item: an element of
// Expected, QueryFilter, ScanFilter or KeyConditions.
type Comparison struct {
	Attribute string
	// Operator is a ComparisonOperator: EQ, NE, LE, LT, GE, GT, NOT_NULL, NULL,
	// CONTAINS, NOT_CONTAINS, BEGINS_WITH, IN or BETWEEN.
	Operator string
	// Values are the operands: none, one, two, or for IN any number.
	Values []Value
}

// legacyOperators are how many operands legacy operators take, at least and at
// most, and of which types; nil for any type.
var legacyOperators = map[string]struct {
	least, most int
	types       []string
}{
	"EQ":           {1, 1, nil},
	"NE":           {1, 1, nil},
	"LE":           {1, 1, []string{"S", "N", "B"}},
	"LT":           {1, 1, []string{"S", "N", "B"}},
	"GE":           {1, 1, []string{"S", "N", "B"}},
	"GT":           {1, 1, []string{"S", "N", "B"}},
	"NOT_NULL":     {0, 0, nil},
	"NULL":         {0, 0, nil},
	"CONTAINS":     {1, 1, []string{"S", "N", "B"}},
	"NOT_CONTAINS": {1, 1, []string{"S", "N", "B"}},
	"BEGINS_WITH":  {1, 1, []string{"S", "B"}},
	"IN":           {1, 1 << 20, []string{"S", "N", "B"}},
	"BETWEEN":      {2, 2, []string{"S", "N", "B"}},
}

// Check checks the number and the types of the operands. The error's text is AWS's.
func (c Comparison) Check() error {
	const invalid = "One or more parameter values were invalid: "
	o := legacyOperators[c.Operator]
	if len(c.Values) < o.least || len(c.Values) > o.most {
		return errorf(invalid+"Invalid number of argument(s) for the %s ComparisonOperator", c.Operator)
	}
	for _, v := range c.Values {
		if v.Type() != c.Values[0].Type() {
			return errorf(invalid + "AttributeValues inside AttributeValueList must be of same type")
		}
		if o.types != nil && !slices.Contains(o.types, v.Type()) {
			return errorf(invalid+"ComparisonOperator %s is not valid for %s AttributeValue type", c.Operator, v.Type())
		}
	}
	if c.Operator == "BETWEEN" {
		if order, _ := Compare(c.Values[0], c.Values[1]); order > 0 {
			return errorf("The BETWEEN condition was provided a range where the lower bound is greater than the upper bound")
		}
	}
	return nil
}

// symbols are the legacy operators that expressions write as symbols.
var symbols = map[string]string{"EQ": "=", "NE": "<>", "LE": "<=", "LT": "<", "GE": ">=", "GT": ">"}

// Condition is the condition that the comparison, which has been checked, makes.
func (c Comparison) Condition() Condition {
	path := Path{{Name: c.Attribute}}
	operands := make([]operand, len(c.Values))
	for i, v := range c.Values {
		operands[i] = literal{v}
	}
	switch c.Operator {
	case "NOT_NULL":
		return function{"attribute_exists", []operand{path}}
	case "NULL":
		return function{"attribute_not_exists", []operand{path}}
	case "CONTAINS":
		return function{"contains", []operand{path, operands[0]}}
	case "NOT_CONTAINS":
		return not{function{"contains", []operand{path, operands[0]}}}
	case "BEGINS_WITH":
		return function{"begins_with", []operand{path, operands[0]}}
	case "IN":
		return in{path, operands}
	case "BETWEEN":
		return between{path, operands[0], operands[1]}
	}
	return compare{symbols[c.Operator], path, operands[0]}
}

// KeyTerm is the comparison, which has been checked, as a condition on a key
// attribute; ok is false for operators that no index can serve.
func (c Comparison) KeyTerm() (t KeyTerm, ok bool) {
	t = KeyTerm{Name: c.Attribute, Op: c.Operator, Values: c.Values}
	switch c.Operator {
	case "BETWEEN":
		return t, true
	case "BEGINS_WITH":
		t.Op = "begins_with"
		return t, true
	case "NE":
		return t, false
	}
	t.Op, ok = symbols[c.Operator]
	return t, ok
}

// Every is the condition that all of the list hold; nil for none.
func Every(list []Condition) Condition {
	return joined(list, func(a, b Condition) Condition { return and{a, b} })
}

// Any is the condition that one of the list holds; nil for none.
func Any(list []Condition) Condition {
	return joined(list, func(a, b Condition) Condition { return or{a, b} })
}

func joined(list []Condition, join func(a, b Condition) Condition) Condition {
	var all Condition
	for _, c := range list {
		if all == nil {
			all = c
		} else {
			all = join(all, c)
		}
	}
	return all
}

// A Change is a legacy update of one attribute: an element of AttributeUpdates.
type Change struct {
	Attribute string
	Action    string // PUT, ADD or DELETE
	Value     Value  // nil only with DELETE
}

// Check checks that the action takes a value of that type. The error's text is
// AWS's.
func (c Change) Check() error {
	const invalid = "One or more parameter values were invalid: "
	switch {
	case c.Value == nil && c.Action != "DELETE":
		return errorf(invalid + "Only DELETE action is allowed when no attribute value is specified")
	case c.Value == nil || c.Action == "PUT":
		return nil
	case c.Action == "DELETE" && !slices.Contains([]string{"SS", "NS", "BS"}, c.Value.Type()):
		return errorf(invalid+"DELETE action with value is not supported for the type %s", c.Value.Type())
	case c.Action == "ADD" && !slices.Contains([]string{"N", "SS", "NS", "BS", "L"}, c.Value.Type()):
		return errorf(invalid+"ADD action is not supported for the type %s", c.Value.Type())
	}
	return nil
}

// Changes is the update that the changes, which have been checked, make.
func Changes(list []Change) Update {
	u := Update{legacy: true}
	for _, c := range list {
		a := action{section: c.Action, path: Path{{Name: c.Attribute}}}
		switch {
		case c.Value == nil:
			a.section = "REMOVE"
		case c.Action == "PUT":
			a.section = "SET"
		}
		if c.Value != nil {
			a.value = literal{c.Value}
		}
		u.Paths, u.actions = append(u.Paths, a.path), append(u.actions, a)
	}
	return u
}

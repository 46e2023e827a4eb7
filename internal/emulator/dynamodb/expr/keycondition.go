package expr

import (
	"fmt"
)

// A KeyTerm is what a KeyConditionExpression demands of one key attribute.
type KeyTerm struct {
	Name string
	// Op is one of = < <= > >= BETWEEN begins_with.
	Op string
	// Values are the operand, or the two bounds of BETWEEN.
	Values []Value
}

// KeyCondition reads a KeyConditionExpression: terms joined by AND, one for each
// attribute. Which attributes are keys, and of what type, is the table's to say.
func (p *Params) KeyCondition(src string) ([]KeyTerm, error) {
	c, err := parse(p, KeyConditionExpression, src, func(p *parser) Condition { return p.condition() })
	if err != nil {
		return nil, err
	}
	terms, err := keyTerms(nil, c)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, t := range terms {
		if seen[t.Name] {
			return nil, errorf("Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key")
		}
		seen[t.Name] = true
	}
	return terms, nil
}

func keyTerms(terms []KeyTerm, c Condition) ([]KeyTerm, error) {
	operator := func(op string) error {
		return errorf("Invalid operator used in KeyConditionExpression: %s", op)
	}
	switch c := c.(type) {
	case and:
		terms, err := keyTerms(terms, c.left)
		if err != nil {
			return nil, err
		}
		return keyTerms(terms, c.right)
	case or:
		return nil, operator("OR")
	case not:
		return nil, operator("NOT")
	case in:
		return nil, operator("IN")
	case function:
		if c.name != "begins_with" {
			return nil, operator(c.name)
		}
		return keyTerm(terms, "begins_with", c.args[0], c.args[1])
	case between:
		return keyTerm(terms, "BETWEEN", c.of, c.low, c.high)
	case compare:
		if c.op == "<>" {
			return nil, operator("<>")
		}
		if _, ok := c.left.(literal); ok {
			return keyTerm(terms, mirrored(c.op), c.right, c.left)
		}
		return keyTerm(terms, c.op, c.left, c.right)
	}
	return nil, operator(fmt.Sprint(c))
}

// mirrored is the operator when its operands change sides.
func mirrored(op string) string {
	switch op {
	case "<":
		return ">"
	case "<=":
		return ">="
	case ">":
		return "<"
	case ">=":
		return "<="
	}
	return op
}

func keyTerm(terms []KeyTerm, op string, key operand, operands ...operand) ([]KeyTerm, error) {
	path, ok := key.(Path)
	if !ok {
		if _, ok := key.(sizeOf); ok {
			return nil, errorf("KeyConditionExpressions cannot contain nested operations")
		}
		return nil, errorf("Invalid condition in KeyConditionExpression: No key attribute specified")
	}
	if len(path) > 1 {
		return nil, errorf("KeyConditionExpressions cannot have conditions on nested attributes")
	}
	t := KeyTerm{Name: path[0].Name, Op: op}
	for _, o := range operands {
		switch o := o.(type) {
		case literal:
			t.Values = append(t.Values, o.Value)
		case Path:
			return nil, errorf("Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition")
		default:
			return nil, errorf("KeyConditionExpressions cannot contain nested operations")
		}
	}
	return append(terms, t), nil
}

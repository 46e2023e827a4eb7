package expr

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// functions are the functions of conditions and how many operands they take.
var functions = map[string]int{
	"attribute_exists":     1,
	"attribute_not_exists": 1,
	"attribute_type":       2,
	"begins_with":          2,
	"contains":             2,
	"size":                 1,
}

// Condition reads a ConditionExpression or FilterExpression, which kind names.
func (p *Params) Condition(kind, src string) (Condition, error) {
	return parse(p, kind, src, func(p *parser) Condition { return p.condition() })
}

// condition reads alternatives, of which NOT binds closest and OR least.
func (p *parser) condition() Condition { return p.boolean(p.or()) }

// boolean checks that what was read is a condition and not an operand.
func (p *parser) boolean(n any) Condition {
	switch n := n.(type) {
	case Condition:
		return n
	case sizeOf:
		p.fault(faultFunction, "The function is not allowed to be used this way in an expression; function: size")
		return not{}
	}
	p.unexpected()
	return nil
}

// The reading functions below return a Condition, or an operand where no operator
// followed one: only then is it known whether parentheses hold the one or the other.
func (p *parser) or() any {
	n := p.and()
	for p.peek().is("OR") {
		left := p.boolean(n)
		p.pos++
		p.operators++
		n = or{left, p.boolean(p.and())}
	}
	return n
}

func (p *parser) and() any {
	n := p.not()
	for p.peek().is("AND") {
		left := p.boolean(n)
		p.pos++
		p.operators++
		n = and{left, p.boolean(p.not())}
	}
	return n
}

func (p *parser) not() any {
	if p.accept("NOT") {
		p.operators++
		return not{p.boolean(p.not())}
	}
	return p.comparison()
}

func (p *parser) comparison() any {
	n := p.primary()
	t := p.peek()
	switch {
	case t.kind == tokenSymbol && slices.Contains([]string{"=", "<>", "<", "<=", ">", ">="}, t.text):
		left := p.operand(n)
		p.pos++
		p.operators++
		c := compare{t.text, left, p.operand(p.primary())}
		if t.text != "=" && t.text != "<>" {
			p.ordered(t.text, c.left, c.right)
		}
		p.distinct(t.text, c.left, c.right)
		return c
	case t.is("BETWEEN"):
		of := p.operand(n)
		p.pos++
		p.operators++
		low := p.operand(p.primary())
		p.expect("AND")
		c := between{of, low, p.operand(p.primary())}
		p.ordered("BETWEEN", c.of, c.low, c.high)
		p.distinct("BETWEEN", c.of, c.low, c.high)
		p.bounds(c)
		return c
	case t.is("IN"):
		of := p.operand(n)
		p.pos++
		p.operators++
		p.expect("(")
		c := in{of, []operand{p.operand(p.primary())}}
		for p.accept(",") {
			c.list = append(c.list, p.operand(p.primary()))
		}
		p.expect(")")
		if len(c.list) > maxIn {
			p.fault(faultOperands, "Incorrect number of operands for operator or function; operator or function: IN, number of operands: %d", len(c.list)+1)
		}
		p.distinct("IN", append([]operand{of}, c.list...)...)
		return c
	}
	return n
}

// operand checks that what was read is an operand.
func (p *parser) operand(n any) operand {
	switch n := n.(type) {
	case operand:
		return n
	case function:
		p.fault(faultFunction, "The function is not allowed to be used this way in an expression; function: %s", n.name)
		return literal{}
	}
	p.unexpected()
	return nil
}

func (p *parser) primary() any {
	t := p.peek()
	switch {
	case p.accept("("):
		double := p.peek().is("(")
		start := p.pos
		n := p.or()
		p.expect(")")
		// Parentheses are redundant around parentheses that hold all of it.
		if double && p.closing(start) == p.pos-2 {
			p.fault(faultParentheses, "The expression has redundant parentheses;")
		}
		return n
	case t.kind == tokenValue:
		return literal{p.value()}
	case t.kind == tokenWord && p.tokens[p.pos+1].is("("):
		return p.call()
	}
	return p.path()
}

// closing is the position of the parenthesis that closes the one at open.
func (p *parser) closing(open int) int {
	depth := 0
	for i := open; i < len(p.tokens); i++ {
		switch {
		case p.tokens[i].is("("):
			depth++
		case p.tokens[i].is(")"):
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

func (p *parser) call() any {
	name := p.next().text
	p.expect("(")
	p.operators++
	args := []operand{p.operand(p.primary())}
	for p.accept(",") {
		args = append(args, p.operand(p.primary()))
	}
	p.expect(")")
	f := function{name, args}
	want, ok := functions[name]
	switch {
	case name == "if_not_exists" || name == "list_append":
		p.fault(faultFunction, "The function is not allowed in a condition expression; function: %s", name)
	case !ok:
		p.fault(faultFunction, "Invalid function name; function: %s", name)
	case len(args) != want:
		p.fault(faultOperands, "Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d", name, len(args))
	case name == "size":
		p.typed(name, args[0], "S", "B", "SS", "NS", "BS", "L", "M")
		return sizeOf{args[0]}
	default:
		p.arguments(f)
	}
	return f
}

// arguments checks the operands of a function other than size.
func (p *parser) arguments(f function) {
	switch f.name {
	case "attribute_exists", "attribute_not_exists":
		if _, ok := f.args[0].(Path); !ok {
			p.fault(faultType, "Operator or function requires a document path; operator or function: %s", f.name)
		}
		return
	case "attribute_type":
		types := []string{"B", "NULL", "SS", "BOOL", "L", "BS", "N", "NS", "S", "M"}
		name, ok := f.args[1].(literal)
		if !ok {
			p.fault(faultType, "Incorrect operand type for operator or function; operator or function: attribute_type, operand type: {NS,SS,L,BS,N,M,B,BOOL,NULL,S}")
		} else if s, ok := name.Value.(String); ok && !slices.Contains(types, string(s)) {
			p.fault(faultType, "Invalid attribute type name found; type: %s, valid types: {%s}", s, strings.Join(types, ","))
		}
		p.typed(f.name, f.args[1], "S")
	case "begins_with":
		p.typed(f.name, f.args[0], "S", "B")
		p.typed(f.name, f.args[1], "S", "B")
	case "contains":
		p.typed(f.name, f.args[0], "S", "B", "SS", "NS", "BS", "L")
	}
	p.distinct(f.name, f.args...)
}

// typed checks the type of an operand that is a value.
func (p *parser) typed(of string, o operand, types ...string) {
	if l, ok := o.(literal); ok && l.Value != nil && !slices.Contains(types, l.Type()) {
		p.fault(faultType, "Incorrect operand type for operator or function; operator or function: %s, operand type: %s", of, l.Type())
	}
}

func (p *parser) ordered(op string, operands ...operand) {
	for _, o := range operands {
		p.typed(op, o, "S", "N", "B")
	}
}

// distinct checks that the first operand is not a path that stands again.
func (p *parser) distinct(of string, operands ...operand) {
	first, ok := operands[0].(Path)
	if !ok {
		return
	}
	for _, o := range operands[1:] {
		if path, ok := o.(Path); ok && slices.Equal(path, first) {
			p.fault(faultDistinct, "The first operand must be distinct from the remaining operands for this operator or function; operator: %s, first operand: %s", of, first)
		}
	}
}

// bounds checks the limits of BETWEEN where both are values.
func (p *parser) bounds(c between) {
	low, ok := c.low.(literal)
	high, ok2 := c.high.(literal)
	if !ok || !ok2 || low.Value == nil || high.Value == nil {
		return
	}
	operands := fmt.Sprintf("lower bound operand: AttributeValue: %s, upper bound operand: AttributeValue: %s", describe(low.Value), describe(high.Value))
	order, ok := Compare(low.Value, high.Value)
	switch {
	case low.Type() != high.Type():
		p.fault(faultDistinct, "The BETWEEN operator requires same data type for lower and upper bounds; %s", operands)
	case ok && order > 0:
		p.fault(faultDistinct, "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; %s", operands)
	}
}

// describe is a value as AWS writes it in messages, such as {N:12}.
func describe(v Value) string {
	switch v := v.(type) {
	case String:
		return "{S:" + string(v) + "}"
	case Number:
		return "{N:" + v.String() + "}"
	case Binary:
		return "{B:" + strconv.Quote(string(v)) + "}"
	}
	return "{" + v.Type() + "}"
}

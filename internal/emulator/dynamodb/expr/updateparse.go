package expr

import (
	"slices"
	"strings"
)

// Update reads an UpdateExpression.
func (p *Params) Update(src string) (Update, error) {
	return parse(p, UpdateExpression, src, func(p *parser) Update { return p.update() })
}

func (p *parser) update() Update {
	var u Update
	seen := map[string]bool{}
	for {
		t := p.peek()
		section := strings.ToUpper(t.text)
		if t.kind != tokenWord || !slices.Contains([]string{"SET", "REMOVE", "ADD", "DELETE"}, section) {
			p.unexpected()
		}
		p.pos++
		if seen[section] {
			p.fault(faultSection, "The \"%s\" section can only be used once in an update expression;", section)
		}
		seen[section] = true
		u.actions = append(u.actions, p.action(section))
		for p.accept(",") {
			u.actions = append(u.actions, p.action(section))
		}
		if p.peek().kind == tokenEnd {
			break
		}
	}
	for _, a := range u.actions {
		u.Paths = append(u.Paths, a.path)
	}
	if err := disjoint(u.Paths); err != nil {
		p.fault(faultPaths, "%s", err)
	}
	return u
}

func (p *parser) action(section string) action {
	a := action{section: section, path: p.path()}
	switch section {
	case "SET":
		p.expect("=")
		a.value = p.setValue()
	case "ADD":
		a.value = p.sectionValue(section, "N", "SS", "NS", "BS")
	case "DELETE":
		a.value = p.sectionValue(section, "SS", "NS", "BS")
	}
	return a
}

// typeNames are the types as AWS names them for ADD and DELETE.
var typeNames = map[string]string{
	"S": "STRING", "N": "NUMBER", "B": "BINARY", "BOOL": "BOOLEAN", "NULL": "NULL",
	"L": "LIST", "M": "MAP", "SS": "STRING_SET", "NS": "NUMBER_SET", "BS": "BINARY_SET",
}

func (p *parser) sectionValue(section string, types ...string) operand {
	if p.peek().kind != tokenValue {
		p.unexpected()
	}
	v := p.value()
	if v != nil && !slices.Contains(types, v.Type()) {
		p.fault(faultType, "Incorrect operand type for operator or function; operator: %s, operand type: %s, typeSet: ALLOWED_FOR_%s_OPERAND", section, typeNames[v.Type()], section)
	}
	return literal{v}
}

func (p *parser) setValue() operand {
	left := p.setOperand()
	t := p.peek()
	if !t.is("+") && !t.is("-") {
		return left
	}
	p.pos++
	p.operators++
	right := p.setOperand()
	p.typed(t.text, left, "N")
	p.typed(t.text, right, "N")
	return sum{t.text == "-", left, right}
}

func (p *parser) setOperand() operand {
	t := p.peek()
	switch {
	case p.accept("("):
		o := p.setValue()
		p.expect(")")
		return o
	case t.kind == tokenValue:
		return literal{p.value()}
	case t.kind == tokenWord && p.tokens[p.pos+1].is("("):
		return p.setCall()
	}
	return p.path()
}

func (p *parser) setCall() operand {
	name := p.next().text
	p.expect("(")
	p.operators++
	args := []operand{p.setOperand()}
	for p.accept(",") {
		args = append(args, p.setOperand())
	}
	p.expect(")")
	_, condition := functions[name]
	switch {
	case condition:
		p.fault(faultFunction, "The function is not allowed in an update expression; function: %s", name)
	case name != "if_not_exists" && name != "list_append":
		p.fault(faultFunction, "Invalid function name; function: %s", name)
	case len(args) != 2:
		p.fault(faultOperands, "Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d", name, len(args))
	case name == "if_not_exists":
		path, ok := args[0].(Path)
		if !ok {
			p.fault(faultType, "Operator or function requires a document path; operator or function: if_not_exists")
		}
		return ifNotExists{path, args[1]}
	default:
		p.typed(name, args[0], "L")
		p.typed(name, args[1], "L")
		return listAppend{args[0], args[1]}
	}
	return literal{}
}

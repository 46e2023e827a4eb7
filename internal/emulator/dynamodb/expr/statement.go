package expr

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Statement is a PartiQL statement on one table.
type Statement struct {
	// Verb is SELECT, INSERT, UPDATE, DELETE, or EXISTS for a SELECT of one item
	// whose condition a transaction checks.
	Verb  string
	Table string
	Index string // of a SELECT; empty for the table itself
	// Paths are what a SELECT asks for; nil for all of the item.
	Paths []Path
	// Where is the condition, or nil.
	Where Condition
	// Order names the attribute that a SELECT is ordered by, or is empty.
	Order      string
	Descending bool
	// Item is what an INSERT adds.
	Item Item
	// Update is what an UPDATE does.
	Update Update
	// Returning is what follows RETURNING, such as "ALL OLD *", or empty.
	Returning string
}

// notWell begins the errors of statements that cannot be read.
const notWell = "Statement wasn't well formed, can't be processed: "

// ParseStatement reads a PartiQL statement, whose question marks stand for the
// parameters in their order. The error's text is AWS's where it is known.
func ParseStatement(src string, parameters []Value) (s Statement, err error) {
	p := &statement{parser: parser{params: &Params{}, src: src}, values: parameters}
	defer func() {
		switch e := recover().(type) {
		case nil:
		case statementError:
			err = Error(e)
		default:
			panic(e)
		}
	}()
	p.tokens = lexStatement(src)
	s = p.statement()
	p.accept(";")
	if p.peek().kind != tokenEnd {
		p.fail(leftOver)
	}
	if p.used != len(parameters) {
		return s, errorf("Number of parameters in request and statement don't match.")
	}
	for _, err := range p.faults {
		if err != nil {
			return s, err
		}
	}
	return s, nil
}

// A statement is the parser of one statement. It shares the checks of operands with
// the parser of expressions, and reads operands by itself.
type statement struct {
	parser
	values []Value
	used   int
	item   bool   // the next value is the item of an INSERT
	inside string // where in a value the one stands that is being read
	target Path   // what the value that is being read is assigned to, or nil
}

const leftOver = "Unexpected token after expression"

// stop ends the reading with an error of its own.
func (p *statement) stop(format string, args ...any) {
	panic(statementError(fmt.Sprintf(format, args...)))
}

// place is where a token stands, as AWS's texts have it: line, column and length.
func (p *statement) place(t token) string {
	before := p.src[:t.start]
	line := before[strings.LastIndexByte(before, '\n')+1:]
	return fmt.Sprintf("%d:%d:%d", 1+strings.Count(before, "\n"), 1+utf8.RuneCountInString(line), utf8.RuneCountInString(p.src[t.start:t.end]))
}

// A statementError ends the reading of a statement; it does not leave the package
// as a panic.
type statementError string

func (p *statement) fail(format string, args ...any) {
	panic(statementError(notWell + fmt.Sprintf(format, args...)))
}

func (p *statement) need(words ...string) {
	for _, w := range words {
		if !p.accept(w) {
			p.fail("Expected %s", w)
		}
	}
}

func (p *statement) statement() Statement {
	s := Statement{Verb: strings.ToUpper(p.next().text)}
	switch s.Verb {
	case "SELECT":
		p.selection(&s)
	case "EXISTS":
		p.need("(", "SELECT")
		p.selection(&s)
		p.need("WHERE")
		s.Where = p.condition()
		p.need(")")
		return s
	case "INSERT":
		p.need("INTO")
		p.from(&s)
		if t := p.peek(); t.kind == tokenWord && !t.is("VALUE") {
			p.fail(leftOver)
		}
		p.need("VALUE")
		p.item = true
		item, ok := p.value().(Map)
		if !ok {
			p.fail("Expected a tuple")
		}
		s.Item = item
	case "UPDATE":
		p.from(&s)
		p.changes(&s.Update)
	case "DELETE":
		p.need("FROM")
		p.from(&s)
	default:
		p.fail("Expected data manipulation")
	}
	if s.Verb != "INSERT" && p.accept("WHERE") {
		s.Where = p.condition()
	}
	if s.Verb == "SELECT" && p.accept("ORDER") {
		p.need("BY")
		s.Order = p.path()[0].Name
		s.Descending = p.accept("DESC")
		_ = s.Descending || p.accept("ASC")
	}
	if p.accept("RETURNING") {
		s.Returning = p.returning(s.Verb)
	}
	return s
}

func (p *statement) selection(s *Statement) {
	if !p.accept("*") {
		s.Paths = []Path{p.projected()}
		for p.accept(",") {
			s.Paths = append(s.Paths, p.projected())
		}
	}
	p.need("FROM")
	p.from(s)
}

// projected reads what a SELECT asks for, which is a path and no function.
func (p *statement) projected() Path {
	t := p.peek()
	if t.kind == tokenWord && p.tokens[p.pos+1].is("(") {
		p.stop("Unexpected path component at %s", p.place(t))
	}
	return p.path()
}

// from reads the name of a table, and of one of its indexes.
func (p *statement) from(s *Statement) {
	var names []string
	for {
		t := p.next()
		if t.kind != tokenWord && t.kind != tokenName {
			p.fail("Expected identifier")
		}
		if t.text == "" {
			panic(statementError("Path component cannot be an empty string"))
		}
		names = append(names, t.text)
		if !p.accept(".") {
			break
		}
	}
	if len(names) > 2 {
		panic(statementError("A path may contain at most 2 components in the FROM clause"))
	}
	s.Table = names[0]
	if len(names) == 2 {
		s.Index = names[1]
	}
	t := p.peek()
	clause := slices.ContainsFunc([]string{"WHERE", "ORDER", "SET", "REMOVE", "RETURNING", "VALUE"}, t.is)
	if s.Verb != "INSERT" && (t.kind == tokenName || t.kind == tokenWord && !clause) {
		p.stop("Aliasing is not supported")
	}
}

// changes reads the SET and REMOVE clauses of an UPDATE, in any order.
func (p *statement) changes(u *Update) {
	for {
		switch {
		case p.accept("SET"):
			for {
				a := action{section: "SET", path: p.path()}
				p.need("=")
				p.target = a.path
				a.value = p.sum()
				p.target = nil
				u.actions, u.Paths = append(u.actions, a), append(u.Paths, a.path)
				if !p.accept(",") {
					break
				}
			}
		case p.accept("REMOVE"):
			a := action{section: "REMOVE", path: p.path()}
			u.actions, u.Paths = append(u.actions, a), append(u.Paths, a.path)
		default:
			if len(u.actions) == 0 {
				p.fail("Expected SET or REMOVE")
			}
			if err := disjoint(u.Paths); err != nil {
				p.fault(faultPaths, "%s", err)
			}
			return
		}
	}
}

// returning reads ALL|MODIFIED OLD|NEW *.
func (p *statement) returning(verb string) string {
	which, when := strings.ToUpper(p.next().text), strings.ToUpper(p.next().text)
	if which != "ALL" && which != "MODIFIED" || when != "OLD" && when != "NEW" {
		p.fail("Expected RETURNING clause")
	}
	p.need("*")
	text := which + " " + when + " *"
	switch {
	case verb == "DELETE" && text != "ALL OLD *":
		panic(statementError("Invalid returning clause: RETURNING " + text + ". Only RETURNING ALL OLD * is allowed in DELETE statements."))
	case verb != "DELETE" && verb != "UPDATE":
		p.fail("RETURNING is not allowed in %s statements", verb)
	}
	return text
}

// The binding powers of operators, from OR, which binds least.
const (
	bindOr = iota + 1
	bindAnd
	bindNot
	bindCompare
	bindSum
)

var binds = map[string]int{
	"OR": bindOr, "AND": bindAnd, "=": bindCompare, "<>": bindCompare, "!=": bindCompare, "<": bindCompare, "<=": bindCompare,
	">": bindCompare, ">=": bindCompare, "IN": bindCompare, "BETWEEN": bindCompare, "IS": bindCompare, "NOT": bindCompare,
	"+": bindSum, "-": bindSum,
}

func (p *statement) condition() Condition { return p.truth(p.expression(0)) }

func (p *statement) sum() operand { return p.operandOf(p.expression(bindCompare)) }

func (p *statement) truth(n any) Condition {
	c, ok := n.(Condition)
	if !ok {
		p.fail("Expected a condition")
	}
	return c
}

func (p *statement) operandOf(n any) operand {
	o, ok := n.(operand)
	if !ok {
		p.fail("Expected an operand")
	}
	return o
}

// maxDepth is how deep a statement nests, which keeps the reader's own stack small.
const maxDepth = 200

// expression reads operators that bind closer than least: a Condition or an operand.
func (p *statement) expression(least int) any {
	if p.operators++; p.operators > maxOperators*4 || p.depth() > maxDepth {
		p.fail("Expression is too long")
	}
	left := p.prefix()
	for {
		op := strings.ToUpper(p.peek().text)
		bind := binds[op]
		if t := p.peek(); t.kind != tokenWord && t.kind != tokenSymbol || bind == 0 || bind <= least {
			return left
		}
		p.pos++
		left = p.infix(left, op, bind)
	}
}

// depth is how many parentheses and brackets stand open.
func (p *statement) depth() int {
	n := 0
	for _, t := range p.tokens[:p.pos] {
		switch t.text {
		case "(", "[", "{":
			n++
		case ")", "]", "}":
			n--
		case "NOT", "not":
			n++
		}
	}
	return n
}

func (p *statement) infix(left any, op string, bind int) any {
	switch op {
	case "OR":
		return or{p.truth(left), p.truth(p.expression(bind))}
	case "AND":
		return and{p.truth(left), p.truth(p.expression(bind))}
	case "+", "-":
		return sum{op == "-", p.operandOf(left), p.operandOf(p.expression(bind))}
	case "NOT":
		op = strings.ToUpper(p.next().text)
		if op != "IN" && op != "BETWEEN" {
			p.fail("Expected IN or BETWEEN")
		}
		return not{p.truth(p.infix(left, op, bind))}
	case "IS":
		return p.is(p.operandOf(left))
	case "IN":
		return p.in(p.operandOf(left))
	case "BETWEEN":
		low := p.operandOf(p.expression(bind))
		p.need("AND")
		c := between{p.operandOf(left), low, p.operandOf(p.expression(bind))}
		p.ordered("BETWEEN", c.of, c.low, c.high)
		return c
	}
	if op == "!=" {
		op = "<>"
	}
	c := compare{op, p.operandOf(left), p.operandOf(p.expression(bind))}
	if op != "=" && op != "<>" {
		p.ordered(op, c.left, c.right)
	}
	return c
}

// is reads what follows IS: [NOT] MISSING or NULL.
func (p *statement) is(of operand) Condition {
	negated := p.accept("NOT")
	var c Condition
	switch {
	case p.accept("MISSING"):
		c = function{"attribute_not_exists", []operand{of}}
	case p.accept("NULL"):
		c = compare{"=", of, literal{Null{}}}
	default:
		p.fail("Expected MISSING or NULL")
	}
	if negated {
		return not{c}
	}
	return c
}

func (p *statement) in(of operand) Condition {
	end := "]"
	if !p.accept("[") {
		p.need("(")
		end = ")"
	}
	c := in{of: of}
	for {
		c.list = append(c.list, p.operandOf(p.expression(bindCompare)))
		if !p.accept(",") {
			break
		}
	}
	p.need(end)
	return c
}

func (p *statement) prefix() any {
	t := p.peek()
	switch {
	case p.accept("("):
		n := p.expression(0)
		p.need(")")
		return n
	case t.is("NOT"):
		p.pos++
		return not{p.truth(p.expression(bindNot))}
	case t.kind == tokenWord && p.tokens[p.pos+1].is("(") && binds[strings.ToUpper(t.text)] == 0:
		return p.call()
	case t.kind == tokenName || t.kind == tokenWord && !constant(t):
		return p.path()
	}
	return literal{p.value()}
}

// constant reports whether a word is a value.
func constant(t token) bool { return t.is("TRUE") || t.is("FALSE") || t.is("NULL") }

// path reads a document path.
func (p *statement) path() Path {
	t := p.next()
	if t.kind != tokenName && (t.kind != tokenWord || constant(t)) {
		p.fail("Expected identifier")
	}
	path := Path{{Name: t.text}}
	for {
		switch {
		case p.accept("."):
			t := p.next()
			if t.kind != tokenName && t.kind != tokenWord || t.kind == tokenWord && sqlKeywords()[strings.ToUpper(t.text)] {
				p.fail("Invalid path dot component")
			}
			path = append(path, Step{Name: t.text})
		case p.accept("["):
			t := p.next()
			i, ok := atoi(t.text)
			if t.kind != tokenIndex || !ok {
				p.fail("Expected a list index")
			}
			p.need("]")
			path = append(path, Step{Index: i})
		default:
			if len(path) > maxPath {
				p.fail("The document path has too many nesting elements")
			}
			return path
		}
	}
}

package vtl

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// expression is something that has a value; nil is none.
type expression interface{ value(r *run) (any, error) }

type literal struct{ v any }

func (x literal) value(*run) (any, error) { return x.v, nil }

// quotedText is a text in double quotes, in which references stand.
type quotedText struct{ nodes []node }

func (x quotedText) value(r *run) (any, error) {
	inner := &run{ctx: r.ctx, variables: r.variables, steps: r.steps}
	err := inner.all(x.nodes)
	r.steps = inner.steps
	return inner.out.String(), err
}

type listOf struct{ items []expression }

func (x listOf) value(r *run) (any, error) {
	l := &List{}
	for _, item := range x.items {
		v, err := item.value(r)
		if err != nil {
			return nil, err
		}
		l.Items = append(l.Items, v)
	}
	return l, nil
}

type rangeOf struct{ from, to expression }

func (x rangeOf) value(r *run) (any, error) {
	from, to, err := both(r, x.from, x.to)
	if err != nil {
		return nil, err
	}
	a, okA := jsonvalue.Float(from)
	b, okB := jsonvalue.Float(to)
	far := math.Abs(b - a)
	if !okA || !okB || !(far <= maxSteps) { //nolint:staticcheck // also of what is no number
		return nil, nil
	}
	l := &List{}
	step := 1.0
	if b < a {
		step = -1
	}
	for i := range int(far) + 1 { // counted: of large numbers the next may be the same
		l.Items = append(l.Items, a+step*float64(i))
	}
	return l, nil
}

type mapOf struct{ names, items []expression }

func (x mapOf) value(r *run) (any, error) {
	o := jsonvalue.NewObject(len(x.names))
	for i := range x.names {
		name, item, err := both(r, x.names[i], x.items[i])
		if err != nil {
			return nil, err
		}
		o.Set(Text(name), item)
	}
	return o, nil
}

type negation struct{ of expression }

func (x negation) value(r *run) (any, error) {
	v, err := x.of.value(r)
	return !truth(v), err
}

// operation is an operator and what it is between.
type operation struct {
	op          string
	left, right expression
}

func both(r *run, left, right expression) (a, b any, err error) {
	if err := r.step(); err != nil {
		return nil, nil, err
	}
	if a, err = left.value(r); err != nil {
		return nil, nil, err
	}
	b, err = right.value(r)
	return a, b, err
}

func (x operation) value(r *run) (any, error) {
	if x.op == "&&" || x.op == "||" {
		a, err := x.left.value(r)
		if err != nil || truth(a) == (x.op == "||") {
			return truth(a), err
		}
		b, err := x.right.value(r)
		return truth(b), err
	}
	a, b, err := both(r, x.left, x.right)
	if err != nil {
		return nil, err
	}
	switch x.op {
	case "==":
		return equal(a, b), nil
	case "!=":
		return !equal(a, b), nil
	}
	m, okA := jsonvalue.Float(a)
	n, okB := jsonvalue.Float(b)
	if !okA || !okB {
		_, textA := a.(string)
		_, textB := b.(string)
		if x.op == "+" && (textA || textB) {
			return Text(a) + Text(b), nil
		}
		return nil, nil // as Velocity: no value
	}
	return arithmetic(x.op, m, n), nil
}

func arithmetic(op string, m, n float64) any {
	whole := m == math.Trunc(m) && n == math.Trunc(n)
	switch op {
	case "<":
		return m < n
	case "<=":
		return m <= n
	case ">":
		return m > n
	case ">=":
		return m >= n
	case "+":
		return m + n
	case "-":
		return m - n
	case "*":
		return m * n
	}
	if n == 0 {
		return nil
	}
	if op == "%" {
		return math.Mod(m, n)
	}
	if whole {
		return math.Trunc(m / n)
	}
	return m / n
}

func equal(a, b any) bool {
	if missing(a) || missing(b) {
		return missing(a) && missing(b)
	}
	if m, ok := jsonvalue.Float(a); ok {
		if n, ok := jsonvalue.Float(b); ok {
			return m == n
		}
	}
	return jsonvalue.Equal(JSON(a), JSON(b)) || Text(a) == Text(b)
}

// levels are the operators, those that bind the least first, with the words that stand
// for them.
var levels = [][][2]string{
	{{"||", "||"}, {"or", "||"}},
	{{"&&", "&&"}, {"and", "&&"}},
	{{"==", "=="}, {"!=", "!="}, {"eq", "=="}, {"ne", "!="}},
	{{"<=", "<="}, {">=", ">="}, {"<", "<"}, {">", ">"}, {"le", "<="}, {"ge", ">="}, {"lt", "<"}, {"gt", ">"}},
	{{"+", "+"}, {"-", "-"}},
	{{"*", "*"}, {"/", "/"}, {"%", "%"}},
}

func (p *parser) expression() expression { return p.level(0) }

func (p *parser) level(n int) expression {
	if n == len(levels) {
		return p.unary()
	}
	defer p.deeper()()
	left := p.level(n + 1)
	for {
		op := p.operator(levels[n])
		if op == "" {
			return left
		}
		left = operation{op, left, p.level(n + 1)}
	}
}

func (p *parser) operator(of [][2]string) string {
	p.space()
	for _, o := range of {
		if !p.has(o[0]) || isLetter(o[0][0]) && p.at+len(o[0]) < len(p.text) && isWord(p.text[p.at+len(o[0])]) {
			continue
		}
		p.at += len(o[0])
		return o[1]
	}
	return ""
}

func (p *parser) unary() expression {
	defer p.deeper()()
	p.space()
	switch c := p.peek(); {
	case c == '!' || p.has("not "):
		p.at++
		if c != '!' {
			p.at += 2
		}
		return negation{p.unary()}
	case c == '(':
		p.at++
		x := p.expression()
		p.expect(")")
		return x
	case c == '$':
		ref, ok := p.reference()
		if !ok {
			p.wrong("a reference has no name")
		}
		return ref
	case c == '\'':
		return literal{p.quoted('\'')}
	case c == '"':
		inner := &parser{text: p.quoted('"'), depth: p.depth}
		nodes, end := inner.block()
		if end != "" {
			p.wrong("#" + end + " in a text")
		}
		return quotedText{nodes}
	case c == '[':
		return p.list()
	case c == '{':
		return p.object()
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	}
	switch w := p.word(); w {
	case "true", "false":
		return literal{w == "true"}
	case "null":
		return literal{nil}
	default:
		p.wrong(fmt.Sprintf("%q is no expression", w+strings.TrimSpace(p.rest()[:min(10, len(p.rest()))])))
		return nil
	}
}

// quoted reads a text in quotes, in which two quotes stand for one.
func (p *parser) quoted(quote byte) string {
	p.at++
	var b strings.Builder
	for {
		i := strings.IndexByte(p.rest(), quote)
		if i < 0 {
			p.wrong("a text does not end")
		}
		b.WriteString(p.rest()[:i])
		p.at += i + 1
		if p.peek() != quote {
			return b.String()
		}
		b.WriteByte(quote)
		p.at++
	}
}

func (p *parser) number() expression {
	from := p.at
	p.take("-")
	for p.peek() >= '0' && p.peek() <= '9' || p.peek() == '.' && !p.has("..") {
		p.at++
	}
	n, err := strconv.ParseFloat(p.text[from:p.at], 64)
	if err != nil {
		p.wrong(fmt.Sprintf("%q is no number", p.text[from:p.at]))
	}
	return literal{n}
}

func (p *parser) list() expression {
	p.at++
	var l listOf
	for p.space(); !p.take("]"); p.space() {
		if len(l.items) > 0 {
			p.expect(",")
		}
		l.items = append(l.items, p.expression())
		p.space()
		if len(l.items) == 1 && p.take("..") {
			x := rangeOf{l.items[0], p.expression()}
			p.expect("]")
			return x
		}
	}
	return l
}

func (p *parser) object() expression {
	p.at++
	var m mapOf
	for p.space(); !p.take("}"); p.space() {
		if len(m.names) > 0 {
			p.expect(",")
		}
		m.names = append(m.names, p.expression())
		p.expect(":")
		m.items = append(m.items, p.expression())
	}
	return m
}

package vtl

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Parse reads a template. The error says what is wrong, or not carried out, and in which
// line.
func Parse(source string) (t *Template, err error) {
	p := &parser{text: source}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *syntaxError:
			t, err = nil, r
		default:
			panic(r)
		}
	}()
	nodes, end := p.block()
	if end != "" {
		p.wrong("#" + end + " without a beginning")
	}
	return &Template{nodes}, nil
}

type syntaxError struct {
	line   int
	reason string
}

// Error implements error.
func (e *syntaxError) Error() string {
	return fmt.Sprintf("line %d of the template: %s", e.line, e.reason)
}

// maxDepth is how deep expressions and directives may be nested.
const maxDepth = 100

type parser struct {
	text  string
	at    int
	depth int
}

func (p *parser) wrong(reason string) {
	panic(&syntaxError{1 + strings.Count(p.text[:min(p.at, len(p.text))], "\n"), reason})
}

func (p *parser) deeper() func() {
	if p.depth++; p.depth > maxDepth {
		p.wrong("it is nested too deep")
	}
	return func() { p.depth-- }
}

func (p *parser) rest() string { return p.text[p.at:] }

func (p *parser) has(prefix string) bool { return strings.HasPrefix(p.rest(), prefix) }

func (p *parser) take(prefix string) bool {
	if p.has(prefix) {
		p.at += len(prefix)
		return true
	}
	return false
}

func (p *parser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }

func isWord(c byte) bool { return isLetter(c) || c >= '0' && c <= '9' || c == '-' }

// word reads a name; empty where there is none.
func (p *parser) word() string {
	from := p.at
	if !isLetter(p.peek()) {
		return ""
	}
	for isWord(p.peek()) {
		p.at++
	}
	return p.text[from:p.at]
}

// block reads until a directive that ends a block, and returns its name; it is empty at
// the end of the text.
func (p *parser) block() (nodes []node, end string) {
	defer p.deeper()()
	var plain strings.Builder
	flush := func() {
		if plain.Len() > 0 {
			nodes = append(nodes, text(plain.String()))
			plain.Reset()
		}
	}
	for p.at < len(p.text) {
		switch c := p.peek(); {
		case c == '\\' && p.at+1 < len(p.text) && strings.IndexByte(`$#\`, p.text[p.at+1]) >= 0 && p.text[p.at+1] != '\\':
			plain.WriteByte(p.text[p.at+1])
			p.at += 2
		case c == '$':
			if n, ok := p.shown(); ok {
				flush()
				nodes = append(nodes, n)
				continue
			}
			plain.WriteByte('$')
			p.at++
		case c == '#':
			n, name, ok := p.directive(&plain)
			if !ok {
				plain.WriteByte('#')
				p.at++
				continue
			}
			flush()
			if n != nil {
				nodes = append(nodes, n)
			}
			if name != "" {
				return nodes, name
			}
		default:
			_, size := utf8.DecodeRuneInString(p.rest())
			plain.WriteString(p.text[p.at : p.at+size])
			p.at += size
		}
	}
	flush()
	return nodes, ""
}

// shown reads a reference that is printed; a dollar sign alone is none.
func (p *parser) shown() (node, bool) {
	from := p.at
	quiet := strings.HasPrefix(p.rest(), "$!")
	ref, ok := p.reference()
	if !ok {
		p.at = from
		return nil, false
	}
	return shown{ref, p.text[from:p.at], quiet}, true
}

// refused are the directives of Velocity that are not carried out.
var refused = []string{"macro", "include", "parse", "evaluate", "define", "stop", "break"}

// directive reads what a # begins. ok is false where it is text.
func (p *parser) directive(before *strings.Builder) (n node, end string, ok bool) {
	from := p.at
	switch {
	case p.take("##"):
		if i := strings.IndexByte(p.rest(), '\n'); i >= 0 {
			p.at += i + 1
		} else {
			p.at = len(p.text)
		}
		return nil, "", true
	case p.take("#*"):
		i := strings.Index(p.rest(), "*#")
		if i < 0 {
			p.wrong("a comment does not end")
		}
		p.at += i + 2
		return nil, "", true
	case p.take("#[["):
		i := strings.Index(p.rest(), "]]#")
		if i < 0 {
			p.wrong("#[[ does not end")
		}
		raw := text(p.rest()[:i])
		p.at += i + 3
		return raw, "", true
	}
	p.at++
	braced := p.take("{")
	name := p.word()
	if braced && !p.take("}") {
		p.at = from
		return nil, "", false
	}
	switch name {
	case "set":
		trimBlanks(before)
		return p.set(), "", true
	case "if":
		return p.choice(), "", true
	case "foreach":
		return p.loop(), "", true
	case "else", "elseif", "end":
		if name != "elseif" {
			p.line()
		}
		return nil, name, true
	}
	for _, r := range refused {
		if name == r {
			p.wrong("#" + r + " is not carried out")
		}
	}
	p.at = from
	return nil, "", false
}

// trimBlanks removes the blanks at the end: those before #set are not printed.
func trimBlanks(b *strings.Builder) {
	trimmed := strings.TrimRight(b.String(), " \t")
	b.Reset()
	b.WriteString(trimmed)
}

// line skips what is left of a line that ends with a directive.
func (p *parser) line() {
	at := p.at
	for p.peek() == ' ' || p.peek() == '\t' {
		p.at++
	}
	p.take("\r")
	if !p.take("\n") {
		p.at = at
	}
}

func (p *parser) space() {
	for strings.IndexByte(" \t\r\n", p.peek()) >= 0 && p.peek() != 0 {
		p.at++
	}
}

func (p *parser) expect(token string) {
	p.space()
	if !p.take(token) {
		p.wrong(fmt.Sprintf("%q is missing", token))
	}
}

func (p *parser) set() node {
	p.expect("(")
	p.space()
	target, ok := p.reference()
	if !ok {
		p.wrong("#set sets no reference")
	}
	p.expect("=")
	value := p.expression()
	p.expect(")")
	p.line()
	return set{target, value}
}

func (p *parser) choice() node {
	var c choice
	condition := p.condition()
	for {
		nodes, end := p.block()
		c.branches = append(c.branches, branch{condition, nodes})
		switch {
		case end == "end":
			return c
		case end == "" || condition == nil:
			p.wrong("#if does not end")
		case end == "else":
			condition = nil
		case end == "elseif":
			condition = p.condition()
		}
	}
}

func (p *parser) condition() expression {
	p.expect("(")
	x := p.expression()
	p.expect(")")
	p.line()
	return x
}

func (p *parser) loop() node {
	p.expect("(")
	p.space()
	ref, ok := p.reference()
	if !ok || len(ref.steps) > 0 {
		p.wrong("#foreach names no variable")
	}
	p.space()
	if p.word() != "in" {
		p.wrong(`"in" is missing`)
	}
	over := p.expression()
	p.expect(")")
	p.line()
	nodes, end := p.block()
	if end != "end" {
		p.wrong("#foreach does not end")
	}
	return loop{ref.name, over, nodes}
}

package jsonpath

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Parse reads a path: $, $$ or $name, and what follows. The error is a
// *SyntaxError.
func Parse(text string) (p *Path, err error) {
	r := &reader{text: text}
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *SyntaxError:
			p, err = nil, e
		default:
			panic(e)
		}
	}()
	if !r.take("$") {
		r.wrong("a path begins with $")
	}
	p = &Path{text: text}
	switch {
	case r.take("$"):
		p.root = "$"
	default:
		p.root = r.identifier()
	}
	p.segments = r.segments()
	if !r.end() {
		r.wrong("expected a dot, a bracket or the end")
	}
	return p, nil
}

// reader goes through the text of a path.
type reader struct {
	text  string
	at    int
	depth int
}

// maxDepth is how deep the conditions of a filter may be nested.
const maxDepth = 100

func (r *reader) wrong(reason string) {
	panic(&SyntaxError{Path: r.text, Offset: r.at, Reason: reason})
}

func (r *reader) end() bool { return r.at >= len(r.text) }

func (r *reader) peek() byte {
	if r.end() {
		return 0
	}
	return r.text[r.at]
}

func (r *reader) take(s string) bool {
	if !strings.HasPrefix(r.text[r.at:], s) {
		return false
	}
	r.at += len(s)
	return true
}

func (r *reader) need(s string) {
	if !r.take(s) {
		r.wrong("expected " + s)
	}
}

func (r *reader) space() {
	for r.peek() == ' ' {
		r.at++
	}
}

// identifier reads the name of a variable, which may be missing.
func (r *reader) identifier() string {
	from := r.at
	for !r.end() {
		c, size := utf8.DecodeRuneInString(r.text[r.at:])
		if c != '_' && !unicode.IsLetter(c) && (r.at == from || !unicode.IsDigit(c)) {
			break
		}
		r.at += size
	}
	return r.text[from:r.at]
}

// segments reads steps as long as there are any.
func (r *reader) segments() []segment {
	var out []segment
	for !r.end() {
		s := segment{at: r.at}
		switch {
		case r.take(".."):
			s.deep = true
			if r.end() {
				r.wrong("a path cannot end with two dots")
			}
			if r.peek() == '[' {
				r.bracket(&s)
			} else {
				r.name(&s)
			}
		case r.take("."):
			if r.peek() == '[' { // .['name'] is ['name']
				r.bracket(&s)
			} else {
				r.name(&s)
			}
		case r.peek() == '[':
			r.bracket(&s)
		default:
			return out
		}
		out = append(out, s)
	}
	return out
}

// name reads a name behind a dot, or *.
func (r *reader) name(s *segment) {
	if r.take("*") {
		s.kind = wildcard
		return
	}
	from := r.at
	for !r.end() && !strings.ContainsRune(".[ \t\n'\"*,:?@<>=!&|)]", rune(r.peek())) {
		if r.peek() == '(' { // a function is a name that nothing has
			r.need("(")
			r.need(")")
			continue
		}
		r.at++
	}
	if r.at == from {
		r.wrong("expected the name of a member")
	}
	s.names = []string{r.text[from:r.at]}
}

// bracket reads […].
func (r *reader) bracket(s *segment) {
	r.need("[")
	r.space()
	switch c := r.peek(); {
	case r.take("*"):
		s.kind = wildcard
	case c == '\'' || c == '"':
		for {
			s.names = append(s.names, r.quoted())
			r.space()
			if !r.take(",") {
				break
			}
			r.space()
		}
	case r.take("?"):
		s.kind = filter
		r.need("(")
		s.test = r.condition()
		r.need(")")
	case r.take("("):
		r.space()
		r.need("@.length")
		r.space()
		r.need("-")
		r.space()
		s.kind, s.index = last, []int{r.integer()}
		r.space()
		r.need(")")
	default:
		r.numbers(s)
	}
	r.space()
	r.need("]")
}

// numbers reads indexes or a slice.
func (r *reader) numbers(s *segment) {
	s.kind = element
	if r.peek() != ':' {
		n := r.integer()
		r.space()
		if r.peek() != ':' {
			s.index = []int{n}
			for r.take(",") {
				r.space()
				s.index = append(s.index, r.integer())
				r.space()
			}
			return
		}
		s.from = &n
	}
	r.need(":")
	s.kind = slice
	r.space()
	if c := r.peek(); c == '-' || c >= '0' && c <= '9' {
		n := r.integer()
		s.to = &n
	}
	if s.from == nil && s.to == nil {
		r.wrong("a slice needs a beginning or an end")
	}
}

func (r *reader) integer() int {
	from := r.at
	r.take("-")
	for c := r.peek(); c >= '0' && c <= '9'; c = r.peek() {
		r.at++
	}
	n, err := strconv.Atoi(r.text[from:r.at])
	if err != nil {
		r.at = from
		r.wrong("expected an index, a name in quotes, *, ?(…) or a slice")
	}
	return n
}

// quoted reads a string in either kind of quotes.
func (r *reader) quoted() string {
	quote := r.peek()
	if quote != '\'' && quote != '"' {
		r.wrong("expected a name in quotes")
	}
	from := r.at
	r.at++
	var b strings.Builder
	for !r.end() {
		c := r.peek()
		r.at++
		switch {
		case c == quote:
			return b.String()
		case c == '\\' && !r.end():
			b.WriteByte(r.peek())
			r.at++
		default:
			b.WriteByte(c)
		}
	}
	r.at = from
	r.wrong("the quotes are not closed")
	return ""
}

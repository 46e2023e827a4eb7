package wire

import (
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds the nesting of a body, so that none overflows the stack.
const maxDepth = 512

// parseJSON reads one JSON text. A key that occurs twice keeps both values; the
// later one wins when the tree is read.
func parseJSON(b []byte) (any, error) {
	p := &parser{b: b}
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	p.space()
	if p.i < len(p.b) {
		return nil, p.unexpected()
	}
	return v, nil
}

type parser struct {
	b []byte
	i int
}

func (p *parser) space() {
	for p.i < len(p.b) && (p.b[p.i] == ' ' || p.b[p.i] == '\n' || p.b[p.i] == '\r' || p.b[p.i] == '\t') {
		p.i++
	}
}

func (p *parser) unexpected() error {
	if p.i >= len(p.b) {
		return errors.New("unexpected end of input")
	}
	r, _ := utf8.DecodeRune(p.b[p.i:])
	return fmt.Errorf("unexpected character %q at byte %d", r, p.i)
}

func (p *parser) value(depth int) (any, error) {
	p.space()
	if p.i >= len(p.b) {
		return nil, p.unexpected()
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("more than %d levels of nesting", maxDepth)
	}
	switch c := p.b[p.i]; {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.list(depth)
	case c == '"':
		return p.string()
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	case p.word("true"):
		return true, nil
	case p.word("false"):
		return false, nil
	case p.word("null"):
		return nil, nil
	}
	return nil, p.unexpected()
}

func (p *parser) word(w string) bool {
	if len(p.b)-p.i < len(w) || string(p.b[p.i:p.i+len(w)]) != w {
		return false
	}
	p.i += len(w)
	return true
}

// next skips space and takes c when it comes next.
func (p *parser) next(c byte) bool {
	p.space()
	if p.i >= len(p.b) || p.b[p.i] != c {
		return false
	}
	p.i++
	return true
}

func (p *parser) object(depth int) (any, error) {
	p.i++
	o := newObject()
	if p.next('}') {
		return o, nil
	}
	for {
		p.space()
		if p.i >= len(p.b) || p.b[p.i] != '"' {
			return nil, p.unexpected()
		}
		k, err := p.string()
		if err != nil {
			return nil, err
		}
		if !p.next(':') {
			return nil, p.unexpected()
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		o.add(k, v)
		if p.next('}') {
			return o, nil
		}
		if !p.next(',') {
			return nil, p.unexpected()
		}
	}
}

func (p *parser) list(depth int) (any, error) {
	p.i++
	l := []any{}
	if p.next(']') {
		return l, nil
	}
	for {
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		l = append(l, v)
		if p.next(']') {
			return l, nil
		}
		if !p.next(',') {
			return nil, p.unexpected()
		}
	}
}

func (p *parser) number() (any, error) {
	start := p.i
	digits := func() bool {
		from := p.i
		for p.i < len(p.b) && p.b[p.i] >= '0' && p.b[p.i] <= '9' {
			p.i++
		}
		return p.i > from
	}
	if p.b[p.i] == '-' {
		p.i++
	}
	if p.i < len(p.b) && p.b[p.i] == '0' {
		p.i++
	} else if !digits() {
		return nil, p.unexpected()
	}
	if p.i < len(p.b) && p.b[p.i] == '.' {
		if p.i++; !digits() {
			return nil, p.unexpected()
		}
	}
	if p.i < len(p.b) && (p.b[p.i] == 'e' || p.b[p.i] == 'E') {
		p.i++
		if p.i < len(p.b) && (p.b[p.i] == '+' || p.b[p.i] == '-') {
			p.i++
		}
		if !digits() {
			return nil, p.unexpected()
		}
	}
	return number(p.b[start:p.i]), nil
}

func (p *parser) string() (string, error) {
	p.i++
	start := p.i
	for p.i = plain(p.b, p.i); p.i < len(p.b) && p.b[p.i] >= utf8.RuneSelf; p.i = plain(p.b, p.i) {
		p.i++
	}
	if p.i < len(p.b) && p.b[p.i] == '"' { // no escapes: the common case
		s := string(p.b[start:p.i])
		p.i++
		return valid(s), nil
	}
	buf := append([]byte(nil), p.b[start:p.i]...)
	for p.i < len(p.b) {
		c := p.b[p.i]
		switch {
		case c == '"':
			p.i++
			return valid(string(buf)), nil
		case c < ' ':
			return "", p.unexpected()
		case c == '\\':
			var err error
			if buf, err = p.escape(buf); err != nil {
				return "", err
			}
		default:
			buf = append(buf, c)
			p.i++
		}
	}
	return "", p.unexpected()
}

// valid replaces bytes that are not UTF-8.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

var escapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func (p *parser) escape(buf []byte) ([]byte, error) {
	p.i++
	if p.i >= len(p.b) {
		return nil, p.unexpected()
	}
	if c, ok := escapes[p.b[p.i]]; ok {
		p.i++
		return append(buf, c), nil
	}
	if p.b[p.i] != 'u' {
		return nil, p.unexpected()
	}
	p.i++
	r, ok := p.hex()
	if !ok {
		return nil, p.unexpected()
	}
	if utf16.IsSurrogate(r) {
		after := p.i
		if p.word(`\u`) {
			if low, ok := p.hex(); ok {
				if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
					return utf8.AppendRune(buf, both), nil
				}
			}
		}
		p.i, r = after, utf8.RuneError
	}
	return utf8.AppendRune(buf, r), nil
}

func (p *parser) hex() (rune, bool) {
	if len(p.b)-p.i < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(p.b[p.i:p.i+4]), 16, 32)
	if err != nil {
		return 0, false
	}
	p.i += 4
	return rune(n), true
}

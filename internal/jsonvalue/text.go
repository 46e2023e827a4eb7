package jsonvalue

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxDepth is how deep Parse lets arrays and objects be nested.
const MaxDepth = 1000

// SyntaxError is a text that is not JSON.
type SyntaxError struct {
	Offset int // of the first byte that is wrong
	Reason string
}

// Error says what is wrong and where.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("invalid JSON at byte %d: %s", e.Offset, e.Reason)
}

// Parse reads one JSON document. Of members with one name, the last one's value
// stands at the place of the first. The error is a *SyntaxError.
func Parse(text []byte) (any, error) {
	p := parser{text: text}
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	p.space()
	if p.at < len(text) {
		return nil, p.wrong("there is more after the end of the value")
	}
	return v, nil
}

type parser struct {
	text []byte
	at   int
}

func (p *parser) wrong(reason string) error { return &SyntaxError{Offset: p.at, Reason: reason} }

func (p *parser) space() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

// next is the byte at hand, 0 at the end.
func (p *parser) next() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *parser) value(depth int) (any, error) {
	if depth > MaxDepth {
		return nil, p.wrong(fmt.Sprintf("nested deeper than %d levels", MaxDepth))
	}
	p.space()
	if p.at == len(p.text) {
		return nil, p.wrong("unexpected end")
	}
	switch c := p.next(); {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		return p.str()
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	}
	switch {
	case p.word("true"):
		return true, nil
	case p.word("false"):
		return false, nil
	case p.word("null"):
		return Null{}, nil
	}
	return nil, p.wrong("expected a value")
}

func (p *parser) word(w string) bool {
	if !bytes.HasPrefix(p.text[p.at:], []byte(w)) {
		return false
	}
	p.at += len(w)
	return true
}

func (p *parser) object(depth int) (any, error) {
	out := NewObject(4)
	p.at++
	if p.space(); p.next() == '}' {
		p.at++
		return out, nil
	}
	for {
		if p.space(); p.next() != '"' {
			return nil, p.wrong("expected the name of a member in double quotes")
		}
		key, err := p.str()
		if err != nil {
			return nil, err
		}
		if p.space(); p.next() != ':' {
			return nil, p.wrong("expected a colon")
		}
		p.at++
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		out.Set(key, v)
		p.space()
		switch p.next() {
		case ',':
			p.at++
		case '}':
			p.at++
			return out, nil
		default:
			return nil, p.wrong("expected a comma or the end of the object")
		}
	}
}

func (p *parser) array(depth int) (any, error) {
	out := []any{}
	p.at++
	if p.space(); p.next() == ']' {
		p.at++
		return out, nil
	}
	for {
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
		p.space()
		switch p.next() {
		case ',':
			p.at++
		case ']':
			p.at++
			return out, nil
		default:
			return nil, p.wrong("expected a comma or the end of the array")
		}
	}
}

// str reads a string. A lone surrogate becomes the three bytes that UTF-8 would
// have for it, as there is nothing else to keep it in.
func (p *parser) str() (string, error) {
	p.at++
	start := p.at
	for p.at < len(p.text) && p.text[p.at] != '"' && p.text[p.at] != '\\' && p.text[p.at] >= ' ' {
		p.at++
	}
	if p.next() == '"' { // nothing to undo
		p.at++
		return string(p.text[start : p.at-1]), nil
	}
	out := append([]byte(nil), p.text[start:p.at]...)
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			return string(out), nil
		case c < ' ':
			return "", p.wrong("a control character in a string must be escaped")
		case c != '\\':
			out = append(out, c)
			p.at++
		default:
			p.at++
			var err error
			if out, err = p.escape(out); err != nil {
				return "", err
			}
		}
	}
	return "", p.wrong("the string has no end")
}

func (p *parser) escape(out []byte) ([]byte, error) {
	c := p.next()
	p.at++
	switch c {
	case '"', '\\', '/':
		return append(out, c), nil
	case 'b':
		return append(out, '\b'), nil
	case 'f':
		return append(out, '\f'), nil
	case 'n':
		return append(out, '\n'), nil
	case 'r':
		return append(out, '\r'), nil
	case 't':
		return append(out, '\t'), nil
	case 'u':
		unit, ok := p.hex()
		if !ok {
			return nil, p.wrong("\\u must be followed by four hexadecimal digits")
		}
		if utf16.IsSurrogate(unit) && p.at+1 < len(p.text) && p.text[p.at] == '\\' && p.text[p.at+1] == 'u' {
			back := p.at
			p.at += 2
			if low, ok := p.hex(); ok {
				if r := utf16.DecodeRune(unit, low); r != utf8.RuneError {
					return utf8.AppendRune(out, r), nil
				}
			}
			p.at = back
		}
		return AppendUnit(out, unit), nil
	}
	p.at--
	return nil, p.wrong("unknown escape sequence")
}

func (p *parser) hex() (rune, bool) {
	if p.at+4 > len(p.text) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(p.text[p.at:p.at+4]), 16, 16)
	if err != nil {
		return 0, false
	}
	p.at += 4
	return rune(n), true
}

// AppendUnit adds one UTF-16 unit to a string, a lone surrogate as its three
// bytes.
func AppendUnit(out []byte, unit rune) []byte {
	if utf16.IsSurrogate(unit) {
		return append(out, 0xE0|byte(unit>>12), 0x80|byte(unit>>6)&0x3F, 0x80|byte(unit)&0x3F)
	}
	return utf8.AppendRune(out, unit)
}

// Surrogate tells that s begins with a lone surrogate, and gives it.
func Surrogate(s string) (rune, bool) {
	if len(s) >= 3 && s[0] == 0xED && s[1] >= 0xA0 {
		return rune(s[0]&0x0F)<<12 | rune(s[1]&0x3F)<<6 | rune(s[2]&0x3F), true
	}
	return 0, false
}

func (p *parser) number() (any, error) {
	start := p.at
	digits := func() bool {
		from := p.at
		for c := p.next(); c >= '0' && c <= '9'; c = p.next() {
			p.at++
		}
		return p.at > from
	}
	if p.next() == '-' {
		p.at++
	}
	if p.next() == '0' {
		p.at++
	} else if !digits() {
		return nil, p.wrong("expected a digit")
	}
	if p.next() == '.' {
		p.at++
		if !digits() {
			return nil, p.wrong("expected a digit after the decimal point")
		}
	}
	if c := p.next(); c == 'e' || c == 'E' {
		p.at++
		if c := p.next(); c == '+' || c == '-' {
			p.at++
		}
		if !digits() {
			return nil, p.wrong("expected a digit in the exponent")
		}
	}
	text := string(p.text[start:p.at])
	f, _ := strconv.ParseFloat(text, 64) // beyond its range it is infinite, and not the text
	if FormatNumber(f) != text {
		return Number(text), nil
	}
	return f, nil
}

// Float is the value of a number; ok is false for anything else. A number too
// large for a float64 is infinite.
func Float(v any) (f float64, ok bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case Number:
		f, _ := strconv.ParseFloat(string(v), 64)
		return f, true
	}
	return 0, false
}

// FormatNumber writes a number as ECMAScript does: the fewest digits that read
// back as the same number, without an exponent between 1e-7 and 1e21.
func FormatNumber(f float64) string { return string(appendNumber(nil, f)) }

func appendNumber(out []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(out, "NaN"...)
	case math.IsInf(f, 0):
		if f < 0 {
			out = append(out, '-')
		}
		return append(out, "Infinity"...)
	case f == 0:
		return append(out, '0')
	}
	if a := math.Abs(f); a >= 1e-6 && a < 1e21 {
		return strconv.AppendFloat(out, f, 'f', -1, 64)
	}
	from := len(out)
	out = strconv.AppendFloat(out, f, 'e', -1, 64)
	if n := len(out); n-from >= 4 && out[n-2] == '0' && (out[n-3] == '-' || out[n-3] == '+') { // e-07 is e-7
		out[n-2] = out[n-1]
		out = out[:n-1]
	}
	return out
}

// Append writes v as JSON without white space behind out. Numbers that JSON
// cannot hold are null.
func Append(out []byte, v any) []byte { return appendValue(out, v, "", "") }

// Marshal is v as JSON without white space.
func Marshal(v any) []byte { return Append(nil, v) }

// AppendIndent writes v as JSON over several lines, each level further in by
// indent.
func AppendIndent(out []byte, v any, indent string) []byte {
	return appendValue(out, v, "\n", indent)
}

func appendValue(out []byte, v any, line, indent string) []byte {
	switch v := v.(type) {
	case string:
		return AppendString(out, v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return append(out, "null"...)
		}
		return appendNumber(out, v)
	case Number:
		return append(out, v...)
	case bool:
		return strconv.AppendBool(out, v)
	case []any:
		if len(v) == 0 {
			return append(out, "[]"...)
		}
		out = append(out, '[')
		inner := line + indent
		for i, item := range v {
			if i > 0 {
				out = append(out, ',')
			}
			out = appendValue(append(out, inner...), item, inner, indent)
		}
		return append(append(out, line...), ']')
	case *Object:
		if v.Len() == 0 {
			return append(out, "{}"...)
		}
		out = append(out, '{')
		inner := line + indent
		for i, k := range v.keys {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(AppendString(append(out, inner...), k), ':')
			if line != "" {
				out = append(out, ' ')
			}
			out = appendValue(out, v.values[i], inner, indent)
		}
		return append(append(out, line...), '}')
	}
	return append(out, "null"...)
}

// AppendString writes s as a JSON string, escaping only what JSON demands.
func AppendString(out []byte, s string) []byte {
	const digits = "0123456789abcdef"
	out = append(out, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c != 0xED {
			continue
		}
		if c == 0xED {
			if unit, lone := Surrogate(s[i:]); lone {
				out = append(append(out, s[from:i]...), '\\', 'u', digits[unit>>12], digits[unit>>8&15], digits[unit>>4&15], digits[unit&15])
				i += 2
				from = i + 1
			}
			continue
		}
		out = append(out, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			out = append(out, '\\', c)
		case '\b':
			out = append(out, '\\', 'b')
		case '\f':
			out = append(out, '\\', 'f')
		case '\n':
			out = append(out, '\\', 'n')
		case '\r':
			out = append(out, '\\', 'r')
		case '\t':
			out = append(out, '\\', 't')
		default:
			out = append(out, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		}
	}
	return append(append(out, s[from:]...), '"')
}

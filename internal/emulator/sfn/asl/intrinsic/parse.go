// Package intrinsic has the functions that Step Functions adds to its two query
// languages: the calls States.Name(…) of JSONPath states, with their parser, and
// $partition, $range, $hash, $random, $uuid and $parse of JSONata.
//
// It must not know states, executions or payload templates: what a path leads to
// and where randomness comes from is given to it.
package intrinsic

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonpath"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// Call is one call of an intrinsic function. It does not change.
type Call struct {
	text string
	name string
	args []argument
}

// argument is a literal, a path, or another call.
type argument struct {
	literal any
	path    *jsonpath.Path
	call    *Call
}

// MaxDepth is how deep AWS lets calls be nested.
const MaxDepth = 10

// SyntaxError is a text that is not a call of an intrinsic function.
type SyntaxError struct {
	Text   string
	Offset int // of the byte where it goes wrong
	Reason string
}

// Error says what is wrong and where.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("invalid intrinsic function call %q at character %d: %s", e.Text, e.Offset+1, e.Reason)
}

// Is tells that a text is meant to be a call: it begins with States and a dot.
func Is(text string) bool { return strings.HasPrefix(text, "States.") }

// Parse reads a call such as States.Format('{} is {}', $.name, 42). The error is
// a *SyntaxError.
func Parse(text string) (*Call, error) {
	r := &reader{text: text}
	c, err := r.call(1)
	if err != nil {
		return nil, err
	}
	if r.space(); r.at < len(text) {
		return nil, r.wrong("there is more behind the call")
	}
	return c, nil
}

// String is the text of the call.
func (c *Call) String() string { return c.text }

// Paths are the paths among the arguments, those of inner calls too.
func (c *Call) Paths() []*jsonpath.Path {
	var out []*jsonpath.Path
	for _, a := range c.args {
		if a.path != nil {
			out = append(out, a.path)
		}
		if a.call != nil {
			out = append(out, a.call.Paths()...)
		}
	}
	return out
}

type reader struct {
	text string
	at   int
}

func (r *reader) wrong(reason string) error {
	return &SyntaxError{Text: r.text, Offset: r.at, Reason: reason}
}

func (r *reader) space() {
	for r.at < len(r.text) && strings.IndexByte(" \t\r\n", r.text[r.at]) >= 0 {
		r.at++
	}
}

func (r *reader) next() byte {
	if r.at < len(r.text) {
		return r.text[r.at]
	}
	return 0
}

func (r *reader) call(depth int) (*Call, error) {
	if depth > MaxDepth {
		return nil, r.wrong(fmt.Sprintf("calls are nested deeper than %d", MaxDepth))
	}
	r.space()
	from := r.at
	open := strings.IndexByte(r.text[r.at:], '(')
	if open < 0 {
		return nil, r.wrong("expected an opening parenthesis")
	}
	name := strings.TrimSpace(r.text[from : from+open])
	f, known := functions[name]
	if !known {
		return nil, r.wrong("there is no such function")
	}
	r.at += open + 1
	c := &Call{name: name}
	for r.space(); r.next() != ')'; r.space() {
		if len(c.args) > 0 {
			if r.next() != ',' {
				return nil, r.wrong("expected a comma or a closing parenthesis")
			}
			r.at++
			r.space()
		}
		a, err := r.argument(depth)
		if err != nil {
			return nil, err
		}
		c.args = append(c.args, a)
	}
	r.at++
	c.text = r.text[from:r.at]
	if n := len(c.args); n < f.least || f.most >= 0 && n > f.most {
		return nil, r.wrong("wrong number of arguments")
	}
	return c, nil
}

func (r *reader) argument(depth int) (argument, error) {
	switch c := r.next(); {
	case c == '\'':
		s, err := r.quoted()
		return argument{literal: s}, err
	case c == '$':
		from := r.at
		r.skipPath()
		p, err := jsonpath.Parse(strings.TrimSpace(r.text[from:r.at]))
		if err != nil {
			r.at = from
			return argument{}, r.wrong(err.Error())
		}
		return argument{path: p}, nil
	case strings.HasPrefix(r.text[r.at:], "States."):
		inner, err := r.call(depth + 1)
		return argument{call: inner}, err
	}
	from := r.at
	for r.at < len(r.text) && strings.IndexByte(",) \t\r\n", r.text[r.at]) < 0 {
		r.at++
	}
	word := r.text[from:r.at]
	v, err := jsonvalue.Parse([]byte(word))
	if err != nil || !slices.Contains([]string{"true", "false", "null"}, word) && !isNumber(v) {
		r.at = from
		return argument{}, r.wrong("expected a string in single quotes, a number, true, false, null, a path or a call")
	}
	return argument{literal: v}, nil
}

func isNumber(v any) bool {
	_, ok := jsonvalue.Float(v)
	return ok
}

// skipPath goes behind a path: to a comma or parenthesis outside of its brackets
// and quotes.
func (r *reader) skipPath() {
	depth := 0
	var quote byte
	for ; r.at < len(r.text); r.at++ {
		c := r.text[r.at]
		switch {
		case quote != 0:
			switch c {
			case '\\':
				r.at++
			case quote:
				quote = 0
			}
		case depth > 0 && (c == '\'' || c == '"'):
			quote = c
		case c == '[' || c == '(':
			depth++
		case depth == 0 && (c == ',' || c == ')'):
			return
		case c == ']' || c == ')':
			depth--
		}
	}
	r.at = min(r.at, len(r.text))
}

// quoted reads a string in single quotes. A backslash may stand only before ' { }
// and \; before braces it stays, so that Format can tell them from its own.
func (r *reader) quoted() (string, error) {
	var b strings.Builder
	for r.at++; r.at < len(r.text); r.at++ {
		c := r.text[r.at]
		switch c {
		case '\'':
			r.at++
			return b.String(), nil
		case '\\':
			r.at++
			switch e := r.next(); e {
			case '\'':
				b.WriteByte(e)
			case '{', '}', '\\':
				b.WriteByte('\\')
				b.WriteByte(e)
			default:
				return "", r.wrong("a backslash may stand only before ' { } and another backslash")
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", r.wrong("the string has no closing quote")
}

// unescaped takes the backslashes that quoted left out of a literal.
func unescaped(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// whole is the value of v as an integer; ok is false when it has a fraction or is
// no number.
func whole(v any) (n int, ok bool) {
	f, isNum := jsonvalue.Float(v)
	if !isNum || f != float64(int(f)) {
		return 0, false
	}
	return int(f), true
}

// rounded is the value of a number as the integer next to it, halves upward as
// AWS rounds.
func rounded(v any) (int64, bool) {
	switch v := v.(type) {
	case float64:
		if v != v || v > 1<<62 || v < -(1<<62) {
			return 0, false
		}
		return int64(floor(v + 0.5)), true
	case jsonvalue.Number:
		if n, err := strconv.ParseInt(string(v), 10, 64); err == nil {
			return n, true
		}
		f, _ := jsonvalue.Float(v)
		return rounded(f)
	}
	return 0, false
}

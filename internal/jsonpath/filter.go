package jsonpath

import (
	"regexp"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// test is the condition of a filter: whether an item, @, meets it in the
// document root, $.
type test func(item, root any) bool

// condition reads conditions joined by ||.
func (r *reader) condition() test {
	if r.depth++; r.depth > maxDepth {
		r.wrong("the condition is nested too deep")
	}
	out := r.all()
	for r.space(); r.take("||"); r.space() {
		left, right := out, r.all()
		out = func(item, root any) bool { return left(item, root) || right(item, root) }
	}
	r.depth--
	return out
}

// all reads conditions joined by &&.
func (r *reader) all() test {
	out := r.one()
	for r.space(); r.take("&&"); r.space() {
		left, right := out, r.one()
		out = func(item, root any) bool { return left(item, root) && right(item, root) }
	}
	return out
}

// one reads a comparison, the test whether a path leads somewhere, or either in
// parentheses or turned around.
func (r *reader) one() test {
	r.space()
	switch {
	case strings.HasPrefix(r.text[r.at:], "!") && !strings.HasPrefix(r.text[r.at:], "!="):
		r.at++
		if r.depth++; r.depth > maxDepth {
			r.wrong("the condition is nested too deep")
		}
		inner := r.one()
		r.depth--
		return func(item, root any) bool { return !inner(item, root) }
	case r.take("("):
		inner := r.condition()
		r.space()
		r.need(")")
		return inner
	}
	left := r.operand()
	r.space()
	for _, op := range []string{"==", "!=", "<=", ">=", "=~", "<", ">"} {
		if !r.take(op) {
			continue
		}
		r.space()
		if op == "=~" {
			return r.matching(left)
		}
		right := r.operand()
		return func(item, root any) bool { return compare(op, left(item, root), right(item, root)) }
	}
	return func(item, root any) bool { return left(item, root) != nil }
}

// operand reads a path or a literal; its value is nil where a path leads nowhere.
func (r *reader) operand() func(item, root any) any {
	from := r.at
	switch c := r.peek(); c {
	case '@', '$':
		r.at++
		p := &Path{segments: r.segments()}
		p.text = r.text[from:r.at]
		for i := range p.segments {
			p.segments[i].at -= from
		}
		return func(item, root any) any {
			if c == '$' {
				item = root
			}
			v, err := p.Get(item)
			if err != nil {
				return nil
			}
			return v
		}
	case '\'', '"':
		s := r.quoted()
		return func(any, any) any { return s }
	}
	for !r.end() && !strings.ContainsRune(" )=<>!&|", rune(r.peek())) {
		r.at++
	}
	v, err := jsonvalue.Parse([]byte(r.text[from:r.at]))
	if err != nil {
		r.at = from
		r.wrong("expected a path, a string in quotes, a number, true, false or null")
	}
	return func(any, any) any { return v }
}

// matching reads /pattern/flags.
func (r *reader) matching(left func(item, root any) any) test {
	from := r.at
	r.need("/")
	end := strings.IndexByte(r.text[r.at:], '/')
	if end < 0 {
		r.wrong("the pattern has no closing slash")
	}
	pattern := "^(?:" + r.text[r.at:r.at+end] + ")$"
	r.at += end + 1
	if r.take("i") {
		pattern = "(?i)" + pattern
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		r.at = from
		r.wrong("the pattern is no regular expression")
	}
	return func(item, root any) bool {
		s, ok := left(item, root).(string)
		return ok && re.MatchString(s)
	}
}

// compare compares two values; what leads nowhere compares to nothing.
func compare(op string, a, b any) bool {
	if a == nil || b == nil {
		return false
	}
	switch op {
	case "==":
		return jsonvalue.Equal(a, b)
	case "!=":
		return !jsonvalue.Equal(a, b)
	}
	order := 0
	x, aNumber := jsonvalue.Float(a)
	y, bNumber := jsonvalue.Float(b)
	s, aText := a.(string)
	t, bText := b.(string)
	switch {
	case aNumber && bNumber && x < y:
		order = -1
	case aNumber && bNumber && x > y:
		order = 1
	case aNumber && bNumber:
	case aText && bText:
		order = strings.Compare(s, t)
	default:
		return false
	}
	switch op {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}

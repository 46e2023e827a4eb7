package eventpattern

import (
	"slices"
	"strings"
)

// Parse checks a pattern. Its errors are of the type [*Error].
func Parse(source string) (p *Pattern, err error) {
	defer func() {
		if r := recover(); r != nil {
			wrong, ok := r.(*Error)
			if !ok {
				panic(r)
			}
			p, err = nil, wrong
		}
	}()
	tokens, err := scan(source)
	if err != nil {
		return nil, err
	}
	r := &parser{source: source, tokens: tokens}
	if r.next().kind != '{' {
		r.fail("Filter is not an object")
	}
	root := r.object(nil, false)
	return &Pattern{root: root, nested: r.nested}, nil
}

// parser goes over the tokens. A thing that is wrong ends it by a panic with the
// error, which Parse recovers.
type parser struct {
	source string
	tokens []token
	at     int  // of the next token
	read   bool // the text of the last token was looked at
	nested bool // an object was within another
}

// next takes the next token, and behind the last one that of the end.
func (r *parser) next() token {
	r.read = false
	if r.at == len(r.tokens) {
		return token{kind: end, start: len(r.source), end: len(r.source)}
	}
	r.at++
	return r.tokens[r.at-1]
}

// value is the text of the token that was taken last. AWS's parser reads texts only
// now, which shows in where it says it stands.
func (r *parser) value() string {
	r.read = true
	return r.tokens[r.at-1].text
}

// fail ends the parsing at the token that was taken last. Behind a name AWS's
// parser has looked at the value already; of a text that nobody read it has seen
// the first quote alone.
func (r *parser) fail(reason string) {
	panic(place(r.source, reason, r.standing()))
}

func (r *parser) standing() int {
	if r.at == 0 {
		return 0
	}
	t, read := r.tokens[r.at-1], r.read
	if t.kind == name && r.at < len(r.tokens) {
		t, read = r.tokens[r.at], false
	}
	if t.kind == text && !read {
		return t.start + 1
	}
	return t.end
}

const or = "$or"

// operators cannot be the names of members within an $or.
var operators = []string{
	"exact", "equals-ignore-case", "prefix", "suffix", "anything-but", "numeric", "exists", "cidr", "wildcard",
	"=", "<", "<=", ">", ">=",
}

// object reads the conditions of an object, whose brace was taken.
func (r *parser) object(path []string, within bool) *object {
	o := &object{}
	for n := 0; ; n++ {
		if r.next().kind == '}' {
			if n == 0 {
				r.fail("Empty objects are not allowed")
			}
			return o
		}
		step := r.value()
		if step == or && (within || r.alternatives()) {
			o.ors = append(o.ors, r.or(path))
			continue
		}
		if within && slices.Contains(operators, step) {
			r.fail(step + " is Ruler reserved fieldName which cannot be used inside $or.")
		}
		steps := strings.Split(step, ".")
		f := field{name: steps[len(steps)-1], path: append(slices.Clip(path), steps...)}
		switch r.next().kind {
		case '{':
			r.nested = true
			f.sub = r.object(f.path, within)
		case '[':
			r.rules(&f)
		default:
			r.fail(`"` + step + `" must be an object or an array`)
		}
		o.put(steps[:len(steps)-1], f)
	}
}

// put adds a field behind steps: a dot in a name is as good as an object within. Of
// rules for the same place the last ones count.
func (o *object) put(steps []string, f field) {
	want, within := f.name, f.sub != nil
	if len(steps) > 0 {
		want, within = steps[0], true
	}
	i := slices.IndexFunc(o.fields, func(g field) bool { return g.name == want && (g.sub != nil) == within })
	switch {
	case len(steps) > 0:
		if i < 0 {
			i = len(o.fields)
			o.fields = append(o.fields, field{name: want, sub: &object{}})
		}
		o.fields[i].sub.put(steps[1:], f)
	case i < 0:
		o.fields = append(o.fields, f)
	case within:
		for _, g := range f.sub.fields {
			o.fields[i].sub.put(nil, g)
		}
		o.fields[i].sub.ors = append(o.fields[i].sub.ors, f.sub.ors...)
	default:
		o.fields[i] = f
	}
}

// alternatives tells whether what follows the name $or is a list of two or more
// conditions; if not, the name is that of a member.
func (r *parser) alternatives() bool {
	rest := r.tokens[r.at:]
	if rest[0].kind != '[' {
		return false
	}
	depth, objects := 0, 0
	for i, t := range rest {
		switch t.kind {
		case '{', '[':
			if depth == 1 && t.kind == '{' {
				objects++
				if first := rest[i+1]; first.kind != name || slices.Contains(operators, first.text) {
					return false
				}
			}
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return objects >= 2
			}
		}
		if depth == 1 && t.kind != '{' && t.kind != '}' && i > 0 {
			return false
		}
	}
	return false
}

func (r *parser) or(path []string) (all []*object) {
	if r.next().kind != '[' {
		r.fail("It must be an Array followed with $or.")
	}
	for {
		switch r.next().kind {
		case '{':
			all = append(all, r.object(path, true))
		case ']':
			if len(all) < 2 {
				r.fail("There must have at least 2 Objects in $or relationship.")
			}
			return all
		default:
			r.fail("Only JSON object is allowed in array of $or relationship.")
		}
	}
}

// rules reads the values that a member may have, whose bracket was taken.
func (r *parser) rules(f *field) {
	for {
		t := r.next()
		switch t.kind {
		case ']':
			if len(f.rules) == 0 {
				r.fail("Empty arrays are not allowed")
			}
			return
		case '{':
			f.rules = append(f.rules, r.expression(f))
		case text:
			f.rules = append(f.rules, textRule(r.value()))
		case number:
			f.rules = append(f.rules, numberRule(t.text))
		case literal:
			f.rules = append(f.rules, literalRule(t.text))
		default:
			r.fail("Match value must be String, number, true, false, or null")
		}
	}
}

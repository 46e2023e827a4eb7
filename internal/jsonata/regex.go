package jsonata

import (
	"strings"
	"time"

	"github.com/dlclark/regexp2/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// regex is a regular expression of the language, with ECMAScript's meaning.
type regex struct {
	source string
	re     *regexp2.Regexp
}

// regexTime bounds one match, as a regular expression may backtrack for ever.
const regexTime = 2 * time.Second

func newRegex(pattern, flags string) (*regex, error) {
	options := regexp2.ECMAScript
	if strings.Contains(flags, "i") {
		options |= regexp2.IgnoreCase
	}
	if strings.Contains(flags, "m") {
		options |= regexp2.Multiline
	}
	re, err := regexp2.Compile(pattern, options)
	if err != nil {
		return nil, err
	}
	re.MatchTimeout = regexTime
	return &regex{pattern, re}, nil
}

// matcher is the regular expression as a function from a string to its first
// match, an object whose member next gives the one after.
func (x *regex) matcher(pos int) *function {
	return &function{matcher: true, arity: 2, native: func(r *run, args []any, _ any) any {
		s, ok := first(args).(string)
		if !ok {
			return nil
		}
		return x.from(r, pos, []rune(s), 0)
	}}
}

func first(args []any) any {
	if len(args) == 0 {
		return nil
	}
	return args[0]
}

func (x *regex) from(r *run, pos int, text []rune, at int) any {
	m, err := x.re.FindRunesMatchStartingAt(text, at)
	if err != nil {
		throwAt(codeLimit, pos, "")
	}
	if m == nil {
		return nil
	}
	if m.RuneLength == 0 {
		throwAt("D1004", pos, "", "value", x.source)
	}
	groups := []any{}
	for _, g := range m.Groups()[1:] {
		if len(g.Captures) == 0 {
			groups = append(groups, nil)
		} else {
			groups = append(groups, g.String())
		}
	}
	end := m.RuneIndex + m.RuneLength
	return jsonvalue.ObjectOf(
		"match", m.String(),
		"start", float64(units(text[:m.RuneIndex])),
		"end", float64(units(text[:end])),
		"groups", groups,
		"next", &function{arity: 0, native: func(r *run, _ []any, _ any) any {
			if end >= len(text) {
				return nil
			}
			return x.from(r, pos, text, end)
		}},
	)
}

// units is the length of text in UTF-16 units, which positions are counted in.
func units(text []rune) int {
	n := len(text)
	for _, c := range text {
		if c > 0xFFFF {
			n++
		}
	}
	return n
}

// matches calls a matcher, a regular expression or a function like one.
func (r *run) matches(matcher any, args ...any) *match {
	v := r.invoke(matcher, args, null{})
	if v == nil {
		return nil
	}
	o, ok := v.(*jsonvalue.Object)
	if ok {
		_, hasStart := jsonvalue.Float(o.Get("start"))
		_, hasEnd := jsonvalue.Float(o.Get("end"))
		_, hasNext := o.Get("next").(*function)
		ok = hasStart || hasEnd || hasNext || isArray(o.Get("groups"))
	}
	if !ok {
		throwAt("T1010", r.pos, r.token)
	}
	m := &match{object: o, next: o.Get("next")}
	m.text, _ = o.Get("match").(string)
	start, _ := jsonvalue.Float(o.Get("start"))
	end, _ := jsonvalue.Float(o.Get("end"))
	m.start, m.end = int(start), int(end)
	m.groups, _ = asItems(o.Get("groups"))
	return m
}

// match is one match of a matcher; positions are in UTF-16 units.
type match struct {
	object     *jsonvalue.Object
	text       string
	start, end int
	groups     []any
	next       any
}

package vtl

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// reference is a variable and what is taken of it.
type reference struct {
	name  string
	steps []step
}

// step is .name, .name(args) or [index].
type step struct {
	name  string
	call  bool
	args  []expression
	index expression
}

// reference reads $name, ${name} or $!name with its steps.
func (p *parser) reference() (*reference, bool) {
	defer p.deeper()()
	p.at++ // the dollar sign
	p.take("!")
	braced := p.take("{")
	ref := &reference{name: p.word()}
	if ref.name == "" {
		return nil, false
	}
	for {
		s, ok := p.step()
		if !ok {
			break
		}
		ref.steps = append(ref.steps, s)
	}
	if braced && !p.take("}") {
		return nil, false
	}
	return ref, true
}

func (p *parser) step() (step, bool) {
	from := p.at
	switch {
	case p.take("["):
		s := step{index: p.expression()}
		p.expect("]")
		return s, true
	case p.take("."):
		s := step{name: p.word()}
		if s.name == "" {
			p.at = from
			return s, false
		}
		if !p.take("(") {
			return s, true
		}
		s.call = true
		for p.space(); !p.take(")"); p.space() {
			if len(s.args) > 0 {
				p.expect(",")
			}
			s.args = append(s.args, p.expression())
		}
		return s, true
	}
	return step{}, false
}

func (x *reference) value(r *run) (any, error) {
	if err := r.step(); err != nil {
		return nil, err
	}
	v := r.variables[x.name]
	for _, s := range x.steps {
		if missing(v) {
			return nil, nil
		}
		var err error
		if v, err = s.of(r, v); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// of takes the step from a value.
func (s step) of(r *run, v any) (any, error) {
	if l, ok := v.([]any); ok {
		v = &List{l}
	}
	if s.index != nil {
		i, err := s.index.value(r)
		if err != nil {
			return nil, err
		}
		return at(v, i), nil
	}
	if !s.call {
		switch x := v.(type) {
		case *jsonvalue.Object:
			return x.Get(s.name), nil
		case Object:
			return x.Property(s.name), nil
		}
		return nil, nil
	}
	args := make([]any, len(s.args))
	for i, a := range s.args {
		var err error
		if args[i], err = a.value(r); err != nil {
			return nil, err
		}
	}
	if o, ok := v.(Object); ok {
		return o.Call(s.name, args)
	}
	return call(v, s.name, args)
}

// at is an item of a list, or a member of a map.
func at(v, index any) any {
	switch x := v.(type) {
	case *List:
		n, ok := jsonvalue.Float(index)
		i := int(n)
		if i < 0 {
			i += len(x.Items)
		}
		if !ok || i < 0 || i >= len(x.Items) {
			return nil
		}
		return x.Items[i]
	case *jsonvalue.Object:
		return x.Get(Text(index))
	}
	return nil
}

// assign is #set.
func (x *reference) assign(r *run, v any) error {
	if len(x.steps) == 0 {
		r.variables[x.name] = v
		return nil
	}
	owner := &reference{x.name, x.steps[:len(x.steps)-1]}
	of, err := owner.value(r)
	if err != nil {
		return err
	}
	last := x.steps[len(x.steps)-1]
	name := any(last.name)
	if last.index != nil {
		if name, err = last.index.value(r); err != nil {
			return err
		}
	}
	switch o := of.(type) {
	case *jsonvalue.Object:
		if !last.call {
			o.Set(Text(name), v)
			return nil
		}
	case *List:
		if n, ok := jsonvalue.Float(name); ok && last.index != nil && int(n) >= 0 && int(n) < len(o.Items) {
			o.Items[int(n)] = v
			return nil
		}
	}
	return fmt.Errorf("#set cannot set $%s and what follows", x.name)
}

// call calls a method of Java's that texts, lists and maps have.
func call(v any, name string, args []any) (any, error) {
	var method func([]any) (any, bool)
	switch x := v.(type) {
	case string:
		method = textMethods(x)[name]
	case *List:
		method = x.methods()[name]
	case *jsonvalue.Object:
		method = mapMethods(x)[name]
	}
	if name == "toString" {
		return Text(v), nil
	}
	if name == "equals" && len(args) == 1 {
		return equal(v, args[0]), nil
	}
	if method == nil {
		return nil, fmt.Errorf("the method %s of %.40s is not carried out", name, Text(v))
	}
	out, ok := method(args)
	if !ok {
		return nil, fmt.Errorf("the method %s of %.40s does not take these arguments", name, Text(v))
	}
	return out, nil
}

// methods of one type, by their names; ok is false of arguments that do not fit.
type methods map[string]func(args []any) (any, bool)

// none is a method without arguments.
func none(f func() any) func([]any) (any, bool) {
	return func(args []any) (any, bool) {
		if len(args) > 0 {
			return nil, false
		}
		return f(), true
	}
}

// one is a method of one text.
func one(f func(a string) any) func([]any) (any, bool) {
	return func(args []any) (any, bool) {
		if len(args) != 1 {
			return nil, false
		}
		return f(Text(args[0])), true
	}
}

func textMethods(s string) methods {
	return methods{
		"length":           none(func() any { return float64(utf8.RuneCountInString(s)) }),
		"isEmpty":          none(func() any { return s == "" }),
		"trim":             none(func() any { return strings.TrimSpace(s) }),
		"toLowerCase":      none(func() any { return strings.ToLower(s) }),
		"toUpperCase":      none(func() any { return strings.ToUpper(s) }),
		"concat":           one(func(a string) any { return s + a }),
		"contains":         one(func(a string) any { return strings.Contains(s, a) }),
		"endsWith":         one(func(a string) any { return strings.HasSuffix(s, a) }),
		"startsWith":       one(func(a string) any { return strings.HasPrefix(s, a) }),
		"indexOf":          one(func(a string) any { return float64(index(s, a)) }),
		"equalsIgnoreCase": one(func(a string) any { return strings.EqualFold(s, a) }),
		"replace": func(args []any) (any, bool) {
			if len(args) != 2 {
				return nil, false
			}
			old, replacement := Text(args[0]), Text(args[1])
			if (strings.Count(s, old)+1)*(len(replacement)+1) > maxText {
				return nil, false
			}
			return strings.ReplaceAll(s, old, replacement), true
		},
		"replaceAll": func(args []any) (any, bool) {
			if len(args) != 2 {
				return nil, false
			}
			re, err := regexp.Compile(Text(args[0]))
			if err != nil {
				return nil, false
			}
			replacement := Text(args[1])
			if (len(re.FindAllStringIndex(s, -1))+1)*(len(replacement)+1)+strings.Count(replacement, "$")*len(s) > maxText {
				return nil, false
			}
			return re.ReplaceAllString(s, replacement), true
		},
		"matches": func(args []any) (any, bool) {
			if len(args) != 1 {
				return nil, false
			}
			re, err := regexp.Compile("^(?:" + Text(args[0]) + ")$")
			if err != nil {
				return nil, false
			}
			return re.MatchString(s), true
		},
		"split": func(args []any) (any, bool) {
			if len(args) != 1 {
				return nil, false
			}
			re, err := regexp.Compile(Text(args[0]))
			if err != nil {
				return nil, false
			}
			l := &List{}
			for _, part := range re.Split(s, -1) {
				l.Items = append(l.Items, part)
			}
			return l, true
		},
		"substring": func(args []any) (any, bool) { return substring([]rune(s), args) },
	}
}

// index counts characters, as Java does.
func index(s, a string) int {
	i := strings.Index(s, a)
	if i < 0 {
		return i
	}
	return utf8.RuneCountInString(s[:i])
}

func substring(s []rune, args []any) (any, bool) {
	from, to := 0.0, float64(len(s))
	ok := len(args) == 1 || len(args) == 2
	if ok {
		from, ok = jsonvalue.Float(args[0])
	}
	if ok && len(args) == 2 {
		to, ok = jsonvalue.Float(args[1])
	}
	if !ok || from < 0 || to > float64(len(s)) || from > to {
		return nil, false
	}
	return string(s[int(from):int(to)]), true
}

func (l *List) methods() methods {
	return methods{
		"size":    none(func() any { return float64(len(l.Items)) }),
		"isEmpty": none(func() any { return len(l.Items) == 0 }),
		"get": func(args []any) (any, bool) {
			if len(args) != 1 {
				return nil, false
			}
			return at(l, args[0]), true
		},
		"add": func(args []any) (any, bool) {
			if len(args) != 1 {
				return nil, false
			}
			l.Items = append(l.Items, args[0])
			return true, true
		},
		"contains": func(args []any) (any, bool) {
			if len(args) != 1 {
				return nil, false
			}
			for _, item := range l.Items {
				if equal(item, args[0]) {
					return true, true
				}
			}
			return false, true
		},
	}
}

func mapMethods(o *jsonvalue.Object) methods {
	return methods{
		"size":        none(func() any { return float64(o.Len()) }),
		"isEmpty":     none(func() any { return o.Len() == 0 }),
		"get":         one(func(a string) any { return o.Get(a) }),
		"containsKey": one(func(a string) any { return o.Has(a) }),
		"remove": one(func(a string) any {
			v := o.Get(a)
			o.Delete(a)
			return v
		}),
		"keySet": none(func() any {
			l := &List{}
			for name := range o.All() {
				l.Items = append(l.Items, name)
			}
			return l
		}),
		"values": none(func() any { return &List{itemsOf(o)} }),
		"entrySet": none(func() any {
			l := &List{}
			for name, v := range o.All() {
				l.Items = append(l.Items, jsonvalue.ObjectOf("key", name, "value", v))
			}
			return l
		}),
		"put": func(args []any) (any, bool) {
			if len(args) != 2 {
				return nil, false
			}
			old := o.Get(Text(args[0]))
			o.Set(Text(args[0]), args[1])
			return old, true
		},
	}
}

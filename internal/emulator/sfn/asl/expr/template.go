package expr

import (
	"fmt"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// Template is a payload template: JSON in which some values are computed. It does
// not change.
type Template struct {
	literal any // where nothing is computed
	expr    *Expr
	items   []*Template
	members []member
}

type member struct {
	key   string
	value *Template
}

// CompileTemplate compiles a payload template of a field. In JSONPath, members
// whose name ends in .$ are computed; in JSONata, strings between {% and %}.
func CompileTemplate(field string, v any, l Language, place Place) (*Template, []Problem) {
	c := &compiler{language: l, place: place}
	return c.template(field, "", v), c.problems
}

// Literal is a template in which nothing is computed.
func Literal(v any) *Template { return &Template{literal: v} }

// Constant is the value of a template in which nothing is computed; ok is false
// for others.
func (t *Template) Constant() (v any, ok bool) { return t.literal, t.literal != nil }

// Expr is the expression that the template is made of as a whole, or nil.
func (t *Template) Expr() *Expr { return t.expr }

// Keys are the names of the members of a template that is an object, as they are
// in its value.
func (t *Template) Keys() []string {
	if o, ok := t.literal.(*jsonvalue.Object); ok {
		return o.Keys()
	}
	var out []string
	for _, m := range t.members {
		out = append(out, m.key)
	}
	return out
}

// Eval is the value of the template. The error is an *Error.
func (t *Template) Eval(env *Env) (any, error) {
	switch {
	case t.literal != nil:
		return t.literal, nil
	case t.expr != nil:
		return t.expr.Eval(env)
	case t.items != nil:
		out := make([]any, len(t.items))
		for i, item := range t.items {
			v, err := item.Eval(env)
			if err != nil {
				return nil, err
			}
			out[i] = v
		}
		return out, nil
	}
	out := jsonvalue.NewObject(len(t.members))
	for _, m := range t.members {
		v, err := m.value.Eval(env)
		if err != nil {
			return nil, err
		}
		out.Set(m.key, v)
	}
	return out, nil
}

type compiler struct {
	language Language
	place    Place
	problems []Problem
}

// template compiles v, which stands at the given place below the field.
func (c *compiler) template(field, at string, v any) *Template {
	switch v := v.(type) {
	case string:
		if c.language == JSONata && IsQuery(v) {
			e, problems := CompileQuery(field+at, v, c.place)
			for _, p := range problems {
				p.At = at
				c.problems = append(c.problems, p)
			}
			return &Template{expr: e}
		}
	case []any:
		t := &Template{items: make([]*Template, len(v))}
		fixed := true
		for i, item := range v {
			t.items[i] = c.template(field, fmt.Sprintf("%s[%d]", at, i), item)
			fixed = fixed && t.items[i].literal != nil
		}
		if !fixed {
			return t
		}
	case *jsonvalue.Object:
		t := &Template{members: make([]member, 0, v.Len())}
		fixed := true
		for k, x := range v.All() {
			m := c.member(field, at, k, x)
			fixed = fixed && m.value.literal != nil && m.key == k
			t.members = append(t.members, m)
		}
		if !fixed {
			return t
		}
	}
	return Literal(v)
}

func (c *compiler) member(field, at, key string, v any) member {
	name, computed := strings.CutSuffix(key, ".$")
	if c.language != JSONPath || !computed {
		return member{key, c.template(field, at+"/"+key, v)}
	}
	text, ok := v.(string)
	var e *Expr
	err := error(nil)
	if ok {
		e, err = CompilePath(key, text, true)
	}
	if !ok || err != nil {
		c.problems = append(c.problems, Problem{
			Code:    "SCHEMA_VALIDATION_FAILED",
			Message: fmt.Sprintf("The value for the field '%s' must be a valid JSONPath or a valid intrinsic function call", key),
			At:      at,
		})
		return member{name, Literal(v)}
	}
	return member{name, &Template{expr: e}}
}

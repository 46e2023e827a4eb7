package run

import (
	"fmt"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// choose goes the way of the first rule that holds.
func (x *Execution) choose(t *thread, st *asl.State) error {
	input, err := x.inputPath(t, st)
	if err != nil {
		return err
	}
	env := x.env(t, input)
	for i := range st.Choices {
		r := &st.Choices[i]
		holds, err := holds(r, env)
		if err != nil {
			return err
		}
		if holds {
			w := &way{next: r.Next, output: r.Output, assign: r.Assign}
			return x.leave(t, st, input, w)
		}
	}
	if st.Default != "" {
		return x.leave(t, st, input, &way{next: st.Default, output: st.Output, assign: st.Assign})
	}
	return &expr.Error{Name: expr.Runtime, Cause: "Failed to transition out of the state. The state does not point to a next state."}
}

// holds tells whether the condition of a rule is met.
func holds(r *asl.Rule, env *expr.Env) (bool, error) {
	switch {
	case r.Constant != nil:
		return *r.Constant, nil
	case r.Condition != nil:
		v, err := r.Condition.Eval(env)
		if err != nil {
			return false, err
		}
		b, ok := v.(bool)
		if !ok {
			return false, r.Condition.Unexpected("boolean", v)
		}
		return b, nil
	case r.Not != nil:
		inner, err := holds(r.Not, env)
		return !inner, err
	case r.And != nil || r.Or != nil:
		list, until := r.And, false
		if r.Or != nil {
			list, until = r.Or, true
		}
		for i := range list {
			if one, err := holds(&list[i], env); err != nil || one == until {
				return one, err
			}
		}
		return !until, nil
	}
	return compares(r, env)
}

// compares applies the operator of a rule to its variable.
func compares(r *asl.Rule, env *expr.Env) (bool, error) {
	v, err := r.Variable.Find(env)
	if r.Operator == "IsPresent" {
		return (err == nil) == (r.Value == true), nil
	}
	if err != nil {
		return false, noValue(r.Variable)
	}
	if is, unary := kinds[r.Operator]; unary {
		return is(v) == (r.Value == true), nil
	}
	other := r.Value
	if r.Other != nil {
		if other, err = r.Other.Find(env); err != nil {
			return false, noValue(r.Other)
		}
	}
	return related(r.Operator, v, other), nil
}

func noValue(e *expr.Expr) error {
	return &expr.Error{Name: expr.Runtime, Cause: fmt.Sprintf("Invalid path '%s': The choice state's condition path references an invalid value.", e.Text)}
}

// kinds are the operators that ask what a value is.
var kinds = map[string]func(v any) bool{
	"IsNull":      func(v any) bool { _, ok := v.(jsonvalue.Null); return ok },
	"IsString":    func(v any) bool { _, ok := v.(string); return ok },
	"IsBoolean":   func(v any) bool { _, ok := v.(bool); return ok },
	"IsNumeric":   func(v any) bool { _, ok := jsonvalue.Float(v); return ok },
	"IsTimestamp": isTimestamp,
}

func isTimestamp(v any) bool {
	s, _ := v.(string)
	_, err := asl.ParseTimestamp(s)
	return err == nil
}

// related compares two values. Values of other types than the operator's relate
// to nothing.
func related(operator string, a, b any) bool {
	switch operator {
	case "BooleanEquals":
		x, ok := a.(bool)
		y, also := b.(bool)
		return ok && also && x == y
	case "StringMatches":
		s, ok := a.(string)
		pattern, _ := b.(string)
		return ok && matches(pattern, s)
	}
	order := 0
	var relation string
	switch {
	case strings.HasPrefix(operator, "String"):
		s, ok := a.(string)
		u, also := b.(string)
		if !ok || !also {
			return false
		}
		order, relation = strings.Compare(s, u), strings.TrimPrefix(operator, "String")
	case strings.HasPrefix(operator, "Numeric"):
		f, ok := jsonvalue.Float(a)
		g, also := jsonvalue.Float(b)
		if !ok || !also {
			return false
		}
		relation = strings.TrimPrefix(operator, "Numeric")
		switch {
		case f < g:
			order = -1
		case f > g:
			order = 1
		}
	default:
		s, _ := a.(string)
		u, _ := b.(string)
		at, err := asl.ParseTimestamp(s)
		other, errOther := asl.ParseTimestamp(u)
		if err != nil || errOther != nil {
			return false
		}
		order, relation = at.Compare(other), strings.TrimPrefix(operator, "Timestamp")
	}
	switch relation {
	case "Equals":
		return order == 0
	case "LessThan":
		return order < 0
	case "GreaterThan":
		return order > 0
	case "LessThanEquals":
		return order <= 0
	}
	return order >= 0
}

// matches tells whether a text fits a pattern in which * stands for anything and a
// backslash takes the meaning of what follows it.
func matches(pattern, s string) bool {
	type token struct {
		c   byte
		any bool
	}
	var tokens []token
	for i := 0; i < len(pattern); i++ {
		switch {
		case pattern[i] == '*':
			tokens = append(tokens, token{any: true})
			continue
		case pattern[i] == '\\' && i+1 < len(pattern):
			i++
		}
		tokens = append(tokens, token{c: pattern[i]})
	}
	star, back := -1, 0
	p, i := 0, 0
	for i < len(s) {
		switch {
		case p < len(tokens) && tokens[p].any:
			star, back = p, i
			p++
		case p < len(tokens) && tokens[p].c == s[i]:
			p, i = p+1, i+1
		case star >= 0:
			back++
			p, i = star+1, back
		default:
			return false
		}
	}
	for p < len(tokens) && tokens[p].any {
		p++
	}
	return p == len(tokens)
}

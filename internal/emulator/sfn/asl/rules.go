package asl

import (
	"slices"
	"strings"
	"unicode"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

func isLetter(r rune) bool { return unicode.IsLetter(r) }
func isDigit(r rune) bool  { return unicode.IsDigit(r) }

// retriers reads Retry.
func (p *parser) retriers(o object) []Retrier {
	list := o.children("Retry", true)
	var out []Retrier
	for i, r := range list {
		r.only("ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy", "Comment")
		next := Retrier{
			ErrorEquals:     p.errorEquals(r, i == len(list)-1),
			IntervalSeconds: r.number("IntervalSeconds", 1, 1, 99_999_999, true),
			MaxAttempts:     int(r.number("MaxAttempts", 3, 0, 99_999_999, true)),
			BackoffRate:     r.number("BackoffRate", 2, 1, 99_999_999, false),
			MaxDelaySeconds: r.number("MaxDelaySeconds", 0, 1, 31_622_400, true),
			FullJitter:      r.oneOf("JitterStrategy", "FULL", "NONE") == "FULL",
		}
		if r.Has("MaxDelaySeconds") && next.MaxDelaySeconds > 0 && next.MaxDelaySeconds <= next.IntervalSeconds {
			p.wrong(r.at, "MaxDelaySeconds must be greater than IntervalSeconds")
		}
		out = append(out, next)
	}
	return out
}

// errorEquals reads the names of errors. States.ALL stands alone and last.
func (p *parser) errorEquals(o object, last bool) []string {
	if !o.required("ErrorEquals") {
		return nil
	}
	items, ok := o.Get("ErrorEquals").([]any)
	if !ok {
		o.mistyped("ErrorEquals", "Array")
		return nil
	}
	if len(items) == 0 {
		p.wrong(o.at+"/ErrorEquals", "Value cannot be empty")
	}
	var out []string
	for _, item := range items {
		s, ok := item.(string)
		if !ok {
			p.wrong(o.at+"/ErrorEquals", "Expected value of type String")
			continue
		}
		out = append(out, s)
	}
	if slices.Contains(out, "States.ALL") {
		if len(out) > 1 {
			p.wrong(o.at+"/ErrorEquals", "States.ALL must appear alone in the ErrorEquals array")
		}
		if !last {
			p.wrong(o.at+"/ErrorEquals", "States.ALL must be in the last retrier or catcher")
		}
	}
	return out
}

// catchers reads Catch.
func (p *parser) catchers(o object, s *State) []Catcher {
	list := o.children("Catch", true)
	var out []Catcher
	for i, c := range list {
		allowed := []string{"ErrorEquals", "Next", "Comment", "Assign", "ResultPath"}
		other := "Output"
		if s.Language == expr.JSONata {
			allowed[4], other = other, "ResultPath"
		}
		if c.Has(other) {
			p.wrong(c.at, "The QueryLanguage is set to '%s', but field '%s' is only supported for the '%s' QueryLanguage", s.Language, other, 1-s.Language)
		}
		c.only(append(allowed, other)...)
		next := Catcher{ErrorEquals: p.errorEquals(c, i == len(list)-1)}
		if c.required("Next") {
			next.Next = c.name("Next")
		}
		if s.Language == expr.JSONPath {
			next.ResultPath = c.path("ResultPath", true)
		} else {
			next.Output = c.template("Output", s.Language, expr.Failure, false)
		}
		next.Assign = c.assign(s.Language, expr.Failure)
		out = append(out, next)
	}
	return out
}

// choice reads the rules of a Choice state.
func (p *parser) choice(o object, s *State) {
	o.required("Choices")
	s.Default = o.name("Default")
	for _, c := range o.children("Choices", false) {
		r := Rule{}
		if c.required("Next") {
			r.Next = c.name("Next")
		}
		if s.Language == expr.JSONata {
			c.only("Condition", "Next", "Assign", "Output", "Comment")
			r.Output = c.template("Output", s.Language, expr.Plain, false)
			p.condition(c, &r)
		} else {
			p.comparison(c, &r, true)
		}
		r.Assign = c.assign(s.Language, expr.Plain)
		s.Choices = append(s.Choices, r)
	}
}

// condition reads the condition of a JSONata rule.
func (p *parser) condition(c object, r *Rule) {
	if !c.required("Condition") {
		return
	}
	switch v := c.Get("Condition").(type) {
	case bool:
		r.Constant = &v
	case string:
		if expr.IsQuery(v) {
			r.Condition = c.query("Condition", v, expr.Plain)
			return
		}
		c.mistyped("Condition", "Boolean")
	default:
		c.mistyped("Condition", "Boolean")
	}
}

// comparison reads a rule of JSONPath: And, Or, Not, or a variable and one
// operator.
func (p *parser) comparison(c object, r *Rule, top bool) {
	common := []string{"Comment"}
	if top {
		common = append(common, "Next", "Assign")
	}
	switch {
	case c.Has("And"), c.Has("Or"):
		name := "And"
		if !c.Has("And") {
			name = "Or"
		}
		c.only(append(common, name)...)
		var list []Rule
		for _, part := range c.children(name, false) {
			var inner Rule
			p.comparison(part, &inner, false)
			list = append(list, inner)
		}
		if name == "And" {
			r.And = list
		} else {
			r.Or = list
		}
	case c.Has("Not"):
		c.only(append(common, "Not")...)
		if inner, ok := c.child("Not"); ok {
			r.Not = &Rule{}
			p.comparison(inner, r.Not, false)
		}
	default:
		p.operator(c, r, common)
	}
}

// operator reads Variable and the operator.
func (p *parser) operator(c object, r *Rule, common []string) {
	if c.required("Variable") {
		r.Variable = c.reference("Variable", false)
	}
	for _, k := range c.Keys() {
		if slices.Contains(common, k) || k == "Variable" {
			continue
		}
		want, known := operators[strings.TrimSuffix(k, "Path")]
		if !known || strings.HasSuffix(k, "Path") && (strings.HasPrefix(k, "Is") || k == "StringMatchesPath") {
			p.wrong(c.at, "Field '%s' is not supported", k)
			continue
		}
		if r.Operator != "" {
			p.wrong(c.at, "There should only be one of the following fields: [%s, %s]", r.Operator, k)
			continue
		}
		r.Operator = strings.TrimSuffix(k, "Path")
		if r.Operator != k {
			r.Other = c.reference(k, false)
			continue
		}
		r.Value = c.Get(k)
		if !want.is(r.Value) {
			c.mistyped(k, want.name)
		}
		if s, ok := r.Value.(string); ok {
			p.noPath(s, c.at+"/"+k)
		}
	}
	if r.Operator == "" {
		p.wrong(c.at, "A comparison operator is required")
	}
}

// operand is what an operator compares with.
type operand struct {
	name string
	is   func(v any) bool
}

var operators = func() map[string]operand {
	text := operand{"String", func(v any) bool { _, ok := v.(string); return ok }}
	number := operand{"Number", func(v any) bool { _, ok := jsonvalue.Float(v); return ok }}
	truth := operand{"Boolean", func(v any) bool { _, ok := v.(bool); return ok }}
	moment := operand{"Timestamp", func(v any) bool {
		s, _ := v.(string)
		_, err := ParseTimestamp(s)
		return err == nil
	}}
	out := map[string]operand{"StringMatches": text, "BooleanEquals": truth}
	for prefix, o := range map[string]operand{"String": text, "Numeric": number, "Timestamp": moment} {
		for _, relation := range []string{"Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals"} {
			out[prefix+relation] = o
		}
	}
	for _, is := range []string{"IsNull", "IsPresent", "IsNumeric", "IsString", "IsBoolean", "IsTimestamp"} {
		out[is] = truth
	}
	return out
}()

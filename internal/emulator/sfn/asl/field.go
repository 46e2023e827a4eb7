package asl

import (
	"errors"
	"strings"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// ParseTimestamp reads a time as Wait states take it: ISO 8601 with an upper-case
// T and a zone.
func ParseTimestamp(s string) (time.Time, error) {
	if strings.ContainsAny(s, "tz ") {
		return time.Time{}, errors.New("the T and the Z of a timestamp must be upper case")
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, errors.New("not a timestamp of ISO 8601 with a zone")
}

// path is a member that must be a path or null; a reference path when it is
// written to.
func (o object) path(name string, reference bool) *Path {
	v := o.Get(name)
	switch v := v.(type) {
	case nil:
		return nil
	case jsonvalue.Null:
		return &Path{Null: true}
	case string:
		e, err := expr.CompilePath(name, v, false)
		if err == nil && (!reference || e.Path().Reference() && e.Path().Root() == "") {
			return &Path{Expr: e}
		}
		if reference {
			o.p.wrong(o.at+"/"+name, "Value is not a Reference Path")
		} else {
			o.p.wrong(o.at+"/"+name, "Value must be a valid JSONPath.")
		}
	default:
		o.mistyped(name, "String")
	}
	return nil
}

// reference is a member …Path: a path that leads to one value, or a call where
// calls are allowed.
func (o object) reference(name string, calls bool) *expr.Expr {
	s, ok := o.Get(name).(string)
	if !ok {
		o.mistyped(name, "String")
		return nil
	}
	e, err := expr.CompilePath(name, s, calls)
	if err != nil || e.Path() != nil && !e.Path().Definite() {
		o.p.wrong(o.at+"/"+name, "Value is not a Reference Path")
		return nil
	}
	return e
}

// query compiles a member that is JSONata.
func (o object) query(name, text string, place expr.Place) *expr.Expr {
	return o.p.query(o.within+name, o.at+"/"+name, text, place)
}

func (p *parser) query(field, at, text string, place expr.Place) *expr.Expr {
	e, problems := expr.CompileQuery(field, text, place)
	for _, problem := range problems {
		p.report(Error, problem.Code, at+problem.At, "%s", problem.Message)
	}
	return e
}

// numberField is a member of digits, …Path or a query, nil when it is not there.
func (o object) numberField(l expr.Language, name string, least, most float64) *Field {
	return o.amount(l, name, least, most, true)
}

func (o object) amount(l expr.Language, name string, least, most float64, whole bool) *Field {
	if l == expr.JSONPath {
		o.exclusive(name, name+"Path")
		if o.Has(name + "Path") {
			e := o.reference(name+"Path", false)
			if e != nil && e.Path().Root() == "$" { // of the paths of numbers none may lead into the context
				o.p.wrong(o.at+"/"+name+"Path", "Value is not a Reference Path")
			}
			return &Field{Name: name + "Path", Expr: e}
		}
	}
	v := o.Get(name)
	if s, ok := v.(string); ok && l == expr.JSONata && expr.IsQuery(s) {
		return &Field{Name: name, Expr: o.query(name, s, expr.Plain)}
	}
	if v == nil {
		return nil
	}
	return &Field{Name: name, Value: o.number(name, 0, least, most, whole)}
}

// stringField is a member that is text, a query, or a path under its own name.
func (o object) stringField(l expr.Language, name, path string) *Field {
	if l == expr.JSONPath && path != "" {
		o.exclusive(name, path)
		if o.Has(path) {
			return &Field{Name: path, Expr: o.reference(path, true)}
		}
	}
	v := o.Get(name)
	if v == nil {
		return nil
	}
	s, ok := v.(string)
	if !ok {
		o.mistyped(name, "String")
	}
	if l == expr.JSONata && expr.IsQuery(s) {
		return &Field{Name: name, Expr: o.query(name, s, expr.Plain)}
	}
	if l == expr.JSONPath {
		o.p.noPath(s, o.at+"/"+name)
	}
	return &Field{Name: name, Value: s}
}

// template is a member that is a payload template; one that must be an object is
// refused otherwise.
func (o object) template(name string, l expr.Language, place expr.Place, mustBeObject bool) *expr.Template {
	v := o.Get(name)
	if v == nil {
		return nil
	}
	s, _ := v.(string)
	computed := l == expr.JSONata && expr.IsQuery(s)
	if _, is := v.(*jsonvalue.Object); mustBeObject && !is && !computed {
		o.mistyped(name, "Object")
		return nil
	}
	t, problems := expr.CompileTemplate(o.within+name, v, l, place)
	for _, problem := range problems {
		o.p.report(Error, problem.Code, o.at+"/"+name+problem.At, "%s", problem.Message)
	}
	if l == expr.JSONPath && name != "Assign" {
		o.p.dollars(v, o.at+"/"+name)
	}
	return t
}

// assign is the member Assign, an object of variables.
func (o object) assign(l expr.Language, place expr.Place) *expr.Template {
	t := o.template("Assign", l, place, true)
	if t == nil {
		return nil
	}
	for _, name := range t.Keys() {
		switch {
		case name == "states":
			o.p.wrong(o.at+"/Assign", "The variable name 'states' is reserved")
		case !variable(name):
			o.p.wrong(o.at+"/Assign", "The variable name '%s' is invalid", name)
		}
	}
	return t
}

// variable tells whether a name can be that of a variable: up to 80 characters of
// which Unicode allows as identifiers.
func variable(name string) bool {
	runes := []rune(name)
	if len(runes) == 0 || len(runes) > 80 {
		return false
	}
	for i, r := range runes {
		if r != '_' && !isLetter(r) && (i == 0 || !isDigit(r)) {
			return false
		}
	}
	return true
}

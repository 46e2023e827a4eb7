package asl

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/expr"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// Workflow is the type of a state machine, which some rules depend on.
type Workflow string

// The types of state machines, by AWS's names.
const (
	Standard Workflow = "STANDARD"
	Express  Workflow = "EXPRESS"
)

// Parse reads a definition. Diagnostics come in AWS's order; where one is an
// error, there is no machine.
func Parse(definition string, w Workflow) (*Machine, []Diagnostic) {
	p := &parser{workflow: w, machine: &Machine{scopes: map[string]*Scope{}}}
	root, ok := p.json(definition)
	if !ok {
		return nil, p.out
	}
	p.top(root)
	if len(Errors(p.out)) == 0 {
		p.graph()
	}
	if len(Errors(p.out)) > 0 {
		return nil, p.out
	}
	return p.machine, p.out
}

// ParseState reads the definition of one state, as TestState takes it, as a
// machine of that state alone; transitions may lead out of it.
func ParseState(name, definition string, w Workflow) (*Machine, []Diagnostic) {
	p := &parser{workflow: w, machine: &Machine{scopes: map[string]*Scope{}}}
	root, ok := p.json(definition)
	if !ok {
		return nil, p.out
	}
	s := &Scope{StartAt: name, Names: []string{name}, States: map[string]*State{}}
	p.machine.Scope = s
	p.machine.scopes[""] = s
	s.States[name] = p.state(name, "/States/"+name, root)
	if len(Errors(p.out)) > 0 {
		return nil, p.out
	}
	return p.machine, p.out
}

// parser collects what Parse gives.
type parser struct {
	workflow Workflow
	machine  *Machine
	out      []Diagnostic
	depth    int
	labels   map[string]bool
}

// maxDepth is how deep maps and parallels may be nested.
const maxDepth = 100

func (p *parser) report(s Severity, code, at, format string, args ...any) {
	p.out = append(p.out, Diagnostic{Severity: s, Code: code, Message: fmt.Sprintf(format, args...), Location: at})
}

// wrong reports what AWS's schema refuses.
func (p *parser) wrong(at, format string, args ...any) {
	p.report(Error, SchemaFailed, at, format, args...)
}

func (p *parser) json(definition string) (*jsonvalue.Object, bool) {
	if strings.TrimSpace(definition) == "" {
		p.wrong("", "Definition must be a valid JSON object")
		return nil, false
	}
	v, err := jsonvalue.Parse([]byte(definition))
	if err != nil {
		message, source := JSONError(definition)
		p.report(Error, InvalidJSON, source, "%s\n at %s", message, source)
		return nil, false
	}
	root, ok := v.(*jsonvalue.Object)
	if !ok {
		p.wrong("", "Definition must be a valid JSON object")
	}
	return root, ok
}

// object is an object of the definition with its place.
type object struct {
	*jsonvalue.Object
	p      *parser
	at     string
	within string // the field of a state that it is in, as causes name it: "", or such as Catch[1]/
}

// location is the place as AWS writes it.
func (o object) location() string {
	if o.at == "" {
		return "/"
	}
	return o.at
}

// only refuses the members that are not allowed.
func (o object) only(allowed ...string) {
	for _, k := range o.Keys() {
		if !slices.Contains(allowed, k) {
			o.p.wrong(o.location(), "Field '%s' is not supported", k)
		}
	}
}

// required tells whether the members are there, and reports which are not.
func (o object) required(names ...string) bool {
	var missing []string
	for _, n := range names {
		if !o.Has(n) {
			missing = append(missing, n)
		}
	}
	if missing != nil {
		o.p.wrong(o.location(), "These fields are required: [%s]", strings.Join(missing, ", "))
	}
	return missing == nil
}

// exclusive refuses more than one of the members.
func (o object) exclusive(names ...string) {
	var there []string
	for _, n := range names {
		if o.Has(n) {
			there = append(there, n)
		}
	}
	if len(there) > 1 {
		o.p.wrong(o.location(), "There should only be one of the following fields: [%s]", strings.Join(there, ", "))
	}
}

// text is a member that must be a string, "" when it is not there.
func (o object) text(name string) string {
	v := o.Get(name)
	if v == nil {
		return ""
	}
	s, ok := v.(string)
	if !ok {
		o.mistyped(name, "String")
	}
	return s
}

// name is a member that must be a string that is not empty.
func (o object) name(name string) string {
	s := o.text(name)
	if v, ok := o.Get(name).(string); ok && v == "" {
		o.p.wrong(o.at+"/"+name, "Value cannot be empty")
	}
	return s
}

func (o object) mistyped(name, want string) {
	o.p.wrong(o.at+"/"+name, "Expected value of type %s", want)
}

// oneOf is a member that must be one of some words, "" when it is not there.
func (o object) oneOf(name string, words ...string) string {
	v := o.Get(name)
	if v == nil {
		return ""
	}
	s, _ := v.(string)
	if !slices.Contains(words, s) {
		o.p.wrong(o.at+"/"+name, "The field '%s' should have one of these values: [%s]", name, strings.Join(words, ", "))
		return ""
	}
	return s
}

func (o object) flag(name string) bool {
	v := o.Get(name)
	b, ok := v.(bool)
	if v != nil && !ok {
		o.mistyped(name, "Boolean")
	}
	return b
}

// number is a member that must be a number within bounds.
func (o object) number(name string, otherwise, least, most float64, whole bool) float64 {
	v := o.Get(name)
	if v == nil {
		return otherwise
	}
	f, ok := jsonvalue.Float(v)
	switch {
	case !ok || whole && f != math.Trunc(f):
		want := "Float"
		if whole {
			want = "Integer"
		}
		o.mistyped(name, want)
		return otherwise
	case f < least:
		o.p.wrong(o.at+"/"+name, "Minimum value is %s", bound(least, whole))
		return otherwise
	case f > most:
		o.p.wrong(o.at+"/"+name, "Maximum value is %s", bound(most, whole))
		return otherwise
	}
	return f
}

// bound is a bound as AWS writes it: 0 of an integer, 0.0 of any other number.
func bound(f float64, whole bool) string {
	s := jsonvalue.FormatNumber(f)
	if !whole && f == math.Trunc(f) {
		s += ".0"
	}
	return s
}

// child is a member that must be an object.
func (o object) child(name string) (object, bool) {
	v := o.Get(name)
	if v == nil {
		return object{}, false
	}
	inner, ok := v.(*jsonvalue.Object)
	if !ok {
		o.mistyped(name, "Object")
	}
	return object{inner, o.p, o.at + "/" + name, o.within + name + "/"}, ok
}

// children are the objects of a member that must be a list of them.
func (o object) children(name string, empty bool) []object {
	v := o.Get(name)
	if v == nil {
		return nil
	}
	items, ok := v.([]any)
	if !ok {
		o.mistyped(name, "Array")
		return nil
	}
	if len(items) == 0 && !empty {
		o.p.wrong(o.at+"/"+name, "Value cannot be empty")
	}
	var out []object
	for i, item := range items {
		element := fmt.Sprintf("%s[%d]", name, i)
		at := o.at + "/" + element
		inner, ok := item.(*jsonvalue.Object)
		if !ok {
			o.p.wrong(at, "Expected value of type Object")
			continue
		}
		out = append(out, object{inner, o.p, at, o.within + element + "/"})
	}
	return out
}

// language reads QueryLanguage; around is the machine's.
func (o object) language(around expr.Language) expr.Language {
	switch o.oneOf("QueryLanguage", "JSONPath", "JSONata") {
	case "JSONata":
		return expr.JSONata
	case "JSONPath":
		if around == expr.JSONata {
			o.p.wrong(o.location(), "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine")
		}
		return expr.JSONPath
	}
	return around
}

// top reads the machine.
func (p *parser) top(root *jsonvalue.Object) {
	o := object{root, p, "", ""}
	o.only("Comment", "StartAt", "States", "Version", "TimeoutSeconds", "QueryLanguage")
	m := p.machine
	m.Comment = o.text("Comment")
	o.oneOf("Version", "1.0")
	m.TimeoutSeconds = o.number("TimeoutSeconds", 0, 0, 99_999_999, true)
	m.Language = o.language(expr.JSONPath)
	m.Scope = p.scope(o)
}

// scope reads StartAt and States of an object.
func (p *parser) scope(o object) *Scope {
	s := &Scope{Location: o.at, States: map[string]*State{}}
	p.machine.scopes[o.at] = s
	if p.depth++; p.depth > maxDepth {
		p.report(Error, TooDeep, o.location(), "States are nested deeper than %d levels", maxDepth)
		return s
	}
	defer func() { p.depth-- }()
	o.required("States", "StartAt")
	s.StartAt = o.name("StartAt")
	states, ok := o.child("States")
	if !ok {
		return s
	}
	if states.Len() == 0 {
		p.wrong(states.at, "Value cannot be empty")
	}
	for name, v := range states.All() {
		at := states.at + "/" + name
		inner, ok := v.(*jsonvalue.Object)
		if !ok {
			p.wrong(at, "Expected value of type Object")
			continue
		}
		if n := len([]rune(name)); n == 0 || n > 80 {
			p.report(Error, InvalidStateName, at, "State name must have between 1 and 80 characters")
		}
		s.Names = append(s.Names, name)
		s.States[name] = p.state(name, at, inner)
	}
	return s
}

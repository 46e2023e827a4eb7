package asl

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/intrinsic"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonpath"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// graph checks where transitions lead and that names are used once.
func (p *parser) graph() {
	places := map[string][]string{}
	var order []string
	for _, s := range p.scopesInOrder(p.machine.Scope) {
		for _, name := range s.Names {
			if places[name] == nil {
				order = append(order, name)
			}
			places[name] = append(places[name], s.States[name].Location)
		}
		p.targets(s)
	}
	for _, name := range order {
		if at := places[name]; len(at) > 1 {
			p.report(Error, DuplicateState, at[1], "Duplicate State name: %s exists on paths: [%s]", name, strings.Join(at, ", "))
		}
	}
}

// scopesInOrder are a scope and those within it.
func (p *parser) scopesInOrder(s *Scope) []*Scope {
	out := []*Scope{s}
	for _, name := range s.Names {
		st := s.States[name]
		for _, b := range st.Branches {
			out = append(out, p.scopesInOrder(b)...)
		}
		if st.Map != nil && st.Map.Processor != nil {
			out = append(out, p.scopesInOrder(st.Map.Processor)...)
		}
	}
	return out
}

// Transition is one way out of a state.
type Transition struct {
	To       string
	Location string // such as /States/A/Choices[0]/Next
}

// Transitions are the ways out of a state, in AWS's order.
func (s *State) Transitions() []Transition {
	var out []Transition
	add := func(to, at string) {
		if to != "" {
			out = append(out, Transition{to, s.Location + at})
		}
	}
	add(s.Next, "/Next")
	for i, r := range s.Choices {
		add(r.Next, fmt.Sprintf("/Choices[%d]/Next", i))
	}
	add(s.Default, "/Default")
	for i, c := range s.Catch {
		add(c.Next, fmt.Sprintf("/Catch[%d]/Next", i))
	}
	return out
}

// Terminal tells that an execution can end at the state.
func (s *State) Terminal() bool { return s.End || s.Type == Succeed || s.Type == Fail }

// targets checks the transitions of one scope. Without a state to end at, AWS
// does not look for states that nothing leads to.
func (p *parser) targets(s *Scope) {
	missing := func(to, at string) {
		if s.States[to] == nil {
			p.report(Error, MissingTarget, at, "Missing 'Next' target: %s", to)
		}
	}
	missing(s.StartAt, s.Location+"/StartAt")
	terminal := false
	for _, name := range s.Names {
		st := s.States[name]
		terminal = terminal || st.Terminal()
		for _, t := range st.Transitions() {
			missing(t.To, t.Location)
		}
	}
	if !terminal {
		p.report(Error, MissingEnd, "", "Workflow has no terminal state")
		return
	}
	reached := map[string]bool{s.StartAt: true}
	for todo := []string{s.StartAt}; len(todo) > 0; todo = todo[1:] {
		if st := s.States[todo[0]]; st != nil {
			for _, t := range st.Transitions() {
				if !reached[t.To] {
					reached[t.To] = true
					todo = append(todo, t.To)
				}
			}
		}
	}
	for _, name := range s.Names {
		if !reached[name] {
			p.report(Error, MissingTarget, s.States[name].Location, "State \"%s\" is not reachable.", name)
		}
	}
}

// looksComputed tells that a text reads like a path or a call.
func looksComputed(s string) bool {
	if intrinsic.Is(s) {
		_, err := intrinsic.Parse(s)
		return err == nil
	}
	if !strings.HasPrefix(s, "$.") && !strings.HasPrefix(s, "$$.") && !strings.HasPrefix(s, "$[") {
		return false
	}
	_, err := jsonpath.Parse(s)
	return err == nil
}

// dollars warns of members of a template that read like paths but are not
// computed.
func (p *parser) dollars(v any, at string) {
	switch v := v.(type) {
	case *jsonvalue.Object:
		for k, member := range v.All() {
			if s, ok := member.(string); ok && !strings.HasSuffix(k, ".$") && looksComputed(s) {
				p.report(Warning, NoDollar, at+"/"+k, "The value of this field looks like a JSONPath or an intrinsic function, but the field name does not end with '.$'")
			}
			p.dollars(member, at+"/"+k)
		}
	case []any:
		for i, item := range v {
			p.dollars(item, fmt.Sprintf("%s[%d]", at, i))
		}
	}
}

// noPath warns of a text that reads like a path but is taken as it is.
func (p *parser) noPath(s, at string) {
	if looksComputed(s) {
		p.report(Warning, NoPath, at, "The value of this field looks like a JSONPath or an intrinsic function, but the field name does not end with 'Path'")
	}
}

// staticResult warns of paths in the Result of a Pass state.
func (p *parser) staticResult(v any, at string) {
	if slices.ContainsFunc(leaves(v), looksComputed) {
		p.report(Warning, ResultIsStatic, at, "The 'Result' of a Pass state is static, paths in it are not replaced")
	}
}

// leaves are the strings within a value.
func leaves(v any) []string {
	var out []string
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, item := range v {
			out = append(out, leaves(item)...)
		}
	case *jsonvalue.Object:
		for _, member := range v.All() {
			out = append(out, leaves(member)...)
		}
	}
	return out
}

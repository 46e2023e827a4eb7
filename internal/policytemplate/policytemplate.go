// Package policytemplate has the policy templates of AWS SAM as data: named sets of
// rights, such as DynamoDBCrudPolicy, for things that are named by parameters. It
// must not know who gets them.
package policytemplate

import (
	_ "embed" // the templates
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

//go:embed templates.txt
var text string

// A Scope is where the things are that a template names by their names alone.
type Scope struct{ Partition, Region, Account string }

// A Statement allows actions on resources. Condition is by operator and key, and
// nil for most.
type Statement struct {
	Actions, Resources []string
	Condition          map[string]map[string]string
}

// A Template is one of SAM's, with parameters in braces in the texts of its
// statements.
type Template struct {
	Name       string
	Parameters []string // sorted
	statements []Statement
}

var parameter = regexp.MustCompile(`\{([A-Za-z]\w*)\}`)

var all = sync.OnceValue(func() map[string]*Template { return parse(text) })

// parse reads the templates. Each line says what it is by its first word; a line of
// allow after one of on or when begins a statement.
func parse(text string) map[string]*Template {
	found := map[string]*Template{}
	var t *Template
	var s *Statement
	allowing := false
	for line := range strings.Lines(text) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "", "#":
			continue
		case "allow":
			if !allowing {
				t.statements = append(t.statements, Statement{})
				s = &t.statements[len(t.statements)-1]
			}
			service, actions, _ := strings.Cut(rest, ": ")
			for _, action := range strings.Fields(actions) {
				s.Actions = append(s.Actions, service+":"+action)
			}
		case "on":
			s.Resources = append(s.Resources, rest)
		case "when":
			f := strings.Fields(rest)
			s.Condition = map[string]map[string]string{f[0]: {f[1]: f[2]}}
		default:
			t = &Template{Name: word}
			found[word] = t
		}
		allowing = word == "allow"
		for _, p := range parameter.FindAllStringSubmatch(rest, -1) {
			if name := p[1]; name[0] < 'a' && !slices.Contains(t.Parameters, name) {
				t.Parameters = append(t.Parameters, name)
				slices.Sort(t.Parameters)
			}
		}
	}
	return found
}

// Names lists the templates, sorted.
func Names() []string { return slices.Sorted(maps.Keys(all())) }

// Find returns the template of that name. The error names those that are spelled
// alike.
func Find(name string) (*Template, error) {
	if t := all()[name]; t != nil {
		return t, nil
	}
	plain := func(s string) string { return strings.TrimSuffix(strings.ToLower(s), "policy") }
	var alike []string
	for _, other := range Names() {
		if common(plain(name), plain(other)) >= 3 {
			alike = append(alike, other)
		}
	}
	hint := "the documentation of AWS SAM lists them"
	if len(alike) > 0 {
		hint = "there are " + strings.Join(alike, ", ")
	}
	return nil, fmt.Errorf("there is no policy template %q; %s", name, hint)
}

// common is how long a beginning two texts share.
func common(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// Check returns an error that names what is wrong with the names of parameters.
func (t *Template) Check(given []string) error {
	for _, name := range t.Parameters {
		if !slices.Contains(given, name) {
			return fmt.Errorf("%s needs the parameter %s", t.Name, name)
		}
	}
	for _, name := range slices.Sorted(slices.Values(given)) {
		if !slices.Contains(t.Parameters, name) {
			takes := "no parameters"
			if len(t.Parameters) > 0 {
				takes = strings.Join(t.Parameters, " and ")
			}
			return fmt.Errorf("%s has no parameter %s; it takes %s", t.Name, name, takes)
		}
	}
	return nil
}

// Statements returns what the template allows with those values of its parameters,
// all of which must be given. An empty one is an error: before a * it would stand for
// everything.
func (t *Template) Statements(values map[string]string, in Scope) ([]Statement, error) {
	if err := t.Check(slices.Collect(maps.Keys(values))); err != nil {
		return nil, err
	}
	for _, name := range t.Parameters {
		if values[name] == "" {
			return nil, fmt.Errorf("the parameter %s of %s is empty", name, t.Name)
		}
	}
	fill := func(s string) string {
		return parameter.ReplaceAllStringFunc(s, func(p string) string {
			switch name := p[1 : len(p)-1]; name {
			case "partition":
				return in.Partition
			case "region":
				return in.Region
			case "account":
				return in.Account
			default:
				return values[name]
			}
		})
	}
	filled := make([]Statement, len(t.statements))
	for i, s := range t.statements {
		one := Statement{Actions: slices.Clone(s.Actions)}
		for _, r := range s.Resources {
			one.Resources = append(one.Resources, fill(r))
		}
		for operator, keys := range s.Condition {
			for key, value := range keys {
				one.Condition = map[string]map[string]string{operator: {key: fill(value)}}
			}
		}
		filled[i] = one
	}
	return filled, nil
}

// Policy writes statements as a policy of IAM, JSON.
func Policy(statements []Statement) (string, error) {
	type written struct {
		Effect           string
		Action, Resource []string
		Condition        map[string]map[string]string `json:",omitempty"`
	}
	var all []written
	for _, s := range statements {
		all = append(all, written{"Allow", s.Actions, s.Resources, s.Condition})
	}
	text, err := json.Marshal(struct {
		Version   string
		Statement []written
	}{"2012-10-17", all})
	return string(text), err
}

// Places reports whether the template names things of one account or region: whether it
// needs all of a Scope.
func (t *Template) Places() bool {
	for _, s := range t.statements {
		all := slices.Clone(s.Resources)
		for _, keys := range s.Condition {
			all = slices.AppendSeq(all, maps.Values(keys))
		}
		for _, text := range all {
			if strings.Contains(text, "{region}") || strings.Contains(text, "{account}") {
				return true
			}
		}
	}
	return false
}

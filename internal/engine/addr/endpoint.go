package addr

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
)

// Endpoint is a resource or a module as a module names it in a moved or removed
// block, with the instance keys that are written there.
type Endpoint struct {
	steps    []moduleStep
	Resource Resource // zero for a module
	Key      Key      // of the resource's instance
}

// ParseEndpoint reads a reference such as `aws_x.name["k"]`, `module.a[0]` or
// `module.a.aws_x.name`.
func ParseEndpoint(t hcl.Traversal) (Endpoint, error) {
	steps, rest, err := moduleSteps(t)
	if err != nil {
		return Endpoint{}, err
	}
	if len(steps) > 0 && len(rest) == 0 {
		return Endpoint{steps: steps}, nil
	}
	i, rest, err := instanceOf(rest)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("unexpected text after the resource instance")
	}
	if err != nil {
		return Endpoint{}, err
	}
	return Endpoint{steps: steps, Resource: i.Resource, Key: i.Key}, nil
}

// IsModule tells that e names a module.
func (e Endpoint) IsModule() bool { return e.Resource == Resource{} }

// Keyed tells that e names one instance: that its last step has a key.
func (e Endpoint) Keyed() bool {
	if e.IsModule() {
		return e.steps[len(e.steps)-1].key != nil
	}
	return e.Key != nil
}

// AnyKey tells that some step of e has a key.
func (e Endpoint) AnyKey() bool {
	for _, st := range e.steps {
		if st.key != nil {
			return true
		}
	}
	return e.Key != nil
}

// String is e as it was written.
func (e Endpoint) String() string {
	m := instanceAt("", e.steps)
	if e.IsModule() {
		return string(m)
	}
	return Instance{Module: m, Resource: e.Resource, Key: e.Key}.String()
}

// Module is the module that e names, or that the resource is in, in a
// configuration whose module around has the block with e.
func (e Endpoint) Module(around Module) Module {
	for _, st := range e.steps {
		around = around.Child(st.name)
	}
	return around
}

// Config is the resource block that e names, in the same way.
func (e Endpoint) Config(around Module) ConfigResource {
	return e.Resource.In(e.Module(around))
}

// In is e within an instance of the module that has the block. For a module the
// resource is zero.
func (e Endpoint) In(around ModuleInstance) Instance {
	return Instance{Module: instanceAt(around, e.steps), Resource: e.Resource, Key: e.Key}
}

// A Move is a change of addresses that a module asks for, in each of its instances.
type Move struct {
	Around   Module // the module that has the block
	From, To Endpoint
}

// ModuleMove is the move of one instance of a module that the module around calls.
func ModuleMove(around Module, name string, from, to Key) Move {
	at := func(k Key) Endpoint { return Endpoint{steps: []moduleStep{{name, k}}} }
	return Move{Around: around, From: at(from), To: at(to)}
}

// whole tells that all instances move, and keep their keys.
func (m Move) whole() bool { return !m.From.Keyed() && !m.To.Keyed() }

// Apply is where the instance i goes; false if it stays where it is.
func (m Move) Apply(i Instance) (Instance, bool) {
	steps := i.Module.steps()
	depth := m.Around.depth()
	n := depth + len(m.From.steps)
	if len(steps) < n || instanceAt("", steps[:depth]).Config() != m.Around {
		return i, false
	}
	inner := steps[depth:n]
	for k, st := range m.From.steps {
		anyKey := m.whole() && m.From.IsModule() && k == len(m.From.steps)-1
		if inner[k].name != st.name || inner[k].key != st.key && !anyKey {
			return i, false
		}
	}
	to := append([]moduleStep(nil), m.To.steps...)
	if m.From.IsModule() {
		if m.whole() {
			to[len(to)-1].key = inner[len(inner)-1].key
		}
		i.Module = instanceAt(instanceAt(instanceAt("", steps[:depth]), to), steps[n:])
		return i, true
	}
	if len(steps) != n || i.Resource != m.From.Resource || i.Key != m.From.Key && !m.whole() {
		return i, false
	}
	i.Module, i.Resource = instanceAt(instanceAt("", steps[:depth]), to), m.To.Resource
	if !m.whole() {
		i.Key = m.To.Key
	}
	return i, true
}

// pattern is what an endpoint of a move stands for.
type pattern struct {
	steps    []patternStep
	resource Resource
	last     patternStep // of the resource: its key
}

type patternStep struct {
	name string
	key  Key
	any  bool // whatever the key
}

func (m Move) pattern(e Endpoint) pattern {
	var out pattern
	for _, st := range ModuleInstance(m.Around).steps() {
		out.steps = append(out.steps, patternStep{name: st.name, any: true})
	}
	for k, st := range e.steps {
		last := e.IsModule() && k == len(e.steps)-1
		out.steps = append(out.steps, patternStep{st.name, st.key, last && m.whole()})
	}
	out.resource, out.last = e.Resource, patternStep{"", e.Key, m.whole()}
	return out
}

// Before tells that m may put something where other takes it from, or around or
// into that, so that m has to come first.
func (m Move) Before(other Move) bool {
	return m.pattern(m.To).meets(other.pattern(other.From))
}

func (p pattern) meets(q pattern) bool {
	for i := range min(len(p.steps), len(q.steps)) {
		if !p.steps[i].meets(q.steps[i]) {
			return false
		}
	}
	var none Resource
	switch {
	case len(p.steps) < len(q.steps):
		return p.resource == none // a module around
	case len(p.steps) > len(q.steps):
		return q.resource == none
	}
	return p.resource == none || q.resource == none || p.resource == q.resource && p.last.meets(q.last)
}

func (s patternStep) meets(t patternStep) bool {
	return s.name == t.name && (s.any || t.any || s.key == t.key)
}

func instanceAt(around ModuleInstance, steps []moduleStep) ModuleInstance {
	for _, st := range steps {
		around = around.Child(st.name, st.key)
	}
	return around
}

package lang

import (
	"cmp"
	"slices"
	"sync"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
)

// Status is what became of conditions, in the words of the state file.
type Status string

// The statuses, from the worst on.
const (
	Failed  Status = "error" // could not be evaluated
	Fails   Status = "fail"
	Unknown Status = "unknown"
	Passes  Status = "pass"
)

var severity = []Status{Failed, Fails, Unknown, Passes}

// Worse is the one of a and b that decides on both together.
func Worse(a, b Status) Status {
	if slices.Index(severity, a) < slices.Index(severity, b) {
		return a
	}
	return b
}

// The kinds of what has conditions, in the words of the state file.
const (
	KindResource = "resource"
	KindOutput   = "output"
	KindCheck    = "check"
	KindVariable = "var"
)

// Checked is what has conditions: an instance of a resource, or something that is
// named in a module instance.
type Checked struct {
	Kind     string
	Resource addr.Instance // of KindResource only
	Module   addr.ModuleInstance
	Name     string
}

// OfInstance is the instance of a resource.
func OfInstance(a addr.Instance) Checked { return Checked{Kind: KindResource, Resource: a} }

// Block is the address of the block that says the conditions.
func (c Checked) Block() string {
	if c.Kind == KindResource {
		return c.Resource.Config().String()
	}
	return Checked{Kind: c.Kind, Module: addr.ModuleInstance(c.Module.Config()), Name: c.Name}.String()
}

// String is the address of what is checked.
func (c Checked) String() string {
	if c.Kind == KindResource {
		return c.Resource.String()
	}
	text := c.Kind + "." + c.Name
	if c.Module != "" {
		text = string(c.Module) + "." + text
	}
	return text
}

// Result is what became of all conditions of one thing.
type Result struct {
	Checked
	Status   Status
	Messages []string // of those that do not hold
}

// results collects what became of conditions, from many goroutines.
type results struct {
	mu  sync.Mutex
	all map[Checked]*Result
}

func (r *results) note(of Checked, s Status, message string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	one := r.all[of]
	if one == nil {
		one = &Result{Checked: of, Status: Passes}
		r.all[of] = one
	}
	one.Status = Worse(one.Status, s)
	if s == Fails {
		one.Messages = append(one.Messages, message)
	}
}

// Results are what became of all conditions that were evaluated, sorted by
// kind and address.
func (t *Tree) Results() []Result {
	t.results.mu.Lock()
	defer t.results.mu.Unlock()
	out := make([]Result, 0, len(t.results.all))
	for _, r := range t.results.all {
		out = append(out, *r)
	}
	SortResults(out)
	return out
}

// SortResults sorts by kind and address.
func SortResults(all []Result) {
	slices.SortFunc(all, func(a, b Result) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Block(), b.Block()), cmp.Compare(a.String(), b.String()))
	})
}

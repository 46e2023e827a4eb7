package lang

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
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

// BlockResult is what became of the conditions of one block: of all that stands
// for it, if it is known what that is.
type BlockResult struct {
	Kind    string
	Block   string // its address
	Status  Status
	Objects []Result // sorted by address
}

// results collects what became of conditions, from many goroutines.
type results struct {
	mu  sync.Mutex
	all map[Checked]*outcomes
}

// outcomes are those of the conditions of one thing. Those that are expected and
// were not evaluated yet are unknown.
type outcomes struct {
	checks   map[*config.Check]Status
	messages []string
	worst    Status // of what is no condition, but keeps them from being evaluated
}

func (r *results) of(c Checked) *outcomes {
	one := r.all[c]
	if one == nil {
		one = &outcomes{checks: map[*config.Check]Status{}, worst: Passes}
		r.all[c] = one
	}
	return one
}

// expect notes conditions that are to be evaluated.
func (r *results) expect(of Checked, checks []*config.Check) {
	if len(checks) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	one := r.of(of)
	for _, c := range checks {
		if _, ok := one.checks[c]; !ok {
			one.checks[c] = Unknown
		}
	}
}

func (r *results) note(of Checked, c *config.Check, s Status, message string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	one := r.of(of)
	one.checks[c] = s
	if s == Fails {
		one.messages = append(one.messages, message)
	}
}

// fail notes that something fails for another reason than its conditions.
func (r *results) fail(of Checked, message string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	one := r.of(of)
	one.worst = Fails
	one.messages = append(one.messages, message)
}

func (o *outcomes) status() Status {
	out := o.worst
	for _, s := range o.checks {
		out = Worse(out, s)
	}
	return out
}

// Results are what became of the conditions of all blocks that have some, sorted
// by kind and address.
func (t *Tree) Results() []BlockResult {
	t.results.mu.Lock()
	defer t.results.mu.Unlock()
	objects := map[string][]Result{}
	for c, o := range t.results.all {
		objects[c.Block()] = append(objects[c.Block()], Result{c, o.status(), slices.Clone(o.messages)})
	}
	out := conditional(t.o.Module)
	for i := range out {
		out[i].Objects = objects[out[i].Block]
		out[i].conclude()
	}
	return out
}

// conclude sorts the objects and says what their results are together.
func (b *BlockResult) conclude() {
	slices.SortFunc(b.Objects, func(a, b Result) int { return strings.Compare(a.String(), b.String()) })
	b.Status = Unknown
	for i, o := range b.Objects {
		if i == 0 {
			b.Status = o.Status
		}
		b.Status = Worse(b.Status, o.Status)
	}
}

// Carry are the results of applying, where those that were not evaluated then are
// what planning found out, unless they were lost: those are unknown.
func Carry(planned, applied []BlockResult, lost func(Checked) bool) []BlockResult {
	known := map[Checked]Result{}
	for _, b := range applied {
		for _, r := range b.Objects {
			known[r.Checked] = r
		}
	}
	before := map[string][]Result{}
	for _, b := range planned {
		before[b.Block] = b.Objects
	}
	out := slices.Clone(applied)
	for i := range out {
		out[i].Objects = slices.Clone(out[i].Objects)
		for _, r := range before[out[i].Block] {
			if _, ok := known[r.Checked]; ok {
				continue
			}
			if lost(r.Checked) {
				r.Status, r.Messages = Unknown, nil
			}
			out[i].Objects = append(out[i].Objects, r)
		}
		out[i].conclude()
	}
	return out
}

// conditional are the blocks of a configuration that have conditions.
func conditional(root *config.Module) []BlockResult {
	var out []BlockResult
	for m := range root.All() {
		add := func(kind, name string, conditions int) {
			if conditions == 0 {
				return
			}
			if m.Path != "" {
				name = string(m.Path) + "." + name
			}
			out = append(out, BlockResult{Kind: kind, Block: name})
		}
		for name, v := range m.Variables {
			add(KindVariable, "var."+name, len(v.Validations))
		}
		for name, o := range m.Outputs {
			add(KindOutput, "output."+name, len(o.Preconditions))
		}
		for r, x := range m.Resources {
			add(KindResource, r.String(), len(x.Lifecycle.Preconditions)+len(x.Lifecycle.Postconditions))
		}
		for name, c := range m.Checks {
			add(KindCheck, "check."+name, len(c.Asserts))
		}
	}
	slices.SortFunc(out, func(a, b BlockResult) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Block, b.Block))
	})
	return out
}

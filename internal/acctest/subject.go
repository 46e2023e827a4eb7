package acctest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
	"github.com/tfserverless/terraform-provider-serverless/provider"
	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// A Subject is a resource type to prove: the data that is particular to it.
// Expressions are HCL text.
type Subject struct {
	Type string // such as "serverless_table"
	// Before are blocks that Base refers to, if any.
	Before string
	// Base is a resource with the arguments that Edits change.
	Base Arguments
	// Edits change one argument of Base each.
	Edits []Edit
	// Together are changes of Base that may be made at once, for what goes wrong
	// during an update.
	Together Arguments
	// Invalid are values that must be refused by the plan.
	Invalid []Invalid
	// Import are ids to import by; attributes in braces are filled in: "{arn}".
	Import []string
	// Unimported are attributes that an import cannot know, such as timeouts.
	Unimported []string
	// Transient are answers that AWS gives for a while after changes elsewhere.
	Transient []Transient
	// Missing are the errors with which reads say that there is nothing (yet), by
	// operation.
	Missing map[string]string

	// Again is what a second one of the same is, if no error: "another", where AWS takes
	// several, or "the same", where creating the very same again is no harm.
	Again string
	// Unmarked says that AWS has no place for the mark of an unfinished object.
	Unmarked bool

	settings string // more of the provider block
	moods    bool   // on an emulator with AWS's moods
	// pretended puts something before the emulator that takes what the emulator
	// itself refuses; nil for nothing.
	pretended func(provider.Emulator) provider.Emulator
}

// What a second one of the same may be.
const (
	another = "another"
	theSame = "the same"
)

// Arguments are expressions by argument.
type Arguments map[string]string

// An Edit is a change of one argument.
type Edit struct {
	Argument string
	To       string // "" removes the argument
	// From are arguments that Base has otherwise before the change; "" removes.
	From Arguments
	// Replace says that the change replaces the object.
	Replace bool
	// With are computed attributes that change too.
	With []string
	// Writes are the calls that the change needs, in order; nil to not check.
	Writes []string
	// Same says that the argument's new text means the same: nothing is planned.
	Same bool
	// Local says that AWS is not told of the argument.
	Local bool
	// Unasked says that AWS is asked for the argument only where configuration or
	// state have it: what somebody else adds is not ours, and not seen.
	Unasked bool
	// Grows says that AWS takes the change and never gives it back.
	Grows bool
}

// name is the edit's name in tests.
func (e Edit) name() string {
	if e.To == "" {
		return e.Argument + " removed"
	}
	return e.Argument + " to " + oneLine(e.To)
}

func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 60 {
		s = s[:60] + "…"
	}
	return s
}

// An Invalid is a value that must be refused by name.
type Invalid struct {
	Argument, To string
	Says         []string // parts of the message: the argument, the rule, the remedy
}

// A Transient is an answer that an operation gives for the first Times calls.
type Transient struct {
	Operation, Code, Message string
	Times                    int
}

// with returns the arguments with others put over them; "" removes one.
func (a Arguments) with(over Arguments) Arguments {
	all := maps.Clone(a)
	for name, value := range over {
		if value == "" {
			delete(all, name)
		} else {
			all[name] = value
		}
	}
	return all
}

// provided is the provider block of the subject's configurations.
func (s Subject) provided() string {
	return "\nprovider \"serverless\" {\n  region = \"eu-north-1\"\n  tags   = { stack = \"proof\" }\n" + s.settings + "}\n"
}

// config is a configuration with one resource, named "subject", of these
// arguments.
func (s Subject) config(a Arguments) string {
	b := &strings.Builder{}
	b.WriteString(s.provided() + s.Before)
	fmt.Fprintf(b, "resource %q \"subject\" {\n", s.Type)
	for _, name := range slices.Sorted(maps.Keys(a)) {
		fmt.Fprintf(b, "  %s = %s\n", name, a[name])
	}
	b.WriteString("}\n")
	return b.String()
}

func (s Subject) address() string { return s.Type + ".subject" }

// A bench is one emulator, and a machine on it.
type bench struct {
	t *testing.T
	Subject
	*Machine
	wire     *Wire
	deployed func() int
	hit      string // the operation that was spoiled last
}

// emulated is the emulator with what is pretended of it.
func (s Subject) emulated(e provider.Emulator) provider.Emulator {
	if s.pretended == nil {
		return e
	}
	return s.pretended(e)
}

func (s Subject) bench(t *testing.T) *bench {
	e := started(t, s.moods)
	w := &Wire{Emulator: s.emulated(e), Missing: s.Missing}
	return &bench{
		t: t, Subject: s, wire: w,
		Machine: &Machine{Dead: w.Dead, Serve: func() tfprotov6.ProviderServer {
			e.Settle() // between two runs there is time
			return providertest.Server(w)
		}},
		deployed: func() int {
			t.Helper()
			n, err := e.Deployed()
			if err != nil {
				t.Fatal(err)
			}
			return n
		},
	}
}

// doubt compares the provider's shortcuts with the framework's answers from now
// on, and counts those of reads and plans.
func (b *bench) doubt() *atomic.Int64 {
	serve, taken := b.Serve, &atomic.Int64{}
	b.Serve = func() tfprotov6.ProviderServer { return doubted(b.t, serve(), taken) }
	return taken
}

// another is a machine on the same emulator with a copy of the state: somebody
// else who works on the same objects.
func (b *bench) another() *Machine { return &Machine{Serve: b.Serve, state: b.state.Clone()} }

func (b *bench) apply(a Arguments) Change {
	b.t.Helper()
	changes, err := b.Apply(b.t.Context(), b.config(a))
	if err != nil {
		b.t.Fatalf("apply: %v", err)
	}
	return b.mine(changes)
}

func (b *bench) plan(a Arguments) Change {
	b.t.Helper()
	changes, err := b.Plan(b.t.Context(), b.config(a))
	if err != nil {
		b.t.Fatalf("plan: %v", err)
	}
	return b.mine(changes)
}

// mine is the change of the subject; the others must be none.
func (b *bench) mine(changes []Change) Change {
	b.t.Helper()
	for _, c := range changes {
		if c.Address == b.address() {
			return c
		}
	}
	b.t.Fatalf("no change of %s among %v", b.address(), changes)
	return Change{}
}

// settled demands that a plan does nothing.
func (b *bench) settled(a Arguments) {
	b.t.Helper()
	changes, err := b.Plan(b.t.Context(), b.config(a))
	if err != nil {
		b.t.Fatalf("plan after apply: %v", err)
	}
	for _, c := range changes {
		if c.Action != "no-op" {
			b.t.Errorf("plan after apply: %s of %s because of %v, want nothing to do\n%s", c.Action, c.Address, c.Changed, b.differences(a, c))
		}
	}
}

// differences says what a plan would change, for messages.
func (b *bench) differences(_ Arguments, c Change) string {
	s := ""
	for _, name := range c.Changed {
		if v := b.Value(c.Address); !v.IsNull() && v.Type().HasAttribute(name) {
			s += fmt.Sprintf("  %s is %s\n", name, v.GetAttr(name).GoString())
		}
	}
	return s
}

// emptied destroys everything and demands that nothing is left.
func (b *bench) emptied(a Arguments) {
	b.t.Helper()
	if err := b.Destroy(b.t.Context(), b.config(a)); err != nil {
		b.t.Fatalf("destroy: %v", err)
	}
	b.empty()
}

func (b *bench) empty() {
	b.t.Helper()
	n := 0
	// In moods a deletion that was interrupted goes on without those who began it.
	ctx, cancel := context.WithTimeout(b.t.Context(), 2*time.Minute)
	defer cancel()
	_ = tf.Poll(ctx, "deletions to end", func(context.Context) (bool, error) {
		n = b.deployed()
		return n == 0 || !b.moods && !moody(), nil
	})
	if n != 0 {
		b.t.Errorf("after destroy the emulator holds %d things, want 0", n)
	}
	if left := b.Addresses(); len(left) != 0 {
		b.t.Errorf("after destroy the state holds %v", left)
	}
}

// fill puts attributes of a value into the braces of an import id.
func fill(id string, v cty.Value) string {
	var pairs []string // replaced in one pass: a route's key has braces of its own
	for name := range v.Type().AttributeTypes() {
		if a := v.GetAttr(name); a.Type() == cty.String && !a.IsNull() {
			pairs = append(pairs, "{"+name+"}", a.AsString())
		}
	}
	return strings.NewReplacer(pairs...).Replace(id)
}

var _ provider.Emulator = (*Wire)(nil)

// Package plan compares what a configuration wants with what the state and the
// providers know, and writes down the changes and the order to make them in.
// It also owns the plan's file format.
//
// It must not change any remote object or the state, know AWS, or print: it
// returns values and diagnostics.
package plan

import (
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// Mode is what a plan is for.
type Mode byte

// The modes of planning.
const (
	Normal      Mode = iota
	Destroy          // remove everything in the state
	RefreshOnly      // bring the state in line with the remote objects
)

// Plan is what is going to happen, complete enough for apply to run without
// planning anew. It must not be changed after it was made.
type Plan struct {
	Mode Mode

	// Changes holds every instance and deposed object that the configuration or
	// the state knows, NoOp included, by address.
	Changes []Change

	// Drift holds the objects that changed outside of the state since they were
	// last seen: Before is the state's value, After what the provider read;
	// Action is Update or Delete.
	Drift []Change

	// Errored tells that planning failed: the plan says nothing, and must not be
	// applied.
	Errored bool

	// Selected are the versions of installed providers that the plan was made with,
	// by address. Whoever saves the plan sets them.
	Selected map[string]string

	// Partial tells that targets left things aside: what is neither in Changes nor
	// in Outputs stays as it is.
	Partial bool

	// Invocations are the actions that go with the changes, or that were asked for,
	// in the order in which they are carried out for each change.
	Invocations []Invocation

	// Outputs holds every root output of the configuration or the state, by name.
	Outputs []OutputChange

	// Checks are what became of conditions, by kind and address.
	Checks []lang.BlockResult

	// Graph is the order of work for apply.
	Graph []Op

	// Prior is the state after refreshing: what the changes start from.
	Prior *state.State

	// Base names the state that the plan was made from; a state that moved on
	// makes the plan stale.
	Base Base

	// Variables are the values of the root module's input variables, marks
	// included.
	Variables map[string]cty.Value

	// Workspace is the value of terraform.workspace.
	Workspace string

	// Files maps each file that functions read, relative to the root module, to
	// the SHA-256 of its content in hex.
	Files map[string]string

	// Time is when the plan was made: the value of plantimestamp.
	Time time.Time

	refreshed bool
}

// Base is the identity of a state snapshot.
type Base struct {
	Lineage string
	Serial  uint64
}

// Empty tells that applying would change neither a remote object nor an output.
func (p *Plan) Empty() bool {
	if len(p.Invocations) > 0 {
		return false
	}
	for _, c := range p.Changes {
		if c.Shown() {
			return false
		}
	}
	for _, o := range p.Outputs {
		if o.Action != NoOp {
			return false
		}
	}
	return true
}

// Refreshed tells that Prior differs from the state that the plan was made from,
// so that even an otherwise empty plan is worth applying in RefreshOnly mode.
func (p *Plan) Refreshed() bool { return p.refreshed }

// Count is the number of objects to add, change and destroy; a replacement
// counts as one to add and one to destroy.
func (p *Plan) Count() (add, change, destroy int) {
	for _, c := range p.Changes {
		switch c.Action {
		case Create, ForgetCreate:
			add++
		case Update:
			change++
		case Delete:
			destroy++
		case DeleteCreate, CreateDelete:
			add, destroy = add+1, destroy+1
		}
	}
	return add, change, destroy
}

// Forgotten is the number of objects to leave alone and drop from the state.
func (p *Plan) Forgotten() int {
	n := 0
	for _, c := range p.Changes {
		if c.Action == Forget || c.Action == ForgetCreate {
			n++
		}
	}
	return n
}

// Imports is the number of objects to take over.
func (p *Plan) Imports() int {
	n := 0
	for _, c := range p.Changes {
		if c.Importing != nil {
			n++
		}
	}
	return n
}

// Change is what happens to one instance, or to one deposed object of it.
type Change struct {
	Addr     addr.Instance
	Deposed  string        // 8 hex digits, empty for the current object
	Previous addr.Instance // where the object was before it moved, or zero
	Provider addr.ProviderConfig
	Action   Action
	Reason   Reason

	// Importing is set where an object of before is taken over.
	Importing *Importing

	// Before and After are of the resource type's own type, null where there is
	// no object. After may hold unknowns. Sensitive parts are marked, see
	// IsSensitive.
	Before, After cty.Value

	// Requires are the paths whose change forces the replacement.
	Requires []cty.Path

	// Private are the provider's own bytes that go with After.
	Private []byte

	// Identity is the planned identity, or null.
	Identity cty.Value

	// Known tells that the configuration had no unknown value, so that apply need
	// not plan again.
	Known bool

	// CreateFirst is the order that the object keeps for its later removal.
	CreateFirst bool

	// Dependencies are the resources that the object is built on.
	Dependencies []addr.ConfigResource
}

// Failed is what is left of a plan that could not be made.
func Failed(o Options) *Plan {
	p := &Plan{Errored: true, Mode: o.Mode, Prior: o.Prior, Base: o.Base, Variables: o.Variables, Workspace: o.Workspace, Time: o.Now}
	if p.Prior == nil {
		p.Prior = state.New()
	}
	return p
}

// Shown tells that there is something to do, or to say, about the object. Data
// sources of check blocks are read with every plan and apply, which is neither.
func (c *Change) Shown() bool {
	return c.Action != NoOp && c.Reason != ReadCheckNested || c.Moved() || c.Importing != nil
}

// Moved tells that the object had another address before.
func (c *Change) Moved() bool { return c.Previous != addr.Instance{} }

// OutputChange is what happens to one output of the root module.
type OutputChange struct {
	Name      string
	Action    Action // NoOp, Create, Update or Delete
	Before    cty.Value
	After     cty.Value // may be unknown
	Sensitive bool
}

// Action is what is to be done with an object.
type Action byte

// The actions.
const (
	NoOp         Action = iota
	Create              // make a new object
	Read                // read a data source during apply
	Update              // change the object in place
	DeleteCreate        // replace: destroy, then create
	CreateDelete        // replace: create, then destroy
	Delete              // destroy
	Forget              // leave the object alone and drop it from the state
	ForgetCreate        // leave the old object alone, and make a new one
)

// String is the word for the action, "no-op" and "delete-create" among them.
func (a Action) String() string {
	return [...]string{"no-op", "create", "read", "update", "delete-create", "create-delete", "delete", "forget", "forget-create"}[a]
}

// Replaces tells that a is one of the two kinds of replacement.
func (a Action) Replaces() bool { return a == DeleteCreate || a == CreateDelete }

// Reason says why an action was chosen, in the words of Terraform's plan JSON;
// empty when the action speaks for itself.
type Reason string

// The reasons.
const (
	ReplaceTainted        Reason = "replace_because_tainted"
	ReplaceCannotUpdate   Reason = "replace_because_cannot_update"
	ReplaceByRequest      Reason = "replace_by_request"
	ReplaceByTriggers     Reason = "replace_by_triggers"
	DeleteNoConfig        Reason = "delete_because_no_resource_config"
	ForgetByState         Reason = "forgot_because_lifecycle_destroy_in_state"
	ForgetByConfig        Reason = "forgot_because_lifecycle_destroy_in_config"
	DeleteNoMoveTarget    Reason = "delete_because_no_move_target"
	DeleteNoModule        Reason = "delete_because_no_module"
	DeleteEnabledFalse    Reason = "delete_because_enabled_false"
	DeleteWrongRepetition Reason = "delete_because_wrong_repetition"
	DeleteCountIndex      Reason = "delete_because_count_index"
	DeleteEachKey         Reason = "delete_because_each_key"
	ReadConfigUnknown     Reason = "read_because_config_unknown"
	ReadCheckNested       Reason = "read_because_check_nested"
	ReadDependency        Reason = "read_because_dependency_pending"
)

// Op is one step of applying. It may start once all the steps in After, indexes
// into Plan.Graph, have succeeded; it is skipped when one of them failed.
type Op struct {
	Kind   OpKind
	Change int // index into Plan.Changes, or Plan.Invocations for Invoke; -1 for a Join
	After  []int
}

// OpKind is the kind of one step.
type OpKind byte

// The kinds of steps.
const (
	Join   OpKind = iota // nothing to do: a meeting point of edges
	Write                // create, update or read the object of the change
	Remove               // destroy the old object of the change
	Invoke               // carry out an action
)

// String is the name of the kind, for graphs.
func (k OpKind) String() string { return [...]string{"join", "write", "remove", "invoke"}[k] }

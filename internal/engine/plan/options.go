package plan

import (
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// Options are what a plan is made from, besides the program.
type Options struct {
	Mode      Mode
	Prior     *state.State // nil for an empty one
	Base      Base         // names Prior
	Variables map[string]cty.Value
	Workspace string // empty is "default"
	NoRefresh bool   // take the state for the truth
	Replace   []addr.Instance
	Targets   []Target        // work on these and what they need only; none is all
	Exclude   []Target        // leave these and what needs them aside
	Invoke    []addr.Instance // only invoke these actions; without key all instances
	Hook      Hook            // nil for none
	Now       time.Time

	// Unfinished are changes that an earlier run began, and may have carried out
	// before it was cut off.
	Unfinished []state.Intent

	// ReadFile reads files for functions; nil is os.ReadFile. Whoever holds a
	// lock on the state file gives one that does not drop it.
	ReadFile func(path string) ([]byte, error)
}

// Package suite reads test files (*.tftest.hcl) and runs them: each run block
// plans or applies a module with its own variables and providers, some of them
// doubles, and compares what came of it with what the block asserts. Whatever a
// file has made is destroyed at its end.
//
// It must not print, keep a state beyond the run, or know AWS.
package suite

import (
	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/config"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/plan"
)

// File is one test file.
type File struct {
	Path string // relative to the folder of the configuration
	Runs []*Run

	variables map[string]hcl.Expression
	providers map[config.ProviderRef]*provider
	overrides []*override
	parallel  bool // what runs do that do not say
	source    *hcl.File
}

// Run is one run block.
type Run struct {
	Name  string
	Range hcl.Range

	apply       bool // else plan only
	variables   map[string]hcl.Expression
	given       map[string]hcl.Range // where each variable is set
	providers   map[config.ProviderRef]config.ProviderRef
	mode        plan.Mode
	noRefresh   bool
	replace     []hcl.Traversal
	targets     []hcl.Traversal
	module      string // path of the module, empty for the configuration itself
	moduleRange hcl.Range
	asserts     []*config.Check
	expected    []hcl.Traversal
	stateKey    string
	parallel    bool
	keep        bool // skip_cleanup
	overrides   []*override
}

// provider is a provider block, or a mock_provider block.
type provider struct {
	ref    config.ProviderRef
	body   hcl.Body // nil for a double
	double *double
	at     hcl.Range
}

// double is what a mock_provider block says.
type double struct {
	resources map[string]*values // by type
	data      map[string]*values
	overrides []*override
	planned   bool // values are known when planning already
}

// override says what an object, or the outputs of a module, are to be, instead of
// asking a provider.
type override struct {
	block  string // override_resource, override_data or override_module
	target hcl.Traversal
	values *values
	at     hcl.Range
}

// values are given for what a provider would compute.
type values struct {
	expr    hcl.Expression // nil for none
	planned *bool          // nil: as the provider's block says
	at      hcl.Range
}

// Status is how a run or a file ended.
type Status string

// The outcomes, the later ones worse.
const (
	Skip  Status = "skip"
	Pass  Status = "pass"
	Fail  Status = "fail"  // an assertion does not hold
	Error Status = "error" // it could not be carried out
)

// worse is the one of two outcomes that counts for both together.
func worse(a, b Status) Status {
	rank := map[Status]int{"": 0, Skip: 1, Pass: 2, Fail: 3, Error: 4}
	if rank[b] > rank[a] {
		return b
	}
	return a
}

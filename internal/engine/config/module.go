// Package config reads the configuration of a module and of those that it calls,
// all their files and overrides, into declarations whose expressions are not
// evaluated yet. It also reads the values given for input variables.
//
// It must not evaluate references, know provider schemas, call a provider, or
// fetch a module: whoever loads says where those are that are not local. A
// kind of block that the engine cannot carry out is refused by name, with its
// place.
package config

import (
	"iter"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/addr"
)

// Module is one directory of configuration in one place of the tree of modules.
type Module struct {
	Dir   string
	Files map[string]*hcl.File // by the path under which diagnostics name it

	// Path is where the module is called, Parent the module that calls it, nil for
	// the root, and Children what it calls itself, by the names of the calls.
	Path     addr.Module
	Source   string // as the call says it; empty for the root
	Parent   *Module
	Children map[string]*Module

	Required   map[string]*Requirement // by local provider name
	Backend    *Backend                // nil for the default, local
	Encryption []hcl.Body              // of encryption blocks, the last one wins
	Providers  map[ProviderRef]*Provider
	Variables  map[string]*Variable
	Locals     map[string]*Local
	Outputs    map[string]*Output
	Resources  map[addr.Resource]*Resource
	Calls      map[string]*Call
	Checks     map[string]*CheckBlock
	Moved      []*Moved
	Removed    []*Removed
	Imports    []*Import

	sources map[string][]byte
}

// Text is what stands at a place in the files, without white space around it; empty
// if it is not known.
func (m *Module) Text(at hcl.Range) string {
	f := m.Files[at.Filename]
	if f == nil || !at.CanSliceBytes(f.Bytes) {
		return ""
	}
	return strings.TrimSpace(string(at.SliceBytes(f.Bytes)))
}

// Root is the module that everything begins with.
func (m *Module) Root() *Module {
	for m.Parent != nil {
		m = m.Parent
	}
	return m
}

// Call is the block that calls m, which must not be the root.
func (m *Module) Call() *Call {
	_, name := m.Path.Parent()
	return m.Parent.Calls[name]
}

// All yields m and every module below it, a caller before what it calls.
func (m *Module) All() iter.Seq[*Module] {
	return func(yield func(*Module) bool) { m.each(yield) }
}

func (m *Module) each(yield func(*Module) bool) bool {
	if !yield(m) {
		return false
	}
	for _, c := range m.sortedCalls() {
		if child := m.Children[c.Name]; child != nil && !child.each(yield) {
			return false
		}
	}
	return true
}

// Requirement is one entry of required_providers.
type Requirement struct {
	Name     string
	Provider addr.Provider
	Version  string        // the constraint as written; empty for any
	Aliases  []ProviderRef // configuration_aliases: what a caller must pass
	Range    hcl.Range
}

// Backend is the backend block.
type Backend struct {
	Type  string
	Body  hcl.Body
	Range hcl.Range
}

// ProviderRef is how a module refers to one of its provider configurations.
type ProviderRef struct {
	Name  string // local name
	Alias string // empty for the default one
}

// String is "name" or "name.alias".
func (r ProviderRef) String() string {
	if r.Alias == "" {
		return r.Name
	}
	return r.Name + "." + r.Alias
}

// Provider is one provider block.
type Provider struct {
	Ref     ProviderRef
	Version string         // a constraint as written; empty for any
	ForEach hcl.Expression // nil unless it stands for one configuration per key
	Body    hcl.Body
	Range   hcl.Range
}

// Variable is an input variable. Type is cty.DynamicPseudoType when any type
// will do; Defaults are those of optional object attributes, or nil.
type Variable struct {
	Name        string
	Type        cty.Type
	Typed       bool // a type is written, even if it is any
	Defaults    *typeexpr.Defaults
	Default     cty.Value // cty.NilVal when the variable is required
	Description string
	Sensitive   bool
	Ephemeral   bool // not to be kept in a plan or a state
	Nullable    bool
	Const       bool   // given by what is known before anything is evaluated
	Deprecated  string // why it should not be given; empty if it is not deprecated
	Validations []*Check
	Range       hcl.Range
}

// Required tells that a value must be given.
func (v *Variable) Required() bool { return v.Default == cty.NilVal }

// Local is one named expression of a locals block.
type Local struct {
	Name  string
	Expr  hcl.Expression
	Range hcl.Range
}

// Output is an output value.
type Output struct {
	Name          string
	Expr          hcl.Expression
	Description   string
	Deprecated    string // why it should not be used; empty if it is not deprecated
	Sensitive     bool
	Ephemeral     bool // its value is not to be kept
	DependsOn     []hcl.Traversal
	Preconditions []*Check
	Range         hcl.Range
}

// Check is a condition with the message for when it does not hold.
type Check struct {
	Condition hcl.Expression
	Message   hcl.Expression
	Range     hcl.Range
}

// Repetition says how many instances a block stands for. At most one is given.
type Repetition struct {
	Count   hcl.Expression
	ForEach hcl.Expression
	Enabled hcl.Expression // one instance without a key, or none
}

// Repeated tells that instances have keys.
func (r Repetition) Repeated() bool { return r.Count != nil || r.ForEach != nil }

// ProviderUse is a reference to a provider configuration.
type ProviderUse struct {
	Ref   ProviderRef
	Key   hcl.Expression // which instance of a block with for_each; nil if none is chosen
	Range hcl.Range
}

// Resource is a resource, data, ephemeral, action or list block. Body holds the
// provider's arguments only.
type Resource struct {
	Addr addr.Resource
	Repetition
	Provider  *ProviderUse // nil for the default one of the type
	DependsOn []hcl.Traversal
	Lifecycle Lifecycle
	Body      hcl.Body
	Range     hcl.Range

	Provisioners []*Provisioner // in the order in which they run
	Check        string         // the check block around a data source, if there is one
	Listing      *Listing       // nil unless it is a list block
}

// ProviderRange is where the provider was chosen: the argument, or the block.
func (r *Resource) ProviderRange() hcl.Range {
	if r.Provider == nil {
		return r.Range
	}
	return r.Provider.Range
}

// LocalProvider is the provider configuration that r asks for, by default the
// one named as the first word of its type.
func (r *Resource) LocalProvider() ProviderRef {
	if r.Provider != nil {
		return r.Provider.Ref
	}
	return ProviderRef{Name: impliedProvider(r.Addr.Type)}
}

// Lifecycle is what a lifecycle block says.
type Lifecycle struct {
	CreateBeforeDestroy *bool           // nil if not given
	PreventDestroy      hcl.Expression  // nil if not given
	KeepObject          bool            // destroy = false: objects are forgotten, not destroyed
	IgnoreChanges       []hcl.Traversal // relative to the resource
	IgnoreAll           bool
	ReplaceTriggeredBy  []hcl.Expression
	Preconditions       []*Check
	Postconditions      []*Check
	Triggers            []*Trigger
}

// ProviderAddr is the source address behind a local provider name.
func (m *Module) ProviderAddr(local string) addr.Provider {
	if r := m.Required[local]; r != nil {
		return r.Provider
	}
	return addr.DefaultProvider(local)
}

// impliedProvider is the first word of a resource type.
func impliedProvider(typeName string) string {
	for i := range len(typeName) {
		if typeName[i] == '_' {
			return typeName[:i]
		}
	}
	return typeName
}

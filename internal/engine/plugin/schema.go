// Package plugin calls providers, in this process or made to look so by package
// remote: the messages of Terraform's protocol 6 in terms of cty values and
// diagnostics, with everything that follows from a schema computed once.
//
// It must not know configurations, plans or the state, and it decides nothing:
// what to call when is its caller's affair. It imports nothing of ours.
package plugin

import (
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/zclconf/go-cty/cty"
)

// Schemas is all that a provider declares. It must not be changed.
type Schemas struct {
	Provider  *Schema
	Resources map[string]*Schema
	Data      map[string]*Schema
	Ephemeral map[string]*Schema
	Actions   map[string]*Schema
	Lists     map[string]*Schema // the arguments of a list, by the type of resource that it lists
	Functions map[string]*tfprotov6.Function

	// PlanDestroy tells that the provider wants to be asked before a destroy.
	PlanDestroy bool

	// MoveState tells that the provider can make objects from those of other types.
	MoveState bool

	// GenerateConfig tells that the provider can write the configuration that
	// describes an object.
	GenerateConfig bool

	// Raw is the provider's own answer, for whoever must show schemas.
	Raw *tfprotov6.GetProviderSchemaResponse
}

// Schema is the shape of one resource type, data source or provider block.
type Schema struct {
	Block
	Version uint64

	// Type is the type of every value of this schema.
	Type cty.Type

	// Spec decodes a block of configuration into a value of Type.
	Spec hcldec.Spec

	// Identity is the type of the identity of a resource, or cty.NilType.
	Identity        cty.Type
	IdentityVersion uint64

	// IdentityRequired are the attributes of the identity that an import needs.
	IdentityRequired []string

	secret    bool // some attribute is sensitive
	writeOnly bool // some attribute is write-only
}

// Block is the content of a schema or of a nested block.
type Block struct {
	Attributes map[string]*Attribute
	Blocks     map[string]*NestedBlock
	Deprecated string // why, or empty
}

// Attribute is one argument or result.
type Attribute struct {
	Type       cty.Type    // without optional attributes
	Nested     *ObjectType // nil unless the attribute has attributes of its own
	Required   bool
	Optional   bool
	Computed   bool
	Sensitive  bool
	WriteOnly  bool
	Deprecated string // why, or empty
}

// ObjectType is the type of an attribute with attributes.
type ObjectType struct {
	Attributes map[string]*Attribute
	Nesting    Nesting
}

// NestedBlock is a kind of block within a block.
type NestedBlock struct {
	Block
	Nesting  Nesting
	Min, Max int // number of blocks; a Max of 0 is no limit
}

// Nesting is how the values of a block or an object attribute are collected.
type Nesting byte

// The nestings.
const (
	Single Nesting = iota
	List
	Set
	Map
	Group // like Single, but never null
)

// ImpliedType is the type of a value of b.
func (b *Block) ImpliedType() cty.Type {
	types := make(map[string]cty.Type, len(b.Attributes)+len(b.Blocks))
	for name, a := range b.Attributes {
		types[name] = a.Type
	}
	for name, n := range b.Blocks {
		types[name] = n.ImpliedType()
	}
	return cty.Object(types)
}

// ImpliedType is the type of all blocks of the kind n together.
func (n *NestedBlock) ImpliedType() cty.Type {
	inner := n.Block.ImpliedType()
	switch {
	case n.Nesting == List && inner.HasDynamicTypes(), n.Nesting == Map && inner.HasDynamicTypes():
		return cty.DynamicPseudoType // the elements may differ in type
	}
	return n.Nesting.of(inner)
}

func (n Nesting) of(inner cty.Type) cty.Type {
	switch n {
	case List:
		return cty.List(inner)
	case Set:
		return cty.Set(inner)
	case Map:
		return cty.Map(inner)
	}
	return inner
}

// Empty is the value of b with nothing set: null attributes and no blocks.
func (b *Block) Empty() cty.Value {
	values := make(map[string]cty.Value, len(b.Attributes)+len(b.Blocks))
	for name, a := range b.Attributes {
		values[name] = cty.NullVal(a.Type)
	}
	for name, n := range b.Blocks {
		values[name] = n.Empty()
	}
	return cty.ObjectVal(values)
}

// Empty is the value of no block of the kind n.
func (n *NestedBlock) Empty() cty.Value {
	inner := n.Block.ImpliedType()
	dynamic := inner.HasDynamicTypes()
	switch {
	case n.Nesting == Group:
		return n.Block.Empty()
	case n.Nesting == List && dynamic:
		return cty.EmptyTupleVal
	case n.Nesting == List:
		return cty.ListValEmpty(inner)
	case n.Nesting == Set:
		return cty.SetValEmpty(inner)
	case n.Nesting == Map && dynamic:
		return cty.EmptyObjectVal
	case n.Nesting == Map:
		return cty.MapValEmpty(inner)
	}
	return cty.NullVal(inner)
}

// spec is the decoder of b. The type that it gives an attribute lets people
// leave out what is not required.
func (b *Block) spec() hcldec.ObjectSpec {
	out := hcldec.ObjectSpec{}
	for name, a := range b.Attributes {
		out[name] = &hcldec.AttrSpec{Name: name, Type: a.configType(), Required: a.Required}
	}
	for name, n := range b.Blocks {
		out[name] = n.spec(name)
	}
	return out
}

func (n *NestedBlock) spec(name string) hcldec.Spec {
	inner := n.Block.spec()
	dynamic := n.Block.ImpliedType().HasDynamicTypes()
	switch {
	case n.Nesting == Group:
		return &hcldec.DefaultSpec{
			Primary: &hcldec.BlockSpec{TypeName: name, Nested: inner},
			Default: &hcldec.LiteralSpec{Value: n.Block.Empty()},
		}
	case n.Nesting == List && dynamic:
		return &hcldec.BlockTupleSpec{TypeName: name, Nested: inner, MinItems: n.Min, MaxItems: n.Max}
	case n.Nesting == List:
		return &hcldec.BlockListSpec{TypeName: name, Nested: inner, MinItems: n.Min, MaxItems: n.Max}
	case n.Nesting == Set:
		return &hcldec.BlockSetSpec{TypeName: name, Nested: inner, MinItems: n.Min, MaxItems: n.Max}
	case n.Nesting == Map && dynamic:
		return &hcldec.BlockObjectSpec{TypeName: name, Nested: inner, LabelNames: []string{"key"}}
	case n.Nesting == Map:
		return &hcldec.BlockMapSpec{TypeName: name, Nested: inner, LabelNames: []string{"key"}}
	}
	return &hcldec.BlockSpec{TypeName: name, Nested: inner, Required: n.Min > 0}
}

// configType is the attribute's type with everything optional that need not be
// written.
func (a *Attribute) configType() cty.Type {
	if a.Nested == nil {
		return a.Type
	}
	types := map[string]cty.Type{}
	var optional []string
	for name, inner := range a.Nested.Attributes {
		types[name] = inner.configType()
		if !inner.Required {
			optional = append(optional, name)
		}
	}
	return a.Nested.Nesting.of(cty.ObjectWithOptionalAttrs(types, optional))
}

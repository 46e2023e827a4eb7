package plugin

import (
	"bytes"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
	"github.com/zclconf/go-cty/cty/msgpack"
)

func schemaOf(in *tfprotov6.Schema) (*Schema, error) {
	out := &Schema{}
	if in != nil {
		if in.Version < 0 {
			return nil, fmt.Errorf("the schema version %d is negative", in.Version)
		}
		out.Version = uint64(in.Version)
		block, err := blockOf(in.Block)
		if err != nil {
			return nil, err
		}
		out.Block = block
	}
	out.Type, out.Spec = out.ImpliedType(), out.spec()
	out.eachAttribute(func(a *Attribute) {
		out.secret = out.secret || a.Sensitive
		out.writeOnly = out.writeOnly || a.WriteOnly
	})
	return out, nil
}

func blockOf(in *tfprotov6.SchemaBlock) (Block, error) {
	out := Block{Attributes: map[string]*Attribute{}, Blocks: map[string]*NestedBlock{}}
	if in == nil {
		return out, nil
	}
	if in.Deprecated {
		out.Deprecated = deprecation(in.DeprecationMessage)
	}
	for _, a := range in.Attributes {
		attr, err := attributeOf(a)
		if err != nil {
			return out, err
		}
		out.Attributes[a.Name] = attr
	}
	for _, n := range in.BlockTypes {
		block, err := blockOf(n.Block)
		if err != nil {
			return out, fmt.Errorf("%s: %w", n.TypeName, err)
		}
		nesting, ok := map[tfprotov6.SchemaNestedBlockNestingMode]Nesting{
			tfprotov6.SchemaNestedBlockNestingModeSingle: Single,
			tfprotov6.SchemaNestedBlockNestingModeList:   List,
			tfprotov6.SchemaNestedBlockNestingModeSet:    Set,
			tfprotov6.SchemaNestedBlockNestingModeMap:    Map,
			tfprotov6.SchemaNestedBlockNestingModeGroup:  Group,
		}[n.Nesting]
		if !ok {
			return out, fmt.Errorf("%s: the nesting mode %s is not known", n.TypeName, n.Nesting)
		}
		out.Blocks[n.TypeName] = &NestedBlock{Block: block, Nesting: nesting, Min: int(n.MinItems), Max: int(n.MaxItems)}
	}
	return out, nil
}

func attributeOf(in *tfprotov6.SchemaAttribute) (*Attribute, error) {
	out := &Attribute{
		Required: in.Required, Optional: in.Optional, Computed: in.Computed,
		Sensitive: in.Sensitive, WriteOnly: in.WriteOnly,
	}
	if in.Deprecated {
		out.Deprecated = deprecation(in.DeprecationMessage)
	}
	if in.NestedType == nil {
		ty, err := typeOf(in.Type)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", in.Name, err)
		}
		out.Type = ty
		return out, nil
	}
	nesting, ok := map[tfprotov6.SchemaObjectNestingMode]Nesting{
		tfprotov6.SchemaObjectNestingModeSingle: Single,
		tfprotov6.SchemaObjectNestingModeList:   List,
		tfprotov6.SchemaObjectNestingModeSet:    Set,
		tfprotov6.SchemaObjectNestingModeMap:    Map,
	}[in.NestedType.Nesting]
	if !ok {
		return nil, fmt.Errorf("%s: the nesting mode %s is not known", in.Name, in.NestedType.Nesting)
	}
	out.Nested = &ObjectType{Attributes: map[string]*Attribute{}, Nesting: nesting}
	types := map[string]cty.Type{}
	for _, a := range in.NestedType.Attributes {
		attr, err := attributeOf(a)
		if err != nil {
			return nil, fmt.Errorf("%s.%w", in.Name, err)
		}
		out.Nested.Attributes[a.Name], types[a.Name] = attr, attr.Type
	}
	out.Type = nesting.of(cty.Object(types))
	return out, nil
}

func deprecation(message string) string {
	if message == "" {
		return "The provider says that this should not be used any more."
	}
	return message
}

// typeOf is the cty type that goes by the same name.
func typeOf(in tftypes.Type) (cty.Type, error) {
	each := func(in tftypes.Type, of func(cty.Type) cty.Type) (cty.Type, error) {
		elem, err := typeOf(in)
		if err != nil {
			return cty.NilType, err
		}
		return of(elem), nil
	}
	switch t := in.(type) {
	case tftypes.List:
		return each(t.ElementType, cty.List)
	case tftypes.Set:
		return each(t.ElementType, cty.Set)
	case tftypes.Map:
		return each(t.ElementType, cty.Map)
	case tftypes.Tuple:
		types := make([]cty.Type, len(t.ElementTypes))
		for i, e := range t.ElementTypes {
			elem, err := typeOf(e)
			if err != nil {
				return cty.NilType, err
			}
			types[i] = elem
		}
		return cty.Tuple(types), nil
	case tftypes.Object:
		types := make(map[string]cty.Type, len(t.AttributeTypes))
		for name, a := range t.AttributeTypes {
			attr, err := typeOf(a)
			if err != nil {
				return cty.NilType, err
			}
			types[name] = attr
		}
		return cty.Object(types), nil
	case nil:
		return cty.NilType, fmt.Errorf("an attribute has no type")
	}
	switch {
	case in.Is(tftypes.String):
		return cty.String, nil
	case in.Is(tftypes.Number):
		return cty.Number, nil
	case in.Is(tftypes.Bool):
		return cty.Bool, nil
	case in.Is(tftypes.DynamicPseudoType):
		return cty.DynamicPseudoType, nil
	}
	return cty.NilType, fmt.Errorf("the type %s is not known", in)
}

// pathOf is the same path in cty's terms. A step that names a set's element by
// its value ends the path.
func pathOf(in *tftypes.AttributePath) cty.Path {
	if in == nil {
		return nil
	}
	var out cty.Path
	for _, s := range in.Steps() {
		switch s := s.(type) {
		case tftypes.AttributeName:
			out = out.GetAttr(string(s))
		case tftypes.ElementKeyString:
			out = out.IndexString(string(s))
		case tftypes.ElementKeyInt:
			out = out.IndexInt(int(s))
		default:
			return out
		}
	}
	return out
}

// encode is v, unmarked, as a provider takes it.
func encode(v cty.Value, ty cty.Type) (*tfprotov6.DynamicValue, error) {
	raw, err := msgpack.Marshal(v, ty)
	if err != nil {
		return nil, fmt.Errorf("encoding a value for the provider: %w", err)
	}
	return &tfprotov6.DynamicValue{MsgPack: raw}, nil
}

// decode reads what a provider gave; nil is null.
func decode(in *tfprotov6.DynamicValue, ty cty.Type) (cty.Value, error) {
	if in == nil || len(in.MsgPack) == 0 && len(in.JSON) == 0 {
		return cty.NullVal(ty), nil
	}
	var v cty.Value
	var err error
	if len(in.MsgPack) > 0 {
		v, err = msgpack.Unmarshal(in.MsgPack, ty)
	} else {
		v, err = ctyjson.Unmarshal(in.JSON, ty)
	}
	if err != nil {
		return cty.NullVal(ty), fmt.Errorf("the provider's answer does not have the shape that its own schema says: %w", err)
	}
	return v, nil
}

// same tells that a provider gave back what it was given.
func same(got, given *tfprotov6.DynamicValue) bool {
	return got == given && got != nil || got != nil && given != nil && len(got.MsgPack) > 0 && bytes.Equal(got.MsgPack, given.MsgPack)
}

func (b *Block) eachAttribute(visit func(*Attribute)) {
	var attributes func(map[string]*Attribute)
	attributes = func(in map[string]*Attribute) {
		for _, a := range in {
			visit(a)
			if a.Nested != nil {
				attributes(a.Nested.Attributes)
			}
		}
	}
	attributes(b.Attributes)
	for _, n := range b.Blocks {
		n.eachAttribute(visit)
	}
}

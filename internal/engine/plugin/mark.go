package plugin

import "github.com/zclconf/go-cty/cty"

// HasSecrets tells that some attribute is sensitive.
func (s *Schema) HasSecrets() bool { return s.secret }

// Secret is v with mark on every part that the schema calls sensitive.
func (s *Schema) Secret(v cty.Value, mark any) cty.Value {
	if !s.secret {
		return v
	}
	return markBlock(&s.Block, v, mark)
}

// WithoutWriteOnly is v with the parts that must not be kept made null.
func (s *Schema) WithoutWriteOnly(v cty.Value) cty.Value {
	if !s.writeOnly {
		return v
	}
	return editBlock(&s.Block, v, func(a *Attribute, v cty.Value) (cty.Value, bool) {
		if a.WriteOnly {
			return cty.NullVal(v.Type()), true
		}
		return v, false
	})
}

// Open is v, of which what was not known is null, with its computed attributes
// unknown again where they are null.
func (s *Schema) Open(v cty.Value) cty.Value {
	if v.IsNull() || !v.IsKnown() {
		return v
	}
	all := v.AsValueMap()
	for name, a := range s.Attributes {
		if a.Computed && all[name].IsNull() {
			all[name] = cty.UnknownVal(all[name].Type())
		}
	}
	return cty.ObjectVal(all)
}

// WriteOnly tells that the attribute that path begins with, or one within it on
// the way of path, is write-only.
func (s *Schema) WriteOnly(path cty.Path) bool {
	a := s.AttributeAt(path)
	return a != nil && a.WriteOnly
}

// AttributeAt is the attribute that path leads to or into, or nil if it leads to
// a block or nowhere.
func (s *Schema) AttributeAt(path cty.Path) *Attribute {
	block := &s.Block
	var nested *ObjectType
	var found *Attribute
	for _, step := range path {
		name, ok := step.(cty.GetAttrStep)
		switch {
		case !ok: // an index within a collection
		case nested != nil:
			if found = nested.Attributes[name.Name]; found == nil {
				return nil
			}
			nested = found.Nested
		case found != nil: // within the value of an attribute
		default:
			if found = block.Attributes[name.Name]; found != nil {
				nested = found.Nested
				continue
			}
			n := block.Blocks[name.Name]
			if n == nil {
				return nil
			}
			block = &n.Block
		}
	}
	return found
}

func markBlock(b *Block, v cty.Value, mark any) cty.Value {
	return editBlock(b, v, func(a *Attribute, v cty.Value) (cty.Value, bool) {
		if a.Sensitive {
			return v.Mark(mark), true
		}
		return v, false
	})
}

// editBlock rebuilds v with edit done on every attribute, outer ones first; an
// edit that is done does not look inside. Marks that v has are kept.
func editBlock(b *Block, v cty.Value, edit func(*Attribute, cty.Value) (cty.Value, bool)) cty.Value {
	return eachObject(v, func(name string, v cty.Value) cty.Value {
		if a := b.Attributes[name]; a != nil {
			return editAttribute(a, v, edit)
		}
		n := b.Blocks[name]
		if n == nil {
			return v
		}
		return eachOf(n.Nesting, v, func(v cty.Value) cty.Value { return editBlock(&n.Block, v, edit) })
	})
}

func editAttribute(a *Attribute, v cty.Value, edit func(*Attribute, cty.Value) (cty.Value, bool)) cty.Value {
	v, done := edit(a, v)
	if done || a.Nested == nil {
		return v
	}
	return eachOf(a.Nested.Nesting, v, func(v cty.Value) cty.Value {
		return eachObject(v, func(name string, v cty.Value) cty.Value {
			if inner := a.Nested.Attributes[name]; inner != nil {
				return editAttribute(inner, v, edit)
			}
			return v
		})
	})
}

func eachObject(v cty.Value, edit func(string, cty.Value) cty.Value) cty.Value {
	bare, marks := v.Unmark()
	if bare.IsNull() || !bare.IsKnown() {
		return v
	}
	values := bare.AsValueMap()
	if len(values) == 0 {
		return v
	}
	for name, inner := range values {
		values[name] = edit(name, inner)
	}
	return cty.ObjectVal(values).WithMarks(marks)
}

func eachOf(n Nesting, v cty.Value, edit func(cty.Value) cty.Value) cty.Value {
	if n == Single || n == Group {
		return edit(v)
	}
	bare, marks := v.Unmark()
	if bare.IsNull() || !bare.IsKnown() || bare.LengthInt() == 0 {
		return v
	}
	ty := bare.Type()
	if ty.IsMapType() || ty.IsObjectType() {
		values := bare.AsValueMap()
		for key, inner := range values {
			values[key] = edit(inner)
		}
		if ty.IsObjectType() {
			return cty.ObjectVal(values).WithMarks(marks)
		}
		return cty.MapVal(values).WithMarks(marks)
	}
	values := bare.AsValueSlice()
	for i, inner := range values {
		values[i] = edit(inner)
	}
	switch {
	case ty.IsSetType():
		return cty.SetVal(values).WithMarks(marks)
	case ty.IsListType():
		return cty.ListVal(values).WithMarks(marks)
	}
	return cty.TupleVal(values).WithMarks(marks)
}

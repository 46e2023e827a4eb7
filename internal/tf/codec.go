package tf

import (
	"context"
	"reflect"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/attr/xattr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// A codec turns raw values into models and back. It looks at the schema and the
// model's fields once, where the framework does so for each value. Whatever it
// cannot do it leaves to the framework, whose diagnostics then count.
type codec[M any] struct {
	schema schema.Schema
	kind   func() tftypes.Object
	paired func() []field
	facts  func() ([]facts, bool)
}

// A field is an attribute and where the model has it.
type field struct {
	name  string
	index []int
	shape *shape
}

func newCodec[M any](s schema.Schema) *codec[M] {
	return &codec[M]{
		schema: s,
		kind: sync.OnceValue(func() tftypes.Object {
			return s.Type().TerraformType(context.Background()).(tftypes.Object)
		}),
		paired: sync.OnceValue(func() []field {
			kinds := map[string]attr.Type{}
			for name, a := range s.Attributes {
				kinds[name] = a.GetType()
			}
			if len(s.Blocks) > 0 {
				return nil
			}
			all, _ := fieldsOf(kinds, reflect.TypeFor[M]())
			return all
		}),
		facts: sync.OnceValues(func() ([]facts, bool) {
			return learn(s.Attributes)
		}),
	}
}

// decode fills a model from a raw value. Unknown collections and objects become
// null.
func (c *codec[M]) decode(ctx context.Context, raw tftypes.Value) (*M, diag.Diagnostics) {
	if all := fields(raw); all != nil {
		if m, ok := c.from(ctx, all); ok {
			return m, nil
		}
	}
	var m M
	ds := tfsdk.State{Schema: c.schema, Raw: nullUnknown(raw, false)}.Get(ctx, &m)
	return &m, ds
}

// decodeAll is decode of the attributes of an object.
func (c *codec[M]) decodeAll(ctx context.Context, all map[string]tftypes.Value) (*M, diag.Diagnostics) {
	if m, ok := c.from(ctx, all); ok {
		return m, nil
	}
	return c.decode(ctx, tftypes.NewValue(c.kind(), all))
}

// from fills a model from all attributes, or reports that the framework must.
func (c *codec[M]) from(ctx context.Context, all map[string]tftypes.Value) (*M, bool) {
	var m M
	known := c.paired()
	return &m, known != nil && decodeFields(ctx, known, all, reflect.ValueOf(&m).Elem())
}

// encode turns a model into a raw value.
func (c *codec[M]) encode(ctx context.Context, m *M) (tftypes.Value, diag.Diagnostics) {
	if all, ok := c.to(ctx, m); ok {
		return tftypes.NewValue(c.kind(), all), nil
	}
	state := tfsdk.State{Schema: c.schema, Raw: tftypes.NewValue(c.kind(), nil)}
	ds := state.Set(ctx, m)
	return state.Raw, ds
}

// to returns the attributes of a model, or reports that the framework must.
func (c *codec[M]) to(ctx context.Context, m *M) (map[string]tftypes.Value, bool) {
	known := c.paired()
	if known == nil {
		return nil, false
	}
	return encodeFields(ctx, known, reflect.ValueOf(m).Elem())
}

// A shape is how values of one attribute's type are held in one Go type.
type shape struct {
	as   attr.Type
	kind tftypes.Type // of as
	in   reflect.Type
	elem *shape  // of what a pointer points to, of elements of a map or slice
	all  []field // of a struct
}

var valueType = reflect.TypeFor[attr.Value]()

// shapeOf finds a shape; nil if only the framework knows how.
func shapeOf(as attr.Type, in reflect.Type) *shape {
	s := &shape{as: as, kind: as.TerraformType(context.Background()), in: in}
	if in.Implements(valueType) {
		return s
	}
	switch in.Kind() {
	case reflect.Pointer:
		if s.elem = shapeOf(as, in.Elem()); s.elem == nil || s.elem.in.Kind() != reflect.Struct || s.elem.all == nil {
			return nil
		}
		return s
	case reflect.Struct:
		o, ok := as.(types.ObjectType)
		if ok {
			s.all, ok = fieldsOf(o.AttrTypes, in)
		}
		if ok {
			return s
		}
	case reflect.Map:
		if m, ok := as.(types.MapType); ok && in.Key().Kind() == reflect.String {
			s.elem = shapeOf(m.ElemType, in.Elem())
		}
	case reflect.Slice:
		switch l := as.(type) {
		case types.ListType:
			s.elem = shapeOf(l.ElemType, in.Elem())
		case types.SetType:
			s.elem = shapeOf(l.ElemType, in.Elem())
		}
	}
	if s.elem == nil {
		return nil
	}
	return s
}

// fieldsOf pairs attributes with the fields of a struct that are tagged with their
// names; not ok unless all of both are paired.
func fieldsOf(attributes map[string]attr.Type, in reflect.Type) ([]field, bool) {
	all := []field{}
	for _, f := range reflect.VisibleFields(in) {
		name, tagged := f.Tag.Lookup("tfsdk")
		if f.Anonymous && !tagged || name == "-" {
			continue
		}
		as, ok := attributes[name]
		if !ok || !f.IsExported() {
			return nil, false
		}
		s := shapeOf(as, f.Type)
		if s == nil {
			return nil, false
		}
		all = append(all, field{name: name, index: f.Index, shape: s})
	}
	return all, len(all) == len(attributes)
}

func decodeFields(ctx context.Context, known []field, all map[string]tftypes.Value, into reflect.Value) bool {
	for i := range known {
		f := &known[i]
		v, ok := all[f.name]
		if !ok || !f.shape.decode(ctx, v, into.FieldByIndex(f.index)) {
			return false
		}
	}
	return true
}

func encodeFields(ctx context.Context, known []field, from reflect.Value) (map[string]tftypes.Value, bool) {
	all := make(map[string]tftypes.Value, len(known))
	for i := range known {
		f := &known[i]
		v, ok := f.shape.encode(ctx, from.FieldByIndex(f.index))
		if !ok {
			return nil, false
		}
		all[f.name] = v
	}
	return all, true
}

func (s *shape) decode(ctx context.Context, v tftypes.Value, into reflect.Value) bool {
	switch into := into.Addr().Interface().(type) {
	case *types.String:
		if s.as == types.StringType && v.Type() != nil {
			return decodeString(v, into)
		}
	case *types.Bool, *types.Float64, *types.Int64:
	default:
		v = nullUnknown(v, false)
	}
	if s.elem == nil && s.all == nil {
		return s.decodeValue(ctx, v, into)
	}
	if !v.IsKnown() {
		return false
	}
	if v.IsNull() {
		return s.in.Kind() != reflect.Struct // its zero value is nil
	}
	if !fits(ctx, s.as, v) {
		return false
	}
	switch s.in.Kind() {
	case reflect.Pointer:
		p := reflect.New(s.in.Elem())
		into.Set(p)
		return s.elem.decode(ctx, v, p.Elem())
	case reflect.Struct:
		return decodeFields(ctx, s.all, fields(v), into)
	case reflect.Map:
		all := fields(v)
		into.Set(reflect.MakeMapWithSize(s.in, len(all)))
		for key, e := range all {
			elem := reflect.New(s.in.Elem()).Elem()
			if !s.elem.decode(ctx, e, elem) {
				return false
			}
			into.SetMapIndex(reflect.ValueOf(key).Convert(s.in.Key()), elem)
		}
		return true
	}
	all := elements(v)
	into.Set(reflect.MakeSlice(s.in, len(all), len(all)))
	for i, e := range all {
		if !s.elem.decode(ctx, e, into.Index(i)) {
			return false
		}
	}
	return true
}

func decodeString(v tftypes.Value, into *types.String) bool {
	switch {
	case !v.Type().Is(tftypes.String):
		return false
	case !v.IsKnown():
		*into = types.StringUnknown()
	case v.IsNull():
		*into = types.StringNull()
	default:
		var text string
		if v.As(&text) != nil {
			return false
		}
		*into = types.StringValue(text)
	}
	return true
}

func (s *shape) decodeValue(ctx context.Context, v tftypes.Value, into reflect.Value) bool {
	value, err := s.as.ValueFromTerraform(ctx, v)
	if err != nil || reflect.TypeOf(value) != s.in || !sound(ctx, s.as, value, v) {
		return false
	}
	into.Set(reflect.ValueOf(value))
	return true
}

// sound reports whether a value is one of those that its type allows.
func sound(ctx context.Context, as attr.Type, v attr.Value, raw tftypes.Value) bool {
	checked, ok := v.(xattr.ValidateableAttribute)
	if !ok {
		return fits(ctx, as, raw)
	}
	var resp xattr.ValidateAttributeResponse
	checked.ValidateAttribute(ctx, xattr.ValidateAttributeRequest{}, &resp)
	return len(resp.Diagnostics) == 0
}

// fits is sound for what only the type itself can say, such as that the elements
// of a set differ.
func fits(ctx context.Context, as attr.Type, raw tftypes.Value) bool {
	checked, ok := as.(xattr.TypeWithValidate) //nolint:staticcheck // the framework's own types still have it
	return !ok || raw.IsNull() || !raw.IsKnown() || len(checked.Validate(ctx, raw, path.Empty())) == 0
}

func (s *shape) encode(ctx context.Context, from reflect.Value) (tftypes.Value, bool) {
	if s.elem == nil && s.all == nil {
		v, ok := from.Interface().(attr.Value)
		if !ok {
			return tftypes.Value{}, false
		}
		raw, err := v.ToTerraformValue(ctx)
		return raw, err == nil && sound(ctx, s.as, v, raw) && (s.kind.Is(tftypes.DynamicPseudoType) || raw.Type().Equal(s.kind))
	}
	switch s.in.Kind() {
	case reflect.Struct:
		all, ok := encodeFields(ctx, s.all, from)
		if !ok {
			return tftypes.Value{}, false
		}
		return tftypes.NewValue(s.kind, all), true
	case reflect.Pointer:
		if !from.IsNil() {
			return s.elem.encode(ctx, from.Elem())
		}
	case reflect.Map:
		if from.IsNil() {
			break
		}
		all := make(map[string]tftypes.Value, from.Len())
		for it := from.MapRange(); it.Next(); {
			v, ok := s.elem.encode(ctx, it.Value())
			if !ok {
				return tftypes.Value{}, false
			}
			all[it.Key().String()] = v
		}
		raw := tftypes.NewValue(s.kind, all)
		return raw, fits(ctx, s.as, raw)
	case reflect.Slice:
		if from.IsNil() {
			break
		}
		all := make([]tftypes.Value, from.Len())
		for i := range all {
			v, ok := s.elem.encode(ctx, from.Index(i))
			if !ok {
				return tftypes.Value{}, false
			}
			all[i] = v
		}
		raw := tftypes.NewValue(s.kind, all)
		return raw, fits(ctx, s.as, raw)
	}
	return tftypes.NewValue(s.kind, nil), true
}

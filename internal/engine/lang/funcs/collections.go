package funcs

import (
	"maps"
	"slices"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// length counts the elements of a collection, or the characters of a string as
// people see them. Only marks of the collection itself mark the number.
var length = function.New(&function.Spec{
	Params: []function.Parameter{{
		Name: "value", Type: cty.DynamicPseudoType,
		AllowDynamicType: true, AllowUnknown: true, AllowMarked: true,
	}},
	Type: func(args []cty.Value) (cty.Type, error) {
		ty := args[0].Type()
		if ty == cty.String || ty == cty.DynamicPseudoType || ty.IsTupleType() || ty.IsObjectType() || ty.IsCollectionType() {
			return cty.Number, nil
		}
		return cty.Number, function.NewArgErrorf(0, "it must be a string, a collection, an object or a tuple, and is a %s", ty.FriendlyName())
	},
	RefineResult: notNull,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		v, marks := args[0].Unmark()
		switch ty := v.Type(); {
		case ty == cty.DynamicPseudoType:
			return cty.UnknownVal(cty.Number).WithMarks(marks), nil
		case ty.IsTupleType():
			return cty.NumberIntVal(int64(ty.Length())).WithMarks(marks), nil
		case ty.IsObjectType():
			return cty.NumberIntVal(int64(len(ty.AttributeTypes()))).WithMarks(marks), nil
		case ty == cty.String:
			n, err := stdlib.Strlen(v)
			return n.WithMarks(marks), err
		}
		return v.Length().WithMarks(marks), nil
	},
})

// coalesce is the first argument that is neither null nor an empty string.
var coalesce = function.New(&function.Spec{
	VarParam: &function.Parameter{
		Name: "vals", Type: cty.DynamicPseudoType,
		AllowUnknown: true, AllowDynamicType: true, AllowNull: true, AllowMarked: true,
	},
	Type: func(args []cty.Value) (cty.Type, error) {
		types := make([]cty.Type, len(args))
		for i, a := range args {
			types[i] = a.Type()
		}
		ty, _ := convert.UnifyUnsafe(types)
		if ty == cty.NilType {
			return cty.NilType, function.NewArgErrorf(0, "all arguments must be of one type")
		}
		return ty, nil
	},
	RefineResult: notNull,
	Impl: func(args []cty.Value, ty cty.Type) (cty.Value, error) {
		for i, a := range args {
			v, err := convert.Convert(a, ty)
			if err != nil {
				return cty.UnknownVal(ty), function.NewArgError(i, err)
			}
			open, _ := v.Unmark()
			if !open.IsKnown() {
				return cty.UnknownVal(ty).WithMarks(v.Marks()), nil
			}
			if open.IsNull() || open.Type() == cty.String && open.RawEquals(cty.StringVal("")) {
				continue
			}
			return v, nil
		}
		return cty.UnknownVal(ty), function.NewArgErrorf(max(len(args)-1, 0), "every argument is null or an empty string")
	},
})

// index is the place of a value in a list, from 0.
var index = function.New(&function.Spec{
	Params: []function.Parameter{
		{Name: "list", Type: cty.DynamicPseudoType},
		{Name: "value", Type: cty.DynamicPseudoType},
	},
	Type:         function.StaticReturnType(cty.Number),
	RefineResult: notNull,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		list := args[0]
		if !list.Type().IsListType() && !list.Type().IsTupleType() {
			return cty.UnknownVal(cty.Number), function.NewArgErrorf(0, "it must be a list or a tuple")
		}
		for it := list.ElementIterator(); it.Next(); {
			i, v := it.Element()
			eq, err := stdlib.Equal(v, args[1])
			if err != nil {
				return cty.UnknownVal(cty.Number), err
			}
			if !eq.IsKnown() {
				return cty.UnknownVal(cty.Number), nil
			}
			if eq.True() {
				return i, nil
			}
		}
		return cty.UnknownVal(cty.Number), function.NewArgErrorf(1, "the list does not hold it")
	},
})

// lookup is the element of a map or object with a key, or the default.
var lookup = function.New(&function.Spec{
	Params: []function.Parameter{
		{Name: "inputMap", Type: cty.DynamicPseudoType, AllowMarked: true},
		{Name: "key", Type: cty.String, AllowMarked: true},
	},
	VarParam: &function.Parameter{
		Name: "default", Type: cty.DynamicPseudoType,
		AllowUnknown: true, AllowDynamicType: true, AllowNull: true, AllowMarked: true,
	},
	Type: func(args []cty.Value) (cty.Type, error) {
		if len(args) > 3 {
			return cty.NilType, function.NewArgErrorf(3, "lookup takes a map, a key and at most one default")
		}
		ty := args[0].Type()
		switch {
		case ty.IsObjectType():
			key, _ := args[1].Unmark()
			if !key.IsKnown() {
				return cty.DynamicPseudoType, nil
			}
			if ty.HasAttribute(key.AsString()) {
				return args[0].Type().AttributeType(key.AsString()), nil
			}
			if len(args) == 3 {
				return args[2].Type(), nil // the default stands for what is missing
			}
			return cty.DynamicPseudoType, function.NewArgErrorf(0, "the object has no attribute %s", shownKey(args[1]))
		case ty.IsMapType():
			if len(args) == 3 {
				if _, err := convert.Convert(args[2], ty.ElementType()); err != nil {
					return cty.NilType, function.NewArgErrorf(2, "the default must be of the type of the map's elements: %s", err)
				}
			}
			return ty.ElementType(), nil
		}
		return cty.NilType, function.NewArgErrorf(0, "it must be a map or an object")
	},
	Impl: func(args []cty.Value, ty cty.Type) (cty.Value, error) {
		m, mapMarks := args[0].Unmark()
		key, keyMarks := args[1].Unmark()
		if !m.IsKnown() || !key.IsKnown() {
			return cty.UnknownVal(ty).WithMarks(mapMarks, keyMarks), nil
		}
		if m.Type().IsObjectType() {
			if m.Type().HasAttribute(key.AsString()) {
				return m.GetAttr(key.AsString()).WithMarks(mapMarks, keyMarks), nil
			}
		} else if m.HasIndex(key).True() {
			return m.Index(key).WithMarks(mapMarks, keyMarks), nil
		}
		if len(args) == 3 {
			v, err := convert.Convert(args[2], ty)
			if err != nil {
				return cty.UnknownVal(ty), function.NewArgError(2, err)
			}
			return v.WithMarks(mapMarks, keyMarks), nil
		}
		return cty.UnknownVal(ty), function.NewArgErrorf(1, "the map holds no key %s, and there is no default", shownKey(args[1]))
	},
})

// shownKey is a key in an error text, if it may be shown.
func shownKey(key cty.Value) string {
	if s, ok := knownString(key); ok {
		return s
	}
	return "as given"
}

// matchKeys keeps the values whose key of the same place is in searchset.
var matchKeys = function.New(&function.Spec{
	Params: []function.Parameter{
		{Name: "values", Type: cty.List(cty.DynamicPseudoType)},
		{Name: "keys", Type: cty.List(cty.DynamicPseudoType)},
		{Name: "searchset", Type: cty.List(cty.DynamicPseudoType)},
	},
	Type: func(args []cty.Value) (cty.Type, error) {
		if ty, _ := convert.UnifyUnsafe([]cty.Type{args[1].Type(), args[2].Type()}); ty == cty.NilType {
			return cty.NilType, function.NewArgErrorf(1, "keys and searchset must be of one type")
		}
		return args[0].Type(), nil
	},
	RefineResult: notNull,
	Impl: func(args []cty.Value, ty cty.Type) (cty.Value, error) {
		if !args[0].IsWhollyKnown() || !args[1].IsWhollyKnown() || !args[2].IsWhollyKnown() {
			return cty.UnknownVal(ty), nil
		}
		values, keys := args[0].AsValueSlice(), args[1].AsValueSlice()
		if len(values) != len(keys) {
			return cty.UnknownVal(ty), function.NewArgErrorf(1, "there are %d keys for %d values", len(keys), len(values))
		}
		var out []cty.Value
		for i, k := range keys {
			for _, want := range args[2].AsValueSlice() {
				eq, err := stdlib.Equal(k, want)
				if err != nil {
					return cty.UnknownVal(ty), err
				}
				if eq.True() {
					out = append(out, values[i])
					break
				}
			}
		}
		if len(out) == 0 {
			return cty.ListValEmpty(ty.ElementType()), nil
		}
		return cty.ListVal(out), nil
	},
})

// one is the only element of a collection, or null if there is none.
var one = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "list", Type: cty.DynamicPseudoType}},
	Type: func(args []cty.Value) (cty.Type, error) {
		switch ty := args[0].Type(); {
		case ty.IsListType(), ty.IsSetType():
			return ty.ElementType(), nil
		case ty.IsTupleType() && ty.Length() == 0:
			return cty.DynamicPseudoType, nil
		case ty.IsTupleType() && ty.Length() == 1:
			return ty.TupleElementType(0), nil
		}
		return cty.NilType, errOne
	},
	Impl: func(args []cty.Value, ty cty.Type) (cty.Value, error) {
		n := args[0].Length()
		if !n.IsKnown() {
			return cty.UnknownVal(ty), nil
		}
		switch elements := args[0].AsValueSlice(); len(elements) {
		case 0:
			return cty.NullVal(ty), nil
		case 1:
			return elements[0], nil
		}
		return cty.UnknownVal(ty), errOne
	},
})

var errOne = function.NewArgErrorf(0, "it must be a list, set or tuple with no element or one")

var allTrue = boolFold(cty.Value.And, cty.True)

var anyTrue = boolFold(cty.Value.Or, cty.False)

// boolFold joins a list of booleans, null as false.
func boolFold(join func(a, b cty.Value) cty.Value, start cty.Value) function.Function {
	return function.New(&function.Spec{
		Params:       []function.Parameter{{Name: "list", Type: cty.List(cty.Bool)}},
		Type:         function.StaticReturnType(cty.Bool),
		RefineResult: notNull,
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			out := start
			for it := args[0].ElementIterator(); it.Next(); {
				_, v := it.Element()
				if v.IsNull() {
					v = cty.False
				}
				if v.IsKnown() && !v.RawEquals(start) {
					return v, nil // no unknown can change it any more
				}
				out = join(out, v)
			}
			return out, nil
		},
	})
}

var sum = function.New(&function.Spec{
	Params:       []function.Parameter{{Name: "list", Type: cty.DynamicPseudoType}},
	Type:         function.StaticReturnType(cty.Number),
	RefineResult: notNull,
	Impl: func(args []cty.Value, _ cty.Type) (out cty.Value, err error) {
		unknown := cty.UnknownVal(cty.Number)
		ty := args[0].Type()
		if !ty.IsListType() && !ty.IsSetType() && !ty.IsTupleType() {
			return unknown, function.NewArgErrorf(0, "it must be a list, set or tuple of numbers")
		}
		if !args[0].IsWhollyKnown() {
			return unknown, nil
		}
		if args[0].LengthInt() == 0 {
			return unknown, function.NewArgErrorf(0, "an empty list has no sum")
		}
		// Infinities of both signs have no sum; cty panics on them.
		defer func() {
			if recover() != nil {
				out, err = unknown, function.NewArgErrorf(0, "the numbers have no sum")
			}
		}()
		out = cty.Zero
		for _, v := range args[0].AsValueSlice() {
			n, err := convert.Convert(v, cty.Number)
			if err != nil || n.IsNull() {
				return unknown, function.NewArgErrorf(0, "it must be a list, set or tuple of numbers")
			}
			out = out.Add(n)
		}
		return out, nil
	},
})

// transpose turns a map of lists inside out.
var transpose = function.New(&function.Spec{
	Params:       []function.Parameter{{Name: "values", Type: cty.Map(cty.List(cty.String))}},
	Type:         function.StaticReturnType(cty.Map(cty.List(cty.String))),
	RefineResult: notNull,
	Impl: func(args []cty.Value, ty cty.Type) (cty.Value, error) {
		if !args[0].IsWhollyKnown() {
			return cty.UnknownVal(ty), nil
		}
		turned := map[string][]string{}
		for it := args[0].ElementIterator(); it.Next(); {
			k, list := it.Element()
			if list.IsNull() {
				return cty.UnknownVal(ty), function.NewArgErrorf(0, "the list of %q is null", k.AsString())
			}
			for _, v := range list.AsValueSlice() {
				if v.IsNull() {
					return cty.UnknownVal(ty), function.NewArgErrorf(0, "the list of %q holds a null", k.AsString())
				}
				turned[v.AsString()] = append(turned[v.AsString()], k.AsString())
			}
		}
		if len(turned) == 0 {
			return cty.MapValEmpty(cty.List(cty.String)), nil
		}
		out := make(map[string]cty.Value, len(turned))
		for _, k := range slices.Sorted(maps.Keys(turned)) {
			slices.Sort(turned[k])
			items := make([]cty.Value, len(turned[k]))
			for i, s := range turned[k] {
				items[i] = cty.StringVal(s)
			}
			out[k] = cty.ListVal(items)
		}
		return cty.MapVal(out), nil
	},
})

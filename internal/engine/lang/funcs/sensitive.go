package funcs

import (
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// anyValue is a parameter that takes every value as it is, marks included.
var anyValue = function.Parameter{
	Name:             "value",
	Type:             cty.DynamicPseudoType,
	AllowUnknown:     true,
	AllowNull:        true,
	AllowMarked:      true,
	AllowDynamicType: true,
}

var sensitive = function.New(&function.Spec{
	Params: []function.Parameter{anyValue},
	Type:   sameType,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		return args[0].Mark(Sensitive), nil
	},
})

var nonSensitive = function.New(&function.Spec{
	Params: []function.Parameter{anyValue},
	Type:   sameType,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		v, marks := args[0].Unmark()
		delete(marks, Sensitive)
		return v.WithMarks(marks), nil
	},
})

// isSensitive looks at the value itself, not at what it holds.
var isSensitive = function.New(&function.Spec{
	Params: []function.Parameter{anyValue},
	Type:   function.StaticReturnType(cty.Bool),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		v := args[0]
		if v.HasMark(Sensitive) {
			return cty.True, nil
		}
		if !v.IsKnown() {
			return cty.UnknownVal(cty.Bool), nil // it may become sensitive yet
		}
		return cty.False, nil
	},
})

// ephemeralAsNull replaces the ephemeral parts of a value by null.
var ephemeralAsNull = function.New(&function.Spec{
	Params: []function.Parameter{anyValue},
	Type:   sameType,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		return cty.Transform(args[0], func(_ cty.Path, v cty.Value) (cty.Value, error) {
			bare, marks := v.Unmark()
			if _, ok := marks[Ephemeral]; !ok {
				return v, nil
			}
			delete(marks, Ephemeral)
			return cty.NullVal(bare.Type()).WithMarks(marks), nil
		})
	},
})

func sameType(args []cty.Value) (cty.Type, error) { return args[0].Type(), nil }

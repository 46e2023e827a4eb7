package funcs

import (
	"strconv"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
)

var (
	toBool   = to(cty.Bool)
	toList   = to(cty.List(cty.DynamicPseudoType))
	toMap    = to(cty.Map(cty.DynamicPseudoType))
	toNumber = to(cty.Number)
	toSet    = to(cty.Set(cty.DynamicPseudoType))
	toString = to(cty.String)
)

// to makes the function that converts its argument to want.
func to(want cty.Type) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{
			Name:             "v",
			Type:             cty.DynamicPseudoType,
			AllowNull:        true,
			AllowMarked:      true,
			AllowDynamicType: true,
		}},
		Type: func(args []cty.Value) (cty.Type, error) {
			from := args[0].Type()
			if from.Equals(want) {
				return want, nil
			}
			v, err := convert.Convert(bare(args[0]), want)
			if err == nil {
				return v.Type(), nil
			}
			if s, ok := knownString(args[0]); ok {
				return cty.NilType, function.NewArgErrorf(0, "cannot convert %s to %s%s", s, want.FriendlyName(), hint(want))
			}
			return cty.NilType, function.NewArgErrorf(0, "cannot convert %s to %s: %s", from.FriendlyName(), want.FriendlyName(), err)
		},
		Impl: func(args []cty.Value, ty cty.Type) (cty.Value, error) {
			return convert.Convert(args[0], ty)
		},
	})
}

// bare is v without any mark. Marks never change what it converts to.
func bare(v cty.Value) cty.Value {
	v, _ = v.UnmarkDeep()
	return v
}

// knownString shows a string in an error text, if it is not sensitive.
func knownString(v cty.Value) (string, bool) {
	switch {
	case v.IsMarked():
		return "the given sensitive value", true
	case v.Type() == cty.String && v.IsKnown() && !v.IsNull():
		return strconv.Quote(v.AsString()), true
	}
	return "", false
}

func hint(want cty.Type) string {
	switch want {
	case cty.Bool:
		return `; only the strings "true" and "false" are allowed`
	case cty.Number:
		return "; it must be a decimal number"
	}
	return ""
}

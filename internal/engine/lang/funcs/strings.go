package funcs

import (
	"regexp"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

var startsWith = stringTest("prefix", strings.HasPrefix)

var endsWith = stringTest("suffix", strings.HasSuffix)

var strContains = stringTest("substr", strings.Contains)

func stringTest(param string, test func(s, part string) bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{
			{Name: "str", Type: cty.String, AllowUnknown: true},
			{Name: param, Type: cty.String},
		},
		Type:         function.StaticReturnType(cty.Bool),
		RefineResult: notNull,
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			part := args[1].AsString()
			if !args[0].IsKnown() {
				// A known prefix of an unknown string may already decide it.
				known := args[0].Range().StringPrefix()
				if param == "prefix" && (len(known) >= len(part) || !strings.HasPrefix(part, known)) {
					return cty.BoolVal(strings.HasPrefix(known, part)), nil
				}
				return cty.UnknownVal(cty.Bool), nil
			}
			return cty.BoolVal(test(args[0].AsString(), part)), nil
		},
	})
}

// replace treats a substring between slashes as a regular expression.
var replace = function.New(&function.Spec{
	Params: []function.Parameter{
		{Name: "str", Type: cty.String},
		{Name: "substr", Type: cty.String},
		{Name: "replace", Type: cty.String},
	},
	Type:         function.StaticReturnType(cty.String),
	RefineResult: notNull,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		str, part, with := args[0].AsString(), args[1].AsString(), args[2].AsString()
		if len(part) > 1 && part[0] == '/' && part[len(part)-1] == '/' {
			re, err := regexp.Compile(part[1 : len(part)-1])
			if err != nil {
				return cty.UnknownVal(cty.String), function.NewArgErrorf(1, "invalid regular expression: %s", err)
			}
			return cty.StringVal(re.ReplaceAllString(str, with)), nil
		}
		return cty.StringVal(strings.ReplaceAll(str, part, with)), nil
	},
})

// notNull says of an unknown result that it will not be null.
func notNull(b *cty.RefinementBuilder) *cty.RefinementBuilder { return b.NotNull() }

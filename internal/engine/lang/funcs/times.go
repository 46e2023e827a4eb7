package funcs

import (
	"time"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

func timestamp(s Scope) function.Function {
	return function.New(&function.Spec{
		Type:         function.StaticReturnType(cty.String),
		RefineResult: notNull,
		Impl: func([]cty.Value, cty.Type) (cty.Value, error) {
			return cty.StringVal(s.Now().UTC().Format(time.RFC3339)), nil
		},
	})
}

func planTimestamp(s Scope) function.Function {
	return function.New(&function.Spec{
		Type:         function.StaticReturnType(cty.String),
		RefineResult: notNull,
		Impl: func([]cty.Value, cty.Type) (cty.Value, error) {
			if s.PlanTime.IsZero() {
				return cty.UnknownVal(cty.String), nil
			}
			return cty.StringVal(s.PlanTime.UTC().Format(time.RFC3339)), nil
		},
	})
}

var timeCmp = function.New(&function.Spec{
	Params: []function.Parameter{
		{Name: "timestamp_a", Type: cty.String},
		{Name: "timestamp_b", Type: cty.String},
	},
	Type:         function.StaticReturnType(cty.Number),
	RefineResult: notNull,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		var at [2]time.Time
		for i, a := range args {
			var err error
			if at[i], err = time.Parse(time.RFC3339, a.AsString()); err != nil {
				return cty.UnknownVal(cty.Number), function.NewArgErrorf(i, "this is not a time as RFC 3339 writes it, such as 2006-01-02T15:04:05Z")
			}
		}
		return cty.NumberIntVal(int64(at[0].Compare(at[1]))), nil
	},
})

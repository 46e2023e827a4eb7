package generate

import (
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// TestTokens: what is written is read again as the same value, whatever its keys are.
func TestTokens(t *testing.T) {
	t.Parallel()
	one, list := cty.NumberIntVal(1), cty.ListVal([]cty.Value{cty.StringVal("a")})
	for _, c := range []struct {
		value   cty.Value
		dynamic bool
	}{
		{cty.ObjectVal(map[string]cty.Value{"for": one, "a b": one, "plain": one}), true},
		{cty.ObjectVal(map[string]cty.Value{"for": one}), true},
		{cty.MapVal(map[string]cty.Value{"for": one}), false},
		{cty.MapVal(map[string]cty.Value{"for": cty.MapVal(map[string]cty.Value{"for": one})}), false},
		{cty.TupleVal([]cty.Value{cty.MapVal(map[string]cty.Value{"for": one})}), false},
		{cty.ObjectVal(map[string]cty.Value{"s": cty.SetVal([]cty.Value{one}), "n": cty.NullVal(cty.DynamicPseudoType)}), true},
		{cty.EmptyObjectVal, true}, {cty.EmptyObjectVal, false}, {cty.EmptyTupleVal, false}, {list, false}, {list, true},
	} {
		text := tokens(c.value, c.dynamic).Bytes()
		e, ds := hclsyntax.ParseExpression(text, "x", hcl.InitialPos)
		if ds.HasErrors() {
			t.Errorf("%#v is written as %s: %v", c.value, text, ds)
			continue
		}
		got, ds := e.Value(&hcl.EvalContext{Functions: map[string]function.Function{"toset": stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType))}})
		if ds.HasErrors() || string(hclwrite.TokensForValue(got).Bytes()) != string(hclwrite.TokensForValue(c.value).Bytes()) {
			t.Errorf("%s is read as %#v, %v", text, got, ds)
		}
	}
}

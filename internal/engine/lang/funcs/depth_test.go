package funcs_test

import (
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang/funcs"
)

// Decoders refuse what is nested deeper than the stack, and only that.
func TestNesting(t *testing.T) {
	t.Parallel()
	table := funcs.All(funcs.Scope{})
	for _, c := range []struct {
		function, text string
		ok             bool
	}{
		{"jsondecode", strings.Repeat("[", 900) + strings.Repeat("]", 900), true},
		{"jsondecode", strings.Repeat("[", 5_000_000), false},
		{"jsondecode", strings.Repeat(`["]",`, 2000) + "1" + strings.Repeat("]", 2000), false},
		{"jsondecode", "[" + strings.Repeat(`["["],`, 2000) + "1]", true},
		{"yamldecode", strings.Repeat("- a\n", 2000), true},
		{"yamldecode", strings.Repeat("- ", 100_000), false},
		{"yamldecode", strings.Repeat("{a: ", 100_000), false},
	} {
		if _, err := table[c.function].Call([]cty.Value{cty.StringVal(c.text)}); (err == nil) != c.ok {
			t.Errorf("%s(%.20s…): got %.100v, want accepted %v", c.function, c.text, err, c.ok)
		}
	}
}

package funcs_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang/funcs"
)

// Decoders refuse what is nested deeper than the stack, or stands for more than the
// memory, and only that.
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
		{"yamldecode", laughs(3), true},
		{"yamldecode", laughs(14), false},
		{"yamldecode", "a: &a [*a]", false},
		{"yamldecode", "a: &a {b: 1}\nc: *a\nd: \"*b & c\"", true},
	} {
		if _, err := table[c.function].Call([]cty.Value{cty.StringVal(c.text)}); (err == nil) != c.ok {
			t.Errorf("%s(%.20s…): got %.100v, want accepted %v", c.function, c.text, err, c.ok)
		}
	}
}

// laughs is a document of so many lists, each with nine times the one before.
func laughs(lists int) string {
	text := "a0: &a0 [x]\n"
	for i := range lists {
		text += fmt.Sprintf("a%d: &a%d [%s*a%d]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), 8), i)
	}
	return text
}

package funcs

import (
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// maxNesting is how deep the documents may be nested that functions decode: their
// decoders go down with them.
const maxNesting = 1000

// shallow is the decoder f, which takes one text, but for texts that are nested too
// deep.
func shallow(f function.Function) function.Function {
	check := func(args []cty.Value) error {
		text, _ := args[0].Unmark()
		if text.IsKnown() && !text.IsNull() && tooNested(text.AsString()) {
			return function.NewArgErrorf(0, "it is nested more than %d deep", maxNesting)
		}
		return nil
	}
	return function.New(&function.Spec{
		Params: f.Params(),
		Type: func(args []cty.Value) (cty.Type, error) {
			if err := check(args); err != nil {
				return cty.DynamicPseudoType, err
			}
			return f.ReturnTypeForValues(args)
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) { return f.Call(args) },
	})
}

// tooNested tells that brackets, or the dashes of YAML's lists in one line, are nested
// too deep. Brackets in quoted texts are none.
func tooNested(text string) bool {
	if strings.Count(text, "[")+strings.Count(text, "{")+strings.Count(text, "- ")+strings.Count(text, "? ") <= maxNesting {
		return false
	}
	depth, dashes, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\n':
			dashes, quoted = 0, false // a quoted text of JSON ends before; one of YAML may be found too deep at worst
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			depth = max(depth-1, 0)
		case (c == '-' || c == '?') && i+1 < len(text) && text[i+1] == ' ':
			dashes++
		}
		if depth > maxNesting || dashes > maxNesting {
			return true
		}
	}
	return false
}

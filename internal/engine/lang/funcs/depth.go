package funcs

import (
	"fmt"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"go.yaml.in/yaml/v3"
)

// maxNesting is how deep the documents may be nested that functions decode: their
// decoders go down with them.
const maxNesting = 1000

// maxExpanded is how many values a YAML document may stand for, with what aliases
// repeat: a few lines of them can stand for more than any memory holds.
const maxExpanded = 10_000_000

// shallow is the decoder f, which takes one text, but for texts that are nested too
// deep.
func shallow(f function.Function) function.Function {
	return unless(tooNested, fmt.Sprintf("it is nested more than %d deep", maxNesting), f)
}

// bounded is the decoder f of YAML, but for texts whose aliases stand for too much.
func bounded(f function.Function) function.Function {
	return unless(tooMany, fmt.Sprintf("its aliases repeat themselves, or more than %d values", maxExpanded), f)
}

// unless is the decoder f, which takes one text, but for texts that are bad.
func unless(bad func(text string) bool, why string, f function.Function) function.Function {
	check := func(args []cty.Value) error {
		if text, _ := args[0].Unmark(); text.IsKnown() && !text.IsNull() && bad(text.AsString()) {
			return function.NewArgErrorf(0, "%s", why)
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

// tooMany tells that aliases make a YAML document stand for too many values. What
// cannot be read is left to the decoder, which says why.
func tooMany(text string) bool {
	if !strings.Contains(text, "&") || !strings.Contains(text, "*") {
		return false
	}
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		return false
	}
	sizes := map[*yaml.Node]int{}
	var size func(n *yaml.Node) int
	size = func(n *yaml.Node) int {
		if known, ok := sizes[n]; ok {
			return known
		}
		sizes[n] = maxExpanded + 1 // of one that contains itself
		sum := 1
		if n.Kind == yaml.AliasNode {
			sum = size(n.Alias)
		}
		for _, part := range n.Content {
			sum = min(sum+size(part), maxExpanded+1)
		}
		sizes[n] = sum
		return sum
	}
	return size(&document) > maxExpanded
}

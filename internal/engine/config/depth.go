package config

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// maxDepth is how deep brackets may be nested in a file. Parsing and evaluating go
// down with them, and deeper ones than anybody writes would use up the stack.
const maxDepth = 250

// tooDeep refuses a file whose brackets are nested too deep.
func tooDeep(src []byte, path string) hcl.Diagnostics {
	depth, deepest := 0, 0
	for _, c := range src { // those in strings count too, so that this finds too many at worst
		switch c {
		case '(', '[', '{':
			depth++
			deepest = max(deepest, depth)
		case ')', ']', '}':
			depth--
		}
	}
	if deepest <= maxDepth {
		return nil
	}
	depth = 0
	tokens, _ := hclsyntax.LexConfig(src, path, hcl.InitialPos) // the parser reports what is wrong
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenOParen, hclsyntax.TokenOBrack, hclsyntax.TokenOBrace, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			depth++
		case hclsyntax.TokenCParen, hclsyntax.TokenCBrack, hclsyntax.TokenCBrace, hclsyntax.TokenTemplateSeqEnd:
			depth--
		}
		if depth > maxDepth {
			at := t.Range
			return hcl.Diagnostics{{
				Severity: hcl.DiagError, Summary: "Nested too deep", Subject: &at,
				Detail: fmt.Sprintf("Brackets are nested more than %d deep. Use local values for parts of it.", maxDepth),
			}}
		}
	}
	return nil
}

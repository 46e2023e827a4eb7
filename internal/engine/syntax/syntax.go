// Package syntax reads HCL of any origin, in its native form and as JSON, without
// ever using up the stack: what is nested deeper or longer than anybody writes is
// refused with its place.
//
// It must not know what the blocks and expressions mean.
package syntax

import (
	"fmt"
	"os"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	hcljson "github.com/hashicorp/hcl/v2/json"
)

const (
	// maxDepth is how deep brackets and template directives may be nested. Parsing
	// and evaluating go down with them.
	maxDepth = 250

	// maxOperators is how many operators and insertions an expression may have in a
	// row. Evaluating goes down with the former, and copies the text before each of
	// the latter.
	maxOperators = 10_000
)

const tooDeep = "Nested too deep"

var tooDeepDetail = fmt.Sprintf("Brackets or template directives are nested more than %d deep. Use local values for parts of it.", maxDepth)

// Source is the text of a file of configuration. Anything but a regular file is
// refused: a pipe would be waited for, perhaps for ever.
func Source(path string) ([]byte, error) {
	if f, err := os.Stat(path); err == nil && !f.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file; remove it, or give it another name", path)
	}
	return os.ReadFile(path)
}

// File reads a file: JSON if its name ends so, native syntax otherwise. It is nil if
// nothing could be made of it.
func File(src []byte, name string) (*hcl.File, hcl.Diagnostics) {
	if strings.HasSuffix(name, ".json") {
		if diags := tooMuchJSON(src, name); diags.HasErrors() {
			return nil, diags
		}
		return hcljson.Parse(src, name)
	}
	if diags := tooMuch(src, name, hcl.InitialPos, hclsyntax.LexConfig); diags.HasErrors() {
		return nil, diags
	}
	return hclsyntax.ParseConfig(src, name, hcl.InitialPos)
}

// Expression reads one expression, which begins at a place.
func Expression(src []byte, name string, at hcl.Pos) (hclsyntax.Expression, hcl.Diagnostics) {
	if diags := tooMuch(src, name, at, hclsyntax.LexExpression); diags.HasErrors() {
		return nil, diags
	}
	return hclsyntax.ParseExpression(src, name, at)
}

// Template reads a text with insertions and directives.
func Template(src []byte, name string) (hclsyntax.Expression, hcl.Diagnostics) {
	if diags := tooMuch(src, name, hcl.InitialPos, hclsyntax.LexTemplate); diags.HasErrors() {
		return nil, diags
	}
	return hclsyntax.ParseTemplate(src, name, hcl.InitialPos)
}

// tooMuch refuses a source that goes beyond the limits.
func tooMuch(src []byte, name string, at hcl.Pos, lex func([]byte, string, hcl.Pos) (hclsyntax.Tokens, hcl.Diagnostics)) hcl.Diagnostics {
	if harmless(src) {
		return nil
	}
	tokens, _ := lex(src, name, at) // the parser reports what is wrong
	m := measure{operators: []int{0}}
	for i, t := range tokens {
		var next hclsyntax.Token
		if i+1 < len(tokens) {
			next = tokens[i+1]
		}
		if summary, detail := m.take(t, next); summary != "" {
			return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &t.Range}}
		}
	}
	return nil
}

// harmless tells that a source has too few brackets and operators to go beyond the
// limits, however they stand.
func harmless(src []byte) bool {
	brackets, operators := 0, 0
	for _, c := range src {
		switch c {
		case '(', '[', '{':
			brackets++
		case '+', '-', '*', '/', '%', '!', '?', '&', '|', '<', '>', '=', '$':
			operators++
		}
	}
	return brackets <= maxDepth && operators <= maxOperators
}

// measure is how deep and long the source is so far.
type measure struct {
	directives int   // that are open
	operators  []int // in the expression of each level of brackets
}

func (m *measure) take(t, next hclsyntax.Token) (summary, detail string) {
	level := &m.operators[len(m.operators)-1]
	switch t.Type {
	case hclsyntax.TokenTemplateControl, hclsyntax.TokenTemplateInterp:
		*level++
		m.operators = append(m.operators, 0)
		switch string(next.Bytes) {
		case "if", "for":
			if t.Type == hclsyntax.TokenTemplateControl {
				m.directives++
			}
		case "endif", "endfor":
			m.directives = max(m.directives-1, 0)
		}
	case hclsyntax.TokenOParen, hclsyntax.TokenOBrack, hclsyntax.TokenOBrace:
		m.operators = append(m.operators, 0)
	case hclsyntax.TokenCParen, hclsyntax.TokenCBrack, hclsyntax.TokenCBrace, hclsyntax.TokenTemplateSeqEnd:
		if len(m.operators) > 1 {
			m.operators = m.operators[:len(m.operators)-1]
		}
	case hclsyntax.TokenComma, hclsyntax.TokenEqual, hclsyntax.TokenNewline:
		*level = 0
	case hclsyntax.TokenPlus, hclsyntax.TokenMinus, hclsyntax.TokenStar, hclsyntax.TokenSlash, hclsyntax.TokenPercent,
		hclsyntax.TokenAnd, hclsyntax.TokenOr, hclsyntax.TokenBang, hclsyntax.TokenQuestion, hclsyntax.TokenEqualOp, hclsyntax.TokenNotEqual,
		hclsyntax.TokenLessThan, hclsyntax.TokenLessThanEq, hclsyntax.TokenGreaterThan, hclsyntax.TokenGreaterThanEq:
		*level++
	}
	switch {
	case len(m.operators)-1+m.directives > maxDepth:
		return tooDeep, tooDeepDetail
	case *level > maxOperators:
		return "Expression too long", fmt.Sprintf("An expression has more than %d operators or insertions in a row. Use local values for parts of it, or functions such as sum and join.", maxOperators)
	}
	return "", ""
}

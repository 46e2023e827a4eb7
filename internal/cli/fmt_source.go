package cli

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

// formatSource is a configuration file in the usual layout, with what older
// versions of the language made people write in the way of today: labels are
// quoted, types are not, and a template that only holds one expression is that
// expression.
func formatSource(name string, src []byte) ([]byte, hcl.Diagnostics) {
	f, diags := hclwrite.ParseConfig(src, name, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, diags
	}
	modernize(f.Body(), "")
	return hclwrite.Format(f.Bytes()), nil
}

// modernize rewrites what is in body, which belongs to a block of that type.
func modernize(body *hclwrite.Body, block string) {
	for name, a := range body.Attributes() {
		old := a.Expr().BuildTokens(nil)
		now := unwrapped(old)
		if block == "variable" && name == "type" {
			now = modernType(old)
		}
		if len(now) != len(old) || len(now) > 0 && now[0] != old[0] {
			body.SetAttributeRaw(name, now)
		}
	}
	for _, b := range body.Blocks() {
		b.SetLabels(b.Labels())
		inner := b.Type()
		if block != "" {
			inner = block + " " + inner // only a block at the top declares a variable
		}
		modernize(b.Body(), inner)
	}
}

// unwrapped is the expression in "${expression}", if the tokens are of that form.
func unwrapped(tokens hclwrite.Tokens) hclwrite.Tokens {
	n := len(tokens)
	if n < 5 || tokens[0].Type != hclsyntax.TokenOQuote || tokens[1].Type != hclsyntax.TokenTemplateInterp ||
		tokens[n-2].Type != hclsyntax.TokenTemplateSeqEnd || tokens[n-1].Type != hclsyntax.TokenCQuote {
		return tokens
	}
	inside := tokens[2 : n-2]
	quotes := 0
	for _, t := range inside {
		switch t.Type {
		case hclsyntax.TokenOQuote:
			quotes++
		case hclsyntax.TokenCQuote:
			quotes--
		case hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateSeqEnd:
			if quotes == 0 {
				return tokens // there is more in the template
			}
		}
	}
	line := func(t *hclwrite.Token) bool { return t.Type == hclsyntax.TokenNewline }
	for len(inside) > 0 && line(inside[0]) {
		inside = inside[1:]
	}
	for len(inside) > 0 && line(inside[len(inside)-1]) {
		inside = inside[:len(inside)-1]
	}
	if len(inside) == 0 {
		return tokens
	}
	if slices.ContainsFunc(inside, line) && inside[0].Type != hclsyntax.TokenOParen {
		inside = slices.Concat(
			hclwrite.Tokens{{Type: hclsyntax.TokenOParen, Bytes: []byte("(")}}, inside,
			hclwrite.Tokens{{Type: hclsyntax.TokenCParen, Bytes: []byte(")")}})
	}
	return inside
}

// modernType is a type constraint without quotes, and with the element type of a
// collection.
func modernType(tokens hclwrite.Tokens) hclwrite.Tokens {
	word, element := "", "any"
	switch {
	case len(tokens) == 1 && tokens[0].Type == hclsyntax.TokenIdent:
		word = string(tokens[0].Bytes)
	case len(tokens) == 3 && tokens[0].Type == hclsyntax.TokenOQuote && tokens[1].Type == hclsyntax.TokenQuotedLit:
		word, element = string(tokens[1].Bytes), "string"
		if word == "string" {
			return hclwrite.TokensForIdentifier(word)
		}
	}
	switch word {
	case "list", "map", "set":
		if word == "set" && element == "string" {
			return tokens // no version had this
		}
		return hclwrite.TokensForFunctionCall(word, hclwrite.TokensForIdentifier(element))
	}
	return tokens
}

package expr

import (
	"strings"
	"unicode/utf8"
)

type tokenKind int

const (
	tokenEnd    tokenKind = iota
	tokenWord             // a name, a keyword or a function
	tokenName             // #name
	tokenValue            // :value
	tokenIndex            // digits
	tokenSymbol           // anything else
)

// A token is a piece of an expression and where it stands in it.
type token struct {
	kind       tokenKind
	text       string
	start, end int
}

// is reports whether the token is that symbol, or that keyword in any case.
func (t token) is(text string) bool {
	return t.kind == tokenSymbol && t.text == text || t.kind == tokenWord && strings.EqualFold(t.text, text)
}

// lex splits an expression into tokens, the last of which is the end.
func lex(src string) []token {
	var tokens []token
	for i := 0; i < len(src); {
		kind, n := tokenSymbol, 0
		switch c := src[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
			continue
		case letter(c):
			kind, n = tokenWord, span(src[i:])
		case (c == '#' || c == ':') && span(src[i+1:]) > 0:
			kind, n = tokenName, 1+span(src[i+1:])
			if c == ':' {
				kind = tokenValue
			}
		case digit(c):
			for kind = tokenIndex; i+n < len(src) && digit(src[i+n]); n++ {
			}
		case strings.HasPrefix(src[i:], "<>"), strings.HasPrefix(src[i:], "<="), strings.HasPrefix(src[i:], ">="):
			n = 2
		default:
			_, n = utf8.DecodeRuneInString(src[i:])
		}
		tokens = append(tokens, token{kind, src[i : i+n], i, i + n})
		i += n
	}
	return append(tokens, token{kind: tokenEnd, text: "<EOF>", start: len(src), end: len(src)})
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func digit(c byte) bool { return '0' <= c && c <= '9' }

// span is how many letters, digits and underscores s begins with.
func span(s string) int {
	i := 0
	for i < len(s) && (letter(s[i]) || digit(s[i]) || s[i] == '_') {
		i++
	}
	return i
}

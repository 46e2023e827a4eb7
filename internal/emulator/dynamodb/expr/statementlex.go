package expr

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// lexStatement splits a PartiQL statement into tokens: names in double quotes are
// tokenName and texts in single quotes are tokenValue, both without their quotes, and
// numbers are tokenIndex.
func lexStatement(src string) []token {
	var tokens []token
	for i := 0; i < len(src); {
		kind, text, n := tokenSymbol, "", 0
		switch c := src[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
			continue
		case strings.HasPrefix(src[i:], "--"):
			if n = strings.IndexByte(src[i:], '\n'); n < 0 {
				n = len(src) - i
			}
			i += n
			continue
		case strings.HasPrefix(src[i:], "/*"):
			if n = strings.Index(src[i+2:], "*/"); n < 0 {
				panic(statementError(notWell))
			}
			i += n + 4
			continue
		case c == '#':
			panic(statementError(notWell))
		case c == '\'' || c == '"':
			if text, n = quoted(src[i:]); n == 0 {
				panic(statementError(notWell))
			}
			kind = tokenValue
			if c == '"' {
				kind = tokenName
			}
		case letter(c) || c == '_':
			kind, n = tokenWord, span(src[i:])
		case digit(c) || c == '.' && len(src) > i+1 && digit(src[i+1]) && !follows(tokens, i):
			kind, n = tokenIndex, numeral(src[i:])
		default:
			_, n = utf8.DecodeRuneInString(src[i:])
			if len(src) > i+1 && slices.Contains([]string{"<>", "<=", ">=", "!=", "<<", ">>"}, src[i:i+2]) {
				n = 2
			}
		}
		if kind != tokenValue && kind != tokenName {
			text = src[i : i+n]
		}
		tokens = append(tokens, token{kind, text, i, i + n})
		i += n
	}
	return append(tokens, token{kind: tokenEnd, text: "<EOF>", start: len(src), end: len(src)})
}

// follows reports whether a point at i stands right behind a name, as in a path, and
// so does not begin a number.
func follows(tokens []token, i int) bool {
	if len(tokens) == 0 {
		return false
	}
	last := tokens[len(tokens)-1]
	return last.end == i && (last.kind == tokenWord || last.kind == tokenName || last.text == "]")
}

// quoted is the text that s begins with in quotes, which stand twice within it, and
// how many bytes of s it takes: none when it does not end.
func quoted(s string) (text string, n int) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != s[0] {
			b.WriteByte(s[i])
			continue
		}
		if i+1 == len(s) || s[i+1] != s[0] {
			return b.String(), i + 1
		}
		b.WriteByte(s[i])
		i++
	}
	return "", 0
}

// numeral is how many bytes of s are a number without a sign.
func numeral(s string) int {
	i := 0
	digits := func() {
		for i < len(s) && digit(s[i]) {
			i++
		}
	}
	digits()
	if i+1 < len(s) && s[i] == '.' && digit(s[i+1]) {
		i++
		digits()
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		rest := strings.TrimLeft(s[i+1:], "+-")
		if signs := len(s) - i - 1 - len(rest); signs <= 1 && rest != "" && digit(rest[0]) {
			i += 1 + signs
			digits()
		}
	}
	return i
}

package jsonata

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// token is one word of an expression.
type token struct {
	kind tokenKind
	text string  // the operator, name, variable or string
	num  float64 // of a number
	val  any     // of true, false and null
	re   *regex
	end  int // the offset behind it
}

type tokenKind byte

const (
	endToken tokenKind = iota
	operatorToken
	nameToken
	variableToken
	stringToken
	numberToken
	valueToken
	regexToken
)

// operatorStarts tells whether a byte is an operator or the beginning of one,
// which ends a name.
var operatorStarts = func() (set [256]bool) {
	for _, c := range []byte(".[]{}(),@#;:?+-*/%|=<>^&!~") {
		set[c] = true
	}
	return set
}()

// lexer cuts an expression into tokens.
type lexer struct {
	text string
	at   int
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' }

// next is the next token. Behind a value a slash divides; elsewhere, when infix
// is false, it begins a regular expression.
func (l *lexer) next(infix bool) token {
	l.skip()
	if l.at >= len(l.text) {
		return token{kind: endToken, text: "(end)", end: len(l.text)}
	}
	c := l.text[l.at]
	if !infix && c == '/' {
		l.at++
		return token{kind: regexToken, re: l.regex(), end: l.at}
	}
	if l.at+1 < len(l.text) {
		switch two := l.text[l.at : l.at+2]; two {
		case "..", ":=", "!=", ">=", "<=", "**", "~>":
			l.at += 2
			return token{kind: operatorToken, text: two, end: l.at}
		}
	}
	switch {
	case c == '!' || c == '~':
		throwAt("S0204", l.at+1, string(c))
	case operatorStarts[c]:
		l.at++
		return token{kind: operatorToken, text: string(c), end: l.at}
	case c == '"' || c == '\'':
		return l.str(c)
	case c >= '0' && c <= '9':
		return l.number()
	case c == '`':
		end := strings.IndexByte(l.text[l.at+1:], '`')
		if end < 0 {
			throwAt("S0105", len(l.text), "")
		}
		name := l.text[l.at+1 : l.at+1+end]
		l.at += end + 2
		return token{kind: nameToken, text: name, end: l.at}
	}
	return l.word()
}

func (l *lexer) skip() {
	for l.at < len(l.text) {
		switch {
		case blank(l.text[l.at]):
			l.at++
		case strings.HasPrefix(l.text[l.at:], "/*"):
			end := strings.Index(l.text[l.at+2:], "*/")
			if end < 0 {
				throwAt("S0106", l.at, "")
			}
			l.at += end + 4
		default:
			return
		}
	}
}

// word reads a name, a variable, or an operator or value that is spelled like a
// name.
func (l *lexer) word() token {
	from := l.at
	for l.at < len(l.text) && !blank(l.text[l.at]) && !operatorStarts[l.text[l.at]] {
		l.at++
	}
	switch word := l.text[from:l.at]; word {
	case "and", "or", "in":
		return token{kind: operatorToken, text: word, end: l.at}
	case "true", "false":
		return token{kind: valueToken, text: word, val: word == "true", end: l.at}
	case "null":
		return token{kind: valueToken, text: word, val: jsonvalue.Null{}, end: l.at}
	default:
		if word[0] == '$' {
			return token{kind: variableToken, text: word[1:], end: l.at}
		}
		return token{kind: nameToken, text: word, end: l.at}
	}
}

func (l *lexer) number() token {
	from := l.at
	digits := func() {
		for l.at < len(l.text) && l.text[l.at] >= '0' && l.text[l.at] <= '9' {
			l.at++
		}
	}
	if l.text[l.at] == '0' {
		l.at++
	} else {
		digits()
	}
	if l.at+1 < len(l.text) && l.text[l.at] == '.' && isDigit(l.text[l.at+1]) {
		l.at++
		digits()
	}
	if l.at < len(l.text) && (l.text[l.at] == 'e' || l.text[l.at] == 'E') {
		back := l.at
		l.at++
		if l.at < len(l.text) && (l.text[l.at] == '+' || l.text[l.at] == '-') {
			l.at++
		}
		if digit := l.at; l.at < len(l.text) && isDigit(l.text[digit]) {
			digits()
		} else {
			l.at = back
		}
	}
	text := l.text[from:l.at]
	f, _ := strconv.ParseFloat(text, 64)
	if math.IsInf(f, 0) {
		throwAt("S0102", from, text)
	}
	return token{kind: numberToken, text: text, num: f, end: l.at}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

var escapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func (l *lexer) str(quote byte) token {
	l.at++
	var out []byte
	for l.at < len(l.text) {
		c := l.text[l.at]
		switch {
		case c == quote:
			l.at++
			return token{kind: stringToken, text: string(out), end: l.at}
		case c != '\\':
			out = append(out, c)
		default:
			l.at++
			if l.at == len(l.text) {
				throwAt("S0103", l.at, "")
			}
			c = l.text[l.at]
			if plain, ok := escapes[c]; ok {
				out = append(out, plain)
			} else if c == 'u' {
				out = l.unit(out)
			} else {
				r, _ := utf8.DecodeRuneInString(l.text[l.at:])
				throwAt("S0103", l.at, string(r))
			}
		}
		l.at++
	}
	throwAt("S0101", l.at, "")
	return token{}
}

// unit reads the digits behind \u, and those of a second half of a surrogate
// pair, and stays on the last digit.
func (l *lexer) unit(out []byte) []byte {
	first, ok := hex4(l.text, l.at+1)
	if !ok {
		throwAt("S0104", l.at, "")
	}
	l.at += 4
	if utf16.IsSurrogate(first) && strings.HasPrefix(l.text[l.at+1:], `\u`) {
		if second, ok := hex4(l.text, l.at+3); ok {
			if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
				l.at += 6
				return utf8.AppendRune(out, r)
			}
		}
	}
	return jsonvalue.AppendUnit(out, first)
}

func hex4(s string, at int) (rune, bool) {
	if at+4 > len(s) {
		return 0, false
	}
	for _, c := range []byte(s[at : at+4]) {
		if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
			return 0, false
		}
	}
	n, err := strconv.ParseUint(s[at:at+4], 16, 32)
	return rune(n), err == nil
}

// regex reads a regular expression up to the slash that is in no brackets.
func (l *lexer) regex() *regex {
	from, depth := l.at, 0
	for ; l.at < len(l.text); l.at++ {
		c := l.text[l.at]
		escaped := l.at > from && l.text[l.at-1] == '\\'
		if c == '/' && depth == 0 {
			slashes := 0
			for i := l.at - 1; i >= from && l.text[i] == '\\'; i-- {
				slashes++
			}
			if slashes%2 == 0 {
				break
			}
		}
		switch {
		case escaped:
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' || c == ']' || c == '}':
			depth--
		}
	}
	if l.at >= len(l.text) {
		throwAt("S0302", l.at, "")
	}
	pattern := l.text[from:l.at]
	if pattern == "" {
		throwAt("S0301", l.at, "")
	}
	l.at++
	flags := l.at
	for l.at < len(l.text) && (l.text[l.at] == 'i' || l.text[l.at] == 'm') {
		l.at++
	}
	re, err := newRegex(pattern, l.text[flags:l.at])
	if err != nil {
		throwAt("S0303", l.at, "", "message", err.Error())
	}
	return re
}

package asl

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// JSONError is what AWS says of a text that is no JSON, in the words of the
// library that it reads JSON with, and the place it points to, such as
// [Source: (String)"…"; line: 1, column: 4]. Both are "" for a text that is JSON.
func JSONError(text string) (message, source string) {
	_, err := jsonvalue.Parse([]byte(text))
	wrong, ok := err.(*jsonvalue.SyntaxError) //nolint:errorlint // the only error there is
	if !ok {
		return "", ""
	}
	at := wrong.Offset
	message, at = describe(text, at)
	return message, place(text, at)
}

// place is a byte of a text as line and column, counted from one.
func place(text string, at int) string {
	at = min(at, len(text))
	line := 1 + strings.Count(text[:at], "\n")
	column := utf8.RuneCountInString(text[strings.LastIndexByte(text[:at], '\n')+1:at]) + 1
	shown, more := text, ""
	if len(text) > 500 {
		shown, more = strings.ToValidUTF8(text[:500], ""), fmt.Sprintf("[truncated %d chars]", len(text)-500)
	}
	return fmt.Sprintf("[Source: (String)\"%s\"%s; line: %d, column: %d]", shown, more, line, column)
}

// describe says what is wrong at a byte, and which byte the place is told by: the
// one behind what is wrong.
func describe(text string, at int) (string, int) {
	const values = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
	open, wants := context(text[:min(at, len(text))])
	if at >= len(text) {
		if open == 0 {
			return "Unexpected end-of-input: was expecting closing quote for a string value", len(text)
		}
		kind := map[byte]string{'{': "Object", '[': "Array"}[text[open-1]]
		return fmt.Sprintf("Unexpected end-of-input: expected close marker for %s (start marker at %s)", kind, place(text, open-1)), len(text)
	}
	c, size := utf8.DecodeRuneInString(text[at:])
	character := fmt.Sprintf("Unexpected character ('%c' (code %d", c, c)
	if c > 127 {
		character += fmt.Sprintf(" / 0x%x", c)
	}
	character += ")): "
	switch {
	case c < ' ' && wants == wantValue:
		return fmt.Sprintf("Illegal unquoted character ((CTRL-CHAR, code %d)): has to be escaped using backslash to be included in string value", c), at + size
	case wants == wantName:
		return character + "was expecting double-quote to start field name", at + size
	case wants == wantColon:
		return character + "was expecting a colon to separate field name and value", at + size
	case wants == wantComma:
		kind := map[byte]string{'{': "Object", '[': "Array"}[text[open-1]]
		return character + fmt.Sprintf("was expecting comma to separate %s entries", kind), at + size
	case unicode.IsLetter(c) || c == '_' || c == '$':
		end := at
		for end < len(text) {
			r, n := utf8.DecodeRuneInString(text[end:])
			if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '$' {
				break
			}
			end += n
		}
		return fmt.Sprintf("Unrecognized token '%s': was expecting %s", text[at:end], values), end
	}
	return character + "expected a valid value " + values, at + size
}

// What is due at a place of a text.
const (
	wantValue = iota
	wantName
	wantColon
	wantComma
)

// context tells which bracket is open at the end of a text that is JSON so far, as
// its offset plus one (0 for none), and what is due there.
func context(text string) (open, wants int) {
	type level struct{ at, wants int }
	stack := []level{{0, wantValue}}
	for i := 0; i < len(text); i++ {
		top := &stack[len(stack)-1]
		switch c := text[i]; c {
		case ' ', '\t', '\r', '\n':
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
			if top.wants == wantName {
				top.wants = wantColon
			} else {
				top.wants = wantComma
			}
		case '{':
			stack = append(stack, level{i + 1, wantName})
		case '[':
			stack = append(stack, level{i + 1, wantValue})
		case '}', ']':
			if len(stack) > 1 {
				stack = stack[:len(stack)-1]
			}
			stack[len(stack)-1].wants = wantComma
		case ':':
			top.wants = wantValue
		case ',':
			top.wants = wantValue
			if top.at > 0 && text[top.at-1] == '{' {
				top.wants = wantName
			}
		default:
			top.wants = wantComma
		}
	}
	top := stack[len(stack)-1]
	if top.at == 0 && top.wants == wantComma {
		top.wants = wantValue
	}
	return top.at, top.wants
}

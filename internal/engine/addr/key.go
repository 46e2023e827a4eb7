package addr

import (
	"cmp"
	"strconv"
	"strings"
)

// Key tells the instances of one resource or module apart: an IntKey under
// count, a StringKey under for_each, nil for neither.
type Key interface {
	isKey()
}

// IntKey is the index of an instance under count, from 0.
type IntKey int

// StringKey is the key of an instance under for_each.
type StringKey string

func (IntKey) isKey()    {}
func (StringKey) isKey() {}

// KeyString is the key as an address ends: "", `[0]` or `["k"]`.
func KeyString(k Key) string {
	switch k := k.(type) {
	case IntKey:
		return "[" + strconv.Itoa(int(k)) + "]"
	case StringKey:
		return "[" + quote(string(k)) + "]"
	}
	return ""
}

// CompareKeys orders no key before indexes before strings.
func CompareKeys(a, b Key) int {
	if c := cmp.Compare(rank(a), rank(b)); c != 0 {
		return c
	}
	switch a := a.(type) {
	case IntKey:
		return cmp.Compare(a, b.(IntKey))
	case StringKey:
		return cmp.Compare(a, b.(StringKey))
	}
	return 0
}

func rank(k Key) int {
	switch k.(type) {
	case IntKey:
		return 1
	case StringKey:
		return 2
	}
	return 0
}

// quote writes s as an HCL string literal, in which ${ and %{ would begin a
// template.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case (r == '$' || r == '%') && strings.HasPrefix(s[i+1:], "{"):
			b.WriteRune(r)
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			b.WriteString(`\u` + strconv.FormatInt(int64(r)+0x10000, 16)[1:])
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

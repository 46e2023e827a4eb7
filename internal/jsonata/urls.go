package jsonata

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// encode64 takes each character for a byte.
func encode64(s string) any {
	out := make([]byte, 0, len(s))
	for _, c := range s {
		if c > 0xFFFF { // two units
			out = append(out, byte((c-0x10000)>>10))
		}
		out = append(out, byte(c))
	}
	return base64.StdEncoding.EncodeToString(out)
}

var notBase64 = regexp.MustCompile(`[^A-Za-z0-9+/]`)

func decode64(s string) any {
	if end := strings.IndexByte(s, '='); end >= 0 {
		s = s[:end]
	}
	s = notBase64.ReplaceAllString(strings.NewReplacer("-", "+", "_", "/").Replace(s), "")
	if len(s)%4 == 1 {
		s = s[:len(s)-1]
	}
	raw, _ := base64.RawStdEncoding.DecodeString(s)
	out := make([]rune, len(raw))
	for i, c := range raw {
		out[i] = rune(c)
	}
	return string(out)
}

func encodeURL(name, keep string) func(string) any {
	return func(s string) any {
		const digits = "0123456789ABCDEF"
		var b strings.Builder
		for i := range len(s) {
			c := s[i]
			if _, lone := jsonvalue.Surrogate(s[i:]); lone {
				throw("D3140", "value", s, "functionName", name)
			}
			if c|0x20 >= 'a' && c|0x20 <= 'z' || isDigit(c) || strings.IndexByte(keep, c) >= 0 {
				b.WriteByte(c)
			} else {
				b.Write([]byte{'%', digits[c>>4], digits[c&15]})
			}
		}
		return b.String()
	}
}

// decodeURL undoes escapes, but not those of the characters in keep.
func decodeURL(name, keep string) func(string) any {
	return func(s string) any {
		var b strings.Builder
		for i := 0; i < len(s); i++ {
			if s[i] != '%' {
				b.WriteByte(s[i])
				continue
			}
			c, err := url.PathUnescape(s[i:min(i+3, len(s))])
			if err != nil || len(c) != 1 {
				throw("D3140", "value", s, "functionName", name)
			}
			if strings.Contains(keep, c) {
				b.WriteString(s[i : i+3])
			} else {
				b.WriteString(c)
			}
			i += 2
		}
		if !utf8.ValidString(b.String()) {
			throw("D3140", "value", s, "functionName", name)
		}
		return b.String()
	}
}

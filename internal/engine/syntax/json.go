package syntax

import (
	"bytes"
	"encoding/json"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// tooMuchJSON is tooMuch of JSON. Its strings are templates, each by itself: read as
// native syntax, escaped quotes would seem to leave brackets open.
func tooMuchJSON(src []byte, name string) hcl.Diagnostics {
	if harmless(src) {
		return nil
	}
	depth := 0
	for i := 0; i < len(src); i++ {
		switch src[i] {
		case '[', '{':
			if depth++; depth > maxDepth {
				return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: tooDeep, Detail: tooDeepDetail, Subject: between(src, name, i, i+1)}}
			}
		case ']', '}':
			depth--
		case '"':
			end := closing(src, i)
			var text string
			if json.Unmarshal(src[i:end], &text) == nil { // the parser reports what is wrong
				if diags := tooMuch([]byte(text), name, hcl.InitialPos, hclsyntax.LexTemplate); diags.HasErrors() {
					diags[0].Subject = between(src, name, i, end)
					return diags
				}
			}
			i = end - 1
		}
	}
	return nil
}

// closing is where the string ends that begins at a quote.
func closing(src []byte, start int) int {
	for i := start + 1; i < len(src); i++ {
		switch src[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(src)
}

// between is a range of bytes of the source.
func between(src []byte, name string, start, end int) *hcl.Range {
	at := func(i int) hcl.Pos {
		return hcl.Pos{Line: 1 + bytes.Count(src[:i], []byte{'\n'}), Column: i - bytes.LastIndexByte(src[:i], '\n'), Byte: i}
	}
	return &hcl.Range{Filename: name, Start: at(start), End: at(end)}
}

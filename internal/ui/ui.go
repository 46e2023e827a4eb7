// Package ui shows plans, progress, values and diagnostics, as text for people
// or as JSON in Terraform's shapes for programs.
//
// It makes no decisions: what changes, and why, is in what it is given. It must
// not know configurations, providers or where a state is kept.
package ui

import (
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// Style says how text is written.
type Style struct {
	Color bool // ANSI colors
	Width int  // columns of the terminal; 0: texts are not wrapped

	// Secrets has plans, objects and outputs show sensitive values.
	Secrets bool
}

// The colors, as SGR parameters.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
	bold   = "1"
	faint  = "90"
)

// paint gives s a color, if the style has any.
func (s Style) paint(code, text string) string {
	if !s.Color || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// wrap breaks the paragraphs of text at spaces so that each line fits the width,
// prefix columns left free. Lines that begin with a space stay as they are.
func (s Style) wrap(text string, prefix int) string {
	width := s.Width - prefix
	if s.Width == 0 || width < 20 {
		return text
	}
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(line, " ") {
			out = append(out, line)
			continue
		}
		current := ""
		for word := range strings.FieldsSeq(line) {
			if current != "" && len(current)+1+len(word) > width {
				out = append(out, current)
				current = ""
			}
			if current != "" {
				current += " "
			}
			current += word
		}
		out = append(out, current)
	}
	return strings.Join(out, "\n")
}

// hidden tells that a value must not be shown: whatever it is marked with, it
// was marked so that it stays out of sight.
func hidden(v cty.Value) bool { return v != cty.NilVal && v.IsMarked() }

// missing tells that there is nothing at a place, or a null.
func missing(v cty.Value) bool {
	if v == cty.NilVal {
		return true
	}
	bare, _ := v.Unmark()
	return bare.IsKnown() && bare.IsNull()
}

// Bold makes text stand out.
func (s Style) Bold(text string) string { return s.paint(bold, text) }

// Good makes text stand out as a success.
func (s Style) Good(text string) string { return s.paint(bold+";"+green, text) }

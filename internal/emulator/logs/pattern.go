package logs

import (
	"fmt"
	"regexp"
	"strings"
)

// pattern is a filter pattern of terms: all of must, none of never, and, where
// there are only those, one of any.
type pattern struct {
	must, never, any []string
}

var (
	plainTerm = regexp.MustCompile(`^[A-Za-z0-9_]+$`)
	termParts = regexp.MustCompile(`^([-?]?)("((?:[^"\\]|\\.)*)"|[^\s"]+)(?:\s+|$)`)
)

// parsePattern reads a pattern such as: ERROR "out of memory" -debug, or
// ?ERROR ?WARN. Patterns over JSON members, columns and regular expressions are
// refused by name.
func parsePattern(text string) (pattern, error) {
	var p pattern
	rest := strings.TrimSpace(text)
	switch {
	case strings.HasPrefix(rest, "{"):
		return p, invalid("FilterPattern %q is not emulated: JSON patterns are not; terms are", text)
	case strings.HasPrefix(rest, "["):
		return p, invalid("FilterPattern %q is not emulated: patterns of columns are not; terms are", text)
	}
	for rest != "" {
		parts := termParts.FindStringSubmatch(rest)
		if parts == nil {
			return p, invalid("Invalid filter pattern")
		}
		rest = rest[len(parts[0]):]
		term := parts[2]
		switch {
		case strings.HasPrefix(term, `"`):
			term = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(parts[3])
		case strings.HasPrefix(term, "%"):
			return p, invalid("FilterPattern %q is not emulated: regular expressions are not; terms are", text)
		case !plainTerm.MatchString(term):
			return p, invalid("%s", fmt.Sprintf("Invalid character(s) in term '%s'", term))
		}
		switch parts[1] {
		case "-":
			p.never = append(p.never, term)
		case "?":
			p.any = append(p.any, term)
		default:
			p.must = append(p.must, term)
		}
	}
	if p.must != nil || p.never != nil {
		p.any = nil // AWS ignores ?terms beside others
	}
	return p, nil
}

func (p pattern) matches(message string) bool {
	for _, term := range p.must {
		if !strings.Contains(message, term) {
			return false
		}
	}
	for _, term := range p.never {
		if strings.Contains(message, term) {
			return false
		}
	}
	for _, term := range p.any {
		if strings.Contains(message, term) {
			return true
		}
	}
	return p.any == nil
}

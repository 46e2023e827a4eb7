package statemachine

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

var substitutionName = tf.Pattern(`^[A-Za-z_][0-9A-Za-z_]*$`, "a substitution's name has letters, digits and underscores, and begins with no digit")

// A cut is where something in the text of a file was replaced.
type cut struct {
	at   int // byte of the result
	from string
	to   string
}

type unusedError struct{ name string }

func (e *unusedError) Error() string {
	return fmt.Sprintf("${%s} is nowhere in the file. Write it where the value belongs, or leave it out of substitutions.", e.name)
}

// substitute replaces each ${Name} in a JSON text. Within a string the value
// becomes part of it, elsewhere it must be JSON itself. $${ is written as ${.
func substitute(text string, values map[string]string) (string, []cut, error) {
	var b strings.Builder
	var cuts []cut
	put := func(from, to string) {
		cuts = append(cuts, cut{b.Len(), from, to})
		b.WriteString(to)
	}
	used := map[string]bool{}
	quoted := false
	for i := 0; i < len(text); {
		rest := text[i:]
		switch {
		case strings.HasPrefix(rest, "$${"):
			put("$${", "${")
			i += 3
			continue
		case strings.HasPrefix(rest, "${"):
			name, _, closed := strings.Cut(rest[2:], "}")
			value, known := values[name]
			if !closed || !known {
				line := 1 + strings.Count(text[:i], "\n")
				if !closed {
					return "", nil, fmt.Errorf("line %d: ${ has no closing brace. Write $${ for ${ itself", line)
				}
				return "", nil, fmt.Errorf("line %d: there is no substitution for ${%s}. Add %s to substitutions, or write $${ for ${ itself", line, name, name)
			}
			used[name] = true
			if quoted {
				value = inside(value)
			}
			put("${"+name+"}", value)
			i += len("${" + name + "}")
			continue
		case quoted && rest[0] == '\\' && len(rest) > 1:
			b.WriteString(rest[:2])
			i += 2
			continue
		case rest[0] == '"':
			quoted = !quoted
		}
		b.WriteByte(rest[0])
		i++
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !used[name] {
			return "", nil, &unusedError{name}
		}
	}
	return b.String(), cuts, nil
}

// inside is a text as it is written within a JSON string.
func inside(value string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(value) // a string always can be written
	return strings.TrimSuffix(b.String(), "\n")[1 : b.Len()-2]
}

// uncut is the text of the file, and the byte of it that became byte at of the
// result; within a value that is where its ${ stands.
func uncut(text string, cuts []cut, at int) (string, int) {
	var b strings.Builder
	last, found := 0, -1
	for _, c := range cuts {
		if found < 0 && at < c.at {
			found = b.Len() + at - last
		}
		b.WriteString(text[last:c.at])
		last = c.at + len(c.to)
		if found < 0 && at < last {
			found = b.Len()
		}
		b.WriteString(c.from)
	}
	if found < 0 {
		found = b.Len() + at - last
	}
	b.WriteString(text[last:])
	return b.String(), found
}

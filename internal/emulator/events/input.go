package events

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// reserved are the names that templates have without defining them.
var reserved = []string{
	"aws.events.rule-arn", "aws.events.rule-name", "aws.events.event.ingestion-time", "aws.events.event", "aws.events.event.json",
}

func isJSON(text string) bool { return json.Valid([]byte(text)) }

// input is what a target of a rule gets of an event.
func input(r *rule, t *types.Target, event []byte, at time.Time) ([]byte, error) {
	switch {
	case t.Input != nil:
		return []byte(*t.Input), nil
	case t.InputPath != nil:
		v, ok := find(event, *t.InputPath)
		if !ok {
			return []byte("{}"), nil // what EventBridge sends when nothing is there
		}
		return v, nil
	case t.InputTransformer != nil:
		return transform(r, t.InputTransformer, event, at)
	}
	return event, nil
}

// steps are the names and indexes of a path such as $.detail.list[0]['a b'].
func steps(path string) ([]string, error) {
	rest, ok := strings.CutPrefix(path, "$")
	if !ok {
		return nil, fmt.Errorf("the path %s does not begin with $", path)
	}
	var out []string
	for rest != "" {
		switch {
		case strings.HasPrefix(rest, "['"):
			name, after, ok := strings.Cut(rest[2:], "']")
			if !ok {
				return nil, fmt.Errorf("the path %s has a bracket that is not closed", path)
			}
			out, rest = append(out, name), after
		case rest[0] == '[':
			index, after, ok := strings.Cut(rest[1:], "]")
			if _, err := strconv.Atoi(index); !ok || err != nil {
				return nil, fmt.Errorf("the path %s has an index that is none", path)
			}
			out, rest = append(out, index), after
		case rest[0] == '.':
			n := strings.IndexAny(rest[1:], ".[")
			if n < 0 {
				n = len(rest) - 1
			}
			if n == 0 {
				return nil, fmt.Errorf("the path %s has an empty name", path)
			}
			if rest[1:1+n] == "*" {
				return nil, fmt.Errorf("the path %s has a wildcard, which is not emulated", path)
			}
			out, rest = append(out, rest[1:1+n]), rest[1+n:]
		default:
			return nil, fmt.Errorf("the path %s has %q where a name begins", path, rest[0])
		}
	}
	return out, nil
}

// find returns what is at a path of a JSON text, as it is written there.
func find(text []byte, path string) ([]byte, bool) {
	all, err := steps(path)
	if err != nil {
		return nil, false
	}
	for _, step := range all {
		var members map[string]json.RawMessage
		var list []json.RawMessage
		if json.Unmarshal(text, &members) == nil && members != nil {
			v, ok := members[step]
			if !ok {
				return nil, false
			}
			text = v
			continue
		}
		i, err := strconv.Atoi(step)
		if err != nil || json.Unmarshal(text, &list) != nil || i < 0 || i >= len(list) {
			return nil, false
		}
		text = list[i]
	}
	return text, true
}

// transform fills the variables of a template. In a text a variable stands for its
// value as text, elsewhere for its JSON. The template is JSON, or a text that
// becomes one.
func transform(r *rule, x *types.InputTransformer, event []byte, at time.Time) (_ []byte, err error) {
	template := value(x.InputTemplate)
	values := map[string][]byte{}
	for name, path := range x.InputPathsMap {
		if v, ok := find(event, path); ok {
			values[name] = v
		}
	}
	texts := map[string]string{
		"aws.events.rule-arn": r.arn(), "aws.events.rule-name": r.Name, "aws.events.event.ingestion-time": at.UTC().Format(time.RFC3339),
	}
	for name, text := range texts {
		values[name], _ = json.Marshal(text) // a text
	}
	values["aws.events.event.json"] = event
	if values["aws.events.event"], err = without(event, "detail"); err != nil {
		return nil, err
	}
	asJSON := strings.HasPrefix(strings.TrimSpace(template), "{") || strings.HasPrefix(strings.TrimSpace(template), "[")

	var out bytes.Buffer
	quoted := false
	for i := 0; i < len(template); {
		c := template[i]
		name := ""
		if c == '<' {
			name = nameAt(template[i:])
		}
		switch {
		case name != "":
			v, ok := values[name]
			switch {
			case quoted || !asJSON:
				out.WriteString(plain(v, quoted))
			case !ok:
				out.WriteString(`""`)
			default:
				out.Write(v)
			}
			i += len(name) + 2
		case c == '\\' && i+1 < len(template):
			out.WriteString(template[i : i+2])
			i += 2
		default:
			if c == '"' {
				quoted = !quoted
			}
			out.WriteByte(c)
			i++
		}
	}
	if isJSON(out.String()) {
		return out.Bytes(), nil
	}
	return json.Marshal(out.String())
}

// nameAt is the name of the variable that a text begins with, or nothing.
func nameAt(text string) string {
	end := strings.IndexAny(text[1:], "<> \t\n\f\r") + 1
	if end < 2 || text[end] != '>' {
		return ""
	}
	return text[1:end]
}

// without is an object without one of its members, the others as they are written.
func without(object []byte, member string) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(object))
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("reading an event: %w", err)
	}
	out := []byte{'{'}
	for d.More() {
		name, err := d.Token()
		var v json.RawMessage
		if err == nil {
			err = d.Decode(&v)
		}
		if err != nil {
			return nil, fmt.Errorf("reading an event: %w", err)
		}
		if name == member {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		quoted, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, quoted...), ':'), v...)
	}
	return append(out, '}'), nil
}

// plain is a value within a text: a text without its quotes, other JSON as it is,
// with what the quotes around it do not bear escaped.
func plain(v []byte, quoted bool) string {
	text := string(v)
	var s string
	if json.Unmarshal(v, &s) == nil {
		text = s
	}
	if !quoted {
		return text
	}
	b, err := json.Marshal(text)
	if err != nil {
		return ""
	}
	return string(b[1 : len(b)-1])
}

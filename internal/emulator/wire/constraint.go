package wire

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxViolations is how many violations AWS lists in one answer.
const maxViolations = 10

// constrain checks an input against the bounds of AWS's model, and answers as AWS
// does: with all violations at once.
func (s *service) constrain(op *operation, in reflect.Value) error {
	m := s.model()
	name, ok := m.Operations[op.Name]
	if !ok {
		return nil
	}
	c := checker{service: s, model: m, unchecked: op.Unchecked}
	c.structure(in, m.Shapes[name], "", "")
	n := len(c.violations)
	if n == 0 {
		return nil
	}
	detected := "1 validation error detected: "
	if n > 1 {
		detected = strconv.Itoa(n) + " validation errors detected: "
	}
	return s.invalid(detected + strings.Join(c.violations, "; "))
}

// A checker collects the violations of one input.
type checker struct {
	service    *service
	model      *model
	unchecked  []string
	violations []string
}

// structure checks the members of v. The path is the one that AWS prints; the
// plain one, of the members' names alone, is the one of [Unchecked].
func (c *checker) structure(v reflect.Value, s *modelShape, path, plain string) {
	fields := s.fieldsOf(v.Type())
	for i, m := range s.Members {
		if fields[i] < 0 || !m.Required && unset(v.Field(fields[i])) {
			continue
		}
		f, p := v.Field(fields[i]), join(plain, m.field)
		if slices.Contains(c.unchecked, p) {
			continue
		}
		c.value(f, m.Shape, join(path, lower(m.Name)), p, m.Required)
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func (c *checker) value(v reflect.Value, name, path, plain string, required bool) {
	s, ok := c.model.Shapes[name]
	if !ok || uncheckedShapes[c.model.name+"."+name] {
		return
	}
	if unset(v) {
		if required {
			c.violate(s, reflect.Value{}, path, "Member must not be null")
		}
		return
	}
	v = reflect.Indirect(v)
	if v.Kind() == reflect.Interface {
		return // a union or a stream
	}
	for _, text := range c.failures(v, s, name) {
		c.violate(s, v, path, text)
	}
	switch {
	case v.Kind() == reflect.Struct && v.Type() != timeType:
		c.structure(v, s, path, plain)
	case v.Kind() == reflect.Map:
		c.mapping(v, s, path, plain)
	case v.Kind() == reflect.Slice && v.Type() != bytesType:
		c.list(v, s, path, plain)
	}
}

func (c *checker) list(v reflect.Value, s *modelShape, path, plain string) {
	item, ok := c.model.Shapes[s.Item]
	if !ok {
		return
	}
	for i := range v.Len() {
		if item.compound() {
			c.value(v.Index(i), s.Item, path+"."+strconv.Itoa(i+1)+".member", plain, true)
		} else if len(c.failures(reflect.Indirect(v.Index(i)), item, s.Item)) > 0 && !uncheckedShapes[c.model.name+"."+s.Item] {
			c.violate(s, v, path, "Member must satisfy constraint: "+c.all(item, s.Item))
			return
		}
	}
}

func (c *checker) mapping(v reflect.Value, s *modelShape, path, plain string) {
	key, item := c.model.Shapes[s.Key], c.model.Shapes[s.Item]
	if key == nil || item == nil {
		return
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	badKey, badItem := false, false
	for _, k := range keys {
		badKey = badKey || len(c.failures(k, key, s.Key)) > 0
		x := v.MapIndex(k)
		if item.compound() {
			c.value(x, s.Item, path+"."+k.String()+".member", plain, true)
		} else {
			badItem = badItem || len(c.failures(reflect.Indirect(x), item, s.Item)) > 0
		}
	}
	if badKey {
		c.violate(s, v, path, "Map keys must satisfy constraint: "+c.all(key, s.Key))
	}
	if badItem {
		c.violate(s, v, path, "Map value must satisfy constraint: "+c.all(item, s.Item))
	}
}

// violate takes note of one violation, by v or by nothing. The value of a sensitive member is not
// shown; IAM shows none.
func (c *checker) violate(s *modelShape, v reflect.Value, path, text string) {
	if len(c.violations) >= maxViolations {
		return
	}
	value := "Value "
	switch {
	case valueless[c.service.Name] || s.Sensitive:
	case !v.IsValid():
		value += "null "
	case v.Kind() == reflect.String:
		value += "'" + v.String() + "' "
	default:
		value += "'" + c.text(v, s) + "' "
	}
	c.violations = append(c.violations, value+"at '"+path+"' failed to satisfy constraint: "+text)
}

// failures are the constraints of s that v does not satisfy.
func (c *checker) failures(v reflect.Value, s *modelShape, name string) []string {
	var out []string
	size, number := 0.0, false
	switch {
	case v.Kind() == reflect.String:
		size = float64(utf8.RuneCountInString(v.String()))
		if ok := s.matches(v.String()); !ok {
			out = append(out, patternText(s))
		}
		if len(s.Enum) > 0 && !slices.Contains(s.Enum, v.String()) {
			out = append(out, c.enum(s, name))
		}
	case v.Kind() == reflect.Slice || v.Kind() == reflect.Map:
		size = float64(v.Len())
	case v.CanInt():
		size, number = float64(v.Int()), true
	case v.CanFloat():
		size, number = v.Float(), true
	default:
		return nil
	}
	if size < s.low {
		out = append(out, bound(number, "greater", s.Min.String()))
	}
	if size > s.high {
		out = append(out, bound(number, "less", s.Max.String()))
	}
	return out
}

// all lists every constraint of an item, as AWS does when one item violates one.
func (c *checker) all(s *modelShape, name string) string {
	var out []string
	if s.Max != "" {
		out = append(out, bound(false, "less", s.Max.String()))
	}
	if s.Min != "" {
		out = append(out, bound(false, "greater", s.Min.String()))
	}
	if s.Pattern != "" {
		out = append(out, patternText(s))
	}
	if len(s.Enum) > 0 {
		out = append(out, c.enum(s, name))
	}
	return "[" + strings.Join(append(out, "Member must not be null"), ", ") + "]"
}

func bound(number bool, than, limit string) string {
	what := "length"
	if number {
		what = "value"
	}
	return "Member must have " + what + " " + than + " than or equal to " + limit
}

func patternText(s *modelShape) string {
	text, ok := printedPatterns[s.Pattern]
	if !ok {
		text = s.Pattern
	}
	return "Member must satisfy regular expression pattern: " + text
}

func (c *checker) enum(s *modelShape, name string) string {
	const text = "Member must satisfy enum value set"
	if valueless[c.service.Name] {
		return text
	}
	values, ok := enumOrders[c.model.name+"."+name]
	if !ok {
		values = strings.Join(s.Enum, ", ")
	}
	return text + ": [" + values + "]"
}

// text writes a value as Java prints it.
func (c *checker) text(v reflect.Value, s *modelShape) string {
	if unset(v) {
		return "null"
	}
	v = reflect.Indirect(v)
	if s == nil {
		s = &modelShape{}
	}
	switch {
	case s.Sensitive:
		return "***Sensitive Data Redacted***"
	case v.Kind() == reflect.String:
		return v.String()
	case v.Type() == timeType:
		return v.Interface().(time.Time).UTC().Format("Mon Jan 02 15:04:05 UTC 2006")
	case v.Type() == bytesType:
		return fmt.Sprintf("java.nio.HeapByteBuffer[pos=0 lim=%d cap=%d]", v.Len(), v.Len())
	case v.Kind() == reflect.Slice:
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = c.text(v.Index(i), c.model.Shapes[s.Item])
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case v.Kind() == reflect.Map:
		var parts []string
		for it := v.MapRange(); it.Next(); {
			parts = append(parts, it.Key().String()+"="+c.text(it.Value(), c.model.Shapes[s.Item]))
		}
		slices.Sort(parts)
		return "{" + strings.Join(parts, ", ") + "}"
	case v.Kind() == reflect.Struct:
		var parts []string
		fields := s.fieldsOf(v.Type())
		for i, m := range s.Members {
			if fields[i] >= 0 {
				parts = append(parts, lower(m.Name)+"="+c.text(v.Field(fields[i]), c.model.Shapes[m.Shape]))
			}
		}
		return v.Type().Name() + "(" + strings.Join(parts, ", ") + ")"
	case v.Kind() == reflect.Interface:
		return v.Elem().Type().Elem().Name()
	}
	return fmt.Sprint(v.Interface())
}

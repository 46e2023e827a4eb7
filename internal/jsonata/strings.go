package jsonata

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"

	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

var stringFunctions = map[string]builtin{
	"string":    {"<x-b?:s>", 1, stringOf},
	"length":    {"<s-:n>", 1, someText(func(s string) any { return float64(length(s)) })},
	"substring": {"<s-nn?:s>", 3, substring},
	"substringBefore": {"<s-s:s>", 2, twoTexts(func(s, chars string) any {
		before, _, _ := strings.Cut(s, chars)
		return before
	})},
	"substringAfter": {"<s-s:s>", 2, twoTexts(func(s, chars string) any {
		if _, after, found := strings.Cut(s, chars); found {
			return after
		}
		return s
	})},
	"lowercase":          {"<s-:s>", 1, someText(func(s string) any { return lower(s) })},
	"uppercase":          {"<s-:s>", 1, someText(func(s string) any { return upper(s) })},
	"trim":               {"<s-:s>", 1, someText(trim)},
	"pad":                {"<s-ns?:s>", 3, pad},
	"match":              {"<s-f<s:o>n?:a<o>>", 3, matchAll},
	"contains":           {"<s-(sf):b>", 2, contains},
	"replace":            {"<s-(sf)(sf)n?:s>", 4, replace},
	"split":              {"<s-(sf)n?:a<s>>", 3, split},
	"join":               {"<a<s>s?:s>", 2, join},
	"base64encode":       {"<s-:s>", 1, someText(encode64)},
	"base64decode":       {"<s-:s>", 1, someText(decode64)},
	"encodeUrlComponent": {"<s-:s>", 1, someText(encodeURL("encodeUrlComponent", "-_.!~*'()"))},
	"encodeUrl":          {"<s-:s>", 1, someText(encodeURL("encodeUrl", "-_.!~*'();/?:@&=+$,#"))},
	"decodeUrlComponent": {"<s-:s>", 1, someText(decodeURL("decodeUrlComponent", ""))},
	"decodeUrl":          {"<s-:s>", 1, someText(decodeURL("decodeUrl", ";/?:@&=+$,#"))},
}

func twoTexts(do func(s, t string) any) func(*run, []any, any) any {
	return func(_ *run, args []any, _ any) any {
		s, ok := args[0].(string)
		if !ok {
			return nil
		}
		t, ok := args[1].(string)
		if !ok { // ECMAScript looks for this word
			t = "undefined"
		}
		return do(s, t)
	}
}

func stringOf(r *run, args []any, _ any) any {
	if args[0] == nil {
		return nil
	}
	indent := ""
	if pretty, _ := arg(args, 1).(bool); pretty {
		indent = "  "
	}
	return r.toString(args[0], indent)
}

// toString is v as a string: JSON, except for strings and functions.
func (r *run) toString(v any, indent string) string {
	switch x := v.(type) {
	case string:
		return x
	case *function:
		return ""
	case float64:
		if math.IsInf(x, 0) || math.IsNaN(x) {
			throw("D3001", "value", v)
		}
		return jsonvalue.FormatNumber(rounded(x))
	case *array:
		if x.outer {
			v = x.items[0]
		}
	}
	r.bound(v)
	v = stringify(plain(v))
	if indent != "" {
		return string(jsonvalue.AppendIndent(nil, v, indent))
	}
	return string(jsonvalue.Marshal(v))
}

// rounded keeps fifteen digits of a number, which hides what binary fractions
// cannot hold.
func rounded(f float64) float64 {
	if f == math.Trunc(f) && math.Abs(f) < 1e15 || math.IsNaN(f) || math.IsInf(f, 0) {
		return f
	}
	g, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'e', 14, 64), 64)
	return g
}

// stringify rounds every number within v.
func stringify(v any) any {
	switch v := v.(type) {
	case float64:
		return rounded(v)
	case jsonvalue.Number:
		f, _ := jsonvalue.Float(v)
		return rounded(f)
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = stringify(item)
		}
		return out
	case *jsonvalue.Object:
		out := jsonvalue.NewObject(v.Len())
		for k, member := range v.All() {
			if member = stringify(member); member != nil {
				out.Set(k, member)
			}
		}
		return out
	}
	return v
}

// length counts code points; a lone surrogate is one.
func length(s string) int {
	n := utf8.RuneCountInString(s)
	if strings.IndexByte(s, 0xED) >= 0 {
		n = len(points(s))
	}
	return n
}

// points cuts s into its code points, a lone surrogate being one.
func points(s string) []string {
	out := make([]string, 0, len(s))
	for len(s) > 0 {
		size := 3
		if _, lone := jsonvalue.Surrogate(s); !lone {
			_, size = utf8.DecodeRuneInString(s)
		}
		out = append(out, s[:size])
		s = s[size:]
	}
	return out
}

func substring(_ *run, args []any, _ any) any {
	s, ok := args[0].(string)
	if !ok {
		return nil
	}
	chars := points(s)
	start, total := 0.0, float64(len(chars))
	if args[1] != nil {
		start = mustNumber(args[1])
	}
	if total+start < 0 {
		start = 0
	}
	end := total
	if given := arg(args, 2); given != nil {
		n := mustNumber(given)
		if n <= 0 || args[1] == nil {
			return ""
		}
		end = start + n
		if start < 0 {
			end = total + start + n
		}
	}
	from, to := place(start, total), place(end, total)
	if from >= to {
		return ""
	}
	return strings.Join(chars[from:to], "")
}

// place is an index as ECMAScript's slice takes it.
func place(f, total float64) int {
	f = math.Trunc(f)
	if f < 0 {
		f = max(0, total+f)
	}
	return int(min(f, total))
}

func lower(s string) string {
	if ascii(s) {
		return strings.ToLower(s)
	}
	return cases.Lower(language.Und).String(s)
}

func upper(s string) string {
	if ascii(s) {
		return strings.ToUpper(s)
	}
	return cases.Upper(language.Und).String(s)
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func trim(s string) any {
	return strings.Join(strings.FieldsFunc(s, func(c rune) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }), " ")
}

func pad(r *run, args []any, _ any) any {
	s, ok := args[0].(string)
	if !ok {
		return nil
	}
	if args[1] == nil {
		return s
	}
	width := mustNumber(args[1])
	with, _ := arg(args, 2).(string)
	r.makes(len(s) + int(min(math.Abs(width), maxText)))
	return padded(s, width, with)
}

// maxText is the length from which a string is not made.
const maxText = 1 << 28

func padded(s string, width float64, with string) string {
	if with == "" {
		with = " "
	}
	missing := int(min(math.Abs(width), maxText)) - length(s)
	if missing <= 0 {
		return s
	}
	chars := points(with)
	var b strings.Builder
	for i := range missing {
		b.WriteString(chars[i%len(chars)])
	}
	if width > 0 {
		return s + b.String()
	}
	return b.String() + s
}

func matchAll(r *run, args []any, _ any) any {
	s, ok := args[0].(string)
	if !ok {
		return nil
	}
	limit, limited := limitOf(arg(args, 2), "D3040", 3)
	out := sequence()
	if limited && limit == 0 {
		return out
	}
	for m := r.matches(args[1], s); m != nil && (!limited || len(out.items) < limit); m = r.matches(m.next) {
		out.push(jsonvalue.ObjectOf("match", m.text, "index", float64(m.start), "groups", m.groups))
	}
	return out
}

func contains(r *run, args []any, _ any) any {
	s, ok := args[0].(string)
	if !ok {
		return nil
	}
	if token, ok := args[1].(string); ok {
		return strings.Contains(s, token)
	}
	return r.matches(args[1], s) != nil
}

func split(r *run, args []any, _ any) any {
	s, ok := args[0].(string)
	if !ok {
		return nil
	}
	limit, limited := limitOf(arg(args, 2), "D3020", 3)
	out := []any{}
	if limited && limit == 0 {
		return out
	}
	if separator, ok := args[1].(string); ok {
		if f, isNumber := arg(args, 2).(float64); isNumber {
			limit = int(min(f, 1<<31))
		}
		for i, part := range strings.Split(s, separator) {
			if limited && i >= limit {
				break
			}
			out = append(out, part)
		}
		return out
	}
	text := textOf(s)
	start := 0
	for m := r.matches(args[1], s); m != nil && (!limited || len(out) < limit); m = r.matches(m.next) {
		out = append(out, text.between(start, m.start))
		start = m.end
	}
	if !limited || len(out) < limit {
		out = append(out, text.between(start, len(text.at)-1))
	}
	return out
}

// unitText is a string that is cut by positions in UTF-16 units.
type unitText struct {
	s  string
	at []int // the byte of each unit, and the end
}

func textOf(s string) unitText {
	t := unitText{s: s, at: make([]int, 0, len(s)+1)}
	for i, c := range s {
		t.at = append(t.at, i)
		if c > 0xFFFF {
			t.at = append(t.at, i)
		}
	}
	t.at = append(t.at, len(s))
	return t
}

func (t unitText) between(from, to int) string {
	last := len(t.at) - 1
	from, to = max(0, min(from, last)), max(0, min(to, last))
	if from > to {
		from, to = to, from
	}
	return t.s[t.at[from]:t.at[to]]
}

func join(r *run, args []any, _ any) any {
	if args[0] == nil {
		return nil
	}
	separator, _ := arg(args, 1).(string)
	items, _ := asItems(args[0])
	parts := make([]string, len(items))
	size := len(separator) * max(len(items)-1, 0)
	for i, item := range items {
		parts[i], _ = item.(string)
		size += len(parts[i])
	}
	r.makes(size)
	return strings.Join(parts, separator)
}

func replace(r *run, args []any, _ any) any {
	s, ok := args[0].(string)
	if !ok {
		return nil
	}
	if args[1] == "" {
		throw("D3010", "value", "", "index", 2)
	}
	limit, limited := limitOf(arg(args, 3), "D3011", 4)
	if limited && limit == 0 {
		return s
	}
	if pattern, ok := args[1].(string); ok {
		with, _ := args[2].(string)
		if !limited {
			limit = -1
		}
		if n := strings.Count(s, pattern); limit < 0 || n < limit {
			limit = n
		}
		r.makes(len(s) + limit*max(len(with)-len(pattern), 0))
		return strings.Replace(s, pattern, with, limit)
	}
	var b strings.Builder
	text := textOf(s)
	position := 0
	for m, n := r.matches(args[1], s), 0; m != nil && (!limited || n < limit); m, n = r.matches(m.next), n+1 {
		b.WriteString(text.between(position, m.start))
		if template, ok := args[2].(string); ok {
			b.WriteString(m.expand(template))
		} else {
			with, ok := r.invoke(args[2], []any{m.object}, null{}).(string)
			if !ok {
				throw("D3012", "value", null{})
			}
			b.WriteString(with)
		}
		position = m.start + len(textOf(m.text).at) - 1
		if b.Len() > r.limits.Bytes {
			throw(codeBytes)
		}
	}
	b.WriteString(text.between(position, len(text.at)-1))
	return b.String()
}

// expand puts the groups of a match in the place of $1, $2 and so on, the whole
// match in that of $0, and a dollar sign in that of $$.
func (m *match) expand(template string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(template, "$")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		template = after
		if rest, ok := strings.CutPrefix(after, "$"); ok {
			b.WriteByte('$')
			template = rest
			continue
		}
		if rest, ok := strings.CutPrefix(after, "0"); ok {
			b.WriteString(m.text)
			template = rest
			continue
		}
		digits := 0
		for digits < len(after) && digits < len(strconv.Itoa(max(1, len(m.groups)))) && isDigit(after[digits]) {
			digits++
		}
		n, err := strconv.Atoi(after[:digits])
		if err == nil && digits > 1 && n > len(m.groups) {
			digits--
			n, _ = strconv.Atoi(after[:digits])
		}
		if err != nil {
			b.WriteByte('$')
			continue
		}
		if n >= 1 && n <= len(m.groups) {
			group, _ := m.groups[n-1].(string)
			b.WriteString(group)
		}
		template = after[len(strconv.Itoa(n)):]
	}
}

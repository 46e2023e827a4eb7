// Package routekey reads the route keys of HTTP APIs, such as "GET /notes/{id}",
// and says which one serves a request. It must not know AWS, HTTP servers or
// Terraform: the emulator routes with it and the provider validates with it.
package routekey

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Default is the key of the route that takes what no other route does.
const Default = "$default"

// Methods are the methods that a key may name; ANY stands for all of them.
var Methods = []string{"ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}

// A Key is a parsed route key. The zero Key is "$default".
type Key struct {
	// Method is one of [Methods]; empty for "$default".
	Method string
	// Path begins with a slash; empty for "$default".
	Path string

	segments []segment
}

// segment is one part of a path between slashes.
type segment struct {
	text string // the literal, or the variable's name
	kind kind
}

// kind is ordered from the most to the least specific.
type kind int

const (
	literal kind = iota
	variable
	greedy
)

// Parse reads a key: "$default", or a method, one space and a path whose segments
// are literals, "{name}", or at the end "{name+}". The error says what is wrong
// and what a key looks like.
func Parse(key string) (Key, error) {
	if key == Default {
		return Key{}, nil
	}
	method, path, ok := strings.Cut(key, " ")
	if !ok {
		return Key{}, fmt.Errorf(`the route key %q must be "$default", or a method and a path such as "GET /notes/{id}"`, key)
	}
	if !slices.Contains(Methods, method) {
		return Key{}, fmt.Errorf("the route key %q names the method %q; it must be one of %s, in capitals", key, method, strings.Join(Methods, ", "))
	}
	if !strings.HasPrefix(path, "/") {
		return Key{}, fmt.Errorf("the path %q of the route key %q must begin with a slash", path, key)
	}
	if i := strings.IndexFunc(path, notInPath); i >= 0 {
		return Key{}, fmt.Errorf("the path of the route key %q must not contain %q", key, path[i:i+1])
	}
	k := Key{Method: method, Path: path}
	parts := split(path)
	seen := map[string]bool{}
	for i, part := range parts {
		s, err := parseSegment(part)
		switch {
		case err != nil:
			return Key{}, fmt.Errorf("the path of the route key %q: %w", key, err)
		case s.kind == greedy && i != len(parts)-1:
			return Key{}, fmt.Errorf("the path of the route key %q: {%s+} takes the rest of the path and must be its last part", key, s.text)
		case s.kind != literal && seen[s.text]:
			return Key{}, fmt.Errorf("the path of the route key %q names the variable %q twice", key, s.text)
		}
		seen[s.text] = seen[s.text] || s.kind != literal
		k.segments = append(k.segments, s)
	}
	return k, nil
}

func notInPath(r rune) bool { return r <= ' ' || r == '?' || r == '#' || r == 0x7f }

func parseSegment(part string) (segment, error) {
	if !strings.ContainsAny(part, "{}") {
		return segment{text: part}, nil
	}
	name, found := strings.CutPrefix(part, "{")
	name, closed := strings.CutSuffix(name, "}")
	name, isGreedy := strings.CutSuffix(name, "+")
	if !found || !closed || name == "" || strings.ContainsAny(name, "{}+") {
		return segment{}, fmt.Errorf("%q must be a literal, or a variable that fills the whole part, such as {id} or {rest+}", part)
	}
	if isGreedy {
		return segment{text: name, kind: greedy}, nil
	}
	return segment{text: name, kind: variable}, nil
}

// split returns the parts between the slashes of a path; none for "/".
func split(path string) []string {
	path = strings.TrimPrefix(path, "/")
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

// String returns the key as it is written.
func (k Key) String() string {
	if k.IsDefault() {
		return Default
	}
	return k.Method + " " + k.Path
}

// IsDefault reports whether k is "$default".
func (k Key) IsDefault() bool { return k.Method == "" }

// Shape is the key without the names of its variables. Two keys of one shape
// match the same requests, so that an API cannot have both.
func (k Key) Shape() string {
	if k.IsDefault() {
		return Default
	}
	var b strings.Builder
	b.WriteString(k.Method + " ")
	for _, s := range k.segments {
		b.WriteString("/" + [...]string{s.text, "{}", "{+}"}[s.kind])
	}
	return b.String()
}

// Match reports whether the key matches a request, and the values of the path's
// variables. The path is the decoded one: API Gateway splits it after it has
// decoded it, so that an escaped slash separates as any other.
func (k Key) Match(method, path string) (values map[string]string, ok bool) {
	if k.IsDefault() {
		return nil, true
	}
	if k.Method != "ANY" && k.Method != method {
		return nil, false
	}
	parts := split(path)
	if len(parts) < len(k.segments) {
		return nil, false
	}
	for i, s := range k.segments {
		part := parts[i]
		if s.kind == greedy {
			part = strings.Join(parts[i:], "/")
			parts = parts[:i+1]
		}
		switch {
		case s.kind == literal && part != s.text, s.kind != literal && part == "":
			return nil, false
		case s.kind != literal:
			if values == nil {
				values = map[string]string{}
			}
			values[s.text] = part
		}
	}
	return values, len(parts) == len(k.segments)
}

// Compare orders keys by precedence: a negative number when a is to be tried
// before b. API Gateway prefers a full match, then a match with a greedy variable,
// then $default; a literal goes before a variable, and a method before ANY.
func Compare(a, b Key) int {
	if c := cmp.Compare(a.last(), b.last()); c != 0 {
		return c
	}
	for i := range max(len(a.segments), len(b.segments)) {
		if c := cmp.Compare(a.rank(i), b.rank(i)); c != 0 {
			return c
		}
	}
	return cmp.Or(
		cmp.Compare(a.methodRank(), b.methodRank()),
		strings.Compare(a.String(), b.String()))
}

// rank is the kind of segment i; a key that ends before i cannot match what the
// longer one does, unless either is greedy, so that its place is of no matter.
func (k Key) rank(i int) kind {
	switch {
	case k.IsDefault():
		return greedy + 1
	case i < len(k.segments):
		return k.segments[i].kind
	default:
		return literal
	}
}

// last orders keys by how they end: without a greedy variable, with one, $default.
func (k Key) last() kind {
	switch {
	case k.IsDefault():
		return greedy + 1
	case len(k.segments) > 0 && k.segments[len(k.segments)-1].kind == greedy:
		return greedy
	}
	return literal
}

func (k Key) methodRank() int {
	switch k.Method {
	case "":
		return 2
	case "ANY":
		return 1
	default:
		return 0
	}
}

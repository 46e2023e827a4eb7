package wire

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/traits"
)

// A route is the method and URI of one operation of a restJson1 service.
type route struct {
	op      *operation
	refused bool // whether the operation is not served
	method  string
	status  int
	pattern pattern
}

// A pattern is a Smithy URI: literals, {labels}, at most one greedy {label+},
// and query parameters that must be there.
type pattern struct {
	segments []string
	query    url.Values
	headers  []string // that must be there
}

// routesOf sorts the operations' routes so that of two that match a request the
// one that asks for more comes first. Those of the schemas lead to operations that are
// not served.
func routesOf(ops map[string]*operation, refused ...*smithy.Schema) []route {
	var routes []route
	add := func(op *operation, refused bool) {
		if t, ok := smithy.SchemaTrait[*traits.HTTP](op.schema); ok {
			routes = append(routes, route{op: op, refused: refused, method: t.Method, status: t.Code, pattern: parsePattern(t.URI)})
		}
	}
	for _, op := range ops {
		add(op, false)
	}
	for _, schema := range refused {
		add(&operation{Operation: Operation{Name: schema.ID().Name, schema: schema}}, true)
	}
	sortRoutes(routes)
	return routes
}

func sortRoutes(routes []route) {
	slices.SortFunc(routes, func(a, b route) int {
		return cmp.Or(
			cmp.Compare(len(b.pattern.query)+len(b.pattern.headers), len(a.pattern.query)+len(a.pattern.headers)),
			cmp.Compare(b.pattern.literals(), a.pattern.literals()),
			strings.Compare(a.op.Name, b.op.Name),
		)
	})
}

// has reports whether the headers are there that the pattern asks for.
func (p pattern) has(h http.Header) bool {
	return !slices.ContainsFunc(p.headers, func(name string) bool { return len(h.Values(name)) == 0 })
}

func parsePattern(uri string) pattern {
	path, query, _ := strings.Cut(uri, "?")
	q, _ := url.ParseQuery(query)
	return pattern{segments: split(path), query: q}
}

// split cuts a path into its segments. A slash at the end does not count: Lambda's
// and API Gateway's own URIs have one here and there, and AWS takes both.
func split(path string) []string {
	return strings.Split(strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/"), "/")
}

// literals counts the segments that are not labels; a greedy label counts less
// than a plain one.
func (p pattern) literals() int {
	n := 0
	for _, seg := range p.segments {
		switch {
		case strings.HasSuffix(seg, "+}"):
			n--
		case !strings.HasPrefix(seg, "{"):
			n += 2
		}
	}
	return n
}

// match returns the labels' values if the URL fits.
func (p pattern) match(segments []string, query url.Values) (labels map[string]string, ok bool) {
	for k, v := range p.query {
		if got, ok := query[k]; !ok || v[0] != "" && got[0] != v[0] {
			return nil, false
		}
	}
	labels = map[string]string{}
	for i, seg := range p.segments {
		if i >= len(segments) {
			return nil, false
		}
		switch {
		case strings.HasSuffix(seg, "+}"):
			after := len(p.segments) - i - 1
			end := len(segments) - after
			if end <= i {
				return nil, false
			}
			labels[seg[1:len(seg)-2]] = unescape(strings.Join(segments[i:end], "/"))
			segments = append(slices.Clone(segments[:i+1]), segments[end:]...)
		case strings.HasPrefix(seg, "{"):
			if segments[i] == "" {
				return nil, false
			}
			labels[seg[1:len(seg)-1]] = unescape(segments[i])
		case seg != segments[i]:
			return nil, false
		}
	}
	return labels, len(segments) == len(p.segments)
}

func unescape(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}

// byPath finds the service and the operation of a restJson1 call.
func (s *server) byPath(c *call, scope string) error {
	segments, q := split(c.r.URL.EscapedPath()), c.r.URL.Query()
	for _, svc := range s.services {
		if svc.Protocol != RESTJSON || scope != "" && svc.Name != scope {
			continue
		}
		c.svc = svc
		for _, rt := range svc.routes {
			if rt.method != c.r.Method {
				continue
			}
			labels, ok := rt.pattern.match(segments, q)
			switch {
			case ok && rt.refused:
				return svc.refusal(rt.op.Name)
			case ok:
				c.op, c.labels = rt.op, labels
				return nil
			}
		}
	}
	return unserved(c.r.Method + " " + c.r.URL.Path + " of " + orUnknown(scope))
}

// refusal is the answer to an operation that the service does not serve.
func (s *service) refusal(op string) error {
	err := unserved("the operation " + op + " of " + s.Name)
	if why := s.Unserved[op]; why != "" {
		err.message += ": " + why
	}
	return err
}

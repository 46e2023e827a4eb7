package gateway

import (
	"net"
	"net/http"
	"slices"
	"strings"
)

// resolveDomain finds what a custom domain name serves at a path.
func (q *request) resolveDomain(name, path string) bool {
	d, ok := q.g.domain(name)
	if !ok {
		return false
	}
	m, strip, ok := d.target(path, q.Request.Header)
	if !ok {
		return false
	}
	if q.api, ok = q.g.source.API(m.API); !ok {
		q.g.log.Warn("a domain name leads to an API that is not here; REST APIs are not emulated", "domain", name, "api", m.API, "stage", m.Stage)
		return false
	}
	if h, _, err := net.SplitHostPort(name); err == nil {
		name = h
	}
	q.custom, q.base, q.path = name, m.Key, path
	q.stage = q.api.Stages[m.Stage]
	q.rest = "/" + strings.TrimPrefix(strings.TrimPrefix(path[1:], strip), "/")
	return q.stage != nil
}

// target is what serves a path: of the first rule that a request meets, or else of the
// longest mapping. The API gets the path without what strip is.
func (d *Domain) target(path string, h http.Header) (m Mapped, strip string, ok bool) {
	for _, r := range d.Rules {
		base, ok := r.matches(path, h)
		if !ok {
			continue
		}
		if r.Strip {
			strip = base
		}
		return Mapped{Key: base, API: r.API, Stage: r.Stage}, strip, true
	}
	for _, each := range d.Mappings {
		if below(path, each.Key) && (!ok || len(each.Key) > len(m.Key)) {
			m, ok = each, true
		}
	}
	return m, m.Key, ok
}

// below reports whether a path begins with the key of a mapping.
func below(path, key string) bool {
	rest, ok := strings.CutPrefix(strings.TrimPrefix(path, "/"), key)
	return ok && (key == "" || rest == "" || rest[0] == '/')
}

// matches reports whether a request meets a rule's conditions, and with which path.
func (r Rule) matches(path string, h http.Header) (base string, ok bool) {
	for _, any := range r.Headers {
		if !slices.ContainsFunc(any, func(c HeaderCondition) bool { return c.matches(h) }) {
			return "", false
		}
	}
	for _, p := range r.Paths {
		if p = strings.Trim(p, "/"); below(path, p) {
			return p, true
		}
	}
	return "", len(r.Paths) == 0
}

func (c HeaderCondition) matches(h http.Header) bool {
	return slices.ContainsFunc(h.Values(c.Name), func(value string) bool {
		glob, prefix := strings.CutPrefix(c.Glob, "*")
		glob, suffix := strings.CutSuffix(glob, "*")
		switch {
		case prefix && suffix:
			return strings.Contains(value, glob)
		case prefix:
			return strings.HasSuffix(value, glob)
		case suffix:
			return strings.HasPrefix(value, glob)
		}
		return value == glob
	})
}

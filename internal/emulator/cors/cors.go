// Package cors answers browsers that ask across origins, for APIs and function URLs.
//
// It must not know what is asked for, nor any AWS service.
package cors

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// A Config is the cross-origin configuration of an API or a function URL. Where it is
// set, AWS answers preflight requests itself and ignores CORS headers of functions
// and other integrations. A nil one allows nothing and changes nothing.
type Config struct {
	AllowCredentials bool
	AllowHeaders     []string
	AllowMethods     []string
	AllowOrigins     []string // origins, "*", "http://*" or "https://*"
	ExposeHeaders    []string
	MaxAge           *int32 // seconds
}

// Preflight answers a preflight request with the status and reports whether r was one.
func (c *Config) Preflight(w http.ResponseWriter, r *http.Request, status int) bool {
	if c == nil || r.Method != http.MethodOptions || r.Header.Get("Origin") == "" || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h := w.Header()
	if c.Allow(h, r) {
		setList(h, "Access-Control-Allow-Methods", c.AllowMethods)
		setList(h, "Access-Control-Allow-Headers", c.AllowHeaders)
		if c.MaxAge != nil {
			h.Set("Access-Control-Max-Age", strconv.Itoa(int(*c.MaxAge)))
		}
	}
	w.WriteHeader(status)
	return true
}

// Allow sets the headers that every answer to a cross-origin request carries, and
// reports whether the origin is allowed.
func (c *Config) Allow(h http.Header, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if c == nil || origin == "" {
		return false
	}
	allowed := slices.ContainsFunc(c.AllowOrigins, func(pattern string) bool {
		prefix, wild := strings.CutSuffix(pattern, "*")
		return wild && strings.HasPrefix(origin, prefix) || strings.EqualFold(pattern, origin)
	})
	if !allowed {
		return false
	}
	if slices.Contains(c.AllowOrigins, "*") && !c.AllowCredentials {
		origin = "*"
	}
	h.Set("Access-Control-Allow-Origin", origin)
	if origin != "*" {
		h.Add("Vary", "Origin")
	}
	if c.AllowCredentials {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	setList(h, "Access-Control-Expose-Headers", c.ExposeHeaders)
	return true
}

// Strip removes the CORS headers of an integration's answer.
func (c *Config) Strip(h http.Header) {
	if c == nil {
		return
	}
	for name := range h {
		if strings.HasPrefix(strings.ToLower(name), "access-control-") {
			delete(h, name)
		}
	}
}

func setList(h http.Header, name string, values []string) {
	if len(values) > 0 {
		h.Set(name, strings.Join(values, ","))
	}
}

package gateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// forward passes the request to the route's server and its answer to the client.
// The address is what the API's owner configured; only {variables} of the path
// and the query come from the client, and neither can change the server.
func (g *Gateway) forward(ctx context.Context, w http.ResponseWriter, q *request) {
	out, err := q.outgoing(ctx)
	if err != nil {
		g.refuse(w, q, err)
		return
	}
	in, err := g.proxy.RoundTrip(out)
	switch {
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		fail(w, http.StatusServiceUnavailable, "Service Unavailable")
		return
	case err != nil:
		g.log.Warn("an integration failed", "api", q.api.ID, "route", q.route.Key.String(), "reason", err)
		fail(w, http.StatusServiceUnavailable, "Service Unavailable")
		return
	}
	defer func() { _ = in.Body.Close() }()
	for _, name := range append([]string{"Apigw-Requestid"}, hopByHop...) {
		in.Header.Del(name)
	}
	q.stage.CORS.Strip(in.Header)
	for name, values := range in.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(in.StatusCode)
	_, _ = io.Copy(w, in.Body) // the status is sent; a broken copy shows as a short body
}

// outgoing is the request to the route's server.
func (q *request) outgoing(ctx context.Context) (*http.Request, error) {
	i := q.route.Integration
	address := q.expand(i.URL)
	for name, value := range q.values {
		escaped := (&url.URL{Path: value}).EscapedPath() // keeps the slashes of {proxy+}
		address = strings.NewReplacer("{"+name+"}", escaped, "{"+name+"+}", escaped).Replace(address)
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	switch {
	case u.RawQuery == "":
		u.RawQuery = q.URL.RawQuery
	case q.URL.RawQuery != "":
		u.RawQuery += "&" + q.URL.RawQuery
	}
	method := i.Method
	if method == "" || method == "ANY" {
		method = q.Method
	}
	out, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(q.body))
	if err != nil {
		return nil, err
	}
	out.Header = q.headers()
	out.Header.Del("Host") // the server's own
	out.Header.Del("Content-Length")
	out.Header.Set("Forwarded", "by="+q.port()+";for="+q.sourceIP()+";host="+q.Host+";proto=http")
	return out, nil
}

package gateway

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/payload"
)

// forward passes the request to the route's server and its answer to the client.
// The address is what the API's owner configured; only {variables} of the path, the
// query and what mappings make of the request come from the client, and none can change
// the server.
func (g *Gateway) forward(ctx context.Context, q *request) {
	out, err := q.outgoing(ctx)
	if err != nil {
		q.refuse(http.StatusInternalServerError, "Internal Server Error", err)
		return
	}
	in, err := g.proxy.RoundTrip(out)
	q.took = g.clock.Now().Sub(q.called)
	switch {
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		q.refuse(http.StatusServiceUnavailable, "Service Unavailable", fmt.Errorf("the server took longer than %s", q.route.Integration.Timeout))
		return
	case err != nil:
		q.refuse(http.StatusServiceUnavailable, "Service Unavailable", err)
		return
	}
	defer func() { _ = in.Body.Close() }()
	q.gave = in.StatusCode
	q.endpoint = [2]string{cmp.Or(in.Header.Get("X-Amz-Request-Id"), in.Header.Get("X-Amzn-Requestid")), in.Header.Get("X-Amz-Id-2")}
	mapping := q.route.Integration.Response[strconv.Itoa(in.StatusCode)]
	var held []byte
	if mapping != nil { // which may look into the body
		if held, err = io.ReadAll(io.LimitReader(in.Body, maxRequest+1)); err != nil || len(held) > maxRequest {
			q.refuse(http.StatusInternalServerError, "Internal Server Error", errors.New("the server's answer cannot be read, or is too large"))
			return
		}
	}
	q.stage.CORS.Strip(in.Header)
	whole := ""
	mapping.apply(given{q, in.Header, held}, in.Header, nil, &whole)
	status := in.StatusCode
	if n, err := strconv.Atoi(whole); err == nil && n >= 200 && n <= 599 {
		status = n
	}
	for _, name := range append([]string{"Apigw-Requestid"}, payload.HopByHop...) {
		in.Header.Del(name)
	}
	for name, values := range in.Header {
		q.Header()[name] = values
	}
	q.WriteHeader(status)
	if mapping != nil {
		_, _ = q.Write(held) // a client that has left is no error of ours
		return
	}
	if err := pass(q, in.Body); err != nil && q.Context().Err() == nil {
		panic(http.ErrAbortHandler) // cut the answer, so that nobody takes it for whole
	}
}

// pass copies a body to the client as it comes in.
func pass(q *request, from io.Reader) error {
	control := http.NewResponseController(q)
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if _, err := q.Write(buffer[:n]); err != nil {
				return err
			}
			if err == nil {
				if err := control.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
					return err
				}
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// outgoing is the request to the route's server.
func (q *request) outgoing(ctx context.Context) (*http.Request, error) {
	i := q.route.Integration
	address := q.stage.expand(i.URL)
	for name, value := range q.values {
		escaped := (&url.URL{Path: value}).EscapedPath() // keeps the slashes of {proxy+}
		address = strings.NewReplacer("{"+name+"}", escaped, "{"+name+"+}", escaped).Replace(address)
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	method := i.Method
	if method == "" || method == "ANY" {
		method = q.Method
	}
	h := q.headers()
	delete(h, "Host") // the server's own
	delete(h, "Content-Length")
	h.Set("Forwarded", "by="+payload.Port(q.Request)+";for="+payload.Source(q.Request)+";host="+q.Host+";proto=http")
	sent := q.URL.RawQuery
	if i.Request != nil {
		parameters := url.Values{}
		for name, values := range q.parameters() {
			parameters[name] = values
		}
		path := u.Path
		i.Request.apply(q, h, parameters, &path)
		if path != u.Path {
			u.Path, u.RawPath = "/"+strings.TrimPrefix(path, "/"), ""
		}
		sent = parameters.Encode()
	}
	switch {
	case u.RawQuery == "":
		u.RawQuery = sent
	case sent != "":
		u.RawQuery += "&" + sent
	}
	out, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(q.body)) //nolint:gosec // the address is the API owner's; see forward
	if err != nil {
		return nil, err
	}
	out.Header = h
	return out, nil
}

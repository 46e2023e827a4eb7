package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"

	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/payload"
)

// invoke calls the route's function and answers with what it returns.
func (g *Gateway) invoke(ctx context.Context, q *request) {
	i := q.route.Integration
	event, err := q.mapped().event()
	if err != nil {
		q.refuse(http.StatusInternalServerError, "Internal Server Error", err)
		return
	}
	if len(event) > maxPayload {
		q.fail(http.StatusRequestEntityTooLarge, "Request Entity Too Large")
		return
	}
	call, err := g.as(ctx, q.api, i.Role, q.sourceARN(), sessionName(q.id))
	if err != nil {
		q.refuse(http.StatusInternalServerError, "Internal Server Error", err)
		return
	}
	a := &answer{q: q}
	failure, err := g.links.Functions.InvokeStreamFor(call, q.stage.expand(i.Function), event, a.begin)
	q.took = g.clock.Now().Sub(q.called)
	if a.sent {
		if err != nil || failure != nil {
			panic(http.ErrAbortHandler) // cut the answer, so that nobody takes it for whole
		}
		return
	}
	switch {
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		q.refuse(http.StatusServiceUnavailable, "Service Unavailable", fmt.Errorf("the function took longer than %s", i.Timeout))
	case throttled(err):
		q.refuse(http.StatusServiceUnavailable, "Service Unavailable", err)
	case err != nil:
		q.refuse(http.StatusInternalServerError, "Internal Server Error", err)
	case failure != nil:
		q.gave = http.StatusOK // Lambda's own
		q.refuse(http.StatusInternalServerError, "Internal Server Error", failed(failure))
	default:
		q.gave = http.StatusOK
		if err := a.end(); err != nil {
			q.refuse(http.StatusInternalServerError, "Internal Server Error", err)
		}
	}
}

// mapped is the request as its integration's mappings change it.
func (q *request) mapped() *request {
	m := q.route.Integration.Request
	if m == nil {
		return q
	}
	out, r := *q, *q.Request
	u := *q.URL
	r.Header, r.URL = q.headers(), &u
	out.Request, out.query = &r, maps.Clone(q.parameters())
	m.apply(q, r.Header, out.query, &out.path)
	u.RawQuery = out.query.Encode()
	// What API Gateway adds is there already.
	r.Header.Del("X-Forwarded-For")
	if before := q.Request.Header["X-Forwarded-For"]; before != nil {
		r.Header["X-Forwarded-For"] = before
	}
	return &out
}

// sessionName is a request's id as the name of a session, which cannot have all of its
// characters.
func sessionName(id string) string {
	out := []byte(id)
	for i, c := range out {
		if c == '/' || c == '+' {
			out[i] = '-'
		}
	}
	return string(out)
}

// failed is what a function said of its end, for the log.
func failed(failure []byte) error {
	var said struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}
	if err := json.Unmarshal(failure, &said); err != nil || said.Message == "" {
		return fmt.Errorf("the function failed: %.200s", failure)
	}
	return fmt.Errorf("the function failed: %s: %s", said.Type, said.Message)
}

// throttled reports whether Lambda refused to run the function now.
func throttled(err error) bool {
	api := smithy.APIError(nil)
	return errors.As(err, &api) && api.ErrorCode() == "TooManyRequestsException"
}

// whole calls a function and returns all that it answers. An error of the function itself
// is an error, too.
func (g *Gateway) whole(ctx context.Context, function string, event []byte) ([]byte, error) {
	var held bytes.Buffer
	failure, err := g.links.Functions.InvokeStreamFor(ctx, function, event, func(string) io.Writer { return &held })
	if err != nil {
		return nil, err
	}
	if failure != nil {
		return nil, failed(failure)
	}
	if held.Len() > maxPayload {
		return nil, fmt.Errorf("the function returned %d bytes; %d are allowed", held.Len(), maxPayload)
	}
	return held.Bytes(), nil
}

// answer takes what the function writes and sends it to the client: as it comes in where
// the function streams status and headers first, at the end otherwise.
type answer struct {
	q      *request
	stream bool
	held   bytes.Buffer
	sent   bool // whether the status has been sent
	err    error
}

// begin is called when the function begins to answer.
func (a *answer) begin(contentType string) io.Writer {
	a.stream = payload.Preluded(contentType)
	return a
}

// Write takes a part of the answer. After an error the rest is dropped.
func (a *answer) Write(b []byte) (int, error) {
	switch {
	case a.err != nil:
		return 0, a.err
	case a.sent:
		a.err = a.send(b)
		return len(b), a.err
	}
	a.held.Write(b)
	switch {
	case a.stream:
		r, err := payload.Prelude(a.held.Bytes(), false)
		if a.err = err; r != nil {
			a.err = a.start(r)
		}
	case a.held.Len() > maxPayload:
		a.err = fmt.Errorf("the function returned more than %d bytes", maxPayload)
	}
	return len(b), a.err
}

// start sends status, headers and what there is of the body.
func (a *answer) start(r *payload.Result) error {
	a.sent = true
	q, h := a.q, a.q.Header()
	q.gave = r.Status
	delete(r.Headers, "Content-Length")
	delete(r.Headers, "Apigw-Requestid")
	for _, name := range payload.HopByHop {
		delete(r.Headers, name)
	}
	q.stage.CORS.Strip(r.Headers)
	whole := ""
	q.route.Integration.Response[strconv.Itoa(r.Status)].apply(given{q, r.Headers, r.Body}, r.Headers, nil, &whole)
	if n, err := strconv.Atoi(whole); err == nil && n >= 200 && n <= 599 {
		r.Status = n
	}
	for name, values := range r.Headers {
		h[http.CanonicalHeaderKey(name)] = values
	}
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "text/plain; charset=utf-8")
	}
	if !a.stream && r.Status != http.StatusNoContent && r.Status != http.StatusNotModified {
		h.Set("Content-Length", strconv.Itoa(len(r.Body)))
	}
	q.WriteHeader(r.Status)
	return a.send(r.Body)
}

// send sends a part of the body, at once where the function streams.
func (a *answer) send(b []byte) error {
	if a.q.Method != http.MethodHead {
		if _, err := a.q.Write(b); err != nil && !errors.Is(err, http.ErrBodyNotAllowed) {
			return err
		}
	}
	if !a.stream {
		return nil
	}
	if err := http.NewResponseController(a.q).Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// end sends what is left when the function is done. An error says that the function did
// not answer as it must.
func (a *answer) end() error {
	if a.err != nil {
		return a.err
	}
	parse := func() (*payload.Result, error) { return payload.Parse(a.held.Bytes(), a.q.route.Integration.Format) }
	if a.stream {
		parse = func() (*payload.Result, error) { return payload.Prelude(a.held.Bytes(), true) }
	}
	r, err := parse()
	if err != nil {
		return err
	}
	_ = a.start(r) // an error is the client's, who has left
	return nil
}

// given is what response mappings can refer to.
type given struct {
	q       *request
	headers http.Header
	body    []byte
}

// lookup implements scope.
func (s given) lookup(t term) (string, bool) {
	switch t.source {
	case header:
		values := s.headers.Values(t.name)
		if len(values) == 0 {
			return "", false
		}
		return values[0], true
	case body:
		return t.inBody(s.body)
	}
	return s.q.lookup(t)
}

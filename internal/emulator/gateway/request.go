package gateway

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/payload"
)

// request is one request on its way through the gateway, and its answer.
type request struct {
	*http.Request
	w      http.ResponseWriter
	g      *Gateway
	api    *API
	stage  *Stage
	route  *Route
	values map[string]string // of the path's variables
	custom string            // the domain name, where it is a custom one
	base   string            // the path of the mapping, without slashes
	// path is the decoded path with the stage's prefix, as functions see it; rest
	// is the same without.
	path, rest string
	body       []byte
	query      url.Values // parsed once
	id         string
	at         time.Time
	who        authorized
	message    *message // of one that connects to a WebSocket API

	// What the access log tells.
	status   int
	length   int64
	called   time.Time     // when the integration was
	took     time.Duration // by the integration
	gave     int           // the integration's status; 0 when it was not called
	reason   string        // of an error, as the client gets it
	integral string        // of an error of the integration, as only the log gets it
	endpoint [2]string     // the ids that the integration's server gave the request
}

func (g *Gateway) begin(w http.ResponseWriter, r *http.Request) *request {
	q := &request{Request: r, w: w, g: g, id: newRequestID(), at: g.clock.Now()}
	w.Header()["Apigw-Requestid"] = []string{q.id}
	return q
}

// Header implements [http.ResponseWriter].
func (q *request) Header() http.Header { return q.w.Header() }

// WriteHeader implements [http.ResponseWriter].
func (q *request) WriteHeader(status int) {
	q.status = status
	q.w.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (q *request) Write(b []byte) (int, error) {
	n, err := q.w.Write(b) //nolint:gosec // what the integration answers
	q.length += int64(n)
	return n, err
}

// Unwrap lets an [http.ResponseController] reach the connection.
func (q *request) Unwrap() http.ResponseWriter { return q.w }

// resolve finds the API and the stage, and reports whether there are any.
func (q *request) resolve() bool {
	id, path := address(q.Request)
	if strings.Contains(id, ".") || id == "" {
		name := id
		if id == "" {
			name, path = q.Host, "/"+strings.TrimPrefix(q.URL.Path, "/") // a request for a whole URL may have none
		}
		return q.resolveDomain(name, path)
	}
	api, ok := q.g.source.API(id)
	if !ok || api.Closed {
		return false
	}
	q.api, q.path = api, path
	name, rest, _ := strings.Cut(path[1:], "/")
	if s, ok := api.Stages[name]; ok && name != DefaultStage {
		q.stage, q.rest = s, "/"+rest
		return true
	}
	q.stage, q.rest = api.Stages[DefaultStage], path
	return q.stage != nil
}

// read reads the body, and reports whether it could.
func (q *request) read() bool {
	if q.ContentLength == 0 {
		return true
	}
	b, err := io.ReadAll(http.MaxBytesReader(q.w, q.Body, maxRequest))
	q.body = b
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		q.fail(http.StatusRequestEntityTooLarge, "Request Entity Too Large")
		return false
	}
	if err != nil {
		q.fail(http.StatusBadRequest, "Bad Request")
		return false
	}
	return true
}

// fail answers with an error in API Gateway's form.
func (q *request) fail(status int, message string) {
	q.reason = message
	body := `{"message":` + quote(message) + `}`
	q.Header().Set("Content-Type", "application/json")
	q.Header().Set("Content-Length", strconv.Itoa(len(body)))
	q.WriteHeader(status)
	_, _ = io.WriteString(q, body) // a client that has left is no error of ours
}

// refuse answers as API Gateway does when an integration fails, whatever the
// reason, and logs the reason, which AWS keeps to itself.
func (q *request) refuse(status int, message string, reason error) {
	q.integral = reason.Error()
	q.g.log.Warn("an integration failed", "api", q.api.ID, "route", q.route.Key, "reason", reason)
	q.fail(status, message)
}

// arn is the resource that a call of a route is in policies:
// arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/path.
func (q *request) arn(path string) string {
	return q.api.Scope.ARN(hostLabel, q.api.ID+"/"+q.stage.Name+"/"+path)
}

// source is the ARN of the route in resource policies: with the path of the route
// key, variables included, or API/STAGE/$default.
func (q *request) sourceARN() string {
	method, _, ok := strings.Cut(q.route.Key, " ")
	switch {
	case !ok:
		return q.arn(q.route.Key)
	case method == "ANY":
		method = q.Method
	}
	return q.arn(method + q.route.Path)
}

// expand replaces ${stageVariables.name} in s; unknown names become empty. What a value
// holds is left as it is.
func (st *Stage) expand(s string) string {
	const open = "${stageVariables."
	if !strings.Contains(s, open) {
		return s
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, open)
		name, rest, closed := strings.Cut(after, "}")
		if !found || !closed {
			return b.String() + s
		}
		b.WriteString(before)
		b.WriteString(st.Variables[name])
		s = rest
	}
}

// domain is the host name under which the API is addressed, with its port.
func (q *request) domain() string {
	domain := q.custom
	if domain == "" {
		if strings.HasPrefix(q.Host, q.api.ID+"."+hostLabel+".") {
			return q.Host
		}
		domain = q.api.ID + "." + hostLabel + ".localhost"
	}
	if _, port, err := net.SplitHostPort(q.Host); err == nil {
		domain += ":" + port
	}
	return domain
}

// prefix is the first label of the domain.
func (q *request) prefix() string {
	if q.custom == "" {
		return q.api.ID
	}
	first, _, _ := strings.Cut(q.custom, ".")
	return first
}

// headers are the request's headers with those that API Gateway adds.
func (q *request) headers() http.Header {
	h := maps.Clone(q.Request.Header)
	for _, name := range payload.HopByHop {
		delete(h, name)
	}
	h["Host"] = []string{q.Host}
	if _, ok := h["Content-Length"]; !ok {
		h["Content-Length"] = []string{strconv.Itoa(len(q.body))}
	}
	ip := payload.Source(q.Request)
	h["X-Forwarded-For"] = []string{strings.Join(append(slices.Clone(h["X-Forwarded-For"]), ip), ", ")}
	h["X-Forwarded-Port"] = []string{payload.Port(q.Request)}
	h["X-Forwarded-Proto"] = []string{"http"}
	if len(h["X-Amzn-Trace-Id"]) == 0 {
		h["X-Amzn-Trace-Id"] = []string{q.trace()}
	}
	return h
}

// trace returns a trace header such as Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e.
func (q *request) trace() string {
	var b [12]byte
	copy(b[:], q.id)
	return fmt.Sprintf("Root=1-%08x-%x", q.at.Unix(), b)
}

// parameters are those of the query string.
func (q *request) parameters() url.Values {
	if q.query == nil {
		q.query = q.URL.Query()
	}
	return q.query
}

// newRequestID returns an id in the form of HTTP APIs, such as JKJaXmPLvHcESHA=.
func newRequestID() string {
	var b [11]byte
	_, _ = rand.Read(b[:]) // crypto/rand never fails
	return base64.StdEncoding.EncodeToString(b[:])
}

// authorized is who may call a route, and what its authorizer says of them.
type authorized struct {
	claims  map[string]string // of a token
	scopes  []string          // of the token that the route asked for; nil where it did not
	token   bool
	context map[string]any // of a function
	lambda  bool
	user    string // the function's principalId
	key     string // the function's usageIdentifierKey
	apiKey  Key    // that the route asked for
	caller  *env.Caller
	took    time.Duration
	failed  string // why not
	asked   bool   // whether a function was to decide, of WebSocket APIs
	status  int    // of the decision, 200 or that of the refusal; 0 where nobody was asked
}

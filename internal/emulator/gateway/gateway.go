// Package gateway serves deployed HTTP APIs: it finds the API, the stage and the
// route of a request, calls the route's function or server, and answers with
// AWS's own errors. It must not know the control plane, which fills an [API], nor
// Lambda, nor how they keep what they hold.
package gateway

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/cors"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway/routekey"
)

// PathPrefix is where APIs are served by path: PathPrefix + API id + the path. An
// address of this form needs no DNS; the Host form, {id}.execute-api.localhost,
// works wherever the client resolves names below localhost.
const PathPrefix = "/_aws/execute-api/"

// hostLabel is the second label of the host names of APIs.
const hostLabel = "execute-api"

// DefaultStage is the stage that is served without a path prefix of its own.
const DefaultStage = "$default"

// Limits of HTTP APIs, in bytes.
const (
	maxRequest = 10 << 20 // the body of a request
	maxPayload = 6 << 20  // what Lambda takes and gives
)

// An API is a snapshot of one HTTP API and its stages.
type API struct {
	ID    string
	Scope env.Scope
	// Closed APIs have their execute-api endpoint disabled.
	Closed bool
	Stages map[string]Stage
}

// A Stage is one deployment as it is served.
type Stage struct {
	Name      string
	Variables map[string]string
	CORS      *cors.Config // nil where the API has none
	// Routes in order of precedence, see [routekey.Compare].
	Routes []Route
	// Limits of the routes by key, and under "" those of all others.
	Limits map[string]Limit
}

// A Route is a route key and what serves it.
type Route struct {
	Key         routekey.Key
	Operation   string // the operation name; may be empty
	Integration *Integration
}

// An Integration is what a route calls: a Lambda function or an HTTP server.
type Integration struct {
	// Function is the ARN of the function; it may hold ${stageVariables.name}.
	Function string
	// Format is the payload's version for a function, "1.0" or "2.0".
	Format string
	// URL and Method of the server, where Function is empty. Method ANY keeps the
	// request's own; the URL may hold {variables} of the path.
	URL, Method string
	Timeout     time.Duration
}

// A Source knows the APIs. The id is unique over all accounts and regions.
type Source interface {
	API(id string) (*API, bool)
}

// An Invoker runs a function on behalf of the caller in ctx, which is API
// Gateway. A functionError is not empty when the function itself failed.
type Invoker interface {
	InvokeFor(ctx context.Context, functionARN string, payload []byte) (result []byte, functionError string, err error)
}

// A Gateway serves the APIs of a source.
type Gateway struct {
	source  Source
	invoker Invoker
	clock   clock.Clock
	log     *slog.Logger
	limiter limiter
	proxy   http.RoundTripper
}

// New returns a gateway to the APIs of source.
func New(e *env.Env, source Source, invoker Invoker) *Gateway {
	return &Gateway{
		source: source, invoker: invoker, clock: e.Clock, log: e.Log,
		limiter: limiter{clock: e.Clock, buckets: map[bucketKey]bucket{}},
		proxy:   &http.Transport{Proxy: nil, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute},
	}
}

// Serves reports whether a request is for a deployed API and not for AWS.
func Serves(r *http.Request) bool {
	id, _ := address(r)
	return id != ""
}

// address returns the id of the API that a request is for, and its path within
// that API, decoded: HTTP APIs route and show it so, and end it at a question mark
// that was escaped.
func address(r *http.Request) (id, path string) {
	path, _, _ = strings.Cut(r.URL.Path, "?")
	host, rest, _ := strings.Cut(r.Host, ".")
	if label, _, _ := strings.Cut(rest, "."); label == hostLabel {
		return host, "/" + strings.TrimPrefix(path, "/")
	}
	rest, ok := strings.CutPrefix(path, PathPrefix)
	if !ok {
		return "", ""
	}
	id, path, _ = strings.Cut(rest, "/")
	return id, "/" + path
}

// request is one request on its way through the gateway.
type request struct {
	*http.Request
	api    *API
	stage  Stage
	route  Route
	values map[string]string // of the path's variables
	// path is the decoded path with the stage's prefix, as functions see it; rest
	// is the same without.
	path, rest string
	body       []byte
	id         string
	at         time.Time
}

// ServeHTTP answers a request for which [Serves] is true.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := &request{Request: r, id: newRequestID(), at: g.clock.Now()}
	w.Header().Set("Apigw-Requestid", q.id)
	id, path := address(r)
	api, ok := g.source.API(id)
	if !ok || api.Closed {
		fail(w, http.StatusNotFound, "Not Found")
		return
	}
	q.api, q.path = api, path
	if q.stage, q.rest, ok = api.stage(path); !ok {
		fail(w, http.StatusNotFound, "Not Found")
		return
	}
	if q.stage.CORS.Preflight(w, r, http.StatusNoContent) {
		return
	}
	q.stage.CORS.Allow(w.Header(), r)
	if !q.find() {
		fail(w, http.StatusNotFound, "Not Found")
		return
	}
	if !g.limiter.take(q) {
		fail(w, http.StatusTooManyRequests, "Too Many Requests")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		fail(w, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
		return
	}
	if err != nil {
		fail(w, http.StatusBadRequest, "Bad Request")
		return
	}
	q.body = body
	g.integrate(w, q)
}

// integrate calls what serves the route, within its timeout.
func (g *Gateway) integrate(w http.ResponseWriter, q *request) {
	i := q.route.Integration
	if i == nil {
		fail(w, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	ctx, cancel := context.WithCancelCause(q.Context())
	defer cancel(nil)
	timer := g.clock.AfterFunc(i.Timeout, func() { cancel(context.DeadlineExceeded) })
	defer timer.Stop()
	if i.Function != "" {
		g.invoke(ctx, w, q)
	} else {
		g.forward(ctx, w, q)
	}
}

// stage chooses the stage by the first part of the path, else the default stage,
// and returns the path within it.
func (a *API) stage(path string) (Stage, string, bool) {
	name, rest, _ := strings.Cut(path[1:], "/")
	if s, ok := a.Stages[name]; ok && name != DefaultStage {
		return s, "/" + rest, true
	}
	s, ok := a.Stages[DefaultStage]
	return s, path, ok
}

// find sets the route that serves the request.
func (q *request) find() bool {
	for _, route := range q.stage.Routes {
		if values, ok := route.Key.Match(q.Method, q.rest); ok {
			q.route, q.values = route, values
			return true
		}
	}
	return false
}

// caller is API Gateway calling on behalf of the route: resource policies name
// arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/path with the path of the
// route key, variables included, or API/STAGE/$default.
func (q *request) caller() env.Caller {
	resource := q.api.ID + "/" + q.stage.Name + "/"
	switch key := q.route.Key; {
	case key.IsDefault():
		resource += routekey.Default
	case key.Method == "ANY":
		resource += q.Method + key.Path
	default:
		resource += key.Method + key.Path
	}
	return env.Caller{
		Service:       "apigateway.amazonaws.com",
		SourceARN:     q.api.Scope.ARN(hostLabel, resource),
		SourceAccount: q.api.Scope.Account,
	}
}

// expand replaces ${stageVariables.name} in s; unknown names become empty.
func (q *request) expand(s string) string {
	const open = "${stageVariables."
	for {
		i := strings.Index(s, open)
		if i < 0 {
			return s
		}
		name, rest, ok := strings.Cut(s[i+len(open):], "}")
		if !ok {
			return s
		}
		s = s[:i] + q.stage.Variables[name] + rest
	}
}

// domain is the host name under which the API is addressed, with its port.
func (q *request) domain() string {
	if strings.HasPrefix(q.Host, q.api.ID+"."+hostLabel+".") {
		return q.Host
	}
	domain := q.api.ID + "." + hostLabel + ".localhost"
	if _, port, err := net.SplitHostPort(q.Host); err == nil {
		domain += ":" + port
	}
	return domain
}

// sourceIP is the client's address without the port.
func (q *request) sourceIP() string {
	host, _, err := net.SplitHostPort(q.RemoteAddr)
	if err != nil {
		return q.RemoteAddr
	}
	return host
}

// port is the port at which the request arrived.
func (q *request) port() string {
	if u := (&url.URL{Host: q.Host}); u.Port() != "" {
		return u.Port()
	}
	return "80"
}

// newRequestID returns an id in the form of HTTP APIs, such as JKJaXmPLvHcESHA=.
func newRequestID() string {
	var b [11]byte
	_, _ = rand.Read(b[:]) // crypto/rand never fails
	return base64.StdEncoding.EncodeToString(b[:])
}

// fail answers with an error in API Gateway's form.
func fail(w http.ResponseWriter, status int, message string) {
	body := `{"message":` + strconv.Quote(message) + `}`
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // a client that has left is no error of ours
}

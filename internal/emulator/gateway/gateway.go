// Package gateway serves deployed HTTP and WebSocket APIs: it finds the API, the stage
// and the route of a request or a message, asks who may call it, calls what serves it,
// and answers with AWS's own errors. It must not know the control plane, which fills an
// [API], nor the services that it calls, nor how they keep what they hold.
package gateway

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// PathPrefix is where APIs are served by path: PathPrefix + API id + the path. An
// address of this form needs no DNS; the Host form, {id}.execute-api.localhost,
// works wherever the client resolves names below localhost. In place of the id, a
// custom domain name can stand.
const PathPrefix = "/_aws/execute-api/"

// hostLabel is the second label of the host names of APIs.
const hostLabel = "execute-api"

// Limits of HTTP APIs, in bytes.
const (
	maxRequest = 10 << 20 // the body of a request
	maxPayload = 6 << 20  // what Lambda takes and gives
)

// Links are what a gateway calls.
type Links struct {
	Functions  Invoker
	Calls      Calls
	Roles      Roles
	Identities Identities
	Signatures Signatures
	Logs       Logs
	Keys       Keys // nil: there are none
	// Connected is told of each WebSocket, and what it returns of its end; it may be nil.
	Connected func() (end func())
}

// An Invoker runs a function on behalf of the caller in ctx. stream is called when the
// function begins to answer and returns what takes the answer: in parts from a function
// that streams, else at once. failure describes the error of a function that failed; an
// error says that it did not run.
type Invoker interface {
	InvokeStreamFor(ctx context.Context, functionARN string, payload []byte, stream func(contentType string) io.Writer) (failure []byte, err error)
}

// Calls carries out operations of AWS services, whose inputs and outputs are JSON with
// the names of the SDK's types. AWS's errors are *[CallError].
type Calls interface {
	Call(ctx context.Context, pkg, operation string, params []byte) (output []byte, err error)
}

// A CallError is an error that a service answered.
type CallError struct {
	Code, Message string
	Status        int
}

// Error implements error.
func (e *CallError) Error() string { return e.Code + ": " + e.Message }

// Roles hands out the credentials of roles to services.
type Roles interface {
	AssumeForService(ctx context.Context, role, principal, session string) (key, secret, token string, expires time.Time, err error)
}

// Identities knows what the policies of principals let them do.
type Identities interface {
	Allows(ctx context.Context, principal, action, resource string) (bool, error)
}

// Signatures checks who signed a request; its errors are AWS's.
type Signatures interface {
	Verify(r *http.Request, body []byte) (env.Caller, error)
}

// Logs takes lines of text.
type Logs interface {
	// Append adds lines of one moment to a stream of a group that is there.
	Append(ctx context.Context, group, stream string, at time.Time, mayMake func() bool, lines ...string) error
}

// A Gateway serves the APIs of a source.
type Gateway struct {
	source  Source
	links   Links
	clock   clock.Clock
	log     *slog.Logger
	limiter limiter
	proxy   http.RoundTripper
	tokens  tokens
	answers answers
	sockets sockets
}

// New returns a gateway to the APIs of source.
func New(e *env.Env, source Source, links Links) *Gateway {
	g := &Gateway{
		source: source, links: links, clock: e.Clock, log: e.Log,
		limiter: limiter{clock: e.Clock, buckets: map[bucketKey]bucket{}},
		proxy:   &http.Transport{Proxy: nil, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute},
		tokens:  tokens{clock: e.Clock, issuers: map[string]*issuer{}},
		answers: answers{clock: e.Clock, kept: map[answerKey]answered{}},
		sockets: sockets{open: map[string]*socket{}},
	}
	g.sockets.alive, g.sockets.end = context.WithCancel(context.Background())
	return g
}

// Serves reports whether a request is for a deployed API and not for AWS.
func (g *Gateway) Serves(r *http.Request) bool {
	id, _ := address(r)
	return id != "" || strings.HasPrefix(r.URL.Path, connectionsPath) || g.ServesHost(r.Host)
}

// ServesHost reports whether a host is a custom domain name that somebody made.
func (g *Gateway) ServesHost(host string) bool {
	_, ok := g.domain(host)
	return ok
}

// domain returns the custom domain name of a host, or the wildcard that it falls under.
func (g *Gateway) domain(host string) (*Domain, bool) {
	name := strings.ToLower(host)
	if h, _, err := net.SplitHostPort(name); err == nil {
		name = h
	}
	if !strings.Contains(name, ".") {
		return nil, false
	}
	if d, ok := g.source.Domain(name); ok {
		return d, true
	}
	_, parent, _ := strings.Cut(name, ".")
	return g.source.Domain("*." + parent)
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

// ServeHTTP answers a request for which [Gateway.Serves] is true.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if id, ok := connectionOf(r.URL.Path); ok {
		g.manage(w, r, nil, "", id)
		return
	}
	q := g.begin(w, r)
	ok := q.resolve()
	if ok && q.api.WebSocket {
		if id, is := connectionOf(q.rest); is {
			g.manage(w, r, q.api, q.stage.Name, id)
			return
		}
	}
	defer q.record()
	switch {
	case !ok:
		q.fail(http.StatusNotFound, "Not Found")
	case q.api.WebSocket:
		g.connect(q)
	default:
		g.serve(q)
	}
}

// serve answers a request to an HTTP API.
func (g *Gateway) serve(q *request) {
	if q.stage.CORS.Preflight(q, q.Request, http.StatusNoContent) {
		return
	}
	q.stage.CORS.Allow(q.Header(), q.Request)
	var ok bool
	if q.route, q.values, ok = q.stage.Routes.Find(q.Method, q.rest); !ok {
		q.fail(http.StatusNotFound, "Not Found")
		return
	}
	if !g.limiter.take(q.api, q.stage, q.route.Key) {
		q.fail(http.StatusTooManyRequests, "Too Many Requests")
		return
	}
	if !q.read() || !g.admit(q) {
		return
	}
	g.integrate(q)
}

// integrate calls what serves the route, within its timeout.
func (g *Gateway) integrate(q *request) {
	i := q.route.Integration
	if i == nil {
		q.fail(http.StatusInternalServerError, "Internal Server Error")
		return
	}
	ctx, cancel := context.WithCancelCause(q.Context())
	defer cancel(nil)
	timer := g.clock.AfterFunc(i.Timeout, func() { cancel(context.DeadlineExceeded) })
	defer timer.Stop()
	q.called = g.clock.Now()
	switch {
	case i.Function != "":
		g.invoke(ctx, q)
	case i.Service != nil:
		g.call(ctx, q)
	default:
		g.forward(ctx, q)
	}
}

// principal is API Gateway as who calls.
const principal = "apigateway.amazonaws.com"

// as returns a context for calls on behalf of an API: with a role if one is named, or in
// the name of API Gateway for the resource of that ARN.
func (g *Gateway) as(ctx context.Context, a *API, role, sourceARN, session string) (context.Context, error) {
	ctx = env.WithScope(ctx, a.Scope)
	if role == "" {
		return env.WithCaller(ctx, env.Caller{Service: principal, SourceARN: sourceARN, SourceAccount: a.Scope.Account}), nil
	}
	if _, _, _, _, err := g.links.Roles.AssumeForService(ctx, role, principal, session); err != nil {
		return nil, err
	}
	return env.WithCaller(ctx, env.Caller{ARN: env.SessionARN(role, session)}), nil
}

// quote is a text as JSON.
func quote(text string) string { return string(jsonvalue.AppendString(nil, text)) }

package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/coder/websocket"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway/routekey"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/payload"
)

// The routes of WebSocket APIs that are not for messages.
const (
	Connect    = "$connect"
	Disconnect = "$disconnect"
)

// connect lets a client in whom the $connect route admits, and turns the connection into
// a WebSocket. It returns at once: the socket goes on by itself.
func (g *Gateway) connect(q *request) {
	s := g.newSocket(q)
	m := g.newMessage(s, q.stage.Messages[Connect], "CONNECT", nil)
	m.from, m.stage, q.message = q, q.stage, m
	q.route = m.route
	if !headerHas(q.Request.Header, "Connection", "upgrade") || !headerHas(q.Request.Header, "Upgrade", "websocket") {
		q.failSocket(http.StatusUpgradeRequired, "Upgrade Required")
		return
	}
	if q.rest != "/" {
		q.failSocket(http.StatusForbidden, "Forbidden")
		return
	}
	protocols, ok := g.welcome(q, m)
	if !ok {
		return
	}
	s.key = q.keyOf()
	meter := &hijacker{ResponseWriter: q.w}
	q.status = http.StatusOK // as access logs have it
	conn, err := websocket.Accept(meter, q.Request, &websocket.AcceptOptions{
		InsecureSkipVerify: true, // pages of any origin may come in, as they may at AWS
		Subprotocols:       protocols,
		OnPingReceived:     func(context.Context, []byte) bool { s.touch(); return true },
	})
	if err != nil {
		q.status = http.StatusBadRequest // it has been answered
		return
	}
	conn.SetReadLimit(maxMessage)
	if !g.sockets.add(s, conn) {
		_ = conn.Close(websocket.StatusGoingAway, "Going away") // the emulator closes
	}
}

// welcome asks who connects and calls the $connect route's integration, if there is one.
// When the client may not come in, it has been answered.
func (g *Gateway) welcome(q *request, m *message) (protocols []string, ok bool) {
	if m.route == nil {
		return nil, true
	}
	if !g.limiter.take(q.api, q.stage, Connect) {
		q.failSocket(http.StatusTooManyRequests, "Too Many Requests")
		return nil, false
	}
	if !g.admitSocket(q) {
		return nil, false
	}
	if m.route.APIKey {
		key, status, message := g.admitKey(q.Context(), q.api, q.stage.Name, q.keyOf())
		if status != 0 {
			q.failSocket(status, message)
			return nil, false
		}
		q.who.apiKey = key
	}
	if names := m.route.missing(q); names != nil {
		q.failSocket(http.StatusBadRequest, "Missing required request parameters: ["+strings.Join(names, ", ")+"]")
		return nil, false
	}
	m.socket.who = q.who
	if m.route.Integration == nil {
		return nil, true
	}
	q.called = g.clock.Now()
	r, err := g.integrateMessage(q.Context(), m)
	q.took = g.clock.Now().Sub(q.called)
	if err != nil {
		q.integral = err.Error()
		g.log.Warn("an integration failed", "api", q.api.ID, "route", Connect, "reason", err)
		q.failSocket(http.StatusBadGateway, "Internal server error")
		return nil, false
	}
	if q.gave = r.Status; r.Status < 200 || r.Status > 299 {
		q.refuseSocket(r)
		return nil, false
	}
	for _, list := range r.Headers.Values("Sec-Websocket-Protocol") {
		for name := range strings.SplitSeq(list, ",") {
			protocols = append(protocols, strings.TrimSpace(name))
		}
	}
	return protocols, true
}

// refuseSocket answers a client what the $connect integration has answered.
func (q *request) refuseSocket(r *payload.Result) {
	for name, values := range r.Headers {
		q.Header()[name] = values
	}
	q.Header().Set("Content-Length", strconv.Itoa(len(r.Body)))
	q.WriteHeader(r.Status)
	_, _ = q.Write(r.Body) // a client that has left is no error of ours
}

// admitSocket is admit with the errors of WebSocket APIs.
func (g *Gateway) admitSocket(q *request) bool {
	switch a := q.route.Authorizer; {
	case q.route.IAM:
		caller, err := g.verified(q)
		if err != nil {
			q.who.failed = err.Error()
			q.failSocket(http.StatusForbidden, "Forbidden")
			return false
		}
		q.who.caller = &caller
	case a != nil:
		if status, message := g.ask(q, a); status != 0 {
			q.who.failed = cmp.Or(q.who.failed, message)
			q.failSocket(status, message)
			return false
		}
	}
	return true
}

// failSocket answers a request to a WebSocket API with an error.
func (q *request) failSocket(status int, text string) {
	q.reason = text
	body := `{"message": ` + quote(text) + `, "connectionId":` + quote(q.message.socket.id) + `, "requestId":` + quote(q.id) + `}`
	q.Header().Set("Content-Type", "application/json")
	q.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if status == http.StatusUpgradeRequired {
		q.Header().Set("Upgrade", "websocket")
	}
	q.WriteHeader(status)
	_, _ = io.WriteString(q, body) //nolint:gosec // JSON, and said to be that; a client that has left is no error of ours
}

// headerHas reports whether a header's list has a token.
func headerHas(h http.Header, name, token string) bool {
	for _, list := range h.Values(name) {
		for item := range strings.SplitSeq(list, ",") {
			if strings.EqualFold(strings.TrimSpace(item), token) {
				return true
			}
		}
	}
	return false
}

// deliver carries out one message of a client.
func (g *Gateway) deliver(ctx context.Context, s *socket, typ websocket.MessageType, body []byte) {
	stage := g.stageOf(s)
	if stage == nil {
		s.complain(ctx, "Forbidden", newRequestID())
		return
	}
	m := g.newMessage(s, nil, "MESSAGE", body)
	m.binary = typ == websocket.MessageBinary
	m.stage, m.id = stage, newConnectionID()
	m.route = stage.Messages[stage.select_(m)]
	if m.route == nil {
		m.route = stage.Messages[routekey.Default]
	}
	defer m.record()
	switch {
	case m.route == nil:
		m.status, m.reason = http.StatusForbidden, "Forbidden"
	case !g.limiter.take(s.api, stage, m.route.Key):
		m.status, m.reason = http.StatusTooManyRequests, "Too Many Requests"
	case m.route.Integration == nil:
		m.status, m.reason = http.StatusInternalServerError, "Internal server error"
	case m.route.APIKey:
		m.key, m.status, m.reason = g.admitKey(ctx, s.api, stage.Name, s.key)
	}
	if m.reason != "" {
		s.complain(ctx, m.reason, m.request)
		return
	}
	m.called = g.clock.Now()
	r, err := g.integrateMessage(ctx, m)
	m.took = g.clock.Now().Sub(m.called)
	if err != nil {
		if ctx.Err() != nil {
			return
		}
		g.log.Warn("an integration failed", "api", s.api.ID, "route", m.route.Key, "reason", err)
		m.status, m.reason, m.integral = http.StatusInternalServerError, "Internal server error", err.Error()
		s.complain(ctx, m.reason, m.request)
		return
	}
	m.status, m.gave = http.StatusOK, r.Status
	if m.route.Responds && len(r.Body) > 0 {
		m.length = int64(len(r.Body))
		_ = s.send(ctx, r.Body) // a client that has left is no error of ours
	}
}

// select_ is the key of the route that a message asks for.
func (st *Stage) select_(m *message) string { //nolint:revive // select is a word of Go
	k, ok := st.Selection.eval(m)
	if !ok || strings.HasPrefix(k, "$") {
		return routekey.Default
	}
	return k
}

// depart calls the $disconnect route's integration.
func (g *Gateway) depart(ctx context.Context, s *socket, code int, reason string) {
	stage := g.stageOf(s)
	if stage == nil {
		return
	}
	route := stage.Messages[Disconnect]
	if route == nil || route.Integration == nil {
		return
	}
	m := g.newMessage(s, route, "DISCONNECT", nil)
	m.stage, m.code, m.why = stage, code, reason
	defer m.record()
	m.called = g.clock.Now()
	r, err := g.integrateMessage(ctx, m)
	m.took = g.clock.Now().Sub(m.called)
	if err != nil {
		m.status, m.integral = http.StatusInternalServerError, err.Error()
		if ctx.Err() == nil {
			g.log.Warn("an integration failed", "api", s.api.ID, "route", Disconnect, "reason", err)
		}
		return
	}
	m.status, m.gave = http.StatusOK, r.Status
}

// stageOf is the stage of a socket as it is deployed now; nil where it is gone.
func (g *Gateway) stageOf(s *socket) *Stage {
	a, ok := g.source.API(s.api.ID)
	if !ok {
		return nil
	}
	return a.Stages[s.stage]
}

// errTimeout is the end of an integration that took too long.
var errTimeout = errors.New("the integration took too long")

// integrateMessage calls what serves a message, within its timeout.
func (g *Gateway) integrateMessage(ctx context.Context, m *message) (*payload.Result, error) {
	i := m.route.Integration
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer g.clock.AfterFunc(i.Timeout, func() { cancel(errTimeout) }).Stop()
	call := g.callProxy
	if !i.Proxy {
		call = g.callTemplated
	}
	r, err := call(ctx, m, i)
	if err != nil && errors.Is(context.Cause(ctx), errTimeout) {
		return nil, fmt.Errorf("%w: %s are allowed", errTimeout, i.Timeout)
	}
	return r, err
}

// callProxy hands a message to a function or a server as it is.
func (g *Gateway) callProxy(ctx context.Context, m *message, i *Integration) (*payload.Result, error) {
	if i.Function == "" {
		return g.sendMessage(ctx, m, i, m.body)
	}
	event, err := m.event()
	if err != nil {
		return nil, err
	}
	raw, err := g.invokeMessage(ctx, m, i, event)
	if err != nil {
		return nil, err
	}
	r, err := payload.Parse(raw, "1.0")
	if err != nil && m.kind == "MESSAGE" && !m.route.Responds {
		return &payload.Result{Status: http.StatusOK}, nil // nobody is told what it answers
	}
	return r, err
}

// invokeMessage calls a function for a message.
func (g *Gateway) invokeMessage(ctx context.Context, m *message, i *Integration, event []byte) ([]byte, error) {
	source := m.socket.api.Scope.ARN(hostLabel, m.socket.api.ID+"/"+m.stage.Name+"/"+m.route.Key)
	ctx, err := g.as(ctx, m.socket.api, i.Role, source, sessionName(m.request))
	if err != nil {
		return nil, err
	}
	return g.whole(ctx, m.stage.expand(i.Function), event)
}

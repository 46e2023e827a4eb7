package gateway

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/payload"
)

// message is what a client of a WebSocket API does: it connects, sends something, or
// leaves.
type message struct {
	socket  *socket
	stage   *Stage
	route   *Route
	from    *request // that connects; nil of others
	kind    string   // CONNECT, MESSAGE or DISCONNECT
	id      string   // of a MESSAGE
	request string   // its id
	at      time.Time
	body    []byte
	binary  bool
	code    int    // of a DISCONNECT
	why     string // of a DISCONNECT
	key     Key    // that the route asked for

	// What the access log tells.
	status   int
	length   int64
	called   time.Time
	took     time.Duration
	gave     int
	reason   string
	integral string
}

func (g *Gateway) newMessage(s *socket, route *Route, kind string, body []byte) *message {
	return &message{socket: s, route: route, kind: kind, request: newRequestID(), at: g.clock.Now(), body: body}
}

// messageEvent is what a function gets.
type messageEvent struct {
	Type                            string              `json:"type,omitempty"`      // of authorizers
	MethodARN                       string              `json:"methodArn,omitempty"` // of authorizers
	Headers                         map[string]string   `json:"headers,omitempty"`
	MultiValueHeaders               map[string][]string `json:"multiValueHeaders,omitempty"`
	QueryStringParameters           map[string]string   `json:"queryStringParameters,omitempty"`
	MultiValueQueryStringParameters map[string][]string `json:"multiValueQueryStringParameters,omitempty"`
	StageVariables                  map[string]string   `json:"stageVariables,omitempty"`
	RequestContext                  messageContext      `json:"requestContext"`
	Body                            *string             `json:"body,omitempty"`
	IsBase64Encoded                 *bool               `json:"isBase64Encoded,omitempty"` // absent for authorizers
}

type messageContext struct {
	RouteKey             string             `json:"routeKey"`
	Authorizer           any                `json:"authorizer,omitempty"`
	MessageID            string             `json:"messageId,omitempty"`
	EventType            string             `json:"eventType"`
	ExtendedRequestID    string             `json:"extendedRequestId"`
	RequestTime          string             `json:"requestTime"`
	MessageDirection     string             `json:"messageDirection"`
	DisconnectStatusCode int                `json:"disconnectStatusCode,omitempty"`
	DisconnectReason     *string            `json:"disconnectReason,omitempty"`
	Stage                string             `json:"stage"`
	ConnectedAt          int64              `json:"connectedAt"` // milliseconds
	RequestTimeEpoch     int64              `json:"requestTimeEpoch"`
	Identity             map[string]*string `json:"identity"`
	RequestID            string             `json:"requestId"`
	DomainName           string             `json:"domainName"`
	ConnectionID         string             `json:"connectionId"`
	APIID                string             `json:"apiId"`
}

// event is the message as a function gets it.
func (m *message) event() ([]byte, error) {
	e := m.plain()
	encoded := m.binary
	e.IsBase64Encoded = &encoded
	if m.kind == "MESSAGE" {
		text := string(m.body)
		if m.binary {
			text = base64.StdEncoding.EncodeToString(m.body)
		}
		e.Body = &text
	}
	return json.Marshal(e)
}

// authorizerEvent is the message as an authorizer's function gets it.
func (m *message) authorizerEvent(arn string) ([]byte, error) {
	e := m.plain()
	e.Type, e.MethodARN = "REQUEST", arn
	return json.Marshal(e)
}

func (m *message) plain() *messageEvent {
	s := m.socket
	ip, agent := s.ip, s.agent
	identity := map[string]*string{"sourceIp": &ip}
	if agent != "" {
		identity["userAgent"] = &agent
	}
	e := &messageEvent{
		StageVariables: m.stage.Variables,
		RequestContext: messageContext{
			RouteKey: m.routeKey(), MessageID: m.id, EventType: m.kind, ExtendedRequestID: m.request,
			RequestTime: m.at.UTC().Format(payload.CLFTime), MessageDirection: "IN", Stage: s.stage, ConnectedAt: s.at.UnixMilli(),
			RequestTimeEpoch: m.at.UnixMilli(), Identity: identity, RequestID: m.request, DomainName: s.host, ConnectionID: s.id, APIID: s.api.ID,
		},
	}
	if a := s.who.socket(); a != nil {
		e.RequestContext.Authorizer = a
	}
	switch {
	case m.from != nil:
		e.MultiValueHeaders = m.from.headers()
		e.Headers = lasts(e.MultiValueHeaders)
		if parameters := m.from.parameters(); len(parameters) > 0 {
			e.QueryStringParameters, e.MultiValueQueryStringParameters = lasts(parameters), parameters
		}
	case m.kind == "DISCONNECT":
		e.RequestContext.DisconnectStatusCode, e.RequestContext.DisconnectReason = m.code, &m.why
		e.MultiValueHeaders = http.Header{"Host": {s.host}, "x-api-key": {""}, "X-Forwarded-For": {""}, "x-restapi": {""}}
		e.Headers = lasts(e.MultiValueHeaders)
	}
	return e
}

// socket is requestContext.authorizer of WebSocket APIs; nil where there is none.
func (a *authorized) socket() map[string]any {
	if !a.lambda {
		return nil
	}
	out := map[string]any{"principalId": a.user, "integrationLatency": a.took.Milliseconds()}
	for name, v := range a.context {
		out[name] = v
	}
	return out
}

func (m *message) routeKey() string {
	if m.route == nil {
		return ""
	}
	return m.route.Key
}

// lookup implements scope.
func (m *message) lookup(t term) (string, bool) {
	switch t.source {
	case body:
		return t.inBody(m.body)
	case contextual:
		return m.context(t.name)
	case variables:
		v, ok := m.stage.Variables[t.name]
		return v, ok
	}
	if m.from != nil {
		return m.from.lookup(t)
	}
	return "", false
}

// context is the value of $context.name.
func (m *message) context(name string) (string, bool) {
	if rest, ok := strings.CutPrefix(name, "authorizer."); ok {
		return m.socket.who.lookup(rest)
	}
	if isAccess(name) {
		return m.socket.who.access(name)
	}
	f, ok := messageVariables[name]
	if !ok {
		return "", false
	}
	v := f(m)
	return v, v != ""
}

// messageVariables are the variables of AWS's list for WebSocket APIs. An empty text is
// no value.
var messageVariables = map[string]func(m *message) string{
	"accountId":                     func(m *message) string { return m.socket.api.Scope.Account },
	"apiId":                         func(m *message) string { return m.socket.api.ID },
	"connectedAt":                   func(m *message) string { return strconv.FormatInt(m.socket.at.UnixMilli(), 10) },
	"connectionId":                  func(m *message) string { return m.socket.id },
	"domainName":                    func(m *message) string { return m.socket.host },
	"error.message":                 func(m *message) string { return m.reason },
	"error.messageString":           func(m *message) string { return quoted(m.reason) },
	"error.responseType":            func(m *message) string { return responseType(m.status, m.reason) },
	"eventType":                     func(m *message) string { return m.kind },
	"extendedRequestId":             func(m *message) string { return m.request },
	"identity.apiKey":               func(m *message) string { return m.apiKey().Value },
	"identity.apiKeyId":             func(m *message) string { return m.apiKey().ID },
	"identity.sourceIp":             func(m *message) string { return m.socket.ip },
	"identity.userAgent":            func(m *message) string { return m.socket.agent },
	"identity.accountId":            func(m *message) string { return m.socket.signer().account },
	"identity.caller":               func(m *message) string { return m.socket.signer().id },
	"identity.user":                 func(m *message) string { return m.socket.signer().id },
	"identity.userArn":              func(m *message) string { return m.socket.signer().arn },
	"integration.error":             func(m *message) string { return m.integral },
	"integration.status":            func(m *message) string { return statusText(m.gave) },
	"integrationErrorMessage":       func(m *message) string { return m.integral },
	"integration.integrationStatus": func(m *message) string { return statusText(m.gave) },
	"integration.latency":           func(m *message) string { return m.latency() },
	"integrationLatency":            func(m *message) string { return m.latency() },
	"integrationStatus":             func(m *message) string { return statusText(m.gave) },
	"messageDirection":              func(*message) string { return "IN" },
	"messageId":                     func(m *message) string { return m.id },
	"requestId":                     func(m *message) string { return m.request },
	"requestTime":                   func(m *message) string { return m.at.UTC().Format(payload.CLFTime) },
	"requestTimeEpoch":              func(m *message) string { return strconv.FormatInt(m.at.UnixMilli(), 10) },
	"responseLength":                func(m *message) string { return strconv.FormatInt(m.length, 10) },
	"routeKey":                      func(m *message) string { return m.routeKey() },
	"stage":                         func(m *message) string { return m.socket.stage },
	"status":                        func(m *message) string { return statusText(m.status) },
	"disconnectStatusCode":          func(m *message) string { return statusText(m.code) },
	"disconnectReason":              func(m *message) string { return m.why },
}

// apiKey is the key that the message's route asked for, or that of the connection's.
func (m *message) apiKey() Key {
	if m.key.ID != "" {
		return m.key
	}
	return m.socket.who.apiKey
}

func (m *message) latency() string {
	if m.called.IsZero() {
		return ""
	}
	return strconv.FormatInt(m.took.Milliseconds(), 10)
}

// record writes the line of the access log.
func (m *message) record() {
	if l := m.stage.Log; l != nil {
		m.socket.g.note(l, m.socket.api, m.stage, l.line(m.context))
	}
}

package gateway

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
)

// connectionsPath is where the connections of a WebSocket API are managed, below the
// path of a stage. Clients that know no stage find it below the emulator's own address:
// the ids of connections tell the APIs apart.
const connectionsPath = "/@connections/"

// manage carries out PostToConnection, GetConnection and DeleteConnection.
func (g *Gateway) manage(w http.ResponseWriter, r *http.Request, a *API, stage, id string) {
	if r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" {
		answerError(w, http.StatusForbidden, "ForbiddenException", "a web page must not manage connections")
		return
	}
	if decoded, err := url.PathUnescape(id); err == nil {
		id = decoded
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		answerError(w, http.StatusRequestEntityTooLarge, "PayloadTooLargeException", "Payload too large")
		return
	}
	caller, err := g.links.Signatures.Verify(r, body)
	if err != nil {
		answerError(w, http.StatusForbidden, "ForbiddenException", err.Error())
		return
	}
	s := g.sockets.get(id)
	if s != nil && a != nil && (s.api.ID != a.ID || s.stage != stage) {
		s = nil
	}
	if s == nil {
		answerError(w, http.StatusGone, "GoneException", "")
		return
	}
	resource := s.api.Scope.ARN(hostLabel, s.api.ID+"/"+s.stage+"/"+r.Method+connectionsPath+id)
	ok, err := g.links.Identities.Allows(env.WithScope(r.Context(), s.api.Scope), caller.ARN, "execute-api:ManageConnections", resource)
	if err != nil || !ok {
		answerError(w, http.StatusForbidden, "ForbiddenException",
			"User: "+caller.ARN+" is not authorized to perform: execute-api:ManageConnections on resource: "+resource)
		return
	}
	switch r.Method {
	case http.MethodPost:
		g.post(w, r, s, body)
	case http.MethodGet:
		s.describe(w)
	case http.MethodDelete:
		s.close(websocket.StatusNormalClosure, "")
		w.WriteHeader(http.StatusNoContent)
	default:
		answerError(w, http.StatusMethodNotAllowed, "MethodNotAllowedException", "Method Not Allowed")
	}
}

// post sends a message to a client.
func (g *Gateway) post(w http.ResponseWriter, r *http.Request, s *socket, body []byte) {
	if len(body) > maxMessage {
		answerError(w, http.StatusRequestEntityTooLarge, "PayloadTooLargeException", "Payload too large")
		return
	}
	if err := s.send(r.Context(), body); err != nil && !errors.Is(err, r.Context().Err()) {
		answerError(w, http.StatusGone, "GoneException", "")
		return
	}
	w.WriteHeader(http.StatusOK)
}

// describe answers what is known of a connection.
func (s *socket) describe(w http.ResponseWriter) {
	s.mu.Lock()
	active := s.active
	s.mu.Unlock()
	body := `{"connectedAt":` + quote(s.at.UTC().Format(time.RFC3339)) +
		`,"identity":{"sourceIp":` + quote(s.ip) + `,"userAgent":` + quote(s.agent) + `},"lastActiveAt":` + quote(active.UTC().Format(time.RFC3339)) + `}`
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = io.WriteString(w, body) // a client that has left is no error of ours
}

// answerError answers an error of the connections' API.
func answerError(w http.ResponseWriter, status int, code, message string) {
	body := "{}"
	if message != "" {
		body = `{"message":` + quote(message) + `}`
	}
	w.Header().Set("X-Amzn-Errortype", code)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) //nolint:gosec // JSON, and said to be that; a client that has left is no error of ours
}

// connectionOf is the id of the connection that a path within an API is about.
func connectionOf(path string) (id string, ok bool) { return strings.CutPrefix(path, connectionsPath) }

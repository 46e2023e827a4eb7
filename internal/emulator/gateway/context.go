package gateway

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/payload"
)

// lookup implements scope for the request.
func (q *request) lookup(t term) (string, bool) {
	switch t.source {
	case header, multiHeader:
		values := q.Request.Header.Values(t.name)
		if strings.EqualFold(t.name, "Host") {
			values = []string{q.Host}
		}
		return strings.Join(values, ","), len(values) > 0
	case query, multiQuery:
		values := q.parameters()[t.name]
		return strings.Join(values, ","), len(values) > 0
	case pathText:
		return q.path, true
	case pathValue:
		v, ok := q.values[t.name]
		return v, ok
	case methodText:
		return q.Method, true
	case body:
		return t.inBody(q.body)
	case variables:
		v, ok := q.stage.Variables[t.name]
		return v, ok
	case contextual:
		return q.context(t.name)
	}
	return "", false
}

// context is the value of $context.name.
func (q *request) context(name string) (string, bool) {
	if rest, ok := strings.CutPrefix(name, "authorizer."); ok {
		return q.who.lookup(rest)
	}
	if q.message != nil { // what only WebSocket APIs have
		if isAccess(name) {
			return q.who.access(name)
		}
		switch name {
		case "connectionId", "connectedAt", "eventType", "messageDirection":
			return q.message.context(name)
		}
	}
	if f, ok := contextVariables[name]; ok {
		v := f(q)
		return v, v != ""
	}
	return "", false
}

// lookup is the value of $context.authorizer.name.
func (a *authorized) lookup(name string) (string, bool) {
	if claim, ok := strings.CutPrefix(name, "claims."); ok {
		v, ok := a.claims[claim]
		return v, ok
	}
	switch {
	case name == "principalId":
		return a.user, a.user != ""
	case name == "usageIdentifierKey" && a.key != "":
		return a.key, true
	case name == "error":
		return a.failed, a.failed != ""
	}
	if v, ok := a.context[name]; ok {
		return anyText(v), true
	}
	if !a.asked {
		return "", false
	}
	switch name { // of WebSocket APIs, where the function has not said something else by that name
	case "status":
		return statusText(a.status), true
	case "integrationStatus":
		return strconv.Itoa(http.StatusOK), a.status != http.StatusUnauthorized // Lambda's own
	case "latency", "integrationLatency":
		return strconv.FormatInt(a.took.Milliseconds(), 10), true
	}
	return "", false
}

// access is the value of $context.authorize.name, of any route that asks who calls, or of
// $context.authenticate.name, of those that ask for a signature.
func (a *authorized) access(name string) (string, bool) {
	what, name, _ := strings.Cut(name, ".")
	if a.status == 0 || what == "authenticate" && a.asked {
		return "", false
	}
	switch name {
	case "status":
		return statusText(a.status), true
	case "latency":
		return strconv.FormatInt(a.took.Milliseconds(), 10), true
	case "error":
		return a.failed, a.failed != ""
	}
	return "", false
}

// isAccess reports whether a variable is of [authorized.access].
func isAccess(name string) bool {
	return strings.HasPrefix(name, "authorize.") || strings.HasPrefix(name, "authenticate.")
}

// contextVariables are the variables of AWS's list that do not depend on an authorizer.
// An empty text is no value.
var contextVariables = map[string]func(q *request) string{
	"accountId":                     func(q *request) string { return q.api.Scope.Account },
	"apiId":                         func(q *request) string { return q.api.ID },
	"awsEndpointRequestId":          func(q *request) string { return q.endpoint[0] },
	"awsEndpointRequestId2":         func(q *request) string { return q.endpoint[1] },
	"customDomain.basePathMatched":  func(q *request) string { return q.base },
	"dataProcessed":                 func(q *request) string { return strconv.FormatInt(q.length+int64(len(q.body)), 10) },
	"domainName":                    func(q *request) string { return q.domain() },
	"domainPrefix":                  func(q *request) string { return q.prefix() },
	"error.message":                 func(q *request) string { return q.reason },
	"error.messageString":           func(q *request) string { return quoted(q.reason) },
	"error.responseType":            func(q *request) string { return responseType(q.status, q.reason) },
	"extendedRequestId":             func(q *request) string { return q.id },
	"httpMethod":                    func(q *request) string { return q.Method },
	"identity.apiKey":               func(q *request) string { return q.who.apiKey.Value },
	"identity.apiKeyId":             func(q *request) string { return q.who.apiKey.ID },
	"identity.accountId":            func(q *request) string { return q.signer().account },
	"identity.caller":               func(q *request) string { return q.signer().id },
	"identity.sourceIp":             func(q *request) string { return payload.Source(q.Request) },
	"identity.user":                 func(q *request) string { return q.signer().id },
	"identity.userAgent":            func(q *request) string { return q.UserAgent() },
	"identity.userArn":              func(q *request) string { return q.signer().arn },
	"integration.error":             func(q *request) string { return q.integral },
	"integration.integrationStatus": func(q *request) string { return statusText(q.gave) },
	"integration.latency":           func(q *request) string { return q.latency() },
	"integration.requestId":         func(q *request) string { return q.endpoint[0] },
	"integration.status":            func(q *request) string { return statusText(q.gave) },
	"integrationErrorMessage":       func(q *request) string { return q.integral },
	"integrationLatency":            func(q *request) string { return q.latency() },
	"integrationStatus":             func(q *request) string { return statusText(q.gave) },
	"path":                          func(q *request) string { return q.path },
	"protocol":                      func(q *request) string { return q.Proto },
	"requestId":                     func(q *request) string { return q.id },
	"requestTime":                   func(q *request) string { return q.at.UTC().Format(payload.CLFTime) },
	"requestTimeEpoch":              func(q *request) string { return strconv.FormatInt(q.at.UnixMilli(), 10) },
	"responseLatency":               func(q *request) string { return strconv.FormatInt(q.g.clock.Now().Sub(q.at).Milliseconds(), 10) },
	"responseLength":                func(q *request) string { return strconv.FormatInt(q.length, 10) },
	"routeKey":                      func(q *request) string { return q.routeKey() },
	"stage":                         func(q *request) string { return q.stage.Name },
	"status":                        func(q *request) string { return statusText(q.status) },
}

func quoted(text string) string {
	if text == "" {
		return ""
	}
	return quote(text)
}

func statusText(status int) string {
	if status == 0 {
		return ""
	}
	return strconv.Itoa(status)
}

// responseType is the kind of an error that API Gateway itself answers.
func responseType(status int, reason string) string {
	if reason == "" {
		return ""
	}
	if strings.HasPrefix(reason, "Missing required request parameters") {
		return "BAD_REQUEST_PARAMETERS"
	}
	return map[int]string{
		400: "BAD_REQUEST", 401: "UNAUTHORIZED", 403: "ACCESS_DENIED", 404: "NOT_FOUND", 413: "REQUEST_TOO_LARGE",
		429: "THROTTLED", 500: "INTEGRATION_FAILURE", 503: "INTEGRATION_FAILURE", 504: "INTEGRATION_TIMEOUT",
	}[status]
}

func (q *request) latency() string {
	if q.called.IsZero() {
		return ""
	}
	return strconv.FormatInt(q.took.Milliseconds(), 10)
}

func (q *request) routeKey() string {
	if q.route == nil {
		return ""
	}
	return q.route.Key
}

// signed is who signed a request; empty where nobody did.
type signed struct{ account, id, arn string }

func (q *request) signer() signed { return q.who.signer(q.api) }

func (s *socket) signer() signed { return s.who.signer(s.api) }

func (a *authorized) signer(api *API) signed {
	if a.caller == nil {
		return signed{}
	}
	id, _, _ := strings.Cut(a.caller.UserID, ":")
	return signed{api.Scope.Account, id, a.caller.ARN}
}

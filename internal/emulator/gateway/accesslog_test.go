package gateway

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// logged is a format with the variables and a function that compares a line with the
// values that they must have: "*" is any, "-" what does not exist.
func logged(t *testing.T, want map[string]string) (format string, compare func(line string)) {
	t.Helper()
	var names []string
	for name := range want {
		names = append(names, name)
		format += "$context." + name + "\t"
	}
	return format, func(line string) {
		t.Helper()
		_, line, _ = strings.Cut(line, " 32 ")
		got := strings.Split(line, "\t")
		if len(got) != len(names)+1 {
			t.Fatalf("got %q", line)
		}
		for i, name := range names {
			if w := want[name]; w == "*" && (got[i] == "-" || got[i] == "") || w != "*" && got[i] != w {
				t.Errorf("$context.%s: got %q, want %q", name, got[i], w)
			}
		}
	}
}

// told are lines that are logged while others may be.
type told chan string

func (l told) Append(_ context.Context, group, stream string, _ time.Time, _ func() bool, text ...string) error {
	l <- fmt.Sprintf("%s %d %s", group, len(stream), strings.Join(text, ""))
	return nil
}

// take returns n lines, in the order of the alphabet.
func (l told) take(t *testing.T, n int) []string {
	t.Helper()
	var all []string
	for range n {
		select {
		case line := <-l:
			all = append(all, line)
		case <-time.After(time.Minute):
			t.Fatalf("got only %q", all)
		}
	}
	slices.Sort(all)
	return all
}

// TestHTTPVariables has every variable that AWS documents for access logs of HTTP APIs.
func TestHTTPVariables(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amzn-Requestid", "endpoint-1")
		w.Header().Set("X-Amz-Id-2", "endpoint-2")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, "hello")
	}))
	t.Cleanup(server.Close)
	r := newRigWith(t, nil, &Integration{URL: server.URL, Method: "GET", Timeout: time.Minute}, "GET /a/{id}")
	route, _, _ := r.api.Stages["$default"].Routes.Find("GET", "/a/1")
	copied := *route
	copied.IAM = true
	r.route(&copied)
	l := make(told, 10)
	r.links(func(links *Links) { links.Logs, links.Signatures, links.Identities = l, allowed{}, allowed{} })
	want := map[string]string{
		"accountId": "000000000000", "apiId": "api", "authorizer.claims.sub": "-", "authorizer.error": "-", "authorizer.principalId": "-", "authorizer.property": "-",
		"awsEndpointRequestId": "endpoint-1", "awsEndpointRequestId2": "endpoint-2", "customDomain.basePathMatched": "-", "dataProcessed": "8",
		"domainName": "*", "domainPrefix": "api", "error.message": "-", "error.messageString": "-", "error.responseType": "-", "extendedRequestId": "*", "httpMethod": "GET",
		"identity.accountId": "000000000000", "identity.caller": "000000000000", "identity.cognitoAuthenticationProvider": "-", "identity.cognitoAuthenticationType": "-",
		"identity.cognitoIdentityId": "-", "identity.cognitoIdentityPoolId": "-", "identity.principalOrgId": "-", "identity.clientCert.clientCertPem": "-",
		"identity.clientCert.subjectDN": "-", "identity.clientCert.issuerDN": "-", "identity.clientCert.serialNumber": "-", "identity.clientCert.validity.notBefore": "-",
		"identity.clientCert.validity.notAfter": "-", "identity.sourceIp": "127.0.0.1", "identity.user": "000000000000", "identity.userAgent": "test", "identity.userArn": "arn:aws:iam::000000000000:root",
		"integration.error": "-", "integration.integrationStatus": "201", "integration.latency": "0", "integration.requestId": "endpoint-1", "integration.status": "201",
		"integrationErrorMessage": "-", "integrationLatency": "0", "integrationStatus": "201", "path": "/a/1", "protocol": "HTTP/1.1", "requestId": "*",
		"requestTime": "12/Mar/2020:19:03:58 +0000", "requestTimeEpoch": "1584039838390", "responseLatency": "0", "responseLength": "5", "routeKey": "GET /a/{id}", "stage": "$default", "status": "201",
	}
	format, compare := logged(t, want)
	r.stage(func(s *Stage) { s.Log = &AccessLog{Group: "g", Format: format} })
	r.do("GET", "/a/1", "abc", "User-Agent: test")
	compare(l.take(t, 1)[0])

	// Of a request that an authorizer refuses.
	a := &Authorizer{ID: "jwt", Issuer: "http://127.0.0.1:1", Audience: []string{"me"}}
	if err := a.ParseSources([]string{"$request.header.Authorization"}, false); err != nil {
		t.Fatal(err)
	}
	copied.IAM, copied.Authorizer = false, a
	r.route(&copied)
	want = map[string]string{
		"authorizer.error": "the token is malformed or its algorithm is not supported", "error.message": "Unauthorized", "error.messageString": `"Unauthorized"`, "error.responseType": "UNAUTHORIZED",
		"identity.accountId": "-", "identity.caller": "-", "identity.user": "-", "identity.userArn": "-", "integration.status": "-", "integrationLatency": "-", "status": "401",
	}
	format, compare = logged(t, want)
	r.stage(func(s *Stage) { s.Log = &AccessLog{Group: "g", Format: format} })
	r.do("GET", "/a/1", "", "Authorization: x")
	compare(l.take(t, 1)[0])
}

// TestWebSocketVariables has every variable that AWS documents for access logs of
// WebSocket APIs.
func TestWebSocketVariables(t *testing.T) {
	t.Parallel()
	k := newTalk(t, Connect, Disconnect, "x")
	a := &Authorizer{ID: "a", Function: "arn:aws:lambda:eu-north-1:000000000000:function:auth"}
	k.stage.Messages[Connect].Authorizer = a
	effect := "Allow"
	k.function.answer = func(e map[string]any) string {
		if e["type"] == "REQUEST" {
			return `{"principalId":"p","context":{"n":1,"b":true,"s":"text"},"policyDocument":{"Statement":[{"Effect":"` + effect + `","Action":"*","Resource":"*"}]}}`
		}
		return `{"statusCode":200}`
	}
	l := make(told, 10)
	k.gateway.links.Logs = l
	same := map[string]string{
		"accountId": "000000000000", "apiId": "api", "authenticate.error": "-", "authenticate.latency": "-", "authenticate.status": "-", "authorize.error": "-", "authorize.latency": "0", "authorize.status": "200",
		"authorizer.error": "-", "authorizer.integrationLatency": "0", "authorizer.integrationStatus": "200", "authorizer.latency": "0", "authorizer.requestId": "-", "authorizer.status": "200",
		"authorizer.principalId": "p", "authorizer.n": "1", "authorizer.b": "true", "authorizer.s": "text", "authorizer.none": "-",
		"connectedAt": "1767323045000", "connectionId": "*", "domainName": "*", "error.message": "-", "error.messageString": "-", "error.responseType": "-", "error.validationErrorString": "-",
		"extendedRequestId": "*", "identity.accountId": "-", "identity.apiKey": "-", "identity.apiKeyId": "-", "identity.caller": "-", "identity.cognitoAuthenticationProvider": "-", "identity.cognitoAuthenticationType": "-",
		"identity.cognitoIdentityId": "-", "identity.cognitoIdentityPoolId": "-", "identity.principalOrgId": "-", "identity.sourceIp": "127.0.0.1", "identity.user": "-", "identity.userAgent": "test", "identity.userArn": "-",
		"integration.error": "-", "integration.integrationStatus": "200", "integration.latency": "0", "integration.requestId": "-", "integration.status": "200", "integrationLatency": "0",
		"requestId": "*", "requestTime": "02/Jan/2026:03:04:05 +0000", "requestTimeEpoch": "1767323045000", "stage": "dev", "status": "200",
		"waf.error": "-", "waf.latency": "-", "waf.status": "-", "wafResponseCode": "-", "webaclArn": "-", "xrayTraceId": "-",
	}
	for _, row := range []map[string]string{
		{"eventType": "CONNECT", "messageId": "-", "routeKey": "$connect"}, {"eventType": "MESSAGE", "messageId": "*", "routeKey": "x"}, {"eventType": "DISCONNECT", "messageId": "-", "routeKey": "$disconnect"},
	} {
		want := map[string]string{}
		for _, m := range []map[string]string{same, row} {
			for name, v := range m {
				want[name] = v
			}
		}
		format, compare := logged(t, want)
		k.stage.Log = &AccessLog{Group: "g", Format: `$context.eventType ` + format}
		c, _ := k.dial("User-Agent: test")
		if err := c.WriteMessage(websocket.TextMessage, []byte(`{"action":"x"}`)); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			k.next() // the authorizer, $connect, the message
		}
		if err := c.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(1000, "bye")); err != nil {
			t.Fatal(err)
		}
		k.next() // $disconnect
		for _, line := range l.take(t, 3) {
			if kind, rest, _ := strings.Cut(strings.TrimPrefix(line, "g 32 "), " "); kind == row["eventType"] {
				compare("g 32 " + rest)
			}
		}
	}
}

package gateway

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
)

// asked is a rig whose route GET /a has an authorizer's function, which answers what f
// returns; the route's own function is f, too.
func asked(t *testing.T, a *Authorizer, answer func() string, sources ...string) (*rig, *events) {
	t.Helper()
	if err := a.ParseSources(sources, false); err != nil {
		t.Fatal(err)
	}
	a.ID, a.Function = "auth", "arn:aws:lambda:eu-north-1:000000000000:function:auth"
	f := &events{more: make(chan map[string]any, 100), answer: func(e map[string]any) string {
		if e["type"] == "REQUEST" {
			return answer()
		}
		return `{"statusCode":200}`
	}}
	r := newRig(t, nil, "2.0", "GET /a", "GET /b")
	r.links(func(l *Links) { l.Functions = f })
	for _, path := range []string{"/a", "/b"} {
		route, _, _ := r.api.Stages["$default"].Routes.Find("GET", path)
		copied := *route
		copied.Authorizer = a
		r.route(&copied)
	}
	return r, f
}

func TestAuthorizerDecisions(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:execute-api:eu-north-1:000000000000:api/$default/GET/a"
	allow := func(effect, resource string) string {
		return fmt.Sprintf(`{"principalId":"p","policyDocument":{"Statement":[{"Effect":%q,"Action":"execute-api:Invoke","Resource":%q}]}}`, effect, resource)
	}
	// conditional is a policy that allows, or denies what is allowed else, on a condition.
	conditional := func(effect, condition string) string {
		unless := ""
		if effect == "Deny" {
			unless = `,{"Effect":"Allow","Action":"*","Resource":"*"}`
		}
		return fmt.Sprintf(`{"principalId":"p","policyDocument":{"Statement":[{"Effect":%q,"Action":"*","Resource":"*","Condition":%s}%s]}}`, effect, condition, unless)
	}
	for _, row := range []struct {
		name, answer string
		simple       bool
		status       int
	}{
		{"simple yes", `{"isAuthorized":true}`, true, 200},
		{"simple no", `{"isAuthorized":false}`, true, 403},
		{"simple silence", `{}`, true, 500},
		{"a policy where a simple answer is due", allow("Allow", "*"), true, 500},
		{"allowed", allow("Allow", arn), false, 200},
		{"allowed by a pattern", allow("Allow", "arn:aws:execute-api:*:*:api/*/GET/*"), false, 200},
		{"another resource", allow("Allow", arn+"b"), false, 403},
		{"denied", allow("Deny", "*"), false, 403},
		{"one statement that is no list", `{"policyDocument":{"Statement":{"Effect":"Allow","Action":["execute-api:*"],"Resource":["*"]}}}`, false, 200},
		{"denied but for another resource", `{"policyDocument":{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","NotResource":"` + arn + `b"}]}}`, false, 403},
		{"denied but for this resource", `{"policyDocument":{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","NotResource":"` + arn + `"}]}}`, false, 200},
		{"denied but for another action", `{"policyDocument":{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","NotAction":"sqs:*","Resource":"*"}]}}`, false, 403},
		{"allowed but for another resource", `{"policyDocument":{"Statement":[{"Effect":"Allow","Action":"*","NotResource":["` + arn + `b"]}]}}`, false, 200},
		{"no effect of IAM's", `{"policyDocument":{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"deny","Action":"*","Resource":"*"}]}}`, false, 500},
		{"denied and allowed", `{"policyDocument":{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*"}]}}`, false, 403},
		{"allowed from this address", conditional("Allow", `{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","127.0.0.0/8"]}}`), false, 200},
		{"allowed from another address", conditional("Allow", `{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`), false, 403},
		{"denied from another address", conditional("Deny", `{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`), false, 200},
		{"denied from this address", conditional("Deny", `{"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`), false, 403},
		{"allowed until later", conditional("Allow", `{"DateLessThan":{"aws:CurrentTime":"2020-03-12T19:04:00Z"},"DateGreaterThan":{"aws:EpochTime":"1584039600"}}`), false, 200},
		{"allowed until before", conditional("Allow", `{"DateLessThan":{"aws:CurrentTime":"2020-03-12T19:03:00Z"}}`), false, 403},
		{"allowed to such a client", conditional("Allow", `{"StringLike":{"aws:UserAgent":"Go-http-*"},"StringNotEquals":{"aws:Referer":"x"}}`), false, 200},
		{"allowed over TLS", conditional("Allow", `{"Bool":{"aws:SecureTransport":"true"}}`), false, 403},
		{"allowed in this region", conditional("Allow", `{"StringEquals":{"aws:RequestedRegion":"eu-north-1"}}`), false, 200},
		{"an operator that nobody knows", conditional("Allow", `{"StringAlike":{"aws:SourceIp":"x"}}`), false, 500},
		{"no policy", `{"principalId":"p"}`, false, 500},
		{"no JSON", `x`, false, 500},
		{"a failure", `!`, false, 500},
	} {
		r, _ := asked(t, &Authorizer{Format: "2.0", Simple: row.simple}, func() string { return row.answer }, "$request.header.X-Token")
		if res, body := r.do("GET", "/a", "", "X-Token: 1"); res.StatusCode != row.status {
			t.Errorf("%s: got %d %s, want %d", row.name, res.StatusCode, body, row.status)
		}
		if res, body := r.do("GET", "/a", ""); res.StatusCode != http.StatusUnauthorized || body != `{"message":"Unauthorized"}` {
			t.Errorf("%s: without identity: got %d %s", row.name, res.StatusCode, body)
		}
	}
}

func TestAuthorizerEvents(t *testing.T) {
	t.Parallel()
	r, f := asked(t, &Authorizer{Format: "2.0", Simple: true}, func() string { return `{"isAuthorized":true,"context":{"n":1,"l":["x"]}}` },
		"$request.header.X-Token", "$request.querystring.q")
	r.do("GET", "/a?q=2", "", "X-Token: 1")
	e, own := <-f.more, <-f.more
	if e["version"] != "2.0" || e["routeArn"] != "arn:aws:execute-api:eu-north-1:000000000000:api/$default/GET/a" || fmt.Sprint(e["identitySource"]) != "[1 2]" || e["routeKey"] != "GET /a" {
		t.Errorf("2.0: got %v", e)
	}
	wantJSON(t, contextIn(own)["authorizer"], `{"lambda":{"n":1,"l":["x"]}}`)

	r, f = asked(t, &Authorizer{Format: "1.0"}, func() string {
		return `{"principalId":"p","context":{"n":1},"policyDocument":{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}}`
	}, "$request.header.X-Token", "$context.httpMethod")
	r.do("GET", "/a", "", "X-Token: 1")
	e = <-f.more
	if e["version"] != "1.0" || e["methodArn"] != "arn:aws:execute-api:eu-north-1:000000000000:api/$default/GET/a" || e["identitySource"] != "1,GET" || e["authorizationToken"] != "1,GET" || e["httpMethod"] != "GET" {
		t.Errorf("1.0: got %v", e)
	}
}

func TestAuthorizerCache(t *testing.T) {
	t.Parallel()
	calls := 0
	r, _ := asked(t, &Authorizer{Format: "2.0", Keep: time.Minute}, func() string {
		calls++
		return `{"policyDocument":{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*/GET/a"}]}}`
	}, "$request.header.X-Token")
	get := func(path, token string, status int) {
		t.Helper()
		if res, body := r.do("GET", path, "", "X-Token: "+token); res.StatusCode != status {
			t.Errorf("%s %s: got %d %s, want %d", path, token, res.StatusCode, body, status)
		}
	}
	get("/a", "1", 200)
	get("/a", "1", 200)
	get("/b", "1", 403) // the policy that is kept is asked
	if calls != 1 {
		t.Errorf("one identity: got %d calls, want 1", calls)
	}
	get("/a", "2", 200)
	if calls != 2 {
		t.Errorf("another identity: got %d calls, want 2", calls)
	}
	r.api.Stages["$default"].Resets++
	get("/a", "1", 200)
	if calls != 3 {
		t.Errorf("after a reset: got %d calls, want 3", calls)
	}
	r.clock.Advance(time.Minute)
	get("/a", "1", 200)
	if calls != 4 {
		t.Errorf("a minute later: got %d calls, want 4", calls)
	}
}

// signers knows who signs: whoever sends the header.
type signers struct{}

func (signers) Verify(r *http.Request, _ []byte) (env.Caller, error) {
	if r.Header.Get("X-Signed") == "" {
		return env.Caller{}, fmt.Errorf("nobody signed")
	}
	return env.Caller{ARN: "arn:aws:iam::000000000000:user/" + r.Header.Get("X-Signed"), UserID: "AIDA", AccessKey: "AKIA"}, nil
}

func (signers) Allows(_ context.Context, who, action, resource string) (bool, error) {
	return strings.HasSuffix(who, "/good") && action == "execute-api:Invoke" && resource == "arn:aws:execute-api:eu-north-1:000000000000:api/$default/GET/a", nil
}

func TestIAM(t *testing.T) {
	t.Parallel()
	f := &events{more: make(chan map[string]any, 10)}
	r := newRig(t, nil, "2.0", "GET /a")
	r.links(func(l *Links) { l.Functions, l.Signatures, l.Identities = f, signers{}, signers{} })
	route, _, _ := r.api.Stages["$default"].Routes.Find("GET", "/a")
	copied := *route
	copied.IAM = true
	r.route(&copied)
	for who, status := range map[string]int{"good": 200, "bad": 403, "": 403} {
		if res, body := r.do("GET", "/a", "", "X-Signed: "+who); res.StatusCode != status || status == 403 && body != `{"message":"Forbidden"}` {
			t.Errorf("%q: got %d %s, want %d", who, res.StatusCode, body, status)
		}
	}
	wantJSON(t, contextIn(<-f.more)["authorizer"], `{"iam":{"accessKey":"AKIA","accountId":"000000000000","callerId":"AIDA","cognitoIdentity":null,
		"principalOrgId":null,"userArn":"arn:aws:iam::000000000000:user/good","userId":"AIDA"}}`)
}

// streams writes an answer in parts, and waits for leave between them.
type streams struct {
	contentType string
	parts       []string
	leave       chan struct{}
	failure     []byte
}

func (s *streams) InvokeStreamFor(_ context.Context, _ string, _ []byte, stream func(string) io.Writer) ([]byte, error) {
	w := stream(s.contentType)
	for i, part := range s.parts {
		if i > 0 {
			<-s.leave
		}
		if _, err := io.WriteString(w, part); err != nil {
			return nil, err
		}
	}
	return s.failure, nil
}

// TestStreaming demands that what a function streams is there before it ends.
func TestStreaming(t *testing.T) {
	t.Parallel()
	s := &streams{contentType: "application/vnd.awslambda.http-integration-response", leave: make(chan struct{}),
		parts: []string{`{"statusCode":201,"headers":{"x-a":"b"}}`, "\x00\x00\x00\x00\x00\x00\x00\x00one", "two"}}
	r := newRig(t, nil, "2.0", "GET /a")
	r.links(func(l *Links) { l.Functions = s })
	go func() { s.leave <- struct{}{} }()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url+"/a", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	first := make([]byte, 3)
	if _, err := io.ReadFull(res.Body, first); err != nil || string(first) != "one" || res.StatusCode != http.StatusCreated || res.Header.Get("X-A") != "b" {
		t.Fatalf("got %q, %v, %d %v", first, err, res.StatusCode, res.Header)
	}
	s.leave <- struct{}{} // the function has not ended before
	if rest, err := io.ReadAll(res.Body); err != nil || string(rest) != "two" {
		t.Errorf("got %q, %v, want two", rest, err)
	}
}

// TestStreamBreaks demands that an answer that breaks off is not taken for whole.
func TestStreamBreaks(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*streams{
		"fails after the first part":     {contentType: "application/vnd.awslambda.http-integration-response", parts: []string{"{\"statusCode\":200}\x00\x00\x00\x00\x00\x00\x00\x00one"}, failure: []byte(`{}`)},
		"ends before status and headers": {contentType: "application/vnd.awslambda.http-integration-response", parts: []string{`{"statusCode":200}`}},
	} {
		r := newRig(t, nil, "2.0", "GET /a")
		r.links(func(l *Links) { l.Functions = s })
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url+"/a", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			continue // cut
		}
		_, err = io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err == nil && res.StatusCode != http.StatusInternalServerError {
			t.Errorf("%s: got %d and a whole answer", name, res.StatusCode)
		}
	}
}

// TestContextOfFunction: what the authorizer's function says goes before the variables of
// WebSocket APIs' logs, which HTTP APIs do not have.
func TestContextOfFunction(t *testing.T) {
	t.Parallel()
	r, _ := asked(t, &Authorizer{Simple: true, Format: "2.0"}, func() string { return `{"isAuthorized":true,"context":{"status":"gold"}}` })
	l := make(told, 1)
	r.links(func(links *Links) { links.Logs = l })
	r.stage(func(s *Stage) {
		s.Log = &AccessLog{Group: "g", Format: "$context.authorizer.status $context.authorizer.latency"}
	})
	r.do("GET", "/a", "")
	if got := l.take(t, 1)[0]; !strings.HasSuffix(got, " gold -") {
		t.Errorf("of an HTTP API: got %q, want gold -", got)
	}
	a := authorized{asked: true, status: http.StatusOK, context: map[string]any{"status": "gold"}}
	for name, want := range map[string]string{"status": "gold", "integrationStatus": "200", "latency": "0", "other": ""} {
		if got, ok := a.lookup(name); got != want || ok != (want != "") {
			t.Errorf("%s of a WebSocket API: got %q, %v, want %q", name, got, ok, want)
		}
	}
}

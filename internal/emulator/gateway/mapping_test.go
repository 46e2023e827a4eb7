package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
)

func TestParameterMapping(t *testing.T) {
	t.Parallel()
	var got *http.Request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		w.Header().Set("X-Answer", "a")
		w.Header().Set("X-Secret", "s")
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, `{"code":"c1"}`)
	}))
	t.Cleanup(server.Close)
	for _, row := range []struct {
		name              string
		request, response map[string]string
		check             func(res *http.Response) string
		want              string
	}{
		{"append a header", map[string]string{"append:header.x-a": "$request.querystring.q"}, nil, func(*http.Response) string { return fmt.Sprint(got.Header["X-A"]) }, "[in 1]"},
		{"overwrite a header", map[string]string{"overwrite:header.x-a": "${request.path.id}-${context.httpMethod}-${stageVariables.v}"}, nil, func(*http.Response) string { return fmt.Sprint(got.Header["X-A"]) }, "[7-POST-var]"},
		{"remove a header", map[string]string{"remove:header.x-a": "''"}, nil, func(*http.Response) string { return fmt.Sprint(got.Header["X-A"]) }, "[]"},
		{"static", map[string]string{"overwrite:header.x-a": "plain"}, nil, func(*http.Response) string { return got.Header.Get("X-A") }, "plain"},
		{"of the body", map[string]string{"overwrite:header.x-a": "$request.body.a.b"}, nil, func(*http.Response) string { return got.Header.Get("X-A") }, "deep"},
		{"nothing there changes nothing", map[string]string{"overwrite:header.x-a": "$request.header.none"}, nil, func(*http.Response) string { return got.Header.Get("X-A") }, "in"},
		{"a line break makes no header", map[string]string{"overwrite:header.x-a": "$request.body.evil"}, nil, func(*http.Response) string { return got.Header.Get("X-A") + got.Header.Get("X-Evil") }, "a X-Evil: 1"},
		{"query", map[string]string{"overwrite:querystring.q": "2", "append:querystring.r": "$request.querystring.q"}, nil, func(*http.Response) string { return got.URL.RawQuery }, "q=2&r=1"},
		{"path", map[string]string{"overwrite:path": "/other/${request.path.id}"}, nil, func(*http.Response) string { return got.URL.Path }, "/other/7"},
		{"response header", nil, map[string]string{"append:header.x-b": "$response.header.x-answer", "remove:header.x-secret": "''"}, func(r *http.Response) string { return r.Header.Get("X-B") + r.Header.Get("X-Secret") }, "a"},
		{"response status", nil, map[string]string{"overwrite:statuscode": "202", "overwrite:header.x-b": "$response.body.code"}, func(r *http.Response) string { return fmt.Sprint(r.StatusCode, r.Header.Get("X-B")) }, "202c1"},
	} {
		request, err := ParseRequest(row.request)
		if err != nil {
			t.Fatal(err)
		}
		responses, err := ParseResponses(map[string]map[string]string{"418": row.response})
		if err != nil {
			t.Fatal(err)
		}
		r := newRigWith(t, nil, &Integration{URL: server.URL + "/base", Method: "ANY", Timeout: time.Minute, Request: request, Response: responses}, "POST /p/{id}")
		r.stage(func(s *Stage) { s.Variables = map[string]string{"v": "var"} })
		res, _ := r.do("POST", "/p/7?q=1", `{"a":{"b":"deep"},"evil":"a\r\nX-Evil: 1"}`, "X-A: in")
		if text := row.check(res); strings.Join(strings.Fields(text), " ") != row.want {
			t.Errorf("%s: got %q, want %q", row.name, text, row.want)
		}
	}
}

func TestMappingErrors(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"header.x": "Invalid mapping expression", "replace:header.x": "Invalid", "append:path": "Invalid", "append:header.": "Invalid", "append:cookie.x": "Invalid",
		"append:header.Authorization": "restricted", "overwrite:header.x-amz-date": "restricted", "remove:header.Access-Control-Allow-Origin": "restricted",
	} {
		if _, err := ParseRequest(map[string]string{key: "x"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", key, err, want)
		}
	}
	for _, value := range []string{"$request.cookie.x", "$response.header.x", "$request.header.", "${request.path", "$context.", "$request.body.["} {
		if _, err := ParseRequest(map[string]string{"append:header.x": value}); err == nil {
			t.Errorf("%s: got no error", value)
		}
	}
	if _, err := ParseResponses(map[string]map[string]string{"99": nil}); err == nil {
		t.Error("status 99: got no error")
	}
}

// TestMappedFunction demands that a function sees what mappings make of a request.
func TestMappedFunction(t *testing.T) {
	t.Parallel()
	m, err := ParseRequest(map[string]string{"overwrite:header.x-a": "$request.querystring.q", "overwrite:querystring.q": "2", "overwrite:path": "/other"})
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"1.0", "2.0"} {
		f := &events{more: make(chan map[string]any, 1)}
		r := newRigWith(t, nil, &Integration{Function: "arn:aws:lambda:eu-north-1:000000000000:function:f", Format: format, Timeout: time.Minute, Request: m}, "GET /a")
		r.links(func(l *Links) { l.Functions = f })
		r.do("GET", "/a?q=1", "")
		e := <-f.more
		path := e["rawPath"]
		if format == "1.0" {
			path = e["path"]
		}
		h := e["headers"].(map[string]any)
		if path != "/other" || h["x-a"] != "1" && h["X-A"] != "1" || e["queryStringParameters"].(map[string]any)["q"] != "2" {
			t.Errorf("%s: got %v", format, e)
		}
	}
}

// calls records what services are asked for, and answers.
type calls struct {
	got    string
	who    string
	answer string
	err    error
}

func (c *calls) Call(ctx context.Context, pkg, operation string, params []byte) ([]byte, error) {
	c.got, c.who = pkg+"."+operation+" "+string(params), env.CallerOf(ctx).ARN
	return []byte(c.answer), c.err
}

func (*calls) AssumeForService(_ context.Context, role, principal, _ string) (key, secret, token string, expires time.Time, err error) {
	if strings.HasSuffix(role, "/untrusted") || principal != "apigateway.amazonaws.com" {
		return "", "", "", time.Time{}, fmt.Errorf("the role does not trust")
	}
	return "", "", "", time.Time{}, nil
}

func TestServices(t *testing.T) {
	t.Parallel()
	const role = "arn:aws:iam::000000000000:role/path/r"
	for _, row := range []struct {
		subtype    string
		parameters map[string]string
		answer     string
		err        error
		role       string
		denied     string
		want       string
		status     int
		body       string
	}{
		{"SQS-SendMessage", map[string]string{"QueueUrl": "http://h/000000000000/q", "MessageBody": "$request.body.m", "DelaySeconds": "5"}, `{"MessageId":"1","MD5OfMessageBody":"2"}`, nil, role, "",
			`sqs.SendMessage {"DelaySeconds":5,"MessageBody":"hi","QueueUrl":"http://h/000000000000/q"}`, 200,
			`<?xml version="1.0"?><SendMessageResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><SendMessageResult><MessageId>1</MessageId><MD5OfMessageBody>2</MD5OfMessageBody></SendMessageResult>`},
		{"EventBridge-PutEvents", map[string]string{"Source": "s", "DetailType": "t", "Detail": "$request.body", "Resources": "a, b"}, `{"FailedEntryCount":0}`, nil, role, "",
			`eventbridge.PutEvents {"Entries":[{"Detail":"{\"m\":\"hi\"}","DetailType":"t","Resources":["a","b"],"Source":"s"}]}`, 200, `{"FailedEntryCount":0}`},
		{"StepFunctions-StartExecution", map[string]string{"StateMachineArn": "arn:m", "Input": "$request.body"}, `{"ExecutionArn":"arn:e","StartDate":"2026-01-02T03:04:05.5Z"}`, nil, role, "",
			`sfn.StartExecution {"Input":"{\"m\":\"hi\"}","StateMachineArn":"arn:m"}`, 200, `{"executionArn":"arn:e","startDate":1767323045.5}`},
		{"StepFunctions-StartExecution", map[string]string{"StateMachineArn": "arn:m"}, "", &CallError{"ExecutionAlreadyExists", "it exists", 400}, role, "", "sfn.", 400, `{"__type":"ExecutionAlreadyExists","message":"it exists"}`},
		{"SQS-PurgeQueue", map[string]string{"QueueUrl": "u"}, "", &CallError{"AWS.SimpleQueueService.NonExistentQueue", "none", 400}, role, "", "sqs.", 400, `<Code>AWS.SimpleQueueService.NonExistentQueue</Code>`},
		{"SQS-PurgeQueue", map[string]string{"QueueUrl": "u"}, "{}", nil, role, "sqs:PurgeQueue", "", 403, "is not authorized to perform: sqs:PurgeQueue"},
		{"SQS-PurgeQueue", map[string]string{"QueueUrl": "u"}, "{}", nil, "arn:aws:iam::000000000000:role/untrusted", "", "", 500, "Internal Server Error"},
		{"SQS-SendMessage", map[string]string{"QueueUrl": "u", "MessageBody": "$request.body.none"}, "{}", nil, role, "", "", 400, "Bad Request"},
		{"SQS-SendMessage", map[string]string{"QueueUrl": "u", "MessageBody": "${request.querystring.empty}"}, "{}", nil, role, "", "", 400, "Bad Request"},
	} {
		s, m, err := ParseService(row.subtype, row.parameters)
		if err != nil {
			t.Fatal(err)
		}
		c := &calls{answer: row.answer, err: row.err}
		r := newRigWith(t, nil, &Integration{Service: s, Request: m, Role: row.role, Timeout: time.Minute}, "POST /a")
		r.links(func(l *Links) { l.Calls, l.Roles, l.Identities = c, c, allowed{row.denied} })
		res, body := r.do("POST", "/a?empty=", `{"m":"hi"}`, "Content-Type: application/json")
		if res.StatusCode != row.status || !strings.Contains(body, row.body) || !strings.HasPrefix(c.got, row.want) || row.want == "" && c.got != "" {
			t.Errorf("%s: got %d %s after %s, want %d %s after %s", row.subtype, res.StatusCode, body, c.got, row.status, row.body, row.want)
		}
		if c.got != "" && !strings.HasPrefix(c.who, "arn:aws:sts::000000000000:assumed-role/r/") {
			t.Errorf("%s: called by %s", row.subtype, c.who)
		}
	}
	for subtype, parameters := range map[string]map[string]string{
		"SQS-SendMessage": {"QueueUrl": "u"}, "SQS-PurgeQueue": {"QueueUrl": "u", "More": "x"}, "Kinesis-PutRecord": {}, "S3-PutObject": {},
	} {
		if _, _, err := ParseService(subtype, parameters); err == nil {
			t.Errorf("%s: got no error", subtype)
		}
	}
}

// lines are what is logged.
type lines struct{ got []string }

func (l *lines) Append(_ context.Context, group, stream string, _ time.Time, _ func() bool, text ...string) error {
	l.got = append(l.got, group+" "+fmt.Sprint(len(stream))+" "+strings.Join(text, ""))
	return nil
}

func TestAccessLog(t *testing.T) {
	t.Parallel()
	l := &lines{}
	r := newRig(t, returns(`{"statusCode":201,"body":"hello"}`), "2.0", "GET /a/{id}")
	r.links(func(links *Links) { links.Logs = l })
	r.stage(func(s *Stage) {
		s.Log = &AccessLog{Group: "g", Format: `{"k":"$context.routeKey","s":$context.status,"n":$context.responseLength,"i":"$context.integrationStatus","p":"$context.path","e":"$context.error.message","x":"$context.nothing","t":"$context.requestTime"}`}
	})
	r.do("GET", "/a/1", "")
	r.do("GET", "/none", "")
	want := []string{
		`g 32 {"k":"GET /a/{id}","s":201,"n":5,"i":"201","p":"/a/1","e":"-","x":"-","t":"12/Mar/2020:19:03:58 +0000"}`,
		`g 32 {"k":"-","s":404,"n":23,"i":"-","p":"/none","e":"Not Found","x":"-","t":"12/Mar/2020:19:03:58 +0000"}`,
	}
	if !slices.Equal(l.got, want) {
		t.Errorf("got  %q\nwant %q", l.got, want)
	}
	for _, line := range l.got {
		if !json.Valid([]byte(line[5:])) {
			t.Errorf("%s is no JSON", line)
		}
	}
}

// domains are a source with custom domain names.
type domains struct {
	apis
	names map[string]*Domain
}

func (d domains) Domain(name string) (*Domain, bool) {
	found, ok := d.names[name]
	return found, ok
}

func TestDomains(t *testing.T) {
	t.Parallel()
	f := &events{more: make(chan map[string]any, 20)}
	r := newRig(t, nil, "2.0", "$default")
	r.links(func(l *Links) { l.Functions = f })
	r.gateway.source = domains{apis{"api": r.api}, map[string]*Domain{
		"a.example.com": {Name: "a.example.com", Mappings: []Mapped{{"", "api", "$default"}, {"v1", "api", "dev"}, {"v1/deep", "api", "$default"}}},
		"*.b.test":      {Name: "*.b.test", Mappings: []Mapped{{"only", "api", "dev"}}},
		"rules.test": {Name: "rules.test", Mappings: []Mapped{{"", "api", "dev"}}, Rules: []Rule{
			{Paths: []string{"old"}, Headers: [][]HeaderCondition{{{"X-V", "1*"}}}, API: "rest", Stage: "s"},
		}},
	}}
	base := strings.TrimSuffix(r.url, PathPrefix+"api")
	for _, row := range []struct {
		host, path string
		headers    []string
		status     int
		stage      string
	}{
		{"a.example.com", "/x", nil, 200, "$default"},
		{"A.example.com:4566", "/v1/x", nil, 200, "dev"},
		{"a.example.com", "/v1", nil, 200, "dev"},
		{"a.example.com", "/v10", nil, 200, "$default"},
		{"a.example.com", "/v1/deep/x", nil, 200, "$default"},
		{"x.b.test", "/only/x", nil, 200, "dev"},
		{"x.b.test", "/x", nil, 404, ""},
		{"rules.test", "/old/x", nil, 200, "dev"},
		{"rules.test", "/old/x", []string{"X-V: 12"}, 404, ""},
		{"127.0.0.1", PathPrefix + "a.example.com/v1/x", nil, 200, "dev"},
	} {
		r.url = base
		res, body := r.do("GET", row.path, "", append(row.headers, "Host: "+row.host)...)
		if res.StatusCode != row.status {
			t.Errorf("%s%s: got %d %s, want %d", row.host, row.path, res.StatusCode, body, row.status)
			continue
		}
		if row.status == 200 {
			if c := contextIn(<-f.more); c["stage"] != row.stage {
				t.Errorf("%s%s: got stage %v, want %s", row.host, row.path, c["stage"], row.stage)
			}
		}
	}
}

// TestWebSocketParameters maps what AWS documents that can be mapped, of a client that
// connects and of its messages.
func TestWebSocketParameters(t *testing.T) {
	t.Parallel()
	got := make(chan http.Header, 2)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- r.Header }))
	t.Cleanup(server.Close)
	m, err := ParseWebSocketRequest(map[string]string{
		"integration.request.header.h-query": "route.request.querystring.q", "integration.request.header.h-header": "route.request.header.X-A",
		"integration.request.header.h-queries": "route.request.multivaluequerystring.q", "integration.request.header.h-headers": "route.request.multivalueheader.x-a",
		"integration.request.header.h-body": "route.request.body.a.b", "integration.request.header.h-stage": "stageVariables.v", "integration.request.header.h-context": "context.routeKey", "integration.request.header.h-text": "'text'",
	})
	if err != nil {
		t.Fatal(err)
	}
	k := newTalk(t, Connect, "x")
	k.stage.Variables = map[string]string{"v": "var"}
	for _, route := range k.stage.Messages {
		route.Integration = &Integration{URL: server.URL, Method: "POST", Proxy: true, Timeout: time.Minute, Request: m}
	}
	c, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(k.address(), "http")+"?q=1&q=2", http.Header{"X-A": {"3", "4"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.WriteMessage(websocket.TextMessage, []byte(`{"action":"x","a":{"b":"deep"}}`)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []map[string]string{
		{"H-Query": "1,2", "H-Queries": "1,2", "H-Header": "3,4", "H-Headers": "3,4", "H-Body": "", "H-Stage": "var", "H-Context": "$connect", "H-Text": "text"},
		{"H-Query": "", "H-Queries": "", "H-Header": "", "H-Headers": "", "H-Body": "deep", "H-Stage": "var", "H-Context": "x", "H-Text": "text"},
	} {
		h := <-got
		for name, v := range want {
			if h.Get(name) != v {
				t.Errorf("%s: got %q, want %q", name, h.Get(name), v)
			}
		}
	}
	for _, text := range []string{"route.request.multivalueheader.", "route.request.other.x", "route.request.body.[", "x", "'"} {
		if _, err := ParseWebSocketRequest(map[string]string{"integration.request.header.a": text}); err == nil {
			t.Errorf("%s: got no error", text)
		}
	}
}

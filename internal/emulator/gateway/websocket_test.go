package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
)

// allowed lets everybody do everything who names a key.
type allowed struct{ denied string }

func (a allowed) Allows(_ context.Context, _, action, _ string) (bool, error) {
	return action != a.denied, nil
}

func (a allowed) Verify(*http.Request, []byte) (env.Caller, error) {
	return env.Caller{ARN: "arn:aws:iam::000000000000:root", UserID: "000000000000", AccessKey: "AKIA"}, nil
}

// events are what a function has got.
type events struct {
	mu     sync.Mutex
	got    []map[string]any
	answer func(e map[string]any) string
	more   chan map[string]any
}

func (f *events) InvokeStreamFor(_ context.Context, _ string, event []byte, stream func(string) io.Writer) ([]byte, error) {
	var e map[string]any
	if err := json.Unmarshal(event, &e); err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.got = append(f.got, e)
	f.mu.Unlock()
	select {
	case f.more <- e:
	default:
	}
	text := `{"statusCode":200}`
	if f.answer != nil {
		text = f.answer(e)
	}
	if strings.HasPrefix(text, "!") {
		return []byte(`{"errorMessage":"it failed"}`), nil
	}
	_, err := stream("application/json").Write([]byte(text))
	return nil, err
}

// talk is a WebSocket API behind a real HTTP server.
type talk struct {
	t        *testing.T
	gateway  *Gateway
	server   *httptest.Server
	function *events
	api      *API
	stage    *Stage
	clock    *clock.Fake
}

func newTalk(t *testing.T, keys ...string) *talk {
	t.Helper()
	selection, err := ParseSelection("$request.body.action")
	if err != nil {
		t.Fatal(err)
	}
	k := &talk{t: t, function: &events{more: make(chan map[string]any, 100)}, clock: clock.NewFake(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))}
	k.stage = &Stage{Name: "dev", Selection: selection, Messages: map[string]*Route{}, Keys: "$request.header.x-api-key"}
	k.api = &API{ID: "api", Scope: env.Scope{Account: "000000000000", Region: "eu-north-1"}, WebSocket: true, Stages: map[string]*Stage{"dev": k.stage}}
	for _, key := range keys {
		k.stage.Messages[key] = &Route{Key: key, Integration: &Integration{Function: "arn:aws:lambda:eu-north-1:000000000000:function:f", Proxy: true, Timeout: 29 * time.Second}}
	}
	e := &env.Env{Clock: k.clock, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	k.gateway = New(e, apis{"api": k.api}, Links{Functions: k.function, Identities: allowed{}, Signatures: allowed{}})
	k.server = httptest.NewServer(k.gateway)
	t.Cleanup(func() {
		if err := k.gateway.Close(); err != nil {
			t.Error(err)
		}
		k.server.Close()
	})
	return k
}

func (k *talk) address() string { return k.server.URL + PathPrefix + "api/dev" }

// dial connects, or returns the answer to a client that may not.
func (k *talk) dial(headers ...string) (*websocket.Conn, *http.Response) {
	k.t.Helper()
	h := http.Header{}
	for _, text := range headers {
		name, value, _ := strings.Cut(text, ": ")
		h.Add(name, value)
	}
	c, r, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(k.address(), "http"), h)
	if err != nil && r == nil {
		k.t.Fatal(err)
	}
	if c != nil {
		k.t.Cleanup(func() { _ = c.Close() })
	}
	return c, r
}

// next is the next event that the function gets.
func (k *talk) next() map[string]any {
	k.t.Helper()
	select {
	case e := <-k.function.more:
		return e
	case <-time.After(time.Minute):
		k.t.Fatal("the function was not called")
		return nil
	}
}

func contextIn(e map[string]any) map[string]any { return e["requestContext"].(map[string]any) }

func TestWebSocket(t *testing.T) {
	t.Parallel()
	k := newTalk(t, Connect, Disconnect, "$default", "greet")
	k.stage.Messages["greet"].Responds = true
	k.function.answer = func(e map[string]any) string {
		if contextIn(e)["routeKey"] == "greet" {
			return `{"statusCode":200,"body":"hello"}`
		}
		return `{"statusCode":200,"body":"for nobody"}`
	}
	c, _ := k.dial("X-A: 1")
	in := k.next()
	rc := contextIn(in)
	id := rc["connectionId"].(string)
	if rc["eventType"] != "CONNECT" || rc["routeKey"] != "$connect" || in["headers"].(map[string]any)["X-A"] != "1" || rc["stage"] != "dev" {
		t.Errorf("got %v", in)
	}
	for _, row := range []struct{ send, route string }{
		{`{"action":"greet"}`, "greet"}, {`{"action":"other"}`, "$default"}, {`no JSON`, "$default"}, {`{"action":"$connect"}`, "$default"},
	} {
		if err := c.WriteMessage(websocket.TextMessage, []byte(row.send)); err != nil {
			t.Fatal(err)
		}
		e := k.next()
		if got := contextIn(e); got["routeKey"] != row.route || got["eventType"] != "MESSAGE" || e["body"] != row.send || got["connectionId"] != id {
			t.Errorf("%s: got %v, want route %s", row.send, e, row.route)
		}
	}
	if _, got, err := c.ReadMessage(); err != nil || string(got) != "hello" {
		t.Errorf("got %q, %v, want hello", got, err)
	}
	if err := c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4001, "bye"), time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	out := contextIn(k.next())
	if out["eventType"] != "DISCONNECT" || out["disconnectStatusCode"] != 4001.0 || out["disconnectReason"] != "bye" {
		t.Errorf("got %v", out)
	}
}

func TestConnectRefused(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, answer string
		change       func(r *Route)
		status       int
		message      string
	}{
		{"the function says no", `{"statusCode":401,"body":"no"}`, nil, 401, "no"},
		{"the function fails", `!`, nil, 502, "Internal server error"},
		{"no answer of a proxy", `{"a":1}`, nil, 502, "Internal server error"},
		{"no API key", `{"statusCode":200}`, func(r *Route) { r.APIKey = true }, 403, "Forbidden"},
		{"throttled", `{"statusCode":200}`, nil, 429, "Too Many Requests"},
	} {
		k := newTalk(t, Connect)
		k.function.answer = func(map[string]any) string { return row.answer }
		if row.change != nil {
			row.change(k.stage.Messages[Connect])
		}
		if row.status == 429 {
			k.stage.Limits = map[string]Limit{"": {}}
		}
		c, r := k.dial()
		if c != nil {
			t.Errorf("%s: it came in", row.name)
			continue
		}
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		if r.StatusCode != row.status || !strings.Contains(string(raw), row.message) {
			t.Errorf("%s: got %d %s, want %d %s", row.name, r.StatusCode, raw, row.status, row.message)
		}
	}
}

func TestMessageErrors(t *testing.T) {
	t.Parallel()
	k := newTalk(t, "fail", "bare")
	k.stage.Messages["bare"].Integration = nil
	k.function.answer = func(map[string]any) string { return "!" }
	c, _ := k.dial()
	for _, row := range []struct{ send, want string }{
		{`{"action":"none"}`, "Forbidden"}, {`{"action":"fail"}`, "Internal server error"}, {`{"action":"bare"}`, "Internal server error"},
	} {
		if err := c.WriteMessage(websocket.TextMessage, []byte(row.send)); err != nil {
			t.Fatal(err)
		}
		var got map[string]string
		if err := c.ReadJSON(&got); err != nil || got["message"] != row.want || got["connectionId"] == "" || got["requestId"] == "" {
			t.Errorf("%s: got %v, %v, want %s", row.send, got, err, row.want)
		}
	}
}

func TestConnections(t *testing.T) {
	t.Parallel()
	k := newTalk(t, Connect, Disconnect)
	do := func(method, id, body string, headers ...string) (int, string, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, k.address()+connectionsPath+id, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range headers {
			r.Header.Set(h, "http://a.test")
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		raw, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(raw), res.Header.Get("X-Amzn-Errortype")
	}
	c, _ := k.dial("User-Agent: test")
	id := contextIn(k.next())["connectionId"].(string)
	if status, body, _ := do("POST", id, "news"); status != 200 {
		t.Errorf("post: got %d %s", status, body)
	}
	if _, got, err := c.ReadMessage(); err != nil || string(got) != "news" {
		t.Errorf("got %q, %v, want news", got, err)
	}
	if status, body, _ := do("GET", id, ""); status != 200 || body != `{"connectedAt":"2026-01-02T03:04:05Z","identity":{"sourceIp":"127.0.0.1","userAgent":"test"},"lastActiveAt":"2026-01-02T03:04:05Z"}` {
		t.Errorf("get: got %d %s", status, body)
	}
	if status, _, code := do("POST", id, strings.Repeat("x", maxMessage+1)); status != 413 || code != "PayloadTooLargeException" {
		t.Errorf("a large message: got %d %s", status, code)
	}
	if status, _, code := do("POST", "none=", "x"); status != 410 || code != "GoneException" {
		t.Errorf("no connection: got %d %s", status, code)
	}
	if status, _, code := do("POST", id, "x", "Origin"); status != 403 || code != "ForbiddenException" {
		t.Errorf("a page: got %d %s", status, code)
	}
	if status, body, _ := do("DELETE", id, ""); status != 204 {
		t.Errorf("delete: got %d %s", status, body)
	}
	if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		t.Errorf("got %v, want a normal closure", err)
	}
	if got := contextIn(k.next())["eventType"]; got != "DISCONNECT" {
		t.Errorf("got %v, want DISCONNECT", got)
	}
	if status, _, _ := do("GET", id, ""); status != 410 {
		t.Errorf("after the end: got %d", status)
	}
}

func TestSocketLimits(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		frame int // of the client
		do    func(k *talk, c *websocket.Conn) error
		code  int
	}{
		{"a large frame", 2 * maxFrame, func(_ *talk, c *websocket.Conn) error {
			return c.WriteMessage(websocket.TextMessage, make([]byte, maxFrame+1))
		}, websocket.CloseMessageTooBig},
		{"a large message", maxFrame / 2, func(_ *talk, c *websocket.Conn) error {
			w, err := c.NextWriter(websocket.TextMessage)
			if err != nil {
				return err
			}
			_, _ = io.WriteString(w, strings.Repeat("x", 2*maxMessage)) // it may be closed already
			_ = w.Close()
			return nil
		}, websocket.CloseMessageTooBig},
		{"ten idle minutes", 0, func(k *talk, c *websocket.Conn) error {
			if err := c.WriteMessage(websocket.TextMessage, []byte("hi")); err != nil {
				return err
			}
			k.next()
			k.clock.Advance(maxIdle)
			return nil
		}, websocket.CloseGoingAway},
		{"two hours, never idle", 0, func(k *talk, c *websocket.Conn) error {
			for left := maxAge; left > 0; left -= maxIdle / 2 {
				if err := c.WriteMessage(websocket.TextMessage, []byte("hi")); err != nil {
					return fmt.Errorf("with %s left: %w", left, err)
				}
				k.next()
				k.clock.Advance(maxIdle / 2)
			}
			return nil
		}, websocket.CloseGoingAway},
	} {
		k := newTalk(t, Connect, Disconnect, "$default")
		d := websocket.Dialer{WriteBufferSize: row.frame}
		c, _, err := d.Dial("ws"+strings.TrimPrefix(k.address(), "http"), nil)
		if err != nil {
			t.Fatal(err)
		}
		k.next()
		if err := row.do(k, c); err != nil {
			t.Fatal(err)
		}
		if err := c.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, row.code) {
			t.Errorf("%s: got %v, want %d", row.name, err, row.code)
		}
		if got := contextIn(k.next())["disconnectStatusCode"]; got != float64(row.code) {
			t.Errorf("%s: the function got %v, want %d", row.name, got, row.code)
		}
	}
}

// TestFrames lets a message of the largest size through, in frames of the largest size.
func TestFrames(t *testing.T) {
	t.Parallel()
	k := newTalk(t, "$default")
	d := websocket.Dialer{WriteBufferSize: maxFrame}
	c, _, err := d.Dial("ws"+strings.TrimPrefix(k.address(), "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	w, err := c.NextWriter(websocket.TextMessage)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, strings.Repeat("x", maxMessage)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got := k.next()["body"].(string); len(got) != maxMessage {
		t.Errorf("got %d bytes, want %d", len(got), maxMessage)
	}
}

// TestTemplates lets templates make what an HTTP server gets, and what the client gets of
// its answer.
func TestTemplates(t *testing.T) {
	t.Parallel()
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got = r.Method + " " + r.URL.RequestURI() + " " + r.Header.Get("X-C") + " " + string(raw)
		if strings.Contains(got, "fail") {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = io.WriteString(w, `{"n":[1,2]}`)
	}))
	t.Cleanup(server.Close)
	for _, row := range []struct {
		name, send, passthrough string
		templates               map[string]string
		sent, answer            string
	}{
		{"a template of the message's kind", `{"action":"x","kind":"one","v":{"a":1}}`, "NEVER",
			map[string]string{"one": `{"is":$input.json('$.v'),"by":"$context.connectionId.length()","s":"$stageVariables.s"}`}, `POST /p/7?q=lit 7 {"is":{"a":1},"by":"16","s":"var"}`, "2: 1 2 "},
		{"the default template", `{"action":"x","kind":"two"}`, "NEVER", map[string]string{"$default": `$input.path('$.kind')`}, `POST /p/7?q=lit 7 two`, "2: 1 2 "},
		{"passed through", `{"action":"x","kind":"two"}`, "WHEN_NO_MATCH", map[string]string{"one": `x`}, `POST /p/7?q=lit 7 {"action":"x","kind":"two"}`, "2: 1 2 "},
		{"not passed through", `{"action":"x","kind":"two"}`, "WHEN_NO_TEMPLATES", map[string]string{"one": `x`}, "", "Internal server error"},
		{"another status", `{"action":"x","kind":"fail"}`, "WHEN_NO_MATCH", nil, `POST /p/7?q=lit 7 {"action":"x","kind":"fail"}`, "it failed"},
	} {
		got = ""
		templates, err := ParseTemplates("$request.body.kind", row.templates, row.passthrough)
		if err != nil {
			t.Fatal(err)
		}
		request, err := ParseWebSocketRequest(map[string]string{
			"integration.request.path.id": "'7'", "integration.request.querystring.q": "'lit'", "integration.request.header.x-c": "'7'",
		})
		if err != nil {
			t.Fatal(err)
		}
		k := newTalk(t, "x")
		k.stage.Variables = map[string]string{"s": "var"}
		i := &Integration{URL: server.URL + "/p/{id}", Method: "POST", Timeout: 29 * time.Second, Templates: templates, Request: request}
		for key, text := range map[string]string{"$default": "2: #foreach($i in $input.path('$.n'))$i #end", `/4\d\d/`: "it failed"} {
			response, err := ParseResponse(key, "", map[string]string{"$default": text})
			if err != nil {
				t.Fatal(err)
			}
			i.Responses = append(i.Responses, response)
		}
		k.stage.Messages["x"] = &Route{Key: "x", Integration: i, Responds: true}
		c, _ := k.dial()
		if err := c.WriteMessage(websocket.TextMessage, []byte(row.send)); err != nil {
			t.Fatal(err)
		}
		if _, answer, err := c.ReadMessage(); err != nil || got != row.sent || !strings.Contains(string(answer), row.answer) {
			t.Errorf("%s: sent %q, want %q; got %q, %v, want %q", row.name, got, row.sent, answer, err, row.answer)
		}
	}
}

// TestLastMessages has what a client sends before it leaves carried out before $disconnect.
func TestLastMessages(t *testing.T) {
	t.Parallel()
	k := newTalk(t, Disconnect, "x")
	c, _ := k.dial()
	const n = 20
	for range n {
		if err := c.WriteMessage(websocket.TextMessage, []byte(`{"action":"x"}`)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(1000, "bye")); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if got := contextIn(k.next())["eventType"]; got != "MESSAGE" {
			t.Fatalf("%d: got %v", i, got)
		}
	}
	if got := contextIn(k.next())["eventType"]; got != "DISCONNECT" {
		t.Errorf("got %v", got)
	}
}

// TestRequiredParameters lets in only who sends what the $connect route requires.
func TestRequiredParameters(t *testing.T) {
	t.Parallel()
	k := newTalk(t, Connect)
	if err := k.stage.Messages[Connect].Require("route.request.header.X-A", "route.request.querystring.q"); err != nil {
		t.Fatal(err)
	}
	address := "ws" + strings.TrimPrefix(k.address(), "http")
	for _, row := range []struct {
		query  string
		header http.Header
		status int
		text   string
	}{
		{"", nil, 400, `"Missing required request parameters: [X-A, q]"`},
		{"?q=1", nil, 400, `"Missing required request parameters: [X-A]"`},
		{"?q=1", http.Header{"X-A": {"1"}}, 101, ""},
		{"?q=", http.Header{"X-A": {""}}, 400, `"Missing required request parameters: [X-A, q]"`},
		{"?q=%20", http.Header{"X-A": {"1"}}, 400, `"Missing required request parameters: [q]"`},
	} {
		c, res, err := websocket.DefaultDialer.Dial(address+row.query, row.header)
		if res == nil {
			t.Fatal(err)
		}
		body := make([]byte, 300)
		n, _ := res.Body.Read(body)
		if res.StatusCode != row.status || !strings.Contains(string(body[:n]), row.text) {
			t.Errorf("%+v: got %d %s", row, res.StatusCode, body[:n])
		}
		if c != nil {
			_ = c.Close()
		}
	}
	if err := k.stage.Messages[Connect].Require("route.request.x"); err == nil {
		t.Error("got no error")
	}
}

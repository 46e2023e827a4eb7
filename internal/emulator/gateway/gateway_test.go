package gateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/cors"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway/routekey"
)

// invoke is a function as an [Invoker].
type invoke func(ctx context.Context, arn string, payload []byte) ([]byte, string, error)

func (f invoke) InvokeStreamFor(ctx context.Context, arn string, payload []byte, stream func(string) io.Writer) ([]byte, error) {
	result, functionError, err := f(ctx, arn, payload)
	if err != nil || functionError != "" {
		return result, err
	}
	_, _ = stream("application/json").Write(result)
	return nil, nil
}

// returns is a function that always returns text.
func returns(text string) invoke {
	return func(context.Context, string, []byte) ([]byte, string, error) { return []byte(text), "", nil }
}

// apis are the source of a test.
type apis map[string]*API

func (a apis) Domain(string) (*Domain, bool) { return nil, false }

func (a apis) API(id string) (*API, bool) {
	api, ok := a[id]
	return api, ok
}

// rig is a gateway behind a real HTTP server, with one API named "api".
type rig struct {
	t     *testing.T
	url   string // of the API
	api   *API
	clock *clock.Fake

	gateway *Gateway
}

// links changes what the gateway calls.
func (r *rig) links(f func(*Links)) { f(&r.gateway.links) }

// route replaces a route of the $default stage.
func (r *rig) route(route *Route) {
	r.t.Helper()
	k, err := routekey.Parse(route.Key)
	if err != nil {
		r.t.Fatal(err)
	}
	r.api.Stages["$default"].Routes.Add(k, route)
}

// newRig serves the route keys, in the $default stage and in the stage dev, with
// one function in that payload format.
func newRig(t *testing.T, f invoke, format string, routeKeys ...string) *rig {
	t.Helper()
	return newRigWith(t, f, &Integration{Function: "arn:aws:lambda:eu-north-1:000000000000:function:${stageVariables.f}", Format: format, Timeout: time.Minute}, routeKeys...)
}

func newRigWith(t *testing.T, f invoke, i *Integration, routeKeys ...string) *rig {
	t.Helper()
	r := &rig{t: t, clock: clock.NewFake(time.Date(2020, 3, 12, 19, 3, 58, 390e6, time.UTC))}
	r.api = &API{
		ID: "api", Scope: env.Scope{Account: "000000000000", Region: "eu-north-1"},
		Stages: map[string]*Stage{"$default": {Name: "$default"}, "dev": {Name: "dev", Variables: map[string]string{"f": "dev-f"}}},
	}
	for _, text := range routeKeys {
		k, err := routekey.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, st := range r.api.Stages {
			st.Routes.Add(k, &Route{Key: text, Path: k.Path, Operation: "op", Integration: i})
		}
	}
	e := &env.Env{Clock: r.clock, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	r.gateway = New(e, apis{"api": r.api}, Links{Functions: f})
	server := httptest.NewServer(r.gateway)
	t.Cleanup(server.Close)
	r.url = server.URL + PathPrefix + "api"
	return r
}

// stage changes the $default stage.
func (r *rig) stage(f func(*Stage)) {
	f(r.api.Stages["$default"])
}

// do sends a request with headers written as "Name: value".
func (r *rig) do(method, path, body string, headers ...string) (*http.Response, string) {
	r.t.Helper()
	req, err := http.NewRequest(method, r.url+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Add(name, value)
		if name == "Host" {
			req.Host = value
		}
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return res, string(raw)
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	const failed = `{"message":"Internal Server Error"}`
	for _, row := range []struct {
		format, result string
		status         int
		contentType    string
		body           string
	}{
		{"2.0", `{"statusCode":201,"headers":{"content-type":"text/html","x-n":5},"body":"hi"}`, 201, "text/html", "hi"},
		{"2.0", `{"statusCode":"204"}`, 204, "text/plain; charset=utf-8", ""},
		{"2.0", `{"statusCode":200,"body":"aGk=","isBase64Encoded":true}`, 200, "text/plain; charset=utf-8", "hi"},
		{"2.0", `{"statusCode":200,"body":"!","isBase64Encoded":true}`, 500, "application/json", failed},
		{"2.0", `{"a":1}`, 200, "application/json", `{"a":1}`},
		{"2.0", `[1,2]`, 200, "application/json", `[1,2]`},
		{"2.0", `"hello"`, 200, "application/json", `hello`},
		{"2.0", `null`, 200, "application/json", `null`},
		{"2.0", `{"statusCode":200,"body":{"a":1}}`, 500, "application/json", failed},
		{"2.0", `{"statusCode":"x"}`, 500, "application/json", failed},
		{"2.0", `{"statusCode":99}`, 500, "application/json", failed},
		{"2.0", `not JSON`, 500, "application/json", failed},
		{"2.0", ``, 500, "application/json", failed},
		{"1.0", `{"statusCode":200,"body":"hi"}`, 200, "text/plain; charset=utf-8", "hi"},
		{"1.0", `{"a":1}`, 500, "application/json", failed},
		{"1.0", `"hello"`, 500, "application/json", failed},
		{"1.0", `null`, 500, "application/json", failed},
	} {
		r := newRig(t, returns(row.result), row.format, "$default")
		res, body := r.do("GET", "/", "")
		if res.StatusCode != row.status || body != row.body || res.Header.Get("Content-Type") != row.contentType {
			t.Errorf("%s %s: got %d %q %q, want %d %q %q", row.format, row.result,
				res.StatusCode, res.Header.Get("Content-Type"), body, row.status, row.contentType, row.body)
		}
		if id := res.Header.Get("Apigw-Requestid"); len(id) != 16 {
			t.Errorf("%s: got apigw-requestid %q, want 16 characters", row.result, id)
		}
	}
}

func TestAnswerHeaders(t *testing.T) {
	t.Parallel()
	r := newRig(t, returns(`{"statusCode":200,"headers":{"x-a":"1","connection":"close","content-length":"99"},"cookies":["a=1","b=2; Secure"],"body":"hi"}`), "2.0", "$default")
	res, body := r.do("GET", "/", "")
	if got := res.Header["Set-Cookie"]; !slices.Equal(got, []string{"a=1", "b=2; Secure"}) {
		t.Errorf("got cookies %q", got)
	}
	if body != "hi" || res.ContentLength != 2 || res.Header.Get("X-A") != "1" {
		t.Errorf("got %q, length %d, x-a %q", body, res.ContentLength, res.Header.Get("X-A"))
	}
	r = newRig(t, returns(`{"statusCode":200,"headers":{"x-a":"3","X-B":"2"},"multiValueHeaders":{"x-a":["3","4"],"x-b":["1"]}}`), "1.0", "$default")
	res, _ = r.do("GET", "/", "")
	if !slices.Equal(res.Header["X-A"], []string{"3", "4"}) || !slices.Equal(res.Header["X-B"], []string{"1", "2"}) {
		t.Errorf("1.0: got x-a %q, x-b %q", res.Header["X-A"], res.Header["X-B"])
	}
	if res, body := r.do("HEAD", "/", ""); res.StatusCode != http.StatusOK || body != "" {
		t.Errorf("HEAD: got %d %q", res.StatusCode, body)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	throttled := &smithy.GenericAPIError{Code: "TooManyRequestsException", Message: "Rate Exceeded."}
	for _, row := range []struct {
		name   string
		result invoke
		status int
		body   string
	}{
		{"no permission", func(context.Context, string, []byte) ([]byte, string, error) {
			return nil, "", &smithy.GenericAPIError{Code: "AccessDeniedException"}
		}, 500, `{"message":"Internal Server Error"}`},
		{"the function threw", func(context.Context, string, []byte) ([]byte, string, error) {
			return []byte(`{"errorMessage":"secret"}`), "Unhandled", nil
		}, 500, `{"message":"Internal Server Error"}`},
		{"throttled", func(context.Context, string, []byte) ([]byte, string, error) {
			return nil, "", throttled
		}, 503, `{"message":"Service Unavailable"}`},
		{"too much", returns(`"` + strings.Repeat("x", maxPayload) + `"`), 500, `{"message":"Internal Server Error"}`},
	} {
		r := newRig(t, row.result, "2.0", "$default")
		if res, body := r.do("GET", "/", ""); res.StatusCode != row.status || body != row.body {
			t.Errorf("%s: got %d %.100s, want %d %s", row.name, res.StatusCode, body, row.status, row.body)
		}
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	entered := make(chan struct{})
	r := newRig(t, func(ctx context.Context, _ string, _ []byte) ([]byte, string, error) {
		close(entered)
		<-ctx.Done()
		return nil, "", ctx.Err()
	}, "2.0", "$default")
	go func() {
		<-entered
		r.clock.Advance(time.Minute)
	}()
	if res, body := r.do("GET", "/", ""); res.StatusCode != http.StatusServiceUnavailable || body != `{"message":"Service Unavailable"}` {
		t.Errorf("got %d %s", res.StatusCode, body)
	}
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	r := newRig(t, returns(`"ok"`), "2.0", "$default")
	for _, size := range []int{maxRequest + 1, maxPayload + 1} {
		if res, body := r.do("POST", "/", strings.Repeat("x", size), "Content-Type: text/plain"); res.StatusCode != http.StatusRequestEntityTooLarge || body != `{"message":"Request Entity Too Large"}` {
			t.Errorf("%d bytes: got %d %s", size, res.StatusCode, body)
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	var arn string
	r := newRig(t, func(ctx context.Context, a string, _ []byte) ([]byte, string, error) {
		arn = a + " " + env.CallerOf(ctx).SourceARN
		return []byte(`"ok"`), "", nil
	}, "2.0", "GET /a", "$default")
	const lambda, execute = "arn:aws:lambda:eu-north-1:000000000000:function:", " arn:aws:execute-api:eu-north-1:000000000000:api/"
	for _, row := range []struct{ path, host, want string }{
		{"/a", "", lambda + execute + "$default/GET/a"},
		{"/dev/a", "", lambda + "dev-f" + execute + "dev/GET/a"},
		{"/dev", "", lambda + "dev-f" + execute + "dev/$default"},
		{"/other", "", lambda + execute + "$default/$default"},
	} {
		if res, body := r.do("GET", row.path, ""); res.StatusCode != http.StatusOK || arn != row.want {
			t.Errorf("%s: got %d %s, called %s, want %s", row.path, res.StatusCode, body, arn, row.want)
		}
	}
	base := strings.TrimSuffix(r.url, PathPrefix+"api")
	for _, row := range []struct {
		path, host string
		status     int
	}{
		{"/dev/a", "api.execute-api.localhost:4566", 200},
		{"/a", "api.execute-api.eu-north-1.amazonaws.com", 200},
		{"/a", "none.execute-api.localhost", 404},
		{PathPrefix + "none/a", "localhost", 404},
	} {
		r.url = base
		if res, body := r.do("GET", row.path, "", "Host: "+row.host); res.StatusCode != row.status {
			t.Errorf("%s on %s: got %d %s, want %d", row.path, row.host, res.StatusCode, body, row.status)
		}
	}
	r.api.Closed = true
	if res, body := r.do("GET", PathPrefix+"api/a", ""); res.StatusCode != http.StatusNotFound || body != `{"message":"Not Found"}` {
		t.Errorf("a closed API: got %d %s", res.StatusCode, body)
	}
}

func TestServes(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]bool{
		"http://api.execute-api.localhost/":          true,
		"http://127.0.0.1/_aws/execute-api/api":      true,
		"http://127.0.0.1/_aws/execute-api/":         false,
		"http://127.0.0.1/v2/apis":                   false,
		"http://apigateway.eu-north-1.amazonaws.com": false,
		"http://execute-api.localhost/":              false,
	} {
		if got := New(&env.Env{}, apis{}, Links{}).Serves(httptest.NewRequest(http.MethodGet, url, nil)); got != want {
			t.Errorf("%s: got %v, want %v", url, got, want)
		}
	}
}

func TestCORS(t *testing.T) {
	t.Parallel()
	r := newRig(t, returns(`{"statusCode":200,"headers":{"access-control-allow-origin":"https://evil"},"body":"hi"}`), "2.0", "GET /a")
	age := int32(300)
	for _, row := range []struct {
		name    string
		cors    *cors.Config
		method  string
		headers []string
		status  int
		want    map[string]string
	}{
		{"preflight", &cors.Config{AllowOrigins: []string{"https://a.test"}, AllowMethods: []string{"GET", "POST"}, AllowHeaders: []string{"x-a"}, MaxAge: &age},
			"OPTIONS", []string{"Origin: https://a.test", "Access-Control-Request-Method: GET"}, 204,
			map[string]string{"Access-Control-Allow-Origin": "https://a.test", "Access-Control-Allow-Methods": "GET,POST", "Access-Control-Allow-Headers": "x-a", "Access-Control-Max-Age": "300"}},
		{"preflight of another origin", &cors.Config{AllowOrigins: []string{"https://a.test"}},
			"OPTIONS", []string{"Origin: https://b.test", "Access-Control-Request-Method: GET"}, 204, map[string]string{"Access-Control-Allow-Origin": ""}},
		{"request", &cors.Config{AllowOrigins: []string{"*"}, ExposeHeaders: []string{"x-b"}},
			"GET", []string{"Origin: https://a.test"}, 200, map[string]string{"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "x-b"}},
		{"https of any host", &cors.Config{AllowOrigins: []string{"https://*"}, AllowCredentials: true},
			"GET", []string{"Origin: https://a.test"}, 200, map[string]string{"Access-Control-Allow-Origin": "https://a.test", "Access-Control-Allow-Credentials": "true"}},
		{"the function's own headers are dropped", &cors.Config{AllowOrigins: []string{"https://a.test"}},
			"GET", nil, 200, map[string]string{"Access-Control-Allow-Origin": ""}},
		{"without configuration the function decides", nil,
			"GET", nil, 200, map[string]string{"Access-Control-Allow-Origin": "https://evil"}},
		{"an OPTIONS request is routed without configuration", nil,
			"OPTIONS", []string{"Origin: https://a.test", "Access-Control-Request-Method: GET"}, 404, nil},
	} {
		r.stage(func(s *Stage) { s.CORS = row.cors })
		res, _ := r.do(row.method, "/a", "", row.headers...)
		if res.StatusCode != row.status {
			t.Errorf("%s: got %d, want %d", row.name, res.StatusCode, row.status)
		}
		for name, want := range row.want {
			if got := res.Header.Get(name); got != want {
				t.Errorf("%s: got %s %q, want %q", row.name, name, got, want)
			}
		}
	}
}

func TestThrottling(t *testing.T) {
	t.Parallel()
	r := newRig(t, returns(`"ok"`), "2.0", "GET /a", "GET /b", "GET /c")
	r.stage(func(s *Stage) {
		s.Limits = map[string]Limit{"": {Burst: 2, Rate: 1}, "GET /b": {Burst: 1, Rate: 1}, "GET /c": {}}
	})
	for i, row := range []struct {
		path   string
		status int
	}{
		{"/a", 200}, {"/a", 200}, {"/a", 429}, {"/b", 200}, {"/b", 429}, {"/c", 429},
	} {
		if res, body := r.do("GET", row.path, ""); res.StatusCode != row.status {
			t.Errorf("%d: %s: got %d %s, want %d", i, row.path, res.StatusCode, body, row.status)
		}
	}
	r.clock.Advance(time.Second)
	if res, _ := r.do("GET", "/a", ""); res.StatusCode != http.StatusOK {
		t.Errorf("a second later: got %d, want 200", res.StatusCode)
	}
	if res, body := r.do("GET", "/a", ""); res.StatusCode != http.StatusTooManyRequests || body != `{"message":"Too Many Requests"}` {
		t.Errorf("at once again: got %d %s", res.StatusCode, body)
	}
}

func TestForward(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("X-Got", r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("X-Forwarded-For")+" "+string(body))
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write(bytes.ToUpper(body))
	}))
	t.Cleanup(server.Close)
	never := invoke(func(context.Context, string, []byte) ([]byte, string, error) {
		return nil, "", errors.New("no function here")
	})
	r := newRigWith(t, never, &Integration{URL: server.URL + "/base/{rest}?k=v", Method: "ANY", Timeout: time.Minute}, "ANY /p/{rest+}")
	res, body := r.do("PUT", "/p/a%20b/c?x=1", "hi")
	if got, want := res.Header.Get("X-Got"), "PUT /base/a%20b/c?k=v&x=1 127.0.0.1 hi"; got != want || res.StatusCode != http.StatusTeapot || body != "HI" {
		t.Errorf("got %d %q %q, want 418 %q HI", res.StatusCode, got, body, want)
	}
	server.Close()
	if res, body := r.do("PUT", "/p/a", ""); res.StatusCode != http.StatusServiceUnavailable || body != `{"message":"Service Unavailable"}` {
		t.Errorf("a dead server: got %d %s", res.StatusCode, body)
	}
}

// TestExpand puts in the variables of a stage, once: a value can look like a reference.
func TestExpand(t *testing.T) {
	t.Parallel()
	st := &Stage{Variables: map[string]string{"a": "1", "self": "${stageVariables.self}"}}
	for text, want := range map[string]string{
		"x": "x", "x${stageVariables.a}y${stageVariables.a}": "x1y1", "${stageVariables.none}z": "z",
		"${stageVariables.self}-${stageVariables.a}": "${stageVariables.self}-1", "${stageVariables.a}${stageVariables.open": "1${stageVariables.open",
	} {
		if got := st.expand(text); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

package payload

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestEvent has the request of AWS's own example of format 2.0.
func TestEvent(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://id.execute-api.us-east-1.amazonaws.com/my/path?parameter1=value1&parameter1=value2&parameter2=value", nil)
	r.Header = http.Header{
		"Content-Type": {"text/plain"}, "Cookie": {"cookie1; cookie2", "cookie3=3"}, "Header1": {"value1"}, "Header2": {"value1", "value2"}, "User-Agent": {"agent"}, "Connection": {"close"},
	}
	r.RemoteAddr = "[::1]:5000"
	e := New(r, "/my/path", []byte("Hello from Lambda"), time.Date(2020, 3, 12, 20, 3, 58, 390e6, time.FixedZone("CET", 3600)))
	e.Headers = Headers(r.Header)
	raw, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var got, want any
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	const text = `{
		"version": "2.0", "routeKey": "", "rawPath": "/my/path", "rawQueryString": "parameter1=value1&parameter1=value2&parameter2=value",
		"cookies": ["cookie1", "cookie2", "cookie3=3"],
		"headers": {"content-type": "text/plain", "header1": "value1", "header2": "value1,value2", "user-agent": "agent"},
		"queryStringParameters": {"parameter1": "value1,value2", "parameter2": "value"},
		"requestContext": {
			"accountId": "", "apiId": "", "domainName": "", "domainPrefix": "", "requestId": "", "routeKey": "", "stage": "",
			"http": {"method": "POST", "path": "/my/path", "protocol": "HTTP/1.1", "sourceIp": "::1", "userAgent": "agent"},
			"time": "12/Mar/2020:19:03:58 +0000", "timeEpoch": 1584039838390
		},
		"body": "Hello from Lambda", "isBase64Encoded": false
	}`
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestBody(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		kind, body, want string
		encoded          bool
	}{
		{"application/json", `{"a":1}`, `{"a":1}`, false},
		{"application/json; charset=utf-8", "é", "é", false},
		{"application/problem+json", "{}", "{}", false},
		{"application/atom+xml", "<a/>", "<a/>", false},
		{"application/javascript", "1", "1", false},
		{"text/csv", "a,b", "a,b", false},
		{"text/plain", "\xff", "/w==", true},
		{"application/octet-stream", "a", "YQ==", true},
		{"application/x-www-form-urlencoded", "a=b", "YT1i", true},
		{"multipart/form-data; boundary=x", "--x", "LS14", true},
		{"", "a", "YQ==", true},
		{"no type;", "a", "YQ==", true},
	} {
		got, encoded := Body(row.kind, []byte(row.body))
		if got == nil || *got != row.want || encoded != row.encoded {
			t.Errorf("%q of %q: got %v, %v, want %q, %v", row.body, row.kind, got, encoded, row.want, row.encoded)
		}
	}
	if got, encoded := Body("text/plain", nil); got != nil || encoded {
		t.Errorf("no body: got %q, %v", *got, encoded)
	}
}

func TestCookies(t *testing.T) {
	t.Parallel()
	for header, want := range map[string][]string{"": nil, ";": nil, "a=1": {"a=1"}, " a=1 ;b=2; ": {"a=1", "b=2"}, `a="x y"`: {`a="x y"`}} {
		if diff := cmp.Diff(want, Cookies([]string{header})); diff != "" {
			t.Errorf("%q (-want +got)\n%s", header, diff)
		}
	}
}

func TestSource(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{"127.0.0.1:80": "127.0.0.1", "[::1]:80": "::1", "pipe": "pipe"} {
		if got := Source(&http.Request{RemoteAddr: address}); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
	for host, want := range map[string]string{"h:4566": "4566", "h": "80", "[::1]:4566": "4566", "[::1]": "80"} {
		if got := Port(&http.Request{Host: host}); got != want {
			t.Errorf("%s: got %s, want %s", host, got, want)
		}
	}
}

// TestParse has AWS's own examples of what functions answer, and what they must not.
func TestParse(t *testing.T) {
	t.Parallel()
	jsonHeader := http.Header{"Content-Type": {"application/json"}}
	for _, row := range []struct {
		format, raw string
		want        *Result
	}{
		{"2.0", `"Hello from Lambda!"`, &Result{200, jsonHeader, []byte("Hello from Lambda!")}},
		{"2.0", `{ "message": "Hello from Lambda!" }`, &Result{200, jsonHeader, []byte(`{ "message": "Hello from Lambda!" }`)}},
		{"2.0", ` [1] `, &Result{200, jsonHeader, []byte(`[1]`)}},
		{"2.0", `3`, &Result{200, jsonHeader, []byte(`3`)}},
		{"2.0", `null`, &Result{200, jsonHeader, []byte(`null`)}},
		{"2.0", `{"cookies":["a=1","b=2"],"isBase64Encoded":true,"statusCode":201,"headers":{"x-a":"b","x-n":1,"x-t":true},"body":"aGk="}`,
			&Result{201, http.Header{"Set-Cookie": {"a=1", "b=2"}, "X-A": {"b"}, "X-N": {"1"}, "X-T": {"true"}}, []byte("hi")}},
		{"2.0", `{"statusCode":204,"multiValueHeaders":{"x-a":["1"]}}`, &Result{204, http.Header{}, nil}},
		{"1.0", `{"isBase64Encoded":false,"statusCode":"200","headers":{"a":"1","b":"3"},"multiValueHeaders":{"a":["1","2"]},"body":"hi"}`,
			&Result{200, http.Header{"A": {"1", "2"}, "B": {"3"}}, []byte("hi")}},
		{"1.0", `{"statusCode":200,"cookies":["a=1"]}`, &Result{200, http.Header{}, nil}},
		{"1.0", `"Hello"`, nil}, {"1.0", `{"message":"Hello"}`, nil}, {"1.0", `null`, nil}, {"1.0", ``, nil}, {"2.0", ``, nil}, {"2.0", `{`, nil},
		{"2.0", `{"statusCode":199}`, nil}, {"2.0", `{"statusCode":600}`, nil}, {"2.0", `{"statusCode":null}`, nil}, {"2.0", `{"statusCode":200.5}`, nil},
		{"2.0", `{"statusCode":200,"body":1}`, nil}, {"2.0", `{"statusCode":200,"body":"!","isBase64Encoded":true}`, nil}, {"2.0", `{"statusCode":200,"headers":[]}`, nil},
	} {
		got, err := Parse([]byte(row.raw), row.format)
		if (err != nil) != (row.want == nil) {
			t.Errorf("%s %s: got %+v, %v", row.format, row.raw, got, err)
			continue
		}
		if diff := cmp.Diff(row.want, got); diff != "" && row.want != nil {
			t.Errorf("%s %s (-want +got)\n%s", row.format, row.raw, diff)
		}
	}
}

func TestPrelude(t *testing.T) {
	t.Parallel()
	const head, zeros = `{"statusCode":201,"headers":{"a":"1"},"cookies":["c=1"]}`, "\x00\x00\x00\x00\x00\x00\x00\x00"
	for n := range len(head + zeros) {
		if r, err := Prelude([]byte((head + zeros)[:n]), false); r != nil || err != nil {
			t.Fatalf("%d bytes: got %+v, %v", n, r, err)
		}
	}
	got, err := Prelude([]byte(head+zeros+"body"+zeros), false)
	want := &Result{201, http.Header{"A": {"1"}, "Set-Cookie": {"c=1"}}, []byte("body" + zeros)}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	for name, held := range map[string]string{"ended": head, "no JSON": "x" + zeros, "too long": strings.Repeat("x", maxPrelude+1)} {
		if _, err := Prelude([]byte(held), name == "ended"); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	for kind, want := range map[string]bool{streamed: true, streamed + "; charset=x": true, "application/json": false, "": false} {
		if got := Preluded(kind); got != want {
			t.Errorf("%q: got %v", kind, got)
		}
	}
}

// FuzzParse shows that no answer of a function is too much.
func FuzzParse(f *testing.F) {
	f.Add(`{"statusCode":200,"body":"x","headers":{"a":1}}`, true)
	f.Add("{}\x00\x00\x00\x00\x00\x00\x00\x00", false)
	f.Fuzz(func(t *testing.T, raw string, ended bool) {
		for _, format := range []string{"1.0", "2.0"} {
			if r, err := Parse([]byte(raw), format); err == nil && (r.Status < 200 || r.Status > 599) {
				t.Errorf("got status %d", r.Status)
			}
		}
		_, _ = Prelude([]byte(raw), ended)
	})
}

package gateway

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// event sends a request and returns the event that the function got.
func event(t *testing.T, format, routeKey, method, path, body string, headers ...string) map[string]any {
	t.Helper()
	var got map[string]any
	r := newRig(t, func(_ context.Context, _ string, payload []byte) ([]byte, string, error) {
		if err := json.Unmarshal(payload, &got); err != nil {
			return nil, "", err
		}
		return []byte(`{"statusCode":200}`), "", nil
	}, format, routeKey)
	if res, text := r.do(method, path, body, headers...); res.StatusCode != http.StatusOK {
		t.Fatalf("got %d %s", res.StatusCode, text)
	}
	// What differs from run to run is checked for its form here.
	rc := got["requestContext"].(map[string]any)
	if id, _ := rc["requestId"].(string); len(id) != 16 {
		t.Errorf("got requestId %q, want 16 characters", id)
	}
	delete(rc, "requestId")
	delete(rc, "extendedRequestId")
	delete(rc, "domainName")
	for _, of := range []string{"headers", "multiValueHeaders"} {
		h, _ := got[of].(map[string]any)
		for name := range h {
			switch strings.ToLower(name) {
			case "host", "x-forwarded-port", "x-amzn-trace-id", "user-agent", "accept-encoding":
				delete(h, name)
			}
		}
	}
	return got
}

func wantJSON(t *testing.T, got any, want string) {
	t.Helper()
	var w any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestEvent2(t *testing.T) {
	t.Parallel()
	got := event(t, "2.0", "POST /notes/{id}", "POST", "/dev/notes/a%20b?x=1&x=2&y=", `{"a":1}`,
		"Content-Type: application/json", "X-Many: 1", "X-Many: 2", "Cookie: a=1; b=2", "User-Agent: test")
	wantJSON(t, any(got), `{
		"version": "2.0", "routeKey": "POST /notes/{id}",
		"rawPath": "/dev/notes/a b", "rawQueryString": "x=1&x=2&y=",
		"cookies": ["a=1", "b=2"],
		"headers": {"content-type": "application/json", "content-length": "7", "x-many": "1,2", "x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "http"},
		"queryStringParameters": {"x": "1,2", "y": ""},
		"requestContext": {
			"accountId": "000000000000", "apiId": "api", "domainPrefix": "api",
			"http": {"method": "POST", "path": "/dev/notes/a b", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "test"},
			"routeKey": "POST /notes/{id}", "stage": "dev", "time": "12/Mar/2020:19:03:58 +0000", "timeEpoch": 1584039838390
		},
		"pathParameters": {"id": "a b"}, "stageVariables": {"f": "dev-f"},
		"body": "{\"a\":1}", "isBase64Encoded": false
	}`)
}

func TestEvent2WithNothing(t *testing.T) {
	t.Parallel()
	got := event(t, "2.0", "$default", "GET", "", "", "User-Agent: test")
	delete(got, "requestContext")
	wantJSON(t, any(got), `{
		"version": "2.0", "routeKey": "$default", "rawPath": "/", "rawQueryString": "",
		"headers": {"content-length": "0", "x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "http"},
		"isBase64Encoded": false
	}`)
}

func TestEscapedPath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/notes/a%2Fb":  "/notes/a/b", // an escaped slash separates
		"/notes/a%3Fb":  "/notes/a",   // and an escaped question mark ends the path
		"/notes/%C3%A5": "/notes/å",
		"/notes/a//b/":  "/notes/a//b/",
	} {
		if got := event(t, "2.0", "ANY /notes/{rest+}", "GET", path, "")["rawPath"]; got != want {
			t.Errorf("%s: got rawPath %s, want %s", path, got, want)
		}
	}
}

func TestEvent1(t *testing.T) {
	t.Parallel()
	got := event(t, "1.0", "ANY /notes/{id}", "PUT", "/dev/notes/7?x=1&x=2", "\xff\x00",
		"Content-Type: application/octet-stream", "X-Many: 1", "X-Many: 2", "User-Agent: test")
	wantJSON(t, any(got), `{
		"version": "1.0", "resource": "/notes/{id}", "path": "/dev/notes/7", "httpMethod": "PUT",
		"headers": {"Content-Type": "application/octet-stream", "Content-Length": "2", "X-Many": "2", "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http"},
		"multiValueHeaders": {"Content-Type": ["application/octet-stream"], "Content-Length": ["2"], "X-Many": ["1", "2"], "X-Forwarded-For": ["127.0.0.1"], "X-Forwarded-Proto": ["http"]},
		"queryStringParameters": {"x": "2"}, "multiValueQueryStringParameters": {"x": ["1", "2"]},
		"requestContext": {
			"accountId": "000000000000", "apiId": "api", "authorizer": null, "domainPrefix": "api", "httpMethod": "PUT",
			"identity": {
				"accessKey": null, "accountId": null, "caller": null, "cognitoAmr": null, "cognitoAuthenticationProvider": null,
				"cognitoAuthenticationType": null, "cognitoIdentityId": null, "cognitoIdentityPoolId": null, "principalOrgId": null,
				"sourceIp": "127.0.0.1", "user": null, "userAgent": "test", "userArn": null
			},
			"operationName": "op", "path": "/dev/notes/7", "protocol": "HTTP/1.1",
			"requestTime": "12/Mar/2020:19:03:58 +0000", "requestTimeEpoch": 1584039838390,
			"resourceId": "ANY /notes/{id}", "resourcePath": "/notes/{id}", "stage": "dev"
		},
		"pathParameters": {"id": "7"}, "stageVariables": {"f": "dev-f"}, "body": "/wA=", "isBase64Encoded": true
	}`)
	empty := event(t, "1.0", "$default", "GET", "/", "")
	for _, name := range []string{"queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables", "body"} {
		if v, ok := empty[name]; !ok || v != nil {
			t.Errorf("%s: got %v, want null", name, v)
		}
	}
}

func TestBodyEncoding(t *testing.T) {
	t.Parallel()
	for contentType, want := range map[string]bool{
		"application/json": false, "application/json; charset=utf-8": false, "text/html": false, "application/xml": false,
		"application/vnd.api+json": false, "application/javascript": false,
		"application/x-www-form-urlencoded": true, "image/png": true, "": true, "nonsense;;": true,
	} {
		got := event(t, "2.0", "$default", "POST", "/", "x=1", "Content-Type: "+contentType)["isBase64Encoded"]
		if got != want {
			t.Errorf("%q: got isBase64Encoded %v, want %v", contentType, got, want)
		}
	}
}

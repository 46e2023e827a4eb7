package emulator_test

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
)

// mirror answers with its event; it fails, sets headers or streams when asked to.
const mirror = `
exports.handler = async (e) => {
  if (e.rawPath === "/fail") throw new Error("no")
  if (e.rawPath === "/teapot") return { statusCode: 418, headers: { "X-A": 1, "Access-Control-Allow-Origin": "nobody" }, cookies: ["a=1", "b=2"], body: "AQI=", isBase64Encoded: true }
  return e
}
exports.stream = awslambda.streamifyResponse(async (e, out) => {
  const first = e.rawPath === "/plain" ? out : awslambda.HttpResponseStream.from(out, { statusCode: 201, headers: { "content-type": "text/event-stream" }, cookies: ["c=3"] })
  first.write("one\n")
  await fetch(e.queryStringParameters.gate)
  first.write("two\n")
  first.end()
})
`

// mirrored makes a function of that code behind a URL and returns the URL.
func mirrored(t *testing.T, c aws.Config, handler string, change func(*lambda.CreateFunctionUrlConfigInput)) string {
	t.Helper()
	nodeFunction(t, c, mirror, handler)
	in := &lambda.CreateFunctionUrlConfigInput{FunctionName: aws.String("f"), AuthType: types.FunctionUrlAuthTypeNone}
	change(in)
	out, err := lambda.NewFromConfig(c).CreateFunctionUrlConfig(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(*out.FunctionUrl, "/")
}

// nodeFunction makes the function f of that code.
func nodeFunction(t *testing.T, c aws.Config, source, handler string) {
	t.Helper()
	node(t)
	var code bytes.Buffer
	z := zip.NewWriter(&code)
	f, err := z.Create("index.js")
	if err == nil {
		_, err = io.WriteString(f, source)
	}
	if err = firstOf(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := iam.NewFromConfig(c).CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(trust)}); err != nil {
		t.Fatal(err)
	}
	functions := lambda.NewFromConfig(c)
	if _, err := functions.CreateFunction(t.Context(), &lambda.CreateFunctionInput{
		FunctionName: aws.String("f"), Runtime: types.RuntimeNodejs20x, Handler: aws.String("index." + handler), Timeout: aws.Int32(60),
		Role: aws.String("arn:aws:iam::000000000000:role/r"), Code: &types.FunctionCode{ZipFile: code.Bytes()},
	}); err != nil {
		t.Fatal(err)
	}
	until(t, "the function becomes active", func() bool {
		now, err := functions.GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("f")})
		return err == nil && now.State == types.StateActive
	})
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// public lets everyone call the URL of the function f.
func public(t *testing.T, c aws.Config) {
	t.Helper()
	for _, in := range []*lambda.AddPermissionInput{
		{Action: aws.String("lambda:InvokeFunctionUrl"), StatementId: aws.String("url"), FunctionUrlAuthType: types.FunctionUrlAuthTypeNone},
		{Action: aws.String("lambda:InvokeFunction"), StatementId: aws.String("function"), InvokedViaFunctionUrl: aws.Bool(true)},
	} {
		in.FunctionName, in.Principal = aws.String("f"), aws.String("*")
		if _, err := lambda.NewFromConfig(c).AddPermission(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
}

// ask sends a request and returns the answer with its body.
func ask(t *testing.T, req *http.Request) (*http.Response, string) {
	t.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func request(t *testing.T, method, url, body string, headers ...string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	return req
}

const urlForbidden = `{"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"}`

func TestFunctionURL(t *testing.T) {
	t.Parallel()
	e := start(t, emulator.Config{})
	c := config(e)
	base := mirrored(t, c, "handler", func(in *lambda.CreateFunctionUrlConfigInput) {
		in.Cors = &types.Cors{AllowOrigins: []string{"https://a.example"}, AllowMethods: []string{"GET"}, MaxAge: aws.Int32(60)}
	})
	if res, body := ask(t, request(t, "GET", base+"/", "")); res.StatusCode != http.StatusForbidden || body != urlForbidden {
		t.Errorf("without permission: got %d %s", res.StatusCode, body)
	}
	public(t, c)

	res, body := ask(t, request(t, "POST", base+"/a%20b/c?x=1&y=2&y=3", `{"a":1}`, "Content-Type", "application/json", "Cookie", "k=v; l=w", "X-B", "1", "X-B", "2"))
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("got %d %s", res.StatusCode, body)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	about := got["requestContext"].(map[string]any)
	id := about["apiId"].(string)
	headers := got["headers"].(map[string]any)
	for _, tt := range []struct {
		what      string
		got, want any
	}{
		{"version", got["version"], "2.0"},
		{"routeKey", got["routeKey"], "$default"},
		{"rawPath", got["rawPath"], "/a b/c"},
		{"rawQueryString", got["rawQueryString"], "x=1&y=2&y=3"},
		{"y", got["queryStringParameters"].(map[string]any)["y"], "2,3"},
		{"cookies", strings.Join(texts(got["cookies"]), " "), "k=v l=w"},
		{"body", got["body"], `{"a":1}`},
		{"isBase64Encoded", got["isBase64Encoded"], false},
		{"x-b", headers["x-b"], "1,2"},
		{"content-length", headers["content-length"], "7"},
		{"accountId", about["accountId"], "anonymous"},
		{"domainPrefix", about["domainPrefix"], id},
		{"authorizer", about["authorizer"], nil},
		{"stage", about["stage"], "$default"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.what, tt.got, tt.want)
		}
	}

	res, body = ask(t, request(t, "GET", base+"/teapot", "", "Origin", "https://a.example"))
	if res.StatusCode != http.StatusTeapot || body != "\x01\x02" || res.Header.Get("X-A") != "1" || len(res.Cookies()) != 2 ||
		strings.Join(res.Header["Access-Control-Allow-Origin"], ",") != "https://a.example" {
		t.Errorf("got %d %q, %v", res.StatusCode, body, res.Header)
	}
	if res, body := ask(t, request(t, "GET", base+"/fail", "")); res.StatusCode != http.StatusBadGateway || body != "Internal Server Error" {
		t.Errorf("a function that fails: got %d %s", res.StatusCode, body)
	}
	res, _ = ask(t, request(t, "OPTIONS", base+"/", "", "Origin", "https://a.example", "Access-Control-Request-Method", "GET"))
	if res.StatusCode != http.StatusOK || res.Header.Get("Access-Control-Allow-Methods") != "GET" || res.Header.Get("Access-Control-Max-Age") != "60" {
		t.Errorf("a preflight request: got %d, %v", res.StatusCode, res.Header)
	}

	host := request(t, "GET", urlOf(t, e)+"/x", "")
	host.Host = id + ".lambda-url.eu-north-1.localhost"
	if res, body := ask(t, host); res.StatusCode != http.StatusOK || !strings.Contains(body, `"domainName":"`+host.Host+`"`) {
		t.Errorf("by host name: got %d %s", res.StatusCode, body)
	}
	host.Host = "nobody.lambda-url.eu-north-1.localhost"
	if res, body := ask(t, host); res.StatusCode != http.StatusForbidden || body != `{"Message":null}` {
		t.Errorf("an unknown URL: got %d %s", res.StatusCode, body)
	}
}

func node(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("node", "--version").CombinedOutput(); err != nil {
		t.Skipf("node is missing: %v %s", err, out)
	}
}

func texts(v any) []string {
	var out []string
	list, _ := v.([]any)
	for _, e := range list {
		out = append(out, e.(string))
	}
	return out
}

// A URL with AWS_IAM wants a signature of someone whose policies allow the call.
func TestFunctionURLSigned(t *testing.T) {
	t.Parallel()
	e := start(t, emulator.Config{})
	c := config(e)
	base := mirrored(t, c, "handler", func(in *lambda.CreateFunctionUrlConfigInput) { in.AuthType = types.FunctionUrlAuthTypeAwsIam })
	public(t, c) // which is for URLs without authorization

	if res, body := ask(t, request(t, "GET", base+"/", "")); res.StatusCode != http.StatusForbidden || body != urlForbidden {
		t.Errorf("unsigned: got %d %s", res.StatusCode, body)
	}
	root, err := c.Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	res, body := ask(t, signed(t, root, "POST", base+"/p?q=1", "hello"))
	if res.StatusCode != http.StatusOK || !strings.Contains(body, `"userArn":"arn:aws:iam::000000000000:root"`) || !strings.Contains(body, `"body":"aGVsbG8="`) {
		t.Errorf("signed by root: got %d %s", res.StatusCode, body)
	}
	forged := signed(t, root, "GET", base+"/", "")
	forged.URL.RawQuery = "other=1"
	if res, body := ask(t, forged); res.StatusCode != http.StatusForbidden || !strings.Contains(body, "signature we calculated does not match") {
		t.Errorf("forged: got %d %s", res.StatusCode, body)
	}

	roles := iam.NewFromConfig(c)
	if _, err := roles.CreateRole(t.Context(), &iam.CreateRoleInput{
		RoleName: aws.String("caller"), AssumeRolePolicyDocument: aws.String(strings.ReplaceAll(trust, `"Service":"lambda.amazonaws.com"`, `"AWS":"arn:aws:iam::000000000000:root"`)),
	}); err != nil {
		t.Fatal(err)
	}
	session, err := sts.NewFromConfig(c).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::000000000000:role/caller"), RoleSessionName: aws.String("session")})
	if err != nil {
		t.Fatal(err)
	}
	keys := aws.Credentials{AccessKeyID: *session.Credentials.AccessKeyId, SecretAccessKey: *session.Credentials.SecretAccessKey, SessionToken: *session.Credentials.SessionToken}
	if res, body := ask(t, signed(t, keys, "GET", base+"/", "")); res.StatusCode != http.StatusForbidden || body != urlForbidden {
		t.Errorf("a role without policies: got %d %s", res.StatusCode, body)
	}
	if _, err := roles.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{
		RoleName: aws.String("caller"), PolicyName: aws.String("p"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"lambda:InvokeFunction*","Resource":"arn:aws:lambda:*:*:function:f"}}`),
	}); err != nil {
		t.Fatal(err)
	}
	if res, body := ask(t, signed(t, keys, "GET", base+"/", "")); res.StatusCode != http.StatusOK || !strings.Contains(body, "assumed-role/caller/session") {
		t.Errorf("a role with a policy: got %d %s", res.StatusCode, body)
	}
	const f = "arn:aws:lambda:eu-north-1:000000000000:function:f"
	if _, err := lambda.NewFromConfig(c).PutResourcePolicy(t.Context(), &lambda.PutResourcePolicyInput{
		ResourceArn: aws.String(f), Policy: aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::000000000000:role/caller"},"Action":"lambda:InvokeFunctionUrl","Resource":"` + f + `"}}`),
	}); err != nil {
		t.Fatal(err)
	}
	if res, body := ask(t, signed(t, keys, "GET", base+"/", "")); res.StatusCode != http.StatusForbidden || body != urlForbidden {
		t.Errorf("a role that the function's policy denies: got %d %s", res.StatusCode, body)
	}
}

func signed(t *testing.T, keys aws.Credentials, method, url, body string) *http.Request {
	t.Helper()
	req := request(t, method, url, body)
	sum := sha256.Sum256([]byte(body))
	if err := v4.NewSigner().SignHTTP(t.Context(), keys, req, hex.EncodeToString(sum[:]), "lambda", "eu-north-1", time.Now()); err != nil {
		t.Fatal(err)
	}
	return req
}

// What a function streams arrives as it writes it.
func TestFunctionURLStreams(t *testing.T) {
	t.Parallel()
	e := start(t, emulator.Config{})
	c := config(e)
	base := mirrored(t, c, "stream", func(in *lambda.CreateFunctionUrlConfigInput) { in.InvokeMode = types.InvokeModeResponseStream })
	public(t, c)
	gate := newGate(t)
	for _, tt := range []struct {
		path, contentType string
		status            int
	}{{"/", "text/event-stream", 201}, {"/plain", "application/octet-stream", 200}} {
		res, err := http.DefaultClient.Do(request(t, "GET", base+tt.path+"?gate="+gate.url, ""))
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != tt.status || res.Header.Get("Content-Type") != tt.contentType {
			t.Errorf("%s: got %d, %v", tt.path, res.StatusCode, res.Header)
		}
		r := bufio.NewReader(res.Body)
		if line, err := r.ReadString('\n'); err != nil || line != "one\n" {
			t.Errorf("%s: got %q, %v", tt.path, line, err)
		}
		gate.open() // only now does the function go on
		if rest, err := io.ReadAll(r); err != nil || string(rest) != "two\n" {
			t.Errorf("%s: got %q, %v", tt.path, rest, err)
		}
		_ = res.Body.Close()
	}

	out, err := lambda.NewFromConfig(c).InvokeWithResponseStream(t.Context(), &lambda.InvokeWithResponseStreamInput{
		FunctionName: aws.String("f"), Payload: []byte(`{"rawPath":"/plain","queryStringParameters":{"gate":"` + gate.url + `"}}`), LogType: types.LogTypeTail,
	})
	if err != nil {
		t.Fatal(err)
	}
	var body strings.Builder
	var complete bool
	for event := range out.GetStream().Events() {
		switch event := event.(type) {
		case *types.InvokeWithResponseStreamResponseEventMemberPayloadChunk:
			if body.Len() == 0 {
				gate.open()
			}
			body.Write(event.Value.Payload)
		case *types.InvokeWithResponseStreamResponseEventMemberInvokeComplete:
			complete = event.Value.ErrorCode == nil && aws.ToString(event.Value.LogResult) != ""
		}
	}
	if err := out.GetStream().Err(); err != nil || body.String() != "one\ntwo\n" || !complete {
		t.Errorf("got %q, complete: %v, %v", body.String(), complete, err)
	}
}

// A gate is a server that answers each request when it is opened once more.
type gate struct {
	url  string
	pass chan struct{}
}

func newGate(t *testing.T) *gate {
	t.Helper()
	g := &gate{pass: make(chan struct{}, 16)}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-g.pass:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	g.url = server.URL
	return g
}

func (g *gate) open() { g.pass <- struct{}{} }

// again calls itself for ever, and says how often it was called.
const again = `
exports.handler = async (n) => {
  const res = await fetch(process.env.AWS_ENDPOINT_URL + "/2015-03-31/functions/f/invocations", {
    method: "POST", body: JSON.stringify(n + 1), headers: { "X-Amzn-Trace-Id": process.env._X_AMZN_TRACE_ID } })
  return res.status === 200 ? res.json() : [n, (await res.json()).Message]
}
`

// A function that calls itself is stopped in its 17th round.
func TestRecursion(t *testing.T) {
	t.Parallel()
	e := start(t, emulator.Config{AnyCredentials: true})
	c := config(e)
	c.Region = "us-east-1" // of requests that are not signed
	nodeFunction(t, c, again, "handler")
	out, err := lambda.NewFromConfig(c).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte("1")})
	if err != nil {
		t.Fatal(err)
	}
	want := `[16,"Lambda has detected your function being invoked in a recursive loop with other AWS resources and stopped your function's invocation."]`
	if got := string(out.Payload); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

package emulator_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi"
	managementtypes "github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi/types"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/gorilla/websocket"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
)

// routed is an API that a test makes; its methods end the test on errors.
type routed struct {
	t  *testing.T
	c  *apigatewayv2.Client
	id *string
}

func newRouted(t *testing.T, c aws.Config, in apigatewayv2.CreateApiInput) routed {
	t.Helper()
	r := routed{t: t, c: apigatewayv2.NewFromConfig(c)}
	in.Name = aws.String("x")
	a, err := r.c.CreateApi(t.Context(), &in)
	if err != nil {
		t.Fatal(err)
	}
	r.id = a.ApiId
	return r
}

// route makes a route to an integration and returns the route's id.
func (r routed) route(key string, i apigatewayv2.CreateIntegrationInput, change func(*apigatewayv2.CreateRouteInput)) *string {
	r.t.Helper()
	i.ApiId = r.id
	made, err := r.c.CreateIntegration(r.t.Context(), &i)
	if err != nil {
		r.t.Fatal(err)
	}
	in := &apigatewayv2.CreateRouteInput{ApiId: r.id, RouteKey: &key, Target: aws.String("integrations/" + *made.IntegrationId)}
	if change != nil {
		change(in)
	}
	out, err := r.c.CreateRoute(r.t.Context(), in)
	if err != nil {
		r.t.Fatal(err)
	}
	return out.RouteId
}

func (r routed) stage(name string, log *apitypes.AccessLogSettings) {
	r.t.Helper()
	_, err := r.c.CreateStage(r.t.Context(), &apigatewayv2.CreateStageInput{ApiId: r.id, StageName: &name, AutoDeploy: aws.Bool(true), AccessLogSettings: log})
	if err != nil {
		r.t.Fatal(err)
	}
}

// A WebSocket API without any function: a template answers, and the SDK's client posts.
func TestSocketsThroughTheSDK(t *testing.T) {
	t.Parallel()
	e := start(t, emulator.Config{})
	c := config(e)
	r := newRouted(t, c, apigatewayv2.CreateApiInput{ProtocolType: apitypes.ProtocolTypeWebsocket, RouteSelectionExpression: aws.String("$request.body.action")})
	id := r.route("hello", apigatewayv2.CreateIntegrationInput{
		IntegrationType: apitypes.IntegrationTypeMock, TemplateSelectionExpression: aws.String(`\$default`),
		RequestTemplates: map[string]string{"$default": `{"statusCode": 200}`},
	}, func(in *apigatewayv2.CreateRouteInput) { in.RouteResponseSelectionExpression = aws.String("$default") })
	if _, err := r.c.CreateRouteResponse(t.Context(), &apigatewayv2.CreateRouteResponseInput{ApiId: r.id, RouteId: id, RouteResponseKey: aws.String("$default")}); err != nil {
		t.Fatal(err)
	}
	integrations, err := r.c.GetIntegrations(t.Context(), &apigatewayv2.GetIntegrationsInput{ApiId: r.id})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.c.CreateIntegrationResponse(t.Context(), &apigatewayv2.CreateIntegrationResponseInput{
		ApiId: r.id, IntegrationId: integrations.Items[0].IntegrationId, IntegrationResponseKey: aws.String("$default"),
		ResponseTemplates: map[string]string{"$default": `{"you":"$context.connectionId"}`}, TemplateSelectionExpression: aws.String(`\$default`),
	}); err != nil {
		t.Fatal(err)
	}
	r.stage("dev", nil)
	a, err := r.c.GetApi(t.Context(), &apigatewayv2.GetApiInput{ApiId: r.id})
	if err != nil {
		t.Fatal(err)
	}
	_ = urlOf(t, e)
	conn, _, err := websocket.DefaultDialer.DialContext(t.Context(), *a.ApiEndpoint+"/dev", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.WriteMessage(websocket.TextMessage, []byte(`{"action":"hello"}`)); err != nil {
		t.Fatal(err)
	}
	var said struct{ You string }
	if err := conn.ReadJSON(&said); err != nil || said.You == "" {
		t.Fatalf("got %+v, %v", said, err)
	}
	for _, endpoint := range []string{"http" + strings.TrimPrefix(*a.ApiEndpoint, "ws") + "/dev", urlOf(t, e)} {
		m := apigatewaymanagementapi.NewFromConfig(c, func(o *apigatewaymanagementapi.Options) { o.BaseEndpoint = &endpoint })
		if _, err := m.PostToConnection(t.Context(), &apigatewaymanagementapi.PostToConnectionInput{ConnectionId: &said.You, Data: []byte("news")}); err != nil {
			t.Fatalf("%s: %v", endpoint, err)
		}
		if _, got, err := conn.ReadMessage(); err != nil || string(got) != "news" {
			t.Errorf("%s: got %q, %v", endpoint, got, err)
		}
		about, err := m.GetConnection(t.Context(), &apigatewaymanagementapi.GetConnectionInput{ConnectionId: &said.You})
		if err != nil || about.ConnectedAt == nil || *about.Identity.SourceIp != "127.0.0.1" {
			t.Errorf("%s: got %+v, %v", endpoint, about, err)
		}
		var gone *managementtypes.GoneException
		if _, err := m.PostToConnection(t.Context(), &apigatewaymanagementapi.PostToConnectionInput{ConnectionId: aws.String("none="), Data: []byte("x")}); !errors.As(err, &gone) {
			t.Errorf("%s: got %v, want GoneException", endpoint, err)
		}
	}
	// Nobody manages connections without a key.
	resp, err := http.Post(urlOf(t, e)+"/@connections/"+said.You, "text/plain", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("unsigned: got %d", resp.StatusCode)
	}
}

// Routes that call services need a role, and write an access log.
func TestRouteToQueue(t *testing.T) {
	t.Parallel()
	e := start(t, emulator.Config{})
	c := config(e)
	queue, err := sqs.NewFromConfig(c).CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")})
	if err != nil {
		t.Fatal(err)
	}
	roles := iam.NewFromConfig(c)
	role, err := roles.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("gate"), AssumeRolePolicyDocument: aws.String(strings.ReplaceAll(trust, "lambda.", "apigateway."))})
	if err != nil {
		t.Fatal(err)
	}
	r := newRouted(t, c, apigatewayv2.CreateApiInput{ProtocolType: apitypes.ProtocolTypeHttp})
	r.route("POST /q", apigatewayv2.CreateIntegrationInput{
		IntegrationType: apitypes.IntegrationTypeAwsProxy, IntegrationSubtype: aws.String("SQS-SendMessage"), CredentialsArn: role.Role.Arn, PayloadFormatVersion: aws.String("1.0"),
		RequestParameters: map[string]string{"QueueUrl": *queue.QueueUrl, "MessageBody": "$request.body"},
	}, nil)
	if _, err := cloudwatchlogs.NewFromConfig(c).CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("access")}); err != nil {
		t.Fatal(err)
	}
	r.stage("$default", &apitypes.AccessLogSettings{DestinationArn: aws.String("arn:aws:logs:eu-north-1:000000000000:log-group:access:*"), Format: aws.String("$context.requestId $context.routeKey $context.status")})
	url := urlOf(t, e) + "/_aws/execute-api/" + *r.id + "/q"
	post := func() (int, string) {
		t.Helper()
		resp, err := http.Post(url, "application/json", strings.NewReader(`{"a":1}`))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(b)
	}
	if status, body := post(); status != 403 {
		t.Errorf("a role that may nothing: got %d %s", status, body)
	}
	if _, err := roles.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: aws.String("gate"), PolicyName: aws.String("send"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:eu-north-1:000000000000:q"}]}`)}); err != nil {
		t.Fatal(err)
	}
	if status, body := post(); status != 200 || !strings.Contains(body, "<SendMessageResult>") {
		t.Errorf("got %d %s", status, body)
	}
	got, err := sqs.NewFromConfig(c).ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl})
	if err != nil || len(got.Messages) != 1 || *got.Messages[0].Body != `{"a":1}` {
		t.Errorf("got %+v, %v", got, err)
	}
	lines, err := cloudwatchlogs.NewFromConfig(c).FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("access")})
	if err != nil || len(lines.Events) != 2 || !strings.HasSuffix(*lines.Events[1].Message, "POST /q 200") {
		t.Errorf("got %+v, %v", lines, err)
	}
}

// signedStatus sends a request with a signature for execute-api.
func signedStatus(t *testing.T, c aws.Config, url string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := c.Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	if err := v4.NewSigner().SignHTTP(t.Context(), keys, req, empty, "execute-api", c.Region, time.Now()); err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// Custom domain names are served by Host header and by path; signatures are checked.
func TestDomainAndSignature(t *testing.T) {
	t.Parallel()
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "behind") }))
	t.Cleanup(behind.Close)
	e := start(t, emulator.Config{})
	c := config(e)
	r := newRouted(t, c, apigatewayv2.CreateApiInput{ProtocolType: apitypes.ProtocolTypeHttp})
	proxy := apigatewayv2.CreateIntegrationInput{IntegrationType: apitypes.IntegrationTypeHttpProxy, IntegrationMethod: aws.String("GET"), IntegrationUri: &behind.URL}
	r.route("GET /open", proxy, nil)
	r.route("GET /signed", proxy, func(in *apigatewayv2.CreateRouteInput) { in.AuthorizationType = apitypes.AuthorizationTypeAwsIam })
	r.stage("$default", nil)
	base := urlOf(t, e)
	get := func(host, path string) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	if got := get("api.example.com", "/v1/open"); got != http.StatusForbidden {
		t.Errorf("a host that nobody made: got %d", got)
	}
	for domain, mapping := range map[string]*string{"api.example.com": aws.String("v1"), "bare.example.com": nil} {
		if _, err := r.c.CreateDomainName(t.Context(), &apigatewayv2.CreateDomainNameInput{DomainName: &domain, DomainNameConfigurations: []apitypes.DomainNameConfiguration{
			{CertificateArn: aws.String("arn:aws:acm:eu-north-1:000000000000:certificate/1"), EndpointType: apitypes.EndpointTypeRegional, SecurityPolicy: apitypes.SecurityPolicyTls12},
		}}); err != nil {
			t.Fatal(err)
		}
		if _, err := r.c.CreateApiMapping(t.Context(), &apigatewayv2.CreateApiMappingInput{ApiId: r.id, DomainName: &domain, Stage: aws.String("$default"), ApiMappingKey: mapping}); err != nil {
			t.Fatal(err)
		}
	}
	// The request line of a proxy's client names the host, and may have no path.
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "GET http://bare.example.com HTTP/1.1\r\nHost: bare.example.com\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if resp, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil {
		t.Errorf("a whole URL without a path: %v", err)
	} else if _ = resp.Body.Close(); resp.StatusCode != http.StatusNotFound {
		t.Errorf("a whole URL without a path: got %s", resp.Status)
	}
	for _, row := range []struct {
		host, path string
		status     int
	}{
		{"api.example.com", "/v1/open", 200},
		{"127.0.0.1", "/_aws/execute-api/api.example.com/v1/open", 200},
		{"api.example.com", "/open", 404},
		{"bare.example.com", "/open", 200},
		{"api.example.com", "/v2/apis", 404}, // no control plane there
		{"api.example.com", "/_aws/health", 404},
	} {
		if got := get(row.host, row.path); got != row.status {
			t.Errorf("%s%s: got %d, want %d", row.host, row.path, got, row.status)
		}
	}
	url := base + "/_aws/execute-api/" + *r.id + "/signed"
	if got := signedStatus(t, c, url); got != 200 {
		t.Errorf("signed: got %d", got)
	}
	wrong := c.Copy()
	wrong.Credentials = aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		k, err := c.Credentials.Retrieve(ctx)
		k.SecretAccessKey += "x"
		return k, err
	})
	if got := signedStatus(t, wrong, url); got != 403 {
		t.Errorf("signed with another secret: got %d", got)
	}
	if got := get("127.0.0.1", "/_aws/execute-api/"+*r.id+"/signed"); got != 403 {
		t.Errorf("unsigned: got %d", got)
	}
}

// A client that sends half a body, or does not read its answer, does not hold up a reset,
// and those who come after it.
func TestResetCutsSlowClients(t *testing.T) {
	t.Parallel()
	large := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, _ = w.Write(make([]byte, 1<<20))
		}
	}))
	t.Cleanup(large.Close)
	e := start(t, emulator.Config{})
	c := config(e)
	r := newRouted(t, c, apigatewayv2.CreateApiInput{ProtocolType: apitypes.ProtocolTypeHttp})
	r.route("ANY /x", apigatewayv2.CreateIntegrationInput{
		IntegrationType: apitypes.IntegrationTypeHttpProxy, IntegrationMethod: aws.String("ANY"), IntegrationUri: &large.URL,
	}, nil)
	r.stage("$default", nil)
	host := strings.TrimPrefix(urlOf(t, e), "http://")
	line := " /_aws/execute-api/" + *r.id + "/x HTTP/1.1\r\nHost: " + host + "\r\nExpect: 100-continue\r\nContent-Length: "
	for _, raw := range []string{"POST" + line + "10\r\n\r\n", "GET" + line + "0\r\n\r\n"} {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		if _, err := io.WriteString(conn, raw); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(conn, make([]byte, 12)); err != nil { // the handler waits for the body, or answers
			t.Fatal(err)
		}
	}
	ended := make(chan error, 1)
	go func() { ended <- e.Reset(context.Background()) }()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the reset waits for the clients")
	}
	if _, err := r.c.GetApis(t.Context(), &apigatewayv2.GetApisInput{}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// What clients do wrong, or leave half done, reaches no server behind a route twice or
// unseen, and nothing of it is left. It is not parallel, because it counts.
func TestRouteFaults(t *testing.T) {
	var reached atomic.Int32
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/large" { // for a client that has left, so at any time
			_, _ = w.Write(make([]byte, 8<<20))
			return
		}
		reached.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	e := start(t, emulator.Config{})
	r := newRouted(t, config(e), apigatewayv2.CreateApiInput{ProtocolType: apitypes.ProtocolTypeHttp})
	r.route("ANY /{proxy+}", apigatewayv2.CreateIntegrationInput{
		IntegrationType: apitypes.IntegrationTypeHttpProxy, IntegrationMethod: aws.String("ANY"), IntegrationUri: aws.String(behind.URL + "/{proxy}"),
	}, nil)
	r.stage("$default", nil)
	w := newRouted(t, config(e), apigatewayv2.CreateApiInput{ProtocolType: apitypes.ProtocolTypeWebsocket, RouteSelectionExpression: aws.String("$request.body.action")})
	w.route("$default", apigatewayv2.CreateIntegrationInput{IntegrationType: apitypes.IntegrationTypeMock, RequestTemplates: map[string]string{"$default": `{"statusCode":200}`}}, nil)
	w.stage("dev", nil)
	host := strings.TrimPrefix(urlOf(t, e), "http://")
	path := "/_aws/execute-api/" + *r.id
	send := func(raw string) (status int, conn net.Conn) {
		t.Helper()
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, raw); err != nil {
			return 0, conn // the server would not read it all
		}
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			return 0, conn
		}
		_ = resp.Body.Close()
		return resp.StatusCode, conn
	}
	line := "POST " + path + "/x HTTP/1.1\r\nHost: " + host + "\r\n"
	use := func() {
		for _, row := range []struct {
			name, raw string
			status    int
			reaches   int32
		}{
			{"two lengths", line + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400, 0},
			{"a length that is no number", line + "Content-Length: +5\r\n\r\nhello", 400, 0},
			{"a transfer coding that hides", line + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501, 0},
			{"two transfer codings", line + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", 501, 0},
			{"a chunk that is no number", line + "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", 400, 0},
			{"a header with a blank before the colon", line + "X-A : 1\r\n\r\n", 400, 0},
			{"no host", "GET " + path + "/x HTTP/1.1\r\n\r\n", 400, 0},
			{"headers of two megabytes", line + "X-A: " + strings.Repeat("x", 2<<20) + "\r\n\r\n", 431, 0},
			{"no HTTP", "\x16\x03\x01\x00" + strings.Repeat("x", 64) + "\r\n\r\n", 400, 0},
			{"a chunk whose line ends without a carriage return", line + "Transfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n", 400, 0},
			{"chunks that end early", line + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhel\r\n0\r\n\r\n", 400, 0},
			{"lengths in one header", line + "Content-Length: 5, 6\r\n\r\nhello", 400, 0},
			{"a line in a header", line + "X-A: 1\rX-B: 2\r\n\r\n", 400, 0},
			{"a header that is no name", line + "X A: 1\r\n\r\n", 400, 0},
			{"the same length twice is one", line + "Content-Length: 2\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi", 200, 1},
			{"a folded header is one line", line + "X-A: 1\r\n Content-Length: 99\r\nConnection: close\r\n\r\n", 200, 1},
			{"lines without a carriage return", strings.ReplaceAll(line, "\r\n", "\n") + "Content-Length: 2\nConnection: close\n\nhi", 200, 1},
			{"a length and chunks: the chunks count", line + "Content-Length: 99\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n", 200, 1},
		} {
			before := reached.Load()
			status, conn := send(row.raw)
			_ = conn.Close()
			if status != row.status && (status != 0 || row.reaches > 0) || reached.Load()-before != row.reaches {
				t.Errorf("%s: got %d, reached %d times; want %d, %d", row.name, status, reached.Load()-before, row.status, row.reaches)
			}
		}
		// Half a request, and a client that leaves; one that does not read its answer; one
		// that closes its side and still reads; a socket that breaks off.
		for _, raw := range []string{line + "Content-Length: 10\r\n\r\nhal", "GET " + path + "/large HTTP/1.1\r\nHost: " + host + "\r\n\r\n"} {
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", host)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(conn, raw)
			_ = conn.Close()
		}
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, line+"Content-Length: 2\r\nConnection: close\r\n\r\nhi")
		_ = conn.(*net.TCPConn).CloseWrite()
		_, _ = io.ReadAll(conn)
		_ = conn.Close()
		for range 20 {
			c, _, err := websocket.DefaultDialer.DialContext(t.Context(), fmt.Sprintf("ws://%s/_aws/execute-api/%s/dev", host, *w.id), nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.WriteMessage(websocket.TextMessage, []byte("x")); err != nil {
				t.Fatal(err)
			}
			_ = c.NetConn().Close()
		}
		http.DefaultClient.CloseIdleConnections()
	}
	use()
	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	for range 3 {
		use()
	}
	until(t, "goroutines end", func() bool { return runtime.NumGoroutine() <= goroutines+2 })
	until(t, "files are closed", func() bool { return openFiles(t) <= files+2 })
	behind.Close()
	if _, err := lambda.NewFromConfig(config(e)).ListFunctions(t.Context(), &lambda.ListFunctionsInput{}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

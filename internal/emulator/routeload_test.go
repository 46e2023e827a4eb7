package emulator_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/gorilla/websocket"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
)

// unsteady is a function that fails as it is asked to.
const unsteady = `
import os
def handler(event, context):
    path = event.get("rawPath", "")
    if path.endswith("/die"):
        os._exit(3)
    if path.endswith("/raise"):
        raise Exception("no")
    if path.endswith("/large"):
        return {"statusCode": 200, "body": "x" * (5 << 20)}
    return {"statusCode": 200, "body": "ok"}
`

// descendants counts the processes that this one has started, and theirs.
func descendants(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc")
	if err != nil {
		t.Skip("the system does not tell which processes run")
	}
	parents := map[int]int{}
	for _, e := range all {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue // it has ended
		}
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		parents[pid], _ = strconv.Atoi(fields[1])
	}
	n := 0
	for pid := range parents {
		for up := parents[pid]; up > 1; up = parents[up] {
			if up == os.Getpid() {
				n++
				break
			}
		}
	}
	return n
}

// faulty is a server under clients that behave badly and others that do not.
type faulty struct {
	t          *testing.T
	host       string
	http, sock string // paths
}

// raw sends bytes and leaves after a few of the answer.
func (f *faulty) raw(text string, read int) {
	conn, err := (&net.Dialer{}).DialContext(f.t.Context(), "tcp", f.host)
	if err != nil {
		f.t.Error(err)
		return
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	_, _ = io.WriteString(conn, text)
	_, _ = io.ReadFull(conn, make([]byte, read))
}

// get asks for a path and demands that answer.
func (f *faulty) get(path string, status int, body string) {
	r, err := http.NewRequestWithContext(f.t.Context(), http.MethodGet, "http://"+f.host+f.http+path, nil)
	if err != nil {
		f.t.Error(err)
		return
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		f.t.Errorf("%s: %v", path, err)
		return
	}
	defer func() { _ = resp.Body.Close() }()
	if got, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != status || string(got) != body {
		f.t.Errorf("%s: got %s %.100s, %v, want %d", path, resp.Status, got, err, status)
	}
}

// flood sends a WebSocket more messages than it reads answers to, and breaks off.
func (f *faulty) flood(n int) {
	c, resp, err := websocket.DefaultDialer.DialContext(f.t.Context(), "ws://"+f.host+f.sock, nil)
	if err != nil {
		f.t.Error(err)
		return
	}
	_ = resp.Body.Close()
	for range n {
		if err := c.WriteMessage(websocket.TextMessage, []byte(`{"action":"echo"}`)); err != nil {
			break
		}
	}
	_ = c.NetConn().Close()
}

// client is one client, bad and good by turns.
func (f *faulty) client() {
	const failed = `{"message":"Internal Server Error"}`
	request := "GET " + f.http + "/%s HTTP/1.1\r\nHost: " + f.host + "\r\n%s\r\n"
	upgrade := "GET " + f.sock + " HTTP/1.1\r\nHost: " + f.host + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	f.get("/ok", 200, "ok")
	f.get("/die", 500, failed)
	f.get("/raise", 500, failed)
	f.raw(fmt.Sprintf(request, "large", ""), 100)                                 // it takes a part of the answer
	f.raw(fmt.Sprintf(request, "ok", "X-A: "+strings.Repeat("x", 2<<20)), 12)     // headers of two megabytes
	f.raw(fmt.Sprintf(request, "ok", "Content-Length: 10\r\n")+"half", 0)         // a body that does not come
	f.raw(fmt.Sprintf(request, "ok", strings.Repeat("X-A: 1\r\n", 100))[:300], 0) // headers that do not end
	f.raw(upgrade, 0)                                                             // an upgrade that is not asked for to its end
	f.raw(upgrade+"\r\n", 0)                                                      // one whose answer nobody waits for
	f.raw(upgrade+"\r\n\x81\xfe\x01", 12)                                         // a frame that does not end
	f.flood(100)
	f.get("/ok", 200, "ok")
}

// Clients that behave badly, and functions that die, harm nobody else and leave nothing
// behind: no goroutine, no open file, no process. It is not parallel, because it counts.
func TestRouteLoadUnderFaults(t *testing.T) {
	python(t)
	e := start(t, emulator.Config{})
	c := config(e)
	function := deployCode(t, c, "unsteady", unsteady)
	if _, err := lambda.NewFromConfig(c).AddPermission(t.Context(), &lambda.AddPermissionInput{
		FunctionName: &function.arn, StatementId: aws.String("api"), Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("apigateway.amazonaws.com"),
	}); err != nil {
		t.Fatal(err)
	}
	r := newRouted(t, c, apigatewayv2.CreateApiInput{ProtocolType: apitypes.ProtocolTypeHttp})
	r.route("ANY /{proxy+}", apigatewayv2.CreateIntegrationInput{IntegrationType: apitypes.IntegrationTypeAwsProxy, IntegrationUri: &function.arn, PayloadFormatVersion: aws.String("2.0")}, nil)
	r.stage("$default", nil)
	w := newRouted(t, c, apigatewayv2.CreateApiInput{ProtocolType: apitypes.ProtocolTypeWebsocket, RouteSelectionExpression: aws.String("$request.body.action")})
	id := w.route("echo", apigatewayv2.CreateIntegrationInput{IntegrationType: apitypes.IntegrationTypeMock, RequestTemplates: map[string]string{"$default": `{"statusCode":200}`}},
		func(in *apigatewayv2.CreateRouteInput) { in.RouteResponseSelectionExpression = aws.String("$default") })
	if _, err := w.c.CreateRouteResponse(t.Context(), &apigatewayv2.CreateRouteResponseInput{ApiId: w.id, RouteId: id, RouteResponseKey: aws.String("$default")}); err != nil {
		t.Fatal(err)
	}
	w.stage("dev", nil)
	f := &faulty{t: t, host: strings.TrimPrefix(urlOf(t, e), "http://"), http: "/_aws/execute-api/" + *r.id, sock: "/_aws/execute-api/" + *w.id + "/dev"}

	functions, changes := lambda.NewFromConfig(c), 0
	load := func() {
		var group sync.WaitGroup
		for range 4 {
			group.Go(f.client)
		}
		group.Wait()
		http.DefaultClient.CloseIdleConnections()
	}
	// rest ends the environments that wait for work, by a change of the function.
	rest := func() {
		changes++
		if _, err := functions.UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: &function.arn, Description: aws.String(strconv.Itoa(changes))}); err != nil {
			t.Fatal(err)
		}
		until(t, "processes end", func() bool { return descendants(t) == 0 })
	}
	load()
	if descendants(t) == 0 {
		t.Error("no environment is counted")
	}
	rest()
	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	load()
	load()
	rest()
	until(t, "goroutines end", func() bool { return runtime.NumGoroutine() <= goroutines+2 })
	until(t, "files are closed", func() bool { return openFiles(t) <= files+2 })
	f.get("/ok", 200, "ok")
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	until(t, "no process is left", func() bool { return descendants(t) == 0 })
}

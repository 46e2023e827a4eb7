package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// routes measures HTTP APIs before a warm function, the choice among many routes, and
// the memory of WebSockets that say nothing.
func (b *bench) routes(ctx context.Context) error {
	s, err := b.ours(ctx, false)
	if err != nil {
		return err
	}
	defer s.stop()
	keys := credentials.NewStaticCredentialsProvider(s.key, s.secret, "")
	role, err := makeRole(ctx, s, keys)
	if err != nil {
		return err
	}
	functions := lambda.New(lambda.Options{Region: region, BaseEndpoint: &s.url, Credentials: keys})
	if err := b.make(ctx, functions, functionsOf("provided (Go)"), "f", role); err != nil {
		return err
	}
	if err := permit(ctx, functions, "f"); err != nil {
		return err
	}
	apis := apigatewayv2.New(apigatewayv2.Options{Region: region, BaseEndpoint: &s.url, Credentials: keys})
	few, err := manyRoutes(ctx, apis, "f", 10)
	if err != nil {
		return err
	}
	many, err := manyRoutes(ctx, apis, "f", 1000)
	if err != nil {
		return err
	}
	if err := b.overhead(ctx, functions, few, many); err != nil {
		return err
	}
	if err := b.rate(ctx, few); err != nil {
		return err
	}
	if err := b.streaming(ctx, functions, apis, role); err != nil {
		return err
	}
	return b.sockets(ctx, s, apis)
}

// permit lets API Gateway call a function.
func permit(ctx context.Context, functions *lambda.Client, name string) error {
	_, err := functions.AddPermission(ctx, &lambda.AddPermissionInput{
		FunctionName: &name, StatementId: aws.String("api"), Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("apigateway.amazonaws.com"),
	})
	return err
}

// functionsOf is the language of that name.
func functionsOf(name string) language {
	for _, l := range functions {
		if l.name == name {
			return l
		}
	}
	return language{}
}

// manyRoutes makes an API with n routes to a function, and returns the URL that the last of
// them serves.
func manyRoutes(ctx context.Context, c *apigatewayv2.Client, function string, n int) (string, error) {
	a, err := c.CreateApi(ctx, &apigatewayv2.CreateApiInput{Name: aws.String("bench"), ProtocolType: apitypes.ProtocolTypeHttp})
	if err != nil {
		return "", err
	}
	i, err := c.CreateIntegration(ctx, &apigatewayv2.CreateIntegrationInput{
		ApiId: a.ApiId, IntegrationType: apitypes.IntegrationTypeAwsProxy, PayloadFormatVersion: aws.String("2.0"),
		IntegrationUri: aws.String("arn:aws:lambda:" + region + ":000000000000:function:" + function),
	})
	if err != nil {
		return "", err
	}
	for k := range n {
		_, err := c.CreateRoute(ctx, &apigatewayv2.CreateRouteInput{
			ApiId: a.ApiId, RouteKey: aws.String(fmt.Sprintf("GET /things%d/{id}", k)), Target: aws.String("integrations/" + *i.IntegrationId),
		})
		if err != nil {
			return "", err
		}
	}
	_, err = c.CreateStage(ctx, &apigatewayv2.CreateStageInput{ApiId: a.ApiId, StageName: aws.String("$default"), AutoDeploy: aws.Bool(true)})
	return fmt.Sprintf("%s/things%d/7", *a.ApiEndpoint, n-1), err
}

// get asks a route and returns how long that took, in ms.
func get(ctx context.Context, c *http.Client, url string) (float64, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	start := time.Now()
	resp, err := c.Do(r)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.Copy(io.Discard, resp.Body)
	ms := float64(time.Since(start).Microseconds()) / 1000
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %s", url, resp.Status)
	}
	return ms, err
}

// overhead measures a function behind a route and without, in turn, so that both see the
// same machine.
func (b *bench) overhead(ctx context.Context, functions *lambda.Client, few, many string) error {
	var direct, ten, thousand []float64
	const before, rounds = 100, 2000
	for i := range before + rounds {
		d, err := call(ctx, functions, "f", `{"Depth":0,"Number":7}`)
		if err != nil {
			return err
		}
		t, err := get(ctx, http.DefaultClient, few)
		if err != nil {
			return err
		}
		m, err := get(ctx, http.DefaultClient, many)
		if err != nil {
			return err
		}
		if i >= before {
			direct, ten, thousand = append(direct, d), append(ten, t), append(thousand, m)
		}
	}
	b.add("warm function behind one of 10 routes, median", median(ten), "ms", 0, "")
	b.add("route over direct invoke, median", max(median(ten)-median(direct), 0), "ms", 0.3, "")
	b.add("one of 1,000 routes / one of 10", median(thousand)/median(ten), "×", 1.1, "")
	return nil
}

// rate measures requests of 8 clients at once to a warm function.
func (b *bench) rate(ctx context.Context, url string) error {
	const clients, n = 8, 20000
	c := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	var left, lost atomic.Int64
	left.Store(n)
	var group sync.WaitGroup
	for range clients { // one environment each, before the clock runs
		group.Go(func() { _, _ = get(ctx, c, url) })
	}
	group.Wait()
	start := time.Now()
	for range clients {
		group.Go(func() {
			for left.Add(-1) >= 0 {
				if _, err := get(ctx, c, url); err != nil {
					lost.Add(1)
				}
			}
		})
	}
	group.Wait()
	if lost.Load() > 0 {
		return fmt.Errorf("%d of %d requests are lost", lost.Load(), n)
	}
	b.add("requests through an HTTP API to a warm function, none lost", n/time.Since(start).Seconds(), "/s", 3000, "")
	b.results[len(b.results)-1].least = true
	return nil
}

// stream is a function that answers at once, and goes on for a while.
const stream = `
exports.handler = awslambda.streamifyResponse(async (event, out) => {
  out = awslambda.HttpResponseStream.from(out, { statusCode: 200 })
  out.write("first")
  await new Promise((done) => setTimeout(done, 200))
  out.end("last")
})`

// streaming measures when the first byte of a function that streams is here, in parts of
// the time until the last one is.
func (b *bench) streaming(ctx context.Context, functions *lambda.Client, apis *apigatewayv2.Client, role string) error {
	l := functionsOf("node")
	if _, err := exec.LookPath(l.bare[0]); err != nil {
		fmt.Fprintf(os.Stderr, "bench: streaming is left out: %v\n", err)
		return nil
	}
	l.files = text("index.js", stream)
	if err := b.make(ctx, functions, l, "stream", role); err != nil {
		return err
	}
	if err := permit(ctx, functions, "stream"); err != nil {
		return err
	}
	url, err := manyRoutes(ctx, apis, "stream", 1)
	if err != nil {
		return err
	}
	var parts []float64
	const before, rounds = 1, 20
	for i := range before + rounds {
		part, err := firstByte(ctx, url)
		if err != nil {
			return err
		}
		if i >= before {
			parts = append(parts, part)
		}
	}
	b.add("first byte of a function that streams for 200 ms / its end, median", median(parts), "×", 0.1, "")
	return nil
}

// firstByte returns the time until an answer's first byte, in parts of the whole time.
func firstByte(ctx context.Context, url string) (float64, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	start := time.Now()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.ReadFull(resp.Body, make([]byte, 1)); err != nil {
		return 0, err
	}
	first := time.Since(start)
	rest, err := io.ReadAll(resp.Body)
	if err == nil && string(rest) != "irstlast" {
		err = fmt.Errorf("%s answered %s, and %q behind its first byte", url, resp.Status, rest)
	}
	return first.Seconds() / time.Since(start).Seconds(), err
}

// sockets measures the emulator's memory with 10,000 WebSockets that say nothing.
func (b *bench) sockets(ctx context.Context, s *server, c *apigatewayv2.Client) error {
	const n = 10000
	a, err := c.CreateApi(ctx, &apigatewayv2.CreateApiInput{
		Name: aws.String("bench"), ProtocolType: apitypes.ProtocolTypeWebsocket, RouteSelectionExpression: aws.String("$request.body.action"),
	})
	if err != nil {
		return err
	}
	i, err := c.CreateIntegration(ctx, &apigatewayv2.CreateIntegrationInput{
		ApiId: a.ApiId, IntegrationType: apitypes.IntegrationTypeMock, RequestTemplates: map[string]string{"$default": `{"statusCode":200}`},
	})
	if err != nil {
		return err
	}
	if _, err := c.CreateRoute(ctx, &apigatewayv2.CreateRouteInput{ApiId: a.ApiId, RouteKey: aws.String("$default"), Target: aws.String("integrations/" + *i.IntegrationId)}); err != nil {
		return err
	}
	if _, err := c.CreateStage(ctx, &apigatewayv2.CreateStageInput{ApiId: a.ApiId, StageName: aws.String("dev"), AutoDeploy: aws.Bool(true)}); err != nil {
		return err
	}
	host, path, _ := strings.Cut(strings.TrimPrefix(*a.ApiEndpoint, "ws://"), "/")
	conns := make([]net.Conn, 0, n)
	defer func() {
		for _, conn := range conns {
			_ = conn.Close()
		}
	}()
	for range n {
		conn, err := upgrade(ctx, host, "/"+path+"/dev")
		if err != nil {
			return fmt.Errorf("after %d WebSockets: %w", len(conns), err)
		}
		conns = append(conns, conn)
	}
	rss, err := statusOf(s.pid, "VmRSS:")
	if err != nil {
		return nil //nolint:nilerr // the system does not tell
	}
	b.add("emulator with 10,000 idle WebSockets, resident", rss, "MB", 400, "")
	return nil
}

// upgrade makes a WebSocket by hand.
func upgrade(ctx context.Context, host, path string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, err
	}
	_, err = io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: "+host+
		"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	resp, err := http.ReadResponse(bufio.NewReaderSize(conn, 512), nil)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		return nil, errors.Join(fmt.Errorf("the upgrade was answered %s", resp.Status), conn.Close(), resp.Body.Close())
	}
	return conn, nil
}

package apigatewayv2

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/gateway"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

const functionF = "arn:aws:lambda:eu-north-1:000000000000:function:f"

// echo is a function that answers with the event it got, and who called it.
type echo struct {
	caller env.Caller
	arn    string
	event  map[string]any
}

func (e *echo) InvokeStreamFor(ctx context.Context, arn string, payload []byte, stream func(string) io.Writer) ([]byte, error) {
	e.caller, e.arn = env.CallerOf(ctx), arn
	if err := json.Unmarshal(payload, &e.event); err != nil {
		return nil, err
	}
	_, err := stream("application/json").Write([]byte(`{"statusCode":201,"headers":{"x-a":"b"},"body":"hello"}`))
	return nil, err
}

// rig is an API Gateway behind a real HTTP server.
type rig struct {
	*Service
	t        *testing.T
	ctx      context.Context
	function *echo
	url      string
	clock    *clock.Fake
}

func newRig(t *testing.T) *rig {
	t.Helper()
	st, err := store.Open("")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, function: &echo{}, clock: clock.NewFake(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))}
	e := &env.Env{
		Clock: r.clock, Store: st, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		URL: func() (string, error) { return r.url, nil },
	}
	if r.Service, err = New(e); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gateway.New(e, r.Service, gateway.Links{Functions: r.function}))
	t.Cleanup(server.Close)
	r.url = server.URL
	r.ctx = env.WithScope(context.Background(), env.Scope{Account: "000000000000", Region: "eu-north-1"})
	return r
}

// must returns an operation's output, or ends the test.
func must[In, Out any](r *rig, op func(context.Context, *In) (*Out, error), in *In) *Out {
	r.t.Helper()
	out, err := op(r.ctx, in)
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

// api makes an API with one function behind the route keys, and its $default stage.
func (r *rig) api(routeKeys ...string) *apigatewayv2.CreateApiOutput {
	r.t.Helper()
	a := must(r, r.CreateApi, &apigatewayv2.CreateApiInput{Name: ptr("notes"), ProtocolType: types.ProtocolTypeHttp})
	i := must(r, r.CreateIntegration, &apigatewayv2.CreateIntegrationInput{
		ApiId: a.ApiId, IntegrationType: types.IntegrationTypeAwsProxy, IntegrationUri: ptr(functionF), PayloadFormatVersion: ptr("2.0"),
	})
	must(r, r.CreateStage, &apigatewayv2.CreateStageInput{ApiId: a.ApiId, StageName: ptr("$default"), AutoDeploy: ptr(true)})
	for _, k := range routeKeys {
		must(r, r.CreateRoute, &apigatewayv2.CreateRouteInput{ApiId: a.ApiId, RouteKey: ptr(k), Target: ptr("integrations/" + *i.IntegrationId)})
	}
	return a
}

// call sends a request and returns the status and the body.
func (r *rig) call(method, url, body string) (int, string) {
	r.t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return res.StatusCode, string(raw)
}

func TestServedURL(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.api("GET /notes/{id}")
	status, body := r.call("GET", *a.ApiEndpoint+"/notes/7", "")
	if status != 201 || body != "hello" {
		t.Fatalf("got %d %s, want 201 hello", status, body)
	}
	if r.function.arn != functionF {
		t.Errorf("got function %s, want %s", r.function.arn, functionF)
	}
	want := env.Caller{
		Service:       "apigateway.amazonaws.com",
		SourceARN:     "arn:aws:execute-api:eu-north-1:000000000000:" + *a.ApiId + "/$default/GET/notes/{id}",
		SourceAccount: "000000000000",
	}
	if r.function.caller != want {
		t.Errorf("got caller %+v, want %+v", r.function.caller, want)
	}
	if got := r.function.event["pathParameters"]; got.(map[string]any)["id"] != "7" {
		t.Errorf("got pathParameters %v, want id 7", got)
	}
	if status, body := r.call("GET", *a.ApiEndpoint+"/other", ""); status != 404 || body != `{"message":"Not Found"}` {
		t.Errorf("no route: got %d %s", status, body)
	}
}

// errorOf is the code and the message of an AWS error.
func errorOf(err error) string {
	var api interface {
		ErrorCode() string
		ErrorMessage() string
	}
	if !errors.As(err, &api) {
		return "not an AWS error"
	}
	return api.ErrorCode() + ": " + api.ErrorMessage()
}

// count is how many values a set holds.
func count[T any](r *rig, set *store.Set[T]) (n int) {
	_ = r.env.Store.View(func(tx *store.Tx) error { // the function below never fails
		for range set.From(tx, "") {
			n++
		}
		return nil
	})
	return n
}

package emulator_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	keytypes "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/gorilla/websocket"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

// An emulator with an open WebSocket is not idle, whatever the client does.
func TestOpenSocketIsActivity(t *testing.T) {
	t.Parallel()
	now := clock.NewFake(time.Now())
	e := start(t, emulator.Config{Clock: now})
	r := newRouted(t, config(e), apigatewayv2.CreateApiInput{ProtocolType: apitypes.ProtocolTypeWebsocket, RouteSelectionExpression: aws.String("$request.body.action")})
	r.route("$default", apigatewayv2.CreateIntegrationInput{IntegrationType: apitypes.IntegrationTypeMock, RequestTemplates: map[string]string{"$default": `{"statusCode":200}`}}, nil)
	r.stage("dev", nil)
	now.Advance(time.Minute)
	if got := e.Idle(); got != time.Minute {
		t.Errorf("before: idle for %s, want a minute", got)
	}
	c, resp, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(urlOf(t, e), "http")+"/_aws/execute-api/"+*r.id+"/dev", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	now.Advance(5 * time.Minute)
	if got := e.Idle(); got != 0 {
		t.Errorf("with an open WebSocket: idle for %s", got)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	until(t, "the WebSocket is closed", func() bool {
		now.Advance(time.Minute)
		return e.Idle() > 0
	})
}

// API keys and usage plans that the SDK's client makes let clients of a WebSocket API in,
// as often as the plan says.
func TestSocketsWithKeys(t *testing.T) {
	t.Parallel()
	e := start(t, emulator.Config{})
	c := apigateway.NewFromConfig(config(e))
	r := newRouted(t, config(e), apigatewayv2.CreateApiInput{
		ProtocolType: apitypes.ProtocolTypeWebsocket, RouteSelectionExpression: aws.String("$request.body.action"), ApiKeySelectionExpression: aws.String("$request.header.x-api-key"),
	})
	mock := apigatewayv2.CreateIntegrationInput{IntegrationType: apitypes.IntegrationTypeMock, RequestTemplates: map[string]string{"$default": `{"statusCode":200}`}}
	keyed := func(in *apigatewayv2.CreateRouteInput) { in.ApiKeyRequired = aws.Bool(true) }
	r.route("$connect", mock, keyed)
	r.stage("dev", nil)
	connect := func(key *string, want int) {
		t.Helper()
		h := http.Header{}
		if key != nil {
			h.Set("x-api-key", *key)
		}
		conn, resp, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(urlOf(t, e), "http")+"/_aws/execute-api/"+*r.id+"/dev", h)
		if resp == nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if conn != nil {
			_ = conn.Close()
		}
		if resp.StatusCode != want {
			t.Errorf("got %s, want %d", resp.Status, want)
		}
	}
	key, err := c.CreateApiKey(t.Context(), &apigateway.CreateApiKeyInput{Name: aws.String("k"), Enabled: true})
	if err != nil {
		t.Fatal(err)
	}
	connect(nil, http.StatusForbidden)
	connect(key.Value, http.StatusForbidden) // it is in no plan
	plan, err := c.CreateUsagePlan(t.Context(), &apigateway.CreateUsagePlanInput{
		Name: aws.String("p"), ApiStages: []keytypes.ApiStage{{ApiId: r.id, Stage: aws.String("dev")}},
		Quota: &keytypes.QuotaSettings{Limit: 2, Period: keytypes.QuotaPeriodTypeMonth},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateUsagePlanKey(t.Context(), &apigateway.CreateUsagePlanKeyInput{UsagePlanId: plan.Id, KeyId: key.Id, KeyType: aws.String("API_KEY")}); err != nil {
		t.Fatal(err)
	}
	connect(nil, http.StatusForbidden)
	connect(aws.String("another"), http.StatusForbidden)
	connect(key.Value, http.StatusSwitchingProtocols)
	connect(key.Value, http.StatusSwitchingProtocols)
	connect(key.Value, http.StatusTooManyRequests) // the quota
}

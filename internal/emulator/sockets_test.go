package emulator_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
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

package gateway

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
)

// keys are API keys by value; what is left of their quotas by plan.
type keys struct {
	known map[string]Key
	left  map[string]int
}

func (k *keys) Key(ctx context.Context, api, stage, value string) (Key, bool) {
	found, ok := k.known[value]
	return found, ok && api == "api" && stage != "other" && env.ScopeOf(ctx).Region == "eu-north-1"
}

func (k *keys) Count(_ context.Context, key Key) (bool, error) {
	if key.Plan == "broken" {
		return false, errors.New("it is broken")
	}
	k.left[key.Plan]--
	return k.left[key.Plan] >= 0, nil
}

func TestAPIKeys(t *testing.T) {
	t.Parallel()
	k := newTalk(t, Connect, "paid")
	k.gateway.links.Keys = &keys{
		known: map[string]Key{"good": {ID: "1", Value: "good", Plan: "p"}, "slow": {ID: "2", Value: "slow", Plan: "p", Limit: &Limit{Burst: 1, Rate: 1}}, "used": {ID: "3", Plan: "q"}, "broken": {ID: "4", Plan: "broken"}},
		left:  map[string]int{"p": 4},
	}
	k.stage.Messages[Connect].APIKey = true
	for _, row := range []struct {
		key    string
		status int
		text   string
	}{
		{"", 403, "Forbidden"}, {"bad", 403, "Forbidden"}, {"used", 429, "Limit Exceeded"}, {"broken", 500, "Internal server error"}, {"slow", 101, ""}, {"slow", 429, "Too Many Requests"}, {"good", 101, ""},
	} {
		_, res := k.dial("x-api-key: " + row.key)
		body := make([]byte, 200)
		n, _ := res.Body.Read(body)
		if res.StatusCode != row.status || !strings.Contains(string(body[:n]), row.text) {
			t.Errorf("%q: got %d %s, want %d %s", row.key, res.StatusCode, body[:n], row.status, row.text)
		}
	}
	k.clock.Advance(time.Second)
	if _, res := k.dial("x-api-key: slow"); res.StatusCode != http.StatusSwitchingProtocols {
		t.Errorf("a second later: got %d", res.StatusCode)
	}
}

// TestAPIKeyOfTwoStages: a plan limits what is called with a key, whatever the stage.
func TestAPIKeyOfTwoStages(t *testing.T) {
	t.Parallel()
	k := newTalk(t)
	k.gateway.links.Keys = &keys{known: map[string]Key{"slow": {ID: "2", Value: "slow", Plan: "p", Limit: &Limit{Burst: 1, Rate: 1}}}, left: map[string]int{"p": 9}}
	for i, want := range []int{0, http.StatusTooManyRequests} {
		stage := []string{"dev", "prod"}[i]
		if _, got, message := k.gateway.admitKey(t.Context(), k.api, stage, "slow"); got != want {
			t.Errorf("%s: got %d %s, want %d", stage, got, message, want)
		}
	}
}

// TestAPIKeyOfMessages has routes of messages go by the key that the client came with.
func TestAPIKeyOfMessages(t *testing.T) {
	t.Parallel()
	k := newTalk(t, Connect, "paid")
	k.gateway.links.Keys = &keys{known: map[string]Key{"good": {ID: "1", Value: "good", Plan: "p"}}, left: map[string]int{"p": 3}}
	l := make(told, 10)
	k.gateway.links.Logs = l
	k.stage.Log = &AccessLog{Group: "g", Format: "$context.routeKey $context.identity.apiKeyId $context.identity.apiKey $context.status"}
	k.stage.Messages[Connect].APIKey, k.stage.Messages["paid"].APIKey, k.stage.Messages["paid"].Responds = true, true, true
	k.function.answer = func(map[string]any) string { return `{"statusCode":200,"body":"paid"}` }
	c, _ := k.dial("x-api-key: good")
	for _, want := range []string{"paid", "paid", "Limit Exceeded"} {
		if err := c.WriteMessage(websocket.TextMessage, []byte(`{"action":"paid"}`)); err != nil {
			t.Fatal(err)
		}
		if _, got, err := c.ReadMessage(); err != nil || !strings.Contains(string(got), want) {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
	want := "g 32 $connect 1 good 200;g 32 paid 1 good 200;g 32 paid 1 good 200;g 32 paid 1 good 429"
	if got := strings.Join(l.take(t, 4), ";"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestAPIKeyOfAuthorizer takes the key from what the authorizer answers.
func TestAPIKeyOfAuthorizer(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		answer string
		status int
	}{
		{`"usageIdentifierKey":"good"`, 101}, {`"context":{"usageIdentifierKey":"good"}`, 101}, {`"usageIdentifierKey":"bad"`, 403}, {`"context":{}`, 403},
	} {
		k := newTalk(t, Connect)
		k.gateway.links.Keys = &keys{known: map[string]Key{"good": {ID: "1", Plan: "p"}}, left: map[string]int{"p": 9}}
		k.stage.Keys = keyOfAuthorizer
		a := &Authorizer{ID: "a", Function: "arn:aws:lambda:eu-north-1:000000000000:function:auth"}
		k.stage.Messages[Connect].APIKey, k.stage.Messages[Connect].Authorizer = true, a
		k.function.answer = func(e map[string]any) string {
			if e["type"] == "REQUEST" {
				return `{"principalId":"p","policyDocument":{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]},` + row.answer + `}`
			}
			return `{"statusCode":200}`
		}
		if _, res := k.dial("x-api-key: other"); res.StatusCode != row.status {
			t.Errorf("%s: got %d, want %d", row.answer, res.StatusCode, row.status)
		}
	}
}

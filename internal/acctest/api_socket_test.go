package acctest

import (
	"testing"

	"github.com/gorilla/websocket"

	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// socketRouteSubject is a route of a WebSocket API, with what only such routes have.
var socketRouteSubject = Subject{
	Type: "serverless_route",
	Before: `
resource "serverless_websocket_api" "chat" {
  name = "chat"
}
`,
	Unmarked: true,
	Base: Arguments{
		"api":     `serverless_websocket_api.chat.id`,
		"route":   `"ping"`,
		"mock":    `{ status = 200, body = "{\"pong\":1}" }`,
		"answers": `true`,
	},
	Import: []string{"{api}/{id}"},
	Edits: []Edit{
		{Argument: "mock", To: `{ status = 202, body = "{\"pong\":2}" }`, Writes: []string{"UpdateIntegration", "UpdateIntegrationResponse"}},
		{Argument: "mock", To: `{ status = 200 }`, Writes: []string{"DeleteIntegrationResponse"}},
		{Argument: "answers", To: `false`, Writes: []string{"DeleteRouteResponse", "UpdateRoute"}},
		{Argument: "answers", From: Arguments{"answers": `false`}, To: `true`, Writes: []string{"UpdateRoute", "CreateRouteResponse"}},
		{Argument: "api_key", To: `true`, Writes: []string{"UpdateRoute"}},
	},
	Together: Arguments{"answers": ``, "mock": ``, "http": `{ url = "http://127.0.0.1:9/" }`, "api_key": `true`},
	Invalid: []Invalid{
		{"mock", `{ status = 100 }`, []string{"mock.status", "between 200 and 599"}},
		{"route", `"GET /ping"`, []string{"answers", "mock", "WebSocket"}},
		{"route", `"$disconnect"`, []string{"answers", "Remove answers"}},
	},
	Missing: map[string]string{"GetRoute": "NotFoundException"},
}

func TestSocketRoute(t *testing.T) { Prove(t, socketRouteSubject) }

// TestSocketAnswers connects to an API without any function: a mock lets it in and
// answers.
func TestSocketAnswers(t *testing.T) {
	t.Parallel()
	m := deploy(t, providertest.Emulator(t), `
resource "serverless_websocket_api" "chat" {
  name = "chat"
}
resource "serverless_route" "connect" {
  api   = serverless_websocket_api.chat.id
  route = "$connect"
  mock  = {}
}
resource "serverless_route" "ping" {
  api     = serverless_websocket_api.chat.id
  route   = "ping"
  answers = true
  mock    = { body = "{\"pong\":\"$context.routeKey\"}" }
}
`)
	url := m.Value("serverless_websocket_api.chat").GetAttr("url").AsString()
	c, resp, err := websocket.DefaultDialer.DialContext(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	t.Cleanup(func() { _ = c.Close() })
	if err := c.WriteMessage(websocket.TextMessage, []byte(`{"action":"ping"}`)); err != nil {
		t.Fatal(err)
	}
	_, got, err := c.ReadMessage()
	if want := `{"pong":"ping"}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

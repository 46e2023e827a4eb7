package acctest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/aws/smithy-go/middleware"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tfserverless/terraform-provider-serverless/provider"
	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// askings counts what is asked of an emulator, by operation and by what is asked.
type askings struct {
	provider.Emulator

	mu    sync.Mutex
	calls map[string]int // by operation
	same  map[string]int // by operation and input
}

// Settle ends what the emulator itself shows of the past.
func (a *askings) Settle() { settle(a.Emulator) }

func (a *askings) Do(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	a.mu.Lock()
	operation := middleware.GetOperationName(r.Context())
	a.calls[operation]++
	a.same[fmt.Sprintf("%s %s %s", operation, r.URL.RequestURI(), body)]++
	a.mu.Unlock()
	return a.Emulator.Do(r)
}

func (a *askings) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls, a.same = map[string]int{}, map[string]int{}
}

// TestCallsOfRefresh: a refresh asks AWS for nothing twice, and for no document that
// neither the configuration nor the state uses; objects that stand in one list are read
// by one call.
func TestCallsOfRefresh(t *testing.T) {
	t.Parallel()
	a := &askings{Emulator: providertest.Emulator(t)}
	a.forget()
	m := &Machine{Serve: func() tfprotov6.ProviderServer { return providertest.Server(a) }}
	const functions, routes = 4, 12
	config := `provider "serverless" { region = "eu-north-1" }
resource "serverless_http_api" "shop" {
  name = "shop"
}
resource "serverless_function" "f" {
  count   = 4
  name    = "f${count.index}"
  runtime = "nodejs22.x"
  handler = "index.handler"
  source  = { inline = { "index.mjs" = "export const handler = async () => {}" } }
}
resource "serverless_route" "r" {
  count    = 12
  api      = serverless_http_api.shop.id
  route    = "GET /r${count.index}"
  function = serverless_function.f[count.index % 4].target_arn
}
resource "serverless_table" "t" {
  name          = "notes"
  partition_key = { name = "id", type = "S" }
}
resource "serverless_queue" "q" {
  name = "mail"
}
resource "serverless_state_machine" "m" {
  name       = "m"
  definition = jsonencode({ StartAt = "A", States = { A = { Type = "Succeed" } } })
}
`
	a.refreshed(t, m, config, map[string]int{
		"GetApi": 1, "GetFunction": functions, "DescribeStateMachine": 1, "DescribeTable": 1, "GetQueueAttributes": 1, "ListQueueTags": 1,
		// Lists in the place of each part of an API, and one policy for all routes to a
		// function.
		"GetRoutes": 1, "GetIntegrations": 1, "GetStages": 1, "GetPolicy": functions,
		// Parts of an API one by one, and documents that nobody uses.
		"GetRoute": 0, "GetIntegration": 0, "GetStage": 0, "GetRole": 0,
		"DescribeKinesisStreamingDestination": 0, "DescribeScalableTargets": 0, "GetResourcePolicy": 0,
		"GetFunctionConcurrency": 0, "GetFunctionUrlConfig": 0, "GetFunctionEventInvokeConfig": 0, "GetProvisionedConcurrencyConfig": 0, "ListAliases": 0, "ListVersionsByFunction": 0,
		"DescribeStateMachineAlias": 0, "ListStateMachineAliases": 0, "ListStateMachineVersions": 0,
	})
}

// refreshed counts the calls of a refresh of what a configuration makes: none is made
// twice, and those named as often as wanted.
func (a *askings) refreshed(t *testing.T, m *Machine, config string, want map[string]int) {
	t.Helper()
	if _, err := m.Apply(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	a.forget()
	if err := m.Refresh(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	for what, n := range a.same {
		if n > 1 {
			t.Errorf("it was called %d times for the same: %s", n, what)
		}
	}
	for operation, n := range want {
		if got := a.calls[operation]; got != n {
			t.Errorf("the refresh called %s %d times, want %d", operation, got, n)
		}
	}
	t.Logf("the refresh made the calls %v", a.calls)
	if err := m.Destroy(t.Context(), config); err != nil {
		t.Fatal(err)
	}
}

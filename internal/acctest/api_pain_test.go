package acctest

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/smithy-go/middleware"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tfserverless/terraform-provider-serverless/provider"
	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// jealous is an emulator whose APIs take one change at a time, as AWS's do.
type jealous struct {
	provider.Emulator

	mu        sync.Mutex
	changing  map[string]bool // API ids
	conflicts int
	calls     map[string]int // by operation, without those that were throttled
}

// Settle ends what the emulator itself shows of the past.
func (j *jealous) Settle() { settle(j.Emulator) }

func (j *jealous) Do(r *http.Request) (*http.Response, error) {
	parts := strings.Split(r.URL.Path, "/") // "", v2, apis, id, …
	changes := r.Method != http.MethodGet && len(parts) > 3 && parts[2] == "apis"
	j.mu.Lock()
	if changes && j.changing[parts[3]] {
		j.conflicts++
		j.calls[middleware.GetOperationName(r.Context())]++
		j.mu.Unlock()
		return answer(r, nil, http.StatusConflict, "ConflictException", "Unable to complete operation due to concurrent modification. Please try again later."), nil
	}
	if changes {
		j.changing[parts[3]] = true
	}
	j.mu.Unlock()
	resp, err := j.Emulator.Do(r)
	j.mu.Lock()
	defer j.mu.Unlock()
	if changes {
		delete(j.changing, parts[3])
	}
	if err != nil || resp.StatusCode != http.StatusTooManyRequests {
		j.calls[middleware.GetOperationName(r.Context())]++
	}
	return resp, err
}

// called is how often operations were called since it was last asked.
func (j *jealous) called() map[string]int {
	j.mu.Lock()
	defer j.mu.Unlock()
	calls := j.calls
	j.calls = map[string]int{}
	return calls
}

// routesOf is an API whose n routes lead to one function.
func routesOf(n int) string {
	return settings + fmt.Sprintf(`
resource "serverless_http_api" "shop" {
  name = "shop"
}
`+aFunction(`source = { inline = { "index.mjs" = "export const handler = async () => 1" } }`)+`
resource "serverless_route" "all" {
  for_each = toset([for n in range(%d) : "GET /things/${n}"])
  api      = serverless_http_api.shop.id
  route    = each.key
  function = serverless_function.f.target_arn
}
`, n)
}

// TestManyRoutes: 300 routes that are made at the same time meet no conflict, and
// take few calls each; those of one function share one statement in its policy, and
// the last takes it along.
func TestManyRoutes(t *testing.T) {
	t.Parallel()
	const many = 300
	j := &jealous{Emulator: providertest.Emulator(t), changing: map[string]bool{}, calls: map[string]int{}}
	m := &Machine{Serve: func() tfprotov6.ProviderServer { return providertest.Server(j) }}
	if _, err := m.Apply(t.Context(), routesOf(many)); err != nil {
		t.Fatal(err)
	}
	calls := j.called()
	for operation, most := range map[string]int{"CreateRoute": many, "CreateIntegration": many, "AddPermission": 1, "GetPolicy": 2, "GetRoutes": 1, "GetIntegrations": 1} {
		if calls[operation] > most {
			t.Errorf("creating %d routes called %s %d times, want %d at most", many, operation, calls[operation], most)
		}
	}
	policy := policyOf(t, j, "hello")
	if len(policy) > 1024 || strings.Count(policy, `"Sid"`) != 1 {
		t.Errorf("the function's policy has %d bytes: %s", len(policy), policy)
	}
	changes, err := m.Plan(t.Context(), routesOf(many))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		if c.Action != "no-op" {
			t.Fatalf("the second plan: %s of %s because of %v", c.Action, c.Address, c.Changed)
		}
	}
	calls = j.called()
	if calls["GetRoute"]+calls["GetIntegration"] > 0 || calls["GetRoutes"] > many/10 || calls["GetPolicy"] > many/10 {
		t.Errorf("refreshing %d routes took the calls %v, want lists that they share", many, calls)
	}
	if _, err := m.Apply(t.Context(), routesOf(1)); err != nil {
		t.Fatal(err)
	}
	if calls = j.called(); calls["RemovePermission"] != 0 || calls["DeleteRoute"] != many-1 {
		t.Errorf("deleting all but one took the calls %v", calls)
	}
	if policy := policyOf(t, j, "hello"); !strings.Contains(policy, "apigateway") {
		t.Errorf("the route that is left may not call the function: %s", policy)
	}
	if _, err := m.Apply(t.Context(), routesOf(0)); err != nil {
		t.Fatal(err)
	}
	if policy := policyOf(t, j, "hello"); policy != "" {
		t.Errorf("the last route left a permission behind: %s", policy)
	}
	if err := m.Destroy(t.Context(), routesOf(0)); err != nil {
		t.Fatal(err)
	}
	if j.conflicts != 0 {
		t.Errorf("%d changes met another", j.conflicts)
	}
}

// policyOf is a function's policy; empty if it has none.
func policyOf(t *testing.T, e provider.Emulator, function string) string {
	t.Helper()
	settle(e)
	out, err := functions(t, e).GetPolicy(t.Context(), &lambda.GetPolicyInput{FunctionName: &function})
	if err != nil {
		if strings.Contains(err.Error(), "ResourceNotFoundException") {
			return ""
		}
		t.Fatal(err)
	}
	return aws.ToString(out.Policy)
}

package acctest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tfserverless/terraform-provider-serverless/provider"
	"github.com/tfserverless/terraform-provider-serverless/provider/providertest"
)

// tenants is an emulator that takes functions with tenants, which the emulator
// itself refuses: it keeps that they are so, and passes on the rest.
type tenants struct {
	provider.Emulator
	isolated bool
	// denied says that the configuration of functions that are isolated may not be
	// read, so that nobody learns whether they are ready.
	denied bool
}

const isolation = `"TenancyConfig":{"TenantIsolationMode":"PER_TENANT"}`

func (e *tenants) Do(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/functions") || r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/functions/") {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		plain := bytes.ReplaceAll(bytes.ReplaceAll(body, []byte(","+isolation), nil), []byte(isolation+","), nil)
		e.isolated = len(plain) != len(body)
		r = r.Clone(r.Context())
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(plain)), int64(len(plain))
		id, secret := e.Credentials()
		sum := sha256.Sum256(plain)
		r.Header.Del("Authorization")
		if err := v4.NewSigner().SignHTTP(r.Context(), aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}, r, hex.EncodeToString(sum[:]), "lambda", "eu-north-1", time.Now()); err != nil {
			return nil, err
		}
		return e.Emulator.Do(r)
	}
	if e.denied && e.isolated && strings.HasSuffix(r.URL.Path, "/functions/hello/configuration") {
		return &http.Response{
			StatusCode: http.StatusForbidden, Header: http.Header{"X-Amzn-Errortype": {"AccessDeniedException"}},
			Body: io.NopCloser(strings.NewReader(`{"message":"not allowed"}`)), Request: r,
		}, nil
	}
	resp, err := e.Emulator.Do(r)
	if err != nil || r.Method != http.MethodGet || !e.isolated || !strings.HasSuffix(r.URL.Path, "/functions/hello") {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	body = bytes.Replace(body, []byte(`"Configuration":{`), []byte(`"Configuration":{`+isolation+`,`), 1)
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	resp.Header.Del("Content-Length")
	return resp, nil
}

// anewConfig is a function with all that hangs on one, made by it and by others.
func anewConfig(arguments string) string {
	return aFunction(`source = { inline = { "index.mjs" = "export const handler = async () => 1" } }
  publish = { alias = "live" }
  url     = { auth = "NONE" }
  async   = { max_retries = 0 }
`+arguments) + `
resource "serverless_http_api" "a" {
  name = "shop"
}
resource "serverless_route" "r" {
  api      = serverless_http_api.a.id
  route    = "$default"
  function = serverless_function.f.target_arn
}
resource "serverless_function_permission" "p" {
  function   = serverless_function.f.function_name
  principal  = "events.amazonaws.com"
  source_arn = "arn:aws:events:eu-north-1:000000000000:rule/nightly"
}
`
}

// TestMadeAnewInPlace: what AWS cannot change about a function is changed all the
// same, and nothing that hangs on the function is lost, so that no second apply is
// needed.
func TestMadeAnewInPlace(t *testing.T) {
	t.Parallel()
	e := &tenants{Emulator: providertest.Emulator(t)}
	m := &Machine{Serve: func() tfprotov6.ProviderServer { return providertest.Server(e) }}
	for _, arguments := range []string{"", `tenancy = "per_tenant"`, ""} {
		config := settings + anewConfig(arguments)
		changes, err := m.Apply(t.Context(), config)
		if err != nil {
			t.Fatalf("%q: %v", arguments, err)
		}
		if c := action(changes, "serverless_function.f"); c == "replace" {
			t.Errorf("%q: the function is replaced", arguments)
		}
		again, err := m.Plan(t.Context(), config)
		if err != nil {
			t.Fatalf("%q: %v", arguments, err)
		}
		for _, c := range again {
			if c.Action != "no-op" {
				t.Errorf("%q: the next plan: %s of %s because of %v", arguments, c.Action, c.Address, c.Changed)
			}
		}
	}
}

// TestUnsettledAnew: even if the new function is not seen to become ready, what hung
// on the old one is restored, for it is nowhere else.
func TestUnsettledAnew(t *testing.T) {
	t.Parallel()
	e := &tenants{Emulator: providertest.Emulator(t)}
	m := &Machine{Serve: func() tfprotov6.ProviderServer { return providertest.Server(e) }}
	apply := func(arguments string) error {
		_, err := m.Apply(t.Context(), settings+anewConfig(arguments))
		return err
	}
	if err := apply(""); err != nil {
		t.Fatal(err)
	}
	e.denied = true
	if err := apply(`tenancy = "per_tenant"`); err == nil || !strings.Contains(err.Error(), "not allowed") {
		t.Fatalf("the apply ended with %v, want that the function may not be read", err)
	}
	e.denied = false
	c := functions(t, e)
	hello := aws.String("hello")
	if _, err := c.GetPolicy(t.Context(), &lambda.GetPolicyInput{FunctionName: hello}); err != nil {
		t.Errorf("the function's policy: %v", err)
	}
	if err := apply(`tenancy = "per_tenant"`); err != nil {
		t.Fatal(err)
	}
	for _, q := range []*string{nil, aws.String("live")} {
		if _, err := c.GetPolicy(t.Context(), &lambda.GetPolicyInput{FunctionName: hello, Qualifier: q}); err != nil {
			t.Errorf("the policy of %q: %v", aws.ToString(q), err)
		}
	}
	again, err := m.Plan(t.Context(), settings+anewConfig(`tenancy = "per_tenant"`))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range again {
		if c.Action != "no-op" {
			t.Errorf("the next plan: %s of %s because of %v", c.Action, c.Address, c.Changed)
		}
	}
}

// TestRefusedAnew: a change that AWS refuses is refused before the function is
// deleted.
func TestRefusedAnew(t *testing.T) {
	t.Parallel()
	s := onStage(t)
	s.apply(anewConfig(""))
	if _, err := s.Apply(t.Context(), settings+anewConfig(`tenancy = "per_tenant"`)); err == nil || !strings.Contains(err.Error(), "TenancyConfig") {
		t.Errorf("the emulator takes tenants: %v", err)
	}
	if _, err := functions(t, s.wire).GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String("hello"), Qualifier: aws.String("live")}); err != nil {
		t.Errorf("the function is lost: %v", err)
	}
	if c := s.planned(anewConfig(""), "serverless_function.f"); c.Action != "no-op" {
		t.Errorf("the plan of what there was: %s of %v", c.Action, c.Changed)
	}
}

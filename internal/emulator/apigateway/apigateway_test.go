package apigateway

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/traits"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire/wiretest"
)

// stages are the APIs of a test: api has dev and prod.
type stages struct{}

func (stages) HasStage(_ context.Context, api, stage string) bool {
	return api == "api" && (stage == "dev" || stage == "prod")
}

type rig struct {
	*Service
	t     *testing.T
	ctx   context.Context
	clock *clock.Fake
}

func newRig(t *testing.T) *rig {
	t.Helper()
	st, err := store.Open("")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, clock: clock.NewFake(time.Date(2026, 1, 31, 3, 4, 5, 6, time.UTC))} // a Saturday
	r.Service, err = New(&env.Env{Clock: r.clock, Store: st, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}, stages{})
	if err != nil {
		t.Fatal(err)
	}
	r.ctx = env.WithScope(t.Context(), env.Scope{Account: "000000000000", Region: "eu-north-1"})
	return r
}

func must[In, Out any](r *rig, op func(context.Context, *In) (*Out, error), in *In) *Out {
	r.t.Helper()
	out, err := op(r.ctx, in)
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

// fails demands an error of that code with that text in it.
func fails[In, Out any](r *rig, op func(context.Context, *In) (*Out, error), in *In, code, text string) {
	r.t.Helper()
	_, err := op(r.ctx, in)
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), text) {
		r.t.Errorf("got %v, want %s: %s", err, code, text)
	}
}

func TestWire(t *testing.T) {
	t.Parallel()
	s := newRig(t)
	wiretest.Fixtures(t, s.Wire())
	wiretest.Inert(t, s.Wire())
}

// TestUnserved calls every operation of AWS's that is not served.
func TestUnserved(t *testing.T) {
	t.Parallel()
	h, err := wire.New(wire.Config{Services: []wire.Service{newRig(t).Wire()}, AnyCredentials: true, Clock: clock.Real, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if len(unrouted) != 106 {
		t.Errorf("got %d operations, want those 106 of AWS's 124 that are not served", len(unrouted))
	}
	for _, schema := range unrouted {
		binding, ok := smithy.SchemaTrait[*traits.HTTP](schema)
		if !ok {
			t.Fatalf("%s has no path", schema.ID().Name)
		}
		r := httptest.NewRequestWithContext(t.Context(), binding.Method, strings.NewReplacer("{", "", "}", "").Replace(binding.URI), strings.NewReader("{}"))
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=x/20260101/eu-north-1/apigateway/aws4_request, SignedHeaders=host, Signature=0")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		want := "the operation " + schema.ID().Name + " of apigateway is not emulated: REST APIs are not emulated"
		if got := w.Body.String(); w.Code != http.StatusNotImplemented || !strings.Contains(got, want) {
			t.Errorf("%s %s: got %d %s, want %q", binding.Method, binding.URI, w.Code, got, want)
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	made := must(r, r.CreateApiKey, &apigateway.CreateApiKeyInput{Name: aws.String("one"), Description: aws.String("d"), CustomerId: aws.String("c"), Tags: map[string]string{"a": "1"}})
	if made.Enabled || len(*made.Id) != 10 || len(*made.Value) != newValue || made.StageKeys == nil || made.CreatedDate.Nanosecond() != 0 {
		t.Errorf("got %+v", made)
	}
	if got := must(r, r.CreateApiKey, &apigateway.CreateApiKeyInput{Name: aws.String(""), Value: aws.String("01234567890123456789"), Enabled: true}); got.Name != nil || got.Tags != nil || !got.Enabled {
		t.Errorf("got %+v", got)
	}
	if got := must(r, r.GetApiKey, &apigateway.GetApiKeyInput{ApiKey: made.Id}); got.Value != nil || *got.Name != "one" || got.Tags["a"] != "1" {
		t.Errorf("got %+v", got)
	}
	if got := must(r, r.GetApiKey, &apigateway.GetApiKeyInput{ApiKey: made.Id, IncludeValue: aws.Bool(true)}); *got.Value != *made.Value {
		t.Errorf("got %+v", got)
	}
	all := must(r, r.GetApiKeys, &apigateway.GetApiKeysInput{Limit: aws.Int32(-1)})
	if len(all.Items) != 2 || all.Items[0].Value != nil || all.Position != nil {
		t.Errorf("got %+v", all)
	}
	first := must(r, r.GetApiKeys, &apigateway.GetApiKeysInput{Limit: aws.Int32(1), IncludeValues: aws.Bool(true)})
	second := must(r, r.GetApiKeys, &apigateway.GetApiKeysInput{Limit: aws.Int32(1), Position: first.Position})
	if len(first.Items) != 1 || len(second.Items) != 1 || *first.Items[0].Id == *second.Items[0].Id || second.Position != nil || first.Items[0].Value == nil {
		t.Errorf("got %+v and %+v", first, second)
	}
	for _, in := range []*apigateway.GetApiKeysInput{{NameQuery: aws.String("on")}, {CustomerId: aws.String("c")}} {
		if got := must(r, r.GetApiKeys, in); len(got.Items) != 1 || *got.Items[0].Id != *made.Id {
			t.Errorf("%+v: got %+v", in, got)
		}
	}
	patch := func(op types.Op, path, value string) *apigateway.UpdateApiKeyInput {
		return &apigateway.UpdateApiKeyInput{ApiKey: made.Id, PatchOperations: []types.PatchOperation{{Op: op, Path: &path, Value: &value}}}
	}
	for path, v := range map[string]string{"/name": "new", "/description": "e", "/customerId": "f", "/enabled": "true"} {
		must(r, r.UpdateApiKey, patch(types.OpReplace, path, v))
	}
	if got := must(r, r.GetApiKey, &apigateway.GetApiKeyInput{ApiKey: made.Id}); *got.Name != "new" || *got.Description != "e" || *got.CustomerId != "f" || !got.Enabled {
		t.Errorf("got %+v", got)
	}
	fails(r, r.UpdateApiKey, patch(types.OpReplace, "/id", "x"), "BadRequestException", "Invalid patch path  '/id' specified for op 'replace'. Must be one of: [/description, /enabled, /name, /customerId]")
	fails(r, r.UpdateApiKey, patch(types.OpRemove, "/name", ""), "BadRequestException", "for op 'remove'")
	fails(r, r.UpdateApiKey, patch(types.OpReplace, "/enabled", "maybe"), "BadRequestException", "Must be true or false")
	fails(r, r.UpdateApiKey, patch(types.OpReplace, "/name", strings.Repeat("a", 1025)), "BadRequestException", "Invalid API Key name, can be at most 1024 characters.")
	fails(r, r.CreateApiKey, &apigateway.CreateApiKeyInput{Name: aws.String(strings.Repeat("a", 1025))}, "BadRequestException", "Invalid API Key name, can be at most 1024 characters.")
	fails(r, r.CreateApiKey, &apigateway.CreateApiKeyInput{Value: aws.String("short")}, "BadRequestException", "API Key value should be at least 20 characters")
	fails(r, r.CreateApiKey, &apigateway.CreateApiKeyInput{Value: aws.String(strings.Repeat("a", 129))}, "BadRequestException", "at most 128")
	fails(r, r.CreateApiKey, &apigateway.CreateApiKeyInput{Value: made.Value}, "ConflictException", "API Key already exists")
	must(r, r.DeleteApiKey, &apigateway.DeleteApiKeyInput{ApiKey: made.Id})
	fails(r, r.GetApiKey, &apigateway.GetApiKeyInput{ApiKey: made.Id}, "NotFoundException", "Invalid API Key identifier specified")
	fails(r, r.DeleteApiKey, &apigateway.DeleteApiKeyInput{ApiKey: made.Id}, "NotFoundException", "Invalid API Key identifier specified")
}

func TestTags(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	k := must(r, r.CreateApiKey, &apigateway.CreateApiKeyInput{})
	p := must(r, r.CreateUsagePlan, &apigateway.CreateUsagePlanInput{Name: aws.String("p"), Tags: map[string]string{"a": "0"}})
	for _, arn := range []string{"arn:aws:apigateway:eu-north-1::/apikeys/" + *k.Id, "arn:aws:apigateway:eu-north-1::/usageplans/" + *p.Id} {
		must(r, r.TagResource, &apigateway.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"a": "1", "b": "2"}})
		must(r, r.UntagResource, &apigateway.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{"b"}})
		if got := must(r, r.GetTags, &apigateway.GetTagsInput{ResourceArn: &arn}).Tags; len(got) != 1 || got["a"] != "1" {
			t.Errorf("%s: got %v", arn, got)
		}
	}
	for _, arn := range []string{"x", "arn:aws:apigateway:eu-north-1::/restapis/x", "arn:aws:apigateway:us-east-1::/apikeys/" + *k.Id} {
		fails(r, r.GetTags, &apigateway.GetTagsInput{ResourceArn: &arn}, "BadRequestException", "Invalid resource ARN specified")
	}
}

package apigatewayv2

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/traits"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire/wiretest"
)

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
	if len(unrouted) != 27 {
		t.Errorf("got %d operations, want those 27 of AWS's 103 that are not served", len(unrouted))
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
		want := "the operation " + schema.ID().Name + " of apigateway is not emulated: "
		if got := w.Body.String(); w.Code != http.StatusNotImplemented || !strings.Contains(got, want) {
			t.Errorf("%s %s: got %d %s, want %q", binding.Method, binding.URI, w.Code, got, want)
		}
	}
}

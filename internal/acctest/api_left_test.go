package acctest

import (
	"strings"
	"testing"
)

// TestDeleteKilled: whatever of a delete is cut off, the next apply ends it, without the
// object as with it: nothing that came with it stays, and the function that it called
// may not be called any more.
func TestDeleteKilled(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]Subject{
		"route to a function":       routeSubject,
		"route to a server":         {Type: "serverless_route", Before: apiAndFunctions, Base: routeSubject.Base.with(Arguments{"function": ``, "http": `{ url = "http://127.0.0.1:9/" }`, "throttle": `{ rate = 10, burst = 5 }`})},
		"route of a WebSocket API":  {Type: "serverless_route", Before: socketRouteSubject.Before, Base: socketRouteSubject.Base},
		"integration":               integrationSubject,
		"authorizer":                authorizerSubject,
		"HTTP API with its domain":  {Type: "serverless_http_api", Base: ownDomainSubject.Base.with(Arguments{"access_log": `{}`})},
		"stage, which has no parts": {Type: "serverless_stage", Before: stageSubject.Before, Base: stageSubject.Base},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.settings = "  stack = \"proof\"\n"
			b := s.bench(t)
			b.apply(s.Base) // so that a stage has a deployment
			b.before()
			empty := b.deployed()
			without := b.provided() + b.Before
			for n, more := 0, true; more; n++ {
				for _, again := range []bool{false, true} {
					b.apply(s.Base)
					there := b.deployed()
					b.killing(n)
					_, _ = b.Apply(t.Context(), without) // it is killed
					b.wire.Spoil = nil
					b.wire.Revive()
					more = b.hit != ""
					if again {
						b.apply(s.Base)
						b.settled(s.Base)
						if got := b.deployed(); got != there {
							t.Errorf("killed at write %d, %s: the emulator holds %d things with it, want %d", n, b.hit, got, there)
						}
					}
					if _, err := b.Apply(t.Context(), without); err != nil {
						t.Fatalf("killed at write %d, %s: %v", n, b.hit, err)
					}
					if got := b.deployed(); got != empty {
						t.Fatalf("killed at write %d, %s: the emulator holds %d things without it, want %d", n, b.hit, got, empty)
					}
					if s.Before != "" && s.Type != "serverless_stage" {
						if policy := policyOf(t, b.wire.Emulator, "orders"); policy != "" {
							t.Fatalf("killed at write %d, %s: the function may still be called: %s", n, b.hit, policy)
						}
					}
				}
			}
		})
	}
}

// TestDocumentKilled: whatever is cut off of the removal of a document, the next apply
// ends it.
func TestDocumentKilled(t *testing.T) {
	t.Parallel()
	s := Subject{Type: "serverless_http_api", Base: Arguments{"name": `"shop"`}, settings: "  stack = \"proof\"\n"}
	with := s.Base.with(Arguments{"openapi": strings.Replace(document("/a"), "paths = {", `paths = {
      "/b" = { x-amazon-apigateway-any-method = {
        responses                        = {}
        x-amazon-apigateway-integration = { type = "http_proxy", httpMethod = "GET", uri = "http://127.0.0.1:9/b", payloadFormatVersion = "1.0" }
      } }`, 1)})
	b := s.bench(t)
	b.apply(s.Base)
	b.apply(with)
	b.apply(s.Base)
	empty := b.deployed()
	for n, more := 0, true; more; n++ {
		b.apply(with)
		b.killing(n)
		_, _ = b.Apply(t.Context(), b.config(s.Base)) // it is killed
		b.wire.Spoil = nil
		b.wire.Revive()
		more = b.hit != ""
		b.apply(s.Base)
		b.settled(s.Base)
		if got := b.deployed(); got != empty {
			t.Fatalf("killed at write %d, %s: the emulator holds %d things without the document, want %d", n, b.hit, got, empty)
		}
	}
	if len(b.Addresses()) != 1 {
		t.Errorf("the state holds %v", b.Addresses())
	}
}

// killing kills the process at its write n, from the next apply on.
func (b *bench) killing(n int) {
	b.hit = ""
	b.wire.Spoil = func(_ int, operation string) Fault {
		if reads(operation) || n < 0 {
			return Fault{}
		}
		if n--; n >= 0 {
			return Fault{}
		}
		b.hit = operation
		return Fault{Kind: Kill}
	}
}

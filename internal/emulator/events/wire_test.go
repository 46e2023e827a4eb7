package events

import (
	"log/slog"
	"testing"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire/wiretest"
)

func newEnv(t *testing.T) *env.Env {
	t.Helper()
	st, err := store.Open("")
	if err != nil {
		t.Fatal(err)
	}
	return &env.Env{
		Clock: clock.NewFake(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)), Store: st, Log: slog.New(slog.DiscardHandler),
		URL: func() (string, error) { return "http://127.0.0.1:4566", nil },
	}
}

func TestWire(t *testing.T) {
	t.Parallel()
	s, err := New(newEnv(t))
	if err != nil {
		t.Fatal(err)
	}
	wiretest.Fixtures(t, s.Wire())
	// Force is for rules that AWS's services make, of which there are none.
	wiretest.Inert(t, s.Wire(), "DeleteRule.Force", "RemoveTargets.Force")
}

package secretsmanager

import (
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire/wiretest"
)

func TestWire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wiretest.Fixtures(t, w.Wire())
	wiretest.Inert(t, w.Wire())
}

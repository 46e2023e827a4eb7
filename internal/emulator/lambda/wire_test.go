package lambda

import (
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire/wiretest"
)

// TestWire has every operation pass what package wiretest demands of a service.
func TestWire(t *testing.T) {
	t.Parallel()
	svc := new(Service).Wire()
	wiretest.Fixtures(t, svc)
	wiretest.Inert(t, svc)
}

package ssm

import (
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire/wiretest"
)

func TestWire(t *testing.T) {
	t.Parallel()
	s, _, _ := newService(t)
	wiretest.Fixtures(t, s.Wire())
	wiretest.Inert(t, s.Wire())
}

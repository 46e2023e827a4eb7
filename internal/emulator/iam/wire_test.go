package iam

import (
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire/wiretest"
)

func TestWire(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	wiretest.Fixtures(t, s.Wire())
	// Tags are kept as they are given; only their keys are looked at.
	wiretest.Inert(t, s.Wire(), "CreateInstanceProfile.Tags.Value", "CreatePolicy.Tags.Value", "CreateRole.Tags.Value", "TagPolicy.Tags.Value", "TagRole.Tags.Value")
}

package dynamodb_test

import (
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire/wiretest"
)

func TestWire(t *testing.T) {
	t.Parallel()
	f := start(t, "")
	wiretest.Fixtures(t, f.Wire())
	// Tags are kept as they are given; only their keys are looked at.
	wiretest.Inert(t, f.Wire(), "CreateTable.Tags.Value", "TagResource.Tags.Value")
}

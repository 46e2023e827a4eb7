package funcs_test

import (
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/lang/funcs"
)

// Every function says what it does.
func TestDescriptions(t *testing.T) {
	t.Parallel()
	for name := range funcs.All(funcs.Scope{}) {
		if funcs.Description(name) == "" {
			t.Errorf("%s has no description", name)
		}
	}
}

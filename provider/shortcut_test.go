package provider

import (
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

func TestShortcuts(t *testing.T) {
	for name, ok := range tf.Shortcuts(New("test", "").Resources(t.Context())) {
		if !ok {
			t.Errorf("%s has none", name)
		}
	}
}

package cli

import (
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/state"
)

// An id is what the state says it is, to the digit.
func TestIDOf(t *testing.T) {
	t.Parallel()
	for attributes, want := range map[string]string{
		`{"id":"a"}`: "a", `{"id":12345678901}`: "12345678901", `{"id":null}`: "", `{}`: "",
	} {
		if got := idOf(&state.Object{Attributes: []byte(attributes)}); got != want {
			t.Errorf("%s: got %q, want %q", attributes, got, want)
		}
	}
}

package acctest

import (
	"strings"
	"testing"
)

// TestNoDestination: what Lambda cannot send events to is refused by name, before
// a role is made whose policy allows nothing.
func TestNoDestination(t *testing.T) {
	t.Parallel()
	s := onStage(t)
	_, err := s.Apply(t.Context(), settings+aFunction(`source = { inline = { "index.mjs" = "" } }
  async = { on_failure = "arn:aws:kinesis:eu-north-1:000000000000:stream/s" }`))
	if err == nil || !strings.Contains(err.Error(), "Not a destination") {
		t.Errorf("got %v, want that it is no destination", err)
	}
}

package backend

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// A holder says of itself when it was there, as often as need be, and whoever asks is
// told.
func TestHeardOf(t *testing.T) {
	t.Parallel()
	h := NewHolder(Options{}, "")
	h = h.HeardOf(time.Now().Add(-time.Hour)).HeardOf(time.Now().Add(-2 * time.Hour))
	if want := fmt.Sprintf("pid %d, there at ", os.Getpid()); !strings.HasPrefix(h.Info, want) || strings.Count(h.Info, "there at") != 1 {
		t.Errorf("got %q, want one time after %q", h.Info, want)
	}
	if got := h.Alive(); !strings.Contains(got, "runs on this machine") {
		t.Errorf("got %q, want that the process is there", got)
	}
	h.Who = "somebody@elsewhere"
	if got := h.Alive(); !strings.Contains(got, "elsewhere") || !strings.Contains(got, "last heard of 2h0m") {
		t.Errorf("got %q, want where and when it was there", got)
	}
}

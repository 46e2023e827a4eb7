package cli

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
)

// An interrupt ends the wait for an answer that does not come.
func TestPromptInterrupted(t *testing.T) {
	t.Parallel()
	in, silent := io.Pipe()
	defer silent.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	got, err := prompt(ctx, &out, bufio.NewReader(in))
	if err == nil || !strings.HasPrefix(err.Error(), "interrupted") {
		t.Errorf("got %q, %v; want an interrupt", got, err)
	}
}

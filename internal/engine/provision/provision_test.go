//go:build unix

package provision_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/provision"
)

func TestRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, c := range map[string]struct {
		command provision.Command
		lines   []string
		err     string
	}{
		"lines of both outputs": {provision.Command{Text: "echo one; echo two >&2; printf three"}, []string{"one", "two", "three"}, ""},
		"nothing":               {provision.Command{Text: "true"}, nil, ""},
		"empty lines":           {provision.Command{Text: `printf '\n\nx\r\n'`}, []string{"", "", "x"}, ""},
		"exit code":             {provision.Command{Text: "echo before; exit 3"}, []string{"before"}, "exit status 3"},
		"killed by itself":      {provision.Command{Text: "kill -TERM $$"}, nil, "signal: terminated"},
		"environment":           {provision.Command{Text: `echo "$A $HOME"`, Environment: map[string]string{"A": "b c"}}, []string{"b c " + os.Getenv("HOME")}, ""},
		"folder":                {provision.Command{Text: "pwd -P", Dir: dir}, []string{dir}, ""},
		"folder that is absent": {provision.Command{Text: "pwd", Dir: filepath.Join(dir, "x")}, nil, "is not there"},
		"interpreter":           {provision.Command{Text: "a b", Interpreter: []string{"echo", "-n", "x"}}, []string{"x a b"}, ""},
		"no such interpreter":   {provision.Command{Text: "a", Interpreter: []string{dir + "/none"}}, nil, "starting it"},
		"no text":               {provision.Command{Text: `printf '\377'`}, []string{"\uFFFD"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			out, err := c.command.Run(t.Context(), func(s string) { got = append(got, s) })
			if !slices.Equal(got, c.lines) {
				t.Errorf("got lines %q, want %q", got, c.lines)
			}
			if (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("got error %v, want %q", err, c.err)
			}
			if c.lines != nil && !strings.Contains(out, strings.TrimSuffix(c.lines[0], "\uFFFD")) {
				t.Errorf("got output %q without %q", out, c.lines[0])
			}
		})
	}
}

// TestLongLine demands that output without an end of a line cannot fill the
// memory.
func TestLongLine(t *testing.T) {
	t.Parallel()
	longest, sum := 0, 0
	out, err := provision.Command{Text: "head -c 300000 /dev/zero | tr '\\0' x"}.Run(t.Context(), func(s string) {
		longest, sum = max(longest, len(s)), sum+len(s)
	})
	if err != nil || sum != 300000 || longest > 64<<10 || len(out) > 8<<10 {
		t.Errorf("got %d bytes in lines of up to %d, %d returned, %v", sum, longest, len(out), err)
	}
}

// TestLeftRunning demands that a command which leaves another one running, with its
// output open, has not failed.
func TestLeftRunning(t *testing.T) {
	t.Parallel()
	var got []string
	out, err := provision.Command{Text: "sleep 1000 & echo $!"}.Run(t.Context(), func(s string) { got = append(got, s) })
	if pid, bad := strconv.Atoi(strings.TrimSpace(out)); bad == nil {
		if killed := syscall.Kill(pid, syscall.SIGKILL); killed != nil {
			t.Errorf("what was left running: %v", killed)
		}
	}
	if err != nil || len(got) != 1 {
		t.Errorf("got lines %q and %v, want a number and no error", got, err)
	}
}

// TestInterrupt demands that a command is killed with the processes that it
// started.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	fifo := filepath.Join(t.TempDir(), "held")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	held := make(chan error, 1)
	go func() { // ends when no process has the pipe open any more
		_, err := os.ReadFile(fifo)
		held <- err
	}()
	_, err := provision.Command{Text: "exec 9>" + fifo + "; sleep 1000 & echo ready; sleep 1000"}.Run(ctx, func(string) { cancel() })
	if !errors.Is(err, provision.ErrInterrupted) {
		t.Errorf("got %v, want %v", err, provision.ErrInterrupted)
	}
	if err := <-held; err != nil {
		t.Error(err)
	}
}

//go:build linux

package runtime

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

// victim is the argument with which the test's program plays an emulator that is
// killed: it invokes one function, prints its process, and waits.
const victim = "--victim"

// playVictim runs a function of the folder dir.
func playVictim(dir, main string) {
	h, err := New(Options{Clock: clock.Real, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Dir: dir, Main: main, Sink: func(*Function, string, time.Time, []string) {}})
	if err != nil {
		panic(err)
	}
	f := &Function{Key: "k", Name: "f", Version: "$LATEST", Runtime: node, Handler: "index.handler", Code: filepath.Join(dir, "code"), Memory: 256, Storage: 16, Timeout: 2 * time.Minute}
	r, err := h.Invoke(context.Background(), f, Invocation{RequestID: "r", Payload: []byte("1")})
	if err != nil {
		panic(err)
	}
	_, _ = os.Stdout.Write(append(r.Payload, '\n'))
	select {}
}

// After kill -9 of the emulator no function goes on, in a sandbox or not: the
// kernel kills it, and what escaped its group's leader is found by the next one.
func TestKilledEmulator(t *testing.T) {
	t.Parallel()
	if _, err := Interpreter(node); err != nil {
		t.Skip(err)
	}
	main, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, sandbox := range map[string]string{"plain": "", "sandbox": main} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.MkdirAll(filepath.Join(dir, "code"), 0o755); err != nil {
				t.Fatal(err)
			}
			// The number of the process is that of the emulator's view in a pid file, so
			// the function names itself by an argument of a child instead.
			mark := "400." + strconv.Itoa(os.Getpid()) + strconv.Itoa(len(sandbox))
			source := `require("child_process").spawn("sleep", ["` + mark + `"]); exports.handler = async () => "` + mark + `"`
			if err := os.WriteFile(filepath.Join(dir, "code", "index.js"), []byte(source), 0o644); err != nil {
				t.Fatal(err)
			}
			c := exec.Command(main, victim, dir, sandbox)
			out, err := c.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			c.Stderr = os.Stderr
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(out).ReadString('\n')
			if err != nil || strings.Trim(line, "\"\n") != mark {
				t.Fatalf("got %q, %v", line, err)
			}
			if err := c.Process.Signal(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			_ = c.Wait() // killed
			h, err := New(Options{Clock: clock.Real, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			if err := h.Close(); err != nil {
				t.Error(err)
			}
			for deadline := time.Now().Add(2 * time.Minute); ; {
				left := processesWith(t, "sleep\x00"+mark) + processesWith(t, filepath.Join(dir, "bootstraps"))
				if left == 0 {
					return
				}
				if time.Now().After(deadline) {
					t.Fatalf("%d processes go on", left)
				}
			}
		})
	}
}

// processesWith counts the processes whose command line has that part.
func processesWith(t *testing.T, part string) int {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range entries {
		if line, err := os.ReadFile("/proc/" + e.Name() + "/cmdline"); err == nil && strings.Contains(string(line), part) {
			n++
		}
	}
	return n
}

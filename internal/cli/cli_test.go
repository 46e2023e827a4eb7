package cli

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/process"
	"github.com/tfserverless/terraform-provider-serverless/internal/engine/install"
)

// TestMain makes this test's binary the program, for scripts and for the
// emulators that they start in the background.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == process.BackgroundArgs[0] {
		os.Exit(program())
	}
	if signal.Ignored(os.Interrupt) { // as behind the & of a script; what the tests start must heed it
		signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	}
	testscript.Main(m, map[string]func(){name: func() { os.Exit(program()) }, faultyName: faultyMain})
}

func program() int {
	path, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return Main(&Program{Version: "1.2.3", Main: path, In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, os.Args[1:])
}

// TestScripts runs each script of testdata/script, which reads like a session
// at the command line.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(e *testscript.Env) error {
			e.Defer(func() { stopAll(t, e.WorkDir) })
			self, err := exec.LookPath(name)
			e.Setenv("SELF", self)                  // for scripts that leave nothing on PATH
			e.Setenv("PLUGINS", filepath.Dir(self)) // where the program faultyName is, too
			e.Setenv("PLATFORM", install.Here.String())
			return err
		},
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"attach": attach, "freeze": freeze, "hold": hold, "release": release, "thaw": thaw, "unversion": unversion, "waitfor": waitFor},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// waitFor is the script command that waits until a file is there, and holds a
// text if one is given.
func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: waitfor FILE [TEXT]")
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(2 * time.Minute); ; {
		if raw, err := os.ReadFile(ts.MkAbs(args[0])); err == nil && (len(args) == 1 || strings.Contains(string(raw), args[1])) {
			return
		}
		select {
		case <-tick.C:
		case <-limit:
			ts.Fatalf("waited in vain for %s", args[0])
		}
	}
}

// stopAll stops what a script left running.
func stopAll(t *testing.T, dir string) {
	found, err := filepath.Glob(filepath.Join(dir, "*", "address.json"))
	if err != nil {
		t.Error(err)
	}
	for _, file := range found {
		if _, err := process.Find(context.Background(), filepath.Dir(file)); err != nil {
			continue
		}
		if err := process.Stop(context.Background(), filepath.Dir(file)); err != nil {
			t.Errorf("stopping the emulator: %v", err)
		}
	}
}

// In memory, the emulator prints the shell lines at once.
func TestRunInMemory(t *testing.T) {
	t.Parallel()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "emulator", "run", "-addr=127.0.0.1:0", "-v")
	cmd.Dir = t.TempDir()
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	var got []string
	for lines.Scan() {
		got = append(got, lines.Text())
		if strings.HasPrefix(lines.Text(), "unset ") {
			break
		}
	}
	if len(got) == 0 || !strings.HasPrefix(got[0], "export AWS_ENDPOINT_URL='http://127.0.0.1:") {
		t.Errorf("got %q, want the shell lines", got)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v, want exit code 0", err)
	}
	if !strings.Contains(log.String(), "it was told to") {
		t.Errorf("the log is %s", &log)
	}
	if left, err := os.ReadDir(cmd.Dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestTable(t *testing.T) {
	seen := map[string]bool{}
	for i, c := range commands {
		if seen[c.name] {
			t.Errorf("%s: listed twice", c.name)
		}
		seen[c.name] = true
		if i > 0 && commands[i-1].name > c.name {
			t.Errorf("%s: the table is in alphabetical order", c.name)
		}
		if c.summary == "" || strings.HasSuffix(c.summary, ".") {
			t.Errorf("%s: the summary %q is a line without a full stop", c.name, c.summary)
		}
	}
}

func TestQuoted(t *testing.T) {
	for in, want := range map[string]string{
		"":         `''`,
		"a b":      `'a b'`,
		"it's":     `'it'\''s'`,
		"$(rm) `x": "'$(rm) `x'",
	} {
		if got := quoted(in); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}

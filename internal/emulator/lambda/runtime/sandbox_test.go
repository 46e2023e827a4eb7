//go:build linux

package runtime

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test's program stands in for this project's binary: it becomes a sandbox
// when it is started as one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == SandboxArg {
		os.Exit(SandboxMain(os.Args[2:]))
	}
	if len(os.Args) > 1 && os.Args[1] == victim {
		playVictim(os.Args[2], os.Args[3])
	}
	// Go's own cache stays: a test that builds a program would compile the whole
	// standard library for it.
	if user, err := os.UserCacheDir(); err == nil && os.Getenv("GOCACHE") == "" {
		_ = os.Setenv("GOCACHE", filepath.Join(user, "go-build")) // cannot fail
	}
	cache, err := os.MkdirTemp("", "cache") // of the runtimes, none of the user's
	if err != nil {
		panic(err)
	}
	if err := os.Setenv("XDG_CACHE_HOME", cache); err != nil {
		panic(err)
	}
	extensionFarewell = 2 * time.Minute
	code := m.Run()
	_ = os.RemoveAll(cache)
	os.Exit(code)
}

// newSandboxBench is a bench whose functions run in sandboxes; the test is skipped
// where there can be none.
func newSandboxBench(t testing.TB) *bench {
	t.Helper()
	b := newBench(t)
	main, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b.Main = main
	if !b.sandboxed() {
		b.notices.said.Range(func(text, _ any) bool { t.Skip(text); return false })
		t.Skip("no sandbox can be made here")
	}
	return b
}

func TestSandbox(t *testing.T) {
	t.Parallel()
	p, err := interpreter(node)
	if err != nil {
		t.Skip(err)
	}
	if home, _ := os.UserHomeDir(); within(p.path, "/tmp") || within(p.path, "/var") || within(p.path, home) {
		t.Skipf("a sandbox hides %s", p.path)
	}
	f := function(t, node, "index.handler", map[string]string{"index.js": `
		const fs = require("fs")
		const attempt = (f) => { try { return String(f()) } catch (e) { return e.code } }
		exports.handler = async (home) => ({
			root: [process.env.LAMBDA_TASK_ROOT, process.cwd(), __dirname],
			user: process.getuid(),
			name: attempt(() => require("os").userInfo().username),
			house: attempt(() => require("os").homedir()),
			task: attempt(() => fs.writeFileSync("/var/task/x", "")),
			var: attempt(() => fs.writeFileSync("/var/x", "")),
			etc: attempt(() => fs.writeFileSync("/etc/x", "")),
			shared: attempt(() => fs.writeFileSync("/dev/shm/x", "")),
			device: attempt(() => fs.writeFileSync("/dev/null", "x")),
			tmp: attempt(() => fs.writeFileSync("/tmp/x", "")),
			full: attempt(() => fs.writeFileSync("/tmp/y", Buffer.alloc(32 << 20))),
			seen: attempt(() => fs.readdirSync("/tmp")),
			home: attempt(() => fs.readdirSync(home).length),
			core: attempt(() => fs.openSync("/proc/sys/kernel/core_pattern", "w")),
			processes: fs.readdirSync("/proc").filter(n => /^\d+$/.test(n)).length,
		})`})
	f.Storage = 16
	b := newSandboxBench(t)
	home, err := os.UserHomeDir()
	if err != nil {
		home = "/"
	}
	r := b.call(t, f, strconv.Quote(home))
	var got map[string]any
	if err := json.Unmarshal(r.Payload, &got); err != nil {
		t.Fatalf("%v: %s\n%s", err, r.Payload, r.Tail)
	}
	if user, _ := got["user"].(float64); user != sandboxID && (os.Geteuid() != 0 || user < firstUser || user > lastUser) {
		t.Errorf("the user is %v", got["user"])
	}
	for key, want := range map[string]any{
		"task": "EROFS", "var": "EROFS", "etc": "EROFS", "shared": "EROFS", "device": "undefined", "tmp": "undefined", "full": "ENOSPC",
		"core": "EACCES", "name": "sbx_user1051", "house": "/home/sbx_user1051", "processes": 2.0, "seen": "x,y",
	} {
		if got[key] != want {
			t.Errorf("%s is %v, want %v", key, got[key], want)
		}
	}
	if h := got["home"]; h != "0" && h != "ENOENT" {
		t.Errorf("the user's home is %v, want an empty folder or none", h)
	}
	if root, _ := json.Marshal(got["root"]); string(root) != `["/var/task","/var/task","/var/task"]` {
		t.Errorf("the task's root is %s", root)
	}
}

// What the emulator inherited from its own parent is not the function's: a folder
// among it would lead out of the sandbox, be it the function's or its supervisor's.
func TestSandboxHasNoInheritedFiles(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "secret"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	fd, err := syscall.Open(dir, syscall.O_RDONLY, 0) // without O_CLOEXEC
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(fd) }()
	f := function(t, python, "index.handler", map[string]string{"index.py": `
import os
def handler(event, context):
    files = []
    for process in ("self", "1"):
        try:
            files += ["/proc/%s/fd/%s" % (process, fd) for fd in os.listdir("/proc/%s/fd" % process)]
        except PermissionError:
            pass # of the supervisor, where it is another user
    return len(files) > 0, [f for f in files if os.access(f + "/secret", os.F_OK)]
`})
	r := newSandboxBench(t).call(t, f, "1")
	if got, want := string(r.Payload), "[true, []]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A function's children do not outlive it, whatever group they are in.
func TestSandboxEndsWithEverything(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("setsid"); err != nil {
		t.Skip("the program setsid is not on PATH")
	}
	f := function(t, node, "index.handler", map[string]string{"index.js": `
		const mark = "300." + Math.random().toString().slice(2)
		require("child_process").spawn("setsid", ["sleep", mark], {detached: true, stdio: "ignore"})
		exports.handler = async () => mark`})
	b := newSandboxBench(t)
	mark := strings.Trim(string(b.call(t, f, `0`).Payload), `"`)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if n := processesWith(t, "sleep\x00"+mark); n != 0 {
		t.Errorf("%d processes still run", n)
	}
}

func BenchmarkSandboxCold(b *testing.B) {
	f := function(b, node, "index.handler", map[string]string{"index.js": `exports.handler = async () => 1`})
	w := newSandboxBench(b)
	for b.Loop() {
		r, err := w.Invoke(b.Context(), f, Invocation{RequestID: "r", Payload: []byte("1")})
		if err != nil || string(r.Payload) != "1" {
			b.Fatal(err, string(r.Payload), string(r.Tail))
		}
		w.Retire(func(*Function) bool { return true })
	}
}

// The cache of the AWS SDK is seen in a sandbox, which hides the user's home.
func TestSandboxSDK(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	f := function(t, node, "index.handler", map[string]string{"index.mjs": `import x from "@aws-sdk/x"; export const handler = async () => x`})
	cache, err := SDKDir("nodejs")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "node_modules", "@aws-sdk", "x")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "index.js"), []byte(`module.exports = "cache"`), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, want := string(newSandboxBench(t).call(t, f, `0`).Payload), `"cache"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func BenchmarkSandboxWarm(b *testing.B) {
	f := function(b, node, "index.handler", map[string]string{"index.js": `exports.handler = async () => 1`})
	w := newSandboxBench(b)
	for b.Loop() {
		r, err := w.Invoke(b.Context(), f, Invocation{RequestID: "r", Payload: []byte("1")})
		if err != nil || string(r.Payload) != "1" {
			b.Fatal(err, string(r.Payload), string(r.Tail))
		}
	}
}

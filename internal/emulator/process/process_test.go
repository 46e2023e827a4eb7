//go:build unix

package process_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/process"
)

// TestMain makes the test's binary the program that Join starts, and one that
// joins, as other programs do.
func TestMain(m *testing.M) {
	args := os.Args[1:]
	switch {
	case len(args) == 3 && slices.Equal(args[:2], process.BackgroundArgs):
		c := process.Config{DataDir: args[2], Main: self(), Log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
		if err := process.Background(context.Background(), c); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	case len(args) == 2 && args[0] == "join":
		a, err := process.Join(context.Background(), args[1], self())
		if err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		fmt.Println(a.PID)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func self() string {
	path, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return path
}

// folder returns a data_dir that does not exist yet; what runs in it ends with
// the test.
func folder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	t.Cleanup(func() {
		a, err := process.Find(context.Background(), dir)
		if err != nil {
			return
		}
		if err := process.Stop(context.Background(), dir); err != nil {
			t.Errorf("stopping the emulator: %v", err)
		}
		gone(t, a.PID)
	})
	return dir
}

func join(t *testing.T, dir, main string) *process.Address {
	t.Helper()
	a, err := process.Join(context.Background(), dir, main)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// until waits for what another process does.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(2 * time.Minute)
	defer limit.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-limit.C:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// gone waits for the end of a process.
func gone(t *testing.T, pid int) {
	t.Helper()
	until(t, fmt.Sprintf("process %d ends", pid), func() bool {
		return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) || state(pid) == "Z"
	})
}

// state is the letter by which the system tells what a process does: Z when it has
// ended and only its parent does not know, T when it is stopped; empty where the
// system does not tell.
func state(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	return after[:1]
}

func health(a *process.Address) error {
	resp, err := http.Get(a.URL + "/_aws/health")
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return nil
}

func TestJoinStartsAndShares(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	if _, err := process.Find(context.Background(), dir); !errors.Is(err, process.ErrNotRunning) {
		t.Errorf("Find before: got %v, want ErrNotRunning", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("Find made the folder")
	}
	a := join(t, dir, self())
	if err := health(a); err != nil {
		t.Errorf("the emulator of Join does not answer: %v", err)
	}
	if a.PID == os.Getpid() {
		t.Error("the emulator runs in this process")
	}
	if b := join(t, dir, self()); *b != *a {
		t.Errorf("the second caller got %v, want %v", b, a)
	}
	if b := join(t, dir, ""); *b != *a {
		t.Errorf("a caller without a program got %v, want %v", b, a)
	}
	s, err := a.Status(context.Background())
	if err != nil || s.PID != a.PID || s.URL != a.URL {
		t.Errorf("got %+v (%v), want the status of %v", s, err, a)
	}
	if err := a.Reset(context.Background()); err != nil {
		t.Error(err)
	}
	if err := process.Stop(context.Background(), dir); err != nil {
		t.Fatal(err)
	}
	gone(t, a.PID)
	if err := process.Stop(context.Background(), dir); !errors.Is(err, process.ErrNotRunning) {
		t.Errorf("Stop of nobody: got %v, want ErrNotRunning", err)
	}
}

func TestManyAtOnceStartOne(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	const callers = 6
	pids := make([]string, callers)
	var all sync.WaitGroup
	for i := range pids {
		all.Go(func() {
			out, err := exec.Command(self(), "join", dir).CombinedOutput()
			if err != nil {
				t.Errorf("caller %d: %v: %s", i, err, out)
			}
			pids[i] = string(out)
		})
	}
	all.Wait()
	if unique := slices.Compact(slices.Sorted(slices.Values(pids))); len(unique) != 1 {
		t.Errorf("got emulators %q, want one", unique)
	}
	log, err := os.ReadFile(filepath.Join(dir, "emulator.log"))
	if n := bytes.Count(log, []byte("emulator ready")); err != nil || n != 1 {
		t.Errorf("%d emulators were started (%v), want 1:\n%s", n, err, log)
	}
}

func TestKilledOwner(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	a := join(t, dir, self())
	if err := syscall.Kill(a.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	gone(t, a.PID)
	if _, err := process.Find(context.Background(), dir); !errors.Is(err, process.ErrNotRunning) {
		t.Errorf("Find of a killed one: got %v, want ErrNotRunning", err)
	}
	b := join(t, dir, self())
	if b.PID == a.PID || b.Token == a.Token {
		t.Errorf("got %v again", b)
	}
	if b.URL != a.URL || b.AccessKey != a.AccessKey || b.SecretKey != a.SecretKey {
		t.Errorf("port or key changed: got %v, want those of %v", b, a)
	}
	if err := health(b); err != nil {
		t.Error(err)
	}
}

// What a dead owner half wrote, and what a living one's file becomes.
func TestAddressFile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, content string }{
		{"empty", ""},
		{"half", `{"url":"http://127.0.0.1:1","access_key":"AK`},
		{"no token", `{"url":"http://127.0.0.1:1"}`},
		{"another's", `{"url":"http://127.0.0.1:1","access_key":"a","secret_key":"b","build":"c","token":"d","pid":1}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t)
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, "address.json")
			if err := os.WriteFile(file, []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			a := join(t, dir, self())
			if err := os.WriteFile(file, []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if b := join(t, dir, self()); *a != *b {
				t.Errorf("got %v, want the living %v", b, a)
			}
		})
	}
}

// otherBuild is a copy of this program that says to be of another build.
func otherBuild(t *testing.T) string {
	t.Helper()
	mine, err := process.BuildOf(self())
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(self())
	if err != nil {
		t.Fatal(err)
	}
	theirs := []byte(mine)
	slices.Reverse(theirs)
	if !bytes.Contains(program, []byte(mine)) {
		t.Skipf("the build %q is not written in the program", mine)
	}
	path := filepath.Join(t.TempDir(), "other")
	install(t, path, bytes.ReplaceAll(program, []byte(mine), theirs))
	return path
}

// install writes a program, by way of another process: children that this one
// starts meanwhile would inherit the open file, and the system does not run what
// somebody may still write to.
func install(t *testing.T, path string, content []byte) {
	t.Helper()
	cmd := exec.Command("dd", "of="+path)
	cmd.Stdin = bytes.NewReader(content)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.Chmod(path, 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestAnotherBuildTakesOver(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	other := otherBuild(t)
	a := join(t, dir, self())
	b := join(t, dir, other)
	gone(t, a.PID)
	if b.PID == a.PID || b.Build == a.Build {
		t.Errorf("got %v of build %s, want another than %v", b, b.Build, a)
	}
	if b.URL != a.URL || b.AccessKey != a.AccessKey {
		t.Errorf("got %v, want the address and the key of %v", b, a)
	}
	if again := join(t, dir, other); *again != *b {
		t.Errorf("got %v, want %v", again, b)
	}
}

func TestBuildOf(t *testing.T) {
	t.Parallel()
	a, err := process.BuildOf(self())
	if err != nil || a == "" {
		t.Fatalf("got %q, %v", a, err)
	}
	program, err := os.ReadFile(self())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "copy")
	if err := os.WriteFile(path, program, 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := process.BuildOf(path); b != a || err != nil {
		t.Errorf("a copy: got %q, %v, want %q", b, err, a)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := process.BuildOf(path); b == a || b == "" || err != nil {
		t.Errorf("a script: got %q, %v, want something else than %q", b, err, a)
	}
	if _, err := process.BuildOf(path + "x"); err == nil {
		t.Error("no file: got no error")
	}
}

func TestVanishedFolder(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"", "lock"} { // all of it, or what makes it ours
		dir := folder(t)
		a := join(t, dir, self())
		if err := os.RemoveAll(filepath.Join(dir, what)); err != nil {
			t.Fatal(err)
		}
		gone(t, a.PID)
		if what == "" {
			if _, err := os.Stat(dir); !os.IsNotExist(err) {
				t.Error("the emulator made its folder again")
			}
		}
	}
}

func TestToken(t *testing.T) {
	t.Parallel()
	a := join(t, folder(t), self())
	wrong := *a
	wrong.Token = "x" + a.Token[1:]
	if _, err := wrong.Status(context.Background()); err == nil || !strings.Contains(err.Error(), "token") {
		t.Errorf("a wrong token: got %v, want an error that names it", err)
	}
	if err := wrong.Reset(context.Background()); err == nil {
		t.Error("a wrong token resets the emulator")
	}
}

// Nobody else can enter the folder, whatever the modes within are; and what holds
// secrets is private by itself.
func TestFilesArePrivate(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	join(t, dir, self())
	for _, name := range []string{"", "address.json", "credentials.json", "emulator.log", "lock", "port", "state", "state/store.db"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
			continue
		}
		if got := info.Mode().Perm(); got&0o077 != 0 {
			t.Errorf("%s has mode %o, which others can read", info.Name(), got)
		}
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	a := &process.Address{URL: "http://127.0.0.1:1", AccessKey: "the-id", SecretKey: "the-secret", Token: "the-token", PID: 7}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "address", a)
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s", a, a, a, a), log.String()} {
		if !strings.Contains(text, "127.0.0.1:1") || strings.Contains(text, "the-") {
			t.Errorf("got %s, want the URL and no secrets", text)
		}
	}
}

// The child's surroundings, as the operating system tells them.
func TestSurroundings(t *testing.T) {
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("there is no /proc here")
	}
	t.Setenv("TF_PLUGIN_MAGIC_COOKIE", "cookie")
	t.Setenv("TF_PLUGIN_CACHE_DIR", "dir")
	t.Setenv("TF_REATTACH_PROVIDERS", "{}")
	t.Setenv("PLUGIN_CLIENT_CERT", "cert")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "a real one")
	t.Setenv("KEPT", "this")
	dir := folder(t)
	a := join(t, dir, self())
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", a.PID))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(environ), "KEPT=this") {
		t.Error("the environment lacks KEPT")
	}
	for _, name := range []string{"TF_PLUGIN_", "TF_REATTACH", "PLUGIN_", "AWS_"} {
		if strings.Contains("\x00"+string(environ), "\x00"+name) {
			t.Errorf("the environment has %s", name)
		}
	}
	if cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", a.PID)); err != nil || cwd != dir {
		t.Errorf("working directory: got %s, %v, want %s", cwd, err, dir)
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", a.PID))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	if session := strings.Fields(after)[3]; session != strconv.Itoa(a.PID) {
		t.Errorf("session: got %s, want its own, %d", session, a.PID)
	}
	for fd, want := range map[int]string{0: "/dev/null", 1: filepath.Join(dir, "emulator.log"), 2: filepath.Join(dir, "emulator.log")} {
		if got, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", a.PID, fd)); err != nil || got != want {
			t.Errorf("file %d: got %s, %v, want %s", fd, got, err, want)
		}
	}
}

func TestStuckOwner(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	a := join(t, dir, self())
	if state(a.PID) == "" {
		t.Skip("there is no /proc here")
	}
	if err := syscall.Kill(a.PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	until(t, "the process is stopped", func() bool { return state(a.PID) == "T" })
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err := process.Join(ctx, dir, self())
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("process %d", a.PID)) {
		t.Errorf("got %v, want an error that names process %d", err, a.PID)
	}
	if err := syscall.Kill(a.PID, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if b := join(t, dir, self()); *b != *a {
		t.Errorf("got %v, want %v again", b, a)
	}
}

func TestAddressFileIsJSON(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	a := join(t, dir, self())
	raw, err := os.ReadFile(filepath.Join(dir, "address.json"))
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ URL, Build string }
	if err := json.Unmarshal(raw, &got); err != nil || got.URL != a.URL || got.Build == "" {
		t.Errorf("got %+v, %v, want %s and a build", got, err, a.URL)
	}
}

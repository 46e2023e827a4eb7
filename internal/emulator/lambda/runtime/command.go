package runtime

import (
	"debug/elf"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// task is where the function sees its files.
type task struct {
	code       string // LAMBDA_TASK_ROOT
	opt        string // the layers: /opt, where it is not the folder of the host
	bootstraps string // LAMBDA_RUNTIME_DIR
	tmp        string // empty where it is /tmp
	sdk        string // the cache of the AWS SDK; empty where there is none

	// The folders of the host that are seen there; empty where there are none.
	hostCode, hostOpt, hostBootstraps string
}

// launch is a program that is ready to be started.
type launch struct {
	args, env []string
	dir       string
	task      task
	linked    bool // the program is
	sandboxed bool
	spec      sandboxSpec // of a sandbox
}

// launch returns what serves the function, with e.entry set when the function's
// package has nothing to start.
func (e *environment) launch(keys Credentials) (s launch, err error) {
	l, version, ok := languageOf(e.f.Runtime)
	if !ok {
		return s, fmt.Errorf("the runtime %s is not emulated", e.f.Runtime)
	}
	p, err := interpreter(e.f.Runtime)
	if err != nil {
		e.entry = err.Error()
		return s, nil //nolint:nilerr // it is an error of the function, which its callers get
	}
	if p.version != version && p.path != "" && p.version != "unknown" {
		e.host.notice(fmt.Sprintf("%s is not installed; functions of that runtime run with version %s (%s)", e.f.Runtime, p.version, p.path))
	}
	if s.task, err = e.places(l); err != nil {
		return s, err
	}
	if s.spec, s.sandboxed = e.inSandbox(p, s.task); s.sandboxed {
		s.task = insideOf(s.task)
	}
	args, refusal := l.args(e.f, s.task, p)
	if e.entry = refusal; refusal != "" {
		return s, nil
	}
	if w := e.f.Variables["AWS_LAMBDA_EXEC_WRAPPER"]; w != "" && l.name != "provided" {
		// The shell gives the status 127 for a wrapper that is not there, as in AWS.
		args = append([]string{"/bin/sh", "-c", `exec "$0" "$@"`, w}, args...)
	}
	if l.name == "java" {
		e.train(s, p)
	}
	s.args, s.env, s.dir, s.linked = args, e.variables(s.task, l, p, keys), s.task.code, l.linked
	return s, nil
}

// places returns where the function's files are on the host.
func (e *environment) places(l language) (t task, err error) {
	t = task{code: e.f.Code, opt: "/opt", bootstraps: e.host.bootstraps(), tmp: filepath.Join(e.dir, "tmp")}
	if t.hostOpt, err = e.host.opt(e.f.Layers); err != nil {
		return t, err
	}
	if t.hostOpt != "" {
		t.opt = t.hostOpt
	}
	if l.name == "java" {
		if t.bootstraps, err = e.host.java(); err != nil {
			return t, err
		}
	}
	if dir, err := SDKDir(l.name); err == nil {
		if l.name == "nodejs" {
			dir = filepath.Join(dir, "node_modules")
		}
		if s, err := os.Stat(dir); err == nil && s.IsDir() {
			t.sdk = dir
		}
	}
	t.hostCode, t.hostBootstraps = t.code, t.bootstraps
	return t, nil
}

// plain makes a command of a launch without a sandbox.
func (e *environment) plain(s launch) (*exec.Cmd, error) {
	if err := os.MkdirAll(s.task.tmp, 0o700); err != nil {
		return nil, err
	}
	c := &exec.Cmd{Path: s.args[0], Args: s.args, Dir: s.dir, Env: s.env}
	if s.linked {
		link, err := e.link()
		if err != nil {
			return nil, fmt.Errorf("connecting a program: %w", err)
		}
		c.ExtraFiles = []*os.File{link}
	}
	return c, e.unprivileged(c, s.task)
}

// link returns a connection to the environment's API.
func (e *environment) link() (*os.File, error) {
	conn, err := net.Dial("tcp4", e.address) //nolint:noctx // to this process itself
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }() // the file is another of the same
	return conn.(*net.TCPConn).File()
}

// bootstrapOf returns the program of a function that brings its own runtime, or why
// there is none that can run.
func bootstrapOf(t task) (path, refusal string) {
	for _, place := range []struct{ host, seen, aws string }{{t.hostCode, t.code, taskRoot}, {t.hostOpt, t.opt, optDir}} {
		host := filepath.Join(place.host, "bootstrap")
		if s, err := os.Stat(host); place.host == "" || err != nil || s.IsDir() {
			continue
		}
		return filepath.Join(place.seen, "bootstrap"), checkProgram(host, place.aws+"/bootstrap")
	}
	return "", "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
}

// checkProgram returns why path, which functions see as name, is no program that can
// run here, in the words that follow "Error: ".
func checkProgram(path, name string) string {
	s, err := os.Stat(path)
	if err != nil {
		return "fork/exec " + name + ": no such file or directory"
	}
	if s.Mode()&0o111 == 0 {
		return "fork/exec " + name + ": permission denied"
	}
	f, err := elf.Open(path)
	if err != nil {
		return checkScript(path, name)
	}
	defer func() { _ = f.Close() }()
	machines := map[elf.Machine]string{elf.EM_X86_64: "amd64", elf.EM_AARCH64: "arm64"}
	if m := machines[f.Machine]; m != runtime.GOARCH {
		if m == "" {
			m = f.Machine.String()
		}
		return fmt.Sprintf("fork/exec %s: exec format error (it is built for %s, and this machine is %s: build it with GOARCH=%s or the like)", name, m, runtime.GOARCH, runtime.GOARCH)
	}
	return ""
}

// checkScript is checkProgram for a program that is not in Linux's format.
func checkScript(path, name string) string {
	if runtime.GOOS != "linux" {
		return "" // it may be this system's format, and the kernel judges
	}
	b, err := os.ReadFile(path)
	line, isScript := strings.CutPrefix(string(b), "#!")
	line, _, _ = strings.Cut(line, "\n")
	words := strings.Fields(line)
	if err != nil || !isScript || len(words) == 0 {
		return "fork/exec " + name + ": exec format error"
	}
	// A line end of another system would be part of the interpreter's name.
	if _, err := os.Stat(words[0]); err != nil || strings.HasSuffix(line, "\r") { //nolint:gosec // the function would run it next
		return "fork/exec " + name + ": no such file or directory (its first line names " + words[0] + ")"
	}
	return ""
}

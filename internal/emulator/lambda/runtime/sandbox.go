package runtime

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// SandboxArg is the argument with which this project's binary is started again to
// become a function's process: its main calls [SandboxMain] then, before all else.
const SandboxArg = "--function-sandbox"

// The places that functions see in a sandbox, as in AWS; /var/sdk is ours.
const (
	taskRoot   = "/var/task"
	runtimeDir = "/var/runtime"
	optDir     = "/opt"
	sdkDir     = "/var/sdk"
	trainDir   = "/var/train"
	hostsFile  = "/etc/hosts"
)

// sandboxSpec is what SandboxMain is told, as a line of JSON on file descriptor 3.
type sandboxSpec struct {
	Mounts map[string]string // read-only binds: where to, and the folder of the host
	// Writable are binds that the program may write to.
	Writable map[string]string
	Links    map[string]string // symbolic links to make, and their targets
	Hide     []string          // folders of the host that appear empty
	Storage  int               // MB of /tmp
	Data     int               // MB of memory that the process may map for data at most
	User     int               // to become; -1 to stay the user that the namespace has
	Args     []string          // the program; empty only tries the sandbox
	Link     string            // address of a connection that the program gets; empty for none
	Env      []string
	// Become is whether to become the program, rather than to hold it.
	Become bool
	// Extensions are programs that run beside Args, with another environment.
	Extensions   []string
	ExtensionEnv []string
}

// sandbox is whether functions can be run in one here.
type sandbox struct {
	once sync.Once
	ok   bool
}

// sandboxed tries the whole sandbox once and reports whether it works: user
// namespaces may be there without capabilities, or /proc may be masked.
func (h *Host) sandboxed() bool {
	h.sandbox.once.Do(func() {
		if h.Main == "" {
			return // Go tests, and programs that embed the emulator
		}
		c := h.sandboxCommand()
		var out bytes.Buffer
		c.Stdout, c.Stderr = &out, &out
		// Whatever Main is, it is no sandbox if this takes long.
		err := h.runSandbox(c, sandboxSpec{Storage: 1, User: sandboxUser()}, 10*time.Second)
		if err != nil {
			h.notice(fmt.Sprintf("functions run as plain processes, because no sandbox can be made: %v %s", err, strings.TrimSpace(out.String())))
			return
		}
		h.sandbox.ok = true
	})
	return h.sandbox.ok
}

// sandboxCommand returns the command of a sandbox's first process, without the file
// on which it gets its description.
func (h *Host) sandboxCommand() *exec.Cmd {
	c := &exec.Cmd{Path: h.Main, Args: []string{h.Main, SandboxArg}, Dir: "/", Env: []string{}}
	isolate(c)
	return c
}

// runSandbox runs a command of the host's own in a sandbox, to its end.
func (h *Host) runSandbox(c *exec.Cmd, spec sandboxSpec, limit time.Duration) error {
	spec.Become = true
	b, err := json.Marshal(spec)
	if err != nil {
		return err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	c.ExtraFiles = []*os.File{r}
	_, err = w.Write(append(b, '\n')) // which a pipe holds
	return errors.Join(err, w.Close(), h.runFor(c, limit))
}

// inSandbox returns the sandbox in which the program sees the task. ok is false when
// there are none here, or the program cannot be seen from there.
func (e *environment) inSandbox(p program, t task) (spec sandboxSpec, ok bool) {
	h := e.host
	if !h.sandboxed() {
		return spec, false
	}
	spec = sandboxSpec{
		Mounts:  map[string]string{taskRoot: t.hostCode, runtimeDir: t.hostBootstraps},
		Storage: e.f.Storage, Data: dataLimit(e.f.Memory), User: sandboxUser(),
	}
	if hosts := h.hosts(); hosts != "" {
		spec.Mounts[hostsFile] = hosts
	}
	home, _ := os.UserHomeDir()
	for _, dir := range []string{home, optDir} {
		if s, err := os.Stat(dir); err == nil && s.IsDir() && dir != "/" {
			spec.Hide = append(spec.Hide, dir)
		}
	}
	if t.hostOpt != "" {
		if !slices.Contains(spec.Hide, optDir) {
			h.notice("functions with layers run as plain processes, because this machine has no folder " + optDir)
			return spec, false
		}
		spec.Mounts[optDir] = t.hostOpt
	}
	if t.sdk != "" {
		spec.Mounts[sdkDir] = t.sdk
		spec.Links = map[string]string{"/var/node_modules": sdkDir} // where ES modules look
	}
	hidden := append([]string{"/tmp", "/var"}, spec.Hide...)
	for _, dir := range filepath.SplitList(p.homes) {
		if isWithin(dir, hidden) {
			spec.Mounts[dir] = dir
		}
	}
	if t.hostOpt != "" && within(p.path, optDir) || isWithin(p.path, hidden) && !isWithin(p.path, slices.Collect(maps.Keys(spec.Mounts))) {
		h.notice(fmt.Sprintf("functions that %s runs are plain processes, because a sandbox hides it", p.path))
		return spec, false
	}
	return spec, true
}

// hosts returns a file like the machine's own of host names, with those that AWS's
// environments have: extensions listen for telemetry there. It is empty where the
// machine has no such file.
func (h *Host) hosts() string {
	h.hostsOnce.Do(func() {
		b, err := os.ReadFile(hostsFile)
		if err != nil {
			return
		}
		path := filepath.Join(h.Dir, "hosts")
		b = append(bytes.TrimRight(b, "\n"), "\n127.0.0.1 sandbox sandbox.localdomain\n"...)
		if err := os.WriteFile(path, b, 0o644); err == nil { //nolint:gosec // in the host's own folder
			h.hostsPath = path
		}
	})
	return h.hostsPath
}

// insideOf is the task as a sandbox shows it.
func insideOf(t task) task {
	t.code, t.opt, t.bootstraps, t.tmp = taskRoot, optDir, runtimeDir, ""
	if t.sdk != "" {
		t.sdk = sdkDir
	}
	return t
}

func isWithin(path string, dirs []string) bool {
	return slices.ContainsFunc(dirs, func(dir string) bool { return within(path, dir) })
}

func within(path, dir string) bool {
	return dir != "" && dir != "/" && strings.HasPrefix(path, filepath.Clean(dir)+string(filepath.Separator))
}

// dataLimit is the hard limit of memory, above the one that is measured.
func dataLimit(memory int) int { return memory + 256 }

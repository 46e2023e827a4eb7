package runtime

import (
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// task is where the function sees its files.
type task struct {
	code       string // LAMBDA_TASK_ROOT
	bootstraps string // LAMBDA_RUNTIME_DIR
	tmp        string // empty where it is /tmp
	sdk        string // the cache of the AWS SDK; empty where there is none
}

// command returns the program that serves the function; nil, with e.entry set,
// when the function's package has none.
func (e *environment) command(keys Credentials) (*exec.Cmd, error) {
	l, version, ok := languageOf(e.f.Runtime)
	if !ok {
		return nil, fmt.Errorf("the runtime %s is not emulated", e.f.Runtime)
	}
	p, err := interpreter(e.f.Runtime)
	if err != nil {
		return nil, err
	}
	if p.version != version && p.path != "" {
		e.host.notice(fmt.Sprintf("%s is not installed; functions of that runtime run with version %s (%s)", e.f.Runtime, p.version, p.path))
	}
	t, spec, sandboxed := e.inSandbox(p.path, l)
	if !sandboxed {
		t = task{code: e.f.Code, bootstraps: e.host.bootstraps(), tmp: filepath.Join(e.dir, "tmp")}
		if t.sdk, err = SDKDir(l.name); err == nil && l.name == "nodejs" {
			t.sdk = filepath.Join(t.sdk, "node_modules")
		}
		if err := os.MkdirAll(t.tmp, 0o700); err != nil {
			return nil, err
		}
	}
	var args []string
	switch l.name {
	case "nodejs":
		args = []string{p.path, "--max-old-space-size=" + strconv.Itoa(max(64, e.f.Memory*9/10)), filepath.Join(t.bootstraps, "node.cjs")}
	case "python":
		args = []string{p.path, "-u", filepath.Join(t.bootstraps, "python.py")}
	default:
		if e.entry = checkProgram(filepath.Join(e.f.Code, "bootstrap")); e.entry != "" {
			return nil, nil
		}
		args = []string{filepath.Join(t.code, "bootstrap")}
	}
	if w := e.f.Variables["AWS_LAMBDA_EXEC_WRAPPER"]; w != "" && l.name != "provided" {
		// The shell gives the status 127 for a wrapper that is not there, as in AWS.
		args = append([]string{"/bin/sh", "-c", `exec "$0" "$@"`, w}, args...)
	}
	env := e.variables(t, l, p, keys)
	if sandboxed {
		spec.Args, spec.Env = args, env
		return e.host.sandboxCommand(spec)
	}
	return &exec.Cmd{Path: args[0], Args: args, Dir: t.code, Env: env}, nil
}

// checkProgram returns why path is no program that can run here, in the words that
// follow "Error: ".
func checkProgram(path string) string {
	s, err := os.Stat(path)
	if err != nil || s.IsDir() {
		return "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
	}
	if s.Mode()&0o111 == 0 {
		return "fork/exec /var/task/bootstrap: permission denied"
	}
	f, err := elf.Open(path)
	if err != nil {
		return checkScript(path)
	}
	defer func() { _ = f.Close() }()
	machines := map[elf.Machine]string{elf.EM_X86_64: "amd64", elf.EM_AARCH64: "arm64"}
	if m := machines[f.Machine]; m != runtime.GOARCH {
		if m == "" {
			m = f.Machine.String()
		}
		return fmt.Sprintf("fork/exec /var/task/bootstrap: exec format error (it is built for %s, and this machine is %s: build it with GOARCH=%s or the like)", m, runtime.GOARCH, runtime.GOARCH)
	}
	return ""
}

// checkScript is checkProgram for a program that is not in Linux's format.
func checkScript(path string) string {
	if runtime.GOOS != "linux" {
		return "" // it may be this system's format, and the kernel judges
	}
	b, err := os.ReadFile(path)
	line, isScript := strings.CutPrefix(string(b), "#!")
	line, _, _ = strings.Cut(line, "\n")
	words := strings.Fields(line)
	if err != nil || !isScript || len(words) == 0 {
		return "fork/exec /var/task/bootstrap: exec format error"
	}
	if _, err := os.Stat(words[0]); err != nil { //nolint:gosec // the function would run it next
		return "fork/exec /var/task/bootstrap: no such file or directory (its first line names " + words[0] + ")"
	}
	return ""
}

// variables is the whole environment of the process: AWS's, then the function's
// own. Nothing comes from the host.
func (e *environment) variables(t task, l language, p program, keys Credentials) []string {
	f := e.f
	v := map[string]string{
		"AWS_ACCESS_KEY_ID":               keys.AccessKey,
		"AWS_SECRET_ACCESS_KEY":           keys.SecretKey,
		"AWS_SESSION_TOKEN":               keys.SessionToken,
		"AWS_REGION":                      f.Region,
		"AWS_DEFAULT_REGION":              f.Region,
		"AWS_LAMBDA_FUNCTION_NAME":        f.Name,
		"AWS_LAMBDA_FUNCTION_VERSION":     f.Version,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(f.Memory),
		"AWS_LAMBDA_INITIALIZATION_TYPE":  e.initialization(),
		"AWS_LAMBDA_LOG_GROUP_NAME":       f.Log.Group,
		"AWS_LAMBDA_LOG_STREAM_NAME":      e.stream,
		"AWS_LAMBDA_RUNTIME_API":          e.address,
		"AWS_XRAY_CONTEXT_MISSING":        "LOG_ERROR",
		"LAMBDA_TASK_ROOT":                t.code,
		"LAMBDA_RUNTIME_DIR":              t.bootstraps,
		"LANG":                            "en_US.UTF-8",
		"LD_LIBRARY_PATH":                 join("/lib64", "/usr/lib64", t.code, t.code+"/lib", "/opt/lib"),
		"PATH":                            join("/usr/local/bin", "/usr/bin", "/bin", "/opt/bin"),
		"PWD":                             t.code,
		"TZ":                              ":UTC",
		"_HANDLER":                        f.Handler,
	}
	if t.tmp != "" {
		v["TMPDIR"] = t.tmp
	}
	if p.path != "" {
		v["AWS_EXECUTION_ENV"] = "AWS_Lambda_" + f.Runtime
		v["PATH"] = join(filepath.Dir(p.path), v["PATH"])
	}
	if f.Log.JSON {
		v["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
		v["AWS_LAMBDA_LOG_LEVEL"] = f.Log.Application
	}
	if e.endpoint != "" {
		v["AWS_ENDPOINT_URL"] = e.endpoint
	}
	switch {
	case l.name == "nodejs" && t.sdk != "":
		v["NODE_PATH"] = join(t.sdk, t.code)
	case l.name == "nodejs":
		v["NODE_PATH"] = t.code
	case l.name == "python" && t.sdk != "":
		v["PYTHONPATH"] = t.sdk
	}
	for name, value := range f.Variables {
		v[name] = value
	}
	env := make([]string, 0, len(v))
	for name, value := range v {
		env = append(env, name+"="+value)
	}
	return env
}

func join(list ...string) string { return strings.Join(list, string(os.PathListSeparator)) }

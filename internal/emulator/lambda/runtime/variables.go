package runtime

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

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
		// No daemon listens here: what is sent to it is lost, as it should be.
		"AWS_XRAY_DAEMON_ADDRESS":  "127.0.0.1:2000",
		"_AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1",
		"_AWS_XRAY_DAEMON_PORT":    "2000",
		"LAMBDA_TASK_ROOT":         t.code,
		"LAMBDA_RUNTIME_DIR":       t.bootstraps,
		"LANG":                     "en_US.UTF-8",
		"LD_LIBRARY_PATH":          join("/lib64", "/usr/lib64", t.code, t.code+"/lib", t.opt+"/lib"),
		"PATH":                     join("/usr/local/bin", "/usr/bin", "/bin", t.opt+"/bin"),
		"PWD":                      t.code,
		"TZ":                       ":UTC",
		"_HANDLER":                 f.Handler,
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
	if l.variables != nil {
		for name, value := range l.variables(t, p) {
			v[name] = value
		}
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

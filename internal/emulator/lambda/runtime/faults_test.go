//go:build linux

package runtime

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// However bad the code is, its caller gets AWS's answer, and the next function runs.
func TestFaults(t *testing.T) {
	t.Parallel()
	const id = "RequestId: 11111111-2222-3333-4444-555555555555 Error: "
	tests := []struct{ name, runtime, handler, source, want string }{
		{"infinite loop", node, "index.handler", `exports.handler = async () => { for (;;) {} }`, `{"errorType":"Sandbox.Timedout","errorMessage":"` + id + `Task timed out after 2.00 seconds"}`},
		{"crash", node, "index.handler", `exports.handler = async () => { process.kill(process.pid, "SIGABRT"); await new Promise(r => setTimeout(r, 1e4)) }`, `{"errorType":"Runtime.ExitError","errorMessage":"` + id + `Runtime exited with error: signal: aborted"}`},
		{"result that is no JSON", node, "index.handler", `exports.handler = async () => { const a = {}; a.a = a; return a }`, `"errorMessage":"Unable to stringify response body"`},
		{"deep recursion", node, "index.handler", `const f = () => f() + 1; exports.handler = async () => f()`, `"errorType":"RangeError","errorMessage":"Maximum call stack size exceeded"`},
		{"thrown text", node, "index.handler", `exports.handler = async () => { throw "text" }`, `{"errorType":"string","errorMessage":"text","trace":[]}`},
		{"much output", node, "index.handler", `exports.handler = async () => { for (let i = 0; i < 2000; i++) console.log("x".repeat(2000)); return 1 }`, `1`},
		{"endless line", node, "index.handler", `exports.handler = async () => { process.stdout.write("x".repeat(3 << 20)); return 1 }`, `1`},
		{"closed output", node, "index.handler", `exports.handler = async () => { require("fs").closeSync(1); require("fs").closeSync(2); return 1 }`, `1`},
		{"fork bomb", "provided.al2023", "x", "#!/bin/sh\nb() { b | b & }\nb\nwait\n", `"errorType":"Runtime.ExitError"|Task timed out`},
		{"processes without end", python, "index.handler", "import os, time\ndef handler(e, c):\n  for i in range(1200):\n    if os.fork() == 0:\n      time.sleep(100)\n      os._exit(0)\n  return i\n", `"errorType": "BlockingIOError", "errorMessage"|"errorMessage": "[Errno 11] Resource temporarily unavailable"|signal: killed|timed out`},
		{"python memory", python, "index.handler", "def handler(e, c):\n  a = []\n  while True:\n    a.append(bytearray(8 << 20))\n", `signal: killed|MemoryError`},
		{"python recursion", python, "index.handler", "def f():\n  return f()\ndef handler(e, c):\n  return f()\n", `"errorType": "RecursionError"`},
		{"wrong response", "provided.al2023", "x", "#!/bin/sh\nexec 3<>/dev/null\nexit 0\n", `{"errorType":"Runtime.ExitError","errorMessage":"` + id + `Runtime exited without providing a reason"}`},
	}
	for name, open := range benches {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t)
			for _, tt := range tests {
				t.Run(tt.name, func(t *testing.T) {
					if name == "plain" && tt.name == "fork bomb" {
						t.Skip("outside of a sandbox it is held by the limits of the user alone")
					}
					files := map[string]string{"index.js": tt.source}
					switch tt.runtime {
					case python:
						files = map[string]string{"index.py": tt.source}
					case "provided.al2023":
						files = map[string]string{"bootstrap": tt.source}
					}
					f := function(t, tt.runtime, tt.handler, files)
					switch {
					case strings.Contains(tt.want, "2.00 seconds"):
						f.Timeout = 2 * time.Second
					case strings.Contains(tt.want, "timed out"): // as good as what else may come of it
						f.Timeout = 10 * time.Second
					}
					r := b.call(t, f, `{}`)
					ok := false
					for _, want := range strings.Split(tt.want, "|") {
						ok = ok || matches(string(r.Payload), want)
					}
					if !ok {
						t.Errorf("got %s, want %s\n%.2000s", r.Payload, tt.want, r.Tail)
					}
				})
			}
			well := function(t, node, "index.handler", map[string]string{"index.js": `exports.handler = async () => "well"`})
			if r := b.call(t, well, `{}`); string(r.Payload) != `"well"` {
				t.Errorf("afterwards, got %s", r.Payload)
			}
		})
	}
}

// Between its events a function is stopped.
func TestFreeze(t *testing.T) {
	t.Parallel()
	f := function(t, node, "index.handler", map[string]string{"index.js": `exports.handler = async () => process.pid`})
	b := newBench(t)
	for range 2 {
		pid := string(b.call(t, f, `{}`).Payload)
		for deadline := time.Now().Add(2 * time.Minute); ; {
			stat, err := os.ReadFile("/proc/" + pid + "/stat")
			if err != nil {
				t.Skip(err)
			}
			if _, rest, _ := strings.Cut(string(stat), ") "); strings.HasPrefix(rest, "T") {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("the process goes on: %s", stat)
			}
		}
	}
}

// What leaves the program's group is stopped with it, goes on with it, and ends with it.
func TestLooseProcesses(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("setsid"); err != nil {
		t.Skip("the program setsid is not on PATH")
	}
	for name, open := range benches {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := function(t, node, "index.handler", map[string]string{"index.js": `
				const fs = require("fs"), { spawn, spawnSync } = require("child_process")
				const mark = "300." + Math.random().toString().slice(2)
				const child = spawn("sleep", [mark], {detached: true, stdio: "ignore"}) // by setsid, too
				spawnSync("setsid", ["sh", "-c", "sleep " + mark + " </dev/null >/dev/null 2>&1 &"]) // whose parent ends
				const state = () => fs.readFileSync("/proc/" + child.pid + "/stat", "utf8").split(") ")[1][0]
				exports.handler = async () => {
					while (state() === "T") await new Promise(r => setTimeout(r, 1))
					return mark
				}`})
			b := open(t)
			var mark string
			for range 2 {
				r := b.call(t, f, `{}`)
				if mark = strings.Trim(string(r.Payload), `"`); !strings.HasPrefix(mark, "300.") {
					t.Fatalf("got %s\n%s", r.Payload, r.Tail)
				}
				want := 2
				if name == "plain" {
					want = 1 // the other one's parent is not of the function
				}
				for deadline := time.Now().Add(2 * time.Minute); stoppedWith(t, "sleep\x00"+mark) < want; {
					if time.Now().After(deadline) {
						t.Fatalf("%d of %d processes are stopped", stoppedWith(t, "sleep\x00"+mark), want)
					}
				}
			}
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			if n := processesWith(t, "sleep\x00"+mark); n != 0 {
				t.Errorf("%d processes still run", n)
			}
		})
	}
}

// stoppedWith counts the processes whose command line has that part and that are stopped.
func stoppedWith(t *testing.T, part string) int {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range entries {
		line, err := os.ReadFile("/proc/" + e.Name() + "/cmdline")
		if err != nil || !strings.Contains(string(line), part) {
			continue
		}
		if stat, err := os.ReadFile("/proc/" + e.Name() + "/stat"); err == nil && strings.Contains(string(stat), ") T ") {
			n++
		}
	}
	return n
}

// Outside of a sandbox root's functions are another user's, who may write to /tmp
// and nowhere else.
func TestPlainUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	f := function(t, node, "index.handler", map[string]string{"index.js": `
		const fs = require("fs")
		const attempt = (f) => { try { f(); return "ok" } catch (e) { return e.code } }
		exports.handler = async () => [process.getuid(), process.getgroups().join(), attempt(() => fs.writeFileSync("/etc/x", "")),
			attempt(() => fs.writeFileSync(__dirname + "/x", "")), attempt(() => fs.writeFileSync(require("os").tmpdir() + "/x", "")), attempt(() => fs.readdirSync("/root"))].join(" ")`})
	p, err := interpreter(node)
	if err != nil {
		t.Skip(err)
	}
	b := newBench(t)
	for _, dir := range []string{f.Code, b.Dir} { // the tests' folders are closed
		if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{p.path, f.Code, b.Dir} {
		if dir := closedTo(path); dir != "" {
			t.Skipf("other users cannot read %s", dir)
		}
	}
	r := b.call(t, f, `{}`)
	if got, want := string(r.Payload), `"65534 65534 EACCES EACCES ok EACCES"`; got != want {
		t.Errorf("got %s, want %s\n%s", got, want, r.Tail)
	}
}

// caller is a function without a library: it asks its endpoint for each event, which
// may lead to another invocation.
const caller = `package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
)

func main() {
	base := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/"
	for {
		next, err := http.Get(base + "next")
		if err != nil {
			os.Exit(1)
		}
		event, _ := io.ReadAll(next.Body)
		inner, err := http.Post(os.Getenv("AWS_ENDPOINT_URL"), "application/json", bytes.NewReader(event))
		if err != nil {
			os.Exit(2)
		}
		answer, _ := io.ReadAll(inner.Body)
		done, err := http.Post(base+next.Header.Get("Lambda-Runtime-Aws-Request-Id")+"/response", "application/json", bytes.NewReader(answer))
		if err != nil {
			os.Exit(3)
		}
		io.Copy(io.Discard, done.Body)
	}
}
`

// Functions that call functions do not wait for each other for ever.
func TestReentrance(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("the program go is not on PATH")
	}
	f := function(t, "provided.al2023", "x", nil)
	source := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(source, []byte(caller), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(tool, "build", "-ldflags", "-s -w", "-o", filepath.Join(f.Code, "bootstrap"), source)
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f.Timeout = time.Minute
	b := newBench(t)
	invoke := func(ctx context.Context, payload string) (string, error) {
		r, err := b.Invoke(ctx, f, Invocation{RequestID: payload, Payload: []byte(payload)})
		return string(r.Payload), err
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Depth, Number int }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		out := fmt.Sprintf(`{"Number":%d}`, in.Number)
		if in.Depth > 0 {
			var err error
			if out, err = invoke(r.Context(), fmt.Sprintf(`{"Depth":%d,"Number":%d}`, in.Depth-1, in.Number)); err != nil {
				t.Error(err)
			}
		}
		_, _ = io.WriteString(w, out)
	}))
	defer s.Close()
	f.Endpoint = func() (string, error) { return s.URL, nil }
	var group sync.WaitGroup
	for i := range 64 {
		group.Go(func() {
			got, err := invoke(t.Context(), fmt.Sprintf(`{"Depth":1,"Number":%d}`, i))
			if want := fmt.Sprintf(`{"Number":%d}`, i); err != nil || got != want {
				t.Errorf("got %s, %v, want %s", got, err, want)
			}
		})
	}
	group.Wait()
}

// A handler in the manner of the usual libraries: a logger of its own that writes
// JSON, set up by a decorator from the context.
func TestDecoratedHandler(t *testing.T) {
	t.Parallel()
	f := function(t, python, "app.lambda_handler", map[string]string{"app.py": `
import functools, json, logging, os, sys

class Formatter(logging.Formatter):
    keys = {"service": os.environ["POWERTOOLS_SERVICE_NAME"]}
    def format(self, record):
        return json.dumps({"level": record.levelname, "location": record.funcName, "message": record.msg, **self.keys})

logger = logging.getLogger("service")
logger.propagate = False
handler = logging.StreamHandler(sys.stdout)
handler.setFormatter(Formatter())
logger.addHandler(handler)
logger.setLevel("INFO")

cold = True

def inject_lambda_context(f):
    @functools.wraps(f)
    def inner(event, context):
        global cold
        Formatter.keys.update(cold_start=cold, function_name=context.function_name, function_memory_size=context.memory_limit_in_mb,
            function_arn=context.invoked_function_arn, function_request_id=context.aws_request_id, xray_trace_id=os.environ["_X_AMZN_TRACE_ID"].split(";")[0].replace("Root=", ""))
        cold = False
        return f(event, context)
    return inner

@inject_lambda_context
def lambda_handler(event, context):
    logger.info("collecting payment")
    return {"statusCode": 200, "body": json.dumps({"left": context.get_remaining_time_in_millis() > 0})}
`})
	f.Variables = map[string]string{"POWERTOOLS_SERVICE_NAME": "payment"}
	b := newBench(t)
	for _, cold := range []string{"true", "false"} {
		r := b.call(t, f, `{}`)
		if got, want := string(r.Payload), `{"statusCode": 200, "body": "{\"left\": true}"}`; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		want := `{"level": "INFO", "location": "lambda_handler", "message": "collecting payment", "service": "payment", "cold_start": ` + cold +
			`, "function_name": "f", "function_memory_size": "256", "function_arn": "arn:aws:lambda:eu-north-1:000000000000:function:f", "function_request_id": "11111111-2222-3333-4444-555555555555", "xray_trace_id": "1-5-6"}`
		if got := lines(r)[1]; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestPythonLogging(t *testing.T) {
	t.Parallel()
	files := map[string]string{"main.py": `
import logging
logger = logging.getLogger("mine")
def handler(e, c):
    logger.debug("no")
    logger.warning("careful %s", "now", extra={"order": 7})
    try:
        1 / 0
    except ZeroDivisionError:
        logger.exception("failed")
    print("plain")
`}
	for format, wants := range map[string][]string{
		"text": {"[WARNING]\t2", "\t11111111-2222-3333-4444-555555555555\tcareful now", "[ERROR]\t", "\tfailed\rTraceback", "plain"},
		"JSON": {
			`"level": "WARNING", "message": "careful now", "logger": "mine", "requestId": "11111111-2222-3333-4444-555555555555", "order": 7}`,
			`"message": "failed", "logger": "mine", "stackTrace": ["  File`, `"errorType": "ZeroDivisionError", "errorMessage": "division by zero", "requestId": "11111111-2222-3333-4444-555555555555", "location": "`, "plain",
		},
	} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			f := function(t, python, "main.handler", files)
			f.Log.JSON = format == "JSON"
			r := newBench(t).call(t, f, `{}`)
			log, at := string(r.Tail), 0
			for _, want := range wants {
				i := strings.Index(log[at:], want)
				if i < 0 {
					t.Fatalf("the log has no %q in its place:\n%s", want, log)
				}
				at += i
			}
			if strings.Contains(log, "no\n") {
				t.Errorf("the log has what is below its level:\n%s", log)
			}
		})
	}
}

// The report of a traced function names its trace.
func TestTraced(t *testing.T) {
	t.Parallel()
	f := function(t, node, "index.handler", map[string]string{"index.js": `exports.handler = async () => process.env._X_AMZN_TRACE_ID`})
	f.Traced = true
	const trace = "Root=1-65f-abc;Parent=def;Sampled=1"
	r, err := newBench(t).Invoke(t.Context(), f, Invocation{RequestID: "r", Payload: []byte("1"), TraceID: trace})
	if err != nil || string(r.Payload) != `"`+trace+`"` {
		t.Errorf("got %s, %v", r.Payload, err)
	}
	if want := "\nXRAY TraceId: 1-65f-abc\tSegmentId: def\tSampled: true\t\n"; !strings.HasSuffix(string(r.Tail), want) {
		t.Errorf("the log does not end with %q: %s", want, r.Tail)
	}
}

// Layers are seen at /opt, the later over the earlier.
func TestLayers(t *testing.T) {
	t.Parallel()
	for name, open := range benches {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := function(t, node, "index.handler", map[string]string{"index.js": `
				const fs = require("fs")
				exports.handler = async () => [require("a"), require("b"), fs.readFileSync(process.env.PATH.split(":").at(-1) + "/tool", "utf8")].join(" ")`})
			f.Layers = []string{
				layer(t, map[string]string{"nodejs/node_modules/a/index.js": `module.exports = "a1"`, "nodejs/node_modules/b/index.js": `module.exports = "b1"`, "bin/tool": "t1"}),
				layer(t, map[string]string{"nodejs/node_modules/b/index.js": `module.exports = "b2"`, "bin/tool": "t2"}),
			}
			r := open(t).call(t, f, `{}`)
			if got, want := string(r.Payload), `"a1 b2 t2"`; got != want {
				t.Errorf("got %s, want %s\n%s", got, want, r.Tail)
			}
			p := function(t, python, "main.handler", map[string]string{"main.py": "import inlayer\ndef handler(e, c):\n  return inlayer.x"})
			p.Layers = []string{layer(t, map[string]string{"python/inlayer.py": "x = 5"})}
			p.Key += "python"
			if r := open(t).call(t, p, `{}`); string(r.Payload) != "5" {
				t.Errorf("got %s\n%s", r.Payload, r.Tail)
			}
			own := function(t, "provided.al2023", "x", nil)
			own.Layers = []string{layer(t, map[string]string{"bootstrap": "#!/bin/sh\nexit 9\n"})}
			own.Key += "own"
			if r := open(t).call(t, own, `{}`); !strings.Contains(string(r.Payload), "exit status 9") {
				t.Errorf("got %s\n%s", r.Payload, r.Tail)
			}
		})
	}
}

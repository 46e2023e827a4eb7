package runtime

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

// bench is a host with the log of everything that ran on it.
type bench struct {
	*Host
	mu    sync.Mutex
	lines []string
}

func newBench(t testing.TB) *bench {
	t.Helper()
	b := &bench{}
	h, err := New(Options{
		Clock: clock.Real,
		Log:   slog.New(slog.NewTextHandler(io.Discard, nil)),
		Dir:   t.TempDir(),
		Sink: func(_ *Function, _ string, _ time.Time, lines []string) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.lines = append(b.lines, lines...)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Host = h
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// function returns a function of that runtime with these files; the test is
// skipped where its interpreter is missing.
func function(t testing.TB, runtime, handler string, files map[string]string) *Function {
	t.Helper()
	if _, err := Interpreter(runtime); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return &Function{
		Key: t.Name(), ARN: "arn:aws:lambda:eu-north-1:000000000000:function:f", Name: "f", Version: "$LATEST",
		Account: "000000000000", Region: "eu-north-1", Runtime: runtime, Handler: handler, Code: dir,
		Memory: 256, Storage: 512, Timeout: 2 * time.Minute, // for what answers, on any machine
		Log: Logging{Group: "/aws/lambda/f", Application: "INFO", System: "INFO"},
	}
}

func (b *bench) call(t testing.TB, f *Function, payload string) Result {
	t.Helper()
	r, err := b.Invoke(context.Background(), f, Invocation{
		RequestID: "11111111-2222-3333-4444-555555555555", ARN: f.ARN, Payload: []byte(payload), TraceID: "Root=1-5-6",
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const node, python, ruby = "nodejs20.x", "python3.11", "ruby3.3"

func TestInvoke(t *testing.T) {
	tests := []struct {
		name, runtime, handler string
		files                  map[string]string
		payload, want          string
		failed                 bool
	}{
		{"node async", node, "index.handler", map[string]string{"index.js": `exports.handler = async (e) => ({got: e.a})`}, `{"a":1}`, `{"got":1}`, false},
		{"node module", node, "a/b.handler", map[string]string{"a/b.mjs": `export const handler = async (e) => e`}, `"x"`, `"x"`, false},
		{"node package of modules", node, "i.h", map[string]string{"package.json": `{"type":"module"}`, "i.js": `export const h = async () => 7`}, `{}`, `7`, false},
		{"node nested", node, "index.a.b", map[string]string{"index.js": `exports.a = {b: async () => "nested"}`}, `{}`, `"nested"`, false},
		{"node callback", node, "index.handler", map[string]string{"index.js": `exports.handler = (e, c, cb) => { setTimeout(() => cb(null, 3), 1) }`}, `{}`, `3`, false},
		{"node that never answers", node, "index.handler", map[string]string{"index.js": `exports.handler = () => {}`}, `{}`, `null`, false},
		{"node error", node, "index.handler", map[string]string{"index.js": `exports.handler = async () => { const e = new TypeError("no"); e.stack = "s"; throw e }`}, `{}`, `{"errorType":"TypeError","errorMessage":"no","trace":["s"]}`, true},
		{"node stream", node, "index.handler", map[string]string{"index.js": `exports.handler = awslambda.streamifyResponse(async (e, out) => { out.write("a"); out.write("b"); out.end() })`}, `{}`, `ab`, false},
		{"node exit", node, "index.handler", map[string]string{"index.js": `exports.handler = () => process.exit(0)`}, `{}`, `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: 11111111-2222-3333-4444-555555555555 Error: Runtime exited without providing a reason"}`, true},
		{"node exit with a status", node, "index.handler", map[string]string{"index.js": `exports.handler = () => process.exit(3)`}, `{}`, `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: 11111111-2222-3333-4444-555555555555 Error: Runtime exited with error: exit status 3"}`, true},
		{"python", python, "a/main.handler", map[string]string{"a/main.py": "import decimal\ndef handler(e, c):\n  return {'id': c.aws_request_id, 'd': decimal.Decimal('2.50'), 'ü': e}"}, `[1]`, `{"id": "11111111-2222-3333-4444-555555555555", "d": 2.50, "\u00fc": [1]}`, false},
		{"python exit", python, "main.handler", map[string]string{"main.py": "import sys\ndef handler(e, c):\n  sys.exit(0)"}, `{}`, `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: 11111111-2222-3333-4444-555555555555 Error: Runtime exited without providing a reason"}`, true},
		{"python missing module", python, "main.handler", map[string]string{"main.py": "import nosuch"}, `{}`, `{"errorMessage": "Unable to import module 'main': No module named 'nosuch'", "errorType": "Runtime.ImportModuleError", "requestId": "", "stackTrace": []}`, true},
		{"python missing handler", python, "main.nosuch", map[string]string{"main.py": ""}, `{}`, `{"errorMessage": "Handler 'nosuch' missing on module 'main'", "errorType": "Runtime.HandlerNotFound", "requestId": "", "stackTrace": []}`, true},
		{"python syntax", python, "main.handler", map[string]string{"main.py": "def handler(:"}, `{}`, `"errorType": "Runtime.UserCodeSyntaxError"`, true},
		{"python exit while loading", python, "main.handler", map[string]string{"main.py": "import os\nos._exit(4)"}, `{}`, `Error: Runtime exited with error: exit status 4"`, true},
		{"python too large", python, "main.handler", map[string]string{"main.py": "def handler(e, c):\n  return 'x' * (7 << 20)"}, `{}`, `Response payload size exceeded maximum allowed payload size (6291556 bytes).`, true},
		{"node missing module", node, "index.handler", nil, `{}`, `Runtime.ImportModuleError`, true},
		{"node missing SDK", node, "index.handler", map[string]string{"index.js": `require("@aws-sdk/client-nosuch")`}, `{}`, `tfserverless emulator runtime install nodejs`, true},
		{"node missing handler", node, "index.nosuch", map[string]string{"index.js": ``}, `{}`, `"errorType":"Runtime.HandlerNotFound","errorMessage":"index.nosuch is undefined or not exported"`, true},
		{"node syntax", node, "index.handler", map[string]string{"index.js": `exports.handler = {`}, `{}`, `"errorType":"Runtime.UserCodeSyntaxError","errorMessage":"SyntaxError: `, true},
		{"node error while loading", node, "index.handler", map[string]string{"index.js": `throw new RangeError("early")`}, `{}`, `"errorType":"RangeError","errorMessage":"early"`, true},
		{"node exit while loading", node, "index.handler", map[string]string{"index.js": `process.exit(4)`}, `{}`, `Error: Runtime exited with error: exit status 4"`, true},
		{"node rejection", node, "index.handler", map[string]string{"index.js": `exports.handler = () => { Promise.reject(new Error("lost")) ; return new Promise(() => setTimeout(() => {}, 1000)) }`}, `{}`, `"errorType":"Runtime.UnhandledPromiseRejection","errorMessage":"Error: lost"`, true},
		{"wrapper that is missing", node, "index.handler", map[string]string{"index.js": ``}, `{}`, `exit status 127`, true},
		{"too large", node, "index.handler", map[string]string{"index.js": `exports.handler = async () => "x".repeat(7 << 20)`}, `{}`, `Response payload size exceeded maximum allowed payload size (6291556 bytes).`, true},
		{"python error", python, "main.handler", map[string]string{"main.py": "def handler(e, c):\n  raise ValueError('no')"}, `{}`, `"errorMessage": "no", "errorType": "ValueError", "requestId": "11111111-2222-3333-4444-555555555555", "stackTrace": ["  File`, true},
		{"python marshal", python, "main.handler", map[string]string{"main.py": "def handler(e, c):\n  return object()"}, `{}`, `Unable to marshal response: Object of type object is not JSON serializable`, true},
		{"python missing SDK", python, "main.handler", map[string]string{"main.py": "raise ModuleNotFoundError('No module', name='boto3')"}, `{}`, `tfserverless emulator runtime install python`, true},
		{"ruby", ruby, "main.handler", map[string]string{"main.rb": "def handler(event:, context:)\n  { got: event['a'], id: context.aws_request_id, name: context.function_name }\nend"}, `{"a":"ü"}`, `{"got":"ü","id":"11111111-2222-3333-4444-555555555555","name":"f"}`, false},
		{"ruby class", ruby, "main.App.run", map[string]string{"main.rb": "require_relative 'lib/x'\nclass App\n  def self.run(event:, context:)\n    X + context.get_remaining_time_in_millis.clamp(0, 1)\n  end\nend", "lib/x.rb": "X = 41"}, `{}`, `42`, false},
		{"ruby error", ruby, "main.handler", map[string]string{"main.rb": "def handler(event:, context:)\n  raise ArgumentError, 'no'\nend"}, `{}`, `{"errorMessage":"no","errorType":"Function<ArgumentError>","stackTrace":["/`, true},
		{"ruby missing file", ruby, "nosuch.handler", nil, `{}`, `"errorType":"Init<LoadError>"`, true},
		{"ruby syntax", ruby, "main.handler", map[string]string{"main.rb": "def ("}, `{}`, `"errorType":"Init<SyntaxError>"`, true},
		{"ruby missing method", ruby, "main.nosuch", map[string]string{"main.rb": ""}, `{}`, `"errorType":"Init<NameError>"`, true},
		{"ruby malformed", ruby, "main", map[string]string{"main.rb": ""}, `{}`, `"errorType":"Init<ArgumentError>"`, true},
		{"ruby exit", ruby, "main.handler", map[string]string{"main.rb": "def handler(event:, context:)\n  exit 3\nend"}, `{}`, `Runtime exited with error: exit status 3`, true},
		{"script", "provided.al2", "h", map[string]string{"bootstrap": "#!/bin/sh\necho started\nexit 2\n"}, `{}`, `Runtime exited with error: exit status 2`, true},
		{"not a program", "provided.al2", "h", map[string]string{"bootstrap": "x"}, `{}`, `Runtime.InvalidEntrypoint`, true},
		{"script of nothing", "provided.al2", "h", map[string]string{"bootstrap": "#!/nosuch"}, `{}`, `no such file or directory (its first line names /nosuch)`, true},
		{"no bootstrap", "provided.al2023", "x", nil, `{}`, `{"errorType":"Runtime.InvalidEntrypoint","errorMessage":"RequestId: 11111111-2222-3333-4444-555555555555 Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"}`, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := function(t, tt.runtime, tt.handler, tt.files)
			if strings.Contains(tt.name, "wrapper") {
				f.Variables = map[string]string{"AWS_LAMBDA_EXEC_WRAPPER": "/nosuch"}
			}
			b := newBench(t)
			for range 2 {
				r := b.call(t, f, tt.payload)
				if got := string(r.Payload); !matches(got, tt.want) || r.Failed != tt.failed {
					t.Fatalf("got %s, failed %v\nwant %s, failed %v\nlog: %s", got, r.Failed, tt.want, tt.failed, r.Tail)
				}
			}
		})
	}
}

// matches compares a result with all of it, or with a part where that is no JSON.
func matches(got, want string) bool {
	if json.Valid([]byte(want)) {
		return got == want
	}
	return strings.Contains(got, want)
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	f := function(t, node, "index.handler", map[string]string{"index.js": `
		let n = 0
		exports.handler = async (e) => { n++; if (e.hang) await new Promise(r => setTimeout(r, 60000)); return n }`})
	f.Timeout = time.Second
	b := newBench(t)
	r := b.call(t, f, `{"hang":true}`)
	want := `{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: 11111111-2222-3333-4444-555555555555 Error: Task timed out after 1.00 seconds"}`
	if got := string(r.Payload); got != want || !r.Failed {
		t.Errorf("got %s, failed %v, want %s", got, r.Failed, want)
	}
	if !strings.Contains(string(r.Tail), "\tStatus: timeout\t") {
		t.Errorf("the log does not tell of the timeout: %s", r.Tail)
	}
	f.Timeout = time.Minute
	if got := string(b.call(t, f, `{}`).Payload); got != "1" {
		t.Errorf("after a timeout, the environment was used again: n = %s", got)
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	// It takes more than its 256 MB, and not so much that it fails by itself before it is
	// looked at.
	f := function(t, node, "index.handler", map[string]string{"index.js": `
		exports.handler = async () => { const l = []; while (l.length < 34) l.push(Buffer.alloc(8 << 20, 1)); await new Promise(r => setTimeout(r, 1e8)); return l.length }`})
	b := newBench(t)
	r := b.call(t, f, `{}`)
	want := `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: 11111111-2222-3333-4444-555555555555 Error: Runtime exited with error: signal: killed"}`
	if got := string(r.Payload); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if want := "\tStatus: error\tError Type: Runtime.ExitError\t"; !strings.Contains(string(r.Tail), want) {
		t.Errorf("the report has no %q: %s", want, r.Tail)
	}
}

// meeting is the address of a server that answers when so many ask at the same time.
func meeting(t *testing.T, n int) string {
	t.Helper()
	var met sync.WaitGroup
	met.Add(n)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		met.Done()
		met.Wait()
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// One environment serves one event at a time, and the last used one comes first.
func TestPool(t *testing.T) {
	t.Parallel()
	f := function(t, node, "index.handler", map[string]string{"index.js": `
		exports.handler = async (gate) => { if (gate) await fetch(gate); return process.pid }`})
	b := newBench(t)
	first := string(b.call(t, f, `0`).Payload)
	if again := string(b.call(t, f, `0`).Payload); again != first {
		t.Errorf("the second event went to process %s, want %s", again, first)
	}
	pids := make([]string, 3)
	gate := meeting(t, len(pids))
	var group sync.WaitGroup
	for i := range pids {
		group.Go(func() { pids[i] = string(b.call(t, f, strconv.Quote(gate)).Payload) })
	}
	group.Wait()
	if pids[0] == pids[1] || pids[1] == pids[2] || pids[0] == pids[2] {
		t.Errorf("events at the same time went to the processes %v, want three", pids)
	}
	b.Retire(func(g *Function) bool { return g.ARN == f.ARN && g.Key == f.Key })
	if pid := string(b.call(t, f, `0`).Payload); pid == pids[0] || pid == pids[1] || pid == pids[2] {
		t.Errorf("after Retire, process %s served again", pid)
	}
}

// limits is a clock that tells of the time limits that are set.
type limits struct {
	*clock.Fake
	set chan time.Duration
}

func (l limits) AfterFunc(d time.Duration, f func()) clock.Timer {
	t := l.Fake.AfterFunc(d, f)
	if d < idleAfter {
		l.set <- d
	}
	return t
}

// Code that loads for longer than ten seconds is loaded anew, within the timeout.
func TestInitTimeout(t *testing.T) {
	t.Parallel()
	f := function(t, node, "index.handler", map[string]string{"index.mjs": `console.log("loading"); await new Promise(r => setTimeout(r, 1e8))`})
	f.Timeout = 3 * time.Second
	b := newBench(t)
	c := limits{clock.NewFake(time.Now()), make(chan time.Duration)}
	b.Clock = c
	done := make(chan Result)
	go func() {
		r, err := b.Invoke(t.Context(), f, Invocation{RequestID: "r", Payload: []byte("1")})
		if err != nil {
			t.Error(err)
		}
		done <- r
	}()
	for _, want := range []time.Duration{initLimit, f.Timeout} {
		if got := <-c.set; got != want {
			t.Fatalf("the limit is %s, want %s", got, want)
		}
		c.Advance(want)
	}
	r := <-done
	if got, want := string(r.Payload), `{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: r Error: Task timed out after 3.00 seconds"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// However events and changes meet, each event gets its own answer.
func TestConcurrentEvents(t *testing.T) {
	t.Parallel()
	f := function(t, node, "index.handler", map[string]string{"index.js": `exports.handler = async (e) => e`})
	b := newBench(t)
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for j := range 20 {
				id := fmt.Sprintf("%d-%d", i, j)
				if j == 10 {
					b.Retire(func(*Function) bool { return true })
				}
				r, err := b.Invoke(t.Context(), f, Invocation{RequestID: id, Payload: []byte(`"` + id + `"`)})
				if err != nil || string(r.Payload) != `"`+id+`"` || r.Failed {
					t.Errorf("event %s got %s, %v", id, r.Payload, err)
				}
			}
		})
	}
	group.Wait()
}

func TestIdle(t *testing.T) {
	t.Parallel()
	f := function(t, node, "index.handler", map[string]string{"index.js": `exports.handler = async () => process.pid`})
	b := newBench(t)
	fake := clock.NewFake(time.Now())
	b.Clock = fake
	first := string(b.call(t, f, `0`).Payload)
	fake.Advance(idleAfter - time.Second)
	if again := string(b.call(t, f, `0`).Payload); again != first {
		t.Errorf("process %s served after %s, was not idle long enough", again, first)
	}
	fake.Advance(idleAfter)
	if again := string(b.call(t, f, `0`).Payload); again == first {
		t.Errorf("process %s served after its idle time", again)
	}
}

// Nothing of the host's environment is seen.
func TestVariables(t *testing.T) {
	t.Setenv("SECRET_OF_THE_HOST", "x")
	f := function(t, node, "index.handler", map[string]string{"index.js": `exports.handler = async () => Object.keys(process.env).sort().join(" ")`})
	f.Variables = map[string]string{"MINE": "1"}
	f.Credentials = func(context.Context) (Credentials, error) { return Credentials{AccessKey: "ASIA"}, nil }
	f.Endpoint = func() (string, error) { return "http://127.0.0.1:1", nil }
	got := string(newBench(t).call(t, f, `0`).Payload)
	want := `"AWS_ACCESS_KEY_ID AWS_DEFAULT_REGION AWS_ENDPOINT_URL AWS_EXECUTION_ENV AWS_LAMBDA_FUNCTION_MEMORY_SIZE AWS_LAMBDA_FUNCTION_NAME AWS_LAMBDA_FUNCTION_VERSION AWS_LAMBDA_INITIALIZATION_TYPE AWS_LAMBDA_LOG_GROUP_NAME AWS_LAMBDA_LOG_STREAM_NAME AWS_LAMBDA_RUNTIME_API AWS_REGION AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_XRAY_CONTEXT_MISSING AWS_XRAY_DAEMON_ADDRESS LAMBDA_RUNTIME_DIR LAMBDA_TASK_ROOT LANG LD_LIBRARY_PATH MINE NODE_PATH PATH PWD TMPDIR TZ _AWS_XRAY_DAEMON_ADDRESS _AWS_XRAY_DAEMON_PORT _HANDLER _X_AMZN_TRACE_ID"`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestLogFormat(t *testing.T) {
	t.Parallel()
	f := function(t, node, "index.handler", map[string]string{"index.js": `exports.handler = async () => { console.debug("no"); console.info({a: 1}); console.error(new TypeError("x")) }`})
	f.Log.JSON = true
	r := lines(newBench(t).call(t, f, `0`))
	wants := []string{`"type":"platform.start","record":{"requestId":"1`, `"level":"INFO","requestId":"1`, `"errorType":"TypeError","errorMessage":"x"`, `"type":"platform.report","record":{"requestId":"1`}
	if len(r) != len(wants) {
		t.Fatalf("got %d lines, want %d: %q", len(r), len(wants), r)
	}
	for i, want := range wants {
		if !strings.Contains(r[i], want) {
			t.Errorf("line %d is %s, want it to contain %s", i, r[i], want)
		}
	}
}

func lines(r Result) []string {
	return strings.Split(strings.TrimSuffix(string(r.Tail), "\n"), "\n")
}

// After Close no process, goroutine, file or folder of an environment is left.
func TestCloseLeavesNothing(t *testing.T) {
	f := function(t, node, "index.handler", map[string]string{"index.js": `
		const child = require("child_process").spawn("sleep", ["1000"])
		exports.handler = async (e) => { if (e) await new Promise(r => setTimeout(r, 60000)); return [process.pid, child.pid] }`})
	before := count(t)
	b := newBench(t)
	var pids []int
	if err := json.Unmarshal(b.call(t, f, `0`).Payload, &pids); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := b.Invoke(ctx, f, Invocation{RequestID: "r", Payload: []byte("1")}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	// What was killed or has said that it is done may still be on its way out.
	running := func(pid int) bool { return startTime(pid) != "" && !zombie(pid) }
	for deadline := time.Now().Add(2 * time.Minute); ; goruntime.Gosched() {
		after := count(t)
		if after.goroutines <= before.goroutines && after.files <= before.files && !slices.ContainsFunc(pids, running) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%+v before, %+v after; of the processes %v runs the one at %d", before, after, pids, slices.IndexFunc(pids, running))
		}
	}
	left, err := filepath.Glob(filepath.Join(b.Dir, "environments", "*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// zombie reports whether the process has ended, and its parent has not noticed.
func zombie(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || bytes.Contains(b, []byte(") Z "))
}

type counts struct{ goroutines, files int }

func count(t *testing.T) counts {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("this system has no /proc/self/fd")
	}
	return counts{goruntime.NumGoroutine(), len(files)}
}

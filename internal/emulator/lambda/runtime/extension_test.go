//go:build linux

package runtime

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// extensionSource is an extension that follows the life of its environment, and
// writes down what it gets; its name says what it does wrong.
const extensionSource = `#!/usr/bin/env node
const fs = require("node:fs"), http = require("node:http"), path = require("node:path")
const name = path.basename(process.argv[1]), base = "http://" + process.env.AWS_LAMBDA_RUNTIME_API
const say = (s) => console.log(name + " " + s)
const call = (method, route, body, headers) => new Promise((resolve, reject) => {
	const r = http.request(base + route, { method, headers: { "Content-Type": "application/json", ...headers } }, (res) => {
		let text = ""; res.on("data", (d) => text += d); res.on("end", () => resolve({ status: res.statusCode, headers: res.headers, text }))
	})
	r.on("error", reject); if (body) r.write(JSON.stringify(body)); r.end()
})
;(async () => {
	if (name === "early") process.exit(3)
	const reg = await call("POST", "/2020-01-01/extension/register", { events: ["INVOKE", "SHUTDOWN"] }, { "Lambda-Extension-Name": name, "Lambda-Extension-Accept-Feature": "accountId" })
	say("registered " + reg.text.trim())
	const id = { "Lambda-Extension-Identifier": reg.headers["lambda-extension-identifier"] }
	if (name === "initerror") { await call("POST", "/2020-01-01/extension/init/error", {}, { ...id, "Lambda-Extension-Function-Error-Type": "My.Reason" }); process.exit(1) }
	if (name.startsWith("listen")) {
		const got = await new Promise((done) => {
			const s = http.createServer((req, res) => { let t = ""; req.on("data", (d) => t += d); req.on("end", () => { res.end(); for (const e of JSON.parse(t)) say("heard " + JSON.stringify(e)) }) })
			s.listen(0, fs.readFileSync("/etc/hosts", "utf8").includes("sandbox.localdomain") ? "sandbox.localdomain" : "127.0.0.1", () => done(s.address().port))
		})
		const sub = await call("PUT", name === "listenlogs" ? "/2020-08-15/logs" : "/2022-07-01/telemetry", {
			schemaVersion: name === "listenlogs" ? "2021-03-18" : "2022-07-01", types: ["platform", "function"], buffering: { maxItems: 1000, maxBytes: 262144, timeoutMs: 25 },
			destination: { protocol: "HTTP", URI: "http://sandbox.localdomain:" + got } }, id)
		say("subscribed " + sub.status + " " + sub.text)
	}
	for (;;) {
		const e = JSON.parse((await call("GET", "/2020-01-01/extension/event/next", null, id)).text)
		say(e.eventType + " " + (e.requestId ?? e.shutdownReason))
		if (name === "crash") process.exit(4)
		if (e.eventType === "SHUTDOWN") { await new Promise((r) => setTimeout(r, 100)); fs.writeSync(1, name + " bye\n"); process.exit(0) }
	}
})()
`

// layer returns the folder of a layer with these files.
func layer(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// benches run a test in a sandbox and without.
var benches = map[string]func(testing.TB) *bench{"plain": newBench, "sandbox": newSandboxBench}

func (b *bench) log() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.lines, "\n")
}

// An extension is started first, gets each event, and hears of the end.
func TestExtension(t *testing.T) {
	t.Parallel()
	for name, open := range benches {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := function(t, node, "index.handler", map[string]string{"index.js": `exports.handler = async () => ({
				handler: process.env._HANDLER, pids: require("fs").readdirSync("/proc").filter(n => n > 0).length})`})
			f.Layers = []string{layer(t, map[string]string{"extensions/watcher": extensionSource})}
			b := open(t)
			for range 2 {
				if r := b.call(t, f, `1`); r.Failed {
					t.Fatalf("got %s\n%s", r.Payload, r.Tail)
				}
			}
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			log, at := b.log(), 0
			if want := "EXTENSION\tName: watcher\tState: Ready\tEvents: [INVOKE,SHUTDOWN]"; !strings.Contains(log, want) {
				t.Errorf("the log has no %q:\n%s", want, log)
			}
			for _, want := range []string{
				`watcher registered {"accountId":"000000000000","functionName":"f","functionVersion":"$LATEST","handler":"index.handler"}`,
				"START RequestId: 1", "watcher INVOKE 1", "REPORT", "START", "watcher INVOKE 1", "REPORT", "watcher SHUTDOWN spindown", "watcher bye",
			} {
				i := strings.Index(log[at:], want)
				if i < 0 {
					t.Fatalf("the log has no %q in its place:\n%s", want, log)
				}
				at += i
			}
		})
	}
}

func TestExtensionFails(t *testing.T) {
	t.Parallel()
	const id = "RequestId: 11111111-2222-3333-4444-555555555555 Error: "
	for name, open := range benches {
		for extension, want := range map[string]map[string]string{
			"early":     {"errorType": "Extension.Crash", "errorMessage": id + "exit status 3"},
			"crash":     {"errorType": "Extension.Crash", "errorMessage": id + "exit status 4"},
			"initerror": {"errorType": "Extension.InitError", "errorMessage": id + "exit code 0"},
			"missing":   {"errorType": "Extension.LaunchError", "errorMessage": id + "fork/exec /opt/extensions/missing: no such file or directory"},
		} {
			t.Run(name+" "+extension, func(t *testing.T) {
				t.Parallel()
				f := function(t, node, "index.handler", map[string]string{"index.js": `exports.handler = async () => { await new Promise(r => setTimeout(r, 60000)) }`})
				source := extensionSource
				if extension == "missing" {
					source = "#!/nosuch\n"
				}
				f.Layers = []string{layer(t, map[string]string{"extensions/" + extension: source})}
				b := open(t)
				for range 2 {
					r := b.call(t, f, `1`)
					var got map[string]string
					if err := json.Unmarshal(r.Payload, &got); err != nil {
						t.Fatalf("%v: %s", err, r.Payload)
					}
					message := got["errorMessage"]
					if extension == "missing" { // we say more than AWS does
						message, _, _ = strings.Cut(message, " (")
					}
					if got["errorType"] != want["errorType"] || message != want["errorMessage"] || !r.Failed {
						t.Fatalf("got %s, want %s\n%s", r.Payload, want, r.Tail)
					}
				}
			})
		}
	}
}

// After a timeout the extension hears why the environment ends.
func TestExtensionTimeout(t *testing.T) {
	t.Parallel()
	for name, open := range benches {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := function(t, node, "index.handler", map[string]string{"index.js": `exports.handler = () => new Promise(r => setTimeout(r, 60000))`})
			f.Timeout = 0
			f.Timeout += 1e9
			f.Layers = []string{layer(t, map[string]string{"extensions/watcher": extensionSource})}
			b := open(t)
			if r := b.call(t, f, `1`); !strings.Contains(string(r.Payload), "Task timed out after 1.00 seconds") {
				t.Fatalf("got %s", r.Payload)
			}
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			if want := "watcher SHUTDOWN timeout"; !strings.Contains(b.log(), want) {
				t.Errorf("the log has no %q:\n%s", want, b.log())
			}
		})
	}
}

// A part of the function's own program registers too, but not for its end.
func TestInternalExtension(t *testing.T) {
	t.Parallel()
	f := function(t, node, "index.handler", map[string]string{"index.mjs": `
		const base = "http://" + process.env.AWS_LAMBDA_RUNTIME_API + "/2020-01-01/extension"
		const register = (name, events) => fetch(base + "/register", {method: "POST", headers: {"Lambda-Extension-Name": name}, body: JSON.stringify({events})})
		const bad = await (await register("other", ["SHUTDOWN"])).json()
		const r = await register("inside", ["INVOKE"])
		const headers = {"Lambda-Extension-Identifier": r.headers.get("lambda-extension-identifier")}
		let last
		;(async () => { for (;;) { last = await (await fetch(base + "/event/next", {headers})).json() } })()
		export const handler = async () => {
			while (!last) await new Promise(r => setTimeout(r, 1))
			const late = await (await register("late", ["INVOKE"])).json()
			const unknown = await (await fetch(base + "/event/next", {headers: {"Lambda-Extension-Identifier": "11111111-2222-3333-4444-555555555555"}})).json()
			return [bad.errorType, late.errorType, unknown.errorType, last.eventType, last.tracing.value].join(" ")
		}`})
	r := newBench(t).call(t, f, `1`)
	if got, want := string(r.Payload), `"Extension.InvalidEventType Extension.RegistrationClosed Extension.UnknownExtensionIdentifier INVOKE Root=1-5-6"`; got != want {
		t.Errorf("got %s, want %s\n%s", got, want, r.Tail)
	}
}

func TestTelemetry(t *testing.T) {
	t.Parallel()
	for name, wants := range map[string][]string{
		"listen": {
			`"type":"platform.initStart","record":{"initializationType":"on-demand","phase":"init","runtimeVersion":"nodejs:20.v1"`,
			`"type":"platform.telemetrySubscription","record":{"name":"listen","state":"Subscribed","types":["platform","function"]}`,
			`"type":"platform.extension","record":{"name":"listen","state":"Ready","events":["INVOKE","SHUTDOWN"]}`,
			`"type":"platform.initRuntimeDone","record":{"initializationType":"on-demand","phase":"init","status":"success"`,
			`"type":"platform.initReport"`,
			`"type":"platform.start","record":{"requestId":"1`,
			`"type":"function","record":"`,
			`"type":"function","record":{"json":true}`,
			`"type":"platform.runtimeDone"`, `"type":"platform.report"`,
		},
		"listenlogs": {
			`"type":"platform.logsSubscription"`, `"type":"platform.extension"`, `"type":"platform.start","record":{"requestId":"1`,
			`"type":"function"`, `"type":"platform.runtimeDone","record":{"requestId":"11111111-2222-3333-4444-555555555555","status":"success"}`,
			`"type":"platform.end","record":{"requestId":"11111111-2222-3333-4444-555555555555"}`, `"type":"platform.report"`,
		},
	} {
		open := newBench
		if name == "listen" {
			open = newSandboxBench
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := function(t, node, "index.handler", map[string]string{"index.js": `exports.handler = async () => { console.log("hello"); process.stdout.write('{"json":true}\n') }`})
			f.Layers = []string{layer(t, map[string]string{"extensions/" + name: extensionSource})}
			b := open(t)
			if r := b.call(t, f, `1`); r.Failed {
				t.Fatalf("got %s\n%s", r.Payload, r.Tail)
			}
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			log, at := b.log(), 0
			for _, want := range wants {
				i := strings.Index(log[at:], want)
				if i < 0 {
					t.Fatalf("not heard in its place: %s\n%s", want, log)
				}
				at += i
			}
		})
	}
}

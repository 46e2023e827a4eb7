package runtime

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"testing"
)

// taken is a stream that keeps what it gets, and tells of each part.
type taken struct {
	mu    sync.Mutex
	kind  string
	parts []string
	got   chan struct{} // one for each part
}

func (w *taken) begin(kind string) io.Writer { w.kind = kind; return w }

func (w *taken) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.parts = append(w.parts, string(b))
	w.got <- struct{}{}
	return len(b), nil
}

func TestStream(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, source     string
		kind, body, want string // want is the result's payload
	}{
		{
			"parts", `exports.handler = awslambda.streamifyResponse(async (e, out) => { out.setContentType("text/plain"); out.write("a"); out.write("b"); out.end() })`,
			"text/plain", "ab", "",
		},
		{"whole", `exports.handler = async () => ({a: 1})`, "application/json", `{"a":1}`, ""},
		{
			"with a prelude", `exports.handler = awslambda.streamifyResponse(async (e, out) => {
				const o = awslambda.HttpResponseStream.from(out, {statusCode: 201}); o.write("x"); o.end() })`,
			"application/vnd.awslambda.http-integration-response", `{"statusCode":201}` + strings.Repeat("\x00", 8) + "x", "",
		},
		{"error before", `exports.handler = async () => { throw new Error("early") }`, "", "", `"errorMessage":"early"`},
		{
			"error behind", `exports.handler = awslambda.streamifyResponse(async (e, out) => { out.write("a"); throw new TypeError("late") })`,
			"application/octet-stream", "a", `"errorType":"TypeError","errorMessage":"late"`,
		},
		{
			"exit behind", `exports.handler = awslambda.streamifyResponse(async (e, out) => {
				out.write("a"); await new Promise((r) => require("node:http").get(e, r)); process.exit(1) })`,
			"application/octet-stream", "a", `Error: Runtime exited with error: exit status 1`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := function(t, node, "index.handler", map[string]string{"index.js": tt.source})
			w := &taken{got: make(chan struct{}, 100)}
			seen := gatekeeper(t, w.got) // answers when a part has come
			r, err := newBench(t).Invoke(t.Context(), f, Invocation{RequestID: "r", Payload: []byte(`"` + seen + `"`), Stream: w.begin})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(w.parts, ""); w.kind != tt.kind || got != tt.body {
				t.Errorf("got %q of type %q, want %q of %q", got, w.kind, tt.body, tt.kind)
			}
			if r.Failed != (tt.want != "") || !bytes.Contains(r.Payload, []byte(tt.want)) {
				t.Errorf("failed %v with %s, want %s", r.Failed, r.Payload, tt.want)
			}
		})
	}
}

// A part is passed on before the function writes the next.
func TestStreamAtOnce(t *testing.T) {
	t.Parallel()
	f := function(t, node, "index.handler", map[string]string{"index.js": `
		const http = require("node:http")
		exports.handler = awslambda.streamifyResponse(async (e, out) => {
			out.write("first")
			await new Promise((done) => http.get(e, (r) => { r.resume(); r.on("end", done) }))
			out.write("second")
		})`})
	w := &taken{got: make(chan struct{}, 100)}
	url := gatekeeper(t, w.got)
	r, err := newBench(t).Invoke(t.Context(), f, Invocation{RequestID: "r", Payload: []byte(`"` + url + `"`), Stream: w.begin})
	if err != nil || r.Failed {
		t.Fatalf("%v, %s", err, r.Payload)
	}
	if got, want := strings.Join(w.parts, "|"), "first|second"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

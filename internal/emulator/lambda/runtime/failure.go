package runtime

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
)

// failure is why an invocation has no payload.
type failure struct {
	kind string // such as "Runtime.ExitError"
	body []byte // JSON, what the caller gets
	line string // for the log; empty where the runtime has logged it itself
}

// failureOrPayload is a call's end.
type failureOrPayload struct {
	payload []byte
	failure *failure
}

// platformFailure is an error that Lambda itself finds.
func (e *environment) platformFailure(in Invocation, kind, text string) *failure {
	message := "RequestId: " + in.RequestID + " " + text
	f := &failure{kind: kind, line: message + "\n" + kind}
	f.body, _ = json.Marshal(struct {
		ErrorType    string `json:"errorType"`
		ErrorMessage string `json:"errorMessage"`
	}{kind, message})
	return f
}

// timedOut has the body of AWS: {"errorType":"Sandbox.Timedout","errorMessage":
// "RequestId: … Error: Task timed out after 3.00 seconds"}.
func (e *environment) timedOut(in Invocation) *failure {
	text := fmt.Sprintf("Task timed out after %.2f seconds", e.f.Timeout.Seconds())
	f := e.platformFailure(in, "Sandbox.Timedout", "Error: "+text)
	f.line = e.host.Clock.Now().UTC().Format("2006-01-02T15:04:05.000Z") + " " + in.RequestID + " " + text
	return f
}

// exited says how the process ended, in AWS's words: "Runtime exited with error:
// exit status 1", "… signal: killed", or "Runtime exited without providing a reason".
func (e *environment) exited(in Invocation) *failure {
	text := "Error: Runtime exited without providing a reason"
	if s := e.process.status; s != "" {
		text = "Error: Runtime exited with error: " + s
	}
	return e.platformFailure(in, "Runtime.ExitError", text)
}

// trailerBody is the error that a runtime reports behind a streamed response.
func trailerBody(t http.Header, kind string) []byte {
	b, err := base64.StdEncoding.DecodeString(t.Get("Lambda-Runtime-Function-Error-Body"))
	if err == nil && json.Valid(b) {
		return b
	}
	b, _ = json.Marshal(map[string]string{"errorType": kind})
	return b
}

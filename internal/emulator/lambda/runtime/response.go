package runtime

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

const (
	// maxResponse is the size of a response that Lambda takes: 6 MB and 100 bytes.
	maxResponse = 6*1024*1024 + 100
	// maxStreamed is the size of a response that goes to a stream: 200 MB.
	maxStreamed = 200 << 20
)

// response takes the function's answer, whole or as a stream.
func (e *environment) response(w http.ResponseWriter, r *http.Request) {
	mode := r.Header.Get("Lambda-Runtime-Function-Response-Mode")
	if mode != "" && mode != "streaming" && mode != "buffered" {
		refuse(w, http.StatusBadRequest, "Function.InvalidResponseMode", "Invalid function response mode: "+mode)
		return
	}
	c := e.answering(w, r)
	if c == nil {
		return
	}
	defer c.streaming.Done()
	if mode == "streaming" && c.Stream != nil {
		e.pass(w, r, c)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxResponse))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		e.finish(c, failureOrPayload{failure: oversize(maxResponse)})
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", fmt.Sprintf("Exceeded maximum allowed payload size (%d bytes).", maxResponse))
		return
	}
	if err != nil {
		return // the process ended in the middle; whoever waits for it sees that
	}
	out := failureOrPayload{payload: body, failure: trailed(r.Trailer)}
	if c.Stream != nil && out.failure == nil {
		_, _ = c.Stream(r.Header.Get("Content-Type")).Write(body) // a gate, without errors
		out.payload = nil
	}
	e.finish(c, out)
	accept(w)
}

// pass hands the answer to the stream as it comes.
func (e *environment) pass(w http.ResponseWriter, r *http.Request, c *call) {
	to := c.Stream(r.Header.Get("Content-Type"))
	_, err := io.Copy(to, http.MaxBytesReader(w, r.Body, maxStreamed))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		e.finish(c, failureOrPayload{failure: oversize(maxStreamed)})
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", fmt.Sprintf("Exceeded maximum allowed payload size (%d bytes).", maxStreamed))
	case err != nil: // the process ended in the middle
	default:
		e.finish(c, failureOrPayload{failure: trailed(r.Trailer)})
		accept(w)
	}
}

func oversize(limit int) *failure {
	f := &failure{kind: "Function.ResponseSizeTooLarge"}
	f.body, _ = json.Marshal(map[string]string{
		"errorType":    f.kind,
		"errorMessage": fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", limit),
	})
	return f
}

// trailed is the error that a runtime reports behind a streamed response; nil if none.
func trailed(t http.Header) *failure {
	kind := t.Get("Lambda-Runtime-Function-Error-Type")
	if kind == "" {
		return nil
	}
	return &failure{kind: kind, body: trailerBody(t, kind)}
}

// answering begins the answer to the current call, if the request is for it;
// otherwise it has written the refusal and returns nil. The caller must say
// c.streaming.Done.
func (e *environment) answering(w http.ResponseWriter, r *http.Request) *call {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.current
	if c == nil || c.RequestID != r.PathValue("id") || c.answering {
		refuse(w, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
		return nil
	}
	c.answering = true
	c.streaming.Add(1)
	return c
}

// finish ends the call.
func (e *environment) finish(c *call, out failureOrPayload) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c.result, c.answered = out, true
}

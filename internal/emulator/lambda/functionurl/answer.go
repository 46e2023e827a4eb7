package functionurl

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/payload"
)

// answer takes what the function writes and sends it to the client: as it comes in on
// a URL that streams, at the end otherwise.
type answer struct {
	w      http.ResponseWriter
	q      *request
	stream bool

	contentType string
	preluded    bool // whether a prelude comes first
	held        bytes.Buffer
	sent        bool // whether the status has been sent
	bare        bool // whether nothing follows the headers
	err         error
}

// begin is called when the function begins to answer.
func (a *answer) begin(contentType string) io.Writer {
	a.contentType, a.preluded = contentType, payload.Preluded(contentType)
	return a
}

// Write takes a part of the answer. After an error the rest is dropped.
func (a *answer) Write(b []byte) (int, error) {
	if a.err != nil {
		return 0, a.err
	}
	if a.sent {
		a.err = a.send(b)
		return len(b), a.err
	}
	a.held.Write(b)
	switch {
	case !a.stream && a.held.Len() > maxPayload:
		a.err = fmt.Errorf("the function returned more than %d bytes", maxPayload)
	case a.stream && !a.preluded:
		a.err = a.start(http.StatusOK, http.Header{"Content-Type": {or(a.contentType, "application/octet-stream")}}, a.held.Bytes())
	case a.stream:
		a.err = a.prelude(false)
	}
	return len(b), a.err
}

// prelude sends status and headers as soon as they are all there.
func (a *answer) prelude(ended bool) error {
	r, err := payload.Prelude(a.held.Bytes(), ended)
	if err != nil || r == nil {
		return err
	}
	return a.start(r.Status, r.Headers, r.Body)
}

// start sends status, headers and the first part of the body.
func (a *answer) start(status int, headers http.Header, body []byte) error {
	a.sent = true
	h := a.w.Header()
	for _, name := range append([]string{"Content-Length", "X-Amzn-Requestid"}, payload.HopByHop...) {
		headers.Del(name)
	}
	for name, values := range headers {
		h[http.CanonicalHeaderKey(name)] = values
	}
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/json")
	}
	a.q.url.CORS.Strip(h)
	a.q.url.CORS.Allow(h, a.q.Request)
	without := status == http.StatusNoContent || status == http.StatusNotModified // HTTP allows them no body
	a.bare = without || a.q.Method == http.MethodHead
	if !a.stream && !without {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	a.w.WriteHeader(status)
	return a.send(body)
}

// send sends a part of the body, at once on a URL that streams.
func (a *answer) send(b []byte) error {
	if !a.bare {
		if _, err := a.w.Write(b); err != nil {
			return err
		}
	}
	if !a.stream {
		return nil
	}
	if err := http.NewResponseController(a.w).Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// end sends what is left when the function is done. An error says that it did not
// answer as it must, or, where the status has been sent, that the client has left.
func (a *answer) end() error {
	if a.sent {
		return nil // an error is the client's, who has left
	}
	if a.err != nil {
		return a.err
	}
	content := a.held.Bytes()
	switch {
	case a.preluded:
		return a.prelude(true)
	case a.stream:
		return a.start(http.StatusOK, http.Header{"Content-Type": {or(a.contentType, "application/octet-stream")}}, content)
	}
	if len(bytes.TrimSpace(content)) == 0 {
		return a.start(http.StatusOK, http.Header{"Content-Type": {"application/json"}}, nil)
	}
	r, err := payload.Parse(content, "2.0")
	if err != nil {
		return err
	}
	return a.start(r.Status, r.Headers, r.Body)
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

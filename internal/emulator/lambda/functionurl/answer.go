package functionurl

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
)

// integration is the content type of a streamed answer that begins with its status
// and headers, as JSON, and eight zero bytes.
const integration = "application/vnd.awslambda.http-integration-response"

var separator = make([]byte, 8)

// maxPrelude bounds the status and headers of a streamed answer, in bytes.
const maxPrelude = 1 << 20

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
	a.contentType = contentType
	t, _, _ := mime.ParseMediaType(contentType)
	a.preluded = t == integration
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
		a.err = a.prelude()
	}
	return len(b), a.err
}

// prelude sends status and headers as soon as they are all there.
func (a *answer) prelude() error {
	head, body, ok := bytes.Cut(a.held.Bytes(), separator)
	if !ok {
		if a.held.Len() > maxPrelude {
			return errors.New("the function's stream has no status and headers")
		}
		return nil
	}
	r, err := parse(head)
	if err != nil {
		return err
	}
	return a.start(r.status, r.headers, body)
}

// start sends status, headers and the first part of the body.
func (a *answer) start(status int, headers http.Header, body []byte) error {
	a.sent = true
	h := a.w.Header()
	for _, name := range append([]string{"Content-Length", "X-Amzn-Requestid"}, hopByHop...) {
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
		head, body, ok := bytes.Cut(content, separator)
		if !ok {
			return errors.New("the function's stream has no status and headers")
		}
		r, err := parse(head)
		if err != nil {
			return err
		}
		return a.start(r.status, r.headers, body)
	case a.stream:
		return a.start(http.StatusOK, http.Header{"Content-Type": {or(a.contentType, "application/octet-stream")}}, content)
	}
	r, err := parse(content)
	if err != nil {
		return err
	}
	return a.start(r.status, r.headers, r.body)
}

// result is what a function wants the client to get.
type result struct {
	status  int
	headers http.Header
	body    []byte
}

// parse reads what a function returned. JSON without a statusCode is the body itself,
// of type application/json.
func parse(raw []byte) (*result, error) {
	raw = bytes.TrimSpace(raw)
	var members map[string]json.RawMessage
	_ = json.Unmarshal(raw, &members) // what is no object has no members
	if _, ok := members["statusCode"]; !ok {
		return infer(raw)
	}
	var in struct {
		StatusCode      json.RawMessage            `json:"statusCode"`
		Headers         map[string]json.RawMessage `json:"headers"`
		Cookies         []string                   `json:"cookies"`
		Body            *string                    `json:"body"`
		IsBase64Encoded bool                       `json:"isBase64Encoded"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, fmt.Errorf("the function did not return statusCode, headers and body: %w", err)
	}
	status, err := strconv.Atoi(scalar(in.StatusCode))
	if err != nil || status < 200 || status > 599 {
		return nil, fmt.Errorf("the function's statusCode %.40s is not a number from 200 to 599", in.StatusCode)
	}
	r := &result{status: status, headers: http.Header{}}
	for name, value := range in.Headers {
		r.headers.Add(name, scalar(value))
	}
	for _, cookie := range in.Cookies {
		r.headers.Add("Set-Cookie", cookie)
	}
	if in.Body != nil {
		r.body = []byte(*in.Body)
		if in.IsBase64Encoded {
			if r.body, err = base64.StdEncoding.DecodeString(*in.Body); err != nil {
				return nil, fmt.Errorf("the function's body is not in base64: %w", err)
			}
		}
	}
	return r, nil
}

func infer(raw []byte) (*result, error) {
	if len(raw) > 0 && !json.Valid(raw) {
		return nil, fmt.Errorf("the function did not return JSON: %.200s", raw)
	}
	r := &result{status: http.StatusOK, headers: http.Header{"Content-Type": {"application/json"}}, body: raw}
	if text := ""; len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &text) == nil {
		r.body = []byte(text)
	}
	return r, nil
}

// scalar is a header's value as text: functions return numbers and booleans too.
func scalar(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

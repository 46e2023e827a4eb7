package payload

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
)

// A Result is what a function wants the client to get.
type Result struct {
	Status  int // 200 to 599
	Headers http.Header
	Body    []byte
}

// Parse reads what a function returned, in format "1.0" or "2.0". In format 2.0, JSON
// without a statusCode is the body itself, of type application/json.
func Parse(raw []byte, format string) (*Result, error) {
	raw = bytes.TrimSpace(raw)
	var members map[string]json.RawMessage
	isObject := json.Unmarshal(raw, &members) == nil && members != nil
	if _, ok := members["statusCode"]; !ok && format == "2.0" {
		return infer(raw)
	}
	var in struct {
		StatusCode        json.RawMessage              `json:"statusCode"`
		Headers           map[string]json.RawMessage   `json:"headers"`
		MultiValueHeaders map[string][]json.RawMessage `json:"multiValueHeaders"` // 1.0
		Cookies           []string                     `json:"cookies"`           // 2.0
		Body              *string                      `json:"body"`
		IsBase64Encoded   bool                         `json:"isBase64Encoded"`
	}
	if err := json.Unmarshal(raw, &in); err != nil || !isObject {
		return nil, fmt.Errorf("the function did not return an object with statusCode, headers and body: %.200s", raw)
	}
	status, err := strconv.Atoi(scalar(in.StatusCode))
	if err != nil || status < 200 || status > 599 {
		return nil, fmt.Errorf("the function's statusCode %.40s is not a number from 200 to 599", in.StatusCode)
	}
	r := &Result{Status: status, Headers: http.Header{}}
	if format == "1.0" {
		for name, values := range in.MultiValueHeaders {
			for _, value := range values {
				r.Headers.Add(name, scalar(value))
			}
		}
	} else {
		for _, cookie := range in.Cookies {
			r.Headers.Add("Set-Cookie", cookie)
		}
	}
	for name, value := range in.Headers {
		// A value that is among the many already is not said twice.
		if text := scalar(value); !slices.Contains(r.Headers.Values(name), text) {
			r.Headers.Add(name, text)
		}
	}
	if in.Body == nil {
		return r, nil
	}
	r.Body = []byte(*in.Body)
	if in.IsBase64Encoded {
		if r.Body, err = base64.StdEncoding.DecodeString(*in.Body); err != nil {
			return nil, fmt.Errorf("the function's body is not in base64: %w", err)
		}
	}
	return r, nil
}

func infer(raw []byte) (*Result, error) {
	if !json.Valid(raw) {
		return nil, fmt.Errorf("the function did not return JSON: %.200s", raw)
	}
	r := &Result{Status: http.StatusOK, Headers: http.Header{"Content-Type": {"application/json"}}, Body: raw}
	if text := ""; raw[0] == '"' && json.Unmarshal(raw, &text) == nil {
		r.Body = []byte(text)
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

// streamed is the content type of a streamed answer that begins with its status and
// headers, as JSON, and eight zero bytes.
const streamed = "application/vnd.awslambda.http-integration-response"

var separator = make([]byte, 8)

// maxPrelude bounds the status and headers of a streamed answer, in bytes.
const maxPrelude = 1 << 20

var errNoPrelude = errors.New("the function's stream has no status and headers")

// Preluded reports whether what a function writes as that content type begins with its
// status and headers.
func Preluded(contentType string) bool {
	t, _, _ := mime.ParseMediaType(contentType)
	return t == streamed
}

// Prelude takes status and headers off the beginning of a streamed answer; the result's
// body is what has come after them. It is nil as long as they are not all there, and an
// error when the stream ends so.
func Prelude(held []byte, ended bool) (*Result, error) {
	head, body, ok := bytes.Cut(held, separator)
	if !ok {
		if ended || len(held) > maxPrelude {
			return nil, errNoPrelude
		}
		return nil, nil //nolint:nilnil // nothing to say yet
	}
	r, err := Parse(head, "2.0")
	if err != nil {
		return nil, err
	}
	r.Body = body
	return r, nil
}

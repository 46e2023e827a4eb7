package gateway

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
)

// invoke calls the route's function and answers with what it returns.
func (g *Gateway) invoke(ctx context.Context, w http.ResponseWriter, q *request) {
	event, err := q.event()
	if err != nil {
		g.refuse(w, q, err)
		return
	}
	if len(event) > maxPayload {
		fail(w, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
		return
	}
	call := env.WithCaller(env.WithScope(ctx, q.api.Scope), q.caller())
	result, functionError, err := g.invoker.InvokeFor(call, q.expand(q.route.Integration.Function), event)
	switch {
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		g.log.Info("an integration timed out", "api", q.api.ID, "route", q.route.Key.String(), "timeout", q.route.Integration.Timeout)
		fail(w, http.StatusServiceUnavailable, "Service Unavailable")
		return
	case throttled(err):
		fail(w, http.StatusServiceUnavailable, "Service Unavailable")
		return
	case err != nil:
		g.refuse(w, q, err)
		return
	case functionError != "":
		g.refuse(w, q, failure(functionError, result))
		return
	}
	a, err := parseAnswer(result, q.route.Integration.Format)
	if err != nil {
		g.refuse(w, q, err)
		return
	}
	a.write(w, q)
}

// failure is what a function said of its end, for the log.
func failure(functionError string, result []byte) error {
	var said struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}
	if err := json.Unmarshal(result, &said); err != nil || said.Message == "" {
		return fmt.Errorf("the function failed: %s", functionError)
	}
	return fmt.Errorf("the function failed: %s: %s", said.Type, said.Message)
}

// refuse answers as API Gateway does when an integration fails, whatever the
// reason, and logs the reason, which AWS keeps to itself.
func (g *Gateway) refuse(w http.ResponseWriter, q *request, reason error) {
	g.log.Warn("an integration failed", "api", q.api.ID, "route", q.route.Key.String(), "reason", reason)
	fail(w, http.StatusInternalServerError, "Internal Server Error")
}

// throttled reports whether Lambda refused to run the function now.
func throttled(err error) bool {
	api := smithy.APIError(nil)
	return errors.As(err, &api) && api.ErrorCode() == "TooManyRequestsException"
}

// answer is what a function wants the client to get.
type answer struct {
	status  int
	headers http.Header
	body    []byte
}

// result is the form of a function's answer.
type result struct {
	StatusCode        json.RawMessage              `json:"statusCode"`
	Headers           map[string]json.RawMessage   `json:"headers"`
	MultiValueHeaders map[string][]json.RawMessage `json:"multiValueHeaders"` // 1.0
	Cookies           []string                     `json:"cookies"`           // 2.0
	Body              *string                      `json:"body"`
	IsBase64Encoded   bool                         `json:"isBase64Encoded"`
}

// parseAnswer reads what a function returned. In format 2.0, JSON without a
// statusCode is the body itself, of type application/json.
func parseAnswer(raw []byte, format string) (*answer, error) {
	if len(raw) > maxPayload {
		return nil, fmt.Errorf("the function returned %d bytes; %d are allowed", len(raw), maxPayload)
	}
	raw = bytes.TrimSpace(raw)
	var members map[string]json.RawMessage
	isObject := json.Unmarshal(raw, &members) == nil && members != nil
	if _, ok := members["statusCode"]; !ok && format == "2.0" {
		return inferAnswer(raw)
	}
	var r result
	if err := json.Unmarshal(raw, &r); err != nil || !isObject {
		return nil, fmt.Errorf("the function did not return an object with statusCode, headers and body: %.200s", raw)
	}
	status, err := parseStatus(r.StatusCode)
	if err != nil {
		return nil, err
	}
	a := &answer{status: status, headers: http.Header{}}
	if format == "1.0" {
		for name, values := range r.MultiValueHeaders {
			for _, value := range values {
				a.headers.Add(name, scalar(value))
			}
		}
	} else {
		for _, cookie := range r.Cookies {
			a.headers.Add("Set-Cookie", cookie)
		}
	}
	for name, value := range r.Headers {
		// A value that is among the many already is not said twice.
		if text := scalar(value); !slices.Contains(a.headers.Values(name), text) {
			a.headers.Add(name, text)
		}
	}
	if r.Body != nil {
		a.body = []byte(*r.Body)
		if r.IsBase64Encoded {
			if a.body, err = base64.StdEncoding.DecodeString(*r.Body); err != nil {
				return nil, fmt.Errorf("the function's body is not in base64: %w", err)
			}
		}
	}
	return a, nil
}

func inferAnswer(raw []byte) (*answer, error) {
	if !json.Valid(raw) {
		return nil, fmt.Errorf("the function did not return JSON: %.200s", raw)
	}
	a := &answer{status: http.StatusOK, headers: http.Header{"Content-Type": {"application/json"}}, body: raw}
	if text := ""; raw[0] == '"' && json.Unmarshal(raw, &text) == nil {
		a.body = []byte(text)
	}
	return a, nil
}

// parseStatus reads a status, which may be written as a number or as text.
func parseStatus(raw json.RawMessage) (int, error) {
	status, err := strconv.Atoi(scalar(raw))
	if err != nil || status < 200 || status > 599 {
		return 0, fmt.Errorf("the function's statusCode %.40s is not a number from 200 to 599", raw)
	}
	return status, nil
}

// scalar is a header's value as text: functions return numbers and booleans too.
func scalar(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

func (a *answer) write(w http.ResponseWriter, q *request) {
	h := w.Header()
	for _, name := range append([]string{"Content-Length", "Apigw-Requestid"}, hopByHop...) {
		a.headers.Del(name)
	}
	q.stage.CORS.Strip(a.headers)
	for name, values := range a.headers {
		h[http.CanonicalHeaderKey(name)] = values
	}
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "text/plain; charset=utf-8")
	}
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	if q.Method != http.MethodHead {
		_, _ = w.Write(a.body) // a client that has left is no error of ours
	}
}

package runtime

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
)

// api is what programs of this environment call: the Lambda Runtime API, and the
// Extensions, Telemetry and Logs APIs.
func (e *environment) api() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /2018-06-01/runtime/invocation/next", e.next)
	m.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", e.response)
	m.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", e.error)
	m.HandleFunc("POST /2018-06-01/runtime/init/error", e.initError)
	m.HandleFunc("GET /2018-06-01/ping", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "pong") })
	m.HandleFunc("POST /2020-01-01/extension/register", e.register)
	m.HandleFunc("GET /2020-01-01/extension/event/next", e.eventNext)
	m.HandleFunc("POST /2020-01-01/extension/init/error", e.extensionError("Extension.InitError", "InitError"))
	m.HandleFunc("POST /2020-01-01/extension/exit/error", e.extensionError("Extension.ExitError", "ExitError"))
	m.HandleFunc("PUT /2020-08-15/logs", e.subscribeLogs)
	m.HandleFunc("PUT /2022-07-01/telemetry", e.subscribeTelemetry)
	m.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		// This includes /runtime/restore/…: no snapshot is ever restored here.
		refuse(w, http.StatusNotFound, "InvalidRequest", "There is no "+r.Method+" "+r.URL.Path+" here")
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fromPage(r) {
			refuse(w, http.StatusForbidden, "AccessDenied", "Requests of web pages are refused")
			return
		}
		m.ServeHTTP(w, r)
	})
}

// fromPage reports whether a browser made the request: it says so, or calls this
// address by a name of a page's choice.
func fromPage(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	return r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" || host != "127.0.0.1" && host != "localhost"
}

// next answers with the next event, when there is one.
func (e *environment) next(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	if c := e.current; c != nil {
		if !c.answered {
			e.mu.Unlock()
			refuse(w, http.StatusForbidden, "InvalidStateTransition", "State transition from Ready to Next failed for runtime: the event before has no response")
			return
		}
		close(c.idle)
		e.current = nil
	}
	select {
	case <-e.ready:
	default:
		close(e.ready)
	}
	e.mu.Unlock()
	select {
	case c := <-e.calls:
		e.mu.Lock()
		e.current = c
		e.mu.Unlock()
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Lambda-Runtime-Aws-Request-Id", c.RequestID)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(c.deadline.UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", c.ARN)
		h.Set("Lambda-Runtime-Trace-Id", c.TraceID)
		if c.ClientContext != "" {
			h.Set("Lambda-Runtime-Client-Context", c.ClientContext)
		}
		h.Set("Content-Length", strconv.Itoa(len(c.Payload)))
		_, _ = w.Write(c.Payload)
	case <-r.Context().Done():
	case <-e.gone:
	}
}

// error takes the function's error.
func (e *environment) error(w http.ResponseWriter, r *http.Request) {
	f, err := readFailure(w, r)
	if err != nil {
		refuse(w, http.StatusBadRequest, "InvalidRequest", err.Error())
		return
	}
	if c := e.answering(w, r); c != nil {
		e.finish(c, failureOrPayload{failure: f})
		c.streaming.Done()
		accept(w)
	}
}

// initError takes the reason why the runtime cannot serve events.
func (e *environment) initError(w http.ResponseWriter, r *http.Request) {
	f, err := readFailure(w, r)
	if err != nil {
		refuse(w, http.StatusBadRequest, "InvalidRequest", err.Error())
		return
	}
	accept(w)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.failure == nil {
		e.failure = f
		close(e.failed)
	}
}

func readFailure(w http.ResponseWriter, r *http.Request) (*failure, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxResponse))
	if err != nil {
		return nil, err
	}
	return &failure{kind: r.Header.Get("Lambda-Runtime-Function-Error-Type"), body: body}, nil
}

func accept(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"status":"OK"}`+"\n")
}

func refuse(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"errorType": kind, "errorMessage": message})
}

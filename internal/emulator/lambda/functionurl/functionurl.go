// Package functionurl serves function URLs: it finds the URL of a request, checks
// who signed it, hands the function an event of payload format 2.0, and answers with
// what the function returns, whole or as a stream. It must not know how functions
// and URLs are kept, nor what a policy says: a [Source] and an [Invoker] do.
package functionurl

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/smithy-go"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/cors"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
)

// PathPrefix is where URLs are served by path: PathPrefix + URL id + the path. An
// address of this form needs no DNS; the Host form, {id}.lambda-url.{region}.localhost,
// works wherever the client resolves names below localhost.
const PathPrefix = "/_aws/lambda-url/"

// hostLabel is the second label of the host names of URLs.
const hostLabel = "lambda-url"

// maxPayload is the size of an event and of a result that is not streamed, in bytes.
const maxPayload = 6 << 20

// A URL is a snapshot of one function URL.
type URL struct {
	ID       string
	Scope    env.Scope
	Function string       // its ARN, with the alias if the URL is that of one
	IAM      bool         // whether requests must be signed
	Stream   bool         // whether results are sent as the function writes them
	CORS     *cors.Config // nil where there is none
}

// A Source knows the URLs.
type Source interface {
	URL(id string) (*URL, bool)
}

// A Call is one request for a function.
type Call struct {
	*URL
	Caller  env.Caller // zero on URLs that need no signature
	Payload []byte
	TraceID string // of the client; empty for a new one
	// Stream is called when the function begins to answer and returns what takes the
	// answer.
	Stream func(contentType string) io.Writer
}

// An Invoker runs functions. failed is set when the function itself failed; an error
// says that it did not run, as that of Lambda's operation Invoke.
type Invoker interface {
	InvokeURL(ctx context.Context, c Call) (failed bool, err error)
}

// Signatures checks who signed a request; its errors are AWS's.
type Signatures interface {
	Verify(r *http.Request, body []byte) (env.Caller, error)
}

// A Server serves the URLs of a source.
type Server struct {
	source     Source
	invoker    Invoker
	signatures Signatures
	clock      clock.Clock
	log        *slog.Logger
}

// New returns a server of the URLs of source.
func New(e *env.Env, source Source, invoker Invoker, signatures Signatures) *Server {
	return &Server{source: source, invoker: invoker, signatures: signatures, clock: e.Clock, log: e.Log}
}

// Serves reports whether a request is for a function URL.
func Serves(r *http.Request) bool {
	id, _ := address(r)
	return id != ""
}

// address returns the id of the URL that a request is for, and its path behind that,
// decoded, as functions see it.
func address(r *http.Request) (id, path string) {
	host, rest, _ := strings.Cut(r.Host, ".")
	if label, _, _ := strings.Cut(rest, "."); label == hostLabel {
		return host, "/" + strings.TrimPrefix(r.URL.Path, "/")
	}
	rest, ok := strings.CutPrefix(r.URL.Path, PathPrefix)
	if !ok {
		return "", ""
	}
	id, path, _ = strings.Cut(rest, "/")
	return id, "/" + path
}

// request is one request on its way to a function.
type request struct {
	*http.Request
	url    *URL
	path   string
	body   []byte
	caller env.Caller
	id     string
	at     time.Time
}

// forbidden is AWS's text for whoever may not call.
const forbidden = "Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"

// ServeHTTP answers a request for which [Serves] is true.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := &request{Request: r, id: uuid.NewString(), at: s.clock.Now()}
	w.Header().Set("X-Amzn-Requestid", q.id)
	id, path := address(r)
	var ok bool
	if q.url, ok = s.source.URL(id); !ok {
		refuse(w, http.StatusForbidden, "AccessDeniedException", `{"Message":null}`)
		return
	}
	q.path = path
	if q.url.CORS.Preflight(w, r, http.StatusOK) {
		return
	}
	var err error
	q.body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxPayload))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException", `{"Message":"Request Entity Too Large"}`)
		return
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, "BadRequestException", `{"Message":"Bad Request"}`)
		return
	}
	if q.url.IAM {
		if q.caller, err = s.signatures.Verify(r, q.body); err != nil {
			s.denied(w, err)
			return
		}
	}
	s.invoke(w, q)
}

// denied answers a request that is not signed as it must be.
func (s *Server) denied(w http.ResponseWriter, err error) {
	var api smithy.APIError
	message := forbidden
	if errors.As(err, &api) && !strings.HasPrefix(api.ErrorCode(), "MissingAuthenticationToken") {
		message = api.ErrorMessage()
	}
	refuse(w, http.StatusForbidden, "AccessDeniedException", `{"Message":`+quote(message)+`}`)
}

// invoke calls the function and sends what it answers.
func (s *Server) invoke(w http.ResponseWriter, q *request) {
	event, err := q.event()
	if err != nil {
		s.log.Error("an event could not be written", "url", q.url.ID, "error", err)
		refuse(w, http.StatusInternalServerError, "InternalFailure", `{"Message":"Internal Server Error"}`)
		return
	}
	a := &answer{w: w, q: q, stream: q.url.Stream}
	failed, err := s.invoker.InvokeURL(q.Context(), Call{
		URL: q.url, Caller: q.caller, Payload: event, TraceID: q.Header.Get("X-Amzn-Trace-Id"), Stream: a.begin,
	})
	switch {
	case err != nil && a.sent, failed && a.sent:
		panic(http.ErrAbortHandler) // cut the answer, so that nobody takes it for whole
	case err != nil:
		s.refused(w, q, err)
	case failed:
		badGateway(w)
	default:
		if err := a.end(); err != nil && !a.sent {
			s.log.Warn("a function URL could not send a result", "url", q.url.ID, "reason", err)
			badGateway(w)
		}
	}
}

// refused answers when the function did not run.
func (s *Server) refused(w http.ResponseWriter, q *request, err error) {
	var api smithy.APIError
	if !errors.As(err, &api) {
		s.log.Warn("a function URL could not call its function", "url", q.url.ID, "error", err)
		badGateway(w)
		return
	}
	switch api.ErrorCode() {
	case "AccessDeniedException":
		refuse(w, http.StatusForbidden, "AccessDeniedException", `{"Message":`+quote(forbidden)+`}`)
	case "TooManyRequestsException":
		refuse(w, http.StatusTooManyRequests, api.ErrorCode(), `{"message":`+quote(api.ErrorMessage())+`}`)
	case "RequestTooLargeException":
		refuse(w, http.StatusRequestEntityTooLarge, api.ErrorCode(), `{"Message":`+quote(api.ErrorMessage())+`}`)
	default:
		s.log.Warn("a function URL could not call its function", "url", q.url.ID, "error", err)
		badGateway(w)
	}
}

// badGateway is what clients learn of a function that failed.
func badGateway(w http.ResponseWriter) {
	refuse(w, http.StatusBadGateway, "", "Internal Server Error")
}

// quote returns a text as JSON.
func quote(text string) string {
	b, _ := json.Marshal(text) // a text has no error
	return string(b)
}

// refuse answers with an error in Lambda's form.
func refuse(w http.ResponseWriter, status int, kind, body string) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if kind != "" {
		h.Set("X-Amzn-Errortype", kind)
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // a client that has left is no error of ours
}

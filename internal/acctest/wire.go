package acctest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"

	"github.com/tfserverless/terraform-provider-serverless/provider"
)

// A Wire lies between the provider and an emulator: it lists the calls and can
// spoil them.
type Wire struct {
	provider.Emulator
	// Spoil is asked before each call, of which n have been made, what to do to
	// it; nil for nothing.
	Spoil func(n int, operation string) Fault
	// Stop interrupts the run, for the fault Interrupt.
	Stop func()
	// Lag is how many reads of a thing show it as it was before the last write.
	Lag int
	// Missing are the errors with which reads say that there is nothing, by
	// operation; with Lag they are given for things that were not read before.
	Missing map[string]string

	mu     sync.Mutex
	calls  []string
	dead   bool
	seen   map[string]*reading
	writes int
}

// A Fault is what happens to a call. The zero Fault is none.
type Fault struct {
	Kind Kind
	// Code and Message are those of Answer.
	Code, Message string
}

// Kind is a kind of fault.
type Kind int

// The kinds of faults.
const (
	None      Kind = iota
	Throttle       // AWS asks to call later
	Break          // AWS answers with status 500
	CutBefore      // the connection is lost before AWS has the call
	CutAfter       // the connection is lost after AWS has carried the call out
	Kill           // the provider dies when the call has been carried out
	Interrupt      // the run is interrupted while the call is made
	Answer         // AWS refuses with Code and Message
)

// String names the kind in the names of tests.
func (k Kind) String() string {
	return [...]string{"none", "throttled", "status 500", "cut before", "cut after", "killed", "interrupted", "refused"}[k]
}

// reading is what reads of one thing have shown.
type reading struct {
	status int
	header http.Header
	body   []byte
	stale  int // reads that still show it
	at     int // writes before it was made
}

// errKilled is what a dead provider's calls return; the SDK does not retry it.
var errKilled = &aws.RequestCanceledError{Err: errors.New("the process was killed")}

// Calls returns the operations that were called, in order, and forgets them.
func (w *Wire) Calls() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	calls := w.calls
	w.calls = nil
	return calls
}

// Dead reports whether a Kill has taken effect.
func (w *Wire) Dead() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dead
}

// Revive ends the effect of a Kill: the next provider is another process.
func (w *Wire) Revive() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = false
}

// Settle ends what the emulator itself shows of the past.
func (w *Wire) Settle() { settle(w.Emulator) }

// settle has the reads of an emulator with moods show what was written, as they do
// after some seconds.
func settle(e provider.Emulator) {
	if lagging, ok := e.(interface{ Settle() }); ok {
		lagging.Settle()
	}
}

// Do sends a request to the emulator, unless it is spoiled.
func (w *Wire) Do(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	operation := middleware.GetOperationName(r.Context()) // the SDK says which it is
	w.mu.Lock()
	if w.dead {
		w.mu.Unlock()
		return nil, errKilled
	}
	var f Fault
	if w.Spoil != nil {
		f = w.Spoil(len(w.calls), operation)
	}
	w.calls = append(w.calls, operation)
	w.dead = f.Kind == Kill
	w.mu.Unlock()
	switch f.Kind {
	case Throttle:
		return answer(r, body, http.StatusBadRequest, "ThrottlingException", "Rate exceeded"), nil
	case Break:
		return answer(r, body, http.StatusInternalServerError, "InternalServerError", "The server broke."), nil
	case Answer:
		return answer(r, body, http.StatusBadRequest, f.Code, f.Message), nil
	case Interrupt:
		w.Stop()
	case CutBefore:
		return nil, errors.New("connection reset by peer")
	}
	resp, err := w.send(r, operation, body)
	if err == nil && f.Kind == None && throttled(resp) {
		w.mu.Lock() // it was not carried out, and comes again
		if i := slices.Index(w.calls, operation); i >= 0 {
			w.calls = slices.Delete(w.calls, i, i+1)
		}
		w.mu.Unlock()
	}
	if err == nil && (f.Kind == CutAfter || f.Kind == Kill) {
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if f.Kind == Kill {
			return nil, errKilled
		}
		return nil, errors.New("connection reset by peer")
	}
	return resp, err
}

// throttled reports whether the emulator refused a call because there were too many.
func throttled(resp *http.Response) bool {
	return resp.StatusCode == http.StatusTooManyRequests || strings.HasPrefix(resp.Header.Get("X-Amzn-Errortype"), "ThrottlingException")
}

// send passes a request on, or answers a read with what was there before.
func (w *Wire) send(r *http.Request, operation string, body []byte) (*http.Response, error) {
	if w.Lag == 0 || bytes.Contains(body, []byte(`"ConsistentRead":true`)) { // AWS keeps its word
		return w.Emulator.Do(r)
	}
	if !reads(operation) {
		resp, err := w.Emulator.Do(r)
		if err == nil && resp.StatusCode < http.StatusMultipleChoices { // a refused one changes nothing
			w.mu.Lock()
			w.writes++
			for _, old := range w.seen {
				old.stale = w.Lag
			}
			w.mu.Unlock()
		}
		return resp, err
	}
	region := r.Header.Get("Authorization") // its scope: two regions have things of one name
	if scope := strings.Split(region, "/"); len(scope) > 2 {
		region = scope[2]
	}
	key := operation + "\x00" + region + "\x00" + r.URL.String() + "\x00" + string(body)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.seen == nil {
		w.seen = map[string]*reading{}
	}
	old, ok := w.seen[key]
	if code := w.Missing[operation]; !ok && code != "" && w.writes > 0 {
		missing := answer(r, body, http.StatusBadRequest, code, "It is not there yet.")
		text, err := io.ReadAll(missing.Body)
		if err != nil {
			return nil, err
		}
		old = &reading{status: missing.StatusCode, header: missing.Header, body: text, stale: w.Lag}
		w.seen[key] = old
	}
	if old != nil && old.stale > 0 {
		old.stale--
		return &http.Response{StatusCode: old.status, Header: old.header.Clone(), Body: io.NopCloser(bytes.NewReader(old.body)), Request: r}, nil
	}
	resp, err := w.Emulator.Do(r)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(text))
	w.seen[key] = &reading{status: resp.StatusCode, header: resp.Header.Clone(), body: text, at: w.writes}
	return resp, nil
}

// reads reports whether an operation changes nothing.
func reads(operation string) bool {
	for _, p := range []string{"BatchGet", "Describe", "Get", "List", "Query", "Scan", "GET ", "HEAD "} {
		if strings.HasPrefix(operation, p) {
			return true
		}
	}
	return false
}

// answer is a refusal in the protocol of the request.
func answer(r *http.Request, body []byte, status int, code, message string) *http.Response {
	h := http.Header{"Content-Type": {"application/x-amz-json-1.0"}, "X-Amzn-Errortype": {code}}
	text := fmt.Sprintf(`{"__type":%q,"message":%q,"Message":%q}`, code, message, message)
	if strings.Contains(string(body), "Action=") {
		h.Set("Content-Type", "text/xml")
		text = fmt.Sprintf("<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>", code, message)
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(text)), ContentLength: int64(len(text)), Request: r}
}

package runtime

import (
	"context"
	"io"
	"time"
)

// A Function is one version of a function with everything that its environments
// are made from. How many invocations it may have at once is its caller's matter:
// the host starts as many environments as there are invocations.
type Function struct {
	// Key is the identity of this code and this configuration. Environments
	// serve only functions of the key that they were started for, so each version
	// has a key of its own, and $LATEST another after each change.
	Key     string
	ARN     string // the function's, without a version
	Name    string
	Version string // "$LATEST" or a number
	Account string
	Region  string

	Runtime string // such as "nodejs22.x"
	Handler string
	Code    string // folder of the extracted package
	// Layers are folders of extracted layers, in the order of the configuration:
	// of two files of one name below /opt, the later layer's is seen.
	Layers  []string
	Memory  int // MB
	Storage int // of /tmp, in MB
	Timeout time.Duration
	// Variables are the function's own environment variables.
	Variables map[string]string
	Log       Logging
	// Traced is whether the function's tracing is active: its report names the
	// trace of an invocation that is sampled.
	Traced bool

	// Credentials returns what the role of the function may use; it is called
	// once for each environment.
	Credentials func(context.Context) (Credentials, error)
	// Endpoint returns the address that AWS SDKs within the function talk to.
	Endpoint func() (string, error)
}

// Logging says what a function's log holds, in AWS's words.
type Logging struct {
	Group       string
	JSON        bool
	Application string // least level of the function's own lines in JSON: TRACE … FATAL
	System      string // least level of the platform's lines in JSON: DEBUG, INFO, WARN
}

// Credentials are temporary keys of a role.
type Credentials struct {
	AccessKey, SecretKey, SessionToken string
	Expires                            time.Time
}

// An Invocation is one event for a function.
type Invocation struct {
	RequestID     string
	ARN           string // as it was called, with the qualifier if one was given
	Payload       []byte // JSON
	TraceID       string // the value of X-Amzn-Trace-Id, such as "Root=1-5-6;Parent=7;Sampled=1"
	ClientContext string // JSON; empty for none
	// Stream is called once when the function begins to answer, unless it is nil,
	// and what it returns gets the response as the function writes it: in parts if
	// the function streams, in one part otherwise. A Write that waits holds the
	// function up; after one that fails the rest is dropped. Nothing is written
	// after [Host].Invoke has returned. The content type is what the function said.
	// It is not called for a function that fails before it has answered.
	Stream func(contentType string) io.Writer
	// Ended is called when the invocation is over, which may be after its caller
	// has gone; nil for nothing.
	Ended func()
}

// A Result is how an invocation ended.
type Result struct {
	// Payload is the response, if it did not go to [Invocation].Stream, or, when
	// Failed is set, the JSON object of the error with errorType and errorMessage.
	// A response that is streamed may fail after its beginning.
	Payload []byte
	Failed  bool
	// ErrorType is the error's, such as "Sandbox.Timedout"; empty without one.
	ErrorType string
	Duration  time.Duration // without the init phase
	// Tail is the last 4 KB of the invocation's log.
	Tail []byte
}

// A Sink receives what a function logged: lines of one moment, in order.
type Sink func(f *Function, stream string, at time.Time, lines []string)

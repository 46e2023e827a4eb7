package runtime

import (
	"context"
	"time"
)

// A Function is one version of a function with everything that its environments
// are made from.
type Function struct {
	// Key is the identity of this code and this configuration. Environments
	// serve only functions of the key that they were started for.
	Key string
	// ARN is the function's, without a version: what [Host].Drain names.
	ARN     string
	Name    string
	Version string
	Account string
	Region  string

	Runtime string // such as "nodejs22.x"
	Handler string
	Code    string // folder of the extracted package
	Memory  int    // MB
	Storage int    // of /tmp, in MB
	Timeout time.Duration
	// Variables are the function's own environment variables.
	Variables map[string]string
	Log       Logging

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
	TraceID       string
	ClientContext string // JSON; empty for none
	// Ended is called when the invocation is over, which may be after its caller
	// has gone; nil for nothing.
	Ended func()
}

// A Result is how an invocation ended.
type Result struct {
	Payload []byte
	// Failed is set when Payload describes an error of the function.
	Failed bool
	// Tail is the last 4 KB of the invocation's log.
	Tail []byte
}

// A Sink receives what a function logged: lines of one moment, in order.
type Sink func(f *Function, stream string, at time.Time, lines []string)

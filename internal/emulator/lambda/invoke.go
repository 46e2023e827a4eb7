package lambda

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/lambda/functionurl"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/lambda/runtime"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// maxPayload is the size of an event, in bytes.
const maxPayload = 6 << 20

// Invoke calls a function and waits for its result; with InvocationType DryRun it
// only checks whether it could.
func (s *Service) Invoke(ctx context.Context, in *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
	n, err := parse(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	client, err := clientContext(in.ClientContext)
	if err != nil {
		return nil, err
	}
	c := invocation{name: n, payload: in.Payload, client: client}
	if in.InvocationType == types.InvocationTypeEvent {
		return s.invokeEvent(ctx, c)
	}
	if in.InvocationType == types.InvocationTypeDryRun {
		if _, err := s.admit(ctx, c); err != nil {
			return nil, err
		}
		return &lambda.InvokeOutput{StatusCode: 204}, nil
	}
	r, err := s.invoke(ctx, c)
	if err != nil {
		return nil, err
	}
	out := &lambda.InvokeOutput{StatusCode: 200, ExecutedVersion: aws.String(r.version), Payload: r.Payload}
	if r.Failed {
		out.FunctionError = aws.String("Unhandled")
	}
	if in.LogType == types.LogTypeTail {
		out.LogResult = aws.String(base64.StdEncoding.EncodeToString(r.Tail))
	}
	return out, nil
}

// clientContext decodes what a caller says of itself: JSON, or nothing.
func clientContext(encoded *string) (string, error) {
	b, err := base64.StdEncoding.DecodeString(aws.ToString(encoded))
	if err != nil || len(b) > 0 && !json.Valid(b) {
		return "", &types.InvalidRequestContentException{Message: aws.String("Client context must be a valid Base64-encoded JSON object."), Type: user}
	}
	return string(b), nil
}

// InvokeFor calls the function of that ARN for another service, which the context
// names as the caller, and waits for its result. functionError is "Unhandled" when
// result describes an error of the function. The function's policy must allow the
// service; otherwise the error is an AccessDeniedException.
func (s *Service) InvokeFor(ctx context.Context, functionARN string, payload []byte) (result []byte, functionError string, err error) {
	n, err := parse(ctx, &functionARN, nil)
	if err != nil {
		return nil, "", err
	}
	r, err := s.invoke(ctx, invocation{name: n, payload: payload})
	if r.Failed {
		functionError = "Unhandled"
	}
	return r.Payload, functionError, err
}

// Admits returns AWS's error unless the caller in ctx may invoke the function of that
// ARN now.
func (s *Service) Admits(ctx context.Context, functionARN string) error {
	n, err := parse(ctx, &functionARN, nil)
	if err != nil {
		return err
	}
	_, err = s.admit(ctx, invocation{name: n})
	return err
}

// InvokeStreamFor is InvokeFor for a caller that takes the response as the function writes
// it: stream is called when it begins. failure describes the error of a function that
// failed; else it is nil.
func (s *Service) InvokeStreamFor(ctx context.Context, functionARN string, payload []byte, stream func(contentType string) io.Writer) (failure []byte, err error) {
	n, err := parse(ctx, &functionARN, nil)
	if err != nil {
		return nil, err
	}
	r, err := s.invoke(ctx, invocation{name: n, payload: payload, stream: stream})
	if r.Failed {
		return append([]byte{}, r.Payload...), err
	}
	return nil, err
}

// invocation is what a caller asks for.
type invocation struct {
	name           // with the qualifier, as the caller gave it
	payload []byte // JSON; nothing is an empty object
	client  string // JSON
	request string // id; empty for a new one
	// trace is the header of the trace that the invocation belongs to; empty for that
	// of the context.
	trace string
	// stream takes the response as the function writes it; nil for a whole one.
	stream func(contentType string) io.Writer
	// url is the call of a function URL, if it is one.
	url *functionurl.Call
}

// outcome is how an invocation ended, the version that ran, and the header of the
// trace for what follows from it.
type outcome struct {
	runtime.Result
	version, trace string
}

// admit checks whether the caller in ctx may invoke the function now, and returns
// what serves the name: of an alias with weights, a version by lot. Its errors are
// those that AWS answers before an invocation begins.
func (s *Service) admit(ctx context.Context, in invocation) (t target, err error) {
	err = s.env.Store.View(func(tx *store.Tx) error {
		n := in.name
		if t, err = s.target(tx, n); err != nil {
			if n.qualifier == "" {
				n.qualifier = latest // Invoke names the version that it looks for
			}
			return n.missing()
		}
		t.version = s.route(tx, &t)
		return nil
	})
	if err != nil {
		return t, err
	}
	if err := s.authorize(ctx, &t, in); err != nil {
		return t, err
	}
	if t.version.Created && !t.version.settled(s.env.Clock.Now()) {
		return t, errPending
	}
	return t, checkPayload(in.payload)
}

// invoke calls a function for the caller in ctx, and waits until the invocation is
// over, or ctx. An error says that it did not begin; that the function itself failed
// is an outcome.
func (s *Service) invoke(ctx context.Context, in invocation) (outcome, error) {
	t, err := s.admit(ctx, in)
	if err != nil {
		return outcome{}, err
	}
	return s.run(ctx, &t, in)
}

// run calls the version that serves t, within the function's concurrency.
func (s *Service) run(ctx context.Context, t *target, in invocation) (outcome, error) {
	if in.url != nil {
		in.trace, in.stream = in.url.TraceID, in.url.Stream
	} else if in.trace == "" {
		in.trace = env.TraceOf(ctx)
	}
	trace, err := follow(in.trace, &t.function, t.version.Configuration, s.env.Clock.Now())
	if err != nil {
		return outcome{}, err
	}
	leave, err := s.enter(t)
	if err != nil {
		return outcome{}, err
	}
	if len(in.payload) == 0 {
		in.payload = []byte("{}")
	}
	if in.request == "" {
		in.request = uuid.NewString()
	}
	r, err := s.host.Invoke(ctx, s.runnable(t.name, &t.function, &t.version), runtime.Invocation{
		RequestID: in.request, ARN: in.qualified(), Payload: in.payload, ClientContext: in.client,
		TraceID: trace, Stream: in.stream, Ended: leave,
	})
	if err != nil {
		return outcome{}, unavailable(err)
	}
	return outcome{r, t.version.number(), trace}, nil
}

// errRole marks a role that cannot be assumed any more.
type errRole struct{ error }

// unavailable is the answer when an invocation cannot begin.
func unavailable(err error) error {
	var role errRole
	if errors.As(err, &role) {
		return denied("The role defined for the function cannot be assumed by Lambda.")
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &types.ServiceException{Message: aws.String(err.Error()), Type: aws.String("Service")}
}

// environmentKey identifies what an environment of a version is made from; id is
// that of the function.
func (v *version) environmentKey(id string) string {
	return id + "." + strconv.Itoa(v.Change) + "." + v.number()
}

// runnable is a version of a function as the runtime needs it. A published version
// has environments of its own, also where $LATEST is the same.
func (s *Service) runnable(n name, f *function, v *version) *runtime.Function {
	c := &v.Configuration
	r := &runtime.Function{
		Key: v.environmentKey(f.ID), ARN: n.arn(), Name: n.function, Version: v.number(), Account: n.Account, Region: n.Region,
		Runtime: string(c.Runtime), Handler: aws.ToString(c.Handler), Code: s.code.files(v.digest()),
		Memory: int(aws.ToInt32(c.MemorySize)), Storage: int(aws.ToInt32(c.EphemeralStorage.Size)),
		Timeout: time.Duration(aws.ToInt32(c.Timeout)) * time.Second,
		Log: runtime.Logging{
			Group: aws.ToString(c.LoggingConfig.LogGroup), JSON: c.LoggingConfig.LogFormat == types.LogFormatJson,
			Application: string(c.LoggingConfig.ApplicationLogLevel), System: string(c.LoggingConfig.SystemLogLevel),
		},
		Endpoint: s.env.URL,
		Traced:   c.TracingConfig != nil && c.TracingConfig.Mode == types.TracingModeActive,
	}
	for _, l := range v.Layers {
		r.Layers = append(r.Layers, s.code.files(digestOf(l.Sha256)))
	}
	if c.Environment != nil {
		r.Variables = c.Environment.Variables
	}
	role := aws.ToString(c.Role)
	r.Credentials = func(ctx context.Context) (runtime.Credentials, error) {
		ctx = env.WithScope(ctx, n.Scope)
		key, secret, token, expires, err := s.roles.AssumeForService(ctx, role, Principal, n.function)
		if err != nil {
			return runtime.Credentials{}, errRole{fmt.Errorf("assuming the role %s: %w", role, err)}
		}
		return runtime.Credentials{AccessKey: key, SecretKey: secret, SessionToken: token, Expires: expires}, nil
	}
	return r
}

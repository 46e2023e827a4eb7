package lambda

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
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
	if in.InvocationType == types.InvocationTypeEvent {
		return nil, invalid("InvocationType Event is not emulated; RequestResponse and DryRun are")
	}
	client, err := base64.StdEncoding.DecodeString(aws.ToString(in.ClientContext))
	if err != nil || len(client) > 0 && !json.Valid(client) {
		return nil, &types.InvalidRequestContentException{Message: aws.String("Client context must be a valid Base64-encoded JSON object."), Type: user}
	}
	c := invocation{name: n, payload: in.Payload, client: string(client), dry: in.InvocationType == types.InvocationTypeDryRun}
	r, err := s.invoke(ctx, c)
	if err != nil {
		return nil, err
	}
	if c.dry {
		return &lambda.InvokeOutput{StatusCode: 204}, nil
	}
	out := &lambda.InvokeOutput{StatusCode: 200, ExecutedVersion: aws.String(latest), Payload: r.Payload}
	if r.Failed {
		out.FunctionError = aws.String("Unhandled")
	}
	if in.LogType == types.LogTypeTail {
		out.LogResult = aws.String(base64.StdEncoding.EncodeToString(r.Tail))
	}
	return out, nil
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

// invocation is what a caller asks for.
type invocation struct {
	name
	payload []byte
	client  string // JSON
	dry     bool
}

func (s *Service) invoke(ctx context.Context, in invocation) (runtime.Result, error) {
	f, free, err := s.invocable(in.name)
	if err != nil {
		return runtime.Result{}, err
	}
	if c := env.CallerOf(ctx); c.Service != "" && !f.allows(c) {
		return runtime.Result{}, denied("User: %s is not authorized to perform: lambda:InvokeFunction on resource: %s because no resource-based policy allows the lambda:InvokeFunction action", c.Service, in.arn())
	}
	now := s.env.Clock.Now()
	if f.Created && !f.settled(now) {
		return runtime.Result{}, conflict("The operation cannot be performed at this time. The function is currently in the following state: Pending")
	}
	if err := checkPayload(in.payload); err != nil {
		return runtime.Result{}, err
	}
	if in.dry {
		return runtime.Result{}, nil
	}
	leave, err := s.running.enter(in.name, f.Reserved, free)
	if err != nil {
		return runtime.Result{}, err
	}
	payload := in.payload
	if len(payload) == 0 {
		payload = []byte("{}")
	}
	r, err := s.host.Invoke(ctx, s.runnable(in.name, &f), runtime.Invocation{
		RequestID: uuid.NewString(), ARN: in.qualified(), Payload: payload, TraceID: traceID(now, f.Configuration), ClientContext: in.client,
		Ended: leave,
	})
	if err != nil {
		return r, unavailable(err)
	}
	return r, nil
}

// invocable reads the function, and how many invocations at once the functions of
// its scope without a reservation share.
func (s *Service) invocable(n name) (f function, free int, err error) {
	err = s.env.Store.View(func(tx *store.Tx) error {
		if f, err = s.get(tx, n); err != nil {
			if n.qualifier == "" {
				n.qualifier = latest // Invoke names the version that it looks for
			}
			return n.missing()
		}
		if f.Reserved == nil {
			free = s.unreserved(tx, n.Scope, "")
		}
		return nil
	})
	return f, free, err
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

// environmentKey identifies what an environment of the function is made from.
func (f *function) environmentKey() string { return f.ID + "." + strconv.Itoa(f.Change) }

// runnable is the function as the runtime needs it.
func (s *Service) runnable(n name, f *function) *runtime.Function {
	c := &f.Configuration
	r := &runtime.Function{
		Key: f.environmentKey(), ARN: n.arn(), Name: n.function, Version: latest, Account: n.Account, Region: n.Region,
		Runtime: string(c.Runtime), Handler: aws.ToString(c.Handler), Code: s.code.files(f.digest()),
		Memory: int(aws.ToInt32(c.MemorySize)), Storage: int(aws.ToInt32(c.EphemeralStorage.Size)),
		Timeout: time.Duration(aws.ToInt32(c.Timeout)) * time.Second,
		Log: runtime.Logging{
			Group: aws.ToString(c.LoggingConfig.LogGroup), JSON: c.LoggingConfig.LogFormat == types.LogFormatJson,
			Application: string(c.LoggingConfig.ApplicationLogLevel), System: string(c.LoggingConfig.SystemLogLevel),
		},
		Endpoint: s.env.URL,
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

// traceID is the header of a new trace. Functions with active tracing see it as
// sampled, as on AWS; what they would send to X-Ray stays with them, for there is
// no X-Ray here.
func traceID(now time.Time, c types.FunctionConfiguration) string {
	id, sampled := uuid.New(), 0
	if c.TracingConfig != nil && c.TracingConfig.Mode == types.TracingModeActive {
		sampled = 1
	}
	return fmt.Sprintf("Root=1-%08x-%x;Parent=%x;Sampled=%d", now.Unix(), id[:12], id[8:], sampled)
}

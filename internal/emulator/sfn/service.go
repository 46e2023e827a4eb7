// Package sfn is Step Functions: state machines with versions and aliases,
// executions, activities, task tokens, map runs and trials of single states.
//
// Executions are carried out by package asl/run, for which this package is the host:
// it keeps them, wakes them by the clock and does the work of their tasks. It must
// not know what other services do: tasks call them through the interface [Calls].
package sfn

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/run"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// Principal is how Step Functions calls itself.
const Principal = "states.amazonaws.com"

// Calls are the operations of all services, by the package of the SDK and their
// name; parameters and outputs are JSON with the names of the SDK's Go types.
type Calls interface {
	Has(pkg, operation string) bool
	// Output is the SDK's type of an operation's output, nil where there is no such operation.
	Output(pkg, operation string) reflect.Type
	Call(ctx context.Context, pkg, operation string, params []byte) (wire.Answer, error)
}

// Roles are the roles that state machines work in.
type Roles interface {
	// CanAssume returns nil when the role exists and trusts the service.
	CanAssume(ctx context.Context, roleARN, service string) error
	// AssumeForService gives a service the credentials of a role that trusts it.
	AssumeForService(ctx context.Context, roleARN, service, session string) (accessKey, secretKey, sessionToken string, expires time.Time, err error)
}

// Connections know what servers ask of those who call them.
type Connections interface {
	// Credentials are what the connection of an ARN adds to requests. Errors have
	// AWS's codes, such as ResourceNotFound and InvalidConnectionState.
	Credentials(ctx context.Context, connectionARN string) (header http.Header, query url.Values, body map[string]string, err error)
	// Renew gets others in place of those that a server refused, if there are any.
	Renew(ctx context.Context, connectionARN string) bool
}

// A Service is Step Functions.
type Service struct {
	env *env.Env
	// Calls does the work of tasks; nil until the services are linked.
	Calls Calls
	// Roles knows who may assume a role; nil: roles are not looked up.
	Roles Roles
	// Objects is what distributed maps read and write; nil: those that do are refused.
	Objects Objects
	// Connections are what HTTP tasks call servers with; nil: such tasks are refused.
	Connections Connections
	// APIs answers the requests to deployed APIs; nil: tasks that call them are refused.
	APIs http.Handler
	// Quotas are how much there can be.
	Quotas Quotas

	machines   *store.Set[machine]   // by scope and name
	versions   *store.Set[version]   // by scope, machine and number
	aliases    *store.Set[alias]     // by scope, machine and name
	activities *store.Set[activity]  // by scope and name
	executions *store.Set[execution] // by scope, machine and name; EXPRESS ones only while a map run needs them
	mapRuns    *store.Set[mapRun]    // by scope, machine with label, and id
	events     *store.Set[run.Event] // by execution and number
	records    *store.Set[[]byte]    // of executions that run, by execution and key

	mu     sync.Mutex
	live   map[string]*live // by key
	tokens map[string]token
	polls  map[string][]chan offer // of activities, by ARN: who waits for a task
	queues map[string][]offer      // of activities, by ARN: tasks that wait
	alive  context.Context
	end    context.CancelFunc
	work   sync.WaitGroup

	away *http.Transport // to the servers of HTTP tasks

	redriving sync.Mutex // one execution is taken up at a time, so that none is twice
}

// errClosing refuses what comes while the emulator ends.
var errClosing = errors.New("the emulator is closing")

// New returns the service over the environment's store. Executions that were under
// way go on with Resume.
func New(e *env.Env) (*Service, error) {
	s := &Service{env: e, live: map[string]*live{}, tokens: map[string]token{}, polls: map[string][]chan offer{}, queues: map[string][]offer{}, away: env.Loopback(), Quotas: Defaults}
	s.alive, s.end = context.WithCancel(context.Background())
	var errs [8]error
	s.machines, errs[0] = store.NewSet[machine](e.Store, "sfn.machine")
	s.versions, errs[1] = store.NewSet[version](e.Store, "sfn.version")
	s.aliases, errs[2] = store.NewSet[alias](e.Store, "sfn.alias")
	s.activities, errs[3] = store.NewSet[activity](e.Store, "sfn.activity")
	s.executions, errs[4] = store.NewSet[execution](e.Store, "sfn.execution")
	s.events, errs[5] = store.NewSetWith(e.Store, "sfn.event", encodeEvent, decodeEvent)
	same := func(b []byte) ([]byte, error) { return b, nil }
	s.records, errs[6] = store.NewSetWith(e.Store, "sfn.record", same, same)
	s.mapRuns, errs[7] = store.NewSet[mapRun](e.Store, "sfn.maprun")
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("opening the sets of Step Functions: %w", err)
	}
	s.events.Uncounted()
	s.records.Uncounted()
	return s, nil
}

// Close ends the work of tasks; executions go on when the service is made again.
func (s *Service) Close() error {
	s.mu.Lock()
	s.end() // within the lock: nothing is started after this
	all := make([]*live, 0, len(s.live))
	for _, l := range s.live {
		all = append(all, l)
	}
	s.mu.Unlock()
	for _, l := range all {
		l.rest()
	}
	s.work.Wait()
	s.away.CloseIdleConnections()
	return nil
}

// Wire lists what the service serves.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:     "states",
		Protocol: wire.AWSJSON10,
		Target:   "AWSStepFunctions",
		Operations: []wire.Operation{
			wire.QueryOp(s.CreateActivity, customerKeys),
			wire.QueryOp(s.CreateStateMachine, customerKeys),
			wire.QueryOp(s.CreateStateMachineAlias),
			wire.QueryOp(s.DeleteActivity),
			wire.QueryOp(s.DeleteStateMachine),
			wire.QueryOp(s.DeleteStateMachineAlias),
			wire.QueryOp(s.DeleteStateMachineVersion),
			wire.QueryOp(s.DescribeActivity),
			wire.QueryOp(s.DescribeExecution),
			wire.QueryOp(s.DescribeMapRun),
			wire.QueryOp(s.DescribeStateMachine),
			wire.QueryOp(s.DescribeStateMachineAlias),
			wire.QueryOp(s.DescribeStateMachineForExecution),
			wire.QueryOp(s.GetActivityTask),
			wire.QueryOp(s.GetExecutionHistory),
			wire.QueryOp(s.ListActivities),
			wire.QueryOp(s.ListExecutions),
			wire.QueryOp(s.ListMapRuns),
			wire.QueryOp(s.ListStateMachineAliases),
			wire.QueryOp(s.ListStateMachineVersions),
			wire.QueryOp(s.ListStateMachines),
			wire.QueryOp(s.ListTagsForResource),
			wire.QueryOp(s.PublishStateMachineVersion),
			wire.QueryOp(s.RedriveExecution),
			wire.QueryOp(s.SendTaskFailure),
			wire.QueryOp(s.SendTaskHeartbeat),
			wire.QueryOp(s.SendTaskSuccess),
			wire.QueryOp(s.StartExecution),
			wire.QueryOp(s.StartSyncExecution),
			wire.QueryOp(s.StopExecution),
			wire.QueryOp(s.TagResource),
			wire.QueryOp(s.TestState),
			wire.QueryOp(s.UntagResource),
			wire.QueryOp(s.UpdateMapRun),
			wire.QueryOp(s.UpdateStateMachine, customerKeys),
			wire.QueryOp(s.UpdateStateMachineAlias),
			wire.QueryOp(s.ValidateStateMachineDefinition),
		},
	}
}

// customerKeys: nothing is encrypted with keys of KMS here.
var customerKeys = wire.Refuse("EncryptionConfiguration.KmsKeyId", "EncryptionConfiguration.KmsDataKeyReusePeriodSeconds")

func invalid(format string, args ...any) error {
	return &smithy.GenericAPIError{Code: "ValidationException", Message: fmt.Sprintf(format, args...), Fault: smithy.FaultClient}
}

func invalidARN(arn string) error {
	return &types.InvalidArn{Message: ptr(fmt.Sprintf("Invalid Arn: 'Invalid ARN prefix: %s'", arn))}
}

func noMachine(arn string) error {
	return &types.StateMachineDoesNotExist{Message: ptr(fmt.Sprintf("State Machine Does Not Exist: '%s'", arn))}
}

// badName are the characters that names of state machines, executions and
// activities cannot have.
var badName = regexp.MustCompile("[\\s<>{}\\[\\]?*\"#%\\\\^|~`$&,;:/\\x00-\\x1f\\x7f-\\x9f]")

func checkName(name string) error {
	if name == "" || len(name) > 80 || badName.MatchString(name) {
		return &types.InvalidName{Message: ptr(fmt.Sprintf("Invalid Name: '%s'", name))}
	}
	return nil
}

// resource takes an ARN apart: its scope, its kind, and what follows the kind.
func resource(arn string, kinds ...string) (scope env.Scope, kind string, rest []string, err error) {
	p := strings.Split(arn, ":")
	if len(p) < 7 || p[0] != "arn" || p[2] != "states" {
		return scope, "", nil, invalidARN(arn)
	}
	for _, k := range kinds {
		if p[5] == k {
			return env.Scope{Region: p[3], Account: p[4]}, k, p[6:], nil
		}
	}
	return scope, "", nil, &types.InvalidArn{Message: ptr(fmt.Sprintf("Invalid Arn: 'Resource type not valid in this context: %s'", p[5]))}
}

// now is the time in whole milliseconds, as AWS keeps it.
func (s *Service) now() time.Time { return s.env.Clock.Now().UTC().Truncate(time.Millisecond) }

// page is the part of a list that a request asks for. Its token is the number of
// what came before.
func page[T any](all []T, size int32, token *string) (part []T, next *string, err error) {
	from := 0
	if token != nil {
		if _, err := fmt.Sscanf(*token, "next-%d", &from); err != nil || from < 0 || from > len(all) {
			return nil, nil, &types.InvalidToken{Message: ptr("Invalid Token: 'Invalid token'")}
		}
	}
	if size <= 0 {
		size = 100
	}
	end := min(from+int(size), len(all))
	if end < len(all) {
		next = ptr(fmt.Sprintf("next-%d", end))
	}
	return all[from:end], next, nil
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func ptr[T any](v T) *T { return &v }

func some(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

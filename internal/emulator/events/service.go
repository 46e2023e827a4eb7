// Package events is EventBridge: buses, rules with patterns, and the delivery of
// events to queues, functions, topics, state machines and other buses.
//
// It must not know what becomes of an event there: targets come in through the
// interfaces in [Targets]. Targets of other services are refused by name, and so are
// schedules, archives, replays, API destinations and endpoints. Connections are what
// HTTP tasks of state machines call servers with; they get it by [Service.Credentials].
package events

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge/schemas"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// Principal is how EventBridge calls itself when it sends to others.
const Principal = "events.amazonaws.com"

// Targets are what events go to. A nil one is not there: its targets are refused.
type Targets struct {
	Queues    Queues
	Functions Functions
	Topics    Topics
	Machines  Machines
}

// Queues take messages, by ARN; their policies decide whether EventBridge may send.
type Queues interface {
	Deliver(ctx context.Context, arn string, in *sqs.SendMessageInput) (*sqs.SendMessageOutput, error)
}

// Functions are invoked asynchronously; their policies decide whether EventBridge may.
type Functions interface {
	Enqueue(ctx context.Context, functionARN string, event []byte) error
}

// Topics take messages; their policies decide whether EventBridge may publish.
type Topics interface {
	Publish(context.Context, *sns.PublishInput) (*sns.PublishOutput, error)
}

// Machines start executions of state machines.
type Machines interface {
	Start(ctx context.Context, machineARN, roleARN string, input []byte) error
}

// A Service is EventBridge.
type Service struct {
	env     *env.Env
	Targets Targets

	buses       *store.Set[bus]        // by scope and name; the default bus only when it was changed
	rules       *store.Set[rule]       // by scope, bus and name
	connections *store.Set[connection] // by scope and name
	deliveries  *store.Set[delivery]   // to be tried again, by when

	away  http.RoundTripper // to servers that give tokens
	alive context.Context   //nolint:containedctx // the life of what works by itself
	end   context.CancelFunc
	work  sync.WaitGroup
	mu    sync.Mutex // of timer, and of beginning work
	timer clock.Timer

	trying sync.Mutex // one goroutine delivers again what is due, so that nothing goes twice
}

// New returns the service over the environment's store.
func New(e *env.Env) (*Service, error) {
	away := env.Loopback()
	s := &Service{env: e, away: away}
	s.alive, s.end = context.WithCancel(context.Background())
	context.AfterFunc(s.alive, away.CloseIdleConnections)
	var errs [4]error
	s.buses, errs[0] = store.NewSet[bus](e.Store, "events.bus")
	s.rules, errs[1] = store.NewSet[rule](e.Store, "events.rule")
	s.connections, errs[2] = store.NewSet[connection](e.Store, "events.connection")
	s.deliveries, errs[3] = store.NewSet[delivery](e.Store, "events.delivery")
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("opening EventBridge's sets: %w", err)
	}
	s.deliveries.Uncounted()
	return s, nil
}

// Close ends what the service does by itself, which goes on with Resume when it is
// made again.
func (s *Service) Close() error {
	s.mu.Lock()
	s.end() // within the lock: nothing is begun after this
	if s.timer != nil {
		s.timer.Stop()
	}
	s.mu.Unlock()
	s.work.Wait()
	return nil
}

// private are the settings of connections to servers within a VPC.
var private = wire.Refuse("AuthParameters.ConnectivityParameters", "InvocationConnectivityParameters")

// otherTargets are the settings of targets that no rule here has.
var otherTargets = []string{
	"Targets.AppSyncParameters", "Targets.BatchParameters", "Targets.EcsParameters", "Targets.HttpParameters", "Targets.KinesisParameters",
	"Targets.RedshiftDataParameters", "Targets.RunCommandParameters", "Targets.SageMakerPipelineParameters",
}

// Wire lists what the service serves.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:     "events",
		Protocol: wire.AWSJSON11,
		Schema:   schemas.AWSEvents,
		Operations: []wire.Operation{
			wire.Op(schemas.CreateConnection, s.CreateConnection, private),
			wire.Op(schemas.CreateEventBus, s.CreateEventBus, wire.Refuse("EventSourceName")),
			wire.Op(schemas.DeauthorizeConnection, s.DeauthorizeConnection),
			wire.Op(schemas.DeleteConnection, s.DeleteConnection),
			wire.Op(schemas.DeleteEventBus, s.DeleteEventBus),
			wire.Op(schemas.DeleteRule, s.DeleteRule),
			wire.Op(schemas.DescribeConnection, s.DescribeConnection),
			wire.Op(schemas.DescribeEventBus, s.DescribeEventBus),
			wire.Op(schemas.DescribeRule, s.DescribeRule),
			wire.Op(schemas.DisableRule, s.DisableRule),
			wire.Op(schemas.EnableRule, s.EnableRule),
			wire.Op(schemas.ListConnections, s.ListConnections),
			wire.Op(schemas.ListEventBuses, s.ListEventBuses),
			wire.Op(schemas.ListRuleNamesByTarget, s.ListRuleNamesByTarget),
			wire.Op(schemas.ListRules, s.ListRules),
			wire.Op(schemas.ListTagsForResource, s.ListTagsForResource),
			wire.Op(schemas.ListTargetsByRule, s.ListTargetsByRule),
			wire.Op(schemas.PutEvents, s.PutEvents, wire.Refuse("EndpointId")),
			wire.Op(schemas.PutPermission, s.PutPermission),
			wire.Op(schemas.PutRule, s.PutRule),
			wire.Op(schemas.PutTargets, s.PutTargets, wire.Refuse(otherTargets...)),
			wire.Op(schemas.RemovePermission, s.RemovePermission),
			wire.Op(schemas.RemoveTargets, s.RemoveTargets),
			wire.Op(schemas.TagResource, s.TagResource),
			wire.Op(schemas.TestEventPattern, s.TestEventPattern),
			wire.Op(schemas.UntagResource, s.UntagResource),
			wire.Op(schemas.UpdateConnection, s.UpdateConnection, private),
			wire.Op(schemas.UpdateEventBus, s.UpdateEventBus),
		},
	}
}

func invalid(format string, args ...any) error {
	return &smithy.GenericAPIError{Code: "ValidationException", Message: fmt.Sprintf(format, args...), Fault: smithy.FaultClient}
}

func notFound(format string, args ...any) error {
	return &types.ResourceNotFoundException{Message: ptr(fmt.Sprintf(format, args...))}
}

// busName is the name of a bus that a request gives as a name, an ARN, or not at
// all, and the scope that it is in.
func busName(ctx context.Context, given *string) (env.Scope, string) {
	scope, name := env.ScopeOf(ctx), value(given)
	if name == "" {
		return scope, defaultBus
	}
	if p := strings.SplitN(name, ":", 6); len(p) == 6 {
		scope = env.Scope{Region: p[3], Account: p[4]}
		name = strings.TrimPrefix(p[5], "event-bus/")
	}
	return scope, name
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func ptr[T any](v T) *T { return &v }

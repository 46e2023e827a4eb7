// Package logs is CloudWatch Logs: groups, streams, events and their retention.
// It must not know who writes the logs. Metric and subscription filters, queries,
// exports, deliveries, encryption and other log group classes than STANDARD are
// not emulated.
package logs

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/schemas"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// A Service is CloudWatch Logs.
type Service struct {
	env     *env.Env
	groups  *store.Set[group]  // by scope and name
	streams *store.Set[stream] // by scope, group and name
	events  *store.Set[event]  // by scope, group, stream, time and number

	flushing sync.Mutex // held until what was pending is stored

	mu      sync.Mutex
	number  int64 // of the last event
	pending []line
	waiting bool // a flush of pending is due
}

// group is a log group.
type group struct {
	Name      string
	Created   int64 // milliseconds, as all times here
	Retention int32 // days; 0 is for ever
	Protected bool
	Tags      map[string]string
}

// stream is a log stream. The times of events are 0 in a stream without any.
type stream struct {
	Name                     string
	Created                  int64
	First, Last, LastArrival int64
	Bytes                    int64
	Token                    string
}

// event is one event of a stream.
type event struct {
	Stream  string
	Time    int64
	Arrival int64
	Number  int64 // later events have larger numbers, over all streams
	Message string
}

// overhead is what AWS counts for an event besides its message, in bytes.
const overhead = 26

// New returns the service over the environment's store.
func New(e *env.Env) (*Service, error) {
	s := &Service{env: e}
	var errs [3]error
	s.groups, errs[0] = store.NewSet[group](e.Store, "logs.group")
	s.streams, errs[1] = store.NewSet[stream](e.Store, "logs.stream")
	s.events, errs[2] = store.NewSet[event](e.Store, "logs.event")
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("opening the sets of CloudWatch Logs: %w", err)
	}
	return s, nil
}

// Wire lists what the service serves.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:     "logs",
		Protocol: wire.AWSJSON11,
		Schema:   schemas.Logs_20140328,
		Operations: []wire.Operation{
			wire.Op(schemas.CreateLogGroup, s.CreateLogGroup, wire.Refuse("KmsKeyId"), wire.Unchecked("LogGroupName")),
			wire.Op(schemas.CreateLogStream, s.CreateLogStream, wire.Unchecked("LogStreamName")),
			wire.Op(schemas.DeleteLogGroup, s.DeleteLogGroup),
			wire.Op(schemas.DeleteLogStream, s.DeleteLogStream),
			wire.Op(schemas.DeleteRetentionPolicy, s.DeleteRetentionPolicy),
			wire.Op(schemas.DescribeLogGroups, s.DescribeLogGroups, wire.Refuse("AccountIdentifiers", "IncludeLinkedAccounts")),
			wire.Op(schemas.DescribeLogStreams, s.DescribeLogStreams),
			wire.Op(schemas.FilterLogEvents, s.FilterLogEvents, wire.Refuse("Unmask")),
			wire.Op(schemas.GetLogEvents, s.GetLogEvents, wire.Refuse("Unmask")),
			wire.Op(schemas.ListLogGroups, s.ListLogGroups, wire.Refuse("AccountIdentifiers", "DataSources", "FieldIndexNames", "IncludeLinkedAccounts", "LogGroupTags")),
			wire.Op(schemas.ListTagsForResource, s.ListTagsForResource, arnWithStar),
			wire.Op(schemas.ListTagsLogGroup, s.ListTagsLogGroup),
			wire.Op(schemas.PutLogEvents, s.PutLogEvents, wire.Refuse("Entity")),
			wire.Op(schemas.PutLogGroupDeletionProtection, s.PutLogGroupDeletionProtection),
			wire.Op(schemas.PutRetentionPolicy, s.PutRetentionPolicy),
			wire.Op(schemas.TagLogGroup, s.TagLogGroup),
			wire.Op(schemas.TagResource, s.TagResource, arnWithStar),
			wire.Op(schemas.UntagLogGroup, s.UntagLogGroup),
			wire.Op(schemas.UntagResource, s.UntagResource, arnWithStar),
		},
	}
}

// arnWithStar: AWS takes the ARN of a log group with :* at its end here, which its
// model's pattern does not allow.
var arnWithStar = wire.Unchecked("ResourceArn")

// find returns the log group of that name.
func (s *Service) find(ctx context.Context, tx *store.Tx, name string) (group, error) {
	g, ok := s.groups.Get(tx, env.ScopeOf(ctx).Key(name))
	if !ok {
		return g, &types.ResourceNotFoundException{Message: ptr("The specified log group does not exist.")}
	}
	return g, nil
}

// findStream returns the log stream of that name.
func (s *Service) findStream(ctx context.Context, tx *store.Tx, group, name string) (stream, error) {
	st, ok := s.streams.Get(tx, env.ScopeOf(ctx).Key(group, name))
	if !ok {
		return st, &types.ResourceNotFoundException{Message: ptr("The specified log stream does not exist.")}
	}
	return st, nil
}

// view calls f with the log group of that name, after what is pending is written.
func (s *Service) view(ctx context.Context, name string, f func(tx *store.Tx, g group) error) error {
	s.Flush()
	return s.env.Store.View(func(tx *store.Tx) error {
		g, err := s.find(ctx, tx, name)
		if err != nil {
			return err
		}
		return f(tx, g)
	})
}

// update changes the log group of that name within one commit.
func (s *Service) update(ctx context.Context, name string, f func(tx *store.Tx, g *group) error) error {
	s.Flush()
	return s.env.Store.Update(func(tx *store.Tx) error {
		g, err := s.find(ctx, tx, name)
		if err != nil {
			return err
		}
		if err := f(tx, &g); err != nil {
			return err
		}
		s.groups.Put(tx, env.ScopeOf(ctx).Key(name), g)
		return nil
	})
}

// now is the time in milliseconds.
func (s *Service) now() int64 { return s.env.Clock.Now().UnixMilli() }

// oldest is the time of the oldest event that the group keeps.
func (s *Service) oldest(g group) int64 {
	if g.Retention == 0 {
		return 0
	}
	return s.now() - int64(g.Retention)*24*time.Hour.Milliseconds()
}

var names = regexp.MustCompile(`^[.\-_/#A-Za-z0-9]+$`)

// checkName refuses what cannot be the name of a log group.
func checkName(name string) error {
	switch {
	case len(name) > 512:
		return invalid("Invalid LogGroup or LogStream, both must have length less than or equal to 512.")
	case !names.MatchString(name):
		return invalid("1 validation error detected: Value '%s' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+", name)
	case strings.HasPrefix(name, "aws/"):
		return invalid("Log groups starting with AWS/ are reserved for AWS.")
	}
	return nil
}

// nameOf returns the name of the log group that a request names by its name, or
// by an identifier, which is the name or the ARN.
func nameOf(name, identifier *string) (string, error) {
	switch {
	case name != nil && identifier != nil:
		return "", &types.ValidationException{Message: ptr("LogGroup name and LogGroup ARN are mutually exclusive parameters.")}
	case name == nil && identifier == nil:
		return "", &types.ValidationException{Message: ptr("At least one of logGroupName or logGroupIdentifier must be specified.")}
	case name != nil:
		return *name, nil
	}
	return nameIn(*identifier), nil
}

// nameIn is the name in a log group's ARN, with or without :* at its end; what is
// no ARN is a name.
func nameIn(identifier string) string {
	if _, rest, ok := strings.Cut(identifier, ":log-group:"); ok && strings.HasPrefix(identifier, "arn:") {
		return strings.TrimSuffix(rest, ":*")
	}
	return identifier
}

// arn is a log group's ARN, without :* at its end.
func arn(ctx context.Context, name string) string {
	return env.ScopeOf(ctx).ARN("logs", "log-group:"+name)
}

// value is *p, or the zero value where p is nil.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func ptr[T any](v T) *T { return &v }

func invalid(format string, args ...any) error {
	return &types.InvalidParameterException{Message: ptr(fmt.Sprintf(format, args...))}
}

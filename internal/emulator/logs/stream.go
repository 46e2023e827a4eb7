package logs

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// CreateLogStream makes a log stream.
func (s *Service) CreateLogStream(ctx context.Context, in *cloudwatchlogs.CreateLogStreamInput) (*cloudwatchlogs.CreateLogStreamOutput, error) {
	name := value(in.LogStreamName)
	switch {
	case len(name) > 512:
		return nil, invalid("Invalid LogGroup or LogStream, both must have length less than or equal to 512.")
	case name == "" || strings.ContainsAny(name, ":*\x00"):
		return nil, invalid("1 validation error detected: Value '%s' at 'logStreamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [^:*]*", name)
	}
	err := s.update(ctx, value(in.LogGroupName), func(tx *store.Tx, g *group) error {
		k := env.ScopeOf(ctx).Key(g.Name, name)
		if _, exists := s.streams.Get(tx, k); exists {
			return &types.ResourceAlreadyExistsException{Message: ptr("The specified log stream already exists")}
		}
		s.streams.Put(tx, k, stream{Name: name, Created: s.now()})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.CreateLogStreamOutput{}, nil
}

// DeleteLogStream removes a log stream and its events.
func (s *Service) DeleteLogStream(ctx context.Context, in *cloudwatchlogs.DeleteLogStreamInput) (*cloudwatchlogs.DeleteLogStreamOutput, error) {
	err := s.update(ctx, value(in.LogGroupName), func(tx *store.Tx, g *group) error {
		st, err := s.findStream(ctx, tx, g.Name, value(in.LogStreamName))
		if err != nil {
			return err
		}
		for _, k := range keysOf(tx, s.events, env.ScopeOf(ctx).Key(g.Name, st.Name, "")) {
			s.events.Delete(tx, k)
		}
		s.streams.Delete(tx, env.ScopeOf(ctx).Key(g.Name, st.Name))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.DeleteLogStreamOutput{}, nil
}

// DescribeLogStreams describes the streams of a log group by name or by the time
// of their last event.
func (s *Service) DescribeLogStreams(ctx context.Context, in *cloudwatchlogs.DescribeLogStreamsInput) (*cloudwatchlogs.DescribeLogStreamsOutput, error) {
	name, err := nameOf(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	byTime := in.OrderBy == types.OrderByLastEventTime
	if byTime && in.LogStreamNamePrefix != nil {
		return nil, invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
	}
	after, err := decodeToken(in.NextToken)
	if err != nil {
		return nil, err
	}
	var streams []stream
	err = s.view(ctx, name, func(tx *store.Tx, g group) error {
		for _, st := range s.streams.Prefix(tx, env.ScopeOf(ctx).Key(g.Name, value(in.LogStreamNamePrefix))) {
			streams = append(streams, st)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(streams, func(a, b stream) int {
		c := strings.Compare(a.Name, b.Name)
		if byTime {
			c = cmp.Or(cmp.Compare(a.Last, b.Last), c)
		}
		if value(in.Descending) {
			c = -c
		}
		return c
	})
	if after != "" {
		i := slices.IndexFunc(streams, func(st stream) bool { return st.Name == after })
		if i < 0 {
			return nil, invalid("The specified nextToken is invalid.")
		}
		streams = streams[i+1:]
	}
	out := &cloudwatchlogs.DescribeLogStreamsOutput{LogStreams: []types.LogStream{}}
	limit := defaultPage
	if in.Limit != nil {
		limit = int(*in.Limit)
	}
	if len(streams) > limit {
		streams = streams[:limit]
		out.NextToken = encodeToken(streams[limit-1].Name)
	}
	for _, st := range streams {
		out.LogStreams = append(out.LogStreams, st.describe(arn(ctx, name)))
	}
	return out, nil
}

// describe is the stream as it is returned. Its storedBytes are always 0, as on
// AWS since 2019.
func (st stream) describe(groupARN string) types.LogStream {
	out := types.LogStream{
		Arn:           ptr(groupARN + ":log-stream:" + st.Name),
		CreationTime:  &st.Created,
		LogStreamName: &st.Name,
		StoredBytes:   ptr(int64(0)), //nolint:staticcheck // AWS still returns it
	}
	if st.Token != "" {
		out.UploadSequenceToken = &st.Token
		out.FirstEventTimestamp, out.LastEventTimestamp, out.LastIngestionTime = &st.First, &st.Last, &st.LastArrival
	}
	return out
}

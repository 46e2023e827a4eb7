package logs

import (
	"context"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// What one answer holds at most.
const (
	maxEvents = 10000
	maxAnswer = 1 << 20 // bytes, with each event's overhead
)

var eventsToken = regexp.MustCompile(`^([fb])/([0-9]{56})/s$`)

// GetLogEvents returns the events of one stream in the order of their times: from
// the head, or the latest, and then on in either direction by tokens. At an end of
// the stream, the token is the one that was sent.
func (s *Service) GetLogEvents(ctx context.Context, in *cloudwatchlogs.GetLogEventsInput) (*cloudwatchlogs.GetLogEventsOutput, error) {
	name, err := nameOf(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	forward, from := value(in.StartFromHead), ""
	if in.NextToken != nil {
		parts := eventsToken.FindStringSubmatch(*in.NextToken)
		if parts == nil {
			return nil, invalid("The specified nextToken is invalid.")
		}
		forward, from = parts[1] == "f", parts[2]
	}
	var found []event
	err = s.view(ctx, name, func(tx *store.Tx, g group) error {
		st, err := s.findStream(ctx, tx, g.Name, value(in.LogStreamName))
		if err != nil {
			return err
		}
		w := s.window(g, in.StartTime, in.EndTime)
		prefix := env.ScopeOf(ctx).Key(g.Name, st.Name, "")
		if forward {
			found = s.forward(tx, prefix, from, w, limitOf(in.Limit))
		} else {
			found = s.backward(tx, prefix, from, w, limitOf(in.Limit))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	first, last := from, from
	if from == "" {
		first, last = strings.Repeat("0", 56), strings.Repeat("0", 56)
	}
	if len(found) > 0 {
		first, last = found[0].position(), found[len(found)-1].position()
	}
	out := &cloudwatchlogs.GetLogEventsOutput{
		Events:            []types.OutputLogEvent{},
		NextBackwardToken: ptr("b/" + first + "/s"),
		NextForwardToken:  ptr("f/" + last + "/s"),
	}
	for _, e := range found {
		out.Events = append(out.Events, types.OutputLogEvent{IngestionTime: &e.Arrival, Message: &e.Message, Timestamp: &e.Time})
	}
	return out, nil
}

func limitOf(limit *int32) int {
	if limit == nil {
		return maxEvents
	}
	return int(*limit)
}

// window is a span of time: its start belongs to it, its end does not.
type window struct{ start, end int64 }

func (s *Service) window(g group, start, end *int64) window {
	w := window{max(value(start), s.oldest(g)), math.MaxInt64}
	if end != nil {
		w.end = *end
	}
	return w
}

func (w window) has(e event) bool { return e.Time >= w.start && e.Time < w.end }

// forward returns the first events behind a position; from the head where it is
// empty.
func (s *Service) forward(tx *store.Tx, prefix, from string, w window, limit int) (found []event) {
	bytes := 0
	for k, e := range s.events.From(tx, prefix+from) {
		bytes += len(e.Message) + overhead
		if !strings.HasPrefix(k, prefix) || len(found) == limit || bytes > maxAnswer {
			break
		}
		if k != prefix+from && w.has(e) {
			found = append(found, e)
		}
	}
	return found
}

// backward returns the last events before a position; the latest of all where it
// is empty.
func (s *Service) backward(tx *store.Tx, prefix, from string, w window, limit int) (found []event) {
	if from == "" {
		from = "~" // behind all digits
	}
	bytes := 0
	for k, e := range s.events.DownFrom(tx, prefix+from) {
		bytes += len(e.Message) + overhead
		if !strings.HasPrefix(k, prefix) || len(found) == limit || bytes > maxAnswer {
			break
		}
		if k != prefix+from && w.has(e) {
			found = append(found, e)
		}
	}
	slices.Reverse(found)
	return found
}

// FilterLogEvents returns the events of a group's streams that match a pattern, in
// the order of their times.
func (s *Service) FilterLogEvents(ctx context.Context, in *cloudwatchlogs.FilterLogEventsInput) (*cloudwatchlogs.FilterLogEventsOutput, error) {
	_ = in.Interleaved //nolint:staticcheck // AWS takes it, and always interleaves events since 2019
	name, err := nameOf(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	if in.LogStreamNames != nil && in.LogStreamNamePrefix != nil {
		return nil, invalid("LogStreamNamePrefix and LogStreamNames are mutually exclusive parameters.")
	}
	if in.StartFromHead != nil && !*in.StartFromHead {
		return nil, invalid("StartFromHead false is not emulated; FilterLogEvents starts from the head")
	}
	p, err := parsePattern(value(in.FilterPattern))
	if err != nil {
		return nil, err
	}
	after, err := decodeToken(in.NextToken)
	if err != nil || after != "" && len(after) != 56 {
		return nil, invalid("The specified nextToken is invalid.")
	}
	var found []event
	err = s.view(ctx, name, func(tx *store.Tx, g group) error {
		for _, streamName := range in.LogStreamNames {
			if _, err := s.findStream(ctx, tx, g.Name, streamName); err != nil {
				return err
			}
		}
		w := s.window(g, in.StartTime, in.EndTime)
		for _, e := range s.events.Prefix(tx, env.ScopeOf(ctx).Key(g.Name, "")) {
			if strings.HasPrefix(e.Stream, value(in.LogStreamNamePrefix)) &&
				(in.LogStreamNames == nil || slices.Contains(in.LogStreamNames, e.Stream)) &&
				w.has(e) && p.matches(e.Message) && (after == "" || e.position() > after) {
				found = append(found, e)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b event) int { return strings.Compare(a.position(), b.position()) })
	out := &cloudwatchlogs.FilterLogEventsOutput{Events: []types.FilteredLogEvent{}, SearchedLogStreams: []types.SearchedLogStream{}}
	bytes := 0
	for i, e := range found {
		if bytes += len(e.Message) + overhead; i > 0 && (i == limitOf(in.Limit) || bytes > maxAnswer) {
			out.NextToken = encodeToken(found[i-1].position())
			break
		}
		out.Events = append(out.Events, types.FilteredLogEvent{
			EventId: ptr(e.position()), IngestionTime: &e.Arrival, LogStreamName: &e.Stream, Message: &e.Message, Timestamp: &e.Time,
		})
	}
	return out, nil
}

package logs

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// How far an event's time may be from now, and the events of a batch apart.
const (
	maxAge   = 14 * 24 * time.Hour
	maxAhead = 2 * time.Hour
	maxSpan  = 24 * time.Hour
	maxBatch = 1 << 20 // bytes
)

// PutLogEvents writes events, in the order of their times, to a stream. Events
// that are too old or too new are left out, and the output says which.
func (s *Service) PutLogEvents(ctx context.Context, in *cloudwatchlogs.PutLogEventsInput) (*cloudwatchlogs.PutLogEventsOutput, error) {
	_ = in.SequenceToken // AWS has ignored it since 2023
	events := in.LogEvents
	total := 0
	for i, e := range events {
		if i > 0 && value(e.Timestamp) < value(events[i-1].Timestamp) {
			return nil, invalid("Log events in a single PutLogEvents request must be in chronological order.")
		}
		total += len(value(e.Message)) + overhead
	}
	switch {
	case len(events) == 0:
		return nil, invalid("1 validation error detected: Value '[]' at 'logEvents' failed to satisfy constraint: Member must have length greater than or equal to 1")
	case total > maxBatch:
		return nil, invalid("Upload too large: %d bytes exceeds limit of %d", total, maxBatch)
	case value(events[len(events)-1].Timestamp)-value(events[0].Timestamp) > maxSpan.Milliseconds():
		return nil, invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
	}
	out := &cloudwatchlogs.PutLogEventsOutput{}
	err := s.update(ctx, value(in.LogGroupName), func(tx *store.Tx, g *group) error {
		st, err := s.findStream(ctx, tx, g.Name, value(in.LogStreamName))
		if err != nil {
			return err
		}
		accepted, rejected := s.accept(*g, events)
		for _, e := range accepted {
			s.put(ctx, tx, g.Name, &st, *e.Timestamp, value(e.Message))
		}
		s.trim(ctx, tx, *g, &st)
		st.Token = fmt.Sprintf("%056d", s.next())
		s.streams.Put(tx, env.ScopeOf(ctx).Key(g.Name, st.Name), st)
		out.NextSequenceToken, out.RejectedLogEventsInfo = &st.Token, rejected
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// accept returns the events that may be written, and which may not.
func (s *Service) accept(g group, events []types.InputLogEvent) ([]types.InputLogEvent, *types.RejectedLogEventsInfo) {
	now := s.now()
	before := func(limit int64) int {
		i := slices.IndexFunc(events, func(e types.InputLogEvent) bool { return value(e.Timestamp) >= limit })
		if i < 0 {
			i = len(events)
		}
		return i
	}
	old, expired, start := before(now-maxAge.Milliseconds()), before(s.oldest(g)), before(now+maxAhead.Milliseconds()+1)
	var r types.RejectedLogEventsInfo
	if old > 0 {
		r.TooOldLogEventEndIndex = ptr(int32(old))
	}
	if expired > old {
		r.ExpiredLogEventEndIndex = ptr(int32(expired))
	}
	if start < len(events) {
		r.TooNewLogEventStartIndex = ptr(int32(start))
	}
	if r.TooOldLogEventEndIndex == nil && r.ExpiredLogEventEndIndex == nil && r.TooNewLogEventStartIndex == nil {
		return events, nil
	}
	return events[min(max(old, expired), start):start], &r
}

// put adds one event to a stream, whose record the caller stores.
func (s *Service) put(ctx context.Context, tx *store.Tx, groupName string, st *stream, at int64, message string) {
	e := event{Stream: st.Name, Time: at, Arrival: s.now(), Number: s.next(), Message: message}
	s.events.Put(tx, env.ScopeOf(ctx).Key(groupName, st.Name, e.position()), e)
	if st.First == 0 || at < st.First {
		st.First = at
	}
	st.Last = max(st.Last, at)
	st.LastArrival = e.Arrival
	st.Bytes += int64(len(message)) + overhead
}

// next is the number of the next event; it grows over restarts too.
func (s *Service) next() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.number = max(s.number+1, s.env.Clock.Now().UnixNano())
	return s.number
}

// position is the event's place among others: 56 digits, as AWS's event ids have.
func (e event) position() string { return fmt.Sprintf("%036d%020d", max(e.Time, 0), e.Number) }

// trim removes the events of a stream that the group no longer keeps.
func (s *Service) trim(ctx context.Context, tx *store.Tx, g group, st *stream) {
	limit, prefix := s.oldest(g), env.ScopeOf(ctx).Key(g.Name, st.Name, "")
	if st.First >= limit {
		return // to look at a set that has changed costs a copy of its nodes
	}
	var expired []string
	for k, e := range s.events.Prefix(tx, prefix) {
		if e.Time >= limit {
			st.First = max(st.First, e.Time)
			break
		}
		expired = append(expired, k)
		st.Bytes -= int64(len(e.Message)) + overhead
	}
	for _, k := range expired {
		s.events.Delete(tx, k)
	}
}

// line is text on its way from an emulated service to a stream.
type line struct {
	scope         env.Scope
	group, stream string
	at            time.Time
	text          string
	mayMake       func() bool // the group; nil for never
	makes         bool        // the group, if it is not there: it may
}

// flushAfter is how long lines wait for others to be written with them.
const flushAfter = 50 * time.Millisecond

// Append writes lines to a stream as an emulated service does: the stream is made when
// it is missing, and the group if mayMake, which is asked only then, is not nil and
// allows it. Where the group is not there, the lines are dropped. Append does not wait
// until the lines are stored, which is soon; every operation of this service sees them.
func (s *Service) Append(ctx context.Context, groupName, streamName string, at time.Time, mayMake func() bool, lines ...string) error {
	if err := checkName(groupName); err != nil {
		return err
	}
	if streamName == "" || strings.ContainsAny(streamName, ":*\x00") {
		return fmt.Errorf("appending to %s: %q cannot be the name of a log stream", groupName, streamName)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if mayMake != nil {
		mayMake = sync.OnceValue(mayMake)
	}
	l := line{scope: env.ScopeOf(ctx), group: groupName, stream: streamName, at: at, mayMake: mayMake}
	for _, l.text = range lines {
		s.pending = append(s.pending, l)
	}
	if !s.waiting && len(s.pending) > 0 {
		s.waiting = true
		s.env.Clock.AfterFunc(flushAfter, s.Flush)
	}
	return nil
}

// Close stores the lines that are pending.
func (s *Service) Close() error {
	s.Flush()
	return nil
}

// Flush stores the lines that are pending.
func (s *Service) Flush() {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	s.mu.Lock()
	lines := s.pending
	s.pending, s.waiting = nil, false
	s.mu.Unlock()
	if lines == nil {
		return
	}
	lines, err := s.kept(lines)
	if err == nil {
		err = s.write(lines)
	}
	if err != nil {
		s.env.Log.Error("log lines were lost", "lines", len(lines), "reason", err)
	}
}

// kept are the lines whose group is there, or may be made. Whether it may is not asked
// within a transaction: who is asked may look into the store. A group that is there now
// may be gone when the lines are written.
func (s *Service) kept(lines []line) ([]line, error) {
	missing := map[string]bool{}
	err := s.env.Store.View(func(tx *store.Tx) error {
		for _, l := range lines {
			key := l.scope.Key(l.group)
			if _, asked := missing[key]; !asked {
				_, there := s.groups.Get(tx, key)
				missing[key] = !there
			}
		}
		return nil
	})
	var kept []line
	for _, l := range lines {
		key := l.scope.Key(l.group)
		if missing[key] && l.mayMake != nil && l.mayMake() {
			missing[key], l.makes = false, true
		}
		if !missing[key] {
			kept = append(kept, l)
		}
	}
	return kept, err
}

// write stores lines, with the streams that are missing, and the groups that they make.
func (s *Service) write(lines []line) error {
	return s.env.Store.Update(func(tx *store.Tx) error {
		for _, l := range lines {
			ctx := env.WithScope(context.Background(), l.scope)
			g, err := s.find(ctx, tx, l.group)
			if err != nil && !l.makes {
				continue // the group was deleted meanwhile
			}
			if err != nil {
				g = group{Name: l.group, Created: s.now()}
				s.groups.Put(tx, l.scope.Key(l.group), g)
			}
			st, err := s.findStream(ctx, tx, l.group, l.stream)
			if err != nil {
				st = stream{Name: l.stream, Created: s.now()}
			}
			s.put(ctx, tx, l.group, &st, l.at.UnixMilli(), l.text)
			if st.Token == "" {
				st.Token = fmt.Sprintf("%056d", s.next())
			}
			s.trim(ctx, tx, g, &st)
			s.streams.Put(tx, l.scope.Key(l.group, l.stream), st)
		}
		return nil
	})
}

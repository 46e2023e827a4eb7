package eventsource_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/lambda/eventsource"
)

var epoch = time.Unix(600, 0).UTC()

// stream is the records of a shard, each a number.
type stream struct {
	mu      sync.Mutex
	records []eventsource.Record
	closed  bool
	more    chan struct{} // closed when there are more
}

func newStream(n ...int) *stream {
	s := &stream{more: make(chan struct{})}
	s.put(epoch, n...)
	return s
}

func (s *stream) put(at time.Time, n ...int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range n {
		s.records = append(s.records, eventsource.Record{
			Sequence: fmt.Sprintf("%04d", v), Key: fmt.Sprint(v % 7), At: at, Record: json.RawMessage(fmt.Sprint(v)),
		})
	}
	close(s.more)
	s.more = make(chan struct{})
}

func (s *stream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	close(s.more)
	s.more = make(chan struct{})
}

// reader is a place in the stream.
type reader struct {
	*stream
	after string
}

func (s *stream) open(after string) (eventsource.Stream, error) { return &reader{s, after}, nil }

func (r *reader) Close() {}

func (r *reader) Next(ctx context.Context, most int) ([]eventsource.Record, error) {
	for {
		r.mu.Lock()
		i := slices.IndexFunc(r.records, func(e eventsource.Record) bool { return e.Sequence > r.after })
		if i >= 0 {
			out := slices.Clone(r.records[i:min(len(r.records), i+most)])
			r.after = out[len(out)-1].Sequence
			r.mu.Unlock()
			return out, nil
		}
		closed, more := r.closed, r.more
		r.mu.Unlock()
		if closed {
			return nil, io.EOF
		}
		select {
		case <-more:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// kept are the positions of lanes, and what was given up.
type kept struct {
	mu    sync.Mutex
	lanes map[int]eventsource.Position
	lost  []string
}

func (k *kept) mapping(s *stream, f *function, c clock.Clock, m eventsource.StreamMapping) *eventsource.StreamMapping {
	k.lanes = map[int]eventsource.Position{}
	m.Open, m.Function, m.Clock, m.Log = s.open, f, c, quiet
	m.Position = func(lane int) eventsource.Position { k.mu.Lock(); defer k.mu.Unlock(); return k.lanes[lane] }
	m.Save = func(lane int, p eventsource.Position) error {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.lanes[lane] = p
		return nil
	}
	m.Report, m.NewID = func(string) {}, func() string { return "id" }
	m.GiveUp = func(_ context.Context, l eventsource.Lost) error {
		k.mu.Lock()
		defer k.mu.Unlock()
		var r struct {
			RequestContext struct {
				Condition string
				Calls     int `json:"approximateInvokeCount"`
			}
			DDBStreamBatchInfo struct{ StartSequenceNumber, EndSequenceNumber string }
		}
		if err := json.Unmarshal(l.Record, &r); err != nil {
			return err
		}
		k.lost = append(k.lost, fmt.Sprintf("%s-%s %s after %d", r.DDBStreamBatchInfo.StartSequenceNumber, r.DDBStreamBatchInfo.EndSequenceNumber, r.RequestContext.Condition, r.RequestContext.Calls))
		return nil
	}
	if m.Batch == 0 {
		m.Batch = 100
	}
	if m.Lanes == 0 {
		m.Lanes = 1
	}
	if m.MaxAge == 0 {
		m.MaxAge = -1
	}
	m.StreamARN, m.Shard = "stream", "shard"
	return &m
}

// fails makes a function fail on every event with that record.
func fails(record string) func(string) (string, bool, error) {
	return func(event string) (string, bool, error) {
		var v struct{ Records []int }
		_ = json.Unmarshal([]byte(event), &v) // the tests' own events
		return "", slices.Contains(strings.Fields(strings.Trim(fmt.Sprint(v.Records), "[]")), record), nil
	}
}

func TestStream(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		mapping eventsource.StreamMapping
		answer  func(string) (string, bool, error)
		want    []string
		lost    []string
		after   string
	}{
		{"batches", eventsource.StreamMapping{Batch: 2}, nil, []string{"1 2", "3 4"}, nil, "0004"},
		{"filtered", eventsource.StreamMapping{Filter: func(r json.RawMessage) bool { return string(r) != "2" }}, nil, []string{"1 3 4"}, nil, "0004"},
		{"retried and given up", eventsource.StreamMapping{Batch: 2, Retries: 2}, fails("2"), []string{"1 2", "1 2", "1 2", "3 4"}, []string{"0001-0002 RetryAttemptsExhausted after 3"}, "0004"},
		{"bisected", eventsource.StreamMapping{Bisect: true}, fails("3"), []string{"1 2 3 4", "1 2", "3 4", "3", "4"}, []string{"0003-0003 RetryAttemptsExhausted after 3"}, "0004"},
		{"partial", eventsource.StreamMapping{Partial: true, Retries: 1}, says(`{"batchItemFailures":[{"itemIdentifier":"0003"},{"itemIdentifier":"0004"}]}`), []string{"1 2 3 4", "3 4"}, []string{"0003-0004 RetryAttemptsExhausted after 2"}, "0004"},
		{"too old", eventsource.StreamMapping{MaxAge: time.Second}, nil, nil, []string{"0001-0004 RecordAgeExceeded after 1"}, "0004"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, s, k, fake := &function{answer: c.answer}, newStream(1, 2, 3, 4), &kept{}, clock.NewFake(epoch.Add(time.Minute))
				run(t, k.mapping(s, f, fake, c.mapping).Run, func() {
					for range 10 {
						fake.Advance(time.Minute)
						synctest.Wait()
					}
				})
				if got := f.got(); !slices.Equal(got, c.want) {
					t.Errorf("got %q, want %q", got, c.want)
				}
				if !slices.Equal(k.lost, c.lost) {
					t.Errorf("lost %q, want %q", k.lost, c.lost)
				}
				if got := k.lanes[0].After; got != c.after {
					t.Errorf("at %s, want %s", got, c.after)
				}
			})
		})
	}
}

// TestTumbling hands the state from event to event of a window, and ends windows
// when their time is over or a later record comes.
func TestTumbling(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, s, k, fake := &function{}, newStream(1), &kept{}, clock.NewFake(epoch)
		n := 0
		f.answer = func(string) (string, bool, error) { n++; return fmt.Sprintf(`{"state":{"n":%d}}`, n), false, nil }
		run(t, k.mapping(s, f, fake, eventsource.StreamMapping{Tumbling: time.Minute}).Run, func() {
			s.put(epoch.Add(30*time.Second), 2)
			synctest.Wait()
			s.put(epoch.Add(70*time.Second), 3)
			synctest.Wait()
			fake.Advance(2 * time.Minute)
		})
		window := func(start, end, state string, records string, final bool) string {
			return fmt.Sprintf(`{"Records":[%s],"window":{"start":"1970-01-01T00:%sZ","end":"1970-01-01T00:%sZ"},"state":%s,"shardId":"shard","eventSourceARN":"stream","isFinalInvokeForWindow":%v,"isWindowTerminatedEarly":false}`, records, start, end, state, final)
		}
		want := []string{
			window("10:00", "11:00", "{}", "1", false), window("10:00", "11:00", `{"n":1}`, "2", false), window("10:00", "11:00", `{"n":2}`, "", true),
			window("11:00", "12:00", "{}", "3", false), window("11:00", "12:00", `{"n":4}`, "", true),
		}
		if !slices.Equal(f.events, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(f.events, "\n"), strings.Join(want, "\n"))
		}
		if p := k.lanes[0]; !p.Window.IsZero() || p.State != nil || p.After != "0003" {
			t.Errorf("ended at %+v", p)
		}
	})
}

// TestSkipped has a lane come as far as the stream, also where all records are for
// other lanes or not for the function.
func TestSkipped(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		mapping eventsource.StreamMapping
	}{
		{"other lanes", eventsource.StreamMapping{Lanes: 3}},
		{"filtered", eventsource.StreamMapping{Filter: func(json.RawMessage) bool { return false }}},
		{"the last are filtered", eventsource.StreamMapping{Batch: 2, Filter: func(r json.RawMessage) bool { return string(r) == "7" }}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, s, k := &function{}, newStream(7, 14, 21), &kept{}
				m := k.mapping(s, f, clock.NewFake(epoch), c.mapping)
				run(t, m.Run, nil)
				for lane := range m.Lanes {
					if got := k.lanes[lane].After; got != "0021" {
						t.Errorf("lane %d is at %q, want 0021", lane, got)
					}
				}
			})
		})
	}
}

// TestStoppedWindow leaves a window open whose records have not been handled when the
// mapping stops.
func TestStoppedWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, s, k := &function{answer: fails("1")}, newStream(1), &kept{}
		m := k.mapping(s, f, clock.NewFake(epoch.Add(time.Hour)), eventsource.StreamMapping{Tumbling: time.Minute, Retries: -1})
		run(t, m.Run, nil)
		for _, e := range f.events {
			if strings.Contains(e, `"isFinalInvokeForWindow":true`) {
				t.Errorf("the window was ended: %s", e)
			}
		}
		if len(f.events) != 1 || k.lanes[0].After != "" {
			t.Errorf("%d events, at %q", len(f.events), k.lanes[0].After)
		}
	})
}

// TestFullWindow ends a window early whose state is too large, once its records are
// handled; those that failed are tried in their window.
func TestFullWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, s, k, fake := &function{}, newStream(1, 2), &kept{}, clock.NewFake(epoch)
		calls := 0
		f.answer = func(string) (string, bool, error) {
			if calls++; calls == 1 {
				return `{"state":{"n":"` + strings.Repeat("x", 1<<20) + `"},"batchItemFailures":[{"itemIdentifier":"0002"}]}`, false, nil
			}
			return "", false, nil
		}
		run(t, k.mapping(s, f, fake, eventsource.StreamMapping{Tumbling: time.Minute, Retries: -1, Partial: true}).Run, func() { fake.Advance(time.Second) })
		want := []string{`"Records":[1,2]`, `"Records":[2]`, `"isFinalInvokeForWindow":true,"isWindowTerminatedEarly":true`}
		if len(f.events) != len(want) {
			t.Fatalf("got %q", f.events)
		}
		for i, w := range want {
			if !strings.Contains(f.events[i], w) || !strings.Contains(f.events[i], `"start":"1970-01-01T00:10:00Z"`) {
				t.Errorf("event %d is %s, want %s", i, f.events[i], w)
			}
		}
	})
}

// TestStreamModel delivers all records, those of one key in order, over restarts at
// any time, and to a function that fails now and then.
func TestStreamModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		n, lanes := rapid.IntRange(1, 50).Draw(r, "records"), rapid.IntRange(1, 4).Draw(r, "lanes")
		batch, bisect := rapid.IntRange(1, 9).Draw(r, "batch"), rapid.Bool().Draw(r, "bisect")
		failing := rapid.IntRange(0, 3).Draw(r, "failing")
		synctest.Test(t, func(t *testing.T) {
			f, s, k, fake := &function{}, newStream(), &kept{}, clock.NewFake(epoch)
			calls := 0
			f.answer = func(string) (string, bool, error) { calls++; return "", failing > 0 && calls%4 < failing, nil }
			m := k.mapping(s, f, fake, eventsource.StreamMapping{Batch: batch, Lanes: lanes, Bisect: bisect, Retries: -1})
			ok := []string{}
			f.mu.Lock()
			whole := f.answer
			f.answer = func(event string) (string, bool, error) {
				payload, failed, err := whole(event)
				if !failed {
					ok = append(ok, event)
				}
				return payload, failed, err
			}
			f.mu.Unlock()
			for i := range n {
				s.put(epoch, i)
				if i == n/2 {
					run(t, m.Run, func() { fake.Advance(time.Second) })
				}
			}
			s.end()
			run(t, m.Run, func() {
				for range 400 {
					fake.Advance(time.Minute)
					synctest.Wait()
				}
			})
			last := map[int]int{}
			seen := map[int]bool{}
			for _, e := range ok {
				var v struct{ Records []int }
				if err := json.Unmarshal([]byte(e), &v); err != nil {
					t.Fatal(err)
				}
				for _, id := range v.Records {
					if before, there := last[id%7]; there && before > id && !seen[id] {
						t.Errorf("%d came first after %d", id, before)
					}
					last[id%7], seen[id] = max(last[id%7], id), true
				}
			}
			if len(seen) != n {
				t.Errorf("%d of %d were delivered", len(seen), n)
			}
		})
	})
}

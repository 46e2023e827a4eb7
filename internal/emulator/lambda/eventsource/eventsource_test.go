package eventsource_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
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

var quiet = slog.New(slog.DiscardHandler)

// function answers as it is told, and notes its events.
type function struct {
	mu     sync.Mutex
	events []string
	answer func(event string) (string, bool, error) // payload, failed
}

func (f *function) Invoke(_ context.Context, event []byte) (eventsource.Answer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = append(f.events, string(event))
	payload, failed, err := "", false, error(nil)
	if f.answer != nil {
		payload, failed, err = f.answer(string(event))
	}
	return eventsource.Answer{Payload: []byte(payload), Failed: failed, Version: "$LATEST", RequestID: "r"}, err
}

// got are the events, shortened to the numbers of their records.
func (f *function) got() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, e := range f.events {
		var v struct{ Records []int }
		if err := json.Unmarshal([]byte(e), &v); err != nil {
			out = append(out, e)
			continue
		}
		out = append(out, strings.Trim(fmt.Sprint(v.Records), "[]"))
	}
	return out
}

// queue is a queue of numbers, of which what is taken is hidden.
type queue struct {
	mu      sync.Mutex
	visible []int
	hidden  map[int]bool
	more    chan struct{}
}

func newQueue(n ...int) *queue {
	return &queue{visible: n, hidden: map[int]bool{}, more: make(chan struct{}, 1)}
}

func (q *queue) put(n ...int) {
	q.mu.Lock()
	q.visible = append(q.visible, n...)
	q.mu.Unlock()
	select {
	case q.more <- struct{}{}:
	default:
	}
}

func (q *queue) Take(ctx context.Context, most int) ([]eventsource.Message, error) {
	for {
		q.mu.Lock()
		n := min(most, len(q.visible))
		var out []eventsource.Message
		for _, v := range q.visible[:n] {
			q.hidden[v] = true
			id := fmt.Sprint(v)
			out = append(out, eventsource.Message{ID: id, Handle: id, Record: json.RawMessage(id)})
		}
		q.visible = q.visible[n:]
		q.mu.Unlock()
		if n > 0 {
			return out, nil
		}
		select {
		case <-q.more:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (q *queue) drop(taken []eventsource.Message, back bool) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, m := range taken {
		var n int
		if _, err := fmt.Sscan(m.ID, &n); err != nil || !q.hidden[n] {
			return errors.New("it was not taken: " + m.ID)
		}
		delete(q.hidden, n)
		if back {
			q.visible = append(q.visible, n)
		}
	}
	return nil
}

func (q *queue) Delete(_ context.Context, taken []eventsource.Message) error {
	return q.drop(taken, false)
}

func (q *queue) Release(_ context.Context, taken []eventsource.Message) error {
	return q.drop(taken, true)
}

// left are the messages that are there yet, hidden ones behind a bar.
func (q *queue) left() string {
	q.mu.Lock()
	defer q.mu.Unlock()
	var hidden []int
	for n := range q.hidden {
		hidden = append(hidden, n)
	}
	slices.Sort(hidden)
	return fmt.Sprintf("%v | %v", q.visible, hidden)
}

// run runs a mapping until everything rests, and then ends it.
func run(t *testing.T, f func(context.Context) error, during func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	synctest.Wait()
	if during != nil {
		during()
		synctest.Wait()
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestQueue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		mapping eventsource.QueueMapping
		answer  func(string) (string, bool, error)
		want    []string
		left    string
	}{
		{"batches", eventsource.QueueMapping{Batch: 2}, nil, []string{"1 2", "3"}, "[] | []"},
		{"filtered", eventsource.QueueMapping{Batch: 10, Filter: func(r json.RawMessage) bool { return string(r) != "2" }}, nil, []string{"1 3"}, "[] | []"},
		{"failed", eventsource.QueueMapping{Batch: 10}, func(string) (string, bool, error) { return "", true, nil }, []string{"1 2 3"}, "[] | [1 2 3]"},
		{"unanswerable", eventsource.QueueMapping{Batch: 10}, func(string) (string, bool, error) { return "", false, io.EOF }, []string{"1 2 3"}, "[] | [1 2 3]"},
		{"partial", eventsource.QueueMapping{Batch: 10, Partial: true}, says(`{"batchItemFailures":[{"itemIdentifier":"2"}]}`), []string{"1 2 3"}, "[] | [2]"},
		{"partial, not asked", eventsource.QueueMapping{Batch: 10}, says(`{"batchItemFailures":[{"itemIdentifier":"2"}]}`), []string{"1 2 3"}, "[] | []"},
		{"nothing failed", eventsource.QueueMapping{Batch: 10, Partial: true}, says(`{"batchItemFailures":[]}`), []string{"1 2 3"}, "[] | []"},
		{"null", eventsource.QueueMapping{Batch: 10, Partial: true}, says(`null`), []string{"1 2 3"}, "[] | []"},
		{"no object", eventsource.QueueMapping{Batch: 10, Partial: true}, says(`"x"`), []string{"1 2 3"}, "[] | []"},
		{"another id", eventsource.QueueMapping{Batch: 10, Partial: true}, says(`{"batchItemFailures":[{"itemIdentifier":"9"}]}`), []string{"1 2 3"}, "[] | [1 2 3]"},
		{"no id", eventsource.QueueMapping{Batch: 10, Partial: true}, says(`{"batchItemFailures":[{"foo":"2"}]}`), []string{"1 2 3"}, "[] | [1 2 3]"},
		{"empty id", eventsource.QueueMapping{Batch: 10, Partial: true}, says(`{"batchItemFailures":[{"itemIdentifier":""}]}`), []string{"1 2 3"}, "[] | [1 2 3]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, q := &function{answer: c.answer}, newQueue(1, 2, 3)
				m := c.mapping
				m.Queue, m.Function, m.Clock, m.Log, m.AtOnce = q, f, clock.NewFake(time.Unix(0, 0)), quiet, 1
				run(t, m.Run, nil)
				if got := f.got(); !slices.Equal(got, c.want) {
					t.Errorf("got %q, want %q", got, c.want)
				}
				if got := q.left(); got != c.left {
					t.Errorf("left: %s, want %s", got, c.left)
				}
			})
		})
	}
}

func says(answer string) func(string) (string, bool, error) {
	return func(string) (string, bool, error) { return answer, false, nil }
}

// TestQueueWindow waits for a full batch, and no longer than its window; what is
// gathered when the mapping ends goes back.
func TestQueueWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, q, fake := &function{}, newQueue(1), clock.NewFake(time.Unix(0, 0))
		m := eventsource.QueueMapping{Queue: q, Function: f, Clock: fake, Log: quiet, Batch: 3, Window: time.Minute, AtOnce: 1}
		run(t, m.Run, func() {
			if got := f.got(); got != nil {
				t.Errorf("within the window: %q", got)
			}
			fake.Advance(time.Minute)
			synctest.Wait()
			q.put(2, 3, 4)
			synctest.Wait()
			q.put(5)
		})
		if got, want := f.got(), []string{"1", "2 3 4"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		if got := q.left(); got != "[5] | []" {
			t.Errorf("left: %s", got)
		}
	})
}

// large is a queue of messages that are too many for one event.
type large struct{ *queue }

func (q large) Take(ctx context.Context, most int) ([]eventsource.Message, error) {
	taken, err := q.queue.Take(ctx, most)
	for i := range taken {
		taken[i].Record = json.RawMessage(taken[i].ID + strings.Repeat(" ", 3<<20))
	}
	return taken, err
}

// TestQueueLarge gives back what is too much for an event, so that the queue can keep
// it until what came before is done with.
func TestQueueLarge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := large{newQueue(1, 2, 3)}
		during := []string{}
		f := &function{answer: func(string) (string, bool, error) { during = append(during, q.left()); return "", false, nil }}
		m := eventsource.QueueMapping{Queue: q, Function: f, Clock: clock.NewFake(time.Unix(0, 0)), Log: quiet, Batch: 10, AtOnce: 1}
		run(t, m.Run, nil)
		if want := []string{"1", "2", "3"}; !slices.Equal(f.got(), want) {
			t.Errorf("got %q, want %q", f.got(), want)
		}
		if want := []string{"[2 3] | [1]", "[3] | [2]", "[] | [3]"}; !slices.Equal(during, want) {
			t.Errorf("during the events: %q, want %q", during, want)
		}
	})
}

// TestQueueModel delivers every message once to a function that succeeds, however
// they come, in batches no larger than allowed.
func TestQueueModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		n, batch := rapid.IntRange(0, 60).Draw(r, "messages"), rapid.IntRange(1, 12).Draw(r, "batch")
		atOnce := rapid.IntRange(1, 6).Draw(r, "at once")
		synctest.Test(t, func(t *testing.T) {
			f, q := &function{}, newQueue()
			m := eventsource.QueueMapping{Queue: q, Function: f, Clock: clock.NewFake(time.Unix(0, 0)), Log: quiet, Batch: batch, AtOnce: atOnce}
			run(t, m.Run, func() {
				for i := range n {
					q.put(i)
				}
			})
			seen := map[string]int{}
			for _, e := range f.got() {
				records := strings.Fields(e)
				if len(records) > batch {
					t.Errorf("a batch of %d", len(records))
				}
				for _, id := range records {
					seen[id]++
				}
			}
			for id, times := range seen {
				if times != 1 {
					t.Errorf("%s was delivered %d times", id, times)
				}
			}
			if len(seen) != n || q.left() != "[] | []" {
				t.Errorf("%d of %d were delivered; left: %s", len(seen), n, q.left())
			}
		})
	})
}

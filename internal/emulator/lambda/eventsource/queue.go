package eventsource

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

// A Queue hands out messages, each to one taker at a time.
type Queue interface {
	// Take waits until there is a message, and returns from one up to most.
	Take(ctx context.Context, most int) ([]Message, error)
	// Delete removes messages that were taken.
	Delete(ctx context.Context, taken []Message) error
	// Release gives messages back that nobody has seen.
	Release(ctx context.Context, taken []Message) error
}

// A Message is one message of a queue.
type Message struct {
	ID     string // by which a function says that it failed
	Handle string // by which it is deleted
	Record json.RawMessage
}

// A QueueMapping carries the messages of a queue to a function. A message that
// the function has handled is deleted; any other comes back when its time is over.
type QueueMapping struct {
	Queue    Queue
	Function Function
	Filter   Filter // nil: everything is for the function
	Clock    clock.Clock
	Log      *slog.Logger

	Batch   int           // most messages of an event
	Window  time.Duration // how long to wait for a batch to become full
	AtOnce  int           // most invocations at once
	Partial bool          // the function says which messages failed
}

// Run carries messages until ctx is done, and returns when the invocations under
// way have ended. Its error is one of the queue, such as that it is gone.
func (m *QueueMapping) Run(ctx context.Context) error {
	var work sync.WaitGroup
	defer work.Wait()
	free := make(chan struct{}, m.AtOnce)
	failed := 0 // in a row, of being called at all
	var mu sync.Mutex
	for {
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			return m.giveBack(ctx, nil)
		}
		mu.Lock()
		row := failed
		mu.Unlock()
		if row > 0 && pause(ctx, m.Clock, backoff(row-1)) {
			return m.giveBack(ctx, nil)
		}
		batch, err := m.gather(ctx)
		if ctx.Err() != nil {
			return m.giveBack(ctx, batch)
		}
		if err != nil {
			return err
		}
		work.Go(func() {
			called := m.deliver(context.WithoutCancel(ctx), batch)
			mu.Lock()
			if failed++; called {
				failed = 0
			}
			mu.Unlock()
			<-free
		})
	}
}

// giveBack releases what was taken and is not delivered.
func (m *QueueMapping) giveBack(ctx context.Context, batch []Message) error {
	if len(batch) == 0 {
		return nil
	}
	return m.Queue.Release(context.WithoutCancel(ctx), batch)
}

// gather takes messages for one event: what there is, and with a window what comes
// until it is over. Those that are not for the function are deleted, and those too
// many for one event go back: in the next one, messages of a group would overtake.
func (m *QueueMapping) gather(ctx context.Context) (batch []Message, err error) {
	var more []Message
	size, over := 0, ctx
	for {
		for i, msg := range more {
			if len(batch) > 0 && size+len(msg.Record) > maxEvent {
				return batch, m.giveBack(ctx, more[i:])
			}
			batch, size = append(batch, msg), size+len(msg.Record)+1
		}
		if len(batch) == m.Batch || len(batch) > 0 && m.Window == 0 {
			return batch, nil
		}
		if len(batch) > 0 && over == ctx {
			var stop context.CancelFunc
			over, stop = until(ctx, m.Clock, m.Clock.Now().Add(m.Window))
			defer stop()
		}
		more, err = m.Queue.Take(over, m.Batch-len(batch))
		if over.Err() != nil && len(more) == 0 {
			return batch, nil // the window is over, or everything
		}
		if err == nil {
			more, err = m.chosen(ctx, more)
		}
		if err != nil {
			return batch, err
		}
	}
}

// chosen are the messages that are for the function; the others are deleted.
func (m *QueueMapping) chosen(ctx context.Context, taken []Message) (ours []Message, err error) {
	if m.Filter == nil {
		return taken, nil
	}
	var others []Message
	for _, msg := range taken {
		if m.Filter(msg.Record) {
			ours = append(ours, msg)
		} else {
			others = append(others, msg)
		}
	}
	if len(others) > 0 {
		err = m.Queue.Delete(ctx, others)
	}
	return ours, err
}

// deliver hands a batch to the function and deletes what it has handled. It
// reports whether the function could be called.
func (m *QueueMapping) deliver(ctx context.Context, batch []Message) (called bool) {
	records := make([]json.RawMessage, len(batch))
	for i, msg := range batch {
		records[i] = msg.Record
	}
	answer, err := m.Function.Invoke(ctx, eventOf(records))
	if err != nil {
		m.Log.Warn("a batch of messages could not be delivered", "messages", len(batch), "error", err)
		return false
	}
	if answer.Failed {
		return true
	}
	done := batch
	if m.Partial {
		ids, ok := failures(answer.Payload, func(id string) bool {
			return slices.ContainsFunc(batch, func(msg Message) bool { return msg.ID == id })
		})
		if !ok {
			return true
		}
		done = slices.DeleteFunc(slices.Clone(batch), func(msg Message) bool { return slices.Contains(ids, msg.ID) })
	}
	if len(done) == 0 {
		return true
	}
	if err := m.Queue.Delete(ctx, done); err != nil {
		m.Log.Warn("messages that were delivered could not be deleted", "messages", len(done), "error", err)
	}
	return true
}

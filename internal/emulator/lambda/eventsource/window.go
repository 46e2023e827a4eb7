package eventsource

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Tumbling windows lie side by side in time. A record is in the one in which it
// came into the stream; what the function returns as the state in one event of a
// window is handed to the next, and a last event without records ends the window.

// maxState is how large the state of a window can be, in bytes; with a larger one
// the window ends early.
const maxState = 1 << 20

type windowEvent struct {
	Records    []json.RawMessage `json:"Records"`
	Window     window            `json:"window"`
	State      json.RawMessage   `json:"state"`
	Shard      string            `json:"shardId"`
	ARN        string            `json:"eventSourceARN"`
	Final      bool              `json:"isFinalInvokeForWindow"`
	Terminated bool              `json:"isWindowTerminatedEarly"`
}

type window struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

// event is the event for records.
func (l *lane) event(records []Record, final, early bool) []byte {
	all := make([]json.RawMessage, len(records))
	for i, r := range records {
		all[i] = r.Record
	}
	if l.Tumbling == 0 {
		return eventOf(all)
	}
	state := l.position.State
	if state == nil {
		state = json.RawMessage("{}")
	}
	start := l.position.Window.UTC()
	text, err := json.Marshal(windowEvent{
		Records: all, Window: window{start.Format(time.RFC3339), start.Add(l.Tumbling).Format(time.RFC3339)},
		State: state, Shard: l.Shard, ARN: l.StreamARN, Final: final, Terminated: early,
	})
	if err != nil { // records and states are JSON
		panic("eventsource: " + err.Error())
	}
	return text
}

// windowOf is the beginning of the window that a record is in.
func (l *lane) windowOf(r Record) time.Time { return r.At.Truncate(l.Tumbling) }

// openWindow begins the window of a record, unless it is open.
func (l *lane) openWindow(r Record) {
	if l.Tumbling > 0 && l.position.Window.IsZero() {
		l.position.Window, l.position.State = l.windowOf(r), nil
	}
}

// other tells that a record is in another window than the one that is open, or
// than the batch.
func (l *lane) other(batch []Record, r Record) bool {
	switch {
	case l.Tumbling == 0:
		return false
	case !l.position.Window.IsZero():
		return l.windowOf(r).After(l.position.Window)
	case len(batch) > 0:
		return !l.windowOf(r).Equal(l.windowOf(batch[0]))
	}
	return false
}

// windowEnd is when the open window ends; zero without one.
func (l *lane) windowEnd() time.Time {
	if l.Tumbling == 0 || l.position.Window.IsZero() {
		return time.Time{}
	}
	return l.position.Window.Add(l.Tumbling)
}

// windowOver tells that the open window ends now: its time is over and nothing of
// it is left to hand out, or a record of a later one is next.
func (l *lane) windowOver() bool {
	end := l.windowEnd()
	switch {
	case end.IsZero():
		return false
	case l.full:
		return true
	case len(l.left) > 0:
		return l.other(nil, l.left[0])
	}
	return l.ended || !l.Clock.Now().Before(end)
}

// keepState keeps the state that the function has returned for its window.
func (l *lane) keepState(answer []byte) {
	if l.Tumbling == 0 {
		return
	}
	var out struct {
		State json.RawMessage `json:"state"`
	}
	if json.Unmarshal(answer, &out) != nil || string(out.State) == "null" {
		return
	}
	if l.full = l.full || len(out.State) > maxState; !l.full && out.State != nil {
		l.position.State = out.State
	}
}

// closeWindow hands the function the last event of a window, with the same retries
// as records.
func (l *lane) closeWindow(ctx context.Context) error {
	event := l.event(nil, true, l.full)
	for tries := 0; ; tries++ {
		a, err := l.Function.Invoke(context.WithoutCancel(ctx), event)
		if errors.Is(err, ErrStopped) {
			return err
		}
		if err == nil && !a.Failed || l.Retries >= 0 && tries >= l.Retries {
			break
		}
		if pause(ctx, l.Clock, backoff(tries)) {
			return nil
		}
	}
	l.position.Window, l.position.State, l.full = time.Time{}, nil, false
	l.saved = l.position.After
	return l.Save(l.index, l.position)
}

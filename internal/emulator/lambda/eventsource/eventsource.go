// Package eventsource carries records from queues and streams to a function: it
// gathers batches, filters, invokes, reads which records failed, retries, splits,
// keeps windows, and gives up as the settings of an event source mapping say.
//
// It must not know any AWS service, nor how mappings are stored: sources, the
// function and the place for what is given up come in through small interfaces.
// Sources block until there is something; nothing here polls.
package eventsource

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

// maxEvent is how large an event of several records becomes, in bytes; a single
// record may be larger.
const maxEvent = 6 << 20

// A Function is what the records are for.
type Function interface {
	// Invoke calls the function and waits for its answer. An error says that the
	// function could not be called: it is throttled, or gone.
	Invoke(ctx context.Context, event []byte) (Answer, error)
}

// An Answer is how an invocation ended.
type Answer struct {
	Payload   []byte
	Failed    bool   // Payload describes an error of the function
	Version   string // that was called
	RequestID string
}

// ErrStopped is what an invocation ends with that was cut off because everything
// stops: nobody knows what became of it.
var ErrStopped = errors.New("the emulator is closing")

// A Filter tells whether a record is for the function.
type Filter func(record json.RawMessage) bool

// eventOf is the event that hands records to a function.
func eventOf(records []json.RawMessage) []byte {
	return append(append([]byte(`{"Records":[`), bytes.Join(raws(records), []byte(","))...), "]}"...)
}

func raws(records []json.RawMessage) [][]byte {
	out := make([][]byte, len(records))
	for i, r := range records {
		out[i] = r
	}
	return out
}

// failures are the records that the function says it could not handle, by their
// identifiers. No answer, an empty one and one without the member are success, as
// is anything that is no object; an identifier that is none of the batch fails the
// whole of it, and ok is false.
func failures(answer []byte, known func(id string) bool) (ids []string, ok bool) {
	var members map[string]json.RawMessage
	_ = json.Unmarshal(answer, &members) // what is no object has no member
	raw, there := members["batchItemFailures"]
	if !there || string(raw) == "null" {
		return nil, true
	}
	var items []map[string]json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		return nil, false
	}
	for _, item := range items {
		var id *string
		if err := json.Unmarshal(item["itemIdentifier"], &id); err != nil || id == nil || *id == "" || !known(*id) {
			return nil, false
		}
		ids = append(ids, *id)
	}
	return ids, true
}

// pause waits, and reports whether ctx ended first.
func pause(ctx context.Context, c clock.Clock, d time.Duration) (ended bool) {
	return clock.Wait(ctx, c, d) != nil
}

// backoff is how long to wait before the nth attempt after the first: AWS does not
// say; here it doubles from a fifth of a second up to a minute.
func backoff(n int) time.Duration {
	return min(time.Minute, 200*time.Millisecond<<min(n, 16))
}

// until returns a context that ends at a time of the clock, too.
func until(ctx context.Context, c clock.Clock, at time.Time) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	t := c.AfterFunc(at.Sub(c.Now()), cancel)
	return ctx, func() { t.Stop(); cancel() }
}

package eventsource

import (
	"context"
	"encoding/json"
	"errors"
	"hash/fnv"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

// A Stream gives the records of one shard in their order.
type Stream interface {
	// Next waits until there is a record, and returns from one up to most. Its
	// error is [io.EOF] behind the last record of a closed stream, [ErrTrimmed]
	// where records that were not read are gone, or ctx's.
	Next(ctx context.Context, most int) ([]Record, error)
	Close()
}

// ErrTrimmed says that a reader has fallen behind the oldest record of a stream.
var ErrTrimmed = errors.New("the stream has no records that old any more")

// A Record is one record of a stream.
type Record struct {
	Sequence string // its number, by which a function says that it failed
	Key      string // records of one key are handled one after the other
	At       time.Time
	Record   json.RawMessage
}

// A Position is how far one lane of a mapping has come, and is kept over restarts.
type Position struct {
	After  string          `json:",omitempty"` // the last number that is done with; empty: begin with the oldest
	Window time.Time       `json:",omitzero"`  // the beginning of the tumbling window that is open
	State  json.RawMessage `json:",omitempty"` // what the function returned last in that window
}

// Results of the last processing of records, in AWS's words.
const (
	ResultNone    = "No records processed"
	ResultOK      = "OK"
	ResultProblem = "PROBLEM: Function call failed"
)

// A StreamMapping carries the records of a stream's shard to a function. Records
// of one key keep their order; with several lanes those of different keys do not.
type StreamMapping struct {
	// Open reads the stream behind the record of that number; from its oldest
	// record when after is empty.
	Open     func(after string) (Stream, error)
	Function Function
	Filter   Filter // nil: everything is for the function
	Clock    clock.Clock
	Log      *slog.Logger
	// Position is where a lane begins, Save keeps how far it has come.
	Position func(lane int) Position
	Save     func(lane int, p Position) error
	Report   func(result string)
	// GiveUp takes what the function could not handle; nil: nothing does.
	GiveUp func(ctx context.Context, lost Lost) error

	StreamARN, Shard, FunctionARN string
	// NewID makes the id of a request that never reached the function.
	NewID func() string

	Batch    int           // most records of an event
	Window   time.Duration // how long to wait for a batch to become full
	Lanes    int           // events at once, the parallelization factor
	Bisect   bool          // split a batch that failed
	Retries  int           // of a batch; -1: without end
	MaxAge   time.Duration // of records; negative: any
	Tumbling time.Duration // length of the windows that have a state; 0: none
	Partial  bool          // the function says which records failed
}

// Run carries records until ctx is done or the stream has ended, and returns when
// the invocations under way are over.
func (m *StreamMapping) Run(ctx context.Context) error {
	var work sync.WaitGroup
	errs := make([]error, m.Lanes)
	for i := range m.Lanes {
		work.Go(func() {
			l := lane{StreamMapping: m, index: i, position: m.Position(i)}
			errs[i] = l.run(ctx)
		})
	}
	work.Wait()
	return errors.Join(errs...)
}

// A lane handles the records of its share of the keys, one batch after the other.
type lane struct {
	*StreamMapping
	index    int
	position Position

	stream Stream
	left   []Record // read, and not handed out yet
	ended  bool     // nothing follows what is left
	seen   string   // number of the last record read, also of those for others
	saved  string   // number of the last record of the position that was kept
	full   bool     // the state is too large, so that the window ends
}

func (l *lane) run(ctx context.Context) (err error) {
	defer func() {
		if l.stream != nil {
			l.stream.Close()
		}
		if l.position.After != l.saved {
			err = errors.Join(err, l.Save(l.index, l.position))
		}
	}()
	l.saved = l.position.After
	for {
		batch, err := l.gather(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if len(batch) > 0 {
			if err := l.handle(ctx, batch); err != nil {
				return err
			}
			if ctx.Err() != nil {
				return nil // perhaps amid the batch
			}
			l.skip()
		}
		if l.windowOver() {
			if err := l.closeWindow(ctx); err != nil {
				return err
			}
		}
		if ctx.Err() != nil || l.ended && len(l.left) == 0 && l.position.Window.IsZero() {
			return nil
		}
	}
}

// mine tells whether a record belongs to this lane.
func (l *lane) mine(r Record) bool {
	if l.Lanes == 1 {
		return true
	}
	h := fnv.New32a()
	_, _ = io.WriteString(h, r.Key)
	return int(h.Sum32()%uint32(l.Lanes)) == l.index
}

// gather reads records for one event: what there is, and with a window what comes
// until it is over. All are of one tumbling window; when the one that is open ends,
// gather returns without any.
func (l *lane) gather(ctx context.Context) (batch []Record, err error) {
	size := 0
	over := ctx
	if end := l.windowEnd(); !end.IsZero() {
		var stop context.CancelFunc
		over, stop = until(ctx, l.Clock, end)
		defer stop()
	}
	gathering := false
	for {
		for len(l.left) > 0 {
			r := l.left[0]
			if len(batch) == l.Batch || len(batch) > 0 && size+len(r.Record) > maxEvent || l.other(batch, r) {
				return batch, nil
			}
			batch, size, l.left = append(batch, r), size+len(r.Record)+1, l.left[1:]
		}
		if l.ended || len(batch) == l.Batch || len(batch) > 0 && l.Window == 0 {
			return batch, nil
		}
		if len(batch) > 0 && !gathering {
			gathering = true
			var stop context.CancelFunc
			over, stop = until(over, l.Clock, l.Clock.Now().Add(l.Window))
			defer stop()
		}
		err := l.read(over, l.Batch-len(batch))
		if len(batch) == 0 {
			l.skip()
		}
		if over.Err() != nil && len(l.left) == 0 {
			return batch, nil // a window is over, or everything
		}
		if err != nil {
			return batch, err
		}
	}
}

// read puts the next records of this lane that are for the function to what is left.
func (l *lane) read(ctx context.Context, most int) error {
	if l.stream == nil {
		s, err := l.Open(l.position.After)
		if err != nil {
			return err
		}
		l.stream = s
	}
	records, err := l.stream.Next(ctx, most)
	switch {
	case errors.Is(err, io.EOF):
		l.ended = true
		return nil
	case errors.Is(err, ErrTrimmed):
		l.stream.Close()
		l.stream, l.position.After, l.seen = nil, "", ""
		return nil
	case err != nil:
		return err
	}
	for _, r := range records {
		l.seen = r.Sequence
		if l.mine(r) && (l.Filter == nil || l.Filter(r.Record)) {
			l.left = append(l.left, r)
		}
	}
	return nil
}

// skip moves the position behind the records that were read and are for others; none
// of this lane may be under way. It is kept at the end, or with the next of this lane.
func (l *lane) skip() {
	if len(l.left) == 0 && l.seen != "" {
		l.position.After = l.seen
	}
}

// done notes that everything up to a record is done with.
func (l *lane) done(r Record) error {
	l.position.After, l.saved = r.Sequence, r.Sequence
	return l.Save(l.index, l.position)
}

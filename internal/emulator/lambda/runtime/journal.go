package runtime

import (
	"bytes"
	"sync"
	"time"
)

// tailSize is how much of the log an invocation may ask for.
const tailSize = 4096

// journal is the log of one environment: in order, delivered behind the back of
// the invocation, because a log group on a disk is slower than a function.
type journal struct {
	now     func() time.Time
	deliver func(at time.Time, lines []string)
	spawn   func(func()) // runs deliveries, and is waited for when the host closes
	// telemetry gets the same events, whether the log holds them or not.
	telemetry *telemetry

	mu      sync.Mutex
	pending []string
	held    int        // bytes of the pending lines
	room    *sync.Cond // for more of them; nil until somebody waits
	at      time.Time  // of the pending lines
	busy    bool
	last    []byte // of this invocation
}

// begin forgets the lines of the invocation before, for tail.
func (j *journal) begin() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last = j.last[:0]
}

// source is who writes a line.
type source string

// The sources, as the Telemetry API calls them.
const (
	fromFunction  source = "function"
	fromExtension source = "extension"
	fromPlatform  source = "platform"
)

// maxHeld is how many bytes of lines await their delivery. A function that writes
// faster waits, as at a full pipe.
const maxHeld = 4 << 20

// add appends lines, without line ends.
func (j *journal) add(from source, lines ...string) {
	if len(lines) == 0 {
		return
	}
	if from != fromPlatform {
		j.telemetry.lines(from, lines)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for from != fromPlatform && j.held >= maxHeld {
		if j.room == nil {
			j.room = sync.NewCond(&j.mu)
		}
		j.room.Wait()
	}
	if len(j.pending) == 0 {
		j.at = j.now()
	}
	j.pending = append(j.pending, lines...)
	for _, l := range lines {
		j.held += len(l)
		j.last = append(append(j.last, l...), '\n')
	}
	if n := len(j.last) - 2*tailSize; n > 0 {
		j.last = append(j.last[:0], j.last[n:]...)
	}
	if !j.busy {
		j.busy = true
		j.spawn(j.run)
	}
}

func (j *journal) run() {
	j.mu.Lock()
	defer j.mu.Unlock()
	for len(j.pending) > 0 {
		lines, at := j.pending, j.at
		j.pending, j.held = nil, 0
		if j.room != nil {
			j.room.Broadcast()
		}
		j.mu.Unlock()
		j.deliver(at, lines)
		j.mu.Lock()
	}
	j.busy = false
}

// platform adds lines of the platform, leaving out those that the function's
// log level hides.
func (j *journal) platform(l Logging, events ...event) {
	var lines []string
	for _, e := range events {
		j.telemetry.platform(e.kind, e.record)
		if s := e.format(l, j.now()); s != "" {
			lines = append(lines, s)
		}
	}
	j.add(fromPlatform, lines...)
}

// tail returns the end of the invocation's log.
func (j *journal) tail() []byte {
	j.mu.Lock()
	defer j.mu.Unlock()
	return bytes.Clone(j.last[max(0, len(j.last)-tailSize):])
}

package runtime

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

// telemetry passes what an environment logs on to the extensions that subscribed to
// it: the Telemetry API, and the older Logs API.
type telemetry struct {
	clock clock.Clock

	mu      sync.Mutex
	open    bool      // in the init phase, when extensions may subscribe
	history []message // of the init phase: who subscribes gets all of it
	subs    []*subscription
}

// message is one event, in the form of the Telemetry API.
type message struct {
	Time   string `json:"time"`
	Type   string `json:"type"`
	Record any    `json:"record"`
}

const timeFormat = "2006-01-02T15:04:05.000Z"

func newTelemetry(c clock.Clock) *telemetry { return &telemetry{clock: c, open: true} }

// lines passes on lines of the function or of an extension.
func (t *telemetry) lines(from source, lines []string) {
	if !t.wanted() {
		return
	}
	for _, l := range lines {
		var record any = l
		if strings.HasPrefix(l, "{") && json.Valid([]byte(l)) {
			record = json.RawMessage(l)
		}
		t.publish(string(from), record)
	}
}

// platform passes on an event of the platform.
func (t *telemetry) platform(kind string, record any) {
	if t.wanted() {
		t.publish(kind, record)
	}
}

// wanted reports whether anybody gets events, or could still ask for them.
func (t *telemetry) wanted() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.open || len(t.subs) > 0
}

func (t *telemetry) publish(kind string, record any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := message{t.clock.Now().UTC().Format(timeFormat), kind, record}
	if t.open && len(t.history) < 1000 {
		t.history = append(t.history, m)
	}
	for _, s := range t.subs {
		s.put(m)
	}
}

// begin opens the phase in which extensions may subscribe; done ends it.
func (t *telemetry) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open, t.history = true, nil
}

func (t *telemetry) done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open, t.history = false, nil
}

// subscribe adds s, in place of what the same extension had. It reports false when
// it is too late, and leaves s to be closed by close.
func (t *telemetry) subscribe(s *subscription) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.open {
		return false
	}
	t.subs = slices.DeleteFunc(t.subs, func(old *subscription) bool {
		if old.extension != s.extension {
			return false
		}
		old.end()
		return true
	})
	t.subs = append(t.subs, s)
	for _, m := range t.history {
		s.put(m)
	}
	return true
}

// flush sends what is held back, and does not wait for its arrival.
func (t *telemetry) flush() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.subs {
		s.flush()
	}
}

// close ends all subscriptions once the processes have ended.
func (t *telemetry) close() {
	t.mu.Lock()
	subs := t.subs
	t.subs, t.open = nil, false
	t.mu.Unlock()
	for _, s := range subs {
		s.end()
		<-s.ended
	}
}

// subscription is one extension's; put, flush and end must not be called at once.
type subscription struct {
	extension string
	logs      bool   // of the Logs API
	schema    string // version of the events' form
	types     []string
	limits    buffering
	send      func(context.Context, []message) error
	clock     clock.Clock

	mu      sync.Mutex
	held    []message
	bytes   int
	timer   clock.Timer
	batches chan []message
	dropped int
	closed  bool
	stop    context.CancelFunc
	ended   chan struct{} // closed when nothing is sent any more
}

// buffering says how long events are held back, at most.
type buffering struct {
	MaxItems  int `json:"maxItems"`
	MaxBytes  int `json:"maxBytes"`
	TimeoutMs int `json:"timeoutMs"`
}

// waiting is how many batches an extension that does not take them leaves waiting.
const waiting = 64

// start begins to send. A frozen extension takes a batch when it goes on, so there
// is no limit of time.
func (s *subscription) start() {
	var ctx context.Context
	ctx, s.stop = context.WithCancel(context.Background())
	s.batches, s.ended = make(chan []message, waiting), make(chan struct{})
	go func() {
		defer close(s.ended)
		for {
			select {
			case b := <-s.batches:
				_ = s.send(ctx, b) // an extension that does not listen loses them
			case <-ctx.Done():
				return
			}
		}
	}()
}

// put holds the message until the batch is full or the time is over.
func (s *subscription) put(m message) {
	category, _, _ := strings.Cut(m.Type, ".")
	if !slices.Contains(s.types, category) {
		return
	}
	list := []message{m}
	if s.logs {
		list = s.older(m)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range list {
		b, err := json.Marshal(m)
		if err != nil || s.closed {
			continue
		}
		s.held = append(s.held, m)
		s.bytes += len(b)
	}
	switch {
	case len(s.held) >= s.limits.MaxItems || s.bytes >= s.limits.MaxBytes:
		s.pass()
	case len(s.held) > 0 && s.timer == nil:
		s.timer = s.clock.AfterFunc(time.Duration(s.limits.TimeoutMs)*time.Millisecond, s.flush)
	}
}

func (s *subscription) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pass()
}

// pass hands the batch to the sender; s.mu is held.
func (s *subscription) pass() {
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
	if len(s.held) == 0 {
		return
	}
	if s.dropped > 0 {
		s.held = append(s.held, message{s.clock.Now().UTC().Format(timeFormat), "platform.logsDropped", map[string]any{
			"droppedRecords": s.dropped, "reason": "Consumer seems to have fallen behind as it has not acknowledged receipt of logs.",
		}})
	}
	select {
	case s.batches <- s.held:
		s.dropped = 0
	default:
		s.dropped += len(s.held)
	}
	s.held, s.bytes = nil, 0
}

func (s *subscription) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		s.pass()
		s.stop()
	}
}

// older returns the message in the form of the Logs API, which has no events of the
// init phase, and says in two what the Telemetry API says in one.
func (s *subscription) older(m message) []message {
	kind, name, _ := strings.Cut(m.Type, ".")
	if kind != "platform" {
		return []message{m}
	}
	switch r := m.Record.(type) {
	case startRecord:
		return []message{{m.Time, m.Type, map[string]string{"requestId": r.RequestID}}}
	case reportRecord:
		if name == "report" {
			return []message{{m.Time, m.Type, map[string]any{"requestId": r.RequestID, "metrics": r.Metrics}}}
		}
		end := message{m.Time, "platform.end", map[string]string{"requestId": r.RequestID}}
		if s.schema == "2020-08-15" {
			return []message{end}
		}
		return []message{{m.Time, m.Type, map[string]string{"requestId": r.RequestID, "status": r.Status}}, end}
	case initRecord:
		return nil
	}
	return []message{m}
}

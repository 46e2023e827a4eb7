package sfn

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/sfn/asl/run"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/jsonvalue"
)

// live is an execution that is carried out: the host of its interpreter. What
// happens to it comes through poke.
type live struct {
	service *Service
	key     string
	done    chan struct{} // closed when it has ended

	machine  *asl.Machine
	parent   *live // of a child of a distributed map; else nil
	children children

	mu      sync.Mutex
	x       *run.Execution
	record  execution
	edits   []func(tx *store.Tx) // to be made when it is written down
	resting bool                 // the service is closing
	begun   []run.Task
	events  []run.Event
	going   bool // it goes on by itself
	cancels map[int]context.CancelFunc
	tokens  map[int]string
	timer   clock.Timer

	exchange *exchange // of a trial that shows it; else nil
}

func (s *Service) newLive(e execution) *live {
	if e.Nested == nil {
		e.Nested, e.Submitted = map[int]string{}, map[int]string{}
	}
	return &live{
		service: s, key: e.key(), record: e, done: make(chan struct{}),
		cancels: map[int]context.CancelFunc{}, tokens: map[int]string{},
	}
}

// poke lets something happen to the execution and moves it on as far as it goes.
func (l *live) poke(f func(x *run.Execution)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.resting || l.ended() {
		return
	}
	f(l.x)
	l.advance()
}

func (l *live) ended() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// advance moves the execution on, a thousand steps at a time, writes it down, begins
// its tasks and sets its alarm. The caller holds the lock.
func (l *live) advance() {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	more := l.x.Advance(1000)
	if err := l.save(); err != nil {
		l.service.env.Log.Error("an execution could not be written down", "execution", l.record.ARN, "error", err)
		l.resting = true // it goes on from what is written when the emulator starts again
		return
	}
	l.bring()
	begun := l.begun
	l.begun = nil
	for _, task := range begun {
		ctx, cancel := context.WithCancel(l.service.alive)
		l.cancels[task.ID] = cancel
		l.service.work.Go(func() { l.service.perform(ctx, l, task) })
	}
	if l.x.Status() != run.Running {
		l.finish()
		return
	}
	if more { // others get in between: a machine may go in circles
		if !l.going {
			l.going = true
			l.service.work.Go(func() { l.poke(func(*run.Execution) { l.going = false }) })
		}
		return
	}
	if at, ok := l.x.Next(); ok {
		l.timer = l.service.env.Clock.AfterFunc(max(at.Sub(l.service.env.Clock.Now()), 0), func() {
			l.poke(func(x *run.Execution) { x.Tick() })
		})
	}
}

// save writes down what changed, in one commit; of EXPRESS executions nothing.
func (l *live) save() error {
	s, before := l.service, l.record.Status
	l.record.take(l.x, l.Now())
	events, edits := l.events, l.edits
	l.events, l.edits = nil, nil
	s.log(l, events)
	if !l.record.durable() {
		return nil
	}
	changes := l.x.Changes()
	return s.env.Store.Update(func(tx *store.Tx) error {
		for _, e := range events {
			s.events.Put(tx, l.key+"\x00"+fmt.Sprintf("%010d", e.ID), e)
		}
		for key, text := range changes {
			if text == nil {
				s.records.Delete(tx, l.key+"\x00"+key)
			} else {
				s.records.Put(tx, l.key+"\x00"+key, text)
			}
		}
		if l.record.Status == string(run.Succeeded) { // nothing is left to redrive
			for key := range s.records.Prefix(tx, l.key+"\x00") {
				s.records.Delete(tx, key)
			}
		}
		for _, edit := range edits {
			edit(tx)
		}
		if len(changes) > 0 || before != l.record.Status {
			s.executions.Put(tx, l.key, l.record.clone())
		}
		return nil
	})
}

// finish takes the execution out of the service.
func (l *live) finish() {
	s := l.service
	for id := range l.cancels {
		l.Cancel(id)
	}
	s.mu.Lock()
	delete(s.live, l.key)
	for _, text := range l.tokens {
		delete(s.tokens, text)
	}
	s.mu.Unlock()
	close(l.done)
	record := l.record
	if l.parent != nil {
		l.parent.tell(record)
	}
	s.work.Go(func() { s.announce(record) })
}

// rest stops the execution without an end: what is written goes on later.
func (l *live) rest() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.resting = true
	if l.timer != nil {
		l.timer.Stop()
	}
}

func (l *live) token(task int) string { return l.tokens[task] }

// storage is S3 as the execution sees it, or nil.
func (l *live) storage() run.Objects {
	if l.service.Objects == nil {
		return nil
	}
	return storage{l.service.working(l.service.alive, &l.record, l.record.Frozen.Role), l.service.Objects}
}

// Now implements [run.Host].
func (l *live) Now() time.Time { return l.service.env.Clock.Now().UTC() }

// Random implements [run.Host].
func (l *live) Random() *rand.Rand {
	return rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())) //nolint:gosec // it spreads retries
}

// Record implements [run.Host].
func (l *live) Record(e run.Event) {
	if e.Type == "ExecutionStarted" && l.record.Version != "" {
		e.Details = e.Details.Clone()
		if l.record.Alias != "" {
			e.Details.Set("stateMachineAliasArn", l.record.Alias)
		}
		e.Details.Set("stateMachineVersionArn", l.record.Version)
	}
	l.events = append(l.events, e)
}

// Token implements [run.Host].
func (l *live) Token(int) string { return newToken() }

// Accept implements [run.Host].
func (l *live) Accept(task run.Task) error {
	if task.Resource.Kind == asl.Activity {
		if _, err := l.service.activity(task.Resource.ARN); err != nil {
			return refused{"The activity " + task.Resource.ARN + " does not exist."}
		}
	}
	return nil
}

// refused is why a task cannot be begun.
type refused struct{ why string }

// Error is AWS's text.
func (e refused) Error() string { return e.why }

// Begin implements [run.Host].
func (l *live) Begin(task run.Task) {
	l.begun = append(l.begun, task)
	if task.Token != "" {
		l.tokens[task.ID] = task.Token
		l.service.mu.Lock()
		l.service.tokens[task.Token] = token{l, task.ID}
		l.service.mu.Unlock()
	}
	if task.Resource.Service == "states" && l.record.Nested[task.ID] == "" {
		l.record.Nested[task.ID] = uuid.NewString() // the same after a restart, so that it is not started twice
	}
}

// Cancel implements [run.Host].
func (l *live) Cancel(task int) {
	if cancel := l.cancels[task]; cancel != nil {
		cancel()
		delete(l.cancels, task)
	}
	l.forget(task)
}

// forget makes the token of a task worthless.
func (l *live) forget(task int) {
	if text, ok := l.tokens[task]; ok {
		delete(l.tokens, task)
		l.service.mu.Lock()
		delete(l.service.tokens, text)
		l.service.mu.Unlock()
	}
}

// encodeEvent and decodeEvent are the form of events in the store.
func encodeEvent(e run.Event) ([]byte, error) {
	o := jsonvalue.ObjectOf("id", float64(e.ID), "previous", float64(e.Previous), "time", e.Time.Format(time.RFC3339Nano), "type", e.Type)
	if e.Details != nil {
		o.Set("details", e.Details)
	}
	return jsonvalue.Marshal(o), nil
}

func decodeEvent(text []byte) (e run.Event, err error) {
	v, err := jsonvalue.Parse(text)
	o, ok := v.(*jsonvalue.Object)
	if err != nil || !ok {
		return e, fmt.Errorf("reading an event back: %w", err)
	}
	id, _ := jsonvalue.Float(o.Get("id"))
	previous, _ := jsonvalue.Float(o.Get("previous"))
	e.ID, e.Previous = int64(id), int64(previous)
	e.Type, _ = o.Get("type").(string)
	e.Details, _ = o.Get("details").(*jsonvalue.Object)
	at, _ := o.Get("time").(string)
	e.Time, err = time.Parse(time.RFC3339Nano, at)
	return e, err
}

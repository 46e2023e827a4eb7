package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

const (
	// maxEvent is the size of an event that waits for its function, in bytes.
	maxEvent = 1 << 20
	// maxAge is how long an event waits where its function sets nothing.
	maxAge = 6 * time.Hour
	// eventsAtOnce is how many events of a function are at it at once. AWS has no
	// such number; here each is a process of this machine.
	eventsAtOnce = 32
)

// event is an asynchronous invocation, from when it is accepted until it has
// succeeded or is given up.
type event struct {
	Scope     env.Scope
	Function  string
	Qualifier string `json:",omitempty"`
	ID        string // of the request
	Payload   []byte
	Client    string    `json:",omitempty"`
	Trace     string    `json:",omitempty"` // header of the request
	Accepted  time.Time // when its age began
	Calls     int       // of the function, that have failed
	Throttled int       // attempts in a row that did not reach it
	Next      time.Time // of the next attempt; zero: at once
}

func (e *event) key() string {
	return e.Scope.Key(e.Function, fmt.Sprintf("%016x", e.Accepted.UnixNano()), e.ID)
}

func (e *event) name() name {
	return name{Scope: e.Scope, function: e.Function, qualifier: e.Qualifier}
}

// backlog is the events that wait, and who works on them.
type backlog struct {
	service *Service
	waiting *store.Set[event]        // by scope, function and time
	configs *store.Set[invokeConfig] // by scope, function and qualifier

	alive context.Context
	end   context.CancelFunc
	work  sync.WaitGroup

	mu    sync.Mutex
	slots map[string]chan struct{} // by function
}

// openEvents opens what the store holds of events; nothing runs yet.
func (s *Service) openEvents() error {
	a := &backlog{service: s, slots: map[string]chan struct{}{}}
	a.alive, a.end = context.WithCancel(context.Background())
	var errs [2]error
	a.waiting, errs[0] = store.NewSet[event](s.env.Store, "lambda.event")
	a.configs, errs[1] = store.NewSet[invokeConfig](s.env.Store, "lambda.invokeConfig")
	s.backlog = a
	return errors.Join(errs[:]...)
}

// resume goes on with the events that an earlier process accepted.
func (a *backlog) resume() error {
	return a.service.env.Store.View(func(tx *store.Tx) error {
		for _, e := range a.waiting.From(tx, "") {
			a.work.Go(func() { a.carry(e) })
		}
		return nil
	})
}

func (a *backlog) close() {
	a.end()
	a.work.Wait()
}

// slot is what bounds the work on a function's events.
func (a *backlog) slot(e *event) chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := e.Scope.Key(e.Function)
	c := a.slots[key]
	if c == nil {
		c = make(chan struct{}, eventsAtOnce)
		a.slots[key] = c
	}
	return c
}

// accept takes an event for a function that the caller in ctx may invoke. When it
// returns, the event is in the store, and survives the end of this process.
func (s *Service) accept(ctx context.Context, in invocation) error {
	if len(in.payload) > maxEvent {
		return &types.RequestTooLargeException{
			Message: aws.String(fmt.Sprintf("%d byte payload is too large for the Event invocation type (limit %d bytes)", len(in.payload), maxEvent)),
			Type:    user,
		}
	}
	if _, err := s.admit(ctx, in); err != nil {
		return err
	}
	if len(in.payload) == 0 {
		in.payload = []byte("{}")
	}
	e := event{
		Scope: in.Scope, Function: in.function, Qualifier: in.qualifier, ID: uuid.NewString(), Payload: in.payload,
		Client: in.client, Accepted: s.env.Clock.Now(), Trace: env.TraceOf(ctx),
	}
	err := s.env.Store.Update(func(tx *store.Tx) error { s.backlog.waiting.Put(tx, e.key(), e); return nil })
	if err == nil {
		s.backlog.work.Go(func() { s.backlog.carry(e) })
	}
	return err
}

// Enqueue invokes the function of that ARN asynchronously for another service, which
// the context names as the caller and which the function's policy must allow.
func (s *Service) Enqueue(ctx context.Context, functionARN string, payload []byte) error {
	n, err := parse(ctx, &functionARN, nil)
	if err != nil {
		return err
	}
	return s.accept(ctx, invocation{name: n, payload: payload})
}

// carry brings an event to its end: until it has succeeded, or is given up, or the
// emulator closes.
func (a *backlog) carry(e event) {
	s := a.service
	free := a.slot(&e)
	for {
		if wait := e.Next.Sub(s.env.Clock.Now()); !e.Next.IsZero() && wait > 0 {
			if clock.Wait(a.alive, s.env.Clock, wait) != nil {
				return
			}
		}
		select {
		case free <- struct{}{}:
		case <-a.alive.Done():
			return
		}
		if !a.waits(&e) {
			<-free
			return
		}
		end := a.attempt(&e)
		<-free
		if a.alive.Err() != nil {
			return // the function may have been killed; the event stays
		}
		if end != nil {
			a.finish(&e, end)
			return
		}
		if err := s.env.Store.Update(func(tx *store.Tx) error {
			if _, there := a.waiting.Get(tx, e.key()); there {
				a.waiting.Put(tx, e.key(), e)
			}
			return nil
		}); err != nil {
			s.env.Log.Warn("an event that waits for its function could not be stored", "function", e.Function, "error", err)
		}
	}
}

// waits tells that the event has not gone with its function.
func (a *backlog) waits(e *event) (there bool) {
	_ = a.service.env.Store.View(func(tx *store.Tx) error {
		_, there = a.waiting.Get(tx, e.key())
		return nil
	})
	return there
}

// ending is how an event ended.
type ending struct {
	condition string
	outcome   *outcome // of the last call; nil without any
	gone      bool     // the function is, and with it everything else
}

// attempt calls the function once. It returns nil when there is to be another
// attempt, for which it sets the time.
func (a *backlog) attempt(e *event) *ending {
	s := a.service
	config := a.config(e)
	deadline := e.Accepted.Add(config.age())
	if e.Calls+e.Throttled > 0 && !s.env.Clock.Now().Before(deadline) {
		return &ending{condition: "EventAgeExceeded"}
	}
	ctx := env.WithTrace(env.WithScope(a.alive, e.Scope), e.Trace)
	out, err := s.invoke(ctx, invocation{name: e.name(), payload: e.Payload, client: e.Client, request: e.ID})
	now := s.env.Clock.Now()
	var gone *types.ResourceNotFoundException
	var many *types.TooManyRequestsException
	switch {
	case errors.As(err, &gone):
		return &ending{gone: true}
	case errors.Is(err, errLoop):
		return &ending{condition: "RecursiveInvocation"} // whose name AWS does not document
	case errors.As(err, &many) && a.stopped(e):
		return &ending{condition: "ZeroReservedConcurrency"}
	case err != nil:
		e.Next = now.Add(min(5*time.Minute, time.Second<<min(e.Throttled, 10)))
		e.Throttled++
		if e.Next.After(deadline) {
			return &ending{condition: "EventAgeExceeded"}
		}
		return nil
	}
	e.Throttled = 0
	e.Calls++
	switch {
	case !out.Failed:
		return &ending{condition: "Success", outcome: &out}
	case e.Calls > config.retries():
		return &ending{condition: "RetriesExhausted", outcome: &out}
	}
	e.Next = now.Add(time.Duration(e.Calls) * time.Minute)
	if !e.Next.Before(deadline) {
		return &ending{condition: "EventAgeExceeded", outcome: &out}
	}
	return nil
}

// stopped tells that the function's reserved concurrency is zero.
func (a *backlog) stopped(e *event) bool {
	none := false
	_ = a.service.env.Store.View(func(tx *store.Tx) error {
		f, ok := a.service.functions.Get(tx, e.name().key())
		none = ok && f.Reserved != nil && *f.Reserved == 0
		return nil
	})
	return none
}

// finish tells the function's destinations how an event ended, and forgets it.
func (a *backlog) finish(e *event, end *ending) {
	s := a.service
	if !end.gone {
		if err := a.announce(e, end); err != nil {
			s.env.Log.Warn("the destination of a function could not be reached", "function", e.Function, "condition", end.condition, "error", err)
		}
	}
	if err := s.env.Store.Update(func(tx *store.Tx) error { a.waiting.Delete(tx, e.key()); return nil }); err != nil {
		s.env.Log.Warn("an event that has ended could not be forgotten", "function", e.Function, "error", err)
	}
}

// result is what destinations get.
type result struct {
	Version   string    `json:"version"`
	Timestamp string    `json:"timestamp"`
	Request   requested `json:"requestContext"`
	Payload   rawJSON   `json:"requestPayload"`
	Response  *response `json:"responseContext,omitempty"`
	Answer    rawJSON   `json:"responsePayload,omitempty"`
}

type rawJSON = json.RawMessage

type requested struct {
	ID        string `json:"requestId"`
	Function  string `json:"functionArn"`
	Condition string `json:"condition"`
	Calls     int    `json:"approximateInvokeCount"`
}

type response struct {
	Status  int    `json:"statusCode"`
	Version string `json:"executedVersion"`
	Error   string `json:"functionError,omitempty"`
}

// announce hands the result of an event to the destination for it and, of a
// failure, the event to the dead-letter queue.
func (a *backlog) announce(e *event, end *ending) error {
	n := e.name()
	if n.qualifier == "" {
		n.qualifier = latest
	}
	failed := end.condition != "Success"
	r := result{
		Version: "1.0", Timestamp: a.service.env.Clock.Now().UTC().Format("2006-01-02T15:04:05.000Z"), Payload: e.Payload,
		Request: requested{e.ID, n.qualified(), end.condition, e.Calls},
	}
	if end.outcome != nil {
		r.Response = &response{Status: 200, Version: end.outcome.version}
		if failed {
			r.Response.Error = "Unhandled"
		}
		if json.Valid(end.outcome.Payload) {
			r.Answer = end.outcome.Payload
		}
	}
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("describing the end of an event: %w", err)
	}
	trace := e.Trace
	if end.outcome != nil {
		trace = end.outcome.trace // which finds loops
	}
	ctx := env.WithTrace(env.WithScope(context.WithoutCancel(a.alive), e.Scope), trace)
	config := a.config(e)
	var errs []error
	if d := config.destination(failed); d != "" {
		errs = append(errs, a.service.sendResult(ctx, n, d, failed, text))
	}
	if failed {
		errs = append(errs, a.service.bury(ctx, e, end))
	}
	return errors.Join(errs...)
}

// invokeEvent answers an invocation of the type Event.
func (s *Service) invokeEvent(ctx context.Context, in invocation) (*lambda.InvokeOutput, error) {
	if err := s.accept(ctx, in); err != nil {
		return nil, err
	}
	return &lambda.InvokeOutput{StatusCode: 202}, nil
}

package lambda

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/lambda/eventsource"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// atOnce is how many batches of a queue are at the function at once where the
// mapping sets no maximum: the number with which AWS begins. More would be more
// processes of this machine.
const atOnce = 5

// mappings are the event source mappings and what runs for them.
type mappings struct {
	service   *Service
	all       *store.Set[mapping]              // by scope and id
	positions *store.Set[eventsource.Position] // of streams, by scope, id and lane

	alive context.Context
	end   context.CancelFunc
	work  sync.WaitGroup

	mu      sync.Mutex
	runs    map[string]*run   // by the mapping's key, the last one begun
	results map[string]string // of the last processing
}

// run is what carries one mapping's records until it is stopped.
type run struct {
	stop context.CancelFunc
	done chan struct{}
}

// openMappings opens what the store holds of mappings; nothing runs yet.
func (s *Service) openMappings() error {
	a := &mappings{service: s, runs: map[string]*run{}, results: map[string]string{}}
	a.alive, a.end = context.WithCancel(context.Background())
	var errs [2]error
	a.all, errs[0] = store.NewSet[mapping](s.env.Store, "lambda.mapping")
	a.positions, errs[1] = store.NewSet[eventsource.Position](s.env.Store, "lambda.position")
	a.positions.Uncounted()
	s.mappings = a
	return errors.Join(errs[:]...)
}

// resume starts the mappings that the store holds.
func (a *mappings) resume() error {
	var all []string
	err := a.service.env.Store.View(func(tx *store.Tx) error {
		for key := range a.all.From(tx, "") {
			all = append(all, key)
		}
		return nil
	})
	for _, key := range all {
		a.start(key)
	}
	return err
}

// close ends the carrying of records.
func (a *mappings) close() {
	a.end()
	a.work.Wait()
}

// start carries a mapping's records as the store says, once what was begun for it
// before has ended; a mapping that was deleted is forgotten then. Changes may be
// started in another order than they were made.
func (a *mappings) start(key string) {
	ctx, stop := context.WithCancel(a.alive)
	r := &run{stop: stop, done: make(chan struct{})}
	a.mu.Lock()
	defer a.mu.Unlock()
	before := a.runs[key]
	a.runs[key] = r
	if before != nil {
		before.stop()
	}
	a.work.Go(func() {
		defer close(r.done)
		defer stop()
		if before != nil {
			<-before.done
		}
		if err := a.carry(ctx, key); err != nil && ctx.Err() == nil {
			a.service.env.Log.Warn("an event source mapping has stopped", "mapping", key, "error", err)
			a.report(key, "PROBLEM: "+err.Error())
		}
	})
}

// carry does what the store says of a mapping, until that is done or ctx is.
func (a *mappings) carry(ctx context.Context, key string) error {
	var m mapping
	there := false
	err := a.service.env.Store.View(func(tx *store.Tx) error {
		m, there = a.all.Get(tx, key)
		return nil
	})
	switch {
	case err != nil || !there || ctx.Err() != nil:
		return err
	case m.Change == deleting:
		return a.forget(ctx, &m)
	case m.Enabled && m.kind() == sourceQueue:
		err = a.runQueue(ctx, &m)
	case m.Enabled:
		err = a.runStream(ctx, &m)
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", m.arn(), err)
	}
	return nil
}

// forget removes a deleted mapping when its time to be seen is over.
func (a *mappings) forget(ctx context.Context, m *mapping) error {
	clock := a.service.env.Clock
	due := make(chan struct{})
	t := clock.AfterFunc(m.Settles.Sub(clock.Now()), func() { close(due) })
	defer t.Stop()
	select {
	case <-due:
	case <-ctx.Done():
		return nil
	}
	a.mu.Lock()
	delete(a.results, m.key())
	delete(a.runs, m.key()) // of a deleted mapping this is the last
	a.mu.Unlock()
	return a.service.env.Store.Update(func(tx *store.Tx) error {
		a.all.Delete(tx, m.key())
		for _, key := range a.laneKeys(tx, m) {
			a.positions.Delete(tx, key)
		}
		return nil
	})
}

func (a *mappings) report(key, result string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.results[key] = result
}

func (a *mappings) result(key string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return cmp.Or(a.results[key], eventsource.ResultNone)
}

// seconds is a setting as a time.
func seconds(n *int32) time.Duration { return time.Duration(aws.ToInt32(n)) * time.Second }

func (m *mapping) partial() bool {
	return slices.Contains(m.Configuration.FunctionResponseTypes, types.FunctionResponseTypeReportBatchItemFailures)
}

func (a *mappings) runQueue(ctx context.Context, m *mapping) error {
	c := &m.Configuration
	most := atOnce
	if c.ScalingConfig != nil {
		most = int(aws.ToInt32(c.ScalingConfig.MaximumConcurrency))
	}
	filter, err := m.filter()
	if err != nil {
		return err
	}
	q := eventsource.QueueMapping{
		Queue: &queueSource{a.service.Queues, m.arn()}, Function: &mapped{a.service, m.name()}, Filter: filter,
		Clock: a.service.env.Clock, Log: a.service.env.Log, Batch: int(*c.BatchSize), Window: seconds(c.MaximumBatchingWindowInSeconds),
		AtOnce: most, Partial: m.partial(),
	}
	for {
		err := q.Run(ctx)
		var gone *sqstypes.QueueDoesNotExist
		if !errors.As(err, &gone) {
			return err
		}
		// The mapping stays, and goes on when there is a queue of that name again.
		a.report(m.key(), "PROBLEM: "+gone.ErrorMessage())
		if err := a.service.Queues.Await(ctx, m.arn()); err != nil {
			return nil //nolint:nilerr // the mapping is to stop
		}
		a.report(m.key(), "")
	}
}

// lanes is how many events of a stream are at the function at once.
func (m *mapping) lanes() int {
	if m.kind() != sourceStream {
		return 0
	}
	return int(aws.ToInt32(m.Configuration.ParallelizationFactor))
}

func (m *mapping) laneKey(lane int) string {
	return m.Scope.Key(*m.Configuration.UUID, fmt.Sprintf("%02d", lane))
}

func (a *mappings) laneKeys(tx *store.Tx, m *mapping) (keys []string) {
	for k := range a.positions.Prefix(tx, m.Scope.Key(*m.Configuration.UUID, "")) {
		keys = append(keys, k)
	}
	return keys
}

// lanePositions is where each lane begins. After a change of their number all begin
// where the last of them was: the keys are shared out anew.
func (a *mappings) lanePositions(m *mapping) ([]eventsource.Position, error) {
	all := make([]eventsource.Position, m.lanes())
	err := a.service.env.Store.Update(func(tx *store.Tx) error {
		keys := a.laneKeys(tx, m)
		var first eventsource.Position
		for i, k := range keys {
			p, _ := a.positions.Get(tx, k)
			if i < len(all) {
				all[i] = p
			}
			if i == 0 || p.After < first.After {
				first = eventsource.Position{After: p.After}
			}
		}
		if len(keys) == len(all) {
			return nil
		}
		for _, k := range keys {
			a.positions.Delete(tx, k)
		}
		for i := range all {
			all[i] = first
			a.positions.Put(tx, m.laneKey(i), first)
		}
		return nil
	})
	return all, err
}

func (a *mappings) runStream(ctx context.Context, m *mapping) error {
	s, c := a.service, &m.Configuration
	filter, err := m.filter()
	if err != nil {
		return err
	}
	_, shard, err := s.Streams.Newest(m.arn())
	if err != nil {
		return err
	}
	positions, err := a.lanePositions(m)
	if err != nil {
		return err
	}
	age := seconds(c.MaximumRecordAgeInSeconds)
	mapping := eventsource.StreamMapping{
		Open:     func(after string) (eventsource.Stream, error) { return openStream(s.Streams, m.arn(), after) },
		Function: &mapped{s, m.name()}, Filter: filter, Clock: s.env.Clock, Log: s.env.Log,
		Position: func(lane int) eventsource.Position { return positions[lane] },
		Save: func(lane int, p eventsource.Position) error {
			return s.env.Store.Update(func(tx *store.Tx) error { a.positions.Put(tx, m.laneKey(lane), p); return nil })
		},
		Report: func(result string) { a.report(m.key(), result) }, NewID: uuid.NewString,
		StreamARN: m.arn(), Shard: shard, FunctionARN: *c.FunctionArn,
		Batch: int(*c.BatchSize), Window: seconds(c.MaximumBatchingWindowInSeconds), Lanes: m.lanes(),
		Bisect: *c.BisectBatchOnFunctionError, Retries: int(*c.MaximumRetryAttempts), MaxAge: age,
		Tumbling: seconds(c.TumblingWindowInSeconds), Partial: m.partial(),
	}
	if d := aws.ToString(c.DestinationConfig.OnFailure.Destination); d != "" {
		mapping.GiveUp = func(ctx context.Context, lost eventsource.Lost) error { return s.sendLost(ctx, m, d, lost) }
	}
	return mapping.Run(ctx)
}

// filter is the condition of the mapping's patterns; nil without any.
func (m *mapping) filter() (eventsource.Filter, error) {
	patterns, err := filtersOf(m.Configuration.FilterCriteria)
	if err != nil || patterns == nil {
		return nil, err
	}
	return func(record json.RawMessage) bool {
		d := json.NewDecoder(strings.NewReader(string(record)))
		d.UseNumber()
		var v map[string]any
		if d.Decode(&v) != nil {
			return false
		}
		if body, ok := v["body"].(string); ok {
			v["body"] = parsed(body)
		}
		for _, p := range patterns {
			if p.MatchesValue(v) {
				return true
			}
		}
		return false
	}, nil
}

// parsed is the body of a message as patterns see it: an object where it is one in
// JSON, else the text.
func parsed(body string) any {
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	var object map[string]any
	if d.Decode(&object) != nil || object == nil || d.More() {
		return body
	}
	return object
}

// mapped calls the function of a mapping, as often as its event sources ask.
type mapped struct {
	service *Service
	name    name
}

// Invoke implements [eventsource.Function].
func (f *mapped) Invoke(ctx context.Context, event []byte) (eventsource.Answer, error) {
	s := f.service
	id := uuid.NewString()
	ctx = env.WithTrace(env.WithScope(ctx, f.name.Scope), traceOf(event))
	r, err := s.invoke(ctx, invocation{name: f.name, payload: event, request: id})
	if err == nil && s.mappings.alive.Err() != nil {
		err = eventsource.ErrStopped // the function may have been killed
	}
	return eventsource.Answer{Payload: r.Payload, Failed: r.Failed, Version: r.version, RequestID: id}, err
}

// traceOf is the trace that the first message of an event belongs to, if any.
func traceOf(event []byte) string {
	if !bytes.Contains(event, []byte(`"AWSTraceHeader"`)) {
		return ""
	}
	var e struct {
		Records []struct {
			Attributes struct{ AWSTraceHeader string }
		}
	}
	if json.Unmarshal(event, &e) != nil || len(e.Records) == 0 {
		return ""
	}
	return e.Records[0].Attributes.AWSTraceHeader
}

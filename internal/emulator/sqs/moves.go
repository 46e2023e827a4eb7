package sqs

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// task is a moving of messages out of a dead-letter queue.
type task struct {
	ID      string
	From    string // ARN
	To      string // ARN; empty: each to where it came from
	Rate    int32  // messages per second; 0: as fast as can be
	Started int64  // milliseconds
	Status  string
	Moved   int64
	ToMove  int64
	Failure string
}

const (
	running   = "RUNNING"
	completed = "COMPLETED"
	canceling = "CANCELLING" //nolint:misspell // AWS spells it so
	ended     = "CANCELLED"  //nolint:misspell // AWS spells it so
	failing   = "FAILED"
)

func (t *task) key(scope env.Scope) string {
	return scope.Key(t.From, fmt.Sprintf("%016x", t.Started), t.ID)
}

func (t *task) handle() *string {
	raw, _ := json.Marshal(map[string]string{"taskId": t.ID, "sourceArn": t.From}) // of strings, it cannot fail
	return ptr(base64.StdEncoding.EncodeToString(raw))
}

// failMoves marks what was under way when the emulator ended.
func (s *Service) failMoves() {
	_ = s.env.Store.Update(func(tx *store.Tx) error { // what cannot be written now cannot be later either
		for _, key := range keysOf(s.tasks.Prefix(tx, "")) {
			if t, ok := s.tasks.Get(tx, key); ok && (t.Status == running || t.Status == canceling) {
				t.Status, t.Failure = failing, "The service was interrupted."
				s.tasks.Put(tx, key, t)
			}
		}
		return nil
	})
}

func noSource() error {
	return &types.ResourceNotFoundException{Message: ptr("The resource that you specified for the SourceArn parameter doesn't exist.")}
}

// StartMessageMoveTask begins to move messages out of a dead-letter queue.
func (s *Service) StartMessageMoveTask(ctx context.Context, in *sqs.StartMessageMoveTaskInput) (*sqs.StartMessageMoveTaskOutput, error) {
	t := task{ID: uuid.NewString(), From: value(in.SourceArn), To: value(in.DestinationArn), Rate: value(in.MaxNumberOfMessagesPerSecond), Started: s.now(), Status: running}
	if in.MaxNumberOfMessagesPerSecond != nil && (t.Rate < 1 || t.Rate > 500) {
		return nil, badValue("Value for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: You must enter a value between 1 and 500.")
	}
	scope := env.ScopeOf(ctx)
	moving, cancel := context.WithCancel(env.WithScope(s.alive, scope))
	s.mu.Lock()
	s.moving[t.ID] = cancel // before anybody can see the task, and cancel it
	s.mu.Unlock()
	err := s.env.Store.Update(func(tx *store.Tx) error {
		source, ok := s.named(tx, t.From)
		if !ok || source.Scope.Account != scope.Account {
			return noSource()
		}
		if !s.isGrave(tx, &source) {
			return badValue("Source queue must be configured as a Dead Letter Queue.")
		}
		if t.To != "" {
			target, ok := s.named(tx, t.To)
			switch {
			case !ok || target.Scope.Account != scope.Account:
				return &types.ResourceNotFoundException{Message: ptr("The resource that you specified for the DestinationArn parameter doesn't exist.")}
			case target.arn() == source.arn():
				return badValue("Source queue arn and destination queue arn cannot be the same.")
			case target.fifo() != source.fifo():
				return badValue("Source queue and destination queue must be of the same type.")
			}
		}
		for _, other := range s.tasks.Prefix(tx, scope.Key(t.From, "")) {
			if other.Status == running || other.Status == canceling {
				return badValue("There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
			}
		}
		n := s.count(tx, &source)
		t.ToMove = int64(n[0])
		s.tasks.Put(tx, t.key(scope), t)
		return nil
	})
	if err != nil {
		s.forget(t.ID)
		return nil, err
	}
	s.work.Go(func() {
		defer s.forget(t.ID)
		s.move(moving, t)
	})
	return &sqs.StartMessageMoveTaskOutput{TaskHandle: t.handle()}, nil
}

// isGrave tells that some queue has q for its dead letters.
func (s *Service) isGrave(tx *store.Tx, q *queue) bool {
	for _, other := range s.queues.Prefix(tx, q.Scope.Key("")) {
		if p, ok := other.redrivePolicy(); ok && p.Target == q.arn() {
			return true
		}
	}
	return false
}

// move moves message after message, until there is none that was there when it
// began, or until it is ended.
func (s *Service) move(ctx context.Context, t task) {
	scope := env.ScopeOf(ctx)
	for t.Status == running {
		more := false
		err := s.env.Store.Update(func(tx *store.Tx) error {
			source, ok := s.named(tx, t.From)
			if !ok {
				t.Status, t.Failure = failing, "AWS.SimpleQueueService.NonExistentQueue"
				return nil
			}
			m := s.oldest(tx, &source, t.Started)
			if m == nil || t.Moved >= t.ToMove {
				return nil
			}
			to := t.To
			if to == "" {
				to = m.Source
			}
			target, ok := s.named(tx, to)
			if !ok {
				t.Status, t.Failure = failing, "CouldNotDetermineMessageSource"
				return nil
			}
			more = true
			s.drop(tx, &source, m)
			m.Source, m.Receipt, m.Count, m.First = "", "", 0, 0
			m.Visible, m.Queued, m.Sequence = s.now(), s.now(), s.sequence()
			s.put(tx, &target, m)
			t.Moved++
			s.tasks.Put(tx, t.key(scope), t)
			go s.wakeKey(target.key())
			return nil
		})
		switch {
		case err != nil:
			t.Status, t.Failure = failing, "InternalError"
		case t.Status == running && !more:
			t.Status = completed
		case more && t.Rate > 0:
			err = clock.Wait(ctx, s.env.Clock, time.Second/time.Duration(t.Rate))
		}
		if t.Status == running && (err != nil || ctx.Err() != nil) {
			t.Status = ended
		}
	}
	if s.alive.Err() != nil { // the next start marks it as failed
		return
	}
	_ = s.env.Store.Update(func(tx *store.Tx) error { // without a store there is nobody to ask either
		s.tasks.Put(tx, t.key(scope), t)
		return nil
	})
}

// forget ends what a move holds.
func (s *Service) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moving[id]()
	delete(s.moving, id)
}

// oldest is the first message of q that can be received and came before a time.
func (s *Service) oldest(tx *store.Tx, q *queue, before int64) *message {
	now := s.now()
	for _, m := range s.messages.Prefix(tx, q.key()+"\x00") {
		if m.Visible <= now && m.Queued <= before && !m.expired(q, now) {
			return &m
		}
	}
	return nil
}

// CancelMessageMoveTask ends a moving of messages. What was moved stays moved.
func (s *Service) CancelMessageMoveTask(ctx context.Context, in *sqs.CancelMessageMoveTaskInput) (*sqs.CancelMessageMoveTaskOutput, error) {
	var named struct {
		ID     string `json:"taskId"`
		Source string `json:"sourceArn"`
	}
	raw, err := base64.StdEncoding.DecodeString(value(in.TaskHandle))
	if err != nil || json.Unmarshal(raw, &named) != nil {
		return nil, badValue("Value for parameter TaskHandle is invalid.")
	}
	out := &sqs.CancelMessageMoveTaskOutput{}
	err = s.env.Store.Update(func(tx *store.Tx) error {
		if _, ok := s.named(tx, named.Source); !ok {
			return noSource()
		}
		for key, t := range s.tasks.Prefix(tx, env.ScopeOf(ctx).Key(named.Source, "")) {
			if t.ID != named.ID {
				continue
			}
			if t.Status != running {
				return plain("UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation", "Only active tasks can be cancelled.") //nolint:misspell // AWS's words
			}
			t.Status, out.ApproximateNumberOfMessagesMoved = canceling, t.Moved
			s.tasks.Put(tx, key, t)
			return nil
		}
		return &types.ResourceNotFoundException{Message: ptr("Task does not exist.")}
	})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel := s.moving[named.ID]; cancel != nil {
		cancel()
	}
	return out, nil
}

// ListMessageMoveTasks lists the latest movings of messages out of a queue.
func (s *Service) ListMessageMoveTasks(ctx context.Context, in *sqs.ListMessageMoveTasksInput) (*sqs.ListMessageMoveTasksOutput, error) {
	most := int32(1)
	if in.MaxResults != nil {
		if most = *in.MaxResults; most < 1 || most > 10 {
			return nil, badValue("Value for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 and 10.")
		}
	}
	out := &sqs.ListMessageMoveTasksOutput{}
	err := s.env.Store.View(func(tx *store.Tx) error {
		if _, ok := s.named(tx, value(in.SourceArn)); !ok {
			return noSource()
		}
		var all []task
		for _, t := range s.tasks.Prefix(tx, env.ScopeOf(ctx).Key(*in.SourceArn, "")) {
			all = append(all, t)
		}
		for i := len(all) - 1; i >= 0 && len(out.Results) < int(most); i-- {
			out.Results = append(out.Results, all[i].show())
		}
		return nil
	})
	return out, err
}

func (t *task) show() types.ListMessageMoveTasksResultEntry {
	out := types.ListMessageMoveTasksResultEntry{
		Status: &t.Status, SourceArn: &t.From, StartedTimestamp: t.Started,
		ApproximateNumberOfMessagesMoved: t.Moved, ApproximateNumberOfMessagesToMove: &t.ToMove,
	}
	if t.To != "" {
		out.DestinationArn = &t.To
	}
	if t.Rate > 0 {
		out.MaxNumberOfMessagesPerSecond = &t.Rate
	}
	if t.Failure != "" {
		out.FailureReason = &t.Failure
	}
	if t.Status == running {
		out.TaskHandle = t.handle()
	}
	return out
}

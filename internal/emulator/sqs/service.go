// Package sqs is SQS: standard and FIFO queues, their messages, dead-letter queues
// and the moving of messages out of them. It must not know who sends messages or
// polls for them. Encryption is stored and not carried out; the policies of queues
// decide about other services and accounts, and about nobody else.
package sqs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs/schemas"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// A Service is SQS.
type Service struct {
	env      *env.Env
	queues   *store.Set[queue]   // by scope and name
	messages *store.Set[message] // by queue and turn, see queue.turn
	places   *store.Set[string]  // turns by queue and message id
	lines    *store.Set[string]  // turns by FIFO queue, group and turn
	fronts   *store.Set[string]  // groups of FIFO queues by their first turn
	seen     *store.Set[sent]    // by queue and deduplication id
	expiry   *store.Set[string]  // keys of seen by queue and time
	tasks    *store.Set[task]    // moves of messages by scope, source and start

	// Rest is how long the name of a deleted queue cannot be taken again; AWS has
	// 60 seconds.
	Rest    time.Duration
	deleted sync.Map // the times of deletion by scope and name
	// Flying is how many messages of a queue can be in flight; zero: as many as on AWS.
	Flying int

	mu       sync.Mutex
	last     int64                    // the sequence number given last
	changed  map[string]chan struct{} // closed when a queue may have a message to give
	attempts map[string]attempt       // of receiving from FIFO queues
	flying   map[string]int           // messages in flight at most, by queue
	moving   map[string]context.CancelFunc

	alive context.Context
	end   context.CancelFunc
	work  sync.WaitGroup
}

// New returns the service over the environment's store.
func New(e *env.Env) (*Service, error) {
	s := &Service{env: e, changed: map[string]chan struct{}{}, attempts: map[string]attempt{}, flying: map[string]int{}, moving: map[string]context.CancelFunc{}}
	s.alive, s.end = context.WithCancel(context.Background())
	var errs [8]error
	s.queues, errs[0] = store.NewSet[queue](e.Store, "sqs.queue")
	s.messages, errs[1] = store.NewSet[message](e.Store, "sqs.message")
	s.places, errs[2] = store.NewSet[string](e.Store, "sqs.place")
	s.seen, errs[3] = store.NewSet[sent](e.Store, "sqs.seen")
	s.expiry, errs[4] = store.NewSet[string](e.Store, "sqs.expiry")
	s.tasks, errs[5] = store.NewSet[task](e.Store, "sqs.task")
	s.lines, errs[6] = store.NewSet[string](e.Store, "sqs.line")
	s.fronts, errs[7] = store.NewSet[string](e.Store, "sqs.front")
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("opening SQS's sets: %w", err)
	}
	for _, index := range []*store.Set[string]{s.places, s.lines, s.fronts} {
		index.Uncounted()
	}
	s.expiry.Uncounted()
	s.failMoves()
	return s, nil
}

// Close ends the moves of messages that are under way.
func (s *Service) Close() error {
	s.end()
	s.work.Wait()
	return nil
}

// Wire lists what the service serves.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:     "sqs",
		Protocol: wire.AWSJSON10,
		Schema:   schemas.AmazonSQS,
		Operations: []wire.Operation{
			wire.Op(schemas.AddPermission, s.AddPermission),
			wire.Op(schemas.CancelMessageMoveTask, s.CancelMessageMoveTask),
			wire.Op(schemas.ChangeMessageVisibility, s.ChangeMessageVisibility),
			wire.Op(schemas.ChangeMessageVisibilityBatch, s.ChangeMessageVisibilityBatch),
			wire.Op(schemas.CreateQueue, s.CreateQueue, wire.Unchecked("Attributes")),
			wire.Op(schemas.DeleteMessage, s.DeleteMessage),
			wire.Op(schemas.DeleteMessageBatch, s.DeleteMessageBatch),
			wire.Op(schemas.DeleteQueue, s.DeleteQueue),
			wire.Op(schemas.GetQueueAttributes, s.GetQueueAttributes, wire.Unchecked("AttributeNames")),
			wire.Op(schemas.GetQueueUrl, s.GetQueueURL),
			wire.Op(schemas.ListDeadLetterSourceQueues, s.ListDeadLetterSourceQueues),
			wire.Op(schemas.ListMessageMoveTasks, s.ListMessageMoveTasks),
			wire.Op(schemas.ListQueueTags, s.ListQueueTags),
			wire.Op(schemas.ListQueues, s.ListQueues),
			wire.Op(schemas.PurgeQueue, s.PurgeQueue),
			wire.Op(schemas.ReceiveMessage, s.ReceiveMessage, wire.ExplicitZero("MaxNumberOfMessages", "VisibilityTimeout", "WaitTimeSeconds"), wire.Unchecked("AttributeNames", "MessageSystemAttributeNames")),
			wire.Op(schemas.RemovePermission, s.RemovePermission),
			wire.Op(schemas.SendMessage, s.SendMessage, wire.ExplicitZero("DelaySeconds"), wire.Unchecked("MessageSystemAttributes")),
			wire.Op(schemas.SendMessageBatch, s.SendMessageBatch, wire.ExplicitZero("Entries.DelaySeconds"), wire.Unchecked("Entries.MessageSystemAttributes")),
			wire.Op(schemas.SetQueueAttributes, s.SetQueueAttributes, wire.Unchecked("Attributes")),
			wire.Op(schemas.StartMessageMoveTask, s.StartMessageMoveTask),
			wire.Op(schemas.TagQueue, s.TagQueue),
			wire.Op(schemas.UntagQueue, s.UntagQueue),
		},
	}
}

// queue is a queue. Its attributes are kept as texts, as they come and go.
type queue struct {
	Scope      env.Scope
	Name       string
	Created    int64 // seconds
	Modified   int64
	Attributes map[string]string // those that were set, and those with a default
	Tags       map[string]string
	Purged     int64 // milliseconds of the last purge
}

func (q *queue) key() string { return q.Scope.Key(q.Name) }

func (q *queue) fifo() bool { return strings.HasSuffix(q.Name, ".fifo") }

func (q *queue) arn() string { return q.Scope.ARN("sqs", q.Name) }

// now is the time in milliseconds.
func (s *Service) now() int64 { return s.env.Clock.Now().UnixMilli() }

// sequence is a number larger than all before it, those of earlier runs included.
func (s *Service) sequence() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = max(s.last+1, time.Now().UnixNano())
	return s.last
}

// url is the queue's address.
func (s *Service) url(q *queue) (*string, error) {
	base, err := s.env.URL()
	if err != nil {
		return nil, err
	}
	u := base + "/" + q.Scope.Account + "/" + q.Name
	return &u, nil
}

// find returns the queue at an address.
func (s *Service) find(ctx context.Context, tx *store.Tx, url *string) (queue, error) {
	parts := strings.Split(strings.TrimRight(value(url), "/"), "/")
	scope := env.ScopeOf(ctx)
	if n := len(parts); n >= 2 && account(parts[n-2]) {
		scope.Account = parts[n-2]
	}
	q, ok := s.queues.Get(tx, scope.Key(parts[len(parts)-1]))
	if !ok {
		return q, gone()
	}
	return q, nil
}

func account(s string) bool { return len(s) == 12 && strings.Trim(s, "0123456789") == "" }

// named returns the queue with that ARN.
func (s *Service) named(tx *store.Tx, arn string) (queue, bool) {
	parts := strings.Split(arn, ":")
	if len(parts) != 6 || parts[2] != "sqs" {
		return queue{}, false
	}
	return s.queues.Get(tx, env.Scope{Account: parts[4], Region: parts[3]}.Key(parts[5]))
}

// view calls f with the queue at that address.
func (s *Service) view(ctx context.Context, url *string, f func(tx *store.Tx, q queue) error) error {
	return s.env.Store.View(func(tx *store.Tx) error {
		q, err := s.find(ctx, tx, url)
		if err != nil {
			return err
		}
		return f(tx, q)
	})
}

// update changes the queue at that address, or what is in it, within one commit.
func (s *Service) update(ctx context.Context, url *string, f func(tx *store.Tx, q *queue) error) error {
	return s.env.Store.Update(func(tx *store.Tx) error {
		q, err := s.find(ctx, tx, url)
		if err != nil {
			return err
		}
		return f(tx, &q)
	})
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func ptr[T any](v T) *T { return &v }

func gone() error {
	return &types.QueueDoesNotExist{Message: ptr("The specified queue does not exist.")}
}

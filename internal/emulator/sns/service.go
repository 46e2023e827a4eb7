// Package sns is SNS as far as queues and functions can subscribe: standard and
// FIFO topics, subscriptions with filters and dead-letter queues, and publishing.
//
// It must not know what queues and functions do with messages: they come in through
// the interfaces [Queues] and [Functions]. Subscriptions of other protocols are
// refused by name, and so are text messages and mobile devices.
package sns

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// Principal is how SNS calls itself when it sends to others.
const Principal = "sns.amazonaws.com"

// Queues take messages, by ARN; their policies decide whether SNS may send.
type Queues interface {
	Deliver(ctx context.Context, arn string, in *sqs.SendMessageInput) (*sqs.SendMessageOutput, error)
}

// Functions are invoked asynchronously; their policies decide whether SNS may.
type Functions interface {
	Enqueue(ctx context.Context, functionARN string, event []byte) error
}

// A Service is SNS.
type Service struct {
	env       *env.Env
	queues    Queues
	functions Functions

	topics        *store.Set[topic]        // by scope and name
	subscriptions *store.Set[subscription] // by scope, topic and id
	seen          *store.Set[published]    // of FIFO topics, by scope, topic and deduplication id

	signer signer
	mu     sync.Mutex
	last   int64     // the sequence number given last
	forgot time.Time // when messages were forgotten last
}

// New returns the service over the environment's store.
func New(e *env.Env, queues Queues, functions Functions) (*Service, error) {
	s := &Service{env: e, queues: queues, functions: functions}
	var errs [3]error
	s.topics, errs[0] = store.NewSet[topic](e.Store, "sns.topic")
	s.subscriptions, errs[1] = store.NewSet[subscription](e.Store, "sns.subscription")
	s.seen, errs[2] = store.NewSet[published](e.Store, "sns.published")
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("opening SNS's sets: %w", err)
	}
	s.seen.Uncounted()
	return s, nil
}

// Wire lists what the service serves.
func (s *Service) Wire() wire.Service {
	return wire.Service{
		Name:     "sns",
		Protocol: wire.Query,
		Version:  "2010-03-31",
		Operations: []wire.Operation{
			wire.QueryOp(s.AddPermission),
			wire.QueryOp(s.CreateTopic, wire.Refuse("DataProtectionPolicy")),
			wire.QueryOp(s.DeleteTopic),
			wire.QueryOp(s.GetSubscriptionAttributes),
			wire.QueryOp(s.GetTopicAttributes),
			wire.QueryOp(s.ListSubscriptions),
			wire.QueryOp(s.ListSubscriptionsByTopic),
			wire.QueryOp(s.ListTagsForResource),
			wire.QueryOp(s.ListTopics),
			wire.QueryOp(s.Publish),
			wire.QueryOp(s.PublishBatch),
			wire.QueryOp(s.RemovePermission),
			wire.QueryOp(s.SetSubscriptionAttributes),
			wire.QueryOp(s.SetTopicAttributes),
			wire.QueryOp(s.Subscribe),
			wire.QueryOp(s.TagResource),
			wire.QueryOp(s.Unsubscribe, wire.Unchecked("SubscriptionArn")),
			wire.QueryOp(s.UntagResource),
		},
	}
}

func invalid(format string, args ...any) error {
	return &types.InvalidParameterException{Message: ptr("Invalid parameter: " + fmt.Sprintf(format, args...))}
}

func notFound(what string) error {
	return &types.NotFoundException{Message: ptr(what + " does not exist")}
}

// parts are those of an ARN; member is what the request calls it.
func parts(arn *string, member string) ([]string, error) {
	if arn == nil {
		return nil, invalid("%s Reason: no value for required parameter", member)
	}
	p := strings.Split(*arn, ":")
	if len(p) < 6 {
		return nil, invalid("%s Reason: An ARN must have at least 6 elements, not %d", member, len(p))
	}
	return p, nil
}

// topicKey is where the topic of an ARN is kept.
func topicKey(arn *string, member string) (string, error) {
	p, err := parts(arn, member)
	if err != nil {
		return "", err
	}
	return env.Scope{Account: p[4], Region: p[3]}.Key(strings.Join(p[5:], ":")), nil
}

// topic returns the topic of an ARN.
func (s *Service) topic(tx *store.Tx, arn *string) (topic, error) {
	key, err := topicKey(arn, "TopicArn")
	if err != nil {
		return topic{}, err
	}
	t, ok := s.topics.Get(tx, key)
	if !ok {
		return t, notFound("Topic")
	}
	return t, nil
}

// view calls f with the topic of that ARN, if the caller in ctx may do that with it.
func (s *Service) view(ctx context.Context, action string, arn *string, f func(tx *store.Tx, t *topic) error) error {
	return s.env.Store.View(func(tx *store.Tx) error {
		t, err := s.topic(tx, arn)
		if err != nil {
			return err
		}
		if err := t.admits(ctx, action); err != nil {
			return err
		}
		return f(tx, &t)
	})
}

// update changes the topic of that ARN by f, if the caller in ctx may do that with it.
func (s *Service) update(ctx context.Context, action string, arn *string, f func(tx *store.Tx, t *topic) error) error {
	return s.env.Store.Update(func(tx *store.Tx) error {
		t, err := s.topic(tx, arn)
		if err != nil {
			return err
		}
		if err := t.admits(ctx, action); err != nil {
			return err
		}
		if err := f(tx, &t); err != nil {
			return err
		}
		s.topics.Put(tx, t.key(), t)
		return nil
	})
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func ptr[T any](v T) *T { return &v }

package sqs

import (
	"context"
	"encoding/base64"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

var queueName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`) })

// checkName refuses what cannot be the name of a queue.
func checkName(name string, fifo bool) error {
	bare, suffixed := strings.CutSuffix(name, ".fifo")
	switch {
	case fifo && (!suffixed || len(name) > 80 || !queueName().MatchString(bare)):
		return badValue("The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.")
	case !fifo && !queueName().MatchString(name):
		return badValue("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	return nil
}

// CreateQueue makes a queue, or finds the one of that name if it has the given
// attributes.
func (s *Service) CreateQueue(ctx context.Context, in *sqs.CreateQueueInput) (*sqs.CreateQueueOutput, error) {
	name := value(in.QueueName)
	if v, given := in.Attributes["FifoQueue"]; given && v != "true" {
		return nil, badAttributeName("Unknown Attribute FifoQueue.")
	}
	if err := checkName(name, in.Attributes["FifoQueue"] == "true"); err != nil {
		return nil, err
	}
	out := &sqs.CreateQueueOutput{}
	err := s.env.Store.Update(func(tx *store.Tx) error {
		scope := env.ScopeOf(ctx)
		q, there := s.queues.Get(tx, scope.Key(name))
		if !there {
			if at, ok := s.deleted.Load(scope.Key(name)); ok && s.env.Clock.Now().Sub(at.(time.Time)) < s.Rest {
				return &types.QueueDeletedRecently{Message: ptr("You must wait 60 seconds after deleting a queue before you can create another with the same name.")}
			}
			now := s.now() / 1000
			q = queue{Scope: scope, Name: name, Created: now, Modified: now, Tags: maps.Clone(in.Tags)}
			q.Attributes = initial(q.fifo())
		}
		before := maps.Clone(q.Attributes)
		if err := s.set(tx, &q, in.Attributes, true); err != nil {
			return err
		}
		if there {
			for _, attr := range slices.Sorted(maps.Keys(in.Attributes)) {
				if before[attr] != q.Attributes[attr] {
					return &types.QueueNameExists{Message: ptr("A queue already exists with the same name and a different value for attribute " + attr)}
				}
			}
		} else {
			if len(q.Tags) > maxTags {
				return badValue("Too many tags added for queue %s.", name)
			}
			s.queues.Put(tx, q.key(), q)
		}
		var err error
		out.QueueUrl, err = s.url(&q)
		return err
	})
	if err == nil {
		s.wakeKey(env.ScopeOf(ctx).Key(name)) // those who wait for it to be there
	}
	return out, err
}

// DeleteQueue deletes a queue with its messages.
func (s *Service) DeleteQueue(ctx context.Context, in *sqs.DeleteQueueInput) (*sqs.DeleteQueueOutput, error) {
	var key string // which the address tells no more when the queue is gone
	err := s.update(ctx, in.QueueUrl, func(tx *store.Tx, q *queue) error {
		if err := q.admits(ctx, "DeleteQueue"); err != nil {
			return err
		}
		key = q.key()
		s.empty(tx, q)
		s.queues.Delete(tx, key)
		s.deleted.Store(key, s.env.Clock.Now())
		return nil
	})
	if err == nil {
		s.wakeKey(key) // those who wait learn that it is gone
	}
	return &sqs.DeleteQueueOutput{}, err
}

// empty removes the messages of q, and what was noted of earlier ones.
func (s *Service) empty(tx *store.Tx, q *queue) {
	prefix := q.key() + "\x00"
	for _, key := range keysOf(s.messages.Prefix(tx, prefix)) {
		s.messages.Delete(tx, key)
	}
	for _, index := range []*store.Set[string]{s.places, s.lines, s.fronts} {
		for _, key := range keysOf(index.Prefix(tx, prefix)) {
			index.Delete(tx, key)
		}
	}
	for _, key := range keysOf(s.seen.Prefix(tx, prefix)) {
		s.seen.Delete(tx, key)
	}
	for _, key := range keysOf(s.expiry.Prefix(tx, prefix)) {
		s.expiry.Delete(tx, key)
	}
}

func keysOf[V any](all func(func(string, V) bool)) []string {
	var keys []string
	for k := range all {
		keys = append(keys, k)
	}
	return keys
}

// purgeRest is how long a queue cannot be purged again.
const purgeRest = 60_000 // milliseconds

// PurgeQueue removes all messages of a queue.
func (s *Service) PurgeQueue(ctx context.Context, in *sqs.PurgeQueueInput) (*sqs.PurgeQueueOutput, error) {
	err := s.update(ctx, in.QueueUrl, func(tx *store.Tx, q *queue) error {
		if err := q.admits(ctx, "PurgeQueue"); err != nil {
			return err
		}
		now := s.now()
		if q.Purged != 0 && now-q.Purged < purgeRest {
			return &types.PurgeQueueInProgress{Message: ptr("Only one PurgeQueue operation on " + q.Name + " is allowed every 60 seconds.")}
		}
		s.empty(tx, q)
		q.Purged = now
		s.queues.Put(tx, q.key(), *q)
		return nil
	})
	return &sqs.PurgeQueueOutput{}, err
}

// GetQueueURL returns the address of a queue.
func (s *Service) GetQueueURL(ctx context.Context, in *sqs.GetQueueUrlInput) (*sqs.GetQueueUrlOutput, error) {
	scope := env.ScopeOf(ctx)
	if in.QueueOwnerAWSAccountId != nil {
		scope.Account = *in.QueueOwnerAWSAccountId
	}
	out := &sqs.GetQueueUrlOutput{}
	err := s.env.Store.View(func(tx *store.Tx) (err error) {
		q, ok := s.queues.Get(tx, scope.Key(value(in.QueueName)))
		if !ok {
			return gone()
		}
		out.QueueUrl, err = s.url(&q)
		return err
	})
	return out, err
}

// ListQueues lists the queues of the region by name.
func (s *Service) ListQueues(ctx context.Context, in *sqs.ListQueuesInput) (*sqs.ListQueuesOutput, error) {
	out := &sqs.ListQueuesOutput{}
	prefix := value(in.QueueNamePrefix)
	err := s.env.Store.View(func(tx *store.Tx) (err error) {
		scope := env.ScopeOf(ctx)
		out.QueueUrls, out.NextToken, err = s.page(in.MaxResults, in.NextToken, func(yield func(queue) bool) {
			for _, q := range s.queues.Prefix(tx, scope.Key("")) {
				if strings.HasPrefix(q.Name, prefix) && !yield(q) {
					return
				}
			}
		})
		return err
	})
	return out, err
}

// ListDeadLetterSourceQueues lists the queues whose dead letters come here.
func (s *Service) ListDeadLetterSourceQueues(ctx context.Context, in *sqs.ListDeadLetterSourceQueuesInput) (*sqs.ListDeadLetterSourceQueuesOutput, error) {
	out := &sqs.ListDeadLetterSourceQueuesOutput{QueueUrls: []string{}}
	err := s.view(ctx, in.QueueUrl, func(tx *store.Tx, target queue) error {
		if err := target.admits(ctx, "ListDeadLetterSourceQueues"); err != nil {
			return err
		}
		urls, next, err := s.page(in.MaxResults, in.NextToken, func(yield func(queue) bool) {
			for _, q := range s.queues.Prefix(tx, target.Scope.Key("")) {
				if p, ok := q.redrivePolicy(); ok && p.Target == target.arn() && !yield(q) {
					return
				}
			}
		})
		out.QueueUrls, out.NextToken = append(out.QueueUrls, urls...), next
		return err
	})
	return out, err
}

// maxList is how many queues are listed at once.
const maxList = 1000

// page is a part of a list of queues, and the token for the rest. AWS gives a
// token only to those who ask for a number.
func (s *Service) page(most *int32, token *string, all func(func(queue) bool)) (urls []string, next *string, err error) {
	limit := maxList
	switch {
	case most != nil && (*most < 1 || *most > maxList):
		return nil, nil, badValue("Value for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 and 1000.")
	case most != nil:
		limit = int(*most)
	}
	after := ""
	if token != nil {
		raw, err := base64.StdEncoding.DecodeString(*token)
		if err != nil || most == nil {
			return nil, nil, badValue("Invalid or expired next token.")
		}
		after = string(raw)
	}
	last := ""
	for q := range all {
		if q.Name <= after {
			continue
		}
		if len(urls) == limit {
			if most != nil {
				next = ptr(base64.StdEncoding.EncodeToString([]byte(last)))
			}
			break
		}
		u, err := s.url(&q)
		if err != nil {
			return nil, nil, err
		}
		urls, last = append(urls, *u), q.Name
	}
	return urls, next, nil
}

const maxTags = 50

// TagQueue adds tags to a queue.
func (s *Service) TagQueue(ctx context.Context, in *sqs.TagQueueInput) (*sqs.TagQueueOutput, error) {
	err := s.update(ctx, in.QueueUrl, func(tx *store.Tx, q *queue) error {
		if err := q.admits(ctx, "TagQueue"); err != nil {
			return err
		}
		tags := maps.Clone(q.Tags)
		if tags == nil {
			tags = map[string]string{}
		}
		maps.Copy(tags, in.Tags)
		if len(tags) > maxTags {
			return badValue("Too many tags added for queue %s.", q.Name)
		}
		q.Tags = tags
		s.queues.Put(tx, q.key(), *q)
		return nil
	})
	return &sqs.TagQueueOutput{}, err
}

// UntagQueue removes tags from a queue.
func (s *Service) UntagQueue(ctx context.Context, in *sqs.UntagQueueInput) (*sqs.UntagQueueOutput, error) {
	err := s.update(ctx, in.QueueUrl, func(tx *store.Tx, q *queue) error {
		if err := q.admits(ctx, "UntagQueue"); err != nil {
			return err
		}
		q.Tags = maps.Clone(q.Tags)
		maps.DeleteFunc(q.Tags, func(k, _ string) bool { return slices.Contains(in.TagKeys, k) })
		s.queues.Put(tx, q.key(), *q)
		return nil
	})
	return &sqs.UntagQueueOutput{}, err
}

// ListQueueTags returns the tags of a queue.
func (s *Service) ListQueueTags(ctx context.Context, in *sqs.ListQueueTagsInput) (*sqs.ListQueueTagsOutput, error) {
	out := &sqs.ListQueueTagsOutput{}
	err := s.view(ctx, in.QueueUrl, func(_ *store.Tx, q queue) error {
		if err := q.admits(ctx, "ListQueueTags"); err != nil {
			return err
		}
		if len(q.Tags) > 0 {
			out.Tags = q.Tags
		}
		return nil
	})
	return out, err
}

package sqs

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// Settings returns what those who take messages out of the queue with that ARN must
// know: how long a message that was taken stays hidden. The error is a
// QueueDoesNotExist where there is none.
func (s *Service) Settings(arn string) (hidden time.Duration, err error) {
	err = s.at(arn, func(_ *store.Tx, q *queue) error {
		hidden = time.Duration(q.number("VisibilityTimeout")) * time.Second
		return nil
	})
	return hidden, err
}

// at reads the queue with that ARN.
func (s *Service) at(arn string, f func(tx *store.Tx, q *queue) error) error {
	return s.env.Store.View(func(tx *store.Tx) error {
		q, ok := s.named(tx, arn)
		if !ok {
			return gone()
		}
		return f(tx, &q)
	})
}

// change changes what is in the queue with that ARN, in one commit, and wakes those
// who wait for it.
func (s *Service) change(arn string, f func(tx *store.Tx, q *queue) error) error {
	key := ""
	err := s.env.Store.Update(func(tx *store.Tx) error {
		q, ok := s.named(tx, arn)
		if !ok {
			return gone()
		}
		key = q.key()
		return f(tx, &q)
	})
	if err == nil {
		s.wakeKey(key)
	}
	return err
}

// everything asks for all that a message has.
var everything = &sqs.ReceiveMessageInput{
	MessageAttributeNames:       []string{"All"},
	MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
}

// Take waits until the queue with that ARN has a message to give, and returns from
// one up to most, which are hidden from others for the queue's visibility timeout.
// The error is ctx's, or a QueueDoesNotExist.
func (s *Service) Take(ctx context.Context, arn string, most int) ([]types.Message, error) {
	for {
		var changed <-chan struct{}
		err := s.at(arn, func(_ *store.Tx, q *queue) error { changed = s.watchKey(q.key()); return nil })
		if err != nil {
			return nil, err
		}
		got, next, err := s.takeFrom(arn, most)
		if err != nil || len(got) > 0 {
			return got, err
		}
		if err := s.rest(ctx, changed, next); err != nil {
			return nil, err
		}
	}
}

// Await waits until there is a queue with that ARN. Its error is ctx's.
func (s *Service) Await(ctx context.Context, arn string) error {
	parts := strings.Split(arn, ":")
	if len(parts) != 6 {
		return gone()
	}
	for {
		made := s.watchKey(env.Scope{Account: parts[4], Region: parts[3]}.Key(parts[5]))
		if s.at(arn, func(*store.Tx, *queue) error { return nil }) == nil {
			return nil
		}
		if err := s.rest(ctx, made, 0); err != nil {
			return err
		}
	}
}

func (s *Service) takeFrom(arn string, most int) (got []types.Message, next int64, err error) {
	err = s.env.Store.Update(func(tx *store.Tx) error {
		q, ok := s.named(tx, arn)
		if !ok {
			return gone()
		}
		var taken []*message
		taken, next = s.take(tx, &q, min(most, s.room(tx, &q)), q.number("VisibilityTimeout")*1000, "")
		for _, m := range taken {
			got = append(got, q.show(m, everything))
		}
		return nil
	})
	return got, next, err
}

// rest returns when the queue changed, or when its next message can be received.
func (s *Service) rest(ctx context.Context, changed <-chan struct{}, next int64) error {
	var due <-chan struct{}
	if next > 0 {
		c := make(chan struct{})
		t := s.env.Clock.AfterFunc(time.UnixMilli(next).Sub(s.env.Clock.Now()), func() { close(c) })
		defer t.Stop()
		due = c
	}
	select {
	case <-changed:
	case <-due:
	case <-s.alive.Done():
		return s.alive.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// Remove deletes messages that were taken from the queue with that ARN, by their
// receipt handles. One that was taken again since stays, and in a FIFO queue also one
// whose time is over.
func (s *Service) Remove(arn string, handles []string) error {
	return s.change(arn, func(tx *store.Tx, q *queue) error {
		for _, h := range handles {
			m, err := s.held(tx, q, &h)
			if err != nil {
				return err
			}
			if m != nil && (!q.fifo() || m.Visible > s.now()) {
				s.drop(tx, q, m)
			}
		}
		return nil
	})
}

// Release makes messages that were taken from the queue with that ARN visible again.
// As nobody has seen them, they count as not received.
func (s *Service) Release(arn string, handles []string) error {
	return s.change(arn, func(tx *store.Tx, q *queue) error {
		for _, h := range handles {
			m, err := s.held(tx, q, &h)
			if err != nil {
				return err
			}
			if m != nil {
				m.Visible = s.now()
				if m.Count = max(0, m.Count-1); m.Count == 0 {
					m.First = 0
				}
				s.put(tx, q, m)
			}
		}
		return nil
	})
}

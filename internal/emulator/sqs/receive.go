package sqs

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// inRange is a number of a request, by default initial.
func inRange(v int32, initial int64, name string, low, high int64) (int64, error) {
	n := int64(v)
	switch v {
	case wire.Zero:
		n = 0
	case 0:
		return initial, nil
	}
	if n < low || n > high {
		bounds := fmt.Sprintf("Must be >= %d and <= %d, if provided.", low, high)
		if low == 1 {
			bounds = fmt.Sprintf("Must be between %d and %d, if provided.", low, high)
		}
		return 0, badValue("Value %d for parameter %s is invalid. Reason: %s", n, name, bounds)
	}
	return n, nil
}

// ReceiveMessage hands out messages. It waits for the first one as long as it is
// asked to, without polling.
func (s *Service) ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput) (*sqs.ReceiveMessageOutput, error) {
	most, err := inRange(in.MaxNumberOfMessages, 1, "MaxNumberOfMessages", 1, 10)
	if err != nil {
		return nil, err
	}
	var until time.Time
	for {
		changed := s.watch(ctx, in.QueueUrl)
		var got []types.Message
		var wait, next int64
		err := s.update(ctx, in.QueueUrl, func(tx *store.Tx, q *queue) (err error) {
			hidden, err := inRange(in.VisibilityTimeout, q.number("VisibilityTimeout"), "VisibilityTimeout", 0, 43200)
			if err != nil {
				return err
			}
			if wait, err = inRange(in.WaitTimeSeconds, q.number("ReceiveMessageWaitTimeSeconds"), "WaitTimeSeconds", 0, 20); err != nil {
				return err
			}
			if in.ReceiveRequestAttemptId != nil && !q.fifo() {
				return badValue("Value %s for parameter ReceiveRequestAttemptId is invalid. Reason: The request include parameter that is not valid for this queue type.", *in.ReceiveRequestAttemptId)
			}
			if err := q.admits(ctx, "ReceiveMessage"); err != nil {
				return err
			}
			room := s.room(tx, q)
			if room == 0 && wait == 0 && !q.fifo() { // those who wait are told nothing
				return overLimit()
			}
			var taken []*message
			taken, next = s.take(tx, q, min(int(most), room), hidden*1000, value(in.ReceiveRequestAttemptId))
			for _, m := range taken {
				got = append(got, q.show(m, in))
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		now := s.env.Clock.Now()
		if until.IsZero() {
			until = now.Add(time.Duration(wait) * time.Second)
		}
		if len(got) > 0 || !now.Before(until) {
			return &sqs.ReceiveMessageOutput{Messages: got}, nil
		}
		if err := s.await(ctx, changed, until, next); err != nil {
			return &sqs.ReceiveMessageOutput{}, nil //nolint:nilerr // who waited has left
		}
	}
}

// await returns when the queue changed, when its next message can be received, or
// when the time is over.
func (s *Service) await(ctx context.Context, changed <-chan struct{}, until time.Time, next int64) error {
	if next > 0 && time.UnixMilli(next).Before(until) {
		until = time.UnixMilli(next)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(s.alive, cancel)
	defer stop()
	over := make(chan error, 1)
	go func() { over <- clock.Wait(ctx, s.env.Clock, until.Sub(s.env.Clock.Now())) }()
	select {
	case <-changed:
		return nil
	case err := <-over:
		return err
	}
}

// watch is closed when a message comes into the queue.
func (s *Service) watch(ctx context.Context, url *string) <-chan struct{} {
	return s.watchKey(s.keyOf(ctx, url))
}

func (s *Service) watchKey(key string) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.changed[key]
	if c == nil {
		c = make(chan struct{})
		s.changed[key] = c
	}
	return c
}

// wake ends the waiting of those who watch the queue.
func (s *Service) wake(ctx context.Context, url *string) { s.wakeKey(s.keyOf(ctx, url)) }

func (s *Service) wakeKey(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.changed[key]; c != nil {
		close(c)
		delete(s.changed, key)
	}
}

func (s *Service) keyOf(ctx context.Context, url *string) (key string) {
	_ = s.view(ctx, url, func(_ *store.Tx, q queue) error { key = q.key(); return nil }) // no queue, no key
	return key
}

// attempt is a receiving of messages from a FIFO queue that may be repeated.
type attempt struct {
	ids []string
	at  int64
}

// take makes up to most messages invisible for some milliseconds. Without any, next
// is when the next one can be received, 0 if there is none.
func (s *Service) take(tx *store.Tx, q *queue, most int, hidden int64, repeat string) (taken []*message, next int64) {
	now := s.now()
	if again := s.repeated(tx, q, repeat, now); again != nil {
		for _, m := range again {
			m.Visible = now + hidden
			s.put(tx, q, m)
		}
		return again, 0
	}
	choose := s.chooseStandard
	if q.fifo() {
		choose = s.chooseFIFO
	}
	c := choose(tx, q, most, now)
	policy, _ := q.redrivePolicy()
	for _, m := range c.old {
		s.drop(tx, q, m)
	}
	for _, m := range c.dead {
		s.bury(tx, q, m, policy.Target, now)
	}
	var ids []string
	for _, m := range c.taken {
		if m.First == 0 {
			m.First = now
		}
		m.Count++
		m.Receipt, m.Visible = uuid.NewString(), now+hidden
		s.put(tx, q, m)
		ids = append(ids, m.ID)
	}
	s.handedOut(q, len(c.taken))
	if repeat != "" && len(ids) > 0 {
		s.mu.Lock()
		s.attempts[q.key()+"\x00"+repeat] = attempt{ids, now}
		s.mu.Unlock()
	}
	return c.taken, c.next
}

// repeated are the messages that the same attempt got before, if all of them are
// still in flight.
func (s *Service) repeated(tx *store.Tx, q *queue, repeat string, now int64) []*message {
	if repeat == "" {
		return nil
	}
	s.mu.Lock()
	before, ok := s.attempts[q.key()+"\x00"+repeat]
	for key, a := range s.attempts {
		if now-a.at > dedupTime {
			delete(s.attempts, key)
		}
	}
	s.mu.Unlock()
	if !ok || now-before.at > dedupTime {
		return nil
	}
	var out []*message
	for _, id := range before.ids {
		m, ok := s.message(tx, q, id)
		if !ok || m.Visible <= now {
			return nil
		}
		out = append(out, m)
	}
	return out
}

// message is the message with that id.
func (s *Service) message(tx *store.Tx, q *queue, id string) (*message, bool) {
	turn, ok := s.places.Get(tx, q.key()+"\x00"+id)
	if !ok {
		return nil, false
	}
	m, ok := s.messages.Get(tx, turn)
	return &m, ok
}

// bury moves a message that was received too often. Without its queue it is gone.
func (s *Service) bury(tx *store.Tx, q *queue, m *message, target string, now int64) {
	s.drop(tx, q, m)
	grave, ok := s.named(tx, target)
	if !ok {
		return
	}
	m.Source, m.Visible, m.Receipt, m.Count, m.First = q.arn(), now, "", 0, 0
	if grave.fifo() {
		m.Queued, m.Sequence = now, s.sequence()
	}
	s.put(tx, &grave, m)
	go s.wakeKey(grave.key()) // after the commit, whose lock this is under
}

// show is a message as it is handed out.
func (q *queue) show(m *message, in *sqs.ReceiveMessageInput) types.Message {
	out := types.Message{
		MessageId: &m.ID, Body: &m.Body, MD5OfBody: ptr(digest(m.Body)),
		ReceiptHandle: ptr(base64.StdEncoding.EncodeToString([]byte(q.arn() + " " + m.ID + " " + m.Receipt))),
	}
	system := map[string]string{
		"SenderId": m.Sender, "SentTimestamp": strconv.FormatInt(m.Sent, 10),
		"ApproximateReceiveCount":          strconv.Itoa(m.Count),
		"ApproximateFirstReceiveTimestamp": strconv.FormatInt(m.First, 10),
		"AWSTraceHeader":                   m.Trace, "DeadLetterQueueSourceArn": m.Source, "MessageGroupId": m.Group,
	}
	if q.fifo() {
		system["SequenceNumber"], system["MessageDeduplicationId"] = *q.number20(m), m.Dedup
	}
	for name, v := range system {
		asked := slices.Contains(in.MessageSystemAttributeNames, types.MessageSystemAttributeName(name)) || slices.Contains(in.MessageSystemAttributeNames, types.MessageSystemAttributeNameAll)
		for _, want := range in.AttributeNames { //nolint:staticcheck // the name that it had first, which many send
			asked = asked || string(want) == name || want == types.QueueAttributeNameAll
		}
		if asked && v != "" {
			if out.Attributes == nil {
				out.Attributes = map[string]string{}
			}
			out.Attributes[name] = v
		}
	}
	for name, v := range m.Attributes {
		if slices.ContainsFunc(in.MessageAttributeNames, func(want string) bool { return chooses(want, name) }) {
			if out.MessageAttributes == nil {
				out.MessageAttributes = map[string]types.MessageAttributeValue{}
			}
			out.MessageAttributes[name] = v
		}
	}
	out.MD5OfMessageAttributes = digestAttributes(out.MessageAttributes)
	return out
}

// chooses tells that a pattern such as All, .* or bar.* names an attribute.
func chooses(want, name string) bool {
	if prefix, ok := strings.CutSuffix(want, ".*"); ok {
		return strings.HasPrefix(name, prefix)
	}
	return want == "All" || want == name
}

// held is the message that a receipt handle is for. It is nil when there is none any
// more, or when the message was received again since.
func (s *Service) held(tx *store.Tx, q *queue, handle *string) (*message, error) {
	raw, err := base64.StdEncoding.DecodeString(value(handle))
	parts := strings.Split(string(raw), " ")
	if err != nil || len(parts) != 3 {
		return nil, &types.ReceiptHandleIsInvalid{Message: ptr(fmt.Sprintf("The input receipt handle %q is not a valid receipt handle.", value(handle)))}
	}
	if parts[0] != q.arn() {
		return nil, &types.ReceiptHandleIsInvalid{Message: ptr("The input receipt handle is invalid.")}
	}
	m, ok := s.message(tx, q, parts[1])
	if !ok || m.Receipt != parts[2] {
		return nil, nil
	}
	return m, nil
}

// DeleteMessage removes a message that was received.
func (s *Service) DeleteMessage(ctx context.Context, in *sqs.DeleteMessageInput) (*sqs.DeleteMessageOutput, error) {
	err := s.update(ctx, in.QueueUrl, func(tx *store.Tx, q *queue) error {
		if err := q.admits(ctx, "DeleteMessage"); err != nil {
			return err
		}
		return s.remove(tx, q, in.ReceiptHandle)
	})
	if err == nil {
		s.wake(ctx, in.QueueUrl) // the next one of its group may follow
	}
	return &sqs.DeleteMessageOutput{}, err
}

func (s *Service) remove(tx *store.Tx, q *queue, handle *string) error {
	m, err := s.held(tx, q, handle)
	switch {
	case err != nil:
		return err
	case m == nil: // deleted before
		return nil
	case q.fifo() && m.Visible <= s.now():
		return badValue("Value %s for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.", value(handle))
	}
	s.drop(tx, q, m)
	return nil
}

// ChangeMessageVisibility makes a message in flight visible at another time.
func (s *Service) ChangeMessageVisibility(ctx context.Context, in *sqs.ChangeMessageVisibilityInput) (*sqs.ChangeMessageVisibilityOutput, error) {
	err := s.update(ctx, in.QueueUrl, func(tx *store.Tx, q *queue) error {
		if err := q.admits(ctx, "ChangeMessageVisibility"); err != nil {
			return err
		}
		return s.hide(tx, q, in.ReceiptHandle, in.VisibilityTimeout)
	})
	if err == nil {
		s.wake(ctx, in.QueueUrl)
	}
	return &sqs.ChangeMessageVisibilityOutput{}, err
}

func (s *Service) hide(tx *store.Tx, q *queue, handle *string, seconds int32) error {
	if seconds < 0 || seconds > 43200 {
		return badValue("Value %d for parameter VisibilityTimeout is invalid. Reason: VisibilityTimeout must be an integer between 0 and 43200.", seconds)
	}
	m, err := s.held(tx, q, handle)
	now := s.now()
	switch {
	case err != nil:
		return err
	case m == nil:
		return badValue("Value %s for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.", value(handle))
	case m.Visible <= now:
		return &types.MessageNotInflight{Message: ptr("The message referred to isn't in flight.")}
	}
	m.Visible = now + int64(seconds)*1000
	s.put(tx, q, m)
	return nil
}

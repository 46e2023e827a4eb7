package sqs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

// message is a message in a queue. All times are in milliseconds.
type message struct {
	ID         string
	Body       string
	Attributes map[string]types.MessageAttributeValue `json:",omitempty"`
	Trace      string                                 `json:",omitempty"`
	Sender     string
	Sent       int64
	Queued     int64  // when it came into this queue, from which it is kept
	Sequence   int64  // its place in the order of sending
	Visible    int64  // from when on it can be received
	First      int64  `json:",omitempty"` // when it was first received
	Count      int    `json:",omitempty"` // how often it was received
	Receipt    string `json:",omitempty"` // of the last time it was received
	Group      string `json:",omitempty"`
	Dedup      string `json:",omitempty"`
	Source     string `json:",omitempty"` // the queue that gave it up
}

// expired tells that the queue does not keep the message any more.
func (m *message) expired(q *queue, now int64) bool {
	return now-m.Queued >= q.number("MessageRetentionPeriod")*1000
}

// turn is the key of a message: a queue gives messages in its order. That of a
// FIFO queue is the order of sending; else it is the time from which a message can
// be received, so that those in flight are out of the way.
func (q *queue) turn(m *message) string {
	if q.fifo() {
		return fmt.Sprintf("%s\x00%016x", q.key(), m.Sequence)
	}
	return fmt.Sprintf("%s\x00%016x%016x", q.key(), m.Visible, m.Sequence)
}

// put writes a message that is new, or was at an earlier turn.
func (s *Service) put(tx *store.Tx, q *queue, m *message) {
	place := q.key() + "\x00" + m.ID
	turn := q.turn(m)
	before, there := s.places.Get(tx, place)
	if there && before != turn {
		s.messages.Delete(tx, before)
	}
	if !there && q.fifo() {
		s.enqueue(tx, q, m)
	}
	s.messages.Put(tx, turn, *m)
	s.places.Put(tx, place, turn)
}

// drop removes a message.
func (s *Service) drop(tx *store.Tx, q *queue, m *message) {
	if q.fifo() {
		s.dequeue(tx, q, m)
	}
	s.messages.Delete(tx, q.turn(m))
	s.places.Delete(tx, q.key()+"\x00"+m.ID)
}

// sent is a message that a FIFO queue took, for five minutes.
type sent struct {
	ID       string
	Sequence int64
	Until    int64
}

// dedupTime is how long a FIFO queue remembers a deduplication id, in milliseconds.
const dedupTime = 5 * 60_000

// letter is what is to be sent, alone or in a batch.
type letter struct {
	body       *string
	delay      int32
	attributes map[string]types.MessageAttributeValue
	system     map[string]types.MessageSystemAttributeValue
	group      *string
	dedup      *string
}

// size is what counts against the limit, in bytes.
func (l *letter) size() int {
	n := len(value(l.body))
	for name, a := range l.attributes {
		n += len(name) + len(value(a.DataType)) + len(value(a.StringValue)) + len(a.BinaryValue)
	}
	return n
}

// SendMessage puts a message into a queue.
func (s *Service) SendMessage(ctx context.Context, in *sqs.SendMessageInput) (*sqs.SendMessageOutput, error) {
	out := &sqs.SendMessageOutput{}
	err := s.update(ctx, in.QueueUrl, func(tx *store.Tx, q *queue) error { return s.post(ctx, tx, q, in, out) })
	if err == nil {
		s.wake(ctx, in.QueueUrl)
	}
	return out, err
}

// Deliver is SendMessage to the queue with that ARN, instead of an address.
func (s *Service) Deliver(ctx context.Context, arn string, in *sqs.SendMessageInput) (*sqs.SendMessageOutput, error) {
	out := &sqs.SendMessageOutput{}
	return out, s.change(arn, func(tx *store.Tx, q *queue) error { return s.post(ctx, tx, q, in, out) })
}

// post sends one message and says so in out.
func (s *Service) post(ctx context.Context, tx *store.Tx, q *queue, in *sqs.SendMessageInput, out *sqs.SendMessageOutput) error {
	if err := q.admits(ctx, "SendMessage"); err != nil {
		return err
	}
	l := letter{in.MessageBody, in.DelaySeconds, in.MessageAttributes, in.MessageSystemAttributes, in.MessageGroupId, in.MessageDeduplicationId}
	m, err := s.send(ctx, tx, q, &l)
	if err != nil {
		return err
	}
	out.MessageId, out.MD5OfMessageBody = &m.ID, ptr(digest(value(l.body)))
	out.MD5OfMessageAttributes, out.MD5OfMessageSystemAttributes = digestAttributes(l.attributes), digestSystem(l.system)
	out.SequenceNumber = q.number20(m)
	return nil
}

// number20 is a message's sequence number, which FIFO queues have.
func (q *queue) number20(m *message) *string {
	if !q.fifo() {
		return nil
	}
	return ptr(fmt.Sprintf("%020d", m.Sequence))
}

// send puts a letter into q. Of one that is there already the message is given back.
func (s *Service) send(ctx context.Context, tx *store.Tx, q *queue, l *letter) (*message, error) {
	if err := q.check(l); err != nil {
		return nil, err
	}
	now := s.now()
	delay := q.number("DelaySeconds")
	switch {
	case l.delay == wire.Zero:
		delay = 0
	case l.delay != 0:
		delay = int64(l.delay)
	}
	m := &message{
		ID: uuid.NewString(), Body: value(l.body), Attributes: l.attributes, Sender: sender(ctx), Sent: now, Queued: now,
		Sequence: s.sequence(), Visible: now + delay*1000, Group: value(l.group), Dedup: value(l.dedup),
	}
	if t, ok := l.system["AWSTraceHeader"]; ok {
		m.Trace = value(t.StringValue)
	} else {
		m.Trace = env.TraceOf(ctx)
	}
	if q.fifo() {
		if m.Dedup == "" {
			sum := sha256.Sum256([]byte(m.Body))
			m.Dedup = hex.EncodeToString(sum[:])
		}
		if before, ok := s.remember(tx, q, m, now); ok {
			m.ID, m.Sequence = before.ID, before.Sequence
			return m, nil
		}
	}
	s.put(tx, q, m)
	return m, nil
}

// remember notes the deduplication id of m, or returns the message that had it
// before. What is past remembering is forgotten.
func (s *Service) remember(tx *store.Tx, q *queue, m *message, now int64) (sent, bool) {
	key := q.key() + "\x00" + m.Dedup
	if q.Attributes["DeduplicationScope"] == "messageGroup" {
		key = q.key() + "\x00" + m.Group + "\x00" + m.Dedup
	}
	if before, ok := s.seen.Get(tx, key); ok && before.Until > now {
		return before, true
	}
	var old []string
	for k := range s.expiry.Prefix(tx, q.key()+"\x00") {
		if k >= fmt.Sprintf("%s\x00%016x", q.key(), now+1) {
			break
		}
		old = append(old, k)
	}
	for _, k := range old {
		if gone, ok := s.expiry.Get(tx, k); ok {
			s.seen.Delete(tx, gone)
		}
		s.expiry.Delete(tx, k)
	}
	s.seen.Put(tx, key, sent{m.ID, m.Sequence, now + dedupTime})
	s.expiry.Put(tx, fmt.Sprintf("%s\x00%016x%016x", q.key(), now+dedupTime, m.Sequence), key)
	return sent{}, false
}

// sender is who is shown as the sender of a message.
func sender(ctx context.Context) string {
	c := env.CallerOf(ctx)
	if c.UserID != "" {
		return c.UserID
	}
	return env.ScopeOf(ctx).Account
}

// long is the error for a message that is too long, which batches word otherwise.
type long struct {
	error
	most int // bytes
}

func (l *long) Unwrap() error { return l.error }

var (
	identifier = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile("^[A-Za-z0-9!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~]{1,128}$")
	})
	attributeName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_.-]{1,256}$`) })
	dataType      = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(String|Number|Binary)(\..+)?$`) })
)

// check refuses what the queue does not take.
func (q *queue) check(l *letter) error {
	switch {
	case value(l.body) == "":
		return missing("MessageBody")
	case l.delay != wire.Zero && (l.delay < 0 || l.delay > 900):
		return badValue("Value %d for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.", l.delay)
	case l.delay > 0 && q.fifo():
		return badValue("Value %d for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.", l.delay)
	case l.group != nil && !identifier().MatchString(*l.group):
		return badValue("Value %s for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.", *l.group)
	case l.dedup != nil && !q.fifo():
		return badValue("Value %s for parameter MessageDeduplicationId is invalid. Reason: The request include parameter that is not valid for this queue type.", *l.dedup)
	case l.dedup != nil && !identifier().MatchString(*l.dedup):
		return badValue("Value %s for parameter MessageDeduplicationId is invalid. Reason: MessageDeduplicationId can only include alphanumeric and punctuation characters. 1 to 128 in length.", *l.dedup)
	case q.fifo() && l.group == nil:
		return missing("MessageGroupId")
	case q.fifo() && l.dedup == nil && q.Attributes["ContentBasedDeduplication"] != "true":
		return badValue("The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
	}
	if most := int(q.number("MaximumMessageSize")); l.size() > most {
		return &long{badValue("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", most), most}
	}
	if err := checkText(*l.body); err != nil {
		return err
	}
	return l.checkAttributes()
}

// checkText refuses characters that XML cannot hold.
func checkText(text string) error {
	for _, c := range text {
		if c == '\t' || c == '\n' || c == '\r' || c >= 0x20 && c < 0xFFFE && c != utf8.RuneError || c >= 0x10000 || c == utf8.RuneError {
			continue
		}
		return &types.InvalidMessageContents{Message: ptr(fmt.Sprintf("Invalid binary character '#x%X' was found in the message body, the set of allowed characters is #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF", c))}
	}
	return nil
}

func (l *letter) checkAttributes() error {
	if len(l.attributes) > 10 {
		return badValue("Number of message attributes [%d] exceeds the allowed maximum [10].", len(l.attributes))
	}
	for name, a := range l.attributes {
		kind := value(a.DataType)
		low := strings.ToLower(name)
		switch {
		case !attributeName().MatchString(name) || strings.HasPrefix(low, "aws.") || strings.HasPrefix(low, "amazon.") || strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".") || strings.Contains(name, ".."):
			return badValue("The message attribute name '%s' is invalid. Attribute name can contain A-Z, a-z, 0-9, underscore (_), hyphen (-), and period (.) characters, must not begin with aws. or amazon., and must not have successive or surrounding periods.", name)
		case kind == "":
			return badValue("The message attribute '%s' must contain non-empty message attribute type.", name)
		case !dataType().MatchString(kind):
			return badValue("The message attribute '%s' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.", name)
		case len(a.StringListValues)+len(a.BinaryListValues) > 0:
			return plain("UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation", "Message attribute list values in SendMessage operation are not supported.")
		case strings.HasPrefix(kind, "Binary") && len(a.BinaryValue) == 0,
			!strings.HasPrefix(kind, "Binary") && value(a.StringValue) == "":
			return badValue("The message attribute '%s' must contain non-empty message attribute value for message attribute type '%s'.", name, strings.SplitN(kind, ".", 2)[0])
		case strings.HasPrefix(kind, "Number") && !decimal().MatchString(*a.StringValue):
			return badValue("Can't cast the value of message (user) attribute '%s' to a number.", name)
		}
		if a.StringValue != nil {
			if err := checkText(*a.StringValue); err != nil {
				return err
			}
		}
	}
	for name, a := range l.system {
		switch {
		case name != "AWSTraceHeader":
			return badValue("Message system attribute name '%s' is invalid.", name)
		case value(a.DataType) != "String" || len(a.StringListValues)+len(a.BinaryListValues) > 0:
			return badValue("The message system attribute '%s' has an invalid message system attribute type, the set of supported type prefixes is String.", name)
		}
	}
	return nil
}

var decimal = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$`) })

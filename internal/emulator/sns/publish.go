package sns

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// published is a message that a FIFO topic has had, for five minutes.
type published struct {
	ID       string
	Sequence string
	Until    time.Time
}

const dedupTime = 5 * time.Minute

// sequence is a number larger than all before it, those of earlier runs included.
func (s *Service) sequence() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = max(s.last+1, time.Now().UnixNano())
	return fmt.Sprintf("%020d", s.last)
}

var phone = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\+?[0-9]{3,20}$`) })

// Publish hands a message to the subscribers of a topic. When it returns, the
// message is in their queues, or waits for their functions.
func (s *Service) Publish(ctx context.Context, in *sns.PublishInput) (*sns.PublishOutput, error) {
	arn := in.TopicArn
	switch {
	case in.PhoneNumber != nil && !phone().MatchString(*in.PhoneNumber):
		return nil, invalid("PhoneNumber Reason: %s is not valid to publish to", *in.PhoneNumber)
	case in.PhoneNumber != nil:
		return nil, invalid("PhoneNumber Reason: text messages are not emulated")
	case arn == nil && in.TargetArn != nil:
		p, err := parts(in.TargetArn, "TargetArn")
		if err != nil {
			return nil, err
		}
		if len(p) > 6 || p[2] != "sns" || regexp.MustCompile(`^(endpoint|app)/`).MatchString(p[5]) {
			return nil, invalid("TargetArn Reason: No endpoint found for the target arn specified")
		}
		arn = in.TargetArn
	case arn == nil:
		return nil, invalid("TopicArn or TargetArn Reason: no value for required parameter")
	}
	var t topic
	var to []subscription
	if err := s.view(ctx, "Publish", arn, func(tx *store.Tx, found *topic) error { t, to = *found, s.subscribers(tx, found); return nil }); err != nil {
		return nil, err
	}
	m, err := s.accept(ctx, &t, &draft{in.Message, in.Subject, in.MessageStructure, in.MessageGroupId, in.MessageDeduplicationId, in.MessageAttributes}, to)
	if err != nil {
		return nil, err
	}
	out := &sns.PublishOutput{MessageId: &m.id}
	if m.sequence != "" {
		out.SequenceNumber = &m.sequence
	}
	return out, nil
}

func (s *Service) subscribers(tx *store.Tx, t *topic) (all []subscription) {
	for _, u := range s.subscriptions.Prefix(tx, t.key()+"\x00") {
		all = append(all, u)
	}
	return all
}

// accept checks a draft and delivers it, unless it is one that a FIFO topic has had.
func (s *Service) accept(ctx context.Context, t *topic, d *draft, to []subscription) (*message, error) {
	m, err := d.read(t)
	if err != nil {
		return nil, err
	}
	m.id, m.at = uuid.NewString(), s.env.Clock.Now()
	if t.fifo() {
		if m.dedup == "" {
			sum := sha256.Sum256([]byte(m.text))
			m.dedup = hex.EncodeToString(sum[:])
		}
		m.sequence = s.sequence()
		if again, err := s.remember(t, m); err != nil || again {
			return m, err
		}
	}
	s.deliver(ctx, t, m, to)
	return m, nil
}

// remember notes a message of a FIFO topic. One that came before gives m its id.
func (s *Service) remember(t *topic, m *message) (again bool, err error) {
	key := t.Scope.Key(t.Name, m.dedup)
	if t.Attributes["FifoThroughputScope"] == "MessageGroup" {
		key = t.Scope.Key(t.Name, m.group, m.dedup)
	}
	err = s.env.Store.Update(func(tx *store.Tx) error {
		if p, ok := s.seen.Get(tx, key); ok && m.at.Before(p.Until) {
			m.id, m.sequence, again = p.ID, p.Sequence, true
			return nil
		}
		if s.forgets(m.at) {
			var old []string
			for k, p := range s.seen.From(tx, "") {
				if !m.at.Before(p.Until) {
					old = append(old, k)
				}
			}
			for _, k := range old {
				s.seen.Delete(tx, k)
			}
		}
		s.seen.Put(tx, key, published{m.id, m.sequence, m.at.Add(dedupTime)})
		return nil
	})
	return again, err
}

// forgets tells that it is time to look for what is to be forgotten: once in a while,
// for it takes a look at everything.
func (s *Service) forgets(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.forgot) < dedupTime/5 {
		return false
	}
	s.forgot = now
	return true
}

var entryCharacters = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_-]*$`) })

// maxBatch is how many messages are published at once.
const maxBatch = 10

// checkBatch refuses a batch as a whole.
func checkBatch(all []types.PublishBatchRequestEntry) error {
	if len(all) == 0 {
		return &types.EmptyBatchRequestException{Message: ptr("The batch request doesn't contain any entries.")}
	}
	if len(all) > maxBatch {
		return &types.TooManyEntriesInBatchRequestException{Message: ptr("The batch request contains more entries than permissible.")}
	}
	have := map[string]bool{}
	size := 0
	for _, e := range all {
		id := value(e.Id)
		switch {
		case !entryCharacters().MatchString(id) || id == "":
			return &types.InvalidBatchEntryIdException{Message: ptr("The Id of a batch entry in the batch request contains an impermissible character: " + id)}
		case len(id) > 80:
			return &types.InvalidBatchEntryIdException{Message: ptr("The Id of a batch entry in the batch request is too long: " + id)}
		case have[id]:
			return &types.BatchEntryIdsNotDistinctException{Message: ptr("Two or more batch entries in the request have the same Id.")}
		}
		have[id] = true
		d := draft{text: e.Message, attrs: e.MessageAttributes}
		size += d.size()
	}
	if size > maxMessage {
		return &types.BatchRequestTooLongException{Message: ptr("The length of all the messages put together is more than the limit.")}
	}
	return nil
}

// PublishBatch publishes up to ten messages. What is wrong with one of them fails
// the whole batch, as in SNS, before any is delivered.
func (s *Service) PublishBatch(ctx context.Context, in *sns.PublishBatchInput) (*sns.PublishBatchOutput, error) {
	var t topic
	var to []subscription
	if err := s.view(ctx, "Publish", in.TopicArn, func(tx *store.Tx, found *topic) error { t, to = *found, s.subscribers(tx, found); return nil }); err != nil {
		return nil, err
	}
	if err := checkBatch(in.PublishBatchRequestEntries); err != nil {
		return nil, err
	}
	drafts := make([]draft, len(in.PublishBatchRequestEntries))
	for i, e := range in.PublishBatchRequestEntries {
		drafts[i] = draft{e.Message, e.Subject, e.MessageStructure, e.MessageGroupId, e.MessageDeduplicationId, e.MessageAttributes}
		if _, err := drafts[i].read(&t); err != nil {
			return nil, err
		}
	}
	out := &sns.PublishBatchOutput{Failed: []types.BatchResultErrorEntry{}, Successful: []types.PublishBatchResultEntry{}}
	for i, e := range in.PublishBatchRequestEntries {
		m, err := s.accept(ctx, &t, &drafts[i], to)
		if err != nil {
			var api smithy.APIError
			if !errors.As(err, &api) {
				return nil, err
			}
			out.Failed = append(out.Failed, types.BatchResultErrorEntry{Id: e.Id, Code: ptr(api.ErrorCode()), Message: ptr(api.ErrorMessage()), SenderFault: true})
			continue
		}
		done := types.PublishBatchResultEntry{Id: e.Id, MessageId: &m.id}
		if m.sequence != "" {
			done.SequenceNumber = &m.sequence
		}
		out.Successful = append(out.Successful, done)
	}
	return out, nil
}

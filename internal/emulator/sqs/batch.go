package sqs

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/wire"
)

var entryID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`) })

// maxBatch is how many entries a batch has at most.
const maxBatch = 10

// checkBatch refuses a batch as a whole.
func checkBatch(kind string, ids []*string) error {
	switch {
	case len(ids) == 0:
		return &types.EmptyBatchRequest{Message: ptr("There should be at least one " + kind + " in the request.")}
	case len(ids) > maxBatch:
		return &types.TooManyEntriesInBatchRequest{Message: ptr(fmt.Sprintf("Maximum number of entries per request are %d. You have sent %d.", maxBatch, len(ids)))}
	}
	have := map[string]bool{}
	for _, id := range ids {
		switch {
		case !entryID().MatchString(value(id)):
			return &types.InvalidBatchEntryId{Message: ptr("A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")}
		case have[*id]:
			return &types.BatchEntryIdsNotDistinct{Message: ptr("Id " + *id + " repeated.")}
		}
		have[*id] = true
	}
	return nil
}

// failed is an entry of a batch that could not be carried out.
func failed(id *string, err error) (types.BatchResultErrorEntry, error) {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return types.BatchResultErrorEntry{}, err
	}
	code := api.ErrorCode()
	if own := (*wire.Error)(nil); errors.As(err, &own) {
		code, _, _ = strings.Cut(own.Header.Get("X-Amzn-Query-Error"), ";")
	}
	return types.BatchResultErrorEntry{Id: id, Code: &code, Message: ptr(api.ErrorMessage()), SenderFault: true}, nil
}

// SendMessageBatch puts several messages into a queue; each by itself may fail.
func (s *Service) SendMessageBatch(ctx context.Context, in *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error) {
	ids := make([]*string, len(in.Entries))
	size := 0
	letters := make([]letter, len(in.Entries))
	for i, e := range in.Entries {
		ids[i] = e.Id
		letters[i] = letter{e.MessageBody, e.DelaySeconds, e.MessageAttributes, e.MessageSystemAttributes, e.MessageGroupId, e.MessageDeduplicationId}
		size += letters[i].size()
	}
	out := &sqs.SendMessageBatchOutput{}
	err := s.update(ctx, in.QueueUrl, func(tx *store.Tx, q *queue) error {
		if err := checkBatch("SendMessageBatchRequestEntry", ids); err != nil {
			return err
		}
		if err := q.admits(ctx, "SendMessage"); err != nil {
			return err
		}
		if most := attributes["MaximumMessageSize"].max; size > most {
			return &types.BatchRequestTooLong{Message: ptr(fmt.Sprintf("Batch requests cannot be longer than %d bytes. You have sent %d bytes.", most, size))}
		}
		for i := range letters {
			l := &letters[i]
			if q.fifo() && l.group == nil {
				return badValue("The request must contain the parameter MessageGroupId.")
			}
			m, err := s.send(ctx, tx, q, l)
			if tooLong := (*long)(nil); errors.As(err, &tooLong) {
				err = badValue("One or more parameters cannot be validated. Reason: Message must be shorter than %d bytes.", tooLong.most)
			}
			if err != nil {
				f, err := failed(ids[i], err)
				if err != nil {
					return err
				}
				out.Failed = append(out.Failed, f)
				continue
			}
			out.Successful = append(out.Successful, types.SendMessageBatchResultEntry{
				Id: ids[i], MessageId: &m.ID, MD5OfMessageBody: ptr(digest(value(l.body))), MD5OfMessageAttributes: digestAttributes(l.attributes),
				MD5OfMessageSystemAttributes: digestSystem(l.system), SequenceNumber: q.number20(m),
			})
		}
		return nil
	})
	if err == nil {
		s.wake(ctx, in.QueueUrl)
	}
	return out, err
}

// DeleteMessageBatch removes several messages; each by itself may fail.
func (s *Service) DeleteMessageBatch(ctx context.Context, in *sqs.DeleteMessageBatchInput) (*sqs.DeleteMessageBatchOutput, error) {
	ids := make([]*string, len(in.Entries))
	for i, e := range in.Entries {
		ids[i] = e.Id
	}
	out := &sqs.DeleteMessageBatchOutput{}
	err := s.each(ctx, in.QueueUrl, "DeleteMessageBatchRequestEntry", ids, &out.Failed, func(tx *store.Tx, q *queue, i int) error {
		if err := s.remove(tx, q, in.Entries[i].ReceiptHandle); err != nil {
			return err
		}
		out.Successful = append(out.Successful, types.DeleteMessageBatchResultEntry{Id: ids[i]})
		return nil
	})
	return out, err
}

// ChangeMessageVisibilityBatch changes several messages; each by itself may fail.
func (s *Service) ChangeMessageVisibilityBatch(ctx context.Context, in *sqs.ChangeMessageVisibilityBatchInput) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
	ids := make([]*string, len(in.Entries))
	for i, e := range in.Entries {
		ids[i] = e.Id
	}
	out := &sqs.ChangeMessageVisibilityBatchOutput{}
	err := s.each(ctx, in.QueueUrl, "ChangeMessageVisibilityBatchRequestEntry", ids, &out.Failed, func(tx *store.Tx, q *queue, i int) error {
		if err := s.hide(tx, q, in.Entries[i].ReceiptHandle, in.Entries[i].VisibilityTimeout); err != nil {
			return err
		}
		out.Successful = append(out.Successful, types.ChangeMessageVisibilityBatchResultEntry{Id: ids[i]})
		return nil
	})
	return out, err
}

// batched are the actions that the entries of batches are, for policies.
var batched = map[string]string{
	"ChangeMessageVisibilityBatchRequestEntry": "ChangeMessageVisibility",
	"DeleteMessageBatchRequestEntry":           "DeleteMessage",
}

// each carries out the entries of a batch in one commit.
func (s *Service) each(ctx context.Context, url *string, kind string, ids []*string, bad *[]types.BatchResultErrorEntry, do func(tx *store.Tx, q *queue, i int) error) error {
	err := s.update(ctx, url, func(tx *store.Tx, q *queue) error {
		if err := checkBatch(kind, ids); err != nil {
			return err
		}
		if err := q.admits(ctx, batched[kind]); err != nil {
			return err
		}
		for i := range ids {
			err := do(tx, q, i)
			if err == nil {
				continue
			}
			f, err := failed(ids[i], err)
			if err != nil {
				return err
			}
			*bad = append(*bad, f)
		}
		return nil
	})
	if err == nil {
		s.wake(ctx, url)
	}
	return err
}

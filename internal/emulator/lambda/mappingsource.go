package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/lambda/eventsource"
)

// Queues are the queues that mappings read and that take what functions lead to,
// all by ARN.
type Queues interface {
	// Settings returns how long a message that was taken stays hidden; the error is
	// a QueueDoesNotExist where there is no such queue.
	Settings(arn string) (hidden time.Duration, err error)
	// Await waits until there is such a queue.
	Await(ctx context.Context, arn string) error
	// Take waits for messages and returns from one up to most.
	Take(ctx context.Context, arn string, most int) ([]sqstypes.Message, error)
	Remove(arn string, handles []string) error
	Release(arn string, handles []string) error
	Deliver(ctx context.Context, arn string, in *sqs.SendMessageInput) (*sqs.SendMessageOutput, error)
}

// Streams are the streams that mappings read.
type Streams interface {
	// Newest returns the number of the last record and the name of the shard.
	Newest(arn string) (number, shard string, err error)
	Subscribe(arn, after string) (Feed, error)
}

// A Feed gives the records of a stream in their order; see [eventsource.Stream].
type Feed interface {
	Next(ctx context.Context, limit int) ([]streamtypes.Record, error)
	Close()
}

// queueSource reads a queue for a mapping.
type queueSource struct {
	queues Queues
	arn    string
}

// Take implements [eventsource.Queue].
func (q *queueSource) Take(ctx context.Context, most int) ([]eventsource.Message, error) {
	got, err := q.queues.Take(ctx, q.arn, most)
	out := make([]eventsource.Message, len(got))
	for i, m := range got {
		record, err := json.Marshal(q.record(&m))
		if err != nil {
			return nil, err
		}
		out[i] = eventsource.Message{ID: *m.MessageId, Handle: *m.ReceiptHandle, Record: record}
	}
	return out, err
}

// Delete implements [eventsource.Queue].
func (q *queueSource) Delete(_ context.Context, taken []eventsource.Message) error {
	return q.queues.Remove(q.arn, handles(taken))
}

// Release implements [eventsource.Queue].
func (q *queueSource) Release(_ context.Context, taken []eventsource.Message) error {
	return q.queues.Release(q.arn, handles(taken))
}

func handles(taken []eventsource.Message) []string {
	out := make([]string, len(taken))
	for i, m := range taken {
		out[i] = m.Handle
	}
	return out
}

// queueRecord is a message as functions see it.
type queueRecord struct {
	MessageID      string                    `json:"messageId"`
	ReceiptHandle  string                    `json:"receiptHandle"`
	Body           string                    `json:"body"`
	Attributes     map[string]string         `json:"attributes"`
	Custom         map[string]queueAttribute `json:"messageAttributes"`
	CustomDigest   *string                   `json:"md5OfMessageAttributes,omitempty"`
	BodyDigest     string                    `json:"md5OfBody"`
	EventSource    string                    `json:"eventSource"`
	EventSourceARN string                    `json:"eventSourceARN"`
	Region         string                    `json:"awsRegion"`
}

type queueAttribute struct {
	StringValue      *string  `json:"stringValue,omitempty"`
	BinaryValue      []byte   `json:"binaryValue,omitempty"`
	StringListValues []string `json:"stringListValues"`
	BinaryListValues []string `json:"binaryListValues"`
	DataType         string   `json:"dataType"`
}

func (q *queueSource) record(m *sqstypes.Message) queueRecord {
	r := queueRecord{
		MessageID: *m.MessageId, ReceiptHandle: *m.ReceiptHandle, Body: *m.Body, Attributes: m.Attributes,
		Custom: map[string]queueAttribute{}, CustomDigest: m.MD5OfMessageAttributes, BodyDigest: aws.ToString(m.MD5OfBody),
		EventSource: "aws:sqs", EventSourceARN: q.arn, Region: strings.Split(q.arn, ":")[3],
	}
	for name, a := range m.MessageAttributes {
		r.Custom[name] = queueAttribute{
			StringValue: a.StringValue, BinaryValue: a.BinaryValue, StringListValues: []string{}, BinaryListValues: []string{},
			DataType: aws.ToString(a.DataType),
		}
	}
	return r
}

// streamSource reads a DynamoDB stream for a mapping.
type streamSource struct {
	Feed
	arn string
}

func openStream(s Streams, arn, after string) (eventsource.Stream, error) {
	f, err := s.Subscribe(arn, after)
	if err != nil {
		return nil, err
	}
	return &streamSource{f, arn}, nil
}

// Next implements [eventsource.Stream].
func (x *streamSource) Next(ctx context.Context, most int) ([]eventsource.Record, error) {
	got, err := x.Feed.Next(ctx, most)
	var trimmed *streamtypes.TrimmedDataAccessException
	if errors.As(err, &trimmed) {
		return nil, eventsource.ErrTrimmed
	}
	out := make([]eventsource.Record, len(got))
	for i, r := range got {
		record, err := json.Marshal(x.record(&r))
		if err != nil {
			return nil, err
		}
		key, err := json.Marshal(image(r.Dynamodb.Keys)) // names in order
		if err != nil {
			return nil, err
		}
		out[i] = eventsource.Record{
			Sequence: *r.Dynamodb.SequenceNumber, Key: string(key), At: *r.Dynamodb.ApproximateCreationDateTime, Record: record,
		}
	}
	return out, err
}

// streamRecord is a record as functions see it.
type streamRecord struct {
	EventID      string          `json:"eventID"`
	EventName    string          `json:"eventName"`
	EventVersion string          `json:"eventVersion"`
	EventSource  string          `json:"eventSource"`
	Region       string          `json:"awsRegion"`
	Change       streamChange    `json:"dynamodb"`
	Identity     *streamIdentity `json:"userIdentity,omitempty"`
	SourceARN    string          `json:"eventSourceARN"`
}

type streamIdentity struct {
	Type        string `json:"type"`
	PrincipalID string `json:"principalId"`
}

type streamChange struct {
	Created  int64          `json:"ApproximateCreationDateTime"`
	Keys     map[string]any `json:"Keys"`
	New      map[string]any `json:"NewImage,omitempty"`
	Old      map[string]any `json:"OldImage,omitempty"`
	Sequence string         `json:"SequenceNumber"`
	Size     int64          `json:"SizeBytes"`
	View     string         `json:"StreamViewType"`
}

func (x *streamSource) record(r *streamtypes.Record) streamRecord {
	d := r.Dynamodb
	out := streamRecord{
		EventID: *r.EventID, EventName: string(r.EventName), EventVersion: *r.EventVersion, EventSource: *r.EventSource,
		Region: *r.AwsRegion, SourceARN: x.arn,
		Change: streamChange{
			Created: d.ApproximateCreationDateTime.Unix(), Keys: image(d.Keys), New: image(d.NewImage), Old: image(d.OldImage),
			Sequence: *d.SequenceNumber, Size: aws.ToInt64(d.SizeBytes), View: string(d.StreamViewType),
		},
	}
	if r.UserIdentity != nil {
		out.Identity = &streamIdentity{aws.ToString(r.UserIdentity.Type), aws.ToString(r.UserIdentity.PrincipalId)}
	}
	return out
}

// image is an item in DynamoDB's JSON.
func image(item map[string]streamtypes.AttributeValue) map[string]any {
	if item == nil {
		return nil
	}
	out := make(map[string]any, len(item))
	for name, v := range item {
		out[name] = imageValue(v)
	}
	return out
}

func imageValue(v streamtypes.AttributeValue) any {
	switch v := v.(type) {
	case *streamtypes.AttributeValueMemberB:
		return map[string]any{"B": v.Value}
	case *streamtypes.AttributeValueMemberBOOL:
		return map[string]any{"BOOL": v.Value}
	case *streamtypes.AttributeValueMemberBS:
		return map[string]any{"BS": v.Value}
	case *streamtypes.AttributeValueMemberL:
		list := make([]any, len(v.Value))
		for i, e := range v.Value {
			list[i] = imageValue(e)
		}
		return map[string]any{"L": list}
	case *streamtypes.AttributeValueMemberM:
		m := image(v.Value)
		if m == nil {
			m = map[string]any{}
		}
		return map[string]any{"M": m}
	case *streamtypes.AttributeValueMemberN:
		return map[string]any{"N": v.Value}
	case *streamtypes.AttributeValueMemberNS:
		return map[string]any{"NS": slices.Clone(v.Value)}
	case *streamtypes.AttributeValueMemberS:
		return map[string]any{"S": v.Value}
	case *streamtypes.AttributeValueMemberSS:
		return map[string]any{"SS": slices.Clone(v.Value)}
	}
	return map[string]any{"NULL": true}
}

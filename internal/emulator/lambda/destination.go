package lambda

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	bustypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	topictypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/lambda/eventsource"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// Topics take what functions lead to.
type Topics interface {
	Publish(context.Context, *sns.PublishInput) (*sns.PublishOutput, error)
}

// Buses take what functions lead to.
type Buses interface {
	PutEvents(context.Context, *eventbridge.PutEventsInput) (*eventbridge.PutEventsOutput, error)
}

// Buckets take what functions could not handle.
type Buckets interface {
	PutObject(context.Context, *s3.PutObjectInput) (*s3.PutObjectOutput, error)
}

// absent is the error for a destination of a service that is not there.
func absent(arn string) error { return fmt.Errorf("sending to %s: there is no such service here", arn) }

// notify sends a text to a queue or a topic. Functions send with their role, so no
// policy of the destination is asked.
func (s *Service) notify(ctx context.Context, arn, body string, attributes map[string]string) error {
	kind := sourceKind(arn)
	switch {
	case kind == "sqs" && s.Queues != nil:
		in := &sqs.SendMessageInput{MessageBody: &body}
		for k, v := range attributes {
			if in.MessageAttributes == nil {
				in.MessageAttributes = map[string]sqstypes.MessageAttributeValue{}
			}
			in.MessageAttributes[k] = sqstypes.MessageAttributeValue{DataType: aws.String(attributeType(k)), StringValue: &v}
		}
		_, err := s.Queues.Deliver(ctx, arn, in)
		return err
	case kind == "sns" && s.Topics != nil:
		in := &sns.PublishInput{TopicArn: &arn, Message: &body}
		for k, v := range attributes {
			if in.MessageAttributes == nil {
				in.MessageAttributes = map[string]topictypes.MessageAttributeValue{}
			}
			in.MessageAttributes[k] = topictypes.MessageAttributeValue{DataType: aws.String(attributeType(k)), StringValue: &v}
		}
		_, err := s.Topics.Publish(ctx, in)
		return err
	}
	return absent(arn)
}

// errorCode is the attribute that is a number, of those of bury.
const errorCode = "ErrorCode"

func attributeType(name string) string {
	if name == errorCode {
		return "Number"
	}
	return "String"
}

// store puts an object, whose key ends with the time and an id, into the bucket of
// that ARN.
func (s *Service) store(ctx context.Context, arn, prefix string, body []byte) error {
	if s.Buckets == nil {
		return absent(arn)
	}
	at := s.env.Clock.Now().UTC()
	key := prefix + at.Format("/2006/01/02/2006-01-02T15.04.05-") + uuid.NewString()
	bucket := arn[strings.LastIndexByte(arn, ':')+1:]
	_, err := s.Buckets.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &bucket, Key: &key, Body: bytes.NewReader(body), ContentLength: aws.Int64(int64(len(body))),
	})
	return err
}

// sendLost sends records of a stream that are given up to a mapping's destination. A
// bucket gets the whole event, too.
func (s *Service) sendLost(ctx context.Context, m *mapping, arn string, lost eventsource.Lost) error {
	ctx = env.WithScope(ctx, m.Scope)
	if sourceKind(arn) != "s3" {
		return s.notify(ctx, arn, string(lost.Record), nil)
	}
	payload, err := json.Marshal(string(lost.Event))
	if err != nil {
		return err
	}
	whole := slices.Concat(bytes.TrimSuffix(lost.Record, []byte("}")), []byte(`,"payload":`), payload, []byte("}"))
	return s.store(ctx, arn, "aws/lambda/"+*m.Configuration.UUID+"/"+lost.Shard, whole)
}

// sendResult sends the result of an event to a destination of its function.
func (s *Service) sendResult(ctx context.Context, n name, arn string, failed bool, text []byte) error {
	switch sourceKind(arn) {
	case "lambda":
		to, err := parseARN(arn)
		if err != nil {
			return err
		}
		return s.accept(env.WithScope(ctx, to.Scope), invocation{name: to, payload: text})
	case "s3":
		return s.store(ctx, arn, "aws/lambda/async/"+n.function, text)
	case "events":
		return s.sendToBus(ctx, n, arn, failed, text)
	}
	return s.notify(ctx, arn, string(text), nil)
}

func (s *Service) sendToBus(ctx context.Context, n name, arn string, failed bool, text []byte) error {
	if s.Buses == nil {
		return absent(arn)
	}
	kind := "Success"
	if failed {
		kind = "Failure"
	}
	out, err := s.Buses.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []bustypes.PutEventsRequestEntry{{
		EventBusName: &arn, Source: aws.String("lambda"), DetailType: aws.String("Lambda Function Invocation Result - " + kind),
		Resources: []string{n.qualified(), arn}, Detail: aws.String(string(text)),
	}}})
	if err != nil {
		return err
	}
	if out.FailedEntryCount > 0 {
		return fmt.Errorf("sending to %s: %s", arn, aws.ToString(out.Entries[0].ErrorMessage))
	}
	return nil
}

// bury sends an event that failed to the function's dead-letter queue or topic, if
// it has one, with what went wrong as attributes.
func (s *Service) bury(ctx context.Context, e *event, end *ending) error {
	var arn string
	err := s.env.Store.View(func(tx *store.Tx) error {
		t, err := s.target(tx, e.name())
		if err == nil && t.version.Configuration.DeadLetterConfig != nil {
			arn = aws.ToString(t.version.Configuration.DeadLetterConfig.TargetArn)
		}
		return nil //nolint:nilerr // without the function there is no queue either
	})
	if err != nil || arn == "" {
		return err
	}
	attributes := map[string]string{"RequestID": e.ID, errorCode: "200", "ErrorMessage": end.condition}
	if end.outcome == nil {
		attributes[errorCode] = "429"
	} else {
		var failure struct {
			Message string `json:"errorMessage"`
		}
		if json.Unmarshal(end.outcome.Payload, &failure) == nil && failure.Message != "" {
			attributes["ErrorMessage"] = attributeText(failure.Message)
		}
	}
	return s.notify(ctx, arn, string(e.Payload), attributes)
}

// attributeText is the first kilobyte of a text as queues take it, which refuse
// messages with control characters.
func attributeText(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !strings.ContainsRune("\t\n\r", r) {
			return utf8.RuneError
		}
		return r
	}, text)
	n := min(len(text), 1024)
	for n < len(text) && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

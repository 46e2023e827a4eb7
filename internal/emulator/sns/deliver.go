package sns

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
)

// deliver hands a message to those subscribers whose filters let it through. One
// that cannot be reached costs the others nothing.
func (s *Service) deliver(ctx context.Context, t *topic, m *message, to []subscription) {
	for i := range to {
		u := &to[i]
		if !u.wants(m) {
			continue
		}
		if err := s.send(ctx, t, m, u); err != nil {
			s.env.Log.Warn("a message could not be delivered", "subscription", u.arn(), "error", err)
			if err := s.bury(ctx, t, m, u, err); err != nil {
				s.env.Log.Warn("a message could not be put into the dead-letter queue", "subscription", u.arn(), "error", err)
			}
		}
	}
}

// wants tells whether the subscription's filter lets a message through.
func (u *subscription) wants(m *message) bool {
	p, err := u.filter()
	switch {
	case err != nil: // it was checked when it was set
		return false
	case p == nil:
		return true
	case u.byBody():
		return p.Matches([]byte(m.textFor(u.Protocol)))
	}
	return p.MatchesValue(m.filtered())
}

// caller is SNS on behalf of a topic, in the trace of the request in ctx.
func (t *topic) caller(ctx context.Context, scope env.Scope) context.Context {
	return env.WithCaller(env.WithScope(context.WithoutCancel(ctx), scope), env.Caller{
		Service: Principal, SourceARN: t.arn(), SourceAccount: t.Scope.Account, UserID: "AIDAIT2UOQQY3AUEKVGXU",
	})
}

// endpointScope is where a queue or a function is.
func endpointScope(arn string) env.Scope {
	p := strings.SplitN(arn, ":", 6)
	return env.Scope{Region: p[3], Account: p[4]}
}

func (s *Service) send(ctx context.Context, t *topic, m *message, u *subscription) error {
	ctx = t.caller(ctx, endpointScope(u.Endpoint))
	n, err := s.notification(t, m, u)
	if err != nil {
		return err
	}
	if u.Protocol == "lambda" {
		event, err := n.event(u)
		if err != nil {
			return err
		}
		return s.functions.Enqueue(ctx, u.Endpoint, event)
	}
	in := &sqs.SendMessageInput{}
	if u.Attributes["RawMessageDelivery"] == "true" {
		in.MessageBody = ptr(m.textFor(u.Protocol))
		for name, a := range m.attrs {
			if in.MessageAttributes == nil {
				in.MessageAttributes = map[string]sqstypes.MessageAttributeValue{}
			}
			in.MessageAttributes[name] = sqstypes.MessageAttributeValue{DataType: a.DataType, StringValue: a.StringValue, BinaryValue: a.BinaryValue}
		}
	} else {
		in.MessageBody = ptr(n.text())
	}
	if m.group != "" {
		in.MessageGroupId = &m.group
	}
	if strings.HasSuffix(u.Endpoint, ".fifo") {
		in.MessageDeduplicationId = &m.dedup
	}
	_, err = s.queues.Deliver(ctx, u.Endpoint, in)
	return err
}

// bury puts a message that could not be delivered into the subscription's
// dead-letter queue, if it has one.
func (s *Service) bury(ctx context.Context, t *topic, m *message, u *subscription, cause error) error {
	text := u.Attributes["RedrivePolicy"]
	if text == "" {
		return nil
	}
	queue, err := deadLetters(text)
	if err != nil {
		return err
	}
	n, err := s.notification(t, m, u)
	if err != nil {
		return err
	}
	code := "InternalError"
	var api smithy.APIError
	if errors.As(cause, &api) {
		code = api.ErrorCode()
	}
	in := &sqs.SendMessageInput{MessageBody: ptr(n.text()), MessageAttributes: map[string]sqstypes.MessageAttributeValue{
		"RequestID":    {DataType: ptr("String"), StringValue: &m.id},
		"ErrorCode":    {DataType: ptr("String"), StringValue: &code},
		"ErrorMessage": {DataType: ptr("String"), StringValue: ptr(cause.Error())},
	}}
	if strings.HasSuffix(queue, ".fifo") {
		in.MessageGroupId, in.MessageDeduplicationId = &m.group, &m.dedup
	}
	_, err = s.queues.Deliver(t.caller(ctx, endpointScope(queue)), queue, in)
	return err
}

// notification is a message as subscribers see it, in the order in which SNS writes it.
type notification struct {
	MessageID        string
	Sequence         string
	TopicARN         string
	Subject          *string
	Message          string
	Timestamp        string
	SignatureVersion string
	Signature        string
	CertificateURL   string
	UnsubscribeURL   string
	Attributes       map[string]notifiedAttribute
}

type notifiedAttribute struct{ Type, Value string }

func (s *Service) notification(t *topic, m *message, u *subscription) (*notification, error) {
	base, err := s.env.URL()
	if err != nil {
		return nil, err
	}
	n := &notification{
		MessageID: m.id, Sequence: m.sequence, TopicARN: t.arn(), Subject: m.subject, Message: m.textFor(u.Protocol),
		Timestamp:      m.at.UTC().Format("2006-01-02T15:04:05.000Z"),
		UnsubscribeURL: base + "/?Action=Unsubscribe&SubscriptionArn=" + u.arn(),
	}
	for name, a := range m.attrs {
		if n.Attributes == nil {
			n.Attributes = map[string]notifiedAttribute{}
		}
		v := value(a.StringValue)
		if strings.HasPrefix(value(a.DataType), "Binary") {
			v = base64.StdEncoding.EncodeToString(a.BinaryValue)
		}
		n.Attributes[name] = notifiedAttribute{value(a.DataType), v}
	}
	if t.fifo() { // SNS does not sign for FIFO topics
		return n, nil
	}
	if n.SignatureVersion = t.Attributes["SignatureVersion"]; n.SignatureVersion == "" {
		n.SignatureVersion = "1"
	}
	n.CertificateURL = base + s.signer.path()
	n.Signature, err = s.signer.sign(n)
	return n, err
}

// text is the notification as queues get it.
func (n *notification) text() string {
	var b strings.Builder
	b.WriteString("{\n  \"Type\" : \"Notification\"")
	line := func(name string, v any) {
		fmt.Fprintf(&b, ",\n  %q : %s", name, marshal(v))
	}
	line("MessageId", n.MessageID)
	if n.Sequence != "" {
		line("SequenceNumber", n.Sequence)
	}
	line("TopicArn", n.TopicARN)
	if n.Subject != nil {
		line("Subject", *n.Subject)
	}
	line("Message", n.Message)
	line("Timestamp", n.Timestamp)
	if n.SignatureVersion != "" {
		line("SignatureVersion", n.SignatureVersion)
		line("Signature", n.Signature)
		line("SigningCertURL", n.CertificateURL)
	}
	line("UnsubscribeURL", n.UnsubscribeURL)
	if n.Attributes != nil {
		line("MessageAttributes", n.Attributes)
	}
	b.WriteString("\n}")
	return b.String()
}

// marshal writes JSON without escaping what HTML would.
func marshal(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil { // texts, and maps of texts
		panic("sns: " + err.Error())
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// event is the notification as functions get it.
func (n *notification) event(u *subscription) ([]byte, error) {
	type record struct {
		EventSource          string
		EventVersion         string
		EventSubscriptionArn string
		Sns                  any
	}
	attributes := n.Attributes
	if attributes == nil {
		attributes = map[string]notifiedAttribute{}
	}
	return json.Marshal(map[string]any{"Records": []record{{"aws:sns", "1.0", u.arn(), struct {
		Type, MessageId, TopicArn                       string //nolint:revive // SNS's names
		Subject                                         *string
		Message, Timestamp, SignatureVersion, Signature string
		SigningCertUrl, UnsubscribeUrl                  string //nolint:revive // SNS's names
		MessageAttributes                               map[string]notifiedAttribute
	}{
		"Notification", n.MessageID, n.TopicARN, n.Subject, n.Message, n.Timestamp, n.SignatureVersion, n.Signature,
		n.CertificateURL, n.UnsubscribeURL, attributes,
	}}}})
}

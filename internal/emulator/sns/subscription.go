package sns

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/eventpattern"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// subscription is a queue or a function that gets a topic's messages.
type subscription struct {
	Scope      env.Scope // the topic's
	Topic      string
	ID         string
	Protocol   string
	Endpoint   string // ARN
	Principal  string // who subscribed
	Attributes map[string]string
}

func (u *subscription) key() string { return u.Scope.Key(u.Topic, u.ID) }

func (u *subscription) topicARN() string { return u.Scope.ARN("sns", u.Topic) }

func (u *subscription) arn() string { return u.topicARN() + ":" + u.ID }

// otherProtocols are those of AWS that the emulator refuses.
var otherProtocols = []string{"http", "https", "email", "email-json", "sms", "application", "firehose"}

// set puts an attribute into the subscription.
func (u *subscription) set(name, v string) error {
	after := maps.Clone(u.Attributes)
	if after == nil {
		after = map[string]string{}
	}
	switch name {
	case "RawMessageDelivery":
		low := strings.ToLower(v)
		if !slices.Contains(booleans, low) {
			return invalid("Attributes Reason: RawMessageDelivery: Invalid value [%s]. Must be true or false.", v)
		}
		if low == "true" && u.Protocol == "lambda" {
			return invalid("Attributes Reason: RawMessageDelivery: not supported for protocol [lambda]")
		}
		after[name] = low
	case "FilterPolicyScope":
		if !slices.Contains([]string{"MessageAttributes", "MessageBody"}, v) {
			return invalid("Attributes Reason: FilterPolicyScope: Invalid value [%s]. Please use either MessageBody or MessageAttributes", v)
		}
		after[name] = v
	case "FilterPolicy":
		delete(after, name)
		if v != "" && strings.TrimSpace(v) != "{}" {
			after[name] = v
		}
	case "RedrivePolicy":
		delete(after, name)
		if v != "" {
			if _, err := deadLetters(v); err != nil {
				return err
			}
			after[name] = v
		}
	case "DeliveryPolicy", "ReplayPolicy", "SubscriptionRoleArn":
		return invalid("Attributes Reason: %s is not emulated", name)
	default:
		return invalid("AttributeName")
	}
	u.Attributes = after
	return nil
}

// deadLetters is the queue of a redrive policy.
func deadLetters(text string) (string, error) {
	var p struct {
		Target string `json:"deadLetterTargetArn"`
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return "", invalid("RedrivePolicy: failed to parse JSON.")
	}
	if q := strings.Split(p.Target, ":"); len(q) != 6 || q[2] != "sqs" {
		return "", invalid("RedrivePolicy: deadLetterTargetArn is an invalid arn")
	}
	return p.Target, nil
}

const (
	maxPolicyNames        = 5
	maxPolicyCombinations = 150
)

// filter is the subscription's filter policy, or nil. SNS reads policies as it has
// written them anew, without spaces.
func (u *subscription) filter() (*eventpattern.Pattern, error) {
	text := u.Attributes["FilterPolicy"]
	if text == "" {
		return nil, nil
	}
	var compact bytes.Buffer
	if json.Compact(&compact, []byte(text)) != nil {
		return nil, invalid("Attributes Reason: FilterPolicy: failed to parse JSON.")
	}
	p, err := eventpattern.Parse(compact.String())
	if err != nil {
		return nil, invalid("Attributes Reason: FilterPolicy: %s", err)
	}
	switch {
	case p.Nested() && !u.byBody():
		return nil, invalid("Filter policy scope MessageAttributes does not support nested filter policy")
	case len(p.Names()) > maxPolicyNames:
		return nil, invalid("Attributes Reason: FilterPolicy: Filter policy can not have more than 5 keys")
	case p.Combinations() > maxPolicyCombinations:
		return nil, invalid("Attributes Reason: FilterPolicy: Filter policy is too complex")
	}
	return p, nil
}

// byBody tells that the filter looks at the message itself, not at its attributes.
func (u *subscription) byBody() bool { return u.Attributes["FilterPolicyScope"] == "MessageBody" }

// Subscribe subscribes a queue or a function, which needs no confirmation. The same
// one is found again if it has the given attributes.
func (s *Service) Subscribe(ctx context.Context, in *sns.SubscribeInput) (*sns.SubscribeOutput, error) {
	u := subscription{ID: uuid.NewString(), Protocol: value(in.Protocol), Endpoint: value(in.Endpoint), Principal: env.CallerOf(ctx).ARN}
	if err := u.checkEndpoint(); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(in.Attributes)) {
		if err := u.set(name, in.Attributes[name]); err != nil {
			return nil, err
		}
	}
	if _, err := u.filter(); err != nil {
		return nil, err
	}
	err := s.env.Store.Update(func(tx *store.Tx) error {
		t, err := s.topic(tx, in.TopicArn)
		if err != nil {
			return err
		}
		if err := t.admits(ctx, "Subscribe"); err != nil {
			return err
		}
		if strings.HasSuffix(u.Endpoint, ".fifo") && !t.fifo() {
			return invalid("Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics")
		}
		if t.fifo() && u.Protocol != "sqs" {
			return invalid("Endpoint Reason: Please use FIFO SQS queue")
		}
		u.Scope, u.Topic = t.Scope, t.Name
		for _, o := range s.subscriptions.Prefix(tx, t.key()+"\x00") {
			if o.Protocol != u.Protocol || o.Endpoint != u.Endpoint {
				continue
			}
			for name, v := range u.Attributes {
				if o.Attributes[name] != v {
					return invalid("Attributes Reason: Subscription already exists with different attributes")
				}
			}
			u = o
			return nil
		}
		s.subscriptions.Put(tx, u.key(), u)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &sns.SubscribeOutput{SubscriptionArn: ptr(u.arn())}, nil
}

func (u *subscription) checkEndpoint() error {
	p := strings.Split(u.Endpoint, ":")
	switch {
	case slices.Contains(otherProtocols, u.Protocol):
		return invalid("Protocol Reason: %s is not emulated; sqs and lambda are", u.Protocol)
	case u.Protocol == "sqs" && (len(p) != 6 || p[2] != "sqs"):
		return invalid("SQS endpoint ARN")
	case u.Protocol == "lambda" && (len(p) < 7 || p[2] != "lambda"):
		return invalid("Lambda endpoint ARN")
	case u.Protocol != "sqs" && u.Protocol != "lambda":
		return invalid("Amazon SNS does not support this protocol string: %s", u.Protocol)
	}
	return nil
}

// subscription returns the subscription of an ARN, if the caller in ctx may do that
// with it.
func (s *Service) subscription(ctx context.Context, action string, tx *store.Tx, arn *string) (subscription, error) {
	p, err := parts(arn, "SubscriptionArn")
	if err != nil {
		return subscription{}, err
	}
	if len(p) != 7 {
		return subscription{}, invalid("SubscriptionId")
	}
	u, ok := s.subscriptions.Get(tx, env.Scope{Account: p[4], Region: p[3]}.Key(p[5], p[6]))
	if !ok {
		return u, notFound("Subscription")
	}
	if t, ok := s.topics.Get(tx, u.Scope.Key(u.Topic)); ok {
		return u, t.admits(ctx, action)
	}
	return u, nil
}

// Unsubscribe ends a subscription, if it is there.
func (s *Service) Unsubscribe(ctx context.Context, in *sns.UnsubscribeInput) (*sns.UnsubscribeOutput, error) {
	err := s.env.Store.Update(func(tx *store.Tx) error {
		u, err := s.subscription(ctx, "Unsubscribe", tx, in.SubscriptionArn)
		if _, none := err.(*types.NotFoundException); none { //nolint:errorlint // our own, unwrapped
			return nil
		}
		if err != nil {
			return err
		}
		s.subscriptions.Delete(tx, u.key())
		if t, ok := s.topics.Get(tx, u.Scope.Key(u.Topic)); ok {
			t.Deleted++
			s.topics.Put(tx, t.key(), t)
		}
		return nil
	})
	return &sns.UnsubscribeOutput{}, err
}

func (u *subscription) listed() types.Subscription {
	return types.Subscription{Endpoint: &u.Endpoint, Owner: &u.Scope.Account, Protocol: &u.Protocol, SubscriptionArn: ptr(u.arn()), TopicArn: ptr(u.topicARN())}
}

// ListSubscriptions lists the subscriptions of the region.
func (s *Service) ListSubscriptions(ctx context.Context, in *sns.ListSubscriptionsInput) (*sns.ListSubscriptionsOutput, error) {
	out := &sns.ListSubscriptionsOutput{}
	err := s.env.Store.View(func(tx *store.Tx) (err error) {
		out.Subscriptions, out.NextToken, err = s.listed(tx, env.ScopeOf(ctx).Key(""), in.NextToken)
		return err
	})
	return out, err
}

func (s *Service) listed(tx *store.Tx, prefix string, token *string) ([]types.Subscription, *string, error) {
	all := []types.Subscription{}
	for _, u := range s.subscriptions.Prefix(tx, prefix) {
		all = append(all, u.listed())
	}
	return page(all, token)
}

// ListSubscriptionsByTopic lists the subscriptions of a topic.
func (s *Service) ListSubscriptionsByTopic(ctx context.Context, in *sns.ListSubscriptionsByTopicInput) (*sns.ListSubscriptionsByTopicOutput, error) {
	out := &sns.ListSubscriptionsByTopicOutput{}
	err := s.view(ctx, "ListSubscriptionsByTopic", in.TopicArn, func(tx *store.Tx, t *topic) (err error) {
		out.Subscriptions, out.NextToken, err = s.listed(tx, t.key()+"\x00", in.NextToken)
		return err
	})
	return out, err
}

// GetSubscriptionAttributes returns all attributes of a subscription.
func (s *Service) GetSubscriptionAttributes(ctx context.Context, in *sns.GetSubscriptionAttributesInput) (*sns.GetSubscriptionAttributesOutput, error) {
	out := &sns.GetSubscriptionAttributesOutput{}
	err := s.env.Store.View(func(tx *store.Tx) error {
		u, err := s.subscription(ctx, "GetSubscriptionAttributes", tx, in.SubscriptionArn)
		if err != nil {
			return err
		}
		out.Attributes = map[string]string{
			"ConfirmationWasAuthenticated": "true", "Endpoint": u.Endpoint, "Owner": u.Scope.Account, "PendingConfirmation": "false",
			"Protocol": u.Protocol, "RawMessageDelivery": "false", "SubscriptionArn": u.arn(), "SubscriptionPrincipal": u.Principal,
			"TopicArn": u.topicARN(),
		}
		maps.Copy(out.Attributes, u.Attributes)
		switch {
		case u.Attributes["FilterPolicy"] == "":
			delete(out.Attributes, "FilterPolicyScope")
		case u.Attributes["FilterPolicyScope"] == "":
			out.Attributes["FilterPolicyScope"] = "MessageAttributes"
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// SetSubscriptionAttributes sets one attribute of a subscription.
func (s *Service) SetSubscriptionAttributes(ctx context.Context, in *sns.SetSubscriptionAttributesInput) (*sns.SetSubscriptionAttributesOutput, error) {
	err := s.env.Store.Update(func(tx *store.Tx) error {
		u, err := s.subscription(ctx, "SetSubscriptionAttributes", tx, in.SubscriptionArn)
		if err != nil {
			return err
		}
		if err := u.set(value(in.AttributeName), value(in.AttributeValue)); err != nil {
			return err
		}
		if _, err := u.filter(); err != nil {
			return err
		}
		s.subscriptions.Put(tx, u.key(), u)
		return nil
	})
	return &sns.SetSubscriptionAttributesOutput{}, err
}

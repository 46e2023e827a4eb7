package sns

import (
	"context"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// topic is a topic. Its attributes are kept as texts, as they come and go.
type topic struct {
	Scope      env.Scope
	Name       string
	Attributes map[string]string
	Tags       map[string]string `json:",omitempty"`
	Deleted    int               // subscriptions that were
}

func (t *topic) key() string { return t.Scope.Key(t.Name) }

func (t *topic) arn() string { return t.Scope.ARN("sns", t.Name) }

func (t *topic) fifo() bool { return strings.HasSuffix(t.Name, ".fifo") }

var (
	topicName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`) })
	booleans  = []string{"true", "false"}
)

// topicAttributes are those that can be set, with the values that they may have;
// nil is any. DeliveryPolicy is for web addresses, which cannot subscribe here, and
// is kept.
var topicAttributes = map[string][]string{
	"ContentBasedDeduplication": booleans,
	"DeliveryPolicy":            nil,
	"DisplayName":               nil,
	"FifoThroughputScope":       {"Topic", "MessageGroup"},
	"FifoTopic":                 booleans,
	"KmsMasterKeyId":            nil,
	"Policy":                    nil,
	"SignatureVersion":          {"1", "2"},
	"TracingConfig":             {"PassThrough", "Active"},
}

// fifoOnly are the attributes of FIFO topics.
var fifoOnly = []string{"ContentBasedDeduplication", "FifoThroughputScope"}

// set puts an attribute into the topic.
func (t *topic) set(name, v string) error {
	allowed, known := topicAttributes[name]
	switch {
	case !known && (strings.HasSuffix(name, "FeedbackRoleArn") || strings.HasSuffix(name, "FeedbackSampleRate") || name == "ArchivePolicy"):
		return invalid("Attributes Reason: %s is not emulated", name)
	case !known, name == "FifoTopic", slices.Contains(fifoOnly, name) && !t.fifo():
		return invalid("AttributeName")
	case allowed != nil && !slices.Contains(allowed, v):
		return invalid("Attributes Reason: %s: Invalid value [%s].", name, v)
	}
	if name == "DeliveryPolicy" && v != "" {
		p, err := deliveryPolicy(v)
		if err != nil {
			return err
		}
		v = p
	}
	if name == "Policy" && v != "" && json.Unmarshal([]byte(v), new(document)) != nil {
		return invalid("Policy Error: null")
	}
	after := maps.Clone(t.Attributes)
	if v == "" && name != "DisplayName" {
		delete(after, name)
	} else {
		after[name] = v
	}
	t.Attributes = after
	return nil
}

// deliveryPolicy is a policy for web addresses as SNS gives it back.
func deliveryPolicy(text string) (string, error) {
	var p struct {
		HTTP map[string]json.RawMessage `json:"http"`
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil || p.HTTP == nil {
		return "", invalid("Attributes Reason: DeliveryPolicy: failed to parse JSON.")
	}
	maps.DeleteFunc(p.HTTP, func(_ string, v json.RawMessage) bool { return string(v) == "null" })
	if p.HTTP["disableSubscriptionOverrides"] == nil {
		p.HTTP["disableSubscriptionOverrides"] = json.RawMessage("false")
	}
	out, err := json.Marshal(p)
	return string(out), err
}

// effective is what holds for web addresses: the topic's policy over the defaults.
func (t *topic) effective() (string, error) {
	retry := map[string]any{
		"minDelayTarget": 20, "maxDelayTarget": 20, "numRetries": 3, "numMaxDelayRetries": 0, "numNoDelayRetries": 0,
		"numMinDelayRetries": 0, "backoffFunction": "linear",
	}
	request := map[string]any{"headerContentType": "text/plain; charset=UTF-8"}
	whole := map[string]any{"defaultHealthyRetryPolicy": retry, "disableSubscriptionOverrides": false, "defaultRequestPolicy": request}
	var p struct {
		HTTP map[string]any `json:"http"`
	}
	if text := t.Attributes["DeliveryPolicy"]; text != "" {
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			return "", err
		}
	}
	for name, v := range p.HTTP {
		object, isObject := v.(map[string]any)
		if base, ok := whole[name].(map[string]any); ok && isObject {
			maps.Copy(base, object)
			continue
		}
		whole[name] = v
	}
	out, err := json.Marshal(map[string]any{"http": whole})
	return string(out), err
}

// CreateTopic makes a topic, or finds the one of that name if it has the given
// attributes and tags.
func (s *Service) CreateTopic(ctx context.Context, in *sns.CreateTopicInput) (*sns.CreateTopicOutput, error) {
	name := value(in.Name)
	bare, suffixed := strings.CutSuffix(name, ".fifo")
	fifo := in.Attributes["FifoTopic"] == "true"
	if fifo != suffixed || len(name) > 256 || !topicName().MatchString(bare) {
		return nil, invalid("Topic Name")
	}
	tags, err := tagsOf(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	t := topic{Scope: env.ScopeOf(ctx), Name: name, Tags: tags}
	err = s.env.Store.Update(func(tx *store.Tx) error {
		before, there := s.topics.Get(tx, t.key())
		t.Attributes = map[string]string{"DisplayName": ""}
		if fifo {
			t.Attributes["ContentBasedDeduplication"] = "false"
		}
		if there {
			t.Attributes = before.Attributes
		}
		for _, attr := range slices.Sorted(maps.Keys(in.Attributes)) {
			if v := in.Attributes[attr]; attr == "FifoTopic" && !slices.Contains(booleans, v) {
				return invalid("Attributes Reason: FifoTopic: Invalid value [%s].", v)
			} else if attr == "FifoTopic" {
				continue
			} else if err := t.set(attr, v); err != nil {
				return err
			}
		}
		switch {
		case there && !maps.Equal(before.Attributes, t.Attributes):
			return invalid("Attributes Reason: Topic already exists with different attributes")
		case there && !includes(before.Tags, tags):
			return invalid("Tags Reason: Topic already exists with different tags")
		case !there:
			s.topics.Put(tx, t.key(), t)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &sns.CreateTopicOutput{TopicArn: ptr(t.arn())}, nil
}

// includes tells whether all of some are among those that there are.
func includes(have, some map[string]string) bool {
	for k, v := range some {
		if got, ok := have[k]; !ok || got != v {
			return false
		}
	}
	return true
}

// DeleteTopic deletes a topic with its subscriptions, if it is there.
func (s *Service) DeleteTopic(ctx context.Context, in *sns.DeleteTopicInput) (*sns.DeleteTopicOutput, error) {
	key, err := topicKey(in.TopicArn, "TopicArn")
	if err != nil {
		return nil, err
	}
	err = s.env.Store.Update(func(tx *store.Tx) error {
		t, ok := s.topics.Get(tx, key)
		if !ok {
			return nil
		}
		if err := t.admits(ctx, "DeleteTopic"); err != nil {
			return err
		}
		s.topics.Delete(tx, key)
		var subscribed, remembered []string
		for k := range s.subscriptions.Prefix(tx, key+"\x00") {
			subscribed = append(subscribed, k)
		}
		for k := range s.seen.Prefix(tx, key+"\x00") {
			remembered = append(remembered, k)
		}
		for _, k := range subscribed {
			s.subscriptions.Delete(tx, k)
		}
		for _, k := range remembered {
			s.seen.Delete(tx, k)
		}
		return nil
	})
	return &sns.DeleteTopicOutput{}, err
}

// maxList is how many topics or subscriptions are listed at once.
const maxList = 100

// page is a part of a list, behind the token of the part before, and the next token.
func page[T any](all []T, token *string) ([]T, *string, error) {
	from := 0
	if token != nil {
		n, err := strconv.Atoi(*token)
		if err != nil || n < 0 || n > len(all) {
			return nil, nil, invalid("NextToken Reason: Invalid token")
		}
		from = n
	}
	if rest := all[from:]; len(rest) <= maxList {
		return rest, nil, nil
	}
	return all[from : from+maxList], ptr(strconv.Itoa(from + maxList)), nil
}

// ListTopics lists the topics of the region by name.
func (s *Service) ListTopics(ctx context.Context, in *sns.ListTopicsInput) (*sns.ListTopicsOutput, error) {
	all := []types.Topic{}
	_ = s.env.Store.View(func(tx *store.Tx) error {
		for _, t := range s.topics.Prefix(tx, env.ScopeOf(ctx).Key("")) {
			all = append(all, types.Topic{TopicArn: ptr(t.arn())})
		}
		return nil
	})
	out := &sns.ListTopicsOutput{}
	var err error
	out.Topics, out.NextToken, err = page(all, in.NextToken)
	return out, err
}

// GetTopicAttributes returns all attributes of a topic.
func (s *Service) GetTopicAttributes(ctx context.Context, in *sns.GetTopicAttributesInput) (*sns.GetTopicAttributesOutput, error) {
	out := &sns.GetTopicAttributesOutput{}
	err := s.view(ctx, "GetTopicAttributes", in.TopicArn, func(tx *store.Tx, t *topic) (err error) {
		out.Attributes = maps.Clone(t.Attributes)
		confirmed := 0
		for range s.subscriptions.Prefix(tx, t.key()+"\x00") {
			confirmed++
		}
		out.Attributes["TopicArn"], out.Attributes["Owner"] = t.arn(), t.Scope.Account
		out.Attributes["SubscriptionsConfirmed"], out.Attributes["SubscriptionsPending"] = strconv.Itoa(confirmed), "0"
		out.Attributes["SubscriptionsDeleted"] = strconv.Itoa(t.Deleted)
		if t.fifo() {
			out.Attributes["FifoTopic"] = "true"
		}
		if out.Attributes["Policy"], err = t.policy(); err != nil {
			return err
		}
		out.Attributes["EffectiveDeliveryPolicy"], err = t.effective()
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// SetTopicAttributes sets one attribute of a topic.
func (s *Service) SetTopicAttributes(ctx context.Context, in *sns.SetTopicAttributesInput) (*sns.SetTopicAttributesOutput, error) {
	err := s.update(ctx, "SetTopicAttributes", in.TopicArn, func(_ *store.Tx, t *topic) error { return t.set(value(in.AttributeName), value(in.AttributeValue)) })
	return &sns.SetTopicAttributesOutput{}, err
}

const maxTags = 50

// tagsOf adds tags to those that are there.
func tagsOf(have map[string]string, add []types.Tag) (map[string]string, error) {
	out := maps.Clone(have)
	if out == nil {
		out = map[string]string{}
	}
	for _, t := range add {
		out[value(t.Key)] = value(t.Value)
	}
	if len(out) > maxTags {
		return nil, &types.TagLimitExceededException{Message: ptr("Could not complete request: tag quota of per resource exceeded")}
	}
	return out, nil
}

// tagged calls f with the topic that has the tags.
func (s *Service) tagged(ctx context.Context, action string, arn *string, f func(t *topic) error) error {
	err := s.update(ctx, action, arn, func(_ *store.Tx, t *topic) error { return f(t) })
	if _, none := err.(*types.NotFoundException); none { //nolint:errorlint // our own, unwrapped
		return &types.ResourceNotFoundException{Message: ptr("Resource does not exist")}
	}
	return err
}

// TagResource adds tags to a topic.
func (s *Service) TagResource(ctx context.Context, in *sns.TagResourceInput) (*sns.TagResourceOutput, error) {
	err := s.tagged(ctx, "TagResource", in.ResourceArn, func(t *topic) (err error) {
		t.Tags, err = tagsOf(t.Tags, in.Tags)
		return err
	})
	return &sns.TagResourceOutput{}, err
}

// UntagResource removes tags from a topic.
func (s *Service) UntagResource(ctx context.Context, in *sns.UntagResourceInput) (*sns.UntagResourceOutput, error) {
	err := s.tagged(ctx, "UntagResource", in.ResourceArn, func(t *topic) error {
		t.Tags = maps.Clone(t.Tags)
		maps.DeleteFunc(t.Tags, func(k, _ string) bool { return slices.Contains(in.TagKeys, k) })
		return nil
	})
	return &sns.UntagResourceOutput{}, err
}

// ListTagsForResource returns the tags of a topic.
func (s *Service) ListTagsForResource(ctx context.Context, in *sns.ListTagsForResourceInput) (*sns.ListTagsForResourceOutput, error) {
	out := &sns.ListTagsForResourceOutput{Tags: []types.Tag{}}
	err := s.view(ctx, "ListTagsForResource", in.ResourceArn, func(_ *store.Tx, t *topic) error {
		for _, k := range slices.Sorted(maps.Keys(t.Tags)) {
			out.Tags = append(out.Tags, types.Tag{Key: &k, Value: ptr(t.Tags[k])})
		}
		return nil
	})
	if _, none := err.(*types.NotFoundException); none { //nolint:errorlint // our own, unwrapped
		return nil, &types.ResourceNotFoundException{Message: ptr("Resource does not exist")}
	}
	return out, err
}

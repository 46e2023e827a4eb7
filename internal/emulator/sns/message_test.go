package sns

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
)

// sent notes what queues get.
type sent struct{ bodies []string }

func (q *sent) Deliver(_ context.Context, arn string, in *sqs.SendMessageInput) (*sqs.SendMessageOutput, error) {
	q.bodies = append(q.bodies, arn[strings.LastIndexByte(arn, ':')+1:]+":"+*in.MessageBody)
	return &sqs.SendMessageOutput{}, nil
}

// TestNumbers refuses attributes that are called numbers and are none, and filters by
// those that are.
func TestNumbers(t *testing.T) {
	t.Parallel()
	q := &sent{}
	s, err := New(newEnv(t), q, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx := env.WithScope(t.Context(), env.Scope{Region: "eu-north-1", Account: "000000000000"})
	topic, err := s.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("t")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Subscribe(ctx, &sns.SubscribeInput{TopicArn: topic.TopicArn, Protocol: aws.String("sqs"), Endpoint: aws.String("arn:aws:sqs:eu-north-1:000000000000:q"),
		Attributes: map[string]string{"FilterPolicy": `{"n":[{"numeric":[">",4]}]}`, "RawMessageDelivery": "true"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		n      string
		number bool
		passes bool
	}{
		{"5", true, true}, {"4.5e0", true, true}, {"-7", true, false}, {"007", true, true}, {"null", false, false}, {`"5"`, false, false}, {"5x", false, false}, {" 5", false, false},
	} {
		q.bodies = nil
		_, err := s.Publish(ctx, &sns.PublishInput{TopicArn: topic.TopicArn, Message: aws.String("m"), MessageAttributes: map[string]types.MessageAttributeValue{
			"n": {DataType: aws.String("Number"), StringValue: &c.n},
		}})
		if (err == nil) != c.number {
			t.Errorf("%q: got %v", c.n, err)
		}
		if (len(q.bodies) == 1) != c.passes {
			t.Errorf("%q: delivered %q", c.n, q.bodies)
		}
	}
}

// TestPolicyRefused refuses policies that are no policies, which a later AddPermission
// could not read, and adds to those with one statement by itself.
func TestPolicyRefused(t *testing.T) {
	t.Parallel()
	s, err := New(newEnv(t), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx := env.WithScope(t.Context(), env.Scope{Region: "eu-north-1", Account: "000000000000"})
	topic, err := s.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("t")})
	if err != nil {
		t.Fatal(err)
	}
	set := func(policy string) error {
		_, err := s.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: topic.TopicArn, AttributeName: aws.String("Policy"), AttributeValue: &policy})
		return err
	}
	for _, policy := range []string{`"x"`, `[]`, `{"Statement":1}`, `{`} {
		if set(policy) == nil {
			t.Errorf("%s was taken", policy)
		}
	}
	if err := set(`{"Version":"2012-10-17","Statement":{"Sid":"a","Effect":"Allow","Principal":"*","Action":"SNS:Publish","Resource":"*"}}`); err != nil {
		t.Fatal(err)
	}
	_, err = s.AddPermission(ctx, &sns.AddPermissionInput{TopicArn: topic.TopicArn, Label: aws.String("b"), AWSAccountId: []string{"111111111111"}, ActionName: []string{"Publish"}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: topic.TopicArn})
	if err != nil || !strings.Contains(out.Attributes["Policy"], `"Sid":"a"`) || !strings.Contains(out.Attributes["Policy"], `"Sid":"b"`) {
		t.Errorf("got %v, %v", out.Attributes["Policy"], err)
	}
}

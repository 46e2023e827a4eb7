package sns

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
)

// TestOtherAccount lets another account do with a topic what its policy allows.
func TestOtherAccount(t *testing.T) {
	t.Parallel()
	s, err := New(newEnv(t), &sent{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	here := env.WithScope(t.Context(), env.Scope{Region: "eu-north-1", Account: "000000000000"})
	there := env.WithScope(t.Context(), env.Scope{Region: "eu-north-1", Account: "111111111111"})
	create := func(name string) *string {
		t.Helper()
		out, err := s.CreateTopic(here, &sns.CreateTopicInput{Name: aws.String(name)})
		if err != nil {
			t.Fatal(err)
		}
		return out.TopicArn
	}
	for name, c := range map[string]struct {
		never bool // can be allowed to another account
		call  func(ctx context.Context, topic *string) error
	}{
		"AddPermission": {call: func(ctx context.Context, topic *string) error {
			_, err := s.AddPermission(ctx, &sns.AddPermissionInput{TopicArn: topic, Label: aws.String("l"), AWSAccountId: []string{"111111111111"}, ActionName: []string{"Publish"}})
			return err
		}},
		"DeleteTopic": {call: func(ctx context.Context, topic *string) error {
			_, err := s.DeleteTopic(ctx, &sns.DeleteTopicInput{TopicArn: topic})
			return err
		}},
		"GetTopicAttributes": {call: func(ctx context.Context, topic *string) error {
			_, err := s.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: topic})
			return err
		}},
		"Publish": {call: func(ctx context.Context, topic *string) error {
			_, err := s.Publish(ctx, &sns.PublishInput{TopicArn: topic, Message: aws.String("m")})
			return err
		}},
		"SetTopicAttributes": {call: func(ctx context.Context, topic *string) error {
			_, err := s.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: topic, AttributeName: aws.String("DisplayName"), AttributeValue: aws.String("x")})
			return err
		}},
		"Subscribe": {call: func(ctx context.Context, topic *string) error {
			_, err := s.Subscribe(ctx, &sns.SubscribeInput{TopicArn: topic, Protocol: aws.String("sqs"), Endpoint: aws.String("arn:aws:sqs:eu-north-1:111111111111:q")})
			return err
		}},
		"TagResource": {never: true, call: func(ctx context.Context, topic *string) error {
			_, err := s.TagResource(ctx, &sns.TagResourceInput{ResourceArn: topic, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
			return err
		}},
	} {
		topic := create(name)
		var denied *types.AuthorizationErrorException
		if err := c.call(there, topic); !errors.As(err, &denied) {
			t.Errorf("%s without a policy: got %v", name, err)
		}
		_, err := s.SetTopicAttributes(here, &sns.SetTopicAttributesInput{TopicArn: topic, AttributeName: aws.String("Policy"), AttributeValue: aws.String(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"sns:*","Resource":"` + *topic + `"}]}`)})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.call(there, topic); (err == nil) == c.never {
			t.Errorf("%s with a policy: got %v", name, err)
		}
		if name != "DeleteTopic" {
			if err := c.call(here, topic); err != nil && name != "AddPermission" { // which is there already
				t.Errorf("%s by the owner: got %v", name, err)
			}
		}
	}
}

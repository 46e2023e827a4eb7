package events

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
)

// queues notes what they get.
type queues struct{ bodies []string }

func (q *queues) Deliver(_ context.Context, arn string, in *sqs.SendMessageInput) (*sqs.SendMessageOutput, error) {
	q.bodies = append(q.bodies, arn+" "+*in.MessageBody)
	return &sqs.SendMessageOutput{}, nil
}

// TestOtherAccount forwards events to the bus of another account when its policy
// admits that, and else puts them into the target's dead-letter queue.
func TestOtherAccount(t *testing.T) {
	t.Parallel()
	s, err := New(newEnv(t))
	if err != nil {
		t.Fatal(err)
	}
	q := &queues{}
	s.Targets.Queues = q
	here := env.WithScope(t.Context(), env.Scope{Region: "eu-north-1", Account: "000000000000"})
	there := env.WithScope(t.Context(), env.Scope{Region: "eu-north-1", Account: "111111111111"})
	const pattern, dead = `{"source":["shop"]}`, "arn:aws:sqs:eu-north-1:000000000000:dead"
	target := func(ctx context.Context, arn string, d *types.DeadLetterConfig) {
		t.Helper()
		if _, err := s.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(pattern)}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: []types.Target{{Id: aws.String("t"), Arn: &arn, DeadLetterConfig: d}}}); err != nil {
			t.Fatal(err)
		}
	}
	target(here, "arn:aws:events:eu-north-1:111111111111:event-bus/default", &types.DeadLetterConfig{Arn: aws.String(dead)})
	target(there, "arn:aws:sqs:eu-north-1:111111111111:q", nil)
	for _, want := range []string{dead, "arn:aws:sqs:eu-north-1:111111111111:q"} {
		q.bodies = nil
		out, err := s.PutEvents(here, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
			{Source: aws.String("shop"), DetailType: aws.String("x"), Detail: aws.String(`{}`)},
		}})
		if err != nil || out.FailedEntryCount != 0 {
			t.Fatal(out, err)
		}
		if len(q.bodies) != 1 || !strings.HasPrefix(q.bodies[0], want+" ") {
			t.Errorf("got %q, want one to %s", q.bodies, want)
		}
		if _, err := s.PutPermission(there, &eventbridge.PutPermissionInput{StatementId: aws.String("a"), Action: aws.String("events:PutEvents"), Principal: aws.String("000000000000")}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestForeignBus keeps the bus of another account from those whom its policy does not
// admit.
func TestForeignBus(t *testing.T) {
	t.Parallel()
	s, err := New(newEnv(t))
	if err != nil {
		t.Fatal(err)
	}
	here := env.WithScope(t.Context(), env.Scope{Region: "eu-north-1", Account: "000000000000"})
	there := env.WithScope(t.Context(), env.Scope{Region: "eu-north-1", Account: "111111111111"})
	bus := aws.String("arn:aws:events:eu-north-1:000000000000:event-bus/default")
	for _, c := range []struct {
		name    string
		allowed bool // by the policy below
		call    func() error
	}{
		{"DeleteRule", false, func() error {
			_, err := s.DeleteRule(there, &eventbridge.DeleteRuleInput{EventBusName: bus, Name: aws.String("r")})
			return err
		}},
		{"DescribeEventBus", true, func() error {
			_, err := s.DescribeEventBus(there, &eventbridge.DescribeEventBusInput{Name: bus})
			return err
		}},
		{"ListRules", false, func() error {
			_, err := s.ListRules(there, &eventbridge.ListRulesInput{EventBusName: bus})
			return err
		}},
		{"PutPermission", false, func() error {
			_, err := s.PutPermission(there, &eventbridge.PutPermissionInput{EventBusName: bus, Policy: aws.String(`{"Statement":[]}`)})
			return err
		}},
		{"PutRule", true, func() error {
			_, err := s.PutRule(there, &eventbridge.PutRuleInput{EventBusName: bus, Name: aws.String("r"), EventPattern: aws.String(`{"source":["shop"]}`)})
			return err
		}},
		{"TagResource", false, func() error {
			_, err := s.TagResource(there, &eventbridge.TagResourceInput{ResourceARN: bus, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
			return err
		}},
	} {
		if _, err := s.PutPermission(here, &eventbridge.PutPermissionInput{Policy: aws.String(`{"Version":"2012-10-17","Statement":[]}`)}); err != nil {
			t.Fatal(err)
		}
		var api smithy.APIError
		if err := c.call(); !errors.As(err, &api) || api.ErrorCode() != "AccessDeniedException" {
			t.Errorf("%s without a policy: got %v", c.name, err)
		}
		_, err := s.PutPermission(here, &eventbridge.PutPermissionInput{Policy: aws.String(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":["events:DescribeEventBus","events:PutRule"],"Resource":"*"}]}`)})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.call(); (err == nil) != c.allowed {
			t.Errorf("%s with a policy: got %v", c.name, err)
		}
	}
}

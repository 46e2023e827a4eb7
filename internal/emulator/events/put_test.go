package events

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

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

package dynamodb

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// Resource policies are stored and given back; requests are not checked against
// them, as the emulator checks none against policies of identities either.

// noPolicyYet is the ExpectedRevisionId of a policy that must be the first.
const noPolicyYet = "NO_POLICY"

func noPolicy(arn *string) error {
	return &types.PolicyNotFoundException{Message: aws.String("Resource-based policy not found for the provided ResourceArn: " + aws.ToString(arn))}
}

// GetResourcePolicy implements the operation of that name.
func (s *Service) GetResourcePolicy(ctx context.Context, in *dynamodb.GetResourcePolicyInput) (*dynamodb.GetResourcePolicyOutput, error) {
	out := &dynamodb.GetResourcePolicyOutput{}
	return out, s.env.Store.View(func(tx *store.Tx) error {
		t, err := s.governed(ctx, tx, in.ResourceArn)
		if err != nil {
			return err
		}
		if t.Policy == "" {
			return noPolicy(in.ResourceArn)
		}
		out.Policy, out.RevisionId = &t.Policy, &t.PolicyID
		return nil
	})
}

// governed returns the table whose policy is meant. Policies of streams are refused.
func (s *Service) governed(ctx context.Context, tx *store.Tx, arn *string) (table, error) {
	if _, ok := owned(ctx, arn); !ok && strings.Contains(aws.ToString(arn), "/stream/") {
		return table{}, invalid("the emulator does not implement resource policies of streams: %s", aws.ToString(arn))
	}
	return s.tagged(ctx, tx, arn)
}

// PutResourcePolicy implements the operation of that name.
func (s *Service) PutResourcePolicy(ctx context.Context, in *dynamodb.PutResourcePolicyInput) (*dynamodb.PutResourcePolicyOutput, error) {
	policy := aws.ToString(in.Policy)
	var document map[string]any
	if json.Unmarshal([]byte(policy), &document) != nil || document["Statement"] == nil {
		return nil, invalid("Invalid policy document: it must be a JSON object with a Statement")
	}
	out := &dynamodb.PutResourcePolicyOutput{}
	return out, s.update(func(tx *store.Tx) error {
		t, err := s.governed(ctx, tx, in.ResourceArn)
		if err != nil {
			return err
		}
		if want := aws.ToString(in.ExpectedRevisionId); want == noPolicyYet && t.Policy != "" || want != "" && want != noPolicyYet && want != t.PolicyID {
			return noPolicy(in.ResourceArn)
		}
		if t.Policy != policy {
			t.Policy, t.PolicyID = policy, revision(s.now())
			s.put(ctx, tx, t)
		}
		out.RevisionId = &t.PolicyID
		return nil
	})
}

// DeleteResourcePolicy implements the operation of that name. It may be repeated.
func (s *Service) DeleteResourcePolicy(ctx context.Context, in *dynamodb.DeleteResourcePolicyInput) (*dynamodb.DeleteResourcePolicyOutput, error) {
	out := &dynamodb.DeleteResourcePolicyOutput{}
	return out, s.update(func(tx *store.Tx) error {
		t, err := s.governed(ctx, tx, in.ResourceArn)
		if err != nil {
			return err
		}
		if want := aws.ToString(in.ExpectedRevisionId); want != "" && want != t.PolicyID {
			return noPolicy(in.ResourceArn)
		}
		if t.Policy == "" {
			return nil
		}
		out.RevisionId = aws.String(t.PolicyID)
		t.Policy, t.PolicyID = "", ""
		s.put(ctx, tx, t)
		return nil
	})
}

package dynamodb

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// Resource policies are stored and given back; requests are not checked against
// them, as the emulator checks none against policies of identities either.

// noPolicyYet is the ExpectedRevisionId of a policy that must be the first.
const noPolicyYet = "NO_POLICY"

func noPolicy(arn *string) error {
	return &types.PolicyNotFoundException{Message: aws.String("Resource-based policy not found for the provided ResourceArn: " + aws.ToString(arn))}
}

// A governed is something that has a policy: a table or a stream.
type governed struct {
	policy, id string
	// keep stores another policy in place of it.
	keep func(policy, id string)
}

// governed finds what an ARN names.
func (s *Service) governed(ctx context.Context, tx *store.Tx, arn *string) (governed, error) {
	name, label, err := s.resource(ctx, arn)
	if err != nil {
		return governed{}, err
	}
	if label != "" {
		key := env.ScopeOf(ctx).Key(*name, label, "")
		st, ok := s.streams.Get(tx, key)
		if !ok || s.past(st) {
			return governed{}, &types.ResourceNotFoundException{
				Message: aws.String("Requested resource not found: Stream: " + label + " not found for Table: " + *name),
			}
		}
		return governed{st.Policy, st.PolicyID, func(policy, id string) {
			st.Policy, st.PolicyID = policy, id
			s.streams.Put(tx, key, st)
		}}, nil
	}
	t, err := s.known(ctx, tx, name)
	return governed{t.Policy, t.PolicyID, func(policy, id string) {
		t.Policy, t.PolicyID = policy, id
		s.put(ctx, tx, t)
	}}, err
}

// GetResourcePolicy implements the operation of that name.
func (s *Service) GetResourcePolicy(ctx context.Context, in *dynamodb.GetResourcePolicyInput) (*dynamodb.GetResourcePolicyOutput, error) {
	out := &dynamodb.GetResourcePolicyOutput{}
	return out, s.env.Store.View(func(tx *store.Tx) error {
		g, err := s.governed(ctx, tx, in.ResourceArn)
		if err != nil {
			return err
		}
		if g.policy == "" {
			return noPolicy(in.ResourceArn)
		}
		out.Policy, out.RevisionId = &g.policy, &g.id
		return nil
	})
}

// PutResourcePolicy implements the operation of that name.
func (s *Service) PutResourcePolicy(ctx context.Context, in *dynamodb.PutResourcePolicyInput) (*dynamodb.PutResourcePolicyOutput, error) {
	policy := aws.ToString(in.Policy)
	if err := checkPolicy(policy); err != nil {
		return nil, err
	}
	out := &dynamodb.PutResourcePolicyOutput{}
	return out, s.update(func(tx *store.Tx) error {
		g, err := s.governed(ctx, tx, in.ResourceArn)
		if err != nil {
			return err
		}
		if want := aws.ToString(in.ExpectedRevisionId); want == noPolicyYet && g.policy != "" || want != "" && want != noPolicyYet && want != g.id {
			return noPolicy(in.ResourceArn)
		}
		if g.policy != policy {
			g.id = revision(s.now())
			g.keep(policy, g.id)
		}
		out.RevisionId = &g.id
		return nil
	})
}

// maxPolicy is how many bytes a policy can have.
const maxPolicy = 20480

// checkPolicy checks a document as far as it is understood here.
func checkPolicy(policy string) error {
	if len(policy) > maxPolicy {
		return parameter("Maximum policy size of %d bytes exceeded", maxPolicy)
	}
	var document map[string]any
	if json.Unmarshal([]byte(policy), &document) != nil {
		return parameter("Invalid policy document: This policy contains invalid Json")
	}
	if list, ok := document["Statement"].([]any); document["Statement"] == nil || ok && len(list) == 0 {
		return parameter("Invalid policy document: Could not parse the policy: Statement is empty!")
	}
	return nil
}

// DeleteResourcePolicy implements the operation of that name. It may be repeated.
func (s *Service) DeleteResourcePolicy(ctx context.Context, in *dynamodb.DeleteResourcePolicyInput) (*dynamodb.DeleteResourcePolicyOutput, error) {
	out := &dynamodb.DeleteResourcePolicyOutput{}
	return out, s.update(func(tx *store.Tx) error {
		g, err := s.governed(ctx, tx, in.ResourceArn)
		if err != nil {
			return err
		}
		if want := aws.ToString(in.ExpectedRevisionId); want != "" && want != g.id {
			return noPolicy(in.ResourceArn)
		}
		if g.policy == "" {
			return nil
		}
		out.RevisionId = &g.id
		g.keep("", "")
		return nil
	})
}

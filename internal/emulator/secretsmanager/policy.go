package secretsmanager

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	decide "github.com/tfserverless/terraform-provider-serverless/internal/emulator/policy"
)

// checkPolicy refuses what is no policy of a resource.
func checkPolicy(document string) error {
	if err := decide.Check(document); err != nil {
		return &types.MalformedPolicyDocumentException{Message: ptr("This resource policy contains invalid Json, or what no policy has: " + err.Error())}
	}
	return nil
}

// publicPolicy is what AWS says of a policy that lets everybody in.
const publicPolicy = "This resource policy grants broad access to the secret. The BlockPublicPolicy parameter does not allow it."

// PutResourcePolicy gives a secret a policy.
func (s *Service) PutResourcePolicy(ctx context.Context, in *secretsmanager.PutResourcePolicyInput) (*secretsmanager.PutResourcePolicyOutput, error) {
	document := value(in.ResourcePolicy)
	if err := checkPolicy(document); err != nil {
		return nil, err
	}
	if value(in.BlockPublicPolicy) && decide.Public(document) {
		return nil, &types.PublicPolicyException{Message: ptr(publicPolicy)}
	}
	out := &secretsmanager.PutResourcePolicyOutput{}
	err := s.update(ctx, "PutResourcePolicy", in.SecretId, func(x *secret) error {
		out.ARN, out.Name, x.Policy = &x.ARN, &x.Name, document
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// GetResourcePolicy returns a secret's policy, if it has one.
func (s *Service) GetResourcePolicy(ctx context.Context, in *secretsmanager.GetResourcePolicyInput) (*secretsmanager.GetResourcePolicyOutput, error) {
	out := &secretsmanager.GetResourcePolicyOutput{}
	err := s.view(ctx, "GetResourcePolicy", in.SecretId, func(x *secret) error {
		if !x.Ends.IsZero() {
			return marked()
		}
		out.ARN, out.Name, out.ResourcePolicy = &x.ARN, &x.Name, optional(x.Policy)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteResourcePolicy takes a secret's policy away.
func (s *Service) DeleteResourcePolicy(ctx context.Context, in *secretsmanager.DeleteResourcePolicyInput) (*secretsmanager.DeleteResourcePolicyOutput, error) {
	out := &secretsmanager.DeleteResourcePolicyOutput{}
	err := s.update(ctx, "DeleteResourcePolicy", in.SecretId, func(x *secret) error {
		out.ARN, out.Name, x.Policy = &x.ARN, &x.Name, ""
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// ValidateResourcePolicy says whether a text can be a secret's policy, and whether it
// lets everybody in.
func (s *Service) ValidateResourcePolicy(ctx context.Context, in *secretsmanager.ValidateResourcePolicyInput) (*secretsmanager.ValidateResourcePolicyOutput, error) {
	if in.SecretId != nil {
		if err := s.view(ctx, "ValidateResourcePolicy", in.SecretId, func(*secret) error { return nil }); err != nil {
			return nil, err
		}
	}
	out := &secretsmanager.ValidateResourcePolicyOutput{PolicyValidationPassed: true, ValidationErrors: []types.ValidationErrorsEntry{}}
	fail := func(check, why string) {
		out.PolicyValidationPassed = false
		out.ValidationErrors = append(out.ValidationErrors, types.ValidationErrorsEntry{CheckName: &check, ErrorMessage: &why})
	}
	document := value(in.ResourcePolicy)
	if err := decide.Check(document); err != nil {
		fail("POLICY_SYNTAX", err.Error())
	} else if decide.Public(document) {
		fail("PUBLIC_ACCESS", publicPolicy)
	}
	return out, nil
}

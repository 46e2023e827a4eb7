package iam

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// PutRolePolicy adds or replaces an inline policy of a role.
func (s *Service) PutRolePolicy(ctx context.Context, in *iam.PutRolePolicyInput) (*iam.PutRolePolicyOutput, error) {
	err := s.update(ctx, in.RoleName, func(_ *store.Tx, r *role) error {
		if err := checkPolicy(value(in.PolicyDocument)); err != nil {
			return err
		}
		r.Inline = maps.Clone(r.Inline)
		if r.Inline == nil {
			r.Inline = map[string]string{}
		}
		r.Inline[value(in.PolicyName)] = *in.PolicyDocument
		total := 0
		for _, document := range r.Inline {
			total += size(document)
		}
		if total > maxInline {
			return limitExceeded("Maximum policy size of %d bytes exceeded for role %s", maxInline, *r.RoleName)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.PutRolePolicyOutput{}, nil
}

// GetRolePolicy returns an inline policy of a role.
func (s *Service) GetRolePolicy(ctx context.Context, in *iam.GetRolePolicyInput) (*iam.GetRolePolicyOutput, error) {
	r, err := s.view(ctx, in.RoleName)
	if err != nil {
		return nil, err
	}
	document, ok := r.Inline[value(in.PolicyName)]
	if !ok {
		return nil, noSuchEntity("The role policy with name %s cannot be found.", value(in.PolicyName))
	}
	return &iam.GetRolePolicyOutput{PolicyDocument: encode(document), PolicyName: in.PolicyName, RoleName: in.RoleName}, nil
}

// DeleteRolePolicy removes an inline policy of a role.
func (s *Service) DeleteRolePolicy(ctx context.Context, in *iam.DeleteRolePolicyInput) (*iam.DeleteRolePolicyOutput, error) {
	err := s.update(ctx, in.RoleName, func(_ *store.Tx, r *role) error {
		if _, ok := r.Inline[value(in.PolicyName)]; !ok {
			return noSuchEntity("The role policy with name %s cannot be found.", value(in.PolicyName))
		}
		r.Inline = maps.Clone(r.Inline)
		delete(r.Inline, *in.PolicyName)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.DeleteRolePolicyOutput{}, nil
}

// ListRolePolicies lists the names of a role's inline policies.
func (s *Service) ListRolePolicies(ctx context.Context, in *iam.ListRolePoliciesInput) (*iam.ListRolePoliciesOutput, error) {
	r, err := s.view(ctx, in.RoleName)
	if err != nil {
		return nil, err
	}
	out := &iam.ListRolePoliciesOutput{}
	names := slices.Sorted(maps.Keys(r.Inline))
	out.PolicyNames, out.Marker, err = page(names, func(n string) string { return n }, in.MaxItems, in.Marker)
	if err != nil {
		return nil, err
	}
	out.IsTruncated = out.Marker != nil
	return out, nil
}

// checkARN refuses what is no ARN.
func checkARN(policyARN string) error {
	if _, _, ok := splitARN(policyARN, "policy"); !ok {
		return validation("Invalid ARN:  Could not be parsed!")
	}
	return nil
}

// AttachRolePolicy attaches a managed policy to a role. Attaching it twice is no
// error.
func (s *Service) AttachRolePolicy(ctx context.Context, in *iam.AttachRolePolicyInput) (*iam.AttachRolePolicyOutput, error) {
	policyARN := value(in.PolicyArn)
	if err := checkARN(policyARN); err != nil {
		return nil, err
	}
	err := s.update(ctx, in.RoleName, func(tx *store.Tx, r *role) error {
		if _, err := s.findPolicy(ctx, tx, policyARN); err != nil {
			return noSuchEntity("Policy %s does not exist or is not attachable.", policyARN)
		}
		i, found := slices.BinarySearch(r.Attached, policyARN)
		if found {
			return nil
		}
		if len(r.Attached) == maxAttached {
			return limitExceeded("Cannot exceed quota for PoliciesPerRole: %d", maxAttached)
		}
		r.Attached = slices.Insert(slices.Clone(r.Attached), i, policyARN)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.AttachRolePolicyOutput{}, nil
}

// DetachRolePolicy detaches a managed policy from a role.
func (s *Service) DetachRolePolicy(ctx context.Context, in *iam.DetachRolePolicyInput) (*iam.DetachRolePolicyOutput, error) {
	if err := checkARN(value(in.PolicyArn)); err != nil {
		return nil, err
	}
	err := s.update(ctx, in.RoleName, func(_ *store.Tx, r *role) error {
		i, found := slices.BinarySearch(r.Attached, *in.PolicyArn)
		if !found {
			return noSuchEntity("Policy %s was not found.", *in.PolicyArn)
		}
		r.Attached = slices.Delete(slices.Clone(r.Attached), i, i+1)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.DetachRolePolicyOutput{}, nil
}

// ListAttachedRolePolicies lists the managed policies of a role.
func (s *Service) ListAttachedRolePolicies(ctx context.Context, in *iam.ListAttachedRolePoliciesInput) (*iam.ListAttachedRolePoliciesOutput, error) {
	r, err := s.view(ctx, in.RoleName)
	if err != nil {
		return nil, err
	}
	var attached []types.AttachedPolicy
	for _, policyARN := range r.Attached {
		i := strings.Index(policyARN, ":policy/") + len(":policy")
		path, name := policyARN[i:strings.LastIndex(policyARN, "/")+1], policyARN[strings.LastIndex(policyARN, "/")+1:]
		if strings.HasPrefix(path, value(in.PathPrefix)) {
			attached = append(attached, types.AttachedPolicy{PolicyArn: &policyARN, PolicyName: &name})
		}
	}
	out := &iam.ListAttachedRolePoliciesOutput{}
	out.AttachedPolicies, out.Marker, err = page(attached, func(p types.AttachedPolicy) string { return *p.PolicyArn }, in.MaxItems, in.Marker)
	if err != nil {
		return nil, err
	}
	out.IsTruncated = out.Marker != nil
	return out, nil
}

package lambda

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// editLayerPolicy changes the policy of a version of a layer, which then has another
// RevisionId.
func (s *Service) editLayerPolicy(n layerName, revision *string, change func([]statement) ([]statement, error)) (v layerVersion, err error) {
	err = s.env.Store.Update(func(tx *store.Tx) error {
		var ok bool
		if v, ok = s.layerVersions.Get(tx, n.key()); !ok {
			return n.missing()
		}
		if revision != nil && *revision != v.Revision {
			return stale("GetLayerPolicy")
		}
		if v.Policy, err = change(v.Policy); err != nil {
			return err
		}
		v.Revision = uuid.NewString()
		s.layerVersions.Put(tx, n.key(), v)
		return nil
	})
	return v, err
}

// missing is the answer of operations on policies where there is no such version.
func (n layerName) missing() error {
	return notFound("Layer version %s does not exist.", n.versioned())
}

// AddLayerVersionPermission adds a statement to the policy of a version of a layer.
func (s *Service) AddLayerVersionPermission(ctx context.Context, in *lambda.AddLayerVersionPermissionInput) (*lambda.AddLayerVersionPermissionOutput, error) {
	n, err := ofVersion(ctx, in.LayerName, in.VersionNumber)
	if err != nil {
		return nil, err
	}
	who, err := principalOf(aws.ToString(in.Principal))
	if err != nil {
		return nil, err
	}
	st := statement{Sid: aws.ToString(in.StatementId), Effect: "Allow", Principal: who, Action: texts{aws.ToString(in.Action)}, Resource: texts{n.versioned()}}
	if in.OrganizationId != nil {
		st.Condition = condition{"StringEquals": {"aws:PrincipalOrgID": {*in.OrganizationId}}}
	}
	v, err := s.editLayerPolicy(n, in.RevisionId, func(policy []statement) ([]statement, error) { return add(policy, st) })
	if err != nil {
		return nil, err
	}
	written, err := text(st)
	return &lambda.AddLayerVersionPermissionOutput{RevisionId: aws.String(v.Revision), Statement: aws.String(written)}, err
}

// GetLayerVersionPolicy returns the policy of a version of a layer.
func (s *Service) GetLayerVersionPolicy(ctx context.Context, in *lambda.GetLayerVersionPolicyInput) (*lambda.GetLayerVersionPolicyOutput, error) {
	n, err := ofVersion(ctx, in.LayerName, in.VersionNumber)
	if err != nil {
		return nil, err
	}
	v, err := s.layerVersion(n)
	if err != nil {
		return nil, n.missing()
	}
	if len(v.Policy) == 0 {
		return nil, errNoPolicy
	}
	whole, err := policyOf(v.Policy)
	return &lambda.GetLayerVersionPolicyOutput{Policy: aws.String(whole), RevisionId: aws.String(v.Revision)}, err
}

// RemoveLayerVersionPermission removes a statement from the policy of a version of a
// layer.
func (s *Service) RemoveLayerVersionPermission(ctx context.Context, in *lambda.RemoveLayerVersionPermissionInput) (*lambda.RemoveLayerVersionPermissionOutput, error) {
	n, err := ofVersion(ctx, in.LayerName, in.VersionNumber)
	if err != nil {
		return nil, err
	}
	_, err = s.editLayerPolicy(n, in.RevisionId, func(policy []statement) ([]statement, error) {
		return remove(policy, aws.ToString(in.StatementId))
	})
	if err != nil {
		return nil, err
	}
	return &lambda.RemoveLayerVersionPermissionOutput{}, nil
}

// add returns the policy with one statement more.
func add(policy []statement, st statement) ([]statement, error) {
	if slices.ContainsFunc(policy, func(o statement) bool { return o.Sid == st.Sid }) {
		return nil, conflict("The statement id (%s) provided already exists. Please provide a new statement id, or remove the existing statement.", st.Sid)
	}
	policy = append(slices.Clip(policy), st)
	whole, err := policyOf(policy)
	if err == nil && len(whole) > maxPolicy {
		err = errPolicySize
	}
	return policy, err
}

// remove returns the policy without the statement of that id.
func remove(policy []statement, sid string) ([]statement, error) {
	i := slices.IndexFunc(policy, func(o statement) bool { return o.Sid == sid })
	if i < 0 {
		return nil, notFound("Statement %s is not found in resource policy.", sid)
	}
	return slices.Concat(policy[:i], policy[i+1:]), nil
}

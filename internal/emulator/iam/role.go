package iam

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// role is a role and its policies.
type role struct {
	types.Role
	Inline   map[string]string // documents by name
	Attached []string          // ARNs of managed policies, sorted
}

// Limits of a role, in characters that are not white space.
const (
	maxTrust    = 2048
	maxInline   = 10240
	maxAttached = 10
)

// CreateRole makes a role.
func (s *Service) CreateRole(ctx context.Context, in *iam.CreateRoleInput) (*iam.CreateRoleOutput, error) {
	name, path := value(in.RoleName), value(in.Path)
	if path == "" {
		path = "/"
	}
	if err := checkTrust(value(in.AssumeRolePolicyDocument)); err != nil {
		return nil, err
	}
	if size(*in.AssumeRolePolicyDocument) > maxTrust {
		return nil, limitExceeded("Cannot exceed quota for ACLSizePerRole: %d", maxTrust)
	}
	tags, err := addTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	now := s.now()
	r := role{Role: types.Role{
		Arn:                      arn(ctx, "role", path, name),
		AssumeRolePolicyDocument: in.AssumeRolePolicyDocument,
		CreateDate:               &now,
		Description:              in.Description,
		MaxSessionDuration:       in.MaxSessionDuration,
		Path:                     &path,
		RoleId:                   newID("AROA"),
		RoleName:                 &name,
		Tags:                     tags,
	}}
	err = s.env.Store.Update(func(tx *store.Tx) error {
		k := key(ctx, strings.ToLower(name))
		if _, exists := s.roles.Get(tx, k); exists {
			return &types.EntityAlreadyExistsException{Message: ptr("Role with name " + name + " already exists.")}
		}
		if in.PermissionsBoundary != nil {
			if err := s.setBoundary(ctx, tx, &r, *in.PermissionsBoundary); err != nil {
				return err
			}
		}
		s.roles.Put(tx, k, r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	shown := r.Role
	shown.AssumeRolePolicyDocument = encode(*r.AssumeRolePolicyDocument)
	return &iam.CreateRoleOutput{Role: &shown}, nil
}

// show is the role as GetRole returns it. CreateRole and ListRoles return less.
func (r role) show() types.Role {
	out := r.Role
	out.AssumeRolePolicyDocument = encode(*r.AssumeRolePolicyDocument)
	if out.MaxSessionDuration == nil {
		out.MaxSessionDuration = ptr(int32(3600))
	}
	out.RoleLastUsed = &types.RoleLastUsed{}
	return out
}

// find returns the role of that name.
func (s *Service) find(ctx context.Context, tx *store.Tx, name *string) (role, error) {
	r, ok := s.roles.Get(tx, key(ctx, strings.ToLower(value(name))))
	if !ok || *r.RoleName != value(name) {
		return role{}, noSuchEntity("The role with name %s cannot be found.", value(name))
	}
	return r, nil
}

// view returns the role of that name.
func (s *Service) view(ctx context.Context, name *string) (r role, err error) {
	err = s.env.Store.View(func(tx *store.Tx) error {
		r, err = s.find(ctx, tx, name)
		return err
	})
	return r, err
}

// update changes the role of that name within one commit.
func (s *Service) update(ctx context.Context, name *string, f func(tx *store.Tx, r *role) error) error {
	return s.env.Store.Update(func(tx *store.Tx) error {
		r, err := s.find(ctx, tx, name)
		if err != nil {
			return err
		}
		if err := f(tx, &r); err != nil {
			return err
		}
		s.roles.Put(tx, key(ctx, strings.ToLower(*r.RoleName)), r)
		return nil
	})
}

// GetRole returns a role.
func (s *Service) GetRole(ctx context.Context, in *iam.GetRoleInput) (*iam.GetRoleOutput, error) {
	r, err := s.view(ctx, in.RoleName)
	if err != nil {
		return nil, err
	}
	return &iam.GetRoleOutput{Role: ptr(r.show())}, nil
}

// ListRoles lists the roles below a path. It returns neither tags, nor boundaries,
// nor when a role was last used.
func (s *Service) ListRoles(ctx context.Context, in *iam.ListRolesInput) (*iam.ListRolesOutput, error) {
	out := &iam.ListRolesOutput{}
	var roles []types.Role
	err := s.env.Store.View(func(tx *store.Tx) error {
		for _, r := range s.roles.Prefix(tx, key(ctx, "")) {
			if strings.HasPrefix(*r.Path, value(in.PathPrefix)) {
				shown := r.show()
				shown.Tags, shown.PermissionsBoundary, shown.RoleLastUsed = nil, nil, nil
				roles = append(roles, shown)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out.Roles, out.Marker, err = page(roles, func(r types.Role) string { return strings.ToLower(*r.RoleName) }, in.MaxItems, in.Marker)
	if err != nil {
		return nil, err
	}
	out.IsTruncated = out.Marker != nil
	return out, nil
}

// UpdateRole changes a role's description and session length, as far as the input
// names them.
func (s *Service) UpdateRole(ctx context.Context, in *iam.UpdateRoleInput) (*iam.UpdateRoleOutput, error) {
	err := s.update(ctx, in.RoleName, func(_ *store.Tx, r *role) error {
		if in.Description != nil {
			r.Description = in.Description
		}
		if in.MaxSessionDuration != nil {
			r.MaxSessionDuration = in.MaxSessionDuration
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.UpdateRoleOutput{}, nil
}

// UpdateAssumeRolePolicy replaces a role's trust policy.
func (s *Service) UpdateAssumeRolePolicy(ctx context.Context, in *iam.UpdateAssumeRolePolicyInput) (*iam.UpdateAssumeRolePolicyOutput, error) {
	err := s.update(ctx, in.RoleName, func(_ *store.Tx, r *role) error {
		if err := checkTrust(value(in.PolicyDocument)); err != nil {
			return err
		}
		if size(*in.PolicyDocument) > maxTrust {
			return limitExceeded("Cannot exceed quota for ACLSizePerRole: %d", maxTrust)
		}
		r.AssumeRolePolicyDocument = in.PolicyDocument
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.UpdateAssumeRolePolicyOutput{}, nil
}

// DeleteRole removes a role that has no policies left.
func (s *Service) DeleteRole(ctx context.Context, in *iam.DeleteRoleInput) (*iam.DeleteRoleOutput, error) {
	err := s.env.Store.Update(func(tx *store.Tx) error {
		r, err := s.find(ctx, tx, in.RoleName)
		switch {
		case err != nil:
			return err
		case len(r.Attached) > 0:
			return deleteConflict("Cannot delete entity, must detach all policies first.")
		case len(r.Inline) > 0:
			return deleteConflict("Cannot delete entity, must delete policies first.")
		case len(s.profilesOf(ctx, tx, r)) > 0:
			return deleteConflict(withRoles)
		}
		s.roles.Delete(tx, key(ctx, strings.ToLower(*r.RoleName)))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.DeleteRoleOutput{}, nil
}

// setBoundary sets a role's permissions boundary, a managed policy.
func (s *Service) setBoundary(ctx context.Context, tx *store.Tx, r *role, policyARN string) error {
	if _, err := s.findPolicy(ctx, tx, policyARN); err != nil {
		return noSuchEntity("Scope ARN: %s does not exist or is not attachable.", policyARN)
	}
	r.PermissionsBoundary = &types.AttachedPermissionsBoundary{
		PermissionsBoundaryArn:  &policyARN,
		PermissionsBoundaryType: types.PermissionsBoundaryAttachmentTypePolicy,
	}
	return nil
}

// PutRolePermissionsBoundary sets a role's permissions boundary.
func (s *Service) PutRolePermissionsBoundary(ctx context.Context, in *iam.PutRolePermissionsBoundaryInput) (*iam.PutRolePermissionsBoundaryOutput, error) {
	err := s.update(ctx, in.RoleName, func(tx *store.Tx, r *role) error {
		return s.setBoundary(ctx, tx, r, value(in.PermissionsBoundary))
	})
	if err != nil {
		return nil, err
	}
	return &iam.PutRolePermissionsBoundaryOutput{}, nil
}

// DeleteRolePermissionsBoundary removes a role's permissions boundary.
func (s *Service) DeleteRolePermissionsBoundary(ctx context.Context, in *iam.DeleteRolePermissionsBoundaryInput) (*iam.DeleteRolePermissionsBoundaryOutput, error) {
	err := s.update(ctx, in.RoleName, func(_ *store.Tx, r *role) error {
		if r.PermissionsBoundary == nil {
			return noSuchEntity("The role with name %s does not have a permissions boundary.", *r.RoleName)
		}
		r.PermissionsBoundary = nil
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.DeleteRolePermissionsBoundaryOutput{}, nil
}

// TagRole adds tags to a role.
func (s *Service) TagRole(ctx context.Context, in *iam.TagRoleInput) (*iam.TagRoleOutput, error) {
	err := s.update(ctx, in.RoleName, func(_ *store.Tx, r *role) (err error) {
		r.Tags, err = addTags(r.Tags, in.Tags)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &iam.TagRoleOutput{}, nil
}

// UntagRole removes tags from a role.
func (s *Service) UntagRole(ctx context.Context, in *iam.UntagRoleInput) (*iam.UntagRoleOutput, error) {
	err := s.update(ctx, in.RoleName, func(_ *store.Tx, r *role) error {
		r.Tags = dropTags(r.Tags, in.TagKeys)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.UntagRoleOutput{}, nil
}

// ListRoleTags lists a role's tags.
func (s *Service) ListRoleTags(ctx context.Context, in *iam.ListRoleTagsInput) (*iam.ListRoleTagsOutput, error) {
	r, err := s.view(ctx, in.RoleName)
	if err != nil {
		return nil, err
	}
	tags := slices.Clone(r.Tags)
	slices.SortFunc(tags, func(a, b types.Tag) int { return strings.Compare(*a.Key, *b.Key) })
	out := &iam.ListRoleTagsOutput{}
	out.Tags, out.Marker, err = page(tags, func(t types.Tag) string { return *t.Key }, in.MaxItems, in.Marker)
	if err != nil {
		return nil, err
	}
	out.IsTruncated = out.Marker != nil
	return out, nil
}

// Role returns the trust policy and the id of the role of that ARN, and how long
// its sessions may last.
func (s *Service) Role(_ context.Context, roleARN string) (trustPolicyJSON, roleID string, maxSession time.Duration, err error) {
	account, name, _ := splitARN(roleARN, "role")
	err = s.env.Store.View(func(tx *store.Tx) error {
		r, ok := s.roles.Get(tx, account+"\x00"+strings.ToLower(name))
		if !ok || *r.Arn != roleARN {
			return noSuchEntity("The role with ARN %s cannot be found.", roleARN)
		}
		trustPolicyJSON, roleID = *r.AssumeRolePolicyDocument, *r.RoleId
		maxSession = time.Duration(*r.show().MaxSessionDuration) * time.Second
		return nil
	})
	return trustPolicyJSON, roleID, maxSession, err
}

// splitARN returns the account and the name of arn:aws:iam::ACCOUNT:kind/path/name.
func splitARN(text, kind string) (account, name string, ok bool) {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "iam" || !strings.HasPrefix(parts[5], kind+"/") {
		return "", "", false
	}
	return parts[4], parts[5][strings.LastIndex(parts[5], "/")+1:], true
}

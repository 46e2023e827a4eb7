package iam

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// profile is an instance profile: what a machine of EC2 has a role by. No machine is
// emulated; a profile only holds on to its role, which cannot be deleted.
type profile struct {
	types.InstanceProfile
	Role string // name of its only role, "" for none
}

// withRoles refuses to delete a role that an instance profile has, and that profile.
const withRoles = "Cannot delete entity, must remove roles from instance profile first."

// profileKey is the store's key of a profile, whose names differ in more than case.
func profileKey(ctx context.Context, name string) string { return key(ctx, strings.ToLower(name)) }

// show is the profile with its role.
func (s *Service) show(ctx context.Context, tx *store.Tx, p profile) types.InstanceProfile {
	shown := p.InstanceProfile
	shown.Roles = []types.Role{}
	if r, ok := s.roles.Get(tx, key(ctx, strings.ToLower(p.Role))); ok && p.Role != "" {
		shown.Roles = append(shown.Roles, r.show())
	}
	return shown
}

// profilesOf are the instance profiles that have a role, sorted by name.
func (s *Service) profilesOf(ctx context.Context, tx *store.Tx, r role) []types.InstanceProfile {
	found := []types.InstanceProfile{}
	for _, p := range s.profiles.Prefix(tx, key(ctx, "")) {
		if p.Role == *r.RoleName {
			found = append(found, s.show(ctx, tx, p))
		}
	}
	return found
}

// changeProfile changes an instance profile within one commit.
func (s *Service) changeProfile(ctx context.Context, name *string, f func(tx *store.Tx, p *profile) error) error {
	return s.env.Store.Update(func(tx *store.Tx) error {
		p, ok := s.profiles.Get(tx, profileKey(ctx, value(name)))
		if !ok {
			return noSuchEntity("Instance Profile %s cannot be found.", value(name))
		}
		if err := f(tx, &p); err != nil {
			return err
		}
		s.profiles.Put(tx, profileKey(ctx, *name), p)
		return nil
	})
}

// AddRoleToInstanceProfile gives an instance profile its role.
func (s *Service) AddRoleToInstanceProfile(ctx context.Context, in *iam.AddRoleToInstanceProfileInput) (*iam.AddRoleToInstanceProfileOutput, error) {
	err := s.changeProfile(ctx, in.InstanceProfileName, func(tx *store.Tx, p *profile) error {
		r, err := s.find(ctx, tx, in.RoleName)
		switch {
		case err != nil:
			return err
		case p.Role != "":
			return limitExceeded("Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
		}
		p.Role = *r.RoleName
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.AddRoleToInstanceProfileOutput{}, nil
}

// CreateInstanceProfile makes an instance profile without a role.
func (s *Service) CreateInstanceProfile(ctx context.Context, in *iam.CreateInstanceProfileInput) (*iam.CreateInstanceProfileOutput, error) {
	name, path := value(in.InstanceProfileName), value(in.Path)
	if path == "" {
		path = "/"
	}
	tags, err := addTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	now := s.now()
	p := profile{InstanceProfile: types.InstanceProfile{
		Arn: arn(ctx, "instance-profile", path, name), CreateDate: &now, InstanceProfileId: newID("AIPA"),
		InstanceProfileName: &name, Path: &path, Tags: tags,
	}}
	err = s.env.Store.Update(func(tx *store.Tx) error {
		if _, exists := s.profiles.Get(tx, profileKey(ctx, name)); exists {
			return &types.EntityAlreadyExistsException{Message: ptr("Instance Profile " + name + " already exists.")}
		}
		s.profiles.Put(tx, profileKey(ctx, name), p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	p.Roles = []types.Role{}
	return &iam.CreateInstanceProfileOutput{InstanceProfile: &p.InstanceProfile}, nil
}

// DeleteInstanceProfile removes an instance profile that has no role.
func (s *Service) DeleteInstanceProfile(ctx context.Context, in *iam.DeleteInstanceProfileInput) (*iam.DeleteInstanceProfileOutput, error) {
	err := s.env.Store.Update(func(tx *store.Tx) error {
		p, ok := s.profiles.Get(tx, profileKey(ctx, value(in.InstanceProfileName)))
		switch {
		case !ok:
			return noSuchEntity("Instance Profile %s cannot be found.", value(in.InstanceProfileName))
		case p.Role != "":
			return deleteConflict(withRoles)
		}
		s.profiles.Delete(tx, profileKey(ctx, *in.InstanceProfileName))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.DeleteInstanceProfileOutput{}, nil
}

// GetInstanceProfile returns an instance profile with its role.
func (s *Service) GetInstanceProfile(ctx context.Context, in *iam.GetInstanceProfileInput) (*iam.GetInstanceProfileOutput, error) {
	var found types.InstanceProfile
	err := s.env.Store.View(func(tx *store.Tx) error {
		p, ok := s.profiles.Get(tx, profileKey(ctx, value(in.InstanceProfileName)))
		if !ok {
			return noSuchEntity("Instance Profile %s cannot be found.", value(in.InstanceProfileName))
		}
		found = s.show(ctx, tx, p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.GetInstanceProfileOutput{InstanceProfile: &found}, nil
}

// ListInstanceProfilesForRole lists the instance profiles that have a role.
func (s *Service) ListInstanceProfilesForRole(ctx context.Context, in *iam.ListInstanceProfilesForRoleInput) (*iam.ListInstanceProfilesForRoleOutput, error) {
	var all []types.InstanceProfile
	err := s.env.Store.View(func(tx *store.Tx) error {
		r, err := s.find(ctx, tx, in.RoleName)
		if err == nil {
			all = s.profilesOf(ctx, tx, r)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &iam.ListInstanceProfilesForRoleOutput{}
	out.InstanceProfiles, out.Marker, err = page(all, func(p types.InstanceProfile) string { return *p.InstanceProfileName }, in.MaxItems, in.Marker)
	if err != nil {
		return nil, err
	}
	out.IsTruncated = out.Marker != nil
	return out, nil
}

// RemoveRoleFromInstanceProfile takes its role from an instance profile.
func (s *Service) RemoveRoleFromInstanceProfile(ctx context.Context, in *iam.RemoveRoleFromInstanceProfileInput) (*iam.RemoveRoleFromInstanceProfileOutput, error) {
	err := s.changeProfile(ctx, in.InstanceProfileName, func(tx *store.Tx, p *profile) error {
		r, err := s.find(ctx, tx, in.RoleName)
		switch {
		case err != nil:
			return err
		case p.Role != *r.RoleName:
			return noSuchEntity("The role with name %s cannot be found.", *r.RoleName)
		}
		p.Role = ""
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.RemoveRoleFromInstanceProfileOutput{}, nil
}

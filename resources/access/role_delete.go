package access

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// attachedKey is where a role's resource remembers which managed policies it attached.
// Its state says which are there, also those that somebody else attached.
const attachedKey = "attached"

func (m *role) rememberAttached(ctx context.Context) error {
	return tf.Remember(ctx, attachedKey, texts(m.PolicyARNs))
}

// found takes those that an imported role has for its own.
func (m *role) found(ctx context.Context, managed []string) error {
	var before []string
	if known, err := tf.Recall(ctx, attachedKey, &before); err != nil || known {
		return err
	}
	return tf.Remember(ctx, attachedKey, managed)
}

// deleteRole deletes a role with what its resource, grants and event sources gave it.
// What others gave it is theirs, and goes along only if force_detach says so.
func deleteRole(ctx context.Context, c *Clients, m *role) error {
	name := m.RoleName.ValueString()
	var policies, profiles []string
	err := tf.Look(ctx, func(ctx context.Context) (bool, error) { // what was taken away a moment ago may still show
		var err error
		if policies, err = m.foreign(ctx, c); err != nil {
			return false, err
		}
		profiles, err = profilesOf(ctx, c, name)
		return m.ForceDetach.ValueBool() || len(policies)+len(profiles) == 0, err
	})
	if err != nil {
		return err
	}
	if !m.ForceDetach.ValueBool() && len(policies)+len(profiles) > 0 {
		return holds(name, policies, profiles)
	}
	for _, profile := range profiles {
		_, err := c.IAM.RemoveRoleFromInstanceProfile(ctx, &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: &profile, RoleName: &name})
		if err != nil && !tf.Is[*types.NoSuchEntityException](err) {
			return fmt.Errorf("taking the role out of the instance profile %s: %w", profile, err)
		}
	}
	return parts.DeleteRole(ctx, c.IAM, name)
}

// holds refuses to delete a role that others gave something.
func holds(name string, policies, profiles []string) error {
	var has []string
	if len(policies) > 0 {
		has = append(has, "the policies "+strings.Join(policies, ", "))
	}
	if len(profiles) > 0 {
		has = append(has, "a place in the instance profiles "+strings.Join(profiles, ", "))
	}
	return &tf.Problem{
		Summary: "The role " + name + " has what others gave it",
		Detail:  fmt.Sprintf("It has %s, which this resource did not give it. Take that away where it comes from, or set force_detach = true and apply, and then delete the role.", strings.Join(has, " and ")),
	}
}

// foreign are the policies of a role that neither its resource nor a grant or an event
// source gave it: the names of inline ones and the ARNs of managed ones.
func (m *role) foreign(ctx context.Context, c *Clients) ([]string, error) {
	name := m.RoleName.ValueString()
	var found []string
	inline := iam.NewListRolePoliciesPaginator(c.IAM, &iam.ListRolePoliciesInput{RoleName: &name})
	for inline.HasMorePages() {
		out, err := inline.NextPage(ctx)
		if tf.Is[*types.NoSuchEntityException](err) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		for _, policy := range out.PolicyNames {
			if policy != parts.RolePolicy && !strings.HasPrefix(policy, parts.GrantPolicy) && !strings.HasPrefix(policy, parts.PollPolicy) {
				found = append(found, policy)
			}
		}
	}
	managed, err := parts.Managed(ctx, c.IAM, name)
	if err != nil {
		return nil, err
	}
	own := texts(m.PolicyARNs)
	var attached []string
	if known, err := tf.Recall(ctx, attachedKey, &attached); err != nil {
		return nil, err
	} else if known {
		own = attached
	}
	return append(found, slices.DeleteFunc(managed, func(arn string) bool { return slices.Contains(own, arn) })...), nil
}

// profilesOf are the names of the instance profiles that have a role; none if there is
// no such role.
func profilesOf(ctx context.Context, c *Clients, name string) ([]string, error) {
	var found []string
	pages := iam.NewListInstanceProfilesForRolePaginator(c.IAM, &iam.ListInstanceProfilesForRoleInput{RoleName: &name})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if tf.Is[*types.NoSuchEntityException](err) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("listing the instance profiles of the role %s: %w", name, err)
		}
		for _, p := range out.InstanceProfiles {
			found = append(found, aws.ToString(p.InstanceProfileName))
		}
	}
	return found, nil
}

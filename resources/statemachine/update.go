package statemachine

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// update changes what differs: rights are given before the change that needs them
// and taken away after the one that needed them is gone.
func update(ctx context.Context, c *Clients, prior, m *machine) error {
	if err := m.define(); err != nil {
		return err
	}
	role, err := updateRole(ctx, c, prior, m)
	if err != nil {
		return err
	}
	if err := updateLogs(ctx, c, prior, m); err != nil {
		return err
	}
	in := settings(scopeOf(ctx), m)
	if tf.KeepChanged(settings(scopeOf(ctx), prior), in) {
		if err := send(ctx, c, m, in); err != nil {
			return err
		}
	}
	if err := follow(ctx, c, prior, m); err != nil {
		return err
	}
	return trim(ctx, c, prior, m, role)
}

// tag changes the tags of a machine or an activity.
func tag(ctx context.Context, c *Clients, arn string, set map[string]string, remove []string) error {
	if len(remove) > 0 {
		if _, err := c.SFN.UntagResource(ctx, &sfn.UntagResourceInput{ResourceArn: &arn, TagKeys: remove}); err != nil {
			return err
		}
	}
	if len(set) > 0 {
		if _, err := c.SFN.TagResource(ctx, &sfn.TagResourceInput{ResourceArn: &arn, Tags: tagList(set)}); err != nil {
			return err
		}
	}
	return nil
}

// updateRole gives the machine's own role what it needs beyond what it has, and
// makes it where there is none yet.
func updateRole(ctx context.Context, c *Clients, prior, m *machine) (*parts.Role, error) {
	role := ownRole(ctx, m)
	if role == nil {
		return nil, nil
	}
	if role.Policy = m.RolePolicy.ValueString(); m.RolePolicy.IsUnknown() {
		var err error
		if role.Policy, err = rolePolicy(m, scopeOf(ctx)); err != nil {
			return nil, err
		}
	}
	if prior.RolePolicy.IsNull() || role.Name != roleName(ctx, prior) || m.RoleARN.IsUnknown() {
		arn, _, err := role.Create(ctx, c.IAM)
		m.RoleARN = tftypes.StringValue(arn)
		return role, err
	}
	more, err := role.Change(ctx, c.IAM, parts.Role{Policy: prior.RolePolicy.ValueString(), Managed: tf.Texts(prior.PolicyARNs), Boundary: prior.RoleBoundary.ValueString()})
	if err != nil {
		return nil, err
	}
	if !more {
		role = &parts.Role{Name: role.Name} // nothing to trim either
	}
	set, remove := m.Changed(&prior.Tagged)
	return role, parts.TagRole(ctx, c.IAM, role.Name, set, remove)
}

func updateLogs(ctx context.Context, c *Clients, prior, m *machine) error {
	group := ownLogs(m)
	if group == nil {
		return nil
	}
	if was := ownLogs(prior); was == nil || prior.Log.RetentionDays.IsNull() {
		_, err := group.Create(ctx, c.Logs)
		return err
	}
	if !m.Log.RetentionDays.Equal(prior.Log.RetentionDays) {
		if err := group.Keep(ctx, c.Logs); err != nil {
			return err
		}
	}
	if !m.Log.KMSKeyARN.Equal(prior.Log.KMSKeyARN) {
		if err := group.Encrypt(ctx, c.Logs); err != nil {
			return err
		}
	}
	set, remove := m.Changed(&prior.Tagged)
	return group.Tag(ctx, c.Logs, set, remove)
}

// trim takes away what the machine needs no longer.
func trim(ctx context.Context, c *Clients, prior, m *machine, role *parts.Role) error {
	if role != nil && role.Policy != "" {
		if err := role.Trim(ctx, c.IAM); err != nil {
			return err
		}
	}
	if isOwnRole(ctx, prior, prior.RoleARN.ValueString()) && (role == nil || role.Name != roleName(ctx, prior)) {
		if err := parts.DeleteRole(ctx, c.IAM, roleName(ctx, prior)); err != nil {
			return err
		}
	}
	if ownLogs(m) == nil && ownLogs(prior) != nil {
		return parts.DeleteLogGroup(ctx, c.Logs, ownLogGroup(m.MachineName.ValueString()))
	}
	return nil
}

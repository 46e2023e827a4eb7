package function

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// update changes what differs: rights are given before the change that needs them
// and taken away after the one that needed them is gone.
func update(ctx context.Context, c *Clients, prior, m *function) error {
	role, err := updateRole(ctx, c, prior, m)
	if err != nil {
		return err
	}
	if err := updateLogs(ctx, c, prior, m); err != nil {
		return err
	}
	was := prior
	if anew(prior, m) {
		if was, err = rebuild(ctx, c, prior, m); err != nil {
			return err
		}
	} else if err := change(ctx, c, prior, m); err != nil {
		return err
	}
	if err := rememberSecrets(ctx, m); err != nil {
		return err
	}
	if err := follow(ctx, c, was, m); err != nil {
		return err
	}
	set, remove := m.Changed(&prior.Tagged)
	arn := functionARN(ctx, m)
	if len(remove) > 0 {
		if _, err := c.Lambda.UntagResource(ctx, &lambda.UntagResourceInput{Resource: &arn, TagKeys: remove}); err != nil {
			return err
		}
	}
	if len(set) > 0 {
		if _, err := c.Lambda.TagResource(ctx, &lambda.TagResourceInput{Resource: &arn, Tags: set}); err != nil {
			return err
		}
	}
	return trim(ctx, c, prior, m, role)
}

// updateRole gives the function's own role what it needs beyond what it has, and
// makes it where there is none yet.
func updateRole(ctx context.Context, c *Clients, prior, m *function) (*parts.Role, error) {
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

// trim takes away what the function needs no longer.
func trim(ctx context.Context, c *Clients, prior, m *function, role *parts.Role) error {
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
		return parts.DeleteLogGroup(ctx, c.Logs, ownLogGroup(m.FunctionName.ValueString()))
	}
	return nil
}

func updateLogs(ctx context.Context, c *Clients, prior, m *function) error {
	group := ownLogs(m)
	if group == nil {
		return nil
	}
	if prior.Log == nil || !prior.Log.Group.IsNull() || prior.Log.RetentionDays.IsNull() {
		_, err := group.Create(ctx, c.Logs)
		return err
	}
	if reclassed(prior.Log, m.Log) {
		if err := parts.DeleteLogGroup(ctx, c.Logs, group.Name); err != nil {
			return err
		}
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

// bounded is what limits the function's own role: what it says, or what is for all roles.
func (m *function) bounded(everywhere tftypes.String) tftypes.String {
	if m.Role == nil || m.Role.Boundary.IsNull() {
		return everywhere
	}
	return m.Role.Boundary
}

// change sends what differs of the configuration, and then of the code.
func change(ctx context.Context, c *Clients, prior, m *function) error {
	in := configuration(m)
	changed := tf.KeepChanged(configuration(prior), in)
	in.FunctionName = m.FunctionName.ValueStringPointer()
	env, err := environmentChange(ctx, prior, m)
	if err != nil {
		return err
	}
	if env != nil {
		in.Environment, changed = &types.Environment{Variables: env}, true // empty removes them
	}
	if changed {
		err := tf.Retry(ctx, notSettled, func(ctx context.Context) error {
			_, err := c.Lambda.UpdateFunctionConfiguration(ctx, in)
			return err
		})
		if err != nil {
			return err
		}
		if _, err := settled(ctx, c, m.reference("")); err != nil {
			return err
		}
	}
	if !m.CodeSigningConfigARN.Equal(prior.CodeSigningConfigARN) {
		if err := sign(ctx, c, m); err != nil {
			return err
		}
	}
	if m.CodeSHA256.Equal(prior.CodeSHA256) && m.Architecture.Equal(prior.Architecture) && m.SourceKMSKeyARN.Equal(prior.SourceKMSKeyARN) {
		return nil
	}
	return updateCode(ctx, c, m)
}

func updateCode(ctx context.Context, c *Clients, m *function) error {
	code, err := packed(ctx, c, m)
	if err != nil {
		return err
	}
	sent := code.sent
	err = tf.Retry(ctx, parts.InProgress, func(ctx context.Context) error {
		_, err := c.Lambda.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{
			FunctionName: m.FunctionName.ValueStringPointer(),
			ZipFile:      sent.ZipFile, ImageUri: sent.ImageUri, S3Bucket: sent.S3Bucket, S3Key: sent.S3Key, S3ObjectVersion: sent.S3ObjectVersion,
			SourceKMSKeyArn: m.SourceKMSKeyARN.ValueStringPointer(),
			Architectures:   []types.Architecture{types.Architecture(m.Architecture.ValueString())},
		})
		return err
	})
	if err != nil {
		return err
	}
	return code.confirmed(ctx, c, m)
}

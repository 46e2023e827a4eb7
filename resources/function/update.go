package function

import (
	"context"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// update changes what differs: rights are given before the change that needs them
// and taken away after the one that needed them is gone.
func update(ctx context.Context, c *Clients, prior, m *function) error {
	name := m.FunctionName.ValueStringPointer()
	role, err := updateRole(ctx, c, prior, m)
	if err != nil {
		return err
	}
	if err := updateLogs(ctx, c, prior, m); err != nil {
		return err
	}
	in, err := configurationChange(ctx, prior, m)
	if err != nil {
		return err
	}
	if in != nil {
		err := tf.Retry(ctx, notSettled, func(ctx context.Context) error {
			_, err := c.Lambda.UpdateFunctionConfiguration(ctx, in)
			return err
		})
		if err != nil {
			return err
		}
		if err := active(ctx, c, m); err != nil {
			return err
		}
	}
	if !m.CodeSHA256.Equal(prior.CodeSHA256) || !m.Architecture.Equal(prior.Architecture) {
		if err := updateCode(ctx, c, m); err != nil {
			return err
		}
	}
	if !m.ReservedConcurrency.Equal(prior.ReservedConcurrency) {
		if err := reserve(ctx, c, m); err != nil {
			return err
		}
	}
	if !m.Recursion.Equal(prior.Recursion) {
		if err := recursion(ctx, c, m); err != nil {
			return err
		}
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
	return trim(ctx, c, prior, m, role, *name)
}

// updateRole gives the function's own role what it needs beyond what it has, and
// makes it where there is none yet.
func updateRole(ctx context.Context, c *Clients, prior, m *function) (*parts.Role, error) {
	role := ownRole(ctx, m)
	if role == nil {
		return nil, nil
	}
	var err error
	if role.Policy, err = rolePolicy(m, scopeOf(ctx)); err != nil {
		return nil, err
	}
	if prior.RolePolicy.IsNull() {
		arn, _, err := role.Create(ctx, c.IAM)
		m.RoleARN = tftypes.StringValue(arn)
		return role, err
	}
	if tf.SameJSON(role.Policy, prior.RolePolicy.ValueString()) && sameTexts(m.PolicyARNs, prior.PolicyARNs) {
		role = &parts.Role{Name: role.Name} // nothing to trim either
	} else if err := role.Add(ctx, c.IAM, prior.RolePolicy.ValueString()); err != nil {
		return nil, err
	}
	set, remove := m.Changed(&prior.Tagged)
	return role, parts.TagRole(ctx, c.IAM, role.Name, set, remove)
}

// trim takes away what the function needs no longer.
func trim(ctx context.Context, c *Clients, prior, m *function, role *parts.Role, name string) error {
	if role != nil && role.Policy != "" {
		if err := role.Trim(ctx, c.IAM); err != nil {
			return err
		}
	}
	if role == nil && isOwnRole(ctx, prior, prior.RoleARN.ValueString()) {
		if err := parts.DeleteRole(ctx, c.IAM, parts.RoleName(name, tf.ScopeOf(ctx).Region)); err != nil {
			return err
		}
	}
	if ownLogs(m) == nil && prior.Log.Group.IsNull() {
		return parts.DeleteLogGroup(ctx, c.Logs, ownLogGroup(name))
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
	if !m.Log.RetentionDays.Equal(prior.Log.RetentionDays) {
		if err := group.Keep(ctx, c.Logs); err != nil {
			return err
		}
	}
	set, remove := m.Changed(&prior.Tagged)
	return group.Tag(ctx, c.Logs, set, remove)
}

// configurationChange returns what to send to change the configuration; nil if
// nothing of it changes.
func configurationChange(ctx context.Context, prior, m *function) (*lambda.UpdateFunctionConfigurationInput, error) {
	in := &lambda.UpdateFunctionConfigurationInput{FunctionName: m.FunctionName.ValueStringPointer()}
	changed := false
	text := func(to **string, is, was tftypes.String) {
		if !is.Equal(was) {
			changed = true
			*to = aws.String(is.ValueString()) // empty removes it
		}
	}
	number := func(to **int32, is, was tftypes.Int64) {
		if !is.Equal(was) {
			changed = true
			*to = aws.Int32(int32(is.ValueInt64()))
		}
	}
	text(&in.Description, m.Description, prior.Description)
	text(&in.Handler, m.Handler, prior.Handler)
	text(&in.Role, m.RoleARN, prior.RoleARN)
	number(&in.MemorySize, m.Memory, prior.Memory)
	number(&in.Timeout, m.Timeout, prior.Timeout)
	if !m.Runtime.Equal(prior.Runtime) {
		changed = true
		in.Runtime = types.Runtime(m.Runtime.ValueString())
	}
	if !m.EphemeralStorage.Equal(prior.EphemeralStorage) {
		changed = true
		in.EphemeralStorage = &types.EphemeralStorage{Size: aws.Int32(int32(m.EphemeralStorage.ValueInt64()))}
	}
	if !m.Tracing.Equal(prior.Tracing) {
		changed = true
		in.TracingConfig = &types.TracingConfig{Mode: tracing(m)}
	}
	if now, was := logging(m), logging(prior); *now.LogGroup != aws.ToString(was.LogGroup) || now.LogFormat != was.LogFormat ||
		now.ApplicationLogLevel != was.ApplicationLogLevel || now.SystemLogLevel != was.SystemLogLevel {
		changed = true
		in.LoggingConfig = now
	}
	env, err := effectiveEnvironment(ctx, m)
	if err != nil {
		return nil, err
	}
	if !maps.Equal(env, prior.EnvironmentEffective.values()) {
		changed = true
		in.Environment = &types.Environment{Variables: env} // empty removes them
	}
	if !changed {
		return nil, nil
	}
	return in, nil
}

func updateCode(ctx context.Context, c *Clients, m *function) error {
	code, err := packageOf(m)
	if err != nil {
		return err
	}
	err = tf.Retry(ctx, parts.InProgress, func(ctx context.Context) error {
		_, err := c.Lambda.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{
			FunctionName:  m.FunctionName.ValueStringPointer(),
			ZipFile:       code.zip,
			Architectures: []types.Architecture{types.Architecture(m.Architecture.ValueString())},
		})
		return err
	})
	if err != nil {
		return err
	}
	if err := active(ctx, c, m); err != nil {
		return err
	}
	return code.remember(ctx)
}

func sameTexts(a, b []tftypes.String) bool {
	in := func(list []tftypes.String) map[string]bool {
		all := map[string]bool{}
		for _, s := range list {
			all[s.ValueString()] = true
		}
		return all
	}
	return maps.Equal(in(a), in(b))
}

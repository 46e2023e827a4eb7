package function

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// read fills the model from AWS.
func read(ctx context.Context, c *Clients, m *function) error {
	name := m.FunctionName.ValueString()
	out, err := c.Lambda.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: &name})
	if err != nil {
		return err
	}
	f := out.Configuration
	m.ARN = tftypes.StringPointerValue(f.FunctionArn)
	m.ID, m.TargetARN = m.ARN, m.ARN
	scope := tf.ScopeOf(ctx)
	m.InvokeARN = tftypes.StringValue(fmt.Sprintf("arn:%s:apigateway:%s:lambda:path/2015-03-31/functions/%s/invocations", scope.Partition, scope.Region, m.ARN.ValueString()))
	m.FunctionName = tftypes.StringPointerValue(f.FunctionName)
	m.Description = tf.NonEmpty(f.Description)
	m.Handler = tftypes.StringPointerValue(f.Handler)
	m.Runtime = tftypes.StringValue(string(f.Runtime))
	m.Architecture = tftypes.StringValue(string(types.ArchitectureX8664))
	if len(f.Architectures) == 1 {
		m.Architecture = tftypes.StringValue(string(f.Architectures[0]))
	}
	m.Memory = tftypes.Int64Value(int64(aws.ToInt32(f.MemorySize)))
	m.Timeout = tftypes.Int64Value(int64(aws.ToInt32(f.Timeout)))
	m.EphemeralStorage = tftypes.Int64Value(512)
	if f.EphemeralStorage != nil {
		m.EphemeralStorage = tftypes.Int64Value(int64(aws.ToInt32(f.EphemeralStorage.Size)))
	}
	m.Tracing = tftypes.BoolValue(f.TracingConfig != nil && f.TracingConfig.Mode == types.TracingModeActive)
	m.CodeSHA256 = tftypes.StringPointerValue(f.CodeSha256)
	m.CodeSize = tftypes.Int64Value(f.CodeSize)
	m.LastModified = tftypes.StringPointerValue(f.LastModified)
	m.ReservedConcurrency = tftypes.Int64Value(-1)
	if out.Concurrency != nil && out.Concurrency.ReservedConcurrentExecutions != nil {
		m.ReservedConcurrency = tftypes.Int64Value(int64(*out.Concurrency.ReservedConcurrentExecutions))
	}
	tf.SetTags(ctx, &m.Tagged, out.Tags)
	if err := readEnvironment(ctx, m, f.Environment); err != nil {
		return err
	}
	if err := readLog(ctx, c, m, f.LoggingConfig); err != nil {
		return err
	}
	if err := readRole(ctx, c, m, aws.ToString(f.Role)); err != nil {
		return err
	}
	loop, err := c.Lambda.GetFunctionRecursionConfig(ctx, &lambda.GetFunctionRecursionConfigInput{FunctionName: &name})
	if err != nil {
		return fmt.Errorf("reading the recursion configuration: %w", err)
	}
	m.Recursion = tftypes.StringValue(strings.ToLower(string(loop.RecursiveLoop)))
	return nil
}

// readEnvironment leaves in environment what is from neither the defaults nor the links.
func readEnvironment(ctx context.Context, m *function, env *types.EnvironmentResponse) error {
	all := map[string]string{}
	if env != nil {
		if env.Error != nil {
			return fmt.Errorf("reading the environment: %s: %s", aws.ToString(env.Error.ErrorCode), aws.ToString(env.Error.Message))
		}
		all = env.Variables
	}
	given, err := givenEnvironment(ctx, m)
	if err != nil {
		return err
	}
	own := map[string]string{}
	for k, v := range all {
		if _, written := m.Environment[k]; written || given[k] != v {
			own[k] = v
		}
	}
	m.EnvironmentEffective = variablesOf(all)
	if len(own) > 0 || m.Environment != nil {
		m.Environment = variablesOf(own)
	}
	return nil
}

func readLog(ctx context.Context, c *Clients, m *function, config *types.LoggingConfig) error {
	l := &log{Format: tftypes.StringValue("Text")}
	group := ownLogGroup(m.FunctionName.ValueString())
	if config != nil {
		l.Format = tftypes.StringValue(string(config.LogFormat))
		l.ApplicationLevel = tf.NonEmpty(aws.String(string(config.ApplicationLogLevel)))
		l.SystemLevel = tf.NonEmpty(aws.String(string(config.SystemLogLevel)))
		if g := aws.ToString(config.LogGroup); g != "" {
			group = g
		}
	}
	m.LogGroupName = tftypes.StringValue(group)
	written := m.Log != nil && !m.Log.Group.IsNull()
	if written || group != ownLogGroup(m.FunctionName.ValueString()) {
		l.Group = m.LogGroupName
		m.Log = l
		return nil
	}
	days, exists, err := parts.Retention(ctx, c.Logs, group)
	if err != nil {
		return err
	}
	if exists {
		l.RetentionDays = tftypes.Int64Value(days)
	}
	m.Log = l
	return nil
}

func readRole(ctx context.Context, c *Clients, m *function, arn string) error {
	m.RoleARN = tftypes.StringValue(arn)
	m.RolePolicy = tf.JSONNull()
	if !isOwnRole(ctx, m, arn) {
		return nil
	}
	name := parts.RoleName(m.FunctionName.ValueString(), tf.ScopeOf(ctx).Region)
	policy, err := parts.InlinePolicy(ctx, c.IAM, name)
	if err != nil {
		return err
	}
	if policy != "" {
		m.RolePolicy = tf.JSONValue(policy)
	}
	managed, err := parts.Managed(ctx, c.IAM, name)
	if err != nil {
		return err
	}
	if len(managed) > 0 || m.PolicyARNs != nil {
		m.PolicyARNs = make([]tftypes.String, len(managed))
		for i, arn := range managed {
			m.PolicyARNs[i] = tftypes.StringValue(arn)
		}
	}
	return nil
}

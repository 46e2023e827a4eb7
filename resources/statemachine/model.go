package statemachine

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type (
	// machine is the model of serverless_state_machine.
	machine struct {
		tf.Base
		tf.Tagged
		parts.Own
		Name           tftypes.String            `tfsdk:"name"`
		MachineName    tftypes.String            `tfsdk:"state_machine_name"`
		Kind           tftypes.String            `tfsdk:"type"`
		Definition     tftypes.String            `tfsdk:"definition"`
		DefinitionFile tftypes.String            `tfsdk:"definition_file"`
		Substitutions  map[string]tftypes.String `tfsdk:"substitutions"`
		Links          map[string]parts.LinkTo   `tfsdk:"links"`
		Log            *log                      `tfsdk:"log"`
		LogGroupName   tftypes.String            `tfsdk:"log_group_name"`
		Tracing        tftypes.Bool              `tfsdk:"tracing"`
		Encryption     *encryption               `tfsdk:"encryption"`
		Publish        *publish                  `tfsdk:"publish"`
		ARN            tftypes.String            `tfsdk:"arn"`
		TargetARN      tftypes.String            `tfsdk:"target_arn"`
		Version        tftypes.String            `tfsdk:"version"`
		Revision       tftypes.String            `tfsdk:"revision_id"`
	}
	log struct {
		Level         tftypes.String `tfsdk:"level"`
		IncludeData   tftypes.Bool   `tfsdk:"include_data"`
		RetentionDays tftypes.Int64  `tfsdk:"retention_days"`
		KMSKeyARN     tftypes.String `tfsdk:"kms_key_arn"`
		Group         tftypes.String `tfsdk:"group"`
	}
	encryption struct {
		KMSKeyARN tftypes.String `tfsdk:"kms_key_arn"`
		Reuse     tftypes.Int64  `tfsdk:"reuse_seconds"`
	}
	// publish says how versions are published and what leads to them.
	publish struct {
		Alias   tftypes.String           `tfsdk:"alias"`
		Keep    tftypes.Int64            `tfsdk:"keep_versions"`
		Weights map[string]tftypes.Int64 `tfsdk:"weights"`
	}
)

// off is the level at which nothing is logged, and no log group needed.
const off = "OFF"

func (l *log) off() bool { return l != nil && l.Level.ValueString() == off }

func (m *machine) alias() string {
	if m.Publish == nil {
		return ""
	}
	return m.Publish.Alias.ValueString()
}

func machineARN(ctx context.Context, m *machine) string {
	return tf.ScopeOf(ctx).ARN("states", "stateMachine:"+m.MachineName.ValueString())
}

// settings is all that the model says of what a version consists of. What the model
// leaves out is sent as AWS's default.
func settings(scope string, m *machine) *sfn.UpdateStateMachineInput {
	in := &sfn.UpdateStateMachineInput{
		Definition:              m.Definition.ValueStringPointer(),
		RoleArn:                 m.RoleARN.ValueStringPointer(),
		LoggingConfiguration:    &types.LoggingConfiguration{Level: types.LogLevelOff},
		TracingConfiguration:    &types.TracingConfiguration{Enabled: m.Tracing.ValueBool()},
		EncryptionConfiguration: encrypting(m.Encryption),
	}
	if m.Log != nil && !m.Log.off() {
		group := m.LogGroupName
		if !m.Log.Group.IsNull() { // and the name may still be that of the own one, which is left
			group = m.Log.Group
		}
		in.LoggingConfiguration = &types.LoggingConfiguration{
			Level: types.LogLevel(m.Log.Level.ValueString()), IncludeExecutionData: m.Log.IncludeData.ValueBool(),
			Destinations: []types.LogDestination{{
				CloudWatchLogsLogGroup: &types.CloudWatchLogsLogGroup{LogGroupArn: aws.String(groupARN(scope, group.ValueString()))},
			}},
		}
	}
	return in
}

func encrypting(e *encryption) *types.EncryptionConfiguration {
	if e == nil {
		return &types.EncryptionConfiguration{Type: types.EncryptionTypeAwsOwnedKey}
	}
	c := &types.EncryptionConfiguration{Type: types.EncryptionTypeCustomerManagedKmsKey, KmsKeyId: e.KMSKeyARN.ValueStringPointer()}
	if !e.Reuse.IsNull() {
		c.KmsDataKeyReusePeriodSeconds = aws.Int32(int32(e.Reuse.ValueInt64()))
	}
	return c
}

// encrypted is the reverse of encrypting; nil for a key of AWS. A time that the
// configuration leaves open is AWS's affair.
func encrypted(c *types.EncryptionConfiguration, was *encryption, all bool) *encryption {
	if c == nil || c.Type != types.EncryptionTypeCustomerManagedKmsKey {
		return nil
	}
	e := &encryption{KMSKeyARN: tftypes.StringPointerValue(c.KmsKeyId)}
	if n := c.KmsDataKeyReusePeriodSeconds; n != nil && (all || was != nil && !was.Reuse.IsNull()) {
		e.Reuse = tftypes.Int64Value(int64(*n))
	}
	return e
}

// groupARN is a log group's ARN as Step Functions wants it. The scope is the
// beginning of ARNs of Step Functions in the account and region.
func groupARN(scope, group string) string {
	return strings.Replace(scope, ":states:", ":logs:", 1) + ":log-group:" + group + ":*"
}

// scopeOf is the beginning of ARNs of Step Functions in the operation's scope, such
// as arn:aws:states:eu-north-1:123456789012.
func scopeOf(ctx context.Context) string {
	return strings.TrimSuffix(tf.ScopeOf(ctx).ARN("states", ""), ":")
}

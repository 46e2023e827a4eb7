package function

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// read fills the model from AWS: what every function has, and of the rest what the
// configuration has; of a function that is imported all.
func read(ctx context.Context, c *Clients, m *function) error {
	r := m.reference("")
	out, err := c.Lambda.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: r.name})
	if err != nil {
		return err
	}
	all := m.ID.IsNull()
	m.ARN = tftypes.StringPointerValue(out.Configuration.FunctionArn)
	if err := readEnvironment(ctx, m, out.Configuration.Environment); err != nil {
		return err
	}
	m.read(out.Configuration)
	m.SourceKMSKeyARN = tftypes.StringNull()
	if out.Code != nil {
		m.SourceKMSKeyARN = tf.NonEmpty(out.Code.SourceKMSKeyArn)
	}
	m.ReservedConcurrency = tftypes.Int64Value(-1)
	if out.Concurrency != nil && out.Concurrency.ReservedConcurrentExecutions != nil {
		m.ReservedConcurrency = integer(out.Concurrency.ReservedConcurrentExecutions)
	}
	tf.SetTags(ctx, &m.Tagged, out.Tags)
	if err := readLog(ctx, c, m, out.Configuration.LoggingConfig); err != nil {
		return err
	}
	if err := m.owner().Read(ctx, c.IAM, aws.ToString(out.Configuration.Role)); err != nil {
		return err
	}
	loop, err := c.Lambda.GetFunctionRecursionConfig(ctx, &lambda.GetFunctionRecursionConfigInput{FunctionName: r.name})
	if err != nil {
		return fmt.Errorf("reading the recursion configuration: %w", err)
	}
	m.Recursion = tftypes.StringValue(strings.ToLower(string(loop.RecursiveLoop)))
	if err := readPublish(ctx, c, m); err != nil {
		return err
	}
	m.InvokeARN = tftypes.StringValue(invokeARN(ctx, m.TargetARN.ValueString()))
	for _, part := range []struct {
		had  bool
		read func(context.Context, *Clients, *function) error
	}{
		{m.RuntimeUpdate.ValueString() != "", readRuntimeUpdate},
		{m.CodeSigningConfigARN.ValueString() != "", readCodeSigning},
		{m.URL != nil, readURL},
		{m.Async != nil, readAsync},
	} {
		if all || part.had {
			if err := part.read(ctx, c, m); err != nil {
				return err
			}
		}
	}
	if m.Capacity != nil {
		if err := readScaling(ctx, c, m); err != nil {
			return err
		}
	}
	m.ID = m.ARN
	return m.Source.look(ctx, c)
}

// readEnvironment leaves in environment what is from neither the defaults nor the links.
func readEnvironment(ctx context.Context, m *function, env *types.EnvironmentResponse) error {
	all := map[string]string{}
	if env != nil {
		if env.Error != nil {
			return fmt.Errorf("reading the environment: %s: %s", aws.ToString(env.Error.ErrorCode), aws.ToString(env.Error.Message))
		}
		all = maps.Clone(env.Variables)
	}
	var hidden secrets
	if _, err := tf.Recall(ctx, secretsKey, &hidden); err != nil {
		return err
	}
	for _, k := range slices.Compact(slices.Sorted(slices.Values(slices.AppendSeq(hidden.Names, maps.Keys(m.Secrets))))) {
		if _, ok := all[k]; !ok {
			m.SecretsVersion = tftypes.Int64Null() // somebody removed it: it is to be sent again
		}
		delete(all, k)
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
	l := &log{Format: tftypes.StringValue("Text"), KMSKeyARN: tftypes.StringNull()}
	own, had := ownLogGroup(m.FunctionName.ValueString()), ownLogs(m)
	group := own
	if config != nil {
		l.Format = tftypes.StringValue(string(config.LogFormat))
		l.ApplicationLevel = tf.NonEmpty(aws.String(string(config.ApplicationLogLevel)))
		l.SystemLevel = tf.NonEmpty(aws.String(string(config.SystemLogLevel)))
		if g := aws.ToString(config.LogGroup); g != "" {
			group = g
		}
	}
	written := m.Log != nil && !m.Log.Group.IsNull()
	knew := had != nil && m.LogGroupName.ValueString() == own
	writes := group == own && (!written || knew)
	m.LogGroupName, m.Log = tftypes.StringValue(group), l
	if !writes {
		l.Group = m.LogGroupName
		if !knew {
			return nil
		}
	}
	found, err := parts.FindLogGroup(ctx, c.Logs, own)
	switch {
	case err != nil || found == nil:
		return err
	case writes:
		l.RetentionDays, l.KMSKeyARN, l.Class = tftypes.Int64Value(found.Days), tf.NonEmpty(&found.Key), tftypes.StringValue(found.Class)
	default: // an update that was cut off has left it
		m.LogGroupName = tftypes.StringValue(own)
	}
	return nil
}

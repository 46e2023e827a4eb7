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

// read fills the model from AWS.
func read(ctx context.Context, c *Clients, m *machine) error {
	if strings.Contains(m.MachineName.ValueString(), ":") { // imported by the ARN of a version or an alias
		return &tf.Problem{
			Summary: "Not a state machine",
			Detail:  m.MachineName.ValueString() + " is a version or an alias of a state machine. Give the ARN of the state machine itself; an alias is a serverless_state_machine_alias.",
		}
	}
	arn, all := machineARN(ctx, m), m.ID.IsNull()
	out, err := c.SFN.DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: &arn})
	if err != nil {
		return err
	}
	if out.Status == types.StateMachineStatusDeleting {
		return tf.ErrGone
	}
	m.ARN, m.Definition = tftypes.StringPointerValue(out.StateMachineArn), tftypes.StringPointerValue(out.Definition)
	m.Kind, m.Revision = tftypes.StringValue(string(out.Type)), tftypes.StringValue(revision(out.RevisionId))
	m.Tracing = tftypes.BoolValue(out.TracingConfiguration != nil && out.TracingConfiguration.Enabled)
	m.Encryption = encrypted(out.EncryptionConfiguration, m.Encryption, all)
	tags, err := tagsOf(ctx, c, arn)
	if err != nil {
		return err
	}
	tf.SetTags(ctx, &m.Tagged, tags)
	if err := readLog(ctx, c, m, out.LoggingConfiguration); err != nil {
		return err
	}
	if err := m.owner().Read(ctx, c.IAM, aws.ToString(out.RoleArn)); err != nil {
		return err
	}
	if err := readPublish(ctx, c, m); err != nil {
		return err
	}
	m.ID = m.ARN
	return nil
}

func readLog(ctx context.Context, c *Clients, m *machine, config *types.LoggingConfiguration) error {
	l := &log{Level: tftypes.StringValue(off), IncludeData: tftypes.BoolValue(false)}
	own, had := ownLogGroup(m.MachineName.ValueString()), ownLogs(m)
	written := m.Log != nil && !m.Log.Group.IsNull()
	knew := had != nil && m.LogGroupName.ValueString() == own
	m.LogGroupName, m.Log = tftypes.StringNull(), l
	if config != nil && config.Level != types.LogLevelOff && len(config.Destinations) > 0 && config.Destinations[0].CloudWatchLogsLogGroup != nil {
		l.Level, l.IncludeData = tftypes.StringValue(string(config.Level)), tftypes.BoolValue(config.IncludeExecutionData)
		m.LogGroupName = tftypes.StringValue(lastPart(strings.TrimSuffix(aws.ToString(config.Destinations[0].CloudWatchLogsLogGroup.LogGroupArn), ":*")))
	}
	writes := m.LogGroupName.ValueString() == own && (!written || knew)
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
		l.RetentionDays, l.KMSKeyARN = tftypes.Int64Value(found.Days), tf.NonEmpty(&found.Key)
	default: // an update that was cut off has left it
		m.LogGroupName = tftypes.StringValue(own)
	}
	return nil
}

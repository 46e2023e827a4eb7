package statemachine

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// find looks for the machine that has the name now. One that is being deleted is none:
// AWS refuses its name for as long as that takes.
func find(ctx context.Context, c *Clients, m *machine) (bool, map[string]string, error) {
	arn := machineARN(ctx, m)
	out, err := c.SFN.DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: &arn})
	if err != nil || out.Status == types.StateMachineStatusDeleting {
		return false, nil, err
	}
	tags, err := tagsOf(ctx, c, arn)
	return true, tags, err
}

// create makes the role, the log group and the machine, in this order, so that the
// first execution finds its rights and where to log.
func create(ctx context.Context, c *Clients, m *machine) error {
	if err := m.define(); err != nil {
		return err
	}
	if err := m.owner().Make(ctx, c.IAM, c.Logs); err != nil {
		return err
	}
	in := &sfn.CreateStateMachineInput{
		Name: m.MachineName.ValueStringPointer(), Type: types.StateMachineType(m.Kind.ValueString()), Tags: tagList(m.Marked(ctx)),
	}
	tf.CopyGiven(in, settings(scopeOf(ctx), m))
	err := untilSettled(ctx, func(ctx context.Context) error {
		_, err := c.SFN.CreateStateMachine(ctx, in)
		return err
	})
	if err != nil {
		return err
	}
	m.ID = tftypes.StringValue(machineARN(ctx, m))
	return follow(ctx, c, &machine{}, m)
}

// define settles what was unknown while planning.
func (m *machine) define() error {
	m.LogGroupName = groupName(m)
	if !m.Definition.IsUnknown() {
		return nil
	}
	s, err := m.source()
	m.Definition = tftypes.StringValue(s.text)
	return err
}

func tagsOf(ctx context.Context, c *Clients, arn string) (map[string]string, error) {
	out, err := c.SFN.ListTagsForResource(ctx, &sfn.ListTagsForResourceInput{ResourceArn: &arn})
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, t := range out.Tags {
		all[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return all, nil
}

func tagList(tags map[string]string) []types.Tag {
	var all []types.Tag
	for k, v := range tags {
		all = append(all, types.Tag{Key: aws.String(k), Value: aws.String(v)})
	}
	return all
}

// send changes settings of the machine.
func send(ctx context.Context, c *Clients, m *machine, in *sfn.UpdateStateMachineInput) error {
	in.StateMachineArn = aws.String(machineARN(ctx, m))
	return untilSettled(ctx, func(ctx context.Context) error {
		_, err := c.SFN.UpdateStateMachine(ctx, in)
		return err
	})
}

// rightsLimit is how long AWS may take to know of a role and its rights everywhere.
const rightsLimit = 2 * time.Minute

// untilSettled repeats a call while AWS does not know the role or its rights yet,
// or still deletes a machine of that name, which takes as long as its executions do.
func untilSettled(ctx context.Context, call func(context.Context) error) error {
	began := time.Now()
	return tf.Retry(ctx, func(err error) bool {
		return tf.Is[*types.StateMachineDeleting](err) || notSettled(err) && time.Since(began) < rightsLimit
	}, call)
}

// notSettled reports whether AWS does not know the role, or its rights, yet.
func notSettled(err error) bool {
	for _, text := range []string{
		"is authorized to assume the provided role",
		"is not authorized to access the Log Destination",
		"is not authorized to create managed-rule",
	} {
		if tf.Says(err, "AccessDeniedException", text) {
			return true
		}
	}
	return false
}

// owner is what has the machine's role and log group.
func (m *machine) owner() parts.Owner {
	return parts.Owner{
		Own: &m.Own, Prefix: "states-", Name: m.MachineName, Region: m.Region, Service: "states.amazonaws.com", Logs: ownLogs(m), Tags: &m.Tagged,
		Policy: func(ctx context.Context) (string, error) { return rolePolicy(m, scopeOf(ctx)) },
	}
}

// ownLogs is the machine's own log group; nil if it has none, because it writes to none
// or to one of the user's. It still has the one that log_group_name names.
func ownLogs(m *machine) *parts.LogGroup {
	if m.Log == nil {
		return nil
	}
	name := ownLogGroup(m.MachineName.ValueString())
	writes := !m.Log.off() && m.Log.Group.IsNull()
	if left := m.LogGroupName.ValueString() == name && m.Log.Group.ValueString() != name; !writes && !left {
		return nil
	}
	return &parts.LogGroup{
		Name: name, Days: m.Log.RetentionDays.ValueInt64(), Key: m.Log.KMSKeyARN.ValueString(), Tags: m.All(),
		Gone: m.Log.RetentionDays.IsNull(),
	}
}

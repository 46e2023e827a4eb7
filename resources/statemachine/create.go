package statemachine

import (
	"context"
	"maps"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// create makes the role, the log group and the machine, in this order, so that the
// first execution finds its rights and where to log.
func create(ctx context.Context, c *Clients, m *machine) error {
	if err := claim(ctx, "state machine", m.MachineName.ValueString(), machineARN(ctx, m)); err != nil {
		return err
	}
	found, err := resume(ctx, c, m)
	if err != nil {
		return err
	}
	if err := m.define(); err != nil {
		return err
	}
	role, group := ownRole(ctx, m), ownLogs(m)
	if role != nil {
		if role.Policy, err = rolePolicy(m, scopeOf(ctx)); err != nil {
			return err
		}
	}
	arn, undo, err := parts.Make(ctx, c.IAM, c.Logs, role, group)
	if err != nil {
		return err
	}
	if role != nil {
		m.RoleARN = tftypes.StringValue(arn)
	}
	if found {
		err = send(ctx, c, m, settings(scopeOf(ctx), m)) // it may have been made of an older configuration
	} else {
		err = createMachine(ctx, c, m)
	}
	if err != nil && !found {
		return undo(err)
	}
	m.ID = tftypes.StringValue(machineARN(ctx, m))
	if err != nil {
		return err
	}
	return follow(ctx, c, &machine{}, m)
}

// claim refuses a second resource of the same name in a configuration: AWS answers
// the same request again with what is there.
func claim(ctx context.Context, what, name, arn string) error {
	if tf.Claim(ctx, arn) {
		return nil
	}
	return &tf.Problem{
		Summary: "The " + what + " " + name + " is made twice",
		Detail:  "Another resource of this configuration makes the " + what + " of that name. Give one of them another name.",
	}
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

// finish removes the mark of a machine that is being created.
func finish(ctx context.Context, c *Clients, m *machine) error {
	_, err := c.SFN.UntagResource(ctx, &sfn.UntagResourceInput{ResourceArn: m.ID.ValueStringPointer(), TagKeys: []string{tf.MarkerKey}})
	return err
}

// resume looks whether the machine is there already. One that carries this
// configuration's marker is its own, cut off while it was made, and is taken over;
// one that is being deleted is waited for; any other is a conflict.
func resume(ctx context.Context, c *Clients, m *machine) (bool, error) {
	arn := machineARN(ctx, m)
	if out, err := c.SFN.DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: &arn}); err != nil || out.Status == types.StateMachineStatusDeleting {
		if err == nil || tf.Is[*types.StateMachineDoesNotExist](err) {
			return false, nil // AWS refuses the name of one that is being deleted for as long as that takes
		}
		return false, err
	}
	tags, err := tagsOf(ctx, c, arn)
	if err != nil {
		return false, err
	}
	if tf.Ours(ctx, tags) {
		return true, nil
	}
	name := m.MachineName.ValueString()
	return false, &tf.Problem{
		Summary: "The state machine " + name + " exists already",
		Detail:  tf.Origin(tags) + " Choose another name, delete that state machine, " + tf.TakeOver("state_machine", name),
	}
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

func createMachine(ctx context.Context, c *Clients, m *machine) error {
	tags := maps.Clone(m.All())
	tags[tf.MarkerKey] = tf.Marker(ctx)
	in := &sfn.CreateStateMachineInput{Name: m.MachineName.ValueStringPointer(), Type: types.StateMachineType(m.Kind.ValueString()), Tags: tagList(tags)}
	tf.CopyGiven(in, settings(scopeOf(ctx), m))
	return untilSettled(ctx, func(ctx context.Context) error {
		_, err := c.SFN.CreateStateMachine(ctx, in)
		return err
	})
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

// ownRole is the machine's own role; nil if it works as a role of the user's.
func ownRole(ctx context.Context, m *machine) *parts.Role {
	if !m.RoleARN.IsUnknown() && !isOwnRole(ctx, m, m.RoleARN.ValueString()) {
		return nil
	}
	r := &parts.Role{
		Name:    roleName(ctx, m),
		Service: "states.amazonaws.com",
		Managed: tf.Texts(m.PolicyARNs),
		Tags:    m.All(),
	}
	if m.Role != nil {
		r.Path = m.Role.Path.ValueString()
	}
	r.Boundary = m.bounded(tf.Boundary(ctx)).ValueString()
	return r
}

// roleName is the name of the machine's own role.
func roleName(ctx context.Context, m *machine) string {
	if m.Role != nil && m.Role.Name.ValueString() != "" {
		return m.Role.Name.ValueString()
	}
	return parts.RoleName("states-"+m.MachineName.ValueString(), tf.ScopeOf(ctx).Region)
}

// isOwnRole tells the machine's own role by its path and name.
func isOwnRole(ctx context.Context, m *machine, arn string) bool {
	path := "/"
	if m.Role != nil {
		path = orSlash(m.Role.Path.ValueString())
	}
	return strings.HasSuffix(arn, ":role"+path+roleName(ctx, m))
}

// ownLogs is the machine's own log group; nil if it writes to none, or to one of
// the user's.
func ownLogs(m *machine) *parts.LogGroup {
	if m.Log == nil || m.Log.off() || !m.Log.Group.IsNull() {
		return nil
	}
	return &parts.LogGroup{
		Name: ownLogGroup(m.MachineName.ValueString()), Days: m.Log.RetentionDays.ValueInt64(), Key: m.Log.KMSKeyARN.ValueString(), Tags: m.All(),
	}
}

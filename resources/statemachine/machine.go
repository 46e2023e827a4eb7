package statemachine

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/hashicorp/terraform-plugin-framework/path"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// Machine is the type serverless_state_machine: a state machine with its role, its
// log group, its versions and the alias that leads to the last of them.
var Machine = tf.Type[*Clients, machine]{
	Name:     "state_machine",
	Schema:   machineSchema,
	Import:   []string{"state_machine_name"},
	ARN:      "states:stateMachine:{state_machine_name}",
	Physical: "state_machine_name",
	Replace:  []string{"type"},
	Filled:   []string{"version"},
	Changes:  map[string][]string{"role_arn": {"role_arn"}},
	Defaults: []string{"log", "tracing"},
	Gone:     tf.Gone[*types.StateMachineDoesNotExist]("DescribeStateMachine", "DeleteStateMachine"),
	Validate: validate,
	Plan:     plan,
	Find:     find,
	Create:   create,
	Undo: func(ctx context.Context, c *Clients, m *machine) error {
		if m.ID.ValueString() != "" {
			return nil
		}
		return m.owner().Undo(ctx, c.IAM, c.Logs)
	},
	Tag: func(ctx context.Context, c *Clients, m *machine, set map[string]string, remove []string) error {
		return tag(ctx, c, machineARN(ctx, m), set, remove)
	},
	Read:   read,
	Update: update,
	Delete: remove,
	List:   list,
	Moves:  map[string]map[string]string{"aws_sfn_state_machine": {"state_machine_name": "name"}},
}

func list(ctx context.Context, c *Clients, in *machine, found func(*machine) error) error {
	pages := sfn.NewListStateMachinesPaginator(c.SFN, &sfn.ListStateMachinesInput{})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, f := range out.StateMachines {
			m := *in
			m.MachineName, m.ARN, m.Kind = tftypes.StringPointerValue(f.Name), tftypes.StringPointerValue(f.StateMachineArn), tftypes.StringValue(string(f.Type))
			if err := found(&m); err != nil {
				return err
			}
		}
	}
	return nil
}

func validate(_ context.Context, v *tf.Check, m *machine) {
	if v.Known("name") && v.Known("state_machine_name") && m.Name.IsNull() && m.MachineName.IsNull() {
		v.Error(path.Root("name"), "No name", "Give the state machine a name, or state_machine_name to name it on AWS without the provider's name_prefix.")
	}
	validateDefinition(v, m)
	m.Check(v, "state machine", map[string]bool{"links": m.Links != nil})
	parts.CheckLinks(v, m.Links)
	validateLog(v, m.Log)
}

func validateLog(v *tf.Check, l *log) {
	if l == nil {
		return
	}
	at := path.Root("log")
	own := map[string]bool{"retention_days": !l.RetentionDays.IsNull(), "kms_key_arn": !l.KMSKeyARN.IsNull()}
	for name, given := range own {
		if given && !l.Group.IsNull() {
			v.Error(at.AtName(name), "Not with group", "A log group of yours is set up where it is made. Leave "+name+" out.")
		}
	}
	if !l.off() {
		return
	}
	own["group"], own["include_data"] = !l.Group.IsNull(), l.IncludeData.ValueBool()
	for name, given := range own {
		if given {
			v.Error(at.AtName(name), "Only with a level", "Nothing is logged at the level OFF. Set level to ALL, ERROR or FATAL, or leave "+name+" out.")
		}
	}
}

package statemachine

import (
	"context"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// aliasModel is the model of serverless_state_machine_alias.
type aliasModel struct {
	tf.Base
	Machine     tftypes.String           `tfsdk:"state_machine"`
	Name        tftypes.String           `tfsdk:"name"`
	Version     tftypes.String           `tfsdk:"version"`
	Description tftypes.String           `tfsdk:"description"`
	Weights     map[string]tftypes.Int64 `tfsdk:"weights"`
	ARN         tftypes.String           `tfsdk:"arn"`
}

var machineRef = tf.Pattern(`^(arn:[^:]+:states:[^:]+:[0-9]{12}:stateMachine:)?[0-9A-Za-z_-]{1,80}$`, "write a state machine's name or ARN, without a version or an alias")

// machineAttribute is the attribute that says which state machine something is of.
func machineAttribute(what string) schema.StringAttribute {
	return schema.StringAttribute{
		Required: true, Validators: []validator.String{machineRef}, PlanModifiers: tf.Keep("a name and the ARN with that name are the same", sameMachine),
		MarkdownDescription: "The state machine: its name or ARN, such as the `arn` of a `serverless_state_machine`. Changing it replaces " + what + ".",
	}
}

// sameMachine reports whether two texts name the same machine.
func sameMachine(a, b string) bool {
	bothFull := strings.HasPrefix(a, "arn:") && strings.HasPrefix(b, "arn:")
	return a == b || !bothFull && lastPart(a) == lastPart(b)
}

// arnOf is the ARN of a machine that is named by its name, its ARN, or that of an
// alias of it, which the state of another provider's type has.
func arnOf(ctx context.Context, machine tftypes.String) string {
	if s := machine.ValueString(); strings.HasPrefix(s, "arn:") {
		return strings.Join(strings.SplitN(s, ":", 8)[:min(7, strings.Count(s, ":")+1)], ":")
	}
	return tf.ScopeOf(ctx).ARN("states", "stateMachine:"+machine.ValueString())
}

func (m *aliasModel) arn(ctx context.Context) string {
	return arnOf(ctx, m.Machine) + ":" + m.Name.ValueString()
}

// Alias is the type serverless_state_machine_alias: a name for one or two published
// versions of a state machine.
var Alias = tf.Type[*Clients, aliasModel]{
	Name:   "state_machine_alias",
	Import: []string{"state_machine", "name"},
	ARN:    "states:stateMachine:{state_machine}:{name}",
	Gone:   tf.Gone[*types.ResourceNotFound]("DescribeStateMachineAlias", "DeleteStateMachineAlias"),
	Schema: schema.Schema{
		MarkdownDescription: "A name for a published version of a state machine, which leads to another version without those who start it knowing. " +
			"`serverless_state_machine` has one as its attribute `publish`, which follows every change; this is for more of them, or for state machines that something else makes.",
		Attributes: map[string]schema.Attribute{
			"state_machine": machineAttribute("the alias"),
			"name": schema.StringAttribute{
				Required: true, Validators: []validator.String{aliasName, stringvalidator.LengthBetween(1, 80)},
				MarkdownDescription: "The name: 1 to 80 letters, digits, dots, hyphens and underscores, and not only digits. Changing it replaces the alias.",
			},
			"version":     schema.StringAttribute{Required: true, Validators: []validator.String{published}, MarkdownDescription: "Number of the version that is started."},
			"description": schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 256)}, MarkdownDescription: "What the alias is for, at most 256 characters."},
			"weights":     weightsAttribute,
			"arn":         tf.Computed("ARN of the alias: start executions with this."),
		},
	},
	Replace: []string{"state_machine", "name"},
	Validate: func(_ context.Context, v *tf.Check, m *aliasModel) {
		if _, twice := m.Weights[m.Version.ValueString()]; twice && v.Known("version") {
			v.Error(path.Root("weights"), "The same version twice", "Version "+m.Version.ValueString()+" is the alias's own and gets what the weights leave. Name another version in weights.")
		}
	},
	Find: func(ctx context.Context, c *Clients, m *aliasModel) (bool, map[string]string, error) {
		out, err := getAlias(ctx, c, m.arn(ctx))
		return out != nil, nil, err
	},
	Create: createAlias,
	Read: func(ctx context.Context, c *Clients, m *aliasModel) error {
		arn := m.arn(ctx)
		out, err := c.SFN.DescribeStateMachineAlias(ctx, &sfn.DescribeStateMachineAliasInput{StateMachineAliasArn: &arn})
		if err != nil {
			return err
		}
		m.ID = tftypes.StringPointerValue(out.StateMachineAliasArn)
		m.ARN, m.Description = m.ID, tf.NonEmpty(out.Description)
		if strings.HasPrefix(m.Machine.ValueString(), "arn:") {
			m.Machine = tftypes.StringValue(arnOf(ctx, m.Machine))
		}
		version, weights := spread(out.RoutingConfiguration, m.Weights)
		m.Version, m.Weights = tftypes.StringValue(version), weights
		return nil
	},
	Update: func(ctx context.Context, c *Clients, prior, m *aliasModel) error {
		if m.Version.Equal(prior.Version) && m.Description.Equal(prior.Description) && maps.Equal(m.Weights, prior.Weights) {
			return nil
		}
		_, err := c.SFN.UpdateStateMachineAlias(ctx, &sfn.UpdateStateMachineAliasInput{
			StateMachineAliasArn: aws.String(m.arn(ctx)), Description: aws.String(m.Description.ValueString()),
			RoutingConfiguration: routes(arnOf(ctx, m.Machine), m.Version.ValueString(), m.Weights),
		})
		return err
	},
	Delete: func(ctx context.Context, c *Clients, m *aliasModel) error {
		_, err := c.SFN.DeleteStateMachineAlias(ctx, &sfn.DeleteStateMachineAliasInput{StateMachineAliasArn: aws.String(m.arn(ctx))})
		return err
	},
	Within: []string{"state_machine"},
	List: func(ctx context.Context, c *Clients, in *aliasModel, found func(*aliasModel) error) error {
		request := &sfn.ListStateMachineAliasesInput{StateMachineArn: aws.String(arnOf(ctx, in.Machine))}
		for {
			out, err := c.SFN.ListStateMachineAliases(ctx, request)
			if err != nil {
				return err
			}
			for _, a := range out.StateMachineAliases {
				m := *in
				m.ARN = tftypes.StringPointerValue(a.StateMachineAliasArn)
				m.Name = tftypes.StringValue(lastPart(m.ARN.ValueString()))
				if err := found(&m); err != nil {
					return err
				}
			}
			if request.NextToken = out.NextToken; request.NextToken == nil {
				return nil
			}
		}
	},
	Moves: map[string]map[string]string{"aws_sfn_alias": {"state_machine": "arn", "name": "name"}},
}

// createAlias makes an alias. AWS has no place for a mark on it: one that was not there
// a moment ago, and is there after a call whose answer was lost, is the one that was
// made.
func createAlias(ctx context.Context, c *Clients, m *aliasModel) error {
	out, err := c.SFN.CreateStateMachineAlias(ctx, &sfn.CreateStateMachineAliasInput{
		Name: m.Name.ValueStringPointer(), Description: m.Description.ValueStringPointer(),
		RoutingConfiguration: routes(arnOf(ctx, m.Machine), m.Version.ValueString(), m.Weights),
	})
	if err == nil {
		m.ID = tftypes.StringPointerValue(out.StateMachineAliasArn)
		return nil
	}
	if tf.Refused(err) && !tf.Is[*types.ConflictException](err) {
		return err
	}
	return &tf.Unmarked{Err: err}
}

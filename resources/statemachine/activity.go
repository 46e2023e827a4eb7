package statemachine

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// activityModel is the model of serverless_activity.
type activityModel struct {
	tf.Base
	tf.Tagged
	Name         tftypes.String `tfsdk:"name"`
	ActivityName tftypes.String `tfsdk:"activity_name"`
	Encryption   *encryption    `tfsdk:"encryption"`
	ARN          tftypes.String `tfsdk:"arn"`
}

func (m *activityModel) arn(ctx context.Context) string {
	return tf.ScopeOf(ctx).ARN("states", "activity:"+m.ActivityName.ValueString())
}

// Activity is the type serverless_activity: a queue of tasks for workers that come
// and fetch them.
var Activity = tf.Type[*Clients, activityModel]{
	Name:     "activity",
	Import:   []string{"activity_name"},
	ARN:      "states:activity:{activity_name}",
	Physical: "activity_name",
	Gone:     tf.Gone[*types.ActivityDoesNotExist]("DescribeActivity", "DeleteActivity"),
	Schema: schema.Schema{
		MarkdownDescription: "A queue of tasks of state machines for workers of yours, wherever they run, which fetch a task, carry it out and report its outcome. " +
			"A task has the activity's `arn` as its `Resource`.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				Optional: true, Computed: true, Validators: []validator.String{machineName},
				MarkdownDescription: "What the activity is called in this configuration. On AWS it is called so with the provider's `name_prefix` before it. Give this or `activity_name`.",
			},
			"activity_name": schema.StringAttribute{
				Optional: true, Computed: true, Validators: []validator.String{machineName},
				MarkdownDescription: "The name on AWS, without any prefix: 1 to 80 letters, digits, hyphens and underscores. Default: `name_prefix` and `name`. Changing it replaces the activity.",
			},
			"encryption": encryptionSchema("the data of tasks"),
			"tags":       tf.TagsAttribute(),
			"arn":        tf.Computed("ARN of the activity: the `Resource` of its tasks."),
		},
	},
	Replace: []string{"encryption"},
	Validate: func(_ context.Context, v *tf.Check, m *activityModel) {
		if v.Known("name") && v.Known("activity_name") && m.Name.IsNull() && m.ActivityName.IsNull() {
			v.Error(path.Root("name"), "No name", "Give the activity a name, or activity_name to name it on AWS without the provider's name_prefix.")
		}
	},
	Find: func(ctx context.Context, c *Clients, m *activityModel) (bool, map[string]string, error) {
		arn := m.arn(ctx)
		if _, err := c.SFN.DescribeActivity(ctx, &sfn.DescribeActivityInput{ActivityArn: &arn}); err != nil {
			return false, nil, err
		}
		tags, err := tagsOf(ctx, c, arn)
		return true, tags, err
	},
	Create: createActivity,
	Tag: func(ctx context.Context, c *Clients, m *activityModel, set map[string]string, remove []string) error {
		return tag(ctx, c, m.arn(ctx), set, remove)
	},
	Read: func(ctx context.Context, c *Clients, m *activityModel) error {
		arn, all := m.arn(ctx), m.ID.IsNull()
		out, err := c.SFN.DescribeActivity(ctx, &sfn.DescribeActivityInput{ActivityArn: &arn})
		if err != nil {
			return err
		}
		tags, err := tagsOf(ctx, c, arn)
		if err != nil {
			return err
		}
		tf.SetTags(ctx, &m.Tagged, tags)
		m.ID = tftypes.StringPointerValue(out.ActivityArn)
		m.ARN, m.Encryption = m.ID, encrypted(out.EncryptionConfiguration, m.Encryption, all)
		return nil
	},
	Delete: func(ctx context.Context, c *Clients, m *activityModel) error {
		arn := m.arn(ctx)
		_, err := c.SFN.DeleteActivity(ctx, &sfn.DeleteActivityInput{ActivityArn: &arn})
		return err
	},
	List: func(ctx context.Context, c *Clients, in *activityModel, found func(*activityModel) error) error {
		pages := sfn.NewListActivitiesPaginator(c.SFN, &sfn.ListActivitiesInput{})
		for pages.HasMorePages() {
			out, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			for _, a := range out.Activities {
				m := *in
				m.ActivityName, m.ARN = tftypes.StringPointerValue(a.Name), tftypes.StringPointerValue(a.ActivityArn)
				if err := found(&m); err != nil {
					return err
				}
			}
		}
		return nil
	},
	Moves: map[string]map[string]string{"aws_sfn_activity": {"activity_name": "name"}},
}

// createActivity makes an activity. AWS answers with one that is there, whoever made
// it, so that it is looked for before.
func createActivity(ctx context.Context, c *Clients, m *activityModel) error {
	_, err := c.SFN.CreateActivity(ctx, &sfn.CreateActivityInput{
		Name: m.ActivityName.ValueStringPointer(), Tags: tagList(m.Marked(ctx)), EncryptionConfiguration: encrypting(m.Encryption),
	})
	if err == nil {
		m.ID = tftypes.StringValue(m.arn(ctx))
	}
	return err
}

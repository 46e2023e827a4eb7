package access

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	logs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type logGroup struct {
	tf.Base
	tf.Tagged
	Name         basetypes.String `tfsdk:"name"`
	LogGroupName basetypes.String `tfsdk:"log_group_name"`
	Retention    basetypes.Int64  `tfsdk:"retention_days"`
	KMSKeyARN    basetypes.String `tfsdk:"kms_key_arn"`
	Class        basetypes.String `tfsdk:"class"`
	Protection   basetypes.Bool   `tfsdk:"deletion_protection"`
	Retain       basetypes.Bool   `tfsdk:"retain"`
	ARN          basetypes.String `tfsdk:"arn"`
}

const classDelivery = string(types.LogGroupClassDelivery)

// LogGroup is the type serverless_log_group: where something writes what it does.
var LogGroup = tf.Type[*Clients, logGroup]{
	Name:     "log_group",
	Import:   []string{"log_group_name"},
	ARN:      "logs:log-group:{log_group_name}",
	Physical: "log_group_name",
	Replace:  []string{"class"},
	Defaults: []string{"retention_days"},
	Gone:     tf.Gone[*types.ResourceNotFoundException]("DeleteLogGroup"),
	Validate: func(_ context.Context, v *tf.Check, m *logGroup) {
		if m.Class.ValueString() == classDelivery && !m.Retention.IsNull() && v.Known("retention_days") {
			v.Error(path.Root("retention_days"), "A retention that AWS sets", "Log groups of the class DELIVERY keep events as long as AWS will. Remove retention_days.")
		}
	},
	Plan: func(_ context.Context, p *tf.Plan[logGroup]) error {
		if p.Known("class") && p.Planned.Class.ValueString() == classDelivery {
			p.Set("retention_days", basetypes.Int64Null())
		}
		return nil
	},
	Find: func(ctx context.Context, c *Clients, m *logGroup) (bool, map[string]string, error) {
		found, err := findGroup(ctx, c, m.LogGroupName.ValueString())
		if err != nil || found == nil {
			return false, nil, err
		}
		tags, err := tagsOf(ctx, c, groupARN(ctx, m))
		return err == nil, tags, err
	},
	Create: func(ctx context.Context, c *Clients, m *logGroup) error {
		in := &logs.CreateLogGroupInput{LogGroupName: m.LogGroupName.ValueStringPointer(), KmsKeyId: m.KMSKeyARN.ValueStringPointer(), Tags: m.Marked(ctx)}
		if m.Class.ValueString() != string(types.LogGroupClassStandard) {
			in.LogGroupClass = types.LogGroupClass(m.Class.ValueString())
		}
		if m.Protection.ValueBool() {
			in.DeletionProtectionEnabled = aws.Bool(true)
		}
		if _, err := c.Logs.CreateLogGroup(ctx, in); err != nil {
			return err
		}
		m.ID = basetypes.StringValue(groupARN(ctx, m))
		if m.Retention.ValueInt64() == 0 {
			return nil
		}
		return m.group().Keep(ctx, c.Logs)
	},
	Undo: func(ctx context.Context, c *Clients, m *logGroup) error {
		if m.ID.ValueString() == "" {
			return nil
		}
		if err := m.unprotect(ctx, c); err != nil {
			return err
		}
		if err := parts.DeleteLogGroup(ctx, c.Logs, m.LogGroupName.ValueString()); err != nil {
			return err
		}
		m.ID = basetypes.StringNull()
		return nil
	},
	Tag: func(ctx context.Context, c *Clients, m *logGroup, set map[string]string, remove []string) error {
		return m.group().Tag(ctx, c.Logs, set, remove)
	},
	Read: readLogGroup,
	Update: func(ctx context.Context, c *Clients, prior, m *logGroup) error {
		if m.Retention.ValueInt64() != prior.Retention.ValueInt64() {
			if err := m.group().Keep(ctx, c.Logs); err != nil {
				return err
			}
		}
		if !m.KMSKeyARN.Equal(prior.KMSKeyARN) {
			if err := m.group().Encrypt(ctx, c.Logs); err != nil {
				return err
			}
		}
		if m.Protection.Equal(prior.Protection) {
			return nil
		}
		return protect(ctx, c, m, m.Protection.ValueBool())
	},
	Delete: func(ctx context.Context, c *Clients, m *logGroup) error {
		if m.Retain.ValueBool() {
			return nil
		}
		if m.Protection.ValueBool() {
			return &tf.Problem{
				Summary: "The log group " + m.LogGroupName.ValueString() + " is protected from deletion",
				Detail:  "Its deletion_protection is true. Set it to false and apply, then delete it; or set retain = true to only forget it.",
			}
		}
		_, err := c.Logs.DeleteLogGroup(ctx, &logs.DeleteLogGroupInput{LogGroupName: m.LogGroupName.ValueStringPointer()})
		return err
	},
	List: func(ctx context.Context, c *Clients, in *logGroup, found func(*logGroup) error) error {
		pages := logs.NewDescribeLogGroupsPaginator(c.Logs, &logs.DescribeLogGroupsInput{})
		for pages.HasMorePages() {
			out, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			for _, g := range out.LogGroups {
				m := *in
				m.LogGroupName = basetypes.StringPointerValue(g.LogGroupName)
				m.take(ctx, g)
				if err := found(&m); err != nil {
					return err
				}
			}
		}
		return nil
	},
	Moves: map[string]map[string]string{"aws_cloudwatch_log_group": {"log_group_name": "name"}},
	Schema: schema.Schema{
		MarkdownDescription: "A group of logs in CloudWatch Logs. `serverless_function`, `serverless_state_machine` and the APIs make their own; this is for one that several share, or that outlives what writes to it: give its name to their `group`.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				Optional: true, Computed: true, Validators: []validator.String{groupName},
				MarkdownDescription: "What the group is called in this configuration. On AWS it is called so with the provider's `name_prefix` before it. Give this or `log_group_name`.",
			},
			"log_group_name": schema.StringAttribute{
				Optional: true, Computed: true, Validators: []validator.String{groupName},
				MarkdownDescription: "The name on AWS, without any prefix: 1 to 512 letters, digits and `_-/.#`, such as `/aws/lambda/orders`. Default: `name_prefix` and `name`. Changing it replaces the group.",
			},
			"retention_days": schema.Int64Attribute{
				Optional: true, Computed: true, Default: int64default.StaticInt64(30), Validators: []validator.Int64{int64validator.OneOf(parts.RetentionDays...)},
				MarkdownDescription: "How many days log events are kept: one of the times that CloudWatch Logs knows (1, 3, 5, 7, 14, 30, 60, 90, …, 3653); 0 for ever. Default: 30; with the class `DELIVERY` null, as AWS keeps events for two days.",
			},
			"kms_key_arn": schema.StringAttribute{
				Optional: true, Validators: []validator.String{keyARN},
				MarkdownDescription: "ARN of the key that events are encrypted with. Default: a key of AWS.",
			},
			"class": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString(string(types.LogGroupClassStandard)),
				Validators:          []validator.String{stringvalidator.OneOf("STANDARD", "INFREQUENT_ACCESS", classDelivery)},
				MarkdownDescription: "`STANDARD`; `INFREQUENT_ACCESS`, which costs less and can do less; or `DELIVERY`, which passes events on and keeps them for two days. Changing it replaces the group, with its events. Default: `STANDARD`.",
			},
			"deletion_protection": schema.BoolAttribute{
				Optional: true, Computed: true, Default: booldefault.StaticBool(false),
				MarkdownDescription: "Whether AWS refuses to delete the group. Default: false.",
			},
			"retain": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "True leaves the group with its events on AWS when the resource is destroyed. Default: false.",
			},
			"tags": tf.TagsAttribute(),
			"arn":  tf.Computed("ARN of the group, without `:*` at its end."),
		},
	},
}

var groupName = tf.Pattern(`^[\w/.#-]{1,512}$`, "a log group's name has 1 to 512 letters, digits and characters of _-/.#")

func (m *logGroup) group() parts.LogGroup {
	return parts.LogGroup{
		Name: m.LogGroupName.ValueString(), Days: m.Retention.ValueInt64(), Key: m.KMSKeyARN.ValueString(), Class: m.Class.ValueString(),
	}
}

func groupARN(ctx context.Context, m *logGroup) string {
	return tf.ScopeOf(ctx).ARN("logs", "log-group:"+m.LogGroupName.ValueString())
}

func readLogGroup(ctx context.Context, c *Clients, m *logGroup) error {
	found, err := findGroup(ctx, c, m.LogGroupName.ValueString())
	switch {
	case err != nil:
		return err
	case found == nil:
		return tf.ErrGone
	}
	m.take(ctx, *found)
	tags, err := tagsOf(ctx, c, m.ARN.ValueString())
	if err != nil {
		return err
	}
	tf.SetTags(ctx, &m.Tagged, tags)
	return nil
}

// take fills the model with what AWS lists of a group.
func (m *logGroup) take(ctx context.Context, g types.LogGroup) {
	m.ARN = basetypes.StringValue(groupARN(ctx, m))
	m.ID = m.ARN
	m.Class = basetypes.StringValue(string(g.LogGroupClass))
	if g.LogGroupClass == "" { // servers that know no classes
		m.Class = basetypes.StringValue(string(types.LogGroupClassStandard))
	}
	m.Retention = basetypes.Int64Value(int64(aws.ToInt32(g.RetentionInDays)))
	if m.Class.ValueString() == classDelivery {
		m.Retention = basetypes.Int64Null()
	}
	m.KMSKeyARN = tf.NonEmpty(g.KmsKeyId)
	m.Protection = basetypes.BoolValue(aws.ToBool(g.DeletionProtectionEnabled))
}

// findGroup returns a log group; nil for none.
func findGroup(ctx context.Context, c *Clients, name string) (*types.LogGroup, error) {
	pages := logs.NewDescribeLogGroupsPaginator(c.Logs, &logs.DescribeLogGroupsInput{LogGroupNamePrefix: &name})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading the log group %s: %w", name, err)
		}
		for _, g := range out.LogGroups { // sorted by name, so that the exact one comes first
			if aws.ToString(g.LogGroupName) == name {
				return &g, nil
			}
		}
	}
	return nil, nil
}

// tagsOf returns a log group's tags; a group that has gone meanwhile is tf.ErrGone.
func tagsOf(ctx context.Context, c *Clients, arn string) (map[string]string, error) {
	out, err := c.Logs.ListTagsForResource(ctx, &logs.ListTagsForResourceInput{ResourceArn: &arn})
	if tf.Is[*types.ResourceNotFoundException](err) {
		return nil, tf.ErrGone
	}
	if err != nil {
		return nil, err
	}
	return out.Tags, nil
}

func (m *logGroup) unprotect(ctx context.Context, c *Clients) error {
	if !m.Protection.ValueBool() {
		return nil
	}
	return protect(ctx, c, m, false)
}

func protect(ctx context.Context, c *Clients, m *logGroup, on bool) error {
	_, err := c.Logs.PutLogGroupDeletionProtection(ctx, &logs.PutLogGroupDeletionProtectionInput{
		LogGroupIdentifier: m.LogGroupName.ValueStringPointer(), DeletionProtectionEnabled: &on,
	})
	return err
}

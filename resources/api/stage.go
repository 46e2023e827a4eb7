package api

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// Stage is the type serverless_stage: one more place where an API answers.
var Stage = tf.Type[*Clients, stage]{
	Name:    "stage",
	Import:  []string{"api", "name"},
	ARN:     "apigateway:/apis/{api}/stages/{name}",
	Within:  []string{"api"},
	Replace: []string{"api", "name"},
	Gone:    tf.Gone[*types.NotFoundException]("GetStage", "DeleteStage"),
	Schema: schema.Schema{
		MarkdownDescription: "One more stage of an API, beside that which comes with it: another URL, with its own variables and limits, maybe of an older deployment.",
		Attributes: map[string]schema.Attribute{
			"api": schema.StringAttribute{Required: true, MarkdownDescription: "Id of the API. Changing it replaces the stage."},
			"name": schema.StringAttribute{
				Required: true, Validators: []validator.String{tf.Pattern(`^(\$default|[A-Za-z0-9_-]{1,128})$`, "a stage is $default, or has 1 to 128 letters, digits, hyphens and underscores")},
				MarkdownDescription: "Name of the stage: a part of its URL. Changing it replaces the stage.",
			},
			"description": schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 1024)}, MarkdownDescription: "What the stage is for, at most 1024 characters."},
			"auto_deploy": schema.BoolAttribute{
				Optional: true, Computed: true, Default: booldefault.StaticBool(true),
				MarkdownDescription: "Whether each change of the API is deployed here by itself. Default: true.",
			},
			"deployment_id": schema.StringAttribute{Optional: true, MarkdownDescription: "Id of the deployment that answers here, with `auto_deploy = false`. Default: whatever was deployed last."},
			"stage_variables": schema.MapAttribute{
				ElementType: tftypes.StringType, Optional: true, MarkdownDescription: "Variables that functions find in each request's `stageVariables`.",
			},
			"access_log": schema.SingleNestedAttribute{
				Optional: true, MarkdownDescription: "A line in a log for each request. Default: none.",
				Attributes: map[string]schema.Attribute{
					"group":  schema.StringAttribute{Required: true, Validators: []validator.String{logGroupARN}, MarkdownDescription: "ARN of the log group, or of a Firehose stream, that the lines go to."},
					"format": schema.StringAttribute{Required: true, Validators: []validator.String{tf.Pattern(`\$context\.(requestId|extendedRequestId)`, "the format must have $context.requestId in it, by which API Gateway finds a request again")}, MarkdownDescription: "The line, with variables such as `$context.requestId`, which it must have."},
				},
			},
			"throttle":      schema.SingleNestedAttribute{Optional: true, Attributes: throttleSchema, MarkdownDescription: "Limit of each route that has none of its own. Default: that of the account."},
			"tags":          tf.TagsAttribute(),
			"arn":           tf.Computed("ARN of the stage."),
			"url":           tf.Computed("URL at which the stage answers."),
			"execution_arn": tf.Computed("ARN that permissions to call functions name as their source."),
		},
	},
	Validate: func(_ context.Context, v *tf.Check, m *stage) {
		if v.Known("auto_deploy") && v.Decided("deployment_id") && !m.DeploymentID.IsNull() && (m.AutoDeploy.IsNull() || m.AutoDeploy.ValueBool()) {
			v.Error(pathOf("deployment_id"), "Two deployments", "A stage that deploys by itself has the newest deployment. Set auto_deploy = false, or remove deployment_id.")
		}
	},
	Find:   findStage,
	Create: createStage,
	Tag: func(ctx context.Context, c *Clients, m *stage, set map[string]string, remove []string) error {
		return changeTags(ctx, c, m.arn(ctx), set, remove)
	},
	Read:   readStage,
	Update: updateStage,
	Delete: func(ctx context.Context, c *Clients, m *stage) error {
		defer lock(m.API.ValueString())()
		defer c.Siblings.of(m.API.ValueString()).stages.forget()
		return settled(ctx, func(ctx context.Context) error {
			_, err := c.Gateway.DeleteStage(ctx, &apigatewayv2.DeleteStageInput{ApiId: m.API.ValueStringPointer(), StageName: m.Name.ValueStringPointer()})
			return err
		})
	},
	List: func(ctx context.Context, c *Clients, in *stage, found func(*stage) error) error {
		list, err := c.stages(ctx, in.API.ValueString(), forReads)
		return each(in, list, err, func(m *stage, s types.Stage) {
			m.Name = tftypes.StringPointerValue(s.StageName)
			tf.SetTags(ctx, &m.Tagged, s.Tags)
		}, found)
	},
	Moves: map[string]map[string]string{"aws_apigatewayv2_stage": {"api": "api_id", "name": "name"}},
}

type (
	// A stage is the model of serverless_stage.
	stage struct {
		tf.Base
		tf.Tagged
		API          tftypes.String            `tfsdk:"api"`
		Name         tftypes.String            `tfsdk:"name"`
		Description  tftypes.String            `tfsdk:"description"`
		AutoDeploy   tftypes.Bool              `tfsdk:"auto_deploy"`
		DeploymentID tftypes.String            `tfsdk:"deployment_id"`
		Variables    map[string]tftypes.String `tfsdk:"stage_variables"`
		AccessLog    *stageLog                 `tfsdk:"access_log"`
		Throttle     *throttle                 `tfsdk:"throttle"`
		ARN          tftypes.String            `tfsdk:"arn"`
		URL          tftypes.String            `tfsdk:"url"`
		ExecutionARN tftypes.String            `tfsdk:"execution_arn"`
	}
	stageLog struct {
		Group  tftypes.String `tfsdk:"group"`
		Format tftypes.String `tfsdk:"format"`
	}
)

func (m *stage) arn(ctx context.Context) string {
	return apiARN(ctx, m.API.ValueString()) + "/stages/" + m.Name.ValueString()
}

func (l *stageLog) settings() *types.AccessLogSettings {
	if l == nil {
		return nil
	}
	return &types.AccessLogSettings{DestinationArn: l.Group.ValueStringPointer(), Format: l.Format.ValueStringPointer()}
}

// findStage finds the stage of that name; the one that came with the API is none to
// take over.
func findStage(ctx context.Context, c *Clients, m *stage) (bool, map[string]string, error) {
	out, err := c.Gateway.GetStage(ctx, &apigatewayv2.GetStageInput{ApiId: m.API.ValueStringPointer(), StageName: m.Name.ValueStringPointer()})
	if err != nil {
		return false, nil, err
	}
	if aws.ToString(out.Description) == ownStage {
		return false, nil, &tf.Problem{
			Summary: "The stage " + m.Name.ValueString() + " came with the API",
			Detail:  "Its attributes are those of the API's own resource: stage_variables, access_log and throttle. Set them there, or choose another name.",
		}
	}
	return true, out.Tags, nil
}

func createStage(ctx context.Context, c *Clients, m *stage) error {
	api := m.API.ValueString()
	defer lock(api)()
	defer c.Siblings.of(api).stages.forget()
	in := &apigatewayv2.CreateStageInput{
		ApiId: &api, StageName: m.Name.ValueStringPointer(), Description: m.Description.ValueStringPointer(), AutoDeploy: m.AutoDeploy.ValueBoolPointer(),
		DeploymentId: m.DeploymentID.ValueStringPointer(), StageVariables: textsOf(m.Variables), AccessLogSettings: m.AccessLog.settings(), Tags: m.Marked(ctx),
	}
	if m.Throttle != nil {
		s := m.Throttle.settings()
		in.DefaultRouteSettings = &s
	}
	err := settled(ctx, func(ctx context.Context) error {
		_, err := c.Gateway.CreateStage(ctx, in)
		return err
	})
	if err == nil {
		m.ID = tftypes.StringValue(m.arn(ctx))
	}
	return err
}

func updateStage(ctx context.Context, c *Clients, prior, m *stage) error {
	api := m.API.ValueString()
	defer lock(api)()
	defer c.Siblings.of(api).stages.forget()
	in := &apigatewayv2.UpdateStageInput{ApiId: &api, StageName: m.Name.ValueStringPointer()}
	changed := false
	if !m.Description.Equal(prior.Description) {
		in.Description, changed = aws.String(m.Description.ValueString()), true
	}
	if !m.AutoDeploy.Equal(prior.AutoDeploy) {
		in.AutoDeploy, changed = m.AutoDeploy.ValueBoolPointer(), true
	}
	if !m.DeploymentID.Equal(prior.DeploymentID) && !m.DeploymentID.IsNull() {
		in.DeploymentId, changed = m.DeploymentID.ValueStringPointer(), true
	}
	if to := emptied(textsOf(prior.Variables), textsOf(m.Variables)); to != nil {
		in.StageVariables, changed = to, true
	}
	if !m.Throttle.same(prior.Throttle) {
		s := m.Throttle.settings()
		in.DefaultRouteSettings, changed = &s, true
	}
	if l := m.AccessLog; l != nil && (prior.AccessLog == nil || *l != *prior.AccessLog) {
		in.AccessLogSettings, changed = l.settings(), true
	}
	if changed {
		err := settled(ctx, func(ctx context.Context) error {
			_, err := c.Gateway.UpdateStage(ctx, in)
			return err
		})
		if err != nil {
			return err
		}
	}
	if m.AccessLog == nil && prior.AccessLog != nil {
		return dropAccessLog(ctx, c, api, m.Name.ValueString())
	}
	return nil
}

func readStage(ctx context.Context, c *Clients, m *stage) error {
	api := m.API.ValueString()
	known, err := glimpse(ctx, m, func() ([]types.Stage, error) { return c.stages(ctx, api, forReads) },
		func(s types.Stage) bool { return aws.ToString(s.StageName) == m.Name.ValueString() },
		func(s types.Stage) error { return m.fill(ctx, c, s) })
	if known || err != nil {
		return err
	}
	out, err := c.Gateway.GetStage(ctx, &apigatewayv2.GetStageInput{ApiId: &api, StageName: m.Name.ValueStringPointer()})
	if err != nil {
		return err
	}
	var s types.Stage
	tf.CopyGiven(&s, out)
	return m.fill(ctx, c, s)
}

// fill makes the model that of a stage.
func (m *stage) fill(ctx context.Context, c *Clients, out types.Stage) error {
	m.ID, m.ARN = tftypes.StringValue(m.arn(ctx)), tftypes.StringValue(m.arn(ctx))
	m.Description, m.AutoDeploy = tf.NonEmpty(out.Description), tftypes.BoolValue(aws.ToBool(out.AutoDeploy))
	if m.AutoDeploy.ValueBool() {
		m.DeploymentID = tftypes.StringNull()
	} else if !m.DeploymentID.IsNull() {
		m.DeploymentID = tf.NonEmpty(out.DeploymentId)
	}
	m.Variables = stringsOf(out.StageVariables, m.Variables)
	m.Throttle = throttleOf(out.DefaultRouteSettings, m.Throttle)
	m.AccessLog = nil
	if l := out.AccessLogSettings; l != nil && aws.ToString(l.DestinationArn) != "" {
		m.AccessLog = &stageLog{Group: tftypes.StringPointerValue(l.DestinationArn), Format: tftypes.StringPointerValue(l.Format)}
	}
	tf.SetTags(ctx, &m.Tagged, out.Tags)
	m.ExecutionARN = tftypes.StringValue(tf.ScopeOf(ctx).ARN("execute-api", m.API.ValueString()+"/"+m.Name.ValueString()))
	if !m.URL.IsNull() && !m.URL.IsUnknown() {
		return nil // an API's address never changes
	}
	of, err := c.api(ctx, m.API.ValueString())
	if err != nil {
		return fmt.Errorf("finding the stage's address: %w", err)
	}
	m.URL = tftypes.StringValue(stageURL(aws.ToString(of.ApiEndpoint), m.Name.ValueString()))
	return nil
}

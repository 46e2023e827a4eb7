package access

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

type credentials struct {
	tf.EphemeralBase
	RoleARN   basetypes.String `tfsdk:"role_arn"`
	Session   basetypes.String `tfsdk:"session_name"`
	Duration  basetypes.Int64  `tfsdk:"duration"`
	External  basetypes.String `tfsdk:"external_id"`
	Policy    tf.JSON          `tfsdk:"policy"`
	AccessKey basetypes.String `tfsdk:"access_key"`
	SecretKey basetypes.String `tfsdk:"secret_key"`
	Token     basetypes.String `tfsdk:"token"`
	Expires   basetypes.String `tfsdk:"expires_at"`
}

// Credentials is the ephemeral resource serverless_credentials: those of a role.
var Credentials = tf.Ephemeral[*Clients, credentials]{
	Name: "credentials",
	Schema: schema.Schema{
		MarkdownDescription: "Takes on a role and gives its credentials, which are kept in neither the plan nor the state: for another provider's configuration, or for what a provisioner calls. They are new in each plan and in each apply.",
		Attributes: map[string]schema.Attribute{
			"role_arn": schema.StringAttribute{Required: true, Validators: []validator.String{tf.Pattern(`^arn:[^:]+:iam::[0-9]{12}:role/.+$`, "write the ARN of a role")}, MarkdownDescription: "ARN of the role."},
			"session_name": schema.StringAttribute{
				Optional: true, Validators: []validator.String{tf.Pattern(`^[\w+=,.@-]{2,64}$`, "a session's name has 2 to 64 letters, digits and characters of +=,.@_-")},
				MarkdownDescription: "Name of the session, which AWS's trails show. Default: `serverless`.",
			},
			"duration": schema.Int64Attribute{
				Optional: true, Validators: []validator.Int64{int64validator.Between(900, 43200)},
				MarkdownDescription: "How long the credentials are good for in seconds, 900 to 43200, and no longer than the role's `max_session_duration`. Default: 3600.",
			},
			"external_id": schema.StringAttribute{Optional: true, MarkdownDescription: "What the role's trust demands of others who take it on. Default: nothing."},
			"policy":      schema.StringAttribute{Optional: true, CustomType: tf.JSONType{}, MarkdownDescription: "A policy, JSON, that limits the session further. Default: none."},
			"access_key":  schema.StringAttribute{Computed: true, Sensitive: true, MarkdownDescription: "Id of the access key."},
			"secret_key":  schema.StringAttribute{Computed: true, Sensitive: true, MarkdownDescription: "The secret key."},
			"token":       schema.StringAttribute{Computed: true, Sensitive: true, MarkdownDescription: "The session's token."},
			"expires_at":  schema.StringAttribute{Computed: true, MarkdownDescription: "When they end, such as `2026-01-02T03:04:05Z`."},
		},
	},
	Open: func(ctx context.Context, c *Clients, m *credentials) error {
		in := &sts.AssumeRoleInput{RoleArn: m.RoleARN.ValueStringPointer(), RoleSessionName: aws.String("serverless"), ExternalId: m.External.ValueStringPointer(), Policy: m.Policy.ValueStringPointer()}
		if !m.Session.IsNull() {
			in.RoleSessionName = m.Session.ValueStringPointer()
		}
		if !m.Duration.IsNull() {
			in.DurationSeconds = aws.Int32(int32(m.Duration.ValueInt64()))
		}
		var out *sts.AssumeRoleOutput
		err := known(ctx, func(ctx context.Context) (err error) {
			out, err = c.STS.AssumeRole(ctx, in)
			return err
		})
		if err != nil {
			return err
		}
		m.AccessKey, m.SecretKey = basetypes.StringPointerValue(out.Credentials.AccessKeyId), basetypes.StringPointerValue(out.Credentials.SecretAccessKey)
		m.Token = basetypes.StringPointerValue(out.Credentials.SessionToken)
		m.Expires = basetypes.StringValue(aws.ToTime(out.Credentials.Expiration).UTC().Format(time.RFC3339))
		return nil
	},
}

package api

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/parts"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// An accessLog says where a line for each request goes.
type accessLog struct {
	Group     tftypes.String `tfsdk:"group"`
	Format    tftypes.String `tfsdk:"format"`
	Retention tftypes.Int64  `tfsdk:"retention_days"`
}

// The formats of access logs: lines of JSON.
const (
	httpFormat = `{"requestId":"$context.requestId","time":"$context.requestTime","ip":"$context.identity.sourceIp","method":"$context.httpMethod","path":"$context.path",` +
		`"route":"$context.routeKey","protocol":"$context.protocol","status":"$context.status","length":"$context.responseLength","latency":"$context.responseLatency","error":"$context.integrationErrorMessage"}`
	socketFormat = `{"requestId":"$context.requestId","time":"$context.requestTime","ip":"$context.identity.sourceIp","connectionId":"$context.connectionId",` +
		`"event":"$context.eventType","route":"$context.routeKey","status":"$context.status","error":"$context.integrationErrorMessage"}`
)

// logPrefix begins the names of access logs: the policy of the account's logs lets
// services write to such groups without naming each.
const logPrefix = "/aws/vendedlogs/apis/"

var logGroupARN = tf.Pattern(`^arn:[^:]+:(logs:[^:]+:\d{12}:log-group:[^:*]+|firehose:[^:]+:\d{12}:deliverystream/amazon-apigateway-.+)$`,
	"write the ARN of a log group, without :* at its end, or of a Firehose stream whose name begins with amazon-apigateway-")

func accessLogSchema(format string) schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "A line in a log for each request; `{}` for lines of JSON in a log group of the API's own. Default: none.",
		Attributes: map[string]schema.Attribute{
			"group": schema.StringAttribute{
				Optional: true, Validators: []validator.String{logGroupARN},
				MarkdownDescription: "ARN of another log group, or of a Firehose stream, that the lines go to. Default: a group that comes and goes with the API.",
			},
			"format": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString(format),
				Validators:          []validator.String{stringvalidator.LengthBetween(1, 3072), tf.Pattern(`\$context\.(requestId|extendedRequestId)`, "the format must have $context.requestId in it, by which API Gateway finds a request again")},
				MarkdownDescription: "The line, with variables such as `$context.requestId`, which it must have. Default: a JSON object with what is most useful.",
			},
			"retention_days": schema.Int64Attribute{
				Optional: true, Computed: true, Default: int64default.StaticInt64(30), Validators: []validator.Int64{int64validator.OneOf(parts.RetentionDays...)},
				MarkdownDescription: "Days that the API's own group keeps lines: one of those that CloudWatch Logs has; 0 is for ever. It says nothing of another group. Default: 30.",
			},
		},
	}
}

// ownsLogs reports whether a log group comes with the API.
func (m *common) ownsLogs() bool { return m.AccessLog != nil && m.AccessLog.Group.IsNull() }

// logs is the log group that comes with the API.
func (m *common) logs() parts.LogGroup {
	g := parts.LogGroup{Name: logPrefix + m.ID.ValueString(), Tags: m.All()}
	if m.AccessLog != nil {
		g.Days = m.AccessLog.Retention.ValueInt64()
	}
	return g
}

// logSettings are the stage's access log settings; nil for none. It makes the
// API's own group first if the API is to have one that it did not have.
func (m *common) logSettings(ctx context.Context, c *Clients, prior *common) (*types.AccessLogSettings, error) {
	if m.AccessLog == nil {
		return nil, nil
	}
	destination := m.AccessLog.Group.ValueString()
	if m.ownsLogs() {
		g := m.logs()
		destination = tf.ScopeOf(ctx).ARN("logs", "log-group:"+g.Name)
		var err error
		switch {
		case prior == nil || prior.LogGroup.IsNull():
			_, err = g.Create(ctx, c.Logs)
		case prior.AccessLog == nil || !prior.AccessLog.Retention.Equal(m.AccessLog.Retention):
			err = g.Keep(ctx, c.Logs)
		}
		if err != nil {
			return nil, err
		}
	}
	return &types.AccessLogSettings{DestinationArn: &destination, Format: m.AccessLog.Format.ValueStringPointer()}, nil
}

// readLogs finds where the stage's lines go.
func (m *common) readLogs(ctx context.Context, c *Clients, stage *types.Stage) error {
	was := m.AccessLog
	m.AccessLog, m.LogGroup = nil, tftypes.StringNull()
	if stage == nil || stage.AccessLogSettings == nil || aws.ToString(stage.AccessLogSettings.DestinationArn) == "" {
		return nil
	}
	s := stage.AccessLogSettings
	m.AccessLog = &accessLog{Format: tftypes.StringPointerValue(s.Format), Group: tftypes.StringPointerValue(s.DestinationArn), Retention: tftypes.Int64Value(30)}
	name := logPrefix + m.ID.ValueString()
	if strings.TrimSuffix(aws.ToString(s.DestinationArn), ":*") != tf.ScopeOf(ctx).ARN("logs", "log-group:"+name) {
		if was != nil {
			m.AccessLog.Retention = was.Retention
		}
		return nil
	}
	g, err := parts.FindLogGroup(ctx, c.Logs, name)
	if err != nil {
		return err
	}
	m.AccessLog.Group = tftypes.StringNull()
	m.AccessLog.Retention = tftypes.Int64Null() // the group is gone, which a plan shows
	if g != nil {
		m.LogGroup, m.AccessLog.Retention = tftypes.StringValue(name), tftypes.Int64Value(g.Days)
	}
	return nil
}

// deleteLogs removes the API's own group.
func (m *common) deleteLogs(ctx context.Context, c *Clients) error {
	if !m.ownsLogs() {
		return nil
	}
	return parts.DeleteLogGroup(ctx, c.Logs, logPrefix+m.ID.ValueString())
}

// dropAccessLog ends a stage's access log.
func dropAccessLog(ctx context.Context, c *Clients, api, stage string) error {
	_, err := c.Gateway.DeleteAccessLogSettings(ctx, &apigatewayv2.DeleteAccessLogSettingsInput{ApiId: &api, StageName: &stage})
	if tf.Is[*types.NotFoundException](err) {
		return nil
	}
	return err
}

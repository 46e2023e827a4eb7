package api

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

const (
	defaultSelection = "$request.body.action"
	defaultKeySource = "$request.header.x-api-key"
)

// WebSocketAPI is the type serverless_websocket_api: a WebSocket API with the stage
// that serves it, which deploys each change by itself.
var WebSocketAPI = tf.Type[*Clients, webSocketAPI]{
	Name:   "websocket_api",
	Import: []string{"id"},
	ARN:    "apigateway:/apis/{id}",
	Label:  "api_name",
	Changes: map[string][]string{
		"url":            {"stage"},
		"management_url": {"stage"},
	},
	Gone: tf.Gone[*types.NotFoundException]("GetApi", "DeleteApi"),
	Schema: schema.Schema{
		MarkdownDescription: "A WebSocket API: an address to which clients stay connected, whose messages `serverless_route` sends to functions. It comes with a stage that deploys every change by itself.",
		Attributes: withCommon(map[string]schema.Attribute{
			"selection": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString(defaultSelection),
				Validators:          []validator.String{tf.Pattern(`\$(request|context|stageVariables)\.|\$\{`, "write an expression such as $request.body.action")},
				MarkdownDescription: "Which route a message goes to: an expression whose value is a route's key; a message for which there is none goes to `$default`. Default: `$request.body.action`.",
			},
			"api_key_selection": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString(defaultKeySource),
				Validators:          []validator.String{stringvalidator.OneOf(defaultKeySource, "$context.authorizer.usageIdentifierKey")},
				MarkdownDescription: "Where the API key of a request is, for routes that demand one: `$request.header.x-api-key`, or `$context.authorizer.usageIdentifierKey`. Default: the header.",
			},
			"stage": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString("live"),
				Validators: []validator.String{tf.Pattern(`^[A-Za-z0-9_-]{1,128}$`,
					"the stage of a WebSocket API has 1 to 128 letters, digits, hyphens and underscores")},
				MarkdownDescription: "Name of the stage, the last part of the URL. Default: `live`. Changing it changes the URL, and ends all connections.",
			},
			"log_level": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString("OFF"), Validators: []validator.String{stringvalidator.OneOf("OFF", "ERROR", "INFO")},
				MarkdownDescription: "What API Gateway itself logs of messages: `OFF`, `ERROR` or `INFO`. It needs a role that is set once for the account and region. Default: `OFF`.",
			},
			"log_data": schema.BoolAttribute{
				Optional: true, Computed: true, Default: booldefault.StaticBool(false),
				MarkdownDescription: "Whether that log has the messages themselves, too. Default: false.",
			},
			"url":            tf.Computed("URL that clients connect to: `wss://…`."),
			"management_url": tf.Computed("URL of what sends to connections and ends them: the endpoint for clients of `apigatewaymanagementapi`."),
		}, socketFormat),
	},
	Validate: func(_ context.Context, v *tf.Check, m *webSocketAPI) {
		if v.Known("log_level") && m.LogData.ValueBool() && m.LogLevel.ValueString() != "ERROR" && m.LogLevel.ValueString() != "INFO" {
			v.Error(pathOf("log_data"), "Data of no log", `log_data = true needs log_level = "ERROR" or "INFO". Set that too.`)
		}
	},
	Plan: func(_ context.Context, p *tf.Plan[webSocketAPI]) error {
		planName(p, p.Planned.Name)
		var prior *common
		if p.Prior != nil {
			prior = &p.Prior.common
		}
		planLogs(p, &p.Planned.common, prior)
		planDomain(p, &p.Planned.common, prior)
		return nil
	},
	Find: func(ctx context.Context, c *Clients, m *webSocketAPI) (bool, map[string]string, error) {
		return m.find(ctx, c, types.ProtocolTypeWebsocket)
	},
	Create: func(ctx context.Context, c *Clients, m *webSocketAPI) error {
		err := m.makeAPI(ctx, c, &apigatewayv2.CreateApiInput{
			ProtocolType:             types.ProtocolTypeWebsocket,
			RouteSelectionExpression: m.Selection.ValueStringPointer(), ApiKeySelectionExpression: m.KeySelection.ValueStringPointer(),
		})
		if err != nil {
			return err
		}
		return m.makeServed(ctx, c, m.settings())
	},
	Undo:   func(ctx context.Context, c *Clients, m *webSocketAPI) error { return m.undo(ctx, c) },
	Finish: func(ctx context.Context, c *Clients, m *webSocketAPI) error { return m.unmark(ctx, c) },
	Tag: func(ctx context.Context, c *Clients, m *webSocketAPI, set map[string]string, remove []string) error {
		return m.tag(ctx, c, set, remove)
	},
	Read: readWebSocketAPI,
	Update: func(ctx context.Context, c *Clients, prior, m *webSocketAPI) error {
		defer lock(m.ID.ValueString())()
		return settled(ctx, func(ctx context.Context) error {
			in := &apigatewayv2.UpdateApiInput{}
			changed := m.updateAPI(&prior.common, in)
			if !m.Selection.Equal(prior.Selection) {
				in.RouteSelectionExpression, changed = m.Selection.ValueStringPointer(), true
			}
			if !m.KeySelection.Equal(prior.KeySelection) {
				in.ApiKeySelectionExpression, changed = m.KeySelection.ValueStringPointer(), true
			}
			if changed {
				if _, err := c.Gateway.UpdateApi(ctx, in); err != nil {
					return err
				}
			}
			if err := m.updateStage(ctx, c, &prior.common, prior.settings(), m.settings()); err != nil {
				return err
			}
			return rename(ctx, c, apiARN(ctx, m.ID.ValueString()), prior.APIName, m.APIName)
		})
	},
	Delete: func(ctx context.Context, c *Clients, m *webSocketAPI) error { return m.deleteAPI(ctx, c) },
	List: func(ctx context.Context, c *Clients, in *webSocketAPI, found func(*webSocketAPI) error) error {
		return c.list(ctx, types.ProtocolTypeWebsocket, func(a types.Api) error {
			m := *in
			m.listed(ctx, a)
			return found(&m)
		})
	},
	Moves: map[string]map[string]string{"aws_apigatewayv2_api": {"id": "id"}},
}

// A webSocketAPI is the model of serverless_websocket_api.
type webSocketAPI struct {
	common
	Selection     tftypes.String `tfsdk:"selection"`
	KeySelection  tftypes.String `tfsdk:"api_key_selection"`
	LogLevel      tftypes.String `tfsdk:"log_level"`
	LogData       tftypes.Bool   `tfsdk:"log_data"`
	ManagementURL tftypes.String `tfsdk:"management_url"`
}

// settings are those of all routes of the stage.
func (m *webSocketAPI) settings() stageSettings {
	s := m.common.settings()
	if l := types.LoggingLevel(m.LogLevel.ValueString()); level(l) != types.LoggingLevelOff {
		s.all.LoggingLevel = l
	}
	if m.LogData.ValueBool() {
		s.all.DataTraceEnabled = aws.Bool(true)
	}
	return s
}

func readWebSocketAPI(ctx context.Context, c *Clients, m *webSocketAPI) error {
	out, stage, err := m.read(ctx, c, types.ProtocolTypeWebsocket)
	if err != nil {
		return err
	}
	m.Selection = tftypes.StringPointerValue(out.RouteSelectionExpression)
	m.KeySelection = tftypes.StringPointerValue(out.ApiKeySelectionExpression)
	m.ManagementURL = tftypes.StringNull()
	if stage == nil {
		return nil
	}
	m.ManagementURL = tftypes.StringValue("http" + strings.TrimPrefix(m.URL.ValueString(), "ws"))
	s := stage.DefaultRouteSettings
	if s == nil {
		s = &types.RouteSettings{}
	}
	m.LogLevel = tftypes.StringValue(string(level(s.LoggingLevel)))
	m.LogData = tftypes.BoolValue(aws.ToBool(s.DataTraceEnabled))
	return nil
}

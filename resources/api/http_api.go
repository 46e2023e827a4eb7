package api

import (
	"context"
	"fmt"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// HTTPAPI is the type serverless_http_api: an HTTP API with the stage that serves
// it, which deploys each change by itself.
var HTTPAPI = tf.Type[*Clients, httpAPI]{
	Name:   "http_api",
	Import: []string{"id"},
	ARN:    "apigateway:/apis/{id}",
	Label:  "api_name",
	Changes: map[string][]string{
		"url": {"stage"},
	},
	Defaults: []string{"cors"},
	Gone:     tf.Gone[*types.NotFoundException]("GetApi", "DeleteApi"),
	Schema: schema.Schema{
		MarkdownDescription: "An HTTP API: a URL whose requests `serverless_route` sends to functions, servers and services. It comes with a stage that deploys every change by itself.",
		Attributes: withCommon(map[string]schema.Attribute{
			"cors":             corsSchema,
			"openapi":          openAPISchema,
			"fail_on_warnings": failOnWarnings,
			"route_throttles": schema.MapNestedAttribute{
				Optional: true, NestedObject: schema.NestedAttributeObject{Attributes: throttleSchema},
				MarkdownDescription: "Limits of routes of the `openapi` document, by their keys such as `GET /orders/{id}`; a `serverless_route` has its own `throttle`. Default: that of the stage.",
			},
			"stage": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString(defaultStage),
				Validators: []validator.String{tf.Pattern(`^(\$default|[A-Za-z0-9_-]{1,128})$`,
					"a stage is $default, or has 1 to 128 letters, digits, hyphens and underscores")},
				MarkdownDescription: "Name of the stage. `$default` serves the API at the root of its URL, any other below a path of that name. Default: `$default`. Changing it changes the URL.",
			},
			"url": tf.Computed("URL at which the stage answers, without a slash at its end."),
		}, httpFormat),
	},
	Validate: validateHTTPAPI,
	Plan: func(_ context.Context, p *tf.Plan[httpAPI]) error {
		planName(p, p.Planned.Name)
		var prior *common
		if p.Prior != nil {
			prior = &p.Prior.common
		}
		planLogs(p, &p.Planned.common, prior)
		planDomain(p, &p.Planned.common, prior)
		return nil
	},
	Find: func(ctx context.Context, c *Clients, m *httpAPI) (bool, map[string]string, error) {
		return m.find(ctx, c, types.ProtocolTypeHttp)
	},
	Create: createHTTPAPI,
	Undo:   func(ctx context.Context, c *Clients, m *httpAPI) error { return m.undo(ctx, c) },
	Finish: func(ctx context.Context, c *Clients, m *httpAPI) error { return m.unmark(ctx, c) },
	Tag: func(ctx context.Context, c *Clients, m *httpAPI, set map[string]string, remove []string) error {
		return m.tag(ctx, c, set, remove)
	},
	Read: func(ctx context.Context, c *Clients, m *httpAPI) error {
		out, stage, err := m.read(ctx, c, types.ProtocolTypeHttp)
		if err != nil {
			return err
		}
		m.CORS = corsOf(out.CorsConfiguration)
		m.readThrottles(stage)
		if m.Strict.IsNull() { // nobody tells, and nothing was imported yet
			m.Strict = tftypes.BoolValue(true)
		}
		return m.readDocument(ctx, c)
	},
	Update: updateHTTPAPI,
	Delete: func(ctx context.Context, c *Clients, m *httpAPI) error { return m.deleteAPI(ctx, c) },
	List: func(ctx context.Context, c *Clients, in *httpAPI, found func(*httpAPI) error) error {
		return c.list(ctx, types.ProtocolTypeHttp, func(a types.Api) error {
			m := *in
			m.listed(ctx, a)
			m.CORS = corsOf(a.CorsConfiguration)
			return found(&m)
		})
	},
	Moves: map[string]map[string]string{"aws_apigatewayv2_api": {"id": "id"}},
}

// An httpAPI is the model of serverless_http_api.
type httpAPI struct {
	common
	CORS      *cors               `tfsdk:"cors"`
	OpenAPI   tftypes.String      `tfsdk:"openapi"`
	Strict    tftypes.Bool        `tfsdk:"fail_on_warnings"`
	Throttles map[string]throttle `tfsdk:"route_throttles"`
}

// planLogs says whether a log group comes with the API; prior is nil on create.
func planLogs[M any](p *tf.Plan[M], m, prior *common) {
	switch {
	case !p.Known("access_log"):
		p.Set("log_group_name", tftypes.StringUnknown())
	case !m.ownsLogs():
		p.Set("log_group_name", tftypes.StringNull())
	case prior != nil && prior.LogGroup.IsNull():
		p.Set("log_group_name", tftypes.StringUnknown())
	}
}

// settings are those of the stage.
func (m *httpAPI) settings() stageSettings {
	s := m.common.settings()
	for key, t := range m.Throttles {
		if s.some == nil {
			s.some = map[string]types.RouteSettings{}
		}
		s.some[key] = t.settings()
	}
	return s
}

// readThrottles finds the limits of the document's routes; those of other routes are
// their own.
func (m *httpAPI) readThrottles(stage *types.Stage) {
	was := m.Throttles
	m.Throttles = nil
	if stage == nil || m.OpenAPI.IsNull() && was == nil {
		return
	}
	found := map[string]throttle{}
	for key, s := range stage.RouteSettings {
		before := was[key]
		if t := throttleOf(&s, &before); t != nil {
			found[key] = *t
		}
	}
	if len(found) > 0 || was != nil {
		m.Throttles = found
	}
}

func createHTTPAPI(ctx context.Context, c *Clients, m *httpAPI) error {
	if err := m.makeAPI(ctx, c, &apigatewayv2.CreateApiInput{ProtocolType: types.ProtocolTypeHttp, CorsConfiguration: m.CORS.aws()}); err != nil {
		return err
	}
	if err := m.putDocument(ctx, c, tftypes.StringNull()); err != nil {
		return err
	}
	return m.makeServed(ctx, c, m.settings())
}

func updateHTTPAPI(ctx context.Context, c *Clients, prior, m *httpAPI) error {
	defer lock(m.ID.ValueString())()
	return settled(ctx, func(ctx context.Context) error {
		in := &apigatewayv2.UpdateApiInput{}
		changed := m.updateAPI(&prior.common, in)
		if m.CORS != nil && !reflect.DeepEqual(m.CORS, prior.CORS) {
			in.CorsConfiguration, changed = m.CORS.aws(), true
		}
		if changed {
			if _, err := c.Gateway.UpdateApi(ctx, in); err != nil {
				return err
			}
		}
		if m.CORS == nil && prior.CORS != nil {
			if _, err := c.Gateway.DeleteCorsConfiguration(ctx, &apigatewayv2.DeleteCorsConfigurationInput{ApiId: m.ID.ValueStringPointer()}); err != nil {
				return fmt.Errorf("removing the rules for pages of other origins: %w", err)
			}
		}
		if err := m.putDocument(ctx, c, prior.OpenAPI); err != nil {
			return err
		}
		if err := m.updateStage(ctx, c, &prior.common, prior.settings(), m.settings()); err != nil {
			return err
		}
		return rename(ctx, c, apiARN(ctx, m.ID.ValueString()), prior.APIName, m.APIName)
	})
}

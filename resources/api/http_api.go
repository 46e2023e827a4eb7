package api

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
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
	Changes: map[string][]string{
		"url": {"stage"},
	},
	Defaults: []string{"cors"},
	Gone:     tf.Gone[*types.NotFoundException]("GetApi", "DeleteApi"),
	Schema: schema.Schema{
		MarkdownDescription: "An HTTP API: a URL whose requests `serverless_route` sends to functions. It comes with a stage that deploys every change by itself.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{Computed: true, MarkdownDescription: "The API's id: what routes take."},
			"name": schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 128)},
				MarkdownDescription: "What the API is called, 1 to 128 characters. On AWS it is called so with the provider's `name_prefix` before it.",
			},
			"api_name": tf.Computed("The name on AWS: `name_prefix` and `name`."),
			"description": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 1024)},
				MarkdownDescription: "What the API is for, at most 1024 characters.",
			},
			"cors": corsSchema,
			"stage": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString("$default"),
				Validators: []validator.String{tf.Pattern(`^(\$default|[A-Za-z0-9_-]{1,128})$`,
					"a stage is $default, or has 1 to 128 letters, digits, hyphens and underscores")},
				MarkdownDescription: "Name of the stage. `$default` serves the API at the root of its URL, any other below a path of that name. Default: `$default`. Changing it changes the URL.",
			},
			"stage_variables": schema.MapAttribute{
				ElementType: tftypes.StringType, Optional: true,
				MarkdownDescription: "Variables that functions find in each request's `stageVariables`.",
			},
			"tags":          tf.TagsAttribute(),
			"arn":           tf.Computed("ARN of the API."),
			"url":           tf.Computed("URL at which the stage answers, without a slash at its end."),
			"execution_arn": tf.Computed("ARN that permissions to call functions name as their source."),
		},
	},
	Plan:   planHTTPAPI,
	Create: createHTTPAPI,
	Finish: finishHTTPAPI,
	Read:   readHTTPAPI,
	Update: updateHTTPAPI,
	Delete: func(ctx context.Context, c *Clients, m *httpAPI) error {
		defer lock(m.ID.ValueString())()
		return settled(ctx, func(ctx context.Context) error {
			_, err := c.Gateway.DeleteApi(ctx, &apigatewayv2.DeleteApiInput{ApiId: m.ID.ValueStringPointer()})
			return err
		})
	},
}

// An httpAPI is the model of serverless_http_api.
type httpAPI struct {
	tf.Base
	tf.Tagged
	Name           tftypes.String            `tfsdk:"name"`
	APIName        tftypes.String            `tfsdk:"api_name"`
	Description    tftypes.String            `tfsdk:"description"`
	CORS           *cors                     `tfsdk:"cors"`
	Stage          tftypes.String            `tfsdk:"stage"`
	StageVariables map[string]tftypes.String `tfsdk:"stage_variables"`
	ARN            tftypes.String            `tfsdk:"arn"`
	URL            tftypes.String            `tfsdk:"url"`
	ExecutionARN   tftypes.String            `tfsdk:"execution_arn"`
}

// planHTTPAPI makes the name on AWS, which, unlike other names, is not unique and
// can be changed in place.
func planHTTPAPI(_ context.Context, p *tf.Plan[httpAPI]) error {
	prefix, name := p.Provider().NamePrefix, p.Planned.Name
	if prefix.IsUnknown() || name.IsUnknown() {
		p.Set("api_name", tftypes.StringUnknown())
		return nil
	}
	p.Set("api_name", tftypes.StringValue(prefix.ValueString()+name.ValueString()))
	return nil
}

func createHTTPAPI(ctx context.Context, c *Clients, m *httpAPI) error {
	id, err := marked(ctx, c, m)
	if err != nil {
		return err
	}
	if id == "" {
		if id, err = makeAPI(ctx, c, m); err != nil {
			return err
		}
	}
	m.ID = tftypes.StringValue(id)
	return makeStage(ctx, c, m)
}

func finishHTTPAPI(ctx context.Context, c *Clients, m *httpAPI) error {
	arn := apiARN(ctx, m.ID.ValueString())
	_, err := c.Gateway.UntagResource(ctx, &apigatewayv2.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{tf.MarkerKey}})
	return err
}

func makeAPI(ctx context.Context, c *Clients, m *httpAPI) (string, error) {
	tags := maps.Clone(m.All())
	tags[tf.MarkerKey] = marker(ctx, m)
	if owner := tf.Owner(ctx, m.APIName.ValueString()); owner != "" {
		tags[tf.StackKey] = owner
	}
	out, err := c.Gateway.CreateApi(ctx, &apigatewayv2.CreateApiInput{
		Name:              m.APIName.ValueStringPointer(),
		ProtocolType:      types.ProtocolTypeHttp,
		Description:       m.Description.ValueStringPointer(),
		CorsConfiguration: m.CORS.aws(),
		Tags:              tags,
	}, once)
	if err == nil {
		tf.Claim(ctx, aws.ToString(out.ApiId))
		return aws.ToString(out.ApiId), nil
	}
	if tf.Refused(err) {
		return "", err
	}
	ctx, cancel := tf.Afterwards(ctx)
	defer cancel()
	id, again := marked(ctx, c, m)
	if again != nil || id == "" {
		return "", errors.Join(err, again)
	}
	return id, nil
}

// marker is the value of the marker tag: names of APIs are not unique, so it says
// which one it is.
func marker(ctx context.Context, m *httpAPI) string {
	return tf.Marker(ctx) + "/" + m.APIName.ValueString()
}

// marked returns the id of an API that carries this resource's marker: its own,
// cut off while it was made. It is empty if there is none. One of this stack that
// was finished, and that this run has not made or read, is an error.
func marked(ctx context.Context, c *Clients, m *httpAPI) (string, error) {
	apis, err := all(func(token *string) ([]types.Api, *string, error) {
		out, err := c.Gateway.GetApis(ctx, &apigatewayv2.GetApisInput{NextToken: token})
		if err != nil {
			return nil, nil, fmt.Errorf("looking for an API that was left unfinished: %w", err)
		}
		return out.Items, out.NextToken, nil
	})
	if err != nil {
		return "", err
	}
	for _, a := range apis {
		if a.Tags[tf.MarkerKey] == marker(ctx, m) && tf.Claim(ctx, aws.ToString(a.ApiId)) {
			return aws.ToString(a.ApiId), nil
		}
	}
	owner := tf.Owner(ctx, m.APIName.ValueString())
	for _, a := range apis {
		if owner != "" && a.Tags[tf.StackKey] == owner && tf.Claim(ctx, aws.ToString(a.ApiId)) {
			return "", &tf.Problem{
				Summary: "The stack has an API " + m.APIName.ValueString() + " already",
				Detail:  "It was finished by an earlier run whose state was lost. Delete it, " + tf.TakeOver("http_api", aws.ToString(a.ApiId)),
			}
		}
	}
	return "", nil
}

func makeStage(ctx context.Context, c *Clients, m *httpAPI) error {
	_, err := c.Gateway.CreateStage(ctx, &apigatewayv2.CreateStageInput{
		ApiId:          m.ID.ValueStringPointer(),
		StageName:      m.Stage.ValueStringPointer(),
		AutoDeploy:     aws.Bool(true),
		StageVariables: stageVariables(m),
		Tags:           m.All(),
	})
	if tf.Is[*types.ConflictException](err) { // made by a run that was cut off
		_, err = c.Gateway.UpdateStage(ctx, &apigatewayv2.UpdateStageInput{
			ApiId: m.ID.ValueStringPointer(), StageName: m.Stage.ValueStringPointer(),
			AutoDeploy: aws.Bool(true), StageVariables: stageVariables(m),
		})
	}
	if err != nil {
		return fmt.Errorf("creating the stage %s: %w", m.Stage.ValueString(), err)
	}
	return nil
}

func stageVariables(m *httpAPI) map[string]string {
	all := map[string]string{}
	for k, v := range m.StageVariables {
		all[k] = v.ValueString()
	}
	return all
}

func updateHTTPAPI(ctx context.Context, c *Clients, prior, m *httpAPI) error {
	defer lock(m.ID.ValueString())()
	return settled(ctx, func(ctx context.Context) error {
		if !m.APIName.Equal(prior.APIName) || !m.Description.Equal(prior.Description) || !reflect.DeepEqual(m.CORS, prior.CORS) && m.CORS != nil {
			_, err := c.Gateway.UpdateApi(ctx, &apigatewayv2.UpdateApiInput{
				ApiId: m.ID.ValueStringPointer(), Name: m.APIName.ValueStringPointer(),
				Description: aws.String(m.Description.ValueString()), CorsConfiguration: m.CORS.aws(),
			})
			if err != nil {
				return err
			}
		}
		if m.CORS == nil && prior.CORS != nil {
			if _, err := c.Gateway.DeleteCorsConfiguration(ctx, &apigatewayv2.DeleteCorsConfigurationInput{ApiId: m.ID.ValueStringPointer()}); err != nil {
				return err
			}
		}
		if err := updateStage(ctx, c, prior, m); err != nil {
			return err
		}
		return updateTags(ctx, c, prior, m)
	})
}

// updateStage makes the new stage before it removes the old one, so that the API
// answers at one of both at any time.
func updateStage(ctx context.Context, c *Clients, prior, m *httpAPI) error {
	if !m.Stage.Equal(prior.Stage) {
		if err := makeStage(ctx, c, m); err != nil {
			return err
		}
		if prior.Stage.ValueString() == "" {
			return nil
		}
		_, err := c.Gateway.DeleteStage(ctx, &apigatewayv2.DeleteStageInput{ApiId: m.ID.ValueStringPointer(), StageName: prior.Stage.ValueStringPointer()})
		if tf.Is[*types.NotFoundException](err) {
			return nil
		}
		return err
	}
	is, was := stageVariables(m), stageVariables(prior)
	if maps.Equal(is, was) {
		return nil
	}
	for k := range was { // AWS merges; an empty value removes
		if _, ok := is[k]; !ok {
			is[k] = ""
		}
	}
	_, err := c.Gateway.UpdateStage(ctx, &apigatewayv2.UpdateStageInput{
		ApiId: m.ID.ValueStringPointer(), StageName: m.Stage.ValueStringPointer(), StageVariables: is,
	})
	return err
}

func updateTags(ctx context.Context, c *Clients, prior, m *httpAPI) error {
	set, remove := m.Changed(&prior.Tagged)
	id := m.ID.ValueString()
	if owner := tf.Owner(ctx, m.APIName.ValueString()); owner != tf.Owner(ctx, prior.APIName.ValueString()) {
		arn := apiARN(ctx, id)
		if _, err := c.Gateway.TagResource(ctx, &apigatewayv2.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{tf.StackKey: owner}}); err != nil {
			return err
		}
	}
	for _, arn := range []string{apiARN(ctx, id), apiARN(ctx, id) + "/stages/" + m.Stage.ValueString()} {
		if len(remove) > 0 {
			if _, err := c.Gateway.UntagResource(ctx, &apigatewayv2.UntagResourceInput{ResourceArn: &arn, TagKeys: remove}); err != nil {
				return err
			}
		}
		if len(set) > 0 {
			if _, err := c.Gateway.TagResource(ctx, &apigatewayv2.TagResourceInput{ResourceArn: &arn, Tags: set}); err != nil {
				return err
			}
		}
	}
	return nil
}

func readHTTPAPI(ctx context.Context, c *Clients, m *httpAPI) error {
	out, err := c.Gateway.GetApi(ctx, &apigatewayv2.GetApiInput{ApiId: m.ID.ValueStringPointer()})
	if err != nil {
		return err
	}
	if out.ProtocolType != types.ProtocolTypeHttp {
		return &tf.Problem{
			Summary: "Not an HTTP API",
			Detail:  fmt.Sprintf("The API %s is a %s API, which this type does not manage.", m.ID.ValueString(), out.ProtocolType),
		}
	}
	tf.Claim(ctx, m.ID.ValueString())
	scope := tf.ScopeOf(ctx)
	m.APIName = tftypes.StringPointerValue(out.Name)
	if m.Name.IsNull() || tf.Prefix(ctx)+m.Name.ValueString() != m.APIName.ValueString() {
		m.Name = tftypes.StringValue(strings.TrimPrefix(m.APIName.ValueString(), tf.Prefix(ctx)))
	}
	m.Description = tf.NonEmpty(out.Description)
	m.CORS = corsOf(out.CorsConfiguration)
	m.ARN = tftypes.StringValue(apiARN(ctx, m.ID.ValueString()))
	m.ExecutionARN = tftypes.StringValue(scope.ARN("execute-api", m.ID.ValueString()))
	tf.SetTags(ctx, &m.Tagged, out.Tags)
	return readStage(ctx, c, m, aws.ToString(out.ApiEndpoint))
}

// readStage finds the stage; on import it is the API's $default stage, or its
// only one. A stage that is not there is null, which a plan shows.
func readStage(ctx context.Context, c *Clients, m *httpAPI, endpoint string) error {
	stages, err := all(func(token *string) ([]types.Stage, *string, error) {
		out, err := c.Gateway.GetStages(ctx, &apigatewayv2.GetStagesInput{ApiId: m.ID.ValueStringPointer(), NextToken: token})
		if err != nil {
			return nil, nil, fmt.Errorf("reading the stages: %w", err)
		}
		return out.Items, out.NextToken, nil
	})
	if err != nil {
		return err
	}
	want := m.Stage.ValueString()
	if want == "" && len(stages) == 1 {
		want = aws.ToString(stages[0].StageName)
	}
	m.Stage, m.URL = tftypes.StringNull(), tftypes.StringNull()
	for _, s := range stages {
		name := aws.ToString(s.StageName)
		if name != want && (want != "" || name != "$default") {
			continue
		}
		m.Stage = tftypes.StringValue(name)
		m.URL = tftypes.StringValue(endpoint)
		if name != "$default" {
			m.URL = tftypes.StringValue(endpoint + "/" + name)
		}
		if len(s.StageVariables) > 0 || m.StageVariables != nil {
			m.StageVariables = map[string]tftypes.String{}
			for k, v := range s.StageVariables {
				m.StageVariables[k] = tftypes.StringValue(v)
			}
		}
	}
	return nil
}

func apiARN(ctx context.Context, id string) string {
	scope := tf.ScopeOf(ctx)
	return fmt.Sprintf("arn:%s:apigateway:%s::/apis/%s", scope.Partition, scope.Region, id)
}

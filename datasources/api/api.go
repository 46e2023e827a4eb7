// Package api has the data sources of HTTP and WebSocket APIs, and the one that
// sends them a request. It must not know how the provider is configured.
package api

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	basetypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
	"github.com/tfserverless/terraform-provider-serverless/resources/api"
)

// Sources lists the family's data sources, alphabetically.
var Sources = []tf.SourceEntry[*api.Clients]{
	API,
	APIs,
	Request,
}

type apiModel struct {
	tf.SourceBase
	ID           basetypes.String            `tfsdk:"id"`
	Name         basetypes.String            `tfsdk:"api_name"`
	Protocol     basetypes.String            `tfsdk:"protocol"`
	Description  basetypes.String            `tfsdk:"description"`
	Version      basetypes.String            `tfsdk:"version"`
	Endpoint     basetypes.String            `tfsdk:"endpoint"`
	Selection    basetypes.String            `tfsdk:"selection"`
	Closed       basetypes.Bool              `tfsdk:"disable_default_endpoint"`
	ARN          basetypes.String            `tfsdk:"arn"`
	ExecutionARN basetypes.String            `tfsdk:"execution_arn"`
	Tags         map[string]basetypes.String `tfsdk:"tags"`
}

// API is the data source serverless_api: an API of either kind, whoever made it.
var API = tf.Source[*api.Clients, apiModel]{
	Name: "api",
	Schema: schema.Schema{
		MarkdownDescription: "Finds an HTTP or WebSocket API by its id or its name, whoever made it.",
		Attributes: map[string]schema.Attribute{
			"id":                       schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "The API's id. Give it or `api_name`."},
			"api_name":                 schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "The name on AWS; it must be that of one API only."},
			"protocol":                 schema.StringAttribute{Computed: true, MarkdownDescription: "`HTTP` or `WEBSOCKET`."},
			"description":              schema.StringAttribute{Computed: true, MarkdownDescription: "What the API is for."},
			"version":                  schema.StringAttribute{Computed: true, MarkdownDescription: "Version of the API."},
			"endpoint":                 schema.StringAttribute{Computed: true, MarkdownDescription: "URL of the API, without a stage."},
			"selection":                schema.StringAttribute{Computed: true, MarkdownDescription: "Expression that chooses the route of a request."},
			"disable_default_endpoint": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether it answers at its custom domains only."},
			"arn":                      schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the API."},
			"execution_arn":            schema.StringAttribute{Computed: true, MarkdownDescription: "ARN that permissions to call functions name as their source."},
			"tags":                     schema.MapAttribute{ElementType: basetypes.StringType, Computed: true, MarkdownDescription: "Its tags."},
		},
	},
	Validate: func(_ context.Context, v *tf.Check, m *apiModel) {
		if v.Decided("id") && v.Decided("api_name") && m.ID.IsNull() == m.Name.IsNull() {
			v.Error(path.Root("id"), "Which API?", "Give exactly one of id and api_name.")
		}
	},
	Read: readAPI,
}

func readAPI(ctx context.Context, c *api.Clients, m *apiModel) error {
	var found []types.Api
	err := tf.Seek(ctx, func(ctx context.Context) (bool, error) {
		all, err := c.AllAPIs(ctx)
		for _, a := range all {
			if m.ID.IsNull() && aws.ToString(a.Name) == m.Name.ValueString() || !m.ID.IsNull() && aws.ToString(a.ApiId) == m.ID.ValueString() {
				found = append(found, a)
			}
		}
		return len(found) > 0, err
	})
	if err != nil {
		return err
	}
	switch sought := m.ID.ValueString() + m.Name.ValueString(); len(found) {
	case 0:
		return &tf.Problem{Summary: "There is no API " + sought, Detail: "None of the region " + m.Region.ValueString() + " is called so. Correct the id, the name or the region, or create it first."}
	case 1:
	default:
		var ids []string
		for _, a := range found {
			ids = append(ids, aws.ToString(a.ApiId))
		}
		return &tf.Problem{Summary: fmt.Sprintf("There are %d APIs %s", len(found), sought), Detail: "Names of APIs are not unique. Give the id of the one that is meant: " + strings.Join(ids, ", ") + "."}
	}
	a, scope := found[0], tf.ScopeOf(ctx)
	m.ID, m.Name, m.Protocol = basetypes.StringPointerValue(a.ApiId), basetypes.StringPointerValue(a.Name), basetypes.StringValue(string(a.ProtocolType))
	m.Description, m.Version = tf.NonEmpty(a.Description), tf.NonEmpty(a.Version)
	m.Endpoint, m.Selection = basetypes.StringPointerValue(a.ApiEndpoint), basetypes.StringPointerValue(a.RouteSelectionExpression)
	m.Closed = basetypes.BoolValue(aws.ToBool(a.DisableExecuteApiEndpoint))
	m.ARN = basetypes.StringValue(fmt.Sprintf("arn:%s:apigateway:%s::/apis/%s", scope.Partition, scope.Region, m.ID.ValueString()))
	m.ExecutionARN = basetypes.StringValue(scope.ARN("execute-api", m.ID.ValueString()))
	m.Tags = map[string]basetypes.String{}
	for k, v := range a.Tags {
		m.Tags[k] = basetypes.StringValue(v)
	}
	return nil
}

type apisModel struct {
	tf.SourceBase
	Prefix   basetypes.String            `tfsdk:"name_prefix"`
	Protocol basetypes.String            `tfsdk:"protocol"`
	Tags     map[string]basetypes.String `tfsdk:"tags"`
	IDs      []basetypes.String          `tfsdk:"ids"`
	Names    map[string]basetypes.String `tfsdk:"names"`
}

// APIs is the data source serverless_apis: the APIs of a region.
var APIs = tf.Source[*api.Clients, apisModel]{
	Name: "apis",
	Schema: schema.Schema{
		MarkdownDescription: "Lists the HTTP and WebSocket APIs of a region, whoever made them.",
		Attributes: map[string]schema.Attribute{
			"name_prefix": schema.StringAttribute{Optional: true, MarkdownDescription: "Only those whose name on AWS begins so. Default: all."},
			"protocol":    schema.StringAttribute{Optional: true, Validators: []validator.String{stringvalidator.OneOf("HTTP", "WEBSOCKET")}, MarkdownDescription: "Only those of this kind: `HTTP` or `WEBSOCKET`. Default: both."},
			"tags":        schema.MapAttribute{ElementType: basetypes.StringType, Optional: true, MarkdownDescription: "Only those that have all of these tags. Default: all."},
			"ids":         schema.ListAttribute{ElementType: basetypes.StringType, Computed: true, MarkdownDescription: "The id of each, in AWS's order."},
			"names":       schema.MapAttribute{ElementType: basetypes.StringType, Computed: true, MarkdownDescription: "The name of each, by id."},
		},
	},
	Read: func(ctx context.Context, c *api.Clients, m *apisModel) error {
		all, err := c.AllAPIs(ctx)
		if err != nil {
			return err
		}
		m.IDs, m.Names = []basetypes.String{}, map[string]basetypes.String{}
		for _, a := range all {
			if !strings.HasPrefix(aws.ToString(a.Name), m.Prefix.ValueString()) || !m.Protocol.IsNull() && string(a.ProtocolType) != m.Protocol.ValueString() || !tagged(a.Tags, m.Tags) {
				continue
			}
			m.IDs = append(m.IDs, basetypes.StringPointerValue(a.ApiId))
			m.Names[aws.ToString(a.ApiId)] = basetypes.StringPointerValue(a.Name)
		}
		return nil
	},
}

func tagged(all map[string]string, want map[string]basetypes.String) bool {
	for k, v := range want {
		if is, ok := all[k]; !ok || is != v.ValueString() {
			return false
		}
	}
	return true
}

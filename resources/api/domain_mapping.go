package api

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// DomainMapping is the type serverless_domain_mapping: which API answers at a domain.
var DomainMapping = tf.Type[*Clients, domainMapping]{
	Name:    "domain_mapping",
	Import:  []string{"domain", "id"},
	ARN:     "apigateway:/domainnames/{domain}/apimappings/{id}",
	Within:  []string{"domain"},
	Replace: []string{"domain", "api"},
	Gone:    tf.Gone[*types.NotFoundException]("GetApiMapping", "DeleteApiMapping"),
	Schema: schema.Schema{
		MarkdownDescription: "Which API answers at a `serverless_domain`, or below a path there.",
		Attributes: map[string]schema.Attribute{
			"id":     tf.Computed("The mapping's id."),
			"domain": domainAttribute("mapping"),
			"api":    schema.StringAttribute{Required: true, MarkdownDescription: "Id of the API that answers. Changing it replaces the mapping."},
			"stage":  schema.StringAttribute{Required: true, MarkdownDescription: "Name of the API's stage that answers."},
			"path": schema.StringAttribute{
				Optional: true, Validators: mappingPaths,
				MarkdownDescription: "The path below which it answers, without slashes at its ends, such as `v1`. Default: the whole domain.",
			},
		},
	},
	Find:   findMapping,
	Create: createMapping,
	Read:   readMapping,
	Update: func(ctx context.Context, c *Clients, _, m *domainMapping) error { return changeMapping(ctx, c, m) },
	Delete: deleteMapping,
	List: func(ctx context.Context, c *Clients, in *domainMapping, found func(*domainMapping) error) error {
		list, err := c.mappings(ctx, in.Domain.ValueString())
		return each(in, list, err, func(m *domainMapping, p types.ApiMapping) {
			m.ID = tftypes.StringPointerValue(p.ApiMappingId)
		}, found)
	},
	Moves: map[string]map[string]string{"aws_apigatewayv2_api_mapping": {"domain": "domain_name", "id": "id"}},
}

// domainAttribute is the domain of a mapping or a rule.
func domainAttribute(of string) schema.Attribute {
	return schema.StringAttribute{Required: true, MarkdownDescription: "Name of the domain: the `domain_name` of a `serverless_domain`. Changing it replaces the " + of + "."}
}

var mappingPaths = []validator.String{tf.Pattern(`^[^/].{0,298}[^/]$|^[^/]$`, "write 1 to 300 characters without a slash at either end, such as v1/orders")}

// A domainMapping is the model of serverless_domain_mapping.
type domainMapping struct {
	tf.Base
	Domain tftypes.String `tfsdk:"domain"`
	API    tftypes.String `tfsdk:"api"`
	Stage  tftypes.String `tfsdk:"stage"`
	Path   tftypes.String `tfsdk:"path"`
}

// mappings lists those of a domain.
func (c *Clients) mappings(ctx context.Context, domain string) ([]types.ApiMapping, error) {
	return tf.Shared(ctx, "mappings of the domain "+domain, func() ([]types.ApiMapping, error) {
		return all(func(token *string) ([]types.ApiMapping, *string, error) {
			out, err := c.Gateway.GetApiMappings(ctx, &apigatewayv2.GetApiMappingsInput{DomainName: &domain, NextToken: token})
			if err != nil {
				return nil, nil, fmt.Errorf("listing the mappings of %s: %w", domain, err)
			}
			return out.Items, out.NextToken, nil
		})
	})
}

func readMapping(ctx context.Context, c *Clients, m *domainMapping) error {
	domain := m.Domain.ValueString()
	known, err := glimpse(ctx, m, func() ([]types.ApiMapping, error) { return c.mappings(ctx, domain) },
		func(p types.ApiMapping) bool { return aws.ToString(p.ApiMappingId) == m.ID.ValueString() }, m.fill)
	if known || err != nil {
		return err
	}
	out, err := c.Gateway.GetApiMapping(ctx, &apigatewayv2.GetApiMappingInput{DomainName: &domain, ApiMappingId: m.ID.ValueStringPointer()})
	if err != nil {
		return err
	}
	return m.fill(types.ApiMapping{ApiId: out.ApiId, Stage: out.Stage, ApiMappingKey: out.ApiMappingKey})
}

// fill makes the model that of a mapping.
func (m *domainMapping) fill(p types.ApiMapping) error {
	m.API, m.Stage, m.Path = tftypes.StringPointerValue(p.ApiId), tf.NonEmpty(p.Stage), tf.NonEmpty(p.ApiMappingKey)
	return nil
}

// findMapping finds the mapping of the model's path: a domain has one of a path.
func findMapping(ctx context.Context, c *Clients, m *domainMapping) (bool, map[string]string, error) {
	list, err := c.mappings(ctx, m.Domain.ValueString())
	if err != nil {
		return false, nil, err
	}
	for _, p := range list {
		if aws.ToString(p.ApiMappingKey) == m.Path.ValueString() {
			m.ID = tftypes.StringPointerValue(p.ApiMappingId)
			return true, nil, nil
		}
	}
	return false, nil, nil
}

func createMapping(ctx context.Context, c *Clients, m *domainMapping) error {
	defer lock("domain " + m.Domain.ValueString())()
	return unanswered(settled(ctx, func(ctx context.Context) error {
		out, err := c.Gateway.CreateApiMapping(ctx, &apigatewayv2.CreateApiMappingInput{
			DomainName: m.Domain.ValueStringPointer(), ApiId: m.API.ValueStringPointer(), Stage: m.Stage.ValueStringPointer(), ApiMappingKey: m.Path.ValueStringPointer(),
		}, once)
		if err == nil {
			m.ID = tftypes.StringPointerValue(out.ApiMappingId)
		}
		return err
	}))
}

func changeMapping(ctx context.Context, c *Clients, m *domainMapping) error {
	return settled(ctx, func(ctx context.Context) error {
		_, err := c.Gateway.UpdateApiMapping(ctx, &apigatewayv2.UpdateApiMappingInput{
			DomainName: m.Domain.ValueStringPointer(), ApiMappingId: m.ID.ValueStringPointer(), ApiId: m.API.ValueStringPointer(),
			Stage: m.Stage.ValueStringPointer(), ApiMappingKey: aws.String(m.Path.ValueString()),
		})
		return err
	})
}

func deleteMapping(ctx context.Context, c *Clients, m *domainMapping) error {
	return settled(ctx, func(ctx context.Context) error {
		_, err := c.Gateway.DeleteApiMapping(ctx, &apigatewayv2.DeleteApiMappingInput{DomainName: m.Domain.ValueStringPointer(), ApiMappingId: m.ID.ValueStringPointer()})
		return err
	})
}

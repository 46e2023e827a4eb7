package api

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// RoutingRule is the type serverless_routing_rule: which REST API answers which
// requests at a domain.
var RoutingRule = tf.Type[*Clients, routingRule]{
	Name:    "routing_rule",
	Import:  []string{"domain", "id"},
	ARN:     "apigateway:/domainnames/{domain}/routingrules/{id}",
	Within:  []string{"domain"},
	Replace: []string{"domain"},
	Gone:    tf.Gone[*types.NotFoundException]("GetRoutingRule", "DeleteRoutingRule"),
	Schema: schema.Schema{
		MarkdownDescription: "Which API answers requests at a `serverless_domain` whose path or headers match; the domain's `routing_mode` must allow rules. AWS allows REST APIs only.",
		Attributes: map[string]schema.Attribute{
			"id":     tf.Computed("The rule's id."),
			"domain": domainAttribute("rule"),
			"priority": schema.Int64Attribute{
				Required: true, Validators: []validator.Int64{int64validator.Between(1, 1000000)},
				MarkdownDescription: "Which rule counts first: the smallest number, 1 to 1000000. A domain has one rule of a priority.",
			},
			"base_paths": schema.ListAttribute{
				ElementType: tftypes.StringType, Optional: true, Validators: []validator.List{listvalidator.SizeBetween(1, 10)},
				MarkdownDescription: "First parts of the path, of which one must match. Default: any path.",
			},
			"headers": schema.ListNestedAttribute{
				Optional: true, Validators: []validator.List{listvalidator.SizeBetween(1, 10)},
				MarkdownDescription: "Headers, of which one must match. Default: any headers.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"name":  schema.StringAttribute{Required: true, MarkdownDescription: "Name of the header."},
					"value": schema.StringAttribute{Required: true, MarkdownDescription: "Its value; `*` at either end stands for anything."},
				}},
			},
			"api":             schema.StringAttribute{Required: true, MarkdownDescription: "Id of the REST API that answers."},
			"stage":           schema.StringAttribute{Required: true, MarkdownDescription: "Name of its stage."},
			"strip_base_path": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: "Whether the API gets the path without its first part. Default: false."},
			"arn":             tf.Computed("ARN of the rule."),
		},
	},
	Find:   findRule,
	Create: createRule,
	Read:   readRule,
	Update: func(ctx context.Context, c *Clients, _, m *routingRule) error {
		_, err := c.Gateway.PutRoutingRule(ctx, &apigatewayv2.PutRoutingRuleInput{
			DomainName: m.Domain.ValueStringPointer(), RoutingRuleId: m.ID.ValueStringPointer(),
			Priority: millis(m.Priority), Conditions: m.conditions(), Actions: m.actions(),
		})
		return err
	},
	Delete: func(ctx context.Context, c *Clients, m *routingRule) error {
		_, err := c.Gateway.DeleteRoutingRule(ctx, &apigatewayv2.DeleteRoutingRuleInput{DomainName: m.Domain.ValueStringPointer(), RoutingRuleId: m.ID.ValueStringPointer()})
		return err
	},
	List: func(ctx context.Context, c *Clients, in *routingRule, found func(*routingRule) error) error {
		list, err := c.rules(ctx, in.Domain.ValueString())
		return each(in, list, err, func(m *routingRule, r types.RoutingRule) {
			m.ID = tftypes.StringPointerValue(r.RoutingRuleId)
		}, found)
	},
	Moves: map[string]map[string]string{"aws_apigatewayv2_routing_rule": {"domain": "domain_name", "id": "routing_rule_id"}},
}

type (
	// A routingRule is the model of serverless_routing_rule.
	routingRule struct {
		tf.Base
		Domain   tftypes.String   `tfsdk:"domain"`
		Priority tftypes.Int64    `tfsdk:"priority"`
		Paths    []tftypes.String `tfsdk:"base_paths"`
		Headers  []ruleHeader     `tfsdk:"headers"`
		API      tftypes.String   `tfsdk:"api"`
		Stage    tftypes.String   `tfsdk:"stage"`
		Strip    tftypes.Bool     `tfsdk:"strip_base_path"`
		ARN      tftypes.String   `tfsdk:"arn"`
	}
	ruleHeader struct {
		Name  tftypes.String `tfsdk:"name"`
		Value tftypes.String `tfsdk:"value"`
	}
)

func (m *routingRule) conditions() []types.RoutingRuleCondition {
	all := []types.RoutingRuleCondition{}
	if len(m.Paths) > 0 {
		all = append(all, types.RoutingRuleCondition{MatchBasePaths: &types.RoutingRuleMatchBasePaths{AnyOf: tf.Texts(m.Paths)}})
	}
	if len(m.Headers) > 0 {
		match := &types.RoutingRuleMatchHeaders{}
		for _, h := range m.Headers {
			match.AnyOf = append(match.AnyOf, types.RoutingRuleMatchHeaderValue{Header: h.Name.ValueStringPointer(), ValueGlob: h.Value.ValueStringPointer()})
		}
		all = append(all, types.RoutingRuleCondition{MatchHeaders: match})
	}
	return all
}

func (m *routingRule) actions() []types.RoutingRuleAction {
	return []types.RoutingRuleAction{{InvokeApi: &types.RoutingRuleActionInvokeApi{
		ApiId: m.API.ValueStringPointer(), Stage: m.Stage.ValueStringPointer(), StripBasePath: m.Strip.ValueBoolPointer(),
	}}}
}

// rules lists those of a domain.
func (c *Clients) rules(ctx context.Context, domain string) ([]types.RoutingRule, error) {
	return tf.Shared(ctx, "rules of the domain "+domain, func() ([]types.RoutingRule, error) {
		return all(func(token *string) ([]types.RoutingRule, *string, error) {
			out, err := c.Gateway.ListRoutingRules(ctx, &apigatewayv2.ListRoutingRulesInput{DomainName: &domain, NextToken: token})
			if err != nil {
				return nil, nil, fmt.Errorf("listing the rules of %s: %w", domain, err)
			}
			return out.RoutingRules, out.NextToken, nil
		})
	})
}

// findRule finds the rule of the model's priority: a domain has one of a priority.
func findRule(ctx context.Context, c *Clients, m *routingRule) (bool, map[string]string, error) {
	list, err := c.rules(ctx, m.Domain.ValueString())
	if err != nil {
		return false, nil, err
	}
	for _, r := range list {
		if int64(aws.ToInt32(r.Priority)) == m.Priority.ValueInt64() {
			m.ID = tftypes.StringPointerValue(r.RoutingRuleId)
			return true, nil, nil
		}
	}
	return false, nil, nil
}

func createRule(ctx context.Context, c *Clients, m *routingRule) error {
	defer lock("domain " + m.Domain.ValueString())()
	out, err := c.Gateway.CreateRoutingRule(ctx, &apigatewayv2.CreateRoutingRuleInput{
		DomainName: m.Domain.ValueStringPointer(), Priority: millis(m.Priority), Conditions: m.conditions(), Actions: m.actions(),
	}, once)
	if err != nil {
		return unanswered(err)
	}
	m.ID = tftypes.StringPointerValue(out.RoutingRuleId)
	return nil
}

func readRule(ctx context.Context, c *Clients, m *routingRule) error {
	domain := m.Domain.ValueString()
	known, err := glimpse(ctx, m, func() ([]types.RoutingRule, error) { return c.rules(ctx, domain) },
		func(r types.RoutingRule) bool { return aws.ToString(r.RoutingRuleId) == m.ID.ValueString() }, m.fill)
	if known || err != nil {
		return err
	}
	out, err := c.Gateway.GetRoutingRule(ctx, &apigatewayv2.GetRoutingRuleInput{DomainName: &domain, RoutingRuleId: m.ID.ValueStringPointer()})
	if err != nil {
		return err
	}
	var r types.RoutingRule
	tf.CopyGiven(&r, out)
	return m.fill(r)
}

// fill makes the model that of a rule.
func (m *routingRule) fill(out types.RoutingRule) error {
	m.ARN, m.Priority = tftypes.StringPointerValue(out.RoutingRuleArn), tftypes.Int64Value(int64(aws.ToInt32(out.Priority)))
	m.Paths, m.Headers = nil, nil
	for _, cond := range out.Conditions {
		if cond.MatchBasePaths != nil {
			m.Paths = tf.Strings(cond.MatchBasePaths.AnyOf)
		}
		if cond.MatchHeaders != nil {
			for _, h := range cond.MatchHeaders.AnyOf {
				m.Headers = append(m.Headers, ruleHeader{Name: tftypes.StringPointerValue(h.Header), Value: tftypes.StringPointerValue(h.ValueGlob)})
			}
		}
	}
	m.API, m.Stage, m.Strip = tftypes.StringNull(), tftypes.StringNull(), tftypes.BoolValue(false)
	for _, a := range out.Actions {
		if i := a.InvokeApi; i != nil {
			m.API, m.Stage, m.Strip = tf.NonEmpty(i.ApiId), tf.NonEmpty(i.Stage), tftypes.BoolValue(aws.ToBool(i.StripBasePath))
		}
	}
	return nil
}

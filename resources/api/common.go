package api

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
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

// A common is what the models of HTTP and WebSocket APIs have in common: an API
// with the stage that serves it.
type common struct {
	tf.Base
	tf.Tagged
	Name           tftypes.String            `tfsdk:"name"`
	APIName        tftypes.String            `tfsdk:"api_name"`
	Description    tftypes.String            `tfsdk:"description"`
	Version        tftypes.String            `tfsdk:"version"`
	Stage          tftypes.String            `tfsdk:"stage"`
	StageVariables map[string]tftypes.String `tfsdk:"stage_variables"`
	AccessLog      *accessLog                `tfsdk:"access_log"`
	Throttle       *throttle                 `tfsdk:"throttle"`
	Metrics        tftypes.Bool              `tfsdk:"metrics"`
	Closed         tftypes.Bool              `tfsdk:"disable_default_endpoint"`
	IPAddress      tftypes.String            `tfsdk:"ip_address_type"`
	ARN            tftypes.String            `tfsdk:"arn"`
	URL            tftypes.String            `tfsdk:"url"`
	ExecutionARN   tftypes.String            `tfsdk:"execution_arn"`
	LogGroup       tftypes.String            `tfsdk:"log_group_name"`
	Domain         *ownDomain                `tfsdk:"domain"`
	DomainURL      tftypes.String            `tfsdk:"domain_url"`
	TargetDomain   tftypes.String            `tfsdk:"target_domain"`
	HostedZoneID   tftypes.String            `tfsdk:"hosted_zone_id"`
	MappingID      tftypes.String            `tfsdk:"domain_mapping_id"`
}

// ipv4 is the type of addresses that AWS gives unless told otherwise.
const ipv4 = "ipv4"

// withCommon adds the attributes of both kinds of APIs to those of one.
func withCommon(own map[string]schema.Attribute, format string) map[string]schema.Attribute {
	all := map[string]schema.Attribute{
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
		"version": schema.StringAttribute{
			Optional: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 64)},
			MarkdownDescription: "Version of the API for those who read about it, at most 64 characters.",
		},
		"stage_variables": schema.MapAttribute{
			ElementType: tftypes.StringType, Optional: true,
			MarkdownDescription: "Variables that functions find in each request's `stageVariables`.",
		},
		"access_log": accessLogSchema(format),
		"throttle": schema.SingleNestedAttribute{
			Optional: true, Attributes: throttleSchema,
			MarkdownDescription: "Limit of each route that has none of its own. Default: that of the account.",
		},
		"metrics": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "Whether CloudWatch has metrics of each route, which cost extra, beside those of the whole API. Default: false.",
		},
		"ip_address_type": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString(ipv4), Validators: []validator.String{stringvalidator.OneOf(ipv4, "dualstack")},
			MarkdownDescription: "What the API's own endpoint is reached over: `ipv4`, or `dualstack` for IPv6 too. Default: `ipv4`.",
		},
		"disable_default_endpoint": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "Whether the API answers at its custom domains only. Default: false.",
		},
		"tags":           tf.TagsAttribute(),
		"arn":            tf.Computed("ARN of the API."),
		"execution_arn":  tf.Computed("ARN that permissions to call functions name as their source."),
		"log_group_name": tf.Computed("Name of the log group that came with `access_log`; null for another one or none."),
		"domain":         ownDomainSchema,
		"domain_url":     tf.Computed("URL at which the API answers at its `domain`, with the mapping and without a slash at its end; null without one."),
		"target_domain":  tf.Computed("Name that the alias record of `domain` leads to; null without one."),
		"hosted_zone_id": tf.Computed("Zone of `target_domain`, which the alias record names, too; null without a domain."),

		"domain_mapping_id": tf.Computed("Id of the mapping that leads from `domain` to the API's stage; null without one."),
	}
	maps.Copy(all, own)
	return all
}

// planName makes the name on AWS, which, unlike other names, is not unique and can
// be changed in place.
func planName[M any](p *tf.Plan[M], name tftypes.String) {
	prefix := p.Provider().NamePrefix
	if prefix.IsUnknown() || name.IsUnknown() {
		p.Set("api_name", tftypes.StringUnknown())
		return
	}
	p.Set("api_name", tftypes.StringValue(prefix.ValueString()+name.ValueString()))
}

// makeAPI makes the API.
func (m *common) makeAPI(ctx context.Context, c *Clients, in *apigatewayv2.CreateApiInput) error {
	in.Name, in.Description, in.Version = m.APIName.ValueStringPointer(), m.Description.ValueStringPointer(), m.Version.ValueStringPointer()
	if m.Closed.ValueBool() {
		in.DisableExecuteApiEndpoint = aws.Bool(true)
	}
	in.IpAddressType = types.IpAddressType(m.IPAddress.ValueString())
	in.Tags = marked(ctx, &m.Tagged, m.APIName)
	out, err := c.Gateway.CreateApi(ctx, in, once)
	if err != nil {
		return err
	}
	m.ID = tftypes.StringPointerValue(out.ApiId)
	tf.Claim(ctx, m.ID.ValueString())
	c.Siblings.is(m.ID.ValueString(), in.ProtocolType)
	c.Siblings.stands(tf.ScopeOf(ctx).Region, m.ID.ValueString(), true)
	return nil
}

// marked are the tags of a new object whose name is not unique.
func marked(ctx context.Context, t *tf.Tagged, name tftypes.String) map[string]string {
	tags := t.Marked(ctx)
	if owner := tf.Owner(ctx, name.ValueString()); owner != "" {
		tags[tf.StackKey] = owner
	}
	return tags
}

// mine takes, of the objects of a name that many may have, the one that this
// configuration left unfinished, or else the one that it finished without recording
// it; nil for none.
func mine[T any](ctx context.Context, all []T, name string, of func(T) (id, name string, tags map[string]string)) *T {
	owner := tf.Owner(ctx, name)
	for _, unfinished := range []bool{true, false} {
		for i := range all {
			id, called, tags := of(all[i])
			if called != name || unfinished != (tf.Ours(ctx, tags) || tf.Recorded(ctx, id)) || !unfinished && (owner == "" || tags[tf.StackKey] != owner) {
				continue
			}
			if tf.Claim(ctx, id) {
				return &all[i]
			}
		}
	}
	return nil
}

// find looks for an API of this configuration's.
func (m *common) find(ctx context.Context, c *Clients, kind types.ProtocolType) (bool, map[string]string, error) {
	apis, err := c.APIs(ctx)
	if err != nil {
		return false, nil, fmt.Errorf("looking for an API that was left unfinished: %w", err)
	}
	apis = slices.DeleteFunc(apis, func(a types.Api) bool { return a.ProtocolType != kind })
	found := mine(ctx, apis, m.APIName.ValueString(), func(a types.Api) (string, string, map[string]string) {
		return aws.ToString(a.ApiId), aws.ToString(a.Name), a.Tags
	})
	if found == nil {
		return false, nil, nil
	}
	m.ID = tftypes.StringPointerValue(found.ApiId)
	return true, found.Tags, nil
}

// unmark is the last step of a create: the mark is on the API alone.
func (m *common) unmark(ctx context.Context, c *Clients) error {
	return changeTags(ctx, c, apiARN(ctx, m.ID.ValueString()), nil, []string{tf.MarkerKey})
}

func typeOf(kind types.ProtocolType) string {
	if kind == types.ProtocolTypeWebsocket {
		return "websocket_api"
	}
	return "http_api"
}

// APIs lists the region's APIs of both kinds, without those that this provider has
// removed, which AWS may show a while longer.
func (c *Clients) APIs(ctx context.Context) ([]types.Api, error) {
	apis, err := all(func(token *string) ([]types.Api, *string, error) {
		out, err := c.Gateway.GetApis(ctx, &apigatewayv2.GetApisInput{NextToken: token})
		if err != nil {
			return nil, nil, err
		}
		return out.Items, out.NextToken, nil
	})
	_, removed := c.Siblings.changed(tf.ScopeOf(ctx).Region)
	return slices.DeleteFunc(apis, func(a types.Api) bool { return slices.Contains(removed, aws.ToString(a.ApiId)) }), err
}

// AllAPIs is APIs when AWS shows those that this provider has made, too, for which it
// has a while.
func (c *Clients) AllAPIs(ctx context.Context) (apis []types.Api, err error) {
	err = tf.Look(ctx, func(ctx context.Context) (bool, error) {
		if apis, err = c.APIs(ctx); err != nil {
			return false, err
		}
		made, _ := c.Siblings.changed(tf.ScopeOf(ctx).Region)
		for _, a := range apis {
			made = slices.DeleteFunc(made, func(id string) bool { return id == aws.ToString(a.ApiId) })
		}
		return len(made) == 0, nil
	})
	return apis, err
}

// updateAPI puts what both kinds have into an update of the API, and reports
// whether anything changes.
func (m *common) updateAPI(prior *common, in *apigatewayv2.UpdateApiInput) (changed bool) {
	in.ApiId = m.ID.ValueStringPointer()
	for _, text := range []struct {
		was, is tftypes.String
		to      **string
	}{
		{prior.APIName, m.APIName, &in.Name},
		{prior.Description, m.Description, &in.Description},
		{prior.Version, m.Version, &in.Version},
	} {
		if !text.is.Equal(text.was) {
			*text.to, changed = aws.String(text.is.ValueString()), true
		}
	}
	if !m.IPAddress.Equal(prior.IPAddress) {
		in.IpAddressType, changed = types.IpAddressType(m.IPAddress.ValueString()), true
	}
	if m.Closed.ValueBool() != prior.Closed.ValueBool() {
		in.DisableExecuteApiEndpoint, changed = aws.Bool(m.Closed.ValueBool()), true
	}
	return changed
}

// tag changes the tags of the API and of what comes with it.
func (m *common) tag(ctx context.Context, c *Clients, set map[string]string, remove []string) error {
	arn := apiARN(ctx, m.ID.ValueString())
	arns := []string{arn, arn + "/stages/" + m.Stage.ValueString()}
	if m.Domain != nil {
		arns = append(arns, domainARN(ctx, m.Domain.Name.ValueString()))
	}
	for _, arn := range arns {
		if err := changeTags(ctx, c, arn, set, remove); err != nil {
			return err
		}
	}
	if !m.ownsLogs() {
		return nil
	}
	return m.logs().Tag(ctx, c.Logs, set, remove)
}

// rename changes whose an object is, where its name tells.
func rename(ctx context.Context, c *Clients, arn string, was, is tftypes.String) error {
	owner := tf.Owner(ctx, is.ValueString())
	if owner == tf.Owner(ctx, was.ValueString()) {
		return nil
	}
	return changeTags(ctx, c, arn, map[string]string{tf.StackKey: owner}, nil)
}

func changeTags(ctx context.Context, c *Clients, arn string, set map[string]string, remove []string) error {
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
	return nil
}

// read fills in what both kinds have, of an API of that kind.
func (m *common) read(ctx context.Context, c *Clients, kind types.ProtocolType) (*apigatewayv2.GetApiOutput, *types.Stage, error) {
	out, err := c.api(ctx, m.ID.ValueString())
	if err != nil {
		return nil, nil, err
	}
	if out.ProtocolType != kind {
		return nil, nil, &tf.Problem{
			Summary: "An API of the other kind",
			Detail:  fmt.Sprintf("The API %s has the protocol %s; serverless_%s manages it.", m.ID.ValueString(), out.ProtocolType, typeOf(out.ProtocolType)),
		}
	}
	tf.Claim(ctx, m.ID.ValueString())
	c.Siblings.is(m.ID.ValueString(), kind)
	m.APIName = tftypes.StringPointerValue(out.Name)
	m.Name = logicalName(ctx, m.Name, m.APIName)
	m.Description, m.Version = tf.NonEmpty(out.Description), tf.NonEmpty(out.Version)
	m.Closed = tftypes.BoolValue(aws.ToBool(out.DisableExecuteApiEndpoint))
	m.IPAddress = tftypes.StringValue(cmp.Or(string(out.IpAddressType), ipv4))
	m.ARN = tftypes.StringValue(apiARN(ctx, m.ID.ValueString()))
	m.ExecutionARN = tftypes.StringValue(tf.ScopeOf(ctx).ARN("execute-api", m.ID.ValueString()))
	tf.SetTags(ctx, &m.Tagged, out.Tags)
	imported := m.Stage.IsNull()
	stage, err := m.readStage(ctx, c, aws.ToString(out.ApiEndpoint))
	if err != nil {
		return nil, nil, err
	}
	if err := m.readDomain(ctx, c, aws.ToString(out.ApiEndpoint), imported); err != nil {
		return nil, nil, err
	}
	return out, stage, m.readLogs(ctx, c, stage)
}

// deleteAPI removes an API with all that it has; its log group and its domain go
// first, because nobody knows of them once the API is gone.
func (m *common) deleteAPI(ctx context.Context, c *Clients) error {
	defer lock(m.ID.ValueString())()
	if err := m.deleteLogs(ctx, c); err != nil {
		return err
	}
	if err := m.dropDomains(ctx, c, ""); err != nil {
		return err
	}
	err := settled(ctx, func(ctx context.Context) error {
		_, err := c.Gateway.DeleteApi(ctx, &apigatewayv2.DeleteApiInput{ApiId: m.ID.ValueStringPointer()})
		return err
	})
	if err == nil || tf.Is[*types.NotFoundException](err) {
		c.Siblings.stands(tf.ScopeOf(ctx).Region, m.ID.ValueString(), false)
	}
	return err
}

// undo removes what a create that failed has made.
func (m *common) undo(ctx context.Context, c *Clients) error {
	if m.ID.ValueString() == "" {
		return nil
	}
	if err := m.deleteAPI(ctx, c); err != nil && !tf.Is[*types.NotFoundException](err) {
		return err
	}
	m.ID = tftypes.StringNull()
	return nil
}

func apiARN(ctx context.Context, id string) string {
	scope := tf.ScopeOf(ctx)
	return fmt.Sprintf("arn:%s:apigateway:%s::/apis/%s", scope.Partition, scope.Region, id)
}

// logicalName is a name without the provider's prefix; it stays as it is while it
// still makes the one on AWS.
func logicalName(ctx context.Context, was, physical tftypes.String) tftypes.String {
	if !was.IsNull() && tf.Prefix(ctx)+was.ValueString() == physical.ValueString() {
		return was
	}
	return tftypes.StringValue(strings.TrimPrefix(physical.ValueString(), tf.Prefix(ctx)))
}

// listed fills in what a list of APIs tells.
func (m *common) listed(ctx context.Context, a types.Api) {
	m.ID, m.APIName = tftypes.StringPointerValue(a.ApiId), tftypes.StringPointerValue(a.Name)
	m.Name = tftypes.StringValue(strings.TrimPrefix(m.APIName.ValueString(), tf.Prefix(ctx)))
	m.Description, m.Version = tf.NonEmpty(a.Description), tf.NonEmpty(a.Version)
	tf.SetTags(ctx, &m.Tagged, a.Tags)
}

// list calls found for each API of one kind.
func (c *Clients) list(ctx context.Context, kind types.ProtocolType, found func(types.Api) error) error {
	apis, err := c.APIs(ctx)
	if err != nil {
		return err
	}
	for _, a := range apis {
		if a.ProtocolType != kind {
			continue
		}
		if err := found(a); err != nil {
			return err
		}
	}
	return nil
}

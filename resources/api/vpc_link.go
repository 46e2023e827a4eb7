package api

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// VPCLink is the type serverless_vpc_link: a way from HTTP APIs into a VPC.
var VPCLink = tf.Type[*Clients, vpcLink]{
	Name:    "vpc_link",
	Import:  []string{"id"},
	ARN:     "apigateway:/vpclinks/{id}",
	Label:   "link_name",
	Replace: []string{"subnet_ids", "security_group_ids"},
	Gone:    tf.Gone[*types.NotFoundException]("GetVpcLink", "DeleteVpcLink"),
	Schema: schema.Schema{
		MarkdownDescription: "A way from HTTP APIs to servers in a VPC. Routes name it in `http.vpc_link`.",
		Attributes: map[string]schema.Attribute{
			"id": tf.Computed("The link's id."),
			"name": schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 128)},
				MarkdownDescription: "What the link is called, 1 to 128 characters. On AWS it is called so with the provider's `name_prefix` before it.",
			},
			"link_name":          tf.Computed("The name on AWS: `name_prefix` and `name`."),
			"subnet_ids":         schema.SetAttribute{ElementType: tftypes.StringType, Required: true, Validators: []validator.Set{setvalidator.SizeAtLeast(1)}, MarkdownDescription: "Ids of the subnets that the link is in. Changing them replaces the link."},
			"security_group_ids": schema.SetAttribute{ElementType: tftypes.StringType, Optional: true, Validators: []validator.Set{setvalidator.SizeAtLeast(1)}, MarkdownDescription: "Ids of its security groups. Default: that of the VPC. Changing them replaces the link."},
			"tags":               tf.TagsAttribute(),
			"arn":                tf.Computed("ARN of the link."),
		},
	},
	Plan: func(_ context.Context, p *tf.Plan[vpcLink]) error {
		prefix, name := p.Provider().NamePrefix, p.Planned.Name
		if prefix.IsUnknown() || name.IsUnknown() {
			p.Set("link_name", tftypes.StringUnknown())
			return nil
		}
		p.Set("link_name", tftypes.StringValue(prefix.ValueString()+name.ValueString()))
		return nil
	},
	Find:   findLink,
	Create: createLink,
	Tag: func(ctx context.Context, c *Clients, m *vpcLink, set map[string]string, remove []string) error {
		return changeTags(ctx, c, linkARN(ctx, m.ID.ValueString()), set, remove)
	},
	Read: readLink,
	Update: func(ctx context.Context, c *Clients, prior, m *vpcLink) error {
		if !m.LinkName.Equal(prior.LinkName) {
			if _, err := c.Gateway.UpdateVpcLink(ctx, &apigatewayv2.UpdateVpcLinkInput{VpcLinkId: m.ID.ValueStringPointer(), Name: m.LinkName.ValueStringPointer()}); err != nil {
				return err
			}
		}
		return rename(ctx, c, linkARN(ctx, m.ID.ValueString()), prior.LinkName, m.LinkName)
	},
	Delete: deleteLink,
	List: func(ctx context.Context, c *Clients, in *vpcLink, found func(*vpcLink) error) error {
		list, err := c.links(ctx)
		return each(in, list, err, func(m *vpcLink, l types.VpcLink) {
			m.ID, m.LinkName = tftypes.StringPointerValue(l.VpcLinkId), tftypes.StringPointerValue(l.Name)
			tf.SetTags(ctx, &m.Tagged, l.Tags)
		}, found)
	},
	Moves: map[string]map[string]string{"aws_apigatewayv2_vpc_link": {"id": "id"}},
}

// A vpcLink is the model of serverless_vpc_link.
type vpcLink struct {
	tf.Base
	tf.Tagged
	Name     tftypes.String `tfsdk:"name"`
	LinkName tftypes.String `tfsdk:"link_name"`
	Subnets  tftypes.Set    `tfsdk:"subnet_ids"`
	Groups   tftypes.Set    `tfsdk:"security_group_ids"`
	ARN      tftypes.String `tfsdk:"arn"`
}

func linkARN(ctx context.Context, id string) string {
	scope := tf.ScopeOf(ctx)
	return fmt.Sprintf("arn:%s:apigateway:%s::/vpclinks/%s", scope.Partition, scope.Region, id)
}

// links lists the region's VPC links.
func (c *Clients) links(ctx context.Context) ([]types.VpcLink, error) {
	return all(func(token *string) ([]types.VpcLink, *string, error) {
		out, err := c.Gateway.GetVpcLinks(ctx, &apigatewayv2.GetVpcLinksInput{NextToken: token})
		if err != nil {
			return nil, nil, err
		}
		return out.Items, out.NextToken, nil
	})
}

// findLink looks for a link of this configuration's.
func findLink(ctx context.Context, c *Clients, m *vpcLink) (bool, map[string]string, error) {
	list, err := c.links(ctx)
	if err != nil {
		return false, nil, fmt.Errorf("looking for a VPC link that was left unfinished: %w", err)
	}
	list = slices.DeleteFunc(list, func(l types.VpcLink) bool { return l.VpcLinkStatus == types.VpcLinkStatusDeleting })
	found := mine(ctx, list, m.LinkName.ValueString(), func(l types.VpcLink) (string, string, map[string]string) {
		return aws.ToString(l.VpcLinkId), aws.ToString(l.Name), l.Tags
	})
	if found == nil {
		return false, nil, nil
	}
	m.ID = tftypes.StringPointerValue(found.VpcLinkId)
	if tf.Ours(ctx, found.Tags) {
		err = m.available(ctx, c)
	}
	return true, found.Tags, err
}

func createLink(ctx context.Context, c *Clients, m *vpcLink) error {
	out, err := c.Gateway.CreateVpcLink(ctx, &apigatewayv2.CreateVpcLinkInput{
		Name: m.LinkName.ValueStringPointer(), SubnetIds: textSet(m.Subnets), SecurityGroupIds: textSet(m.Groups), Tags: marked(ctx, &m.Tagged, m.LinkName),
	}, once)
	if err != nil {
		return err
	}
	m.ID = tftypes.StringPointerValue(out.VpcLinkId)
	tf.Claim(ctx, m.ID.ValueString())
	return m.available(ctx, c)
}

// available waits until the link can be used.
func (m *vpcLink) available(ctx context.Context, c *Clients) error {
	return tf.Poll(ctx, "VPC link "+m.LinkName.ValueString()+" to be AVAILABLE", func(ctx context.Context) (bool, error) {
		out, err := c.Gateway.GetVpcLink(ctx, &apigatewayv2.GetVpcLinkInput{VpcLinkId: m.ID.ValueStringPointer()})
		if tf.Is[*types.NotFoundException](err) {
			return false, nil
		}
		if err == nil && out.VpcLinkStatus == types.VpcLinkStatusFailed {
			err = fmt.Errorf("the VPC link failed: %s", aws.ToString(out.VpcLinkStatusMessage))
		}
		return err == nil && out.VpcLinkStatus == types.VpcLinkStatusAvailable, err
	})
}

func deleteLink(ctx context.Context, c *Clients, m *vpcLink) error {
	if _, err := c.Gateway.DeleteVpcLink(ctx, &apigatewayv2.DeleteVpcLinkInput{VpcLinkId: m.ID.ValueStringPointer()}); err != nil {
		return err
	}
	return tf.Poll(ctx, "VPC link "+m.LinkName.ValueString()+" to be gone", func(ctx context.Context) (bool, error) {
		_, err := c.Gateway.GetVpcLink(ctx, &apigatewayv2.GetVpcLinkInput{VpcLinkId: m.ID.ValueStringPointer()})
		if tf.Is[*types.NotFoundException](err) {
			return true, nil
		}
		return false, err
	})
}

func readLink(ctx context.Context, c *Clients, m *vpcLink) error {
	out, err := c.Gateway.GetVpcLink(ctx, &apigatewayv2.GetVpcLinkInput{VpcLinkId: m.ID.ValueStringPointer()})
	if err != nil {
		return err
	}
	if out.VpcLinkStatus == types.VpcLinkStatusDeleting {
		return tf.ErrGone
	}
	tf.Claim(ctx, m.ID.ValueString())
	m.LinkName = tftypes.StringPointerValue(out.Name)
	m.Name = logicalName(ctx, m.Name, m.LinkName)
	m.ARN = tftypes.StringValue(linkARN(ctx, m.ID.ValueString()))
	m.Subnets = setOf(out.SubnetIds)
	if m.Groups = setOf(out.SecurityGroupIds); len(out.SecurityGroupIds) == 0 {
		m.Groups = tftypes.SetNull(tftypes.StringType)
	}
	tf.SetTags(ctx, &m.Tagged, out.Tags)
	return nil
}

// textSet returns the strings of a set; nil for none.
func textSet(s tftypes.Set) []string {
	var all []string
	for _, e := range s.Elements() {
		if t, ok := e.(tftypes.String); ok {
			all = append(all, t.ValueString())
		}
	}
	return all
}

// setOf is a set of a model.
func setOf(all []string) tftypes.Set {
	elements := []attr.Value{}
	for _, s := range all {
		elements = append(elements, tftypes.StringValue(s))
	}
	return tftypes.SetValueMust(tftypes.StringType, elements)
}

package api

import (
	"context"
	"errors"
	"fmt"
	"maps"

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
	Create: createLink,
	Finish: func(ctx context.Context, c *Clients, m *vpcLink) error {
		return changeTags(ctx, c, linkARN(ctx, m.ID.ValueString()), nil, []string{tf.MarkerKey})
	},
	Read: readLink,
	Update: func(ctx context.Context, c *Clients, prior, m *vpcLink) error {
		if !m.LinkName.Equal(prior.LinkName) {
			if _, err := c.Gateway.UpdateVpcLink(ctx, &apigatewayv2.UpdateVpcLinkInput{VpcLinkId: m.ID.ValueStringPointer(), Name: m.LinkName.ValueStringPointer()}); err != nil {
				return err
			}
		}
		set, remove := m.Changed(&prior.Tagged)
		if is := tf.Owner(ctx, m.LinkName.ValueString()); is != tf.Owner(ctx, prior.LinkName.ValueString()) {
			set[tf.StackKey] = is
		}
		return changeTags(ctx, c, linkARN(ctx, m.ID.ValueString()), set, remove)
	},
	Delete: deleteLink,
	List: func(ctx context.Context, c *Clients, in *vpcLink, found func(*vpcLink) error) error {
		list, err := c.links(ctx)
		if err != nil {
			return err
		}
		for _, l := range list {
			m := *in
			m.ID, m.LinkName = tftypes.StringPointerValue(l.VpcLinkId), tftypes.StringPointerValue(l.Name)
			tf.SetTags(ctx, &m.Tagged, l.Tags)
			if err := found(&m); err != nil {
				return err
			}
		}
		return nil
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

// marked returns the id of a link that this resource left unfinished; "" if there
// is none. Names are not unique, so the marker says which link it is.
func (m *vpcLink) marked(ctx context.Context, c *Clients) (string, error) {
	list, err := c.links(ctx)
	if err != nil {
		return "", fmt.Errorf("looking for a VPC link that was left unfinished: %w", err)
	}
	owner := tf.Owner(ctx, m.LinkName.ValueString())
	for _, l := range list {
		id := aws.ToString(l.VpcLinkId)
		switch {
		case l.Tags[tf.MarkerKey] == m.marker(ctx) && tf.Claim(ctx, id):
			return id, nil
		case l.Tags[tf.MarkerKey] == "" && owner != "" && l.Tags[tf.StackKey] == owner && tf.Claim(ctx, id):
			return "", &tf.Problem{
				Summary: "The stack has a VPC link " + m.LinkName.ValueString() + " already",
				Detail:  "It was finished by an earlier run whose state was lost. Delete it, " + tf.TakeOver("vpc_link", tf.ImportID(ctx, id)),
			}
		}
	}
	return "", nil
}

func (m *vpcLink) marker(ctx context.Context) string {
	return tf.Marker(ctx) + "/" + m.LinkName.ValueString()
}

func createLink(ctx context.Context, c *Clients, m *vpcLink) error {
	id, err := m.marked(ctx, c)
	if err != nil {
		return err
	}
	if id == "" {
		tags := maps.Clone(m.All())
		tags[tf.MarkerKey] = m.marker(ctx)
		if owner := tf.Owner(ctx, m.LinkName.ValueString()); owner != "" {
			tags[tf.StackKey] = owner
		}
		out, err := c.Gateway.CreateVpcLink(ctx, &apigatewayv2.CreateVpcLinkInput{
			Name: m.LinkName.ValueStringPointer(), SubnetIds: textSet(m.Subnets), SecurityGroupIds: textSet(m.Groups), Tags: tags,
		}, once)
		switch {
		case err == nil:
			id = aws.ToString(out.VpcLinkId)
			tf.Claim(ctx, id)
		case tf.Refused(err):
			return err
		default:
			later, cancel := tf.Afterwards(ctx)
			defer cancel()
			var again error
			if id, again = m.marked(later, c); again != nil || id == "" {
				return errors.Join(err, again)
			}
		}
	}
	m.ID = tftypes.StringValue(id)
	return tf.Poll(ctx, "VPC link "+m.LinkName.ValueString()+" to be AVAILABLE", func(ctx context.Context) (bool, error) {
		out, err := c.Gateway.GetVpcLink(ctx, &apigatewayv2.GetVpcLinkInput{VpcLinkId: &id})
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

package api

import (
	"context"
	"fmt"
	"time"

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

// Domain is the type serverless_domain: a name of one's own for APIs.
var Domain = tf.Type[*Clients, domain]{
	Name:     "domain",
	Import:   []string{"domain_name"},
	ARN:      "apigateway:/domainnames/{domain_name}",
	Replace:  []string{"domain_name"},
	Gone:     tf.Gone[*types.NotFoundException]("GetDomainName", "DeleteDomainName"),
	Timeouts: tf.Limits{Update: time.Hour},
	Schema: schema.Schema{
		MarkdownDescription: "A domain name of one's own for APIs. `serverless_domain_mapping` says which API answers there; an alias record of the zone must lead from the name to `target_domain`.",
		Attributes: map[string]schema.Attribute{
			"domain_name":               schema.StringAttribute{Required: true, Validators: domainNames, MarkdownDescription: "The name, such as `api.example.com`. Changing it replaces the domain."},
			"certificate_arn":           schema.StringAttribute{Required: true, Validators: certificates, MarkdownDescription: "ARN of the certificate for the name, in ACM of the same region."},
			"ownership_certificate_arn": schema.StringAttribute{Optional: true, MarkdownDescription: "ARN of a public certificate of ACM that proves whose the name is, where `certificate_arn` is imported or private and `mtls` is set."},
			"mtls": schema.SingleNestedAttribute{
				Optional: true, MarkdownDescription: "Demands certificates of clients.",
				Attributes: map[string]schema.Attribute{
					"truststore_uri":     schema.StringAttribute{Required: true, Validators: []validator.String{tf.Pattern(`^s3://[^/]+/.+$`, "write s3://bucket/key")}, MarkdownDescription: "The certificates that are trusted: `s3://bucket/key`."},
					"truststore_version": schema.StringAttribute{Optional: true, MarkdownDescription: "Version of that object. Default: the newest when it is set."},
				},
			},
			"ip_address_type": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString(ipv4), Validators: []validator.String{stringvalidator.OneOf(ipv4, "dualstack")},
				MarkdownDescription: "`ipv4`, or `dualstack` for IPv6 too. Default: `ipv4`.",
			},
			"routing_mode": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString("API_MAPPING_ONLY"),
				Validators:          []validator.String{stringvalidator.OneOf("API_MAPPING_ONLY", "ROUTING_RULE_ONLY", "ROUTING_RULE_THEN_API_MAPPING")},
				MarkdownDescription: "What decides which API answers: `API_MAPPING_ONLY`, `ROUTING_RULE_ONLY` or `ROUTING_RULE_THEN_API_MAPPING`. Default: mappings only.",
			},
			"tags":           tf.TagsAttribute(),
			"arn":            tf.Computed("ARN of the domain."),
			"target_domain":  tf.Computed("Name that the alias record leads to."),
			"hosted_zone_id": tf.Computed("Zone of `target_domain`, which the alias record names, too."),
		},
	},
	Find: func(ctx context.Context, c *Clients, m *domain) (bool, map[string]string, error) {
		out, err := c.Gateway.GetDomainName(ctx, &apigatewayv2.GetDomainNameInput{DomainName: m.DomainName.ValueStringPointer()})
		if err != nil {
			return false, nil, err
		}
		return true, out.Tags, nil
	},
	Create: func(ctx context.Context, c *Clients, m *domain) error { return makeDomain(ctx, c, m, m.Marked(ctx)) },
	Tag: func(ctx context.Context, c *Clients, m *domain, set map[string]string, remove []string) error {
		return changeTags(ctx, c, domainARN(ctx, m.DomainName.ValueString()), set, remove)
	},
	Read:   readDomain,
	Update: updateDomain,
	Delete: func(ctx context.Context, c *Clients, m *domain) error {
		_, err := c.Gateway.DeleteDomainName(ctx, &apigatewayv2.DeleteDomainNameInput{DomainName: m.DomainName.ValueStringPointer()})
		return err
	},
	List: func(ctx context.Context, c *Clients, in *domain, found func(*domain) error) error {
		list, err := c.domains(ctx)
		return each(in, list, err, func(m *domain, d types.DomainName) {
			m.DomainName = tftypes.StringPointerValue(d.DomainName)
			tf.SetTags(ctx, &m.Tagged, d.Tags)
		}, found)
	},
	Moves: map[string]map[string]string{"aws_apigatewayv2_domain_name": {"domain_name": "domain_name"}},
}

var (
	domainNames  = []validator.String{stringvalidator.LengthBetween(1, 512), tf.Pattern(`^[a-z0-9*.-]+$`, "write a domain name in small letters")}
	certificates = []validator.String{tf.Pattern(`^arn:[^:]+:acm:[^:]+:\d{12}:certificate/.+$`, "write the ARN of a certificate of ACM in the same region")}
)

type (
	// A domain is the model of serverless_domain.
	domain struct {
		tf.Base
		tf.Tagged
		DomainName   tftypes.String `tfsdk:"domain_name"`
		Certificate  tftypes.String `tfsdk:"certificate_arn"`
		Ownership    tftypes.String `tfsdk:"ownership_certificate_arn"`
		MTLS         *mtls          `tfsdk:"mtls"`
		IPAddress    tftypes.String `tfsdk:"ip_address_type"`
		Routing      tftypes.String `tfsdk:"routing_mode"`
		ARN          tftypes.String `tfsdk:"arn"`
		TargetDomain tftypes.String `tfsdk:"target_domain"`
		HostedZoneID tftypes.String `tfsdk:"hosted_zone_id"`
	}
	mtls struct {
		URI     tftypes.String `tfsdk:"truststore_uri"`
		Version tftypes.String `tfsdk:"truststore_version"`
	}
)

func domainARN(ctx context.Context, name string) string {
	scope := tf.ScopeOf(ctx)
	return fmt.Sprintf("arn:%s:apigateway:%s::/domainnames/%s", scope.Partition, scope.Region, name)
}

func (m *domain) configuration() []types.DomainNameConfiguration {
	return []types.DomainNameConfiguration{{
		CertificateArn: m.Certificate.ValueStringPointer(), EndpointType: types.EndpointTypeRegional, SecurityPolicy: types.SecurityPolicyTls12,
		IpAddressType: types.IpAddressType(m.IPAddress.ValueString()), OwnershipVerificationCertificateArn: m.Ownership.ValueStringPointer(),
	}}
}

func (m *domain) mutual() *types.MutualTlsAuthenticationInput {
	if m.MTLS == nil {
		return nil
	}
	return &types.MutualTlsAuthenticationInput{TruststoreUri: m.MTLS.URI.ValueStringPointer(), TruststoreVersion: m.MTLS.Version.ValueStringPointer()}
}

// domains lists those of the region.
func (c *Clients) domains(ctx context.Context) ([]types.DomainName, error) {
	return all(func(token *string) ([]types.DomainName, *string, error) {
		out, err := c.Gateway.GetDomainNames(ctx, &apigatewayv2.GetDomainNamesInput{NextToken: token})
		if err != nil {
			return nil, nil, err
		}
		return out.Items, out.NextToken, nil
	})
}

func makeDomain(ctx context.Context, c *Clients, m *domain, tags map[string]string) error {
	name := m.DomainName.ValueString()
	_, err := c.Gateway.CreateDomainName(ctx, &apigatewayv2.CreateDomainNameInput{
		DomainName: &name, DomainNameConfigurations: m.configuration(), MutualTlsAuthentication: m.mutual(),
		RoutingMode: types.RoutingMode(m.Routing.ValueString()), Tags: tags,
	})
	if err != nil {
		return err
	}
	m.ID = tftypes.StringValue(domainARN(ctx, name))
	return awaitDomain(ctx, c, name)
}

// awaitDomain waits until the domain answers.
func awaitDomain(ctx context.Context, c *Clients, name string) error {
	return tf.Poll(ctx, "domain "+name+" to be AVAILABLE", func(ctx context.Context) (bool, error) {
		out, err := c.Gateway.GetDomainName(ctx, &apigatewayv2.GetDomainNameInput{DomainName: &name})
		if tf.Is[*types.NotFoundException](err) {
			return false, nil
		}
		if err != nil || len(out.DomainNameConfigurations) == 0 {
			return false, err
		}
		d := out.DomainNameConfigurations[0]
		if d.DomainNameStatus == types.DomainNameStatusPendingOwnershipVerification || d.DomainNameStatus == types.DomainNameStatusPendingCertificateReimport {
			return false, fmt.Errorf("the domain %s is %s: %s", name, d.DomainNameStatus, aws.ToString(d.DomainNameStatusMessage))
		}
		return d.DomainNameStatus == types.DomainNameStatusAvailable || d.DomainNameStatus == "", nil
	})
}

func updateDomain(ctx context.Context, c *Clients, prior, m *domain) error {
	in := &apigatewayv2.UpdateDomainNameInput{DomainName: m.DomainName.ValueStringPointer()}
	changed := false
	if !prior.Certificate.Equal(m.Certificate) || !prior.Ownership.Equal(m.Ownership) || !prior.IPAddress.Equal(m.IPAddress) {
		in.DomainNameConfigurations, changed = m.configuration(), true
	}
	if prior.trust() != m.trust() {
		in.MutualTlsAuthentication, changed = m.mutual(), true
		if m.MTLS == nil { // an empty one removes
			in.MutualTlsAuthentication = &types.MutualTlsAuthenticationInput{TruststoreUri: aws.String("")}
		}
	}
	if !prior.Routing.Equal(m.Routing) {
		in.RoutingMode, changed = types.RoutingMode(m.Routing.ValueString()), true
	}
	if changed {
		if _, err := c.Gateway.UpdateDomainName(ctx, in); err != nil {
			return err
		}
	}
	return awaitDomain(ctx, c, m.DomainName.ValueString())
}

// trust is what clients are trusted by, as one text.
func (m *domain) trust() string {
	if m.MTLS == nil {
		return ""
	}
	return m.MTLS.URI.ValueString() + "\x00" + m.MTLS.Version.ValueString()
}

func readDomain(ctx context.Context, c *Clients, m *domain) error {
	out, err := c.Gateway.GetDomainName(ctx, &apigatewayv2.GetDomainNameInput{DomainName: m.DomainName.ValueStringPointer()})
	if err != nil {
		return err
	}
	m.fill(ctx, out)
	return nil
}

// fill fills in what AWS tells of a domain.
func (m *domain) fill(ctx context.Context, out *apigatewayv2.GetDomainNameOutput) {
	name := aws.ToString(out.DomainName)
	m.DomainName, m.ARN = tftypes.StringValue(name), tftypes.StringValue(domainARN(ctx, name))
	m.ID = m.ARN
	m.Routing = tftypes.StringValue(string(types.RoutingModeApiMappingOnly))
	if out.RoutingMode != "" {
		m.Routing = tftypes.StringValue(string(out.RoutingMode))
	}
	version := tftypes.StringNull()
	if m.MTLS != nil {
		version = m.MTLS.Version
	}
	m.MTLS = nil
	if t := out.MutualTlsAuthentication; t != nil && aws.ToString(t.TruststoreUri) != "" {
		m.MTLS = &mtls{URI: tftypes.StringPointerValue(t.TruststoreUri), Version: version}
		if !version.IsNull() {
			m.MTLS.Version = tf.NonEmpty(t.TruststoreVersion)
		}
	}
	m.Certificate, m.Ownership, m.TargetDomain, m.HostedZoneID = tftypes.StringNull(), tftypes.StringNull(), tftypes.StringNull(), tftypes.StringNull()
	m.IPAddress = tftypes.StringValue(ipv4)
	if len(out.DomainNameConfigurations) > 0 {
		d := out.DomainNameConfigurations[0]
		m.Certificate, m.Ownership = tf.NonEmpty(d.CertificateArn), tf.NonEmpty(d.OwnershipVerificationCertificateArn)
		m.TargetDomain, m.HostedZoneID = tf.NonEmpty(d.ApiGatewayDomainName), tf.NonEmpty(d.HostedZoneId)
		if d.IpAddressType != "" {
			m.IPAddress = tftypes.StringValue(string(d.IpAddressType))
		}
	}
	tf.SetTags(ctx, &m.Tagged, out.Tags)
}

package api

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// apiKey is the tag of a domain that came with an API, with the API's id: it is told
// by it from those that others make, also after a run that was cut off.
const apiKey = "serverless:api"

// An ownDomain is a domain that comes and goes with an API, with a mapping to the
// API's own stage.
type ownDomain struct {
	Name        tftypes.String `tfsdk:"name"`
	Certificate tftypes.String `tfsdk:"certificate_arn"`
	Mapping     tftypes.String `tfsdk:"mapping"`
}

var ownDomainSchema = schema.SingleNestedAttribute{
	Optional:            true,
	MarkdownDescription: "A domain of the API's own, which comes and goes with it and leads to its stage; an alias record of the zone must lead from the name to `target_domain`. For a domain that several APIs share, or with more settings, use `serverless_domain` and `serverless_domain_mapping`. Default: none.",
	Attributes: map[string]schema.Attribute{
		"name":            schema.StringAttribute{Required: true, Validators: domainNames, MarkdownDescription: "The name, such as `api.example.com`. With another one, the new domain is made before the old one is removed."},
		"certificate_arn": schema.StringAttribute{Required: true, Validators: certificates, MarkdownDescription: "ARN of the certificate for the name, in ACM of the same region."},
		"mapping":         schema.StringAttribute{Optional: true, Validators: mappingPaths, MarkdownDescription: "The path below which the API answers there, without slashes at its ends, such as `v1`. Default: the whole domain."},
	},
}

// planDomain says which of the values of the API's domain change; prior is nil on
// create.
func planDomain[M any](p *tf.Plan[M], m, prior *common) {
	moves := prior == nil || prior.Domain == nil
	switch {
	case m.Domain == nil && p.Known("domain"):
		for _, name := range []string{"domain_url", "target_domain", "hosted_zone_id", "domain_mapping_id"} {
			p.Set(name, tftypes.StringNull())
		}
		return
	case m.Domain == nil || moves || !m.Domain.Name.Equal(prior.Domain.Name):
		p.Set("target_domain", tftypes.StringUnknown())
		p.Set("hosted_zone_id", tftypes.StringUnknown())
		p.Set("domain_mapping_id", tftypes.StringUnknown())
		p.Set("domain_url", tftypes.StringUnknown())
	case !m.Domain.Mapping.Equal(prior.Domain.Mapping):
		p.Set("domain_url", tftypes.StringUnknown())
	}
}

// domain looks for a domain; nil for none.
func (c *Clients) domain(ctx context.Context, name string) (*apigatewayv2.GetDomainNameOutput, error) {
	out, err := c.Gateway.GetDomainName(ctx, &apigatewayv2.GetDomainNameInput{DomainName: &name})
	if tf.Is[*types.NotFoundException](err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking at the domain %s: %w", name, err)
	}
	return out, nil
}

// domainsOf lists the names of the domains that came with an API.
func (c *Clients) domainsOf(ctx context.Context, api string) ([]string, error) {
	list, err := c.domains(ctx)
	if err != nil {
		return nil, fmt.Errorf("looking for the domain of the API %s: %w", api, err)
	}
	var names []string
	for _, d := range list {
		if d.Tags[apiKey] == api {
			names = append(names, aws.ToString(d.DomainName))
		}
	}
	return names, nil
}

// changeDomain brings the API's domain from prior to what m says. The new one stands
// before the old one goes.
func (m *common) changeDomain(ctx context.Context, c *Clients, prior *common) error {
	if m.Domain != nil && (prior.Domain == nil || *m.Domain != *prior.Domain || !m.Stage.Equal(prior.Stage)) {
		if err := m.putDomain(ctx, c, prior); err != nil {
			return err
		}
	}
	switch {
	case m.Domain == nil && prior.Domain == nil:
		return nil
	case m.Domain == nil:
		return m.dropDomains(ctx, c, "")
	case prior.Domain == nil || !m.Domain.Name.Equal(prior.Domain.Name): // an old one without its mapping is not seen
		return m.dropDomains(ctx, c, m.Domain.Name.ValueString())
	}
	return nil
}

// putDomain makes the domain and its mapping, or brings those that are there to what
// m says. A domain that did not come with this API is somebody else's.
func (m *common) putDomain(ctx context.Context, c *Clients, prior *common) error {
	api, name := m.ID.ValueString(), m.Domain.Name.ValueString()
	is, err := c.domain(ctx, name)
	if err != nil {
		return err
	}
	if is == nil {
		tags := m.All()
		tags[apiKey] = api
		want := &domain{
			DomainName: m.Domain.Name, Certificate: m.Domain.Certificate,
			IPAddress: tftypes.StringValue(ipv4), Routing: tftypes.StringValue(string(types.RoutingModeApiMappingOnly)),
		}
		err := makeDomain(ctx, c, want, tags)
		if err == nil {
			return m.mapDomain(ctx, c, nil, prior) // none has been made yet, and a list may not know the domain
		}
		var again error
		if is, again = c.domain(ctx, name); again != nil || is == nil {
			return fmt.Errorf("creating the domain %s: %w", name, err)
		}
	}
	// It was there before, or an answer was lost.
	if is.Tags[apiKey] != api {
		return foreignDomain(ctx, c, name, is.Tags[apiKey])
	}
	var found domain
	found.fill(ctx, is)
	want := found
	want.Certificate = m.Domain.Certificate
	if err := updateDomain(ctx, c, &found, &want); err != nil {
		return fmt.Errorf("changing the domain %s: %w", name, err)
	}
	list, err := c.mappings(ctx, name)
	if err != nil {
		return err
	}
	return m.mapDomain(ctx, c, list, prior)
}

// foreignDomain is the error about a domain that did not come with the API, but with
// that of the id owner, if any.
func foreignDomain(ctx context.Context, c *Clients, name, owner string) error {
	who, over := "a serverless_domain or somebody else made it", tf.TakeOver("domain", tf.ImportID(ctx, name))
	if owner != "" {
		if out, err := c.Gateway.GetApi(ctx, &apigatewayv2.GetApiInput{ApiId: &owner}); err == nil { // else that one is gone
			who, over = "it is that of the API "+owner, tf.TakeOver(typeOf(out.ProtocolType), tf.ImportID(ctx, owner))
		}
	}
	return &tf.Problem{
		Summary: "The domain " + name + " exists already in " + tf.ScopeOf(ctx).Region,
		Detail: "It did not come with this API: " + who + ". Nothing of it was changed. " +
			"Remove domain here and lead from that one to this API by a serverless_domain_mapping, delete that one, " + over,
	}
}

// mapDomain leads from the API's domain, which has these mappings, to its stage: by
// the mapping of the path, or else by that of the path before.
func (m *common) mapDomain(ctx context.Context, c *Clients, list []types.ApiMapping, prior *common) error {
	want := &domainMapping{Domain: m.Domain.Name, API: m.ID, Stage: m.Stage, Path: m.Domain.Mapping}
	name, path := want.Domain.ValueString(), want.Path.ValueString()
	var is *types.ApiMapping
	for i := range list {
		mine := aws.ToString(list[i].ApiId) == m.ID.ValueString()
		switch at := aws.ToString(list[i].ApiMappingKey); {
		case at == path && !mine:
			id := name + "/" + aws.ToString(list[i].ApiMappingId)
			return &tf.Problem{
				Summary: "The path /" + path + " of " + name + " leads to another API",
				Detail:  "A serverless_domain_mapping or somebody else made its mapping. Give this API another mapping in domain, remove that one, " + tf.TakeOver("domain_mapping", tf.ImportID(ctx, id)),
			}
		case at == path:
			is = &list[i]
		case is == nil && mine && prior.Domain != nil && prior.Domain.Name.Equal(want.Domain) && at == prior.Domain.Mapping.ValueString():
			is = &list[i]
		}
	}
	switch {
	case is == nil:
		if err := createMapping(ctx, c, want); err != nil && !m.mapped(ctx, c) {
			return fmt.Errorf("mapping the domain %s to the API: %w", name, err)
		}
	case aws.ToString(is.Stage) != m.Stage.ValueString() || aws.ToString(is.ApiMappingKey) != path:
		want.ID = tftypes.StringPointerValue(is.ApiMappingId)
		if err := changeMapping(ctx, c, want); err != nil {
			return fmt.Errorf("changing the mapping of the domain %s: %w", name, err)
		}
	}
	return nil
}

// mapped reports whether the domain leads to the API's stage as it should: what became
// of a call whose answer was lost.
func (m *common) mapped(ctx context.Context, c *Clients) bool {
	list, err := c.mappings(ctx, m.Domain.Name.ValueString())
	is := m.mappingOf(list, m.Domain)
	return err == nil && is != nil && aws.ToString(is.ApiMappingKey) == m.Domain.Mapping.ValueString()
}

// mappingOf is the mapping to the API's stage: that of the path that was, or else the
// only one; nil for none.
func (m *common) mappingOf(list []types.ApiMapping, was *ownDomain) *types.ApiMapping {
	var others []*types.ApiMapping
	for i := range list {
		if aws.ToString(list[i].ApiId) != m.ID.ValueString() || aws.ToString(list[i].Stage) != m.Stage.ValueString() {
			continue
		}
		if aws.ToString(list[i].ApiMappingKey) == was.Mapping.ValueString() {
			return &list[i]
		}
		others = append(others, &list[i])
	}
	if len(others) == 1 {
		return others[0]
	}
	return nil
}

// dropDomains removes the domains that came with the API, but one.
func (m *common) dropDomains(ctx context.Context, c *Clients, but string) error {
	names, err := c.domainsOf(ctx, m.ID.ValueString())
	if m.Domain == nil && tf.Says(err, "AccessDeniedException", "") {
		return nil // who must not see domains has made none
	}
	if err != nil {
		return err
	}
	for _, name := range names {
		if name == but {
			continue
		}
		if err := m.dropDomain(ctx, c, name); err != nil && !tf.Is[*types.NotFoundException](err) {
			return fmt.Errorf("removing the domain %s: %w", name, err)
		}
	}
	return nil
}

func (m *common) dropDomain(ctx context.Context, c *Clients, name string) error {
	list, err := c.mappings(ctx, name)
	if err != nil {
		return err
	}
	for _, p := range list {
		if aws.ToString(p.ApiId) != m.ID.ValueString() {
			continue
		}
		err := deleteMapping(ctx, c, &domainMapping{Base: tf.Base{ID: tftypes.StringPointerValue(p.ApiMappingId)}, Domain: tftypes.StringValue(name)})
		if err != nil && !tf.Is[*types.NotFoundException](err) {
			return err
		}
	}
	_, err = c.Gateway.DeleteDomainName(ctx, &apigatewayv2.DeleteDomainNameInput{DomainName: &name})
	return err
}

// readDomain finds the API's domain, once its stage is read; imported asks for one
// that the state does not know. One that leads elsewhere is null, which a plan shows.
func (m *common) readDomain(ctx context.Context, c *Clients, endpoint string, imported bool) error {
	was := m.Domain
	m.Domain, m.DomainURL = nil, tftypes.StringNull()
	m.TargetDomain, m.HostedZoneID, m.MappingID = tftypes.StringNull(), tftypes.StringNull(), tftypes.StringNull()
	if was == nil && !imported {
		return nil
	}
	var out *apigatewayv2.GetDomainNameOutput
	if was != nil {
		var err error
		if out, err = c.domain(ctx, was.Name.ValueString()); err != nil {
			return err
		}
	} else {
		was = &ownDomain{}
	}
	if out == nil || out.Tags[apiKey] != m.ID.ValueString() {
		names, err := c.domainsOf(ctx, m.ID.ValueString())
		if imported && tf.Says(err, "AccessDeniedException", "") {
			return nil
		}
		if err != nil || len(names) == 0 {
			return err
		}
		if out, err = c.domain(ctx, names[0]); err != nil || out == nil {
			return err
		}
	}
	var d domain
	d.fill(ctx, out)
	list, err := c.mappings(ctx, d.DomainName.ValueString())
	if err != nil {
		if tf.Is[*types.NotFoundException](err) { // it has just gone
			return nil
		}
		return err
	}
	is := m.mappingOf(list, was)
	if is == nil {
		return nil
	}
	m.Domain = &ownDomain{Name: d.DomainName, Certificate: d.Certificate, Mapping: tf.NonEmpty(is.ApiMappingKey)}
	m.TargetDomain, m.HostedZoneID, m.MappingID = d.TargetDomain, d.HostedZoneID, tftypes.StringPointerValue(is.ApiMappingId)
	m.DomainURL = tftypes.StringValue(domainURL(endpoint, m.ID.ValueString(), m.Domain))
	return nil
}

// domainURL is where an API answers at its domain. An endpoint that has the API's id
// as the end of its path has the name of the domain there, too.
func domainURL(endpoint, api string, d *ownDomain) string {
	at, inPath := strings.CutSuffix(endpoint, "/"+api)
	if !inPath {
		at, _, _ = strings.Cut(endpoint, "://")
		at += ":/"
	}
	at += "/" + d.Name.ValueString()
	if d.Mapping.ValueString() != "" {
		at += "/" + d.Mapping.ValueString()
	}
	return at
}

package apigatewayv2

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// domain is one custom domain name and where it is.
type domain struct {
	Scope env.Scope
	types.DomainName
}

// hostedZone is the zone of names below execute-api, to which aliases point; AWS has
// one for each region, and nobody can look one up here.
const hostedZone = "Z2OJLYMUO9EFXC"

var domainName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$`)
})

// CreateDomainName makes a custom domain name. Nobody looks at the certificate here:
// the emulator answers without TLS.
func (s *Service) CreateDomainName(ctx context.Context, in *apigatewayv2.CreateDomainNameInput) (*apigatewayv2.CreateDomainNameOutput, error) {
	name, scope := value(in.DomainName), env.ScopeOf(ctx)
	if !domainName().MatchString(name) {
		return nil, badRequest("Invalid domain name specified: %s", name)
	}
	d := domain{Scope: scope, DomainName: types.DomainName{
		ApiMappingSelectionExpression: ptr("$request.basepath"),
		DomainName:                    &name,
		DomainNameArn:                 ptr("arn:" + env.Partition + ":apigateway:" + scope.Region + "::/domainnames/" + name),
		DomainNameConfigurations:      in.DomainNameConfigurations,
		RoutingMode:                   in.RoutingMode,
		Tags:                          nonNil(in.Tags),
	}}
	if d.RoutingMode == "" {
		d.RoutingMode = types.RoutingModeApiMappingOnly
	}
	if err := s.completeDomain(&d, ""); err != nil {
		return nil, err
	}
	err := s.env.Store.Update(func(tx *store.Tx) error {
		if _, taken := s.domains.Get(tx, name); taken {
			return badRequest("The domain name you provided already exists.")
		}
		s.domains.Put(tx, name, d)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.CreateDomainNameOutput](d.DomainName), nil
}

// completeDomain checks what a domain name is made of and fills in what AWS says of
// it; target is the name that it has been given before.
func (s *Service) completeDomain(d *domain, target string) error {
	if len(d.DomainNameConfigurations) != 1 {
		return badRequest("Exactly one domain name configuration must be specified")
	}
	in := d.DomainNameConfigurations[0]
	c := types.DomainNameConfiguration{
		ApiGatewayDomainName:                &target,
		CertificateArn:                      in.CertificateArn,
		CertificateName:                     in.CertificateName,
		DomainNameStatus:                    types.DomainNameStatusAvailable,
		EndpointType:                        types.EndpointTypeRegional,
		HostedZoneId:                        ptr(hostedZone),
		IpAddressType:                       in.IpAddressType,
		OwnershipVerificationCertificateArn: in.OwnershipVerificationCertificateArn,
		SecurityPolicy:                      in.SecurityPolicy,
	}
	switch {
	case in.EndpointType != "" && in.EndpointType != types.EndpointTypeRegional:
		return badRequest("Endpoint type %s is not supported. Must be REGIONAL", in.EndpointType)
	case value(in.CertificateArn) == "":
		return badRequest("CertificateArn is required for REGIONAL domain names")
	case in.SecurityPolicy != "" && in.SecurityPolicy != types.SecurityPolicyTls12:
		return badRequest("Security policy %s is not supported. Must be TLS_1_2", in.SecurityPolicy)
	}
	c.SecurityPolicy = types.SecurityPolicyTls12
	if c.IpAddressType == "" {
		c.IpAddressType = types.IpAddressTypeIpv4
	}
	if target == "" {
		c.ApiGatewayDomainName = ptr("d-" + newID(10) + ".execute-api." + d.Scope.Region + ".amazonaws.com")
	}
	d.DomainNameConfigurations = []types.DomainNameConfiguration{c}
	return nil
}

// domain returns the domain name in the context's scope.
func (s *Service) domain(ctx context.Context, tx *store.Tx, name *string) (domain, error) {
	d, ok := s.domains.Get(tx, value(name))
	if !ok || d.Scope != env.ScopeOf(ctx) {
		return domain{}, notFound("DomainName", "Invalid domain name identifier specified")
	}
	return d, nil
}

// GetDomainName returns a domain name.
func (s *Service) GetDomainName(ctx context.Context, in *apigatewayv2.GetDomainNameInput) (*apigatewayv2.GetDomainNameOutput, error) {
	var d domain
	err := s.env.Store.View(func(tx *store.Tx) (err error) {
		d, err = s.domain(ctx, tx, in.DomainName)
		return err
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.GetDomainNameOutput](d.DomainName), nil
}

// GetDomainNames lists the domain names of the account and region.
func (s *Service) GetDomainNames(ctx context.Context, in *apigatewayv2.GetDomainNamesInput) (*apigatewayv2.GetDomainNamesOutput, error) {
	scope := env.ScopeOf(ctx)
	out := &apigatewayv2.GetDomainNamesOutput{Items: []types.DomainName{}}
	err := s.env.Store.View(func(tx *store.Tx) error {
		found, next, err := page(tx, s.domains, "", func(d domain) bool { return d.Scope == scope }, in.MaxResults, in.NextToken)
		for _, d := range found {
			out.Items = append(out.Items, d.DomainName)
		}
		out.NextToken = next
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateDomainName changes what the input names.
func (s *Service) UpdateDomainName(ctx context.Context, in *apigatewayv2.UpdateDomainNameInput) (*apigatewayv2.UpdateDomainNameOutput, error) {
	var d domain
	err := s.env.Store.Update(func(tx *store.Tx) (err error) {
		if d, err = s.domain(ctx, tx, in.DomainName); err != nil {
			return err
		}
		if in.RoutingMode != "" {
			d.RoutingMode = in.RoutingMode
		}
		if in.DomainNameConfigurations != nil {
			target := *d.DomainNameConfigurations[0].ApiGatewayDomainName
			d.DomainNameConfigurations = slices.Clone(in.DomainNameConfigurations)
			if err := s.completeDomain(&d, target); err != nil {
				return err
			}
		}
		s.domains.Put(tx, *in.DomainName, d)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.UpdateDomainNameOutput](d.DomainName), nil
}

// DeleteDomainName removes a domain name with its mappings and rules.
func (s *Service) DeleteDomainName(ctx context.Context, in *apigatewayv2.DeleteDomainNameInput) (*apigatewayv2.DeleteDomainNameOutput, error) {
	err := s.env.Store.Update(func(tx *store.Tx) error {
		if _, err := s.domain(ctx, tx, in.DomainName); err != nil {
			return err
		}
		s.mappings.clear(tx, *in.DomainName)
		s.rules.clear(tx, *in.DomainName)
		s.domains.Delete(tx, *in.DomainName)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteDomainNameOutput{}, nil
}

// CreateApiMapping serves an API's stage under a domain name.
func (s *Service) CreateApiMapping(ctx context.Context, in *apigatewayv2.CreateApiMappingInput) (*apigatewayv2.CreateApiMappingOutput, error) { //nolint:revive // AWS spells it so
	m := types.ApiMapping{ApiId: in.ApiId, ApiMappingKey: ptr(value(in.ApiMappingKey)), Stage: in.Stage}
	err := s.env.Store.Update(func(tx *store.Tx) error {
		if _, err := s.domain(ctx, tx, in.DomainName); err != nil {
			return err
		}
		m.ApiMappingId = s.mappings.fresh(tx, *in.DomainName, 6)
		return s.putMapping(ctx, tx, *in.DomainName, m)
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.CreateApiMappingOutput](m), nil
}

var mappingKey = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9._~!$&'()*+,;=:@%-]+(/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)*$`)
})

// putMapping checks m, whose key must be its own, and stores it.
func (s *Service) putMapping(ctx context.Context, tx *store.Tx, name string, m types.ApiMapping) error {
	k := *m.ApiMappingKey
	if k != "" && !mappingKey().MatchString(k) || len(k) > 300 {
		return badRequest("API mapping key should only contain the characters a-zA-Z0-9._~!$&'()*+,;=:@%%- and slashes between them, and at most 300 of them")
	}
	a, err := s.find(ctx, tx, m.ApiId)
	if err != nil {
		return err
	}
	if _, err := s.stage(tx, *a.ApiId, m.Stage); err != nil {
		return err
	}
	if a.ProtocolType == types.ProtocolTypeWebsocket && strings.Contains(k, "/") {
		return badRequest("Mappings of more than one level are not supported for WebSocket APIs")
	}
	for _, other := range s.mappings.Prefix(tx, key(name, "")) {
		if *other.ApiMappingKey == k && *other.ApiMappingId != *m.ApiMappingId {
			return conflict("ApiMapping key already exists for this domain name")
		}
	}
	s.mappings.Put(tx, key(name, *m.ApiMappingId), m)
	return nil
}

// mapped reports whether a domain name serves an API, or only the one stage of it.
func (s *Service) mapped(tx *store.Tx, apiID, stage string) bool {
	for _, m := range s.mappings.Prefix(tx, "") {
		if *m.ApiId == apiID && (stage == "" || *m.Stage == stage) {
			return true
		}
	}
	return false
}

// GetApiMapping returns a mapping.
func (s *Service) GetApiMapping(ctx context.Context, in *apigatewayv2.GetApiMappingInput) (*apigatewayv2.GetApiMappingOutput, error) { //nolint:revive // AWS spells it so
	var m types.ApiMapping
	err := s.env.Store.View(func(tx *store.Tx) (err error) {
		m, err = s.mapping(ctx, tx, in.DomainName, in.ApiMappingId)
		return err
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.GetApiMappingOutput](m), nil
}

// mapping returns a domain name's mapping.
func (s *Service) mapping(ctx context.Context, tx *store.Tx, name, id *string) (types.ApiMapping, error) {
	if _, err := s.domain(ctx, tx, name); err != nil {
		return types.ApiMapping{}, err
	}
	return s.mappings.find(tx, *name, id)
}

// GetApiMappings lists a domain name's mappings.
func (s *Service) GetApiMappings(ctx context.Context, in *apigatewayv2.GetApiMappingsInput) (*apigatewayv2.GetApiMappingsOutput, error) { //nolint:revive // AWS spells it so
	out := &apigatewayv2.GetApiMappingsOutput{}
	err := s.env.Store.View(func(tx *store.Tx) error {
		_, err := s.domain(ctx, tx, in.DomainName)
		if err != nil {
			return err
		}
		out.Items, out.NextToken, err = page(tx, s.mappings.Set, key(*in.DomainName, ""), nil, in.MaxResults, in.NextToken)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateApiMapping changes what the input names.
func (s *Service) UpdateApiMapping(ctx context.Context, in *apigatewayv2.UpdateApiMappingInput) (*apigatewayv2.UpdateApiMappingOutput, error) { //nolint:revive // AWS spells it so
	var m types.ApiMapping
	err := s.env.Store.Update(func(tx *store.Tx) (err error) {
		if m, err = s.mapping(ctx, tx, in.DomainName, in.ApiMappingId); err != nil {
			return err
		}
		set(&m.ApiId, in.ApiId)
		set(&m.ApiMappingKey, in.ApiMappingKey)
		set(&m.Stage, in.Stage)
		return s.putMapping(ctx, tx, *in.DomainName, m)
	})
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.UpdateApiMappingOutput](m), nil
}

// DeleteApiMapping removes a mapping.
func (s *Service) DeleteApiMapping(ctx context.Context, in *apigatewayv2.DeleteApiMappingInput) (*apigatewayv2.DeleteApiMappingOutput, error) { //nolint:revive // AWS spells it so
	err := s.env.Store.Update(func(tx *store.Tx) error {
		m, err := s.mapping(ctx, tx, in.DomainName, in.ApiMappingId)
		if err != nil {
			return err
		}
		s.mappings.Delete(tx, key(*in.DomainName, *m.ApiMappingId))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteApiMappingOutput{}, nil
}

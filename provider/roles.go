package provider

import (
	"context"

	"github.com/tfserverless/terraform-provider-serverless/resources/access"
)

// roles connects the family of roles and grants to its operations.
func (p *Provider) roles(ctx context.Context, region string) (*access.Clients, error) {
	if err := p.ready(); err != nil {
		return nil, err
	}
	c := &access.Clients{Roles: &p.granting}
	var err error
	if c.IAM, err = p.backend.IAM(ctx, region); err != nil {
		return nil, err
	}
	if c.Lambda, err = p.backend.Lambda(ctx, region); err != nil {
		return nil, err
	}
	if c.Logs, err = p.backend.Logs(ctx, region); err != nil {
		return nil, err
	}
	if c.SFN, err = p.backend.SFN(ctx, region); err != nil {
		return nil, err
	}
	if c.Parameters, err = p.backend.SSM(ctx, region); err != nil {
		return nil, err
	}
	if c.Secrets, err = p.backend.SecretsManager(ctx, region); err != nil {
		return nil, err
	}
	c.STS, err = p.backend.STS(ctx, region)
	return c, err
}

package provider

import (
	"context"

	"github.com/tfserverless/terraform-provider-serverless/resources/messaging"
)

// messages connects the family of queues to its operations.
func (p *Provider) messages(ctx context.Context, region string) (*messaging.Clients, error) {
	if err := p.ready(); err != nil {
		return nil, err
	}
	queues, err := p.backend.SQS(ctx, region)
	return &messaging.Clients{SQS: queues}, err
}

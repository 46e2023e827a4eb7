package awsapi

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// SecretsManager returns the client for secrets in a region.
func (b *Backend) SecretsManager(ctx context.Context, region string) (*secretsmanager.Client, error) {
	return client(ctx, b, "secretsmanager", region, func(c aws.Config) *secretsmanager.Client { return secretsmanager.NewFromConfig(c) })
}

// SSM returns the client for parameters in a region.
func (b *Backend) SSM(ctx context.Context, region string) (*ssm.Client, error) {
	return client(ctx, b, "ssm", region, func(c aws.Config) *ssm.Client { return ssm.NewFromConfig(c) })
}

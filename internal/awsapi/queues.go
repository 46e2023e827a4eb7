package awsapi

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// SQS returns the client for queues in a region.
func (b *Backend) SQS(ctx context.Context, region string) (*sqs.Client, error) {
	return client(ctx, b, "sqs", region, func(c aws.Config) *sqs.Client { return sqs.NewFromConfig(c) })
}

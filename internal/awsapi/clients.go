package awsapi

import (
	"context"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// APIGatewayV2 returns the client for HTTP and WebSocket APIs in a region.
func (b *Backend) APIGatewayV2(ctx context.Context, region string) (*apigatewayv2.Client, error) {
	return client(ctx, b, "apigatewayv2", region, func(c aws.Config) *apigatewayv2.Client { return apigatewayv2.NewFromConfig(c) })
}

// AutoScaling returns the client for scaling the capacity of tables and functions in a region.
func (b *Backend) AutoScaling(ctx context.Context, region string) (*applicationautoscaling.Client, error) {
	return client(ctx, b, "applicationautoscaling", region, func(c aws.Config) *applicationautoscaling.Client {
		return applicationautoscaling.NewFromConfig(c)
	})
}

// CloudWatch returns the client for alarms in a region.
func (b *Backend) CloudWatch(ctx context.Context, region string) (*cloudwatch.Client, error) {
	return client(ctx, b, "cloudwatch", region, func(c aws.Config) *cloudwatch.Client { return cloudwatch.NewFromConfig(c) })
}

// DynamoDB returns the client for tables in a region.
func (b *Backend) DynamoDB(ctx context.Context, region string) (*dynamodb.Client, error) {
	return client(ctx, b, "dynamodb", region, func(c aws.Config) *dynamodb.Client { return dynamodb.NewFromConfig(c) })
}

// ECR returns the client for images of containers in a region.
func (b *Backend) ECR(ctx context.Context, region string) (*ecr.Client, error) {
	return client(ctx, b, "ecr", region, func(c aws.Config) *ecr.Client { return ecr.NewFromConfig(c) })
}

// IAM returns the client for roles; the region chooses the partition.
func (b *Backend) IAM(ctx context.Context, region string) (*iam.Client, error) {
	return client(ctx, b, "iam", region, func(c aws.Config) *iam.Client { return iam.NewFromConfig(c) })
}

// Lambda returns the client for functions in a region.
func (b *Backend) Lambda(ctx context.Context, region string) (*lambda.Client, error) {
	return client(ctx, b, "lambda", region, func(c aws.Config) *lambda.Client { return lambda.NewFromConfig(c) })
}

// Logs returns the client for log groups in a region.
func (b *Backend) Logs(ctx context.Context, region string) (*cloudwatchlogs.Client, error) {
	return client(ctx, b, "logs", region, func(c aws.Config) *cloudwatchlogs.Client { return cloudwatchlogs.NewFromConfig(c) })
}

// S3 returns the client for objects in a region. Servers other than AWS's own have
// no host name for each bucket.
func (b *Backend) S3(ctx context.Context, region string) (*s3.Client, error) {
	return client(ctx, b, "s3", region, func(c aws.Config) *s3.Client {
		return s3.NewFromConfig(c, func(o *s3.Options) { o.UsePathStyle = c.BaseEndpoint != nil })
	})
}

// SFN returns the client for state machines in a region.
func (b *Backend) SFN(ctx context.Context, region string) (*sfn.Client, error) {
	return client(ctx, b, "sfn", region, func(c aws.Config) *sfn.Client {
		return sfn.NewFromConfig(c, func(o *sfn.Options) {
			if o.BaseEndpoint == nil || amazons(*o.BaseEndpoint) {
				return
			}
			o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
				return stack.Initialize.Add(plainHost{}, middleware.Before)
			})
		})
	})
}

// amazons reports whether an address is one of AWS's own.
func amazons(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	host := u.Hostname()
	return strings.HasSuffix(host, ".amazonaws.com") || strings.HasSuffix(host, ".amazonaws.com.cn")
}

// plainHost keeps the SDK from putting "sync-" before the host of StartSyncExecution,
// which is a name that only AWS has.
type plainHost struct{}

// ID implements [middleware.InitializeMiddleware].
func (plainHost) ID() string { return "plainHost" }

// HandleInitialize implements [middleware.InitializeMiddleware].
func (plainHost) HandleInitialize(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	return next.HandleInitialize(smithyhttp.DisableEndpointHostPrefix(ctx, true), in)
}

// STS returns the client that says who is calling, in a region.
func (b *Backend) STS(ctx context.Context, region string) (*sts.Client, error) {
	return client(ctx, b, "sts", region, func(c aws.Config) *sts.Client { return sts.NewFromConfig(c) })
}
